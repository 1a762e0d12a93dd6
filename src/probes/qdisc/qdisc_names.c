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

/* What a qdisc is looked for by: a name, or if that is NULL a handle. */
struct wanted {
	int ifindex;
	uint32_t handle;
	const char *name;
};

static bool is_wanted_qdisc(const struct sample *s, const struct object *o,
			    const struct wanted *w)
{
	if (o->layer != LAYER_QDISC || qdisc_ifindex(o) != w->ifindex)
		return false;
	return w->name ? !strcmp(object_name(s, o), w->name)
		       : object_value(s, o, &qdisc_fact_handle, 0) == w->handle;
}

static uint64_t hash_wanted(const struct sample *s, const struct wanted *w)
{
	struct hash h = hash_begin(s->key);

	hash_add(&h, &w->ifindex, sizeof(w->ifindex));
	hash_add(&h, &w->handle, sizeof(w->handle));
	if (w->name)
		hash_name(&h, w->name);
	return hash_end(&h);
}

static const struct object *look_in_table(const struct qdisc_names *names,
					  const struct wanted *w)
{
	const struct sample *s = names->sample;

	EACH_HASHED (&names->table, hash_wanted(s, w), i)
		if (is_wanted_qdisc(s, &s->objects[i], w))
			return &s->objects[i];
	return NULL;
}

/* Of those that are alike the first is found. */
static bool add_wanted(struct qdisc_names *names, const struct wanted *w,
		       uint32_t at)
{
	return look_in_table(names, w) ||
	       table_add(&names->table, hash_wanted(names->sample, w), at);
}

static bool add_qdisc(struct qdisc_names *names, uint32_t at)
{
	const struct sample *s = names->sample;
	const struct object *o = &s->objects[at];
	const struct wanted by_handle = {
		.ifindex = qdisc_ifindex(o),
		.handle = object_value(s, o, &qdisc_fact_handle, 0),
	};
	const struct wanted by_name = {
		.ifindex = qdisc_ifindex(o),
		.name = object_name(s, o),
	};

	return o->layer != LAYER_QDISC ||
	       ((!by_handle.handle || add_wanted(names, &by_handle, at)) &&
		add_wanted(names, &by_name, at));
}

/* As many are looked at one by one: who repeats a parent finds it there. */
#define FEW_QDISCS 64

/* The first qdisc of an interface that is as wanted, or NULL. */
static const struct object *find_qdisc(struct qdisc_names *names,
				       const struct wanted *w)
{
	const struct sample *s = names->sample;
	uint32_t i = names->from;

	for (; i < s->n_objects && i - names->from < FEW_QDISCS; i++)
		if (is_wanted_qdisc(s, &s->objects[i], w))
			return &s->objects[i];
	if (i == s->n_objects)
		return NULL;
	while (names->n < s->n_objects && add_qdisc(names, names->n))
		names->n++;
	if (names->n == s->n_objects)
		return look_in_table(names, w);
	for (; i < s->n_objects; i++) /* no memory */
		if (is_wanted_qdisc(s, &s->objects[i], w))
			return &s->objects[i];
	return NULL;
}

/* Writes the major number of a class, or where its qdisc stands. */
static bool write_place(struct qdisc_names *names, int ifindex, uint32_t class,
			char *buffer, size_t size)
{
	const struct sample *s = names->sample;
	const struct object *o;

	if (!is_automatic(class)) {
		snprintf(buffer, size, "%x", major_of(class));
		return true;
	}
	o = find_qdisc(names, &(struct wanted) {.ifindex = ifindex,
						.handle = TC_H_MAJ(class)});
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
static bool is_taken(struct qdisc_names *names, const struct qdisc_config *q,
		     const char *name)
{
	return find_qdisc(
		names, &(struct wanted) {.ifindex = q->ifindex, .name = name});
}

/* By kind and parent, which is a class unless it is the root. */
static bool name_by_parent(struct qdisc_names *names,
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

bool qdisc_name(struct qdisc_names *names, const struct qdisc_config *q,
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
