/* SPDX-License-Identifier: MIT */
#include "report/report_queue.h"

#include <math.h>
#include <string.h>

#include "report/report_alarms.h"
#include "report/report_notify.h"
#include "report/report_words.h"

/* Alarms in one report; more of them wait for the next ones. */
#define MAX_RAISED 20

static bool can_tell(const struct ns *ns)
{
	return ns_is_reported(ns) && !ns->replaced;
}

/* So many of each namespace. Returns how many of the budget are left. */
static unsigned raise_share(struct report *r, const struct ns_list *list,
			    unsigned share, unsigned budget)
{
	size_t begin = r->reporter->turn;

	for (size_t i = 0; i < list->n && budget; i++) {
		size_t at = (begin + i) % list->n;

		r->ns = list->items[at];
		if (!can_tell(r->ns))
			continue;
		budget -=
			report_alarms_raise(r, share < budget ? share : budget);
		r->reporter->turn = at + 1;
	}
	return budget;
}

/* "web, db, cache ..." of as many as there is room for. */
static void list_waiting(const struct ns_list *list, char *buffer, size_t size)
{
	size_t n = 0;

	EACH_NS (list, ns) {
		const char *name = ns_is_own(ns) ? "the own one" : ns->name;

		if (!can_tell(ns) || !report_alarms_waiting(ns))
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
	struct notification notification = {
		.severity = SEVERITY_WARNING,
		.place = "all",
		.type = "gauge",
		.instance = "all-sources",
		.message = message,
		.namespace = "",
		.interface = "",
		.layer = "all",
		.counter = "none",
		.cause = "more alarms are due than are told at once",
		.reason = "none",
		.runbook = RUNBOOK,
		.remedy = "See all that is lost now: pktloss",
		.percent = NAN,
		.warning = NAN,
		.failure = NAN,
		.time_ns = r->time_ns,
	};

	list_waiting(list, names, sizeof(names));
	format_text(message, sizeof(message),
		    "%u more alarms wait for the next reads, of the network "
		    "namespaces %s",
		    n, names);
	r->sink->notify(r->sink->arg, &notification);
}

/* Each namespace has its share of what on-call can read, and then the rest. */
static void raise_all(struct report *r, const struct ns_list *list)
{
	unsigned left = MAX_RAISED, n = 0, namespaces = 0;

	EACH_NS (list, ns) {
		if (can_tell(ns)) {
			unsigned waiting = report_alarms_waiting(ns);

			namespaces += waiting > 0;
			n += waiting;
		}
	}
	if (namespaces && n > MAX_RAISED)
		left = raise_share(
			r, list,
			namespaces < MAX_RAISED ? MAX_RAISED / namespaces : 1,
			left);
	left = raise_share(r, list, left, left);
	n -= MAX_RAISED - left;
	if (n && !r->reporter->had_waiting)
		notify_waiting(r, list, n);
	r->reporter->had_waiting = n;
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
