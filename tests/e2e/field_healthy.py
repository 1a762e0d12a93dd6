# SPDX-License-Identifier: MIT
"""Hosts where nothing is lost, and what looks like it; beside some, a loss that must still be found.

What a host does not speak, groups that nobody joined, targets that consume
packets, probes that are meant to die, a firewall that does its job.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import time

import packets
import truth
from field import (ALL, BAD, GOOD, LOST, PERHAPS, TOLD, WANTED, Count, Found, Story, arrived, field, field_of,
                   good_and_bad, in_gap, link, listening_bridge, pair6, snmp, to_ports)
from field_gap import chain
from lab import HERE, Agent, add_address, know, leashed, run, wire

ALL_NODES, MDNS6 = "33:33:00:00:00:01", "33:33:00:00:00:fb"
WEB = 8080
HARDWARE = ("cable", "cabling", "duplex", "optic")


def goodness(a, b):
    """What every namespace has besides: traffic that arrives."""
    b.reader(WANTED)
    return lambda: a.send(GOOD, 100, b.address, WANTED)


def neighbours_ipv6(ns, interface, source="fe80::1"):
    """Router advertisements and mDNS, as a neighbour says them."""
    for mac, packet in ((ALL_NODES, packets.router_advertisement(source)), (MDNS6, packets.mdns6(source))):
        ns.frames_of(interface, mac, [packet.hex()] * 20)


# Senders that try again.


@field
def eager_sender(stage):
    """A sender that does not block, behind a shaper with a long queue: it is told to wait, and what it sent waits."""
    a, b = stage.pair()
    good = goodness(a, b)
    a.feature("tc qdisc add dev a0 root tbf rate 100kbit burst 4kb limit 4000000")

    def round_():
        good()
        a.send_eagerly(1000, 500, b.address, WANTED)

    return Story(round_, [snmp(a, "IpOutDiscards", (1500, 3000))])


# A protocol that is switched off here.


@field
def ipv6_off(stage):
    """IPv6 is switched off, and the neighbours speak it."""
    a, b = stage.pair()
    good = goodness(a, b)

    def round_():
        good()
        neighbours_ipv6(a, "a0")

    return Story(round_, [snmp(b, "Ip6InDiscards"), arrived(b)])


@field
def ipv6_off_one(stage):
    """IPv6 is switched off on one interface of a host that speaks it on another one."""
    a, b = pair6(stage)
    good = goodness(a, b)
    c = stage.namespace("c")
    run("ip link add c0 netns %s type veth peer name b1 netns %s" % (c.name, b.name))
    b.sysctl("net/ipv6/conf/b1/disable_ipv6", 1)
    add_address(c, "c0", "10.8.0.1/24")
    add_address(b, "b1", "10.8.0.2/24")

    def round_():
        good()
        neighbours_ipv6(c, "c0")

    return Story(round_, [snmp(b, "Ip6InDiscards"), arrived(b)])


@field
def ipv6_off_container(stage):
    """Containers start on a bridge: others there, without IPv6, hear of their solicitations and reports."""
    r, a, b = listening_bridge(stage)
    good = goodness(a, b)
    births = iter(range(100))

    def start_one():
        c = stage.namespace("c%d" % next(births))
        c.sysctl("net/ipv6/conf/all/disable_ipv6", 0)
        c.sysctl("net/ipv6/conf/default/disable_ipv6", 0)
        run("ip link add eth0 netns %s type veth peer name p%s netns %s" % (c.name, c.name[-2:], r.name))
        r.ip("link set p%s master br0 up" % c.name[-2:])
        c.ip("link set eth0 up")
        return c

    def round_():
        good()
        stage.remove(start_one())
        neighbours_ipv6(a, "a0")

    return Story(round_, [Count("Ip6InDiscards", lambda: truth.snmp(b, "Ip6InDiscards"), (120, 400)), arrived(b)])


@field
def ipv6_unspoken(stage):
    """A host of IPv4 has link-local addresses only, and tries IPv6 first, as who asks for names of both does."""
    a, b = stage.pair()
    good = goodness(a, b)
    for name in ("all", "a0"):
        a.sysctl("net/ipv6/conf/%s/disable_ipv6" % name, 0)

    def round_():
        good()
        a.send(LOST, 60, "2001:db8::1", BAD)

    return Story(round_, [snmp(a, "Ip6OutNoRoutes", LOST), arrived(b)])


@field
def ipv6_without_route(stage):
    """A host of both has lost its route to the world of IPv6: what it sends there is lost."""
    a, b = pair6(stage)
    good = goodness(a, b)

    def round_():
        good()
        a.send(LOST, 60, "2001:db8::1", BAD)

    return Story(round_, [snmp(a, "Ip6OutNoRoutes", LOST), arrived(b)],
                 [Found(a, "ip", "tx", LOST, ALL, says=("route",), alarm=TOLD, off=6)], reasons=0)


@field
def ipv6_off_and_loss(stage):
    """The same, and beside it a socket that nobody reads: its loss alone is told."""
    a, b = stage.pair()
    b.deaf_udp(BAD)
    a.send(60, 100, b.address, BAD)  # from here on it is full
    send = good_and_bad(a, b)

    def round_():
        send()
        neighbours_ipv6(a, "a0")

    return Story(round_, [snmp(b, "Ip6InDiscards"), snmp(b, "UdpRcvbufErrors")],
                 [Found(b, "udp", "rx", LOST, ALL, says=("receive buffer", str(BAD)))])


# Groups that nobody joined, broadcasts that nobody listens to.


def noisy_neighbour(a, each=LOST):
    a.ip("route add 224.0.0.0/4 dev a0")

    def round_():
        a.send(each, 60, "224.0.0.251", 5353)
        a.send(each, 60, "239.255.255.250", 1900)
    return round_


def with_broadcast(stage):
    a, b = stage.pair()
    for ns, end in ((a, "a0"), (b, "b0")):
        ns.ip("addr del %s/24 dev %s" % (ns.address, end))
        ns.ip("addr add %s/24 brd + dev %s" % (ns.address, end))
    know(a, "a0", b, "b0", b.address)
    return a, b


@field
def unjoined(stage):
    """mDNS and SSDP of the neighbours, and their broadcasts: nobody here joined or listens."""
    a, b = with_broadcast(stage)
    good, noise = goodness(a, b), noisy_neighbour(a)

    def round_():
        good()
        noise()
        a.send(LOST, 60, "10.9.0.255", 17500, broadcast=True)

    return Story(round_, [in_gap(b, 2 * LOST), arrived(b)])


@field
def unjoined_half(stage):
    """As many to a group nobody joined as to another port: half of all received, and no loss."""
    a, b = stage.pair()
    good = goodness(a, b)
    a.ip("route add 224.0.0.0/4 dev a0")

    def round_():
        good()
        a.send(GOOD, 100, "224.0.0.251", 5353)

    return Story(round_, [in_gap(b, GOOD), arrived(b)])


@field
def unjoined_bridge(stage):
    """keepalived speaks on a bridge: the host of the bridge has a firewall with counters, and did not join."""
    r, a, b = listening_bridge(stage)
    add_address(r, "br0", "10.9.0.254/24")
    r.feature("iptables-legacy -w 20 -A INPUT -p tcp --dport 22 -j ACCEPT")
    r.nft("table inet t {\nchain in { type filter hook input priority 0; policy accept;\n"
          "udp dport 7 counter drop\n}\n}\n")
    good = goodness(a, b)
    a.ip("route add 224.0.0.0/4 dev a0")

    def round_():
        good()
        a.raw(LOST, 20, "224.0.0.18", 112)

    return Story(round_, [in_gap(r, (2 * LOST, 4 * LOST)), arrived(b)])


@field
def unjoined_v6(stage):
    """Groups of IPv6 that nobody joined."""
    a, b = pair6(stage)
    good = goodness(a, b)

    def round_():
        good()
        a.frames_of("a0", MDNS6, [packets.mdns6("fd00:1::1").hex()] * LOST)

    return Story(round_, [snmp(b, "Ip6InMcastPkts", (3 * LOST, 3 * LOST + 9)), arrived(b)])


@field
def unjoined_and_loss(stage):
    """Groups nobody joined beside a rule without a counter: as many as the rule dropped, or a few more, are lost."""
    a, b = stage.pair()
    b.nft("table ip t {\nchain in { type filter hook input priority 0; policy accept;\nudp dport %d drop\n}\n}\n" % BAD)
    send = good_and_bad(a, b)
    a.ip("route add 224.0.0.0/4 dev a0")

    def round_():
        send()
        a.send(10, 60, "224.0.0.251", 5353)

    return Story(round_, [in_gap(b, LOST + 10), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("ip t in",), off=30, alarm=TOLD)])


# A target that consumes packets.


def conversation(a, b, count=30, size=2000, port=WEB):
    b.serve(port, size)
    done = []
    return lambda: done.append(a.ask(count, b.address, port, size)), done


def all_answered(done, count=30):
    return Count("connections that brought everything", lambda: sum(done), count)


def synproxy(ns, command, port=WEB):
    ns.sysctl("net/netfilter/nf_conntrack_tcp_loose", 0)
    for rule in ("-t raw -A PREROUTING -p tcp --dport %d --syn -j CT --notrack" % port,
                 "-A INPUT -p tcp --dport %d -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY"
                 " --sack-perm --timestamp --wscale 7 --mss 1460" % port,
                 "-A INPUT -m conntrack --ctstate INVALID -j DROP"):
        ns.feature("%s -w 20 %s" % (command, rule))


@field
def synproxy_legacy(stage):
    """SYNPROXY before a server: every connection succeeds."""
    a, b = stage.pair()
    synproxy(b, "iptables-legacy")
    talk, done = conversation(a, b)
    return Story(talk, [all_answered(done), in_gap(b, (150, 400))])


@field
def synproxy_v6(stage):
    """The same with IPv6."""
    a, b = pair6(stage)
    synproxy(b, "ip6tables-legacy")
    talk, done = conversation(a, b)
    return Story(talk, [all_answered(done)])


@field
def synproxy_router(stage):
    """A router protects the server behind it, with nftables."""
    a, r, b = stage.router()
    r.nft("""table ip t {
chain pre { type filter hook prerouting priority raw; policy accept;
tcp dport 8080 tcp flags syn notrack
}
chain through { type filter hook forward priority 0; policy accept;
ct state invalid,untracked tcp dport 8080 synproxy mss 1460 wscale 7 timestamp sack-perm
ct state invalid counter drop
}
}
""")
    r.sysctl("net/netfilter/nf_conntrack_tcp_loose", 0)
    talk, done = conversation(a, b)
    return Story(talk, [all_answered(done)])


@field
def synproxy_and_loss(stage):
    """SYNPROXY, and beside it an nft rule without a counter."""
    a, b = stage.pair()
    synproxy(b, "iptables-legacy")
    b.nft("table ip t {\nchain in { type filter hook input priority 0; policy accept;\nudp dport %d drop\n}\n}\n" % BAD)
    talk, done = conversation(a, b)
    send = good_and_bad(a, b)

    def round_():
        send()
        talk()

    return Story(round_, [all_answered(done), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, None, says=("ip t in",), off=6, alarm=TOLD)])


# Probes that are meant to die.


@field
def traceroute(stage):
    """Somebody traces a way through this router: probes die here, as they should."""
    a, r, b = stage.router()
    good = goodness(a, b)

    def round_():
        a.send(LOST, 60, b.address, 33434, ttl=1)
        a.send(LOST, 60, b.address, WANTED, ttl=2)
        good()

    return Story(round_, [snmp(r, "IpInHdrErrors"), snmp(r, "IpForwDatagrams", LOST + GOOD),
                          arrived(b, each=LOST + GOOD)], never=("loop",), reasons=LOST)


@field
def traceroute_v6(stage):
    """The same with IPv6."""
    a, r, b = stage.router6()
    good = goodness(a, b)

    def round_():
        a.send(LOST, 60, b.address, 33434, ttl=1)
        good()

    return Story(round_, [snmp(r, "Ip6InHdrErrors"), arrived(b)], never=("loop",), reasons=LOST)


@field
def traceroute_tcp(stage):
    """SYNs as probes, and pings, as tcptraceroute and mtr send them."""
    a, r, b = stage.router()
    b.listen(WEB)
    good = goodness(a, b)
    source = iter(range(10000, 60000))
    mac = truth.mac(r, "r0")

    def round_():
        a.frames_of("a0", mac, [dying(packets.syn4(a.address, b.address, WEB, next(source))) for _ in range(LOST)])
        a.frames_of("a0", mac, [dying(packets.echo4(a.address, b.address))] * LOST)
        good()

    return Story(round_, [snmp(r, "IpInHdrErrors", 2 * LOST), arrived(b)], never=("loop",), reasons=2 * LOST)


def dying(packet):
    """Its TTL ends at the next router."""
    head = packet[:8] + b"\x01" + packet[9:10] + bytes(2) + packet[12:20]
    return (head[:10] + struct.pack("!H", packets.checksum(head)) + packet[12:]).hex()


@field
def loop(stage):
    """A real routing loop: packets go round until they die, and that is told."""
    a, r, b = stage.router()
    b.sysctl("net/ipv4/ip_forward", 1)
    r.ip("route add 10.77.0.0/16 via " + b.address)
    for ns in (r, b):
        ns.sysctl("net/ipv4/conf/all/send_redirects", 0)
    r.sysctl("net/ipv4/conf/r1/send_redirects", 0)
    b.sysctl("net/ipv4/conf/b0/send_redirects", 0)
    good = goodness(a, b)

    def round_():
        good()
        a.send(LOST, 60, "10.77.0.1", BAD)

    return Story(round_, [snmp(b, "IpInHdrErrors"), arrived(b)],
                 [Found(b, "ip", "rx", LOST, None, says=("loop",), alarm=TOLD)])


# What comes for others, because a wire brings it to all.


BROADCAST = "ff:ff:ff:ff:ff:ff"


def for_others(a, b, call_out):
    """A plain host gets what is not for it; and a protocol that it does not speak, which it loses."""
    good = goodness(a, b)
    b.ip("route add default via " + a.address)
    wrong = packets.ip4(a.address, b.address, 200, b"x" * 32).hex()

    def round_():
        good()
        call_out()
        a.frames_of("a0", truth.mac(b, "b0"), [wrong] * LOST)

    return Story(round_, [snmp(b, "IpInAddrErrors"), snmp(b, "IpInUnknownProtos"), arrived(b)],
                 [Found(b, "ip", "rx", LOST, None, says=("protocol",), alarm=TOLD),
                  Found(b, "ip", "rx", LOST, None, kind="unexplained", says=("not ours",), never=RULES)])


def two_subnets(stage, rules, bad):
    """A neighbour of a router is in another subnet, too, on the same wire, and calls out there."""
    a, r, b = stage.router()
    r.ip("route add default via " + b.address)
    a.ip("addr add 192.168.7.5/24 brd + dev a0")
    r.nft(chain(rules))
    good = goodness(a, b)

    def round_():
        good()
        a.send(bad, 60, "10.9.1.2", BAD)
        a.send(LOST, 60, "192.168.7.255", 137, broadcast=True)

    return r, b, round_


@field
def router_of_one_subnet(stage):
    """Broadcasts of the other subnet are nothing that the router's rule has dropped."""
    r, b, round_ = two_subnets(stage, "udp dport 7777 drop", 0)
    return Story(round_, [in_gap(r, LOST), arrived(b)],
                 [Found(r, "unexplained", "rx", LOST, None, kind="unexplained", off=4, told=False)])


