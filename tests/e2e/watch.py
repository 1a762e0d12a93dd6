# SPDX-License-Identifier: MIT
"""Loses packets on purpose and compares what pktloss says with the truth."""

import contextlib
import math
import re
import time
from typing import Callable, NamedTuple, Optional, Union

import verdicts
from daemon import HEARTBEAT, Collectd, tells_reasons
from lab import Failure, Lab

PERCENT_TOLERANCE = 1.0
MESSAGE_MAX = 255
ALERTS = ("WARNING", "FAILURE")
REASON = "packets-dropreason-"
# no loss of its own is what TCP sends again, and no packet is dropped for a listener
LOST_THERE = re.compile(r"packets-(?!tcp-lost_tx|tcp-lost_listen)[a-z]+-lost_(rx|tx|fwd|all)$")


class Series(NamedTuple):
    """A counter that must move, and the tool that knows by how much."""
    place: str
    name: str
    read: Callable[[], int]
    lost: Union[int, tuple]  # in each burst; or (least, most) in all of them


class Share(NamedTuple):
    """A ratio: what `lost` moved by, of the packets in one burst."""
    place: str
    name: str
    lost: Series
    packets: int


class Alert(NamedTuple):
    """words: that the program has to say, and the notification. tells: the notification, if not all of them:
    it is short, and of what stands at its end numbers of more digits, of a process or of packets, leave nothing."""
    place: str
    instance: str
    words: tuple
    severity: str = "FAILURE"
    tells: Optional[tuple] = None


def policy(place, instance, words):
    """Of what rules drop by what they match: never more than a warning."""
    return Alert(place, instance, words, "WARNING")


class Watch:
    """A collectd that watches the namespaces of a test; or none (truth only)."""

    def __init__(self, namespaces, series, daemon):
        self.namespaces = list(namespaces)
        self.names = names_seen(namespaces, daemon)
        self.series = list(series)
        self.daemon = daemon
        parts = self.namespaces[0].name.split("-") if self.namespaces else []
        self.case = parts[-2] if len(parts) > 1 else ""
        self.burst = None
        self.bursts_sent = 0
        self.first_burst = None
        self.wait_reads(2)
        self.before = [s.read() for s in self.series]

    def wait_reads(self, count=1, namespaces=None):
        if self.daemon:
            self.daemon.wait_reads(namespaces or self.namespaces, count)

    def bursts(self, burst, count=5):
        """One burst in each interval, right after a read: a burst that a read
        cut in two would blur the ratio of two intervals."""
        self.burst = burst
        for _ in range(count):
            self.wait_reads()
            self.first_burst = self.first_burst or time.time()
            burst()
            self.bursts_sent += 1

    def settle(self):
        self.wait_reads(2)

    def check(self, shares=(), alerts=(), okays=(), findings=(), reasons=True):
        """findings: what the program says besides the alerts, below their limits. reasons: packets with a reason, see
        check_reasons()."""
        self.settle()
        after = [s.read() for s in self.series]
        for series, before, now in zip(self.series, self.before, after):
            check_truth(series, now - before, self.bursts_sent)
        if self.daemon:
            for series, before, now in zip(self.series, self.before, after):
                self.check_series(series, before, now)
            for share in shares:
                self.check_share(share)
                self.check_sum(share, dict(zip(self.series, zip(self.before, after))))
            self.check_alerts(alerts, okays)
            if tells_reasons(self.daemon.build) and not self.daemon.ns:
                wrong = check_reasons(self.daemon, self.namespaces, reasons)
                if wrong:
                    raise Failure(wrong)
            if self.burst and not okays and not self.daemon.ns:
                self.bursts_sent += 1
                verdicts.check(self, self.burst, [*alerts, *findings])

    def check_series(self, series, before, now):
        what = "%s/%s" % series[:2]
        values = self.daemon.values(series.place, series.name)
        if not values:
            raise Failure("%s was never sent" % what)
        if values[-1][1] != now:
            raise Failure("%s ends at %d, the truth is %d" % (what, values[-1][1], now))
        if values[0][1] != before or values[0][0] >= self.first_burst:
            raise Failure("%s begins with %d, %.3f s after the first loss; it was %d before it"
                          % (what, values[0][1], values[0][0] - self.first_burst, before))

    def check_share(self, share):
        what = "%s/%s" % share[:2]
        shown = {round(t, 2): v for t, v in self.daemon.values(share.place, share.name)}
        if any(math.isnan(v) for v in shown.values()):
            raise Failure("%s sent NaN" % what)
        compared = [(100 * lost / share.packets, shown.get(round(t, 2)))
                    for t, lost in self.losses(share.lost)]
        right = [v for expected, v in compared
                 if v is not None and abs(v - expected) <= PERCENT_TOLERANCE]
        if 2 * len(right) <= len(compared) or len(right) < 2:
            raise Failure("%s: (expected, sent) were %s" % (what, compared))

    def check_sum(self, share, moved):
        """Beside a ratio stands the number of its packets: it begins with 0 and never falls."""
        if share.name == "percent-tcp-tx" or share.lost not in moved:
            return  # sent again is not lost
        _, layer, direction = share.name.split("-")
        name = "packets-%s-lost_%s" % (layer, direction)
        before, now = moved[share.lost]
        values = [v for _, v in self.daemon.values(share.place, name)]
        if not values or values[0] != 0 or values != sorted(values) or values[-1] != now - before:
            raise Failure("%s/%s is %s: of %d packets" % (share.place, name, values, now - before))

    def losses(self, series):
        """[(time, packets)] of the intervals in which the series moved."""
        values = self.daemon.values(series.place, series.name)
        return [(t, now - before) for (_, before), (t, now) in zip(values, values[1:]) if now > before]

    def check_alerts(self, alerts, okays=()):
        seen = self.daemon.notifications(self.names)
        unexplained = list(seen)
        for alert in alerts:
            unexplained.remove(the_one(alert, seen))
        for place, instance in okays:
            unexplained.remove(the_one(Alert(place, instance, (), "OKAY"), seen))
        if unexplained:
            raise Failure("not due: " + str(unexplained[0]))

    def count(self, severity, place, instance):
        return sum((n.severity, n.place, n.instance) == (severity, place, instance)
                   for n in self.daemon.notifications(self.names))

    def check_silent(self):
        if self.daemon:
            self.check_alerts(())

    def check_only_heartbeats(self):
        if not self.daemon:
            return
        for ns in self.namespaces:
            places = self.daemon.places("@" + ns.name)
            sent = {place: self.daemon.series(place) for place in places}
            if sent != {ns.place(): [HEARTBEAT]}:
                raise Failure("idle %s has values: %s" % (ns.name, sent))


