/* SPDX-License-Identifier: MIT */
#include "program/since.h"

#include <errno.h>
#include <string.h>

#include "engine/interval.h"
#include "program/command_line.h"

static const char *why_not_used(int error)
{
	switch (error) {
	case -ELOOP:
		return "it is a symbolic link";
	case -EINVAL:
		return "it is no regular file";
	case -EPERM:
		return "it belongs to another user";
	case -EUCLEAN:
		return "others may write it";
	case -EPROTOTYPE:
		return "it is no file of pktloss";
	default:
		return strerror(-error);
	}
}

/* Why a file without a look to go on from is replaced by one, or NULL. */
static const char *why_anew(int error)
{
	switch (error) {
	case -ENOENT:
		return "is new";
	case -ESTALE:
		return "is of before the last boot";
	case -EPROTO:
		return "is of another version of pktloss";
	case -EBADMSG:
		return "is damaged";
	default:
		return NULL;
	}
}

static int read_file(const char *path, struct look_file *f)
{
	_cleanup_fclose_ FILE *in = NULL;
	int r = look_file_open(path, &in);

	return r < 0 ? r : look_file_read(in, f);
}

static void recall_look(void *arg, struct ns *ns)
{
	struct since *s = arg;

	baseline_recall(&s->file.looks, ns);
}

static int read_look_before(struct since *s, const struct hash_key *key)
{
	const char *why;
	int r;

	s->file.key = key;
	r = look_file_try(s->path);
	if (r < 0) {
		complain("cannot write %s: %s", s->path, strerror(-r));
		return r;
	}
	r = read_file(s->path, &s->file);
	why = why_anew(r);
	s->is_anew = why != NULL;
	if (why)
		complain("%s %s: totals since boot", s->path, why);
	else if (r < 0)
		complain("cannot use %s: %s", s->path, why_not_used(r));
	return s->is_anew ? 0 : r;
}

int since_begin(struct since *s, struct engine *engine)
{
	int r = read_look_before(s, &engine_namespaces(engine)->key);

	if (r < 0 || s->is_anew)
		return r;
	s->recaller = (struct recaller) {.recall = recall_look, .arg = s};
	engine_set_recaller(engine, &s->recaller);
	return 0;
}

/* Whether it has come since the look before, so that it counts from 0. */
static bool has_come(const struct look_file *f, const struct ns *ns)
{
	if (baseline_has_id(&f->looks, &ns->id)) /* of one that has gone */
		return !baseline_knows(&f->looks, ns);
	return f->whole && !baseline_has_id(&f->seen, &ns->id);
}

static void find_new(struct since *s, struct ns_list *list)
{
	EACH_NS (list, ns) {
		if (!ns_is_reported(ns) || ns->then.time_ns)
			continue;
		if (has_come(&s->file, ns))
			ns->born_ns = s->file.boot_ns;
		else
			s->n_new++;
	}
}

int since_compare(struct since *s, struct engine *engine, bool whole)
{
	struct ns_list *list = engine_namespaces(engine);
	int r = look_file_print(list, engine_sightings(engine), whole, &s->text,
				&s->n);

	if (r == 0 && s->is_anew)
		r = interval_since_boot(list);
	else if (r == 0)
		find_new(s, list);
	if (r < 0)
		complain("%s", strerror(-r));
	return r;
}

void since_note(const struct since *s, struct summary *l)
{
	char text[128];

	if (!s->n_new)
		return;
	snprintf(text, sizeof(text),
		 s->n_new == 1
			 ? "%zu namespace is not in the file yet: what it "
			   "loses is told from the next time on"
			 : "%zu namespaces are not in the file yet: what they "
			   "lose is told from the next time on",
		 s->n_new);
	summary_note(l, text);
}

int since_end(const struct since *s)
{
	int r = look_file_replace(s->path, s->text, s->n);

	if (r < 0)
		complain("cannot write %s: %s", s->path, strerror(-r));
	return r;
}

void since_free(struct since *s)
{
	look_file_free(&s->file);
	free(s->text);
	s->text = NULL;
}