@field
def router_of_one_subnet_and_loss(stage):
    """The same, and a rule without a counter that drops: its packets are lost, and these alone."""
    dropped = LOST + 10  # as many as no case beside this one sends martians
    r, b, round_ = two_subnets(stage, "udp dport %d drop" % BAD, dropped)
    return Story(round_, [in_gap(r, dropped + LOST), arrived(b)],
                 [Found(r, "netfilter", "rx", dropped, None, says=("rule",), never=("martian packets",), alarm=TOLD, off=12),
                  Found(r, "unexplained", "rx", LOST, None, kind="unexplained", off=12, told=False)])


class Hidden(Agent):
    """A namespace that nobody reads: no name leads there, only this process."""

    def __init__(self):
        self.process = subprocess.Popen(
            leashed(["unshare", "--net", sys.executable, os.path.join(HERE, "agent.py")]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.call("disable_ipv6")  # when it answers it is inside
        for command in ("link add h0 type veth peer name h1", "link set h0 up", "link set h1 up",
                        "addr add 10.9.0.2/24 dev h1"):
            self.tool("ip " + command)
        self.mac = json.loads(self.tool("ip -j link show h1"))[0]["address"]

    def tool(self, command):
        return run("nsenter --net=/proc/%d/ns/net %s" % (self.process.pid, command))

    def martians(self, n):
        wrong = packets.udp4("127.0.0.9", "10.9.0.2", BAD).hex()
        self.call("frames_of", "h0", self.mac, [wrong] * n)


@field
def martians_of_others(stage):
    """A namespace that is not read has martians, which the host counts; what is missed here, a rule dropped."""
    a, b = stage.pair()
    b.nft(chain("udp dport %d drop" % BAD))
    hidden = Hidden()
    send = good_and_bad(a, b)

    def round_():
        send()
        hidden.martians(3 * LOST)

    martians = Count("martians", lambda: truth.martians("src"), (3 * 3 * LOST, 10**6))
    return Story(round_, [in_gap(b), arrived(b), martians],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("rule",), never=("martian packets",), alarm=TOLD, off=6)],
                 finish=hidden.stop)


