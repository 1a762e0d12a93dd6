/* SPDX-License-Identifier: MIT */
/*
 * What qdiscs are called. A handle that the kernel gave is another one each
 * time the qdisc is made, so that where it stands is in the name instead.
 */
#include <linux/pkt_sched.h>
#include <string.h>

#include "probes/qdisc/qdisc_private.h"

#define FIRST_AUTOMATIC 0x8000
#define INGRESS_MAJOR 0xffff /* of ingress and clsact, always */

static unsigned major_of(uint32_t handle)
{
	return TC_H_MAJ(handle) >> 16;
}

static bool is_automatic(uint32_t handle)
{
	unsigned major = major_of(handle);

	return major >= FIRST_AUTOMATIC && major != INGRESS_MAJOR;
}

static bool is_outermost(const struct qdisc_config *q)
{
	return q->parent == TC_H_ROOT || q->parent == TC_H_INGRESS;
}

/* The qdisc of an interface that has a handle, or NULL. */
static const struct object *find_qdisc(const struct qdisc_names *names,
				       int ifindex, uint32_t handle)
{
	const struct sample *s = names->sample;

	for (uint32_t i = names->from; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];

		if (qdisc_ifindex(o) == ifindex &&
		    object_value(s, o, &qdisc_fact_handle, 0) == handle)
			return o;
	}
	return NULL;
}

/* Writes the major number of a class, or where its qdisc stands. */
static bool write_place(const struct qdisc_names *names, int ifindex,
			uint32_t class, char *buffer, size_t size)
{
	const struct sample *s = names->sample;
	const struct object *o;

	if (!is_automatic(class)) {
		snprintf(buffer, size, "%x", major_of(class));
		return true;
	}
	o = find_qdisc(names, ifindex, TC_H_MAJ(class));
	if (!o)
		return false;
	snprintf(buffer, size, "%s",
		 object_name(s, o) + strlen(object_label(s, o)) + 1);
	return true;
}

/* Below a class of its own kind it would be called like that. */
static const char *middle_of(const struct qdisc_config *q)
{
	if (!q->handle && !is_outermost(q))
		return "0_";
	return qdisc_has_classes(q->kind) && !q->is_class ? "in_" : "";
}

/* A qdisc that was linked to another class since still tells the first. */
static bool is_taken(const struct qdisc_names *names,
		     const struct qdisc_config *q, const char *name)
{
	const struct sample *s = names->sample;

	for (uint32_t i = names->from; i < s->n_objects; i++)
		if (qdisc_ifindex(&s->objects[i]) == q->ifindex &&
		    !strcmp(object_name(s, &s->objects[i]), name))
			return true;
	return false;
}

/* By kind and parent, which is a class unless it is the root. */
static bool name_by_parent(const struct qdisc_names *names,
			   const struct qdisc_config *q,
			   char buffer[QDISC_NAME])
{
	uint32_t class = q->is_class ? q->handle : q->parent;
	char place[QDISC_NAME];

	if (!q->is_class && q->parent == TC_H_ROOT) {
		snprintf(buffer, QDISC_NAME, "%s_root", q->kind);
		return true;
	}
	if (!write_place(names, q->ifindex, class, place, sizeof(place)))
		return false;
	snprintf(buffer, QDISC_NAME, "%s_%s%.48s.%x", q->kind, middle_of(q),
		 place, TC_H_MIN(class));
	return true;
}

/* Whether its handle tells it apart for good, or nothing else does. */
static bool is_named_by_handle(const struct qdisc_config *q)
{
	if (q->is_class || is_automatic(q->handle))
		return false;
	return q->handle || is_outermost(q);
}

bool qdisc_name(const struct qdisc_names *names, const struct qdisc_config *q,
		char buffer[QDISC_NAME])
{
	if (is_named_by_handle(q)) {
		qdisc_name_by_handle(q, buffer);
		return true;
	}
	if (!name_by_parent(names, q, buffer))
		return false;
	if (q->handle && !q->is_class && q->parent != TC_H_ROOT &&
	    is_taken(names, q, buffer))
		qdisc_name_by_handle(q, buffer);
	return true;
}

void qdisc_name_by_handle(const struct qdisc_config *q, char buffer[QDISC_NAME])
{
	if (q->is_class)
		snprintf(buffer, QDISC_NAME, "%s_%x.%x", q->kind,
			 major_of(q->handle), TC_H_MIN(q->handle));
	else if (q->handle || is_outermost(q))
		snprintf(buffer, QDISC_NAME, "%s_%x", q->kind,
			 major_of(q->handle));
	else
		snprintf(buffer, QDISC_NAME, "%s_0_%x.%x", q->kind,
			 major_of(q->parent), TC_H_MIN(q->parent));
}
