/* SPDX-License-Identifier: MIT */
#include "trace/packet.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/util.h"

#define ETHERTYPE_QINQ 0x88a8
#define VLAN_NUMBER 0x0fff
#define MAX_TAGS 2
#define MAX_EXTENSIONS 8

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define ARP_OF_ETHERNET 28

/* What is left of the bytes. */
struct cut {
	const uint8_t *at;
	size_t n;
};

static uint16_t network_short(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool skip_bytes(struct cut *c, size_t n)
{
	if (n > c->n)
		return false;
	c->at += n;
	c->n -= n;
	return true;
}

/* ---- what IP carries ---- */

static bool is_with_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP;
}

/* These four have them at the same place. */
static void parse_ports(const struct cut *c, struct packet *p)
{
	if (!is_with_ports(p->protocol) || c->n < 4)
		return;
	p->ports[PACKET_SOURCE] = network_short(c->at);
	p->ports[PACKET_DESTINATION] = network_short(c->at + 2);
	p->has_ports = true;
}

/* A fragment that is not the first has no header of what it is a part of. */
static void parse_ipv4(struct cut c, struct packet *p)
{
	size_t header = c.n ? (c.at[0] & 15) * (size_t)4 : 0;
	bool is_first;

	if (c.n < IPV4_HEADER || c.at[0] >> 4 != 4 || header < IPV4_HEADER)
		return;
	p->ethertype = ETHERTYPE_IP;
	p->family = AF_INET;
	p->is_ip = true;
	p->protocol = c.at[9];
	memcpy(p->addresses[PACKET_SOURCE], c.at + 12, 4);
	memcpy(p->addresses[PACKET_DESTINATION], c.at + 16, 4);
	is_first = !(network_short(c.at + 6) & 0x1fff);
	if (is_first && skip_bytes(&c, header))
		parse_ports(&c, p);
}

/*
 * Steps over one header between that of IPv6 and what it carries. Returns
 * false where there is none such, or what is behind it cannot be seen.
 */
static bool skip_extension(struct cut *c, struct packet *p, bool *is_first)
{
	size_t length;

	if (c->n < 8)
		return false;
	switch (p->protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		length = (c->at[1] + (size_t)1) * 8;
		break;
	case IPPROTO_AH:
		length = (c->at[1] + (size_t)2) * 4;
		break;
	case IPPROTO_FRAGMENT:
		length = 8;
		*is_first &= !(network_short(c->at + 2) & 0xfff8);
		break;
	default:
		return false;
	}
	p->protocol = c->at[0];
	return skip_bytes(c, length) && *is_first;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_AH ||
	       protocol == IPPROTO_FRAGMENT;
}

static void parse_ipv6(struct cut c, struct packet *p)
{
	bool is_first = true;

	if (c.n < IPV6_HEADER || c.at[0] >> 4 != 6)
		return;
	p->ethertype = ETHERTYPE_IPV6;
	p->family = AF_INET6;
	p->is_ip = true;
	p->protocol = c.at[6];
	memcpy(p->addresses[PACKET_SOURCE], c.at + 8, 16);
	memcpy(p->addresses[PACKET_DESTINATION], c.at + 24, 16);
	if (!skip_bytes(&c, IPV6_HEADER))
		return;
	for (int i = 0; i < MAX_EXTENSIONS && is_extension(p->protocol); i++)
		if (!skip_extension(&c, p, &is_first))
			return;
	parse_ports(&c, p);
}

/* ---- what else there is ---- */

/* Who asks, and for whom. */
static void parse_arp(const struct cut *c, struct packet *p)
{
	static const uint8_t ipv4_on_ethernet[] = {0, 1, 8, 0, 6, 4};

	if (c->n < ARP_OF_ETHERNET ||
	    memcmp(c->at, ipv4_on_ethernet, sizeof(ipv4_on_ethernet)) != 0)
		return;
	p->family = AF_INET;
	memcpy(p->addresses[PACKET_SOURCE], c->at + 14, 4);
	memcpy(p->addresses[PACKET_DESTINATION], c->at + 24, 4);
}

static bool is_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ;
}

/* The innermost tag is what the packet is called after. */
static bool skip_tags(struct cut *c, struct packet *p)
{
	for (int i = 0; i < MAX_TAGS && is_tag(p->ethertype); i++) {
		if (c->n < 4)
			return false;
		p->vlan = network_short(c->at) & VLAN_NUMBER;
		p->ethertype = network_short(c->at + 2);
		if (!skip_bytes(c, 4))
			return false;
	}
	return true;
}

