/* SPDX-License-Identifier: MIT */
/* Which sources are read, by what the settings ask for, and how long. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/reader.h"
#include "probes/firewall/firewall.h"
#include "probes/link/link.h"
#include "probes/snmp/snmp.h"
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

/* ---- time that is given ---- */

static uint64_t clock_now, cpu_now;

static uint64_t tell_clock(void)
{
	return clock_now;
}

static uint64_t tell_cpu(void)
{
	return cpu_now;
}

CASE(deadline);

TEST(deadline, time_to_work_ends_when_it_was_worked)
{
	struct deadline d = {.now = tell_clock, .worked = tell_cpu};

	clock_now = cpu_now = 1000;
	ck_assert(!deadline_is_over(NULL));
	ck_assert(!deadline_is_over(&d));
	deadline_give(&d, 100);
	clock_now += 99;
	cpu_now += 99;
	ck_assert(!deadline_is_over(&d));
	clock_now++;
	cpu_now++;
	ck_assert(deadline_is_over(&d));
	deadline_give(&d, 0);
	clock_now += 1000000;
	cpu_now += 1000000;
	ck_assert(!deadline_is_over(&d));
}

/* A busy host is not the fault of a namespace, but no wait is endless. */
TEST(deadline, who_has_to_wait_has_more_time)
{
	struct deadline d = {.now = tell_clock, .worked = tell_cpu};

	clock_now = cpu_now = 1000;
	deadline_give(&d, 100);
	clock_now += 399;
	cpu_now += 99;
	ck_assert(!deadline_is_over(&d));
	cpu_now++;
	ck_assert(deadline_is_over(&d));
	deadline_give(&d, 100);
	clock_now += 399;
	ck_assert(!deadline_is_over(&d));
	clock_now++;
	ck_assert(deadline_is_over(&d));
	clock_now = 0;
	ck_assert(deadline_is_over(&d)); /* it stays so */
	for (uint64_t last = 1; last < 500; last += 50) {
		d.last_ns = 1000 + last;
		clock_now = 1000;
		deadline_give(&d, 100);
		clock_now += last < 100 ? 99 : last < 400 ? last - 1 : 399;
		ck_assert(!deadline_is_over(&d));
		clock_now++;
		ck_assert(deadline_is_over(&d));
	}
}

TEST(deadline, order_to_stop_ends_it_at_the_next_look)
{
	struct deadline d = {.stop = &stop};

	for (unsigned i = 0; i < 3 * DEADLINE_STEPS; i++)
		ck_assert(!deadline_step(&d));
	stop = true;
	for (unsigned i = 1; i < DEADLINE_STEPS; i++)
		ck_assert(!deadline_step(&d));
	ck_assert(deadline_step(&d));
	ck_assert(deadline_step(&d));
}

/* ---- how a source that takes too long is tried again ---- */

CASE(pace);

TEST(pace, distance_grows_and_so_does_the_time)
{
	static const unsigned waits[] = {0, 1, 3, 7, 15, 31, 63, 63, 63};
	static const unsigned shares[] = {1, 2, 4, 8, 16, 32, 64, 64, 64};
	struct pace p = {0};

	ck_assert_uint_eq(pace_time(&p, 100), 100);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		pace_note(&p, true, 100, 100);
		ck_assert_uint_eq(p.wait, waits[i]);
		ck_assert_uint_eq(pace_time(&p, 100), 100 * shares[i]);
	}
}

TEST(pace, what_is_read_whole_waits_for_the_time_it_took)
{
	struct pace p = {.n = 3};

	pace_note(&p, false, 350, 100);
	ck_assert_uint_eq(p.n, 3);
	ck_assert_uint_eq(p.wait, 3);
	pace_note(&p, false, 60, 100);
	ck_assert_uint_eq(p.n, 3);
	ck_assert_uint_eq(p.wait, 0);
	pace_note(&p, false, 1000000, 100);
	ck_assert_uint_eq(p.wait, 63);
	pace_note(&p, false, 50, 100);
	ck_assert_uint_eq(p.n, 0);
	ck_assert_uint_eq(p.wait, 0);
}

