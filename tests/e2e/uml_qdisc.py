# SPDX-License-Identifier: MIT
"""Queueing disciplines, as it runs inside user-mode Linux, which has them all.

One sender a with a wire of its own for each case, q0, q1 and so on:

    B10, B11    htb with a leaf that is an AQM or a fair queue, too much is sent
    B4          netem's 4-state loss model
    B5          netem without loss, but its queue is full
    B6          netem that marks: nothing is lost, so nothing is said
    B2          netem and TCP in bundles (GSO)
    B7          netem corrupts: lost by its checksum at c, where it is said
    B12         b polices what it receives
"""

import re
import sys
from typing import NamedTuple

import truth
import verdicts
from cases import GOOD_PORT
from daemon import Collectd
from lab import Failure, wire
from uml_inside import perform, report
from watch import PERCENT_TOLERANCE, Alert, Stage

BURST, BURSTS, SIZE = 150, 4, 1000
WEB_PORT, ECT = 80, 2
OPTIONS = """
  Classes true
  Counter "/^qdisc-(lends|ecn_mark|new_flow_count)$/"
  ReportIdle true
  <Threshold>
    Layer "qdisc"
    Interface "/^(%s)$/"
    MinimumLost 1
    HitsOkay 1000
  </Threshold>"""  # few bundles in each interval, and chance


class Leaf(NamedTuple):
    """Below an htb of 2 Mbit/s."""
    case: str
    options: str  # kind first
    words: tuple  # of the cause
    parts: tuple = ()  # counters of its own, as tc and as pktloss name them

    @property
    def kind(self):
        return self.options.split()[0]


LEAVES = [
    Leaf("B10", "fq_codel limit 50", ("fq_codel", "parent 1:10 handle 10:", "limit 50"),
         (("drop_overlimit", "if_tx_dropped", "drop_overlimit"), ("new_flow_count", "packets", "new_flow_count"))),
    Leaf("B11 codel", "codel limit 50", ("codel's queue is full (limit 50",),
         (("drop_overlimit", "if_tx_dropped", "drop_overlimit"), ("ecn_mark", "packets", "ecn_mark"))),
    Leaf("B11 pie", "pie limit 20", ("pie's queue is full (limit 20",),
         (("overlimit", "if_tx_dropped", "overlimit"),)),
    Leaf("B11 red", "red limit 40000 min 3000 max 9000 avpkt 1000 burst 5 probability 0.5 bandwidth 2mbit",
         ("red: dropped early",), (("early", "if_tx_dropped", "early"),)),
    Leaf("B11 sfq", "sfq limit 20", ("sfq's queue is full (limit 20",)),
    Leaf("B11 fq", "fq flow_limit 20", ("fq: one flow", "flow_limit"),
         (("flows_plimit", "if_tx_dropped", "flows_plimit"),)),
    Leaf("B11 cake", "cake unlimited besteffort memlimit 60000", ("cake's memory", "full (limit 60000 bytes)"),
         (("drops", "if_tx_dropped", "tin_drops"),)),
]

NETEMS = [  # case, options, words of the cause or None: silent
    ("B4", "loss state 2% 20% 10% 15% 5%", ("netem is configured to lose 12.",)),
    ("B5", "delay 100ms limit 20", ("queue is full (limit 20",)),
    ("B6", "loss 30% ecn", None),
    ("B2", "loss 10%", ("netem is configured to lose 10%",)),
    ("B7", "corrupt 20%", None),
]


class Wire:
    """The n-th: q<n> of a, p<n> of the peer, 10.9.<n>.1 and .2."""

    def __init__(self, a, peer, n):
        self.a, self.peer = a, peer
        self.near, self.far = "q%d" % n, "p%d" % n
        self.source, self.address = "10.9.%d.1" % n, "10.9.%d.2" % n
        wire(a, self.near, self.source + "/24", peer, self.far, self.address + "/24")

    def add(self, what):
        self.a.feature("tc %s" % what.replace("DEV", "dev " + self.near))

    def send(self, size=SIZE, tos=0):
        self.a.udp(BURST, size, self.address, GOOD_PORT, tos=tos)


