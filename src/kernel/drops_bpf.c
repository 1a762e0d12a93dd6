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

struct drop_source {
	struct drops_bpf *program;
	struct drop_names names;
	size_t n_cpus;		/* that there may ever be */
	struct drops_key *keys; /* room for all of the kernel's map */
	uint64_t *values;	/* of each of these one per CPU */
	struct drop_count counts[DROPS_MAX_KEYS];
};

/* ---- which program fits ---- */

/* Before 5.17 there are two, and no reason. */
static int choose_program(struct drops_bpf *program, int n_arguments)
{
	if (n_arguments < 3)
		return -EOPNOTSUPP;
	bpf_program__set_autoload(program->progs.count_of_three,
				  n_arguments == 3);
	bpf_program__set_autoload(program->progs.count_of_four,
				  n_arguments > 3);
	return 0;
}

/* ---- life ---- */

static int allocate(struct drop_source *s)
{
	int n = libbpf_num_possible_cpus();

	if (n < 0)
		return n;
	s->n_cpus = n;
	s->keys = calloc(DROPS_MAX_KEYS, sizeof(*s->keys));
	s->values = calloc(DROPS_MAX_KEYS * s->n_cpus, sizeof(*s->values));
	return s->keys && s->values ? 0 : -ENOMEM;
}

/* What the kernel says of itself is large, and needed no longer than this. */
static int learn_kernel(struct drop_source *s)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int r;

	if (!btf)
		return -EOPNOTSUPP;
	r = choose_program(s->program, bpf_count_arguments(btf, "kfree_skb"));
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
	free(source->keys);
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

/*
 * Sets the map back to empty: what is dropped meanwhile is in the next one, but
 * for a packet that is being counted on another CPU at this very moment.
 */
static int empty_map(struct drop_source *s)
{
	int map = bpf_map__fd(s->program->maps.drops);
	uint32_t at, n = DROPS_MAX_KEYS;

	if (bpf_map_lookup_and_delete_batch(map, NULL, &at, s->keys, s->values,
					    &n, NULL) < 0 &&
	    errno != ENOENT)
		return -errno;
	return (int)n;
}

static uint64_t count_all_spilled(struct drop_source *s)
{
	int map = bpf_map__fd(s->program->maps.spilled);
	uint32_t only = 0;

	if (bpf_map_lookup_elem(map, &only, s->values) < 0)
		return 0;
	return sum_cpus(s, s->values);
}

int drop_source_take(struct drop_source *source,
		     const struct drop_count **ret_counts,
		     uint64_t *ret_spilled)
{
	int n = empty_map(source);

	for (int i = 0; i < n; i++)
		source->counts[i] = (struct drop_count) {
			.key = source->keys[i],
			.packets = sum_cpus(source, source->values +
							    i * source->n_cpus),
		};
	*ret_counts = source->counts;
	*ret_spilled = n < 0 ? 0 : count_all_spilled(source);
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
