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
#include "probes/link/link.h"
#include "probes/dropreason/dropreason_private.h"

#define NONE "NOT_SPECIFIED"

enum proof_use {
	USE_ADD,     /* no counter has them: they are to be added */
	USE_POLICY,  /* the same of what is dropped on purpose */
	USE_CLAIM,   /* IP misses them on input, its layer lost them */
	USE_MARTIAN, /* the same of what the host counts */
	USE_CONFIRM, /* counted as lost there, without a word by whom */
	USE_EXCUSE,  /* in what its layer lost, and nobody wanted them */
};

enum proof_place {
	OF_NAMESPACE,
	OF_DEVICE,
	OF_PORT_APART, /* of a bridge that is told so, see link.h */
};

/* A reason proves what it does on every kernel that has it. */
static const struct proof {
	const char *name;   /* see dropreason_name() */
	const char *symbol; /* which the function begins with, NULL: any */
	uint8_t row;
	uint8_t use;
	uint8_t place; /* enum proof_place */
} proofs[] = {
	/* clang-format off */
	{NONE ".do_xdp_generic", NULL, ROW_XDP, USE_ADD, OF_DEVICE},
	{NONE ".netif_receive_generic_xdp", NULL, ROW_XDP, USE_ADD, OF_DEVICE},
	{"TC_INGRESS", NULL, ROW_TC_INGRESS, USE_POLICY, OF_DEVICE},
	{"TC_EGRESS", NULL, ROW_TC_EGRESS, USE_CONFIRM, OF_NAMESPACE},
	{"BPF_CGROUP_EGRESS", NULL, ROW_CGROUP_EGRESS, USE_CONFIRM, OF_NAMESPACE},
	{"SOCKET_FILTER", "tcp_", ROW_TCP_FILTER, USE_ADD, OF_NAMESPACE},
	{NONE ".ip_error", NULL, ROW_ROUTE, USE_CLAIM, OF_NAMESPACE},
	{NONE ".dst_discard_out", NULL, ROW_ROUTE, USE_CLAIM, OF_NAMESPACE},
	{"IP_INVALID_DEST", NULL, ROW_MARTIAN, USE_MARTIAN, OF_NAMESPACE},
	{"IP_INVALID_SOURCE", NULL, ROW_MARTIAN, USE_MARTIAN, OF_NAMESPACE},
	{"IP_LOCALNET", NULL, ROW_MARTIAN, USE_MARTIAN, OF_NAMESPACE},
	{"IP_LOCAL_SOURCE", NULL, ROW_MARTIAN, USE_MARTIAN, OF_NAMESPACE},
	{NONE ".br_dev_queue_push_xmit", NULL, ROW_BRIDGE_MTU, USE_ADD, OF_DEVICE},
	{NONE ".__allowed_ingress", NULL, ROW_BRIDGE_VLAN, USE_ADD, OF_DEVICE},
	{NONE ".br_allowed_ingress", NULL, ROW_BRIDGE_VLAN, USE_ADD, OF_DEVICE},
	{NONE ".br_handle_vlan", NULL, ROW_BRIDGE_VLAN, USE_ADD, OF_DEVICE},
	{"NO_TX_TARGET", "br_", ROW_APART, USE_POLICY, OF_PORT_APART},
	{NONE ".br_flood", NULL, ROW_APART, USE_POLICY, OF_PORT_APART},
	{NONE ".br_forward", NULL, ROW_APART, USE_POLICY, OF_PORT_APART},
	{NONE ".br_handle_frame_finish", NULL, ROW_APART, USE_POLICY, OF_PORT_APART},
	{"UNHANDLED_PROTO", NULL, ROW_PROTOCOL, USE_EXCUSE, OF_DEVICE},
	/* clang-format on */
};

/* ---- in a sample ---- */

/* What of a group a proof is of. */
struct proven_group {
	const struct probe_env *env;
	const struct proof *proof;
	const struct drop_group *group;
};

static bool is_proven_by(const struct proven_group *of, size_t i)
{
	const char *symbol = of->proof->symbol;

	return !symbol || !strncmp(drops_symbol(of->env->drops,
						of->group->items[i].location),
				   symbol, strlen(symbol));
}

/* The packets of item i and of those that follow at the same device, or any. */
static uint64_t sum_from(const struct proven_group *of, size_t i, bool any)
{
	const struct drop *items = of->group->items;
	uint64_t sum = 0;

	for (size_t at = i; at < of->group->n; at++)
		if ((any || items[at].ifindex == items[i].ifindex) &&
		    is_proven_by(of, at))
			sum += items[at].packets;
	return sum;
}

/* Ports that were not kept apart before have dropped the same for nobody. */
static void append_proof(const struct proof *e, const char *place,
			 uint64_t packets, struct sample *out)
{
	const struct counter *c = &dropreason_counters[e->row];
	bool is_new = dropreason_was_read(out) &&
		      !sample_before(out, c->layer, place, e->name);

	if (e->place == OF_PORT_APART)
		is_new &= !sample_before(out, LAYER_DROPREASON, place, e->name);

	sample_object(out, c->layer, place, e->name, 0);
	sample_row(out, c, packets);
	if (is_new)
		sample_began(out);
}

