/* SPDX-License-Identifier: MIT */
/*
 * A closer look at qdiscs that have lost something: their classes, and their
 * filters with what each action dropped. As a qdisc is looked at whenever its
 * drops have moved, what its parts counted since is of this interval; between
 * two looks their numbers are carried along.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <string.h>

#include "probes/qdisc/qdisc_private.h"
#include "probes/qdisc/qdisc_tree.h"

/* As many classes, or filters, of one qdisc are told apart. */
#define MAX_PARTS 256

/* What filters of one side, or parent, have dropped since the look before. */
struct side_sum {
	unsigned filters, programs;
	uint64_t counted; /* by an action */
	uint64_t failed;  /* to be sent elsewhere */
};

struct closer {
	struct probe_env *env;
	struct sample *out;
	uint32_t owner; /* the qdisc that is looked at: an index */
	int ifindex;
	uint32_t handle;
	char place[IFNAMSIZ], kind[16];
	bool is_known; /* it was there in the sample before */
	unsigned parts, classes;
	uint32_t default_class;
	bool has_default; /* it is one of the classes */
	uint32_t parent;  /* whose filters are asked for */
	struct side_sum side;
	uint32_t carried;	/* objects of the sample before, up to here */
	struct qdisc_tree tree; /* of the interface tree_of, if that is not 0 */
	int tree_of;
};

static const struct object *owner_of(const struct closer *look)
{
	return &look->out->objects[look->owner];
}

static const struct object *last_of(const struct sample *s)
{
	return objects_end(s) - 1;
}

/* Appends a number that has counted from 0 since the look before, or goes on.
 * Returns what is new of it. */
static uint64_t append_part(struct closer *look, const struct counter *c,
			    uint32_t value)
{
	struct sample *out = look->out;

	sample_row(out, c, value);
	if (out->error)
		return 0;
	if (look->is_known && !last_of(out)->before)
		sample_began(out);
	return node_moved(out, last_of(out), object_row(out, last_of(out), c));
}

static void begin_part(struct closer *look, const char *name)
{
	sample_object(
		look->out, LAYER_QDISC, look->place, name,
		hash_bytes(HASH_START, &look->ifindex, sizeof(look->ifindex)));
	look->parts++;
}

static int on_closer_class(const struct nlmsghdr *h, void *arg)
{
	struct closer *look = arg;
	struct qdisc_config q;
	char name[QDISC_NAME + 8] = "class ";
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (!q.is_class || TC_H_MAJ(q.handle) != TC_H_MAJ(look->handle))
		return 0;
	look->classes++;
	look->has_default |= TC_H_MIN(q.handle) == look->default_class;
	if (!q.has_queue || !q.drops || look->parts >= MAX_PARTS)
		return 0;
	qdisc_name_by_handle(&q, name + strlen(name));
	begin_part(look, name);
	sample_label(look->out, look->kind);
	append_part(look, &qdisc_class_drops, q.drops);
	sample_row(look->out, &qdisc_fact_handle, q.handle);
	sample_row(look->out, &qdisc_fact_parent, q.parent);
	return look->out->error;
}

/* As tc prints it: that of u32 is a table, a bucket and a number in it. */
static void write_handle(const struct tc_filter *f, char *buffer, size_t size)
{
	if (strcmp(f->kind, "u32"))
		snprintf(buffer, size, "0x%x", f->handle);
	else if (f->handle >> 12 & 0xff)
		snprintf(buffer, size, "%x:%x:%x", f->handle >> 20,
			 f->handle >> 12 & 0xff, f->handle & 0xfff);
	else
		snprintf(buffer, size, "%x::%x", f->handle >> 20,
			 f->handle & 0xfff);
}

/* "flower filter (pref 10, handle 0x1)" */
static void label_filter(const struct tc_filter *f, struct sample *out)
{
	char label[160], handle[32], chain[24] = "", program[40] = "";

	write_handle(f, handle, sizeof(handle));
	if (f->chain)
		snprintf(chain, sizeof(chain), "chain %u, ", f->chain);
	if (f->program[0])
		snprintf(program, sizeof(program), " %s", f->program);
	snprintf(label, sizeof(label), "%s filter%s (%spref %u, handle %s)",
		 f->kind, program, chain, f->pref, handle);
	sample_label(out, label);
}

