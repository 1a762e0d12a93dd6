/* SPDX-License-Identifier: MIT */
/*
 * Sockets that lose: the parser, the totals of ports, the search for a
 * process, and the whole probe against a kernel made by hand, which also
 * counts what it is asked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/token.h"
#include "kernel/procnet.h"
#include "kernel/sockdiag.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket.h"
#include "probes/socket/socket_ports.h"
#include "probes/socket/socket_raw.h"
#include "testlib.h"

#define SOURCE 5 /* index of the probe */
#define SECOND UINT64_C(1000000000)

/* A kernel made by hand: --wrap=send,recvfrom. */

struct fake {
	int family, protocol;
	struct socket_info info;
};

static struct fake fakes[48];
static size_t n_fakes;
static unsigned n_asked; /* dumps, of one family each */
static bool interrupted, cut_short, old_kernel;
static struct message answer;

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags);
ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);

static void put_socket(struct message *m, uint32_t sequence,
		       const struct fake *f)
{
	uint32_t memory[SK_MEMINFO_VARS] = {
		[SK_MEMINFO_RCVBUF] = f->info.rcvbuf,
		[SK_MEMINFO_DROPS] = f->info.drops,
	};
	struct inet_diag_msg msg = {
		.idiag_family = f->family,
		.id.idiag_sport = htons(f->info.port),
		.id.idiag_cookie = {(uint32_t)f->info.cookie,
				    (uint32_t)(f->info.cookie >> 32)},
		.idiag_rqueue = f->info.queue,
		.idiag_wqueue = f->info.limit,
		.idiag_inode = f->info.inode,
	};

	message_begin(m, SOCK_DIAG_BY_FAMILY,
		      NLM_F_MULTI | (interrupted ? NLM_F_DUMP_INTR : 0),
		      sequence);
	message_put(m, &msg, sizeof(msg));
	attr_put(m, INET_DIAG_SKMEMINFO, memory,
		 old_kernel ? SK_MEMINFO_DROPS * 4 : sizeof(memory));
}

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags)
{
	const struct nlmsghdr *h = data;
	struct inet_diag_req_v2 wanted;
	bool listeners;
	int done = 0;

	(void)fd;
	(void)flags;
	ck_assert_uint_eq(n, sizeof(*h) + sizeof(wanted));
	ck_assert_int_eq(h->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	memcpy(&wanted, h + 1, sizeof(wanted));
	listeners = wanted.sdiag_protocol == IPPROTO_TCP;
	if (listeners) /* never the established ones */
		ck_assert_uint_eq(wanted.idiag_states, 1u << TCP_LISTEN);
	n_asked++;
	answer.n = 0;
	for (size_t i = 0; i < n_fakes; i++)
		if (fakes[i].family == wanted.sdiag_family &&
		    fakes[i].protocol == wanted.sdiag_protocol)
			put_socket(&answer, h->nlmsg_seq, &fakes[i]);
	message_begin(&answer, NLMSG_DONE, NLM_F_MULTI, h->nlmsg_seq);
	message_put(&answer, &done, sizeof(done));
	return (ssize_t)n;
}

ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size)
{
	(void)fd;
	(void)flags;
	memset(from, 0, *size);
	ck_assert_uint_le(answer.n, n);
	memcpy(buffer, answer.bytes, answer.n);
	return (ssize_t)(cut_short ? answer.n - 8 : answer.n);
}

static struct socket_info *add_fake(int family, int protocol, uint16_t port,
				    uint64_t cookie)
{
	struct fake *f = &fakes[n_fakes++];

	ck_assert_uint_le(n_fakes, ARRAY_SIZE(fakes));
	*f = (struct fake) {family, protocol, {.cookie = cookie}};
	f->info.port = port;
	return &f->info;
}

static struct socket_info *udp(uint16_t port, uint64_t cookie, uint32_t drops)
{
	struct socket_info *info = add_fake(AF_INET, IPPROTO_UDP, port, cookie);

	info->drops = drops;
	info->rcvbuf = 8192;
	return info;
}

