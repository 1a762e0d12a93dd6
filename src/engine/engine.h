/* SPDX-License-Identifier: MIT */
/*
 * The engine: finds namespaces and reads every one. This belongs on a thread
 * of the engine's own, because it enters namespaces. What it read is arithmetic
 * then and may be used by any thread, never beside a read:
 *
 *   engine_read()              find namespaces, enter each, ask the probes
 *   interval_compare()         compare with the read before, tally losses
 *   ...                        look at what engine_namespaces() has
 *   interval_end()             the newest read is the one before now
 */
#ifndef PKTLOSS_ENGINE_ENGINE_H
#define PKTLOSS_ENGINE_ENGINE_H

#include "engine/blindness.h"
#include "engine/interval.h"
#include "engine/ns.h"
#include "engine/sightings.h"
#include "model/settings.h"

struct engine;
struct recaller;

/* s must outlive the engine. Returns NULL: out of memory. */
struct engine *engine_new(const struct settings *s);
void engine_free(struct engine *e);

/*
 * Reads every namespace once; those for which budget_ns (0: no limit) was too
 * short have their turn in the next call, see turns.h. Collectd's own is read
 * every time, and at least one other. Always called by the same thread, which
 * is in collectd's own namespace at the first call and after each, or, after
 * -ENOTRECOVERABLE, by a new one from then on. What one namespace may take is
 * in the settings; see reader.h and pace.h.
 *
 * Returns 0 when at least one namespace could be read; -ENOTRECOVERABLE when
 * they were, but the thread is lost in another namespace and must end; or the
 * negative errno of why nothing could be read at all.
 */
int MUST_CHECK engine_read(struct engine *e, uint64_t budget_ns);

/*
 * Asks somebody for what was read of each namespace before, once it is entered
 * for the first time (engine/reader.h). Before the first engine_read(); it must
 * outlive these.
 */
void engine_set_recaller(struct engine *e, const struct recaller *recaller);

/* All namespaces that the newest read came by, whether they are read or not. */
const struct sightings *engine_sightings(const struct engine *e);

/* Asks a running engine_read() to return early. Any thread. */
void engine_stop(struct engine *e);

/*
 * Has the kernel count why it drops packets from now on, until the engine is
 * freed or its process ends; at the first call, if the settings do not forbid
 * it. By the thread that reads. Returns 0, or why it does not, negative errno:
 * -ECANCELED where it might end the process, see kernel/capability.h, and
 * nobody insists; or those of kernel/drop_source.h. With DropReasons true the
 * reads say so, too.
 * What may pass, as a lack of memory, each read tries anew.
 */
int engine_watch_drops(struct engine *e);

/* Why it does not, in words, for such an error. */
const char *engine_drops_complaint(int error);

/* All that are read, and what could not be; as long as the engine lives. */
struct ns_list *engine_namespaces(struct engine *e);
struct blindness *engine_blindness(struct engine *e);

#endif
