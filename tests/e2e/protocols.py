# SPDX-License-Identifier: MIT
"""What IP, ICMP, UDP and TCP lose, and what only looks like a loss."""

import itertools
import os
import time

import packets
import truth
from cases import (ALL, GOOD, GOOD_PORT, LOST, LOST_PORT, TCP_PORT, case, check_received,
                   mismatched_pair, snmp_series)
from daemon import HEARTBEAT
from lab import Failure, Skip, add_address, wait_until
from watch import PERCENT_TOLERANCE, Alert, Series, Share, policy

WAIT = 0.6  # seconds, for timers of TCP
MUCH = 10 ** 6  # for a count that only has a lower bound


def send(ns, interface, mac, some):
    """IP packets of one version, as they are."""
    ns.packets(interface, mac, packets.ethertype(some[0]), [packet.hex() for packet in some])


def counted(ns, counter, layer, kernel_name, least):
    """A counter that must move by no less than that in all."""
    return snmp_series(ns, counter, layer, kernel_name)._replace(lost=(least, MUCH))


def good_and_wrong(a, b, wrong):
    """One burst: good datagrams, and as many packets built by hand as are lost."""
    b.sink(GOOD_PORT)
    mac = truth.mac(b, "b0")

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        send(a, "a0", mac, [wrong] * LOST)

    return burst


def lose(stage, series, burst, ratio, words, sent=ALL, reasons=True):
    """Bursts that must show in a ratio of the namespace and cause one alarm there."""
    place = series[0].place
    with stage.watch(series) as watch:
        watch.bursts(burst)
        watch.check([Share(place, "percent-" + ratio, series[0], sent)], [Alert(place, ratio, words)],
                    reasons=reasons)


def be_silent(stage, burst, series=(), bursts=4, may_rise=(), reasons=True):
    """Bursts that cause no alarm, and no ratio above 0."""
    with stage.watch(series) as watch:
        watch.bursts(burst, bursts)
        watch.check(reasons=reasons)
        check_no_share(watch, may_rise)


def check_no_share(watch, may_rise=()):
    for ns in watch.namespaces if watch.daemon else ():
        for place in watch.daemon.places("@" + ns.name):
            for series in watch.daemon.series(place):
                worst = max(v for _, v in watch.daemon.values(place, series))
                if series.startswith("percent-") and worst > 0 and series not in may_rise:
                    raise Failure("%s/%s rose to %g" % (place, series, worst))


def expect_refused(refused, expected):
    if refused != expected:
        raise Failure("the kernel refused %d packets, not %d" % (refused, expected))


def keep_order(*namespaces):
    """Keeps TCP from sending again what is only late: two CPUs mix up the order of
    packets, and a probe for a lost tail is no more than a guess."""
    for ns in namespaces:
        ns.stay(min(os.sched_getaffinity(0)))
        ns.sysctl("net/ipv4/tcp_early_retrans", 0)


# Link.


@case
def A3(stage):
    """TCP agrees on the smaller MTU of a veth: nothing is lost, with and without TSO."""
    a, b = mismatched_pair(stage)
    keep_order(a, b)
    b.tcp_sink(TCP_PORT)
    size = 4 << 20

    def burst():
        for offload in ("off", "on"):
            a.tool("ethtool -K a0 tso %s gso %s" % (offload, offload))
            a.tcp_send(size, b.address, TCP_PORT)

    be_silent(stage, burst, bursts=3)
    wait_until("all bytes", lambda: b.count_received(TCP_PORT) >= 6 * size, 2)
    if truth.link(a, "a0", "tx", "dropped") or truth.link(b, "b0", "rx", "dropped"):
        raise Failure("the kernel dropped packets")


# IP.


@case
def A7(stage):
    """The interface to the destination is down."""
    a, b = stage.pair()
    a.sink(GOOD_PORT)
    a.ip("link set a0 down")

    def burst():
        a.udp(GOOD, 200, "127.0.0.1", GOOD_PORT)
        expect_refused(a.udp(LOST, 200, b.address, LOST_PORT), LOST)

    lose(stage, [snmp_series(a, "OutNoRoutes", "ip", "IpOutNoRoutes")], burst, "ip-tx",
         ("no route", "interface is down"), reasons=0)


