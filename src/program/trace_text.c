/* SPDX-License-Identifier: MIT */
#include "program/trace_text.h"

#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

#define MIN_WAY 34 /* columns; with less, who sent to whom has its own line */

enum trace_column {
	COLUMN_PACKETS,
	COLUMN_REASON,
	COLUMN_FUNCTION,
	COLUMN_INTERFACE,
	COLUMN_PROTOCOL,
	N_TRACE_COLUMNS,
};

struct trace_cells {
	char text[N_TRACE_COLUMNS][DROPS_SYMBOL];
};

static const struct trace_cells heads_of_trace = {
	.text = {[COLUMN_PACKETS] = "PACKETS",
		 [COLUMN_REASON] = "REASON",
		 [COLUMN_FUNCTION] = "FUNCTION",
		 [COLUMN_INTERFACE] = "PLACE",
		 [COLUMN_PROTOCOL] = "PROTO"},
};

struct trace_printer {
	FILE *out;
	const struct style *style;
	const struct trace *trace;
	bool shown[TRACE_MAX_ROWS]; /* of each row */
	size_t n_left_out;
	unsigned widths[N_TRACE_COLUMNS];
};

/* ---- one row ---- */

#define TRACE_ENDPOINT 64

/* "192.0.2.1:53", "[fd00::1]:*", "*" for anybody, "" for nobody. */
static void print_endpoint(const struct flow *flow, enum packet_end end,
			   char ret[TRACE_ENDPOINT])
{
	const struct packet *p = &flow->packet;
	bool brackets = p->family == AF_INET6 && p->has_ports;
	char address[PACKET_ADDRESS], port[8] = "*";

	packet_address(p, end, address);
	if (!flow->any_port[end])
		snprintf(port, sizeof(port), "%u", p->ports[end]);
	format_text(ret, TRACE_ENDPOINT, "%s%s%s%s%s", brackets ? "[" : "",
		    address, brackets ? "]" : "", p->has_ports ? ":" : "",
		    p->has_ports ? port : "");
	if (flow->any_sender && end == PACKET_SOURCE)
		format_text(ret, TRACE_ENDPOINT, "*");
}

static void print_way(const struct flow *flow, char *buffer, size_t size)
{
	char source[TRACE_ENDPOINT], destination[TRACE_ENDPOINT];

	print_endpoint(flow, PACKET_SOURCE, source);
	print_endpoint(flow, PACKET_DESTINATION, destination);
	if (!flow->looked_at)
		format_text(buffer, size, "(not looked at)");
	else if (!source[0])
		format_text(buffer, size, "-");
	else
		format_text(buffer, size, "%s -> %s", source, destination);
}

static void fill_trace_cells(struct trace_cells *c, const struct trace_row *row)
{
	const size_t size = sizeof(c->text[0]);
	const struct flow_place *place = row->place;
	uint32_t ifindex = place->key.place.ifindex;
	char protocol[PACKET_PROTOCOL];

	packet_protocol(&row->flow->packet, protocol);
	format_text(c->text[COLUMN_PACKETS], size, "%s%llu",
		    row->is_estimated ? "~" : "",
		    (unsigned long long)row->flow->packets);
	format_text(c->text[COLUMN_REASON], size, "%s", place->reason);
	format_text(c->text[COLUMN_FUNCTION], size, "%s",
		    place->function[0] ? place->function : "-");
	format_text(c->text[COLUMN_INTERFACE], size, ifindex ? "#%u" : "-",
		    ifindex);
	if (row->interface[0])
		format_text(c->text[COLUMN_INTERFACE], size, "%s",
			    row->interface);
	format_text(c->text[COLUMN_PROTOCOL], size, "%s", protocol);
	for (int i = 0; i < N_TRACE_COLUMNS; i++)
		text_make_printable(c->text[i]);
}

static void widen_columns(struct trace_printer *p, const struct trace_cells *c)
{
	for (int i = 0; i < N_TRACE_COLUMNS; i++)
		if (strlen(c->text[i]) > p->widths[i])
			p->widths[i] = strlen(c->text[i]);
}

/* Returns the column behind them. */
static unsigned print_trace_cells(const struct trace_printer *p,
				  const struct trace_cells *c,
				  const char *colour)
{
	unsigned column = 2;

	fprintf(p->out, "  ");
	for (int i = 0; i < N_TRACE_COLUMNS; i++) {
		int gap = (int)(p->widths[i] - strlen(c->text[i]));
		bool right = i == COLUMN_PACKETS;

		fprintf(p->out, "%*s", right ? gap : 0, "");
		if (right && colour)
			summary_text_paint(p->out, p->style, colour,
					   c->text[i]);
		else
			fprintf(p->out, "%s", c->text[i]);
		fprintf(p->out, "%*s", right ? 2 : gap + 2, "");
		column += p->widths[i] + 2;
	}
	return column;
}

static bool is_dropped_row(const struct trace_row *row)
{
	return row->place->key.kind == TRACE_DROP;
}

static const char *colour_of(const struct trace_row *row)
{
	if (row->healthy)
		return NULL;
	return is_dropped_row(row) ? RED : YELLOW;
}

