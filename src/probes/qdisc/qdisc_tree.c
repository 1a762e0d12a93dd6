/* SPDX-License-Identifier: MIT */
#include "probes/qdisc/qdisc_tree.h"

#include <linux/pkt_sched.h>
#include <string.h>

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

bool node_is_below(const struct sample *s, const struct object *o,
		   const struct object *qdisc)
{
	uint32_t major = TC_H_MAJ(handle_of(s, qdisc));

	switch (node_of(s, o)) {
	case NODE_QDISC:
		return o != qdisc && !is_top(s, o) &&
		       TC_H_MAJ(parent_of(s, o)) == major;
	case NODE_CLASS:
		return TC_H_MAJ(handle_of(s, o)) == major;
	case NODE_FILTER:
		return TC_H_MAJ(parent_of(s, o)) == major;
	default:
		return false;
	}
}

bool node_has_leaf(const struct sample *s, const struct object *class)
{
	uint32_t id = handle_of(s, class);

	EACH_NODE(s, class, o)
	if (node_of(s, o) == NODE_QDISC && !is_top(s, o) &&
	    parent_of(s, o) == id)
		return true;
	return false;
}

/* What of the drops of a qdisc one that is below it explains. */
static uint64_t explained_by(const struct sample *s, const struct object *o)
{
	uint64_t moved = node_lost(s, o);

	if (moved && node_of(s, o) == NODE_CLASS && node_has_leaf(s, o))
		return 0;
	return moved;
}

uint64_t node_own(const struct sample *s, const struct object *qdisc)
{
	uint64_t lost = node_lost(s, qdisc);
	uint64_t below = 0;

	if (!lost)
		return 0;
	EACH_NODE(s, qdisc, o)
	if (node_is_below(s, o, qdisc))
		below += explained_by(s, o);
	return below + lost / IMPRECISION < lost ? lost - below : 0;
}