@case
def D2(stage):
    """Routes that refuse: the sender is told, and nothing is counted."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    for n, kind in enumerate(("blackhole", "unreachable", "prohibit")):
        a.ip("route add %s 10.99.%d.0/24" % (kind, n))

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        for n in range(3):
            expect_refused(a.udp(LOST, 200, "10.99.%d.1" % n, LOST_PORT), LOST)

    with stage.watch() as watch:
        watch.bursts(burst)
        watch.settle()
        watch.check_silent()
        watch.check_only_heartbeats()


@case
def D3(stage):
    """A router that knows no route for what it has to forward."""
    a, r, b = stage.router()
    b.sink(GOOD_PORT)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, "10.99.0.1", LOST_PORT)

    lose(stage, [snmp_series(r, "InNoRoutes", "ip", "IpExtInNoRoutes")], burst, "ip-rx",
         ("no route to forward",))


@case
def D5(stage):
    """Packets for somebody else reach a host that does not forward."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    a.ip("route add 10.99.0.0/24 via %s" % b.address)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, "10.99.0.1", LOST_PORT)

    lose(stage, [snmp_series(b, "InAddrErrors", "ip", "IpInAddrErrors")], burst, "ip-rx",
         ("not ours", "forwarding is off"))


@case
def D9(stage):
    """A wrong checksum in the IP header: counted twice, lost once."""
    a, b = stage.pair()
    wrong = packets.ip4(a.address, b.address, packets.UDP, b"x" * 32, spoil=1)
    series = [snmp_series(b, "InHdrErrors", "ip", "IpInHdrErrors"),
              snmp_series(b, "InCsumErrors", "ip", "IpExtInCsumErrors")]
    lose(stage, series, good_and_wrong(a, b, wrong), "ip-rx", ("checksum", "corrupted"))


@case
def D11(stage):
    """A protocol above IP that nobody handles."""
    a, b = stage.pair()
    wrong = packets.ip4(a.address, b.address, 200, b"x" * 32)
    lose(stage, [snmp_series(b, "InUnknownProtos", "ip", "IpInUnknownProtos")],
         good_and_wrong(a, b, wrong), "ip-rx", ("no protocol of the kernel", "IP protocol number"))


@case
def D14(stage):
    """The sender learns the MTU of the path: one packet is the price."""
    a, r, b = stage.router()
    r.ip("link set r1 mtu 1000")
    b.sink(GOOD_PORT)
    with stage.watch() as watch:
        watch.bursts(lambda: a.udp(GOOD, 1400, b.address, GOOD_PORT))
        watch.settle()
        watch.check_silent()
        failed = truth.snmp(r, "IpFragFails")
        if not 1 <= failed <= 3:
            raise Failure("%d packets were too big, not the first alone" % failed)
        check_received(b, GOOD * watch.bursts_sent - failed)


@case
def D15(stage):
    """The same where nobody tells the sender: TCP hangs, its router names the MTU.

    The firewall that drops the router's ICMP is a loss of its own.
    """
    a, r, b = stage.router()
    r.ip("link set r1 mtu 1000")
    r.feature("iptables-legacy -w 20 -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP")
    b.tcp_sink(TCP_PORT)

    def burst():
        a.connect(10, b.address, TCP_PORT)
        a.talk(5000)
        time.sleep(WAIT)

    too_big = counted(r, "FragFails", "ip", "IpFragFails", 100)
    unsaid = Series(r.place(), "ipt_packets-netfilter-ip.filter.OUTPUT.drop",
                    lambda: truth.rule(r, "OUTPUT", 1), (100, MUCH))
    late = counted(a, "TCPTimeouts", "tcp", "TcpExtTCPTimeouts", 50)
    again = counted(a, "RetransSegs", "tcp", "TcpRetransSegs", 50)
    with stage.watch([too_big, unsaid, late, again]) as watch:
        watch.bursts(burst)
        a.hang_up()
        watch.check(alerts=[Alert(r.place(), "ip-fwd", ("MTU",)),
                            policy(r.place(), "netfilter-tx", ("OUTPUT", "rule 1"))])
    if truth.snmp(a, "IcmpInDestUnreachs"):
        raise Failure("the sender was told")


