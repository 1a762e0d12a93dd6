/* SPDX-License-Identifier: MIT */
/* From the kernel's reasons to series: a kernel that says what it is told to.
 */
#include "probes/dropreason/dropreason_private.h"

#include <errno.h>

#include "kernel/drops.h"
#include "kernel/netlink.h"
#include "model/selection.h"
#include "probes/catalogue.h"
#include "testlib.h"

#define OWN 11
#define OTHER 12

static struct {
	uint64_t cookie;
	struct drop_count counts[16];
	int n; /* or an error */
	int n_taken;
} kernel;

static const char *const reasons[] = {
	"UNUSED",	 "NOT_SPECIFIED",   "NETFILTER_DROP",  "NO_SOCKET",
	"QDISC_DROP",	 "TC_INGRESS",	    "UNHANDLED_PROTO", "TC_EGRESS",
	"NEIGH_FAILED",	 "NEIGH_QUEUEFULL", "IP_RPFILTER",     "IP_LOCALNET",
	"SOCKET_FILTER", "NO_TX_TARGET",
};
enum {
	NOT_SPECIFIED = 1,
	NETFILTER_DROP,
	NEIGH_FAILED = 8,
	NEIGH_QUEUEFULL,
	IP_RPFILTER,
	IP_LOCALNET,
	SOCKET_FILTER,
	NO_TX_TARGET,
};

/* Places in the code, and devices. */
#define XDP 1000
#define IP_ERROR 1001
#define IP_RCV 1002
#define DISCARD 1003
#define UNKNOWN_CODE 1004
#define TCP_RCV 1005
#define BR_FLOOD 1006
#define BR_PUSH 1007
#define ETH0 2
#define GONE 9

int __wrap_drop_source_take(struct drop_source *source,
			    const struct drop_count **ret_counts,
			    uint64_t *ret_spilled);
const char *__wrap_drop_source_reason(const struct drop_source *source,
				      uint32_t reason);
void __wrap_drop_source_symbol(struct drop_source *source, uint64_t location,
			       char ret[DROPS_SYMBOL]);
uint64_t __wrap_netlink_cookie(const struct netlink *nl);

int __wrap_drop_source_take(struct drop_source *source,
			    const struct drop_count **ret_counts,
			    uint64_t *ret_spilled)
{
	int n = kernel.n;

	(void)source;
	*ret_counts = kernel.counts;
	*ret_spilled = 0;
	kernel.n_taken++;
	kernel.n = 0;
	return n;
}

const char *__wrap_drop_source_reason(const struct drop_source *source,
				      uint32_t reason)
{
	(void)source;
	return reasons[reason];
}

static const struct {
	uint64_t location;
	const char *name;
} functions[] = {
	{XDP, "do_xdp_generic"},
	{IP_ERROR, "ip_error"},
	{IP_RCV, "ip_rcv_finish_core"},
	{DISCARD, "dst_discard_out"},
	{TCP_RCV, "tcp_v6_rcv"},
	{BR_FLOOD, "br_flood"},
	{BR_PUSH, "br_dev_queue_push_xmit"},
};

void __wrap_drop_source_symbol(struct drop_source *source, uint64_t location,
			       char ret[DROPS_SYMBOL])
{
	(void)source;
	snprintf(ret, DROPS_SYMBOL, "f%u", (unsigned)location);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (functions[i].location == location)
			snprintf(ret, DROPS_SYMBOL, "%s", functions[i].name);
}

uint64_t __wrap_netlink_cookie(const struct netlink *nl)
{
	(void)nl;
	return kernel.cookie;
}

int __wrap_netlink_ifname(const struct netlink *nl, int ifindex, char name[16]);

int __wrap_netlink_ifname(const struct netlink *nl, int ifindex, char name[16])
{
	(void)nl;
	if (ifindex == GONE)
		return -ENODEV;
	snprintf(name, 16, "eth%d", ifindex - ETH0);
	return 0;
}

int __wrap_link_is_kept_apart(struct netlink *nl, const struct sample *out,
			      int ifindex, bool *ret);

/* Ports that are, as a set; or an error. */
static int apart, n_apart_asked;

int __wrap_link_is_kept_apart(struct netlink *nl, const struct sample *out,
			      int ifindex, bool *ret)
{
	(void)nl;
	(void)out;
	n_apart_asked++;
	if (apart < 0)
		return apart;
	*ret = apart & 1 << ifindex;
	return 0;
}

