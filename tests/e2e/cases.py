# SPDX-License-Identifier: MIT
"""Packets lost, or not, on this machine's kernel: one function per case."""

import os
import time

import truth
from lab import Failure, wait_until
from watch import Alert, Series, Share, policy

CASES = {}

LOST, GOOD = 40, 120  # packets of one burst in most cases: 25 % are lost
ALL = LOST + GOOD
LOST_PORT, GOOD_PORT = 5001, 5002
TCP_PORT = 6001


def case(function):
    CASES[function.__name__] = function
    return function


def snmp_series(ns, counter, layer, kernel_name, lost=LOST):
    """kernel_name as nstat spells it, with its group in front."""
    return Series(ns.place(), "packets-%s-%s" % (layer, counter),
                  lambda: truth.snmp(ns, kernel_name), lost)


def link_series(ns, interface, direction, lost):
    return Series(ns.place(interface), "if_%s_dropped-link-%s_dropped" % (direction, direction),
                  lambda: truth.link(ns, interface, direction, "dropped"), lost)


def firewall_series(ns, name, read, lost=LOST):
    return Series(ns.place(), "ipt_packets-netfilter-ip." + name, read, lost)


def good_and_bad(a, b, size=200):
    """One burst: some to a port that reads, some to one where they get lost."""
    b.sink(GOOD_PORT, v6=":" in b.address)

    def burst():
        a.udp(GOOD, size, b.address, GOOD_PORT)
        a.udp(LOST, size, b.address, LOST_PORT)

    return burst


def drop_commented(b):
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d"
              " -m comment --comment 'maintenance drop' -j DROP" % LOST_PORT)


# Link.


def mismatched_pair(stage, names=("a", "b")):
    a, b = stage.pair(names)
    a.ip("link set a0 mtu 9000")
    b.sink(GOOD_PORT)
    return a, b


@case
def A1(stage):
    """The sender's end of a veth has a bigger MTU than the receiver's."""
    a, b = mismatched_pair(stage)

    def burst():
        a.udp(GOOD, 1000, b.address, GOOD_PORT)
        a.udp(LOST, 8000, b.address, LOST_PORT)

    received = link_series(b, "b0", "rx", LOST)
    series = [received, link_series(a, "a0", "tx", LOST),
              snmp_series(a, "OutDiscards", "ip", "IpOutDiscards"),
              snmp_series(a, "SndbufErrors", "udp", "UdpSndbufErrors")]
    with stage.watch(series, select=False) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place("b0"), "percent-link-rx", received, ALL)],
                    [Alert(b.place("b0"), "link-rx", ("MTU", "1500", "9000"))])
        if watch.daemon and "packets-link-lost_tx" in watch.daemon.series(a.place("a0")):
            raise Failure("what the peer lost is counted twice")


@case
def A2(stage):
    """A veth passes 4 bytes more than its MTU, and not one byte more."""
    a, b = mismatched_pair(stage)
    passed, lost = 20, 40

    def burst():
        a.udp(passed, 1500, b.address, GOOD_PORT)
        a.udp(passed, 1504, b.address, GOOD_PORT)
        a.udp(lost, 1505, b.address, GOOD_PORT)

    received = link_series(b, "b0", "rx", lost)
    with stage.watch([received, link_series(a, "a0", "tx", lost)]) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place("b0"), "percent-link-rx", received, 2 * passed + lost)],
                    [Alert(b.place("b0"), "link-rx", ("MTU", "1500", "9000"))])
        check_received(b, 2 * passed * watch.bursts_sent)


def check_received(ns, expected):
    wait_until("%d packets in %s, not %d" % (expected, ns.name, ns.count_received(GOOD_PORT)),
               lambda: ns.count_received(GOOD_PORT) == expected, 2)


@case
def A8(stage):
    """Frames of a protocol that nobody handles.

    The kernel counts them as dropped, but nobody wanted them: no alarm.
    """
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    mac = truth.mac(b, "b0")

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.frames(LOST, "a0", mac, 0x88b5)

    with stage.watch([link_series(b, "b0", "rx", LOST)]) as watch:
        watch.bursts(burst)
        watch.check()


# Queueing discipline.


@case
def B8(stage):
    """A token bucket that is too slow for what is sent."""
    a, b = stage.pair()
    a.feature("tc qdisc add dev a0 root tbf rate 1mbit burst 4kb limit 10000")
    b.sink(GOOD_PORT)
    packets, bursts = 200, 5
    dropped = Series(a.place("a0"), "if_tx_dropped-qdisc-tbf_root",
                     lambda: truth.qdisc(a, "a0", "tbf", "drops"),
                     (bursts * (packets - 40), bursts * packets))
    with stage.watch([dropped]) as watch:
        watch.bursts(lambda: slow_burst(a, b, packets), bursts)
        watch.check([Share(a.place("a0"), "percent-qdisc-tx", dropped, packets)],
                    [Alert(a.place("a0"), "qdisc-tx", ("tbf",))])


