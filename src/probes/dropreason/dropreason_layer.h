/* SPDX-License-Identifier: MIT */
/* Which layer a reason of the kernel's is of. */
#ifndef PKTLOSS_PROBES_DROPREASON_DROPREASON_LAYER_H
#define PKTLOSS_PROBES_DROPREASON_DROPREASON_LAYER_H

#include "model/counter.h"

/*
 * The layer of a name (see dropreason_name()), or N_LAYERS: it is of none, or
 * of one that is not known. Pure.
 */
enum layer dropreason_layer(const char *name);

#endif
