/* SPDX-License-Identifier: MIT */
/* From counters to ratios, with the tables of the real probes. */
#include "model/loss.h"
#include "model/tally.h"
#include "probes/balance/balance.h"
#include "probes/conntrack.h"
#include "probes/firewall/rule.h"
#include "probes/link/link.h"
#include "probes/qdisc/qdisc.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"

/* Appends a row that counted delta, or, with baseline, a new counter. */
static void counted(struct sample *s, const struct counter *c, uint64_t delta,
		    bool baseline)
{
	struct row *row;

	sample_row(s, c, 1000 + delta);
	ck_assert_int_eq(s->error, 0);
	row = &s->rows[s->n_rows - 1];
	row->delta = baseline ? 0 : delta;
	if (row->delta && row->counter->in)
		s->objects[s->n_objects - 1].parts_moved = true;
	row->flags = baseline ? 0 : ROW_COMPARED;
}

static const struct counter *counter_of(enum layer layer, const char *name)
{
	if (layer == LAYER_LINK)
		return find_counter(&link_probe, name, NULL);
	if (layer == LAYER_NETFILTER)
		layer = LAYER_IP; /* its denominators */
	for (size_t i = 0; i < snmp_probe.counters->n; i++)
		if (snmp_probe.counters->rows[i].layer == layer &&
		    !strcmp(snmp_probe.counters->rows[i].name, name))
			return &snmp_probe.counters->rows[i];
	ck_abort_msg("no counter %s", name);
	return NULL;
}

/* Appends an object with rows like "rx_packets=90 rx_dropped=?". */
static void object_with(struct sample *s, enum layer layer, const char *place,
			const char *rows)
{
	enum layer owner = layer == LAYER_NETFILTER ? LAYER_IP : layer;
	char copy[256], *save = NULL;

	sample_object(s, owner, place, "", 1);
	snprintf(copy, sizeof(copy), "%s", rows);
	for (char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		counted(s, counter_of(layer, word), strtoull(value, NULL, 10),
			*value == '?');
	}
}

static struct loss *find_loss(const struct losses *l, const char *place,
			      enum layer layer, enum direction direction)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].layer == layer &&
		    l->items[i].direction == direction &&
		    !strcmp(l->items[i].place, place))
			return &l->items[i];
	return NULL;
}

#define UNKNOWN -1.0

static void check_ratio(const struct losses *l, const char *place,
			enum layer layer, enum direction direction,
			uint64_t lost, uint64_t total, double percent)
{
	struct loss *loss = find_loss(l, place, layer, direction);

	ck_assert_ptr_nonnull(loss);
	if (percent < 0) {
		ck_assert_double_nan(loss_percent(loss));
		return;
	}
	ck_assert_uint_eq(loss->lost, lost);
	ck_assert_uint_eq(loss_total(loss), total);
	ck_assert_double_eq_tol(loss_percent(loss), percent, 1e-9);
}

#define LINK .layer = LAYER_LINK
#define IP .layer = LAYER_IP
#define NETFILTER .layer = LAYER_NETFILTER

