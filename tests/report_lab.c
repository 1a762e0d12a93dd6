/* SPDX-License-Identifier: MIT */
#include "report_lab.h"

#include "probes/link/link.h"
#include "probes/qdisc/qdisc.h"

struct report_lab lab;

__attribute__((format(printf, 1, 2))) static void record(const char *format,
							 ...)
{
	va_list args;

	va_start(args, format);
	lab.n_output += vsnprintf(lab.output + lab.n_output,
				  sizeof(lab.output) - lab.n_output, format,
				  args);
	va_end(args);
	ck_assert_uint_lt(lab.n_output, sizeof(lab.output));
}

static void on_value(void *arg, const struct series *s)
{
	ck_assert_ptr_eq(arg, &lab);
	record("%s/%s-%s ", s->place, s->type, s->instance);
	if (s->is_gauge)
		record("%g", s->gauge);
	else
		record("%" PRIu64, s->counter);
	record(" @%g\n", (double)s->time_ns / SECOND);
}

static void on_notify(void *arg, const struct notification *n)
{
	struct recorded *r = &lab.notified[lab.n_notified++];

	ck_assert_ptr_eq(arg, &lab);
	ck_assert_uint_lt(lab.n_notified, ARRAY_SIZE(lab.notified));
	*r = (struct recorded) {
		.severity = n->severity,
		.percent = n->percent,
		.warning = n->warning,
		.failure = n->failure,
		.time_ns = n->time_ns,
	};
	snprintf(r->place, sizeof(r->place), "%s", n->place);
	snprintf(r->type, sizeof(r->type), "%s", n->type);
	snprintf(r->instance, sizeof(r->instance), "%s", n->instance);
	snprintf(r->message, sizeof(r->message), "%s", n->message);
	snprintf(r->namespace, sizeof(r->namespace), "%s", n->namespace);
	snprintf(r->interface, sizeof(r->interface), "%s", n->interface);
	snprintf(r->layer, sizeof(r->layer), "%s", n->layer);
	snprintf(r->counter, sizeof(r->counter), "%s", n->counter);
	snprintf(r->cause, sizeof(r->cause), "%s", n->cause);
	snprintf(r->remedy, sizeof(r->remedy), "%s", n->remedy);
	snprintf(r->reason, sizeof(r->reason), "%s", n->reason);
	snprintf(r->runbook, sizeof(r->runbook), "%s", n->runbook);
	record("NOTIFY %s\n", n->message);
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	ck_assert_ptr_eq(arg, &lab);
	record("%s %s\n", level == LOG_LEVEL_NOTICE ? "NOTICE" : "LOG", text);
}

static void on_flush(void *arg)
{
	ck_assert_ptr_eq(arg, &lab);
	record("FLUSH\n");
}

void lab_setup(void)
{
	ck_assert_int_eq(settings_init(&lab.settings), 0);
	lab.reporter = reporter_new(&lab.settings);
	ck_assert_ptr_nonnull(lab.reporter);
}

void lab_teardown(void)
{
	reporter_free(lab.reporter);
	ns_list_free(&lab.list);
	settings_free(&lab.settings);
}

struct ns *lab_ns(const char *name)
{
	struct ns *ns = ns_list_add(&lab.list);

	ck_assert_ptr_nonnull(ns);
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	ns->rank = NS_NAMED;
	if (name[0])
		snprintf(ns->path, sizeof(ns->path), "/run/netns/%s", name);
	return ns;
}

struct sample *lab_read(struct ns *ns)
{
	sample_reset(&ns->now);
	ns->now.mono_ns = (lab.read_number + 1) * 10 * SECOND;
	ns->now.boot_ns = ns->now.mono_ns + lab.asleep_ns;
	ns->now.time_ns = ns->now.boot_ns + lab.clock_ns;
	ns->now.sources = 7;
	ns->was_read = true;
	return &ns->now;
}

void lab_report(void)
{
	const struct sink sink = {&lab, on_value, on_flush, on_notify, on_log};

	lab.n_output = lab.n_notified = 0;
	lab.output[0] = '\0';
	ck_assert_int_eq(
		reporter_report(lab.reporter, &lab.list, &lab.blindness, &sink),
		0);
	lab.read_number++;
}

bool lab_has_line(const char *line)
{
	const char *at = strstr(lab.output, line);

	return at && (at == lab.output || at[-1] == '\n') &&
	       at[strlen(line)] == '\n';
}

unsigned lab_count(const char *part)
{
	unsigned n = 0;

	for (const char *at = lab.output; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void link_row(struct sample *s, const char *name, uint64_t value)
{
	sample_row(s, find_counter(&link_probe, name, NULL), value);
}

void lab_interface(struct sample *s, const char *place, uint64_t packets,
		   const char *counter, uint64_t value)
{
	sample_object(s, LAYER_LINK, place, "", 1);
	link_row(s, "rx_packets", packets);
	link_row(s, "tx_packets", packets);
	link_row(s, "rx_errors", 0);
	link_row(s, counter, value);
}

void lab_round(struct ns *ns, uint64_t packets, uint64_t missed)
{
	reporter_keep_alarms(lab.reporter, &lab.list);
	lab_interface(lab_read(ns), "eth0", packets, "rx_missed_errors",
		      missed);
	lab_report();
	reporter_keep_alarms(lab.reporter, &lab.list);
}

void lab_queue(struct sample *s, const char *kind, uint64_t packets,
	       uint64_t dropped)
{
	sample_object(s, LAYER_QDISC, "eth0", "root", 1);
	qdisc_label(s, kind);
	sample_row(s, find_counter(&qdisc_probe, "", "if_tx_dropped"), dropped);
	sample_row(s, find_counter(&qdisc_probe, "", "if_tx_packets"), packets);
}
