/* SPDX-License-Identifier: MIT */
#include "lib/fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/token.h"
#include "kernel/file.h"
#include "kernel/procnet.h"
#include "probes/firewall/firewall.h"

uint8_t fuzz_byte(struct fuzz *f)
{
	if (!f->n)
		return 0;
	f->n--;
	return *f->at++;
}

uint64_t fuzz_number(struct fuzz *f)
{
	uint8_t how = fuzz_byte(f);
	uint64_t n = 0;

	if (how < 0xc0)
		return how;
	if (how < 0xf0) /* 2^16 - 8 to 2^63 + 7 and so on */
		return (UINT64_C(1) << (16 + how % 48)) + how % 16 - 8;
	for (int i = 0; i < how % 8 + 1; i++)
		n = n << 8 | fuzz_byte(f);
	return n;
}

struct token fuzz_piece(struct fuzz *f)
{
	size_t n = strnlen((const char *)f->at, f->n);
	struct token piece = {(const char *)f->at, n};

	n += n < f->n;
	f->at += n;
	f->n -= n;
	return piece;
}

void fuzz_string(struct fuzz *f, char *buffer, size_t size)
{
	struct token piece = fuzz_piece(f);

	snprintf(buffer, size, "%.*s", (int)piece.n, piece.at);
}

void *fuzz_copy(const void *bytes, size_t n)
{
	void *copy = malloc(n ? n : 1);

	require(copy);
	if (n)
		memcpy(copy, bytes, n);
	return copy;
}

void fuzz_messages(const uint8_t *data, size_t size, netlink_row row, void *arg)
{
	void *copy = fuzz_copy(data, size);

	require(netlink_walk(copy, size, 0, row, arg) <= 1);
	free(copy);
}

/* ---- files ---- */

/* The linker sends the calls of the library through here. */
ssize_t __wrap_procnet_read(struct procnet *net, const char *name, char *buffer,
			    size_t size);
ssize_t __wrap_file_read_text(const char *dir, const char *name, char *buffer,
			      size_t size);

static struct fuzz *files;

void fuzz_files(struct fuzz *f)
{
	files = f;
}

static ssize_t read_piece(char *buffer, size_t size)
{
	struct token piece = {"", 0};

	if (files)
		piece = fuzz_piece(files);
	if (!piece.n)
		return -ENOENT;
	if (piece.n >= size)
		return -E2BIG;
	memcpy(buffer, piece.at, piece.n);
	buffer[piece.n] = '\0';
	return (ssize_t)piece.n;
}

ssize_t __wrap_procnet_read(struct procnet *net, const char *name, char *buffer,
			    size_t size)
{
	(void)net;
	(void)name;
	return read_piece(buffer, size);
}

ssize_t __wrap_file_read_text(const char *dir, const char *name, char *buffer,
			      size_t size)
{
	(void)dir;
	(void)name;
	return read_piece(buffer, size);
}

/* ---- samples ---- */

static const char *const places[] = {"", "eth0", "br0", "a;b\n"};
static const char *const names[] = {"", "root", "arp_cache", "arp_cache",
				    "ip.filter.INPUT"};

static const char *pick(struct fuzz *f, const char *const *list, size_t n)
{
	return list[fuzz_byte(f) % n];
}

/* An object that any namespace may have: whoever owns it names much of it. */
static void append_object(struct fuzz *f, const struct probe *probe,
			  struct sample *out)
{
	uint8_t first = fuzz_byte(f), flags = fuzz_byte(f);
	const struct counter *c =
		&probe->counters->rows[first % probe->counters->n];
	const char *name = c->object ? c->object
				     : pick(f, names, ARRAY_SIZE(names));
	const char *place = pick(f, places, ARRAY_SIZE(places));
	char label[24];

	/* a chain at an interface is called by it, but has no place */
	sample_object(out, c->layer, c->layer == LAYER_NETFILTER ? "" : place,
		      name, flags % 4);
	if (flags & 4) {
		fuzz_string(f, label, sizeof(label));
		sample_label(out, label);
	}
	if (c->layer == LAYER_NETFILTER)
		sample_chain(out, flags >> 3 & 7, "filter", "INPUT");
	if (flags & 64)
		sample_reached(out, fuzz_byte(f) % (1u << N_DIRECTIONS));
}

static void append_rows(struct fuzz *objects, struct fuzz *values,
			const struct probe *probe, struct sample *out)
{
	size_t at = fuzz_byte(objects);
	unsigned n = fuzz_byte(objects) % 8;
	const struct object *o = &out->objects[out->n_objects - 1];

	for (; n && at < probe->counters->n; at++) {
		const struct counter *c = &probe->counters->rows[at];
		uint64_t value;

		if (c->layer != o->layer)
			continue;
		value = fuzz_number(values);
		sample_row(out, c, c->bits == 32 ? (uint32_t)value : value);
		n--;
	}
}

void fuzz_sample(struct fuzz *objects, struct fuzz *values,
		 const struct probe *except, struct sample *out)
{
	while (objects->n && !out->error) {
		uint8_t source = fuzz_byte(objects);

		if (source == 0xff)
			return;
		source %= n_probes;
		if (!probes[source]->counters->n || probes[source] == except)
			continue;
		out->source = source;
		append_object(objects, probes[source], out);
		append_rows(objects, values, probes[source], out);
		out->sources |= 1u << source;
	}
}

/* ---- words ---- */

void fuzz_describe(const struct sample *s)
{
	char text[256];

	EACH_OBJECT (s, o) {
		require(firewall_describe(s, o, text, sizeof(text)) <= 0);
		require(firewall_remedy(s, o, text, sizeof(text)) <= 0);
	}
}

void require_text(const char *text, size_t size)
{
	size_t n = strlen(text);

	require(n < size);
	for (size_t i = 0; i < n; i++)
		require(text[i] >= ' ' && text[i] <= '~');
}