static struct socket_info *listener(int family, uint16_t port, uint32_t queue,
				    uint32_t limit)
{
	struct socket_info *info = add_fake(family, IPPROTO_TCP, port, port);

	info->queue = queue;
	info->limit = limit;
	return info;
}

/* The probe: reads of one namespace, one after another. */

static struct tree tree;
static char buffer[65536];
static struct sample now, then;
static struct netlink netlink;
/* what the counters say */
static uint64_t udp_lost, tcp_refused, delivered, unknown_protocols;
static bool udp_is_unread;
static struct procnet net = PROCNET(tree.path);
static struct probe_env env = {
	.net = &net,
	.proc = tree.path,
	.netlink = &netlink,
	.buffer = buffer,
	.size = sizeof(buffer),
	.max_sockets = 1024,
};

static void setup(void)
{
	tree_make(&tree);
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	netlink.kmods.root = tree.path;
	tree_put(&tree, "proc/modules", "");
	tree_put(&tree, "proc/cmdline", "");
	tree_mkdir(&tree, "sys/module/inet_diag");
	tree_mkdir(&tree, "sys/module/udp_diag");
	tree_mkdir(&tree, "sys/module/tcp_diag");
}

static void teardown(void)
{
	netlink_free(&netlink);
	sample_free(&now);
	sample_free(&then);
	tree_remove(&tree);
}

static void append_counters(struct sample *s)
{
	sample_object(s, LAYER_IP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "InDelivers", NULL), delivered);
	sample_row(s, find_counter(&snmp_probe, "InUnknownProtos", NULL),
		   unknown_protocols);
	sample_object(s, LAYER_TCP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "ListenDrops", NULL),
		   tcp_refused);
	sample_object(s, LAYER_UDP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "RcvbufErrors", NULL),
		   udp_lost);
	sample_row(s, find_counter(&snmp_probe, "Udp6InErrors", NULL),
		   7 + udp_lost);
	s->objects[s->n_objects - 1].stale = udp_is_unread;
}

/* As the engine reads, compares and carries. */
static int read_again(void)
{
	struct sample read = then;
	struct sample_mark mark;
	int r;

	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.time_ns ? &then : NULL);
	now.time_ns = then.time_ns + 10 * SECOND;
	now.mono_ns = now.time_ns;
	append_counters(&now);
	now.source = SOURCE;
	mark = sample_mark(&now);
	r = socket_probe.read(&env, &now);
	ck_assert_int_eq(now.error, 0);
	if (r == 0) {
		now.sources |= 1u << SOURCE;
	} else {
		sample_rollback(&now, mark);
		if (r != -ENOENT && r != -EOPNOTSUPP)
			sample_carry(&now, &then, SOURCE);
	}
	sample_compare(&now, &then);
	return r;
}

static void must_read(void)
{
	ck_assert_int_eq(read_again(), 0);
}

/* UDP and its sockets have lost n, the first socket counts them. */
static void lose(uint32_t n)
{
	udp_lost += n;
	fakes[0].info.drops += n;
}

static const struct object *find(const char *name)
{
	return find_object(&now, LAYER_SOCKET, "", name);
}

static const struct row *row_of(const char *name, const struct counter *c)
{
	const struct object *o = find(name);

	ck_assert_msg(o != NULL, "no %s", name);
	return object_row(&now, o, c);
}

static const struct row *drops_of(const char *name)
{
	return row_of(name, &socket_udp_drops);
}

static void check_moved(const char *name, uint64_t value, uint64_t delta)
{
	const struct row *row = drops_of(name);

	ck_assert_uint_eq(row->value, value);
	ck_assert(row->flags & ROW_COMPARED);
	ck_assert_uint_eq(row->delta, delta);
}

CASE(probe, .setup = setup, .teardown = teardown);

TEST(probe, quiet_namespace_is_not_dumped)
{
	udp(5001, 1, 5);
	for (int i = 0; i < 3; i++)
		must_read(); /* the first: a baseline, Udp6 has lost 7 */
	ck_assert_uint_eq(n_asked, 2);
	lose(1);
	must_read();
	ck_assert_uint_eq(n_asked, 4); /* IPv4 and IPv6 */
	for (int i = 0; i < 3; i++)
		must_read();
	ck_assert_uint_eq(n_asked, 4);
	tcp_refused++;
	must_read();
	ck_assert_uint_eq(n_asked, 6);
	must_read();
	ck_assert_uint_eq(n_asked, 6);
}