/* Returns an enum target, or negative errno: it is not known. */
static int state_of(const struct netlink *nl, int ifindex, char name[IFNAMSIZ])
{
	struct ifreq request = {.ifr_flags = 0};
	int r = ifindex ? netlink_ifname(nl, ifindex, name) : -ENODEV;

	if (r == 0) {
		memcpy(request.ifr_name, name, sizeof(request.ifr_name));
		r = netlink_ioctl(nl, SIOCGIFFLAGS, &request);
	}
	if (r < 0)
		return r == -ENODEV || r == -ENXIO ? TARGET_GONE : r;
	if (!(request.ifr_flags & IFF_UP))
		return TARGET_DOWN;
	return request.ifr_flags & IFF_RUNNING ? TARGET_UP : TARGET_NO_CARRIER;
}

static int append_target(struct closer *look, const struct tc_action *a)
{
	char name[IFNAMSIZ] = "";
	int target = state_of(look->env->netlink, a->ifindex, name);

	if (target < 0)
		return target;
	sample_chain(look->out, FAMILY_NONE, name, a->kind);
	sample_row(look->out, &qdisc_fact_target, (uint64_t)target);
	return 0;
}

static int append_action_facts(struct closer *look, const struct tc_filter *f,
			       const struct tc_action *a)
{
	struct sample *out = look->out;

	sample_row(out, &qdisc_fact_parent, f->parent);
	sample_row(out, &qdisc_fact_verdict, a->verdict);
	if (a->share)
		sample_row(out, &qdisc_fact_share, a->share);
	if (a->rate)
		sample_row(out, &qdisc_fact_rate, a->rate);
	if (a->verdict == TC_MIRRED)
		return append_target(look, a);
	sample_chain(out, FAMILY_NONE, "", a->kind);
	return 0;
}

static int append_action(struct closer *look, const struct tc_filter *f,
			 const struct tc_action *a, unsigned n)
{
	char name[80];

	if (look->parts >= MAX_PARTS)
		return 0;
	snprintf(name, sizeof(name), "filter %x %u %u %x %u", f->parent,
		 f->chain, f->pref, f->handle, n);
	begin_part(look, name);
	label_filter(f, look->out);
	look->side.counted += append_part(look, &qdisc_filter_drops, a->drops);
	if (a->verdict == TC_MIRRED)
		look->side.failed +=
			append_part(look, &qdisc_filter_failed, a->failed);
	return append_action_facts(look, f, a);
}

static int on_filter(const struct nlmsghdr *h, void *arg)
{
	struct tc_action a = {.verdict = TC_PROGRAM};
	struct closer *look = arg;
	struct tc_filter f;
	int r = tc_filter_parse(h, &f);

	if (r <= 0)
		return r;
	/* shared ones have another there, and ingress has that of the qdisc */
	f.parent = look->parent;
	look->side.filters++;
	r = 0;
	if (f.decides) {
		look->side.programs++;
		r = append_action(look, &f, &a, 0);
	}
	for (unsigned n = 0; r == 0 && tc_filter_action(&f, n, &a); n++)
		if (a.drops || a.failed)
			r = append_action(look, &f, &a, n + 1);
	return r < 0 ? r : look->out->error;
}

/* Asks what is below a qdisc. It may have gone in between: that is no error. */
static int ask_below(struct closer *look, uint16_t type, uint32_t parent,
		     netlink_row row)
{
	int r;

	look->parent = parent;
	r = qdisc_ask(look->env, type, look->ifindex, parent, row, look);
	return r == -ENODEV || r == -ENOENT || r == -EINVAL || r == -EOPNOTSUPP
		       ? 0
		       : r;
}

/* What a qdisc that was looked at has besides its parts. */
static void append_asked(struct closer *look, uint64_t undetermined)
{
	struct sample *out = look->out;
	char name[32];

	snprintf(name, sizeof(name), "asked %x", look->handle);
	begin_part(look, name);
	sample_row(out, &qdisc_fact_asked, look->classes);
	sample_row(out, &qdisc_fact_handle, look->handle);
	if (look->has_default)
		sample_row(out, &qdisc_fact_default, look->default_class);
	if (undetermined)
		sample_row(out, &qdisc_fact_undetermined, undetermined);
}

