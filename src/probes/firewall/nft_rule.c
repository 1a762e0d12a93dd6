/* SPDX-License-Identifier: MIT */
/*
 * What a rule does. Its expressions run one after the other; each goes on,
 * stops the rule for this packet, or gives the verdict. A counter counts the
 * packets that come to it: those the verdict gets only if nothing between the
 * two may stop the rule. Pure.
 */
#include <endian.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/firewall/nft_parse.h"

/* struct nftnl_udata: a byte type, a byte length, then that many bytes. */
#define USERDATA_COMMENT 0
#define USERDATA_HEAD 2

static void narrow_to(struct nft_rule *r, enum nft_width width)
{
	if (r->width < width)
		r->width = (uint8_t)width;
}

/* The rule may stop by what was loaded. */
static void compares(struct nft_rule *r)
{
	r->is_conditional = true;
	r->rule.is_counted = false;
	memset(r->exact, 0, sizeof(r->exact));
	if (r->load == LOAD_NOTHING)
		narrow_to(r, WIDTH_MATCH);
}

static void loads(struct nft_rule *r, enum nft_load load)
{
	static const uint8_t widths[] = {
		[LOAD_OTHER] = WIDTH_MATCH,	 [LOAD_NFPROTO] = WIDTH_FAMILY,
		[LOAD_ETHERTYPE] = WIDTH_FAMILY, [LOAD_L4PROTO] = WIDTH_MATCH,
		[LOAD_DEVICE] = WIDTH_DEVICE,	 [LOAD_CT_STATE] = WIDTH_MATCH,
	};

	r->load = (uint8_t)load;
	r->mask = 0;
	narrow_to(r, widths[load]);
	compares(r);
}

/* The rule may stop by something else. */
static void decides(struct nft_rule *r)
{
	loads(r, LOAD_OTHER);
}

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
		decides(r);
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

static void take_rate(struct nft_rule *r, struct firewall_rate rate)
{
	r->rule.rate = rate;
	decides(r);
}

static void on_limit(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_LIMIT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_LIMIT_MAX);
	take_rate(r,
		  (struct firewall_rate) {
			  .kind = RATE_LIMIT,
			  .amount = attr_be64(in[NFTA_LIMIT_RATE]),
			  .seconds = (uint32_t)attr_be64(in[NFTA_LIMIT_UNIT]),
			  .is_bytes = attr_be32(in[NFTA_LIMIT_TYPE]) ==
				      NFT_LIMIT_PKT_BYTES,
			  .is_over = attr_be32(in[NFTA_LIMIT_FLAGS]) &
				     NFT_LIMIT_F_INV,
		  });
}

static void on_connlimit(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_CONNLIMIT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_CONNLIMIT_MAX);
	take_rate(r, (struct firewall_rate) {
			     .kind = RATE_CONNLIMIT,
			     .amount = attr_be32(in[NFTA_CONNLIMIT_COUNT]),
			     .is_over = attr_be32(in[NFTA_CONNLIMIT_FLAGS]) &
					NFT_CONNLIMIT_F_INV,
		     });
}

static void on_quota(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_QUOTA_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_QUOTA_MAX);
	take_rate(r, (struct firewall_rate) {
			     .kind = RATE_QUOTA,
			     .amount = attr_be64(in[NFTA_QUOTA_BYTES]),
			     .is_bytes = true,
			     .is_over = attr_be32(in[NFTA_QUOTA_FLAGS]) &
					NFT_QUOTA_F_INV,
		     });
}

/* What of a set's expression, which runs for each element, is a rate. */
static void on_inner(const struct nlattr *expression, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_EXPR_MAX + 1];
	const struct nlattr *name, *data;

	attrs_index(attrs_in(expression), in, NFTA_EXPR_MAX);
	name = in[NFTA_EXPR_NAME];
	data = in[NFTA_EXPR_DATA];
	if (attr_is(name, "limit"))
		on_limit(data, r);
	else if (attr_is(name, "connlimit"))
		on_connlimit(data, r);
	else if (attr_is(name, "quota"))
		on_quota(data, r);
	else
		return;
	r->rule.rate.is_each = true;
}

