/* SPDX-License-Identifier: MIT */
/*
 * From counters to ratios: how many packets a layer lost in one direction at
 * one place, of how many. Pure arithmetic on a compared sample.
 */
#ifndef PKTLOSS_MODEL_LOSS_H
#define PKTLOSS_MODEL_LOSS_H

#include "model/sample_index.h"
#include "model/alarm.h"

/*
 * What rules drop on purpose and what else is lost at one place have limits of
 * their own, and neither is evidence of the other: each is judged for itself.
 * They are one alarm for whom it is told to, which is that of the worse.
 */
struct loss_part {
	struct alarm alarm;
	const struct limits *limits; /* NULL before the first choice */
	uint8_t limits_kind; /* enum limits_kind that they were chosen for */
};

enum told_part {
	TOLD_UNKNOWN, /* by a collectd before the restart */
	TOLD_POLICY,
	TOLD_OTHERS,
};

/*
 * The loss of one layer, place and direction. loss_tally() fills it in anew
 * for each interval; alarm, limits and what was sent stay from read to read.
 * There are dozens in each of a thousand namespaces: small members stand side
 * by side.
 */
struct loss {
	char place[16];	   /* interface, or "" */
	uint8_t layer;	   /* enum layer */
	uint8_t direction; /* enum direction */
	bool known;	   /* lost is: its counters were read twice */
	bool was_known;	   /* in the interval before */
	bool measured;	   /* a counter of traffic to measure it by was read */
	bool at_least;	   /* units differ: the ratio is a lower bound */
	bool blind;	   /* no ratio: such a counter has just begun */
	bool awake;	   /* has lost something before: its ratio is sent */
	bool sent;	   /* collectd has the ratio's series */
	bool sum_sent;	   /* and that of sum */
	bool symptom;	   /* counts packets sent again, not lost here */
	bool aqm;	   /* most was dropped by active queue management */
	bool gone;     /* the newest sample has no counter of losses of it */
	bool idle;     /* nor one of traffic: it may be forgotten */
	bool echo;     /* the other end of the wire lost these, and alarms */
	bool far_read; /* so echoed is all that the far end saw refused */
	/* families whose discarded ones are another namespace's: 1 << v6 */
	uint8_t placed;
	bool host_wide; /* lost in any namespace: no traffic here is its base */
	bool martian_dst; /* martians are for their destination */
	bool has_role;	  /* it was found out whether the interface is real */
	bool real;	  /* with has_role: neither virtual nor the loopback */
	bool nobodys; /* nobody missed these, but what was judged before was */
	bool beside_is_policy; /* all of beside is part of policy */
	bool bridged;	       /* measured by frames of bridges, too */
	bool by_number;	       /* judged without a ratio, see report_alarms.c */
	uint8_t told_part;     /* enum told_part, of a raised alarm */
	uint8_t limits_kind; /* enum limits_kind that limits were chosen for */
	struct alarm alarm;
	const struct limits *limits; /* NULL before the first choice */
	struct loss_part *other; /* judged besides, or NULL: there is none */
	uint64_t lost;		 /* packets in the interval */
	uint64_t passed;	 /* packets, without the lost ones */
	uint64_t came;		 /* packets, with the lost ones */
	uint64_t inside;	 /* part of lost that passed counts, too */
	uint64_t uncounted;	 /* part of lost that no counter tells of */
	/* another such part: of rules at devices, or of a bridge, that drop
	   what IP does not miss */
	uint64_t beside;
	/* part of both uncounted and policy; of LAYER_UNEXPLAINED: most likely
	   nobody missed these, and nobody is suspected of them */
	uint64_t meant;
	uint64_t shared;     /* part of lost by chains that others share */
	uint64_t policy;     /* part of lost that rules matched on purpose */
	uint64_t martians;   /* part of lost that only the host counts */
	uint64_t unresolved; /* part of lost whose next hop does not resolve */
	uint64_t refused; /* part of lost refused with ICMP, nobody knows why */
	uint64_t unread;  /* part of lost that a full raw socket hides */
	uint64_t elsewhere; /* not in lost: another layer lost these */
	uint64_t echoed;    /* counted once more by devices above, or sending */
	uint64_t ahead; /* told while the far end of the wire was not read */
	uint32_t spent; /* of its members: rows before that have no more */
	char by[16];	/* interface of another namespace to blame, or "" */
	uint64_t sum;	/* packets lost since the first read, each once */
	/* of the report, what it told of a raised alarm: one block, or NULL */
	struct cause_words *words;
	double percent; /* lost in the interval before, NAN: unknown */
	double earlier; /* lost in the interval two before, NAN: unknown */
};

