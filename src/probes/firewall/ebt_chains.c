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

#include "probes/firewall/ebt_entry.h"
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

struct ebt_walk {
	const struct ebt_blob *blob;
	struct ebt_bytes table;
	struct ebt_chain *chains; /* in the order of their offsets */
	uint32_t n_chains, n_rules;
	uint32_t waiting; /* index + 1 of the first chain to visit */
	struct firewall_writer writer;
};

static bool is_ebt_drop(const struct ebt_rule *r)
{
	return r->is_standard && r->verdict == EBT_DROP;
}

static bool is_ebt_head(const struct ebt_walk *w, uint32_t at)
{
	return !(ebt_u32(&w->table, at) & EBT_ENTRY_OR_ENTRIES);
}

/*
 * Where what begins at an offset ends: a chain's head or a rule. Returns 0 or
 * -EBADMSG.
 */
static int ebt_step(const struct ebt_walk *w, uint32_t at, uint32_t *ret)
{
	struct ebt_rule r;
	int e;

	if (w->table.size - at < sizeof(uint32_t))
		return -EBADMSG;
	if (!is_ebt_head(w, at)) {
		e = ebt_read_rule(&w->table, at, &r);
		*ret = e < 0 ? 0 : r.next;
		return e;
	}
	if (w->table.size - at < sizeof(struct ebt_entries))
		return -EBADMSG;
	*ret = at + (uint32_t)sizeof(struct ebt_entries);
	return 0;
}

/* Checks and counts everything. Returns 0, -ETIME or -EBADMSG. */
static int check_ebt(struct ebt_walk *w)
{
	uint32_t next;

	for (uint32_t at = 0; at < w->table.size; at = next) {
		int r = ebt_step(w, at, &next);

		if (r < 0)
			return r;
		if (deadline_step(w->blob->deadline))
			return -ETIME;
		if (is_ebt_head(w, at))
			w->n_chains++;
		else
			w->n_rules++;
	}
	if (w->table.size && !is_ebt_head(w, 0))
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

	for (uint32_t at = 0; at < w->table.size; at = next) {
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
			.end = w->table.size,
			.first = rules,
			.policy = (int32_t)ebt_u32(
				&w->table,
				at + offsetof(struct ebt_entries, policy)),
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

	if (ebt_read_rule(&w->table, at, &r) < 0)
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
	const char *name = (const char *)w->table.bytes + c->at +
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
	int e = ebt_read_matches(&w->table, r, &own);

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
	if (last->next && last->is_standard &&
	    ebt_matches_all(&w->table, last) &&
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
		if (deadline_step(w->blob->deadline))
			return -ETIME;
		if (is_ebt_drop(&r))
			e = add_ebt_rule(w, &r, n, c->first + n - 1, &before);
		before = (struct firewall_pass) {.matches = 0};
		if (e == 0 && r.is_standard &&
		    (r.verdict == EBT_ACCEPT || r.verdict == EBT_RETURN))
			e = ebt_read_matches(&w->table, &r, &before);
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
	if (w->table.size)
		r = append_ebt_chains(w);
	if (r == 0)
		firewall_finish(&w->writer, 0);
	return r < 0 ? r : w->writer.arena->error;
}

int ebt_parse(const struct ebt_blob *blob, unsigned max_rules,
	      struct sample *out)
{
	struct arena arena = {.at = blob->scratch,
			      .left = blob->n_scratch,
			      .deadline = blob->deadline};
	struct ebt_walk w = {
		.blob = blob,
		.table = {.bytes = blob->bytes, .size = (uint32_t)blob->size},
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