static const struct {
	uint8_t layer, direction;
	unsigned chain; /* netfilter: packets that a chain dropped */
	const char *rows;
	uint64_t lost, total;
	double percent;
} cases[] = {
	/* link: everything lost is outside of what passed */
	{LINK, DIR_RX, .rows = "rx_packets=100 rx_dropped=0", .total = 100},
	{LINK, DIR_RX, .rows = "rx_packets=90 rx_dropped=10", 10, 100, 10},
	{LINK, DIR_RX, .rows = "rx_packets=0 rx_dropped=5", 5, 5, 100},
	{LINK, DIR_RX,
	 .rows = "rx_packets=94 rx_errors=1 rx_dropped=2 rx_missed_errors=3", 6,
	 100, 6},
	{LINK, DIR_TX, .rows = "tx_packets=96 tx_dropped=3 tx_errors=1", 4, 100,
	 4},
	/* but for what an XDP program dropped: that passed the counter */
	{LINK, DIR_RX, .rows = "rx_packets=100 xdp_drops=25", 25, 100, 25},
	{LINK, DIR_RX, .rows = "rx_packets=90 rx_dropped=10 xdp_drops=15", 25,
	 100, 25},
	{LINK, DIR_RX, .rows = "rx_packets=10 xdp_drops=15", 15, 15, 100},
	{LINK, DIR_RX, .rows = "rx_packets=90 rx_xdp_drop=10", 10, 100, 10},
	{LINK, DIR_RX, .rows = "rx_packets=90 rx_dropped=10 rx_xdp_drops=8", 10,
	 100, 10},
	/* an error's details are in the error, whatever the driver fills */
	{LINK, DIR_RX,
	 .rows = "rx_packets=90 rx_errors=10 rx_crc_errors=6 "
		 "rx_length_errors=4",
	 10, 100, 10},
	{LINK, DIR_RX, .rows = "rx_packets=95 rx_errors=0 rx_length_errors=5",
	 5, 100, 5},
	{LINK, DIR_RX,
	 .rows = "rx_packets=93 rx_errors=2 rx_crc_errors=3 "
		 "rx_length_errors=4",
	 7, 100, 7},
	{LINK, DIR_RX, .rows = "rx_packets=98 rx_errors=2 rx_crc_errors=?", 2,
	 100, 2},
	{LINK, DIR_TX, .rows = "tx_packets=98 tx_errors=2 tx_carrier_errors=2",
	 2, 100, 2},
	/* a detail that alone is there does not make a total */
	{LINK, DIR_RX,
	 .rows = "rx_packets=98 rx_dropped=2 rx_length_errors=5 "
		 "rx_missed_errors=0",
	 2, 100, 2},
	/* by design, not a loss */
	{LINK, DIR_RX,
	 .rows = "rx_packets=100 rx_dropped=0 rx_nohandler=50 "
		 "rx_otherhost_dropped=7",
	 .total = 100},
	/* not known, rather than a plausible number */
	{LINK, DIR_RX, .rows = "rx_packets=0 rx_dropped=0", .percent = UNKNOWN},
	{LINK, DIR_RX, .rows = "rx_packets=?", .percent = UNKNOWN},
	{LINK, DIR_RX, .rows = "rx_packets=100", .percent = UNKNOWN},
	{LINK, DIR_RX, .rows = "rx_packets=100 rx_nohandler=5",
	 .percent = UNKNOWN},
	{LINK, DIR_RX, .rows = "rx_packets=100 rx_dropped=?",
	 .percent = UNKNOWN},
	{LINK, DIR_RX, .rows = "rx_packets=? rx_dropped=10",
	 .percent = UNKNOWN},
	/* IP: what came in counts the lost ones, what goes out does not */
	{IP, DIR_RX, .rows = "InReceives=100 InHdrErrors=5", 5, 100, 5},
	{IP, DIR_RX,
	 .rows = "InReceives=100 InHdrErrors=1 InAddrErrors=2 InDiscards=3 "
		 "InNoRoutes=4 InTruncatedPkts=5 InUnknownProtos=6 "
		 "IPReversePathFilter=7",
	 28, 100, 28},
	{IP, DIR_RX, .rows = "InReceives=100 InHdrErrors=5 InCsumErrors=5", 5,
	 100, 5},
	{IP, DIR_RX, .rows = "InReceives=100 Ip6InReceives=100 Ip6InDiscards=7",
	 7, 200, 3.5},
	{IP, DIR_RX, .rows = "InReceives=3 InHdrErrors=5", 5, 5, 100},
	{IP, DIR_RX, .rows = "InReceives=100 Ip6InReceives=? InHdrErrors=5",
	 .percent = UNKNOWN},
	{IP, DIR_TX, .rows = "OutRequests=90 OutNoRoutes=10", 10, 100, 10},
	{IP, DIR_TX, .rows = "OutRequests=90 OutNoRoutes=10 OutTransmits=90",
	 10, 100, 10},
	{IP, DIR_TX, .rows = "OutRequests=100 OutNoRoutes=0 OutDiscards=30",
	 .total = 100},
	{IP, DIR_FWD, .rows = "ForwDatagrams=80 FragFails=20", 20, 100, 20},
	{IP, DIR_FWD, .rows = "ForwDatagrams=80 FragFails=20 OutTransmits=9",
	 20, 80, 25},
	{IP, DIR_FWD,
	 .rows = "Ip6OutForwDatagrams=80 Ip6FragFails=20 Ip6InTooBigErrors=20",
	 20, 100, 20},
	/* netfilter is measured against what IP saw before or behind it */
	{NETFILTER, DIR_RX, 30, .rows = "InReceives=100 InDelivers=70", 30, 100,
	 30},
	{NETFILTER, DIR_RX, 30, .rows = "InReceives=100 Ip6InReceives=50", 30,
	 150, 20},
	{NETFILTER, DIR_TX, 30, .rows = "OutRequests=70", 30, 100, 30},
	{NETFILTER, DIR_TX, 30, .rows = "OutRequests=100 OutTransmits=70", 30,
	 100, 30},
	{NETFILTER, DIR_FWD, 30, .rows = "ForwDatagrams=70", 30, 100, 30},
	{NETFILTER, DIR_FWD, 30, .rows = "ForwDatagrams=100 OutTransmits=?", 30,
	 100, 30},
	{NETFILTER, DIR_FWD, 30, .rows = "ForwDatagrams=0", 30, 30, 100},
	/* the transports */
	{LAYER_TCP, DIR_TX,
	 .rows = "TCPOrigDataSent=90 RetransSegs=10 OutSegs=500", 10, 100, 10},
	{LAYER_TCP, DIR_RX,
	 .rows = "InSegs=100 InErrs=1 InCsumErrors=1 TCPBacklogDrop=2", 3, 100,
	 3},
	{LAYER_TCP, DIR_LISTEN,
	 .rows = "PassiveOpens=8 ListenDrops=2 ListenOverflows=1 "
		 "TCPReqQFullDrop=1",
	 2, 10, 20},
	{LAYER_UDP, DIR_RX,
	 .rows = "InDatagrams=90 InErrors=10 RcvbufErrors=9 MemErrors=1 "
		 "NoPorts=44",
	 10, 100, 10},
	{LAYER_UDP, DIR_RX,
	 .rows = "InDatagrams=40 InErrors=0 Udp6InDatagrams=50 Udp6InErrors=10",
	 10, 100, 10},
	{LAYER_ICMP, DIR_RX, .rows = "InMsgs=50 InErrors=9 InCsumErrors=1", 1,
	 50, 2},
};

CASE(loss);

TEST_EACH(loss, each_layer_has_its_ratio, ARRAY_SIZE(cases))
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, cases[_i].layer, "", cases[_i].rows);
	if (cases[_i].chain) {
		sample_object(&s, LAYER_NETFILTER, "", "ip.filter.X.drop", 1);
		counted(&s,
			firewall_counter(FIREWALL_CHAIN, cases[_i].direction),
			cases[_i].chain, false);
	}
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "", cases[_i].layer, cases[_i].direction,
		    cases[_i].lost, cases[_i].total, cases[_i].percent);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, firewall_rule_is_not_added_to_its_chain)
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, LAYER_IP, "", "InReceives=100");
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 1);
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_RX), 30, false);
	counted(&s, firewall_counter(FIREWALL_CHAIN_BYTES, DIR_RX), 3000,
		false);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.note", 1);
	counted(&s, firewall_counter(FIREWALL_RULE, DIR_RX), 20, false);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT#1", 1);
	counted(&s, firewall_counter(FIREWALL_DETAIL, DIR_RX), 10, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "", LAYER_NETFILTER, DIR_RX, 30, 100, 30);
	losses_free(&l);
	sample_free(&s);
}

