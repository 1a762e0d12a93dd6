/* SPDX-License-Identifier: MIT */
/*
 * What one read leaves for the next in the sample: the generation, and under
 * it the chains, maps and named counters that count what is dropped.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <string.h>

#include "probes/firewall/nft_read.h"
#include "probes/firewall/nft_emit.h"

/*
 * Asking for one rule takes the kernel 5 us and a walk along its chain, a dump
 * 3.4 us a rule and two more reads of the socket.
 */
#define MAX_ASKED 64
#define ONE_NS 5000
#define STEP_NS 4
#define DUMPED_NS 3400
#define DUMP_NS 6000

/* Whether it is cheaper to ask for the rules of a chain that count alone. */
static bool is_cheaper_alone(const struct nft_node *chain)
{
	uint64_t alone = 0, n = 0;

	for (const struct nft_drop *d = chain->drops_first; d; d = d->next)
		if (d->number && nft_is_asked(d)) {
			alone += ONE_NS + (uint64_t)d->number * STEP_NS;
			n++;
		}
	return n <= MAX_ASKED &&
	       alone < DUMP_NS + (uint64_t)chain->n_rules * DUMPED_NS;
}

static void append_rules(const struct nft_node *chain, struct sample *out)
{
	const struct nft_drop *d;

	for (d = chain->drops_first; d; d = d->next) {
		if (!d->number || !nft_is_asked(d))
			continue;
		sample_row(out, &nft_plan_handle, d->handle);
		sample_row(out, &nft_plan_number, d->number);
	}
}

static void append_node(const struct nft_node *node, struct sample *out)
{
	char label[2 * NFT_NAME], name[32];

	snprintf(name, sizeof(name), NFT_PLAN "%016" PRIx64, node->hash);
	snprintf(label, sizeof(label), "%s%s", node->in->name, node->name);
	sample_object(out, LAYER_NETFILTER, "", name, node->hash);
	sample_label(out, label);
	sample_row(out, &nft_plan_kind, node->kind);
	sample_row(out, &nft_plan_family, node->family);
	sample_row(out, &nft_plan_length, strlen(node->in->name));
	sample_row(out, &nft_plan_table, node->in->handle);
	sample_row(out, &nft_plan_reached, node->reached);
	sample_row(out, &nft_plan_asks, node->asks);
	if (node->kind == NODE_CHAIN && is_cheaper_alone(node))
		append_rules(node, out);
}

static bool is_in_plan(const struct nft_node *node)
{
	switch (node->kind) {
	case NODE_CHAIN:
		return node->reached && node->asks;
	case NODE_MAP:
		return node->is_taken && node->n_counts;
	case NODE_COUNTER:
		return node->is_taken;
	default:
		return false;
	}
}

/* The names that x_tables and ebtables have. */
static bool is_legacy_table(const struct nft_node *table)
{
	static const char *const names[] = {"filter", "nat",	  "mangle",
					    "raw",    "security", "broute"};

	if (table->family == NFPROTO_INET || table->family == NFPROTO_NETDEV)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], table->name))
			return true;
	return false;
}

static void append_tables(const struct nft_ruleset *rs, struct sample *out)
{
	const struct nft_node *table = rs->first[NODE_TABLE];
	char name[64];

	for (; table; table = table->next) {
		if (!is_legacy_table(table))
			continue;
		snprintf(name, sizeof(name), "%s.%s#table",
			 nft_family_name(table->family), table->name);
		sample_object(out, LAYER_NETFILTER, "", name, table->handle);
		sample_row(out, &nft_fact_table, table->handle);
	}
}

void nft_emit_plan(const struct nft_ruleset *rs, struct sample *out)
{
	sample_object(out, LAYER_NETFILTER, "", NFT_GENERATION, 0);
	sample_row(out, &nft_fact_generation, rs->generation);
	append_tables(rs, out);
	for (int kind = NODE_CHAIN; kind <= NODE_COUNTER; kind++)
		for (const struct nft_node *node = rs->first[kind]; node;
		     node = node->next)
			if (is_in_plan(node))
				append_node(node, out);
}

/* Whether an object's first row is that counter, and its value. */
static bool begins_with(const struct sample *s, const struct object *o,
			const struct counter *counter, uint64_t *ret)
{
	if (!o->n || s->rows[o->first].counter != counter)
		return false;
	*ret = s->rows[o->first].value;
	return true;
}

