/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one entry. The layout is the kernel's own headers'; a plugin
 * of 32 bits under a kernel of 64 gets it as headers of 32 bits say (compat).
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_statistic.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "probes/firewall/xt_entry.h"

static const struct xtables_layout layouts[] = {
	{
		.family = "ip",
		.size = sizeof(struct ipt_entry),
		.packet = offsetof(struct ipt_entry, ip.invflags) + 1,
		.target_offset = offsetof(struct ipt_entry, target_offset),
		.next_offset = offsetof(struct ipt_entry, next_offset),
		.counters = offsetof(struct ipt_entry, counters),
	},
	{
		.family = "ip6",
		.size = sizeof(struct ip6t_entry),
		.packet = offsetof(struct ip6t_entry, ipv6.invflags) + 1,
		.target_offset = offsetof(struct ip6t_entry, target_offset),
		.next_offset = offsetof(struct ip6t_entry, next_offset),
		.counters = offsetof(struct ip6t_entry, counters),
	},
	{
		.family = "arp",
		.size = sizeof(struct arpt_entry),
		.packet = offsetof(struct arpt_entry, arp.invflags) + 2,
		.target_offset = offsetof(struct arpt_entry, target_offset),
		.next_offset = offsetof(struct arpt_entry, next_offset),
		.counters = offsetof(struct arpt_entry, counters),
	},
};

/* A match and a target begin alike: size, name, revision; data follows. */
#define PART_SIZE sizeof(struct xt_entry_match)
#define PART_NAME offsetof(struct xt_entry_match, u.user.name)
#define PART_REVISION offsetof(struct xt_entry_match, u.user.revision)
_Static_assert(PART_SIZE == sizeof(struct xt_entry_target) &&
		       PART_NAME ==
			       offsetof(struct xt_entry_target, u.user.name) &&
		       PART_REVISION == offsetof(struct xt_entry_target,
						 u.user.revision),
	       "matches and targets differ");

const struct xtables_layout *xtables_layout(const char *family)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (!strcmp(layouts[i].family, family))
			return &layouts[i];
	return NULL;
}

