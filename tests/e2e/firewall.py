# SPDX-License-Identifier: MIT
"""Firewalls that lose packets: nftables, both kinds of iptables, ebtables, NFQUEUE."""

import os
import re
import subprocess
import tempfile
import time

import truth
from cases import (ALL, CASES, GOOD, GOOD_PORT, LOST, LOST_PORT, TABLE_NAMES, case, good_and_bad,
                   read_if_there, snmp_series)
from lab import Failure, Skip, know, leashed
from watch import Alert, Series, Share, policy

__all__ = ["CASES"]

TO_LOST = "udp dport %d" % LOST_PORT


def table(*chains, name="inet t"):
    return "table %s {\n%s\n}\n" % (name, "\n".join(chains))


def base(rules, name="in", hook="input", policy="accept", priority=0):
    """A base chain, its rules separated by newlines."""
    return ("chain %s { type filter hook %s priority %d; policy %s;\n%s\n}"
            % (name, hook, priority, policy, rules))


def rule_series(ns, chain, number=1, name="drop", lost=LOST):
    """Of an nft rule with a counter of its own; chain as nft spells it."""
    return Series(ns.place(), series_name(chain, name), lambda: truth.nft_rule(ns, chain, number), lost)


def series_name(chain, name="drop"):
    return "ipt_packets-netfilter-%s.%s" % (chain.replace(" ", "."), name)


def iptables_series(ns, name, read):
    return Series(ns.place(), "ipt_packets-netfilter-" + name, read, LOST)


def gap_series(ns, lost=LOST):
    return Series(ns.place(), "packets-ip-in_gap", lambda: truth.in_gap(ns), lost)


def handle(ns, chain, number=1):
    return "rule handle %d of %s" % (truth.nft_handle(ns, chain, number), chain)


def lose(stage, series, alert, burst, direction="rx"):
    """Bursts, of which the first series and an alert in its place have to tell."""
    with stage.watch(series) as watch:
        watch.bursts(burst, 4)
        watch.check([Share(series[0].place, "percent-netfilter-" + direction, series[0], ALL)], [alert])


def lose_received(stage, a, b, series, words, alert=policy):
    lose(stage, series, alert(b.place(), "netfilter-rx", words), good_and_bad(a, b))


# Rules with a counter.


@case
def F2(stage):
    """iptables-legacy: a rule rejects."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j REJECT" % LOST_PORT)
    lost = iptables_series(b, "ip.filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    lose_received(stage, a, b, [lost], ("rule 1 of ip filter INPUT", "REJECT"))


@case
def F2_nft(stage):
    """nft: a rule rejects."""
    a, b = stage.pair()
    b.nft(table(base(TO_LOST + " counter reject")))
    lose_received(stage, a, b, [rule_series(b, "inet t in")], (handle(b, "inet t in"), "reject"))


@case
def F2_iptables_nft(stage):
    """iptables-nft: a rule rejects."""
    a, b = stage.pair()
    b.feature("iptables-nft -A INPUT -p udp --dport %d -j REJECT" % LOST_PORT)
    lost = iptables_series(b, "ip.filter.INPUT.drop",
                           lambda: truth.rule(b, "INPUT", 1, command="iptables-nft"))
    lose_received(stage, a, b, [lost], (handle(b, "ip filter INPUT"), "reject"))


@case
def F3_nft(stage):
    """The sender's own nft chain drops."""
    a, b = stage.pair()
    a.nft(table(base(TO_LOST + " counter drop", "out", "output")))
    lost = rule_series(a, "inet t out")
    alert = policy(a.place(), "netfilter-tx", (handle(a, "inet t out"),))
    discarded = snmp_series(a, "OutDiscards", "ip", "IpOutDiscards")
    lose(stage, [lost, discarded], alert, good_and_bad(a, b), "tx")


@case
def F8(stage):
    """nft: a rule with a counter and a comment drops."""
    a, b = stage.pair()
    b.nft(table(base(TO_LOST + ' counter drop comment "my comment"')))
    series = [rule_series(b, "inet t in"), rule_series(b, "inet t in", name="my_comment")]
    lose_received(stage, a, b, series, (handle(b, "inet t in"), "my comment"))