static struct drops *drops;
static struct selection wanted, interfaces;
static struct probe_env env;
static struct sample now, then;
static struct losses losses;

static void setup(void)
{
	drops = calloc(1, sizeof(*drops));
	env = (struct probe_env) {.drops = drops,
				  .counters = &wanted,
				  .own = true,
				  .interfaces = &interfaces};
	kernel.cookie = OWN;
	kernel.n = kernel.n_taken = 0;
	apart = n_apart_asked = 0;
}

static void teardown(void)
{
	drops_close(drops);
	selection_free(&wanted);
	selection_free(&interfaces);
	losses_free(&losses);
	sample_free(&now);
	sample_free(&then);
}

static void drop_at(uint64_t cookie, uint32_t reason, uint64_t location,
		    uint32_t device, uint64_t packets)
{
	kernel.counts[kernel.n++] = (struct drop_count) {
		{cookie, location, reason, device, 0, 0}, packets};
}

static void drop(uint64_t cookie, uint32_t reason, uint64_t location,
		 uint64_t packets)
{
	drop_at(cookie, reason, location, ETH0, packets);
}

static uint8_t source_of(const struct probe *probe)
{
	uint8_t i = 0;

	while (probes[i] != probe)
		i++;
	return i;
}

/* The next read, of which the one before is known. */
static void read_drops(void)
{
	struct sample last = then;

	then = now;
	now = last;
	sample_reset(&now);
	sample_follow(&now, then.time_ns ? &then : NULL);
	now.source = source_of(&dropreason_probe);
	drops->taken_ns = 0; /* it was long ago */
	ck_assert_int_eq(dropreason_probe.read(&env, &now), 0);
	ck_assert_int_eq(now.error, 0);
	now.sources = 1u << now.source;
	now.time_ns = 1;
	sample_compare(&now, &then);
}

static const struct row *row_of(const char *name)
{
	const struct object *o = find_object(&now, LAYER_DROPREASON, "", name);

	return o ? object_rows(&now, o) : NULL;
}

static void check_row(const char *name, uint64_t value)
{
	ck_assert_msg(row_of(name), "no %s", name);
	ck_assert_uint_eq(row_of(name)->value, value);
}

CASE(reading, .setup = setup, .teardown = teardown);

TEST(reading, reason_is_the_sum_of_its_places_and_only_grows)
{
	drop(OWN, 2, 7, 10);
	drop(OTHER, 2, 7, 1000);
	drop(OWN, 2, 8, 5);
	read_drops();
	check_row("NETFILTER_DROP", 15);
	drop(OWN, 2, 8, 5);
	read_drops();
	check_row("NETFILTER_DROP", 20);
	ck_assert_uint_eq(row_of("NETFILTER_DROP")->delta, 5);
	read_drops();
	check_row("NETFILTER_DROP", 20);
	kernel.cookie = OTHER;
	read_drops();
	check_row("NETFILTER_DROP", 1000);
}

TEST(reading, what_has_no_reason_is_told_apart_by_function)
{
	drop(OWN, 1, 7, 10);
	drop(OWN, 1, 8, 20);
	read_drops();
	ck_assert_uint_eq(now.n_objects, 3); /* and the sums */
	check_row("NOT_SPECIFIED.f7", 10);
	check_row("NOT_SPECIFIED.f8", 20);
}

TEST(reading, first_packets_for_a_reason_are_counted)
{
	read_drops();
	drop(OWN, 4, 7, 10);
	read_drops();
	ck_assert(row_of("QDISC_DROP")->flags & ROW_COMPARED);
	ck_assert_uint_eq(row_of("QDISC_DROP")->delta, 10);
}

TEST(reading, what_was_dropped_before_the_first_read_is_no_news)
{
	drop(OWN, 4, 7, 10);
	read_drops();
	ck_assert(!(row_of("QDISC_DROP")->flags & ROW_COMPARED));
}

TEST(reading, healthy_reasons_are_read_where_wanted)
{
	drop(OWN, 3, 7, 10);
	read_drops();
	ck_assert_ptr_null(row_of("NO_SOCKET"));
	ck_assert_int_eq(selection_add(&wanted, "dropreason-NO_SOCKET"), 0);
	ck_assert(catalogue_has_counter(&wanted.items[0], ~0u));
	read_drops();
	check_row("NO_SOCKET", 10);
	ck_assert_int_eq(row_of("NO_SOCKET")->counter->kind, KIND_BENIGN);
}

