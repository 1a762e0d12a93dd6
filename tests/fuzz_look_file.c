/* SPDX-License-Identifier: MIT */
/*
 * The file of --since: any lines between a right first one and a right last
 * one, and a look at whatever counters there are, which is read back as it was.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/fuzz.h"
#include "program/look_file.h"

static int read_text(const char *text, size_t n, struct look_file *ret)
{
	FILE *in = fmemopen((void *)text, n, "r");
	int r;

	require(in);
	*ret = (struct look_file) {.key = NULL};
	r = look_file_read(in, ret);
	require(r == 0 || r == -EBADMSG || r == -E2BIG);
	fclose(in);
	return r;
}

/* Of a look at nothing, its first line. */
static size_t print_first_line(char *buffer, size_t size)
{
	const struct ns_list list = {.n = 0};
	const struct sightings none = {.n = 0};
	char *text, *end;
	size_t n;

	require(look_file_print(&list, &none, true, &text, &n) == 0);
	end = strchr(text, '\n');
	require(end && (size_t)(end - text) < size);
	n = end + 1 - text;
	memcpy(buffer, text, n);
	free(text);
	return n;
}

static void read_lines(const uint8_t *data, size_t size)
{
	char head[256];
	size_t n = print_first_line(head, sizeof(head));
	char *text = calloc(1, n + size + 32);
	struct look_file f;

	require(text);
	memcpy(text, head, n);
	memcpy(text + n, data, size);
	n += size;
	n += snprintf(text + n, 32, "end\t%" PRIx64 "\n",
		      hash_bytes(HASH_START, text, n));
	(void)read_text(text, n, &f);
	look_file_free(&f);
	free(text);
}

static void require_same_memory(const struct sample *s, const struct sample *t)
{
	for (size_t i = 0; i < n_probes; i++) {
		size_t n, m;
		const void *a = sample_memory(s, i, &n);
		const void *b = sample_memory(t, i, &m);

		require(n == m && (!n || !memcmp(a, b, n)));
	}
}

static void require_rows(const struct sample *s, const struct object *o,
			 const struct sample *t, const struct object *p)
{
	uint32_t i = p->first;

	EACH_ROW (s, o, row) {
		require(i < p->first + p->n);
		require(t->rows[i].counter == row->counter);
		require(t->rows[i++].value == row->value);
	}
	require(i == p->first + p->n);
}

/* Without what the kernel says of drops. */
static void require_same(const struct sample *s, const struct sample *t)
{
	uint32_t n = 0;

	EACH_OBJECT (s, o) {
		const struct object *p;

		if (o->layer == LAYER_DROPREASON)
			continue;
		require(n < t->n_objects);
		p = &t->objects[n++];
		require(!strcmp(object_place(s, o), object_place(t, p)));
		require(!strcmp(object_name(s, o), object_name(t, p)));
		require(!strcmp(object_label(s, o), object_label(t, p)));
		require(!strcmp(object_table(s, o), object_table(t, p)));
		require(!strcmp(object_chain(s, o), object_chain(t, p)));
		require(o->family == p->family && o->reached == p->reached);
		require(o->identity == p->identity && o->source == p->source);
		require_rows(s, o, t, p);
	}
	require(n == t->n_objects);
	require_same_memory(s, t);
}

static void write_and_read(const uint8_t *data, size_t size)
{
	struct fuzz objects = {data, size}, values = objects;
	const struct sightings none = {.n = 0};
	struct ns_list list = {.n = 0};
	struct ns *ns = ns_list_add(&list);
	struct look_file f;
	char *text;
	size_t n;

	require(ns);
	fuzz_sample(&objects, &values, NULL, &ns->now);
	ns->now.time_ns = 1;
	ns->now.source = size % n_probes;
	sample_remember(&ns->now, data, size);
	ns->was_read = true;
	require(look_file_print(&list, &none, true, &text, &n) == 0);
	require(read_text(text, n, &f) == 0);
	require(f.looks.n == 1);
	require_same(&ns->now, &f.looks.items[0].sample);
	look_file_free(&f);
	ns_list_free(&list);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_lines(data, size);
	write_and_read(data, size);
	return 0;
}