def slow_burst(a, b, packets):
    a.udp(packets, 1000, b.address, GOOD_PORT)
    time.sleep(0.3)  # what waits in the bucket leaves it


# IP.


@case
def D1(stage):
    """No route."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, "10.99.0.1", LOST_PORT)

    lost = snmp_series(a, "OutNoRoutes", "ip", "IpOutNoRoutes")
    with stage.watch([lost]) as watch:
        watch.bursts(burst)
        watch.check([Share(a.place(), "percent-ip-tx", lost, ALL)],
                    [Alert(a.place(), "ip-tx", ("no route",))], reasons=0)


@case
def D6(stage):
    """A source address that the reverse path filter refuses."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.sysctl("net/ipv4/conf/all/rp_filter", 1)
    b.sysctl("net/ipv4/conf/b0/rp_filter", 1)

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.spoofed(LOST, 200, "192.0.2.1", b.address, LOST_PORT)

    lost = snmp_series(b, "IPReversePathFilter", "ip", "TcpExtIPReversePathFilter")
    with stage.watch([lost]) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place(), "percent-ip-rx", lost, ALL)],
                    [Alert(b.place(), "ip-rx", ("reverse path filter",))])


def too_big_for_the_router(stage, a, r, b, series, v6):
    b.sink(GOOD_PORT, v6=v6)

    def burst():
        a.udp(GOOD, 400, b.address, GOOD_PORT)
        a.udp(LOST, 1400, b.address, LOST_PORT, probe=True)

    with stage.watch(series) as watch:
        watch.bursts(burst)
        watch.check([Share(r.place(), "percent-ip-fwd", series[0], ALL)],
                    [Alert(r.place(), "ip-fwd", ("MTU",))])


@case
def D13(stage):
    """A router's egress MTU is too small for packets that must not be fragmented."""
    a, r, b = stage.router()
    r.ip("link set r1 mtu 1000")
    series = [snmp_series(r, "FragFails", "ip", "IpFragFails"),
              snmp_series(r, "OutDestUnreachs", "icmp", "IcmpOutDestUnreachs")]
    too_big_for_the_router(stage, a, r, b, series, v6=False)


@case
def D16(stage):
    """The same with IPv6."""
    a, r, b = stage.router6()
    r.ip("link set r1 mtu 1280")
    series = [snmp_series(r, "Ip6FragFails", "ip", "Ip6FragFails"),
              snmp_series(r, "Ip6InTooBigErrors", "ip", "Ip6InTooBigErrors"),
              snmp_series(r, "Icmp6OutPktTooBigs", "icmp", "Icmp6OutPktTooBigs")]
    too_big_for_the_router(stage, a, r, b, series, v6=True)


# UDP.


@case
def E1(stage):
    """A reader that sleeps while its receive buffer is full."""
    a, b = stage.pair()
    burst = good_and_bad(a, b)
    b.deaf(LOST_PORT, 4096)
    a.udp(100, 200, b.address, LOST_PORT)  # from here on it is full
    lost = snmp_series(b, "RcvbufErrors", "udp", "UdpRcvbufErrors")
    with stage.watch([lost, snmp_series(b, "InErrors", "udp", "UdpInErrors")]) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place(), "percent-udp-rx", lost, ALL)],
                    [Alert(b.place(), "udp-rx", ("receive buffer",))])


@case
def E2(stage):
    """Nobody listens: graphed, but no fault."""
    a, b = stage.pair()
    with stage.watch([snmp_series(b, "NoPorts", "udp", "UdpNoPorts")]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check()


# Netfilter.


@case
def F1(stage):
    """A rule with a comment drops."""
    a, b = stage.pair()
    drop_commented(b)

    def rule():
        return truth.rule(b, "INPUT", 1)

    lost = firewall_series(b, "filter.INPUT.drop", rule)
    commented = firewall_series(b, "filter.INPUT.maintenance_drop", rule)
    with stage.watch([lost, commented]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(b.place(), "percent-netfilter-rx", lost, ALL)],
                    [policy(b.place(), "netfilter-rx", ("filter", "INPUT", "rule 1", "maintenance drop"))])


@case
def F1_v6(stage):
    """The same with IPv6."""
    a, _, b = stage.router6()
    b.feature("ip6tables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT)
    lost = Series(b.place(), "ipt_packets-netfilter-ip6.filter.INPUT.drop",
                  lambda: truth.rule(b, "INPUT", 1, command="ip6tables-legacy"), LOST)
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(b.place(), "percent-netfilter-rx", lost, ALL)],
                    [policy(b.place(), "netfilter-rx", ("ip6", "INPUT", "rule 1"))])