TEST(reading, packets_of_nobody_stand_in_collectds_own)
{
	drop(0, 2, 7, 10);
	read_drops();
	check_row("unknown", 10);
	env.own = false;
	read_drops();
	ck_assert_ptr_null(row_of("unknown"));
}

TEST(reading, kernel_is_asked_once_for_namespaces_that_are_read_together)
{
	ck_assert_int_eq(dropreason_probe.read(&env, &now), 0);
	ck_assert_int_eq(dropreason_probe.read(&env, &now), 0);
	ck_assert_int_eq(kernel.n_taken, 1);
}

TEST(reading, failure_is_told_and_what_was_known_stays)
{
	drop(OWN, 2, 7, 10);
	read_drops();
	drops->taken_ns = 0;
	kernel.n = -EPERM;
	ck_assert_int_eq(dropreason_probe.read(&env, &now), -EPERM);
	kernel.n = 0;
	read_drops();
	check_row("NETFILTER_DROP", 10);
}

TEST(reading, absent_source_is_a_complaint_only_where_it_is_wanted)
{
	env.drops = NULL;
	ck_assert_int_eq(dropreason_probe.read(&env, &now), -ENOENT);
	env.drops_error = -EPERM;
	ck_assert_int_eq(dropreason_probe.read(&env, &now), -EPERM);
}

TEST(reading, other_layers_names_are_no_counter)
{
	struct pattern p;

	ck_assert_int_eq(pattern_compile("dropreason", &p), 0);
	ck_assert(!catalogue_has_counter(&p, ~0u));
	pattern_free(&p);
}

TEST(reading, reasons_of_losses_are_none_of_healthy_traffic)
{
	ck_assert(dropreason_is_healthy("TCP_OLD_DATA", false));
	ck_assert(dropreason_is_healthy("UNHANDLED_PROTO", false));
	ck_assert(dropreason_is_healthy("NOT_SPECIFIED.tcp_v4_rcv", false));
	ck_assert(!dropreason_is_healthy("NOT_SPECIFIED", false));
	ck_assert(!dropreason_is_healthy("NOT_SPECIFIED.ip_error", false));
	ck_assert(!dropreason_is_healthy("TCP_CSUM", false));
	ck_assert(!dropreason_is_healthy("SOCKET_RCVBUFF", false));
	ck_assert(!dropreason_is_healthy("unknown", false));
	ck_assert(!dropreason_is_healthy("IP_RPFILTER", false));
	ck_assert(dropreason_is_healthy("IP_RPFILTER", true));
}

TEST(reading, each_name_that_is_known_is_found_and_means_something)
{
	const struct known_drop *known;
	size_t n = 0;

	for (; (known = dropreason_known(n)); n++) {
		char name[DROPREASON_NAME];

		snprintf(name, sizeof(name), "%s", known->name);
		name[strcspn(name, "*")] = '\0';
		ck_assert_msg(dropreason_class(name, known->for_many) ==
				      known->class,
			      "%s is of another class", known->name);
		ck_assert_uint_gt(strlen(known->means), 5);
	}
	ck_assert_uint_gt(n, 50);
}

/* Of losses that others have found, or nobody. */
static struct loss *lose(enum layer layer, const char *place,
			 enum direction direction, uint64_t lost,
			 uint64_t uncounted)
{
	struct loss *loss = loss_get(&losses, layer, place, direction);

	loss->known = loss->measured = true;
	loss->gone = false;
	loss->lost = lost;
	loss->uncounted = uncounted;
	loss->came = 1000;
	return loss;
}

static uint64_t lost_at(enum layer layer, const char *place,
			enum direction direction)
{
	const struct loss *loss = loss_find(&losses, layer, place, direction);

	return loss ? loss->lost : 0;
}

/* What is dropped behind a first read, attributed. */
static void attribute(void)
{
	read_drops();
	dropreason_probe.prove(&now, &losses);
	dropreason_probe.confirm(&now, &losses);
}

static void check_cause(enum layer layer, const char *place,
			enum direction direction, const char *id, uint64_t lost)
{
	struct cause cause;

	cause_find(&now, loss_find(&losses, layer, place, direction), &cause);
	ck_assert_ptr_nonnull(cause.reason);
	ck_assert_str_eq(cause.reason->id, id);
	ck_assert_uint_eq(cause.lost, lost);
}

CASE(evidence, .setup = setup, .teardown = teardown);

