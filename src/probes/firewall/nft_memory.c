/* SPDX-License-Identifier: MIT */
#include "probes/firewall/nft_memory.h"

#include <errno.h>
#include <string.h>

#include "probes/firewall/ledger.h"
#include "probes/firewall/queue_feeds.h"

/* It begins with the generation, then come the nodes, then the ledger. */
struct memory {
	uint32_t generation;
	uint32_t unused;
};

/*
 * Behind each stand the rules to ask for, then the names of its table ("" of a
 * table) and of itself, and as many bytes as make its size one that 8 divides.
 */
struct memory_node {
	uint64_t handle; /* of its table, or its own */
	uint64_t last;	 /* a table's: see struct nft_node */
	uint32_t size;
	uint32_t n_asked;
	uint8_t kind; /* enum nft_kind */
	uint8_t family, reached, asks;
	bool is_open;
	bool is_of_ip;
	uint8_t families;
	uint8_t unused;
	struct firewall_pick by; /* see struct nft_node */
	uint32_t rest;		 /* likewise */
	uint32_t unused_too;
	struct nft_asked rules[];
};

/*
 * Asking for one rule takes the kernel 5 us and a walk along its chain, a dump
 * 3.4 us a rule and two more reads of the socket.
 */
#define MAX_ASKED 64
#define ONE_NS 5000
#define STEP_NS 4
#define DUMPED_NS 3400
#define DUMP_NS 6000

static bool is_asked_alone(const struct nft_drop *d)
{
	return d->rule.number && nft_is_asked(d);
}

/* How many rules of a chain are asked for alone; 0: all of it is cheaper. */
static uint32_t count_asked(const struct nft_node *chain)
{
	uint64_t alone = 0, n = 0;

	for (const struct nft_drop *d = chain->drops_first; d; d = d->next)
		if (is_asked_alone(d)) {
			alone += ONE_NS + (uint64_t)d->rule.number * STEP_NS;
			n++;
		}
	if (n > MAX_ASKED ||
	    alone >= DUMP_NS + (uint64_t)chain->n_rules * DUMPED_NS)
		return 0;
	return n;
}

static void remember_rules(const struct nft_node *chain, struct sample *out)
{
	for (const struct nft_drop *d = chain->drops_first; d; d = d->next)
		if (is_asked_alone(d))
			sample_remember(out,
					&(struct nft_asked) {d->rule.handle,
							     d->rule.number,
							     d->before},
					sizeof(struct nft_asked));
}

static void remember_node(const struct nft_node *node, struct sample *out)
{
	static const char padding[8];
	const char *table = node->in ? node->in->name : "";
	const size_t names = strlen(table) + strlen(node->name) + 2;
	struct memory_node m = {
		.handle = node->in ? node->in->handle : node->handle,
		.last = node->last,
		.n_asked = node->kind == NODE_CHAIN ? count_asked(node) : 0,
		.kind = node->kind,
		.family = node->family,
		.reached = node->reached,
		.asks = node->asks,
		.is_open = node->is_open,
		.is_of_ip = node->is_of_ip,
		.by = node->by,
		.families = node->families,
		.rest = node->rest,
	};

	m.size = sizeof(m) + m.n_asked * sizeof(m.rules[0]) +
		 (names + 7) / 8 * 8;
	sample_remember(out, &m, sizeof(m));
	if (m.n_asked)
		remember_rules(node, out);
	sample_remember(out, table, strlen(table) + 1);
	sample_remember(out, node->name, strlen(node->name) + 1);
	sample_remember(out, padding, (8 - names % 8) % 8);
}

static bool is_remembered(const struct nft_node *node)
{
	switch (node->kind) {
	case NODE_CHAIN:
		return node->reached && node->asks;
	case NODE_MAP:
		return node->is_taken && node->n_counts;
	case NODE_COUNTER:
		return node->is_taken;
	default:
		return true;
	}
}

/* The first node that is remembered, with the end of all of them, or NULL. */
static const struct memory_node *first_node(const struct sample *s,
					    uint8_t source,
					    const void **ret_end,
					    uint32_t *ret_generation)
{
	size_t n;
	const struct memory *m = sample_memory(s, source, &n);

	if (!m)
		return NULL;
	*ret_generation = m->generation;
	*ret_end = (const char *)m + ledger_before(m, n);
	return (const void *)(m + 1);
}

static const struct memory_node *next_node(const struct memory_node *m)
{
	return (const void *)((const char *)m + m->size);
}

static const char *table_of(const struct memory_node *m)
{
	return (const char *)&m->rules[m->n_asked];
}

static const char *own_name(const struct memory_node *m)
{
	return table_of(m) + strlen(table_of(m)) + 1;
}

