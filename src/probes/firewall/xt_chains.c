/* SPDX-License-Identifier: MIT */
/*
 * A table of x_tables is one run of entries: the built-in chains, each from
 * its hook_entry to its underflow (the policy), then the user's chains, each
 * headed by an entry with target ERROR that holds its name, then one more
 * ERROR. Jumps are offsets from the start. Pure: knows no socket.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "probes/firewall/netfilter.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/xt_chains.h"
#include "probes/firewall/xt_entry.h"

static const char *const hook_names[NF_INET_NUMHOOKS] = {
	[NF_INET_PRE_ROUTING] = "PREROUTING",	[NF_INET_LOCAL_IN] = "INPUT",
	[NF_INET_FORWARD] = "FORWARD",		[NF_INET_LOCAL_OUT] = "OUTPUT",
	[NF_INET_POST_ROUTING] = "POSTROUTING",
};

#define ALL_HOOKS ((1u << NF_INET_NUMHOOKS) - 1)

/* "ip6.security." and a chain, and behind it a dot, a comment, "_", 8 hex. */
#define CHAIN_NAME 128
#define RULE_NAME (CHAIN_NAME + XTABLES_TEXT + 32)

struct chain {
	uint32_t begin; /* its first rule */
	uint32_t end;
	uint32_t head;	  /* a user's: target of its head; else 0 */
	uint32_t n_drops; /* dropping rules, a dropping policy included */
	uint32_t waiting; /* index + 1 of the chain to visit after it */
	uint8_t starts;	  /* built-in: the hooks that begin here */
	uint8_t hooks;	  /* the hooks it is reached from */
	bool is_waiting;
};

/* A dropping rule that becomes an object of its own. */
struct drop {
	struct xtables_rule rule;
	uint64_t packets;
	uint64_t bytes;
	uint64_t comment; /* hash of its text */
	uint32_t number;  /* in its chain, from 1 */
	enum netfilter_target target;
	uint32_t queue; /* NETFILTER_QUEUE_RULE */
};

/* How often a key was seen, in a hash table with open addressing. */
struct tally {
	uint64_t key;
	uint32_t n; /* 0: free */
};

/* What one parse works with. */
struct walk {
	const struct xtables_blob *blob;
	struct xtables_bytes table;
	struct chain *chains; /* in the order of their offsets */
	uint32_t n_chains;
	uint32_t n_drops;
	uint32_t waiting; /* index + 1 of the first chain to visit */
	struct drop *drops;
	struct tally *tally;
	uint32_t n_tally;   /* a power of two, for the chain at work */
	uint32_t max_rules; /* room in drops; tally has four times that */
};

/* The hooks whose offset, in hook_entry or underflow, is this one. */
static unsigned hooks_at(const struct xtables_blob *blob,
			 const uint32_t offsets[NF_INET_NUMHOOKS], uint32_t at)
{
	unsigned hooks = 0;

	for (unsigned i = 0; i < NF_INET_NUMHOOKS; i++)
		if (offsets[i] == at)
			hooks |= 1u << i;
	return hooks & blob->valid_hooks;
}

/* Whether somebody listens to one of the queues that an entry uses. */
static bool is_listened_to(const struct xtables_blob *blob,
			   const struct xtables_entry *e)
{
	const char *text = blob->queues;
	size_t n = blob->n_queues;
	struct nfqueue q;

	while (n && nfqueue_next(&text, &n, &q))
		if (q.number >= e->queue && q.number - e->queue < e->n_queues)
			return true;
	return false;
}

static bool is_drop(const struct walk *w, const struct xtables_entry *e)
{
	return e->verdict == VERDICT_DROP || e->verdict == VERDICT_REJECT ||
	       (e->verdict == VERDICT_QUEUE && !is_listened_to(w->blob, e));
}

static enum netfilter_target target_of(const struct xtables_entry *e)
{
	if (e->verdict == VERDICT_QUEUE)
		return NETFILTER_QUEUE_RULE;
	return e->verdict == VERDICT_REJECT ? NETFILTER_REJECT_RULE
					    : NETFILTER_DROP_RULE;
}

/*
 * Checks each entry and counts. Returns 0 or -EBADMSG: also when a hook's
 * chain begins where no entry does.
 */
