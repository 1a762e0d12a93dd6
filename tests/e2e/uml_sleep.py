# SPDX-License-Identifier: MIT
"""A host that sleeps for an hour, and whose clock is set by one, inside user-mode Linux: its kernel is suspended."""

import os
import sys
import time

import truth
from cases import GOOD, GOOD_PORT, LOST, LOST_PORT, drop_commented, good_and_bad
from daemon import Collectd
from lab import Failure, Lab
from uml_inside import INTERVAL, build_container, perform, report
from watch import Watch

HOUR = 3600
OPTIONS = """
<Plugin pktloss>
  Namespace "/^(%s)$/"
  StateFile "DIRECTORY/alarms"
  <Threshold>
    Layer "netfilter"
    WarningMax 10
    FailureMax 100
    RepeatInterval 1800
  </Threshold>
</Plugin>
"""
PERCENT = 100 * LOST / (GOOD + LOST)


class Sleeper(Collectd):
    def watch_only(self, *namespaces):
        self.options = OPTIONS % "|".join(ns.name for ns in namespaces)


def clocks():
    return [time.clock_gettime(clock) for clock in (time.CLOCK_REALTIME, time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC)]


def sleep_an_hour():
    before = clocks()
    with open("/sys/power/state", "w") as f:
        f.write("mem")
    passed = [b - a for a, b in zip(before, clocks())]
    if not all(abs(seconds - wanted) < 30 for seconds, wanted in zip(passed, (HOUR, HOUR, 0))):
        raise Failure("of a suspend the clocks tell %s s" % passed)


def set_clock(seconds):
    time.clock_settime(time.CLOCK_REALTIME, time.time() + seconds)


def go_on(burst, intervals):
    """Not at the pace of reads: of a clock that is set back collectd makes none."""
    end = time.monotonic() + intervals * INTERVAL
    while time.monotonic() < end:
        burst()
        time.sleep(INTERVAL / 4)


class Story:
    def __init__(self, daemon, nginx):
        self.daemon, self.nginx = daemon, nginx
        self.state = None

    def told(self):
        return [n.severity for n in self.daemon.notifications() if n.place == self.nginx.place()]

    def check(self, step, *severities):
        if self.told() != list(severities):
            raise Failure("%s: told was %s, not %s" % (step, self.told(), severities))
        state = self.daemon.text("alarms")
        if self.state and state != self.state:
            raise Failure("%s: the state file was %s, and is %s" % (step, self.state, state))
        self.state = state
        report(step, detail=str(self.told()))

    def check_ratio(self):
        """Each interval of which more than a moment was one of traffic tells the share, and none another."""
        values = [v for _, v in self.daemon.values(self.nginx.place(), "percent-netfilter-rx") if v > 0]
        if len(values) < 10 or not all(0.6 * PERCENT < v < 1.5 * PERCENT for v in values):
            raise Failure("the ratios were %s" % values)


def running(story, burst):
    """A repeat for each hour of sleep, and nothing else."""
    go_on(burst, 6)
    story.check("raised", "WARNING")
    for n in range(2, 4):
        sleep_an_hour()
        go_on(burst, 5)
        story.check("slept", *["WARNING"] * n)
    set_clock(-HOUR)
    go_on(burst, 3)
    story.check("clock set back", *["WARNING"] * 3)
    set_clock(HOUR)
    go_on(burst, 5)
    story.check("and forth", *["WARNING"] * 3)
    set_clock(HOUR)
    go_on(burst, 5)
    story.check("clock set forward", *["WARNING"] * 3)
    story.check_ratio()


def restarted(story, client, nginx, burst):
    """The namespace comes late: as long as that is patience, whatever the clocks say."""
    daemon = story.daemon
    set_clock(-HOUR)
    daemon.stop()
    daemon.watch_only(client)
    daemon.start()
    for what, change in (("slept", sleep_an_hour), ("clock set forward", lambda: set_clock(HOUR))):
        daemon.wait_reads([client], 2)
        change()
        daemon.wait_reads([client], 2)
        story.check("restarted, %s" % what, *story.told())
    daemon.stop()
    daemon.watch_only(client, nginx)
    before = story.told()
    daemon.start()
    go_on(burst, 6)
    story.check("found again", *before)


def recovers(story, good, burst):
    """A sleep is no clean interval more: three it takes, and it is told once."""
    told = story.told()
    go_on(burst, 2)
    sleep_an_hour()
    time.sleep(1.5 * INTERVAL)
    if "OKAY" in story.told()[len(told):]:
        raise Failure("recovered in its sleep")
    go_on(good, 8)
    last = story.told()
    if last.count("OKAY") != 1 or last[-1] != "OKAY":
        raise Failure("told was %s" % last)
    sleep_an_hour()
    go_on(good, 4)
    if story.told() != last:
        raise Failure("told behind the end: %s" % story.told())


def slept(build):
    if not build:
        return
    with Lab("", fixed_names=True) as lab:
        client, nginx = build_container(lab)
        nginx.address = "10.9.0.2"
        drop_commented(nginx)
        burst = good_and_bad(client, nginx)
        daemon = Sleeper(build, interval=INTERVAL)
        daemon.watch_only(client, nginx)
        with daemon:
            Watch([client, nginx], [], daemon)
            story = Story(daemon, nginx)
            try:
                running(story, burst)
                restarted(story, client, nginx, burst)
                recovers(story, lambda: client.udp(GOOD, 200, nginx.address, GOOD_PORT), burst)
            except Failure as e:
                raise Failure("%s\n%s" % (e, daemon.report(["nginx"]))) from e


if __name__ == "__main__":
    perform(slept, *sys.argv[1:])
