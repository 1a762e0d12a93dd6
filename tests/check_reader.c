/* SPDX-License-Identifier: MIT */
/* Which sources are read, by what the settings ask for. */
#include <errno.h>

#include "engine/reader.h"
#include "testlib.h"

static struct settings settings;
static struct reader reader;
static struct blindness blindness;
static atomic_bool stop;

static void setup(void)
{
	ck_assert_int_eq(settings_init(&settings), 0);
}

static void teardown(void)
{
	reader_free(&reader);
	settings_free(&settings);
}

static void init(void)
{
	ck_assert_int_eq(reader_init(&reader, &settings, &stop, &blindness), 0);
}

CASE(reader, .setup = setup, .teardown = teardown);

/* The settings that remedies quote have no counter that could be asked for. */
TEST(reader, every_source_is_read_by_default)
{
	init();
	ck_assert_uint_eq(reader.wanted_probes, (1u << n_probes) - 1);
}

static const struct {
	const char *layer;
	bool gaps;
} balanced[] = {
	{"netfilter", true}, {"ip", true}, {"neigh", true}, {"link", false}};

/* Without it what a firewall refuses looks like a next hop that is gone. */
TEST_EACH(reader, balance_of_ip_is_kept_for_all_who_need_it,
	  ARRAY_SIZE(balanced))
{
	ck_assert_int_eq(selection_add(&settings.layers, balanced[_i].layer),
			 0);
	init();
	ck_assert(reader.env.gaps == balanced[_i].gaps);
}

/* Of a namespace that cannot be entered: its path may be another's by now. */
TEST(reader, namespace_that_ended_is_no_blindness)
{
	struct ns ns = {.path = "/nonexistent/ns"};

	init();
	ck_assert_int_eq(reader_read(&reader, &ns), -ESTALE);
	ck_assert(!ns.was_read);
	ck_assert_int_eq(blindness.entering.errors[0], 0);
	snprintf(ns.path, sizeof(ns.path), "/proc/self/exe/ns");
	ck_assert_int_eq(reader_read(&reader, &ns), -ENOTDIR);
	ck_assert_int_eq(blindness.entering.errors[0], -ENOTDIR);
	ck_assert(!reader.away);
}
