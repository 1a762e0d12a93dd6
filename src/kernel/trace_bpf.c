/* SPDX-License-Identifier: MIT */
#include "kernel/trace_source.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>

#include "base/array.h"
#include "bpf/trace.skel.h"
#include "kernel/bpf_parts.h"
#include "kernel/drop_names.h"

/* Of all CPUs, in a slice: what the ring has room for, as it is read in time.
 */
#define OF_ALL_CPUS 2048
#define MIN_OF_CPU 16
#define MAX_OF_CPU 256

struct trace_source {
	struct trace_bpf *program;
	struct drop_names names;
	struct ring_buffer *ring;
	int n_cpus;		    /* that there may ever be */
	struct trace_total *totals; /* one per CPU */
	trace_visit visit;	    /* of the trace_source_take() that runs */
	void *arg;
};

/* ---- life ---- */

/* Of each tracepoint whose program is loaded only where the kernel has it. */
static void choose_tracepoint(const struct btf *btf, const char *name,
			      struct bpf_program *program)
{
	bpf_program__set_autoload(program, bpf_count_arguments(btf, name) >= 0);
}

/* Before 5.17 drops have no reason. */
static int choose_programs(struct trace_bpf *p, const struct btf *btf)
{
	int n = bpf_count_arguments(btf, "kfree_skb");

	if (n < 3)
		return -EOPNOTSUPP;
	bpf_program__set_autoload(p->progs.drop_of_three, n == 3);
	bpf_program__set_autoload(p->progs.drop_of_four, n > 3);
	choose_tracepoint(btf, "tcp_retransmit_skb", p->progs.retransmit);
	choose_tracepoint(btf, "tcp_retransmit_synack",
			  p->progs.retransmit_synack);
	choose_tracepoint(btf, "tcp_receive_reset", p->progs.reset_came);
	choose_tracepoint(btf, "tcp_send_reset", p->progs.reset_sent);
	return 0;
}

static int learn_of_kernel(struct trace_source *s)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int r;

	if (!btf)
		return -EOPNOTSUPP;
	r = choose_programs(s->program, btf);
	if (r == 0)
		r = drop_names_read(&s->names, btf);
	btf__free(btf);
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

static int on_event(void *arg, void *data, size_t size)
{
	struct trace_source *s = arg;

	if (size >= sizeof(struct trace_event))
		s->visit(data, s->arg);
	return 0;
}

static int prepare_reading(struct trace_source *s)
{
	s->n_cpus = libbpf_num_possible_cpus();
	if (s->n_cpus < 0)
		return s->n_cpus;
	s->totals = calloc(s->n_cpus, sizeof(*s->totals));
	s->ring = ring_buffer__new(bpf_map__fd(s->program->maps.events),
				   on_event, s, NULL);
	if (!s->totals)
		return -ENOMEM;
	return s->ring ? 0 : -errno;
}

static uint32_t share_of_cpu(int n_cpus)
{
	int n = OF_ALL_CPUS / n_cpus;

	if (n > MAX_OF_CPU)
		return MAX_OF_CPU;
	return n < MIN_OF_CPU ? MIN_OF_CPU : n;
}

static int load_program(struct trace_source *s)
{
	int r;

	s->program = trace_bpf__open();
	if (!s->program)
		return -errno;
	r = learn_of_kernel(s);
	if (r == 0)
		r = trace_bpf__load(s->program);
	if (r == 0)
		r = prepare_reading(s);
	if (r == 0)
		s->program->bss->of_cpu = share_of_cpu(s->n_cpus);
	return r;
}

int trace_source_open(struct trace_source **ret)
{
	struct trace_source *s = calloc(1, sizeof(*s));
	libbpf_print_fn_t before;
	int r;

	*ret = NULL;
	if (!s)
		return -ENOMEM;
	before = bpf_hush();
	r = load_program(s);
	libbpf_set_print(before);
	if (r < 0) {
		trace_source_close(s);
		return bpf_load_error(r);
	}
	*ret = s;
	return 0;
}

