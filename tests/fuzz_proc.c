/* SPDX-License-Identifier: MIT */
/* The parsers of small files of /proc/net. */
#include <errno.h>
#include <string.h>

#include "probes/conntrack.h"
#include "probes/softnet.h"
#include "probes/xfrm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_result(int r)
{
	if (r != 0 && r != -EBADMSG)
		abort();
}

static void walk_softnet(const char *text, size_t size)
{
	struct softnet_lines lines;
	int r = softnet_begin(&lines, text, size);

	if (r == 0)
		while ((r = softnet_next(&lines)) > 0)
			;
	check_result(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct probe_env env = {.counters = NULL};
	struct sample sample = {0};
	struct percpu stats;
	const char *text = (const char *)data;

	sample_object(&sample, LAYER_XFRM, "", "", 0);
	check_result(xfrm_parse(&env, text, size, &sample));
	sample_free(&sample);
	check_result(percpu_parse(text, size, conntrack_probe.counters->rows,
				  conntrack_probe.counters->n, &stats));
	walk_softnet(text, size);
	return 0;
}
