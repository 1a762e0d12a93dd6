/* SPDX-License-Identifier: MIT */
#include "report/report_notify.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "engine/interval.h"
#include "report/report_names.h"
#include "report/report_words.h"

static const char *what_happened(enum direction direction)
{
	switch (direction) {
	case DIR_RX:
		return "packets received were lost";
	case DIR_TX:
		return "packets sent were lost";
	case DIR_FWD:
		return "packets to forward were lost";
	case DIR_LISTEN:
		return "connections wanted were refused";
	case DIR_FILL:
		return "table entries were in use";
	default:
		return "packets were lost";
	}
}

uint64_t report_judged_lost(const struct loss *loss)
{
	return loss->limits_kind == LIMITS_POLICY ? loss->policy
						  : loss->lost - loss->policy;
}

double report_judged_percent(const struct loss *loss)
{
	return loss_percent_of(loss, report_judged_lost(loss));
}

static void notify(struct report *r, const struct loss *loss, double percent,
		   const struct cause_words *words, const char *message)
{
	const struct ns *ns = r->ns;
	char place[NAME_PART + 1], instance[NAME_PART + 1];
	char interface[sizeof(loss->place)];
	struct notification notification = {
		.severity = loss->alarm.state,
		.place = place,
		.type = "percent",
		.instance = instance,
		.message = message,
		.namespace = ns->name,
		.interface = interface,
		.layer = layer_name(loss->layer),
		.percent = percent,
		.warning = loss->limits->warning,
		.failure = loss->limits->failure,
		.time_ns = r->time_ns,
	};

	memcpy(interface, loss->place, sizeof(interface));
	text_make_printable(interface);
	report_words_set(&notification, words);
	report_names_loss(ns, loss, place, instance);
	r->sink->notify(r->sink->arg, &notification);
}

/* "0.3 s", "1 s", "10 s": more digits are chance, and take room. */
static void describe_time(double seconds, char *buffer, size_t size)
{
	snprintf(buffer, size, seconds < 9.5 ? "%.2g s" : "%.0f s", seconds);
}

/* "4 of 12 in 10 s", or of a level just "18 of 20". */
static void describe_share(const struct loss *loss, const struct evidence *e,
			   char *buffer, size_t size)
{
	unsigned long long lost = e->lost, total = e->total;
	char interval[32];

	describe_time(e->seconds, interval, sizeof(interval));
	if (loss->direction == DIR_FILL)
		snprintf(buffer, size, "%llu of %llu", lost, total);
	else
		snprintf(buffer, size, "%llu of %llu in %s", lost, total,
			 interval);
}

/* "0.4% of packets sent were lost", or how many where that is not known. */
static void describe_loss(const struct ns *ns, const struct loss *loss,
			  const struct evidence *e, char *buffer, size_t size)
{
	char place[NAME_PART + 1], share[80];
	double percent = e->percent;
	/* a guess is a warning, even above the limit of a failure alone */
	bool failure = loss->alarm.state == SEVERITY_FAILURE ||
		       !(percent > loss->limits->warning);
	const char *what = what_happened(loss->direction);

	report_names_place(ns, loss->place, place);
	if (isnan(percent)) {
		describe_time(e->seconds, share, sizeof(share));
		format_text(buffer, size, "%llu %s in %s on %s (in %s)",
			    (unsigned long long)e->lost, what,
			    layer_name(loss->layer), place, share);
		return;
	}
	describe_share(loss, e, share, sizeof(share));
	format_text(buffer, size,
		    "%s%.3g%% of %s in %s on %s (%s, %s above %.3g%%)",
		    loss->at_least ? "at least " : "", percent, what,
		    layer_name(loss->layer), place, share,
		    failure ? "failure" : "warning",
		    failure ? loss->limits->failure : loss->limits->warning);
}

/* No word is longer, unless somebody made it up for a rule's comment. */
#define MAX_WORD 40

/*
 * A message that is too long ends with a whole word and dots: of a command
 * that is cut inside a word the rest may be another command.
 */
static void end_with_word(char message[MESSAGE_SIZE])
{
	static const char dots[] = " ...";
	size_t end = MESSAGE_SIZE - sizeof(dots), n = end;

	while (n > end - MAX_WORD && message[n] != ' ')
		n--;
	if (message[n] != ' ')
		n = end;
	memcpy(message + n, dots, sizeof(dots));
}

/* A second cause is worth a word from this part of the loss on. */
#define MIN_ALSO_PERCENT 10