TEST(probe, what_was_dropped_before_is_a_baseline)
{
	udp(5001, 1, 5);
	must_read();
	ck_assert_uint_eq(drops_of("udp_5001_drops")->value, 5);
	ck_assert(!(drops_of("udp_5001_drops")->flags & ROW_COMPARED));
	lose(3);
	must_read();
	check_moved("udp_5001_drops", 8, 3);
}

TEST(probe, first_drop_of_a_port_counts_from_zero)
{
	udp(5001, 1, 0);
	must_read();
	ck_assert_ptr_null(find("udp_5001_drops"));
	lose(3);
	must_read();
	check_moved("udp_5001_drops", 3, 3);
	must_read();
	check_moved("udp_5001_drops", 3, 0);
	lose(2);
	must_read();
	check_moved("udp_5001_drops", 5, 2);
}

TEST(probe, sockets_of_both_families_are_one_port)
{
	must_read();
	udp(5001, 1, 3);
	udp(5001, 2, 4)->rcvbuf = 77;
	fakes[1].family = AF_INET6;
	udp(5002, 3, 1);
	udp_lost = 8;
	must_read();
	check_moved("udp_5001_drops", 7, 7);
	check_moved("udp_5002_drops", 1, 1);
	ck_assert_uint_eq(row_of("udp_5001_drops", &socket_fact_port)->value,
			  5001);
	/* that of the socket that dropped most */
	ck_assert_uint_eq(row_of("udp_5001_drops", &socket_fact_rcvbuf)->value,
			  77);
}

TEST(probe, socket_that_closes_takes_nothing_back)
{
	must_read();
	udp(5001, 1, 0);
	lose(9);
	must_read();
	n_fakes = 0;
	udp(5001, 2, 0); /* another one on the same port */
	lose(4);
	must_read();
	check_moved("udp_5001_drops", 13, 4);
	n_fakes = 0;
	udp_lost++;
	must_read();
	check_moved("udp_5001_drops", 13, 0);
}

TEST(probe, count_that_wraps_goes_on)
{
	must_read();
	udp(5001, 1, 0);
	lose(UINT32_MAX - 1);
	must_read();
	lose(5);
	must_read();
	ck_assert_uint_eq(fakes[0].info.drops, 3);
	check_moved("udp_5001_drops", (uint64_t)UINT32_MAX + 4, 5);
}

TEST(probe, count_that_goes_back_adds_nothing)
{
	must_read();
	udp(5001, 1, 0);
	lose(50);
	must_read();
	fakes[0].info.drops = 20;
	udp_lost++;
	must_read();
	check_moved("udp_5001_drops", 50, 0);
	lose(1);
	must_read();
	check_moved("udp_5001_drops", 51, 1);
}

TEST(probe, socket_dumped_twice_counts_once)
{
	must_read();
	udp(5001, 1, 6);
	udp(5001, 1, 6);
	udp_lost = 6;
	must_read();
	check_moved("udp_5001_drops", 6, 6);
}

/* What the next dump begins with. */
static struct socket_dump remembered(void)
{
	struct socket_dump d;

	socket_dump_begin(&d, &now, SOURCE, NULL, 0);
	return d;
}

/* What is forgotten can be told too low, never too high. */
TEST(probe, more_sockets_than_allowed_make_a_lower_bound)
{
	uint64_t told = 0, lost = 0;

	env.max_sockets = 4;
	must_read();
	for (uint32_t i = 0; i < 10; i++)
		udp(5001, i + 1, 10 + i);
	udp_lost = 145;
	must_read();
	check_moved("udp_5001_drops", 145, 145);
	ck_assert_uint_eq(remembered().before.n_seen, 4);
	ck_assert_uint_eq(remembered().before.floor, 15);
	for (uint32_t i = 0; i < 10; i++) {
		fakes[i].info.drops += 20;
		lost += 20;
		/* those with 10 to 15 are taken to have had 15 */
		told += i < 6 ? 20 + i - 5 : 20;
	}
	udp_lost += lost;
	must_read();
	check_moved("udp_5001_drops", 145 + told, told);
}

