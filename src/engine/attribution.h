/* SPDX-License-Identifier: MIT */
/*
 * Puts losses where they belong that one namespace alone cannot place: the
 * kernel counts some packets in two namespaces, or in two layers. Those that it
 * counts for the host alone are placed by martians.c and unresolved.c.
 */
#ifndef PKTLOSS_ENGINE_ATTRIBUTION_H
#define PKTLOSS_ENGINE_ATTRIBUTION_H

#include "engine/ns.h"

/*
 * For all that were read in this interval, once they are compared: packets for
 * others (TAG_NOT_OURS) that an ipvlan may be missing are none of those, nor
 * are those that came over wires whose far ends are known not to have called
 * them out to all. Pure.
 */
void attribution_claim_addresses(struct ns_list *list);

/* For all that were read in this interval, compared and tallied. Pure. */
void attribution_apply(struct ns_list *list);

/*
 * Behind all else: what devices count that others lost, below them or at the
 * far end of a wire. Pure.
 */
void attribution_settle_devices(struct ns_list *list);

#endif