def twins(stage):
    """b has two interfaces in one network, and rp_filter is strict."""
    r, a, b = listening_bridge(stage)
    run("ip link add b1 netns %s type veth peer name pb1 netns %s" % (b.name, r.name))
    r.ip("link set pb1 master br0")
    r.ip("link set pb1 up")
    for ns, interface in ((a, "a0"), (b, "b0")):
        ns.ip("addr flush dev " + interface)
        ns.ip("addr add %s/24 brd + dev %s" % (ns.address, interface))
    b.ip("addr add 10.9.0.12/24 brd + dev b1")
    b.ip("link set b1 up")
    for interface in ("b0", "b1"):
        know(b, interface, a, "a0", a.address)
    for name in ("all", "b0", "b1"):
        b.sysctl("net/ipv4/conf/%s/rp_filter" % name, 1)
    time.sleep(0.3)
    b.reader(137)
    good = goodness(a, b)

    def round_():
        good()
        a.send(LOST, 60, "10.9.0.255", 137, broadcast=True)
    return a, b, round_


@field
def twin_interfaces(stage):
    """Of each broadcast rp_filter refuses the copy at the second interface: the first has taken it."""
    a, b, round_ = twins(stage)
    return Story(round_, [snmp(b, "TcpExtIPReversePathFilter"), arrived(b, 137, LOST), arrived(b)])