@case
def D18(stage):
    """Fragments that overlap: their datagram is given up."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    mac = truth.mac(b, "b0")

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        send(a, "a0", mac, [packets.ip4(a.address, b.address, packets.UDP, b"x" * 64, ident, fragment)
                            for ident in range(LOST) for fragment in (packets.MORE_FRAGMENTS, 32)])

    series = [snmp_series(b, "ReasmFails", "ip", "IpReasmFails"),
              snmp_series(b, "ReasmOverlaps", "ip", "IpExtReasmOverlaps")]
    lose(stage, series, burst, "ip-rx", ("fragments that overlap",), GOOD + 2 * LOST)


@case
def D19(stage):
    """No memory to put fragments together."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    for limit in ("low", "high"):
        b.sysctl("net/ipv4/ipfrag_%s_thresh" % limit, 20000)
    mac = truth.mac(b, "b0")
    idents = itertools.count()

    def first_fragments():
        send(a, "a0", mac, [packets.ip4(a.address, b.address, packets.UDP, b"x" * 64, ident,
                                        packets.MORE_FRAGMENTS) for ident in itertools.islice(idents, LOST)])

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        first_fragments()

    first_fragments()  # from here on the memory is used up, for 30 seconds
    lose(stage, [snmp_series(b, "ReasmFails", "ip", "IpReasmFails")], burst, "ip-rx",
         ("fragments", "memory"))


# IPv6.


def lose6(stage, wrong, where, series, words, ratio="ip-rx"):
    """wrong(a, b): the packet that the router or b cannot use."""
    a, r, b = stage.router6()
    b.sink(GOOD_PORT, v6=True)
    mac = truth.mac(r, "r0")
    loser = {"r": r, "b": b}[where]

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        send(a, "a0", mac, [wrong(a, b)] * LOST)

    lose(stage, [snmp_series(loser, name, "ip", name) for name in series], burst, ratio, words)


@case
def D21_no_route(stage):
    """IPv6: a router without a route."""
    lose6(stage, lambda a, b: packets.ip6(a.address, "fd00:99::1", packets.UDP, b"x" * 32), "r",
          ["Ip6InNoRoutes"], ("no route to forward",))


@case
def D21_hop_limit(stage):
    """IPv6: the hop limit ends at the router, which says so: traceroute at work, and no loss."""
    a, r, b = stage.router6()
    b.sink(GOOD_PORT, v6=True)
    mac = truth.mac(r, "r0")
    probe = packets.ip6(a.address, b.address, packets.UDP, b"x" * 32, hop_limit=1)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        send(a, "a0", mac, [probe] * LOST)

    be_silent(stage, burst, reasons=4 * LOST)
    if truth.snmp(r, "Ip6InHdrErrors") < 4 * LOST:
        raise Failure("the packets did not die here")


@case
def D21_next_header(stage):
    """IPv6: a protocol that nobody handles."""
    lose6(stage, lambda a, b: packets.ip6(a.address, b.address, 200, b"x" * 32), "b",
          ["Ip6InUnknownProtos"], ("no protocol of the kernel",))


@case
def D21_blackhole(stage):
    """IPv6: a router's black hole has no counter: the balance of IP shows it, the routes explain it."""
    a, r, b = stage.router6()
    b.sink(GOOD_PORT, v6=True)
    r.ip("route add blackhole fd00:99::/64")
    before = missing6(a, b)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, "fd00:99::1", LOST_PORT)

    lost = Series(r.place(), "packets-ip-Ip6in_gap", lambda: missing6(a, b) - before, LOST)
    lose(stage, [lost], burst, "ip-rx", ("between IP input and delivery", "route blackhole fd00:99::/64"))


def missing6(a, b):
    """Datagrams that a sent and b did not get: what routers say among themselves is none."""
    return truth.snmp(a, "Udp6OutDatagrams") - truth.snmp(b, "Udp6InDatagrams")


# ICMP.


@case
def D22(stage):
    """A wrong checksum in an ICMP message."""
    a, b = stage.pair()
    wrong = packets.echo4(a.address, b.address, spoil=1)
    mac = truth.mac(b, "b0")

    def burst():
        if a.ping(GOOD, b.address) != GOOD:
            raise Failure("pings were not answered")
        send(a, "a0", mac, [wrong] * LOST)

    series = [snmp_series(b, "InCsumErrors", "icmp", "IcmpInCsumErrors"),
              snmp_series(b, "InErrors", "icmp", "IcmpInErrors")]
    lose(stage, series, burst, "icmp-rx", ("checksum",))


