/* SPDX-License-Identifier: MIT */
/* What two reads are to each other, and what the end of an interval leaves. */
#include "engine/interval.h"
#include "testlib.h"

static struct ns_list list;
static uint64_t clock_ns; /* so far ahead the clock is set */

static void teardown(void)
{
	ns_list_free(&list);
}

static struct ns *add(const char *name)
{
	struct ns *ns = ns_list_add(&list);

	ck_assert_ptr_nonnull(ns);
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	return ns;
}

#define HOUR (3600 * UINT64_C(1000000000))

/* A read that many seconds after the boot, of one lossy interface. */
static void read_at(struct ns *ns, unsigned seconds, uint64_t lost)
{
	static const struct counter errors = {
		.name = "rx_errors",
		.bits = 64,
		.layer = LAYER_LINK,
		.direction = DIR_RX,
		.kind = KIND_LOST,
	};

	sample_reset(&ns->now);
	ns->now.boot_ns = ns->now.mono_ns = seconds * UINT64_C(1000000000);
	ns->now.time_ns = ns->now.boot_ns + clock_ns;
	sample_object(&ns->now, LAYER_LINK, "eth0", "", 1);
	sample_row(&ns->now, &errors, lost);
	ns->was_read = true;
}

static uint64_t lost(const struct ns *ns)
{
	const struct loss *loss =
		loss_find(&ns->losses, LAYER_LINK, "eth0", DIR_RX);

	return loss ? loss->lost : 0;
}

CASE(interval, .teardown = teardown);

TEST(interval, interval_is_known_from_the_second_read_on)
{
	struct ns *ns = add("");

	ck_assert(!interval_is_known(ns));
	read_at(ns, 10, 5);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert(!interval_is_known(ns));
	interval_end(&list);
	read_at(ns, 14, 12);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert(interval_is_known(ns));
	ck_assert_double_eq_tol(interval_seconds(ns), 4, 1e-9);
	ck_assert_uint_eq(lost(ns), 7);
	ns->host_only = true;
	ck_assert(!interval_is_known(ns));
}

TEST(interval, read_that_is_missing_makes_the_interval_longer)
{
	struct ns *ns = add("");

	read_at(ns, 10, 5);
	interval_end(&list);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert(!interval_is_known(ns));
	interval_end(&list);
	read_at(ns, 30, 25);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_double_eq_tol(interval_seconds(ns), 20, 1e-9);
	ck_assert_uint_eq(lost(ns), 20);
}

TEST(interval, interval_since_boot_has_all_and_no_length)
{
	struct ns *ns = add("");

	read_at(ns, 10, 5);
	ck_assert_int_eq(interval_since_boot(&list), 0);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert(interval_is_known(ns));
	ck_assert_double_nan(interval_seconds(ns));
	ck_assert_uint_eq(lost(ns), 5);
}

TEST(interval, namespace_that_was_replaced_keeps_no_loss)
{
	struct ns *ns = add("");

	read_at(ns, 10, 5);
	ck_assert_int_eq(interval_since_boot(&list), 0);
	ck_assert_int_eq(interval_compare(&list), 0);
	ns->replaced = true;
	interval_end(&list);
	ck_assert_uint_eq(ns->losses.n, 0);
	ck_assert(!ns->replaced);
	ck_assert_uint_eq(list.n, 1);
}

TEST(interval, namespace_that_came_into_being_counts_from_0)
{
	struct ns *ns = add("");

	ns->born_ns = UINT64_C(4000000000);
	read_at(ns, 10, 5);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert(interval_is_known(ns));
	ck_assert_uint_eq(ns->now.before_ns, ns->born_ns);
	ck_assert_double_eq_tol(interval_seconds(ns), 6, 1e-9);
	ck_assert_uint_eq(lost(ns), 5);
	interval_end(&list);
	read_at(ns, 20, 12);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_uint_eq(lost(ns), 7);
}

