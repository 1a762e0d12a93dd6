/* SPDX-License-Identifier: MIT */
/*
 * The balance of IP, over three reads with whatever counters a namespace may
 * have been given; files of IPVS and SYNPROXY are pieces behind them. A gap
 * only grows, unless so many are missed that its sum wraps.
 */
#include "lib/fuzz.h"
#include "probes/balance/balance.h"
#include "probes/snmp/snmp.h"

#define N_READS 3
#define MUCH (UINT64_C(1) << 60)

static size_t index_of(const struct probe *probe)
{
	size_t i = 0;

	while (probes[i] != probe)
		i++;
	return i;
}

/* All that the sums are made of; what came stays as it was, or grows. */
static void append_ip(struct fuzz *f, struct sample *out)
{
	sample_object(out, LAYER_IP, "", "", 0);
	for (size_t i = 0; i < snmp_probe.counters->n; i++) {
		const struct counter *c = &snmp_probe.counters->rows[i];

		if (c->layer == LAYER_IP && (c->in_gap || c->out_gap))
			sample_row(out, c, fuzz_number(f));
	}
}

/* Whether no counter has more than packets that can be. */
static bool is_credible(const struct sample *s)
{
	EACH_OBJECT (s, o)
		EACH_ROW (s, o, row)
			if (row->counter->kind != KIND_GAP && row->value > MUCH)
				return false;
	return true;
}

static void check_gaps(const struct sample *now, const struct sample *then)
{
	EACH_OBJECT (now, o) {
		const struct object *before = object_before(now, o);

		if (o->source != index_of(&balance_probe) || !before)
			continue;
		EACH_ROW (now, o, row)
			require(row->counter->kind != KIND_GAP ||
				row->value >= object_value(then, before,
							   row->counter, 0));
	}
}

static void read_once(struct fuzz *f, void *state, const struct sample *then,
		      struct sample *now)
{
	char buffer[512];
	struct probe_env env = {.buffer = buffer,
				.size = sizeof(buffer),
				.state = state,
				.gaps = true};
	struct sample_mark mark;

	sample_follow(now, then);
	append_ip(f, now);
	fuzz_sample(f, f, &balance_probe, now);
	now->source = index_of(&balance_probe);
	fuzz_files(f);
	mark = sample_mark(now);
	if (balance_probe.read(&env, now) < 0)
		sample_rollback(now, mark);
	if (!then)
		return;
	if (is_credible(now) && is_credible(then))
		check_gaps(now, then);
	sample_compare(now, then);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void *state;
	struct sample reads[N_READS] = {0};
	struct fuzz f = {data, size};

	if (!state)
		require(balance_probe.init(&(struct probe_env) {0}, &state) ==
			0);
	for (int i = 0; i < N_READS; i++)
		read_once(&f, state, i ? &reads[i - 1] : NULL, &reads[i]);
	for (int i = 0; i < N_READS; i++)
		sample_free(&reads[i]);
	return 0;
}
