/* SPDX-License-Identifier: MIT */
/*
 * A table of x_tables is one run of entries: the built-in chains, each from
 * its hook_entry to its underflow (the policy), then the user's chains, each
 * headed by an entry with target ERROR that holds its name, then one more
 * ERROR. Jumps are offsets from the start. Pure: knows no socket.
 */
#include <errno.h>
#include <string.h>

#include "probes/firewall/emit.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/queue_feeds.h"
#include "probes/firewall/xt_chains.h"
#include "probes/firewall/xt_entry.h"

/* clang-format off */
static const char *const hook_names[NF_INET_NUMHOOKS] = {
	[NF_INET_PRE_ROUTING] = "PREROUTING",
	[NF_INET_LOCAL_IN] = "INPUT",
	[NF_INET_FORWARD] = "FORWARD",
	[NF_INET_LOCAL_OUT] = "OUTPUT",
	[NF_INET_POST_ROUTING] = "POSTROUTING",
};
/* clang-format on */

#define ALL_HOOKS ((1u << NF_INET_NUMHOOKS) - 1)

struct chain {
	uint32_t begin; /* its first rule */
	uint32_t end;
	uint32_t head;	  /* a user's: target of its head; else 0 */
	uint32_t waiting; /* index + 1 of the chain to visit after it */
	uint8_t starts;	  /* built-in: the hooks that begin here */
	uint8_t hooks;	  /* the hooks it is reached from */
	bool is_waiting;
	bool drops;    /* one of its rules does, or its policy */
	bool feeds;    /* one of its rules does a queue */
	bool has_rest; /* its last rules all drop, one of them all that come */
	uint32_t run;  /* the first of them is there, plus 1; 0: none */
	bool is_open;  /* a user's: all that match a rule come to it, or */
	struct firewall_pick by; /* only those that are picked */
};

/* What one parse works with. */
struct walk {
	const struct xt_blob *blob;
	struct xt_bytes table;
	struct chain *chains; /* in the order of their offsets */
	uint32_t n_chains;
	bool drops;	     /* one of them does */
	bool feeds;	     /* likewise */
	bool jumps;	     /* one of their rules does */
	uint32_t next_start; /* no hook begins before it */
	uint32_t waiting;    /* index + 1 of the first chain to visit */
	struct nfqueue_list queues;
	struct firewall_writer writer;
};

/* The hooks whose offset, in hook_entry or underflow, is this one. */
static unsigned hooks_at(const struct xt_blob *blob,
			 const uint32_t offsets[NF_INET_NUMHOOKS], uint32_t at)
{
	unsigned hooks = 0;

	for (unsigned i = 0; i < NF_INET_NUMHOOKS; i++)
		if (offsets[i] == at)
			hooks |= 1u << i;
	return hooks & blob->valid_hooks;
}

/*
 * The hooks that begin at an offset, which is 0 or above the one asked for
 * before: there are few, so most are none.
 */
static unsigned starts_at(struct walk *w, uint32_t at)
{
	const struct xt_blob *blob = w->blob;

	if (at && at < w->next_start)
		return 0;
	w->next_start = UINT32_MAX;
	for (unsigned i = 0; i < NF_INET_NUMHOOKS; i++)
		if (blob->valid_hooks & 1u << i && blob->hook_entry[i] > at &&
		    blob->hook_entry[i] < w->next_start)
			w->next_start = blob->hook_entry[i];
	return hooks_at(blob, blob->hook_entry, at);
}

static bool is_drop(struct walk *w, const struct xt_entry *e)
{
	return e->verdict == VERDICT_DROP || e->verdict == VERDICT_REJECT ||
	       e->verdict == VERDICT_RESET ||
	       (e->verdict == VERDICT_QUEUE &&
		!nfqueue_listeners(&w->queues, e->queue, e->n_queues)) ||
	       e->verdict == VERDICT_TPROXY;
}

