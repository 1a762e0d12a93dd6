/* SPDX-License-Identifier: MIT */
/* What drivers count: names made by hand, and the veth of this kernel. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probes/link/link_ethtool.h"
#include "probes/link/link_private.h"
#include "testlib.h"

static struct link_ethtool *cache;

static void setup(void)
{
	void *state = NULL;

	ck_assert_int_eq(link_ethtool_init(NULL, &state), 0);
	cache = state;
}

static void teardown(void)
{
	link_ethtool_free(cache);
}

static const struct {
	const char *pattern, *name;
	bool fits;
} patterns[] = {
	{"rx#_xdp_drops", "rx0_xdp_drops", true},
	{"rx#_xdp_drops", "rx127_xdp_drops", true},
	{"rx#_xdp_drops", "rx_xdp_drops", false},
	{"rx#_xdp_drops", "rx0_xdp_drops2", false},
	{"rx#_xdp_drops", "rx0_xdp_drop", false},
	{"rx#_xdp_drops", "tx0_xdp_drops", false},
	{"rx#", "rx7", true},
	{"rx#", "rx", false},
	{"rx_drop", "rx_drop", true},
	{"rx_drop", "", false},
};

CASE(made, .setup = setup, .teardown = teardown);

TEST_EACH(made, pattern_stands_for_the_names_of_all_queues,
	  ARRAY_SIZE(patterns))
{
	char name[LINK_ETHTOOL_NAME] = "";

	memcpy(name, patterns[_i].name, strlen(patterns[_i].name));
	ck_assert(link_ethtool_matches(patterns[_i].pattern, name,
				       sizeof(name)) == patterns[_i].fits);
}

TEST(made, name_without_an_end_is_not_read_beyond)
{
	/* an allocation of its own, for the sanitizer to watch its end */
	char *name = malloc(5);

	ck_assert_ptr_nonnull(name);
	memcpy(name, "rx123", 5);
	ck_assert(link_ethtool_matches("rx#", name, 5));
	ck_assert(!link_ethtool_matches("rx#_", name, 5));
	ck_assert(!link_ethtool_matches("rx#4", name, 5));
	free(name);
}

#define MAX_NAMES 64

/* Learns the blank-separated names. Sets *n to how many they are. */
static uint64_t learn(const char *driver, const char *words, uint32_t *n)
{
	static char names[MAX_NAMES][LINK_ETHTOOL_NAME];
	char copy[2048], *save = NULL;

	memset(names, 0, sizeof(names));
	*n = 0;
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		ck_assert_uint_lt(*n, MAX_NAMES);
		memcpy(names[(*n)++], word, strlen(word));
	}
	return link_ethtool_learn(cache, driver, names[0], *n);
}

static uint64_t value_of(const struct sample *s, const char *name)
{
	const struct row *row = object_row(
		s, &s->objects[0], find_counter(&link_probe, name, NULL));

	ck_assert_msg(row, "no row %s", name);
	return row->value;
}

TEST(made, queues_are_summed_up)
{
	const uint64_t values[] = {9, 100, 2, 30, 4, 500, 7};
	struct sample s = {0};
	uint32_t n;
	uint64_t id = learn("veth",
			    "peer_ifindex rx_queue_0_xdp_drops "
			    "rx_queue_0_xdp_bytes rx_queue_1_xdp_drops "
			    "rx_queue_1_drops rx_queue_12_xdp_drops "
			    "tx_queue_0_xdp_xmit_errors",
			    &n);

	ck_assert_uint_ne(id, 0);
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	ck_assert_int_eq(link_ethtool_sum(cache, id, values, n, &s), 0);
	ck_assert_uint_eq(s.n_rows, 2);
	ck_assert_uint_eq(value_of(&s, "xdp_drops"), 630);
	ck_assert_uint_eq(value_of(&s, "xdp_xmit_errors"), 7);
	sample_free(&s);
}

