/* SPDX-License-Identifier: MIT */
#include "model/tally.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/ip_gaps.h"

/* The sums of one sample while they are made. */
struct tally {
	struct losses *losses;
	const struct sample *sample;
	size_t cursor;
	/* 1 + index of each loss of the place that is walked, 0: not known */
	uint32_t at[N_LAYERS][N_DIRECTIONS];
	const char *place;
	struct ip_gaps gaps;
	uint64_t received, sent; /* frames, by all interfaces but lo, */
	uint64_t received_by_ip; /* and what of those received IP took */
	uint64_t at_device[N_DIRECTIONS]; /* dropped between these and IP */
	uint32_t n_interfaces;		  /* of which that is known */
	bool has_fresh;		    /* of a chain some are, see TAG_FRESH */
	bool bridged[N_DIRECTIONS]; /* a bridge's firewall can drop */
	struct {
		uint64_t lost;	/* packets that fresh counters tell */
		uint64_t came;	/* of these, what stands for all that came */
	} beside[N_DIRECTIONS]; /* of chains that IP knows nothing of */
};

/* What is in a row, too: parts say why, of the others nothing is lost. */
static uint64_t held_in_row(const struct sample *s, const struct object *o,
			    const struct row *row, bool are_parts)
{
	uint64_t sum = 0;

	if (!o->parts_moved)
		return 0;
	EACH_ROW (s, o, part)
		if (part->counter->in && row_moved(part) &&
		    (part->counter->kind == KIND_PART) == are_parts &&
		    !strcmp(part->counter->in, row->counter->name))
			sum += part->delta;
	return sum;
}

static uint64_t parts_of_row(const struct sample *s, const struct object *o,
			     const struct row *row)
{
	return held_in_row(s, o, row, true);
}

uint64_t tally_of_row(const struct sample *s, const struct object *o,
		      const struct row *row)
{
	uint64_t parts, excused, lost;

	if (!o->parts_moved) /* most */
		return row->delta;
	parts = parts_of_row(s, o, row);
	excused = held_in_row(s, o, row, false);
	lost = row->delta > excused ? row->delta - excused : 0;
	return lost > parts ? lost : parts;
}

uint64_t tally_of_whole(const struct sample *s, const struct object *o,
			const struct row *row)
{
	return held_in_row(s, o, row, false) ? tally_of_row(s, o, row)
					     : row->delta;
}

static void add_passed(struct loss *loss, const struct row *row,
		       enum relation relation, bool since67)
{
	loss->measured = true;
	if (row->counter->kind == KIND_LEVEL)
		loss->came += row->value;
	else if (!(row->flags & ROW_COMPARED))
		loss->blind = true;
	else if (relation == RELATION_INSIDE ||
		 (relation == RELATION_SINCE67 && since67))
		loss->came += row->delta;
	else
		loss->passed += row->delta;
}

/* The loss of the object's place: most rows of it ask for the same two. */
static struct loss *loss_at(struct tally *t, const struct object *o,
			    uint8_t layer, uint8_t direction)
{
	uint32_t *at = &t->at[layer][direction];
	struct loss *loss;

	if (*at)
		return &t->losses->items[*at - 1];
	loss = loss_get_near(t->losses, &t->cursor, object_place(t->sample, o),
			     layer, direction);
	if (loss)
		*at = loss - t->losses->items + 1;
	return loss;
}

static int tally_passed(struct tally *t, const struct object *o,
			const struct row *row)
{
	for (int i = 0; i < MAX_DENOMINATORS; i++) {
		const struct denominator *of = &row->counter->of[i];
		struct loss *loss;

		if (of->relation == RELATION_NONE)
			break;
		loss = loss_at(t, o, of->layer, of->direction);
		if (!loss)
			return -ENOMEM;
		add_passed(loss, row, of->relation, t->gaps.since67);
		loss->blind |= o->late;
	}
	return 0;
}

/* Packets of a chain that are only true if its counters began at 0. */
static uint64_t fresh_of(struct tally *t, const struct object *o, uint64_t lost)
{
	const struct row *fresh = object_tagged(t->sample, o, TAG_FRESH);

	if (!fresh || o->late) /* which no balance of one interval knows */
		return 0;
	t->has_fresh = true;
	return fresh->value < lost ? fresh->value : lost;
}

/* What a firewall's loss of a family is measured against, beside IP. */
static void tally_family(struct tally *t, struct loss *loss,
			 const struct object *o, uint64_t lost)
{
	uint64_t fresh = fresh_of(t, o, lost);

	switch (o->family) {
	case FAMILY_BRIDGE:
		t->bridged[loss->direction] = true;
		break;
	case FAMILY_NETDEV:
	case FAMILY_INGRESS:
	case FAMILY_ARP:
		t->at_device[loss->direction] += lost;
		/* on input IP never saw them, on output it has sent them */
		if (loss->direction != DIR_RX)
			break;
		loss->came += lost;
		t->beside[DIR_RX].came += fresh;
		break;
	default:
		t->gaps.counted[loss->direction] += lost;
		t->gaps.fresh[loss->direction] += fresh;
		return;
	}
	t->beside[loss->direction].lost += fresh;
}