static int count_entries(struct walk *w)
{
	struct xtables_entry e;
	unsigned found = 0;

	for (uint32_t at = 0; at < w->table.size; at = e.next) {
		unsigned starts = hooks_at(w->blob, w->blob->hook_entry, at);
		int r = xtables_entry(&w->table, at, &e);

		if (r < 0)
			return r;
		found |= starts;
		w->n_chains += starts || e.verdict == VERDICT_HEAD;
		w->n_drops += is_drop(w, &e);
	}
	return found == w->blob->valid_hooks ? 0 : -EBADMSG;
}

/* The entry at an offset that count_entries() has found good. */
static struct xtables_entry entry_at(const struct walk *w, uint32_t at)
{
	struct xtables_entry e;

	if (xtables_entry(&w->table, at, &e) < 0)
		abort(); /* the offset came from this very walk */
	return e;
}

static void add_chain(struct walk *w, const struct xtables_entry *e,
		      unsigned starts)
{
	struct chain *c = &w->chains[w->n_chains++];

	if (c > w->chains)
		c[-1].end = e->at;
	c->starts = c->hooks = starts;
	c->begin = starts ? e->at : e->next;
	c->head = starts ? 0 : e->target;
	c->end = w->table.size;
}

static void find_chains(struct walk *w)
{
	struct xtables_entry e;

	w->n_chains = 0;
	for (uint32_t at = 0; at < w->table.size; at = e.next) {
		unsigned starts = hooks_at(w->blob, w->blob->hook_entry, at);

		e = entry_at(w, at);
		if (starts || e.verdict == VERDICT_HEAD)
			add_chain(w, &e, starts);
		if (w->n_chains)
			w->chains[w->n_chains - 1].n_drops += is_drop(w, &e);
	}
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

static void visit_later(struct walk *w, struct chain *c)
{
	if (c->is_waiting)
		return;
	c->is_waiting = true;
	c->waiting = w->waiting;
	w->waiting = (uint32_t)(c - w->chains) + 1;
}

/* Hands the hooks that reach a chain on to the chains it jumps to. */
static void visit(struct walk *w, const struct chain *c)
{
	struct xtables_entry e;

	for (uint32_t at = c->begin; at < c->end; at = e.next) {
		struct chain *to;

		e = entry_at(w, at);
		if (e.verdict != VERDICT_JUMP || e.jump == e.next)
			continue;
		to = chain_at(w, e.jump);
		if (!to || (to->hooks | c->hooks) == to->hooks)
			continue;
		to->hooks |= c->hooks;
		visit_later(w, to);
	}
}

/*
 * A chain is visited again only when one more of the five hooks turned out
 * to reach it: jumps in a circle end, and no rule is seen more than 5 times.
 */
static void reach_chains(struct walk *w)
{
	for (uint32_t i = 0; i < w->n_chains; i++)
		if (w->chains[i].starts)
			visit_later(w, &w->chains[i]);
	while (w->waiting) {
		struct chain *c = &w->chains[w->waiting - 1];

		w->waiting = c->waiting;
		c->is_waiting = false;
		visit(w, c);
	}
}

/*
 * A chain has one direction though several hooks may reach it: received wins,
 * then forwarded, then sent.
 */
static enum direction chain_direction(const struct chain *c)
{
	if (c->hooks & (1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN))
		return DIR_RX;
	return c->hooks & 1u << NF_INET_FORWARD ? DIR_FWD : DIR_TX;
}

/* "ip.filter.INPUT" */
static void name_chain(const struct walk *w, const struct chain *c,
		       char name[CHAIN_NAME])
{
	char text[XTABLES_TEXT];
	const char *chain = text;

	if (c->starts)
		chain = hook_names[__builtin_ctz(c->starts)];
	else
		xtables_chain_name(&w->table, c->head, text);
	snprintf(name, CHAIN_NAME, "%s.%.31s.%.29s", w->blob->family,
		 w->blob->table, chain);
}

/* Counts a key once more. Returns how often it has been seen now. */
static uint32_t tally_add(struct walk *w, uint64_t key, uint32_t n)
{
	uint32_t at = (uint32_t)(key ^ key >> 32) & (w->n_tally - 1);

	while (w->tally[at].n && w->tally[at].key != key)
		at = (at + 1) & (w->n_tally - 1);
	w->tally[at].key = key;
	w->tally[at].n += n;
	return w->tally[at].n;
}

static void tally_reset(struct walk *w, uint32_t n)
{
	w->n_tally = 2;
	while (w->n_tally < 2 * n)
		w->n_tally *= 2;
	memset(w->tally, 0, w->n_tally * sizeof(*w->tally));
}

/* The facts, behind the packets. */
static void append_facts(struct sample *out, const struct drop *d)
{
	sample_row(out, &netfilter_rule_number, d->number);
	sample_row(out, &netfilter_rule_target, d->target);
	if (d->target == NETFILTER_QUEUE_RULE)
		sample_row(out, &netfilter_rule_queue, d->queue);
	if (d->rule.is_random)
		sample_row(out, &netfilter_rule_probability,
			   d->rule.probability);
	if (d->rule.every)
		sample_row(out, &netfilter_rule_every, d->rule.every);
}

static void append_nameless(struct sample *out, enum direction dir,
			    const char *name, const struct drop *d)
{
	sample_object(out, LAYER_NETFILTER, "", name, d->rule.identity);
	sample_row(out, netfilter_counter(NETFILTER_DETAIL, dir), d->packets);
	append_facts(out, d);
}

static void append_policy(struct sample *out, enum direction dir,
			  const char *chain, const struct drop *d)
{
	char name[RULE_NAME];

	snprintf(name, sizeof(name), "%s#policy", chain);
	append_nameless(out, dir, name, d);
}

/* A comment that makes the name of a rule look like that of a chain. */
static bool is_ambiguous(const char *comment)
{
	size_t n = strlen(comment);

	return !strcmp(comment, "drop") ||
	       (n > 5 && !strcmp(comment + n - 5, ".drop"));
}

static void append_rule(struct walk *w, struct sample *out, enum direction dir,
			const char *chain, const struct drop *d)
{
	char comment[XTABLES_TEXT];
	char name[RULE_NAME];
	int n;

	if (!d->comment) {
		snprintf(name, sizeof(name), "%s#%016" PRIx64, chain,
			 d->rule.identity);
		append_nameless(out, dir, name, d);
		return;
	}
	xtables_comment(&w->table, d->rule.comment, comment);
	n = snprintf(name, sizeof(name), "%s.%s", chain, comment);
	if (tally_add(w, d->comment, 0) > 1 || is_ambiguous(comment))
		snprintf(name + n, sizeof(name) - (size_t)n, "_%08" PRIx32,
			 (uint32_t)d->rule.identity);
	sample_object(out, LAYER_NETFILTER, "", name, d->rule.identity);
	sample_label(out, comment);
	sample_row(out, netfilter_counter(NETFILTER_RULE, dir), d->packets);
	sample_row(out, netfilter_counter(NETFILTER_RULE_BYTES, dir), d->bytes);
	append_facts(out, d);
}

/* Reads a dropping rule, number in its chain. Returns 0 or -EBADMSG. */
static int read_drop(const struct walk *w, const struct xtables_entry *e,
		     uint32_t number, struct drop *ret)
{
	char comment[XTABLES_TEXT];
	int r;

	*ret = (struct drop) {
		.number = number,
		.target = target_of(e),
		.queue = e->queue,
	};
	xtables_counts(&w->table, e, &ret->packets, &ret->bytes);
	r = xtables_rule(&w->table, e, &ret->rule);
	if (r < 0 || !ret->rule.comment)
		return r;
	xtables_comment(&w->table, ret->rule.comment, comment);
	if (*comment)
		ret->comment = hash_bytes(HASH_START, comment, strlen(comment));
	return 0;
}

/* What the rules of one chain come to. */
struct totals {
	uint64_t identity;
	uint64_t packets;
	uint64_t bytes;
	uint32_t n_kept; /* in walk.drops */
	bool has_policy;
	struct drop policy;
};

static void add_drop(struct walk *w, struct totals *t, struct drop *d)
{
	uint32_t seen;

	t->identity = hash_bytes(t->identity, &d->rule.identity,
				 sizeof(d->rule.identity));
	t->packets += d->packets;
	t->bytes += d->bytes;
	if (d->target == NETFILTER_DROP_POLICY) {
		t->policy = *d;
		t->has_policy = true;
	} else if (t->n_kept < w->max_rules) {
		seen = tally_add(w, d->rule.identity, 1);
		d->rule.identity =
			hash_bytes(d->rule.identity, &seen, sizeof(seen));
		w->drops[t->n_kept++] = *d;
	}
}

/* Reads the dropping rules of a chain. Returns 0 or -EBADMSG. */
static int total_chain(struct walk *w, const struct chain *c, struct totals *t)
{
	struct xtables_entry e;
	uint32_t number = 0;
	struct drop d;
	int r;

	for (uint32_t at = c->begin; at < c->end; at = e.next) {
		e = entry_at(w, at);
		number++;
		if (!is_drop(w, &e))
			continue;
		r = read_drop(w, &e, number, &d);
		if (r < 0)
			return r;
		if (hooks_at(w->blob, w->blob->underflow, at) & c->starts) {
			d.target = NETFILTER_DROP_POLICY;
			d.number = 0;
			d.rule.identity ^= 1; /* not that of `-j DROP` */
		}
		add_drop(w, t, &d);
	}
	return 0;
}

static void append_chain(struct walk *w, struct sample *out,
			 const struct chain *c, const struct totals *t)
{
	enum direction dir = chain_direction(c);
	char chain[CHAIN_NAME];
	char name[RULE_NAME];

	name_chain(w, c, chain);
	snprintf(name, sizeof(name), "%s.drop", chain);
	sample_object(out, LAYER_NETFILTER, "", name, t->identity);
	sample_row(out, netfilter_counter(NETFILTER_CHAIN, dir), t->packets);
	sample_row(out, netfilter_counter(NETFILTER_CHAIN_BYTES, dir),
		   t->bytes);
	tally_reset(w, t->n_kept);
	for (uint32_t i = 0; i < t->n_kept; i++)
		if (w->drops[i].comment)
			tally_add(w, w->drops[i].comment, 1);
	for (uint32_t i = 0; i < t->n_kept; i++)
		append_rule(w, out, dir, chain, &w->drops[i]);
	if (t->has_policy)
		append_policy(out, dir, chain, &t->policy);
}

/* Appends the chains that drop and can be reached. 0 or -EBADMSG. */
static int append_chains(struct walk *w, struct sample *out)
{
	for (uint32_t i = 0; i < w->n_chains; i++) {
		const struct chain *c = &w->chains[i];
		struct totals t = {.identity = HASH_START};
		int r;

		if (!c->hooks || !c->n_drops)
			continue;
		tally_reset(w, c->n_drops < w->max_rules ? c->n_drops
							 : w->max_rules);
		r = total_chain(w, c, &t);
		if (r < 0)
			return r;
		append_chain(w, out, c, &t);
	}
	return 0;
}

int xtables_parse(const struct xtables_blob *blob, unsigned max_rules,
		  struct sample *out)
{
	struct walk w = {
		.blob = blob,
		.table =
			{
				.layout = xtables_layout(blob->family),
				.bytes = blob->bytes,
				.size = (uint32_t)blob->size,
			},
	};
	_cleanup_free_ struct chain *chains = NULL;
	_cleanup_free_ struct drop *drops = NULL;
	_cleanup_free_ struct tally *tally = NULL;
	int r;

	if (blob->size > XTABLES_MAX_SIZE)
		return -E2BIG;
	if (!w.table.layout || blob->valid_hooks & ~ALL_HOOKS)
		return -EBADMSG;
	r = count_entries(&w);
	if (r < 0 || !w.n_drops)
		return r;
	w.max_rules = w.n_drops < max_rules ? w.n_drops : max_rules;
	w.chains = chains = calloc(w.n_chains + 1, sizeof(*chains));
	w.drops = drops = calloc(w.max_rules + 1, sizeof(*drops));
	w.tally = tally = calloc(4 * (w.max_rules + 1), sizeof(*tally));
	if (!chains || !drops || !tally)
		return -ENOMEM;
	find_chains(&w);
	reach_chains(&w);
	return append_chains(&w, out);
}