static int look_at_tree(struct closer *look)
{
	int r = 0;

	look->default_class =
		object_value(look->out, owner_of(look), &qdisc_fact_default, 0);
	/* with the option Classes they are there already */
	if (!look->env->classes || !qdisc_has_classes(look->kind))
		r = ask_below(look, RTM_GETTCLASS, 0, on_closer_class);
	look->has_default &= look->default_class > 0;
	if (r == 0)
		r = ask_below(look, RTM_GETTFILTER, look->handle, on_filter);
	append_asked(look, 0);
	return r;
}

/* By how much the traffic of the interface moved, by what it is measured by. */
static uint64_t link_moved(const struct sample *s, const char *place,
			   enum direction direction)
{
	uint32_t hint = 0;
	const struct object *link =
		sample_find(s, LAYER_LINK, place, "", &hint);

	if (link)
		EACH_ROW (s, link, row)
			if (row->counter->direction == direction &&
			    row->counter->kind == KIND_PASSED &&
			    row->counter->of[0].relation != RELATION_NONE)
				return node_moved(s, link, row);
	return 0;
}

/* What the root qdisc, if there is one, dropped before the interface. */
static uint64_t root_moved(const struct sample *s, const struct object *o)
{
	EACH_NODE(s, o, root)
	if (object_value(s, root, &qdisc_fact_parent, 0) == TC_H_ROOT)
		return node_lost(s, root);
	return 0;
}

/*
 * All that clsact saw and that neither came in nor went out by the interface
 * was dropped on egress. Bundles of packets count otherwise in the two: a
 * number out of bounds says so. Returns how many of left, or -1: not known.
 */
static int64_t estimate_egress(const struct closer *look, uint64_t known,
			       uint64_t left)
{
	const struct sample *s = look->out;
	const struct object *o = owner_of(look);
	const struct row *seen =
		object_row(s, o, &qdisc_table.rows[QDISC_INGRESS_PACKETS]);
	int64_t slack = left / 8 + 1, n;

	if (!seen || !look->is_known)
		return -1;
	n = node_moved(s, o, seen) - link_moved(s, look->place, DIR_RX) -
	    link_moved(s, look->place, DIR_TX) - root_moved(s, o) - known;
	if (n < -slack || n > (int64_t)left + slack)
		return -1;
	if (n < slack)
		return 0;
	return n > (int64_t)left - slack ? (int64_t)left : n;
}

/* Takes up to n from what is left. Returns how many. */
static uint64_t take_up_to(uint64_t *left, uint64_t n)
{
	if (n > *left)
		n = *left;
	*left -= n;
	return n;
}

/* What of left, which no filter counted, was dropped on egress. */
static uint64_t share_rest(const struct closer *look, const struct side_sum *in,
			   const struct side_sum *eg, uint64_t known,
			   uint64_t left, uint64_t *undetermined)
{
	int64_t n;

	if (!left || !eg->filters || (in->programs && !eg->programs))
		return 0;
	if (!in->filters || (eg->programs && !in->programs))
		return left;
	n = estimate_egress(look, known, left);
	*undetermined = n < 0 && in->programs ? left : 0;
	return n < 0 ? 0 : (uint64_t)n;
}

/* What of the drops of clsact was dropped on egress. */
static uint64_t share_egress(const struct closer *look, uint64_t lost,
			     const struct side_sum *in,
			     const struct side_sum *eg, uint64_t *undetermined)
{
	uint64_t left = lost, n;

	if (!in->filters && eg->filters)
		return lost;
	n = take_up_to(&left, eg->counted);
	take_up_to(&left, in->counted);
	n += take_up_to(&left, eg->failed);
	take_up_to(&left, in->failed);
	return n + share_rest(look, in, eg, n, left, undetermined);
}

/* Moves drops of clsact from the one side to the other. */
static void move_to_egress(struct closer *look, uint64_t n)
{
	struct sample *out = look->out;
	const struct object *o = owner_of(look);
	const struct counter *rows = qdisc_table.rows;

	object_row(out, o, &rows[QDISC_INGRESS_DROPS])->value -= n;
	object_row(out, o, &rows[QDISC_EGRESS_DROPS])->value += n;
}

static int look_at_sides(struct closer *look)
{
	struct side_sum ingress;
	uint64_t lost = node_lost(look->out, owner_of(look));
	uint64_t undetermined = 0;
	int r;

	r = ask_below(look, RTM_GETTFILTER,
		      TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), on_filter);
	if (r < 0 || strcmp(look->kind, "clsact"))
		return r;
	ingress = look->side;
	look->side = (struct side_sum) {.filters = 0};
	r = ask_below(look, RTM_GETTFILTER,
		      TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), on_filter);
	if (r < 0)
		return r;
	move_to_egress(look, share_egress(look, lost, &ingress, &look->side,
					  &undetermined));
	if (undetermined)
		append_asked(look, undetermined);
	return 0;
}

