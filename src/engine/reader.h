/* SPDX-License-Identifier: MIT */
/*
 * Reads one namespace after the other: enters it, asks every probe that is
 * wanted for a sample, and leaves nothing open there. It belongs to one thread,
 * which is in collectd's own namespace at first, and again after
 * reader_return().
 */
#ifndef PKTLOSS_ENGINE_READER_H
#define PKTLOSS_ENGINE_READER_H

#include <stdatomic.h>

#include "base/deadline.h"
#include "engine/blindness.h"
#include "engine/turns.h"
#include "kernel/netlink.h"
#include "kernel/procnet.h"
#include "model/settings.h"

/* Who may know what was read of a namespace before, in another process. */
struct recaller {
	void (*recall)(void *arg, struct ns *ns); /* fills ns->then in */
	void *arg;
};

struct reader {
	const atomic_bool *stop;	 /* somebody wants it to return early */
	const struct recaller *recaller; /* NULL: nobody */
	struct blindness *blindness; /* where it notes what it cannot read */
	uint32_t wanted_probes;	     /* bit i: probes[i] */
	int own; /* fd of collectd's own namespace, -1 before the first read */
	bool away;	   /* the thread is in another namespace */
	uint64_t share_ns; /* what takes longer is slow */
	uint64_t most_ns;  /* that a slow source may when it is tried again */
	struct allowance allowance; /* of the namespace that is read next */
	struct deadline deadline;   /* of the source that is read */
	struct netlink netlink;
	struct procnet files;
	struct probe_env env;
	void *states[MAX_PROBES]; /* of the probes, see struct probe */
};

/*
 * All that is pointed to must outlive the reader, which must stay where it is.
 * Returns 0 or -ENOMEM; free it with reader_free() in either case.
 */
int MUST_CHECK reader_init(struct reader *r, const struct settings *s,
			   const atomic_bool *stop,
			   struct blindness *blindness);
void reader_free(struct reader *r);

/* Opens collectd's own namespace, once. Returns 0 or negative errno. */
int MUST_CHECK reader_open_own(struct reader *r);

/*
 * Reads a namespace into ns->now; sets ns->was_read where it was not stopped.
 * One that has the inode number of another that ended gets .replaced, and
 * .gone where only a process led there. A source that takes longer than
 * it is allowed, with all those before it, is cut short and paced: see pace.h.
 * Returns 0 or why it could not be entered: -ESTALE when there is none at its
 * path any more, else noted.
 */
int MUST_CHECK reader_read(struct reader *r, struct ns *ns);

/*
 * Takes the thread back to collectd's own namespace. Returns 0 or
 * -ENOTRECOVERABLE: it is lost in another one and must end; then another
 * thread, which is in collectd's own, may go on with the reader.
 */
int MUST_CHECK reader_return(struct reader *r, const struct netns_id *own);

#endif