/* What the balance of IP misses, and who counted it. */
static const struct {
	const char *what;
	bool old;		   /* before 6.7 */
	uint64_t in, out;	   /* missed */
	uint64_t rx, fwd, tx;	   /* counted by chains */
	uint64_t to_forward, told; /* to forward, and senders that were told */
	uint64_t left_rx, left_fwd, left_tx; /* that nothing explains */
} gaps[] = {
	{.what = "counted", .in = 100, .rx = 100},
	{.what = "nobody counted", .in = 100, .left_rx = 100},
	{.what = "half counted", .in = 100, .rx = 50, .left_rx = 50},
	{.what = "counted more than is missed", .in = 100, .rx = 150},
	{.what = "forwarded", .out = 100, .fwd = 100, .to_forward = 200},
	{.what = "nobody counted, while forwarding",
	 .out = 100,
	 .to_forward = 200,
	 .left_fwd = 100},
	{.what = "sent", .out = 100, .tx = 60, .left_tx = 40},
	{.what = "sent, while others are forwarded",
	 .out = 100,
	 .told = 100,
	 .to_forward = 200,
	 .left_tx = 100},
	{.what = "both",
	 .out = 100,
	 .told = 30,
	 .to_forward = 200,
	 .left_tx = 30,
	 .left_fwd = 70},
	{.what = "forwarded, and sent ones that rules counted",
	 .out = 150,
	 .tx = 100,
	 .told = 100,
	 .to_forward = 200,
	 .left_fwd = 50},
	{.what = "fewer to forward than vanished",
	 .out = 100,
	 .to_forward = 60,
	 .left_tx = 40,
	 .left_fwd = 60},
	{.what = "too few", .in = 9},
	{.what = "just enough", .in = 10, .left_rx = 10},
	{.what = "forwarded, before 6.7", .old = true, .in = 100, .fwd = 100},
};

static uint64_t lost_of(const struct losses *l, enum layer layer,
			enum direction direction)
{
	const struct loss *loss = loss_find(l, layer, "", direction);

	return loss ? loss->lost : 0;
}

TEST_EACH(loss, gap_that_no_rule_counted_is_unexplained, ARRAY_SIZE(gaps))
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(
		&s, LAYER_IP, "",
		gaps[_i].old
			? "InReceives=1000 OutRequests=1000"
			: "InReceives=1000 OutRequests=1000 OutTransmits=1000");
	counted(&s, find_counter(&snmp_probe, "ForwDatagrams", NULL),
		gaps[_i].to_forward, false);
	counted(&s, find_counter(&snmp_probe, "OutDiscards", NULL),
		gaps[_i].told, false);
	counted(&s, find_counter(&balance_probe, "in_gap", NULL), gaps[_i].in,
		false);
	counted(&s, find_counter(&balance_probe, "out_gap", NULL), gaps[_i].out,
		false);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.X.drop", 1);
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_RX), gaps[_i].rx,
		false);
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_FWD), gaps[_i].fwd,
		false);
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_TX), gaps[_i].tx,
		false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_msg(
		lost_of(&l, LAYER_NETFILTER, DIR_RX) == gaps[_i].rx &&
			lost_of(&l, LAYER_NETFILTER, DIR_FWD) == gaps[_i].fwd &&
			lost_of(&l, LAYER_NETFILTER, DIR_TX) == gaps[_i].tx,
		"%s", gaps[_i].what);
	ck_assert_msg(lost_of(&l, LAYER_UNEXPLAINED, DIR_RX) ==
				      gaps[_i].left_rx &&
			      lost_of(&l, LAYER_UNEXPLAINED, DIR_FWD) ==
				      gaps[_i].left_fwd &&
			      lost_of(&l, LAYER_UNEXPLAINED, DIR_TX) ==
				      gaps[_i].left_tx,
		      "%s", gaps[_i].what);
	losses_free(&l);
	sample_free(&s);
}

/* Chains that several directions reach, beside exact ones. */
#define RX (1u << DIR_RX)
#define TX (1u << DIR_TX)
#define FWD (1u << DIR_FWD)

static const struct {
	const char *what;
	bool old, unknown;		/* before 6.7; no balance was read */
	unsigned reached;		/* the set that counted */
	uint64_t lost, fresh;		/* so many, of them by fresh counters */
	uint64_t in, out;		/* missed */
	uint64_t to_forward, told;	/* as above */
	uint64_t exact_rx, exact_fresh; /* of a chain of INPUT alone */
	uint64_t multicast;		/* frames */
	uint64_t rx, tx, fwd;		/* what is told */
	uint64_t left_rx, left_tx, left_fwd; /* that nothing explains */
} shares[] = {
	{.what = "received",
	 .reached = RX | TX | FWD,
	 .lost = 200,
	 .in = 200,
	 .to_forward = 200,
	 .rx = 200},
	{.what = "forwarded (06, 36)",
	 .reached = RX | TX | FWD,
	 .lost = 200,
	 .out = 200,
	 .to_forward = 400,
	 .fwd = 200},
	{.what = "sent",
	 .reached = RX | TX | FWD,
	 .lost = 200,
	 .out = 200,
	 .told = 200,
	 .to_forward = 400,
	 .tx = 200},
	{.what = "sent by a host that forwards nothing (K70)",
	 .reached = TX | FWD,
	 .lost = 150,
	 .out = 150,
	 .tx = 150},
	{.what = "forwarded (37)",
	 .reached = TX | FWD,
	 .lost = 150,
	 .out = 150,
	 .to_forward = 300,
	 .fwd = 150},
	{.what = "of all three",
	 .reached = RX | TX | FWD,
	 .lost = 190,
	 .in = 60,
	 .out = 130,
	 .told = 40,
	 .to_forward = 190,
	 .rx = 60,
	 .tx = 40,
	 .fwd = 90},
	{.what = "an uncounted rule beside it",
	 .reached = RX | TX | FWD,
	 .lost = 100,
	 .out = 180,
	 .to_forward = 280,
	 .fwd = 100,
	 .left_fwd = 80},
	{.what = "an exact chain takes its own first",
	 .reached = RX | TX,
	 .lost = 50,
	 .in = 100,
	 .out = 50,
	 .told = 50,
	 .exact_rx = 100,
	 .rx = 100,
	 .tx = 50},
	{.what = "a little more than is missed yet",
	 .reached = RX | FWD,
	 .lost = 103,
	 .in = 100,
	 .rx = 103},
	{.what = "forwarded, before 6.7",
	 .old = true,
	 .reached = RX | FWD,
	 .lost = 200,
	 .in = 200,
	 .to_forward = 400,
	 .fwd = 200},
	{.what = "received, before 6.7",
	 .old = true,
	 .reached = RX | FWD,
	 .lost = 200,
	 .in = 200,
	 .to_forward = 100,
	 .rx = 200},
	{.what = "sent, before 6.7",
	 .old = true,
	 .reached = RX | TX,
	 .lost = 70,
	 .tx = 70},
	{.what = "sent and forwarded, before 6.7",
	 .old = true,
	 .reached = TX | FWD,
	 .lost = 70,
	 .in = 50,
	 .told = 20,
	 .to_forward = 90,
	 .tx = 20,
	 .fwd = 50},
	{.what = "POSTROUTING, before 6.7",
	 .old = true,
	 .reached = TX | FWD,
	 .lost = 70,
	 .to_forward = 90,
	 .fwd = 70},
	{.what = "nothing is known",
	 .unknown = true,
	 .reached = RX | FWD,
	 .lost = 70,
	 .to_forward = 10,
	 .rx = 70},
	{.what = "nothing is known, POSTROUTING",
	 .unknown = true,
	 .reached = TX | FWD,
	 .lost = 70,
	 .tx = 70},
	{.what = "fresh counters",
	 .exact_rx = 100,
	 .exact_fresh = 100,
	 .in = 100,
	 .rx = 100},
	{.what = "counters that were loaded with counts",
	 .exact_rx = 5007,
	 .exact_fresh = 5000,
	 .in = 7,
	 .rx = 7},
	{.what = "the same, and packets that vanished",
	 .exact_rx = 5007,
	 .exact_fresh = 5000,
	 .in = 107,
	 .rx = 107},
	{.what = "counters that were set: more than came, less than IP missed",
	 .exact_rx = 5001,
	 .in = 80,
	 .rx = 80},
	{.what = "all that came, twice as many being read a little later",
	 .exact_rx = 5000,
	 .in = 1000,
	 .rx = 5000},
	{.what = "the same, and nothing is known",
	 .unknown = true,
	 .exact_rx = 5001,
	 .rx = 5001},
	{.what = "fresh ones, while multicast hides what is missed",
	 .exact_rx = 100,
	 .exact_fresh = 100,
	 .multicast = 300,
	 .rx = 100},
	{.what = "fresh ones of a shared chain",
	 .reached = RX | FWD,
	 .lost = 600,
	 .fresh = 500,
	 .in = 120,
	 .rx = 120},
	{.what = "fresh ones, and nothing is known",
	 .unknown = true,
	 .exact_rx = 100,
	 .exact_fresh = 100,
	 .rx = 100},
};