/*
 * The remedy as it stands in a message of which so many bytes are left: where
 * they are too few for the way into the namespace, its name has to do. Whoever
 * pastes that is told that there is no command "in".
 */
static void print_short(const struct ns *ns, const char *remedy, size_t room,
			char *buffer, size_t size)
{
	struct way way = ns_way(ns);

	remedy_print(remedy, &way, buffer, size);
	if (strlen(buffer) < room || !way.prefix[0])
		return;
	snprintf(way.prefix, sizeof(way.prefix), "in %s: ", ns->name);
	remedy_print(remedy, &way, buffer, size);
}

void report_notify_loss(struct report *r, struct loss *loss,
			const struct evidence *told,
			const struct causes *causes)
{
	const struct ns *ns = r->ns;
	const struct way way = ns_way(ns);
	bool two = causes->n > 1 &&
		   causes->items[1].lost * 100 >= loss->lost * MIN_ALSO_PERCENT;
	struct cause cause = causes->items[0], also = causes->items[two];
	char message[MESSAGE_SIZE], what[MESSAGE_SIZE];
	char whole[REMEDY_TEXT], shorter[REMEDY_TEXT];
	struct cause_words words;
	size_t used;
	int n;

	describe_loss(ns, loss, told, what, sizeof(what));
	text_make_printable(cause.text);
	text_make_printable(cause.remedy);
	text_make_printable(also.text);
	remedy_print(cause.remedy, &way, whole, sizeof(whole));
	report_words_find(&words, &ns->now, &cause, whole);
	used = strlen(what) + strlen(words.cause) + 4;
	print_short(ns, cause.remedy,
		    used < MESSAGE_SIZE ? MESSAGE_SIZE - used : 0, shorter,
		    sizeof(shorter));
	n = snprintf(message, sizeof(message), "%s: %s%s%s%s%s", what,
		     words.cause, shorter[0] ? ". " : "", shorter,
		     two ? ". Also: " : "", two ? also.text : "");
	if (n >= MESSAGE_SIZE)
		end_with_word(message);
	words.percent = told->percent;
	report_words_keep(loss, &words);
	notify(r, loss, told->percent, &words, message);
}

void report_notify_again(struct report *r, const struct loss *loss,
			 const struct evidence *now)
{
	struct cause_words words;
	char message[MESSAGE_SIZE], place[NAME_PART + 1];
	char share[80], percent[32] = "";
	size_t used;

	report_words_kept(loss, &words);
	report_names_place(r->ns, loss->place, place);
	describe_share(loss, now, share, sizeof(share));
	if (!isnan(words.percent))
		snprintf(percent, sizeof(percent), "%.3g%% of ", words.percent);
	used = snprintf(message, sizeof(message),
			"%s%s in %s on %s before, now %s. Cause then: %s",
			percent, what_happened(loss->direction),
			layer_name(loss->layer), place, share, words.cause);
	if (used >= sizeof(message))
		end_with_word(message);
	else if (strcmp(words.remedy, "none") != 0 &&
		 used + strlen(words.remedy) + 2 < sizeof(message))
		format_text(message + used, sizeof(message) - used, ". %s",
			    words.remedy);
	notify(r, loss, words.percent, &words, message);
}

void report_notify_okay(struct report *r, struct loss *loss, const char *why)
{
	struct cause_words words;
	char message[MESSAGE_SIZE], place[NAME_PART + 1];

	report_names_place(r->ns, loss->place, place);
	format_text(message, sizeof(message), "%s %s in %s on %s: %s",
		    loss->direction == DIR_FILL || loss->lost ? "Fewer"
							      : "No more",
		    what_happened(loss->direction), layer_name(loss->layer),
		    place, why);
	report_words_take(loss, &words);
	notify(r, loss, report_judged_percent(loss), &words, message);
}

void report_notify_recovered(struct report *r, struct loss *loss,
			     const struct evidence *now)
{
	char share[80];

	describe_share(loss, now, share, sizeof(share));
	report_notify_okay(r, loss,
			   loss->gone ? "what lost them is gone" : share);
}

struct notification report_notice(enum severity severity, const char *message)
{
	return (struct notification) {
		.severity = severity,
		.place = "all",
		.type = "gauge",
		.instance = "all-sources",
		.message = message,
		.namespace = "",
		.interface = "",
		.layer = "all",
		.counter = "none",
		.percent = NAN,
		.warning = NAN,
		.failure = NAN,
	};
}
