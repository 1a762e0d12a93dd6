/* SPDX-License-Identifier: MIT */
#include "program/since.h"

#include <errno.h>
#include <string.h>

#include "engine/interval.h"
#include "program/command_line.h"
#include "program/look_file.h"

static const char *why_not_used(int error)
{
	switch (error) {
	case -ELOOP:
		return "it is a symbolic link";
	case -EINVAL:
		return "it is no regular file";
	case -EPERM:
		return "it belongs to another user";
	case -EBADMSG:
		return "it is damaged, or of another version of pktloss: "
		       "remove "
		       "it to begin anew";
	default:
		return strerror(-error);
	}
}

/* The patterns of -n, in one text. */
static int print_wanted(const struct settings *settings, char **ret)
{
	size_t n;
	FILE *out = open_memstream(ret, &n);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < settings->namespaces.n; i++)
		fprintf(out, "%s\n", settings->namespaces.items[i].text);
	return fclose(out) ? -ENOMEM : 0;
}

/* One that is new counts from 0, since the look in the file. */
static void compare_with(struct look_file *f, struct ns_list *list)
{
	EACH_NS (list, ns)
		if (f->whole && !baseline_knows(&f->looks, ns))
			ns->born_ns = f->boot_ns;
	baseline_restore(&f->looks, list);
}

static int read_file(const char *path, struct look_file *f)
{
	_cleanup_fclose_ FILE *in = NULL;
	int r = look_file_open(path, &in);

	return r < 0 ? r : look_file_read(in, f);
}

static int compare(const struct since *s, struct ns_list *list,
		   const char *wanted)
{
	struct look_file f = {.key = &list->key, .wanted = wanted};
	int r = read_file(s->path, &f);

	if (r == 0)
		compare_with(&f, list);
	look_file_free(&f);
	if (r == -ENOENT)
		complain("%s is new: totals since boot", s->path);
	else if (r == -ESTALE)
		complain("%s is of before the last boot: totals since boot",
			 s->path);
	else
		return r;
	return interval_since_boot(list);
}

int since_begin(struct since *s, const struct settings *settings,
		struct ns_list *list, bool whole)
{
	_cleanup_free_ char *wanted = NULL;
	int r = print_wanted(settings, &wanted);

	if (r == 0)
		r = look_file_print(list, wanted, whole, &s->text, &s->n);
	if (r == 0)
		r = compare(s, list, wanted);
	if (r < 0)
		complain("cannot use %s: %s", s->path, why_not_used(r));
	return r;
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
	free(s->text);
	s->text = NULL;
}
