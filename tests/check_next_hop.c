/* SPDX-License-Identifier: MIT */
/* Next hops that do not answer: when they are asked for, and what is said. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kernel/netlink.h"
#include "probes/link/link.h"
#include "probes/neigh/neigh.h"
#include "probes/neigh/next_hop.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"

static struct sample then, now;
static struct netlink netlink;
static struct probe_env env;
static struct message answer;
static unsigned n_asked;
static short flags_of_a0;

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);
int __wrap_ioctl(int fd, unsigned long request, ...);

static void put_neighbour(struct message *m, uint32_t sequence, int family,
			  const char *address, uint16_t state,
			  uint32_t hundredths)
{
	struct ndmsg head = {.ndm_family = (unsigned char)family,
			     .ndm_ifindex = 2,
			     .ndm_state = state};
	struct nda_cacheinfo info = {.ndm_updated = hundredths};
	unsigned char bytes[16];

	ck_assert_int_eq(inet_pton(family, address, bytes), 1);
	message_begin(m, RTM_NEWNEIGH, NLM_F_MULTI, sequence);
	message_put(m, &head, sizeof(head));
	attr_put(m, NDA_DST, bytes, family == AF_INET ? 4 : 16);
	attr_put(m, NDA_CACHEINFO, &info, sizeof(info));
}

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags)
{
	const struct nlmsghdr *h = data;
	int done = 0;

	(void)fd;
	(void)flags;
	ck_assert_int_eq(h->nlmsg_type, RTM_GETNEIGH);
	n_asked++;
	answer.n = 0;
	put_neighbour(&answer, h->nlmsg_seq, AF_INET, "10.9.0.2", NUD_REACHABLE,
		      10);
	put_neighbour(&answer, h->nlmsg_seq, AF_INET, "10.9.0.77", NUD_FAILED,
		      100);
	put_neighbour(&answer, h->nlmsg_seq, AF_INET6, "fd00::77",
		      NUD_INCOMPLETE, 200);
	message_begin(&answer, NLMSG_DONE, NLM_F_MULTI, h->nlmsg_seq);
	message_put(&answer, &done, sizeof(done));
	return (ssize_t)n;
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags,
			struct sockaddr *from, socklen_t *size)
{
	(void)fd;
	(void)flags;
	memset(from, 0, *size);
	ck_assert_uint_le(answer.n, n);
	memcpy(bytes, answer.bytes, answer.n);
	return (ssize_t)answer.n;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	struct ifreq *r;

	(void)fd;
	va_start(arguments, request);
	r = va_arg(arguments, struct ifreq *);
	va_end(arguments);
	if (request == SIOCGIFFLAGS) {
		ck_assert_str_eq(r->ifr_name, "a0");
		r->ifr_flags = flags_of_a0;
		return 0;
	}
	ck_assert_uint_eq(request, SIOCGIFNAME);
	snprintf(r->ifr_name, sizeof(r->ifr_name), "a0");
	return 0;
}

static void setup(void)
{
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	netlink.fds[NETLINK_ROUTE] = 0; /* open: nobody looks */
	flags_of_a0 = IFF_UP | IFF_RUNNING;
	env = (struct probe_env) {.netlink = &netlink};
}

static void teardown(void)
{
	netlink.fds[NETLINK_ROUTE] = -1;
	netlink_free(&netlink);
	sample_free(&then);
	sample_free(&now);
}

/* A counter of IP, of ICMP or UDP, at the two reads. */
static void count(const char *name, uint64_t before, uint64_t after)
{
	const struct counter *c = find_counter(&snmp_probe, name, NULL);

	sample_object(&then, c->layer, "", name, 0);
	sample_row(&then, c, before);
	sample_object(&now, c->layer, "", name, 0);
	sample_row(&now, c, after);
}

static void begin(void)
{
	sample_reset(&now);
	sample_reset(&then);
	sample_follow(&now, &then);
	then.mono_ns = UINT64_C(1000000000);
	now.mono_ns = UINT64_C(4000000000);
}

static unsigned read_hops(void)
{
	n_asked = 0;
	ck_assert_int_eq(next_hop_probe.read(&env, &now), 0);
	ck_assert_int_eq(now.error, 0);
	return n_asked;
}

CASE(next_hop, .setup = setup, .teardown = teardown);

