/* SPDX-License-Identifier: MIT */
/*
 * What a rule does. Its expressions run one after the other; each goes on,
 * stops the rule for this packet, or gives the verdict. A counter counts the
 * packets that come to it: those the verdict gets only if nothing between the
 * two may stop the rule. Pure.
 */
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/firewall/nft_expression.h"

static void on_counter(const struct nlattr *data, struct nft_rule *r)
{
	r->rule.is_counted = nft_parse_counts(data, &r->rule.counts);
}

static void queue_to(struct nft_rule *r, uint16_t queue, uint16_t n,
		     bool bypass)
{
	r->feeds = true;
	r->verdict = bypass ? NFT_ENDS : NFT_QUEUES;
	r->rule.queue = queue;
	r->rule.n_queues = n;
}

static void on_verdict(struct nft_rule *r, int32_t code, const char *calls)
{
	switch (code) {
	case NFT_CONTINUE:
		return;
	case NFT_BREAK:
		nft_decides(r);
		return;
	case NFT_RETURN:
		r->verdict = NFT_RETURNS;
		return;
	case NFT_JUMP:
	case NFT_GOTO:
		r->verdict = NFT_CALLS;
		r->calls = calls;
		return;
	}
	if ((code & NF_VERDICT_MASK) == NF_DROP)
		r->verdict = NFT_DROPS;
	else if ((code & NF_VERDICT_MASK) == NF_QUEUE)
		queue_to(r, (uint16_t)((uint32_t)code >> NF_VERDICT_QBITS), 1,
			 code & NF_VERDICT_FLAG_QUEUE_BYPASS);
	else
		r->verdict = NFT_ENDS;
}

static void on_immediate(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_IMMEDIATE_MAX + 1];
	const char *calls;
	int32_t code;

	attrs_index(attrs_in(data), in, NFTA_IMMEDIATE_MAX);
	if (attr_be32(in[NFTA_IMMEDIATE_DREG]) == NFT_REG_VERDICT &&
	    nft_parse_verdict(in[NFTA_IMMEDIATE_DATA], &code, &calls))
		on_verdict(r, code, calls);
}

static void on_objref(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_OBJREF_MAX + 1];
	uint32_t type;

	attrs_index(attrs_in(data), in, NFTA_OBJREF_MAX);
	type = attr_be32(in[NFTA_OBJREF_IMM_TYPE]);
	if (type == NFT_OBJECT_COUNTER && r->n_objects < NFT_MAX_OBJECTS) {
		r->exact[r->n_objects] = true;
		r->objects[r->n_objects] = attr_text(in[NFTA_OBJREF_IMM_NAME]);
		r->n_objects += r->objects[r->n_objects] != NULL;
	} else if (type != NFT_OBJECT_COUNTER && type != NFT_OBJECT_CT_HELPER &&
		   type != NFT_OBJECT_CT_TIMEOUT &&
		   type != NFT_OBJECT_CT_EXPECT && type != NFT_OBJECT_SECMARK) {
		nft_run_rate_object(r, type);
	}
}

static void on_reject(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_REJECT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_REJECT_MAX);
	r->verdict = NFT_REJECTS;
	r->resets = attr_be32(in[NFTA_REJECT_TYPE]) == NFT_REJECT_TCP_RST;
}

static void on_end(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	r->verdict = NFT_ENDS;
}

static void on_queue(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_QUEUE_MAX + 1];
	uint16_t n;

	attrs_index(attrs_in(data), in, NFTA_QUEUE_MAX);
	n = in[NFTA_QUEUE_TOTAL] ? attr_be16(in[NFTA_QUEUE_TOTAL]) : 1;
	if (in[NFTA_QUEUE_SREG_QNUM])
		n = 0;
	queue_to(r, attr_be16(in[NFTA_QUEUE_NUM]), n,
		 attr_be16(in[NFTA_QUEUE_FLAGS]) & NFT_QUEUE_FLAG_BYPASS);
}

