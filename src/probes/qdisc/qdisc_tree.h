/* SPDX-License-Identifier: MIT */
/*
 * The tree of qdiscs of one interface: who is below whom, and who lost what. A
 * parent counts what its children drop once more, so each of them is blamed
 * for what those below it do not explain. Pure.
 */
#ifndef PKTLOSS_PROBES_QDISC_QDISC_TREE_H
#define PKTLOSS_PROBES_QDISC_QDISC_TREE_H

#include "model/sample_index.h"

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

/*
 * What is to be known of the nodes of one interface, which may be thousands:
 * made once, sorted. Its objects are those of the time when it was made.
 */
struct qdisc_tree {
	const struct sample *sample;
	struct node_entry *items;
	size_t n, max;
	size_t n_leaves; /* of items: those are the first */
};

/* Of the interface of an object. Returns 0 or -ENOMEM; free it in any case. */
int MUST_CHECK qdisc_tree_make(struct qdisc_tree *t, const struct sample *s,
			       const struct object *o);
void qdisc_tree_free(struct qdisc_tree *t);

/* Whether a class has a qdisc of its own that is shown. */
bool node_has_leaf(const struct qdisc_tree *t, const struct object *class);

/* The qdisc that a child, class or filter belongs to, or NULL. */
const struct object *node_qdisc(const struct qdisc_tree *t,
				const struct object *o);
/* Whether it belongs directly to that one. */
bool node_is_below(const struct sample *s, const struct object *o,
		   const struct object *qdisc);

/* A BPF program below a parent whose drops no statistics tell, or NULL. */
const struct object *node_program(const struct qdisc_tree *t, uint32_t parent);

/* What the qdiscs directly below a qdisc dropped. */
uint64_t node_lost_below(const struct qdisc_tree *t,
			 const struct object *qdisc);

/*
 * What of a qdisc's drops nothing below it explains; 0 for so few that they
 * are but the time between two numbers of one read.
 */
uint64_t node_own(const struct qdisc_tree *t, const struct object *qdisc);

/* Walks the objects of the layer at the interface of o. */
#define EACH_NODE(s, o, each) EACH_OBJECT_BESIDE (s, o, each)

/* Whether another object is of the layer, and the interface of o. */
bool node_is_near(const struct sample *s, const struct object *o,
		  const struct object *other);

#endif