static void chain_with_fresh(struct sample *s, uint64_t lost, uint64_t fresh)
{
	sample_object(s, LAYER_NETFILTER, "", "ip.filter.X.drop", 1);
	counted(s, firewall_counter(FIREWALL_CHAIN, DIR_RX), lost, false);
	if (fresh)
		sample_row(s, &firewall_rows[FIREWALL_FRESH], fresh);
}

static struct sample sample_of_shares(int i)
{
	struct sample s = {0};

	object_with(&s, LAYER_LINK, "eth0", "rx_packets=1000");
	counted(&s, find_counter(&link_probe, "multicast", NULL),
		shares[i].multicast, false);
	object_with(&s, LAYER_IP, "",
		    shares[i].old ? "InReceives=1000 OutRequests=1000"
				  : "InReceives=1000 OutRequests=1000 "
				    "OutTransmits=1000");
	counted(&s, find_counter(&snmp_probe, "ForwDatagrams", NULL),
		shares[i].to_forward, false);
	counted(&s, find_counter(&snmp_probe, "OutDiscards", NULL),
		shares[i].told, false);
	if (!shares[i].unknown)
		counted(&s, find_counter(&balance_probe, "in_gap", NULL),
			shares[i].in, false);
	if (!shares[i].unknown && !shares[i].old)
		counted(&s, find_counter(&balance_probe, "out_gap", NULL),
			shares[i].out, false);
	if (shares[i].exact_rx)
		chain_with_fresh(&s, shares[i].exact_rx, shares[i].exact_fresh);
	if (!shares[i].lost)
		return s;
	chain_with_fresh(&s, shares[i].lost, shares[i].fresh);
	sample_reached(&s, shares[i].reached);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.X.a", 1);
	counted(&s, firewall_counter(FIREWALL_RULE, DIR_RX), shares[i].lost,
		false);
	sample_row(&s, &firewall_rows[FIREWALL_IS_POLICY], 1);
	sample_reached(&s, shares[i].reached);
	return s;
}

