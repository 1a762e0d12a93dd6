/* SPDX-License-Identifier: MIT */
#include "report/alarm_memory.h"

#include <errno.h>
#include <string.h>

#include "kernel/file.h"

/* After so long, what was raised should have been found again. */
#define PATIENCE_NS UINT64_C(120000000000)

static bool is_same(const struct saved_alarm *alarm, const struct ns *ns,
		    const struct loss *loss)
{
	return alarm->layer == loss->layer &&
	       alarm->direction == loss->direction &&
	       !strcmp(alarm->place, loss->place) &&
	       !strcmp(alarm->namespace, ns->name);
}

/* The part that was told goes on; the other one begins anew. */
static void restore(struct loss *loss, const struct saved_alarm *alarm)
{
	struct alarm *raised = &loss->alarm;

	loss->alarm.told = alarm->state;
	loss->told_part = alarm->part;
	if (alarm->part == TOLD_POLICY && !loss->other)
		loss_split(loss);
	if (alarm->part == TOLD_POLICY && loss->other)
		raised = &loss->other->alarm;
	alarm_restore(raised, alarm->state, alarm->cause);
}

void alarm_memory_claim(struct alarm_memory *m, const struct ns *ns,
			struct loss *loss)
{
	struct alarm_file *f = &m->unclaimed;

	for (size_t i = 0; i < f->n; i++) {
		if (!is_same(&f->items[i], ns, loss))
			continue;
		restore(loss, &f->items[i]);
		f->items[i] = f->items[--f->n];
		return;
	}
}

bool alarm_memory_is_stale(struct alarm_memory *m, uint64_t mono_ns)
{
	if (!m->first_ns)
		m->first_ns = mono_ns;
	return m->unclaimed.n && mono_ns > m->first_ns &&
	       mono_ns - m->first_ns >= PATIENCE_NS;
}

/* ---- the file ---- */

/* What is wrong, and what it takes, as somebody has to mend it. */
static const char *explain_file_error(int error)
{
	switch (error) {
	case -EBADMSG:
		return "it is damaged, and ignored";
	case -EINVAL:
		return "it is no regular file: move away what is there";
	case -EFBIG:
		return "it is larger than 1 MiB";
	case -EPERM:
		return "others own it or may write it, or it is not permitted";
	case -ENOENT:
		return "its directory does not exist: make it";
	case -ENOTDIR:
		return "a directory of its path is a file";
	case -EACCES:
		return "collectd's user has no right to: it has to read the "
		       "file, and to write in its directory";
	case -EROFS:
		return "its file system is read-only: mount it to be written, "
		       "or set ReadWritePaths= in collectd's unit";
	case -ENOSPC:
	case -EDQUOT:
		return "there is no space left for it";
	default:
		return strerror(-error);
	}
}

bool alarm_memory_complaint(struct alarm_memory *m, char text[256])
{
	bool is_news = m->error && !m->logged;

	if (is_news)
		format_text(text, 256, "StateFile cannot be %s: %s (%.100s)",
			    m->use,
			    m->distrust ? m->distrust
					: explain_file_error(m->error),
			    m->path);
	m->logged = m->error != 0;
	return is_news;
}

static void note_result(struct alarm_memory *m, const char *use, int error)
{
	if (error != m->error)
		m->logged = false;
	m->use = use;
	m->error = error;
}

/* The one in front may be worse by now than the one that was told. */
static uint32_t told_cause(const struct loss *loss)
{
	bool is_policy = loss->limits_kind == LIMITS_POLICY;

	if (loss->other && loss->told_part &&
	    (loss->told_part == TOLD_POLICY) != is_policy)
		return alarm_cause(&loss->other->alarm);
	return alarm_cause(&loss->alarm);
}

static int add_alarm(const struct ns *ns, const struct loss *loss,
		     struct alarm_file *f)
{
	struct saved_alarm alarm = {
		.layer = loss->layer,
		.direction = loss->direction,
		.state = loss->alarm.told,
		.part = loss->told_part,
		.cause = told_cause(loss),
	};

	memcpy(alarm.place, loss->place, sizeof(alarm.place));
	memcpy(alarm.namespace, ns->name, sizeof(alarm.namespace));
	return alarm_file_add(f, &alarm);
}

/* So many of the alarms of a namespace, without so many others before them. */
static int collect(const struct ns *ns, size_t before, size_t n,
		   struct alarm_file *f)
{
	size_t seen = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ns->losses.n; i++) {
		const struct loss *loss = &ns->losses.items[i];

		if (loss->alarm.told == SEVERITY_OKAY || seen++ < before)
			continue;
		if (seen > before + n)
			return 0;
		r = add_alarm(ns, loss, f);
	}
	return r;
}

/* The file ends somewhere: some of each namespace come first. */
#define FIRST_ALARMS 64

static int collect_all(const struct alarm_memory *m, const struct ns_list *list,
		       struct alarm_file *f)
{
	static const struct {
		bool named;
		size_t before, n;
	} turns[] = {
		{true, 0, FIRST_ALARMS},
		{false, 0, FIRST_ALARMS},
		{true, FIRST_ALARMS, SIZE_MAX / 2},
		{false, FIRST_ALARMS, SIZE_MAX / 2},
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(turns); i++)
		EACH_NS (list, ns)
			if (r == 0 && turns[i].named == ns_is_named(ns))
				r = collect(ns, turns[i].before, turns[i].n, f);
	for (size_t i = 0; r == 0 && i < m->unclaimed.n; i++)
		r = alarm_file_add(f, &m->unclaimed.items[i]);
	return r;
}

/* Whether nobody else has a say in the file: it decides who is called. */
static bool may_use(struct alarm_memory *m, const char *path, const char *use)
{
	m->distrust = file_distrust(path);
	if (m->distrust)
		note_result(m, use, -EPERM);
	return !m->distrust;
}

static void write_file(struct alarm_memory *m, const char *path,
		       const struct ns_list *list)
{
	struct alarm_file all = {.n = 0};
	size_t left = 0;
	int r = collect_all(m, list, &all);

	if (r == 0)
		r = alarm_file_write(path, &all, &left);
	alarm_file_free(&all);
	m->unsaved = r < 0; /* tried again */
	if (r == 0 && left)
		note_result(m, "written whole", -EFBIG);
	else
		note_result(m, "written", r);
}

void alarm_memory_keep(struct alarm_memory *m, const char *path,
		       const struct ns_list *list)
{
	int r;

	m->path = path;
	if (path && !m->was_read) {
		if (may_use(m, path, "read")) {
			r = alarm_file_read(path, &m->unclaimed);
			note_result(m, "read", r == -ENOENT ? 0 : r);
			if (r == 0 || r == -ENOENT)
				note_result(m, "written", alarm_file_try(path));
		}
	} else if (path && m->unsaved && may_use(m, path, "written")) {
		write_file(m, path, list);
	}
	m->was_read = true;
}

void alarm_memory_free(struct alarm_memory *m)
{
	alarm_file_free(&m->unclaimed);
}
