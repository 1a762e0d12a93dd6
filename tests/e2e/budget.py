# SPDX-License-Identifier: MIT
"""What one network namespace holds costs no other its reads, nor its alarms."""

import os
import signal
import time

import truth
from cases import GOOD_PORT, LOST, LOST_PORT, case, drop_commented, firewall_series, good_and_bad
from daemon import HEARTBEAT, Collectd
from lab import HERE, Skip, run, wait_until
from lifecycle import Frozen, find_thread
from settings import expect, times_logged, wait_beats
from soak import options

HUGE = 60000  # chains with a rule: far more than is read in a tenth of a second
CROWD, MANY = 24, 12000  # namespaces, chains with a rule in each
LARGE = 2000
SOCKETS = 800
FLOWS = 20000
EVERY = 2  # seconds: long enough that a busy machine is not taken for an interval that is left out
LATEST = 1.5 * EVERY
SLOW = "all-slow"
AVAILABLE = "gauge-netfilter-available"


def fill(ns, chains):
    """Chains that packets to one port come to, each with a rule that never matches."""
    lines = ["add table ip big", "add chain ip big in { type filter hook input priority 0; }"]
    for i in range(chains):
        lines += ["add chain ip big c%d" % i, "add rule ip big c%d udp dport 7 counter drop" % i]
    lines += ["add rule ip big in udp dport 9 jump c%d" % i for i in range(0, chains, 100)]
    lines += ["add rule ip big in udp dport %d counter drop" % LOST_PORT]
    ns.nft("\n".join(lines))


def keeps_its_interval(daemon, places):
    """Each of them was read in every interval: none was left out, and none was late by half of one."""
    for place in places:
        times = [t for t, _ in daemon.values(place, HEARTBEAT)]
        longest = max(later - earlier for earlier, later in zip(times, times[1:]))
        expect(longest < LATEST, "%s was not read for %.1f s" % (place, longest))


def need_daemon(stage):
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")


@case
def hostile_ruleset(stage):
    """60 000 chains in one namespace: another one beside it keeps its interval, and its alarm."""
    need_daemon(stage)
    stage.interval = EVERY
    a, b = stage.pair()
    hostile = stage.namespace("hostile")
    drop_commented(b)
    fill(hostile, HUGE)
    burst = good_and_bad(a, b)
    with stage.watch() as watch:
        daemon = watch.daemon
        watch.bursts(burst, 8)
        watch.settle()
        alarms = [n.severity for n in daemon.notifications(watch.names) if n.instance == "netfilter-rx"]
        expect(alarms == ["WARNING"], "the alarm of the victim: %s" % alarms)
        keeps_its_interval(daemon, [ns.place() for ns in (a, b, hostile)])
        expect(daemon.last("all", "gauge-" + SLOW) == 1, "the slow one is not counted")
        named = times_logged(daemon, 'namespace "%s": to read layer netfilter' % hostile.name)
        expect(named == 1, "it is named %d times" % named)
        expect(times_logged(daemon, "it is cut short") == 1, "others are named, too")
        expect(daemon.last(hostile.place(), AVAILABLE) == 0, "its firewall is said to be read")
        stage.remove(hostile)
        wait_until("the end of it", lambda: daemon.last("all", "gauge-" + SLOW) == 0, 10 * EVERY)


