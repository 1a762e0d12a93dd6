/* SPDX-License-Identifier: MIT */
/*
 * A sample: all that one read of one network namespace brought. Its objects
 * are what counts there (interfaces, qdiscs, firewall rules, the namespace
 * itself), each with a row per counter. Everything after a read is arithmetic
 * on two samples of one namespace.
 */
#ifndef PKTLOSS_MODEL_SAMPLE_H
#define PKTLOSS_MODEL_SAMPLE_H

#include "base/hash.h"
#include "model/counter.h"

/* One value. delta and the flags are filled in by sample_compare(). */
struct row {
	const struct counter *counter;
	uint64_t value; /* unit of the counter: packets unless its name says */
	uint64_t delta : 62; /* since the previous read, with ROW_COMPARED */
	uint64_t flags : 2;  /* here for size: most memory is rows */
};

#define MAX_DELTA ((UINT64_C(1) << 62) - 1) /* more is told as this */

#define ROW_COMPARED 1 /* delta is known: the same thing was there before */
#define ROW_SENT 2     /* collectd has this series */

/* What packets a firewall's table sees. */
enum family {
	FAMILY_NONE, /* it is no part of a firewall */
	FAMILY_IP,
	FAMILY_IP6,
	FAMILY_INET,
	FAMILY_ARP,
	FAMILY_BRIDGE,
	FAMILY_NETDEV,
	FAMILY_INGRESS, /* of a table of inet, but in front of IP */
	N_FAMILIES,
};

/*
 * A thing that counts. place is the interface ("" for the namespace itself),
 * name tells objects of one place and layer apart ("netem_root"), identity
 * tells that it is still the same thing under that name.
 */
struct object {
	uint64_t identity;
	uint32_t place; /* offsets into the sample's text */
	uint32_t name;
	uint32_t label; /* free text for a cause: kind, rule comment */
	uint32_t table; /* of a firewall, with chain and family */
	uint32_t chain;
	uint32_t first; /* its rows: rows[first .. first + n - 1] */
	uint32_t n;
	uint32_t before; /* 1 + its index in the sample before, 0: not there */
	uint8_t layer;
	uint8_t family;	 /* enum family, of a firewall's table */
	uint8_t reached; /* set of enum direction, see sample_reached() */
	bool aqm;   /* a qdisc that drops to slow senders down, or shares */
	bool same;  /* was there in the previous sample, with this identity */
	bool main;  /* a real interface: its main counters are always sent */
	bool awake; /* has lost something before: its rows are sent */
	bool stale; /* carried over, because its source could not be read */
	bool late;  /* was stale: its deltas are of more than one interval */
	bool parts_moved; /* a row that is in another moved, see counter.h */
	bool moved;	  /* a row moved that counts no traffic */
	bool sent;	  /* one of its rows has ROW_SENT */
	bool told;	  /* sample_counted() told what one of them counted */
	uint8_t source;	  /* index of its probe */
};

/* All that one read of one namespace brought. Reused read after read. */
struct sample {
	struct row *rows;
	struct object *objects;
	char *text;
	unsigned char *memory; /* of probes, see sample_memory.h */
	uint32_t n_rows, n_objects, n_text;
	uint32_t max_rows, max_objects, max_text; /* allocated */
	size_t n_memory, max_memory;		  /* bytes */
	size_t last_memory; /* where that of the last of them begins */
	uint32_t sources;   /* bit i: probe i was read completely */
	uint32_t parts;	  /* bit i: what is there of probe i lacks something */
	uint32_t unread;  /* bit: enum layer, of which a source was not */
	uint8_t source;	  /* the probe that appends now, for its objects */
	int error;	  /* first failure to append, negative errno, or 0 */
	int missed;	  /* see sample_missed(), or 0 */
	uint64_t time_ns; /* CLOCK_REALTIME of the read, 0: no read yet */
	uint64_t before_ns; /* when the one before was, see sample_compare() */
	uint64_t boot_ns;   /* CLOCK_BOOTTIME of the read, 0: since boot */
	uint64_t mono_ns;   /* CLOCK_MONOTONIC of the read */
	const struct sample *then; /* the one before, or NULL */
	uint32_t hint;	  /* the object of then to compare the next one with */
	uint32_t n_asked; /* how often one was looked for without an index */
	const struct hash_key *key; /* of its index, NULL: no secret */
	struct sample_index *index; /* made when needed, see sample_index.h */
};