@case
def D23(stage):
    """Pings that are ignored on purpose are not lost."""
    a, b = stage.pair()
    b.sysctl("net/ipv4/icmp_echo_ignore_all", 1)
    burst = good_and_wrong(a, b, packets.echo4(a.address, b.address))
    be_silent(stage, burst)
    if truth.snmp(b, "IcmpInEchos") < 4 * LOST or truth.snmp(b, "IcmpOutEchoReps"):
        raise Failure("the kernel did not ignore %d pings" % (4 * LOST))


# UDP.


@case
def E3(stage):
    """A wrong checksum in a UDP datagram."""
    a, b = stage.pair()
    wrong = packets.udp4(a.address, b.address, GOOD_PORT, spoil=1)
    series = [snmp_series(b, "InErrors", "udp", "UdpInErrors"),
              snmp_series(b, "InCsumErrors", "udp", "UdpInCsumErrors")]
    lose(stage, series, good_and_wrong(a, b, wrong), "udp-rx", ("checksum", "corrupted"))


@case
def E6(stage):
    """A program that does not wait for its small send buffer is told so: graphed, no loss."""
    a, b = stage.pair()
    a.feature("tc qdisc add dev a0 root tbf rate 8mbit burst 4kb limit 1000000")
    b.sink(GOOD_PORT)
    told = [0]

    def burst():
        told[0] += a.hasty(ALL, 1000, b.address, GOOD_PORT, 1)

    series = [counted(a, "SndbufErrors", "udp", "UdpSndbufErrors", 2 * ALL),
              counted(a, "OutDiscards", "ip", "IpOutDiscards", 2 * ALL)]
    be_silent(stage, burst, series)
    if not truth.snmp(a, "UdpSndbufErrors") == truth.snmp(a, "IpOutDiscards") == told[0]:
        raise Failure("the program was told %d times, the kernel counted %d and %d" % (
            told[0], truth.snmp(a, "UdpSndbufErrors"), truth.snmp(a, "IpOutDiscards")))
    if truth.qdisc(a, "a0", "tbf", "drops"):
        raise Failure("the shaper dropped, too")


# TCP.


@case
def E9(stage):
    """More connections are wanted than remembered, and SYN cookies save them."""
    a, b = stage.pair()
    b.deaf_listener(TCP_PORT, 1)
    b.sysctl("net/ipv4/tcp_synack_retries", 0)
    b.ip("route add 10.98.0.0/24 via %s" % a.address)
    a.ip("route add local 10.98.0.0/24 dev lo")
    a.feature("ip rule add from 10.98.0.0/24 blackhole")  # it would reset what it did not ask for
    mac = truth.mac(b, "b0")
    ports = itertools.count(1024)

    def burst():
        send(a, "a0", mac, [packets.syn4("10.98.0.1", b.address, TCP_PORT, port)
                            for port in itertools.islice(ports, LOST)])

    be_silent(stage, burst, [counted(b, "SyncookiesSent", "tcp", "TcpExtSyncookiesSent", 2 * LOST)])
    if truth.snmp(b, "TcpExtListenDrops"):
        raise Failure("connections were refused")


@case
def E10(stage):
    """Connections to a port that is closed."""
    a, b = stage.pair()

    def burst():
        expect_refused(a.count_refused(LOST, b.address, TCP_PORT), LOST)

    be_silent(stage, burst, [snmp_series(a, "AttemptFails", "tcp", "TcpAttemptFails")])


@case
def E11(stage):
    """The listener wants TCP-MD5 signatures and the peer has no key."""
    a, b = stage.pair()
    try:
        b.deaf_listener(TCP_PORT, md5_from=a.address)
    except RuntimeError as e:
        raise Skip("no TCP-MD5: %s" % e)
    mac = truth.mac(b, "b0")
    good, unsigned = (packets.syn4(a.address, b.address, port, 1024) for port in (TCP_PORT + 1, TCP_PORT))

    def burst():
        send(a, "a0", mac, [good] * GOOD)  # refused with a RST: a segment like any other
        send(a, "a0", mac, [unsigned] * LOST)

    lose(stage, [snmp_series(b, "TCPMD5NotFound", "tcp", "TcpExtTCPMD5NotFound")], burst, "tcp-rx",
         ("MD5", "signature"))