TEST(probe, order_does_not_matter_to_who_is_remembered)
{
	struct socket_dump d;

	env.max_sockets = 3;
	must_read();
	for (uint32_t i = 0; i < 12; i++)
		udp(5001, i + 1, 1 + i * 7 % 12); /* 1 to 12, mixed */
	udp_lost = 78;
	must_read();
	d = remembered();
	ck_assert_uint_eq(d.before.floor, 9);
	ck_assert_uint_eq(d.before.n_seen, 3);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_ge(d.seen_before[i].drops, 10);
}

TEST(probe, further_ports_are_one)
{
	must_read();
	for (uint16_t i = 0; i < SOCKET_PORTS; i++) {
		n_fakes = 0;
		udp(1000 + i, i + 1, 2);
		udp_lost += 2;
		must_read();
	}
	ck_assert_ptr_null(find("udp_other_drops"));
	n_fakes = 0;
	udp(4000, 501, 3);
	udp(4001, 502, 4);
	udp(1000, 503, 1); /* has its series already */
	udp_lost += 8;
	must_read();
	check_moved("udp_other_drops", 7, 7);
	check_moved("udp_1000_drops", 3, 1);
	ck_assert_ptr_null(find("udp_4000_drops"));
	fakes[1].info.drops++;
	udp_lost++;
	must_read();
	check_moved("udp_other_drops", 8, 1);
}

static const struct {
	uint32_t queue, limit;
	bool told;
} queues[] = {
	{0, 0, false},	 {1, 0, true},	   {0, 128, false}, {63, 128, false},
	{64, 128, true}, {129, 128, true}, {2, 1, true},    {1, 3, false},
};

TEST_EACH(probe, listener_is_told_when_its_queue_fills, ARRAY_SIZE(queues))
{
	const struct object *o;

	listener(AF_INET, 80, queues[_i].queue, queues[_i].limit);
	must_read();
	ck_assert_ptr_null(find("tcp_80_accept"));
	tcp_refused++;
	must_read();
	o = find("tcp_80_accept");
	ck_assert_int_eq(o != NULL, queues[_i].told);
	if (!o)
		return;
	ck_assert_uint_eq(row_of("tcp_80_accept", &socket_tcp_accept)->value,
			  queues[_i].queue);
	ck_assert_uint_eq(row_of("tcp_80_accept", &socket_fact_limit)->value,
			  queues[_i].limit);
	must_read(); /* a level that was not read is not told again */
	ck_assert_ptr_null(find("tcp_80_accept"));
}

TEST(probe, fullest_listener_of_a_port_is_told)
{
	listener(AF_INET, 80, 5, 8);
	listener(AF_INET, 80, 9, 8);
	listener(AF_INET6, 80, 100, 128);
	must_read();
	tcp_refused++;
	must_read();
	ck_assert_uint_eq(row_of("tcp_80_accept", &socket_tcp_accept)->value,
			  9);
}

TEST(probe, fullest_listeners_are_told_of_many)
{
	char name[32];

	for (uint32_t i = 0; i < 2 * SOCKET_LISTENERS; i++)
		listener(AF_INET, 1000 + i, 60 + i, 100);
	must_read();
	tcp_refused++;
	must_read();
	for (uint32_t i = 0; i < 2 * SOCKET_LISTENERS; i++) {
		snprintf(name, sizeof(name), "tcp_%u_accept", 1000 + i);
		ck_assert_int_eq(find(name) != NULL, i >= SOCKET_LISTENERS);
	}
}

