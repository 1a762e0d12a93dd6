/* SPDX-License-Identifier: MIT */
/* Who is to blame for a loss: in a tree of qdiscs, or on one side of clsact. */
#include <linux/pkt_sched.h>
#include <string.h>

#include "probes/qdisc/qdisc_private.h"
#include "probes/qdisc/qdisc_tree.h"

/* As many filters of one interface are told apart where they are summed up. */
#define MAX_RULES 64

/* The suspects of one loss, the worst first; the others find no room. */
struct blamed {
	const struct sample *s;
	const struct loss *loss;
	struct suspect *items;
	size_t n, max;
	struct qdisc_tree tree;
};

static void blame_row(struct blamed *list, const struct object *o,
		      const struct row *row, uint64_t lost)
{
	size_t at = list->n;

	if (!lost || !list->max)
		return;
	while (at && list->items[at - 1].lost < lost)
		at--;
	if (at == list->max)
		return;
	if (list->n < list->max)
		list->n++;
	memmove(&list->items[at + 1], &list->items[at],
		(list->n - 1 - at) * sizeof(*list->items));
	list->items[at] = (struct suspect) {
		.sample = list->s,
		.loss = list->loss,
		.object = o,
		.row = row,
		.lost = lost,
		.is_policy = qdisc_filter_is_rule(list->s, o),
	};
}

static void blame(struct blamed *list, const struct object *o, uint64_t lost)
{
	blame_row(list, o, node_drops(list->s, o), lost);
}

/* What of a netem's marks were drops: its parent counts only these. */
static uint64_t dropped_not_marked(const struct blamed *list,
				   const struct object *o,
				   const struct row *marks)
{
	const struct object *parent = node_qdisc(&list->tree, o);
	uint64_t most = node_moved(list->s, o, marks);
	uint64_t others;

	if (!parent)
		return 0;
	others = less_by(node_lost_below(&list->tree, parent), most);
	return smaller_of(most, less_by(node_lost(list->s, parent), others));
}

static void blame_qdisc(struct blamed *list, const struct object *o)
{
	const struct row *drops = node_drops(list->s, o);
	const struct object *program;
	uint32_t handle;

	if (!drops || drops->counter->direction != DIR_TX)
		return;
	if (drops->counter->tag == TAG_MARKING_DROPS) {
		blame(list, o, dropped_not_marked(list, o, drops));
		return;
	}
	handle = object_value(list->s, o, &qdisc_fact_handle, 0);
	program = handle ? node_program(&list->tree, handle) : NULL;
	blame(list, program ? program : o, node_own(&list->tree, o));
}

/* Whether a filter hangs at ingress or clsact, not in a tree. */
static bool is_at_side(const struct sample *s, const struct object *filter)
{
	return TC_H_MAJ(object_value(s, filter, &qdisc_fact_parent, 0)) ==
	       TC_H_MAJ(TC_H_CLSACT);
}

static void blame_node(struct blamed *list, const struct object *o)
{
	const struct row *drops = node_drops(list->s, o);

	switch (node_of(list->s, o)) {
	case NODE_QDISC:
		blame_qdisc(list, o);
		break;
	case NODE_CLASS:
		if (drops && !node_has_leaf(&list->tree, o))
			blame(list, o, node_lost(list->s, o));
		break;
	case NODE_FILTER:
		if (!is_at_side(list->s, o))
			blame(list, o, node_lost(list->s, o));
		break;
	case NODE_NONE:
		break;
	}
}

/* One side of clsact, or ingress: what it lost, and what is left of that. */
struct side {
	const struct object *qdisc;
	const struct row *drops;
	uint32_t parent; /* of its filters */
	uint64_t lost, left;
};

static bool is_filter_of(const struct sample *s, const struct object *o,
			 const struct side *side)
{
	return node_of(s, o) == NODE_FILTER &&
	       object_value(s, o, &qdisc_fact_parent, 0) == side->parent;
}

/* n of what is left; more than that where others count there, too. */
static void blame_part(struct blamed *list, const struct object *o,
		       struct side *side, uint64_t n)
{
	if (n > side->left)
		n = side->left;
	side->left -= n;
	blame(list, o, n);
}

/* Filters that count what they drop; a shared one does so for others, too. */
static void blame_counting(struct blamed *list, struct side *side)
{
	uint64_t sum = 0;

	EACH_NODE(list->s, side->qdisc, o)
	if (is_filter_of(list->s, o, side))
		sum += node_lost(list->s, o);
	EACH_NODE(list->s, side->qdisc, o)
	{
		double n;

		if (!is_filter_of(list->s, o, side))
			continue;
		n = node_lost(list->s, o);
		if (sum > side->lost)
			n = n / sum * side->lost + 0.5;
		blame_part(list, o, side, n);
	}
}

