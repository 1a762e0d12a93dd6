/* SPDX-License-Identifier: MIT */
#include "report/report_queue.h"

#include <string.h>

#include "base/util.h"
#include "report/report_alarms.h"
#include "report/report_notify.h"
#include "report/report_words.h"

/* Alarms in one report; more of them wait for the next ones. */
#define MAX_RAISED 20

/* What waits again that soon is of the same backlog. */
#define BACKLOG_NS (600 * UINT64_C(1000000000))
/* Summaries of one backlog, each of other namespaces, are so far apart. */
#define SUMMARY_NS (60 * UINT64_C(1000000000))

static bool can_tell(const struct ns *ns)
{
	return ns_is_reported(ns) && !ns->replaced;
}

/* Namespaces with a name, or without, and what they have to tell. */
struct tellers {
	enum due news;
	bool named;
};

/* So many of each of them. Returns how many of the budget are left. */
static unsigned raise_share(struct report *r, const struct ns_list *list,
			    struct tellers of, unsigned share, unsigned budget)
{
	size_t begin = r->reporter->turn[of.named];

	for (size_t i = 0; i < list->n && budget; i++) {
		size_t at = (begin + i) % list->n;

		r->ns = list->items[at];
		if (!can_tell(r->ns) || ns_is_named(r->ns) != of.named)
			continue;
		budget -= report_alarms_raise(r, of.news,
					      share < budget ? share : budget);
		r->reporter->turn[of.named] = at + 1;
	}
	return budget;
}

/* Whoever has no name is one of many, and they are made anew all the time. */
static bool *was_waiting(struct report *r, struct ns *ns)
{
	return ns_is_named(ns) ? &ns->was_waiting : &r->reporter->was_waiting;
}

/* Alarms of a namespace that wait, and no summary of this backlog says so. */
static unsigned find_unsaid(struct report *r, struct ns *ns)
{
	if (!can_tell(ns) || *was_waiting(r, ns))
		return 0;
	return report_alarms_waiting(ns, DUE_CHANGE);
}

/* "web, db, cache ..." of as many as there is room for. */
static void list_waiting(struct report *r, const struct ns_list *list,
			 char *buffer, size_t size)
{
	size_t n = 0;

	EACH_NS (list, ns) {
		const char *name = ns_is_own(ns) ? "the own one" : ns->name;

		if (!find_unsaid(r, ns))
			continue;
		if (n + strlen(name) + 8 > size) {
			format_text(buffer + n, size - n, " ...");
			return;
		}
		n += snprintf(buffer + n, size - n, "%s%s", n ? ", " : "",
			      name);
	}
}

static void notify_waiting(struct report *r, const struct ns_list *list,
			   unsigned n)
{
	char message[MESSAGE_SIZE], names[MESSAGE_SIZE - 80];
	struct notification notification;

	list_waiting(r, list, names, sizeof(names));
	format_text(message, sizeof(message),
		    "%u more alarms wait for the next reads, of the network "
		    "namespaces %s",
		    n, names);
	notification = report_notice(SEVERITY_WARNING, message);
	notification.cause = "more alarms are due than are told at once";
	notification.reason = "none";
	notification.runbook = RUNBOOK;
	notification.remedy = "See all that is lost now: pktloss";
	notification.time_ns = r->time_ns;
	r->sink->notify(r->sink->arg, &notification);
}

/* Behind so long without one the next backlog is another. */
static void begin_backlog(struct report *r, const struct ns_list *list)
{
	if (less_by(r->mono_ns, r->reporter->waited_ns) < BACKLOG_NS)
		return;
	EACH_NS (list, ns)
		*was_waiting(r, ns) = false;
	r->reporter->was_waiting = false;
	r->reporter->summed_ns = 0;
}

static void tell_backlog(struct report *r, const struct ns_list *list)
{
	struct reporter *reporter = r->reporter;
	unsigned n = 0;

	begin_backlog(r, list);
	EACH_NS (list, ns)
		n += find_unsaid(r, ns);
	reporter->waited_ns = r->mono_ns;
	if (!n || (reporter->summed_ns &&
		   less_by(r->mono_ns, reporter->summed_ns) < SUMMARY_NS))
		return;
	notify_waiting(r, list, n);
	reporter->summed_ns = r->mono_ns;
	EACH_NS (list, ns)
		if (find_unsaid(r, ns))
			*was_waiting(r, ns) = true;
}

/* Namespaces that have something to tell; those without a name are one. */
static unsigned count_tellers(const struct ns_list *list, enum due news,
			      unsigned *ret_alarms)
{
	unsigned named = 0, nameless = 0;

	*ret_alarms = 0;
	EACH_NS (list, ns) {
		unsigned waiting =
			can_tell(ns) ? report_alarms_waiting(ns, news) : 0;

		*ret_alarms += waiting;
		*(ns_is_named(ns) ? &named : &nameless) += waiting > 0;
	}
	return named + (nameless > 0);
}

/*
 * Each namespace has its share of what on-call can read, those without a name
 * one together, and then the rest. Returns how many of the budget are left.
 */
static unsigned raise_fairly(struct report *r, const struct ns_list *list,
			     enum due news, unsigned budget)
{
	const struct tellers named = {news, true}, others = {news, false};
	unsigned n, left = budget, tellers = count_tellers(list, news, &n);

	if (!n || !budget)
		return budget;
	if (n > budget) {
		unsigned share = tellers < budget ? budget / tellers : 1;
		unsigned nameless;

		left = raise_share(r, list, named, share, left);
		nameless = share < left ? share : left;
		left -= nameless - raise_share(r, list, others, 1, nameless);
	}
	left = raise_share(r, list, named, left, left);
	return raise_share(r, list, others, left, left);
}

/*
 * What on-call does not know goes before what is only told again, of which
 * nothing is missed.
 */
static void raise_all(struct report *r, const struct ns_list *list)
{
	unsigned left, n;

	left = raise_fairly(r, list, DUE_CHANGE, MAX_RAISED);
	(void)raise_fairly(r, list, DUE_REPEAT, left);
	(void)count_tellers(list, DUE_CHANGE, &n);
	if (n)
		tell_backlog(r, list);
}

static void recover_all(struct report *r, const struct ns_list *list)
{
	EACH_NS (list, ns) {
		r->ns = ns;
		if (can_tell(ns))
			report_alarms_recover(r);
	}
}

void report_queue_tell(struct report *r, const struct ns_list *list)
{
	recover_all(r, list);
	raise_all(r, list);
}