static enum firewall_target xt_target(const struct xt_entry *e)
{
	if (e->verdict == VERDICT_QUEUE)
		return FIREWALL_QUEUE;
	if (e->verdict == VERDICT_TPROXY)
		return FIREWALL_TPROXY;
	if (e->verdict == VERDICT_RESET)
		return FIREWALL_RESET;
	return e->verdict == VERDICT_REJECT ? FIREWALL_REJECT : FIREWALL_DROP;
}

/*
 * Checks each entry and counts chains. Returns 0, -ETIME or -EBADMSG: also when
 * a hook's chain begins where no entry does.
 */
static int check_entries(struct walk *w)
{
	struct xt_entry e;
	unsigned found = 0;

	for (uint32_t at = 0; at < w->table.size; at = e.next) {
		unsigned starts = starts_at(w, at);
		int r = xt_entry(&w->table, at, &e);

		if (r < 0)
			return r;
		if (deadline_step(w->blob->deadline))
			return -ETIME;
		found |= starts;
		w->n_chains += starts || e.verdict == VERDICT_HEAD;
		w->drops |= is_drop(w, &e);
		w->feeds |= e.feeds;
		w->jumps |= e.verdict == VERDICT_JUMP;
	}
	return found == w->blob->valid_hooks ? 0 : -EBADMSG;
}

/* The entry at an offset that check_entries() has found good. */
static struct xt_entry entry_at(const struct walk *w, uint32_t at)
{
	struct xt_entry e;

	if (xt_entry(&w->table, at, &e) < 0)
		abort(); /* the offset came from this very walk */
	return e;
}

static void add_chain(struct walk *w, const struct xt_entry *e, unsigned starts)
{
	struct chain *c = &w->chains[w->n_chains++];

	if (c > w->chains)
		c[-1].end = e->at;
	c->starts = c->hooks = starts;
	c->begin = starts ? e->at : e->next;
	c->head = starts ? 0 : e->target;
	c->end = w->table.size;
}

/* Behind what drops all, no rule ever runs. */
static void note_last_drops(const struct walk *w, struct chain *c,
			    const struct xt_entry *e)
{
	bool drops = e->verdict == VERDICT_DROP ||
		     e->verdict == VERDICT_REJECT ||
		     e->verdict == VERDICT_RESET;

	if (c->has_rest || e->at < c->begin)
		return;
	if (!drops && !xt_goes_on(&w->table, e))
		c->run = 0;
	if (drops && !c->run)
		c->run = e->at + 1;
	c->has_rest = drops && xt_takes_all(&w->table, e);
}

/* Returns 0 or -ETIME. */
static int find_chains(struct walk *w)
{
	struct xt_entry e;

	w->n_chains = 0;
	for (uint32_t at = 0; at < w->table.size; at = e.next) {
		unsigned starts = starts_at(w, at);

		e = entry_at(w, at);
		if (starts || e.verdict == VERDICT_HEAD)
			add_chain(w, &e, starts);
		if (!w->n_chains)
			continue;
		w->chains[w->n_chains - 1].drops |= is_drop(w, &e);
		w->chains[w->n_chains - 1].feeds |= e.feeds;
		note_last_drops(w, &w->chains[w->n_chains - 1], &e);
		if (deadline_step(w->blob->deadline))
			return -ETIME;
	}
	return 0;
}