/* Of each driver the names that it is known for. */
static const struct {
	const char *driver, *names, *counters;
} drivers[] = {
	{"veth",
	 "rx_queue_0_xdp_packets rx_queue_0_xdp_drops "
	 "rx_queue_0_xdp_tx_errors tx_queue_0_xdp_xmit_errors",
	 "xdp_packets xdp_drops xdp_tx_errors xdp_xmit_errors"},
	{"virtio_net", "rx_queue_3_xdp_drops rx_queue_3_drops", "rx_xdp_drops"},
	{"virtio_net", "rx3_xdp_drops rx3_drops", "rx_xdp_drops"},
	{"mlx5_core",
	 "rx_out_of_buffer rx_discards_phy rx_xdp_drop rx0_xdp_drop",
	 "rx_discards_phy rx_xdp_drop"},
	{"ixgbe", "rx_missed_errors rx_no_dma_resources",
	 "rx_no_dma_resources"},
	{"ena",
	 "bw_in_allowance_exceeded bw_out_allowance_exceeded "
	 "pps_allowance_exceeded conntrack_allowance_exceeded "
	 "linklocal_allowance_exceeded conntrack_allowance_available",
	 "bw_in_allowance_exceeded bw_out_allowance_exceeded "
	 "pps_allowance_exceeded conntrack_allowance_exceeded "
	 "linklocal_allowance_exceeded"},
	{"hv_netvsc", "tx_no_memory tx_no_space tx_too_big tx_busy",
	 "tx_no_memory tx_no_space tx_too_big"},
};

TEST_EACH(made, driver_is_known_by_its_names, ARRAY_SIZE(drivers))
{
	uint64_t values[MAX_NAMES];
	char copy[512], *save = NULL;
	struct sample s = {0};
	unsigned rows = 0;
	uint32_t n;
	uint64_t id = learn(drivers[_i].driver, drivers[_i].names, &n);

	for (int i = 0; i < MAX_NAMES; i++)
		values[i] = 1;
	ck_assert_uint_ne(id, 0);
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	ck_assert_int_eq(link_ethtool_sum(cache, id, values, n, &s), 0);
	snprintf(copy, sizeof(copy), "%s", drivers[_i].counters);
	for (char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save), rows++)
		ck_assert_uint_eq(value_of(&s, word), 1);
	ck_assert_uint_eq(s.n_rows, rows);
	sample_free(&s);
}

TEST(made, each_counter_of_drivers_is_one_of_theirs)
{
	for (size_t i = 0; i < link_probe.counters->n; i++) {
		const struct counter *c = &link_probe.counters->rows[i];
		unsigned found = 0;

		if (!c->section || strcmp(c->section, "ethtool"))
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(drivers); j++)
			found += strstr(drivers[j].counters, c->name) != NULL;
		ck_assert_msg(found, "nobody counts %s", c->name);
	}
}

TEST(made, names_without_a_meaning_cost_nothing)
{
	uint32_t n;

	ck_assert_uint_eq(learn("e1000e", "rx_queue_0_xdp_drops", &n), 0);
	ck_assert_uint_eq(learn("veth", "peer_ifindex", &n), 0);
	ck_assert_uint_eq(learn("veth", "", &n), 0);
}

TEST(made, more_names_than_allowed_are_refused)
{
	uint32_t n = LINK_ETHTOOL_MAX + 1;
	char *names = calloc(n, LINK_ETHTOOL_NAME);

	ck_assert_ptr_nonnull(names);
	strcpy(names, "rx_queue_0_xdp_drops");
	ck_assert_uint_eq(link_ethtool_learn(cache, "veth", names, n), 0);
	ck_assert_uint_ne(link_ethtool_learn(cache, "veth", names, n - 1), 0);
	free(names);
}

TEST(made, same_names_are_learnt_once)
{
	uint32_t n;
	uint64_t a = learn("veth", "x rx_queue_0_xdp_drops", &n);

	ck_assert_uint_eq(learn("veth", "x rx_queue_0_xdp_drops", &n), a);
	ck_assert_uint_ne(learn("veth", "rx_queue_0_xdp_drops x", &n), a);
	ck_assert_uint_ne(learn("virtio_net", "x rx_queue_0_xdp_drops", &n), a);
}

TEST(made, numbers_of_another_count_are_stale)
{
	const uint64_t values[3] = {1, 2, 3};
	struct sample s = {0};
	uint32_t n;
	uint64_t id = learn("veth", "x rx_queue_0_xdp_drops", &n);

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	ck_assert_int_eq(link_ethtool_sum(cache, id, values, 3, &s), -ESTALE);
	ck_assert_int_eq(link_ethtool_sum(cache, id, values, 0, &s), -ESTALE);
	ck_assert_int_eq(link_ethtool_sum(cache, id + 1, values, 2, &s),
			 -ESTALE);
	ck_assert_int_eq(link_ethtool_sum(cache, 0, values, 0, &s), -ESTALE);
	ck_assert_uint_eq(s.n_rows, 0);
	sample_free(&s);
}