/*
 * Of a chain that packets of several directions come to: whose they were is
 * decided in the end, see ip_shares.h.
 */
static int tally_shared(struct tally *t, const struct object *o,
			const struct row *row)
{
	for (int i = 0; i < N_DIRECTIONS; i++) {
		struct loss *loss;

		if (!(o->reached & 1u << i))
			continue;
		loss = loss_at(t, o, o->layer, i);
		if (!loss)
			return -ENOMEM;
		loss->gone = false;
		loss->known |= row->flags & ROW_COMPARED;
		loss->blind |= o->late && row->flags & ROW_COMPARED;
	}
	t->gaps.shares.lost[o->reached % N_DIRECTION_SETS] += row->delta;
	t->gaps.shares.fresh[o->reached % N_DIRECTION_SETS] +=
		fresh_of(t, o, row->delta);
	return 0;
}

static int tally_lost(struct tally *t, const struct object *o,
		      const struct row *row)
{
	struct loss *loss;
	uint64_t lost;

	if (object_is_shared(o))
		return tally_shared(t, o, row);
	loss = loss_at(t, o, o->layer, row_direction(o, row));
	if (!loss)
		return -ENOMEM;
	loss->gone = false;
	loss->symptom = row->counter->kind == KIND_RESENT;
	if (!(row->flags & ROW_COMPARED)) {
		loss->has_role = false; /* it may be another one */
		return 0;
	}
	loss->known = true;
	loss->blind |= o->late;
	if (o->layer == LAYER_LINK && !loss->has_role) {
		loss->real = o->main; /* others have to look for it */
		loss->has_role = true;
	}
	lost = tally_of_row(t->sample, o, row);
	loss->lost += lost;
	loss->inside += row->counter->inside ? lost : 0;
	if (o->layer == LAYER_NETFILTER)
		tally_family(t, loss, o, lost);
	else if (o->layer == LAYER_UDP && loss->direction == DIR_RX)
		t->gaps.udp_other += lost - parts_of_row(t->sample, o, row);
	else if (o->layer == LAYER_NEIGH)
		loss->host_wide |= lost > 0;
	loss->awake |= loss->lost > 0;
	return 0;
}

/* A level is known at once, and wakes its ratio when half full. */
static int tally_fill(struct tally *t, const struct object *o,
		      const struct row *row)
{
	struct loss *loss;

	loss = loss_at(t, o, o->layer, row->counter->direction);
	if (!loss)
		return -ENOMEM;
	loss->gone = false;
	loss->known = !o->stale;
	loss->lost = row->value;
	return 0;
}

static void tally_frames(struct tally *t, const struct object *o,
			 const struct row *row)
{
	bool is_rx = row->counter->direction == DIR_RX;

	if (row->counter->of[0].relation == RELATION_NONE ||
	    !(row->flags & ROW_COMPARED))
		return;
	if (strcmp(object_place(t->sample, o), "lo"))
		*(is_rx ? &t->received : &t->sent) += row->delta;
	t->n_interfaces += is_rx;
}

static void begin_place(struct tally *t, const char *place)
{
	if (t->place == place) /* objects of one place share its text */
		return;
	t->place = place;
	memset(t->at, 0, sizeof(t->at));
}

/*
 * What the balance of IP needs besides the losses and the gaps. What explains
 * it is of one interval: so it has none of a longer one.
 */
static void tally_ip(struct tally *t, const struct object *o,
		     const struct row *row)
{
	if (o->late)
		return;
	if (row->counter->tag == TAG_IN_RECEIVES)
		t->received_by_ip += row->delta;
	if (row->counter->tag == TAG_FORW_DATAGRAMS)
		t->gaps.forwarded += row->delta;
	else if (row->counter->tag == TAG_OUT_DISCARDS)
		t->gaps.refused_below += row->delta;
}

static int tally_row(struct tally *t, const struct object *o,
		     const struct row *row)
{
	add_times(&t->gaps.refused, row->counter->refused, row->delta);
	switch (row->counter->kind) {
	case KIND_LOST:
	case KIND_RESENT:
		return tally_lost(t, o, row);
	case KIND_GAP:
		if (o->late)
			return 0;
		t->gaps.missed[row->counter->direction] += row->delta;
		t->gaps.is_known |= row->flags & ROW_COMPARED;
		return 0;
	case KIND_FILL:
		return tally_fill(t, o, row);
	case KIND_PASSED:
		if (o->layer == LAYER_LINK)
			tally_frames(t, o, row);
		tally_ip(t, o, row);
		return tally_passed(t, o, row);
	case KIND_ECHO:
		tally_ip(t, o, row);
		return 0;
	case KIND_LEVEL:
		return tally_passed(t, o, row);
	default:
		return 0;
	}
}