@case
def F8_iptables_nft(stage):
    """iptables-nft: the same."""
    a, b = stage.pair()
    b.feature("iptables-nft -A INPUT -p udp --dport %d -m comment --comment 'my comment' -j DROP" % LOST_PORT)
    series = [iptables_series(b, "ip.filter.INPUT." + name,
                              lambda: truth.rule(b, "INPUT", 1, command="iptables-nft"))
              for name in ("drop", "my_comment")]
    lose_received(stage, a, b, series, (handle(b, "ip filter INPUT"), "my comment"))


@case
def nft_forward(stage):
    """nft: a router's chain drops."""
    a, r, b = stage.router()
    r.nft(table(base(TO_LOST + " counter drop", "through", "forward")))
    alert = policy(r.place(), "netfilter-fwd", (handle(r, "inet t through"),))
    lose(stage, [rule_series(r, "inet t through")], alert, good_and_bad(a, b), "fwd")


@case
def nft_jump(stage):
    """nft: a chain drops that others jump to."""
    a, b = stage.pair()
    b.nft(table("chain deep {\n%s counter drop\n}" % TO_LOST,
                "chain sub {\nmeta l4proto udp goto deep\n}", base("jump sub")))
    lose_received(stage, a, b, [rule_series(b, "inet t deep")], (handle(b, "inet t deep"),))


@case
def nft_map(stage):
    """nft: an element of a verdict map drops, and has a counter of its own."""
    a, b = stage.pair()
    elements = "%d : drop, %d : accept" % (LOST_PORT, GOOD_PORT)
    b.nft(table("map m { type inet_service : verdict; counter; elements = { %s }; }" % elements,
                base("udp dport vmap @m")))
    lost = Series(b.place(), series_name("inet t in"), lambda: truth.nft_element(b, "inet t m", LOST_PORT), LOST)
    lose_received(stage, a, b, [lost], (handle(b, "inet t in"), "verdict map"))


@case
def nft_named(stage):
    """nft: a rule with a named counter drops."""
    a, b = stage.pair()
    b.nft(table("counter c { }", base(TO_LOST + ' counter name "c" drop')))
    lost = Series(b.place(), series_name("inet t in"), lambda: truth.nft_counter(b, "inet t c"), LOST)
    lose_received(stage, a, b, [lost], (handle(b, "inet t in"),))


@case
def F11_iptables_nft(stage):
    """iptables-nft: what no rule accepts falls to a policy that drops and counts."""
    a, b = stage.pair()
    b.feature("iptables-nft -A INPUT -p udp --dport %d -j ACCEPT" % GOOD_PORT)
    b.feature("iptables-nft -P INPUT DROP")
    lost = iptables_series(b, "ip.filter.INPUT.drop",
                           lambda: truth.policy(b, "INPUT", command="iptables-nft"))
    lose_received(stage, a, b, [lost], ("policy of ip filter INPUT",))