/* A text of at most n bytes, up to a NUL. */
static struct token text_at(const char *bytes, size_t n)
{
	return (struct token) {bytes, strnlen(bytes, n)};
}

/* iptables-nft: a match of x_tables. The one named comment always matches. */
static void on_match(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_MATCH_MAX + 1];
	struct attrs info;

	attrs_index(attrs_in(data), in, NFTA_MATCH_MAX);
	info = attrs_in(in[NFTA_MATCH_INFO]);
	if (!attr_is(in[NFTA_MATCH_NAME], "comment"))
		nft_decides(r);
	else if (in[NFTA_MATCH_INFO])
		r->rule.comment = text_at(info.bytes, info.n);
	if (attr_text(in[NFTA_MATCH_NAME]))
		firewall_rule_match(&r->rule, attr_text(in[NFTA_MATCH_NAME]),
				    attr_be32(in[NFTA_MATCH_REV]), info.bytes,
				    info.n);
}

/* -j NFQUEUE. Its revisions only ever grew. */
static void on_nfqueue(const struct nlattr *info, struct nft_rule *r)
{
	struct xt_NFQ_info_v3 v = {.queues_total = 1};
	size_t n = info ? mnl_attr_get_payload_len(info) : 0;

	if (n > sizeof(v))
		n = sizeof(v);
	if (n)
		memcpy(&v, mnl_attr_get_payload(info), n);
	if (!v.queues_total) /* revision 0 has padding there */
		v.queues_total = 1;
	queue_to(r, v.queuenum, v.queues_total, v.flags & NFQ_FLAG_BYPASS);
}

/* -j TPROXY: a packet for which there is no socket is dropped. */
static void on_tproxy(uint32_t revision, const struct nlattr *info,
		      struct nft_rule *r)
{
	struct attrs all = attrs_in(info);
	size_t at = revision ? offsetof(struct xt_tproxy_target_info_v1, lport)
			     : offsetof(struct xt_tproxy_target_info, lport);

	r->verdict = NFT_PROXIES;
	if (all.n < at + sizeof(r->rule.port))
		return;
	memcpy(&r->rule.port, (const char *)all.bytes + at,
	       sizeof(r->rule.port));
	r->rule.port = be16toh(r->rule.port);
}

/* -j REJECT: both families say first with what it answers. */
static void on_xt_reject(const struct nlattr *info, struct nft_rule *r)
{
	uint32_t reset = r->family == NFPROTO_IPV6 ? IP6T_TCP_RESET
						   : IPT_TCP_RESET;
	struct attrs all = attrs_in(info);
	uint32_t with = 0;

	r->verdict = NFT_REJECTS;
	if (all.n >= sizeof(with))
		memcpy(&with, all.bytes, sizeof(with));
	r->resets = with == reset;
}

/* iptables-nft: a target of x_tables. Most end the rule, some go on. */
static void on_target(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_TARGET_MAX + 1];
	const struct nlattr *name;

	attrs_index(attrs_in(data), in, NFTA_TARGET_MAX);
	name = in[NFTA_TARGET_NAME];
	if (attr_is(name, "REJECT"))
		on_xt_reject(in[NFTA_TARGET_INFO], r);
	else if (attr_is(name, "NFQUEUE"))
		on_nfqueue(in[NFTA_TARGET_INFO], r);
	else if (attr_is(name, "TPROXY"))
		on_tproxy(attr_be32(in[NFTA_TARGET_REV]), in[NFTA_TARGET_INFO],
			  r);
	else
		nft_decides(r);
}

static void on_nothing(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	(void)r;
}