@case
def F3(stage):
    """The sender's own firewall drops."""
    a, b = stage.pair()
    a.feature("iptables-legacy -w 20 -A OUTPUT -p udp --dport %d -j DROP" % LOST_PORT)
    lost = firewall_series(a, "filter.OUTPUT.drop", lambda: truth.rule(a, "OUTPUT", 1))
    with stage.watch([lost, snmp_series(a, "OutDiscards", "ip", "IpOutDiscards")]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(a.place(), "percent-netfilter-tx", lost, ALL)],
                    [policy(a.place(), "netfilter-tx", ("OUTPUT",))])


@case
def F4(stage):
    """What no rule accepts falls to a policy that drops."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j ACCEPT" % GOOD_PORT)
    b.feature("iptables-legacy -w 20 -P INPUT DROP")
    lost = firewall_series(b, "filter.INPUT.drop", lambda: truth.policy(b, "INPUT"))
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(b.place(), "percent-netfilter-rx", lost, ALL)],
                    [policy(b.place(), "netfilter-rx", ("INPUT", "policy"))])


@case
def F5(stage):
    """A rule in another table drops at random."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.feature("iptables-legacy -w 20 -t raw -A PREROUTING -p udp"
              " -m statistic --mode random --probability 0.3 -j DROP")
    packets, bursts = 1000, 5
    lost = firewall_series(b, "raw.PREROUTING.drop", lambda: truth.rule(b, "PREROUTING", 1, "raw"),
                           (0.25 * packets * bursts, 0.35 * packets * bursts))
    with stage.watch([lost]) as watch:
        watch.bursts(lambda: a.udp(packets, 200, b.address, GOOD_PORT), bursts)
        watch.check([Share(b.place(), "percent-netfilter-rx", lost, packets)],
                    [Alert(b.place(), "netfilter-rx", ("raw", "PREROUTING", "0.3"))])


# What must stay silent.


@case
def G1(stage):
    """A web server, its impatient clients, pings and local sockets."""
    a, b = stage.pair()
    b.web_server(80)

    def burst():
        a.browse(60, b.address, 80, resets=20)
        a.unix_chat(20)
        if a.ping(10, b.address) != 10:
            raise Failure("pings were not answered")

    with stage.watch(select=False) as watch:
        watch.bursts(burst)
        watch.settle()
        watch.check_silent()


@case
def G2(stage):
    """A router that forwards everything."""
    a, r, b = stage.router()
    b.sink(GOOD_PORT)
    with stage.watch() as watch:
        watch.bursts(lambda: a.udp(GOOD, 1000, b.address, GOOD_PORT))
        watch.settle()
        watch.check_silent()
        watch.check_only_heartbeats()
        check_received(b, GOOD * watch.bursts_sent)


# The life of an alert.


@case
def recovery(stage):
    """When the loss ends, one OKAY comes."""
    a, b = stage.pair()
    drop_commented(b)
    lost = firewall_series(b, "filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    alert = policy(b.place(), "netfilter-rx", ("maintenance drop",))
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b), 4)
        watch.check(alerts=[alert])
        watch.bursts(lambda: a.udp(ALL, 200, b.address, GOOD_PORT), 6)
        watch.settle()
        if watch.daemon:
            watch.check_alerts([alert], [(b.place(), "netfilter-rx")])


@case
def cured(stage):
    """Of two rules that drop one is removed, then the other: an OKAY for each."""
    a, b = stage.pair()
    drop_commented(b)
    rule = "OUTPUT -p udp --dport %d -j DROP" % LOST_PORT
    b.feature("iptables-legacy -w 20 -A " + rule)
    to_b = good_and_bad(a, b)
    to_a = good_and_bad(b, a)
    rx = policy(b.place(), "netfilter-rx", ("INPUT", "maintenance drop"))
    tx = policy(b.place(), "netfilter-tx", ("OUTPUT",))

    def burst():
        to_b()
        to_a()

    with stage.watch() as watch:
        watch.bursts(burst, 3)
        watch.check(alerts=[rx, tx])
        b.tool("iptables-legacy -w 20 -D INPUT 1")
        watch.bursts(burst, 5)
        watch.check(alerts=[rx, tx], okays=[(b.place(), "netfilter-rx")])
        b.tool("iptables-legacy -w 20 -D " + rule)
        watch.bursts(burst, 5)
        watch.check(alerts=[rx, tx], okays=[(b.place(), "netfilter-rx"), (b.place(), "netfilter-tx")])