TEST_EACH(probe, absent_module_is_never_asked, 2)
{
	const char *module = _i ? "sys/module/udp_diag"
				: "sys/module/inet_diag";

	tree_drop(&tree, module);
	udp(5001, 1, 5);
	ck_assert_int_eq(read_again(), -ENOENT);
	lose(3);
	ck_assert_int_eq(read_again(), -ENOENT);
	ck_assert_uint_eq(n_asked, 0);
	tree_mkdir(&tree, module);
	lose(3);
	must_read(); /* somebody else has loaded it */
	ck_assert_uint_eq(n_asked, 2);
	/* what it had dropped before is not known: a baseline */
	ck_assert_uint_eq(drops_of("udp_5001_drops")->value, 11);
	ck_assert(!(drops_of("udp_5001_drops")->flags & ROW_COMPARED));
}

TEST(probe, listeners_are_told_without_udp_diag)
{
	tree_drop(&tree, "sys/module/udp_diag");
	listener(AF_INET, 80, 9, 8);
	(void)!read_again();
	tcp_refused++;
	udp_lost++;
	must_read();
	ck_assert_ptr_nonnull(find("tcp_80_accept"));
	ck_assert_uint_eq(n_asked, 2);
}

TEST(probe, module_that_goes_takes_no_total_back)
{
	udp(5001, 1, 0);
	must_read();
	lose(3);
	must_read();
	tree_drop(&tree, "sys/module/inet_diag");
	lose(4);
	must_read();
	check_moved("udp_5001_drops", 3, 0);
	tree_mkdir(&tree, "sys/module/inet_diag");
	lose(1);
	must_read();
	check_moved("udp_5001_drops", 8, 5);
}

TEST(probe, kernel_that_tells_no_drops_is_no_source)
{
	old_kernel = true;
	udp(5001, 1, 5);
	ck_assert_int_eq(read_again(), -EOPNOTSUPP);
}

TEST(probe, failed_dump_is_made_up_for)
{
	udp(5001, 1, 0);
	must_read();
	lose(3);
	must_read();
	interrupted = true;
	lose(4);
	ck_assert_int_eq(read_again(), -EAGAIN);
	interrupted = false;
	cut_short = true;
	ck_assert_int_eq(read_again(), -EBADMSG);
	cut_short = false;
	must_read(); /* though nothing moved since */
	check_moved("udp_5001_drops", 7, 4);
}

/* Whether sockets lost anything is what it counts. */
TEST(probe, sockets_are_as_unread_as_udp)
{
	udp(5001, 1, 0);
	must_read();
	lose(3);
	must_read();
	check_moved("udp_5001_drops", 3, 3);
	ck_assert(!find("udp_5001_drops")->stale);
	udp_is_unread = true;
	fakes[0].info.drops += 2;
	n_asked = 0;
	must_read();
	ck_assert_uint_eq(n_asked, 0);
	ck_assert(find("udp_5001_drops")->stale);
	ck_assert_uint_eq(drops_of("udp_5001_drops")->value, 3);
	udp_is_unread = false;
	udp_lost += 2;
	must_read();
	check_moved("udp_5001_drops", 5, 2);
	ck_assert(!find("udp_5001_drops")->stale);
}

TEST(probe, no_memory_is_needed_for_steady_reads)
{
	const unsigned char *memory;
	const struct row *rows;

	udp(5001, 1, 0);
	must_read();
	for (int i = 0; i < 8; i++) {
		lose(1);
		must_read();
	}
	rows = now.rows;
	memory = now.memory;
	lose(1);
	must_read();
	must_read();
	ck_assert_ptr_eq(now.rows, rows);
	ck_assert_ptr_eq(now.memory, memory);
}

/* Raw sockets, as Linux 6.18 prints them. */

#define RAW_HEADING                                                            \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "  \
	"retrnsmt   uid  timeout inode ref pointer drops\n"

static const struct counter *const raw_drops = &socket_raw_drops;

/* A raw socket of a protocol that has dropped so many. */
static void put_raw(unsigned protocol, unsigned inode, unsigned drops)
{
	char text[512];

	snprintf(text, sizeof(text),
		 RAW_HEADING
		 " 239: 00000000:%04X 00000000:0000 07 00000000:00001400 "
		 "00:00000000 00000000     0        0 %u 2 00000000d27f4214 "
		 "%u\n",
		 protocol, inode, drops);
	tree_put(&tree, "raw", text);
}

