/* SPDX-License-Identifier: MIT */
#include "program/summary_text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"

#define MIN_CAUSE 30 /* columns; with less a cause has lines of its own */
/* a cause or a remedy, and what stands before it */
#define LINE_SIZE (REMEDY_TEXT + 160)
#define LEAST_ROOM 3   /* lines: a name, and a row that may take two */
#define MAX_SYMPTOMS 3 /* that are shown without being asked to */

enum column {
	COLUMN_LAYER,
	COLUMN_PLACE,
	COLUMN_DIRECTION,
	COLUMN_PASSED,
	COLUMN_LOST,
	COLUMN_SHARE,
	N_COLUMNS,
};

/* What stands in the columns before the cause. */
struct cells {
	char text[N_COLUMNS][24];
};

/* A remedy in a list of different ones. */
struct remedies {
	const char **items;
	size_t n, max;
};

struct printer {
	FILE *out;
	const struct style *style;
	unsigned widths[N_COLUMNS];
	const char *as_far;	    /* what is said of lossless ones rests on */
	const struct way *way;	    /* into the namespace that is printed */
	struct remedies remedies;   /* of it */
	bool brief;		    /* there is no room for remedies */
	unsigned room;		    /* lines that are left, with .brief */
	bool headless;		    /* nor for a line of names */
	size_t n_shown, n_quiet;    /* namespaces */
	size_t n_more, n_more_rows; /* that there is no room for, theirs */
};

void summary_text_paint(FILE *out, const struct style *style,
			const char *colour, const char *text)
{
	if (style->colour)
		fprintf(out, "\033[%sm%s\033[m", colour, text);
	else
		fprintf(out, "%s", text);
}

static void paint(const struct printer *p, const char *colour, const char *text)
{
	summary_text_paint(p->out, p->style, colour, text);
}

void summary_text_wrap(FILE *out, const struct style *style, unsigned column,
		       unsigned indent, const char *text)
{
	char copy[LINE_SIZE], *at = copy;
	/* what has no room at all is too long instead of never ending */
	unsigned width = style->width > indent + 8 ? style->width : indent + 8;

	format_text(copy, sizeof(copy), "%s", text);
	text_make_printable(copy);
	for (;;) {
		size_t room = width > column ? width - column : 1;
		size_t n = strlen(at), next;

		if (n <= room)
			break;
		n = room; /* a word may end right where the line does */
		while (n && at[n] != ' ')
			n--;
		next = n + 1;
		if (!n) /* not even a word fits */
			n = next = column > indent ? 0 : room;
		fprintf(out, "%.*s\n%*s", (int)n, at, (int)indent, "");
		at += next;
		column = indent;
	}
	fprintf(out, "%s\n", at);
}

static void print_share(char *buffer, size_t size, const struct finding *f)
{
	if (isnan(f->percent))
		snprintf(buffer, size, "-");
	else if (f->percent < 0.01)
		snprintf(buffer, size, "<0.01%%");
	else
		snprintf(buffer, size, "%s%.*f%%",
			 f->at_least ? "at least " : "",
			 f->percent < 0.1 ? 2 : 1, f->percent);
}

static void fill_cells(struct cells *cells, const struct finding *f)
{
	const size_t size = sizeof(cells->text[0]);
	unsigned long long lost = f->lost;
	unsigned long long passed = f->total > f->lost ? f->total - f->lost : 0;

	format_text(cells->text[COLUMN_LAYER], size, "%s",
		    layer_name(f->layer));
	format_text(cells->text[COLUMN_PLACE], size, "%s",
		    f->place[0] ? f->place : "-");
	format_text(cells->text[COLUMN_DIRECTION], size, "%s",
		    f->direction == DIR_NONE ? "-"
					     : direction_name(f->direction));
	format_text(cells->text[COLUMN_PASSED], size, "-");
	if (f->total)
		format_text(cells->text[COLUMN_PASSED], size, "%llu", passed);
	format_text(cells->text[COLUMN_LOST], size, "%llu", lost);
	print_share(cells->text[COLUMN_SHARE], size, f);
	for (int i = 0; i < N_COLUMNS; i++)
		text_make_printable(cells->text[i]);
}

