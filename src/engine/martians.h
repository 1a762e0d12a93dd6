/* SPDX-License-Identifier: MIT */
/*
 * Packets whose address cannot be. The kernel counts them for the host; whose
 * they are is told by what the namespaces miss.
 */
#ifndef PKTLOSS_ENGINE_MARTIANS_H
#define PKTLOSS_ENGINE_MARTIANS_H

#include "engine/ns.h"

/* Behind what probes are suspected of: who lost the host's martians. Pure. */
void martians_place(struct ns_list *list);

#endif
