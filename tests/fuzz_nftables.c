/* SPDX-License-Identifier: MIT */
/* The parsers of nf_tables, fed with files as tests/record_nft.c makes. */
#include <stdlib.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/nfqueue.h"
#include "lib/fuzz.h"
#include "nft_file.h"

/* Also what drops without a counter is told. */
static void describe(const struct sample *s)
{
	fuzz_describe(s);
	firewall_uncounted(s);
}

/* Also as the text of nfnetlink_queue. */
static void parse_queues(struct token text)
{
	struct nfqueue q;

	while (nfqueue_next(&text, &q))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample first = {0}, second = {0}, third = {0};
	void *copy = fuzz_copy(data, size);

	require(nft_file_read(copy, size, "", 8, NULL, &first) <= 0);
	describe(&first);
	require(nft_file_read(copy, size, "5 1 0 2 65531 0 0 1 1\n", 8, &first,
			      &second) <= 0);
	describe(&second);
	require(nft_file_reread(copy, size, "", 8, &second, &third) <= 0);
	describe(&third);
	parse_queues((struct token) {copy, size});
	sample_free(&first);
	sample_free(&second);
	sample_free(&third);
	free(copy);
	return 0;
}
