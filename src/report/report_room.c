/* SPDX-License-Identifier: MIT */
#include "report/report_room.h"

#include <string.h>

/* Reports in a row that have to find that a share could be larger. */
#define PATIENCE 30

#define NO_LIMIT SIZE_MAX

/* Of all series so many are kept for namespaces without a name: one in */
#define RESERVE 8

void report_room_init(struct reporter *r)
{
	r->named.limit = r->nameless.limit = NO_LIMIT;
}

/* ---- what a namespace takes ---- */

static size_t limit_of(const struct reporter *r, const struct ns *ns)
{
	return ns_is_named(ns) ? r->named.limit : r->nameless.limit;
}

void report_room_enter(struct report *r)
{
	memset(r->claimed, 0, sizeof(r->claimed));
	r->limit = limit_of(r->reporter, r->ns);
	r->quiet_rows = false;
}

/*
 * What collectd has already stays before what is new, but for what goes first:
 * so what a namespace makes and unmakes does not shift all that is behind it.
 */
bool report_room_take(struct report *r, enum room_claim claim)
{
	size_t before = r->claimed[ROOM_FIRST];

	if (claim == ROOM_HELD)
		before += r->claimed[ROOM_HELD];
	else if (claim == ROOM_NEW)
		before += r->ns->n_held + r->claimed[ROOM_NEW];
	r->claimed[claim]++;
	return before < r->limit;
}

void report_room_count(struct report *r)
{
	size_t kept = r->claimed[ROOM_FIRST] + r->claimed[ROOM_HELD];

	r->ns->n_held = r->claimed[ROOM_HELD];
	r->ns->n_due = kept + r->claimed[ROOM_NEW];
	r->any_quiet |= r->quiet_rows && kept < r->limit;
}

/* ---- shares ---- */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Of those that have a name, or of those that have none. */
static bool counts(const struct ns *ns, bool named)
{
	return !ns->gone && named == ns_is_named(ns);
}

/* The series of all of them, where none may have more than a limit. */
static size_t due_within(const struct ns_list *list, bool named, size_t limit)
{
	size_t n = 0;

	EACH_NS (list, ns)
		if (counts(ns, named))
			n += smaller(ns->n_due, limit);
	return n;
}

/* The largest limit with which all of them have no more than max. */
static size_t find_share(const struct ns_list *list, bool named, size_t max)
{
	size_t low = 0, high = max;

	if (due_within(list, named, NO_LIMIT) <= max)
		return NO_LIMIT;
	while (low < high) {
		size_t middle = high - (high - low) / 2;

		if (due_within(list, named, middle) <= max)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* What is kept from those with names for those without, which are n_due. */
static size_t kept_for_nameless(const struct ns_list *list, size_t max,
				size_t n_due)
{
	size_t n = 1;

	EACH_NS (list, ns)
		n += counts(ns, true);
	return smaller(n_due, smaller(max / RESERVE, max / n));
}

/* Returns whether it is larger now. */
static bool settle_share(struct series_share *s, size_t found)
{
	if (found <= s->limit) {
		s->limit = found;
		s->n_larger = 0;
		return false;
	}
	if (!s->n_larger || found < s->larger)
		s->larger = found;
	if (++s->n_larger < PATIENCE)
		return false;
	s->limit = s->larger;
	s->n_larger = 0;
	return true;
}

static const struct ns *find_largest(const struct ns_list *list)
{
	const struct ns *largest = list->items[0];

	EACH_NS (list, ns)
		if (!ns->gone && ns->n_due > largest->n_due)
			largest = ns;
	return largest;
}

static void log_limit(struct report *r, const struct ns_list *list,
		      size_t n_due)
{
	size_t max = r->reporter->settings->max_series;
	const struct ns *largest = find_largest(list);
	char text[256];

	if (r->reporter->logged_max_series)
		return;
	r->reporter->logged_max_series = true;
	format_text(text, sizeof(text),
		    "MaxSeries (%zu) is reached: %zu series are due, %u of "
		    "them of the network namespace \"%s\"; each has a share, "
		    "and what further series would have lost is summed up in "
		    "_other",
		    max, n_due, largest->n_due, largest->name);
	report_warn(r, text);
}

void report_room_share(struct report *r, const struct ns_list *list,
		       size_t n_others)
{
	struct series_share *named = &r->reporter->named;
	struct series_share *nameless = &r->reporter->nameless;
	size_t max = r->reporter->settings->max_series;
	size_t n_nameless = due_within(list, false, NO_LIMIT), all, left;

	all = due_within(list, true, NO_LIMIT) + n_nameless + n_others;
	if (all > max)
		log_limit(r, list, all);
	else if (named->limit == NO_LIMIT && nameless->limit == NO_LIMIT)
		return;
	max -= smaller(max, n_others);
	left = max - kept_for_nameless(list, max, n_nameless);
	r->any_quiet |= settle_share(named, find_share(list, true, left));
	left = max - due_within(list, true, named->limit);
	r->any_quiet |= settle_share(nameless, find_share(list, false, left));
}