/* What a rule drops that drops all it matches, of its chain's packets. */
static int tally_policy(struct tally *t, const struct object *o)
{
	EACH_ROW (t->sample, o, row) {
		struct loss *loss;

		if ((row->counter->kind != KIND_PART &&
		     row->counter->kind != KIND_DETAIL) ||
		    !row_moved(row))
			continue;
		if (o->reached) {
			t->gaps.shares.policy[o->reached % N_DIRECTION_SETS] +=
				row->delta;
			continue;
		}
		loss = loss_at(t, o, o->layer, row->counter->direction);
		if (!loss)
			return -ENOMEM;
		loss->policy += row->delta;
	}
	return 0;
}

static int tally_object(struct tally *t, const struct object *o)
{
	begin_place(t, object_place(t->sample, o));
	EACH_ROW (t->sample, o, row) {
		int r = tally_row(t, o, row);

		if (r < 0)
			return r;
	}
	if (o->layer == LAYER_NETFILTER &&
	    object_tagged(t->sample, o, TAG_RULE_IS_POLICY))
		return tally_policy(t, o);
	return 0;
}

/* A chain that is not comparable has lost nothing that is known. */
static void bound_policy(struct losses *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].policy > l->items[i].lost)
			l->items[i].policy = l->items[i].lost;
}

/*
 * Whoever loads rules may have their counters begin above 0. No balance tells
 * what those dropped that are not of IP: so they are believed, unless they are
 * more than all that came.
 */
static void bound_fresh(struct tally *t)
{
	for (int i = 0; i < N_DIRECTIONS; i++) {
		uint64_t lost = t->beside[i].lost, all = t->received;
		struct loss *loss;

		if (!lost)
			continue;
		loss = loss_find(t->losses, LAYER_NETFILTER, "", i);
		if (i == DIR_TX)
			all = loss->passed + loss->came;
		if (lost <= all)
			continue;
		loss->lost -= lost;
		loss->came -= t->beside[i].came;
		t->at_device[i] = less_by(t->at_device[i], lost);
	}
}

/* Rules are read later than what came, and so have counted some more. */
#define MAX_SKEW 1000

/*
 * A counter may be set while it counts, as by "iptables-restore -c", and
 * nothing tells of that. But no packet is dropped twice, and one that is to be
 * forwarded once for each interface at most. What rules tell beyond all that
 * came is believed as far as IP misses it, as that of fresh counters is.
 */
static void doubt_counted(struct tally *t)
{
	const uint64_t came = t->received + t->received_by_ip;
	const uint64_t times[N_DIRECTIONS] = {
		[DIR_RX] = 2,
		[DIR_FWD] = t->n_interfaces + 2,
	};

	for (int i = 0; i < N_DIRECTIONS && t->n_interfaces; i++) {
		if (!times[i] ||
		    t->gaps.counted[i] <= came * times[i] + MAX_SKEW ||
		    loss_find(t->losses, LAYER_NETFILTER, "", i)->blind)
			continue;
		t->gaps.fresh[i] = t->gaps.counted[i];
		t->has_fresh = true;
	}
}

static void measure_by_bridge(const struct losses *l, struct loss *loss)
{
	loss->came += l->bridged;
	loss->measured = loss->bridged = true;
}

/*
 * Frames that a bridge could forward are not in the counters of IP, whether
 * its own firewall drops them or that of IP (br_netfilter): they are measured
 * against all that the interfaces received, and IP did not.
 */
static int measure_bridged(struct tally *t)
{
	for (int i = 0; i < N_DIRECTIONS; i++) {
		struct loss *loss;

		if (!t->bridged[i] && !(i == DIR_FWD && t->gaps.bridged))
			continue;
		loss = loss_get_near(t->losses, &t->cursor, "", LAYER_NETFILTER,
				     i);
		if (!loss)
			return -ENOMEM;
		measure_by_bridge(t->losses, loss);
	}
	return 0;
}

/* at_device: what of a loss is of rules at devices */
static void measure_at_device(struct loss *loss, uint64_t at_device,
			      uint64_t frames)
{
	if (at_device * 2 >= loss->lost && frames > loss_total(loss) * 2)
		loss->came = frames - loss->passed;
}

/*
 * Most of what a bridge, or a device with others on top of it, receives and
 * sends may be nothing that IP of this namespace knows. Where rules at devices
 * lost more than those of IP, they are measured against that.
 */
