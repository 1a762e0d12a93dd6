/* SPDX-License-Identifier: MIT */
/* Sums of dropped packets: who has them, and that they only grow. */
#include "kernel/drops.h"
#include "testlib.h"

#define SECOND UINT64_C(1000000000)

static struct drops drops;

static void setup(void)
{
	drops = (struct drops) {.taken_ns = SECOND};
}

static void add(uint64_t cookie, uint32_t reason, uint64_t location,
		uint32_t ifindex, uint64_t packets)
{
	drops_add(&drops,
		  &(struct drop_count) {
			  {cookie, location, reason, ifindex, 0, 0}, packets});
}

static uint64_t sum_of(const struct drops_ns *ns)
{
	uint64_t sum = 0;

	for (size_t i = 0; ns && i < ns->n; i++)
		sum += ns->items[i].packets;
	return sum;
}

CASE(table, .setup = setup);

TEST(table, packets_of_a_namespace_are_its_own_and_add_up)
{
	const struct drops_ns *ns;

	add(7, 3, 0x20, 2, 10);
	add(5, 3, 0x20, 2, 100);
	add(7, 3, 0x20, 2, 1);
	ck_assert_ptr_null(drops_find(&drops, 6, SECOND));
	ck_assert_ptr_null(drops_find(&drops, 8, SECOND));
	ns = drops_find(&drops, 7, SECOND);
	ck_assert_uint_eq(ns->n, 1);
	ck_assert_uint_eq(ns->items[0].packets, 11);
	ck_assert_uint_eq(sum_of(drops_find(&drops, 5, SECOND)), 100);
	ck_assert_uint_eq(drops_unknown(&drops), 0);
}

TEST(table, reasons_places_and_devices_are_told_apart_in_order)
{
	static const struct drop sorted[] = {
		{0x10, 2, 1, 0, 1, 0},	{0x10, 3, 1, 0, 2, 0},
		{0x10, 3, 1, 1, 4, 0},	{0x10, 3, 2, 0, 8, 0},
		{0x20, 3, 1, 0, 16, 0}, {0x10, 4, 1, 0, 32, 0},
	};
	static const int order[] = {4, 0, 5, 3, 2, 1};
	const struct drops_ns *ns;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		const struct drop *d = &sorted[order[i]];

		drops_add(&drops,
			  &(struct drop_count) {{7, d->location, d->reason,
						 d->ifindex, d->for_many, 0},
						d->packets});
	}
	ns = drops_find(&drops, 7, SECOND);
	ck_assert_uint_eq(ns->n, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ns->n; i++)
		ck_assert_uint_eq(ns->items[i].packets, sorted[i].packets);
}

TEST(table, what_is_too_many_is_known_by_its_reason_alone)
{
	const struct drops_ns *ns;
	uint64_t rest = 0;

	for (unsigned i = 0; i < 10 * DROPS_OF_NAMESPACE; i++)
		add(7, i % 2, 0x1000 + i, 1, 1);
	ns = drops_find(&drops, 7, SECOND);
	ck_assert_uint_eq(ns->n, DROPS_OF_NAMESPACE + 2);
	ck_assert_uint_eq(sum_of(ns), 10 * DROPS_OF_NAMESPACE);
	for (size_t i = 0; i < ns->n; i++)
		rest += ns->items[i].location ? 0 : ns->items[i].packets;
	ck_assert_uint_eq(rest, 9 * DROPS_OF_NAMESPACE);
	ck_assert_uint_eq(drops_unknown(&drops), 0);
}

/* Devices that come and go, each of which drops for two reasons, then none. */
static void drop_at_devices(uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++) {
		add(7, 3, 0x10, i, 1);
		add(7, 4, 0x20, i, 10);
	}
}

static uint64_t sum_at(const struct drops_ns *ns, uint32_t reason,
		       uint64_t location, uint32_t ifindex)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ns->n; i++) {
		const struct drop *d = &ns->items[i];

		if (d->reason == reason && d->location == location &&
		    (!ifindex || d->ifindex == ifindex))
			sum += d->packets;
	}
	return sum;
}

