/* SPDX-License-Identifier: MIT */
/*
 * Waiting, until Ctrl-C (SIGINT) or SIGTERM asks for the end. The first of them
 * ends the wait, and all waits after it, so that what was found can be told; a
 * second one ends the program at once.
 */
#ifndef PKTLOSS_PROGRAM_INTERRUPT_H
#define PKTLOSS_PROGRAM_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

enum wait_result {
	WAIT_OVER,    /* the time has come */
	WAIT_RESIZED, /* the terminal may have another size; wait again */
	WAIT_ENDED,
};

/* From now on these signals do that; one that was ignored still is. */
void interrupt_begin(void);

/* Whether the end was asked for. */
bool interrupt_is_pending(void);

/* CLOCK_MONOTONIC. */
uint64_t interrupt_clock_ns(void);

/* Waits until then, by that clock. */
enum wait_result interrupt_wait(uint64_t until_ns);

#endif