static int recall_node(struct nft_ruleset *rs, const struct memory_node *m)
{
	struct nft_node *node;

	if (m->kind == NODE_TABLE)
		return 0;
	node = nft_get(rs, m->kind, m->family, table_of(m), own_name(m));
	if (!node)
		return rs->arena.error;
	node->in->handle = m->handle;
	node->reached = m->reached;
	node->asks = m->asks;
	node->is_open = m->is_open;
	node->is_of_ip = m->is_of_ip;
	node->by = m->by;
	node->families = m->families;
	node->rest = m->rest;
	node->is_known = true;
	node->rules = m->rules;
	node->n_asked = m->n_asked;
	return 0;
}

int nft_recall(struct nft_ruleset *rs, const struct sample *then,
	       uint8_t source)
{
	const struct memory_node *m;
	uint32_t generation;
	const void *end;
	int r = 0;

	m = first_node(then, source, &end, &generation);
	if (!m || then->parts & 1u << source ||
	    (rs->has_generation && rs->generation != generation))
		return -ENOENT;
	rs->is_partial = true;
	for (; r == 0 && (const void *)m != end; m = next_node(m))
		r = recall_node(rs, m);
	return r;
}

bool nft_has_table(const struct sample *s, uint8_t source, enum family family,
		   const char *table)
{
	const struct memory_node *m;
	uint32_t generation;
	const void *end;

	if (family == FAMILY_INGRESS)
		family = FAMILY_INET;
	m = first_node(s, source, &end, &generation);
	for (; m && (const void *)m != end; m = next_node(m))
		if (m->kind == NODE_TABLE && nft_family(m->family) == family &&
		    !strcmp(own_name(m), table))
			return true;
	return false;
}

/*
 * A blind spot that only another ruleset can change: no queue. Or who feeds
 * one.
 */
static bool is_lasting(const struct sample *s, const struct object *o)
{
	const struct counter *facts = firewall_facts;
	const struct counter *first = object_first(s, o);

	if (queue_feeds_is(s, o))
		return true;
	return first && first->kind == KIND_FACT &&
	       object_row(s, o, &facts[FIREWALL_UNCOUNTED]) &&
	       object_value(s, o, &facts[FIREWALL_TARGET], 0) != FIREWALL_QUEUE;
}

static void copy_object(const struct sample *then, const struct object *o,
			struct sample *out)
{
	sample_object(out, o->layer, "", object_name(then, o), o->identity);
	sample_chain(out, o->family, object_table(then, o),
		     object_chain(then, o));
	sample_reached(out, o->reached);
	if (*object_label(then, o))
		sample_label(out, object_label(then, o));
	EACH_ROW (then, o, row)
		sample_row(out, row->counter, row->value);
}

/* A partial ruleset is a part of that of the read before. */
static void remember_again(struct sample *out)
{
	size_t n;
	const void *memory = sample_memory(out->then, out->source, &n);

	if (memory)
		sample_remember(out, memory, ledger_before(memory, n));
}

void nft_remember(const struct nft_ruleset *rs, struct sample *out)
{
	const struct memory m = {.generation = rs->generation};

	if (rs->is_partial) {
		remember_again(out);
		return;
	}
	sample_remember(out, &m, sizeof(m));
	for (int kind = NODE_TABLE; kind <= NODE_COUNTER; kind++)
		for (const struct nft_node *node = rs->first[kind]; node;
		     node = node->next)
			if (is_remembered(node))
				remember_node(node, out);
}

/* The highest handle of the tables that are remembered. */
static uint64_t last_table(const struct memory_node *m, const void *end)
{
	uint64_t last = 0;

	for (; (const void *)m != end; m = next_node(m))
		if (m->kind == NODE_TABLE && m->handle > last)
			last = m->handle;
	return last;
}

void nft_compare(struct nft_ruleset *rs, const struct sample *then,
		 uint8_t source)
{
	const struct memory_node *m;
	uint32_t generation;
	const void *end;
	uint64_t last;

	m = first_node(then, source, &end, &generation);
	if (!m || rs->is_partial)
		return;
	last = last_table(m, end);
	for (struct nft_node *table = rs->first[NODE_TABLE]; table;
	     table = table->next)
		table->has_come = table->knows_old = table->handle > last;
	for (; (const void *)m != end; m = next_node(m)) {
		struct nft_node *table = m->kind == NODE_TABLE
						 ? nft_find(rs, NODE_TABLE,
							    m->family, NULL,
							    own_name(m))
						 : NULL;

		if (!table || table->handle != m->handle)
			continue;
		table->has_come = false;
		table->knows_old = true;
		table->old = m->last;
	}
}

void nft_keep(const struct sample *then, struct sample *out)
{
	EACH_OBJECT (then, o)
		if (o->source == out->source && is_lasting(then, o))
			copy_object(then, o, out);
}
