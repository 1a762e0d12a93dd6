# SPDX-License-Identifier: MIT
"""When an alarm is raised, told again and taken back: evidence that adds up, causes that change."""

import re

import truth
from cases import GOOD, GOOD_PORT, LOST, LOST_PORT, case, drop_commented, good_and_bad
from lab import Failure, wire
from settings import expect

OTHER_PORT = 5003
DROP = "iptables-legacy -w 20 -%s INPUT -p udp --dport %d -m comment --comment '%s' -j DROP"
EACH_THIRD = ("iptables-legacy -w 20 -A INPUT -p udp --dport %d -m statistic --mode nth --every 3 --packet 0 -j DROP"
              % GOOD_PORT)


def told(watch, ns, instance="netfilter-rx"):
    """[(severity, message)] of one alarm, in their order."""
    return [(n.severity, n.message) for n in watch.daemon.notifications(watch.names)
            if (n.place, n.instance) == (ns.place(), instance)]


def expect_told(watch, ns, *expected):
    """expected: (severity, words that are in the message)"""
    seen = told(watch, ns)
    right = len(seen) == len(expected) and all(
        severity == wanted and all(word in message for word in words)
        for (severity, message), (wanted, *words) in zip(seen, expected))
    if not right:
        raise Failure("told was %s, not %s" % (seen, expected))


@case
def little_traffic(stage):
    """One of three packets each second is lost: no interval tells enough, their sum does."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.feature(EACH_THIRD)
    with stage.watch() as watch:
        watch.bursts(lambda: a.udp(3, 200, b.address, GOOD_PORT), 15)
        watch.settle()
        expect(truth.rule(b, "INPUT", 1) == 15, "the rule has not dropped one in each burst")
        if watch.daemon:
            expect_told(watch, b, ("FAILURE", "33.3%", "of ip filter INPUT"))
            lost, total, seconds = map(int, re.search(r"\((\d+) of (\d+) in (\d+) s", told(watch, b)[0][1]).groups())
            expect(10 <= lost <= 12 and total == 3 * lost and lost - 1 <= seconds <= lost + 2,
                   "%d of %d in %d s are not what is lost until then" % (lost, total, seconds))


@case
def little_loss(stage):
    """The same until nine are lost, and never more: silence."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.feature(EACH_THIRD)
    with stage.watch() as watch:
        watch.bursts(lambda: a.udp(3, 200, b.address, GOOD_PORT), 9)
        watch.bursts(lambda: a.udp(1, 200, b.address, LOST_PORT + 10), 5)  # nothing to lose
        watch.settle()
        if watch.daemon:
            expect_told(watch, b)