static void check_raw(const char *name, uint64_t value, uint64_t delta)
{
	const struct row *row = row_of(name, raw_drops);

	ck_assert_uint_eq(row->value, value);
	ck_assert(row->flags & ROW_COMPARED);
	ck_assert_uint_eq(row->delta, delta);
}

/* Linux 6.18 counts them as of no protocol; 6.1 says it delivered them. */
TEST_EACH(probe, full_raw_socket_is_told, 2)
{
	uint64_t *counter = _i ? &delivered : &unknown_protocols;

	*counter = 5;
	put_raw(222, 71, 0);
	must_read();
	ck_assert_ptr_null(find("raw_222_drops"));
	*counter += 300;
	put_raw(222, 71, 296);
	must_read();
	check_raw("raw_222_drops", 296, 296);
	must_read();
	check_raw("raw_222_drops", 296, 0);
	*counter += 4;
	put_raw(222, 71, 300);
	must_read();
	check_raw("raw_222_drops", 300, 4);
}

TEST(probe, raw_socket_that_dropped_before_is_a_baseline)
{
	put_raw(89, 71, 50);
	must_read();
	ck_assert_uint_eq(row_of("raw_89_drops", raw_drops)->value, 50);
	ck_assert(!(row_of("raw_89_drops", raw_drops)->flags & ROW_COMPARED));
	unknown_protocols += 3;
	put_raw(89, 71, 53);
	must_read();
	check_raw("raw_89_drops", 53, 3);
}

/* The kernel takes these itself: nothing is lost, and no reason to look. */
TEST(probe, raw_socket_that_listens_in_is_not_told)
{
	static const unsigned protocols[] = {1, 6, 17, 58, 255};

	must_read();
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		unknown_protocols++;
		put_raw(protocols[i], 71, 100);
		must_read();
		ck_assert_uint_eq(now.n_objects, 3);
	}
}

TEST(probe, raw_sockets_are_looked_at_when_somebody_else_took_packets)
{
	must_read();
	put_raw(222, 71, 100);
	must_read();
	ck_assert_ptr_null(find("raw_222_drops"));
	delivered += 10; /* UDP discarded them */
	lose(10);
	must_read();
	ck_assert_ptr_null(find("raw_222_drops"));
	delivered += 1;
	must_read();
	check_raw("raw_222_drops", 100, 100);
}

/* Neither dump forgets what the other one knows. */
TEST(probe, udp_and_raw_sockets_are_dumped_by_turns)
{
	put_raw(222, 71, 0);
	udp(5001, 1, 0);
	must_read();
	for (unsigned i = 1; i < 4; i++) {
		lose(3);
		must_read();
		check_moved("udp_5001_drops", 3 * i, 3);
		unknown_protocols += 2;
		put_raw(222, 71, 2 * i);
		must_read();
		check_raw("raw_222_drops", 2 * i, 2);
		check_moved("udp_5001_drops", 3 * i, 0);
	}
}

/* So many sockets that have dropped nothing in front of the one that has. */
static void put_many(unsigned n)
{
	char *text = malloc(n * 160 + 512), *at = text;

	ck_assert_ptr_nonnull(text);
	at += sprintf(at, RAW_HEADING);
	for (unsigned i = 0; i <= n; i++)
		at += sprintf(at,
			      " 239: 00000000:%04X 00000000:0000 07 "
			      "00000000:00001400 00:00000000 00000000     0"
			      "        0 %u 2 00000000d27f4214 %u\n",
			      222, 71 + i, i == n ? 9 : 0);
	tree_put(&tree, "raw", text);
	free(text);
}

TEST(probe, raw_socket_is_found_behind_hundreds)
{
	must_read();
	put_many(1000);
	unknown_protocols += 9;
	must_read();
	check_raw("raw_222_drops", 9, 9);
}