/* The chain that holds a rule at that offset, or NULL. */
static struct chain *chain_at(const struct walk *w, uint32_t at)
{
	uint32_t low = 0, high = w->n_chains;
	struct chain *c;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (w->chains[middle].begin <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	c = &w->chains[low - 1];
	return at < c->end ? c : NULL;
}

static void visit_chain_later(struct walk *w, struct chain *c)
{
	if (c->is_waiting)
		return;
	c->is_waiting = true;
	c->waiting = w->waiting;
	w->waiting = (uint32_t)(c - w->chains) + 1;
}

/* Notes whether all come to a chain that drops, or only those picked. */
static void note_jump(const struct walk *w, struct chain *to,
		      const struct xt_entry *e)
{
	struct firewall_pick by;

	if (!to->drops || to->is_open)
		return;
	by = xt_pick(&w->table, e);
	to->is_open = !firewall_picks(&by);
	if (!firewall_picks(&to->by))
		to->by = by;
}

/* Hands the hooks that reach a chain on to the chains it jumps to. */
static void visit(struct walk *w, const struct chain *c)
{
	struct xt_entry e;

	for (uint32_t at = c->begin; at < c->end; at = e.next) {
		struct chain *to;

		e = entry_at(w, at);
		if (e.verdict != VERDICT_JUMP || e.jump == e.next)
			continue;
		to = chain_at(w, e.jump);
		if (!to)
			continue;
		note_jump(w, to, &e);
		if ((to->hooks | c->hooks) == to->hooks)
			continue;
		to->hooks |= c->hooks;
		visit_chain_later(w, to);
	}
}

/*
 * A chain is visited again only when one more of the five hooks turned out
 * to reach it: jumps in a circle end, and no rule is seen more than 5 times.
 */
static void reach_chains(struct walk *w)
{
	for (uint32_t i = 0; w->jumps && i < w->n_chains; i++)
		if (w->chains[i].starts)
			visit_chain_later(w, &w->chains[i]);
	while (w->waiting) {
		struct chain *c = &w->chains[w->waiting - 1];

		w->waiting = c->waiting;
		c->is_waiting = false;
		visit(w, c);
	}
}

/* The directions of packets that come to a chain, as a set. */
static uint8_t chain_reached(const struct chain *c)
{
	uint8_t reached = 0;

	if (c->hooks & (1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN))
		reached |= 1u << DIR_RX;
	if (c->hooks & (1u << NF_INET_FORWARD | 1u << NF_INET_POST_ROUTING))
		reached |= 1u << DIR_FWD;
	if (c->hooks & (1u << NF_INET_LOCAL_OUT | 1u << NF_INET_POST_ROUTING))
		reached |= 1u << DIR_TX;
	return reached;
}

static void begin_chain(struct walk *w, const struct chain *c)
{
	struct firewall_chain chain = {
		.family = w->blob->family,
		.reached = chain_reached(c),
		.is_idle = !c->hooks,
		.is_legacy = w->blob->is_legacy,
	};

	chain.direction = firewall_direction(chain.reached);
	snprintf(chain.table, sizeof(chain.table), "%s", w->blob->table);
	if (c->starts)
		snprintf(chain.name, sizeof(chain.name), "%s",
			 hook_names[__builtin_ctz(c->starts)]);
	else
		firewall_copy_text(chain.name, sizeof(chain.name),
				   xt_chain_name(&w->table, c->head));
	firewall_begin(&w->writer, &chain);
}

/* Reads a dropping rule, number in its chain. Returns 0 or -EBADMSG. */
static int read_rule(const struct walk *w, const struct chain *c,
		     const struct xt_entry *e, uint32_t number,
		     struct firewall_rule *ret)
{
	*ret = (struct firewall_rule) {
		.number = number,
		.target = xt_target(e),
		.queue = e->queue,
		.n_queues = e->n_queues,
		.port = e->port,
		.is_counted = e->verdict != VERDICT_TPROXY,
	};
	if (hooks_at(w->blob, w->blob->underflow, e->at) & c->starts) {
		ret->target = FIREWALL_POLICY;
		ret->number = 0;
	}
	return xt_read_rule(&w->table, e, ret);
}

static int add_rules(struct walk *w, const struct chain *c)
{
	uint32_t number = 0, n = 0;
	struct firewall_rule rule;
	struct xt_entry e = {0}, before;

	begin_chain(w, c);
	for (uint32_t at = c->begin; at < c->end; at = e.next) {
		int r;

		before = e;
		e = entry_at(w, at);
		number++;
		if (deadline_step(w->blob->deadline))
			return -ETIME;
		if (!is_drop(w, &e))
			continue;
		r = read_rule(w, c, &e, number, &rule);
		if (r < 0)
			return r;
		xt_rule_behind(&w->table, &before, &e, &rule);
		if (c->has_rest && e.at >= c->run - 1)
			firewall_rule_leads(&rule);
		if (!c->is_open)
			firewall_rule_picked(&rule, &c->by);
		if (rule.target == FIREWALL_POLICY)
			rule.look = ~rule.look; /* no `-j DROP` */
		if (n++ < w->writer.max_rules)
			firewall_see(&w->writer, &rule);
		firewall_add(&w->writer, &rule);
	}
	return 0;
}

/*
 * Adds the chains that drop, for their counts also those that no packet comes
 * to. Returns 0, -ETIME or -EBADMSG.
 */
static int add_chains(struct walk *w)
{
	int r = 0;

	for (uint32_t i = 0; i < w->n_chains && r == 0; i++)
		if (w->chains[i].drops)
			r = add_rules(w, &w->chains[i]);
	return r;
}

static void add_feeds(const struct walk *w, const struct chain *c,
		      struct queue_feeds *feeds)
{
	struct xt_entry e;