TEST_EACH(loss, shared_chain_is_of_the_direction_that_misses_its_packets,
	  ARRAY_SIZE(shares))
{
	static const enum direction directions[] = {DIR_RX, DIR_TX, DIR_FWD};
	const uint64_t told[] = {shares[_i].rx, shares[_i].tx, shares[_i].fwd};
	const uint64_t left[] = {shares[_i].left_rx, shares[_i].left_tx,
				 shares[_i].left_fwd};
	struct sample s = sample_of_shares(_i);
	struct losses l = {0};

	ck_assert_int_eq(tally_losses(&l, &s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		const struct loss *loss =
			loss_find(&l, LAYER_NETFILTER, "", directions[i]);
		uint64_t n = lost_of(&l, LAYER_NETFILTER, directions[i]);

		ck_assert_msg(n == told[i], "%s: %lu, not %lu", shares[_i].what,
			      (unsigned long)n, (unsigned long)told[i]);
		n = lost_of(&l, LAYER_UNEXPLAINED, directions[i]);
		ck_assert_msg(n == left[i], "%s: %lu left, not %lu",
			      shares[_i].what, (unsigned long)n,
			      (unsigned long)left[i]);
		if (loss && shares[_i].lost && !shares[_i].exact_rx)
			ck_assert_uint_eq(loss->policy, loss->lost);
	}
	losses_free(&l);
	sample_free(&s);
}

/* 2000 came, on one interface: as many as it and IP could ever forward. */
TEST_EACH(loss, counters_of_forward_that_were_set_are_not_believed, 2)
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, LAYER_LINK, "eth0", "rx_packets=1000");
	object_with(&s, LAYER_IP, "",
		    "InReceives=1000 OutRequests=1000 OutTransmits=1000");
	counted(&s, find_counter(&snmp_probe, "ForwDatagrams", NULL), 900,
		false);
	counted(&s, find_counter(&balance_probe, "in_gap", NULL), 0, false);
	counted(&s, find_counter(&balance_probe, "out_gap", NULL), 50, false);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.X.drop", 1);
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_FWD),
		7000 + (uint64_t)_i, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_uint_eq(lost_of(&l, LAYER_NETFILTER, DIR_FWD),
			  _i ? 50 : 7000);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, gap_is_known_where_no_rule_is)
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, LAYER_IP, "", "InReceives=400");
	counted(&s, find_counter(&balance_probe, "in_gap", NULL), 100, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "", LAYER_UNEXPLAINED, DIR_RX, 100, 400, 25);
	ck_assert(find_loss(&l, "", LAYER_UNEXPLAINED, DIR_RX)->awake);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, gap_below_one_percent_is_no_loss)
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, LAYER_IP, "", "InReceives=100000");
	counted(&s, find_counter(&balance_probe, "in_gap", NULL), 999, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_uint_eq(find_loss(&l, "", LAYER_UNEXPLAINED, DIR_RX)->lost,
			  0);
	s.rows[1].delta = 1000;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "", LAYER_UNEXPLAINED, DIR_RX, 1000, 100000, 1);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, suspect_takes_what_nothing_explains)
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, LAYER_IP, "", "InReceives=400");
	counted(&s, find_counter(&balance_probe, "in_gap", NULL), 100, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_uint_eq(loss_suspect(&l, DIR_RX, LAYER_IP, DIR_RX, 30), 30);
	ck_assert_uint_eq(
		loss_suspect(&l, DIR_RX, LAYER_NETFILTER, DIR_RX, UINT64_MAX),
		70);
	ck_assert_uint_eq(loss_suspect(&l, DIR_RX, LAYER_IP, DIR_RX, 1), 0);
	ck_assert_uint_eq(loss_suspect(&l, DIR_TX, LAYER_IP, DIR_TX, 1), 0);
	check_ratio(&l, "", LAYER_UNEXPLAINED, DIR_RX, 0, 400, 0);
	check_ratio(&l, "", LAYER_IP, DIR_RX, 30, 400, 7.5);
	check_ratio(&l, "", LAYER_NETFILTER, DIR_RX, 70, 400, 17.5);
	ck_assert_uint_eq(find_loss(&l, "", LAYER_NETFILTER, DIR_RX)->uncounted,
			  70);
	losses_free(&l);
	sample_free(&s);
}

static const struct {
	uint64_t count, max; /* max 0: none */
	double percent;
	bool awake;
} fills[] = {
	{0, 100, 0, false},    {49, 100, 49, false},  {50, 100, 50, true},
	{100, 100, 100, true}, {150, 100, 100, true}, {7, 0, UNKNOWN, false},
};

TEST_EACH(loss, table_is_as_full_as_its_limit_says, ARRAY_SIZE(fills))
{
	struct losses l = {0};
	struct sample s = {0};

	sample_object(&s, LAYER_CONNTRACK, "", "", 0);
	sample_row(&s, find_counter(&conntrack_probe, "count", NULL),
		   fills[_i].count);
	if (fills[_i].max)
		sample_row(&s, find_counter(&conntrack_probe, "max", NULL),
			   fills[_i].max);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "", LAYER_CONNTRACK, DIR_FILL, fills[_i].count,
		    fills[_i].count > fills[_i].max ? fills[_i].count
						    : fills[_i].max,
		    fills[_i].percent);
	ck_assert(find_loss(&l, "", LAYER_CONNTRACK, DIR_FILL)->awake ==
		  fills[_i].awake);
	losses_free(&l);
	sample_free(&s);
}

static const struct counter *qdisc_counter(const char *type, enum kind kind)
{
	for (size_t i = 0; i < qdisc_probe.counters->n; i++) {
		const struct counter *c = &qdisc_probe.counters->rows[i];

		if (c->type && !strcmp(c->type, type) && c->kind == kind &&
		    (kind != KIND_PASSED || c->of[0].relation != RELATION_NONE))
			return c;
	}
	ck_abort_msg("no such counter");
	return NULL;
}

TEST(loss, only_the_root_qdisc_makes_the_total)
{
	struct losses l = {0};
	struct sample s = {0};

	sample_object(&s, LAYER_QDISC, "eth0", "htb_1", 1);
	counted(&s, qdisc_counter("if_tx_dropped", KIND_LOST), 30, false);
	counted(&s, qdisc_counter("if_tx_packets", KIND_PASSED), 70, false);
	sample_object(&s, LAYER_QDISC, "eth0", "netem_8001", 2);
	counted(&s, qdisc_counter("if_tx_dropped", KIND_PART), 30, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_uint_eq(l.n, 1);
	check_ratio(&l, "eth0", LAYER_QDISC, DIR_TX, 30, 100, 30);
	losses_free(&l);
	sample_free(&s);
}

/* A qdisc on eth0, the root or one below it. */
static void add_qdisc(struct sample *s, const char *kind, bool root,
		      uint64_t drops, uint64_t packets)
{
	enum kind lost = root ? KIND_LOST : KIND_PART;

	sample_object(s, LAYER_QDISC, "eth0", kind, 1);
	qdisc_label(s, kind);
	counted(s, qdisc_counter("if_tx_dropped", lost), drops, false);
	counted(s, qdisc_counter("if_tx_packets", KIND_PASSED), packets, false);
}

static const struct {
	bool main;
	const char *link; /* its rows, NULL: it was not read */
	uint64_t total;	  /* with 100 lost, where 900 segments passed */
	bool at_least;
} devices[] = {
	{false, "tx_packets=300 tx_dropped=0", 400, false},
	{false, "tx_packets=250 tx_dropped=50", 400, false},
	{false, "tx_packets=860 tx_dropped=0", 1000, false},
	{false, "tx_packets=850 tx_dropped=0", 950, false},
	{false, "tx_packets=2000 tx_dropped=0", 1000, false},
	{false, "tx_packets=0 tx_dropped=0", 1000, false},
	{false, "tx_packets=? tx_dropped=0", 1000, false},
	{false, NULL, 1000, false},
	{true, "tx_packets=300 tx_dropped=0", 1000, true},
	{true, "tx_packets=900 tx_dropped=0", 1000, true},
};

TEST_EACH(loss, offloaded_bundles_are_measured_as_the_device_counts,
	  ARRAY_SIZE(devices))
{
	const struct loss *loss;
	struct losses l = {0};
	struct sample s = {0};

	if (devices[_i].link) {
		object_with(&s, LAYER_LINK, "eth0", devices[_i].link);
		s.objects[0].main = devices[_i].main;
	}
	add_qdisc(&s, "netem", true, 100, 900);
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(tally_losses(&l, &s), 0);
		loss = find_loss(&l, "eth0", LAYER_QDISC, DIR_TX);
		ck_assert_ptr_nonnull(loss);
		ck_assert_uint_eq(loss->lost, 100);
		ck_assert_uint_eq(loss_total(loss), devices[_i].total);
		ck_assert(loss->at_least == devices[_i].at_least);
	}
	losses_free(&l);
	sample_free(&s);
}

