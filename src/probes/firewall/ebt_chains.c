/* SPDX-License-Identifier: MIT */
/*
 * A table of ebtables is one run of chains, each headed by a struct
 * ebt_entries: those of the hooks in the order of their numbers, then the
 * user's. Jumps are offsets of such heads. The counters stand apart, one for
 * each rule. Pure: knows no socket.
 */
#include "probes/firewall/ebt_chains.h"

#include <errno.h>
#include <string.h>

#include <net/ethernet.h>
#include <net/if.h> /* before the kernel's, or they clash */
#include <linux/netfilter_bridge/ebt_limit.h>
#include <linux/netfilter_bridge/ebtables.h>

#include "probes/firewall/emit.h"

/* clang-format off */
static const char *const ebt_hook_names[NF_BR_NUMHOOKS] = {
	[NF_BR_PRE_ROUTING] = "PREROUTING",
	[NF_BR_LOCAL_IN] = "INPUT",
	[NF_BR_FORWARD] = "FORWARD",
	[NF_BR_LOCAL_OUT] = "OUTPUT",
	[NF_BR_POST_ROUTING] = "POSTROUTING",
	[NF_BR_BROUTING] = "BROUTING",
};
/* clang-format on */

#define ALL_EBT_HOOKS ((1u << NF_BR_NUMHOOKS) - 1)

struct ebt_chain {
	uint32_t at; /* its head; its rules are behind it */
	uint32_t end;
	uint32_t first;	  /* index of its first rule's counter */
	uint32_t waiting; /* index + 1 of the chain to visit after it */
	int32_t policy;	  /* EBT_DROP, ... */
	int8_t hook;	  /* that begins here, or -1: a user's */
	uint8_t hooks;	  /* the hooks it is reached from */
	bool is_waiting;
};

/* A rule whose bounds are checked. All are offsets into the table. */
struct ebt_rule {
	uint32_t at;
	uint32_t watchers; /* end of its matches */
	uint32_t target;
	uint32_t next;
	bool is_standard;
	int32_t verdict; /* EBT_DROP, or a jump; is_standard */
};

struct ebt_walk {
	const struct ebt_blob *blob;
	const unsigned char *bytes;
	uint32_t size;
	struct ebt_chain *chains; /* in the order of their offsets */
	uint32_t n_chains, n_rules;
	uint32_t waiting; /* index + 1 of the first chain to visit */
	struct firewall_writer writer;
};

static uint32_t ebt_u32(const struct ebt_walk *w, uint32_t at)
{
	uint32_t v;

	memcpy(&v, w->bytes + at, sizeof(v));
	return v;
}

/* ---- one rule ---- */

/* A match and a target begin alike: a name, a size; data follows. */
#define EBT_PART sizeof(struct ebt_entry_match)
#define EBT_PART_SIZE offsetof(struct ebt_entry_match, match_size)
_Static_assert(EBT_PART == sizeof(struct ebt_entry_target) &&
		       EBT_PART_SIZE ==
			       offsetof(struct ebt_entry_target, target_size),
	       "matches and targets differ");

/* Size of the match or target there, or 0 when it does not end before end. */
static uint32_t ebt_part_size(const struct ebt_walk *w, uint32_t at,
			      uint32_t end)
{
	uint32_t size;

	if (end - at < EBT_PART)
		return 0;
	size = ebt_u32(w, at + EBT_PART_SIZE);
	return size <= end - at - EBT_PART ? size + (uint32_t)EBT_PART : 0;
}

static bool is_ebt_part(const struct ebt_walk *w, uint32_t at, const char *name)
{
	return !strncmp((const char *)w->bytes + at, name,
			EBT_EXTENSION_MAXNAMELEN);
}

/* Reads the rule that begins at an offset. Returns 0 or -EBADMSG. */
static int read_ebt_rule(const struct ebt_walk *w, uint32_t at,
			 struct ebt_rule *ret)
{
	const uint32_t head = sizeof(struct ebt_entry);
	uint32_t watchers, target, next, size;

	if (w->size - at < head)
		return -EBADMSG;
	watchers = ebt_u32(w, at + offsetof(struct ebt_entry, watchers_offset));
	target = ebt_u32(w, at + offsetof(struct ebt_entry, target_offset));
	next = ebt_u32(w, at + offsetof(struct ebt_entry, next_offset));
	if (watchers < head || target < watchers || next < target ||
	    next > w->size - at)
		return -EBADMSG;
	size = ebt_part_size(w, at + target, at + next);
	if (!size)
		return -EBADMSG;
	*ret = (struct ebt_rule) {
		.at = at,
		.watchers = at + watchers,
		.target = at + target,
		.next = at + next,
	};
	ret->is_standard = size >= EBT_PART + sizeof(ret->verdict) &&
			   is_ebt_part(w, ret->target, EBT_STANDARD_TARGET);
	if (ret->is_standard)
		ret->verdict = (int32_t)ebt_u32(w, ret->target + EBT_PART);
	return 0;
}

