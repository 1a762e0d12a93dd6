# SPDX-License-Identifier: MIT
"""A restart of collectd neither repeats an alarm nor forgets to take it back."""

import os

from cases import GOOD, GOOD_PORT, case, drop_commented, good_and_bad
from daemon import Collectd
from lab import Failure
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
                      % (stage.prefix, os.path.join(daemon.dir, "alarms")))


class Restarted(Collectd):
    def __init__(self, stage):
        super().__init__(stage.build)
        self.stage = stage

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