@case
def crowd(stage):
    """24 namespaces with 12 000 chains each: what loses beside them is read in each interval, from the first on."""
    need_daemon(stage)
    stage.interval = EVERY
    a, b = stage.pair()
    drop_commented(b)
    for i in range(CROWD):
        fill(stage.namespace("h%d" % i), MANY)
    lost = firewall_series(b, "filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    with stage.watch([lost]) as watch:
        daemon = watch.daemon
        watch.bursts(good_and_bad(a, b), 6)
        watch.settle()
        begun = min(daemon.values(p, HEARTBEAT)[0][0] for p in daemon.places() if daemon.values(p, HEARTBEAT))
        for ns in (a, b):
            first = daemon.values(ns.place(), HEARTBEAT)[0][0]
            expect(first - begun < EVERY, "%s was read %.1f s after the first round began" % (ns.name, first - begun))
            counted = [v for _, v in daemon.values(ns.place(), HEARTBEAT)]
            expect(min(counted) == max(counted), "not all of %s was read: %s" % (ns.name, counted))
        keeps_its_interval(daemon, [a.place(), b.place()])
        expect(times_logged(daemon, "ReadBudget is too short") == 1, "there was time for all: this is no crowd")
        values = [v for _, v in daemon.values(*lost[:2])]
        expect(values[-1] == lost.read(), "%s: the kernel counted %d" % (values, lost.read()))


@case
def large_ruleset(stage):
    """2000 chains are honest work: all is read in each interval, and a rule among them is found."""
    need_daemon(stage)
    a, b = stage.pair()
    fill(b, LARGE)
    burst = good_and_bad(a, b)
    with stage.watch() as watch:
        daemon = watch.daemon
        watch.bursts(burst, 5)
        watch.settle()
        alarms = [n.message for n in daemon.notifications(watch.names)]
        expect(len(alarms) == 1 and "rule handle" in alarms[0] and "of ip big in" in alarms[0], "told was %s" % alarms)
        expect(daemon.last("all", "gauge-" + SLOW) is None, "it is said to be slow")
        expect(daemon.last(b.place(), AVAILABLE) is None, "it was not read once")


@case
def crowded(stage):
    """Hundreds of sockets, and 20 000 tracked connections: the socket that loses is found in time."""
    need_daemon(stage)
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -m conntrack --ctstate INVALID -j ACCEPT")
    for port in range(7000, 7000 + SOCKETS):
        b.sink(port)
    b.deaf(LOST_PORT, 2048)
    a.flows(FLOWS, 60, b.address, GOOD_PORT, 10000)
    with stage.watch() as watch:
        daemon = watch.daemon
        watch.bursts(lambda: a.udp(LOST, 1000, b.address, LOST_PORT), 4)
        watch.settle()
        alarms = [n for n in daemon.notifications(watch.names) if n.instance == "udp-rx"]
        expect(len(alarms) == 1 and str(LOST_PORT) in alarms[0].message, "told was %s" % alarms)
        expect(daemon.last("all", "gauge-" + SLOW) is None, "it is said to be slow")


@case
def stop_in_a_parse(stage):
    """Collectd ends at once, also while a huge ruleset is read with all the time there is."""
    need_daemon(stage)
    hostile = stage.namespace("hostile")
    fill(hostile, HUGE)
    block = options(stage).replace("</Plugin>", "  ReadBudget 600\n  NamespaceBudget 600\n</Plugin>")
    with Collectd(stage.build, 1, block) as daemon:
        wait_until("a read that goes on", lambda: times_logged(daemon, "reading takes longer"), 15)
        begin = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        daemon.process.wait(10)
        took = time.monotonic() - begin
        expect(took <= 1, "it took %.2f s to end" % took)
        expect("left unfinished" not in daemon.log(), "a read was left unfinished")
        daemon.start()  # for the end of the block
        wait_until("its start", lambda: daemon.log().count("Initialization complete") == 2, 15)


@case
def blind(stage):
    """When nothing is read any more, a FAILURE says so after three intervals, and then that it is over."""
    space = stage.namespace("s")
    need_daemon(stage)
    daemon = Collectd(stage.build, 1, options(stage))
    with daemon:
        wait_beats(daemon, 3, space.place())
        frozen = Frozen(daemon)
        wait_until("a failure", lambda: daemon.notifications([""]), 10)
        told = daemon.notifications([""])
        expect(told[0].severity == "FAILURE" and told[0].place == "all" and "a read does not end" in told[0].message,
               "told was %s" % told)
        expect(times_logged(daemon, "read-function of plugin `pktloss' failed") >= 1, "the read callback did not fail")
        frozen.thaw()
        wait_until("the end of it", lambda: len(daemon.notifications([""])) == 2, 30)
        expect(daemon.notifications([""])[1].severity == "OKAY", "it is not over")
        seen = daemon.beats(space)
        wait_beats(daemon, seen + 2, space.place())
        os.truncate(os.path.join(daemon.dir, "log"), 0)  # it has complained, as it should


class Misled(Collectd):
    """Its thread cannot come home each fifth time, by way of lost.c, once there is a file "lost"."""

    def start(self):
        run("cc -D_GNU_SOURCE -shared -fPIC -o %s/lost.so %s/lost.c" % (self.dir, HERE))
        self.command = ["env", "LD_PRELOAD=%s/lost.so" % self.dir, "PKTLOSS_LOST=" + self.mark()]
        super().start()

    def mark(self):
        return os.path.join(self.dir, "lost")


@case
def lost_thread(stage):
    """A thread that cannot return to collectd's own namespace ends, and another one goes on in the right one."""
    need_daemon(stage)
    a, b = stage.pair()
    drop_commented(b)
    burst = good_and_bad(a, b)
    with Misled(stage.build, EVERY, '<Plugin pktloss>\n  Namespace "/^%s|^$/"\n</Plugin>' % stage.prefix) as daemon:
        wait_beats(daemon, 3, b.place())
        first = find_thread(daemon.process.pid, "pktloss")
        with open(daemon.mark(), "w"):
            pass
        for _ in range(12):
            daemon.wait_reads([b])
            burst()
        expect(times_logged(daemon, "another thread goes on") == 1, "it is not said once")
        expect(find_thread(daemon.process.pid, "pktloss") != first, "it is the same thread")
        alarms = [n.severity for n in daemon.notifications([b.name]) if n.instance == "netfilter-rx"]
        expect(alarms == ["WARNING"], "the alarm: %s" % alarms)
        keeps_its_interval(daemon, ["all", b.place()])
        sources = {v for _, v in daemon.values("all", HEARTBEAT)[2:]}
        expect(len(sources) == 1, "not all of the host was read: %s" % sources)