def shaped(w, leaf):
    w.add("qdisc add DEV root handle 1: htb default 10")
    w.add("class add DEV parent 1: classid 1:10 htb rate 2mbit")
    w.add("qdisc add DEV parent 1:10 handle 10: " + leaf.options)


def policed(w):
    w.peer.feature("tc qdisc add dev %s handle ffff: ingress" % w.far)
    w.peer.feature("tc filter add dev %s parent ffff: matchall action police rate 1mbit burst 10k drop" % w.far)


# What tc says.


def qdisc(w, kind):
    """All that tc knows of the one qdisc of that kind; cake's tins are one."""
    found = truth.qdisc_whole(w.a, w.near, kind)
    return dict(found, **found.get("tins", [{}])[0]) if kind == "cake" else found


def htb_class(w):
    """(dropped, lended) of class 1:10; tc has no JSON for it."""
    text = w.a.tool("tc -s class show dev %s classid 1:10" % w.near)
    return tuple(int(re.search(pattern, text).group(1)) for pattern in (r"dropped (\d+)", r"lended: (\d+)"))


# What pktloss says.


class Judge:
    def __init__(self, watch):
        self.daemon = watch.daemon

    def value(self, place, series, expected):
        """The last one sent is the tool's."""
        shown = self.daemon and self.daemon.last(place, series)
        if self.daemon and shown != expected:
            raise Failure("%s/%s ends at %s, the truth is %d" % (place, series, shown, expected))

    def deltas(self, place, series):
        values = self.daemon.values(place, series)
        return {round(t, 2): now - before for (_, before), (t, now) in zip(values, values[1:])}

    def ratio(self, place, percent, lost, passed, inside=False):
        """lost / (lost + passed) in each interval, or lost / passed where it is inside."""
        if not self.daemon:
            return
        shown = {round(t, 2): v for t, v in self.daemon.values(place, percent)}
        losses, passes = self.deltas(place, lost), self.deltas(place, passed)
        compared = [(100 * n / (passes[t] + (0 if inside else n)), shown.get(t)) for t, n in losses.items() if n]
        wrong = [pair for pair in compared if pair[1] is None or abs(pair[0] - pair[1]) > PERCENT_TOLERANCE]
        if len(compared) < 2 or wrong:
            raise Failure("%s/%s: (expected, sent) were %s" % (place, percent, compared))


def check_leaf(judge, w, leaf):
    place, root, tc = w.a.place(w.near), qdisc(w, "htb"), qdisc(w, leaf.kind)
    own = "qdisc-%s_10" % leaf.kind
    if not tc["drops"]:
        raise Failure("%s dropped nothing" % leaf.kind)
    judge.value(place, "if_tx_dropped-qdisc-htb_1", root["drops"])
    judge.value(place, "if_tx_packets-qdisc-htb_1", root["packets"])
    judge.value(place, "if_tx_dropped-" + own, tc["drops"])
    for theirs, kind, ours in leaf.parts:
        judge.value(place, "%s-%s_%s" % (kind, own, ours), tc[theirs])
    judge.ratio(place, "percent-qdisc-tx", "if_tx_dropped-qdisc-htb_1", "if_tx_packets-qdisc-htb_1")
    dropped, lended = htb_class(w)
    judge.value(place, "if_tx_dropped-qdisc-htb_1.10", dropped)
    judge.value(place, "packets-qdisc-htb_1.10_lends", lended)
    report("%s: %d lost" % (leaf.case, tc["drops"]))


def check_netem(judge, w, case, lossy):
    place, tc = w.a.place(w.near), qdisc(w, "netem")
    if bool(tc["drops"]) != (case != "B7"):
        raise Failure("%s: netem dropped %d" % (case, tc["drops"]))
    judge.value(place, "if_tx_dropped-qdisc-netem_1", tc["drops"])
    judge.value(place, "if_tx_packets-qdisc-netem_1", tc["packets"])
    passed = "if_tx_packets-qdisc-netem_1"
    if case == "B2":
        passed = "if_tx_packets-link-tx_packets"
        bundles = truth.link(w.a, w.near, "tx", "packets")
        judge.value(place, passed, bundles)
        if bundles * 1.2 > tc["packets"]:
            raise Failure("no bundles: %d packets in the qdisc, %d on the wire" % (tc["packets"], bundles))
    if lossy:
        judge.ratio(place, "percent-qdisc-tx", "if_tx_dropped-qdisc-netem_1", passed)
    report("%s: %d dropped" % (case, tc["drops"]))


