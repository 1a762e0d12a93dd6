/* SPDX-License-Identifier: MIT */
/* Which losses become notifications, and what these say. */
#include <math.h>
#include <string.h>

#include "probes/link.h"
#include "watched.h"

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

/* ASCII only: what came from a rule or an interface name may be anything. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static void notify(struct report *r, const struct loss *loss,
		   const struct cause *cause, const char *message)
{
	const struct watched *w = r->watched;
	char place[NAME_PART + 1], instance[NAME_PART + 1];
	struct notice notice = {
		.severity = loss->alert.state,
		.place = place,
		.type = "percent",
		.instance = instance,
		.message = message,
		.namespace = w->name,
		.interface = loss->place,
		.layer = layer_name(loss->layer),
		.counter = cause->counter,
		.cause = cause->text,
		.remedy = cause->remedy,
		.percent = loss_percent(loss),
		.warning = loss->limits->warning,
		.failure = loss->limits->failure,
		.time_ns = r->time_ns,
	};

	if (r->n_notices >= MAX_NOTICES) {
		r->n_suppressed++;
		if (notice.severity > r->worst_suppressed)
			r->worst_suppressed = notice.severity;
		return;
	}
	r->n_notices++;
	loss_series(w, loss, place, instance);
	r->sink->notify(r->sink->arg, &notice);
}

/* "4 of 12 in 10 s", or of a level just "18 of 20". */
static void describe_share(const struct watched *w, const struct loss *loss,
			   char *buffer, size_t size)
{
	unsigned long long lost = loss->lost, total = loss_total(loss);

	if (loss->direction == DIR_FILL)
		snprintf(buffer, size, "%llu of %llu", lost, total);
	else
		snprintf(buffer, size, "%llu of %llu in %.3g s", lost, total,
			 (double)(w->now.mono_ns - w->then.mono_ns) / 1e9);
}

static void notify_loss(struct report *r, const struct loss *loss,
			struct cause *cause)
{
	const struct watched *w = r->watched;
	char message[MESSAGE_SIZE], place[NAME_PART + 1], share[80];
	bool failure = loss->alert.state == SEVERITY_FAILURE;

	full_place(w, loss->place, place);
	describe_share(w, loss, share, sizeof(share));
	make_printable(cause->text);
	make_printable(cause->remedy);
	format_text(message, sizeof(message),
		    "%.3g%% of %s in %s on %s (%s, %s above %.3g%%): %s%s%s",
		    loss_percent(loss), what_happened(loss->direction),
		    layer_name(loss->layer), place, share,
		    failure ? "failure" : "warning",
		    failure ? loss->limits->failure : loss->limits->warning,
		    cause->text, cause->remedy[0] ? ". " : "", cause->remedy);
	notify(r, loss, cause, message);
}

static void notify_okay(struct report *r, const struct loss *loss,
			const char *why)
{
	struct cause none = {.counter = ""};
	char message[MESSAGE_SIZE], place[NAME_PART + 1];

	full_place(r->watched, loss->place, place);
	format_text(message, sizeof(message), "%s %s in %s on %s: %s",
		    loss->direction == DIR_FILL ? "Fewer" : "No more",
		    what_happened(loss->direction), layer_name(loss->layer),
		    place, why);
	notify(r, loss, &none, message);
}

static void recover(struct report *r, struct loss *loss)
{
	char share[80];

	describe_share(r->watched, loss, share, sizeof(share));
	notify_okay(r, loss, loss->gone ? "what lost them is gone" : share);
}

/* The number that a fact of an interface's configuration has, or 0. */
static uint64_t config_fact(const struct sample *s, const struct object *config,
			    const struct counter *counter)
{
	const struct row *row = object_row(s, config, counter);

	return row ? row->value : 0;
}

static bool lost_on_receipt(const struct watched *w, const char *place)
{
	for (size_t i = 0; i < w->losses.n; i++) {
		const struct loss *loss = &w->losses.items[i];

		if (loss->layer == LAYER_LINK && loss->direction == DIR_RX &&
		    !strcmp(loss->place, place))
			return loss->lost > 0;
	}
	return false;
}

/* Whether config is the far end of the veth that mine describes. */
static bool is_peer(const struct sample *s, const struct object *config,
		    const struct sample *my, const struct object *mine)
{
	uint64_t index = config_fact(my, mine, &link_fact_peer_index);

	return index && config->identity == index &&
	       config_fact(s, config, &link_fact_peer_index) ==
		       mine->identity &&
	       config_fact(s, config, &link_fact_mac) ==
		       config_fact(my, mine, &link_fact_peer_mac);
}