@case
def both_engines(stage):
    """Both kinds of iptables hold a table ip filter: the legacy one is marked."""
    a, b = stage.pair()
    b.feature("iptables-nft -A INPUT -p udp --dport %d -j DROP" % (LOST_PORT + 10))
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT)
    lost = iptables_series(b, "ip.legacy_filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    lose_received(stage, a, b, [lost], ("rule 1 of ip filter INPUT", "iptables-legacy"))


# Outside of IP.


@case
def F12_ingress(stage):
    """nft: a chain at a device's ingress drops."""
    a, b = stage.pair()
    b.nft(table(base(TO_LOST + " counter drop", hook="ingress device b0"), name="netdev t"))
    lose_received(stage, a, b, [rule_series(b, "netdev t in")], (handle(b, "netdev t in"),))


@case
def F12_egress(stage):
    """nft: a chain at a device's egress drops; IP takes it for a refusal of the device."""
    a, b = stage.pair()
    a.nft(table(base(TO_LOST + " counter drop", "out", "egress device a0"), name="netdev t"))
    lost = rule_series(a, "netdev t out")
    echo = snmp_series(a, "OutDiscards", "ip", "IpOutDiscards")
    alert = policy(a.place(), "netfilter-tx", (handle(a, "netdev t out"),))
    lose(stage, [lost, echo], alert, good_and_bad(a, b), "tx")


def bridge(stage):
    """a -- r: a bridge -- b"""
    a, r, b = stage.router()
    r.sysctl("net/ipv4/ip_forward", 0)
    r.ip("link add br0 type bridge")
    for interface in ("r0", "r1"):
        r.ip("addr flush dev " + interface)
        r.ip("link set %s master br0" % interface)
    r.ip("link set br0 up")
    for ns, interface, address in ((a, "a0", "10.9.0.1"), (b, "b0", "10.9.0.2")):
        ns.ip("addr flush dev " + interface)
        ns.ip("addr add %s/24 dev %s" % (address, interface))
        ns.address = address
    know(a, "a0", b, "b0", b.address)
    know(b, "b0", a, "a0", a.address)
    return a, r, b


@case
def F13(stage):
    """ebtables: a bridge drops."""
    a, r, b = bridge(stage)
    r.feature("ebtables -A FORWARD -p IPv4 --ip-proto udp --ip-dport %d -j DROP" % LOST_PORT)
    lost = Series(r.place(), "ipt_packets-netfilter-bridge.filter.FORWARD.drop",
                  lambda: truth.ebtables_rule(r, "FORWARD"), LOST)
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(r.place(), "percent-netfilter-fwd", lost, ALL)],
                    [policy(r.place(), "netfilter-fwd", (handle(r, "bridge filter FORWARD"),))])


# What drops without a counter.


def lose_uncounted(stage, a, b, suspect):
    lost = gap_series(b)
    alert = Alert(b.place(), "netfilter-rx", ("without a counter", suspect))
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(b.place(), "percent-netfilter-rx", lost, ALL)], [alert])
        watch.wait_reads(3)  # without traffic: nothing is known to be better
        check_uncounted(watch, b, [suspect])
        a.steady(200, b.address, GOOD_PORT, 0.01)
        watch.wait_reads(5)
        a.stop_steady()
        check_okay(watch, alert)


def check_okay(watch, alert):
    """One OKAY, and not because the rule went away: it is still there."""
    if not watch.daemon:
        return
    watch.check_alerts([alert], [(alert.place, alert.instance)])
    message = watch.daemon.notifications(watch.names)[-1].message
    if "is gone" in message:
        raise Failure("the rule is still there: " + message)


def check_uncounted(watch, ns, suspects):
    """Said once, however many reads, and counted in each."""
    if not watch.daemon:
        return
    said = [line for line in watch.daemon.log().splitlines() if "cannot be counted" in line and ns.name in line]
    if len(said) != len(suspects) or not all(any(s in line for line in said) for s in suspects):
        raise Failure("the log says of %s: %s" % (suspects, said))
    if not all("[info]" in line for line in said):
        raise Failure("said too loudly: %s" % said)
    values = [v for _, v in watch.daemon.values(ns.place(), "gauge-netfilter-uncounted")]
    if len(values) < 5 or set(values) != {len(suspects)}:
        raise Failure("gauge-netfilter-uncounted of %s: %s" % (suspects, values))


@case
def F9(stage):
    """nft: a rule without a counter drops."""
    a, b = stage.pair()
    b.nft(table(base(TO_LOST + " drop")))
    lose_uncounted(stage, a, b, handle(b, "inet t in"))


@case
def F9_output(stage):
    """nft: a rule without a counter drops what is sent, which the balance of output misses."""
    with open("/proc/net/snmp") as f:
        if "OutTransmits" not in f.read():
            raise Skip("the balance of output needs Linux 6.7")
    a, b = stage.pair()
    a.nft(table(base(TO_LOST + " drop", "out", "output")))
    alert = Alert(a.place(), "netfilter-tx", ("without a counter", handle(a, "inet t out")))
    with stage.watch() as watch:
        watch.bursts(good_and_bad(a, b), 4)
        watch.check(alerts=[alert])
        watch.settle()
        missing = watch.daemon and watch.daemon.last(a.place(), "packets-ip-out_gap")
        if watch.daemon and missing != watch.bursts_sent * LOST:
            raise Failure("out_gap is %s, not %d" % (missing, watch.bursts_sent * LOST))


