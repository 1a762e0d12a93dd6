/* SPDX-License-Identifier: MIT */
#include "program/output.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "program/summary_csv.h"
#include "program/summary_json.h"

#define CLEAR "\033[H\033[2J"
#define LEAST_HEIGHT 8 /* lines of a table that notes leave to it */

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

static void print_all_notes(FILE *out, const struct summary *l,
			    const struct style *style)
{
	print_notes_from(style, l, 0, out);
}

/* What that prints; NULL: there is no memory. */
static char *format(void (*print)(FILE *out, const struct summary *l,
				  const struct style *style),
		    const struct summary *l, const struct style *style)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	print(out, l, style);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* Of so many lines those that are left for the table beside notes. */
static unsigned height_of_table(unsigned height, unsigned notes)
{
	if (!notes || height == 1)
		return height;
	return height >= notes + LEAST_HEIGHT ? height - notes : height - 1;
}

/* Rows go before notes: where these have no room, they are counted. */
static void print_on_screen(struct style *style, const struct summary *l,
			    unsigned height)
{
	_cleanup_free_ char *notes = format(print_all_notes, l, style);
	_cleanup_free_ char *table = NULL;
	unsigned n = notes ? summary_text_lines(style, notes) : 0;

	style->height = height_of_table(height, n);
	table = format(summary_text_print, l, style);
	if (!table)
		return;
	fputs(table, stdout);
	if (summary_text_lines(style, table) + n <= height)
		fputs(notes ? notes : "", stdout);
	else
		printf("%zu note%s without room here\n", l->n_notes,
		       l->n_notes == 1 ? "" : "s");
}

/*
 * On a screen that is cleared all is told again, or it would be lost. Its last
 * line is the cursor's.
 */
static void show_on_screen(struct output *o, const struct summary *l)
{
	struct style style = o->options->style;
	unsigned height = screen_height();

	style.width = screen_width();
	if (o->options->terminal)
		printf(CLEAR);
	else if (o->n)
		printf("\n");
	if (height > 1) {
		print_on_screen(&style, l, height - 1);
		return;
	}
	summary_text_print(stdout, l, &style);
	print_all_notes(stdout, l, &style);
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