TEST(next_hop, quiet_namespace_is_not_asked)
{
	begin();
	count("OutDestUnreachs", 70, 70);
	count("OutRateLimitHost", 9, 9);
	ck_assert_uint_eq(read_hops(), 0);
}

TEST(next_hop, refused_packets_that_a_counter_explains_are_not_worth_it)
{
	begin();
	count("OutDestUnreachs", 0, 6);
	count("OutRateLimitHost", 0, 94);
	count("NoPorts", 1000, 1100);
	ck_assert_uint_eq(read_hops(), 0);
}

/* The first fragment of each came alone, and its sender is told late. */
TEST(next_hop, nor_are_reassembly_timeouts)
{
	begin();
	count("OutTimeExcds", 0, 6);
	count("OutRateLimitHost", 0, 294);
	count("ReasmTimeout", 0, 300);
	ck_assert_uint_eq(read_hops(), 0);
}

TEST(next_hop, nor_is_traceroute)
{
	begin();
	count("OutTimeExcds", 0, 6);
	count("OutRateLimitHost", 0, 44);
	count("InHdrErrors", 0, 50);
	ck_assert_uint_eq(read_hops(), 0);
}

TEST(next_hop, refused_packets_that_nothing_explains_are)
{
	char text[128];

	begin();
	count("OutDestUnreachs", 0, 6);
	count("OutRateLimitHost", 0, 94);
	count("NoPorts", 1000, 1010);
	ck_assert_uint_eq(read_hops(), 1);
	ck_assert_ptr_nonnull(
		find_object(&now, LAYER_NEIGH, "a0", "10.9.0.77"));
	ck_assert_ptr_nonnull(find_object(&now, LAYER_NEIGH, "a0", "fd00::77"));
	ck_assert_ptr_null(find_object(&now, LAYER_NEIGH, "a0", "10.9.0.2"));
	ck_assert(next_hop_is_dead(&now));
	next_hop_describe(&now, text, sizeof(text));
	ck_assert_str_eq(text, "10.9.0.77 on a0 does not answer ARP, nor do 1 "
			       "more");
}

/* The host is read first, and tells that somebody's queue was full. */
TEST(next_hop, discards_of_the_host_are)
{
	begin();
	env.unresolved = true;
	ck_assert_uint_eq(read_hops(), 1);
}

TEST(next_hop, loss_names_who_does_not_answer)
{
	struct loss loss = {.layer = LAYER_NEIGH,
			    .direction = DIR_TX,
			    .lost = 90,
			    .unresolved = 90};
	struct cause cause;

	begin();
	sample_object(&now, LAYER_NEIGH, "r1", "fd00:2::77", 0);
	sample_row(&now, &next_hop_fact_failed, 1);
	sample_row(&now, &next_hop_fact_age, 10);
	cause_find(&now, &loss, &cause);
	ck_assert_str_eq(cause.text, "the next hop does not resolve: "
				     "fd00:2::77 on r1 does not answer "
				     "neighbour discovery");
	ck_assert_str_eq(cause.reason->id, "next-hop-unresolved");
	ck_assert_str_eq(cause_counter(&cause), "res_failed");
	ck_assert_uint_eq(cause.lost, 90);
}

static const struct {
	short flags;
	const char *label, *carrier, *remedy, *reason;
} carriers[] = {
	{IFF_UP | IFF_RUNNING, "veth b0", "",
	 "Is it up and on this wire? `ip neigh show nud failed`",
	 "next-hop-unresolved"},
	{IFF_UP, "veth b0", ": a0 has no carrier, its peer b0 is down",
	 "Bring that up, in its own namespace", "next-hop-no-carrier"},
	{IFF_UP, "veth", ": a0 has no carrier, its peer is down",
	 "Bring that up, in its own namespace", "next-hop-no-carrier"},
	{IFF_UP, "macvlan eth0", ": a0 has no carrier",
	 "See why: `ip link show dev a0`", "next-hop-no-carrier"},
	{IFF_UP, NULL, ": a0 has no carrier", "See why: `ip link show dev a0`",
	 "next-hop-no-carrier"},
	/* down: the kernel has forgotten its neighbours, this is a late look */
	{0, "veth b0", "",
	 "Is it up and on this wire? `ip neigh show nud failed`",
	 "next-hop-unresolved"},
};

