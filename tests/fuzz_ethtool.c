/* SPDX-License-Identifier: MIT */
/*
 * What drivers say they count: names, then numbers. The probe's memory of
 * layouts stays from input to input, as it does from interface to interface.
 */
#include <errno.h>
#include <string.h>

#include "lib/fuzz.h"
#include "probes/link/link_ethtool.h"

/* More interfaces would only be slower. */
#define MAX_NUMBERS 16

static struct link_ethtool *the_state(void)
{
	static void *state;

	if (!state)
		require(link_ethtool_init(NULL, &state) == 0);
	return state;
}

/* Names of 32 bytes each; short ones of the input are filled up. */
static uint32_t take_names(struct fuzz *f,
			   char names[MAX_NUMBERS][LINK_ETHTOOL_NAME])
{
	uint32_t n = 0;

	while (f->n && n < MAX_NUMBERS) {
		struct token name = fuzz_piece(f);

		if (!name.n)
			break;
		memset(names[n], 0, LINK_ETHTOOL_NAME);
		memcpy(names[n++], name.at,
		       smaller_of(name.n, LINK_ETHTOOL_NAME));
	}
	return n;
}

/* Each number is in no more than one row, and nothing else is. */
static void check_sum(const struct sample *s, const uint64_t *values,
		      uint32_t n)
{
	uint64_t all = 0, sum = 0;

	for (uint32_t i = 0; i < n; i++)
		all += values[i];
	EACH_ROW (s, &s->objects[0], row)
		sum += row->value;
	require(sum <= all);
	require(s->n_rows <= n);
}

static void read_numbers(struct link_ethtool *e, uint64_t layout, uint32_t n,
			 struct fuzz *f)
{
	size_t bytes = n * sizeof(uint64_t);
	uint64_t *values = fuzz_copy(&(uint64_t[MAX_NUMBERS + 1]) {0}, bytes);
	struct sample s = {0};

	for (uint32_t i = 0; i < n; i++)
		values[i] = fuzz_number(f) >> 8; /* so that no sum wraps */
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	require(link_ethtool_sum(e, layout, values, n, &s) == 0);
	check_sum(&s, values, n);
	require(link_ethtool_sum(e, layout, values, n + 1, &s) == -ESTALE);
	sample_free(&s);
	free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const drivers[] = {"veth", "virtio_net", "mlx5_core",
					      "ena",  "hv_netvsc",  "e1000"};
	struct fuzz f = {data, size};
	const char *driver = drivers[fuzz_byte(&f) % ARRAY_SIZE(drivers)];
	char names[MAX_NUMBERS][LINK_ETHTOOL_NAME];
	uint32_t n = take_names(&f, names);
	struct link_ethtool *e = the_state();
	char *copy = fuzz_copy(names, n * LINK_ETHTOOL_NAME);
	uint64_t layout = link_ethtool_learn(e, driver, copy, n);

	require(link_ethtool_learn(e, driver, copy, n) == layout);
	require(!layout || strcmp(driver, "e1000"));
	if (layout)
		read_numbers(e, layout, n, &f);
	free(copy);
	return 0;
}