@case
def bursts(stage):
    """A burst that is lost each five seconds: the second raises, what passes between does not take it back twice."""
    a, b = stage.pair()
    drop_commented(b)
    b.sink(GOOD_PORT)

    def good():
        a.udp(LOST // 4, 200, b.address, GOOD_PORT)

    def bad():
        good()
        a.udp(LOST, 200, b.address, LOST_PORT)

    with stage.watch() as watch:
        for i in range(5):
            watch.bursts(bad, 1)
            watch.bursts(good, 4)
            if watch.daemon and not i:
                expect_told(watch, b)
        watch.settle()
        if watch.daemon:
            severities = [severity for severity, _ in told(watch, b)]
            expect(severities in (["WARNING"], ["WARNING", "OKAY", "WARNING"]), "told was %s" % severities)


@case
def burst_once(stage):
    """One of them is none."""
    a, b = stage.pair()
    drop_commented(b)
    bad, good = good_and_bad(a, b), lambda: a.udp(GOOD, 200, b.address, GOOD_PORT)
    with stage.watch() as watch:
        watch.bursts(good, 2)
        watch.bursts(bad, 1)
        watch.bursts(good, 8)
        watch.settle()
        if watch.daemon:
            expect_told(watch, b)


@case
def cause_changes(stage):
    """Of two rules that drop the first is removed: told again, once, with what remains; then that is removed."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.feature(DROP % ("A", LOST_PORT, "first one"))
    b.feature(DROP % ("A", OTHER_PORT, "second one"))

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(2 * LOST, 200, b.address, LOST_PORT)
        a.udp(LOST, 200, b.address, OTHER_PORT)

    with stage.watch() as watch:
        watch.bursts(burst, 5)
        b.tool(DROP % ("D", LOST_PORT, "first one"))
        watch.bursts(burst, 6)
        b.tool(DROP % ("D", OTHER_PORT, "second one"))
        watch.bursts(burst, 6)
        watch.settle()
        if watch.daemon:
            expect_told(watch, b, ("WARNING", "first one"), ("WARNING", "second one"), ("OKAY",))


@case
def cause_stays(stage):
    """Two rules that both go on are told once, however their shares change."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.feature(DROP % ("A", LOST_PORT, "first one"))
    b.feature(DROP % ("A", OTHER_PORT, "second one"))
    more = [LOST, 2 * LOST]

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(more[0], 200, b.address, LOST_PORT)
        a.udp(more[1], 200, b.address, OTHER_PORT)
        more.reverse()

    with stage.watch() as watch:
        watch.bursts(burst, 12)
        watch.settle()
        if watch.daemon:
            expect_told(watch, b, ("WARNING", "one"))


def deaf_ports(stage, then):
    """Of two sockets that nobody reads one loses, and some time later the one of then."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    for port in (LOST_PORT, OTHER_PORT):
        b.deaf(port, 2304)
    a.udp(20, 200, b.address, LOST_PORT)  # both are full from now on
    a.udp(20, 200, b.address, OTHER_PORT)
    loses = [LOST_PORT]

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(LOST, 200, b.address, loses[0])

    with stage.watch() as watch:
        watch.bursts(burst, 5)
        loses[0] = then
        watch.bursts(burst, 8)
        watch.settle()
        if watch.daemon:
            return [message for _, message in told(watch, b, "udp-rx")]
    return []


@case
def port_changes(stage):
    """Another UDP port than the one that was told loses, by the same counter: told again, once."""
    seen = deaf_ports(stage, OTHER_PORT)
    expect(not seen or ([str(LOST_PORT) in m for m in seen] == [True, False] and str(OTHER_PORT) in seen[1]),
           "told was %s" % seen)


@case
def port_stays(stage):
    """The same port goes on: told once."""
    seen = deaf_ports(stage, LOST_PORT)
    expect(len(seen) <= 1, "told was %s" % seen)


@case
def repeat(stage):
    """RepeatInterval tells an alarm again, under the same name, until it is over."""
    a, b = stage.pair()
    drop_commented(b)
    options = "<Threshold>\n    Layer \"netfilter\"\n    WarningMax 10\n    FailureMax 90\n    RepeatInterval 4\n  </Threshold>"
    with stage.watch(options=options) as watch:
        watch.bursts(good_and_bad(a, b), 12)
        n = len(told(watch, b)) if watch.daemon else 0
        watch.bursts(lambda: a.udp(GOOD, 200, b.address, GOOD_PORT), 10)
        watch.settle()
        if watch.daemon:
            expect(n in (3, 4), "told %d times in 12 s" % n)
            seen = [severity for severity, _ in told(watch, b)]
            expect(seen[:n] == ["WARNING"] * n and seen[-1] == "OKAY" and len(seen) <= n + 3,
                   "told was %s" % seen)


@case
def noisy_namespace(stage):
    """One namespace loses at 25 interfaces, another at one: that is told at once, and all of the 25 in the end."""
    a, b = stage.pair()
    noisy = stage.namespace("noisy")
    for i in range(25):
        wire(a, "n%d" % i, "10.8.%d.1/24" % i, noisy, "n%d" % i, "10.8.%d.2/24" % i)
        a.ip("link set n%d mtu 9000" % i)
    a.ip("link set a0 mtu 9000")

    def burst():
        for address in [b.address] + ["10.8.%d.2" % i for i in range(25)]:
            a.udp(LOST // 2, 8000, address, GOOD_PORT)

    with stage.watch() as watch:
        watch.bursts(burst, 6)
        watch.settle()
        if watch.daemon:
            raised = [(n.place, n.severity) for n in watch.daemon.notifications() if n.instance == "link-rx"]
            wanted = [(noisy.place("n%d" % i), "FAILURE") for i in range(25)] + [(b.place("b0"), "FAILURE")]
            expect(sorted(raised) == sorted(wanted), "told was %s" % raised)
            expect((b.place("b0"), "FAILURE") in raised[:20], "the other namespace had to wait: %s" % raised)
            waits = [n.message for n in watch.daemon.notifications() if "wait for the next reads" in n.message]
            expect(len(waits) == 1 and noisy.name in waits[0] and b.name not in waits[0], "of what waits: %s" % waits)