void packet_parse(uint16_t ethertype, uint16_t vlan, const uint8_t *bytes,
		  size_t n, struct packet *ret)
{
	struct cut c = {bytes, n};

	memset(ret, 0, sizeof(*ret));
	ret->ethertype = ethertype;
	ret->vlan = vlan & VLAN_NUMBER;
	if (!skip_tags(&c, ret))
		return;
	switch (ret->ethertype) {
	case 0:
		parse_ipv4(c, ret);
		parse_ipv6(c, ret);
		break;
	case ETHERTYPE_IP:
		parse_ipv4(c, ret);
		break;
	case ETHERTYPE_IPV6:
		parse_ipv6(c, ret);
		break;
	case ETHERTYPE_ARP:
		parse_arp(&c, ret);
		break;
	default:
		break;
	}
}

/* ---- of a socket ---- */

static bool is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(address, prefix, sizeof(prefix));
}

/* IPv4 on a socket of IPv6. */
static void unmap(struct packet *p)
{
	if (p->family != AF_INET6)
		return;
	for (int i = 0; i < N_PACKET_ENDS; i++)
		if (!is_mapped(p->addresses[i]))
			return;
	for (int i = 0; i < N_PACKET_ENDS; i++) {
		memcpy(p->addresses[i], p->addresses[i] + 12, 4);
		memset(p->addresses[i] + 4, 0, 12);
	}
	p->family = AF_INET;
	p->ethertype = ETHERTYPE_IP;
}

void packet_of_socket(uint8_t family, uint8_t protocol,
		      const uint8_t addresses[N_PACKET_ENDS][16],
		      const uint16_t ports[N_PACKET_ENDS], struct packet *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (family != AF_INET && family != AF_INET6)
		return;
	ret->family = family;
	ret->ethertype = family == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6;
	ret->is_ip = true;
	ret->protocol = protocol;
	ret->has_ports = is_with_ports(protocol);
	for (int i = 0; i < N_PACKET_ENDS; i++) {
		memcpy(ret->addresses[i], addresses[i],
		       family == AF_INET ? 4 : 16);
		ret->ports[i] = ret->has_ports ? ports[i] : 0;
	}
	unmap(ret);
}

/* ---- in words ---- */

static const struct {
	uint8_t protocol;
	const char *name;
} protocols[] = {
	{IPPROTO_ICMP, "ICMP"},	      {IPPROTO_IGMP, "IGMP"},
	{IPPROTO_IPIP, "IPIP"},	      {IPPROTO_TCP, "TCP"},
	{IPPROTO_UDP, "UDP"},	      {IPPROTO_DCCP, "DCCP"},
	{IPPROTO_IPV6, "IPv6 in IP"}, {IPPROTO_GRE, "GRE"},
	{IPPROTO_ESP, "ESP"},	      {IPPROTO_AH, "AH"},
	{IPPROTO_ICMPV6, "ICMPv6"},   {89, "OSPF"},
	{IPPROTO_PIM, "PIM"},	      {112, "VRRP"},
	{IPPROTO_SCTP, "SCTP"},	      {IPPROTO_UDPLITE, "UDP-Lite"},
};

static const struct {
	uint16_t ethertype;
	const char *name;
} ethertypes[] = {
	{ETHERTYPE_IP, "IPv4"},	  {ETHERTYPE_ARP, "ARP"},
	{ETHERTYPE_IPV6, "IPv6"}, {ETHERTYPE_VLAN, "VLAN"},
	{0x8863, "PPPoE"},	  {0x8864, "PPPoE"},
	{ETHERTYPE_QINQ, "VLAN"}, {0x8847, "MPLS"},
	{0x88cc, "LLDP"},
};

static void name_ip(uint8_t protocol, char ret[PACKET_PROTOCOL])
{
	format_text(ret, PACKET_PROTOCOL, "IP %u", protocol);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].protocol == protocol)
			format_text(ret, PACKET_PROTOCOL, "%s",
				    protocols[i].name);
}

static void name_ethertype(uint16_t ethertype, char ret[PACKET_PROTOCOL])
{
	format_text(ret, PACKET_PROTOCOL, ethertype ? "0x%04x" : "-",
		    ethertype);
	for (size_t i = 0; i < ARRAY_SIZE(ethertypes); i++)
		if (ethertypes[i].ethertype == ethertype)
			format_text(ret, PACKET_PROTOCOL, "%s",
				    ethertypes[i].name);
}

void packet_protocol(const struct packet *p, char ret[PACKET_PROTOCOL])
{
	size_t n;

	if (p->is_ip)
		name_ip(p->protocol, ret);
	else
		name_ethertype(p->ethertype, ret);
	n = strlen(ret);
	if (p->vlan)
		format_text(ret + n, PACKET_PROTOCOL - n, " vlan %u", p->vlan);
}

void packet_address(const struct packet *p, enum packet_end end,
		    char ret[PACKET_ADDRESS])
{
	ret[0] = '\0';
	if (p->family &&
	    !inet_ntop(p->family, p->addresses[end], ret, PACKET_ADDRESS))
		ret[0] = '\0';
}
