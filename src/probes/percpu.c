/* SPDX-License-Identifier: MIT */
#include "probes/percpu.h"

#include <errno.h>
#include <string.h>

#include "base/token.h"
#include "kernel/procnet.h"

/* Further columns are passed over. */
#define MAX_COLUMNS 32

struct table {
	const struct counter *rows;
	size_t n_rows;
	int columns[MAX_COLUMNS]; /* which row each is, -1: none of ours */
	size_t n_columns;
	struct percpu *values;
};

static int find_row(const struct table *t, struct token name)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct counter *c = &t->rows[i];

		if (token_is(name, c->name) ||
		    (c->section && token_is(name, c->section)))
			return (int)i;
	}
	return -1;
}

static void parse_names(struct token line, struct table *t)
{
	struct token name;

	while (t->n_columns < MAX_COLUMNS && (name = token_word(&line)).n)
		t->columns[t->n_columns++] = find_row(t, name);
}

/* Returns 0, or -EBADMSG for a number that is too big to be such a counter. */
static int add(struct table *t, size_t row, uint64_t value, bool is_first)
{
	const struct counter *c = &t->rows[row];
	uint64_t *sum = &t->values->value[row];

	if (c->bits == 32 && value > UINT32_MAX)
		return -EBADMSG;
	if (c->kind != KIND_LEVEL)
		*sum += value;
	else if (is_first)
		*sum = value;
	if (c->bits == 32)
		*sum = (uint32_t)*sum;
	t->values->found[row] = true;
	return 0;
}

static int parse_cpu(struct token line, struct table *t, bool is_first)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		uint64_t value;

		if (!token_number(token_word(&line), 16, &value))
			return -EBADMSG;
		if (t->columns[i] >= 0 &&
		    add(t, t->columns[i], value, is_first) < 0)
			return -EBADMSG;
	}
	return 0;
}

int percpu_parse(const char *text, size_t n, const struct counter *rows,
		 size_t n_rows, struct percpu *ret)
{
	struct table t = {.rows = rows, .n_rows = n_rows, .values = ret};
	struct token rest = {text, n};
	bool is_first = true;
	int r = 0;

	*ret = (struct percpu) {0};
	/* the last number of a text that was cut may look whole */
	if (!n || text[n - 1] != '\n')
		return -EBADMSG;
	parse_names(token_line(&rest), &t);
	if (!t.n_columns || !rest.n)
		return -EBADMSG;
	while (r == 0 && rest.n) {
		r = parse_cpu(token_line(&rest), &t, is_first);
		is_first = false;
	}
	return r;
}

int percpu_append(const struct probe_env *env, const char *file,
		  enum layer layer, const char *name,
		  const struct counter *rows, size_t n_rows, struct sample *out)
{
	struct percpu stats;
	char path[64];
	ssize_t n;
	int r;

	format_text(path, sizeof(path), "stat/%s", file);
	n = procnet_read(env->net, path, env->buffer, env->size);
	r = n < 0 ? (int)n : percpu_parse(env->buffer, n, rows, n_rows, &stats);
	if (r < 0)
		return r;
	sample_object(out, layer, "", name, 0);
	for (size_t i = 0; i < n_rows; i++)
		if (stats.found[i] && counter_wanted(env, &rows[i]))
			sample_row(out, &rows[i], stats.value[i]);
	return 0;
}