TEST(table, devices_that_drop_no_more_make_room_for_others)
{
	uint32_t n = 0;

	add(7, 3, 0x10, 1, 5);
	for (int minute = 0; minute < 200; minute++) {
		const struct drops_ns *ns;

		drops.taken_ns += 60 * SECOND;
		drop_at_devices(2 + n, 20);
		n += 20;
		add(7, 3, 0x10, 1, 5); /* one that stays */
		ns = drops_find(&drops, 7, drops.taken_ns);
		ck_assert_uint_le(ns->n, DROPS_OF_NAMESPACE);
		ck_assert_uint_eq(sum_at(ns, 3, 0x10, 0), n + 10 + 5 * minute);
		ck_assert_uint_eq(sum_at(ns, 3, 0x10, 1), 10 + 5 * minute);
		ck_assert_uint_eq(sum_at(ns, 4, 0x20, 0), 10 * n);
		ck_assert_uint_eq(sum_at(ns, 4, 0x20, 1 + n), 10);
	}
	ck_assert_uint_eq(drops_unknown(&drops), 0);
}

TEST(table, devices_that_go_on_keep_their_room)
{
	for (int minute = 0; minute < 20; minute++) {
		const struct drops_ns *ns;

		drops.taken_ns += 60 * SECOND;
		drop_at_devices(1, 300);
		ns = drops_find(&drops, 7, drops.taken_ns);
		ck_assert_uint_eq(sum_at(ns, 3, 0x10, 100), minute + 1);
		ck_assert_uint_eq(sum_at(ns, 4, 0x20, 100), 10 * (minute + 1));
		ck_assert_uint_eq(sum_of(ns), 300 * 11 * (minute + 1));
	}
}

TEST(table, packets_of_nobody_and_without_room_are_unknown)
{
	add(0, 3, 0x20, 0, 5);
	drops.spilled = 2;
	ck_assert_uint_eq(drops_unknown(&drops), 7);
	ck_assert_uint_eq(drops.namespaces.n, 0);
	for (unsigned i = 1; i <= 5000; i++)
		add(i, 3, 0x20, 0, 1);
	ck_assert_uint_lt(drops.namespaces.n, 5000);
	ck_assert_uint_eq(drops.namespaces.n + drops_unknown(&drops), 5007);
}

TEST(table, namespaces_that_nobody_asks_for_take_no_room_from_who_is)
{
	add(7, 3, 0x20, 0, 100);
	ck_assert_ptr_nonnull(drops_find(&drops, 7, drops.taken_ns));
	for (unsigned i = 1; i <= 20000; i++)
		add(1000 + i, 3, 0x20, 0, 1); /* each of them once */
	add(8, 3, 0x20, 0, 50);		      /* and a new one */
	ck_assert_uint_eq(sum_of(drops_find(&drops, 7, 2 * SECOND)), 100);
	ck_assert_uint_eq(sum_of(drops_find(&drops, 8, 2 * SECOND)), 50);
	ck_assert_uint_eq(drops.namespaces.n - 2 + drops_unknown(&drops),
			  20000);
	ck_assert_uint_eq(drops_nowhere(&drops), 0);
}

TEST(table, who_does_not_ask_is_forgotten_and_who_asks_is_not)
{
	add(5, 3, 0x20, 0, 1); /* asks all the time */
	add(6, 3, 0x20, 0, 2); /* asked, and is gone */
	add(7, 3, 0x20, 0, 4); /* never asked */
	add(8, 3, 0x20, 0, 8); /* asked, and then there came more */
	ck_assert_ptr_nonnull(drops_find(&drops, 6, SECOND));
	ck_assert_ptr_nonnull(drops_find(&drops, 8, SECOND));
	add(8, 3, 0x20, 0, 16);
	for (unsigned i = 1; i <= 4000; i++) {
		ck_assert_ptr_nonnull(drops_find(&drops, 5, i * SECOND));
		drops_expire(&drops, i * SECOND);
		ck_assert_uint_eq(drops.namespaces.n, i <= 301	  ? 4
						      : i <= 3601 ? 3
								  : 1);
	}
	ck_assert_uint_eq(sum_of(drops_find(&drops, 5, 4000 * SECOND)), 1);
	ck_assert_uint_eq(drops_unknown(&drops), 4 + 16);
}

TEST(table, who_asks_every_other_hour_is_not_forgotten)
{
	drops.slow_ns = 7200 * SECOND;
	add(5, 3, 0x20, 0, 1);
	ck_assert_ptr_nonnull(drops_find(&drops, 5, SECOND));
	drops_expire(&drops, 7201 * SECOND);
	ck_assert_ptr_nonnull(drops_find(&drops, 5, 7201 * SECOND));
}