@field
def twin_interfaces_and_loss(stage):
    """The same, and datagrams from an address that is elsewhere: these are lost."""
    a, b, round_ = twins(stage)
    b.ip("route add 10.77.0.0/16 via 10.9.0.1 dev b0")
    packet = packets.udp4("10.77.0.1", "10.9.0.12", BAD).hex()
    mac = truth.mac(b, "b1")

    def both():
        round_()
        a.frames_of("a0", mac, [packet] * LOST)

    return Story(both, [snmp(b, "TcpExtIPReversePathFilter", 2 * LOST), arrived(b, 137, LOST), arrived(b)],
                 [Found(b, "ip", "rx", LOST, None, says=("reverse path",), alarm=TOLD)])


RULES = ("rule", "chain", "policy")


def machines(stage, rules):
    """Two virtual machines on a bridge on which their host, a router with rules that do not count, has no address."""
    r, a, b = listening_bridge(stage)
    o = stage.namespace("o")
    wire(r, "r0", "10.8.0.1/24", o, "o0", "10.8.0.2/24")
    r.ip("route add default via 10.8.0.2")
    r.sysctl("net/ipv4/ip_forward", 1)
    for ns, interface in ((a, "a0"), (b, "b0")):
        ns.ip("addr flush dev " + interface)
        ns.ip("addr add %s/24 brd + dev %s" % (ns.address, interface))
    know(a, "a0", b, "b0", b.address)
    r.nft(chain(rules))
    r.reader(WANTED)
    b.reader(WANTED)
    return r, a, b, o


def calling_out(r, a, b, o, bad):
    def round_():
        o.send(GOOD, 60, "10.8.0.1", WANTED)
        o.send(bad, 60, "10.8.0.1", BAD)
        a.send(GOOD, 60, b.address, WANTED)
        a.send(LOST, 60, "10.9.0.255", 137, broadcast=True)
    return round_


@field
def machines_broadcast(stage):
    """Their broadcasts come to the host, too, which is not to take them: its rule has dropped nothing."""
    r, a, b, o = machines(stage, "udp dport 7777 drop")
    return Story(calling_out(r, a, b, o, 0), [in_gap(r, LOST), arrived(r), arrived(b)],
                 [Found(r, "unexplained", "rx", LOST, None, kind="unexplained", off=4, told=False)])


@field
def machines_broadcast_and_loss(stage):
    """The same, and a rule without a counter that drops: its packets are lost, and these alone."""
    r, a, b, o = machines(stage, "udp dport %d drop" % BAD)
    return Story(calling_out(r, a, b, o, 2 * LOST), [in_gap(r, 3 * LOST), arrived(r), arrived(b)],
                 [Found(r, "netfilter", "rx", 2 * LOST, None, says=("rule",), alarm=TOLD, off=12),
                  Found(r, "unexplained", "rx", LOST, None, kind="unexplained", off=12, told=False)])


@field
def foreign_broadcast(stage):
    """Two subnets share a wire: the broadcasts of the other one are no loss; an unknown protocol beside them is."""
    a, b = stage.pair()
    a.ip("addr add 192.168.7.5/24 brd + dev a0")
    return for_others(a, b, lambda: a.send(LOST, 60, "192.168.7.255", 137, broadcast=True))


@field
def wake_on_lan(stage):
    """Wake-on-LAN for a host that sleeps, in frames to all: the same at a bridge, which brings them from anywhere."""
    _, a, b = listening_bridge(stage)
    magic = packets.udp4(a.address, "10.9.0.99", 9).hex()
    return for_others(a, b, lambda: a.frames_of("a0", BROADCAST, [magic] * LOST))


@field
def flooded_unicast(stage):
    """A cluster whose address is a group of frames (NLB): a bridge brings what is for it to all, a host included."""
    r, a, b = listening_bridge(stage)
    good = goodness(a, b)
    packet = packets.udp4(a.address, "10.9.0.50", 80).hex()

    def round_():
        good()
        a.frames_of("a0", "03:bf:0a:09:00:32", [packet] * LOST)

    return Story(round_, [snmp(r, "IpInAddrErrors"), snmp(b, "IpInAddrErrors"), arrived(b)])


@field
def router_switched_off(stage):
    """A router that has forwarded does not any more: all that is sent through it is lost."""
    a, r, b = stage.router()
    r.reader(WANTED)
    a.send(1, 60, b.address, BAD)
    time.sleep(0.2)
    r.sysctl("net/ipv4/ip_forward", 0)

    def round_():
        a.send(GOOD, 60, "10.9.1.2", WANTED)
        a.send(LOST, 60, b.address, BAD)

    return Story(round_, [snmp(r, "IpInAddrErrors"), arrived(r)],
                 [Found(r, "ip", "rx", LOST, ALL, says=("forwarding",), alarm=TOLD, off=3)])