static const struct cells heads = {
	.text = {[COLUMN_LAYER] = "LAYER",
		 [COLUMN_PLACE] = "PLACE",
		 [COLUMN_DIRECTION] = "DIR",
		 [COLUMN_PASSED] = "PASSED",
		 [COLUMN_LOST] = "LOST",
		 [COLUMN_SHARE] = "SHARE"},
};

static void widen(struct printer *p, const struct cells *cells)
{
	for (int i = 0; i < N_COLUMNS; i++)
		if (strlen(cells->text[i]) > p->widths[i])
			p->widths[i] = strlen(cells->text[i]);
}

/* The same columns in all namespaces. */
static void measure(struct printer *p, const struct summary *l)
{
	struct cells cells;

	widen(p, &heads);
	for (size_t i = 0; i < l->n; i++) {
		const struct findings *f = &l->items[i].findings;

		for (size_t j = 0; j < f->n && finding_is_row(&f->items[j]);
		     j++) {
			fill_cells(&cells, &f->items[j]);
			widen(p, &cells);
		}
	}
}

/* Prints cells, and returns the column behind them. */
static unsigned print_cells(const struct printer *p, const struct cells *cells,
			    const char *colour)
{
	unsigned column = 2;

	for (int i = 0; i < N_COLUMNS; i++) {
		unsigned gap = p->widths[i] - strlen(cells->text[i]);
		bool right = i >= COLUMN_PASSED;

		fprintf(p->out, "%*s", right ? (int)gap + 2 : 2, "");
		if (colour && i >= COLUMN_LOST)
			paint(p, colour, cells->text[i]);
		else
			fprintf(p->out, "%s", cells->text[i]);
		fprintf(p->out, "%*s", right ? 0 : (int)gap, "");
		column += p->widths[i] + 2;
	}
	return column;
}

/* The number of a remedy, 0: it has none, or there is no memory. */
static size_t number_remedy(struct remedies *r, const char *remedy)
{
	const char **added;

	if (!remedy[0])
		return 0;
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->items[i], remedy))
			return i + 1;
	added = ARRAY_ADD(r);
	if (!added)
		return 0;
	*added = remedy;
	return r->n;
}

/* "[1] 40: rule 1 of ip filter INPUT (DROP)", the 40 where there are more. */
static void describe_cause(struct printer *p, const struct cause *cause,
			   bool counted, char *buffer, size_t size)
{
	char mark[24] = "", count[24] = "";
	char remedy[REMEDY_TEXT];
	size_t number = 0;

	remedy_print(cause->remedy, p->way, remedy, sizeof(remedy));
	if (remedy[0] && !p->brief)
		number = number_remedy(&p->remedies, cause->remedy);
	if (number)
		snprintf(mark, sizeof(mark), "[%zu] ", number);
	if (counted)
		snprintf(count, sizeof(count),
			 "%llu: ", (unsigned long long)cause->lost);
	format_text(buffer, size, "%s%s%s", mark, count, cause->text);
}

static void print_loss(struct printer *p, const struct finding *f)
{
	struct cells cells = {0};
	unsigned column, indent;
	char text[LINE_SIZE];

	fill_cells(&cells, f);
	column = print_cells(p, &cells, f->class == CLASS_LOSS ? RED : YELLOW);
	indent = column;
	if (p->style->width < column + MIN_CAUSE || !f->causes.n) {
		fprintf(p->out, "\n");
		column = 0;
		indent = 6;
	} else {
		fprintf(p->out, "  ");
	}
	for (size_t i = 0; i < f->causes.n; i++) {
		if (column != indent)
			fprintf(p->out, "%*s", (int)indent, "");
		describe_cause(p, &f->causes.items[i], f->causes.n > 1, text,
			       sizeof(text));
		summary_text_wrap(p->out, p->style, indent, indent, text);
		column = 0;
	}
}