/* A meter: adds an element, for which one expression or several run. */
static void on_dynset(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_DYNSET_MAX + 1];
	const struct nlattr *attr;
	struct attrs list;

	attrs_index(attrs_in(data), in, NFTA_DYNSET_MAX);
	decides(r);
	on_inner(in[NFTA_DYNSET_EXPR], r);
	list = attrs_in(in[NFTA_DYNSET_EXPRESSIONS]);
	EACH_ATTR(attr, list)
	on_inner(attr, r);
}

/* A number below the modulus was made up: who asks for it picks a share. */
static void make_up(struct nft_rule *r, uint32_t modulus, bool is_swapped)
{
	r->modulus = modulus;
	r->is_swapped = is_swapped;
	r->load = LOAD_OTHER;
	narrow_to(r, WIDTH_MATCH);
}

/* Makes a number up, by chance or one after the other. */
static void on_numgen(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_NG_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_NG_MAX);
	make_up(r, attr_be32(in[NFTA_NG_MODULUS]), false);
	if (attr_be32(in[NFTA_NG_OFFSET]))
		r->modulus = 0; /* nobody does that to drop a share */
}

static void on_byteorder(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	r->is_swapped = true;
}

/* Of so many numbers below the modulus, in 2^-31. */
static void pick_share(struct nft_rule *r, uint64_t n)
{
	if (n > r->modulus)
		n = r->modulus;
	r->rule.is_random = true;
	r->rule.probability = (uint32_t)((n << 31) / r->modulus);
	r->modulus = 0;
}

/* Asks for a made up number: which share of the packets it picks. */
static void compare_number(const struct nlattr *value, uint32_t op,
			   struct nft_rule *r)
{
	uint64_t n = r->is_swapped ? attr_be32(value) : attr_u32(value);

	switch (op) {
	case NFT_CMP_EQ:
		return pick_share(r, 1);
	case NFT_CMP_NEQ:
		return pick_share(r, r->modulus - 1);
	case NFT_CMP_LT:
		return pick_share(r, n);
	case NFT_CMP_LTE:
		return pick_share(r, n + 1);
	case NFT_CMP_GT:
		return pick_share(r,
				  n + 1 < r->modulus ? r->modulus - n - 1 : 0);
	default:
		return pick_share(r, n < r->modulus ? r->modulus - n : 0);
	}
}

/* The family that packets are of if what is loaded has that value. */
static enum family wanted_family(enum nft_load load, const struct nlattr *value)
{
	static const struct {
		uint8_t load, size;
		uint16_t value;
		uint8_t family;
	} families[] = {
		{LOAD_NFPROTO, 1, NFPROTO_IPV4, FAMILY_IP},
		{LOAD_NFPROTO, 1, NFPROTO_IPV6, FAMILY_IP6},
		{LOAD_ETHERTYPE, 2, ETH_P_IP, FAMILY_IP},
		{LOAD_ETHERTYPE, 2, ETH_P_IPV6, FAMILY_IP6},
		{LOAD_L4PROTO, 1, IPPROTO_ICMP, FAMILY_IP},
		{LOAD_L4PROTO, 1, IPPROTO_ICMPV6, FAMILY_IP6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].load == load &&
		    attr_is_size(value, families[i].size) &&
		    families[i].value == (families[i].size == 1
						  ? attr_u8(value)
						  : attr_be16(value)))
			return families[i].family;
	return FAMILY_NONE;
}

/* Of two families, what is not the one is the other. */
static void compare_family(const struct nlattr *value, uint32_t op,
			   struct nft_rule *r)
{
	enum family family = wanted_family(r->load, value);

	if (op == NFT_CMP_NEQ && r->load == LOAD_NFPROTO && family)
		family = family == FAMILY_IP ? FAMILY_IP6 : FAMILY_IP;
	else if (op != NFT_CMP_EQ)
		return;
	if (family)
		r->rule.only = (uint8_t)family;
}

/* "ct state invalid": the bit alone, or what is left of the state by it. */
static void compare_state(const struct nlattr *value, uint32_t op,
			  struct nft_rule *r)
{
	uint32_t n = attr_u32(value);

	if (op == NFT_CMP_EQ)
		r->rule.is_invalid |= n == NF_CT_STATE_INVALID_BIT;
	else if (op == NFT_CMP_NEQ)
		r->rule.is_invalid |= r->mask == NF_CT_STATE_INVALID_BIT && !n;
}

