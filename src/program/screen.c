/* SPDX-License-Identifier: MIT */
#include "program/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 100
#define MIN_WIDTH 20
#define MAX_WIDTH 10000

bool screen_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

static struct winsize screen_size(void)
{
	struct winsize size;

	if (!screen_is_terminal() ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		size = (struct winsize) {0};
	return size;
}

unsigned screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	char *end;
	unsigned long width = columns ? strtoul(columns, &end, 10) : 0;

	if (width >= MIN_WIDTH && width <= MAX_WIDTH && !*end)
		return width;
	width = screen_size().ws_col;
	return width ? width : DEFAULT_WIDTH;
}

unsigned screen_height(void)
{
	return screen_size().ws_row;
}

bool screen_has_colour(enum colour_choice choice)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (choice != COLOUR_AUTO)
		return choice == COLOUR_ALWAYS;
	return screen_is_terminal() && !(no_colour && no_colour[0]) &&
	       !(term && !strcmp(term, "dumb"));
}
