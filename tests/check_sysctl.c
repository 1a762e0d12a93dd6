/* SPDX-License-Identifier: MIT */
/* Settings of the kernel, read when a loss has to do with them. */
#include "base/token.h"
#include "diagnosis/cause.h"
#include "probes/snmp/snmp.h"
#include "probes/sysctl.h"
#include "testlib.h"

static struct tree tree;
static struct sample now, then;

static void setup(void)
{
	tree_make(&tree);
}

static void teardown(void)
{
	tree_remove(&tree);
	sample_free(&now);
	sample_free(&then);
}

static const struct counter *rcvbuf(void)
{
	return find_counter(&snmp_probe, "RcvbufErrors", NULL);
}

static void udp(struct sample *s, uint64_t lost)
{
	sample_object(s, LAYER_UDP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "InErrors", NULL), lost);
	sample_row(s, rcvbuf(), lost);
}

static const char *value_of(const char *name)
{
	return sysctl_value(&now, (struct token) {name, strlen(name)});
}

/* What was read after then. */
static void read_again(void)
{
	struct probe_env env = {.sys = tree.path};

	ck_assert_int_eq(sysctl_probe.read(&env, &now), 0);
	ck_assert_int_eq(now.error, 0);
}

CASE(sysctl, .setup = setup, .teardown = teardown);

TEST(sysctl, setting_is_read_once_its_counter_moves)
{
	tree_put(&tree, "net/core/rmem_max", "212992\n");
	udp(&then, 10);
	sample_follow(&now, &then);
	udp(&now, 11);
	read_again();
	ck_assert_str_eq(value_of("net.core.rmem_max"), "212992");
	ck_assert_ptr_null(value_of("net.core.somaxconn"));
}

TEST(sysctl, nothing_is_read_of_what_stands_still)
{
	tree_put(&tree, "net/core/rmem_max", "212992\n");
	udp(&then, 10);
	sample_follow(&now, &then);
	udp(&now, 10);
	read_again();
	ck_assert_uint_eq(now.n_objects, 1);
	/* nor at the first read */
	sample_reset(&now);
	udp(&now, 10);
	read_again();
	ck_assert_uint_eq(now.n_objects, 1);
}

TEST(sysctl, absent_setting_is_no_value)
{
	udp(&then, 10);
	sample_follow(&now, &then);
	udp(&now, 11);
	read_again();
	ck_assert_ptr_null(value_of("net.core.rmem_max"));
}

TEST(sysctl, remedy_tells_what_is_set_now)
{
	struct loss loss = {
		.layer = LAYER_UDP, .direction = DIR_RX, .lost = 10};
	struct cause cause;

	tree_put(&tree, "net/core/rmem_max", "4096\t5\n");
	udp(&then, 0);
	sample_follow(&now, &then);
	udp(&now, 10);
	read_again();
	sample_compare(&now, &then);
	cause_find(&now, &loss, &cause);
	ck_assert_str_eq(cause_counter(&cause), "RcvbufErrors");
	ck_assert_msg(strstr(cause.remedy, "net.core.rmem_max` (now 4096 5)") !=
			      NULL,
		      "%s", cause.remedy);
}

static const struct {
	const char *text, *names[4];
} remedies[] = {
	{"", {NULL}},
	{"Load the module", {NULL}},
	{"sysctl net.core.rmem_max net.ipv4.tcp_rmem",
	 {"net.core.rmem_max", "net.ipv4.tcp_rmem"}},
	{"Raise net.core.somaxconn. Or not", {"net.core.somaxconn"}},
	{"sysctl -w net.ipv4.conf.all.log_martians=1, then dmesg",
	 {"net.ipv4.conf.all.log_martians"}},
	{"ask subnet.x or ethernet.", {NULL}},
};

TEST_EACH(sysctl, names_are_found_in_a_remedy, ARRAY_SIZE(remedies))
{
	const char *rest = remedies[_i].text;

	for (int i = 0; remedies[_i].names[i]; i++)
		ck_assert(token_is(sysctl_next(&rest), remedies[_i].names[i]));
	ck_assert_uint_eq(sysctl_next(&rest).n, 0);
	ck_assert_uint_eq(sysctl_next(&rest).n, 0);
}
