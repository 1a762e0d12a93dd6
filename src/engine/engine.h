/* SPDX-License-Identifier: MIT */
/*
 * The engine: looks into every namespace, then reports what it found. Looking
 * belongs on a thread of the engine's own, because it enters namespaces;
 * reporting is arithmetic and may run on any thread, never beside a look.
 *
 *   engine_read()                          engine_report()
 *   find namespaces                        compare with the sample before
 *   for each: enter, probe into a sample   tally losses, judge them
 *   return                                 send values, then notifications
 *
 * Who sends nothing (pktloss(8)) takes the steps of a report one by one:
 * engine_compare(), engine_namespace() for each, engine_next().
 */
#ifndef PKTLOSS_ENGINE_ENGINE_H
#define PKTLOSS_ENGINE_ENGINE_H

#include "diagnosis/cause.h"
#include "model/loss.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "model/settings.h"
#include "model/sample.h"

/* One value for collectd. The strings live until the call returns. */
struct series {
	const char *place;    /* plugin instance */
	const char *type;     /* of collectd's types.db */
	const char *instance; /* type instance */
	bool is_gauge;
	bool is_past;	  /* comes before the values of this report */
	bool is_second;	  /* and another of this series before it */
	uint64_t counter; /* is_gauge false: a DERIVE */
	double gauge;
	uint64_t time_ns; /* CLOCK_REALTIME */
};

/* One notification. The strings live until the call returns. */
struct notification {
	enum severity severity;
	const char *place, *type, *instance; /* as in struct series */
	const char *message;		     /* at most 255 bytes, ASCII */
	const char *namespace, *interface, *layer;
	const char *counter, *cause, *remedy;
	double percent, warning, failure; /* NAN: none */
	uint64_t time_ns;
};

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO
};

/* Where a report goes. */
struct sink {
	void *arg;
	void (*value)(void *arg, const struct series *series);
	/* past values are all sent: newer ones must not overtake them */
	void (*settle)(void *arg);
	void (*notify)(void *arg, const struct notification *notice);
	void (*log)(void *arg, enum log_level level, const char *text);
};

struct engine;

/* settings must outlive the engine. Returns 0 or -ENOMEM. */
int MUST_CHECK engine_new(struct engine **ret, const struct settings *s);
void engine_free(struct engine *e);

/*
 * Reads every namespace once; those for which budget_ns (0: no limit) was too
 * short are read first by the next call. Collectd's own is read every time,
 * and at least one other. Always called by the same thread, which is in
 * collectd's own namespace at the first call and after each.
 *
 * Returns 0 when at least one namespace could be read; -ENOTRECOVERABLE when
 * the thread is lost in another namespace and must end; or the negative errno
 * of why nothing could be read at all.
 */
int MUST_CHECK engine_read(struct engine *e, uint64_t budget_ns);

/* Asks a running engine_read() to return early. Any thread. */
void engine_stop(struct engine *e);

/* A namespace that was read by the newest look; lives until the next one. */
struct namespace_view {
	const char *name; /* clean, "" for the engine's own */
	const struct sample *sample;
	const struct losses *losses;
	double seconds; /* since the look before, NAN: since boot */
};

/*
 * Lets the newest look be compared with zeroes instead of the look before:
 * its counters since they began to count. Returns 0, -ENOMEM or -E2BIG.
 */
int MUST_CHECK engine_since_boot(struct engine *e);

/*
 * Compares the newest look with the one before and puts losses where they
 * belong. Returns 0, or -ENOMEM with some losses left out.
 */
int MUST_CHECK engine_compare(struct engine *e);

/*
 * Writes the next namespace that was read by this look and the one before
 * into *ret. *at is 0 at first. Returns false when there are no more.
 */
bool engine_namespace(const struct engine *e, size_t *at,
		      struct namespace_view *ret);

/*
 * Makes the newest look the one before, and forgets namespaces that ended.
 * Views are gone then.
 */
void engine_next(struct engine *e);

/* Tells sink->log, once for each reason, what cannot be looked at. */
void engine_log_blindness(struct engine *e, const struct sink *sink);

/*
 * Reads StateFile at first; later writes it where a report has changed alarms.
 * Called before the first look and after a report that left some unsaved, by
 * who looks: not by who reports, because a disk may be slow.
 */
void engine_keep_alarms(struct engine *e);
bool engine_has_unsaved(const struct engine *e);

/*
 * Reports what the looks since the last report found. Returns 0 or -ENOMEM,
 * with as much reported as possible.
 */
int MUST_CHECK engine_report(struct engine *e, const struct sink *sink);

#endif
