/* SPDX-License-Identifier: MIT */
#include "kernel/drop_source.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "bpf/drops.skel.h"
#include "kernel/bpf_parts.h"
#include "kernel/drop_names.h"

/* So many are taken at once: one of the map's buckets never has as many. */
#define KEYS_AT_ONCE 256

/* As many again may come in while the map is emptied, and stay for later. */
#define MAX_COUNTS (DROPS_MAX_KEYS + KEYS_AT_ONCE)

struct drop_source {
	struct drops_bpf *program;
	struct bpf_program *counting; /* of its programs the one that is run */
	struct drop_names names;
	size_t n_cpus; /* that there may ever be */
	struct drops_key keys[KEYS_AT_ONCE];
	uint64_t *values; /* of each of these one per CPU */
	struct drop_count counts[MAX_COUNTS];
	size_t n_counts; /* that nobody was told of yet */
};

/* ---- which program fits ---- */

/* Before 5.17 there are two, and no reason. */
static int choose_program(struct drop_source *s, int n_arguments)
{
	struct bpf_program *three = s->program->progs.count_of_three;
	struct bpf_program *four = s->program->progs.count_of_four;

	if (n_arguments < 3)
		return -EOPNOTSUPP;
	s->counting = n_arguments == 3 ? three : four;
	bpf_program__set_autoload(three, s->counting == three);
	bpf_program__set_autoload(four, s->counting == four);
	return 0;
}

/* ---- life ---- */

static int allocate(struct drop_source *s)
{
	int n = libbpf_num_possible_cpus();

	if (n < 0)
		return n;
	s->n_cpus = n;
	s->values = calloc(KEYS_AT_ONCE * s->n_cpus, sizeof(*s->values));
	return s->values ? 0 : -ENOMEM;
}

/* What the kernel says of itself is large, and needed no longer than this. */
static int learn_kernel(struct drop_source *s)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int r;

	if (!btf)
		return -EOPNOTSUPP;
	r = choose_program(s, bpf_count_arguments(btf, "kfree_skb"));
	if (r == 0)
		r = drop_names_read(&s->names, btf);
	btf__free(btf);
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

static int load(struct drop_source *s)
{
	int r;

	s->program = drops_bpf__open();
	if (!s->program)
		return -errno;
	r = learn_kernel(s);
	if (r == 0)
		r = allocate(s);
	if (r == 0)
		r = drops_bpf__load(s->program);
	if (r == 0)
		r = drops_bpf__attach(s->program);
	return r;
}

int drop_source_open(struct drop_source **ret)
{
	struct drop_source *s = calloc(1, sizeof(*s));
	libbpf_print_fn_t before;
	int r;

	*ret = NULL;
	if (!s)
		return -ENOMEM;
	before = bpf_hush();
	r = load(s);
	libbpf_set_print(before);
	if (r < 0) {
		drop_source_close(s);
		return bpf_load_error(r);
	}
	*ret = s;
	return 0;
}

void drop_source_close(struct drop_source *source)
{
	if (!source)
		return;
	drops_bpf__destroy(source->program);
	drop_names_free(&source->names);
	free(source->values);
	free(source);
}

/* ---- what was counted ---- */

static uint64_t sum_cpus(const struct drop_source *s, const uint64_t *values)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n_cpus; i++)
		sum += values[i];
	return sum;
}

/* Where the kernel begins next, if it says nothing of it. */
#define NOWHERE UINT32_MAX

/*
 * Takes some from a bucket of the map on, which is moved on. What was taken is
 * the kernel's no more, even where it fails behind that. Returns 1: these were
 * the last, 0 or a negative errno.
 */
static int take_some(struct drop_source *s, uint32_t *bucket)
{
	int map = bpf_map__fd(s->program->maps.drops);
	uint32_t next = NOWHERE, n = KEYS_AT_ONCE;
	int r = bpf_map_lookup_and_delete_batch(
		map, *bucket == NOWHERE ? NULL : bucket, &next, s->keys,
		s->values, &n, NULL);
	int error = r < 0 ? -errno : 0;

	if (next == NOWHERE) /* it has not begun: n is what it was */
		return error == -ENOENT || !error ? -EIO : error;
	for (uint32_t i = 0; i < n; i++)
		s->counts[s->n_counts++] = (struct drop_count) {
			.key = s->keys[i],
			.packets = sum_cpus(s, s->values + i * s->n_cpus),
		};
	*bucket = next;
	return error == -ENOENT ? 1 : error;
}

/*
 * Sets the map back to empty: what is dropped meanwhile is in the next one, but
 * for a packet that is being counted on another CPU at this very moment.
 */
static int empty_map(struct drop_source *s)
{
	uint32_t bucket = NOWHERE;
	int r = 0;

	while (r == 0 && s->n_counts <= MAX_COUNTS - KEYS_AT_ONCE)
		r = take_some(s, &bucket);
	return r < 0 ? r : 0;
}

/*
 * Packets that had no room, and those that were dropped while another one was
 * counted on that CPU: the kernel leaves these out.
 */
static int count_all_spilled(struct drop_source *s, uint64_t *ret)
{
	int map = bpf_map__fd(s->program->maps.spilled);
	struct bpf_prog_info info = {.type = 0};
	uint32_t only = 0, size = sizeof(info);

	if (bpf_map_lookup_elem(map, &only, s->values) < 0 ||
	    bpf_obj_get_info_by_fd(bpf_program__fd(s->counting), &info, &size) <
		    0)
		return errno == ENOENT ? -EIO : -errno;
	*ret = sum_cpus(s, s->values) + info.recursion_misses;
	return 0;
}

/* What was taken before it failed is kept for the next time. */
int drop_source_take(struct drop_source *source,
		     const struct drop_count **ret_counts,
		     uint64_t *ret_spilled)
{
	int r = empty_map(source), n;

	if (r == 0)
		r = count_all_spilled(source, ret_spilled);
	if (r < 0)
		return r;
	*ret_counts = source->counts;
	n = (int)source->n_counts;
	source->n_counts = 0;
	return n;
}

/* ---- names ---- */

const char *drop_source_reason(const struct drop_source *source,
			       uint32_t reason)
{
	return drop_names_find(&source->names, reason);
}

void drop_source_symbol(struct drop_source *source, uint64_t location,
			char ret[DROPS_SYMBOL])
{
	bpf_ask_symbol(source->program->progs.name_symbol,
		       source->program->bss->symbol, location, ret);
}