@field
def router6_switched_off(stage):
    """The same with IPv6."""
    a, r, b = stage.router6()
    r.reader(WANTED)
    a.send(1, 60, b.address, BAD)
    time.sleep(0.2)
    r.sysctl("net/ipv6/conf/all/forwarding", 0)

    def round_():
        a.send(GOOD, 60, "fd00:1::2", WANTED)
        a.send(LOST, 60, b.address, BAD)

    return Story(round_, [snmp(r, "Ip6InAddrErrors"), arrived(r)],
                 [Found(r, "ip", "rx", LOST, ALL, says=("forwarding",), alarm=TOLD, off=6)])


# A firewall that does its job.


def ufw(ns, command="iptables-legacy"):
    for rule in ("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                 "-A INPUT -p udp --dport %d -j ACCEPT" % WANTED,
                 "-N ufw-skip", "-A INPUT -p tcp -j ufw-skip", "-A ufw-skip -j DROP"):
        ns.feature("%s -w 20 %s" % (command, rule))


@field
def scans(stage):
    """An internet host with default drop, and the usual scans: less than a tenth is no word worth."""
    a, b = stage.pair()
    ufw(b)
    good = goodness(a, b)

    def round_():
        good()
        a.scan(list(range(1000, 1008)), b.address)

    return Story(round_, [Count("rule", lambda: truth.rule(b, "ufw-skip", 1), 8), arrived(b)],
                 [Found(b, "netfilter", "rx", 8, GOOD + 8, kind="policy", says=("ufw-skip",))])