TEST(made, layout_not_used_for_longest_is_forgotten)
{
	const uint64_t values[2] = {1, 2};
	struct sample s = {0};
	uint64_t first, second, other;
	uint32_t n;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	first = learn("veth", "a rx_queue_0_xdp_drops", &n);
	second = learn("veth", "b rx_queue_0_xdp_drops", &n);
	for (int i = 0; i < 63; i++) {
		char names[64];

		snprintf(names, sizeof(names), "n%d rx_queue_0_xdp_drops", i);
		other = learn("veth", names, &n);
		ck_assert(other && other != first && other != second);
		ck_assert_int_eq(link_ethtool_sum(cache, first, values, 2, &s),
				 0);
	}
	ck_assert_int_eq(link_ethtool_sum(cache, second, values, 2, &s),
			 -ESTALE);
	ck_assert_uint_eq(learn("veth", "b rx_queue_0_xdp_drops", &n), second);
	sample_free(&s);
}

/* In a namespace of this test's own, which ends with its process. */

static bool run(const char *command)
{
	int r = system(command);

	if (r != 0)
		fprintf(stderr, "%s: %d\n", command, r);
	return r == 0;
}

static struct netlink netlink;
static struct probe_env env = {.netlink = &netlink};

static void setup_kernel(void)
{
	setup();
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert(run("ip link set lo up"));
	ck_assert(run("ip link add ut0 numrxqueues 2 numtxqueues 2 type veth "
		      "peer name ut1 numrxqueues 2 numtxqueues 2"));
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	ck_assert_int_eq(netlink_enter(&netlink, false), 0);
	env.state = cache;
}

static void teardown_kernel(void)
{
	netlink_free(&netlink);
	teardown();
}

/* Of this thread, those below 32. */
static uint32_t effective(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];

	ck_assert_int_eq(syscall(SYS_capget, &head, words), 0);
	return words[0].effective;
}

static uint32_t failing;   /* this command of a driver fails, */
static int failure;	   /* with that */
static uint32_t announced; /* numbers that a driver says it has, or 0 */
static unsigned n_asked;
static uint32_t had; /* capabilities of whoever asked a driver */

/* Stands before the C library's. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *data;
	uint32_t command = 0;
	int r;

	va_start(args, request);
	data = va_arg(args, void *);
	va_end(args);
	if (request == SIOCETHTOOL) {

		n_asked++;
		had |= effective();
		memcpy(&command, ((struct ifreq *)data)->ifr_data,
		       sizeof(command));
		if (failing && command == failing) {
			errno = failure;
			return -1;
		}
	}
	r = (int)syscall(SYS_ioctl, fd, request, data);
	if (r == 0 && announced && command == ETHTOOL_GDRVINFO) {
		struct ethtool_drvinfo *driver =
			(void *)((struct ifreq *)data)->ifr_data;

		driver->n_stats = announced;
	}
	return r;
}

CASE(kernel, .lacks = lacks_root, .setup = setup_kernel,
     .teardown = teardown_kernel);

/* The kernel would for an interface that is gone, by its name. */
TEST(kernel, asking_a_driver_cannot_load_a_module)
{
	uint32_t before = effective();
	struct sample s = {0};

	ck_assert_uint_ne(before & 1u << CAP_NET_ADMIN, 0);
	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert_uint_gt(n_asked, 0);
	ck_assert_uint_eq(had & (1u << CAP_NET_ADMIN | 1u << CAP_SYS_MODULE),
			  0);
	ck_assert_uint_eq(effective(), before);
	sample_free(&s);
}

static unsigned n_set;
static bool has_no_memory; /* for capabilities, but for one set of them */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Of three arguments at most. */
long __wrap_syscall(long number, ...)
{
	va_list args;
	long a, b, c;

	va_start(args, number);
	a = va_arg(args, long);
	b = va_arg(args, long);
	c = va_arg(args, long);
	va_end(args);
	if (number == SYS_capset && has_no_memory && ++n_set > 1) {
		errno = ENOMEM;
		return -1;
	}
	return __real_syscall(number, a, b, c);
}

static int no_row(const struct nlmsghdr *h, void *arg)
{
	(void)h;
	(void)arg;
	return 0;
}

/* What who opened the socket has to be allowed: it changes nothing. */
static int change_lo(void)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_NEWLINK,
		      .nlmsg_flags = NLM_F_ACK},
		.m = {.ifi_index = 1},
	};

	return netlink_ask(&netlink, NETLINK_ROUTE, &request.h, no_row, NULL);
}

static void visit(struct sample *s, bool own)
{
	netlink_leave(&netlink);
	ck_assert_int_eq(netlink_enter(&netlink, own), 0);
	sample_reset(s);
	ck_assert_int_eq(link_probe.read(&env, s), 0);
}

/*
 * A thread that lost CAP_NET_ADMIN does not see rules, nor who is at the other
 * end of a veth; nor does, ever after, what it opened without it.
 */
