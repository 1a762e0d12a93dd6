/* SPDX-License-Identifier: MIT */
/* What standard output is like, where it is a terminal. */
#ifndef PKTLOSS_PROGRAM_SCREEN_H
#define PKTLOSS_PROGRAM_SCREEN_H

#include "program/summary_text.h"

enum colour_choice {
	COLOUR_AUTO, /* on a terminal, where nothing forbids it */
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

/* Whether it is one. */
bool screen_is_terminal(void);

/* How wide it is now: COLUMNS, the terminal, or a usual width. */
unsigned screen_width(void);

/* Its lines now, 0: it is no terminal, or does not tell. */
unsigned screen_height(void);

bool screen_has_colour(enum colour_choice choice);

#endif
