/* SPDX-License-Identifier: MIT */
#include "probes/snmp/snmp_columns.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "probes/snmp/snmp_private.h"

/*
 * As the kernel prints it: a name may have its section in front. The lines of
 * snmp6 have no sections, their names carry them.
 */
static const char *printed_name(const struct counter *c)
{
	size_t n = strlen(c->section);

	return c->v6 || strncmp(c->name, c->section, n) ? c->name : c->name + n;
}

uint16_t snmp_columns_slot(size_t counter)
{
	const struct counter *all = snmp_table.rows, *c = &all[counter];

	for (size_t i = 0; i < counter; i++)
		if (all[i].section && !strcmp(all[i].section, c->section) &&
		    !strcmp(all[i].name, c->name))
			return i;
	return counter;
}

static void want_layer(struct snmp_columns *cols, const struct probe_env *env,
		       enum layer layer)
{
	cols->first[layer] = cols->n_wanted;
	for (size_t i = 0; i < snmp_table.n; i++) {
		const struct counter *c = &snmp_table.rows[i];

		if (c->layer == layer && c->section && counter_wanted(env, c))
			cols->wanted[cols->n_wanted++] =
				(struct snmp_wanted) {c, snmp_columns_slot(i)};
	}
}

static void want_computed(struct snmp_columns *cols)
{
	for (size_t i = 0; i < snmp_table.n; i++)
		if (!snmp_table.rows[i].section)
			cols->wanted[cols->n_wanted++] = (struct snmp_wanted) {
				&snmp_table.rows[i], SNMP_NO_SLOT};
}

struct snmp_columns *snmp_columns_new(const struct probe_env *env)
{
	struct snmp_columns *cols = calloc(1, sizeof(*cols));

	if (!cols)
		return NULL;
	for (int i = 0; i < N_LAYERS; i++)
		want_layer(cols, env, i);
	cols->first[N_LAYERS] = cols->n_wanted;
	want_computed(cols);
	return cols;
}

void snmp_columns_free(struct snmp_columns *cols)
{
	if (!cols)
		return;
	for (size_t i = 0; i < cols->n_lines; i++) {
		free(cols->lines[i].names);
		free(cols->lines[i].wanted);
	}
	free(cols);
}

/* The slot of a name in a section, or in snmp6 where section is empty. */
static uint16_t column_slot(const struct snmp_columns *cols,
			    struct token section, struct token name)
{
	for (size_t i = 0; i < cols->first[N_LAYERS]; i++) {
		const struct counter *c = cols->wanted[i].counter;

		if (c->v6 == !section.n && token_is(name, printed_name(c)) &&
		    (!section.n || token_is(section, c->section)))
			return cols->wanted[i].slot;
	}
	return SNMP_NO_SLOT;
}

static bool wants_section(const struct snmp_columns *cols, struct token section)
{
	for (size_t i = 0; i < cols->first[N_LAYERS]; i++)
		if (token_is(section, cols->wanted[i].counter->section))
			return true;
	return false;
}

static bool add_column(struct snmp_line *line, uint16_t slot)
{
	if (!array_reserve((void **)&line->wanted, &line->max_wanted,
			   line->n_wanted + 1, sizeof(*line->wanted)))
		return false;
	line->wanted[line->n_wanted++] =
		(struct snmp_column) {line->n_columns, slot};
	return true;
}

static bool keep_names(struct snmp_line *line, struct token names)
{
	if (!array_reserve((void **)&line->names, &line->max_names, names.n, 1))
		return false;
	memcpy(line->names, names.at, names.n);
	line->n = names.n;
	return true;
}

static int learn_line(const struct snmp_columns *cols, struct snmp_line *line,
		      struct token section, struct token names)
{
	struct token rest = names, name;

	line->n = 0; /* unknown, should memory run out */
	line->n_wanted = line->n_columns = 0;
	line->skipped = !wants_section(cols, section);
	if (line->skipped)
		return keep_names(line, section) ? 0 : -ENOMEM;
	(void)token_word(&rest);
	while ((name = token_word(&rest)).n) {
		uint16_t slot = column_slot(cols, section, name);

		if (slot != SNMP_NO_SLOT && !add_column(line, slot))
			return -ENOMEM;
		line->n_columns++;
	}
	return keep_names(line, names) ? 0 : -ENOMEM;
}

static bool is_line(const struct snmp_line *line, struct token section,
		    struct token names)
{
	struct token t = line->skipped ? section : names;

	return line->n == t.n && !memcmp(line->names, t.at, t.n);
}

/* Where to learn a line: over the old one of its section, or the next. */
static struct snmp_line *place_of(struct snmp_columns *cols,
				  struct token section)
{
	for (size_t i = 0; i < cols->n_lines; i++) {
		struct snmp_line *line = &cols->lines[i];

		if (line->n > section.n && line->names[section.n] == ':' &&
		    !memcmp(line->names, section.at, section.n))
			return line;
	}
	if (cols->n_lines < MAX_SNMP_LINES)
		return &cols->lines[cols->n_lines++];
	return &cols->lines[cols->next_line % MAX_SNMP_LINES];
}

int snmp_columns_line(struct snmp_columns *cols, struct token section,
		      struct token names, const struct snmp_line **ret)
{
	struct snmp_line *line = NULL;
	int r = 0;

	for (size_t i = 0; !line && i < cols->n_lines; i++) {
		size_t at = (cols->next_line + i) % cols->n_lines;

		if (is_line(&cols->lines[at], section, names))
			line = &cols->lines[at];
	}
	if (!line) {
		line = place_of(cols, section);
		r = learn_line(cols, line, section, names);
	}
	cols->next_line = line - cols->lines + 1;
	*ret = line;
	return r;
}

const struct snmp_name *snmp_columns_known(struct snmp_columns *cols,
					   struct token text)
{
	for (size_t i = 0; i < cols->n_names; i++) {
		size_t at = (cols->next_name + i) % cols->n_names;
		const struct snmp_name *name = &cols->names[at];

		if (text.n < name->n || memcmp(text.at, name->text, name->n))
			continue;
		cols->next_name = at + 1;
		return name;
	}
	return NULL;
}

/* Puts it where it stood: behind the one that was found last. */
static void keep_name(struct snmp_columns *cols, struct token before,
		      uint16_t slot)
{
	struct snmp_name *at;

	if (before.n > sizeof(at->text))
		return;
	if (cols->n_names == MAX_SNMP_NAMES)
		cols->n_names = 0;
	if (cols->next_name > cols->n_names)
		cols->next_name = cols->n_names;
	at = &cols->names[cols->next_name];
	memmove(at + 1, at, (cols->n_names - cols->next_name) * sizeof(*at));
	*at = (struct snmp_name) {.n = before.n, .slot = slot};
	memcpy(at->text, before.at, before.n);
	cols->n_names++;
	cols->next_name++;
}

uint16_t snmp_columns_name(struct snmp_columns *cols, struct token name,
			   struct token before)
{
	uint16_t slot = column_slot(cols, (struct token) {0}, name);

	keep_name(cols, before, slot);
	return slot;
}
