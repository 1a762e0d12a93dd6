/* SPDX-License-Identifier: MIT */
#include "probes/softnet.h"

#include <errno.h>
#include <string.h>

#include "kernel/procnet.h"
#include "model/delta.h"

#define TOTAL                                                                  \
	.layer = LAYER_SOFTNET, .direction = DIR_RX, .bits = 64,               \
	.source = "net/core/net-procfs.c"

/* Totals of all CPUs; .offset is the column, from 1. */
static const struct counter softnet_counters[] = {
	{TOTAL, .name = "processed", .type = "if_rx_packets", .offset = 1,
	 .kind = KIND_PASSED, .of = {{LAYER_SOFTNET, DIR_RX, RELATION_OUTSIDE}},
	 .means = "Packets the CPUs took in; once more for each VLAN, bond or "
		  "tunnel they come out of"},
	{TOTAL, .name = "dropped", .type = "if_rx_dropped", .offset = 2,
	 .kind = KIND_LOST,
	 .means = "Packets dropped: the input queue of a CPU was full",
	 .cause = "a CPU got packets faster than it could take them from its "
		  "input queue",
	 .remedy = "Spread packets over more CPUs (RPS), or let more wait: "
		   "`sysctl -w net.core.netdev_max_backlog=N`"},
	{TOTAL, .name = "time_squeeze", .type = "packets", .offset = 3,
	 .kind = KIND_OVERLOAD,
	 .means = "Times a CPU had to stop taking in packets with more of "
		  "them waiting; nothing is lost"},
	{TOTAL, .name = "received_rps", .type = "packets", .offset = 10,
	 .kind = KIND_BENIGN, .optional = true,
	 .means = "Times a CPU was woken by another one to take in packets"},
	{TOTAL, .name = "flow_limit_count", .type = "if_rx_dropped",
	 .offset = 11, .kind = KIND_PART, .in = "dropped",
	 .means = "Of dropped: packets of a flow that filled most of a CPU's "
		  "input queue",
	 .cause = "one flow filled most of the input queue of a CPU",
	 .remedy = "Spread or slow down that flow; see `sysctl "
		   "net.core.flow_limit_cpu_bitmap`"},
};
static const struct counter_table softnet_table =
	COUNTER_TABLE(softnet_counters);
#define N_COUNTERS ARRAY_SIZE(softnet_counters)
_Static_assert(N_COUNTERS <= MAX_SOFTNET_COUNTERS, "too many rows");

#define MIN_COLUMNS 9
#define COLUMN_CPU 13
#define DIGITS 8

int softnet_begin(struct softnet_lines *lines, const char *text, size_t n)
{
	*lines = (struct softnet_lines) {.rest = {text, n}};
	return n && text[n - 1] == '\n' ? 0 : -EBADMSG;
}

bool softnet_has(const struct softnet_lines *lines, size_t counter)
{
	return softnet_counters[counter].offset <= lines->n_columns;
}

static void keep_column(struct softnet_lines *lines, uint32_t column,
			uint32_t value)
{
	for (size_t i = 0; i < N_COUNTERS; i++)
		if (softnet_counters[i].offset == column)
			lines->cpu.value[i] = value;
	if (column == COLUMN_CPU)
		lines->cpu.number = value;
}

/* Returns how many columns the next line has, 0: it is not understood. */
static uint32_t softnet_parse_line(struct softnet_lines *lines)
{
	struct token line = token_line(&lines->rest);
	struct token word;
	uint32_t n = 0;

	while ((word = token_word(&line)).n) {
		uint64_t value;

		if (word.n != DIGITS || !token_number(word, 16, &value))
			return 0;
		keep_column(lines, ++n, (uint32_t)value);
	}
	return n;
}

int softnet_next(struct softnet_lines *lines)
{
	uint32_t before = lines->cpu.number, n;

	if (!lines->rest.n)
		return 0;
	lines->cpu.number = lines->n; /* unless a column says it */
	n = softnet_parse_line(lines);
	if (n < MIN_COLUMNS || lines->cpu.number >= MAX_SOFTNET_CPUS ||
	    (lines->n &&
	     (n != lines->n_columns || lines->cpu.number <= before)))
		return -EBADMSG;
	lines->n++;
	lines->n_columns = n;
	lines->numbered = n >= COLUMN_CPU;
	return 1;
}