static bool is_ebt_drop(const struct ebt_rule *r)
{
	return r->is_standard && r->verdict == EBT_DROP;
}

/* Whether it matches every frame. */
static bool matches_all(const struct ebt_walk *w, const struct ebt_rule *r)
{
	struct ebt_entry e;

	memcpy(&e, w->bytes + r->at, sizeof(e));
	return e.bitmask & EBT_NOPROTO &&
	       !(e.bitmask & (EBT_SOURCEMAC | EBT_DESTMAC)) && !e.invflags &&
	       !e.in[0] && !e.out[0] && !e.logical_in[0] && !e.logical_out[0] &&
	       r->watchers == r->at + sizeof(e);
}

/*
 * What a limit says; the kernel writes in the rest of it. Returns whether it
 * is one.
 */
static bool take_ebt_limit(const struct ebt_walk *w, uint32_t at, uint32_t size,
			   struct firewall_rate *ret)
{
	if (!is_ebt_part(w, at, EBT_LIMIT_MATCH) ||
	    size < EBT_PART + offsetof(struct ebt_limit_info, prev))
		return false;
	*ret = (struct firewall_rate) {.kind = RATE_LIMIT};
	firewall_rate_average(ret, ebt_u32(w, at + EBT_PART), EBT_LIMIT_SCALE);
	return true;
}

static uint64_t hash_device(uint64_t hash, const char name[IFNAMSIZ])
{
	size_t n = strnlen(name, IFNAMSIZ);

	hash = hash_bytes(hash, name, n);
	return hash_bytes(hash, "", 1);
}

