/* SPDX-License-Identifier: MIT */
/*
 * Connection tracking: its messages, and its file of /proc/net/stat. What the
 * first byte is odd of is a file.
 */
#include <errno.h>

#include "lib/fuzz.h"
#include "probes/conntrack.h"

static int on_message(const struct nlmsghdr *h, void *arg)
{
	struct conntrack_levels levels;
	int r = conntrack_parse_levels(h, &levels);

	require_parsed(conntrack_parse_message(h, arg));
	require(r == 0 || r == -EBADMSG || r == -EOPNOTSUPP);
	require(r < 0 || (levels.count | levels.max) <= UINT32_MAX);
	return 0;
}

static void check_sums(const struct percpu *stats)
{
	for (size_t i = 0; i < conntrack_probe.counters->n; i++)
		require(!stats->found[i] ||
			conntrack_probe.counters->rows[i].bits != 32 ||
			stats->value[i] <= UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct percpu stats = {0};

	if (!size)
		return 0;
	if (data[0] & 1) {
		char *text = fuzz_copy(data, size);

		require_parsed(
			percpu_parse(text, size, conntrack_probe.counters->rows,
				     conntrack_probe.counters->n, &stats));
		free(text);
	} else {
		fuzz_messages(data, size, on_message, &stats);
	}
	check_sums(&stats);
	return 0;
}