struct sample_mark {
	uint32_t rows, objects, text;
	size_t memory, last, remembered; /* of all probes, of the one at work */
	int missed;
};

/* Empties a sample, keeps its memory. */
void sample_reset(struct sample *s);
/*
 * What is appended from now on is looked for in the sample before, too, which
 * is to stay as it is as long as s is used; NULL: there is none.
 */
void sample_follow(struct sample *s, const struct sample *then);
/* Frees what a sample holds, and forgets its key; a zeroed one is fine. */
void sample_free(struct sample *s);

/*
 * Appending. None returns an error: the first failure (-ENOMEM; -E2BIG past
 * the limit of a million rows) stays in s->error and turns the rest into
 * nothing, so that a parser stays readable and the reader checks once.
 */
void sample_object(struct sample *s, enum layer layer, const char *place,
		   const char *name, uint64_t identity);
/* Sets the label of the object appended last. */
void sample_label(struct sample *s, const char *label);
/* Sets the firewall's table and chain of the object appended last. */
void sample_chain(struct sample *s, enum family family, const char *table,
		  const char *chain);
/*
 * Tells that what the object appended last loses may be of any direction in a
 * set of 1 << enum direction, whatever its counters say. A set of one direction
 * tells it for counters that say none.
 */
void sample_reached(struct sample *s, unsigned directions);
/* Appends a row to the object appended last. */
void sample_row(struct sample *s, const struct counter *counter,
		uint64_t value);

/*
 * Tells what the row appended last has counted since the previous read, where
 * its reader knows better than the two values: sample_compare() with the
 * sample that was followed leaves it.
 */
void sample_counted(struct sample *s, uint64_t n);
/*
 * The same of a row that counts from 0 since the previous read, in which its
 * object was not: its first loss is known.
 */
void sample_began(struct sample *s);
/* The same of a row of an object, in a sample that was compared. */
void sample_row_began(struct object *o, struct row *row);

/*
 * Whether what is left of its limits is for other probes: a probe that can
 * leave something out does so.
 */
bool sample_is_full(const struct sample *s);

/*
 * Tells that the probe that appends now leaves something out, and why: negative
 * errno, of which the first is kept. What it appends is kept, too, if it
 * returns 0, but no loss of its layer is over, and nothing that is found there
 * the next time counts from 0.
 */
void sample_missed(struct sample *s, int error);

/*
 * Remember where a sample ends, and take back what the same probe has appended
 * since.
 */
struct sample_mark sample_mark(const struct sample *s);
void sample_rollback(struct sample *s, struct sample_mark mark);

static inline const char *object_place(const struct sample *s,
				       const struct object *o)
{
	return s->text + o->place;
}

static inline const char *object_name(const struct sample *s,
				      const struct object *o)
{
	return s->text + o->name;
}

static inline const char *object_table(const struct sample *s,
				       const struct object *o)
{
	return s->text + o->table;
}

static inline const char *object_chain(const struct sample *s,
				       const struct object *o)
{
	return s->text + o->chain;
}

static inline const char *object_label(const struct sample *s,
				       const struct object *o)
{
	return s->text + o->label;
}

/* The same object in the sample before, or NULL. */
static inline const struct object *object_before(const struct sample *s,
						 const struct object *o)
{
	return o->before ? &s->then->objects[o->before - 1] : NULL;
}

/*
 * Looks an object up in the sample before. Returns it, or NULL: it was not
 * there. Samples keep their order, so most are found behind the last one.
 */
const struct object *sample_before(struct sample *s, enum layer layer,
				   const char *place, const char *name);

/*
 * Appends the objects that a probe left in the previous sample, marked stale,
 * its memory, and whether that is all: a source that could not be read this
 * time goes on where it was the next. Returns whether it had left any.
 */
bool sample_carry(struct sample *s, const struct sample *then, uint8_t source);

/*
 * Makes s what of was when all of its counters were 0: compared with it, of
 * tells totals. Errors as in appending.
 */
void sample_zero(struct sample *s, const struct sample *of);

/*
 * Compares a sample with the one before: fills in delta and ROW_COMPARED
 * where the counter of the same thing went on counting, carries awake and
 * ROW_SENT over, sets awake of what has lost something, and widens 32-bit
 * counters that wrapped to a value that keeps growing. before_ns is the time of
 * then as the clock of now would tell it, but never earlier than it was told.
 */
void sample_compare(struct sample *now, const struct sample *then);

/* Takes that back, so that it can be compared with another sample of before. */
void sample_uncompare(struct sample *s);

#endif