/*
 * A veth pair is one wire: what the receiving end refuses, the sending end
 * counts too. The receiving end is where it can be put right, so it is the
 * one that alerts, if it is watched at all.
 */
static bool is_echo(const struct report *r, const struct loss *loss)
{
	const struct sample *my = &r->watched->now;
	const struct object *mine;
	uint32_t hint = 0;

	if (loss->layer != LAYER_LINK || loss->direction != DIR_TX ||
	    !loss->lost)
		return false;
	mine = sample_find(my, LAYER_LINK, loss->place, LINK_CONFIG, &hint);
	for (size_t i = 0; mine && i < r->engine->n_watched; i++) {
		const struct watched *w = r->engine->watched[i];

		if (!w->fresh)
			continue;
		for (uint32_t j = 0; j < w->now.n_objects; j++) {
			const struct object *o = &w->now.objects[j];

			if (o->layer == LAYER_LINK &&
			    is_peer(&w->now, o, my, mine) &&
			    lost_on_receipt(w, object_place(&w->now, o)))
				return true;
		}
	}
	return false;
}

/* What an interface is decides how much it may lose; that can change. */
static enum built_in find_built_in(const struct sample *s,
				   const struct loss *loss)
{
	if (loss->symptom)
		return LIMITS_SYMPTOM;
	if (loss->layer != LAYER_LINK || loss->gone ||
	    (!loss->lost && loss->alert.state == SEVERITY_OKAY))
		return LIMITS_DEFAULT; /* where limits do not matter, too */
	if (link_is_master(s, loss->place) ||
	    (link_is_real(s, loss->place) && !link_has_carrier(s, loss->place)))
		return LIMITS_REPEATED;
	return link_is_wireless(s, loss->place) ? LIMITS_WIRELESS
						: LIMITS_DEFAULT;
}

static void choose_limits(const struct report *r, struct loss *loss)
{
	const struct watched *w = r->watched;
	enum built_in built_in = find_built_in(&w->now, loss);

	if (loss->limits && loss->built_in == built_in)
		return;
	loss->built_in = built_in;
	loss->limits = settings_limits(r->engine->settings, loss->layer,
				       loss->direction, w->name, loss->place,
				       built_in);
}

static bool never_alerts(const struct limits *limits)
{
	return isnan(limits->warning) && isnan(limits->failure);
}

static void judge(struct report *r, struct loss *loss)
{
	const struct watched *w = r->watched;
	double percent = loss->gone ? 0 : loss_percent(loss);
	struct cause cause = {.counter = "", .known = true};

	if (!wants_layer(r->engine, loss->layer))
		return;
	choose_limits(r, loss);
	if (never_alerts(loss->limits) || is_echo(r, loss))
		percent = 0;
	else if (loss->lost)
		cause_find(&w->now, loss, &cause);
	if (!alert_step(&loss->alert, loss->limits, percent, loss->lost,
			cause.known ? SEVERITY_FAILURE : SEVERITY_WARNING))
		return;
	if (loss->alert.state == SEVERITY_OKAY)
		recover(r, loss);
	else
		notify_loss(r, loss, &cause);
}

/* Forgets what no sample mentions any more and no alarm holds. */
static void forget_gone(struct losses *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!l->items[i].idle ||
		    l->items[i].alert.state != SEVERITY_OKAY)
			l->items[kept++] = l->items[i];
	l->n = kept;
}

void judge_losses(struct report *r)
{
	struct losses *l = &r->watched->losses;

	for (size_t i = 0; i < l->n; i++)
		judge(r, &l->items[i]);
	forget_gone(l);
}

void end_alarms(struct report *r)
{
	struct losses *l = &r->watched->losses;

	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];

		if (loss->alert.state == SEVERITY_OKAY)
			continue;
		loss->alert.state = SEVERITY_OKAY;
		notify_okay(r, loss, "the namespace is gone");
	}
	losses_free(l);
}

void notify_suppressed(struct report *r)
{
	char message[MESSAGE_SIZE];
	struct notice notice = {
		.severity = r->worst_suppressed,
		.place = "all",
		.type = "gauge",
		.instance = "all-sources",
		.message = message,
		.namespace = "",
		.interface = "",
		.layer = "all",
		.counter = "",
		.cause = "",
		.remedy = "",
		.percent = NAN,
		.warning = NAN,
		.failure = NAN,
		.time_ns = r->time_ns,
	};

	if (!r->n_suppressed)
		return;
	format_text(
		message, sizeof(message),
		"%u more changes of state in this read are not notified one "
		"by one; the percent series show them",
		r->n_suppressed);
	r->sink->notify(r->sink->arg, &notice);
}