@case
def E14(stage):
    """A reader that is too slow closes the window: the sender waits, nothing is lost."""
    a, b = stage.pair()
    b.deaf_listener(TCP_PORT, rcvbuf=4096)

    def burst():
        a.connect(10, b.address, TCP_PORT)
        a.talk(100000)
        time.sleep(WAIT)

    be_silent(stage, burst, [counted(b, "TCPToZeroWindowAdv", "tcp", "TcpExtTCPToZeroWindowAdv", 20)],
              may_rise=["percent-tcp-tx"])  # what does not fit is sent again


@case
def E16(stage):
    """Established connections into a black hole: symptoms at the sender, no alarm."""
    a, b = stage.pair()
    b.tcp_sink(TCP_PORT)
    a.connect(20, b.address, TCP_PORT)
    b.nft("table netdev t { chain in { type filter hook ingress device b0 priority 0; drop; }; }")

    def burst():
        a.talk(1000)
        time.sleep(WAIT)

    series = [counted(a, "RetransSegs", "tcp", "TcpRetransSegs", 60),
              counted(a, "TCPTimeouts", "tcp", "TcpExtTCPTimeouts", 40)]
    with stage.watch(series, options="DropReasons false") as watch:  # else the hole is found, and alarmed
        watch.bursts(burst, 4)
        a.hang_up()
        watch.check(reasons=None)
        if watch.daemon:
            worst = max([v for _, v in watch.daemon.values(a.place(), "percent-tcp-tx")], default=0)
            if worst < 50:
                raise Failure("percent-tcp-tx rose to %g only" % worst)


@case
def E18(stage):
    """A listener that waits for data ignores the bare ACK: the connection lives on."""
    a, b = stage.pair()
    b.deaf_listener(TCP_PORT, defer=30)
    be_silent(stage, lambda: a.connect(LOST // 4, b.address, TCP_PORT))
    if truth.snmp(b, "TcpExtTCPDeferAcceptDrop") < LOST:
        raise Failure("no ACK was ignored")


# What only the host counts: collectd's own namespace has to be watched as well.

HOME = 'Namespace ""'
NEIGHBOURS = "/proc/net/stat/arp_cache"


def lose_unresolved(stage, loser, interface, burst, sent):
    """A next hop does not answer: each packet for it ends as an ICMP error, sent or not."""
    if stage.build is not None and not os.path.exists(NEIGHBOURS):
        raise Skip("no %s in this network namespace: the kernel shows it in its first one only" % NEIGHBOURS)
    for name, value in (("retrans_time_ms", 50), ("mcast_solicit", 2)):  # gives up within the interval
        loser.sysctl("net/ipv4/neigh/%s/%s" % (interface, name), value)
    with stage.watch(options=HOME) as watch:
        watch.bursts(lambda: wait_given_up(loser, burst))
        watch.check(alerts=[Alert(loser.place(), "neigh-tx", ("does not resolve",))])
        check_percent(watch, loser.place(), "percent-neigh-tx", 100 * LOST / sent)


def wait_given_up(loser, burst):
    expected = unreachable(loser) + LOST
    burst()
    wait_until("%d ICMP errors" % expected, lambda: unreachable(loser) >= expected, 0.8)
    if unreachable(loser) > expected:
        raise Failure("the kernel gave up too many packets")


def unreachable(ns):
    return sum(truth.snmp(ns, "Icmp" + name)
               for name in ("OutDestUnreachs", "OutRateLimitHost", "OutRateLimitGlobal"))


def check_percent(watch, place, name, expected):
    """A ratio whose losses no series counts."""
    sent = [v for _, v in watch.daemon.values(place, name)] if watch.daemon else [expected] * 2
    right = [v for v in sent if abs(v - expected) <= PERCENT_TOLERANCE]
    if len(right) < 2 or 2 * len(right) <= len([v for v in sent if v > 0]):
        raise Failure("%s/%s: %g was expected, %s sent" % (place, name, expected, sent))


@case
def C2(stage):
    """Nobody has the address of the next hop."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, "10.9.0.77", LOST_PORT)

    lose_unresolved(stage, a, "a0", burst, ALL)


@case
def C5(stage):
    """A router's next hop is dead."""
    a, r, b = stage.router()
    b.sink(GOOD_PORT)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, "10.9.2.77", LOST_PORT)

    lose_unresolved(stage, r, "r1", burst, ALL)


@case
def C6(stage):
    """The receiver does not answer ARP."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    add_address(b, "b0", "10.9.0.3/24")
    b.sysctl("net/ipv4/conf/b0/arp_ignore", 8)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, "10.9.0.3", LOST_PORT)

    lose_unresolved(stage, a, "a0", burst, ALL)


@case
def D8(stage):
    """Sources that cannot come from the wire: loopback, and the receiver's own address."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    mac = truth.mac(b, "b0")
    wrong = [packets.udp4(source, b.address, GOOD_PORT) for source in ("127.0.0.5", b.address)]

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        send(a, "a0", mac, wrong * (LOST // 2))

    lost = Series(b.place(), "packets-ip-in_gap", lambda: truth.in_gap(b), LOST)
    with stage.watch([lost], options=HOME) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place(), "percent-ip-rx", lost, ALL)],
                    [Alert(b.place(), "ip-rx", ("martian",))])