TEST_EACH(kernel, capability_is_given_back_later, 2)
{
	uint32_t before = effective();
	struct sample s = {0};

	ck_assert_int_eq(change_lo(), 0);
	has_no_memory = true;
	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert_uint_gt(n_set, 1);
	ck_assert_uint_eq(effective() & 1u << CAP_NET_ADMIN, 0);
	visit(&s, true); /* opens one that stays */
	ck_assert_int_eq(change_lo(), -EPERM);
	has_no_memory = false;
	visit(&s, _i);
	ck_assert_uint_eq(effective(), before);
	ck_assert_int_eq(change_lo(), 0);
	visit(&s, true);
	ck_assert_int_eq(change_lo(), 0);
	sample_free(&s);
}

/* What is remembered of an interface. */
static struct link_ethtool_note *note_of(const struct sample *s,
					 const char *place)
{
	const struct object *o = find_object(s, LAYER_LINK, place, "");
	struct link_ethtool_note *notes;
	size_t n;

	ck_assert_ptr_nonnull(o);
	notes = (struct link_ethtool_note *)sample_memory(s, s->source, &n);
	for (size_t i = 0; i < n / sizeof(*notes); i++)
		if (notes[i].ifindex == o->identity)
			return &notes[i];
	ck_abort_msg("%s: not known", place);
	return NULL;
}

static uint64_t layout_of(const struct sample *s, const char *place)
{
	return note_of(s, place)->layout;
}

static bool has_row(const struct sample *s, const char *place, const char *name)
{
	return object_row(s, find_object(s, LAYER_LINK, place, ""),
			  find_counter(&link_probe, name, NULL)) != NULL;
}

/* A read after then, at that second. */
static void read_again(struct sample *then, struct sample *now,
		       uint64_t seconds)
{
	sample_reset(now);
	sample_follow(now, then);
	now->mono_ns = seconds * 1000000000;
	ck_assert_int_eq(link_probe.read(&env, now), 0);
}

/* Makes a sample say that a program is attached, in place of the carrier. */
static void attach(struct sample *s, const char *place)
{
	object_row(s, find_object(s, LAYER_LINK, place, LINK_CONFIG),
		   &link_fact_carrier)
		->counter = &link_fact_xdp;
}

TEST(kernel, veth_with_a_program_has_its_rows_and_lo_has_none)
{
	struct sample then = {0}, now = {0}, third = {0};

	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert_uint_ne(layout_of(&then, "ut0"), 0);
	ck_assert_uint_eq(layout_of(&then, "ut0"), layout_of(&then, "ut1"));
	ck_assert_uint_eq(layout_of(&then, "lo"), 0);
	ck_assert(!has_row(&then, "ut0", "xdp_drops"));
	attach(&then, "ut0");
	read_again(&then, &now, 0);
	ck_assert(has_row(&now, "ut0", "xdp_drops"));
	ck_assert(has_row(&now, "ut0", "xdp_packets"));
	ck_assert(!has_row(&now, "ut0", "rx_xdp_drops"));
	ck_assert(!has_row(&now, "ut1", "xdp_drops"));
	ck_assert(!has_row(&now, "lo", "xdp_drops"));
	/* and keeps them */
	sample_reset(&then);
	read_again(&now, &third, 0);
	ck_assert(has_row(&third, "ut0", "xdp_drops"));
	sample_free(&then);
	sample_free(&now);
	sample_free(&third);
}

static const struct {
	uint32_t command;
	int failure;
	int result;
} failures[] = {
	{ETHTOOL_GDRVINFO, EPERM, -EPERM},
	{ETHTOOL_GDRVINFO, ENOMEM, -ENOMEM},
	{ETHTOOL_GSTRINGS, EIO, -EIO},
	{ETHTOOL_GSTATS, ENOMEM, -ENOMEM},
	{ETHTOOL_GSTATS, EPERM, -EPERM},
	/* it is gone, has none, or other numbers by now */
	{ETHTOOL_GDRVINFO, ENODEV, 0},
	{ETHTOOL_GDRVINFO, EOPNOTSUPP, 0},
	{ETHTOOL_GSTATS, ENODEV, 0},
	{ETHTOOL_GSTATS, EOPNOTSUPP, 0},
	{ETHTOOL_GSTATS, EFAULT, 0},
};