/* Two hours ahead, and one or three when it was set. */
static const uint64_t clocks[] = {1 * HOUR, 3 * HOUR};

TEST_EACH(interval, clock_that_is_set_changes_no_interval, ARRAY_SIZE(clocks))
{
	struct ns *ns = add("");

	clock_ns = 2 * HOUR;
	read_at(ns, 10, 5);
	interval_end(&list);
	clock_ns = clocks[_i];
	read_at(ns, 20, 12);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_double_eq_tol(interval_seconds(ns), 10, 1e-9);
	ck_assert_uint_eq(lost(ns), 7);
}

TEST_EACH(interval, birth_is_as_long_ago_when_the_clock_is_set,
	  ARRAY_SIZE(clocks))
{
	struct ns *own = add(""), *ns;

	clock_ns = 2 * HOUR;
	read_at(own, 10, 0);
	interval_end(&list);
	ns = add("web");
	ns->born_ns = UINT64_C(10000000000);
	clock_ns = clocks[_i];
	read_at(ns, 20, 5);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_double_eq_tol(interval_seconds(ns), 10, 0.01);
	ck_assert_uint_eq(lost(ns), 5);
	ck_assert_uint_lt(ns->then.time_ns, ns->now.time_ns);
	/* set forward, it would begin an hour ago */
	if (clocks[_i] == 3 * HOUR)
		ck_assert_uint_gt(ns->now.before_ns + HOUR, ns->now.time_ns);
}

/* CLOCK_MONOTONIC stood still meanwhile. */
TEST(interval, sleep_of_the_host_is_part_of_the_interval)
{
	struct ns *ns = add("");

	read_at(ns, 10, 5);
	interval_end(&list);
	read_at(ns, 3620, 12);
	ns->now.mono_ns = ns->then.mono_ns + UINT64_C(10000000000);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_double_eq_tol(interval_seconds(ns), 3610, 1e-9);
}

TEST(interval, real_interface_of_a_new_namespace_was_elsewhere_before)
{
	struct ns *ns = add("");

	ns->born_ns = 1;
	read_at(ns, 10, 5);
	ns->now.objects[0].main = true;
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_uint_eq(lost(ns), 0);
}

/* Another interface, which was not there at the read before. */
static void read_another(struct ns *ns, uint64_t identity, bool real,
			 uint32_t sources)
{
	read_at(ns, 10, 0);
	ns->now.objects[0].identity = identity;
	ns->now.text[ns->now.objects[0].place] = 'w'; /* "wth0" */
	ns->now.sources = sources;
	interval_end(&list);
	read_at(ns, 20, 5);
	ns->now.objects[0].main = real;
	ns->now.sources = 1;
}

static const struct {
	uint64_t identity; /* of the one before; ours is 1 */
	bool real;
	uint32_t sources; /* that were read then */
	uint64_t lost;
} births[] = {
	{7, false, 1, 5}, /* it is new */
	{1, false, 1, 0}, /* it has only another name */
	{7, true, 1, 0},  /* it may come from another namespace */
	{7, false, 0, 0}, /* it may have been there, and was not read */
};

TEST_EACH(interval, new_interface_counts_from_0, ARRAY_SIZE(births))
{
	struct ns *ns = add("");

	read_another(ns, births[_i].identity, births[_i].real,
		     births[_i].sources);
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_uint_eq(lost(ns), births[_i].lost);
}

/* Behind collectd's own, those before the next one to be read go. */
TEST(interval, turn_is_kept_when_namespaces_go)
{
	struct ns *others[5];
	char name[] = "a";

	add("");
	for (int i = 0; i < 5; i++, name[0]++)
		others[i] = add(name);
	list.next = 3;
	others[0]->gone = others[2]->gone = others[4]->gone = true;
	interval_end(&list);
	ck_assert_uint_eq(list.n, 3);
	ck_assert_uint_eq(list.next, 1);
	ck_assert_str_eq(list.items[1 + list.next]->name, "d");
}