# What must stay silent.

STREAM = 380000 * 1448  # bytes: so many packets of 1500
DATAGRAMS, CHUNK = 80000, 400


@case
def G_good(stage):
    """900000 good packets, TCP and UDP, IPv4 and IPv6, through a router."""
    a, r, b = stage.router6()
    for ns, interface, address in ((a, "a0", "10.9.1.1"), (r, "r0", "10.9.1.2"), (r, "r1", "10.9.2.1"),
                                   (b, "b0", "10.9.2.2")):
        add_address(ns, interface, address + "/24")
    a.ip("route add default via 10.9.1.2")
    b.ip("route add default via 10.9.2.1")
    r.sysctl("net/ipv4/ip_forward", 1)
    keep_order(a, b)
    b.tcp_sink(TCP_PORT, 1 << 17)  # a backlog of the kernel takes 1000 packets
    b.sink(GOOD_PORT)
    b.sink(GOOD_PORT + 1, v6=True)
    with stage.watch() as watch:
        watch.wait_reads()
        for to in ("10.9.2.2", b.address):
            a.tcp_send(STREAM, to, TCP_PORT)
        for port, to in ((GOOD_PORT, "10.9.2.2"), (GOOD_PORT + 1, b.address)):
            send_gently(a, b, port, to)
        watch.settle()
        watch.check_silent()
        check_no_share(watch)
        check_no_counter(watch)
    good = sum(truth.snmp(b, name) for name in ("UdpInDatagrams", "Udp6InDatagrams"))
    segments = truth.snmp(a, "TcpOutSegs")
    if good != 2 * DATAGRAMS or good + segments < 900000:
        raise Failure("only %d datagrams and %d segments" % (good, segments))


@case
def G_groups(stage):
    """IPv6 packets for a group that nobody joined vanish without a counter, as they should."""
    a, r, _ = stage.router6()
    r.sink(GOOD_PORT, v6=True)

    def burst():
        a.udp(GOOD, 200, "fd00:1::2", GOOD_PORT)
        a.udp(LOST, 200, "ff02::1:ff00:99%a0", GOOD_PORT)

    be_silent(stage, burst)
    if truth.snmp(r, "Ip6InMcastPkts") < 4 * LOST:
        raise Failure("the packets did not come")


def check_no_counter(watch):
    """None of a loss was sent. The balance of IP jitters by a few packets; a full
    receive window is no loss."""
    for ns in watch.namespaces if watch.daemon else ():
        for place in watch.daemon.places("@" + ns.name):
            for series in watch.daemon.series(place):
                last = watch.daemon.last(place, series)
                jitters = series.endswith("_gap") and last < 20
                if not jitters and series not in (HEARTBEAT, "packets-tcp-TCPToZeroWindowAdv"):
                    raise Failure("%s/%s was sent: %g" % (place, series, last))


def send_gently(a, b, port, to):
    """Never more in flight than the kernel and the reader keep."""
    for sent in range(0, DATAGRAMS, CHUNK):
        a.udp(CHUNK, 200, to, port)
        wait_until("datagrams", lambda: b.count_received(port) >= sent + CHUNK, 5, 0.001)