static const struct {
	const char *root, *leaf, *other;
	uint64_t dropped, by_leaf, by_other;
	bool aqm;
} trees[] = {
	{"fq_codel", NULL, NULL, 10, 0, 0, true},
	{"pfifo_fast", NULL, NULL, 10, 0, 0, false},
	{"netem", NULL, NULL, 10, 0, 0, false},
	{"mq", "fq_codel", "fq_codel", 10, 5, 5, true},
	{"htb", "fq_codel", "pfifo", 10, 6, 4, true},
	{"htb", "fq_codel", "pfifo", 10, 4, 6, false},
	{"htb", "pfifo", "bfifo", 10, 5, 5, false},
	{"htb", "cake", "prio", 10, 10, 0, true},
	{"htb", NULL, NULL, 10, 0, 0, false},
};

TEST_EACH(loss, loss_is_of_a_queue_manager_if_one_dropped_most,
	  ARRAY_SIZE(trees))
{
	struct losses l = {0};
	struct sample s = {0};

	add_qdisc(&s, trees[_i].root, true, trees[_i].dropped, 100);
	if (trees[_i].leaf) {
		add_qdisc(&s, trees[_i].leaf, false, trees[_i].by_leaf, 50);
		add_qdisc(&s, trees[_i].other, false, trees[_i].by_other, 50);
	}
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert(find_loss(&l, "eth0", LAYER_QDISC, DIR_TX)->aqm ==
		  trees[_i].aqm);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, ingress_counts_its_drops_among_what_came)
{
	struct losses l = {0};
	struct sample s = {0};

	sample_object(&s, LAYER_QDISC, "eth0", "ingress_ffff", 1);
	counted(&s, qdisc_counter("if_rx_dropped", KIND_LOST), 25, false);
	counted(&s, qdisc_counter("if_rx_packets", KIND_PASSED), 100, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "eth0", LAYER_QDISC, DIR_RX, 25, 100, 25);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, interfaces_are_told_apart)
{
	struct losses l = {0};
	struct sample s = {0};

	for (int round = 0; round < 2; round++) {
		sample_reset(&s);
		object_with(&s, LAYER_LINK, "eth0",
			    "rx_packets=90 rx_dropped=10 tx_packets=7 "
			    "tx_dropped=3");
		object_with(&s, LAYER_LINK, "eth1",
			    "rx_packets=80 rx_dropped=20");
		ck_assert_int_eq(tally_losses(&l, &s), 0);
		ck_assert_uint_eq(l.n, 3);
		check_ratio(&l, "eth0", LAYER_LINK, DIR_RX, 10, 100, 10);
		check_ratio(&l, "eth0", LAYER_LINK, DIR_TX, 3, 10, 30);
		check_ratio(&l, "eth1", LAYER_LINK, DIR_RX, 20, 100, 20);
	}
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, each_interval_starts_from_nothing)
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, LAYER_LINK, "eth0", "rx_packets=90 rx_dropped=10");
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	sample_reset(&s);
	object_with(&s, LAYER_LINK, "eth0", "rx_packets=50 rx_dropped=0");
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "eth0", LAYER_LINK, DIR_RX, 0, 50, 0);
	sample_reset(&s);
	object_with(&s, LAYER_LINK, "eth0", "rx_packets=? rx_dropped=?");
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_double_nan(loss_percent(&l.items[0]));
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, what_is_not_in_the_sample_is_gone)
{
	struct losses l = {0};
	struct sample s = {0};
	struct loss *loss;

	object_with(&s, LAYER_LINK, "eth0", "rx_packets=90 rx_dropped=10");
	object_with(&s, LAYER_LINK, "eth1", "rx_packets=90 rx_dropped=10");
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert(!find_loss(&l, "eth0", LAYER_LINK, DIR_RX)->gone);
	sample_reset(&s);
	object_with(&s, LAYER_LINK, "eth1", "rx_packets=90 rx_dropped=10");
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	loss = find_loss(&l, "eth0", LAYER_LINK, DIR_RX);
	ck_assert(loss->gone);
	ck_assert_uint_eq(loss->lost, 0);
	ck_assert_double_nan(loss_percent(loss));
	ck_assert(!find_loss(&l, "eth1", LAYER_LINK, DIR_RX)->gone);
	object_with(&s, LAYER_LINK, "eth0", "rx_packets=9 rx_dropped=1");
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_uint_eq(l.n, 2);
	ck_assert(!find_loss(&l, "eth0", LAYER_LINK, DIR_RX)->gone);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, ratio_is_awake_from_the_first_loss_on)
{
	static const struct {
		const char *rows;
		bool awake;
	} steps[] = {
		{"rx_packets=90 rx_dropped=?", false},
		{"rx_packets=90 rx_dropped=0", false},
		{"rx_packets=90 rx_dropped=0 rx_nohandler=9", false},
		{"rx_packets=90 rx_dropped=1", true},
		{"rx_packets=90 rx_dropped=0", true},
	};
	struct losses l = {0};
	struct sample s = {0};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		sample_reset(&s);
		object_with(&s, LAYER_LINK, "eth0", steps[i].rows);
		ck_assert_int_eq(tally_losses(&l, &s), 0);
		ck_assert_msg(l.items[0].awake == steps[i].awake, "%s",
			      steps[i].rows);
	}
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, retransmits_are_a_symptom_and_drops_are_not)
{
	struct losses l = {0};
	struct sample s = {0};

	object_with(&s, LAYER_TCP, "",
		    "TCPOrigDataSent=90 RetransSegs=10 InSegs=9 InErrs=1");
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert(find_loss(&l, "", LAYER_TCP, DIR_TX)->symptom);
	ck_assert(!find_loss(&l, "", LAYER_TCP, DIR_RX)->symptom);
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, many_places_keep_their_own_numbers)
{
	struct losses l = {0};
	struct sample s = {0};
	char place[16], rows[64];

	for (int round = 0; round < 2; round++) {
		sample_reset(&s);
		for (int i = 0; i < 500; i++) {
			/* the second time in the other order */
			int n = round ? 499 - i : i;

			snprintf(place, sizeof(place), "veth%d", n);
			snprintf(rows, sizeof(rows),
				 "rx_packets=%d rx_dropped=%d", 1000 - n, n);
			object_with(&s, LAYER_LINK, place, rows);
		}
		ck_assert_int_eq(tally_losses(&l, &s), 0);
		ck_assert_uint_eq(l.n, 500);
		for (uint64_t i = 0; i < 500; i++) {
			snprintf(place, sizeof(place), "veth%d", (int)i);
			check_ratio(&l, place, LAYER_LINK, DIR_RX, i, 1000,
				    (double)i / 10);
		}
	}
	losses_free(&l);
	sample_free(&s);
}

