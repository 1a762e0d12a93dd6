/* SPDX-License-Identifier: MIT */
#include "probes/snmp/snmp_columns.h"

#include <errno.h>
#include <string.h>

/* The lines of snmp6 have no sections, their names carry them. */
static bool is_listed(const struct counter *c)
{
	return strchr(c->section, '6') != NULL;
}

/* As the kernel prints it: a name may have its section in front. */
static const char *printed_name(const struct counter *c)
{
	size_t n = strlen(c->section);

	return is_listed(c) || strncmp(c->name, c->section, n) ? c->name
							       : c->name + n;
}

uint16_t snmp_columns_slot(size_t optional)
{
	const struct counter *c = &snmp_optional[optional];

	for (uint16_t i = 0; i < N_SNMP_COUNTERS; i++)
		if (!strcmp(snmp_counters[i].section, c->section) &&
		    !strcmp(snmp_counters[i].name, c->name))
			return i;
	return N_SNMP_COUNTERS + optional;
}

static void want(struct snmp_columns *l, const struct counter *c, uint16_t slot)
{
	l->wanted[l->first[N_LAYERS]++] = (struct snmp_wanted) {c, slot};
}

static void want_layer(struct snmp_columns *l, const struct probe_env *env,
		       enum layer layer)
{
	l->first[layer] = l->first[N_LAYERS];
	for (uint16_t i = 0; i < N_SNMP_COUNTERS; i++)
		if (snmp_counters[i].layer == layer)
			want(l, &snmp_counters[i], i);
	for (size_t i = 0; i < N_SNMP_OPTIONAL; i++)
		if (snmp_optional[i].layer == layer &&
		    counter_wanted(env, &snmp_optional[i]))
			want(l, &snmp_optional[i], snmp_columns_slot(i));
}

struct snmp_columns *snmp_columns_new(const struct probe_env *env)
{
	struct snmp_columns *l = calloc(1, sizeof(*l));

	for (int i = 0; l && i < N_LAYERS; i++)
		want_layer(l, env, i);
	return l;
}

void snmp_columns_free(struct snmp_columns *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_lines; i++) {
		free(l->lines[i].names);
		free(l->lines[i].wanted);
	}
	free(l);
}

/* The slot of a name in a section, or in snmp6 where section is empty. */
static uint16_t find_slot(const struct snmp_columns *l, struct token section,
			  struct token name)
{
	for (size_t i = 0; i < l->first[N_LAYERS]; i++) {
		const struct counter *c = l->wanted[i].counter;

		if (is_listed(c) == !section.n &&
		    token_is(name, printed_name(c)) &&
		    (!section.n || token_is(section, c->section)))
			return l->wanted[i].slot;
	}
	return SNMP_NO_SLOT;
}

static bool is_wanted(const struct snmp_columns *l, struct token section)
{
	for (size_t i = 0; i < l->first[N_LAYERS]; i++)
		if (token_is(section, l->wanted[i].counter->section))
			return true;
	return false;
}

static bool add_column(struct snmp_line *line, uint16_t slot)
{
	if (line->n_wanted == line->max_wanted) {
		uint32_t max = line->max_wanted ? line->max_wanted * 2 : 16;
		struct snmp_column *grown;

		grown = realloc(line->wanted, max * sizeof(*grown));
		if (!grown)
			return false;
		line->wanted = grown;
		line->max_wanted = max;
	}
	line->wanted[line->n_wanted++] =
		(struct snmp_column) {line->n_columns, slot};
	return true;
}

static bool keep_names(struct snmp_line *line, struct token names)
{
	if (names.n > line->max_names) {
		char *grown = realloc(line->names, names.n);

		if (!grown)
			return false;
		line->names = grown;
		line->max_names = names.n;
	}
	memcpy(line->names, names.at, names.n);
	line->n = names.n;
	return true;
}

static int learn_line(const struct snmp_columns *l, struct snmp_line *line,
		      struct token section, struct token names)
{
	struct token rest = names, name;

	line->n = 0; /* unknown, should memory run out */
	line->n_wanted = line->n_columns = 0;
	line->dull = !is_wanted(l, section);
	if (line->dull)
		return keep_names(line, section) ? 0 : -ENOMEM;
	(void)token_word(&rest);
	while ((name = token_word(&rest)).n) {
		uint16_t slot = find_slot(l, section, name);

		if (slot != SNMP_NO_SLOT && !add_column(line, slot))
			return -ENOMEM;
		line->n_columns++;
	}
	return keep_names(line, names) ? 0 : -ENOMEM;
}

static bool is_line(const struct snmp_line *line, struct token section,
		    struct token names)
{
	struct token t = line->dull ? section : names;

	return line->n == t.n && !memcmp(line->names, t.at, t.n);
}

/* Where to learn a line: over the old one of its section, or the next. */
static struct snmp_line *place_of(struct snmp_columns *l, struct token section)
{
	for (size_t i = 0; i < l->n_lines; i++) {
		struct snmp_line *line = &l->lines[i];

		if (line->n > section.n && line->names[section.n] == ':' &&
		    !memcmp(line->names, section.at, section.n))
			return line;
	}
	if (l->n_lines < MAX_SNMP_LINES)
		return &l->lines[l->n_lines++];
	return &l->lines[l->next_line % MAX_SNMP_LINES];
}

int snmp_columns_line(struct snmp_columns *l, struct token section,
		      struct token names, const struct snmp_line **ret)
{
	struct snmp_line *line = NULL;
	int r = 0;

	for (size_t i = 0; !line && i < l->n_lines; i++) {
		size_t at = (l->next_line + i) % l->n_lines;

		if (is_line(&l->lines[at], section, names))
			line = &l->lines[at];
	}
	if (!line) {
		line = place_of(l, section);
		r = learn_line(l, line, section, names);
	}
	l->next_line = line - l->lines + 1;
	*ret = line;
	return r;
}

const struct snmp_name *snmp_columns_known(struct snmp_columns *l,
					   struct token text)
{
	for (size_t i = 0; i < l->n_names; i++) {
		size_t at = (l->next_name + i) % l->n_names;
		const struct snmp_name *name = &l->names[at];

		if (text.n < name->n || memcmp(text.at, name->text, name->n))
			continue;
		l->next_name = at + 1;
		return name;
	}
	return NULL;
}

/* Puts it where it stood: behind the one that was found last. */
static void keep_name(struct snmp_columns *l, struct token before,
		      uint16_t slot)
{
	struct snmp_name *at;

	if (before.n > sizeof(at->text))
		return;
	if (l->n_names == MAX_SNMP_NAMES)
		l->n_names = 0;
	if (l->next_name > l->n_names)
		l->next_name = l->n_names;
	at = &l->names[l->next_name];
	memmove(at + 1, at, (l->n_names - l->next_name) * sizeof(*at));
	*at = (struct snmp_name) {.n = before.n, .slot = slot};
	memcpy(at->text, before.at, before.n);
	l->n_names++;
	l->next_name++;
}

uint16_t snmp_columns_name(struct snmp_columns *l, struct token name,
			   struct token before)
{
	uint16_t slot = find_slot(l, (struct token) {0}, name);

	keep_name(l, before, slot);
	return slot;
}