void trace_source_close(struct trace_source *source)
{
	if (!source)
		return;
	ring_buffer__free(source->ring);
	trace_bpf__destroy(source->program);
	drop_names_free(&source->names);
	free(source->totals);
	free(source);
}

/* ---- what is wanted ---- */

int trace_source_skip(struct trace_source *source, uint32_t reason)
{
	uint8_t yes = 1;
	int map = bpf_map__fd(source->program->maps.skipped);

	return bpf_map_update_elem(map, &reason, &yes, BPF_ANY) < 0 ? -errno
								    : 0;
}

int trace_source_want(struct trace_source *source, uint64_t cookie)
{
	uint8_t yes = 1;
	int map = bpf_map__fd(source->program->maps.wanted);

	source->program->bss->only_wanted = 1;
	return bpf_map_update_elem(map, &cookie, &yes, BPF_ANY) < 0 ? -errno
								    : 0;
}

int trace_source_begin(struct trace_source *source, uint32_t kinds)
{
	libbpf_print_fn_t before = bpf_hush();
	int r;

	source->program->bss->kinds = kinds;
	r = trace_bpf__attach(source->program);
	libbpf_set_print(before);
	return bpf_load_error(r);
}

void trace_source_end(struct trace_source *source)
{
	trace_bpf__detach(source->program);
}

/* ---- what was seen ---- */

int trace_source_take(struct trace_source *source, trace_visit visit, void *arg)
{
	int r;

	source->visit = visit;
	source->arg = arg;
	r = ring_buffer__consume(source->ring);
	return r < 0 ? r : 0;
}

static uint64_t sum_totals(const struct trace_source *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < s->n_cpus; i++)
		sum += s->totals[i].seen;
	return sum;
}

/* In an array as ARRAY_ADD() wants it. */
struct sums {
	struct trace_sum *items;
	size_t n, max;
};

static int add_sums(struct trace_source *s, struct sums *sums)
{
	int map = bpf_map__fd(s->program->maps.totals);
	struct trace_key key, *before = NULL;

	while (bpf_map_get_next_key(map, before, &key) == 0) {
		struct trace_sum *sum = ARRAY_ADD(sums);

		if (!sum)
			return -ENOMEM;
		if (bpf_map_lookup_elem(map, &key, s->totals) < 0)
			return -errno;
		*sum = (struct trace_sum) {key, sum_totals(s)};
		before = &sum->key;
	}
	return 0;
}

/* While one runs on a CPU the kernel leaves out what interrupts it there. */
static uint64_t count_left_out(const struct trace_source *s)
{
	struct bpf_program *program;
	uint64_t n = 0;

	bpf_object__for_each_program(program, s->program->obj)
	{
		struct bpf_prog_info info = {.type = 0};
		uint32_t size = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			n += info.recursion_misses;
	}
	return n;
}

int trace_source_sums(struct trace_source *source, struct trace_sum **ret,
		      uint64_t *ret_unknown)
{
	int cpus = bpf_map__fd(source->program->maps.cpus);
	struct sums sums = {0};
	uint32_t only = 0;
	int r;

	*ret = NULL;
	*ret_unknown = 0;
	if (bpf_map_lookup_elem(cpus, &only, source->totals) < 0)
		return -errno;
	*ret_unknown = sum_totals(source) + count_left_out(source);
	r = add_sums(source, &sums);
	if (r < 0)
		free(sums.items);
	else
		*ret = sums.items;
	return r < 0 ? r : (int)sums.n;
}

/* ---- names ---- */

const char *trace_source_reason_at(const struct trace_source *source, size_t i,
				   uint32_t *ret)
{
	const struct drop_names *names = &source->names;

	if (i >= names->n)
		return NULL;
	*ret = names->items[i].reason;
	return names->items[i].name;
}

const char *trace_source_reason(const struct trace_source *source,
				uint32_t reason)
{
	return drop_names_find(&source->names, reason);
}

void trace_source_symbol(struct trace_source *source, uint64_t location,
			 char ret[DROPS_SYMBOL])
{
	bpf_ask_symbol(source->program->progs.name_symbol,
		       source->program->bss->symbol, location, ret);
}