TEST(evidence, what_nobody_counts_is_a_loss_of_its_device)
{
	read_drops();
	drop_at(OWN, 1, XDP, ETH0, 30);
	drop_at(OWN, 1, XDP, ETH0 + 1, 20);
	drop_at(OWN, 1, XDP, GONE, 10);
	lose(LAYER_LINK, "eth0", DIR_RX, 7, 0);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 37);
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth1", DIR_RX), 20);
	ck_assert_uint_eq(losses.n, 2);
	/* they were received all the same */
	ck_assert_uint_eq(loss_total(&losses.items[0]), 1000);
	check_cause(LAYER_LINK, "eth0", DIR_RX, "xdp-generic", 30);
}

TEST(evidence, what_is_not_to_be_looked_at_is_not)
{
	ck_assert_int_eq(selection_add(&interfaces, "eth1"), 0);
	read_drops();
	drop_at(OWN, 1, XDP, ETH0, 30);
	attribute();
	ck_assert_uint_eq(losses.n, 0);
}

TEST(evidence, what_filters_have_counted_is_not_added)
{
	static const struct counter drops_rx = {.layer = LAYER_QDISC,
						.direction = DIR_RX,
						.kind = KIND_LOST,
						.bits = 64};

	read_drops();
	drop(OWN, 5, 7, 100);
	read_drops();
	sample_object(&now, LAYER_QDISC, "eth0", "clsact", 1);
	sample_row(&now, &drops_rx, 60);
	now.rows[now.n_rows - 1].delta = 60;
	now.rows[now.n_rows - 1].flags = ROW_COMPARED;
	dropreason_probe.prove(&now, &losses);
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 40);
	check_cause(LAYER_LINK, "eth0", DIR_RX, "tcx-program", 40);
	losses_free(&losses);
	now.rows[now.n_rows - 1].delta = 100; /* all of them */
	dropreason_probe.prove(&now, &losses);
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 0);
}

TEST(evidence, frames_that_nobody_wanted_are_no_loss)
{
	read_drops();
	drop(OWN, 6, 7, 30);
	lose(LAYER_LINK, "eth0", DIR_RX, 100, 0);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 70);
	drop(OWN, 6, 7, 300);
	lose(LAYER_LINK, "eth0", DIR_RX, 100, 0);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 0);
}

TEST(evidence, frames_of_an_inactive_port_are_in_no_loss_anyway)
{
	static const struct counter nohandler = {.layer = LAYER_LINK,
						 .direction = DIR_RX,
						 .kind = KIND_BENIGN,
						 .tag = TAG_RX_NOHANDLER,
						 .bits = 64};

	read_drops();
	drop(OWN, 6, 7, 30);
	lose(LAYER_LINK, "eth0", DIR_RX, 100, 0);
	read_drops();
	sample_object(&now, LAYER_LINK, "eth0", "", 1);
	sample_row(&now, &nohandler, 25);
	now.rows[now.n_rows - 1].delta = 25;
	now.rows[now.n_rows - 1].flags = ROW_COMPARED;
	dropreason_probe.prove(&now, &losses);
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 95);
}

TEST(evidence, what_ip_misses_is_of_who_dropped_it_and_no_more)
{
	read_drops();
	drop(OWN, 1, IP_ERROR, 20);
	drop(OWN, 1, DISCARD, 10);
	drop(OWN, 1, UNKNOWN_CODE, 70);
	lose(LAYER_UNEXPLAINED, "", DIR_RX, 100, 0);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 70);
	ck_assert_uint_eq(lost_at(LAYER_IP, "", DIR_RX), 30);
	drop(OWN, 1, IP_ERROR, 500);
	lose(LAYER_UNEXPLAINED, "", DIR_RX, 70, 0)->meant = 0;
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_IP, "", DIR_RX), 100);
}

TEST(evidence, suspect_is_a_fact_where_the_kernel_says_so)
{
	struct loss *loss;

	read_drops();
	drop(OWN, 7, 7, 30);
	loss = lose(LAYER_IP, "", DIR_TX, 40, 40);
	attribute();
	ck_assert_uint_eq(loss->lost, 40);
	ck_assert_uint_eq(loss->uncounted, 10);
	check_cause(LAYER_IP, "", DIR_TX, "tcx-program", 30);
}

TEST(evidence, nothing_is_proven_by_what_was_dropped_before)
{
	drop_at(OWN, 1, XDP, ETH0, 30);
	attribute();
	ck_assert_uint_eq(losses.n, 0);
	attribute();
	ck_assert_uint_eq(losses.n, 0);
}

