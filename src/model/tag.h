/* SPDX-License-Identifier: MIT */
/*
 * The counters that code looks for. Their rows carry a tag, so that nothing
 * goes by a spelling: a tag that is mistyped does not compile, one that no row
 * carries fails check_catalogue. Rows of both families, or of several drivers,
 * share a tag where they mean the same.
 */
#ifndef PKTLOSS_MODEL_TAG_H
#define PKTLOSS_MODEL_TAG_H

enum tag {
	TAG_NONE,
	/* link */
	TAG_RX_DROPPED,
	TAG_TX_DROPPED,
	TAG_RX_PACKETS,
	TAG_TX_PACKETS,
	TAG_XDP_DROPS,
	TAG_CARRIER_CHANGES,
	TAG_LINK_MULTICAST,
	/* qdisc */
	TAG_QDISC_DROPS,
	TAG_CLASS_DROPS,
	TAG_QDISC_FULL,
	/* firewall */
	TAG_RULE_IS_POLICY,
	/* conntrack */
	TAG_CONNTRACK_COUNT,
	TAG_CONNTRACK_MAX,
	TAG_CHAIN_TOO_LONG,
	TAG_INSERT_FAILED,
	TAG_CONNTRACK_FOUND,
	/* neigh */
	TAG_TABLE_FULLS,
	TAG_RES_FAILED,
	TAG_UNRESOLVED_DISCARDS,
	/* ip */
	TAG_IN_RECEIVES,
	TAG_IN_HDR_ERRORS,
	TAG_IN_ADDR_ERRORS,
	TAG_IN_NO_ROUTES,
	TAG_OUT_NO_ROUTES,
	TAG_REASM_REQDS,
	TAG_REASM_TIMEOUT,
	TAG_REASM_FAILS,
	TAG_HDR_CHECKSUM, /* the part of them with a wrong checksum */
	TAG_EXPIRED,
	TAG_DISCARDS6,
	TAG_DISCARDS6_ON,
	TAG_DISABLED6,
	TAG_IN_DELIVERS,
	TAG_UNKNOWN_PROTOS,
	TAG_IN_MCAST_PKTS,
	TAG_FORW_DATAGRAMS,
	TAG_OUT_REQUESTS,
	TAG_OUT_DISCARDS,
	TAG_OUT_TRANSMITS,
	TAG_FRAG_FAILS,
	TAG_FRAG_FAILS6,
	TAG_RP_FILTER,
	TAG_MARTIAN_SRC,
	TAG_MARTIAN_DST,
	TAG_IN_GAP,
	TAG_OUT_GAP,
	/* icmp */
	TAG_OUT_TIME_EXCDS,
	TAG_RATE_LIMIT,
	TAG_RATE_LIMIT_ALL, /* one limit for both families */
	TAG_OUT_DEST_UNREACHS,
	TAG_OUT_PKT_TOO_BIGS6,
	/* tcp */
	TAG_IN_ERRS,
	TAG_CHECKSUM, /* of TCP or ICMP */
	TAG_ICMP_RECEIVED,
	/* tcp */
	TAG_TCP_RECEIVED,
	TAG_TCP_SENT,
	TAG_TCP_RESENT,
	TAG_LISTEN_DROPS,
	TAG_LISTEN_OVERFLOWS,
	/* udp */
	TAG_UDP_RECEIVED,
	TAG_UDP_NO_PORTS,
	TAG_UDP_SENT,
	TAG_UDP_ERRORS, /* all of the next four, and what is left */
	TAG_RCVBUF_ERRORS,
	TAG_UDP_CHECKSUM,
	TAG_UDP_CHECKSUM6,
	TAG_UDP_MEMORY,
	N_TAGS,
};

#endif
