# SPDX-License-Identifier: MIT
"""The cause of a loss, by the kind of queue, socket, protocol or table that has it."""

import time

import packets
import truth
from field import (ALL, ANY, BAD, GOOD, LOST, PERHAPS, TOLD, WANTED, Count, Found, Story, arrived, field, field_of,
                   good_and_bad, pair6, snmp)
from field_devices import BURST
from field_healthy import WRONG_KEY, ipsec
from lab import add_address, run, wire

VAGUE = ("slower than what is sent", "queue is full")


# Queues.


def classful(a, root, classes, *filters):
    a.feature("tc qdisc add dev a0 root handle 1: " + root)
    for text in classes:
        a.feature("tc class add dev a0 parent 1: classid " + text)
    for text in filters:
        a.feature("tc filter add dev a0 parent 1: protocol ip prio 1 u32 match ip dport %d 0xffff flowid %s" % text)


def unclassified(stage, kind, parameters):
    """What no filter classifies is discarded, however fast the link is."""
    a, b = stage.pair()
    classful(a, kind, ["1:10 %s %s" % (kind, parameters)], (WANTED, "1:10"))
    return Story(good_and_bad(a, b),
                 [Count(kind, lambda: truth.qdisc(a, "a0", kind, "drops"), (3 * LOST, 3 * LOST + 4)), arrived(b)],
                 [Found(a, "qdisc", "tx", kind, ALL, place="a0", says=(kind, "class"), never=VAGUE)])


@field_of("causes")
def hfsc_unclassified(stage):
    """hfsc without a default class."""
    return unclassified(stage, "hfsc", "ls rate 900mbit ul rate 900mbit")


@field_of("causes")
def drr_unclassified(stage):
    """drr, which has no default class."""
    return unclassified(stage, "drr", "quantum 1500")


@field_of("causes")
def qfq_unclassified(stage):
    """qfq, which has none either."""
    return unclassified(stage, "qfq", "weight 10")


@field_of("causes")
def netem_below_prio(stage):
    """netem below prio: it loses, by its percentage, not prio."""
    a, b = stage.pair()
    a.feature("tc qdisc add dev a0 root handle 1: prio")
    a.feature("tc qdisc add dev a0 parent 1:2 handle 20: netem loss 30%")
    return leaf_loses(a, b, ("netem", "30%"), ("prio's queue", "prio: its queue") + VAGUE)


@field_of("causes")
def netem_below_htb(stage):
    """netem below htb."""
    a, b = stage.pair()
    classful(a, "htb default 10", ["1:10 htb rate 900mbit"])
    a.feature("tc qdisc add dev a0 parent 1:10 handle 10: netem loss 30%")
    return leaf_loses(a, b, ("netem", "30%"), ("shaper htb",) + VAGUE)


@field_of("causes")
def netem_twice(stage):
    """Two netem below prio, each with its percentage and its packets."""
    a, b = stage.pair()
    a.feature("tc qdisc add dev a0 root handle 1: prio")
    a.feature("tc qdisc add dev a0 parent 1:1 handle 10: netem loss 20%")
    a.feature("tc qdisc add dev a0 parent 1:2 handle 20: netem loss 30%")
    a.feature("tc filter add dev a0 parent 1: protocol ip prio 1 u32 match ip dport 5003 0xffff flowid 1:1")
    b.reader(WANTED)
    b.reader(5003)

    def round_():
        a.send(ALL, 100, b.address, WANTED)
        a.send(ALL, 100, b.address, 5003)

    return Story(round_, [Count("root", lambda: truth.qdisc(a, "a0", "prio", "drops"), (120, 400))],
                 [Found(a, "qdisc", "tx", "root", 2 * ALL, place="a0", says=("netem", "30%", "20%"), tells=("netem",),
                        never=VAGUE)])


def leaf_loses(a, b, says, never):
    b.reader(WANTED)
    return Story(lambda: a.send(ALL, 100, b.address, WANTED),
                 [Count("netem", lambda: truth.qdisc(a, "a0", "netem", "drops"), (90, 220))],
                 [Found(a, "qdisc", "tx", "netem", ALL, place="a0", says=says, never=never)])