def check_corrupt(judge, c):
    errors = truth.snmp(c, "UdpInCsumErrors")
    if not errors:
        raise Failure("nothing was corrupted")
    judge.value(c.place(), "packets-udp-InCsumErrors", errors)
    report("B7: %d wrong checksums" % errors)


def check_policed(judge, w):
    place, tc = w.peer.place(w.far), truth.qdisc_whole(w.peer, w.far, "ingress")
    judge.value(place, "if_rx_dropped-qdisc-ingress_ffff", tc["drops"])
    judge.value(place, "if_rx_packets-qdisc-ingress_ffff", tc["packets"])
    judge.ratio(place, "percent-qdisc-rx", "if_rx_dropped-qdisc-ingress_ffff",
                "if_rx_packets-qdisc-ingress_ffff", inside=True)
    report("B12: %d of %d shot" % (tc["drops"], tc["packets"]))


# The course of events.


def build_wires(a, b, c):
    """([(wire, leaf)], [(wire, case, words)], policed wire)"""
    n = iter(range(100))
    leaves = [(Wire(a, b, next(n)), leaf) for leaf in LEAVES]
    for w, leaf in leaves:
        shaped(w, leaf)
    netems = [(Wire(a, c if case == "B7" else b, next(n)), case, words) for case, _, words in NETEMS]
    for (w, _, _), (_, options, _) in zip(netems, NETEMS):
        w.add("qdisc add DEV root handle 1: netem " + options)
    last = Wire(a, b, next(n))
    policed(last)
    return leaves, netems, last


def burst(leaves, netems, last):
    for w, _ in leaves:
        w.send()
    for w, case, _ in netems:
        if case == "B2":
            w.peer.browse(10, w.source, WEB_PORT)
        else:
            w.send(size=1400 if case == "B7" else SIZE, tos=ECT if case == "B6" else 0)
    last.send()


def bundled(netems):
    return [w for w, case, _ in netems if case == "B2"][0]


def expected_alerts(leaves, netems, last, c):
    alerts = [Alert(w.a.place(w.near), "qdisc-tx", leaf.words) for w, leaf in leaves]
    alerts += [Alert(w.a.place(w.near), "qdisc-tx", words) for w, _, words in netems if words]
    alerts.append(Alert(last.peer.place(last.far), "qdisc-rx", ("tc policer on ingress", "1 Mbit/s", "matchall")))
    alerts.append(Alert(c.place(), "udp-rx", ("checksum", "corrupted")))
    return alerts


def queues(build):
    Collectd.writers = 1  # on so slow a machine several may change the order of two values
    with Stage("q", build) as stage:
        stage.interval = 2  # so slow a machine needs the time
        a, b, c = (stage.namespace(name) for name in "abc")
        wires = leaves, netems, last = build_wires(a, b, c)
        a.web_server(WEB_PORT)
        b.sink(GOOD_PORT)
        c.sink(GOOD_PORT)
        report("built")
        with stage.watch(options=OPTIONS % "|".join((bundled(netems).near, netems[0][0].near))) as watch:
            watch.bursts(lambda: burst(*wires), BURSTS)
            watch.settle()
            if watch.daemon:
                alerts = expected_alerts(leaves, netems, last, c)
                watch.check_alerts(alerts)
                verdicts.check(watch, watch.burst, alerts, "queues")
                watch.settle()
            report("alerts")
            judge = Judge(watch)
            for w, leaf in leaves:
                check_leaf(judge, w, leaf)
            for w, case, words in netems:
                check_netem(judge, w, case, bool(words))
            check_corrupt(judge, c)
            check_policed(judge, last)


if __name__ == "__main__":
    perform(queues, *sys.argv[1:])