TEST(evidence, filters_of_tcp_are_a_loss_and_those_of_udp_are_counted)
{
	read_drops();
	drop(OWN, SOCKET_FILTER, TCP_RCV, 30);
	drop(OWN, SOCKET_FILTER, UNKNOWN_CODE, 500);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_TCP, "", DIR_RX), 30);
	ck_assert_uint_eq(losses.n, 1);
	check_cause(LAYER_TCP, "", DIR_RX, "tcp-filter", 30);
}

TEST(evidence, what_is_too_large_for_a_port_is_its_loss)
{
	read_drops();
	drop_at(OWN, NOT_SPECIFIED, BR_PUSH, ETH0 + 1, 30);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth1", DIR_TX), 30);
	/* they never were among what it sends */
	ck_assert_uint_eq(
		loss_find(&losses, LAYER_LINK, "eth1", DIR_TX)->inside, 0);
}

TEST(evidence, bridges_lose_nothing_but_where_ports_are_kept_apart)
{
	read_drops();
	drop_at(OWN, NO_TX_TARGET, BR_FLOOD, ETH0, 30);
	drop_at(OWN, NO_TX_TARGET, UNKNOWN_CODE, ETH0 + 1, 50); /* vxlan's */
	attribute();
	ck_assert_uint_eq(losses.n, 0);
	apart = 1 << ETH0;
	attribute(); /* no news */
	ck_assert_int_eq(n_apart_asked, 1);
	ck_assert_uint_eq(losses.n, 0);
	drop_at(OWN, NO_TX_TARGET, BR_FLOOD, ETH0, 20);
	attribute();
	attribute();
	ck_assert_int_eq(n_apart_asked, 2);
	drop_at(OWN, NO_TX_TARGET, BR_FLOOD, ETH0, 20);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 20);
	check_cause(LAYER_LINK, "eth0", DIR_RX, "bridge-kept-apart", 20);
}

TEST(evidence, first_that_ports_kept_apart_lose_count)
{
	apart = 1 << ETH0;
	read_drops();
	drop_at(OWN, NO_TX_TARGET, BR_FLOOD, ETH0, 30);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_LINK, "eth0", DIR_RX), 30);
}

TEST(evidence, bridge_that_cannot_be_asked_is_an_error)
{
	apart = -EPERM;
	drop_at(OWN, NO_TX_TARGET, BR_FLOOD, ETH0, 30);
	ck_assert_int_eq(dropreason_probe.read(&env, &now), -EPERM);
}

TEST(evidence, martians_are_of_their_namespace)
{
	read_drops();
	drop(OWN, IP_LOCALNET, 7, 30);
	drop(OWN, NETFILTER_DROP, 7, 20);
	lose(LAYER_UNEXPLAINED, "", DIR_RX, 50, 0);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_IP, "", DIR_RX), 30);
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 20);
	ck_assert_uint_eq(loss_find(&losses, LAYER_IP, "", DIR_RX)->martians,
			  30);
}

/* ---- what others only guess ---- */

static void drop_for_many(uint64_t location, uint64_t packets)
{
	kernel.counts[kernel.n++] = (struct drop_count) {
		{OWN, location, NOT_SPECIFIED, ETH0, 1, 0}, packets};
}

static struct loss *miss(enum direction direction, uint64_t n)
{
	struct loss *gap = lose(LAYER_UNEXPLAINED, "", direction, n, 0);

	gap->meant = 0;
	return gap;
}

CASE(bounds, .setup = setup, .teardown = teardown);

TEST(bounds, what_the_kernel_did_not_drop_nobody_lost)
{
	read_drops();
	drop(OWN, NOT_SPECIFIED, UNKNOWN_CODE, 50);
	miss(DIR_RX, 300);
	miss(DIR_FWD, 20);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 30);
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_FWD), 20);
	miss(DIR_RX, 300);
	miss(DIR_FWD, 0);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 0);
}

TEST(bounds, few_are_counted_at_another_moment)
{
	read_drops();
	drop(OWN, NOT_SPECIFIED, UNKNOWN_CODE, 2000);
	miss(DIR_RX, 2019);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 2019);
	drop(OWN, NOT_SPECIFIED, UNKNOWN_CODE, 2000);
	miss(DIR_RX, 2021);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 2000);
}