@field_of("causes")
def shaper_is_slow(stage):
    """The twin: an htb that is too slow, with a plain queue."""
    a, b = stage.pair()
    classful(a, "htb default 10", ["1:10 htb rate 500kbit"])
    a.feature("tc qdisc add dev a0 parent 1:10 handle 10: pfifo limit 10")
    b.reader(WANTED)
    return Story(lambda: a.send(BURST, 900, b.address, WANTED),
                 [Count("htb", lambda: truth.qdisc(a, "a0", "htb", "drops"), (60, 180))],
                 [Found(a, "qdisc", "tx", "htb", BURST, place="a0", says=("htb|pfifo",),
                        never=("class matches", "no class"))])


@field
def htb_slow(stage):
    """An htb of 1 Mbit/s on this kernel."""
    a, b = stage.pair()
    classful(a, "htb default 10", ["1:10 htb rate 1mbit"])
    a.feature("tc qdisc add dev a0 parent 1:10 handle 10: pfifo limit 10")
    b.reader(WANTED)
    return Story(lambda: a.send(BURST, 900, b.address, WANTED),
                 [Count("htb", lambda: truth.qdisc(a, "a0", "htb", "drops"), (60, 180))],
                 [Found(a, "qdisc", "tx", "htb", BURST, place="a0", says=("htb|pfifo",),
                        never=("class matches", "no class"))])


@field
def qdisc_blackhole(stage):
    """A qdisc that drops all, at an interface of its own."""
    a, b = stage.pair()
    wire(a, "a1", "10.8.0.1/24", stage.namespace("c"), "c0", "10.8.0.2/24")
    a.feature("tc qdisc add dev a1 root handle 7: blackhole")
    b.reader(WANTED)
    return Story(lambda: (a.send(GOOD, 100, b.address, WANTED), a.send(LOST, 60, "10.8.0.2", BAD)),
                 [Count("blackhole", lambda: truth.qdisc(a, "a1", "blackhole", "drops"), LOST), arrived(b)],
                 [Found(a, "qdisc", "tx", LOST, LOST, place="a1", says=("qdisc blackhole",), never=VAGUE)])


@field_of("causes")
def qdisc_blackhole_leaf(stage):
    """The same below a prio: one band is lost, and where it stands is told."""
    a, b = stage.pair()
    classful(a, "prio bands 3 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", [], (BAD, "1:3"))
    a.feature("tc qdisc add dev a0 parent 1:3 handle 30: blackhole")
    return Story(good_and_bad(a, b), [Count("prio", lambda: truth.qdisc(a, "a0", "prio", "drops"), LOST), arrived(b)],
                 [Found(a, "qdisc", "tx", LOST, ALL, place="a0", says=("qdisc blackhole", "parent 1:3"),
                        never=VAGUE)])


# Addresses and ports that run out.


def ports_gone(stage, command, target, v6=False):
    """The source ports of a masquerade run out, while the table of connections is nearly empty."""
    a, r, b = stage.router6() if v6 else stage.router()
    if command:
        r.feature("%s -t nat -A POSTROUTING -o r1 -p udp --dport 53 -j %s" % (command, target))
    else:
        r.nft("table %s t {\nchain post { type nat hook postrouting priority srcnat; policy accept;\n"
              "%s\n}\n}\n" % ("ip6" if v6 else "ip", target))
    b.reader(53)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.flow_each(LOST + 20, 20, b.address, 53)

    return Story(round_, [Count("dropped", lambda: truth.conntrack(r, "drop"), (3 * LOST, 3 * LOST + 60)), arrived(b)],
                 [Found(r, "conntrack", "all", "dropped", None,
                        says=("port", " ip6tables-save" if v6 else " iptables-save"), tells=("port",),
                        never=("table is full", " iptables-save" if v6 else "ip6tables-save"))])


@field
def masquerade_ports(stage):
    """iptables: MASQUERADE with twenty ports."""
    return ports_gone(stage, "iptables-legacy -w 20", "MASQUERADE --to-ports 40000-40019")


@field
def snat_ports(stage):
    """iptables: SNAT to one address and twenty ports."""
    return ports_gone(stage, "iptables-legacy -w 20", "SNAT --to-source 10.9.2.1:40000-40019")


