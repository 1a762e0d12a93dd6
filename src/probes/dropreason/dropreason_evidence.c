/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's reasons prove. Some losses have no counter at all, some
 * have one that does not say whose they are, and some counters have what is no
 * loss: here is who they are.
 */
#include <errno.h>
#include <string.h>

#include "kernel/netlink.h"
#include "model/sample_index.h"
#include "model/selection.h"
#include "probes/dropreason/dropreason_private.h"

enum proof_use {
	USE_ADD,     /* no counter has them: they are to be added */
	USE_CLAIM,   /* IP misses them on input, its layer lost them */
	USE_CONFIRM, /* counted as lost there, without a word by whom */
	USE_EXCUSE,  /* in what its layer lost, and nobody wanted them */
};

/* A reason proves what it does on every kernel that has it. */
static const struct proof {
	const char *name; /* see dropreason_name() */
	uint8_t row;
	uint8_t use;
	bool at_device;
} proofs[] = {
	/* clang-format off */
	{"NOT_SPECIFIED.do_xdp_generic", ROW_XDP, USE_ADD, true},
	{"NOT_SPECIFIED.netif_receive_generic_xdp", ROW_XDP, USE_ADD, true},
	{"TC_INGRESS", ROW_TC_INGRESS, USE_ADD, true},
	{"TC_EGRESS", ROW_TC_EGRESS, USE_CONFIRM, false},
	{"BPF_CGROUP_EGRESS", ROW_CGROUP_EGRESS, USE_CONFIRM, false},
	{"NOT_SPECIFIED.ip_error", ROW_ROUTE, USE_CLAIM, false},
	{"NOT_SPECIFIED.dst_discard_out", ROW_ROUTE, USE_CLAIM, false},
	{"UNHANDLED_PROTO", ROW_PROTOCOL, USE_EXCUSE, true},
	/* clang-format on */
};

static const struct proof *find_proof(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(proofs); i++)
		if (!strcmp(proofs[i].name, name))
			return &proofs[i];
	return NULL;
}

/* ---- in a sample ---- */

static void append_proof(const struct proof *e, const char *place,
			 uint64_t packets, struct sample *out)
{
	const struct counter *c = &dropreason_counters[e->row];
	bool is_new = dropreason_was_read(out) &&
		      !sample_before(out, c->layer, place, e->name);

	sample_object(out, c->layer, place, e->name, 0);
	sample_row(out, c, packets);
	if (is_new)
		sample_began(out);
}

static uint64_t sum_at(const struct drop_group *group, size_t from)
{
	uint64_t sum = 0;

	for (size_t i = from; i < group->n; i++)
		if (group->items[i].ifindex == group->items[from].ifindex)
			sum += group->items[i].packets;
	return sum;
}

static bool was_device_before(const struct drop_group *group, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (group->items[i].ifindex == group->items[at].ifindex)
			return true;
	return false;
}

/* What was dropped at a device that is gone is nobody's any more. */
static int append_by_device(const struct probe_env *env, const struct proof *e,
			    const struct drop_group *group, struct sample *out)
{
	for (size_t i = 0; i < group->n; i++) {
		char name[IFNAMSIZ];
		int r;

		if (was_device_before(group, i))
			continue;
		r = netlink_ifname(env->netlink, group->items[i].ifindex, name);
		if (r < 0 && r != -ENODEV)
			return r;
		if (r == 0 && selection_wants(env->interfaces, name))
			append_proof(e, name, sum_at(group, i), out);
	}
	return 0;
}

int dropreason_append_evidence(const struct probe_env *env,
			       const struct drop_group *group,
			       struct sample *out)
{
	const struct proof *e = find_proof(group->name);
	uint64_t packets = 0;

	if (!e)
		return 0;
	if (e->at_device)
		return append_by_device(env, e, group, out);
	for (size_t i = 0; i < group->n; i++)
		packets += group->items[i].packets;
	append_proof(e, "", packets, out);
	return 0;
}

/* ---- whose losses they are ---- */

/* What an object proves by its only row, or NULL: it is of another probe. */
static const struct proof *proof_of(const struct sample *s,
				    const struct object *o)
{
	const struct counter *c = object_first(s, o);

	if ((uintptr_t)c - (uintptr_t)dropreason_counters >=
	    sizeof(dropreason_counters))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(proofs); i++)
		if (c == &dropreason_counters[proofs[i].row])
			return &proofs[i];
	return NULL;
}

/* How many packets of this interval are proven to have been lost that way. */
static uint64_t proven(const struct sample *s, const struct object *o)
{
	const struct row *row = object_rows(s, o);

	return row && row_moved(row) && !o->late ? row->delta : 0;
}

/* What filters of the same device have counted. */
static uint64_t counted_by_filters(const struct sample *s, const char *place)
{
	uint64_t n = 0;

	EACH_OBJECT_AT (s, LAYER_QDISC, place, o)
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_LOST &&
			    row_direction(o, row) == DIR_RX)
				n += row->delta;
	return n;
}

/* As many may be counted by one and not yet by the other. */
#define SKEW_PERCENT 1

static void add_uncounted(const struct sample *s, struct loss *loss, uint64_t n)
{
	uint64_t rest = less_by(n, counted_by_filters(s, loss->place));

	if (rest * 100 < n * SKEW_PERCENT)
		return;
	loss->inside += rest; /* the device has received them */
	loss_add(loss, rest);
}

/* They are in what a device has received and dropped. */
static void excuse(struct losses *l, const char *place, uint64_t n)
{
	struct loss *loss = loss_find(l, LAYER_LINK, place, DIR_RX);

	if (loss)
		loss_take(loss, n);
}

static void add_unseen(const struct sample *s, const struct object *o,
		       const struct counter *c, struct losses *l, uint64_t n)
{
	struct loss *loss =
		loss_get(l, c->layer, object_place(s, o), c->direction);

	if (loss)
		add_uncounted(s, loss, n);
}

static void attribute_proof(const struct sample *s, const struct object *o,
			    const struct proof *proof, struct losses *l)
{
	const struct counter *c = &dropreason_counters[proof->row];
	uint64_t n = proven(s, o);

	if (!n)
		return;
	if (proof->use == USE_ADD)
		add_unseen(s, o, c, l, n);
	else if (proof->use == USE_CLAIM)
		loss_suspect(l, DIR_RX, c->layer, c->direction, n);
	else if (proof->use == USE_EXCUSE)
		excuse(l, object_place(s, o), n);
}

void dropreason_prove(const struct sample *s, struct losses *l)
{
	uint64_t before = dropreason_bound_gaps(s, l);

	EACH_OBJECT (s, o) {
		const struct proof *e = proof_of(s, o);

		if (e)
			attribute_proof(s, o, e, l);
	}
	dropreason_bound_rules(s, l, before);
}

/* They are known by now: nobody is suspected of them. */
static void confirm_proof(const struct sample *s, const struct object *o,
			  const struct proof *proof, struct losses *l)
{
	const struct counter *c = &dropreason_counters[proof->row];
	struct loss *loss =
		loss_find(l, c->layer, object_place(s, o), c->direction);

	if (loss)
		loss->uncounted = less_by(loss->uncounted, proven(s, o));
}

void dropreason_confirm(const struct sample *s, struct losses *l)
{
	EACH_OBJECT (s, o) {
		const struct proof *e = proof_of(s, o);

		if (e && e->use == USE_CONFIRM)
			confirm_proof(s, o, e, l);
	}
}
