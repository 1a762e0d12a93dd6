/* SPDX-License-Identifier: MIT */
#include "probes/firewall/ebt_entry.h"

#include <errno.h>
#include <string.h>

#include <net/ethernet.h>
#include <linux/netfilter_bridge/ebt_limit.h>

uint32_t ebt_u32(const struct ebt_bytes *t, uint32_t at)
{
	uint32_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

/* A match and a target begin alike: a name, a size; data follows. */
#define EBT_PART sizeof(struct ebt_entry_match)
#define EBT_PART_SIZE offsetof(struct ebt_entry_match, match_size)
_Static_assert(EBT_PART == sizeof(struct ebt_entry_target) &&
		       EBT_PART_SIZE ==
			       offsetof(struct ebt_entry_target, target_size),
	       "matches and targets differ");

/* Size of the match or target there, or 0 when it does not end before end. */
static uint32_t ebt_part_size(const struct ebt_bytes *t, uint32_t at,
			      uint32_t end)
{
	uint32_t size;

	if (end - at < EBT_PART)
		return 0;
	size = ebt_u32(t, at + EBT_PART_SIZE);
	return size <= end - at - EBT_PART ? size + (uint32_t)EBT_PART : 0;
}

static bool is_ebt_part(const struct ebt_bytes *t, uint32_t at,
			const char *name)
{
	return !strncmp((const char *)t->bytes + at, name,
			EBT_EXTENSION_MAXNAMELEN);
}

int ebt_read_rule(const struct ebt_bytes *t, uint32_t at, struct ebt_rule *ret)
{
	const uint32_t head = sizeof(struct ebt_entry);
	uint32_t watchers, target, next, size;

	if (t->size - at < head)
		return -EBADMSG;
	watchers = ebt_u32(t, at + offsetof(struct ebt_entry, watchers_offset));
	target = ebt_u32(t, at + offsetof(struct ebt_entry, target_offset));
	next = ebt_u32(t, at + offsetof(struct ebt_entry, next_offset));
	if (watchers < head || target < watchers || next < target ||
	    next > t->size - at)
		return -EBADMSG;
	size = ebt_part_size(t, at + target, at + next);
	if (!size)
		return -EBADMSG;
	*ret = (struct ebt_rule) {
		.at = at,
		.watchers = at + watchers,
		.target = at + target,
		.next = at + next,
	};
	ret->is_standard = size >= EBT_PART + sizeof(ret->verdict) &&
			   is_ebt_part(t, ret->target, EBT_STANDARD_TARGET);
	if (ret->is_standard)
		ret->verdict = (int32_t)ebt_u32(t, ret->target + EBT_PART);
	return 0;
}

bool ebt_matches_all(const struct ebt_bytes *t, const struct ebt_rule *r)
{
	struct ebt_entry e;

	memcpy(&e, t->bytes + r->at, sizeof(e));
	return e.bitmask & EBT_NOPROTO &&
	       !(e.bitmask & (EBT_SOURCEMAC | EBT_DESTMAC)) && !e.invflags &&
	       !e.in[0] && !e.out[0] && !e.logical_in[0] && !e.logical_out[0] &&
	       r->watchers == r->at + sizeof(e);
}

/*
 * What a limit says; the kernel writes in the rest of it. Returns whether it
 * is one.
 */
static bool take_ebt_limit(const struct ebt_bytes *t, uint32_t at,
			   uint32_t size, struct firewall_rate *ret)
{
	if (!is_ebt_part(t, at, EBT_LIMIT_MATCH) ||
	    size < EBT_PART + offsetof(struct ebt_limit_info, prev))
		return false;
	*ret = (struct firewall_rate) {.kind = RATE_LIMIT};
	firewall_rate_average(ret, ebt_u32(t, at + EBT_PART), EBT_LIMIT_SCALE);
	return true;
}

static uint64_t hash_device(uint64_t hash, const char name[IFNAMSIZ])
{
	size_t n = strnlen(name, IFNAMSIZ);

	hash = hash_bytes(hash, name, n);
	return hash_bytes(hash, "", 1);
}

/* Only what is of use: the rest is what ebtables' memory held before. */
static uint64_t hash_ebt_head(const struct ebt_bytes *t,
			      const struct ebt_rule *r)
{
	uint64_t hash = HASH_START;
	struct ebt_entry e;

	memcpy(&e, t->bytes + r->at, sizeof(e));
	hash = hash_bytes(hash, &e.bitmask, sizeof(e.bitmask));
	hash = hash_bytes(hash, &e.invflags, sizeof(e.invflags));
	if (!(e.bitmask & EBT_NOPROTO))
		hash = hash_bytes(hash, &e.ethproto, sizeof(e.ethproto));
	hash = hash_device(hash, e.in);
	hash = hash_device(hash, e.logical_in);
	hash = hash_device(hash, e.out);
	hash = hash_device(hash, e.logical_out);
	if (e.bitmask & EBT_SOURCEMAC) {
		hash = hash_bytes(hash, e.sourcemac, ETH_ALEN);
		hash = hash_bytes(hash, e.sourcemsk, ETH_ALEN);
	}
	if (e.bitmask & EBT_DESTMAC) {
		hash = hash_bytes(hash, e.destmac, ETH_ALEN);
		hash = hash_bytes(hash, e.destmsk, ETH_ALEN);
	}
	return hash;
}

int ebt_read_matches(const struct ebt_bytes *t, const struct ebt_rule *r,
		     struct firewall_pass *ret)
{
	uint64_t hash = hash_ebt_head(t, r);
	uint32_t size;

	*ret = (struct firewall_pass) {.matches = 0};
	for (uint32_t at = r->at + (uint32_t)sizeof(struct ebt_entry);
	     at < r->watchers; at += size) {
		size = ebt_part_size(t, at, r->watchers);
		if (!size)
			return -EBADMSG;
		if (take_ebt_limit(t, at, size, &ret->rate))
			continue;
		hash = hash_bytes(hash, t->bytes + at,
				  strnlen((const char *)t->bytes + at,
					  EBT_EXTENSION_MAXNAMELEN));
		hash = hash_bytes(hash, t->bytes + at + EBT_PART,
				  size - EBT_PART);
	}
	ret->matches = hash;
	return 0;
}