TEST(probe, raw_sockets_that_cannot_be_read_have_not_lost_nothing)
{
	must_read();
	unknown_protocols += 9;
	tree_put(&tree, "raw", RAW_HEADING " 239: no such line\n");
	ck_assert_int_eq(read_again(), -EBADMSG);
	tree_drop(&tree, "raw");
	tree_mkdir(&tree, "raw");
	unknown_protocols++;
	ck_assert_int_eq(read_again(), -EISDIR);
	tree_drop(&tree, "raw");
	put_many(9000);
	unknown_protocols++;
	ck_assert_int_eq(read_again(), -E2BIG);
	put_many(1);
	unknown_protocols++;
	must_read();
	check_raw("raw_222_drops", 9, 9);
	/* as long as nobody took any, nobody looks */
	tree_put(&tree, "raw", RAW_HEADING " 239: no such line\n");
	must_read();
	check_raw("raw_222_drops", 9, 0);
}

TEST(probe, raw_sockets_are_told_without_sock_diag)
{
	tree_drop(&tree, "sys/module/inet_diag");
	(void)!read_again();
	put_raw(222, 71, 5);
	unknown_protocols += 5;
	must_read();
	check_raw("raw_222_drops", 5, 5);
	must_read();
	check_raw("raw_222_drops", 5, 0);
}

static const struct {
	const char *text;
	int result;
	unsigned protocol, inode, drops;
} raw_lines[] = {
	{" 239: 00000000:00DE 00000000:0000 07 00000000:00001400 00:00000000 "
	 "00000000     0        0 8796455 2 00000000d27f4214 296\n",
	 1, 222, 8796455, 296},
	{"   59: 00000000000000000000000000000000:0059 "
	 "00000000000000000000000000000000:0000 07 00000000:00001400 "
	 "00:00000000 00000000     0        0 10197815 2 000000005377b487 "
	 "4294967295",
	 1, 89, 10197815, UINT32_MAX},
	{"", 0, 0, 0, 0},
	{"\n\n", -EBADMSG, 0, 0, 0},
	{" 239: 00000000:00DE 00000000:0000 07\n", -EBADMSG, 0, 0, 0},
	{" 239: 00DE 0 07 0 0 0 0 0 8 2 0 296\n", -EBADMSG, 0, 0, 0},
	{" 239: 0:0000000DE 0 07 0 0 0 0 0 8 2 0 296\n", -EBADMSG, 0, 0, 0},
	{" 239: 0:XY 0 07 0 0 0 0 0 8 2 0 296\n", -EBADMSG, 0, 0, 0},
	{" 239: 0:DE 0 07 0 0 0 0 0 x 2 0 296\n", -EBADMSG, 0, 0, 0},
	{" 239: 0:DE 0 07 0 0 0 0 0 8 2 0 -1\n", -EBADMSG, 0, 0, 0},
};

TEST_EACH(probe, line_of_a_raw_socket_is_parsed, ARRAY_SIZE(raw_lines))
{
	struct token text = {raw_lines[_i].text, strlen(raw_lines[_i].text)};
	struct socket_info info = {0};

	ck_assert_int_eq(socket_raw_next(&text, &info), raw_lines[_i].result);
	ck_assert_uint_eq(info.port, raw_lines[_i].protocol);
	ck_assert_uint_eq(info.inode, raw_lines[_i].inode);
	ck_assert_uint_eq(info.drops, raw_lines[_i].drops);
}

/* The process. */

static void put_process(const char *pid, const char *name, const char *ns,
			const char *socket)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/comm", pid);
	tree_put(&tree, path, name);
	snprintf(path, sizeof(path), "%s/ns/net", pid);
	tree_link(&tree, path, ns);
	snprintf(path, sizeof(path), "%s/fd/x", pid);
	tree_put(&tree, path, ""); /* no link at all */
	snprintf(path, sizeof(path), "%s/fd/3", pid);
	tree_link(&tree, path, socket);
}

#define HERE "/proc/self/ns/net"

static const char *label_of(const char *name)
{
	return object_label(&now, find(name));
}

CASE(process, .setup = setup, .teardown = teardown);

