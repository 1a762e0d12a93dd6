/* SPDX-License-Identifier: MIT */
/* Which namespaces a discovery came by. */
#include "engine/sightings.h"
#include "testlib.h"

CASE(sightings);

/* Half of them have an inode that another one has, on another device. */
static struct netns_id id_of(unsigned i)
{
	return (struct netns_id) {.ino = 1 + i / 2, .dev = 1 + i % 2};
}

TEST(sightings, each_namespace_is_seen_once)
{
	struct sightings s = {.n = 0};

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 1000; i++) {
			struct netns_id id = id_of(i);
			struct sighting *seen = sightings_get(&s, &id);

			ck_assert_ptr_nonnull(seen);
			ck_assert_uint_eq(seen->candidate, round ? 1 + i : 0);
			seen->candidate = 1 + i;
		}
	ck_assert_uint_eq(s.n, 1000);
	sightings_clear(&s);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_uint_eq(
		sightings_get(&s, &(struct netns_id) {1, 1})->candidate, 0);
	sightings_free(&s);
}