@case
def F11(stage):
    """nft: what no rule accepts falls to a policy that drops; it never counts."""
    a, b = stage.pair()
    b.nft(table(base("udp dport %d accept" % GOOD_PORT, policy="drop")))
    lose_uncounted(stage, a, b, "policy of inet t in")


# Queues to programs that are not there.


@case
def queue_iptables_nft(stage):
    """iptables-nft: a rule queues for a program, and none listens."""
    a, b = stage.pair()
    b.feature("iptables-nft -A INPUT -p udp --dport %d -j NFQUEUE --queue-num 5" % LOST_PORT)
    lost = iptables_series(b, "ip.filter.INPUT.drop",
                           lambda: truth.rule(b, "INPUT", 1, command="iptables-nft"))
    lose_received(stage, a, b, [lost], (handle(b, "ip filter INPUT"), "queue 5, nobody listens"), Alert)


@case
def arptables(stage):
    """arptables-legacy: requests from one address are dropped."""
    a, b = stage.pair()
    b.feature("arptables-legacy -A INPUT --source-ip 10.99.0.77 -j DROP")
    mac = truth.mac(b, "b0")
    request = "0001080006040001" + "020000000001" + "0a63004d" + "00" * 6 + "0a630002"

    def counted():
        return int(re.search(r"pcnt=(\d+)", b.tool("arptables-legacy -L INPUT -nv")).group(1))

    lost = Series(b.place(), "ipt_packets-netfilter-arp.filter.INPUT.drop", counted, LOST)
    alert = policy(b.place(), "netfilter-rx", ("rule 1 of arp filter INPUT",))
    with stage.watch([lost]) as watch:
        watch.bursts(lambda: a.frames(LOST, "a0", mac, 0x0806, request), 4)
        watch.check(alerts=[alert])


@case
def queue_legacy(stage):
    """iptables-legacy: the same."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j NFQUEUE --queue-num 5" % LOST_PORT)
    lost = iptables_series(b, "ip.filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    lose_received(stage, a, b, [lost], ("rule 1 of ip filter INPUT", "queue 5, nobody listens"), Alert)


@case
def queue_bypassed(stage):
    """iptables-legacy: nobody listens, and the rule lets packets pass then."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j NFQUEUE --queue-num 5"
              " --queue-bypass" % LOST_PORT)
    with stage.watch() as watch:
        watch.bursts(good_and_bad(a, b), 3)
        watch.check()


@case
def queue_full(stage):
    """A program listens to its queue, and never answers."""
    a, b = stage.pair()
    b.feature("iptables-nft -A INPUT -p udp --dport %d -j NFQUEUE --queue-num 5" % LOST_PORT)
    b.dull_queue(5, 20)
    a.udp(20, 200, b.address, LOST_PORT)  # from here on it is full
    lost = Series(b.place(), "packets-netfilter-queue5_queue_dropped", lambda: truth.queue_dropped(b, 5), LOST)
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check(alerts=[Alert(b.place(), "netfilter-rx", ("queue 5", "too slow"))])


# A ruleset that is big, or never the same.

SET_SIZE = 50000
SECONDS_PER_READ = 0.02


class Usage:
    """What collectd takes: processor time and memory."""

    def __init__(self, daemon):
        with open("/proc/%d/stat" % daemon.process.pid) as f:
            fields = f.read().rpartition(")")[2].split()
        self.seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        self.resident = int(fields[21]) * os.sysconf("SC_PAGESIZE")


def plain_set(size):
    members = ("10.%d.%d.%d" % (100 + (n >> 16), n >> 8 & 255, n & 255) for n in range(size))
    return "set s {\ntype ipv4_addr; elements = { 10.9.0.1, %s }\n}" % ", ".join(members)


