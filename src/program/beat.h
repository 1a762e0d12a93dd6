/* SPDX-License-Identifier: MIT */
/* When to look: beats that keep their distance, whatever came between. */
#ifndef PKTLOSS_PROGRAM_BEAT_H
#define PKTLOSS_PROGRAM_BEAT_H

#include <stdint.h>

/*
 * The beat after the one at beat_ns, for who looked last at looked_ns and has
 * time again at now_ns: those that were missed are left out, and so is one that
 * comes less than half an interval after that look. Pure.
 */
uint64_t beat_next(uint64_t beat_ns, uint64_t interval_ns, uint64_t looked_ns,
		   uint64_t now_ns);

#endif