/* The tree of an interface; parts of another qdisc change nothing of it. */
static int know_tree(struct closer *look, const struct object *o)
{
	if (look->tree_of == qdisc_ifindex(o))
		return 0;
	qdisc_tree_free(&look->tree);
	look->tree_of = qdisc_ifindex(o);
	return qdisc_tree_make(&look->tree, look->out, o);
}

/*
 * Whether a qdisc has lost what only its parts can tell the reason of. Returns
 * 1, 0 or -ENOMEM.
 */
static int needs_look(struct closer *look, const struct object *o)
{
	const struct sample *s = look->out;
	const struct row *drops = node_drops(s, o);
	int r;

	if (!drops || !drops->value || node_of(s, o) != NODE_QDISC ||
	    !node_lost(s, o))
		return 0;
	if (drops->counter->tag == TAG_INGRESS_DROPS)
		return 1;
	if (!qdisc_is_classful(object_label(s, o)))
		return 0;
	r = know_tree(look, o);
	return r < 0 ? r : node_own(&look->tree, o) > 0;
}

static int look_at(struct closer *look)
{
	const struct sample *s = look->out;
	const struct object *o = owner_of(look), *p = object_before(s, o);

	snprintf(look->place, sizeof(look->place), "%s", object_place(s, o));
	snprintf(look->kind, sizeof(look->kind), "%s", object_label(s, o));
	look->ifindex = qdisc_ifindex(o);
	look->handle = object_value(s, o, &qdisc_fact_handle, 0);
	look->is_known = p && p->identity == o->identity;
	look->parts = look->classes = 0;
	look->has_default = false;
	look->side = (struct side_sum) {.filters = 0};
	return qdisc_is_classful(look->kind) ? look_at_tree(look)
					     : look_at_sides(look);
}

static void carry_part(struct sample *out, const struct object *part)
{
	const struct sample *then = out->then;

	sample_object(out, LAYER_QDISC, object_place(then, part),
		      object_name(then, part), part->identity);
	sample_label(out, object_label(then, part));
	sample_chain(out, FAMILY_NONE, object_table(then, part),
		     object_chain(then, part));
	EACH_ROW (then, part, row)
		sample_row(out, row->counter, row->value);
}

static bool is_part(const struct sample *s, const struct object *o)
{
	const struct row *drops = node_drops(s, o);

	return drops && drops->counter->kind == KIND_DETAIL;
}

/* Takes over what was known of the parts of a qdisc that lost nothing. */
static void carry_parts(struct closer *look, const struct object *before)
{
	const struct sample *then = look->out->then;
	bool found = false;

	for (uint32_t i = look->carried; i < then->n_objects; i++) {
		const struct object *part = &then->objects[i];

		if (part->layer != LAYER_QDISC)
			return;
		if (is_part(then, part) && node_is_near(then, before, part) &&
		    node_is_below(then, part, before)) {
			carry_part(look->out, part);
			look->carried = i + 1;
			found = true;
		} else if (found) {
			return;
		}
	}
}

/* Whether parts of it may be known that were not asked for this time. */
static bool may_have_parts(const struct sample *s, const struct object *o)
{
	const struct row *drops = node_drops(s, o);

	if (!drops || !object_before(s, o) || node_of(s, o) != NODE_QDISC)
		return false;
	return drops->counter->tag == TAG_INGRESS_DROPS ||
	       (drops->value && qdisc_is_classful(object_label(s, o)));
}

int qdisc_look_closer(struct probe_env *env, struct sample *out, uint32_t first)
{
	/* parts are behind all qdiscs, the last of which was found there */
	struct closer look = {.env = env, .out = out, .carried = out->hint};
	uint32_t last = out->n_objects;
	int r = out->error;

	for (uint32_t i = first; r == 0 && i < last; i++) {
		const struct object *o = &out->objects[i];

		look.owner = i;
		r = needs_look(&look, o);
		if (r > 0)
			r = look_at(&look);
		else if (r == 0 && may_have_parts(out, o))
			carry_parts(&look, object_before(out, o));
	}
	qdisc_tree_free(&look.tree);
	return r;
}