static uint16_t get_u16(const struct xtables_bytes *t, uint32_t at)
{
	uint16_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

static uint32_t get_u32(const struct xtables_bytes *t, uint32_t at)
{
	uint32_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

/* Whether the match or target there is of that name. */
static bool is_named(const struct xtables_bytes *t, uint32_t at,
		     const char *name)
{
	return !strncmp((const char *)t->bytes + at + PART_NAME, name,
			XT_EXTENSION_MAXNAMELEN);
}

/* Size of the match or target there, or 0 when it does not end before end. */
static uint32_t part_size(const struct xtables_bytes *t, uint32_t at,
			  uint32_t end)
{
	uint32_t size;

	if (end - at < PART_SIZE)
		return 0;
	size = get_u16(t, at);
	return size >= PART_SIZE && size <= end - at ? size : 0;
}

/*
 * NFQUEUE, struct xt_NFQ_info_v3: a number, how many queues from there on and
 * flags, each of 16 bits; older revisions are shorter. With bypass a packet
 * passes when nobody listens, so that it is no drop.
 */
static enum xtables_verdict read_queue(const struct xtables_bytes *t,
				       uint32_t target, uint32_t size,
				       struct xtables_entry *ret)
{
	unsigned revision = t->bytes[target + PART_REVISION];
	uint32_t data = target + PART_SIZE;

	if (size < PART_SIZE + 6)
		return VERDICT_OTHER;
	ret->queue = get_u16(t, data);
	ret->n_queues = revision >= 1 ? get_u16(t, data + 2) : 1;
	if (revision >= 2 && get_u16(t, data + 4) & NFQ_FLAG_BYPASS)
		return VERDICT_OTHER;
	return VERDICT_QUEUE;
}

/* What a target does. Reads no more than its size. */
static enum xtables_verdict target_verdict(const struct xtables_bytes *t,
					   uint32_t target, uint32_t size,
					   uint32_t *ret_jump)
{
	int32_t verdict;

	if (is_named(t, target, "REJECT"))
		return VERDICT_REJECT;
	if (is_named(t, target, XT_ERROR_TARGET) &&
	    size >= offsetof(struct xt_error_target, errorname) +
			    XT_FUNCTION_MAXNAMELEN)
		return VERDICT_HEAD;
	if (!is_named(t, target, XT_STANDARD_TARGET) ||
	    size < sizeof(struct xt_standard_target))
		return VERDICT_OTHER;
	verdict = (int32_t)get_u32(
		t, target + offsetof(struct xt_standard_target, verdict));
	*ret_jump = (uint32_t)verdict;
	if (verdict >= 0)
		return VERDICT_JUMP;
	return verdict == -NF_DROP - 1 ? VERDICT_DROP : VERDICT_OTHER;
}

int xtables_entry(const struct xtables_bytes *t, uint32_t at,
		  struct xtables_entry *ret)
{
	const struct xtables_layout *l = t->layout;
	uint32_t target, next, size;

	if (at > t->size || t->size - at < l->size)
		return -EBADMSG;
	target = get_u16(t, at + l->target_offset);
	next = get_u16(t, at + l->next_offset);
	if (target < l->size || target > next || next > t->size - at)
		return -EBADMSG;
	size = part_size(t, at + target, at + next);
	if (!size)
		return -EBADMSG;
	*ret = (struct xtables_entry) {
		.at = at,
		.matches = at + l->size,
		.target = at + target,
		.next = at + next,
	};
	ret->verdict = target_verdict(t, ret->target, size, &ret->jump);
	if (is_named(t, ret->target, "NFQUEUE"))
		ret->verdict = read_queue(t, ret->target, size, ret);
	return 0;
}

/*
 * Only what the kernel writes: behind the end of a name, the bytes are what
 * the reader's buffer held before. Of a comment, its text only: most of its
 * 256 bytes are zero, and most of a rule's bytes are its comment.
 */
static uint64_t hash_part(const struct xtables_bytes *t, uint32_t at,
			  uint32_t size, uint64_t hash)
{
	const char *name = (const char *)t->bytes + at + PART_NAME;
	const char *data = (const char *)t->bytes + at + PART_SIZE;

	hash = hash_bytes(hash, name, strnlen(name, XT_EXTENSION_MAXNAMELEN));
	hash = hash_bytes(hash, t->bytes + at + PART_REVISION, 1);
	size -= PART_SIZE;
	if (is_named(t, at, "comment"))
		size = (uint32_t)strnlen(data, size);
	return hash_bytes(hash, data, size);
}

/* `! --probability p` lets the rule have what random() leaves. */
static void read_statistic(const struct xtables_bytes *t, uint32_t at,
			   struct xtables_rule *ret)
{
	uint32_t mode =
		get_u16(t, at + offsetof(struct xt_statistic_info, mode));
	uint32_t flags =
		get_u16(t, at + offsetof(struct xt_statistic_info, flags));
	uint32_t value = get_u32(t, at + offsetof(struct xt_statistic_info,
						  u.random.probability));
	bool is_inverted = flags & XT_STATISTIC_INVERT;

	if (mode == XT_STATISTIC_MODE_RANDOM && value <= 1u << 31) {
		ret->is_random = true;
		ret->probability = is_inverted ? (1u << 31) - value : value;
	} else if (mode == XT_STATISTIC_MODE_NTH && !is_inverted &&
		   value < UINT32_MAX) {
		ret->every = value + 1; /* the kernel counts from 0 */
	}
}

static void read_match(const struct xtables_bytes *t, uint32_t at,
		       uint32_t size, struct xtables_rule *ret)
{
	uint32_t data = at + PART_SIZE;

	size -= PART_SIZE;
	if (is_named(t, at, "comment") &&
	    size >= sizeof(struct xt_comment_info))
		ret->comment = data;
	else if (is_named(t, at, "statistic") &&
		 size >= offsetof(struct xt_statistic_info, u) + 4)
		read_statistic(t, data, ret);
}

int xtables_rule(const struct xtables_bytes *t, const struct xtables_entry *e,
		 struct xtables_rule *ret)
{
	struct xtables_rule r = {0};
	uint32_t size;

	r.identity =
		hash_bytes(HASH_START, t->bytes + e->at, t->layout->packet);
	for (uint32_t at = e->matches; at < e->target; at += size) {
		size = part_size(t, at, e->target);
		if (!size)
			return -EBADMSG;
		read_match(t, at, size, &r);
		r.identity = hash_part(t, at, size, r.identity);
	}
	size = part_size(t, e->target, e->next);
	r.identity = hash_part(t, e->target, size, r.identity);
	*ret = r;
	return 0;
}

void xtables_counts(const struct xtables_bytes *t,
		    const struct xtables_entry *e, uint64_t *ret_packets,
		    uint64_t *ret_bytes)
{
	struct xt_counters c;

	memcpy(&c, t->bytes + e->at + t->layout->counters, sizeof(c));
	*ret_packets = c.pcnt;
	*ret_bytes = c.bcnt;
}

/*
 * Copies a text. It ends up in messages: what is not printable ASCII becomes
 * a question mark, a quote or backslash an apostrophe.
 */
static void copy_text(const struct xtables_bytes *t, uint32_t at, size_t max,
		      char ret[XTABLES_TEXT])
{
	size_t i;

	for (i = 0; i < max && t->bytes[at + i]; i++) {
		unsigned char c = t->bytes[at + i];

		ret[i] = (char)c;
		if (c < ' ' || c > '~')
			ret[i] = '?';
		else if (c == '"' || c == '\\')
			ret[i] = '\'';
	}
	ret[i] = '\0';
}

void xtables_chain_name(const struct xtables_bytes *t, uint32_t target,
			char ret[XTABLES_TEXT])
{
	copy_text(t, target + offsetof(struct xt_error_target, errorname),
		  XT_FUNCTION_MAXNAMELEN, ret);
}

void xtables_comment(const struct xtables_bytes *t, uint32_t comment,
		     char ret[XTABLES_TEXT])
{
	copy_text(t, comment, XT_MAX_COMMENT_LEN - 1, ret);
}
