# SPDX-License-Identifier: MIT
"""Cases on another kernel, as they run inside user-mode Linux: what Linux 6.1
counts differently, and limits of the whole host.

    links     A1, A6, A9, A11, A20: side by side, each in namespaces of its own
    udp_mem   E5: no memory for UDP
    tcp_mem   E13: no memory for TCP
    backlog   C1: the backlog of a CPU is full
    neigh     C4: the table of neighbours is full
"""

import contextlib
import sys
import time
from typing import Callable, NamedTuple

import truth
from cases import ALL, GOOD, GOOD_PORT, LOST, LOST_PORT, link_series, mismatched_pair, snmp_series
from daemon import Collectd
from lab import Failure, know, run
from uml_inside import perform, report
from watch import Alert, Series, Share, Stage, check_truth, the_one

VLAN_77_IPV4 = "004d0800"
VXLAN_PORT = 4789


class Case(NamedTuple):
    """What one of several cases that share a collectd brings along."""
    burst: Callable
    series: list = []
    shares: list = []
    alerts: list = []
    check: Callable = lambda bursts: None


@contextlib.contextmanager
def host_sysctl(name, value):
    """For the whole kernel, as long as the block lasts."""
    path = "/proc/sys/" + name
    with open(path) as f:
        before = f.read()
    write(path, value)
    try:
        yield
    finally:
        write(path, before)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def expect(what, seen, expected):
    if seen != expected:
        raise Failure("%s is %s, not %s" % (what, seen, expected))


# Links.


def too_big(stage):
    """A1: the sender's end of a veth has a bigger MTU than the receiver's."""
    a, b = mismatched_pair(stage, ("a1", "b1"))

    def burst():
        a.udp(GOOD, 1000, b.address, GOOD_PORT)
        a.udp(LOST, 8000, b.address, LOST_PORT)

    received = link_series(b, "b0", "rx", LOST)
    return Case(burst, [received, link_series(a, "a0", "tx", LOST)],
                [Share(b.place("b0"), "percent-link-rx", received, ALL)],
                [Alert(b.place("b0"), "link-rx", ("MTU", "1500", "9000"))])


def no_carrier(stage):
    """A6: some time after the peer went down nothing counts what is sent."""
    a, b = stage.pair(("a6", "b6"))
    b.ip("link set b0 down")
    time.sleep(1.5)  # until the queueing discipline is gone
    sent = truth.snmp(a, "IpOutRequests")

    def check(bursts):
        expect("IpOutRequests", truth.snmp(a, "IpOutRequests") - sent, bursts * LOST)
        expect("tx_dropped", truth.link(a, "a0", "tx", "dropped"), 0)
        expect("IpOutDiscards", truth.snmp(a, "IpOutDiscards"), 0)

    return Case(lambda: a.udp(LOST, 200, b.address, LOST_PORT), check=check)


def unknown_vlan(stage):
    """A9: a VLAN that the receiver has no device for, which is no alarm."""
    a, b = stage.pair(("a9", "b9"))
    mac = truth.mac(b, "b0")
    series = link_series(b, "b0", "rx", LOST)._replace(
        name="if_rx_dropped-link-rx_otherhost_dropped",
        read=lambda: truth.rare_link(b, "b0", "rx", "otherhost"))
    return Case(lambda: a.frames(LOST, "a0", mac, 0x8100, VLAN_77_IPV4), [series],
                check=lambda bursts: expect("rx_dropped", truth.link(b, "b0", "rx", "dropped"), 0))


def bond_backup(stage):
    """A11: frames that reach the spare port of a bond, which is as it should be."""
    a, b = stage.namespace("a11"), stage.namespace("b11")
    for end in "01":
        run("ip link add a%s netns %s type veth peer name b%s netns %s" % (end, a.name, end, b.name))
    b.feature("ip link add bond0 type bond mode active-backup miimon 100")
    for port in "b0", "b1":
        b.ip("link set %s master bond0" % port)
    for ns, interfaces in ((a, ("a0", "a1")), (b, ("bond0",))):
        for interface in interfaces:
            ns.ip("link set %s up" % interface)
    mac = truth.mac(b, "bond0")
    series = link_series(b, "b1", "rx", LOST)._replace(
        name="if_rx_dropped-link-rx_nohandler", read=lambda: truth.rare_link(b, "b1", "rx", "nohandler"))
    return Case(lambda: a.frames(LOST, "a1", mac, 0x0800), [series])


def unknown_vni(stage):
    """A20: a VXLAN that the receiver does not have: nothing counts it."""
    a, b = stage.pair(("a20", "b20"))
    for ns, vni, device, peer in ((a, 100, "a0", b), (b, 200, "b0", a)):
        ns.feature("ip link add vx0 type vxlan id %d local %s remote %s dstport %d dev %s"
                   % (vni, ns.address, peer.address, VXLAN_PORT, device))
        ns.ip("addr add 10.8.0.%s/24 dev vx0" % ns.address[-1])
        ns.ip("link set vx0 up")
    know(a, "vx0", b, "vx0", "10.8.0.2")

    def check(bursts):
        arrived = truth.snmp(b, "UdpInDatagrams")
        if not bursts * LOST <= arrived <= bursts * LOST + 20:
            raise Failure("%d outer packets arrived of %d" % (arrived, bursts * LOST))
        expect("packets inside", truth.link(b, "vx0", "rx", "packets"), 0)

    return Case(lambda: a.udp(LOST, 200, "10.8.0.2", LOST_PORT), check=check)


def joined(cases, field):
    return [item for case in cases for item in getattr(case, field)]