static void on_cmp(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_CMP_MAX + 1];
	const struct nlattr *data_in[NFTA_DATA_MAX + 1];
	const struct nlattr *value;
	uint32_t op;

	compares(r);
	attrs_index(attrs_in(data), in, NFTA_CMP_MAX);
	attrs_index(attrs_in(in[NFTA_CMP_DATA]), data_in, NFTA_DATA_MAX);
	value = data_in[NFTA_DATA_VALUE];
	op = attr_be32(in[NFTA_CMP_OP]);
	if (r->modulus)
		compare_number(value, op, r);
	else if (r->load == LOAD_CT_STATE)
		compare_state(value, op, r);
	else
		compare_family(value, op, r);
}

/* Of a state of conntrack, the bits that are asked for. */
static void on_bitwise(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_BITWISE_MAX + 1];
	const struct nlattr *mask[NFTA_DATA_MAX + 1];

	if (r->load != LOAD_CT_STATE)
		return;
	attrs_index(attrs_in(data), in, NFTA_BITWISE_MAX);
	attrs_index(attrs_in(in[NFTA_BITWISE_MASK]), mask, NFTA_DATA_MAX);
	r->mask = attr_u32(mask[NFTA_DATA_VALUE]);
}

/* A range, or a set, of made up numbers: the share is not known. */
static void pick_some(struct nft_rule *r)
{
	if (r->modulus)
		pick_share(r, 0);
	compares(r);
}

/* Either way the rule may stop here: a set without the key is no match. */
static void on_lookup(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_LOOKUP_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_LOOKUP_MAX);
	if (attr_is_size(in[NFTA_LOOKUP_DREG], 4) &&
	    attr_be32(in[NFTA_LOOKUP_DREG]) == NFT_REG_VERDICT && !r->map)
		r->map = attr_text(in[NFTA_LOOKUP_SET]);
	pick_some(r);
}

static void on_range(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	pick_some(r);
}

/* A named object that may stop the rule; its numbers are not asked for. */
static void take_object(struct nft_rule *r, uint32_t type)
{
	static const uint8_t kinds[] = {
		[NFT_OBJECT_QUOTA] = RATE_QUOTA,
		[NFT_OBJECT_LIMIT] = RATE_LIMIT,
		[NFT_OBJECT_CONNLIMIT] = RATE_CONNLIMIT,
	};

	if (type < ARRAY_SIZE(kinds) && kinds[type])
		take_rate(r, (struct firewall_rate) {.kind = kinds[type]});
	else
		decides(r);
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
		take_object(r, type);
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

static enum nft_load meta_load(uint32_t key)
{
	switch (key) {
	case NFT_META_NFPROTO:
		return LOAD_NFPROTO;
	case NFT_META_PROTOCOL:
		return LOAD_ETHERTYPE;
	case NFT_META_L4PROTO:
		return LOAD_L4PROTO;
	case NFT_META_IIF:
	case NFT_META_OIF:
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
		return LOAD_DEVICE;
	default:
		return LOAD_OTHER;
	}
}

/* Sets what a register holds ("meta mark set"), or loads one for a match. */
static void on_meta(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_META_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_META_MAX);
	if (in[NFTA_META_SREG])
		return;
	if (attr_be32(in[NFTA_META_KEY]) == NFT_META_PRANDOM)
		make_up(r, UINT32_MAX, true);
	else
		loads(r, meta_load(attr_be32(in[NFTA_META_KEY])));
}

static void on_ct(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_CT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_CT_MAX);
	if (!in[NFTA_CT_SREG])
		loads(r, attr_be32(in[NFTA_CT_KEY]) == NFT_CT_STATE
				 ? LOAD_CT_STATE
				 : LOAD_OTHER);
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
		decides(r);
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
		decides(r);
}

static void on_load(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	decides(r);
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
	{"cmp", on_cmp},
	{"payload", on_load},
	{"meta", on_meta},
	{"counter", on_counter},
	{"immediate", on_immediate},
	{"lookup", on_lookup},
	{"ct", on_ct},
	{"match", on_match},
	{"target", on_target},
	{"objref", on_objref},
	{"reject", on_reject},
	{"queue", on_queue},
	{"log", on_nothing},
	{"last", on_nothing},
	{"notrack", on_nothing},
	{"bitwise", on_bitwise},
	{"byteorder", on_byteorder},
	{"numgen", on_numgen},
	{"range", on_range},
	{"limit", on_limit},
	{"connlimit", on_connlimit},
	{"quota", on_quota},
	{"dynset", on_dynset},
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
	decides(r);
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
