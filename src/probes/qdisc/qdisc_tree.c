/* SPDX-License-Identifier: MIT */
#include "probes/qdisc/qdisc_tree.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <string.h>

#include "base/array.h"
#include "model/delta.h"
#include "probes/qdisc/qdisc_private.h"

/* One of so many packets may be no more than a late reading. */
#define IMPRECISION 128

static uint32_t handle_of(const struct sample *s, const struct object *o)
{
	return object_value(s, o, &qdisc_fact_handle, 0);
}

static uint32_t parent_of(const struct sample *s, const struct object *o)
{
	return object_value(s, o, &qdisc_fact_parent, 0);
}

enum node node_of(const struct sample *s, const struct object *o)
{
	const struct row *first = object_rows(s, o);

	if (!first || first->counter == &qdisc_fact_asked)
		return NODE_NONE;
	if (first->counter == &qdisc_filter_drops)
		return NODE_FILTER;
	return first->counter->tag == TAG_CLASS_DROPS ? NODE_CLASS : NODE_QDISC;
}

bool qdisc_filter_is(const struct sample *s, const struct object *o,
		     enum tc_verdict verdict)
{
	return object_value(s, o, &qdisc_fact_verdict, UINT64_MAX) == verdict;
}

const struct row *node_drops(const struct sample *s, const struct object *o)
{
	const struct row *first = object_rows(s, o);

	if (!first)
		return NULL;
	switch (first->counter->tag) {
	case TAG_QDISC_DROPS:
	case TAG_MARKING_DROPS:
	case TAG_INGRESS_DROPS:
	case TAG_CLASS_DROPS:
		return first;
	default:
		return first->counter == &qdisc_filter_drops ? first : NULL;
	}
}

uint64_t node_moved(const struct sample *s, const struct object *o,
		    const struct row *row)
{
	const struct object *p = object_before(s, o);
	const struct row *before = NULL;
	uint64_t value = row->value, delta;

	if (row->flags & ROW_COMPARED)
		return row->delta;
	if (p && p->identity == o->identity)
		before = object_row(s->then, p, row->counter);
	if (before &&
	    delta_of(before->value, &value, row->counter->bits, &delta))
		return delta;
	return row->value;
}

uint64_t node_lost(const struct sample *s, const struct object *o)
{
	const struct row *drops = node_drops(s, o);

	return drops ? node_moved(s, o, drops) : 0;
}

bool node_is_near(const struct sample *s, const struct object *o,
		  const struct object *other)
{
	return other->layer == LAYER_QDISC &&
	       (other->place == o->place ||
		!strcmp(object_place(s, other), object_place(s, o)));
}

/* Root and ingress have no parent, though these numbers look like one. */
static bool is_top(const struct sample *s, const struct object *o)
{
	uint32_t parent = parent_of(s, o);

	return parent == TC_H_ROOT || parent == TC_H_INGRESS;
}

/* ---- all nodes of an interface ---- */

/* What an entry tells of a number, which is a handle or its major part. */
enum entry {
	ENTRY_LEAF,    /* a qdisc stands in this class */
	ENTRY_QDISC,   /* it is this one */
	ENTRY_BELOW,   /* who is below it lost something */
	ENTRY_PROGRAM, /* a program hangs at it */
};

struct node_entry {
	uint64_t key;	    /* enum entry and the number */
	uint32_t object;    /* the first one, by its index */
	uint64_t explained; /* ENTRY_BELOW: what is no drop of its own */
	uint64_t by_qdiscs; /* what qdiscs dropped of that */
};

static int by_entry(const void *a, const void *b)
{
	const struct node_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->object > y->object) - (x->object < y->object);
}

/* Sorts the entries, and adds up those of one number. */
static void sort_entries(struct qdisc_tree *t)
{
	size_t kept = 0;

	if (t->n)
		qsort(t->items, t->n, sizeof(*t->items), by_entry);
	for (size_t i = 0; i < t->n; i++) {
		struct node_entry *last = kept ? &t->items[kept - 1] : NULL;

		if (!last || last->key != t->items[i].key) {
			t->items[kept++] = t->items[i];
			continue;
		}
		last->explained += t->items[i].explained;
		last->by_qdiscs += t->items[i].by_qdiscs;
	}
	t->n = kept;
}

static uint64_t entry_key(enum entry what, uint32_t number)
{
	return (uint64_t)what << 32 | number;
}

static const struct node_entry *find_node_entry(const struct qdisc_tree *t,
						enum entry what,
						uint32_t number)
{
	uint64_t key = entry_key(what, number);
	size_t low = 0, high = what == ENTRY_LEAF ? t->n_leaves : t->n;
	const size_t end = high;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < end && t->items[low].key == key ? &t->items[low] : NULL;
}