@case
def big_set(stage):
    """nft: the members of a plain set are never read, not even after a change."""
    a, b = stage.pair()
    b.nft(table(plain_set(SET_SIZE), base("ip saddr @s %s counter drop" % TO_LOST), "chain other {\n}"))
    lost = rule_series(b, "inet t in")
    burst = good_and_bad(a, b)

    def burst_and_change():
        burst()
        b.nft("add rule inet t other accept")

    with stage.watch([lost]) as watch:
        before = watch.daemon and Usage(watch.daemon)
        watch.bursts(burst_and_change)
        if watch.daemon:
            check_cheap(watch, before)
        watch.check([Share(b.place(), "percent-netfilter-rx", lost, ALL)],
                    [policy(b.place(), "netfilter-rx", (handle(b, "inet t in"),))])


def check_cheap(watch, before):
    spent = (Usage(watch.daemon).seconds - before.seconds) / watch.bursts_sent
    if spent > SECONDS_PER_READ:
        raise Failure("a read takes %.3f s of processor time" % spent)


RELOADS = 1000
RULES = [
    [TO_LOST + " counter drop", 'udp dport 5010 counter drop comment "first"', "udp dport 5011 drop"],
    ['udp dport 5010 counter drop comment "first"', "udp dport 5012 counter reject",
     TO_LOST + " counter drop", "udp dport 5011 drop"],
]
MAX_GROWTH = 2 << 20


