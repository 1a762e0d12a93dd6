# SPDX-License-Identifier: MIT
"""A restart of collectd neither repeats an alarm nor forgets to take it back."""

import os
import struct
import time

from cases import GOOD, GOOD_PORT, case, drop_commented, good_and_bad
from daemon import Collectd
from lab import HERE, Failure, Skip, run
from watch import Watch


def check_notified(watch, place, failures, okays):
    seen = [watch.count(severity, place, "netfilter-rx") for severity in ("WARNING", "OKAY")]
    if seen != [failures, okays]:
        raise Failure("WARNING and OKAY came %s times, not %s\n%s"
                      % (seen, [failures, okays], watch.daemon.report(watch.names)))


def only_good(a, b):
    """Without traffic nothing is known, and nothing recovers."""
    return lambda: a.udp(GOOD, 200, b.address, GOOD_PORT)


def configure(daemon, stage):
    daemon.options = ('<Plugin pktloss>\n  Namespace "/^%s/"\n  StateFile "%s"\n</Plugin>'
                      % (daemon.namespace or stage.prefix, os.path.join(daemon.dir, "alarms")))


class Restarted(Collectd):
    def __init__(self, stage):
        super().__init__(stage.build)
        self.stage = stage
        self.namespace = None  # the only one it watches, as if others were not there

    def start(self):
        configure(self, self.stage)
        super().start()

    def restart(self):
        self.stop()
        self.start()


@case
def restarted(stage):
    """With a StateFile: one WARNING and one OKAY, however often collectd restarts."""
    a, b = stage.pair()
    drop_commented(b)
    burst = good_and_bad(a, b)
    if stage.build is None:
        return
    with Restarted(stage) as daemon:
        Watch([a, b], [], daemon).bursts(burst, 4)
        daemon.restart()
        watch = Watch([a, b], [], daemon)
        watch.bursts(burst, 4)
        watch.settle()
        check_notified(watch, b.place(), 1, 0)
        daemon.restart()
        watch = Watch([a, b], [], daemon)
        watch.bursts(only_good(a, b), 5)
        watch.settle()
        check_notified(watch, b.place(), 1, 1)
        daemon.restart()
        Watch([a, b], [], daemon).bursts(only_good(a, b), 5)
        check_notified(watch, b.place(), 1, 1)


HOUR = 3600


class Clocked(Restarted):
    """Its clocks are what set_clock() says, by way of clock.c."""

    def start(self):
        if not os.path.exists(self.clock()):
            run("cc -D_GNU_SOURCE -shared -fPIC -pthread -o %s/clock.so %s/clock.c" % (self.dir, HERE))
            self.set_clock(0)
        self.command = ["env", "LD_PRELOAD=%s/clock.so" % self.dir, "PKTLOSS_CLOCK=" + self.clock()]
        super().start()

    def clock(self):
        return os.path.join(self.dir, "clock")

    def set_clock(self, ahead, asleep=0, hangs=False):
        """In place: collectd has it mapped."""
        fd = os.open(self.clock(), os.O_CREAT | os.O_WRONLY, 0o600)
        os.pwrite(fd, struct.pack("qqq", ahead, asleep, hangs), 0)
        os.close(fd)


@case
def clock_set(stage):
    """Steps of the clock and a sleep of the host: still one WARNING and one OKAY."""
    a, b = stage.pair()
    drop_commented(b)
    burst = good_and_bad(a, b)
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    with Clocked(stage) as daemon:
        watch = Watch([a, b], [], daemon)
        watch.bursts(burst, 4)
        daemon.set_clock(-HOUR)  # while it runs: it ends all the same
        daemon.stop()
        daemon.namespace = a.name  # b is not back yet
        daemon.start()
        for ahead, asleep in ((-HOUR, 0), (0, 0), (0, HOUR)):
            daemon.set_clock(ahead, asleep)
            daemon.wait_reads([a], 3)
            check_notified(watch, b.place(), 1, 0)
        daemon.stop()
        daemon.namespace = None
        daemon.start()
        watch = Watch([a, b], [], daemon)
        watch.bursts(burst, 3)
        daemon.set_clock(HOUR, HOUR)
        watch.bursts(burst, 3)
        daemon.set_clock(HOUR, 2 * HOUR)
        watch.bursts(burst, 3)
        check_notified(watch, b.place(), 1, 0)
        watch.bursts(only_good(a, b), 5)
        watch.settle()
        check_notified(watch, b.place(), 1, 1)


@case
def clock_set_at_the_end(stage):
    """A read hangs, collectd is to end, and the clock is set back while it waits for that read: it ends all the same."""
    a, b = stage.pair()
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    with Clocked(stage) as daemon:
        Watch([a, b], [], daemon)
        daemon.set_clock(0, hangs=True)
        time.sleep(2.5 * daemon.interval)
        daemon.process.terminate()
        for hours in range(50):  # one of them is in that third of a second
            daemon.set_clock(-hours * HOUR, hangs=True)
            time.sleep(0.02)
        daemon.end()
        if "a read is left unfinished" not in daemon.log():
            raise Failure("no read did hang\n" + daemon.report([a.name, b.name]))
        daemon.set_clock(0)
        daemon.start()
        Watch([a, b], [], daemon)