	for (uint32_t at = c->begin; at < c->end; at = e.next) {
		e = entry_at(w, at);
		if (e.feeds)
			queue_feeds_add(feeds, w->blob->family,
					(uint16_t)e.queue, (uint16_t)e.n_queues,
					chain_reached(c));
	}
}

static void append_feeds(const struct walk *w)
{
	struct queue_feeds feeds = {.n = 0};
	char name[64];

	for (uint32_t i = 0; i < w->n_chains; i++)
		if (w->chains[i].feeds && w->chains[i].hooks)
			add_feeds(w, &w->chains[i], &feeds);
	snprintf(name, sizeof(name), "%s.%s%s#queues",
		 firewall_family_name(w->blob->family),
		 w->blob->is_legacy ? "legacy_" : "", w->blob->table);
	queue_feeds_append(&feeds, name, w->writer.out);
}

/*
 * Packets that policies have decided about. Their offsets were looked at by
 * nobody, but these are only numbers.
 */
static uint64_t count_passed(const struct walk *w)
{
	const struct xt_blob *blob = w->blob;
	uint64_t passed = 0;

	for (unsigned i = 0; i < NF_INET_NUMHOOKS; i++)
		if (blob->valid_hooks & 1u << i &&
		    blob->underflow[i] < w->table.size &&
		    w->table.size - blob->underflow[i] >= w->table.layout->size)
			passed += xt_counts(&w->table, blob->underflow[i])
					  .packets;
	return passed;
}

/* Nothing but a rule's own words tells whether it is that of before. */
static uint64_t section_of(const struct xt_blob *blob)
{
	const unsigned char family = blob->family;

	return hash_bytes(hash_bytes(HASH_START, &family, 1), blob->table,
			  strlen(blob->table));
}

static int parse(struct walk *w)
{
	struct arena *arena = w->writer.arena;
	int r = check_entries(w);

	if (r < 0)
		return r;
	firewall_start(&w->writer, section_of(w->blob));
	w->writer.ledger.all_young = true;
	if (w->drops || w->feeds) {
		w->chains = arena_alloc(arena,
					(w->n_chains + 1) * sizeof(*w->chains));
		if (!w->chains)
			return arena->error;
		r = find_chains(w);
		if (r < 0)
			return r;
		reach_chains(w);
		r = add_chains(w);
	}
	if (r == 0)
		firewall_finish(&w->writer, count_passed(w));
	if (r == 0 && w->feeds)
		append_feeds(w);
	return r < 0 ? r : arena->error;
}

int xt_parse(const struct xt_blob *blob, unsigned max_rules, struct sample *out)
{
	struct arena arena = {.at = blob->scratch,
			      .left = blob->n_scratch,
			      .deadline = blob->deadline};
	struct walk w = {
		.blob = blob,
		.table = {.layout = xt_layout(blob->family),
			  .bytes = blob->bytes,
			  .size = (uint32_t)blob->size},
		.queues = {.text = blob->queues, .arena = &arena},
		.writer = {.out = out, .arena = &arena, .max_rules = max_rules},
	};
	int r;

	if (blob->size > XT_MAX_SIZE)
		return -E2BIG;
	if (!w.table.layout || blob->valid_hooks & ~ALL_HOOKS)
		return -EBADMSG;
	r = parse(&w);
	arena_free(&arena);
	return r;
}