@field
def scans_many(stage):
    """The same with a quarter of the packets: a warning, and never a failure."""
    a, b = stage.pair()
    ufw(b)
    good = goodness(a, b)

    def round_():
        good()
        a.scan(list(range(1000, 1000 + LOST)), b.address)

    return Story(round_, [Count("rule", lambda: truth.rule(b, "ufw-skip", 1), LOST), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy", says=("ufw-skip",))])


@field
def scans_nft(stage):
    """nftables, inet, with a counter before its drop, and IPv6."""
    a, b = pair6(stage)
    b.nft("""table inet fw {
chain in { type filter hook input priority 0; policy accept;
ct state established,related accept
meta l4proto ipv6-icmp accept
udp dport %d accept
counter drop comment "the rest"
}
}
""" % WANTED)
    good = goodness(a, b)

    def round_():
        good()
        a.scan(list(range(1000, 1000 + LOST)), b.address)

    return Story(round_, [Count("rule", lambda: truth.nft_rule(b, "inet fw in", 4), (3 * LOST, 3 * LOST + 6)),
                          arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy", says=("inet fw in", "the rest"), off=6)])


@field
def fail2ban_counted(stage):
    """fail2ban with iptables: a banned address is refused, by a rule that counts."""
    a, b = stage.pair()
    b.listen(2222)
    b.feature("iptables-legacy -w 20 -N f2b-sshd")
    b.feature("iptables-legacy -w 20 -A INPUT -p tcp -m multiport --dports 22,2222 -j f2b-sshd")
    b.feature("iptables-legacy -w 20 -A f2b-sshd -s %s -j REJECT --reject-with icmp-port-unreachable" % a.address)
    good = goodness(a, b)

    def round_():
        good()
        a.scan([2222] * 5, b.address)

    return Story(round_, [Count("rule", lambda: truth.rule(b, "f2b-sshd", 1), 5), arrived(b)],
                 [Found(b, "netfilter", "rx", 5, GOOD + 5, kind="policy", says=("f2b-sshd",))])


# Frames of a protocol that nobody speaks here.


def lldp(ns, interface, count=LOST):
    ns.frames(count, interface, "01:80:c2:00:00:0e", 0x88cc)


@field
def lldp_frames(stage):
    """LLDP of a switch: rx_dropped that nothing explains is listed, and no more."""
    a, b = stage.pair()
    good = goodness(a, b)

    def round_():
        good()
        lldp(a, "a0")

    return Story(round_, [link(b, "b0", "rx", "dropped"), arrived(b)], never=HARDWARE)


@field
def strange_frames(stage):
    """The same with frames that nobody has heard of, of IPX and of AppleTalk, at a macvlan."""
    a, b = stage.pair()
    c = stage.namespace("c")
    b.ip("link add link b0 name mv0 type macvlan mode bridge")
    b.ip("link set mv0 netns " + c.name)
    add_address(c, "mv0", "10.9.0.3/24")
    good = goodness(a, b)
    mac = truth.mac(c, "mv0")

    def round_():
        good()
        for ethertype in (0x88b5, 0x8137, 0x809b, 0x8892):
            a.frames(LOST // 4, "a0", mac, ethertype)

    return Story(round_, [link(c, "mv0", "rx", "dropped"), arrived(b)], never=HARDWARE)


@field
def lldp_and_loss(stage):
    """A few of LLDP beside packets that are too large for this end of the wire."""
    a, b = stage.pair()
    a.ip("link set a0 mtu 9000")
    good = goodness(a, b)

    def round_():
        good()
        lldp(a, "a0", 3)
        a.send(LOST, 8000, b.address, BAD)

    return Story(round_, [link(b, "b0", "rx", "dropped", LOST + 3), link(a, "a0", "tx", "dropped"), arrived(b)],
                 [Found(b, "link", "rx", LOST, place="b0", says=("mtu", "9000", "1500"), off=9)])


# An error counter with several meanings.


def lost_acks(stage, prevent, pair=None):
    """Bare ACKs of a client are lost: its server repeats itself, and the client counts that as errors."""
    a, b = pair or stage.pair()
    prevent(a)
    b.listen(WEB)
    good = goodness(a, b)

    def round_():
        good()
        a.hold(40, b.address, WEB)

    return a, b, round_


@field
def acks_lost(stage):
    """Half of a client's ACKs are lost by chance in its own firewall: one loss, and no damaged segments."""
    a, b, round_ = lost_acks(stage, lambda a: a.feature(
        "iptables-legacy -w 20 -A OUTPUT -p tcp --tcp-flags ALL ACK -m statistic --mode random"
        " --probability 0.5 -j DROP"))
    rule = Count("rule", lambda: truth.rule(a, "OUTPUT", 1), (30, 150))
    return Story(round_, [rule, Count("challenges", lambda: truth.snmp(a, "TcpExtTCPSYNChallenge"), (1, 200))],
                 [Found(a, "netfilter", "tx", "rule", None, says=("output", "statistic"), alarm=TOLD)],
                 never=("checksum", "blind attack"), reasons=None)


@field
def acks_lost_nft(stage):
    """The same with nftables, and IPv6."""
    a, b, round_ = lost_acks(stage, lambda a: a.nft(
        "table inet t {\nchain out { type filter hook output priority 0; policy accept;\n"
        "tcp flags == ack numgen random mod 2 == 0 counter drop\n}\n}\n"), pair6(stage))
    rule = Count("rule", lambda: truth.nft_rule(a, "inet t out"), (30, 150))
    return Story(round_, [rule, Count("challenges", lambda: truth.snmp(a, "TcpExtTCPSYNChallenge"), (1, 200))],
                 [Found(a, "netfilter", "tx", "rule", None, says=("inet t out",), alarm=TOLD)],
                 never=("checksum", "blind attack"), reasons=None)


@field
def acks_lost_router(stage):
    """A router drops a client's ACKs, by a rule that is told to: its policy, and nothing at the client."""
    a, r, b = stage.router()
    r.feature("iptables-legacy -w 20 -A FORWARD -p tcp --tcp-flags ALL ACK -j DROP")
    b.listen(WEB)
    good = goodness(a, b)

    def round_():
        good()
        a.hold(40, b.address, WEB)

    rule = Count("rule", lambda: truth.rule(r, "FORWARD", 1), (120, 400))
    return Story(round_, [rule, Count("challenges", lambda: truth.snmp(a, "TcpExtTCPSYNChallenge"), (10, 400)),
                          arrived(b)],
                 [Found(r, "netfilter", "fwd", "rule", None, kind="policy", says=("forward",), alarm=PERHAPS)],
                 never=("checksum", "blind attack"), reasons=None)




# Segments that come late, or twice.


@field_of("healthy")
def late_duplicates(stage):
    """A path that repeats packets, and delivers some late: TCP throws the copies away, and has everything."""
    a, b = stage.pair()
    b.feature("tc qdisc add dev b0 root netem delay 2ms 1ms duplicate 20% reorder 20% 50%")
    talk, done = conversation(a, b, count=10, size=40000)
    return Story(talk, [all_answered(done, 10)])


# A list of queues that is long.


def many_queues(ns, count=100, bad_port=0):
    for number in range(count):
        ns.queue_judge(number, bad_port)


@field
def queues_many(stage):
    """A hundred queues with readers, one of them in use: all that it is given arrives."""
    a, b = stage.pair()
    many_queues(b)
    b.feature("iptables-legacy -w 20 -A INPUT -p udp -j NFQUEUE --queue-num 97")
    return Story(goodness(a, b), [arrived(b)], never=("nobody listens",))


@field
def queues_many_router(stage):
    """The same on a router, with all of them in use."""
    a, r, b = stage.router()
    many_queues(r)
    r.feature("iptables-legacy -w 20 -A FORWARD -p udp -j NFQUEUE --queue-balance 0:99")
    return Story(goodness(a, b), [arrived(b)], never=("nobody listens",))


@field_of("healthy")
def queues_many_v6(stage):
    """The same with IPv6."""
    a, b = pair6(stage)
    for number in range(100):
        b.queue_judge(number, 0, v6=True)
    b.feature("ip6tables-legacy -w 20 -A INPUT -p udp -j NFQUEUE --queue-num 98")
    return Story(goodness(a, b), [arrived(b)], never=("nobody listens",))


@field
def queues_many_one_dead(stage):
    """A hundred queues with readers, and a rule that asks one which has none."""
    a, b = stage.pair()
    many_queues(b)
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j NFQUEUE --queue-num 120" % BAD)
    return Story(good_and_bad(a, b), [in_gap(b), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, says=("120", "listen"), alarm=TOLD)])


# Healthy ways through a firewall, a bridge, IPVS and IPsec.


@field
def bridge_fragments(stage):
    """A bridge with br_netfilter puts fragments together for conntrack; rules without a counter have lost nothing."""
    r, a, b = listening_bridge(stage)
    r.feature("sysctl -qw net.bridge.bridge-nf-call-iptables=1")
    r.feature("iptables-legacy -w 20 -A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT")
    r.nft("table inet t {\nchain out { type filter hook output priority 0; policy accept;\nudp dport 9 drop\n}\n"
          "chain through { type filter hook forward priority 0; policy accept;\nct state invalid drop\n}\n}\n")
    b.reader(WANTED)
    return Story(lambda: a.send(GOOD, 4000, b.address, WANTED),
                 [arrived(b), snmp(r, "IpFragCreates", 3 * GOOD)])


@field
def bridge_fragments_and_scans(stage):
    """The same, while the bridge's host is scanned and its own rule drops that: a policy, and nothing else."""
    r, a, b = listening_bridge(stage)
    add_address(r, "br0", "10.9.0.254/24")
    know(a, "a0", r, "br0", "10.9.0.254")
    r.feature("sysctl -qw net.bridge.bridge-nf-call-iptables=1")
    r.feature("iptables-legacy -w 20 -A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT")
    r.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % BAD)
    r.nft("table ip t {\nchain out { type filter hook output priority 0; policy accept;\nudp dport 9 drop\n}\n}\n")
    b.reader(WANTED)
    r.reader(WANTED)

    def round_():
        a.send(GOOD, 4000, b.address, WANTED)
        a.send(LOST, 100, "10.9.0.254", BAD)
        a.send(GOOD, 100, "10.9.0.254", WANTED)

    return Story(round_, [arrived(b), arrived(r)],
                 [Found(r, "netfilter", "rx", LOST, ALL, kind="policy", says=("of ip filter input",), off=3)])


@field
def bridge_fragments_and_loss(stage):
    """The same, and the host itself sends what a rule without a counter drops: that is found."""
    r, a, b = listening_bridge(stage)
    add_address(r, "br0", "10.9.0.254/24")
    know(r, "br0", b, "b0", b.address)
    r.feature("sysctl -qw net.bridge.bridge-nf-call-iptables=1")
    r.feature("iptables-legacy -w 20 -A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT")
    r.nft("table ip t {\nchain out { type filter hook output priority 0; policy accept;\nudp dport %d drop\n}\n}\n"
          % BAD)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 4000, b.address, WANTED)
        r.send(LOST, 100, b.address, BAD)
        r.send(GOOD, 100, b.address, WANTED)

    return Story(round_, [arrived(b, each=2 * GOOD)],
                 [Found(r, "netfilter", "tx", LOST, ALL, says=("ip t out",), alarm=TOLD, off=3)])


@field
def bridge_firewall(stage):
    """Two containers on a bridge whose traffic passes iptables, conntrack and DNAT: everything arrives."""
    r, a, b = listening_bridge(stage)
    add_address(r, "br0", "10.9.0.254/24")
    r.sysctl("net/ipv4/ip_forward", 1)
    r.feature("sysctl -qw net.bridge.bridge-nf-call-iptables=1")
    for ns, end in ((a, "a0"), (b, "b0")):
        ns.ip("route add default via 10.9.0.254")
        know(ns, end, r, "br0", "10.9.0.254")
        know(r, "br0", ns, end, ns.address)
        r.ip("link set p%s type bridge_slave hairpin on" % end[0])
    for rule in ("-A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
                 "-t nat -A PREROUTING -d 10.96.0.10 -p udp --dport 53 -j DNAT --to 10.9.0.2:5003",
                 "-t nat -A POSTROUTING -s 10.9.0.0/24 -d 10.9.0.2 -p udp --dport 5003 -j MASQUERADE"):
        r.feature("iptables-legacy -w 20 " + rule)
    b.reader(WANTED)
    b.reader(5003)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(GOOD, 100, "10.96.0.10", 53)

    return Story(round_, [arrived(b), arrived(b, 5003)])


@field_of("healthy")
def ipvs(stage):
    """kube-proxy in IPVS mode: all that is for a service arrives at its pod."""
    a, r, b = stage.router()
    r.ip("addr add 10.96.0.10/32 dev lo")
    r.ipvs_add("10.96.0.10:53", ["10.9.2.2:5353"])
    r.sysctl("net/ipv4/vs/conntrack", 1)
    b.reader(5353)
    return Story(lambda: a.send(GOOD, 100, "10.96.0.10", 53), [arrived(b, 5353)])


@field_of("healthy")
def ipvs_and_loss(stage):
    """The same, and a blackhole route that other packets meet: IPVS must not hide it."""
    a, r, b = stage.router()
    r.ip("addr add 10.96.0.10/32 dev lo")
    r.ipvs_add("10.96.0.10:53", ["10.9.2.2:5353"])
    r.sysctl("net/ipv4/vs/conntrack", 1)
    r.ip("route add blackhole 10.55.0.0/16")
    b.reader(5353)

    def round_():
        a.send(GOOD, 100, "10.96.0.10", 53)
        a.send(LOST, 100, "10.55.1.1", BAD)

    return Story(round_, [arrived(b, 5353)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL, says=("blackhole",), off=3, alarm=TOLD)])


@field_of("healthy")
def ipvs_tcp(stage):
    """The same with TCP, and two pods."""
    a, r, b = stage.router()
    r.ip("addr add 10.96.0.11/32 dev lo")
    b.ip("addr add 10.9.2.3/24 dev b0")
    know(r, "r1", b, "b0", "10.9.2.3")
    r.ipvs_add("10.96.0.11:80", ["10.9.2.2:8080", "10.9.2.3:8080"], protocol=socket.IPPROTO_TCP)
    b.serve(WEB, 2000)
    done = []
    return Story(lambda: done.append(a.ask(10, "10.96.0.11", 80, 2000)), [all_answered(done, 10)])


def vrf(stage):
    """A router whose interfaces are of a VRF, and a program of its own behind one of them."""
    a, r, b = stage.router()
    r.feature("ip link add red type vrf table 10")
    r.ip("link set red up")
    for near, far, end in (("r0", a, "a0"), ("r1", b, "b0")):
        r.ip("link set %s master red" % near)
        know(r, near, far, end, far.address)
    r.sysctl("net/ipv4/udp_l3mdev_accept", 1)
    r.reader(5003)
    b.reader(WANTED)
    return a, r, b


@field_of("bridges")
def vrf_healthy(stage):
    """A VRF that forwards and delivers everything."""
    a, r, b = vrf(stage)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(GOOD, 100, "10.9.1.2", 5003)

    return Story(round_, [arrived(b), arrived(r, 5003)])


@field_of("bridges")
def vrf_blackhole(stage):
    """The same, and a blackhole route in the table of the VRF."""
    a, r, b = vrf(stage)
    r.ip("route add blackhole 10.55.0.0/16 table 10")

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, "10.55.1.1", BAD)

    return Story(round_, [in_gap(r), arrived(b)],
                 [Found(r, "ip", "rx|fwd", LOST, ALL, says=("blackhole",), off=3, alarm=TOLD)])


