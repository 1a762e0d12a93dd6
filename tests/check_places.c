/* SPDX-License-Identifier: MIT */
/* Namespaces by their cookies: real ones, and a kernel that is only told. */
#include "trace/places.h"

#include <errno.h>
#include <net/if.h>
#include <sys/wait.h>

#include "kernel/netns.h"
#include "testlib.h"

static struct {
	uint64_t wanted[8];
	size_t n;
	int result;
} kernel;

int __wrap_trace_source_want(struct trace_source *source, uint64_t cookie);

int __wrap_trace_source_want(struct trace_source *source, uint64_t cookie)
{
	(void)source;
	ck_assert_uint_lt(kernel.n, ARRAY_SIZE(kernel.wanted));
	kernel.wanted[kernel.n++] = cookie;
	return kernel.result;
}

static struct settings settings;
static struct places places;

static void run_command(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static void setup(void)
{
	memset(&kernel, 0, sizeof(kernel));
	run_command("ip netns add one && ip netns add two &&"
		    " ip -n one link add d0 type veth peer name d1");
	ck_assert_int_eq(settings_init(&settings), 0);
	settings.names_at_once = true;
	settings.max_namespaces = 1000000;
	ck_assert_int_eq(places_init(&places, &settings), 0);
}

static void teardown(void)
{
	places_free(&places);
	settings_free(&settings);
	run_command("for n in /run/netns/*; do"
		    " ! [ -e $n ] || ip netns del ${n##*/}; done");
}

CASE(places, .setup = setup, .teardown = teardown, .lacks = lacks_own_run);

static void choose(const char *name)
{
	const struct option_value value = {.type = VALUE_STRING,
					   .string = name};

	ck_assert_int_eq(settings_set(&settings, false, "Namespace", &value),
			 0);
	places_free(&places); /* who is own was asked already */
	ck_assert_int_eq(places_init(&places, &settings), 0);
}

static void update(void)
{
	ck_assert_int_eq(places_update(&places, NULL), 0);
}

static const struct ns *find_named(const char *name)
{
	EACH_NS (&places.list, ns)
		if (!strcmp(ns->name, name))
			return ns;
	ck_abort_msg("no namespace %s", name);
	return NULL;
}

static struct netns_id here(void)
{
	struct netns_id id;

	ck_assert_int_eq(netns_identify("/proc/thread-self/ns/net", &id), 0);
	return id;
}

TEST(places, each_is_found_by_its_cookie_and_only_by_that)
{
	const struct netns_id before = here();
	struct netns_id after;
	const struct ns *one, *two;

	update();
	after = here();
	ck_assert(netns_same(&before, &after));
	one = find_named("one");
	two = find_named("two");
	ck_assert_uint_ne(one->cookie, 0);
	ck_assert_uint_ne(one->cookie, two->cookie);
	ck_assert_ptr_eq(places_find(&places, one->cookie), one);
	ck_assert_ptr_eq(places_find(&places, two->cookie), two);
	ck_assert_ptr_eq(places_find(&places, find_named("")->cookie),
			 find_named(""));
	ck_assert_ptr_null(places_find(&places, 0));
	ck_assert_ptr_null(places_find(&places, one->cookie + 1000000));
	ck_assert_uint_eq(places.n_unknown, 0);
	ck_assert_uint_eq(kernel.n, 0); /* all are looked at */
}

TEST(places, only_those_that_are_asked_for_are_wanted_each_once)
{
	choose("/^(one|later)$/");
	update();
	update();
	ck_assert_uint_eq(kernel.n, 1);
	ck_assert_uint_eq(kernel.wanted[0], find_named("one")->cookie);
	run_command("ip netns add later");
	update();
	ck_assert_uint_eq(kernel.n, 2);
	ck_assert_uint_eq(kernel.wanted[1], find_named("later")->cookie);
}

TEST(places, more_than_the_kernel_can_be_told_is_an_error)
{
	choose("one");
	kernel.result = -E2BIG;
	ck_assert_int_eq(places_update(&places, NULL), -E2BIG);
}

TEST(places, device_is_named_where_it_is)
{
	const struct netns_id before = here();
	const struct ns *one;
	struct netns_id after;
	char name[16];

	update();
	one = find_named("one");
	/* behind the loopback some kernels make others by themselves */
	for (uint32_t i = 2;; i++) {
		ck_assert_uint_lt(i, 32);
		ck_assert_int_eq(places_name_device(&places, one, i, name), 0);
		if (!strcmp(name, "d0"))
			break;
	}
	ck_assert_int_eq(places_name_device(&places, one, 1, name), 0);
	ck_assert_str_eq(name, "lo");
	ck_assert_int_eq(places_name_device(&places, one, 999, name), 0);
	ck_assert_str_eq(name, "");
	ck_assert_int_eq(places_name_device(&places, one, 0, name), 0);
	ck_assert_str_eq(name, "");
	ck_assert_int_eq(places_name_device(&places, find_named(""), 1, name),
			 0);
	ck_assert_str_eq(name, "lo");
	after = here();
	ck_assert(netns_same(&before, &after));
}

TEST(places, device_of_a_namespace_that_is_gone_has_no_name)
{
	const struct ns *one;
	char name[16];

	update();
	one = find_named("one");
	run_command("ip netns del one");
	ck_assert_int_eq(places_name_device(&places, one, 1, name), 0);
	ck_assert_str_eq(name, "");
	update(); /* who it was is still known */
	ck_assert_ptr_eq(places_find(&places, one->cookie), one);
}
