/* SPDX-License-Identifier: MIT */
/*
 * The tree of qdiscs of one interface: who is below whom, and who lost what. A
 * parent counts what its children drop once more, so each of them is blamed
 * for what those below it do not explain. Pure.
 */
#ifndef PKTLOSS_PROBES_QDISC_QDISC_TREE_H
#define PKTLOSS_PROBES_QDISC_QDISC_TREE_H

#include "model/sample_query.h"

/* What an object of the layer is. */
enum node {
	NODE_NONE, /* only tells of another */
	NODE_QDISC,
	NODE_CLASS,
	NODE_FILTER,
};

enum node node_of(const struct sample *s, const struct object *o);

/* Its first row, if that counts what it dropped, or NULL. */
const struct row *node_drops(const struct sample *s, const struct object *o);

/*
 * By how much a row moved since the previous read, compared or not yet; all of
 * it where the object was not there.
 */
uint64_t node_moved(const struct sample *s, const struct object *o,
		    const struct row *row);

/* What it dropped since the previous read. */
uint64_t node_lost(const struct sample *s, const struct object *o);

/* Whether a child, class or filter belongs directly to a qdisc. */
bool node_is_below(const struct sample *s, const struct object *o,
		   const struct object *qdisc);

/* Whether a class has a qdisc of its own that is shown. */
bool node_has_leaf(const struct sample *s, const struct object *class);

/*
 * What of a qdisc's drops nothing below it explains; 0 for so few that they
 * are but the time between two numbers of one read.
 */
uint64_t node_own(const struct sample *s, const struct object *qdisc);

/* Walks the objects of the layer at the interface of o. */
#define EACH_NODE(s, o, each)                                                  \
	EACH_OBJECT (s, each)                                                  \
		if (node_is_near(s, o, each))
bool node_is_near(const struct sample *s, const struct object *o,
		  const struct object *other);

#endif