TEST(loss, no_numbers_make_more_than_all_or_less_than_nothing)
{
	uint64_t state = 7;

	for (int i = 0; i < 20000; i++) {
		struct loss loss = {.known = true, .measured = true};
		double percent;

		loss.lost = next_random(&state) >> (next_random(&state) % 32);
		loss.passed = next_random(&state) >> (next_random(&state) % 32);
		loss.came = next_random(&state) >> (next_random(&state) % 32);
		percent = loss_percent(&loss);
		if (isnan(percent))
			ck_assert_uint_eq(loss.lost + loss.passed + loss.came,
					  0);
		else
			ck_assert(percent >= 0 && percent <= 100);
	}
}

/* No sum of these may overflow, whoever has made them up. */
TEST(loss, counters_may_have_grown_by_anything)
{
	static const char *const names[] = {"InNoRoutes", "Ip6InNoRoutes",
					    "InUnknownProtos",
					    "Ip6InUnknownProtos"};
	struct sample s = {.rows = NULL};
	struct losses l = {.items = NULL};

	sample_object(&s, LAYER_IP, "", "", 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct counter *c = counter_of(LAYER_IP, names[i]);

		ck_assert_int_eq(c->refused, -1);
		counted(&s, c, MAX_DELTA, false);
	}
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	losses_free(&l);
	sample_free(&s);
}

/* A limit of 100 percent is never exceeded, not by a digit of rounding. */
TEST(loss, all_of_many_packets_is_100_percent)
{
	const struct loss loss = {.known = true,
				  .measured = true,
				  .lost = UINT64_C(92564374619983028)};

	ck_assert(loss_percent(&loss) == 100);
}

TEST(loss, bridge_is_measured_by_what_came_counted_once)
{
	struct losses l = {.n = 0};
	struct sample s = {0};

	/* multicast and what XDP saw are in rx_packets already */
	object_with(&s, LAYER_LINK, "eth0",
		    "rx_packets=100 multicast=30 xdp_packets=90");
	object_with(&s, LAYER_LINK, "lo", "rx_packets=500");
	sample_object(&s, LAYER_NETFILTER, "", "bridge.t.c.drop", 1);
	sample_chain(&s, FAMILY_BRIDGE, "t", "c");
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_RX), 25, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "", LAYER_NETFILTER, DIR_RX, 25, 100, 25);
	losses_free(&l);
	sample_free(&s);
}

/* A chain of FORWARD drops what br_netfilter shows it, and IP is busy, too. */
TEST(loss, bridged_frames_are_measured_beside_those_of_ip)
{
	struct losses l = {.n = 0};
	struct sample s = {0};

	/* 160 were bridged, 120 came to be forwarded */
	object_with(&s, LAYER_LINK, "pa", "rx_packets=160");
	object_with(&s, LAYER_LINK, "r9", "rx_packets=120");
	object_with(&s, LAYER_IP, "",
		    "InReceives=120 ForwDatagrams=120 OutTransmits=120");
	counted(&s, find_counter(&balance_probe, "out_gap", NULL), 0, false);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.FORWARD.drop", 1);
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_FWD), 40, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_uint_eq(
		loss_total(find_loss(&l, "", LAYER_NETFILTER, DIR_FWD)), 280);
	losses_free(&l);
	sample_free(&s);
}

static const struct {
	enum family family;
	enum direction direction;
	uint64_t lost, fresh, told, total; /* 100 frames came, IP sent 50 */
} loaded[] = {
	{FAMILY_NETDEV, DIR_RX, 60, 60, 60, 160},
	{FAMILY_NETDEV, DIR_RX, 100000, 100000, 0, 100},
	{FAMILY_NETDEV, DIR_RX, 100007, 100000, 7, 107},
	{FAMILY_NETDEV, DIR_RX, 100000, 0, 100000, 100100},
	{FAMILY_NETDEV, DIR_TX, 40, 40, 40, 50},
	{FAMILY_NETDEV, DIR_TX, 9000, 9000, 0, 50},
	{FAMILY_ARP, DIR_RX, 300, 300, 0, 100},
	{FAMILY_BRIDGE, DIR_FWD, 100, 100, 100, 100},
	{FAMILY_BRIDGE, DIR_FWD, 101, 101, 0, 0},
};

TEST_EACH(loss, more_than_came_was_loaded_with_the_rules, ARRAY_SIZE(loaded))
{
	struct losses l = {.n = 0};
	struct sample s = {0};
	const struct loss *loss;

	object_with(&s, LAYER_LINK, "eth0", "rx_packets=100");
	object_with(&s, LAYER_IP, "",
		    "InReceives=100 OutRequests=50 OutTransmits=50");
	sample_object(&s, LAYER_NETFILTER, "", "x.t.c.drop", 1);
	sample_chain(&s, loaded[_i].family, "t", "c");
	counted(&s, firewall_counter(FIREWALL_CHAIN, loaded[_i].direction),
		loaded[_i].lost, false);
	if (loaded[_i].fresh)
		sample_row(&s, &firewall_rows[FIREWALL_FRESH],
			   loaded[_i].fresh);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	loss = find_loss(&l, "", LAYER_NETFILTER, loaded[_i].direction);
	ck_assert_uint_eq(loss->lost, loaded[_i].told);
	if (loaded[_i].family != FAMILY_BRIDGE)
		ck_assert_uint_eq(loss_total(loss), loaded[_i].total);
	losses_free(&l);
	sample_free(&s);
}