/* Percent that rules may drop on purpose. */
#define POLICY_PERCENT 10

/* Percent that a qdisc which drops to slow senders down may drop. */
#define AQM_PERCENT 5

/* Percent of a table in use from which on it is short of room. */
#define TIGHT_PERCENT 85

/* Frees what a loss holds. */
void loss_end(struct loss *loss);

/*
 * Has packets of policy judged for themselves from now on. Without memory they
 * are not.
 */
void loss_split(struct loss *loss);
/* Turns to the other part of a loss that was split. */
void loss_turn(struct loss *loss);

/* Whether an interval without a loss would leave its alarms as they are. */
static inline bool loss_is_at_rest(const struct loss *loss)
{
	return alarm_is_at_rest(&loss->alarm) &&
	       (!loss->other || alarm_is_at_rest(&loss->other->alarm));
}

struct losses {
	struct loss *items;
	size_t n, max;
	size_t turn[N_DUE];	    /* of items, whose alarm is told first */
	const struct hash_key *key; /* of the index, NULL: no secret */
	struct loss_index *index;   /* made when needed */
	uint64_t refused; /* packets refused with ICMP, no counter tells why */
	/* that the kernel said it dropped before IP could miss them */
	uint64_t drops_left;
	/* that it said rules dropped, and nobody else knew of; and what rules
	   have counted beyond all that it said */
	uint64_t rules_left, rules_ahead;
	uint64_t frames;  /* received by all interfaces but lo, */
	uint64_t bridged; /* and those of them that IP did not receive */
	/* that any namespace lost to a full table of neighbours of the host */
	uint64_t table_fulls;
};

/* Frees all but the key. */
void losses_free(struct losses *l);

/* Forgets what is idle and has no alarm that holds it. */
void losses_forget(struct losses *l);

/*
 * The entry of a layer, place ("" for none) and direction; loss_get() makes
 * one where there is none. Returns NULL: there is none, or no memory.
 */
struct loss *loss_find(const struct losses *l, enum layer layer,
		       const char *place, enum direction direction);
struct loss *loss_get(struct losses *l, enum layer layer, const char *place,
		      enum direction direction);

/*
 * The same, for who walks a sample: *cursor, 0 at first, is near the one asked
 * for before, and follows.
 */
struct loss *loss_get_near(struct losses *l, size_t *cursor, const char *place,
			   enum layer layer, enum direction direction);

/*
 * Moves up to n of the packets of a loss to the layer that really lost them.
 * Returns how many.
 */
uint64_t loss_take(struct loss *loss, uint64_t n);

/* Nobody lost up to n packets of a loss. Returns how many these are. */
uint64_t loss_deny(struct loss *loss, uint64_t n);

/*
 * Gives up to n packets of what nothing explains in a direction to a layer that
 * is suspected of them: they are its uncounted ones. to is the direction in
 * which it loses them. Returns how many these are; 0, too, without memory.
 */
uint64_t loss_suspect(struct losses *l, enum direction direction,
		      enum layer layer, enum direction to, uint64_t n);

/* Adds n packets to a loss that no row of its namespace counts. */
void loss_add(struct loss *loss, uint64_t n);

/*
 * Packets that firewall rules dropped and a counter tells of, or conntrack,
 * which refuses for them.
 */
uint64_t losses_by_rules(const struct losses *l);

/* Packets that the ratio is of: lost and passed ones. */
uint64_t loss_total(const struct loss *loss);

/*
 * Percent lost in the interval, 0 to 100, or NAN: nothing is known, or there
 * was no traffic.
 */
double loss_percent(const struct loss *loss);
/* The same for n packets of the lost ones. */
double loss_percent_of(const struct loss *loss, uint64_t n);

#endif