@field
def masquerade_ports_nft(stage):
    """nftables."""
    return ports_gone(stage, "", "oifname r1 udp dport 53 masquerade to :40000-40019")


@field
def masquerade_ports_v6(stage):
    """nftables, IPv6."""
    return ports_gone(stage, "", "oifname r1 udp dport 53 masquerade to :40000-40019", v6=True)


@field
def snat_ports_v6(stage):
    """ip6tables: SNAT to one address and twenty ports."""
    return ports_gone(stage, "ip6tables-legacy -w 20", "SNAT --to-source [fd00:2::1]:40000-40019", v6=True)


# Sockets.


def two_causes(stage, v6=False):
    a, b = pair6(stage) if v6 else stage.pair()
    b.deaf_udp(BAD, v6=v6)
    a.send(60, 100, b.address, BAD)  # from here on it is full
    b.reader(WANTED)
    return a, b


@field
def udp_two_causes(stage):
    """A full receive buffer and wrong checksums: both, each with its packets."""
    a, b = two_causes(stage)
    mac = truth.mac(b, "b0")
    wrong = packets.udp4(a.address, b.address, WANTED, spoil=1).hex()

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, b.address, BAD)
        a.frames_of("a0", mac, [wrong] * 20)

    return Story(round_, [snmp(b, "UdpRcvbufErrors"), snmp(b, "UdpInCsumErrors", 20), arrived(b)],
                 [Found(b, "udp", "rx", LOST + 20, ALL + 20, says=("receive buffer", str(BAD), "checksum"),
                        tells=("receive buffer",))])


@field
def udp_three_causes(stage):
    """A full buffer, wrong checksums, and a socket whose filter wants nothing."""
    a, b = two_causes(stage)
    b.filtered_udp(5003)
    mac = truth.mac(b, "b0")
    wrong = packets.udp4(a.address, b.address, WANTED, spoil=1).hex()

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, b.address, BAD)
        a.send(30, 100, b.address, 5003)
        a.frames_of("a0", mac, [wrong] * 20)

    return Story(round_, [snmp(b, "UdpRcvbufErrors"), snmp(b, "UdpInCsumErrors", 20), arrived(b)],
                 [Found(b, "udp", "rx", LOST + 50, ALL + 50, says=("receive buffer", str(BAD), "checksum", "filter"),
                        tells=("receive buffer",))])


@field
def udp_two_sockets(stage):
    """IPv6: two full sockets and one that is read."""
    a, b = two_causes(stage, v6=True)
    b.deaf_udp(5003, v6=True)
    a.send(60, 100, b.address, 5003)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, b.address, BAD)
        a.send(20, 100, b.address, 5003)

    return Story(round_, [snmp(b, "Udp6RcvbufErrors", LOST + 20), arrived(b)],
                 [Found(b, "udp", "rx", LOST + 20, ALL + 20, says=("receive buffer", str(BAD)))])


@field
def udp_filter(stage):
    """A filter of the socket rejects: that is what is left when nothing else counted."""
    a, b = stage.pair()
    b.filtered_udp(BAD)
    return Story(good_and_bad(a, b), [snmp(b, "UdpInErrors"), arrived(b)],
                 [Found(b, "udp", "rx", LOST, ALL, says=("filter", str(BAD)), never=("checksum", "memory"),
                        alarm=TOLD)])


@field
def udp_filter_v6(stage):
    """The same with IPv6."""
    a, b = pair6(stage)
    b.filtered_udp(BAD, v6=True)
    return Story(good_and_bad(a, b), [snmp(b, "Udp6InErrors"), arrived(b)],
                 [Found(b, "udp", "rx", LOST, ALL, says=("filter", str(BAD)), never=("checksum", "memory"),
                        alarm=TOLD)])


@field
def udp_bundles(stage):
    """Datagrams that come in bundles (GRO) for a reader that sleeps: its port, and a share that is right."""
    a, b = stage.pair()
    b.feature("ethtool -K b0 gro on rx-udp-gro-forwarding on")
    b.bundle_reader(4433, 60000)
    a.bundles(20, 10, 1200, b.address, 4433)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.bundles(LOST, 10, 1200, b.address, 4433)

    return Story(round_, [snmp(b, "UdpRcvbufErrors", None), arrived(b)],
                 [Found(b, "udp", "rx", "%s UdpRcvbufErrors" % b.name, None, says=("receive buffer", "4433"))])


