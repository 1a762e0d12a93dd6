/* SPDX-License-Identifier: MIT */
/*
 * Packets whose next hop does not resolve. The kernel counts them for the host,
 * or not at all; which namespaces have such next hops, these tell.
 */
#ifndef PKTLOSS_ENGINE_UNRESOLVED_H
#define PKTLOSS_ENGINE_UNRESOLVED_H

#include "engine/ns.h"

/* For all that were read in this interval, compared and tallied. Pure. */
void unresolved_place(struct ns_list *list);

#endif