/* Those that were to send packets elsewhere, and may have failed to. */
static void blame_redirecting(struct blamed *list, struct side *side)
{
	EACH_NODE(list->s, side->qdisc, o)
	{
		const struct row *failed =
			is_filter_of(list->s, o, side)
				? object_row(list->s, o, &qdisc_filter_failed)
				: NULL;

		if (failed)
			blame_part(list, o, side,
				   node_moved(list->s, o, failed));
	}
}

static void blame_side(struct blamed *list, struct side *side)
{
	const struct object *program;

	side->left = side->lost;
	blame_counting(list, side);
	blame_redirecting(list, side);
	program = node_program(&list->tree, side->parent);
	if (qdisc_undetermined(list->s, side->qdisc))
		program = NULL; /* or one on the other side */
	if (program)
		blame(list, program, side->left);
	else
		blame_row(list, side->qdisc, side->drops, side->left);
}

/* The side of an interface whose losses these are, if it has any. */
static void blame_sides(struct blamed *list, const struct object *o)
{
	bool rx = list->loss->direction == DIR_RX;
	const struct row *drops = object_tagged(
		list->s, o, rx ? TAG_INGRESS_DROPS : TAG_EGRESS_DROPS);
	struct side side = {.qdisc = o};

	if (!drops)
		return;
	side.parent =
		TC_H_MAKE(TC_H_CLSACT, rx ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
	side.drops = drops;
	side.lost = node_moved(list->s, o, drops);
	blame_side(list, &side);
}

/* Numbers of one read differ by a few: all together lost what was lost. */
static void bound_blame(struct blamed *list)
{
	uint64_t left = list->loss->lost;

	for (size_t i = 0; i < list->n; i++) {
		struct suspect *suspect = &list->items[i];

		if (suspect->lost > left)
			suspect->lost = left;
		left -= suspect->lost;
	}
	while (list->n && !list->items[list->n - 1].lost)
		list->n--;
}

/* Where a row moved that is in none of the totals above: the one that did most.
 */
static void blame_any(struct blamed *list)
{
	const struct sample *s = list->s;

	EACH_OBJECT_AT (s, LAYER_QDISC, list->loss->place, o)
		EACH_ROW (s, o, row)
			if (row->counter->direction == list->loss->direction &&
			    (row->counter->kind == KIND_LOST ||
			     row->counter->kind == KIND_PART) &&
			    row_moved(row))
				blame_row(list, o, row, row->delta);
	list->n = list->n > 1 ? 1 : list->n;
}

size_t qdisc_find_suspects(const struct sample *s, const struct loss *loss,
			   struct suspect *ret, size_t max)
{
	struct blamed list = {.s = s, .loss = loss, .items = ret, .max = max};
	const struct object *first =
		sample_first_at(s, LAYER_QDISC, loss->place);

	if (!first || qdisc_tree_make(&list.tree, s, first) < 0) {
		qdisc_tree_free(&list.tree);
		return 0;
	}
	EACH_OBJECT_AT (s, LAYER_QDISC, loss->place, o) {
		if (loss->direction == DIR_TX)
			blame_node(&list, o);
		if (node_of(s, o) == NODE_QDISC)
			blame_sides(&list, o);
	}
	if (!list.n)
		blame_any(&list);
	bound_blame(&list);
	qdisc_tree_free(&list.tree);
	return list.n;
}

/* What rules of tc were told to drop. */
static uint64_t dropped_by_rules(const struct sample *s,
				 const struct loss *loss)
{
	struct suspect suspects[MAX_RULES];
	size_t n = qdisc_find_suspects(s, loss, suspects, ARRAY_SIZE(suspects));
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (suspects[i].is_policy)
			sum += suspects[i].lost;
	return sum;
}

static bool has_clsact(const struct sample *s, const char *place)
{
	EACH_OBJECT_AT (s, LAYER_QDISC, place, o)
		if (object_tagged(s, o, TAG_EGRESS_DROPS))
			return true;
	return false;
}

/*
 * clsact has one number for the packets of both sides: what its drops are
 * measured by is what came in, or went out, by the interface. On the way out a
 * qdisc that counts what it sends is better.
 */
static void measure_side(const struct sample *s, struct losses *l,
			 struct loss *loss)
{
	const struct loss *link;

	if ((loss->direction == DIR_TX && loss->measured) ||
	    !has_clsact(s, loss->place))
		return;
	link = loss_find(l, LAYER_LINK, loss->place, loss->direction);
	if (!link || !link->measured)
		return;
	loss->measured = true;
	loss->blind |= link->blind;
	if (loss->direction == DIR_TX)
		loss->passed = loss_total(link);
	else
		loss->came = loss_total(link);
}

void qdisc_attribute(const struct sample *s, struct losses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];

		if (loss->layer != LAYER_QDISC || !loss->awake || loss->gone)
			continue;
		measure_side(s, l, loss);
		if (loss->lost)
			loss->policy = dropped_by_rules(s, loss);
	}
}