static bool was_device_before(const struct drop_group *group, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (group->items[i].ifindex == group->items[at].ifindex)
			return true;
	return false;
}

/*
 * A bridge is asked where its drops are news: nothing else tells of a change.
 * What was no news stands in an object of its own. Returns 1, 0 or a negative
 * errno.
 */
static int is_apart(const struct proven_group *of, const char *place,
		    uint32_t ifindex, uint64_t packets, struct sample *out)
{
	const struct counter *c = &dropreason_counters[ROW_BRIDGED];
	const char *name = of->proof->name;
	const struct object *before =
		sample_before(out, LAYER_DROPREASON, place, name);
	bool apart = false;
	int r = 0;

	if (sample_before(out, LAYER_LINK, place, name))
		return 1;
	if (!before || object_value(out->then, before, c, 0) != packets)
		r = link_is_kept_apart(of->env->netlink, out, (int)ifindex,
				       &apart);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	if (!apart) {
		sample_object(out, LAYER_DROPREASON, place, name, 0);
		sample_row(out, c, packets);
	}
	return apart;
}

/* What was dropped at a device that is gone is nobody's any more. */
static int append_at_device(const struct proven_group *of, size_t i,
			    struct sample *out)
{
	uint32_t ifindex = of->group->items[i].ifindex;
	uint64_t packets = sum_from(of, i, false);
	char name[IFNAMSIZ];
	int r = netlink_ifname(of->env->netlink, (int)ifindex, name);

	if (r < 0)
		return r == -ENODEV ? 0 : r;
	if (!packets || !selection_wants(of->env->interfaces, name))
		return 0;
	r = of->proof->place == OF_PORT_APART
		    ? is_apart(of, name, ifindex, packets, out)
		    : 1;
	if (r > 0)
		append_proof(of->proof, name, packets, out);
	return r < 0 ? r : 0;
}

static int append_proven(const struct proven_group *of, struct sample *out)
{
	uint64_t packets;
	int r = 0;

	if (of->proof->place != OF_NAMESPACE) {
		for (size_t i = 0; r == 0 && i < of->group->n; i++)
			if (!was_device_before(of->group, i))
				r = append_at_device(of, i, out);
		return r;
	}
	packets = sum_from(of, 0, true);
	if (packets)
		append_proof(of->proof, "", packets, out);
	return 0;
}

int dropreason_append_evidence(const struct probe_env *env,
			       const struct drop_group *group,
			       struct sample *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(proofs); i++) {
		struct proven_group of = {env, &proofs[i], group};

		if (!strcmp(proofs[i].name, group->name))
			r = append_proven(&of, out);
	}
	return r;
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

static void add_uncounted(const struct sample *s, struct loss *loss, uint64_t n,
			  uint8_t use)
{
	uint64_t rest = n;

	if (loss->layer == LAYER_LINK && loss->direction == DIR_RX)
		rest = less_by(n, counted_by_filters(s, loss->place));
	if (rest * 100 < n * SKEW_PERCENT)
		return;
	if (loss->direction == DIR_RX)
		loss->inside += rest; /* they were received, and counted so */
	if (use == USE_POLICY)
		loss->policy += rest;
	loss_add(loss, rest);
}

/*
 * They are in what a device has received and dropped, but those of the inactive
 * port of a bond, which are in rx_nohandler.
 */
static void excuse(const struct sample *s, struct losses *l, const char *place,
		   uint64_t n)
{
	struct loss *loss = loss_find(l, LAYER_LINK, place, DIR_RX);

	n = less_by(n, sample_moved(s, LAYER_LINK, place, TAG_RX_NOHANDLER));
	if (loss)
		loss_take(loss, n);
}

static void add_unseen(const struct sample *s, const struct object *o,
		       const struct proof *proof, struct losses *l, uint64_t n)
{
	const struct counter *c = &dropreason_counters[proof->row];
	struct loss *loss =
		loss_get(l, c->layer, object_place(s, o), c->direction);

	if (loss)
		add_uncounted(s, loss, n, proof->use);
}

/* Which the host counts, for no namespace by itself. */
static void claim_martians(struct losses *l, uint64_t n)
{
	struct loss *ip;

	n = loss_suspect(l, DIR_RX, LAYER_IP, DIR_RX, n);
	ip = n ? loss_find(l, LAYER_IP, "", DIR_RX) : NULL;
	if (!ip)
		return;
	ip->uncounted -= n;
	ip->martians += n;
}

static void attribute_proof(const struct sample *s, const struct object *o,
			    const struct proof *proof, struct losses *l)
{
	const struct counter *c = &dropreason_counters[proof->row];
	uint64_t n = proven(s, o);

	if (!n)
		return;
	if (proof->use == USE_ADD || proof->use == USE_POLICY)
		add_unseen(s, o, proof, l, n);
	else if (proof->use == USE_CLAIM)
		loss_suspect(l, DIR_RX, c->layer, c->direction, n);
	else if (proof->use == USE_MARTIAN)
		claim_martians(l, n);
	else if (proof->use == USE_EXCUSE)
		excuse(s, l, object_place(s, o), n);
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