TEST(process, process_of_the_worst_socket_is_named)
{
	put_process("41", "other\n", HERE, "socket:[776]");
	put_process("42", "reader\n", HERE, "socket:[777]");
	put_process("43", "elsewhere\n", "/proc/self/ns/uts", "socket:[777]");
	must_read();
	udp(5001, 1, 0)->inode = 777;
	listener(AF_INET, 80, 9, 8)->inode = 776;
	lose(3);
	tcp_refused++;
	must_read();
	ck_assert_str_eq(label_of("udp_5001_drops"), "reader[42]");
	ck_assert_str_eq(label_of("tcp_80_accept"), "other[41]");
	must_read();
	ck_assert_str_eq(label_of("udp_5001_drops"), "reader[42]");
}

TEST(process, process_elsewhere_or_unknown_is_not_named)
{
	put_process("43", "elsewhere\n", "/proc/self/ns/uts", "socket:[777]");
	put_process("44", "pipes\n", HERE, "pipe:[777]");
	must_read();
	udp(5001, 1, 0)->inode = 777;
	lose(3);
	must_read();
	ck_assert_str_eq(label_of("udp_5001_drops"), "");
}

TEST(process, name_of_a_process_is_made_clean)
{
	put_process("42", "a\x1b[1m b\"\xc3\xa4'`$x", HERE, "socket:[777]");
	must_read();
	udp(5001, 1, 0)->inode = 777;
	lose(3);
	must_read();
	ck_assert_str_eq(label_of("udp_5001_drops"), "a__1m_b_____$x[42]");
}

/* The search is for a minute, unless another socket is the worst. */
TEST(process, process_is_looked_for_once_a_minute)
{
	put_process("42", "reader\n", HERE, "socket:[777]");
	must_read();
	udp(5001, 1, 0)->inode = 777;
	lose(3);
	must_read();
	tree_put(&tree, "42/comm", "renamed\n");
	for (int i = 0; i < 5; i++) {
		lose(1);
		must_read();
		ck_assert_str_eq(label_of("udp_5001_drops"), "reader[42]");
	}
	lose(1);
	must_read();
	ck_assert_str_eq(label_of("udp_5001_drops"), "renamed[42]");
	put_process("43", "second\n", HERE, "socket:[778]");
	udp(5001, 2, 9)->inode = 778;
	udp_lost += 9;
	must_read();
	ck_assert_str_eq(label_of("udp_5001_drops"), "second[43]");
}

/* The parser. */

static struct message message_of(const struct fake *f)
{
	struct message m = {.n = 0};

	put_socket(&m, 1, f);
	return m;
}

CASE(message);

TEST(message, message_is_parsed)
{
	struct fake f = {AF_INET6,
			 IPPROTO_UDP,
			 {.cookie = UINT64_C(0x123456789a),
			  .drops = UINT32_MAX,
			  .rcvbuf = 4608,
			  .queue = 3,
			  .limit = 4,
			  .inode = 5,
			  .port = 5001}};
	struct message m = message_of(&f);
	struct socket_info info;

	ck_assert_int_eq(socket_parse((const void *)m.bytes, &info), 0);
	ck_assert_uint_eq(info.cookie, f.info.cookie);
	ck_assert_uint_eq(info.drops, f.info.drops);
	ck_assert_uint_eq(info.rcvbuf, f.info.rcvbuf);
	ck_assert_uint_eq(info.queue, f.info.queue);
	ck_assert_uint_eq(info.limit, f.info.limit);
	ck_assert_uint_eq(info.inode, f.info.inode);
	ck_assert_uint_eq(info.port, f.info.port);
	ck_assert(info.has_memory);
}

TEST(message, message_cut_short_is_refused_or_has_no_drops)
{
	struct fake f = {AF_INET, IPPROTO_UDP, {.drops = 5}};
	struct message m = message_of(&f);
	struct socket_info info;

	for (uint32_t n = sizeof(struct nlmsghdr); n < m.n; n++) {
		void *cut = malloc(n); /* its end is watched */
		int r;

		ck_assert_ptr_nonnull(cut);
		memcpy(m.bytes, &n, sizeof(n));
		memcpy(cut, m.bytes, n);
		r = socket_parse(cut, &info);
		ck_assert(r == -EBADMSG || (r == 0 && !info.has_memory));
		ck_assert(n >= 16 + sizeof(struct inet_diag_msg) || r < 0);
		free(cut);
	}
}