int nft_plan_generation(const struct sample *s, uint8_t source, uint32_t *ret)
{
	uint64_t value;

	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];

		if (o->source != source ||
		    !begins_with(s, o, &nft_fact_generation, &value))
			continue;
		*ret = (uint32_t)value;
		return 0;
	}
	return -ENOENT;
}

static uint64_t fact(const struct sample *s, const struct object *o,
		     const struct counter *counter)
{
	const struct row *row = object_row(s, o, counter);

	return row ? row->value : 0;
}

static void find_rules(struct nft_node *node, const struct sample *s,
		       const struct object *o)
{
	const struct row *first = object_row(s, o, &nft_plan_handle);

	if (!first)
		return;
	node->rules = first;
	node->n_asked = (uint32_t)(s->rows + o->first + o->n - first) / 2;
}

static int load_node(struct nft_ruleset *rs, const struct sample *s,
		     const struct object *o, enum nft_kind kind)
{
	size_t n = fact(s, o, &nft_plan_length);
	const char *label = object_label(s, o);
	struct nft_node *node;
	char table[NFT_NAME];

	if (n >= sizeof(table) || n > strlen(label))
		return -ENOENT;
	memcpy(table, label, n);
	table[n] = '\0';
	node = nft_get(rs, kind, fact(s, o, &nft_plan_family), table,
		       label + n);
	if (!node)
		return rs->arena.error;
	node->in->handle = fact(s, o, &nft_plan_table);
	node->reached = fact(s, o, &nft_plan_reached);
	node->asks = fact(s, o, &nft_plan_asks);
	node->is_known = true;
	find_rules(node, s, o);
	return 0;
}

int nft_plan_load(struct nft_ruleset *rs, const struct sample *s,
		  uint8_t source)
{
	rs->is_partial = true;
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];
		uint64_t kind;
		int r;

		if (o->source != source ||
		    !begins_with(s, o, &nft_plan_kind, &kind))
			continue;
		r = load_node(rs, s, o, (enum nft_kind)kind);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A blind spot that only another ruleset can change. */
static bool is_lasting(const struct sample *s, const struct object *o)
{
	const struct row *first = &s->rows[o->first];
	const struct row *target;

	if (!o->n || first->counter->kind != KIND_FACT ||
	    !object_row(s, o, &netfilter_rule_uncounted))
		return false;
	target = object_row(s, o, &netfilter_rule_target);
	return !target || target->value != NETFILTER_QUEUE_RULE;
}

static void copy_object(const struct sample *then, const struct object *o,
			struct sample *out)
{
	sample_object(out, o->layer, object_place(then, o),
		      object_name(then, o), o->identity);
	if (*object_label(then, o))
		sample_label(out, object_label(then, o));
	for (uint32_t i = 0; i < o->n; i++)
		sample_row(out, then->rows[o->first + i].counter,
			   then->rows[o->first + i].value);
}

void nft_plan_carry(const struct sample *then, struct sample *out)
{
	for (uint32_t i = 0; i < then->n_objects; i++) {
		const struct object *o = &then->objects[i];
		uint64_t value;

		if (o->source == out->source &&
		    (begins_with(then, o, &nft_fact_generation, &value) ||
		     begins_with(then, o, &nft_fact_table, &value) ||
		     begins_with(then, o, &nft_plan_kind, &value) ||
		     is_lasting(then, o)))
			copy_object(then, o, out);
	}
}

uint64_t nft_uncounted(const struct sample *s)
{
	const struct object *o;
	uint64_t n = 0;
	uint32_t at = 0;

	while ((o = nft_next_uncounted(s, &at)))
		n += fact(s, o, &netfilter_rule_uncounted);
	return n;
}

const struct object *nft_next_uncounted(const struct sample *s, uint32_t *at)
{
	while (*at < s->n_objects) {
		const struct object *o = &s->objects[(*at)++];

		if (o->layer == LAYER_NETFILTER &&
		    object_row(s, o, &netfilter_rule_uncounted))
			return o;
	}
	return NULL;
}

bool nft_has_table(const struct sample *s, const char *family,
		   const char *table)
{
	const struct object *o;
	uint32_t hint = 0;
	char name[64];

	snprintf(name, sizeof(name), "%s.%s#table", family, table);
	o = sample_find(s, LAYER_NETFILTER, "", name, &hint);
	return o && object_row(s, o, &nft_fact_table);
}