/*
 * "symptom: tcp tx: 12 RetransSegs: segments sent again", indented. alone: no
 * loss is known that explains it.
 */
static void print_note(const struct printer *p, const struct finding *f,
		       unsigned indent, bool alone)
{
	const struct cause *cause = &f->causes.items[0];
	const char *meaning = alone && cause->counter ? cause->counter->symptom
						      : NULL;
	const char *name = cause_counter(cause);
	bool named = meaning ||
		     (name[0] && !strncmp(cause->text, name, strlen(name)));
	char text[LINE_SIZE];

	fprintf(p->out, "%*s", (int)indent, "");
	paint(p, YELLOW, class_name(f->class));
	format_text(text, sizeof(text), ": %s%s%s %s: %llu%s %s%s%s",
		    layer_name(f->layer), f->place[0] ? " " : "", f->place,
		    direction_name(f->direction), (unsigned long long)f->lost,
		    named ? "" : ":", meaning ? name : "", meaning ? ": " : "",
		    meaning ? meaning : cause->text);
	summary_text_wrap(p->out, p->style,
			  indent + strlen(class_name(f->class)), indent + 2,
			  text);
}

static bool is_shown(const struct printer *p, const struct finding *f)
{
	return !finding_is_row(f) &&
	       (p->style->verbose || f->class == CLASS_SYMPTOM);
}

/* All that is no loss and said to belong below that index, -1: to nothing. */
static void print_notes(const struct printer *p, const struct findings *f,
			int below, unsigned indent)
{
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct finding *finding = &f->items[i];

		if (!is_shown(p, finding) || finding->below != below)
			continue;
		if (shown < MAX_SYMPTOMS || p->style->verbose) {
			print_note(p, finding, indent, below < 0);
			shown++;
		} else {
			more++;
		}
	}
	if (more)
		fprintf(p->out, "%*sand %zu more (-v shows them)\n",
			(int)indent, "", more);
}

static void print_remedies(struct printer *p)
{
	struct remedies *r = &p->remedies;

	if (r->n)
		fprintf(p->out, "  What to do:\n");
	for (size_t i = 0; i < r->n; i++) {
		int width = fprintf(p->out, "    [%zu] ", i + 1);
		char remedy[REMEDY_TEXT];

		remedy_print(r->items[i], p->way, remedy, sizeof(remedy));
		summary_text_wrap(p->out, p->style, width, width, remedy);
	}
	free(r->items);
	*r = (struct remedies) {.n = 0};
}

static const char *shown_name(const struct summary_ns *ns)
{
	return ns->name[0] ? ns->name : "(this namespace)";
}

static void print_head(const struct printer *p)
{
	unsigned column = print_cells(p, &heads, NULL);

	fprintf(p->out, "%s\n",
		p->style->width < column + MIN_CAUSE ? "" : "  CAUSE");
}

static void print_losses(struct printer *p, const struct summary_ns *ns)
{
	const struct findings *f = &ns->findings;

	p->way = &ns->way;
	paint(p, BOLD, shown_name(ns));
	fprintf(p->out, "%s\n", ns->ended ? " (not there any more)" : "");
	if (!p->headless && (!p->brief || p->n_shown == 1))
		print_head(p);
	for (size_t i = 0; i < f->n && finding_is_row(&f->items[i]); i++) {
		print_loss(p, &f->items[i]);
		print_notes(p, f, i, 4);
	}
	print_notes(p, f, -1, 2);
	print_remedies(p);
}

/* Where a wire from here leads to the loss. */
static void print_see(const struct printer *p, const struct summary_ns *see)
{
	const struct finding *f = &see->findings.items[0];
	char text[LINE_SIZE], share[24];

	print_share(share, sizeof(share), f);
	format_text(text, sizeof(text), "  see %s: %llu lost (%s) in %s%s%s %s",
		    shown_name(see), (unsigned long long)f->lost, share,
		    layer_name(f->layer), f->place[0] ? " " : "", f->place,
		    direction_name(f->direction));
	if (f->causes.n)
		format_text(text + strlen(text), sizeof(text) - strlen(text),
			    ": %s", f->causes.items[0].text);
	summary_text_wrap(p->out, p->style, 0, 4, text);
}