@field
def udp6_no_checksum(stage):
    """A tunnel sends UDP over IPv6 without a checksum, and IPv6 wants one."""
    a, b = pair6(stage)
    for ns, end, far, more in ((a, "a0", b, "udp6zerocsumtx"), (b, "b0", a, "")):
        ns.ip("link add vx0 type vxlan id 7 local %s remote %s dstport 4789 dev %s %s" % (ns.address, far.address, end,
                                                                                          more))
        ns.sysctl("net/ipv6/conf/vx0/disable_ipv6", 1)
    add_address(a, "vx0", "10.99.0.1/24")
    add_address(b, "vx0", "10.99.0.2/24")
    a.ip("neigh replace 10.99.0.2 lladdr %s dev vx0 nud permanent" % truth.mac(b, "vx0"))
    time.sleep(1)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 100, "10.99.0.2", BAD)

    return Story(round_, [snmp(b, "Udp6InCsumErrors"), arrived(b)],
                 [Found(b, "udp", "rx", LOST, ALL, says=("checksum",))])


@field
def raw_full(stage):
    """A raw socket that nobody reads is full."""
    return raw_socket(stage, *stage.pair())


@field
def raw_full_v6(stage):
    """The same with IPv6."""
    return raw_socket(stage, *pair6(stage), v6=True)


def raw_socket(stage, a, b, v6=False):
    b.deaf_raw(222, v6=v6)
    a.raw(20, 500, b.address, 222)
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.raw(LOST, 500, b.address, 222)

    return Story(round_, [Count("/proc/net/raw", lambda: raw_drops(b, v6), LOST), arrived(b)],
                 [Found(b, "socket|ip", "rx", LOST, ALL, says=("raw", "222"),
                        never=("load the module", "load the protocol"), alarm=TOLD)])


def raw_drops(ns, v6):
    lines = ns.tool("cat /proc/net/raw" + ("6" if v6 else "")).splitlines()[1:]
    return sum(int(line.split()[-1]) for line in lines)


@field
def raw_two(stage):
    """Two raw sockets are full: both are told."""
    a, b = stage.pair()
    b.deaf_raw(150)
    b.deaf_raw(151)

    def round_():
        a.raw(LOST, 500, b.address, 150)
        a.raw(30, 500, b.address, 151)

    return Story(round_, [snmp(b, "IpInUnknownProtos", (150, 3 * (LOST + 30)))],
                 [Found(b, "ip", "rx", "%s IpInUnknownProtos" % b.name, None,
                        says=("raw socket of protocol 150", "so is that of 151"))])


@field
def listeners_full(stage):
    """Two listeners whose programs never accept: both are told."""
    a, b = stage.pair()
    b.deaf_listener(6001, backlog=1)
    b.deaf_listener(6002, backlog=1)

    def round_():
        a.dial(10, b.address, 6001)
        a.dial(10, b.address, 6002)

    name = "TcpExtListenDrops"
    return Story(round_, [snmp(b, name, (40, 4000))],
                 [Found(b, "tcp", "listen", "%s %s" % (b.name, name), None, says=("6001", "6002", "of 1"),
                        tells=("accept queue",), off=400)])


@field
def no_protocol(stage):
    """The twin: an IP protocol that nobody handles is no full socket."""
    a, b = stage.pair()
    b.reader(WANTED)

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.raw(LOST, 500, b.address, 223)

    return Story(round_, [snmp(b, "IpInUnknownProtos"), arrived(b)],
                 [Found(b, "ip", "rx", LOST, ALL, says=("protocol",), never=("is full", "socket 222"), alarm=TOLD)])