TEST_EACH(next_hop, interface_without_carrier_is_named_with_its_peer,
	  ARRAY_SIZE(carriers))
{
	struct loss loss = {.layer = LAYER_NEIGH,
			    .direction = DIR_TX,
			    .lost = 90,
			    .unresolved = 90};
	struct cause cause;
	char text[256];

	begin();
	if (carriers[_i].label) {
		sample_object(&now, LAYER_LINK, "a0", LINK_CONFIG, 2);
		sample_label(&now, carriers[_i].label);
		sample_row(&now, &link_fact_up, 1);
	}
	flags_of_a0 = carriers[_i].flags;
	count("OutDestUnreachs", 0, 90);
	ck_assert_uint_eq(read_hops(), 1);
	cause_find(&now, &loss, &cause);
	snprintf(text, sizeof(text),
		 "the next hop does not resolve: 10.9.0.77 on a0 does not "
		 "answer ARP, nor do 1 more%s",
		 carriers[_i].carrier);
	ck_assert_str_eq(cause.text, text);
	ck_assert_str_eq(cause.remedy, carriers[_i].remedy);
	ck_assert_str_eq(cause.reason->id, carriers[_i].reason);
}

TEST_EACH(next_hop, discards_say_whose_they_are, 2)
{
	const struct counter *c =
		find_counter(&neigh_probe, "unresolved_discards", NULL);
	struct loss loss = {
		.layer = LAYER_NEIGH, .direction = DIR_TX, .lost = 90};
	struct cause cause;

	begin();
	sample_object(&now, LAYER_NEIGH, "", "arp_cache", 0);
	sample_row(&now, c, 90);
	now.rows[0].delta = 90;
	now.rows[0].flags = ROW_COMPARED;
	if (_i) {
		sample_object(&now, LAYER_NEIGH, "a0", "10.9.0.77", 0);
		sample_row(&now, &next_hop_fact_failed, 0);
		sample_row(&now, &next_hop_fact_age, 2000);
	}
	cause_find(&now, &loss, &cause);
	ck_assert_ptr_eq(strstr(cause.text, _i ? "10.9.0.77 on a0 does not "
						 "answer ARP"
					       : "in all namespaces together"),
			 cause.text);
}

/* Packets of IPv6 do not wait for an answer to ARP. */
TEST(next_hop, discards_are_of_a_next_hop_of_their_family)
{
	struct loss loss = {
		.layer = LAYER_NEIGH, .direction = DIR_TX, .lost = 90};
	struct cause cause;

	begin();
	sample_object(&now, LAYER_NEIGH, "", "ndisc_cache", 0);
	sample_row(&now,
		   find_counter(&neigh_probe, "unresolved_discards", NULL), 90);
	now.rows[0].delta = 90;
	now.rows[0].flags = ROW_COMPARED;
	sample_object(&now, LAYER_NEIGH, "a0", "10.9.0.77", 0);
	sample_row(&now, &next_hop_fact_failed, 0);
	sample_row(&now, &next_hop_fact_age, 2000);
	cause_find(&now, &loss, &cause);
	ck_assert_ptr_eq(strstr(cause.text, "in all namespaces together"),
			 cause.text);
	sample_object(&now, LAYER_NEIGH, "a1", "fd00::77", 0);
	sample_row(&now, &next_hop_fact_failed, 0);
	sample_row(&now, &next_hop_fact_age, 2000);
	cause_find(&now, &loss, &cause);
	ck_assert_ptr_eq(strstr(cause.text, "fd00::77 on a1"), cause.text);
	loss.placed = 1 << 1; /* elsewhere */
	cause_find(&now, &loss, &cause);
	ck_assert_uint_eq(cause.lost, 0);
}

TEST(next_hop, message_cut_short_is_understood_or_refused)
{
	struct next_hop hop;

	answer.n = 0;
	put_neighbour(&answer, 1, AF_INET6, "fd00::77", NUD_FAILED, 123);
	for (size_t n = sizeof(struct nlmsghdr); n <= answer.n; n++) {
		struct nlmsghdr *copy = malloc(n); /* its end is watched */
		int r;

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, answer.bytes, n);
		copy->nlmsg_len = (uint32_t)n;
		r = next_hop_parse(copy, &hop);
		ck_assert_int_eq(r, n < 28 ? -EBADMSG : n < 48 ? -ENOENT : 0);
		free(copy);
	}
	ck_assert_str_eq(hop.address, "fd00::77");
	ck_assert_uint_eq(hop.age_ms, 1230);
	ck_assert(hop.failed);
}