/* What was counted up to the read before. */
struct earlier {
	const struct softnet_cpu *cpus;
	size_t n;
	uint64_t total[MAX_SOFTNET_COUNTERS];
	bool any;
};

static struct earlier softnet_recall(const struct sample *then, uint8_t source)
{
	struct earlier earlier = {.n = 0};
	const struct object *all;
	uint32_t hint = 0;

	earlier.cpus = sample_memory(then, source, &earlier.n);
	if (!earlier.cpus)
		return earlier;
	earlier.any = true;
	earlier.n /= sizeof(*earlier.cpus);
	all = sample_find(then, LAYER_SOFTNET, "", "", &hint);
	for (size_t i = 0; i < N_COUNTERS; i++)
		earlier.total[i] =
			object_value(then, all, &softnet_counters[i], 0);
	return earlier;
}

/* Without numbers, a line is that of another CPU once their number changed. */
static void forget_moved_lines(struct earlier *earlier,
			       const struct softnet_lines *lines)
{
	struct softnet_lines ahead = *lines;
	int r = softnet_next(&ahead);

	while (r > 0 && !ahead.numbered)
		r = softnet_next(&ahead);
	if (!ahead.numbered && ahead.n != earlier->n)
		earlier->n = 0;
}

/*
 * Adds what a CPU counted since the read before; nothing for one that was not
 * there yet, as it may have been online, and counting, some time ago.
 */
static void add_cpu(const struct softnet_lines *lines, struct earlier *earlier)
{
	bool known = earlier->n && earlier->cpus->number == lines->cpu.number;

	for (size_t i = 0; i < N_COUNTERS; i++) {
		uint64_t value = lines->cpu.value[i], delta = 0;

		if (!earlier->any)
			delta = value;
		else if (!known ||
			 !delta_of(earlier->cpus->value[i], &value, 32, &delta))
			continue;
		earlier->total[i] += delta;
	}
	if (!known)
		return;
	earlier->cpus++;
	earlier->n--;
}

/* Goes on to remember a CPU of the read before, which is offline. */
static void carry_cpu(struct earlier *earlier, struct sample *out)
{
	sample_remember(out, earlier->cpus, sizeof(*earlier->cpus));
	earlier->cpus++;
	earlier->n--;
}

static int add_cpus(struct softnet_lines *lines, struct earlier *earlier,
		    struct sample *out)
{
	int r;

	while ((r = softnet_next(lines)) > 0) {
		while (earlier->n && earlier->cpus->number < lines->cpu.number)
			carry_cpu(earlier, out);
		add_cpu(lines, earlier);
		sample_remember(out, &lines->cpu, sizeof(lines->cpu));
	}
	while (earlier->n)
		carry_cpu(earlier, out);
	return r;
}

static int softnet_read(struct probe_env *env, struct sample *out)
{
	struct softnet_lines lines;
	struct earlier earlier;
	ssize_t n;
	int r;

	n = procnet_read(env->net, "softnet_stat", env->buffer, env->size);
	r = n < 0 ? (int)n : softnet_begin(&lines, env->buffer, n);
	if (r < 0)
		return r;
	earlier = softnet_recall(out->then, out->source);
	forget_moved_lines(&earlier, &lines);
	r = add_cpus(&lines, &earlier, out);
	if (r < 0)
		return r;
	sample_object(out, LAYER_SOFTNET, "", "", 0);
	for (size_t i = 0; i < N_COUNTERS; i++)
		if (softnet_has(&lines, i) &&
		    counter_wanted(env, &softnet_counters[i]))
			sample_row(out, &softnet_counters[i], earlier.total[i]);
	return 0;
}

const struct probe softnet_probe = {
	.name = "softnet",
	.what = "counters of the backlog",
	.reads = "/proc/net/softnet_stat, for the whole host",
	.host_wide = true,
	.layer = LAYER_SOFTNET,
	.counters = &softnet_table,
	.read = softnet_read,
};