@field
def sniffer_full(stage):
    """A sniffer that does not keep up loses its copies, and nobody's packets."""
    a, b = stage.pair()
    b.deaf_packet()
    b.reader(WANTED)
    return Story(lambda: a.send(ALL, 100, b.address, WANTED), [arrived(b, each=ALL)],
                 [Found(b, "socket", "rx|all", 0, kind="loss|unexplained|policy", off=99999,
                        says=("packet|sniff|capture",),
                        optional=True, alarm=PERHAPS)])


# Protocols.


@field
def headers_damaged(stage):
    """Headers with a wrong checksum are damaged; no packet goes round in circles."""
    a, b = stage.pair()
    b.reader(WANTED)
    mac = truth.mac(b, "b0")
    wrong = packets.ip4(a.address, b.address, packets.UDP, b"x" * 40, spoil=1).hex()

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.frames_of("a0", mac, [wrong] * LOST)

    return Story(round_, [snmp(b, "IpInHdrErrors"), snmp(b, "IpExtInCsumErrors"), arrived(b)],
                 [Found(b, "ip", "rx", LOST, ALL, says=("checksum",), never=("loop",))])


@field
def headers_and_traceroute(stage):
    """Damaged headers beside probes that die: only the first are lost."""
    a, r, b = stage.router()
    b.reader(WANTED)
    mac = truth.mac(r, "r0")
    wrong = packets.ip4(a.address, b.address, packets.UDP, b"x" * 40, spoil=1).hex()

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.send(LOST, 60, b.address, 33434, ttl=1)
        a.frames_of("a0", mac, [wrong] * LOST)

    return Story(round_, [snmp(r, "IpInHdrErrors", 2 * LOST), snmp(r, "IpExtInCsumErrors"), arrived(b)],
                 [Found(r, "ip", "rx", LOST, None, says=("checksum",), never=("loop",))], reasons=2 * LOST)


@field_of("causes")
def esp_wrong_key(stage):
    """IPsec whose ends have different keys."""
    a, b = stage.pair()
    ipsec(a, b, BAD, WRONG_KEY)
    return Story(good_and_bad(a, b), [arrived(b), Count("xfrm", lambda: truth.ipsec(b, "XfrmInStateProtoError"), LOST)],
                 [Found(b, "xfrm", "rx", LOST, None, says=())])


@field_of("causes")
def esp_no_state(stage):
    """A policy wants IPsec, and nobody has agreed on a key."""
    a, b = stage.pair()
    a.feature("ip xfrm policy add src %s dst %s proto udp dport %d dir out tmpl proto esp mode transport"
              % (a.address, b.address, BAD))
    return Story(good_and_bad(a, b), [arrived(b), Count("xfrm", lambda: truth.ipsec(a, "XfrmOutNoStates"), LOST)],
                 [Found(a, "xfrm", "tx", LOST, ALL, says=("policy", "state"))])


# Next hops that do not answer.


def lonely(stage, names="cd", network="10.8.0"):
    """A wire with a dead address on it."""
    c, d = (stage.namespace(name) for name in names)
    run("ip link add %s0 netns %s type veth peer name %s0 netns %s" % (names[0], c.name, names[1], d.name))
    add_address(c, names[0] + "0", network + ".1/24")
    add_address(d, names[1] + "0", network + ".2/24")
    return c, d


def unresolved(ns, lost, total=None, **how):
    return Found(ns, "neigh", "tx|fwd", lost, total, says=("answer|resolve",), never=("carrier",), alarm=ANY, off=lost,
                 **how)


@field
def dead_neighbour(stage):
    """A router's next hop is dead, beside a rule that drops: each has its own."""
    a, r, b = stage.router()
    r.feature("iptables-legacy -w 20 -A FORWARD -p udp --dport %d -j DROP" % BAD)
    send = good_and_bad(a, b)
    dead = iter(range(77, 200))

    def round_():
        send()
        a.send(20, 100, "10.9.2.%d" % next(dead), 5003)

    return Story(round_, [Count("rule", lambda: truth.rule(r, "FORWARD", 1), LOST), arrived(b)],
                 [Found(r, "netfilter", "fwd", LOST, ALL + 20, kind="policy", says=("forward",)),
                  unresolved(r, 20)], after=4, host=True)