static void print_lossless(const struct printer *p, const struct summary_ns *ns)
{
	paint(p, BOLD, shown_name(ns));
	fprintf(p->out, ": nothing lost here%s\n", p->as_far);
	print_notes(p, &ns->findings, -1, 2);
	if (ns->see)
		print_see(p, ns->see);
}

void summary_text_when(FILE *out, uint64_t time_ns, double seconds,
		       unsigned long n_intervals)
{
	time_t whole = time_ns / 1000000000;
	char when[32];
	struct tm tm;

	if (!localtime_r(&whole, &tm) ||
	    !strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm))
		when[0] = '\0';
	if (isnan(seconds))
		fprintf(out, "%s, totals since boot", when);
	else
		fprintf(out, "%s, in %.3g s", when, seconds);
	if (n_intervals > 1)
		fprintf(out, ", %lu intervals", n_intervals);
	fprintf(out, "\n\n");
}

/* The worst is the first, and no symptom comes before a row. */
static bool has_rows(const struct findings *f)
{
	return f->n && finding_is_row(&f->items[0]);
}

static bool says_something(const struct printer *p, const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (finding_is_row(&f->items[i]) || is_shown(p, &f->items[i]))
			return true;
	return false;
}

static void print_block(struct printer *p, const struct summary_ns *ns)
{
	if (p->n_shown++ && !p->brief)
		fprintf(p->out, "\n");
	if (has_rows(&ns->findings))
		print_losses(p, ns);
	else
		print_lossless(p, ns);
}

/* Columns of the line that a text begins with: colours take none. */
static unsigned columns_of(const char *text)
{
	unsigned n = 0;

	for (; *text && *text != '\n'; text++) {
		if (*text == '\033')
			text += strcspn(text, "m\n");
		else
			n++;
	}
	return n;
}

/* What is too wide for the screen goes on in its next line. */
static unsigned lines_for(unsigned columns, unsigned width)
{
	return width && columns > width ? (columns + width - 1) / width : 1;
}

/* The line behind the one that a text begins with, or its end. */
static const char *behind_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : text + strlen(text);
}

unsigned summary_text_lines(const struct style *style, const char *text)
{
	unsigned n = 0;

	for (; *text; text = behind_line(text))
		n += lines_for(columns_of(text), style->width);
	return n;
}

/* Where there is room for some of it, for its first lines. */
static unsigned put_lines(FILE *out, const struct style *style,
			  const char *text, unsigned room)
{
	unsigned n = 0;

	while (*text) {
		unsigned lines = lines_for(columns_of(text), style->width);
		const char *next = behind_line(text);

		if (n + lines > room)
			break;
		fwrite(text, 1, next - text, out);
		text = next;
		n += lines;
	}
	return n;
}

/* The worst one is cut to what there is, the others are shown whole. */
static bool print_in_room(struct printer *p, const struct summary_ns *ns)
{
	_cleanup_free_ char *text = NULL;
	struct printer block = *p;
	unsigned lines;
	size_t n;

	block.out = open_memstream(&text, &n);
	if (!block.out)
		return false;
	print_block(&block, ns);
	if (fclose(block.out))
		return false;
	lines = summary_text_lines(p->style, text);
	if (lines > p->room && p->n_shown)
		return false;
	p->room -= put_lines(p->out, p->style, text, p->room);
	p->n_shown++;
	return true;
}

static size_t count_rows(const struct findings *f)
{
	size_t n = 0;

	while (n < f->n && finding_is_row(&f->items[n]))
		n++;
	return n;
}