TEST_EACH(kernel, driver_that_fails_has_not_lost_nothing, ARRAY_SIZE(failures))
{
	uint32_t before = effective();
	struct sample s = {0};

	failing = failures[_i].command;
	failure = failures[_i].failure;
	ck_assert_int_eq(link_probe.read(&env, &s), failures[_i].result);
	ck_assert_uint_eq(effective(), before);
	failing = 0;
	sample_reset(&s);
	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert_uint_ne(layout_of(&s, "ut0"), 0);
	sample_free(&s);
}

/* Linux 6.18 has 10 numbers for each of them. */
TEST(kernel, veth_with_700_queues_is_read)
{
	struct sample then = {0}, now = {0};

	ck_assert(run("ip link add ut2 numrxqueues 700 numtxqueues 700 "
		      "type veth peer name ut3"));
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert_uint_ne(layout_of(&then, "ut2"), 0);
	attach(&then, "ut2");
	read_again(&then, &now, 0);
	ck_assert(has_row(&now, "ut2", "xdp_drops"));
	ck_assert_int_eq(now.missed, 0);
	sample_free(&then);
	sample_free(&now);
}

/* Read after read: it is not taken for one that has none. */
TEST(kernel, driver_with_too_many_numbers_is_said)
{
	struct sample then = {0}, now = {0};

	announced = LINK_ETHTOOL_MAX + 1;
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert_int_eq(then.missed, -E2BIG);
	ck_assert_ptr_nonnull(find_object(&then, LAYER_LINK, "ut0", ""));
	read_again(&then, &now, 0);
	ck_assert_int_eq(now.missed, -E2BIG);
	announced = 0;
	read_again(&now, &then, 0);
	ck_assert_int_eq(then.missed, 0);
	ck_assert_uint_ne(layout_of(&then, "ut0"), 0);
	sample_free(&then);
	sample_free(&now);
}

TEST(kernel, nobody_asks_drivers_without_a_cache)
{
	struct sample then = {0}, now = {0};

	env.state = NULL;
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	attach(&then, "ut0");
	read_again(&then, &now, 0);
	ck_assert(!has_row(&now, "ut0", "xdp_drops"));
	sample_free(&then);
	sample_free(&now);
}

TEST(kernel, interface_without_numbers_is_not_asked_again)
{
	struct sample then = {0}, now = {0};

	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	note_of(&then, "ut0")->layout = 0;
	read_again(&then, &now, 3600);
	ck_assert_uint_eq(layout_of(&now, "ut0"), 0);
	ck_assert_uint_ne(layout_of(&now, "ut1"), 0);
	sample_free(&then);
	sample_free(&now);
}

TEST(kernel, what_is_known_is_found_behind_an_interface_that_went)
{
	struct sample then = {0}, now = {0};
	unsigned asked;

	ck_assert(run("ip link add ut2 type veth peer name ut3"));
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert(run("ip link del ut0"));
	asked = n_asked;
	read_again(&then, &now, 0);
	ck_assert_uint_eq(n_asked, asked);
	ck_assert_uint_eq(layout_of(&now, "lo"), 0);
	ck_assert_uint_eq(layout_of(&now, "ut2"), layout_of(&then, "ut2"));
	ck_assert_uint_eq(layout_of(&now, "ut3"), layout_of(&then, "ut3"));
	sample_free(&then);
	sample_free(&now);
}

/* As ethtool -L does. */
static int set_queues(const char *name, unsigned n)
{
	struct ethtool_channels channels = {
		.cmd = ETHTOOL_SCHANNELS, .rx_count = n, .tx_count = n};
	struct ifreq request = {.ifr_data = (void *)&channels};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return netlink_ioctl(&netlink, SIOCETHTOOL, &request);
}

TEST(kernel, other_number_of_queues_is_learnt_again)
{
	struct sample then = {0}, now = {0};

	/* the numbers are those of the queues in use */
	if (set_queues("ut0", 1) < 0) {
		printf("SKIP: this veth has a fixed number of queues\n");
		return;
	}
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert_int_eq(set_queues("ut0", 2), 0);
	/* nobody looks at a veth that does nothing, but once a minute */
	read_again(&then, &now, 0);
	ck_assert_uint_eq(layout_of(&now, "ut0"), layout_of(&then, "ut0"));
	read_again(&then, &now, 60);
	ck_assert_uint_ne(layout_of(&now, "ut0"), layout_of(&then, "ut0"));
	ck_assert_uint_ne(layout_of(&now, "ut0"), 0);
	attach(&then, "ut0");
	read_again(&then, &now, 0);
	ck_assert(has_row(&now, "ut0", "xdp_drops"));
	ck_assert_uint_ne(layout_of(&now, "ut0"), layout_of(&then, "ut0"));
	sample_free(&then);
	sample_free(&now);
}