TEST(bounds, what_was_dropped_behind_ips_read_is_missed_in_the_next)
{
	read_drops();
	drop(OWN, NETFILTER_DROP, 7, 100);
	attribute();
	miss(DIR_RX, 100);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 100);
	ck_assert_uint_eq(
		loss_suspect(&losses, DIR_RX, LAYER_NETFILTER, DIR_RX, 100),
		100);
	miss(DIR_RX, 100); /* but not in the one after that */
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 0);
}

TEST(bounds, rules_are_suspected_of_what_rules_dropped_and_none_counted)
{
	read_drops();
	drop(OWN, NETFILTER_DROP, 7, 90);
	drop(OWN, NOT_SPECIFIED, UNKNOWN_CODE, 60);
	lose(LAYER_NETFILTER, "", DIR_RX, 40, 0);
	lose(LAYER_CONNTRACK, "", DIR_NONE, 10, 0);
	lose(LAYER_CONNTRACK, "", DIR_FILL, 5000, 0); /* entries */
	miss(DIR_RX, 100);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 100);
	ck_assert_uint_eq(
		loss_suspect(&losses, DIR_RX, LAYER_NETFILTER, DIR_RX, 100),
		40);
	check_cause(LAYER_UNEXPLAINED, "", DIR_RX, "dropped-in-ip", 60);
}

TEST(bounds, what_is_left_has_the_kernels_names_the_worst_first)
{
	struct cause cause;

	read_drops();
	for (unsigned n = 1; n < 6; n++)
		drop(OWN, NOT_SPECIFIED, 2000 + n, 10 * (n % 5) + n);
	miss(DIR_RX, 115);
	attribute();
	cause_find(&now, loss_find(&losses, LAYER_UNEXPLAINED, "", DIR_RX),
		   &cause);
	ck_assert_str_eq(cause.text,
			 "dropped in IP without a counter: NOT_SPECIFIED.f2004 "
			 "(44 packets), NOT_SPECIFIED.f2003 (33), "
			 "NOT_SPECIFIED.f2002 (22)");
}

TEST(bounds, groups_that_nobody_joined_are_no_loss)
{
	struct loss *gap;

	read_drops();
	drop_for_many(IP_RCV, 80);
	drop(OWN, NOT_SPECIFIED, IP_RCV, 20);
	gap = miss(DIR_RX, 100);
	gap->meant = 100; /* somebody's guess */
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 20);
	check_cause(LAYER_UNEXPLAINED, "", DIR_RX, "dropped-in-ip", 20);
	check_row("NOT_SPECIFIED.ip_rcv_finish_core", 20);
}

TEST(bounds, what_a_policy_drops_of_groups_stays_excused)
{
	struct loss *gap;

	read_drops();
	drop_for_many(IP_RCV, 80);
	drop(OWN, NETFILTER_DROP, 7, 50);
	gap = miss(DIR_RX, 130);
	gap->meant = 100; /* came for groups that nobody joined */
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 50);
	ck_assert_uint_eq(
		loss_suspect(&losses, DIR_RX, LAYER_NETFILTER, DIR_RX, 100),
		30);
}

TEST(bounds, what_others_count_is_not_missed_by_ip)
{
	read_drops();
	drop(OWN, IP_RPFILTER, 7, 100);
	miss(DIR_RX, 100);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 0);
}

TEST(bounds, packets_of_no_namespace_may_be_of_this_one)
{
	read_drops();
	drop(0, NETFILTER_DROP, 7, 100);
	miss(DIR_RX, 100);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 100);
	ck_assert_uint_eq(
		loss_suspect(&losses, DIR_RX, LAYER_NETFILTER, DIR_RX, 100),
		100);
}

TEST(bounds, nothing_is_bounded_before_the_second_read)
{
	miss(DIR_RX, 100);
	attribute();
	ck_assert_uint_eq(lost_at(LAYER_UNEXPLAINED, "", DIR_RX), 100);
}

TEST(bounds, next_hops_are_told)
{
	struct dropreason_neigh told;

	read_drops();
	ck_assert(!dropreason_neigh(&now, &told));
	drop(OWN, NEIGH_FAILED, 7, 30);
	drop(OWN, NEIGH_QUEUEFULL, 7, 5);
	drop(OTHER, NEIGH_FAILED, 7, 500);
	read_drops();
	ck_assert(dropreason_neigh(&now, &told));
	ck_assert_uint_eq(told.failed, 30);
	ck_assert_uint_eq(told.full, 5);
	read_drops();
	ck_assert(dropreason_neigh(&now, &told));
	ck_assert_uint_eq(told.failed + told.full, 0);
}