@field
def dead_neighbour_alone(stage):
    """The same without the rule, and IPv6."""
    a, r, b = stage.router6()
    send = good_and_bad(a, b, bad=0)
    dead = iter(range(77, 99))

    def round_():
        send()
        a.send(20, 100, "fd00:2::%d" % next(dead), 5003)

    return Story(round_, [arrived(b)], [unresolved(r, 20)], after=4, host=True)


@field
def dead_elsewhere(stage):
    """Fragments that stay alone here, and a dead next hop in another namespace: each tells of its own."""
    a, b = stage.pair()
    c, _ = lonely(stage)
    b.sysctl("net/ipv4/ipfrag_time", 1)
    b.reader(WANTED)
    mac = truth.mac(b, "b0")
    ident = iter(range(1, 60000))
    dead = iter(range(77, 200))

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        a.frames_of("a0", mac, [packets.ip4(a.address, b.address, packets.UDP, b"x" * 64, next(ident),
                                            packets.MORE_FRAGMENTS).hex()
                                for _ in range(LOST)])
        c.send(20, 100, "10.8.0.%d" % next(dead), 5003)

    return Story(round_, [snmp(b, "IpReasmTimeout"), arrived(b)],
                 [Found(b, "ip", "rx", LOST, None, says=("fragment|reassembl",),
                        never=("neighbour", "does not answer", "does not resolve")),
                  unresolved(c, 20)], after=4, host=True)


@field
def dead_no_carrier(stage):
    """The other end of a veth is down, and the route over it is used all the same: that end is named."""
    a, b = stage.pair()
    c, d = lonely(stage)
    d.ip("link set d0 down")
    b.reader(WANTED)
    dead = iter(range(77, 200))

    def round_():
        a.send(GOOD, 100, b.address, WANTED)
        c.send(20, 100, "10.8.0.%d" % next(dead), 5003)

    requests = dict(lost=3, total=None, says=("d0 is down",), alarm=ANY, off=9, optional=True)  # of ARP
    return Story(round_, [arrived(b)],
                 [Found(c, "neigh", "tx", 20, None, says=("c0 has no carrier, its peer d0 is down",), alarm=ANY, off=20),
                  Found(c, "link", "tx", place="c0", **requests), Found(d, "link", "rx", place="d0", **requests)],
                 after=4, host=True)


@field
def dead_rejecting(stage):
    """A namespace that refuses with ICMP, by a rule, has no dead next hop: that is another one's."""
    a, b = stage.pair()
    c, _ = lonely(stage)
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j REJECT" % BAD)
    send = good_and_bad(a, b)
    dead = iter(range(77, 200))

    def round_():
        send()
        c.send(20, 100, "10.8.0.%d" % next(dead), 5003)

    return Story(round_, [Count("rule", lambda: truth.rule(b, "INPUT", 1), LOST), arrived(b)],
                 [Found(b, "netfilter", "rx", LOST, ALL, kind="policy", says=("input",)),
                  unresolved(c, 20)], after=4, host=True)


@field_of("hostwide")
def burst_unresolved(stage):
    """A burst to a next hop that does not answer: its queue is full, which only the host counts."""
    c, _ = lonely(stage)
    dead = iter(range(77, 200))

    def round_():
        c.send(600, 1000, "10.8.0.%d" % next(dead), 5003)

    return Story(round_, [], [Found(c, "neigh", "tx", 600, None, says=("answer|resolve",), off=1600, alarm=ANY)],
                 after=4, host=True)


@field
def arp_filtered(stage):
    """A filter drops the answers of ARP: nobody answers, and a rule of family arp dropped."""
    c, d = lonely(stage)
    c.nft("table arp f {\nchain in { type filter hook input priority 0; policy accept;\n"
          "arp operation reply counter drop comment \"only known\"\n}\n}\n")

    def round_():
        c.send(LOST, 100, "10.8.0.2", BAD)

    return Story(round_, [Count("rule", lambda: truth.nft_rule(c, "arp f in"), (1, 60))],
                 [Found(c, "neigh", "tx", LOST, None, says=("answer|resolve",), off=3 * LOST, alarm=ANY),
                  Found(c, "netfilter", "rx", 3, None, kind="policy", off=60, says=("arp f in",), alarm=PERHAPS)],
                 after=4, host=True)
