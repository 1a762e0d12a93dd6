/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one entry. The layout is the kernel's own headers'; a plugin
 * of 32 bits under a kernel of 64 gets it as headers of 32 bits say (compat).
 */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "probes/firewall/xt_entry.h"

static const struct xt_layout layouts[N_FAMILIES] = {
	[FAMILY_IP] =
		{
			.size = sizeof(struct ipt_entry),
			.packet = offsetof(struct ipt_entry, ip.invflags) + 1,
			.target_offset =
				offsetof(struct ipt_entry, target_offset),
			.next_offset = offsetof(struct ipt_entry, next_offset),
			.counters = offsetof(struct ipt_entry, counters),
			.reset = IPT_TCP_RESET,
		},
	[FAMILY_IP6] =
		{
			.size = sizeof(struct ip6t_entry),
			.packet = offsetof(struct ip6t_entry, ipv6.invflags) +
				  1,
			.target_offset =
				offsetof(struct ip6t_entry, target_offset),
			.next_offset = offsetof(struct ip6t_entry, next_offset),
			.counters = offsetof(struct ip6t_entry, counters),
			.reset = IP6T_TCP_RESET,
		},
	[FAMILY_ARP] =
		{
			.size = sizeof(struct arpt_entry),
			.packet = offsetof(struct arpt_entry, arp.invflags) + 2,
			.target_offset =
				offsetof(struct arpt_entry, target_offset),
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

const struct xt_layout *xt_layout(enum family family)
{
	return layouts[family].size ? &layouts[family] : NULL;
}

static uint16_t get_u16(const struct xt_bytes *t, uint32_t at)
{
	uint16_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

static uint32_t get_u32(const struct xt_bytes *t, uint32_t at)
{
	uint32_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

/* Whether the match or target there is of that name. */
static bool is_named(const struct xt_bytes *t, uint32_t at, const char *name)
{
	return !strncmp((const char *)t->bytes + at + PART_NAME, name,
			XT_EXTENSION_MAXNAMELEN);
}

/* Size of the match or target there, or 0 when it does not end before end. */
static uint32_t part_size(const struct xt_bytes *t, uint32_t at, uint32_t end)
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
static enum xt_verdict read_queue(const struct xt_bytes *t, uint32_t target,
				  uint32_t size, struct xt_entry *ret)
{
	unsigned revision = t->bytes[target + PART_REVISION];
	uint32_t data = target + PART_SIZE;
	/* a word each: of 32 bits, a part may end behind two */
	uint32_t words = revision < 2 ? revision + 1 : 3;

	if (size < PART_SIZE + words * sizeof(uint16_t))
		return VERDICT_OTHER;
	ret->queue = get_u16(t, data);
	ret->n_queues = revision >= 1 ? get_u16(t, data + 2) : 1;
	ret->feeds = true;
	if (revision >= 2 && get_u16(t, data + 4) & NFQ_FLAG_BYPASS)
		return VERDICT_OTHER;
	return VERDICT_QUEUE;
}

/* The proxy's address before its port is longer from revision 1 on. */
static enum xt_verdict read_proxy(const struct xt_bytes *t, uint32_t target,
				  uint32_t size, struct xt_entry *ret)
{
	uint32_t at = t->bytes[target + PART_REVISION]
			      ? offsetof(struct xt_tproxy_target_info_v1, lport)
			      : offsetof(struct xt_tproxy_target_info, lport);

	if (size < PART_SIZE + at + sizeof(ret->port))
		return VERDICT_OTHER;
	ret->port = be16toh(get_u16(t, target + PART_SIZE + at));
	return VERDICT_TPROXY;
}

/* With what REJECT answers: 0 is no reset, in both families. */
static enum xt_verdict read_reject(const struct xt_bytes *t, uint32_t target,
				   uint32_t size)
{
	uint32_t with = size < PART_SIZE + sizeof(with)
				? 0
				: get_u32(t, target + PART_SIZE);

	return with && with == t->layout->reset ? VERDICT_RESET
						: VERDICT_REJECT;
}

/* What a target does. Reads no more than its size. */
static enum xt_verdict target_verdict(const struct xt_bytes *t, uint32_t target,
				      uint32_t size, uint32_t *ret_jump)
{
	int32_t verdict;

	if (is_named(t, target, "REJECT"))
		return read_reject(t, target, size);
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
	if (verdict == -NF_ACCEPT - 1 || verdict == XT_RETURN)
		return VERDICT_PASSES;
	return verdict == -NF_DROP - 1 ? VERDICT_DROP : VERDICT_OTHER;
}

int xt_entry(const struct xt_bytes *t, uint32_t at, struct xt_entry *ret)
{
	const struct xt_layout *l = t->layout;
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
	*ret = (struct xt_entry) {
		.at = at,
		.matches = at + l->size,
		.target = at + target,
		.next = at + next,
	};
	ret->verdict = target_verdict(t, ret->target, size, &ret->jump);
	if (is_named(t, ret->target, "NFQUEUE"))
		ret->verdict = read_queue(t, ret->target, size, ret);
	else if (is_named(t, ret->target, "TPROXY"))
		ret->verdict = read_proxy(t, ret->target, size, ret);
	return 0;
}

/*
 * Only what the kernel writes: behind the end of a name, the bytes are what
 * the reader's buffer held before. Of a comment, its text only: most of its
 * 256 bytes are zero, and most of a rule's bytes are its comment.
 */
static uint64_t hash_part(const struct xt_bytes *t, uint32_t at, uint32_t size,
			  uint64_t hash)
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

/* Its name, with a NUL behind it whatever the bytes are. */
#define NAME_SIZE (XT_EXTENSION_MAXNAMELEN + 1)
static void copy_part_name(const struct xt_bytes *t, uint32_t at,
			   char name[NAME_SIZE])
{
	memcpy(name, t->bytes + at + PART_NAME, XT_EXTENSION_MAXNAMELEN);
	name[XT_EXTENSION_MAXNAMELEN] = '\0';
}

static void read_match(const struct xt_bytes *t, uint32_t at, uint32_t size,
		       struct firewall_rule *ret)
{
	const char *data = (const char *)t->bytes + at + PART_SIZE;
	char name[NAME_SIZE];

	size -= PART_SIZE;
	if (is_named(t, at, "comment") &&
	    size >= sizeof(struct xt_comment_info))
		ret->comment = (struct token) {
			data, strnlen(data, XT_MAX_COMMENT_LEN - 1)};
	copy_part_name(t, at, name);
	firewall_rule_match(ret, name, t->bytes[at + PART_REVISION], data,
			    size);
}

int xt_read_rule(const struct xt_bytes *t, const struct xt_entry *e,
		 struct firewall_rule *ret)
{
	uint32_t size;

	ret->look = hash_bytes(HASH_START, t->bytes + e->at, t->layout->packet);
	for (uint32_t at = e->matches; at < e->target; at += size) {
		size = part_size(t, at, e->target);
		if (!size)
			return -EBADMSG;
		read_match(t, at, size, ret);
		ret->look = hash_part(t, at, size, ret->look);
	}
	size = part_size(t, e->target, e->next);
	ret->look = hash_part(t, e->target, size, ret->look);
	ret->counts = xt_counts(t, e->at);
	return 0;
}

struct firewall_pick xt_pick(const struct xt_bytes *t, const struct xt_entry *e)
{
	struct firewall_rule rule = {.number = 0};
	uint32_t size = 1;

	for (uint32_t at = e->matches; size && at < e->target; at += size) {
		size = part_size(t, at, e->target);
		if (size)
			read_match(t, at, size, &rule);
	}
	return firewall_pick_of(&rule);
}

bool xt_takes_all(const struct xt_bytes *t, const struct xt_entry *e)
{
	uint32_t size;

	for (uint32_t at = e->matches; at < e->target; at += size) {
		size = part_size(t, at, e->target);
		if (!size || !is_named(t, at, "comment"))
			return false;
	}
	for (uint32_t i = 0; i < t->layout->packet; i++)
		if (t->bytes[e->at + i])
			return false;
	return true;
}

/* Without a target, it jumps to the next. */
bool xt_goes_on(const struct xt_bytes *t, const struct xt_entry *e)
{
	if (e->verdict == VERDICT_JUMP)
		return e->jump == e->next;
	return e->verdict == VERDICT_OTHER && (is_named(t, e->target, "LOG") ||
					       is_named(t, e->target, "NFLOG"));
}

struct firewall_counts xt_counts(const struct xt_bytes *t, uint32_t at)
{
	struct xt_counters c;

	memcpy(&c, t->bytes + at + t->layout->counters, sizeof(c));
	return (struct firewall_counts) {c.pcnt, c.bcnt};
}

/*
 * Hash of what an entry matches, but its comment and a rate, which is taken
 * over. Its parts have been walked before.
 */
static uint64_t hash_matches(const struct xt_bytes *t, const struct xt_entry *e,
			     struct firewall_rate *ret)
{
	uint64_t hash =
		hash_bytes(HASH_START, t->bytes + e->at, t->layout->packet);
	uint32_t size = 1;

	for (uint32_t at = e->matches; size && at < e->target; at += size) {
		char name[NAME_SIZE];

		size = part_size(t, at, e->target);
		copy_part_name(t, at, name);
		if (!size || is_named(t, at, "comment") ||
		    firewall_rate_match(name, t->bytes[at + PART_REVISION],
					t->bytes + at + PART_SIZE,
					size - PART_SIZE, ret))
			continue;
		hash = hash_part(t, at, size, hash);
	}
	return hash;
}

void xt_rule_behind(const struct xt_bytes *t, const struct xt_entry *before,
		    const struct xt_entry *e, struct firewall_rule *rule)
{
	struct firewall_pass pass = {.matches = 0};
	struct firewall_rate own;

	if (before->verdict != VERDICT_PASSES || before->next != e->at)
		return;
	pass.matches = hash_matches(t, before, &pass.rate);
	if (pass.rate.kind)
		firewall_rule_behind(rule, hash_matches(t, e, &own), &pass);
}

struct token xt_chain_name(const struct xt_bytes *t, uint32_t target)
{
	const char *name = (const char *)t->bytes + target +
			   offsetof(struct xt_error_target, errorname);

	return (struct token) {name, strnlen(name, XT_FUNCTION_MAXNAMELEN - 1)};
}