def links(build):
    with Stage("link", build) as stage:
        cases = [build_up(stage) for build_up in (too_big, no_carrier, unknown_vlan, bond_backup, unknown_vni)]
        with stage.watch(joined(cases, "series")) as watch:
            watch.bursts(lambda: [case.burst() for case in cases])
            watch.check(joined(cases, "shares"), joined(cases, "alerts"))
        for case in cases:
            case.check(watch.bursts_sent)


# Memory.


def udp_memory(build):
    """E5: sockets that nobody reads have taken all the memory of UDP."""
    with Stage("udp", build) as stage, host_sysctl("net/ipv4/udp_mem", "8 8 8"):
        a, b = stage.pair()
        for port in range(LOST_PORT - 5, LOST_PORT + 1):  # each CPU may keep 1 MB beside
            b.deaf(port, 1 << 20)
            a.udp(500, 200, b.address, port)
        lost = snmp_series(b, "InErrors", "udp", "UdpInErrors")
        memory = snmp_series(b, "MemErrors", "udp", "UdpMemErrors")
        with stage.watch([lost, memory]) as watch:
            watch.bursts(lambda: a.udp(LOST, 200, b.address, LOST_PORT))
            watch.check([Share(b.place(), "percent-udp-rx", lost, LOST)],
                        [Alert(b.place(), "udp-rx", ("memory limit", "udp_mem"))])


def tcp_memory(build):
    """E13: connections that nobody reads from have taken all the memory of TCP."""
    with Stage("tcp", build) as stage:
        a, b = stage.pair()
        b.hoard(GOOD_PORT)
        lost = snmp_series(b, "TCPRcvQDrop", "tcp", "TcpExtTCPRcvQDrop", (20, 100000))
        with stage.watch([lost]) as watch:
            with host_sysctl("net/ipv4/tcp_mem", "20 30 40"):
                watch.bursts(lambda: a.pour(20, 100000, b.address, GOOD_PORT), 4)
                watch.settle()
                if watch.daemon:
                    check_tcp_alerts(watch.daemon.notifications([a.name, b.name]), b)
            a.stop_agent()  # or it would repeat what was lost
            b.stop_agent()
            watch.wait_reads(2)
            check_truth(lost, lost.read() - watch.before[0], 1)
            if watch.daemon:
                watch.check_series(lost, watch.before[0], lost.read())


def check_tcp_alerts(seen, b):
    """That the sender repeats a lot may be said too."""
    the_one(Alert(b.place(), "tcp-rx", ("memory", "tcp_mem")), seen)
    others = [str(n) for n in seen if not n.instance.startswith("tcp-")]
    expect("alerts of other layers", others, [])


# Queues and tables that all namespaces share: their counters are the host's.


def softnet_dropped():
    with open("/proc/net/softnet_stat") as f:
        return sum(int(line.split()[1], 16) for line in f)


def table_fulls():
    with open("/proc/net/stat/arp_cache") as f:
        names, *rows = [line.split() for line in f]
    return sum(int(row[names.index("table_fulls")], 16) for row in rows)


def backlog(build):
    """C1: netem lets go of many packets at once, more than the backlog of a CPU holds."""
    with Stage("backlog", build) as stage, host_sysctl("net/core/netdev_max_backlog", "5"):
        a, b = stage.pair()
        b.sink(GOOD_PORT)
        a.feature("tc qdisc add dev a0 root netem slot 100ms 100ms")
        packets, bursts = 200, 5

        def burst():
            a.udp(packets, 200, b.address, GOOD_PORT)
            time.sleep(0.3)  # until netem let go of the last

        lost = (bursts * 20, bursts * packets)
        series = [Series("all", "if_rx_dropped-softnet-dropped", softnet_dropped, lost),
                  link_series(b, "b0", "rx", lost), link_series(a, "a0", "tx", lost)]
        with stage.watch(series, select=False) as watch:
            watch.bursts(burst, bursts)
            after = [s.read() - before for s, before in zip(series, watch.before)]
            expect("the loss of the interfaces", after[1:], after[:1] * 2)
            watch.names.append("")  # the host's alarm
            watch.check([], [Alert("all", "softnet-rx", ("input queue",))])


def neighbours(build):
    """C4: the kernel's table of neighbours is full."""
    with Stage("neigh", build) as stage, contextlib.ExitStack() as limits:
        for n in "123":
            limits.enter_context(host_sysctl("net/ipv4/neigh/default/gc_thresh" + n, "4"))
        a, _ = stage.pair()
        first, bursts, destinations = iter(range(0, 250, 40)), 5, 40

        def burst():
            start = next(first)
            for n in range(3 + start, 3 + start + destinations):
                a.udp(1, 200, "10.9.0.%d" % n, LOST_PORT)

        lost = (bursts * (destinations - 10), bursts * destinations)
        series = [Series("all", "packets-neigh-arp_cache_table_fulls", table_fulls, lost),
                  snmp_series(a, "OutDiscards", "ip", "IpOutDiscards", lost)]
        with stage.watch(series, select=False) as watch:
            watch.bursts(burst, bursts)
            watch.names.append("")
            watch.check([], [Alert("all", "neigh-tx", ("table",), "WARNING")])


SCENARIOS = (links, udp_memory, tcp_memory, backlog, neighbours)


def host(build):
    run("/run/modprobe -a bonding vxlan")  # bring IPv6, which a namespace must find to switch it off
    Collectd.writers = 1  # on so slow a machine several may change the order of two values
    for scenario in SCENARIOS:
        scenario(build)
        report(scenario.__name__)


if __name__ == "__main__":
    perform(host, *sys.argv[1:])
