/* SPDX-License-Identifier: MIT */
/* One interval: what the newest read found, against the read before. */
#ifndef PKTLOSS_ENGINE_INTERVAL_H
#define PKTLOSS_ENGINE_INTERVAL_H

#include "engine/ns.h"

/*
 * Lets the newest read be compared with zeroes instead of the read before: its
 * counters since they began to count. Returns 0, -ENOMEM or -E2BIG.
 */
int MUST_CHECK interval_since_boot(struct ns_list *list);

/*
 * Compares the newest read with the one before and puts losses where they
 * belong. Returns 0, or -ENOMEM with some losses left out.
 */
int MUST_CHECK interval_compare(struct ns_list *list);

/* Whether there was a read before, for a namespace that is reported. */
bool interval_is_known(const struct ns *ns);
/* How long it was; NAN: since boot. */
double interval_seconds(const struct ns *ns);

/* Makes the newest read the one before. */
void interval_swap(struct ns_list *list);

/* The same, and forgets namespaces that ended. */
void interval_end(struct ns_list *list);

#endif
