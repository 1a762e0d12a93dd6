/* SPDX-License-Identifier: MIT */
/* Reads qdiscs and classes, and what any kind of them counts. */
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "base/array.h"
#include "model/delta.h"
#include "model/selection.h"
#include "probes/qdisc/qdisc_private.h"

/* Indices of the drops of a qdisc at its place, and of its packets. */
static int drops_of(const struct qdisc_config *q)
{
	if (q->is_class)
		return QDISC_CLASS_DROPS;
	if (q->parent == TC_H_INGRESS)
		return QDISC_INGRESS_DROPS;
	return q->parent == TC_H_ROOT ? QDISC_ROOT_DROPS : QDISC_CHILD_DROPS;
}

static int packets_of(const struct qdisc_config *q)
{
	if (q->is_class)
		return QDISC_CLASS_PACKETS;
	if (q->parent == TC_H_INGRESS)
		return QDISC_INGRESS_PACKETS;
	return q->parent == TC_H_ROOT ? QDISC_ROOT_PACKETS
				      : QDISC_CHILD_PACKETS;
}

static void append_qdisc_facts(const struct qdisc_config *q, struct sample *out)
{
	sample_row(out, &qdisc_fact_handle, q->handle);
	sample_row(out, &qdisc_fact_parent, q->parent);
	if (q->rate)
		sample_row(out, &qdisc_fact_rate, q->rate);
	if (q->burst)
		sample_row(out, &qdisc_fact_burst, q->burst);
	if (q->has_default)
		sample_row(out, &qdisc_fact_default, q->default_class);
	if (q->was_full) {
		sample_row(out, &qdisc_fact_memory, q->memory);
		sample_row(out, &qdisc_fact_memory_full, q->is_full);
	}
	if (q->has_loss)
		sample_row(out, &qdisc_fact_netem_loss, q->loss);
	if (q->has_limit)
		sample_row(out,
			   q->in_bytes ? &qdisc_fact_limit_bytes
				       : &qdisc_fact_limit,
			   q->limit);
}

/* The value of clsact's row in the sample before, 0 where there was none. */
static uint64_t side_before(const struct sample *s, int which)
{
	const struct object *o = s->error ? NULL : objects_end(s) - 1;
	const struct object *p = o ? object_before(s, o) : NULL;
	const struct row *row;

	if (!p || p->identity != o->identity)
		return 0;
	row = object_row(s->then, p, &qdisc_table.rows[which]);
	return row ? row->value : 0;
}

/*
 * clsact has one number of drops for both of its sides. What is new in it is
 * taken for drops on ingress, until its filters tell more.
 */
static void append_sides(uint32_t drops, struct sample *out)
{
	const struct counter *rows = qdisc_table.rows;
	uint64_t in = side_before(out, QDISC_INGRESS_DROPS);
	uint64_t egress = side_before(out, QDISC_EGRESS_DROPS), now = drops;
	uint64_t more;

	if (delta_of(in + egress, &now, 32, &more)) {
		in += more;
	} else { /* it began anew */
		in = drops;
		egress = 0;
	}
	sample_row(out, &rows[QDISC_INGRESS_DROPS], in);
	sample_row(out, &rows[QDISC_EGRESS_DROPS], egress);
}

static void append_drops(const struct qdisc_config *q, struct sample *out)
{
	const struct counter *rows = qdisc_table.rows;

	if (!strcmp(q->kind, "clsact"))
		append_sides(q->drops, out);
	else
		sample_row(out,
			   &rows[q->ecn ? QDISC_MARKING_DROPS : drops_of(q)],
			   q->drops);
}

static void append_counts(const struct qdisc_config *q, struct sample *out)
{
	const struct counter *rows = qdisc_table.rows;

	if (q->has_queue) {
		append_drops(q, out);
		sample_row(out, &rows[QDISC_OVERLIMITS], q->overlimits);
	}
	if (q->has_queue && !q->is_class) {
		sample_row(out, &rows[QDISC_REQUEUES], q->requeues);
		sample_row(out, &rows[QDISC_QLEN], q->qlen);
		sample_row(out, &rows[QDISC_BACKLOG], q->backlog);
	}
	if (q->has_basic)
		sample_row(out, &rows[packets_of(q)], q->packets);
}

static void append_qdisc(const struct probe_env *env,
			 const struct qdisc_config *q, const char *place,
			 const char *name, struct sample *out)
{
	sample_object(out, LAYER_QDISC, place, name, qdisc_identity(q));
	qdisc_label(out, q->kind);
	append_counts(q, out);
	qdisc_append_own(env, q, out);
	append_qdisc_facts(q, out);
}

struct qdisc_reader {
	struct probe_env *env;
	struct sample *out;
	int ifindex; /* the interface of the previous message, and its name */
	char place[IFNAMSIZ];
	bool wanted;
	uint32_t first;		  /* object of the probe */
	struct qdisc_names names; /* from: of the interface, or first */
	size_t waiting;		  /* bytes of messages in env->buffer */
	struct {
		int *items; /* interfaces whose classes are to be asked for */
		size_t n, max;
	} classful;
};

/* Returns 1 or 0, also of one that is gone, or negative errno. */
static int wants_interface(struct qdisc_reader *reader, int ifindex)
{
	int r;

	if (ifindex == reader->ifindex)
		return reader->wanted;
	r = netlink_ifname(reader->env->netlink, ifindex, reader->place);
	if (r < 0 && r != -ENODEV)
		return r;
	reader->ifindex = ifindex;
	reader->names.from = reader->out->n_objects;
	reader->wanted = r == 0 && selection_wants(reader->env->interfaces,
						   reader->place);
	return reader->wanted;
}