static void measure_at_devices(struct tally *t)
{
	const uint64_t frames[N_DIRECTIONS] = {
		[DIR_RX] = t->received,
		[DIR_TX] = t->sent + t->at_device[DIR_TX],
	};

	for (int i = 0; i < N_DIRECTIONS; i++) {
		if (!t->at_device[i])
			continue;
		measure_at_device(loss_find(t->losses, LAYER_NETFILTER, "", i),
				  t->at_device[i], frames[i]);
	}
}

void tally_beside_ip(const struct losses *l, struct loss *loss, uint64_t n,
		     bool by_bridge)
{
	loss->beside += n;
	loss_add(loss, n);
	if (!by_bridge) {
		loss->came += n;
		measure_at_device(loss, n, l->frames);
	} else if (!loss->bridged) {
		measure_by_bridge(l, loss);
	}
}

/*
 * A qdisc drops whole skbs and counts what it sends in segments. A virtual
 * device counts skbs, those it lost itself included here, so that is what the
 * qdisc has passed; drivers differ. Less by a few is but the time in between.
 */
#define SAME_UNIT_PERCENT 95

static void measure_sent(struct tally *t, struct loss *loss)
{
	const struct loss *sent;
	const struct object *link;
	uint32_t hint = 0;

	link = sample_find(t->sample, LAYER_LINK, loss->place, "", &hint);
	if (!link)
		return;
	loss->at_least = link->main;
	sent = loss_find(t->losses, LAYER_LINK, loss->place, DIR_TX);
	if (!link->main && sent && !isnan(loss_percent(sent)) &&
	    loss_total(sent) * 100 < loss->passed * SAME_UNIT_PERCENT)
		loss->passed = loss_total(sent);
}

/* What qdiscs of active queue management dropped, roots or leaves. */
static uint64_t dropped_by_aqm(const struct sample *s, const char *place)
{
	uint64_t sum = 0;

	EACH_OBJECT_AT (s, LAYER_QDISC, place, o) {
		if (!o->aqm)
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->tag == TAG_QDISC_DROPS)
				sum += row->delta;
	}
	return sum;
}

static void measure_qdiscs(struct tally *t)
{
	for (size_t i = 0; i < t->losses->n; i++) {
		struct loss *loss = &t->losses->items[i];

		if (loss->layer != LAYER_QDISC || loss->direction != DIR_TX ||
		    !loss->lost)
			continue;
		measure_sent(t, loss);
		loss->aqm = dropped_by_aqm(t->sample, loss->place) * 2 >=
			    loss->lost;
	}
}

static void reset(struct losses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];

		loss->lost = loss->passed = loss->came = loss->uncounted = 0;
		loss->meant = loss->beside = 0;
		loss->inside = loss->elsewhere = loss->shared = 0;
		loss->echoed = 0;
		loss->spent = 0;
		loss->martians = loss->unresolved = loss->policy = 0;
		loss->refused = loss->unread = 0;
		loss->martian_dst = loss->beside_is_policy = false;
		loss->known = loss->blind = loss->measured = false;
		loss->at_least = loss->far_read = loss->bridged = false;
		loss->echo = loss->host_wide = false;
		loss->placed = 0;
		loss->gone = loss->idle = true;
		loss->by[0] = '\0';
	}
}

static void wake_filling(struct losses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];

		if (loss->direction == DIR_FILL && loss->came)
			loss->awake |= loss->lost * 2 >= loss->came;
	}
}

/* Packets that IP may not miss though nobody got them. */
static uint64_t count_for_groups(const struct sample *s)
{
	return sample_moved(s, LAYER_LINK, NULL, TAG_LINK_MULTICAST) +
	       sample_growth(s, LAYER_IP, TAG_IN_MCAST_PKTS, false) +
	       sample_growth(s, LAYER_IP, TAG_IN_MCAST_PKTS, true);
}

int tally_losses(struct losses *l, const struct sample *s)
{
	struct tally t = {.losses = l, .sample = s};
	int r = 0;

	/* what IP hands to the interface, of IPv4 or 6 */
	t.gaps.since67 = sample_has(s, LAYER_IP, TAG_OUT_TRANSMITS);
	reset(l);
	for (uint32_t i = 0; r == 0 && i < s->n_objects; i++)
		r = tally_object(&t, &s->objects[i]);
	if (s->unread & 1u << LAYER_NETFILTER) /* who dropped is not known */
		t.gaps.is_known = false;
	doubt_counted(&t);
	if (t.has_fresh)
		t.gaps.groups = count_for_groups(s);
	if (r == 0)
		r = ip_gaps_tally(&t.gaps, l);
	bound_fresh(&t);
	l->frames = t.received;
	l->bridged = less_by(t.received, t.received_by_ip);
	if (r == 0)
		r = measure_bridged(&t);
	measure_at_devices(&t);
	measure_qdiscs(&t);
	bound_policy(l);
	wake_filling(l);
	return r;
}