/* From the first one on that has no room none has. */
static void print_namespace(struct printer *p, const struct summary_ns *ns)
{
	const size_t top = p->style->top;
	bool full = p->n_more || (top && p->n_shown >= top);

	if (!says_something(p, &ns->findings)) {
		p->n_quiet++;
	} else if (!full && !p->brief) {
		print_block(p, ns);
	} else if (full || !print_in_room(p, ns)) {
		size_t rows = count_rows(&ns->findings);

		*(rows ? &p->n_more : &p->n_quiet) += 1;
		p->n_more_rows += rows;
	}
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Of the columns before the cause. */
static unsigned lines_of_row(const struct printer *p)
{
	unsigned columns = 0;

	for (int i = 0; i < N_COLUMNS; i++)
		columns += p->widths[i] + 2;
	return lines_for(columns, p->style->width);
}

__attribute__((format(printf, 2, 3))) static void print_wrapped(
	const struct printer *p, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	summary_text_wrap(p->out, p->style, 0, 2, text);
}

/* What is summed up. */
static void print_rest(const struct printer *p, const struct summary *l)
{
	if (p->n_shown && (p->n_more || p->n_quiet || l->n_small))
		fprintf(p->out, "\n");
	if (p->n_more)
		print_wrapped(p, "and %zu more namespace%s, %zu row%s%s",
			      p->n_more, plural(p->n_more), p->n_more_rows,
			      plural(p->n_more_rows),
			      p->brief ? " (choose with --top, -n or -l)" : "");
	if (l->n_small)
		print_wrapped(p, "%zu row%s below --min-lost or --min-share",
			      l->n_small, plural(l->n_small));
	if (p->n_quiet)
		print_wrapped(p, "%zu%s namespace%s: nothing lost%s",
			      p->n_quiet, p->n_quiet < l->n ? " more" : "",
			      plural(p->n_quiet), p->as_far);
}

/* Without a room there is enough. */
static void print_summary(FILE *out, const struct summary *l,
			  const struct style *style, unsigned room)
{
	struct printer p = {
		.out = out,
		.style = style,
		.as_far = l->n_notes ? " in what could be read" : "",
		.brief = room,
		.room = room,
	};

	measure(&p, l);
	p.headless = room && room < 1 + 2 * lines_of_row(&p);
	summary_text_when(out, l->time_ns, l->seconds, l->n_intervals);
	for (size_t i = 0; i < l->n; i++)
		print_namespace(&p, &l->items[i]);
	print_rest(&p, l);
}

/* The same into memory; NULL: there is none. */
static char *format_summary(const struct summary *l, const struct style *style,
			    unsigned room)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	print_summary(out, l, style, room);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/*
 * Prints it with as much room for namespaces as the lines that sum up the
 * others leave. The first name and row stay: on the lowest screens these lines
 * are cut.
 */
static void print_brief(FILE *out, const struct summary *l,
			const struct style *style)
{
	unsigned room = style->height;

	for (;;) {
		_cleanup_free_ char *text = format_summary(l, style, room);
		unsigned n = text ? summary_text_lines(style, text) : 0;

		if (n <= style->height || room <= LEAST_ROOM) {
			put_lines(out, style, text ? text : "", style->height);
			return;
		}
		n -= style->height;
		room = room > n + LEAST_ROOM ? room - n : LEAST_ROOM;
	}
}

void summary_text_print(FILE *out, const struct summary *l,
			const struct style *style)
{
	_cleanup_free_ char *text = style->height ? format_summary(l, style, 0)
						  : NULL;

	if (!text)
		print_summary(out, l, style, 0);
	else if (summary_text_lines(style, text) <= style->height)
		fputs(text, out);
	else
		print_brief(out, l, style);
}

bool summary_text_has_rows(const struct summary *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (has_rows(&l->items[i].findings))
			return true;
	return false;
}

const char *summary_text_partly(bool had_rows)
{
	return had_rows ? "nothing lost in what could be read but what was "
			  "dropped on purpose or is unexplained; not "
			  "everything could be read"
			: "nothing lost in what could be read, but not "
			  "everything could be";
}