@field
def fragments(stage):
    """Large datagrams in fragments, which connection tracking puts together."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT")
    b.reader(WANTED)
    return Story(lambda: a.send(GOOD, 4000, b.address, WANTED),
                 [arrived(b), Count("put together", lambda: truth.snmp(b, "IpReasmOKs"), GOOD)])


@field
def fragments_v6(stage):
    """The same with IPv6 and nftables, through a router's connection tracking."""
    a, r, b = stage.router6()
    r.nft("table ip6 t {\nchain f { type filter hook forward priority 0; policy accept;\nct state new,established accept\n}\n}\n")
    b.reader(WANTED)
    return Story(lambda: a.send(GOOD, 4000, b.address, WANTED), [arrived(b)])


@field
def fragments_and_loss(stage):
    """The same, and a rule without a counter that drops other datagrams."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT")
    b.nft("table ip t {\nchain in { type filter hook input priority 10; policy accept;\nudp dport %d drop\n}\n}\n" % BAD)
    b.reader(WANTED)
    return Story(to_ports(a, b.address, size=4000), [arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, None, says=("ip t in",), off=3, alarm=TOLD)])


KEY = "0x0102030405060708090a0b0c0d0e0f1011121314151617181920212223242526"
WRONG_KEY = "0xff" + KEY[4:]
CIPHER = "enc cbc(aes) 0x000102030405060708090a0b0c0d0e0f"


def ipsec(a, b, port, key=KEY, mode="transport"):
    """What a sends to a UDP port of b goes by ESP."""
    ends = "src %s dst %s proto esp" % (a.address, b.address)
    a.feature("ip xfrm state add %s spi 0x100 mode %s auth hmac(sha256) %s %s" % (ends, mode, KEY, CIPHER))
    b.feature("ip xfrm state add %s spi 0x100 mode %s auth hmac(sha256) %s %s" % (ends, mode, key, CIPHER))
    template = "src %s dst %s proto esp mode %s" % (a.address, b.address, mode)
    a.feature("ip xfrm policy add src %s dst %s proto udp dport %d dir out tmpl %s"
              % (a.address, b.address, port, template if mode == "tunnel" else "proto esp mode transport"))
    if mode == "tunnel":
        b.feature("ip xfrm policy add src %s dst %s proto udp dport %d dir in tmpl %s"
                  % (a.address, b.address, port, template))


@field_of("gap")
def esp(stage):
    """IPsec in transport mode that works, for a part of the traffic."""
    a, b = stage.pair()
    ipsec(a, b, BAD)
    b.reader(BAD)
    return Story(good_and_bad(a, b), [arrived(b), arrived(b, BAD, LOST)])


@field_of("gap")
def esp_hides_loss(stage):
    """IPsec that works delivers twice; beside it a transparent proxy is dead, whose rule drops without a word."""
    a, b = stage.pair()
    ipsec(a, b, 5003)
    b.reader(5003)
    b.feature("iptables-legacy -w 20 -t mangle -A PREROUTING -p udp --dport %d -j TPROXY --on-port 3128" % BAD)
    send = good_and_bad(a, b)

    def round_():
        send()
        a.send(GOOD, 100, b.address, 5003)

    return Story(round_, [arrived(b), arrived(b, 5003)],
                 [Found(b, "netfilter", "rx", LOST, None, says=("tproxy",), off=3, alarm=TOLD)])


@field_of("gap")
def esp_hides_loss_v6(stage):
    """The same with IPv6, and as many packets of IPsec as are lost."""
    a, b = pair6(stage)
    ipsec(a, b, 5003)
    b.reader(5003)
    b.feature("ip6tables-legacy -w 20 -t mangle -A PREROUTING -p udp --dport %d -j TPROXY --on-port 3128" % BAD)
    send = good_and_bad(a, b)

    def round_():
        send()
        a.send(LOST, 100, b.address, 5003)

    return Story(round_, [arrived(b), arrived(b, 5003, LOST)],
                 [Found(b, "netfilter", "rx", LOST, None, says=("tproxy",), off=3, alarm=TOLD)])


@field_of("gap")
def esp_rekeyed(stage):
    """IPsec in transport mode whose states are replaced by others in the midst of traffic, again and again."""
    a, b = stage.pair()
    ipsec(a, b, BAD)
    b.reader(BAD)
    send = good_and_bad(a, b)
    spi = [0x100]

    def round_():
        send()
        for ns in (a, b):
            ns.ip("xfrm state add src %s dst %s proto esp spi %#x mode transport auth hmac(sha256) %s %s"
                  % (a.address, b.address, spi[0] + 1, KEY, CIPHER))
            ns.ip("xfrm state delete src %s dst %s proto esp spi %#x" % (a.address, b.address, spi[0]))
        spi[0] += 1
        send()

    return Story(round_, [arrived(b, WANTED, 2 * GOOD), arrived(b, BAD, 2 * LOST)])


@field_of("gap")
def esp_tunnel(stage):
    """The same in tunnel mode."""
    a, b = stage.pair()
    ipsec(a, b, BAD, mode="tunnel")
    b.reader(BAD)
    return Story(good_and_bad(a, b), [arrived(b), arrived(b, BAD, LOST)])



@field_of("healthy")
def unjoined_61(stage):
    """Groups that nobody joined, and LLDP, on Linux 6.1."""
    a, b = with_broadcast(stage)
    good, noise = goodness(a, b), noisy_neighbour(a)

    def round_():
        good()
        noise()
        lldp(a, "a0")

    return Story(round_, [in_gap(b, 2 * LOST), arrived(b)], never=HARDWARE)


@field_of("healthy")
def synproxy_61(stage):
    """SYNPROXY on Linux 6.1."""
    a, b = stage.pair()
    synproxy(b, "iptables-legacy")
    talk, done = conversation(a, b, count=10)
    return Story(talk, [all_answered(done, 10)])


@field_of("healthy")
def traceroute_61(stage):
    """Probes that die here, on Linux 6.1."""
    return traceroute(stage)


@field_of("healthy")
def martians_among_them(stage):
    """Martians in one namespace, which only the host counts: the others here have none, whatever they miss."""
    a, b = stage.pair()
    b.reader(WANTED)
    mac = truth.mac(b, "b0")
    wrong = packets.udp4("127.0.0.9", b.address, BAD).hex()

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.frames_of("a0", mac, [wrong] * LOST)

    return Story(round_, [in_gap(b), arrived(b)],
                 [Found(b, "ip|unexplained", "rx", LOST, ALL, kind="loss|unexplained", optional=True)], host=True)