static void print_row(const struct trace_printer *p,
		      const struct trace_row *row)
{
	char way[2 * TRACE_ENDPOINT + 8];
	struct trace_cells c = {0};
	unsigned column;

	fill_trace_cells(&c, row);
	print_way(row->flow, way, sizeof(way));
	column = print_trace_cells(p, &c, colour_of(row));
	if (p->style->width < column + MIN_WAY) {
		fprintf(p->out, "\n      ");
		column = 6;
	}
	summary_text_wrap(p->out, p->style, column, column, way);
}

/* ---- a namespace ---- */

static bool is_of_same(const struct trace_row *a, const struct trace_row *b)
{
	return a->place->key.place.cookie == b->place->key.place.cookie;
}

static void print_name(const struct trace_printer *p,
		       const struct trace_row *row)
{
	unsigned long long cookie = row->place->key.place.cookie;
	char name[NAME_NAMESPACE + 1];

	if (row->ns)
		format_text(name, sizeof(name), "%s",
			    row->ns->name[0] ? row->ns->name
					     : "(this namespace)");
	else if (cookie)
		format_text(name, sizeof(name), "(namespace of cookie %llu)",
			    cookie);
	else
		format_text(name, sizeof(name), "(namespace not known)");
	text_make_printable(name);
	summary_text_paint(p->out, p->style, BOLD, name);
	fprintf(p->out, "\n");
}

/* Drops first, then what is said of connections. */
static void print_rows_like(const struct trace_printer *p, size_t first,
			    bool drops)
{
	const struct trace_row *rows = p->trace->rows;

	for (size_t i = first; i < p->trace->n; i++)
		if (p->shown[i] && is_of_same(&rows[first], &rows[i]) &&
		    is_dropped_row(&rows[i]) == drops)
			print_row(p, &rows[i]);
}

static void print_place(const struct trace_printer *p, size_t first)
{
	unsigned column;

	print_name(p, &p->trace->rows[first]);
	column = print_trace_cells(p, &heads_of_trace, NULL);
	fprintf(p->out, "%s\n",
		p->style->width < column + MIN_WAY ? "" : "FROM -> TO");
	print_rows_like(p, first, true);
	print_rows_like(p, first, false);
	fprintf(p->out, "\n");
}

/* Whether no row before it is of the same namespace. */
static bool is_first_of_place(const struct trace_printer *p, size_t row)
{
	const struct trace_row *rows = p->trace->rows;

	for (size_t i = 0; i < row; i++)
		if (p->shown[i] && is_of_same(&rows[i], &rows[row]))
			return false;
	return p->shown[row];
}

/* ---- all ---- */

static void choose_rows(struct trace_printer *p)
{
	size_t n_drops = 0, n_others = 0;
	struct trace_cells c = {0};

	widen_columns(p, &heads_of_trace);
	for (size_t i = 0; i < p->trace->n; i++) {
		const struct trace_row *row = &p->trace->rows[i];
		size_t *n = is_dropped_row(row) ? &n_drops : &n_others;

		p->shown[i] = p->style->verbose || *n < TRACE_TEXT_ROWS;
		++*n;
		if (!p->shown[i]) {
			p->n_left_out++;
			continue;
		}
		fill_trace_cells(&c, row);
		widen_columns(p, &c);
	}
	p->n_left_out += p->trace->flows.n - p->trace->n;
}

__attribute__((format(printf, 2, 3))) static void say(
	const struct trace_printer *p, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	summary_text_wrap(p->out, p->style, 0, 2, text);
}

static void print_counts(const struct trace_printer *p)
{
	const struct trace *t = p->trace;
	const struct trace_count *d = &t->drops, *o = &t->others;
	const unsigned long long hidden = t->hidden, unknown = t->unknown,
				 others = t->flows.others;

	if (d->packets)
		say(p, "Of %llu dropped, %llu were looked at.",
		    (unsigned long long)d->packets,
		    (unsigned long long)d->looked_at);
	if (o->packets)
		say(p, "Of %llu sent again or refused, %llu were looked at.",
		    (unsigned long long)o->packets,
		    (unsigned long long)o->looked_at);
	if (d->looked_at < d->packets || o->looked_at < o->packets)
		say(p, "What has ~ in front is reckoned from these.");
	if (unknown)
		say(p,
		    "%llu more were only counted: nothing else is known of "
		    "them.",
		    unknown);
	if (others)
		say(p,
		    "%llu that were looked at are of too many to be told "
		    "apart.",
		    others);
	if (p->n_left_out)
		say(p, "%zu rows more%s.", p->n_left_out,
		    p->style->verbose ? "" : " (-v shows them)");
	if (hidden)
		say(p,
		    "%llu dropped for reasons that are no loss (-v shows "
		    "them).",
		    hidden);
}

void trace_text_print(FILE *out, const struct trace *t,
		      const struct style *style)
{
	struct trace_printer p = {.out = out, .style = style, .trace = t};

	summary_text_when(out, t->time_ns, t->seconds, 1);
	choose_rows(&p);
	for (size_t i = 0; i < t->n; i++)
		if (is_first_of_place(&p, i))
			print_place(&p, i);
	if (!t->n && !t->unknown)
		say(&p, "Nothing was dropped, sent again or refused.");
	print_counts(&p);
}