/* Notes an interface whose classes are wanted, once. Returns 0 or -ENOMEM. */
static int add_classful(struct qdisc_reader *reader, int ifindex)
{
	size_t n = reader->classful.n;
	int *item;

	if (n && reader->classful.items[n - 1] == ifindex)
		return 0;
	item = ARRAY_ADD(&reader->classful);
	if (!item)
		return -ENOMEM;
	*item = ifindex;
	return 0;
}

/* Keeps a message until the qdisc is known that it is below. */
static bool keep_waiting(struct qdisc_reader *reader, const struct nlmsghdr *h)
{
	size_t n = NLMSG_ALIGN(h->nlmsg_len);

	if (n > reader->env->size - reader->waiting)
		return false;
	memcpy(reader->env->buffer + reader->waiting, h, h->nlmsg_len);
	reader->waiting += n;
	return true;
}

static int append_wanted(struct qdisc_reader *reader,
			 const struct qdisc_config *q, const char *name)
{
	append_qdisc(reader->env, q, reader->place, name, reader->out);
	if (q->is_class || !reader->env->classes || !qdisc_has_classes(q->kind))
		return 0;
	return add_classful(reader, q->ifindex);
}

static int on_qdisc(const struct nlmsghdr *h, void *arg)
{
	struct qdisc_reader *reader = arg;
	char name[QDISC_NAME];
	struct qdisc_config q;
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (q.is_class || !strcmp(q.kind, "noqueue"))
		return 0; /* noqueue has no queue, so it never drops */
	r = wants_interface(reader, q.ifindex);
	if (r <= 0)
		return r;
	if (!qdisc_name(&reader->names, &q, name)) {
		if (keep_waiting(reader, h))
			return 0;
		qdisc_name_by_handle(&q, name);
	}
	return append_wanted(reader, &q, name);
}

/*
 * Appends what waited and has a name by now, in the last round all of it.
 * Returns how many, or a negative errno.
 */
static int append_waiting(struct qdisc_reader *reader, bool is_last)
{
	struct nlmsghdr *h;
	int n = 0;

	for (size_t at = 0; at < reader->waiting;
	     at += NLMSG_ALIGN(h->nlmsg_len)) {
		char name[QDISC_NAME];
		struct qdisc_config q;
		int r;

		h = (struct nlmsghdr *)(reader->env->buffer + at);
		if (h->nlmsg_type == NLMSG_NOOP)
			continue;
		r = qdisc_parse(h, &q);
		reader->names.from = reader->first;
		if (r == 0 && !qdisc_name(&reader->names, &q, name)) {
			if (!is_last)
				continue;
			qdisc_name_by_handle(&q, name);
		}
		if (r == 0)
			r = wants_interface(reader, q.ifindex);
		if (r > 0)
			r = append_wanted(reader, &q, name);
		if (r < 0)
			return r;
		h->nlmsg_type = NLMSG_NOOP; /* done */
		n++;
	}
	return n;
}

/* Each round knows those that stand one step higher. */
static int append_all_waiting(struct qdisc_reader *reader)
{
	int r;

	do
		r = append_waiting(reader, false);
	while (r > 0);
	if (r == 0)
		r = append_waiting(reader, true);
	return r < 0 ? r : 0;
}

static int on_class(const struct nlmsghdr *h, void *arg)
{
	struct qdisc_reader *reader = arg;
	char name[QDISC_NAME];
	struct qdisc_config q;
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (!q.is_class || !qdisc_has_classes(q.kind))
		return 0;
	r = wants_interface(reader, q.ifindex);
	if (r <= 0)
		return r;
	reader->names.from = reader->first;
	if (!qdisc_name(&reader->names, &q, name))
		qdisc_name_by_handle(&q, name);
	return append_wanted(reader, &q, name);
}

static int qdisc_read(struct probe_env *env, struct sample *out)
{
	struct qdisc_reader reader = {
		.env = env,
		.out = out,
		.first = out->n_objects,
		.names = {.sample = out,
			  .from = out->n_objects,
			  .n = out->n_objects},
	};
	int r = qdisc_ask(env, RTM_GETQDISC, 0, 0, on_qdisc, &reader);

	if (r == 0 && reader.waiting)
		r = append_all_waiting(&reader);
	for (size_t i = 0; r == 0 && i < reader.classful.n; i++)
		r = qdisc_ask(env, RTM_GETTCLASS, reader.classful.items[i], 0,
			      on_class, &reader);
	free(reader.classful.items);
	table_free(&reader.names.table);
	return r == 0 ? qdisc_look_closer(env, out, reader.first) : r;
}

const struct probe qdisc_probe = {
	.name = "qdisc",
	.what = "counters of qdiscs",
	.reads = "rtnetlink RTM_GETQDISC, RTM_GETTCLASS for Classes; where "
		 "packets are lost RTM_GETTCLASS and RTM_GETTFILTER",
	.layer = LAYER_QDISC,
	.absent = ABSENT_NO_SUPPORT,
	.counters = &qdisc_table,
	.others = qdisc_others,
	.explainers = qdisc_explainers,
	.reasons = qdisc_reasons,
	.find_suspects = qdisc_find_suspects,
	.attribute = qdisc_attribute,
	.names_objects = true,
	.read = qdisc_read,
};
