/* SPDX-License-Identifier: MIT */
/*
 * The host's tables of ARP and neighbour discovery, read twice: pieces of the
 * input, which begin anew where it ends.
 */
#include <errno.h>

#include "lib/fuzz.h"
#include "probes/neigh/neigh.h"

static void check_suspects(const struct sample *s)
{
	const struct loss loss = {.layer = LAYER_NEIGH, .direction = DIR_TX};
	struct suspect suspects[4];
	size_t n = neigh_probe.find_suspects(s, &loss, suspects, 4);

	require(n <= 4);
	for (size_t i = 0; i < n; i++)
		require(suspects[i].lost == suspects[i].row->delta);
}

static int read_once(struct fuzz *files, const struct sample *then,
		     struct sample *now)
{
	char buffer[512];
	struct probe_env env = {.buffer = buffer, .size = sizeof(buffer)};
	int r;

	sample_follow(now, then);
	fuzz_files(files);
	r = neigh_probe.read(&env, now);
	require(r == 0 || r == -EBADMSG || r == -ENOENT || r == -E2BIG);
	require(!env.unresolved || then);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz files = {data, size};
	struct sample first = {0}, second = {0};
	int r = read_once(&files, NULL, &first);

	if (!files.n)
		files = (struct fuzz) {data, size};
	if (r == 0 && read_once(&files, &first, &second) == 0) {
		sample_compare(&second, &first);
		check_suspects(&second);
	}
	sample_free(&first);
	sample_free(&second);
	return 0;
}