/* ---- namespaces that take long, on a clock that a look moves on ---- */

#define SHARE 150 /* looks at the clock */
#define BIG 4000  /* chains: 850 looks, so the fourth try has the time */
#define SMALL 400
#define NAME "pkt-reader"

static uint64_t looks;
static uint64_t stop_at; /* then somebody wants it to stop; 0: never */

static uint64_t count_looks(void)
{
	stop |= ++looks == stop_at;
	return looks;
}

static int refuses; /* why there are no sockets for nf_tables; 0: there are */

/* Stands before the C library's. */
int socket(int domain, int type, int protocol)
{
	if (refuses && domain == AF_NETLINK && protocol == NETLINK_NETFILTER) {
		errno = refuses;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

static uint32_t announced; /* numbers that a driver says it has, or 0 */

/* Likewise. */
int ioctl(int fd, unsigned long request, ...)
{
	struct ethtool_drvinfo *driver;
	struct ifreq *data;
	va_list args;
	int r;

	va_start(args, request);
	data = va_arg(args, void *);
	va_end(args);
	r = (int)syscall(SYS_ioctl, fd, request, data);
	if (r < 0 || !announced || request != SIOCETHTOOL)
		return r;
	driver = (void *)data->ifr_data;
	if (driver->cmd == ETHTOOL_GDRVINFO)
		driver->n_stats = announced;
	return r;
}

static void remove_space(void)
{
	ck_assert_int_eq(system("! ip netns list | grep -qw " NAME
				" || ip netns del " NAME),
			 0);
}

/* A namespace with a chain for input, and so many others that it goes to. */
static void make_space(unsigned chains)
{
	FILE *nft;

	remove_space();
	ck_assert_int_eq(system("ip netns add " NAME), 0);
	nft = popen("ip netns exec " NAME " nft -f -", "w");
	ck_assert_ptr_nonnull(nft);
	fprintf(nft, "add table ip t\nadd chain ip t in "
		     "{ type filter hook input priority 0; }\n"
		     "add rule ip t in udp dport 9 counter drop\n");
	for (unsigned i = 0; i < chains; i++)
		fprintf(nft, "add chain ip t c%u\n", i);
	ck_assert_int_eq(pclose(nft), 0);
}

/* What it is allowed is all of its share. */
static void give(uint64_t share_ns)
{
	reader.share_ns = share_ns;
	reader.allowance = (struct allowance) {.work_ns = share_ns,
					       .try_last_ns = UINT64_MAX};
}

static void setup_paced(void)
{
	setup();
	init();
	ck_assert_int_eq(reader_open_own(&reader), 0);
	reader.deadline.now = count_looks;
	reader.deadline.worked = NULL;
	give(SHARE);
	reader.most_ns = 100 * SHARE;
}

static void teardown_paced(void)
{
	struct netns_id own;

	ck_assert_int_eq(netns_identify("/proc/self/ns/net", &own), 0);
	ck_assert_int_eq(reader_return(&reader, &own), 0);
	remove_space();
	teardown();
}

static uint32_t bit_of(const struct probe *probe)
{
	uint32_t bit = 1;

	for (size_t i = 0; probes[i] != probe; i++)
		bit <<= 1;
	return bit;
}

static struct ns space = {.path = "/run/netns/" NAME, .name = "web"};

/* Reads it, and makes that read the one before. Returns what is in it. */
static uint32_t read_space(void)
{
	struct sample read;

	ck_assert_int_eq(netns_identify(space.path, &space.id), 0);
	ck_assert_int_eq(reader_read(&reader, &space), 0);
	read = space.now;
	space.now = space.then;
	space.then = read;
	return read.sources;
}

CASE(paced, .lacks = lacks_own_run, .setup = setup_paced,
     .teardown = teardown_paced);

/* Nobody knows what would have been too long with all of its share. */
TEST(paced, what_a_crowd_leaves_no_time_for_is_dear_and_not_slow)
{
	make_space(BIG);
	reader.allowance.work_ns = SHARE / 2;
	(void)read_space();
	ck_assert(space.was_read);
	ck_assert(space.dear);
	ck_assert(blindness.crowded);
	ck_assert_uint_eq(space.slow, 0);
	ck_assert_int_eq(blindness.n_untold, 0);
}

TEST(paced, what_takes_too_long_is_cut_and_read_whole_in_the_end)
{
	uint32_t nft = bit_of(&nft_probe), whole, before;
	unsigned n = 0;

	make_space(BIG);
	before = bit_of(&link_probe) | bit_of(&snmp_probe);
	ck_assert_uint_eq(read_space() & (before | nft), before);
	ck_assert(space.was_read);
	ck_assert_uint_eq(space.slow, nft);
	ck_assert(space.then.unread & 1u << LAYER_NETFILTER);
	ck_assert_int_eq(blindness.n_untold, 1);
	ck_assert_str_eq(blindness.untold[0].name, "web");
	ck_assert(ns_tries_again(&space));
	/* the others have their share from now on */
	whole = read_space();
	ck_assert_uint_eq(whole & nft, 0);
	ck_assert_uint_eq(whole & before, before);
	ck_assert(!ns_tries_again(&space));
	while (!(read_space() & nft)) {
		ck_assert_uint_eq(space.then.sources, whole);
		ck_assert_uint_lt(++n, 20);
	}
	ck_assert_uint_ge(n, 2);
	/* that was all that it took: from then on it is asked for little */
	for (n = 0; !(read_space() & nft); n++)
		ck_assert_uint_lt(n, 10);
	ck_assert_uint_eq(space.slow, 0);
	ck_assert_uint_eq(read_space(), whole | nft);
	ck_assert_uint_eq(space.then.unread, 0);
	ck_assert_int_eq(blindness.n_untold, 1); /* told once */
	ck_assert_int_eq(blindness.sources[0].errors[0], 0);
}

TEST(paced, what_is_only_large_is_whole)
{
	uint32_t nft = bit_of(&nft_probe);

	make_space(SMALL);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_ne(read_space() & nft, 0);
	ck_assert_uint_eq(space.slow, 0);
	ck_assert_uint_eq(space.then.unread, 0);
	ck_assert_int_eq(blindness.n_untold, 0);
}

/* What a probe does without is not there: it was not read. */
TEST(paced, no_time_is_no_reading)
{
	uint32_t sources;

	make_space(SMALL);
	/* not in the first: kernels that tell nothing of IPsec refuse there */
	(void)read_space();
	sources = read_space();
	give(1);
	ck_assert_uint_lt(__builtin_popcount(read_space()), 2);
	ck_assert_uint_ne(space.then.unread, 0);
	ck_assert_uint_ne(space.then.n_objects, 0); /* all is stale */
	EACH_OBJECT (&space.then, o)
		ck_assert(o->stale || o->source == 0);
	give(SHARE);
	for (int i = 0; i < 4; i++)
		(void)read_space();
	ck_assert_uint_eq(read_space(), sources);
}

TEST(paced, order_to_stop_is_heard_in_a_dump)
{
	make_space(BIG);
	give(UINT64_C(1) << 40);
	(void)read_space();
	ck_assert(space.was_read);
	ck_assert_uint_gt(looks, 2 * SHARE);
	space.was_read = false;
	sample_reset(&space.then);
	stop_at = looks + SHARE;
	(void)read_space();
	ck_assert(!space.was_read);
	ck_assert_uint_le(looks, stop_at + 3);
	ck_assert_uint_eq(space.slow, 0);
	ck_assert_int_eq(blindness.n_untold, 0);
}

/* Else its gauge of availability stays 0, with nothing that could be read. */
TEST(paced, what_is_absent_is_not_refused)
{
	uint32_t nft = bit_of(&nft_probe);
	struct tree tree;

	make_space(1);
	refuses = EACCES;
	ck_assert_uint_eq(read_space() & nft, 0);
	ck_assert_uint_eq(space.refused & nft, nft);
	refuses = EOPNOTSUPP; /* which is no answer of the kernel's */
	ck_assert_uint_eq(read_space() & nft, 0);
	ck_assert_uint_eq(space.refused & nft, nft);
	refuses = 0;
	tree_make(&tree);
	reader.netlink.kmods = (struct kmods) {.root = tree.path};
	ck_assert_uint_eq(read_space() & nft, 0);
	ck_assert_uint_eq(space.refused & nft, nft); /* which are loaded? */
	tree_mkdir(&tree, "sys/module/ip_tables");
	ck_assert_uint_eq(read_space() & nft, 0);
	ck_assert_uint_eq(space.refused & nft, 0);
	tree_remove(&tree);
	reader.netlink.kmods = (struct kmods) {.root = ""};
	ck_assert_uint_eq(read_space() & nft, nft);
	ck_assert_uint_eq(space.refused & nft, 0);
}

/* Of a source that lacks something the rest is kept, but that is said. */
TEST(paced, what_is_read_in_part_is_kept_and_not_whole)
{
	uint32_t link = bit_of(&link_probe);
	const struct reasons *reasons =
		&blindness.sources[__builtin_ctz(bit_of(&link_probe))];
	const struct object *o;

	make_space(1);
	ck_assert_int_eq(system("ip -n " NAME " link add ut0 type veth"), 0);
	announced = UINT32_MAX;
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(read_space() & link, 0);
		o = find_object(&space.then, LAYER_LINK, "ut0", "");
		ck_assert_ptr_nonnull(o);
		ck_assert(!o->stale);
		ck_assert_uint_eq(space.then.parts, link);
		ck_assert_uint_eq(space.then.unread, 1u << LAYER_LINK);
		ck_assert_uint_eq(space.refused, link);
		ck_assert_int_eq(reasons->errors[0], -E2BIG);
		ck_assert(space.was_read);
	}
	announced = 0;
	ck_assert_uint_eq(read_space() & link, link);
	ck_assert_uint_eq(space.then.parts | space.then.unread, 0);
	ck_assert_uint_eq(space.refused, 0);
	ck_assert_int_eq(reasons->errors[1], 0);
}

/* ---- what is absent, and what is blind ---- */

/* clang-format off */
static const struct {
	uint8_t absent;
	bool was_there;
	int error;
	bool is_absent;
} absences[] = {
	{0, false, -ENOENT, false}, /* all have it */
	{0, false, -EOPNOTSUPP, false},
	{ABSENT_NO_ENTRY, false, -ENOENT, true},
	{ABSENT_NO_ENTRY, false, -EOPNOTSUPP, false},
	{ABSENT_NO_ENTRY, true, -ENOENT, false}, /* it cannot go */
	{ABSENT_NO_ENTRY, false, -EPERM, false},
	{ABSENT_NO_SUPPORT, false, -EOPNOTSUPP, true},
	{ABSENT_NO_SUPPORT, false, -ENOENT, false},
	{ABSENT_NO_ENTRY | ABSENT_AGAIN, true, -ENOENT, true}, /* a module */
	{ABSENT_NO_ENTRY | ABSENT_AGAIN, true, -EPERM, false},
	{ABSENT_AGAIN, true, -ENOENT, false},
};
/* clang-format on */

TEST_EACH(reader, absence_is_believed_where_it_can_be, ARRAY_SIZE(absences))
{
	const struct probe probe = {.absent = absences[_i].absent};

	ck_assert(probe_is_absent(&probe, absences[_i].was_there,
				  absences[_i].error) ==
		  absences[_i].is_absent);
}