static const struct {
	enum direction direction;
	const char *frames, *ip; /* what the devices and IP tell */
	uint64_t lost, total;
} at_devices[] = {
	/* a bridge of 131 frames, none of which IP knows */
	{DIR_RX, "rx_packets=131", "InReceives=0", 11, 131},
	{DIR_TX, "tx_packets=120", "OutRequests=0", 11, 131},
	/* a host of IP, and some ARP beside */
	{DIR_RX, "rx_packets=163", "InReceives=120", 40, 160},
	{DIR_TX, "tx_packets=123", "OutRequests=160 OutTransmits=160", 40, 160},
};

/* What a rule at a device drops is of all that comes there. */
TEST_EACH(loss, rules_at_devices_are_measured_there, ARRAY_SIZE(at_devices))
{
	enum direction direction = at_devices[_i].direction;
	struct losses l = {.n = 0};
	struct sample s = {0};

	object_with(&s, LAYER_LINK, "pa", at_devices[_i].frames);
	object_with(&s, LAYER_LINK, "lo", "rx_packets=500 tx_packets=500");
	object_with(&s, LAYER_IP, "", at_devices[_i].ip);
	sample_object(&s, LAYER_NETFILTER, "", "netdev.t.c.drop", 1);
	sample_chain(&s, FAMILY_NETDEV, "t", "c");
	counted(&s, firewall_counter(FIREWALL_CHAIN, direction),
		at_devices[_i].lost, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	check_ratio(&l, "", LAYER_NETFILTER, direction, at_devices[_i].lost,
		    at_devices[_i].total,
		    100.0 * at_devices[_i].lost / at_devices[_i].total);
	losses_free(&l);
	sample_free(&s);
}

/* Where IP's own rules lose more, what a bridge takes past it dilutes them not.
 */
TEST(loss, rules_of_ip_are_not_measured_at_devices)
{
	struct losses l = {.n = 0};
	struct sample s = {0};

	object_with(&s, LAYER_LINK, "pa", "rx_packets=9161");
	object_with(&s, LAYER_IP, "", "InReceives=160");
	sample_object(&s, LAYER_NETFILTER, "", "netdev.t.c.drop", 1);
	sample_chain(&s, FAMILY_NETDEV, "t", "c");
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_RX), 1, false);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 2);
	sample_chain(&s, FAMILY_IP, "filter", "INPUT");
	counted(&s, firewall_counter(FIREWALL_CHAIN, DIR_RX), 40, false);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_uint_eq(
		loss_total(find_loss(&l, "", LAYER_NETFILTER, DIR_RX)), 161);
	losses_free(&l);
	sample_free(&s);
}

/* The deltas are of two intervals, and those of other sources are not. */
TEST(loss, read_after_a_failed_one_has_no_ratio)
{
	struct sample s = {.rows = NULL};
	struct losses l = {.items = NULL};
	struct loss *loss;

	object_with(&s, LAYER_LINK, "eth0",
		    "rx_packets=90 rx_missed_errors=10");
	s.objects[0].late = true;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	loss = find_loss(&l, "eth0", LAYER_LINK, DIR_RX);
	ck_assert_uint_eq(loss->lost, 10);
	ck_assert_double_nan(loss_percent(loss));
	s.objects[0].late = false;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_double_eq(loss_percent(loss), 10);
	losses_free(&l);
	sample_free(&s);
}

static const struct {
	const char *rows;
	uint64_t lost;
} excuses[] = {
	/* 24 SYN-ACKs came again, since the ACKs of them were lost */
	{"InSegs=144 InErrs=24 TCPSYNChallenge=24", 0},
	{"InSegs=144 InErrs=24", 24},
	{"InSegs=144 InErrs=34 InCsumErrors=10 TCPSYNChallenge=24", 10},
	/* those of a closing connection are in no InErrs */
	{"InSegs=144 InErrs=34 InCsumErrors=10 TCPSYNChallenge=60", 10},
	{"InSegs=144 InErrs=40 InCsumErrors=10 TCPSYNChallenge=24", 16},
	{"InSegs=144 InErrs=0 TCPSYNChallenge=24", 0},
	/* late duplicates, as a path that reorders has them: nobody needs them
	 */
	{"InSegs=117 PAWSEstab=12 DelayedACKLost=12", 0},
	{"InSegs=117 PAWSEstab=12 DelayedACKLost=30", 0},
	{"InSegs=117 PAWSEstab=12", 12},
	{"InSegs=117 PAWSEstab=12 DelayedACKLost=2", 10},
	{"InSegs=117 DelayedACKLost=30", 0},
};

TEST_EACH(loss, excused_packets_are_not_lost, ARRAY_SIZE(excuses))
{
	struct sample s = {0};
	struct losses l = {.items = NULL};
	struct loss *loss;
	struct causes causes;

	object_with(&s, LAYER_TCP, "", excuses[_i].rows);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	loss = find_loss(&l, "", LAYER_TCP, DIR_RX);
	ck_assert_uint_eq(loss->lost, excuses[_i].lost);
	cause_list(&s, loss, CAUSE_ALL, &causes);
	ck_assert((causes.n > 0) == (excuses[_i].lost > 0));
	losses_free(&l);
	sample_free(&s);
}

/* Who dropped what IP misses is not known while a firewall cannot be read. */
TEST(loss, gap_is_nobodys_while_a_firewall_is_unread)
{
	for (int unread = 0; unread < 2; unread++) {
		struct sample s = {.unread = (unsigned)unread
					     << LAYER_NETFILTER};
		struct losses l = {.items = NULL};

		object_with(&s, LAYER_IP, "", "InReceives=400");
		counted(&s, find_counter(&balance_probe, "in_gap", NULL), 100,
			false);
		ck_assert_int_eq(tally_losses(&l, &s), 0);
		ck_assert_uint_eq(lost_of(&l, LAYER_UNEXPLAINED, DIR_RX),
				  unread ? 0 : 100);
		losses_free(&l);
		sample_free(&s);
	}
}
