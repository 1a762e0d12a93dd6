/* SPDX-License-Identifier: MIT */
/*
 * Settings of the kernel, which remedies quote: what files of /proc/sys hold,
 * and which settings a text names. The input is a text, then a value each.
 */
#include <string.h>

#include "base/token.h"
#include "diagnosis/cause.h"
#include "lib/fuzz.h"
#include "probes/sysctl.h"

/* Names that a text has are in it, one behind the other, and fit for a path. */
static void check_names(const char *text)
{
	const char *rest = text, *end = text + strlen(text);
	struct token name;

	while ((name = sysctl_next(&rest)).n) {
		require(name.at >= text && name.at + name.n <= end);
		require(rest == name.at + name.n);
		require(!memcmp(name.at, "net.", 4) ||
			(name.n == 3 && !memcmp(name.at, "net", 3)));
		require(!memchr(name.at, '/', name.n));
		text = rest;
	}
	require(rest == end);
}

/* Rows of any probe without a place, as of what has lost something. */
static void append_rows(const struct probe *probe, size_t first, uint64_t n,
			struct sample *out)
{
	sample_object(out, probe->layer, "", "x", 0);
	for (size_t i = first; i < probe->counters->n && i < first + 4; i++)
		sample_row(out, &probe->counters->rows[i], n);
}

static void check_values(const struct sample *s)
{
	EACH_OBJECT (s, o)
		require(strlen(object_label(s, o)) < 64 &&
			!strpbrk(object_label(s, o), "\t\n"));
}

static void check_causes(const struct sample *s, const struct probe *probe)
{
	struct loss loss = {.layer = probe->layer, .lost = 7, .known = true};
	struct causes causes;

	for (int i = 0; i < N_DIRECTIONS; i++) {
		loss.direction = i;
		cause_list(s, &loss, CAUSE_ALL, &causes);
		for (size_t j = 0; j < causes.n; j++)
			require(memchr(causes.items[j].remedy, '\0',
				       sizeof(causes.items[j].remedy)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_env env = {.sys = "/proc/sys"};
	struct sample then = {0}, now = {0};
	struct fuzz f = {data, size};
	const struct probe *probe = probes[fuzz_byte(&f) % n_probes];
	size_t first = fuzz_byte(&f);
	char text[64];

	fuzz_string(&f, text, sizeof(text));
	check_names(text);
	append_rows(probe, first, 0, &then);
	sample_follow(&now, &then);
	append_rows(probe, first, 7, &now);
	fuzz_files(&f);
	require(sysctl_probe.read(&env, &now) == 0);
	check_values(&now);
	sample_compare(&now, &then);
	check_causes(&now, probe);
	sample_free(&then);
	sample_free(&now);
	return 0;
}
