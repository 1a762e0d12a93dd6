/* SPDX-License-Identifier: MIT */
#include "report/report_blind.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "report/report_notify.h"
#include "report/report_words.h"

#define MAX_BLIND 3

static const char *why_blind(int error)
{
	if (error == -EINPROGRESS)
		return "a read does not end";
	return strerror(-error);
}

/* The heartbeat of collectd's own namespace is what would go on. */
static void tell(const struct sink *sink, enum severity severity,
		 const char *message, const char *why)
{
	struct notification n = report_notice(severity, message);

	n.cause = why;
	n.remedy = "See the log of collectd";
	n.reason = "unknown";
	n.runbook = RUNBOOK "#unknown";
	sink->notify(sink->arg, &n);
}

static void end_spell(struct blind_spell *spell, const struct sink *sink)
{
	if (spell->told)
		tell(sink, SEVERITY_OKAY, "Packet loss is read again",
		     "it is read again");
	*spell = (struct blind_spell) {0};
}

bool report_blind_note(struct blind_spell *spell, int error,
		       const struct sink *sink)
{
	char text[160];

	if (!error) {
		end_spell(spell, sink);
		return false;
	}
	if (!spell->n++ && error != -EINPROGRESS) {
		format_text(text, sizeof(text), "nothing could be read: %s",
			    why_blind(error));
		sink->log(sink->arg, LOG_LEVEL_WARNING, text);
	}
	if (spell->n < MAX_BLIND || spell->told)
		return spell->told;
	spell->told = true;
	format_text(text, sizeof(text),
		    "Packet loss is not read any more, for %d intervals: %s",
		    MAX_BLIND, why_blind(error));
	sink->log(sink->arg, LOG_LEVEL_WARNING, text);
	tell(sink, SEVERITY_FAILURE, text, why_blind(error));
	return true;
}
