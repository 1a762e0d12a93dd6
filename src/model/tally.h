/* SPDX-License-Identifier: MIT */
/* From the rows of a compared sample to losses. Pure. */
#ifndef PKTLOSS_MODEL_TALLY_H
#define PKTLOSS_MODEL_TALLY_H

#include "model/loss.h"

/*
 * Adds up a sample that went through sample_compare(). Entries that are not
 * in it stay, marked gone. Returns 0 or -ENOMEM.
 */
int MUST_CHECK tally_losses(struct losses *l, const struct sample *s);

/*
 * Packets lost by one row, which is of KIND_LOST or KIND_RESENT: its delta less
 * what other rows excuse of it (.in), or the sum of its parts where a driver
 * fills only those.
 */
uint64_t tally_of_row(const struct sample *s, const struct object *o,
		      const struct row *row);

/* The same without its parts: those that only a driver fills are not in it. */
uint64_t tally_of_whole(const struct sample *s, const struct object *o,
			const struct row *row);

/*
 * Adds to a firewall's loss n packets that rules dropped without a counter, at
 * devices or in a bridge, where IP does not miss them: they are measured as
 * counted ones are. Behind tally_losses().
 */
void tally_beside_ip(const struct losses *l, struct loss *loss, uint64_t n,
		     bool by_bridge);

#endif
