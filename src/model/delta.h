/* SPDX-License-Identifier: MIT */
/* The difference of two readings of one kernel counter. Pure arithmetic. */
#ifndef PKTLOSS_MODEL_DELTA_H
#define PKTLOSS_MODEL_DELTA_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sets *ret_delta to what was counted between before and *now and returns
 * true, or returns false when the counter was reset in between.
 *
 * bits is the width of the kernel's counter, 32 or 64. A 32-bit counter that
 * wrapped is told from a reset by the distance: less than a quarter of its
 * range upward is a wrap. On a wrap *now is widened, so that it keeps growing;
 * give it back as before the next time. A 64-bit counter that went backwards
 * was reset: none wraps in the life of a machine.
 */
bool delta_of(uint64_t before, uint64_t *now, unsigned bits,
	      uint64_t *ret_delta);

#endif
