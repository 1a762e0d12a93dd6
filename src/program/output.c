/* SPDX-License-Identifier: MIT */
#include "program/output.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "program/summary_csv.h"
#include "program/summary_json.h"

#define CLEAR "\033[H\033[2J"
#define LEAST_HEIGHT 8 /* lines of a table that are printed on any screen */

int output_flush(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return errno ? -errno : -EIO;
}

void output_complain(int error)
{
	if (error == -EPIPE) { /* as nstat and ss do */
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	complain("cannot write: %s", strerror(-error));
}

static void print_notes_from(const struct style *style, const struct summary *l,
			     size_t from, FILE *out)
{
	for (size_t i = from; i < l->n_notes; i++)
		summary_text_wrap(out, style, 0, 2, l->notes[i]);
}

void output_notes(struct output *o, const struct summary *l)
{
	print_notes_from(&o->options->style, l, o->n_notes, stderr);
	o->n_notes = l->n_notes;
}

static unsigned count_note_lines(const struct style *style,
				 const struct summary *l)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->n_notes; i++)
		n += strlen(l->notes[i]) / style->width + 1;
	return n;
}

/* The screen as it is now, but for the cursor's line and the notes. */
static struct style style_of_screen(const struct output *o,
				    const struct summary *l)
{
	struct style style = o->options->style;
	unsigned height = screen_height(), other;

	style.width = screen_width();
	if (!height)
		return style;
	other = 1 + count_note_lines(&style, l);
	style.height = height > other + LEAST_HEIGHT ? height - other
						     : LEAST_HEIGHT;
	return style;
}

/* On a screen that is cleared all is told again, or it would be lost. */
static void show_on_screen(struct output *o, const struct summary *l)
{
	const struct style style = style_of_screen(o, l);

	if (o->options->terminal)
		printf(CLEAR);
	else if (o->n)
		printf("\n");
	summary_text_print(stdout, l, &style);
	print_notes_from(&style, l, 0, stdout);
}

static void show_text(struct output *o, const struct summary *l)
{
	struct style style = o->options->style;

	style.width = screen_width();
	if (o->n)
		printf("\n");
	summary_text_print(stdout, l, &style);
	output_notes(o, l);
}

static void show_csv(const struct output *o, const struct summary *l)
{
	if (!o->n)
		summary_csv_print_head(stdout);
	summary_csv_print(stdout, l, o->options->style.verbose);
}

int output_show(struct output *o, const struct summary *l)
{
	int r = 0;

	if (o->options->json)
		summary_json_print(stdout, l);
	else if (o->options->csv)
		show_csv(o, l);
	else if (o->options->watch)
		show_on_screen(o, l);
	else
		show_text(o, l);
	o->n++;
	return r < 0 ? r : output_flush();
}