class Reloader:
    """nft -f with one ruleset and the other, again and again, in the background."""

    SCRIPT = "for n in $(seq $3); do nft -f $1 && nft -f $2 || exit 1; done"

    def __init__(self, ns, directory):
        paths = []
        for n, rules in enumerate(RULES):
            paths.append(os.path.join(directory, "rules%d" % n))
            with open(paths[-1], "w") as f:
                f.write("flush ruleset\n" + table(base("\n".join(rules))))
        self.process = subprocess.Popen(
            leashed(["ip", "netns", "exec", ns.name, "sh", "-c", self.SCRIPT, "sh", *paths,
                     str(RELOADS // 2)]), stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def is_done(self):
        if self.process.poll():
            raise Failure("nft -f failed")
        return self.process.poll() is not None


@case
def reloads(stage):
    """nft: the whole ruleset is replaced again and again while nothing is lost."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.nft(table(base("\n".join(RULES[0]))))
    few = 5  # wakes the series, and is too little for an alert
    with tempfile.TemporaryDirectory() as directory, stage.watch() as watch:
        watch.wait_reads()
        a.udp(few, 200, b.address, LOST_PORT)
        watch.wait_reads(2)
        a.steady(200, b.address, GOOD_PORT, 0.005)
        with Reloader(b, directory) as reloader:
            before = watch.daemon and Usage(watch.daemon)
            while not reloader.is_done():
                watch.wait_reads()
                time.sleep(0 if watch.daemon else 0.1)
        a.stop_steady()
        watch.settle()
        watch.check_silent()
        if watch.daemon:
            check_no_rise(watch.daemon, b, few)
            check_uncounted(watch, b, ["of inet t in (drop, no counter)"])
            check_no_leak(before, Usage(watch.daemon))


def check_no_rise(daemon, ns, few):
    """What was lost before is all that ever is."""
    drops = [s for s in daemon.series(ns.place()) if s.startswith(("ipt_", "percent", "packets"))]
    for series in drops:
        values = [v for _, v in daemon.values(ns.place(), series)]
        rises = sum(max(0, now - before) for before, now in zip(values, values[1:]))
        if rises > (few if series == series_name("inet t in") else few * 200):
            raise Failure("%s rises without a loss: %s" % (series, values))
    if series_name("inet t in") not in drops:
        raise Failure("the first losses were not sent, only " + str(drops))


def check_no_leak(before, after):
    if after.resident - before.resident > MAX_GROWTH:
        raise Failure("%d bytes grew to %d" % (before.resident, after.resident))


# Good manners.


def firewall_state(ns):
    """Tables, rules and hooks of every kind, without counters; and tracked flows."""
    legacy = [read_if_there(ns, path).split() for path in TABLE_NAMES]
    return legacy, ns.tool("nft -s list ruleset"), truth.tracked(ns)


@case
def untouched(stage):
    """Looking leaves every firewall as it was: none, that of nft, that of iptables-legacy."""
    a, r, b = stage.router()
    b.nft(table(plain_set(100), base(TO_LOST + " counter drop")))
    r.feature("iptables-legacy -w 20 -A FORWARD -p udp --dport %d -j DROP" % LOST_PORT)
    b.sink(GOOD_PORT)
    before = [firewall_state(ns) for ns in (a, r, b)]
    if before[0] != ([[], [], []], "", 0):
        raise Failure("a new namespace has a firewall: %s" % (before[0],))
    with stage.watch() as watch:
        watch.bursts(lambda: a.udp(GOOD, 200, b.address, GOOD_PORT), 4)
        for ns, state in zip((a, r, b), before):
            if firewall_state(ns) != state:
                raise Failure("%s was %s, is %s" % (ns.name, state, firewall_state(ns)))
        watch.check_silent()


# Beside the firewall.

# Two processes that wait for each other before they send on each new socket.
SHARED_SOCKETS = """import mmap, os, socket
turn = mmap.mmap(-1, 2)
sockets = [socket.socket(2, 2) for _ in range(200)]
me = 0 if os.fork() else 1
for n, s in enumerate(sockets):
    turn[me] = n + 1
    while turn[1 - me] < n + 1:
        pass
    s.sendto(b"x", ("%s", %d))
if me:
    os._exit(0)
os.wait()
"""


@case
def F19(stage):
    """Two processes send on one new socket behind NAT: entries clash, nothing is lost."""
    a, b = stage.pair()
    a.feature("iptables-legacy -w 20 -t nat -A POSTROUTING -o a0 -j MASQUERADE")
    b.sink(GOOD_PORT)
    with stage.watch() as watch:
        for _ in range(3):
            a.tool("timeout 10 python3 -", SHARED_SOCKETS % (b.address, GOOD_PORT))
            watch.wait_reads()
        watch.check()
        shown = watch.daemon and watch.daemon.last(a.place(), "packets-conntrack-clash_resolve")
        clashes = truth.conntrack(a, "clash_resolve")
        if not clashes:
            raise Failure("nothing clashed")
        if watch.daemon and (shown or 0) != clashes:
            raise Failure("clash_resolve is %s, not %d" % (shown, clashes))


@case
def F20(stage):
    """An IPsec policy blocks what is received: UDP counts it once more, which is not a loss of its own."""
    a, b = stage.pair()
    b.feature("ip xfrm policy add dir in src %s dst %s proto udp dport %d action block"
              % (a.address, b.address, LOST_PORT))
    blocked = Series(b.place(), "packets-xfrm-XfrmInPolBlock",
                     lambda: truth.ipsec(b, "XfrmInPolBlock"), LOST)
    echo = Series(b.place(), "packets-udp-InErrors", lambda: truth.snmp(b, "UdpInErrors"), LOST)
    with stage.watch([blocked, echo]) as watch:
        watch.bursts(good_and_bad(a, b), 4)
        watch.check([Share(b.place(), "percent-xfrm-rx", blocked, ALL)],
                    [Alert(b.place(), "xfrm-rx", ("XfrmInPolBlock", "policy"))])


@case
def F21(stage):
    """An IPsec policy without a state loses what is sent: not the firewall's loss."""
    a, b = stage.pair()
    a.feature("ip xfrm policy add dir out src %s dst %s proto udp dport %d"
              " tmpl proto esp mode transport" % (a.address, b.address, LOST_PORT))
    lost = Series(a.place(), "packets-xfrm-XfrmOutNoStates",
                  lambda: truth.ipsec(a, "XfrmOutNoStates"), LOST)
    with stage.watch([lost]) as watch:
        watch.bursts(good_and_bad(a, b), 4)
        watch.check([Share(a.place(), "percent-xfrm-tx", lost, ALL)],
                    [Alert(a.place(), "xfrm-tx", ("XfrmOutNoStates", "state"))])
