/* SPDX-License-Identifier: MIT */
/* Which reasons are shown, and of which layer they are. */
#include "trace/choice.h"

#include "base/util.h"
#include "lib/test.h"
#include "probes/dropreason/dropreason_layer.h"

static struct trace_choice choice;

static void setup(void)
{
	choice = (struct trace_choice) {.layer = N_LAYERS};
}

CASE(choice, .setup = setup);

#define DROPS (1u << TRACE_DROP)
#define ALL ((1u << N_TRACE_KINDS) - 1)

TEST(choice, by_default_all_is_shown_that_is_not_healthy)
{
	ck_assert(trace_choice_has(&choice, "NETFILTER_DROP", false));
	ck_assert(trace_choice_has(&choice, "NOT_SPECIFIED.ip_error", false));
	ck_assert(!trace_choice_has(&choice, "NO_SOCKET", false));
	ck_assert(
		!trace_choice_has(&choice, "NOT_SPECIFIED.tcp_v4_rcv", false));
	ck_assert(!trace_choice_may_have(&choice, "NO_SOCKET"));
	ck_assert(trace_choice_may_have(&choice, "NOT_SPECIFIED"));
	ck_assert_uint_eq(trace_choice_kinds(&choice),
			  ALL & ~(1u << TRACE_RESET));
}

TEST(choice, what_nobody_wanted_of_a_group_is_healthy)
{
	ck_assert(trace_choice_has(&choice, "NOT_SPECIFIED.ip_forward", false));
	ck_assert(!trace_choice_has(&choice, "NOT_SPECIFIED.ip_forward", true));
}

TEST(choice, filter_of_a_socket_is_the_will_of_who_has_it)
{
	ck_assert(!trace_choice_has(&choice, "SOCKET_FILTER", false));
	ck_assert(trace_choice_has(&choice, "SOCKET_RCVBUFF", false));
	choice.reason = "SOCKET_FILTER";
	ck_assert(trace_choice_has(&choice, "SOCKET_FILTER", false));
}

TEST(choice, rejects_by_time_stamp_name_who_cannot_connect)
{
	ck_assert(trace_choice_has(&choice, "TCP_RFC7323_PAWS", false));
	ck_assert(trace_choice_may_have(&choice, "TCP_RFC7323_TW_PAWS"));
	ck_assert(!trace_choice_has(&choice, "TCP_RFC7323_PAWS_ACK", false));
}

TEST(choice, healthy_ones_are_shown_on_demand)
{
	choice.healthy = true;
	ck_assert(trace_choice_has(&choice, "NO_SOCKET", false));
	ck_assert(trace_choice_may_have(&choice, "NO_SOCKET"));
	ck_assert_uint_eq(trace_choice_kinds(&choice), ALL);
}

TEST(choice, reason_is_named_in_any_case)
{
	choice.reason = "no_socket";
	ck_assert(trace_choice_has(&choice, "NO_SOCKET", false));
	ck_assert(!trace_choice_has(&choice, "NETFILTER_DROP", false));
	ck_assert(!trace_choice_may_have(&choice, "NOT_SPECIFIED"));
	ck_assert_uint_eq(trace_choice_kinds(&choice), DROPS);
}

TEST(choice, one_without_a_reason_is_named_by_its_function)
{
	choice.reason = "NOT_SPECIFIED.ip_error";
	ck_assert(trace_choice_may_have(&choice, "NOT_SPECIFIED"));
	ck_assert(trace_choice_has(&choice, "NOT_SPECIFIED.ip_error", false));
	ck_assert(!trace_choice_has(&choice, "NOT_SPECIFIED.ip_rcv", false));
	choice.reason = "not_specified";
	ck_assert(trace_choice_has(&choice, "NOT_SPECIFIED.ip_error", false));
	ck_assert(trace_choice_may_have(&choice, "NOT_SPECIFIED"));
}

TEST(choice, star_stands_for_any_end)
{
	choice.reason = "TCP_*";
	ck_assert(trace_choice_has(&choice, "TCP_CSUM", false));
	ck_assert(!trace_choice_has(&choice, "UDP_CSUM", false));
	choice.reason = "*retransmit";
	ck_assert_uint_eq(trace_choice_kinds(&choice), DROPS);
	choice.reason = "syn*";
	ck_assert_uint_eq(trace_choice_kinds(&choice),
			  DROPS | 1u << TRACE_SYN_RETRANSMIT |
				  1u << TRACE_SYNACK_RETRANSMIT);
}

TEST(choice, layer_has_its_own_reasons)
{
	choice.layer = LAYER_QDISC;
	ck_assert(trace_choice_has(&choice, "QDISC_DROP", false));
	ck_assert(!trace_choice_has(&choice, "NETFILTER_DROP", false));
	ck_assert_uint_eq(trace_choice_kinds(&choice), DROPS);
	choice.layer = LAYER_TCP;
	ck_assert(trace_choice_has(&choice, "TCP_OFO_DROP", false));
	ck_assert(!trace_choice_has(&choice, "TCP_CLOSE", false)); /* healthy */
	ck_assert_uint_eq(trace_choice_kinds(&choice),
			  ALL & ~(1u << TRACE_RESET));
}

static const struct {
	const char *name;
	enum layer layer;
} reasons[] = {
	{"NETFILTER_DROP", LAYER_NETFILTER},
	{"QDISC_OVERLIMIT", LAYER_QDISC},
	{"TC_INGRESS", LAYER_QDISC},
	{"TCP_CSUM", LAYER_TCP},
	{"UDP_CSUM", LAYER_UDP},
	{"SOCKET_RCVBUFF", LAYER_SOCKET},
	{"IP_OUTNOROUTES", LAYER_IP},
	{"IPV6DISABLED", LAYER_IP},
	{"ICMP_CSUM", LAYER_ICMP},
	{"NEIGH_FAILED", LAYER_NEIGH},
	{"XFRM_POLICY", LAYER_XFRM},
	{"XDP", LAYER_LINK},
	{"CPU_BACKLOG", LAYER_SOFTNET},
	{"NOT_SPECIFIED.ip_error", LAYER_IP},
	{"NOT_SPECIFIED.nft_do_chain", LAYER_NETFILTER},
	{"NOT_SPECIFIED.__dev_forward_skb2", LAYER_LINK},
	{"NOT_SPECIFIED", N_LAYERS},
	{"NOMEM", N_LAYERS},
	{"", N_LAYERS},
};

TEST_EACH(choice, reason_is_of_a_layer, ARRAY_SIZE(reasons))
{
	ck_assert_int_eq(dropreason_layer(reasons[_i].name), reasons[_i].layer);
}