@case
def gone(stage):
    """A namespace that ends while it alerts: one OKAY, and nothing keeps it alive."""
    a, b = stage.pair()
    drop_commented(b)
    lost = firewall_series(b, "filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    alert = policy(b.place(), "netfilter-rx", ("maintenance drop",))
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b), 4)
        watch.check(alerts=[alert])
        stage.remove(b)
        wait_until("the veth of the removed namespace to go", lambda: not truth.has_link(a, "a0"), 5)
        if watch.daemon:
            wait_until("the OKAY of the removed namespace",
                       lambda: watch.count("OKAY", b.place(), "netfilter-rx"), 10)
            beats = watch.daemon.beats(b)
            watch.wait_reads(3, [a])
            watch.check_alerts([alert], [(b.place(), "netfilter-rx")])
            if watch.daemon.beats(b) != beats:
                raise Failure("a removed namespace still has values")


@case
def reborn(stage):
    """A new namespace may get the inode of one that just ended; the name is the new one's."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    with stage.watch() as watch:
        watch.wait_reads()
        old_inode = inode(b)
        stage.remove(b)
        new = successor(stage, old_inode)
        watch.namespaces.remove(b)
        watch.wait_reads(2, [a, new])
        if watch.daemon:
            beats = watch.daemon.beats(b)
            watch.wait_reads(2, [a, new])
            if watch.daemon.beats(b) != beats:
                raise Failure("%s is still read under its old name" % new.name)


def inode(ns):
    return os.stat("/run/netns/" + ns.name).st_ino


def successor(stage, old_inode):
    """A namespace with a given inode, or any other after some attempts: the
    kernel gives out a number again once it has done away with its owner."""
    for n in range(20):
        time.sleep(0.05)
        new = stage.namespace("new%d" % n)
        if inode(new) == old_inode:
            break
        if n < 19:
            stage.remove(new)
    return new


@case
def two_causes(stage):
    """Two namespaces lose for two reasons at once: two alerts, each for its own."""
    a, b = stage.pair()
    drop_commented(b)
    good_and_firewalled = good_and_bad(a, b)

    def burst():
        good_and_firewalled()
        a.udp(LOST, 200, "10.99.0.1", LOST_PORT)

    unrouted = snmp_series(a, "OutNoRoutes", "ip", "IpOutNoRoutes")
    dropped = firewall_series(b, "filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    with stage.watch([unrouted, dropped], select=False) as watch:
        watch.bursts(burst)
        watch.check([Share(a.place(), "percent-ip-tx", unrouted, ALL + LOST),
                     Share(b.place(), "percent-netfilter-rx", dropped, ALL)],
                    [Alert(a.place(), "ip-tx", ("no route",)),
                     policy(b.place(), "netfilter-rx", ("maintenance drop",))], reasons=LOST * watch.bursts_sent)


# Good manners.


@case
def own_namespace(stage):
    """In collectd's own namespace the place is the interface alone."""
    a, b = mismatched_pair(stage)
    received = link_series(b, "b0", "rx", LOST)._replace(place="b0")
    with stage.watch([received, link_series(a, "a0", "tx", LOST)], select=False, inside=b) as watch:
        watch.bursts(lambda: a.udp(LOST, 8000, b.address, LOST_PORT))
        watch.check([Share("b0", "percent-link-rx", received, LOST)],
                    [Alert("b0", "link-rx", ("MTU", "1500", "9000"))])


@case
def quiet(stage):
    """Ten namespaces with good traffic cost one heartbeat each."""
    pairs = [stage.pair(("a%d" % n, "b%d" % n)) for n in range(5)]
    for _, b in pairs:
        b.sink(GOOD_PORT)
        b.web_server(80)

    def burst():
        for a, b in pairs:
            a.udp(GOOD, 1000, b.address, GOOD_PORT)
            a.browse(2, b.address, 80)

    with stage.watch(select=False) as watch:
        watch.bursts(burst)
        watch.settle()
        watch.check_silent()
        watch.check_only_heartbeats()
    for _, b in pairs:
        check_received(b, GOOD * watch.bursts_sent)


TABLE_NAMES = ["/proc/net/%s_tables_names" % family for family in ("ip", "ip6", "arp")]


@case
def side_effects(stage):
    """Looking changes nothing: no table, no connection tracking."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    check_untouched(a)
    with stage.watch(select=False) as watch:
        watch.bursts(lambda: a.udp(GOOD, 200, b.address, GOOD_PORT), 4)
        for ns in (a, b):
            check_untouched(ns)
        watch.check_silent()


def check_untouched(ns):
    for path in TABLE_NAMES:
        names = read_if_there(ns, path)
        if names:
            raise Failure("%s of %s: %s" % (path, ns.name, names.split()))
    if truth.tracked(ns):
        raise Failure("connection tracking was switched on in %s" % ns.name)


def read_if_there(ns, path):
    try:
        return ns.tool("cat " + path)
    except RuntimeError:
        return ""
