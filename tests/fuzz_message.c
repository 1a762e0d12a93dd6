/* SPDX-License-Identifier: MIT */
/*
 * From samples to messages: three reads of two namespaces, whatever counts in
 * them, to values, causes and notifications, or to findings, as the program
 * tells them. What goes to collectd is text that any of its writers and
 * receivers can take.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "diagnosis/finding.h"
#include "engine/interval.h"
#include "lib/fuzz.h"
#include "report/reporter.h"

#define N_READS 3
#define SECOND UINT64_C(1000000000)

static void require_name(const char *name, bool may_be_empty)
{
	require_text(name, NAME_PART + 1);
	require(name[0] || may_be_empty);
	require(!strpbrk(name, "/ '\"`;\\"));
}

static void on_value(void *arg, const struct series *s)
{
	(void)arg;
	require_name(s->place, false);
	require_name(s->type, false);
	require_name(s->instance, true);
	require(!s->is_gauge || strcmp(s->type, "percent") || isnan(s->gauge) ||
		(s->gauge >= 0 && s->gauge <= 100));
}

static void on_flush(void *arg)
{
	(void)arg;
}

static void on_notify(void *arg, const struct notification *n)
{
	(void)arg;
	require_name(n->place, false);
	require_name(n->type, false);
	require_name(n->instance, false);
	require_text(n->message, 256);
	require_text(n->cause, 1024);
	require_text(n->remedy, 2048);
	require_text(n->counter, 512);
	require(n->message[0] && n->cause[0] && n->remedy[0] && n->counter[0]);
	require(isnan(n->percent) || (n->percent >= 0 && n->percent <= 100));
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	require_text(text, 1024);
}

static void check_findings(const struct ns *ns)
{
	struct findings f = {0};

	require(findings_collect(&f, &ns->now, &ns->losses) == 0);
	for (size_t i = 0; i < f.n; i++) {
		const struct finding *one = &f.items[i];

		require(one->causes.n <= MAX_CAUSES);
		require(isnan(one->percent) ||
			(one->percent >= 0 && one->percent <= 100));
		require(one->below < (int)f.n);
	}
	findings_free(&f);
}

static struct ns *add_namespace(struct ns_list *list, const char *name)
{
	struct ns *ns = ns_list_add(list);

	require(ns);
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	if (name[0])
		snprintf(ns->path, sizeof(ns->path), "/run/netns/%s", name);
	return ns;
}

/* The objects are the same in all reads, unless the input tells others. */
static void read_namespace(struct ns *ns, struct fuzz objects, struct fuzz *f,
			   unsigned number)
{
	sample_reset(&ns->now);
	sample_follow(&ns->now, number ? &ns->then : NULL);
	ns->now.mono_ns = ns->now.boot_ns = (number + 1) * 10 * SECOND;
	ns->now.time_ns = ns->now.boot_ns + 1000000 * SECOND;
	fuzz_sample(&objects, f, NULL, &ns->now);
	ns->was_read = true;
}

static void configure(struct settings *s)
{
	static const struct option_value one = {VALUE_NUMBER, .number = 1};

	require(settings_init(s) == 0);
	require(settings_add_threshold(s) == 0);
	require(settings_set(s, true, "Hits", &one) == 0);
	require(settings_set(s, true, "MinimumLost", &one) == 0);
}

/* One for all inputs: they make none of its state. */
static const struct settings *the_settings(void)
{
	static struct settings settings;

	if (!settings.thresholds.n)
		configure(&settings);
	return &settings;
}

static void report(struct reporter *reporter, struct ns_list *list)
{
	static const struct sink sink = {NULL, on_value, on_flush, on_notify,
					 on_log};
	struct blindness blindness = {.n_skipped = 0};

	require(reporter_report(reporter, list, &blindness, &sink) == 0);
}

static void find(struct ns_list *list)
{
	require(interval_compare(list) == 0);
	EACH_NS (list, ns)
		check_findings(ns);
	interval_end(list);
}

/* So many bytes of the input as the first one says. */
static struct fuzz take_part(struct fuzz *f)
{
	size_t n = fuzz_byte(f);
	struct fuzz part = {f->at, n < f->n ? n : f->n};

	f->at += part.n;
	f->n -= part.n;
	return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reporter *reporter = reporter_new(the_settings());
	struct ns_list list = {.n = 0};
	struct fuzz f = {data, size}, objects[2];
	bool is_program = fuzz_byte(&f) & 1;

	require(reporter);
	for (int i = 0; i < 2; i++) {
		(void)add_namespace(&list, i ? "web" : "");
		objects[i] = take_part(&f);
	}
	for (unsigned n = 0; n < N_READS; n++) {
		for (int i = 0; i < 2; i++)
			read_namespace(list.items[i], objects[i], &f, n);
		if (is_program)
			find(&list);
		else
			report(reporter, &list);
	}
	reporter_free(reporter);
	ns_list_free(&list);
	return 0;
}
