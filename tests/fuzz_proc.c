/* SPDX-License-Identifier: MIT */
/* The parsers of small files of /proc/net. */
#include <errno.h>
#include <string.h>

#include "base/token.h"
#include "lib/fuzz.h"
#include "probes/firewall/ipvs.h"
#include "probes/socket/socket_raw.h"
#include "probes/softnet.h"
#include "probes/xfrm.h"

static void walk_softnet(const char *text, size_t size)
{
	struct softnet_lines lines;
	int r = softnet_begin(&lines, text, size);

	if (r == 0)
		while ((r = softnet_next(&lines)) > 0)
			;
	require_parsed(r);
}

static void walk_raw(const char *text, size_t size)
{
	struct token rest = {text, size};
	struct socket_info info;
	int r;

	while ((r = socket_raw_next(&rest, &info)) > 0)
		;
	require_parsed(r);
}

/* Services, a NUL and connections. */
static void find_orphans(const char *text, size_t size)
{
	size_t n = strnlen(text, size);
	struct token servers = {text, n}, connections = {text + n, size - n};
	struct ipvs_orphans found;

	require_parsed(ipvs_find_orphans(servers, connections, &found));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct probe_env env = {.counters = NULL};
	struct sample sample = {0};
	const char *text = (const char *)data;

	sample_object(&sample, LAYER_XFRM, "", "", 0);
	require_parsed(xfrm_parse(&env, text, size, &sample));
	sample_free(&sample);
	walk_softnet(text, size);
	walk_raw(text, size);
	find_orphans(text, size);
	return 0;
}
