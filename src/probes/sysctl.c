/* SPDX-License-Identifier: MIT */
#include "probes/sysctl.h"

#include <limits.h>
#include <string.h>

#include "base/token.h"
#include "kernel/file.h"

#define LONGEST 64 /* bytes of a value that is worth a remedy */

struct token sysctl_next(const char **text)
{
	const char *at = *text;
	struct token name;

	while ((at = strstr(at, "net.")) && at > *text && !strchr(" `", at[-1]))
		at++;
	if (!at) {
		*text += strlen(*text);
		return (struct token) {*text, 0};
	}
	name = (struct token) {
		at, strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_.")};
	while (name.n && at[name.n - 1] == '.')
		name.n--; /* the end of a sentence */
	*text = at + name.n;
	return name;
}

/* Each is an object of its own: its name, and its value as the label. */
const char *sysctl_value(const struct sample *s, struct token name)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_IP && token_is(name, object_name(s, o)))
			return object_label(s, o);
	return NULL;
}

/* "4096\t131072\t6291456\n" becomes "4096 131072 6291456". */
static void make_line(char *value)
{
	for (char *c = value; *c; c++)
		if (*c == '\t')
			*c = ' ';
	value[strcspn(value, "\n")] = '\0';
}

static void append_setting(struct probe_env *env, struct token name,
			   struct sample *out)
{
	char key[PATH_MAX], file[PATH_MAX], value[LONGEST];

	snprintf(key, sizeof(key), "%.*s", (int)name.n, name.at);
	snprintf(file, sizeof(file), "%s", key);
	for (char *dot = file; (dot = strchr(dot, '.'));)
		*dot = '/';
	if (file_read_text(env->sys, file, value, sizeof(value)) <= 0)
		return; /* not of this kernel, or only the host's */
	make_line(value);
	sample_object(out, LAYER_IP, "", key, 0);
	sample_label(out, value);
}

static void append_named(struct probe_env *env, const char *remedy,
			 struct sample *out)
{
	struct token name;

	while ((name = sysctl_next(&remedy)).n)
		if (!sysctl_value(out, name))
			append_setting(env, name, out);
}

/* Objects are appended meanwhile: what is read of *out is looked up again. */
static void read_for(struct probe_env *env, struct sample *out, uint32_t index)
{
	const struct object *o = &out->objects[index];
	const struct object *p = object_before(out, o);
	uint32_t first = o->first, n = o->n;

	for (uint32_t i = 0; p && i < n && i < p->n; i++) {
		const struct row *row = &out->rows[first + i];
		const struct row *before = &out->then->rows[p->first + i];

		if (row->counter == before->counter &&
		    row->value != before->value && row->counter->remedy)
			append_named(env, row->counter->remedy, out);
	}
}

/* Whether a row of it may have grown: most objects are as they were. */
static bool has_changed(const struct sample *s, const struct object *o)
{
	const struct object *p = object_before(s, o);
	const struct row *now = object_rows(s, o), *then;

	if (!p)
		return false;
	then = object_rows(s->then, p);
	for (uint32_t i = 0; i < o->n && i < p->n; i++)
		if (now[i].value != then[i].value)
			return true;
	return false;
}

static int sysctl_read(struct probe_env *env, struct sample *out)
{
	uint32_t n = out->n_objects;

	/* what an interface lost has to do with none */
	for (uint32_t i = 0; i < n; i++) {
		const struct object *o = &out->objects[i];

		if (!object_place(out, o)[0] && has_changed(out, o))
			read_for(env, out, i);
	}
	return 0;
}

static const struct counter_table no_counters = {.n = 0};

const struct probe sysctl_probe = {
	.name = "sysctl",
	.what = "settings that remedies quote",
	.reads = "/proc/sys/net, once a loss has to do with it",
	.layer = LAYER_IP,
	.is_last = true,
	.counters = &no_counters,
	.read = sysctl_read,
};