def sums_of(daemon, place):
    """Packets lost there and packets with a reason, of the time that collectd looked, and how that is known."""
    moved = {}
    for series in daemon.series(place):
        if LOST_THERE.match(series) or series.startswith(REASON):
            values = daemon.values(place, series)
            moved[series] = values[-1][1] - values[0][1]
    return (sum(n for series, n in moved.items() if not series.startswith(REASON)),
            sum(n for series, n in moved.items() if series.startswith(REASON)), moved)


def check_reasons(daemon, namespaces, wanted=True):
    """As many packets have a reason as are lost in these namespaces, or as are wanted, within a hundredth; None: not
    looked at. What is wrong, or nothing."""
    sums = {place: sums_of(daemon, place) for ns in namespaces for place in daemon.places("@" + ns.name)}
    lost, told = (sum(s[i] for s in sums.values()) for i in range(2))
    if wanted is True:
        wanted = lost
    if wanted is None or abs(told - wanted) <= max(2, wanted / 100):
        return ""
    return "the kernel names reasons of %d packets, not of %d: %s" % (told, wanted, sums)


def names_seen(namespaces, daemon):
    """As they stand behind the @ of a place: nothing for collectd's own."""
    return ["" if daemon and ns is daemon.ns else ns.name for ns in namespaces]


def check_truth(series, delta, bursts):
    """The kernel itself must have lost what the test says."""
    least, most = series.lost if isinstance(series.lost, tuple) else (series.lost * bursts,) * 2
    if not least <= delta <= most:
        raise Failure("the kernel moved %s/%s by %d, not by %s"
                      % (series.place, series.name, delta, least if least == most else (least, most)))


def the_one(alert, seen):
    found = [n for n in seen
             if (n.severity, n.place, n.type, n.instance)
             == (alert.severity, alert.place, "percent", alert.instance)]
    if len(found) != 1:
        raise Failure("%d times instead of once: %s %s percent-%s"
                      % (len(found), alert.severity, alert.place, alert.instance))
    if alert.severity in ALERTS:
        check_message(alert, found[0])
    return found[0]


def check_message(alert, found):
    layer = alert.instance.split("-")[0]
    # "25.0% of packets ... lost in LAYER on PLACE (4 of 12 in 10 s, ...): cause"
    what, when = "packets .*lost", r" in [\d.]+ s\b"
    if alert.instance.endswith("-fill"):  # a level is of no time
        what, when = "table entries were in use", ", "
    if alert.instance.endswith("-listen"):
        what = "connections wanted were refused"
    shape = r"(at least )?\d+(\.\d+)?% of " + what + " in " + layer + r"\b.*\(\d+ of \d+" + when + r".*\): ."
    if alert.place == "all" and alert.instance == "neigh-tx":  # of whose traffic is not known
        shape = r"\d+ packets .*lost in " + layer + r" on all \(in [\d.]+ s\): ."
    if not re.match(shape, found.message) or len(found.message.encode()) > MESSAGE_MAX:
        raise Failure("not the promised kind of message: " + str(found))
    if alert.place.partition("@")[2] not in found.message:
        raise Failure("the message does not say where: " + str(found))
    words = alert.words if alert.tells is None else alert.tells
    missing = [word for word in words if word.lower() not in found.message.lower()]
    if missing:
        raise Failure("the message does not say %s: %s" % (missing, found))


class Stage(Lab):
    """A lab with a collectd in it, unless build is None: then only the truth counts."""

    interval = 1  # of its collectd, in seconds

    def __init__(self, prefix, build):
        super().__init__(prefix)
        self.build = build

    @contextlib.contextmanager
    def watch(self, series=(), select=True, inside=None, options="", command=()):
        """select: only this test's namespaces are read, not all of the machine.
        inside: the namespace that collectd itself lives in. options: more of them, for
        the block of the plugin. command: what runs collectd."""
        if self.build is None:
            yield Watch(self.namespaces, series, None)
            return
        if select:
            options += '\n  Namespace "/^%s/"' % re.escape(self.prefix)
        block = "<Plugin pktloss>\n%s\n</Plugin>" % options if options else ""
        with Collectd(self.build, self.interval, block, inside, command) as daemon:
            names = names_seen(self.namespaces, daemon)
            try:
                yield Watch(self.namespaces, series, daemon)
                if select:
                    check_selected(daemon, self.prefix)
            except Failure as e:
                raise Failure("%s\n%s" % (e, daemon.report(names))) from e


def check_selected(daemon, prefix):
    others = [p for p in daemon.places() if "@" in p and not p.partition("@")[2].startswith(prefix)]
    if others:
        raise Failure("not selected, but read: %s" % others)