static int add_entry(struct qdisc_tree *t, enum entry what, uint32_t number,
		     const struct object *o, uint64_t explained)
{
	struct node_entry *entry = ARRAY_ADD(t);

	if (!entry)
		return -ENOMEM;
	*entry = (struct node_entry) {
		.key = entry_key(what, number),
		.object = (uint32_t)(o - t->sample->objects),
		.explained = explained,
		.by_qdiscs = node_of(t->sample, o) == NODE_QDISC ? explained
								 : 0,
	};
	return 0;
}

bool node_has_leaf(const struct qdisc_tree *t, const struct object *class)
{
	return find_node_entry(t, ENTRY_LEAF, handle_of(t->sample, class));
}

static int add_leaves(struct qdisc_tree *t, const struct object *of)
{
	const struct sample *s = t->sample;
	int r = 0;

	EACH_NODE(s, of, o)
	if (r == 0 && node_of(s, o) == NODE_QDISC && !is_top(s, o))
		r = add_entry(t, ENTRY_LEAF, parent_of(s, o), o, 0);
	sort_entries(t);
	return r;
}

/* What of the drops of a qdisc one that is below it explains. */
static uint64_t explained_by(const struct qdisc_tree *t, const struct object *o)
{
	uint64_t moved = node_lost(t->sample, o);

	if (moved && node_of(t->sample, o) == NODE_CLASS && node_has_leaf(t, o))
		return 0;
	return moved;
}

/* The major number of the qdisc that a node is below, or 0. */
static uint32_t major_above(const struct sample *s, const struct object *o)
{
	switch (node_of(s, o)) {
	case NODE_QDISC:
		return is_top(s, o) ? 0 : TC_H_MAJ(parent_of(s, o));
	case NODE_CLASS:
		return TC_H_MAJ(handle_of(s, o));
	case NODE_FILTER:
		return TC_H_MAJ(parent_of(s, o));
	default:
		return 0;
	}
}

static int add_node(struct qdisc_tree *t, const struct object *o)
{
	const struct sample *s = t->sample;
	uint64_t explained = explained_by(t, o);
	uint32_t above = major_above(s, o);
	int r = 0;

	if (node_of(s, o) == NODE_QDISC)
		r = add_entry(t, ENTRY_QDISC, TC_H_MAJ(handle_of(s, o)), o, 0);
	if (r == 0 && node_of(s, o) == NODE_FILTER &&
	    qdisc_filter_is(s, o, TC_PROGRAM))
		r = add_entry(t, ENTRY_PROGRAM, parent_of(s, o), o, 0);
	if (r == 0 && explained && above)
		r = add_entry(t, ENTRY_BELOW, above, o, explained);
	return r;
}

int qdisc_tree_make(struct qdisc_tree *t, const struct sample *s,
		    const struct object *of)
{
	int r;

	*t = (struct qdisc_tree) {.sample = s};
	r = add_leaves(t, of);
	t->n_leaves = t->n;
	EACH_NODE(s, of, o)
	if (r == 0)
		r = add_node(t, o);
	sort_entries(t);
	return r;
}

void qdisc_tree_free(struct qdisc_tree *t)
{
	free(t->items);
	*t = (struct qdisc_tree) {.n = 0};
}

const struct object *node_qdisc(const struct qdisc_tree *t,
				const struct object *o)
{
	uint32_t major = major_above(t->sample, o);
	const struct node_entry *entry =
		major ? find_node_entry(t, ENTRY_QDISC, major) : NULL;

	return entry ? &t->sample->objects[entry->object] : NULL;
}

bool node_is_below(const struct sample *s, const struct object *o,
		   const struct object *qdisc)
{
	uint32_t major = TC_H_MAJ(handle_of(s, qdisc));

	return o != qdisc && major && major_above(s, o) == major;
}

const struct object *node_program(const struct qdisc_tree *t, uint32_t parent)
{
	const struct node_entry *entry =
		find_node_entry(t, ENTRY_PROGRAM, parent);

	return entry ? &t->sample->objects[entry->object] : NULL;
}

static const struct node_entry *entry_below(const struct qdisc_tree *t,
					    const struct object *qdisc)
{
	uint32_t major = TC_H_MAJ(handle_of(t->sample, qdisc));

	return find_node_entry(t, ENTRY_BELOW, major);
}

uint64_t node_lost_below(const struct qdisc_tree *t, const struct object *qdisc)
{
	const struct node_entry *entry = entry_below(t, qdisc);

	return entry ? entry->by_qdiscs : 0;
}

uint64_t node_own(const struct qdisc_tree *t, const struct object *qdisc)
{
	uint64_t lost = node_lost(t->sample, qdisc);
	const struct node_entry *entry = lost ? entry_below(t, qdisc) : NULL;
	uint64_t below = entry ? entry->explained : 0;

	return below + lost / IMPRECISION < lost ? lost - below : 0;
}