/* The most common first. Any that is not listed may stop the rule. */
static const struct {
	const char *name;
	void (*on)(const struct nlattr *data, struct nft_rule *r);
} expressions[] = {
	{"cmp", nft_run_cmp},
	{"payload", nft_run_payload},
	{"meta", nft_run_meta},
	{"counter", on_counter},
	{"immediate", on_immediate},
	{"lookup", nft_run_lookup},
	{"ct", nft_run_ct},
	{"match", on_match},
	{"target", on_target},
	{"objref", on_objref},
	{"reject", on_reject},
	{"queue", on_queue},
	{"log", on_nothing},
	{"last", on_nothing},
	{"notrack", on_nothing},
	{"bitwise", nft_run_bitwise},
	{"byteorder", nft_run_byteorder},
	{"numgen", nft_run_numgen},
	{"range", nft_run_range},
	{"limit", nft_run_limit},
	{"connlimit", nft_run_connlimit},
	{"quota", nft_run_quota},
	{"dynset", nft_run_dynset},
	{"hash", on_nothing},
	{"dup", on_nothing},
	{"fwd", on_end},
	{"masq", on_end},
	{"nat", on_end},
	{"redir", on_end},
};

static void run_named(const char *name, const struct nlattr *data,
		      struct nft_rule *r)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(expressions); i++) {
		if (strcmp(expressions[i].name, name))
			continue;
		expressions[i].on(data, r);
		return;
	}
	nft_decides(r);
}

/* A made up number is asked for at once, or was for something else. */
static void run_expression(const struct nlattr *attr, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_EXPR_MAX + 1];
	const struct nlattr *name;
	uint32_t made_up = r->modulus;

	attrs_index(attrs_in(attr), in, NFTA_EXPR_MAX);
	name = in[NFTA_EXPR_NAME];
	run_named(attr_text(name), in[NFTA_EXPR_DATA], r);
	if (made_up && !attr_is(name, "numgen") && !attr_is(name, "byteorder"))
		r->modulus = 0; /* it was for this one */
}

/* struct nftnl_udata: a byte type, a byte length, then that many bytes. */
#define USERDATA_COMMENT 0
#define USERDATA_HEAD 2

/* The comment that nft keeps for itself. */
static void read_userdata(const struct nlattr *attr, struct nft_rule *r)
{
	struct attrs data = attrs_in(attr);
	const unsigned char *p = data.bytes;

	while (data.n >= USERDATA_HEAD) {
		size_t n = p[1];

		data.n -= USERDATA_HEAD;
		if (n > data.n)
			return;
		if (p[0] == USERDATA_COMMENT) {
			r->rule.comment =
				text_at((const char *)p + USERDATA_HEAD, n);
			return;
		}
		p += USERDATA_HEAD + n;
		data.n -= n;
	}
}

int nft_parse_rule(const struct nlmsghdr *h, struct nft_rule *ret)
{
	const struct nlattr *in[NFTA_RULE_MAX + 1];
	struct attrs list;
	const struct nlattr *attr;
	uint16_t generation;

	*ret = (struct nft_rule) {.rule.is_nft = true};
	if (nft_parse_head(h, &ret->family, &generation) < 0)
		return -EBADMSG;
	attrs_index(attrs_of(h), in, NFTA_RULE_MAX);
	ret->table = attr_text(in[NFTA_RULE_TABLE]);
	ret->chain = attr_text(in[NFTA_RULE_CHAIN]);
	ret->rule.handle = attr_be64(in[NFTA_RULE_HANDLE]);
	if (!ret->table || !ret->chain)
		return -EBADMSG;
	list = attrs_in(in[NFTA_RULE_EXPRESSIONS]);
	EACH_ATTR(attr, list)
	{
		run_expression(attr, ret);
		if (ret->verdict != NFT_GOES_ON)
			break;
	}
	if (!ret->rule.comment.n)
		read_userdata(in[NFTA_RULE_USERDATA], ret);
	return 0;
}

struct firewall_pass nft_rule_pass(const struct nft_rule *r,
				   const struct nlmsghdr *h)
{
	bool passes = r->verdict == NFT_ENDS || r->verdict == NFT_RETURNS;

	if (!passes || !r->rule.rate.kind || r->rule.rate.is_each)
		return (struct firewall_pass) {.matches = 0};
	return (struct firewall_pass) {
		.rate = r->rule.rate,
		.matches = nft_rule_matches(h),
	};
}