/* Only what is of use: the rest is what ebtables' memory held before. */
static uint64_t hash_ebt_head(const struct ebt_walk *w,
			      const struct ebt_rule *r)
{
	uint64_t hash = HASH_START;
	struct ebt_entry e;

	memcpy(&e, w->bytes + r->at, sizeof(e));
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

/*
 * Hash of what a rule matches, but its rate, which is taken over. Returns 0 or
 * -EBADMSG.
 */
static int read_ebt_matches(const struct ebt_walk *w, const struct ebt_rule *r,
			    struct firewall_pass *ret)
{
	uint64_t hash = hash_ebt_head(w, r);
	uint32_t size;

	*ret = (struct firewall_pass) {.matches = 0};
	for (uint32_t at = r->at + (uint32_t)sizeof(struct ebt_entry);
	     at < r->watchers; at += size) {
		size = ebt_part_size(w, at, r->watchers);
		if (!size)
			return -EBADMSG;
		if (take_ebt_limit(w, at, size, &ret->rate))
			continue;
		hash = hash_bytes(hash, w->bytes + at,
				  strnlen((const char *)w->bytes + at,
					  EBT_EXTENSION_MAXNAMELEN));
		hash = hash_bytes(hash, w->bytes + at + EBT_PART,
				  size - EBT_PART);
	}
	ret->matches = hash;
	return 0;
}

/* ---- chains ---- */

static bool is_ebt_head(const struct ebt_walk *w, uint32_t at)
{
	return !(ebt_u32(w, at) & EBT_ENTRY_OR_ENTRIES);
}

/*
 * Where what begins at an offset ends: a chain's head or a rule. Returns 0 or
 * -EBADMSG.
 */
static int ebt_step(const struct ebt_walk *w, uint32_t at, uint32_t *ret)
{
	struct ebt_rule r;
	int e;

	if (w->size - at < sizeof(uint32_t))
		return -EBADMSG;
	if (!is_ebt_head(w, at)) {
		e = read_ebt_rule(w, at, &r);
		*ret = e < 0 ? 0 : r.next;
		return e;
	}
	if (w->size - at < sizeof(struct ebt_entries))
		return -EBADMSG;
	*ret = at + (uint32_t)sizeof(struct ebt_entries);
	return 0;
}

/* Checks and counts everything. Returns 0 or -EBADMSG. */
static int check_ebt(struct ebt_walk *w)
{
	uint32_t next;

	for (uint32_t at = 0; at < w->size; at = next) {
		int r = ebt_step(w, at, &next);

		if (r < 0)
			return r;
		if (is_ebt_head(w, at))
			w->n_chains++;
		else
			w->n_rules++;
	}
	if (w->size && !is_ebt_head(w, 0))
		return -EBADMSG;
	return w->n_rules == w->blob->n_counters &&
			       w->n_chains >= (uint32_t)__builtin_popcount(
						      w->blob->valid_hooks)
		       ? 0
		       : -EBADMSG;
}

static void find_ebt_chains(struct ebt_walk *w)
{
	uint32_t next, rules = 0, hooks = w->blob->valid_hooks;
	struct ebt_chain *c = w->chains;

	for (uint32_t at = 0; at < w->size; at = next) {
		if (ebt_step(w, at, &next) < 0)
			abort(); /* check_ebt() found it good */
		if (!is_ebt_head(w, at)) {
			rules++;
			continue;
		}
		if (c > w->chains)
			c[-1].end = at;
		*c = (struct ebt_chain) {
			.at = at,
			.end = w->size,
			.first = rules,
			.policy = (int32_t)ebt_u32(
				w, at + offsetof(struct ebt_entries, policy)),
			.hook = (int8_t)(hooks ? __builtin_ctz(hooks) : -1),
		};
		c->hooks = hooks & -hooks;
		hooks &= hooks - 1;
		c++;
	}
}

/* The chain whose head is at that offset, or NULL. */
static struct ebt_chain *ebt_chain_at(const struct ebt_walk *w, uint32_t at)
{
	uint32_t low = 0, high = w->n_chains;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (w->chains[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->n_chains && w->chains[low].at == at ? &w->chains[low]
							    : NULL;
}

static void visit_ebt_later(struct ebt_walk *w, struct ebt_chain *c)
{
	if (c->is_waiting)
		return;
	c->is_waiting = true;
	c->waiting = w->waiting;
	w->waiting = (uint32_t)(c - w->chains) + 1;
}

static struct ebt_rule ebt_rule_at(const struct ebt_walk *w, uint32_t at)
{
	struct ebt_rule r;

	if (read_ebt_rule(w, at, &r) < 0)
		abort(); /* check_ebt() found it good */
	return r;
}

#define EBT_RULES(c) ((c)->at + (uint32_t)sizeof(struct ebt_entries))

/* Hands the hooks that reach a chain on to the chains it jumps to. */
static void visit_ebt(struct ebt_walk *w, const struct ebt_chain *c)
{
	struct ebt_rule r;

	for (uint32_t at = EBT_RULES(c); at < c->end; at = r.next) {
		struct ebt_chain *to;

		r = ebt_rule_at(w, at);
		if (!r.is_standard || r.verdict < 0)
			continue;
		to = ebt_chain_at(w, (uint32_t)r.verdict);
		if (!to || (to->hooks | c->hooks) == to->hooks)
			continue;
		to->hooks |= c->hooks;
		visit_ebt_later(w, to);
	}
}

/* As with those of x_tables: jumps in a circle end. */
static void reach_ebt_chains(struct ebt_walk *w)
{
	for (uint32_t i = 0; i < w->n_chains; i++)
		if (w->chains[i].hooks)
			visit_ebt_later(w, &w->chains[i]);
	while (w->waiting) {
		struct ebt_chain *c = &w->chains[w->waiting - 1];

		w->waiting = c->waiting;
		c->is_waiting = false;
		visit_ebt(w, c);
	}
}

/* ---- into the sample ---- */

static enum direction ebt_direction(const struct ebt_chain *c)
{
	if (c->hooks & (1u << NF_BR_PRE_ROUTING | 1u << NF_BR_LOCAL_IN))
		return DIR_RX;
	return c->hooks & 1u << NF_BR_FORWARD ? DIR_FWD : DIR_TX;
}

static void begin_ebt_chain(struct ebt_walk *w, const struct ebt_chain *c)
{
	const char *name = (const char *)w->bytes + c->at +
			   offsetof(struct ebt_entries, name);
	struct firewall_chain chain = {
		.family = FAMILY_BRIDGE,
		.direction = ebt_direction(c),
		.is_legacy = w->blob->is_legacy,
	};

	snprintf(chain.table, sizeof(chain.table), "%s", w->blob->table);
	if (c->hook >= 0)
		snprintf(chain.name, sizeof(chain.name), "%s",
			 ebt_hook_names[c->hook]);
	else
		firewall_copy_text(
			chain.name, sizeof(chain.name),
			(struct token) {
				name, strnlen(name, EBT_CHAIN_MAXNAMELEN - 1)});
	firewall_begin(&w->writer, &chain);
}

/* A rule that drops, by the index of its counter. Returns 0 or -EBADMSG. */
static int add_ebt_rule(struct ebt_walk *w, const struct ebt_rule *r,
			uint32_t number, uint32_t index,
			const struct firewall_pass *before)
{
	struct firewall_rule rule = {
		.number = number,
		.target = FIREWALL_DROP,
		.is_counted = true,
	};
	struct firewall_pass own;
	struct ebt_counter c;
	int e = read_ebt_matches(w, r, &own);

	if (e < 0)
		return e;
	memcpy(&c, (const char *)w->blob->counters + index * sizeof(c),
	       sizeof(c));
	rule.counts = (struct firewall_counts) {c.pcnt, c.bcnt};
	rule.rate = own.rate;
	rule.look = hash_bytes(own.matches, &own.rate.amount,
			       sizeof(own.rate.amount));
	firewall_rule_behind(&rule, own.matches, before);
	firewall_add(&w->writer, &rule);
	return 0;
}

/* Of a chain whose last rule takes all there is, nothing gets that far. */
static void add_ebt_policy(struct ebt_walk *w, const struct ebt_chain *c,
			   const struct ebt_rule *last)
{
	static const uint64_t look = HASH_START ^ 1; /* no `-j DROP` */

	if (c->policy != EBT_DROP)
		return;
	if (last->next && last->is_standard && matches_all(w, last) &&
	    (last->verdict == EBT_DROP || last->verdict == EBT_ACCEPT))
		return;
	firewall_add(&w->writer, &(struct firewall_rule) {
					 .look = look,
					 .target = FIREWALL_POLICY,
					 .uncounted = 1,
				 });
}

static int append_ebt_chain(struct ebt_walk *w, const struct ebt_chain *c)
{
	struct firewall_pass before = {.matches = 0};
	struct ebt_rule r = {0};
	uint32_t n = 0;
	int e = 0;

	begin_ebt_chain(w, c);
	for (uint32_t at = EBT_RULES(c); at < c->end && e == 0; at = r.next) {
		r = ebt_rule_at(w, at);
		n++;
		if (is_ebt_drop(&r))
			e = add_ebt_rule(w, &r, n, c->first + n - 1, &before);
		before = (struct firewall_pass) {.matches = 0};
		if (e == 0 && r.is_standard &&
		    (r.verdict == EBT_ACCEPT || r.verdict == EBT_RETURN))
			e = read_ebt_matches(w, &r, &before);
	}
	add_ebt_policy(w, c, &r);
	return e;
}

static int append_ebt_chains(struct ebt_walk *w)
{
	struct arena *arena = w->writer.arena;
	int r = 0;

	w->chains = arena_alloc(arena, w->n_chains * sizeof(*w->chains));
	if (!w->chains)
		return arena->error;
	find_ebt_chains(w);
	reach_ebt_chains(w);
	for (uint32_t i = 0; i < w->n_chains && r == 0; i++)
		if (w->chains[i].hooks & ~(1u << NF_BR_BROUTING))
			r = append_ebt_chain(w, &w->chains[i]);
	return r;
}

/* Nothing but a rule's own words tells whether it is that of before. */
static int parse_ebt(struct ebt_walk *w)
{
	const char *table = w->blob->table;
	int r = check_ebt(w);

	if (r < 0)
		return r;
	firewall_start(&w->writer,
		       hash_bytes(HASH_START, table, strlen(table)));
	w->writer.ledger.all_young = true;
	if (w->size)
		r = append_ebt_chains(w);
	if (r == 0)
		firewall_finish(&w->writer, 0);
	return r < 0 ? r : w->writer.arena->error;
}

int ebt_parse(const struct ebt_blob *blob, unsigned max_rules,
	      struct sample *out)
{
	struct arena arena = {.at = blob->scratch, .left = blob->n_scratch};
	struct ebt_walk w = {
		.blob = blob,
		.bytes = blob->bytes,
		.size = (uint32_t)blob->size,
		.writer = {.out = out, .arena = &arena, .max_rules = max_rules},
	};
	int r;

	if (blob->size > EBT_MAX_SIZE)
		return -E2BIG;
	if (blob->valid_hooks & ~ALL_EBT_HOOKS)
		return -EBADMSG;
	r = parse_ebt(&w);
	arena_free(&arena);
	return r;
}
