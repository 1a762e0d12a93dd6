# SPDX-License-Identifier: MIT
"""What databases keep of the very first loss: rrdtool and write_graphite."""

import math
import os
import shutil
import socket
import threading

from cases import ALL, GOOD_PORT, LOST, case, drop_commented, good_and_bad
from daemon import Collectd
from lab import Failure, Skip, run, wait_until
from settings import expect

INTERVAL = 2
DROPPED = "ipt_packets-netfilter-ip.filter.INPUT.drop"
RATIO = "percent-netfilter-rx"
PERCENT = 100 * LOST / ALL

OPTIONS = """
<Plugin pktloss>
  Namespace "/^{prefix}/"
  ReportIdle {idle}
</Plugin>
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "DIRECTORY/rrd"
  CacheTimeout 0
</Plugin>
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "test">
    Host "127.0.0.1"
    Port "{port}"
    StoreRates true
  </Node>
</Plugin>
"""


class Receiver:
    """A TCP server that keeps what is sent to it."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.got = []
        self.thread = threading.Thread(target=self.receive, daemon=True)
        self.thread.start()

    def receive(self):
        connection, _ = self.server.accept()
        with connection:
            while data := connection.recv(65536):
                self.got.append(data)

    def rates(self, place, series):
        """All values of a series, in the order they came; complete once collectd ended."""
        self.thread.join(5)
        path = "h.pktloss-%s.%s" % (place, series.replace(".", "_"))
        lines = [line.split() for line in b"".join(self.got).decode("ascii").splitlines()]
        return [float(fields[1]) for fields in lines if fields[0] == path]

    def close(self):
        self.server.close()


def rrd_steps(daemon, place, series):
    """What is known of each step: collectd names the file like a series."""
    name = os.path.join(daemon.dir, "rrd", daemon.host, "pktloss-" + place, series + ".rrd")
    if not os.path.exists(name):
        return []
    last = int(run("rrdtool last " + name))
    shown = run("rrdtool fetch %s AVERAGE -r %d -s %d -e %d" % (name, INTERVAL, last - 60, last))
    values = [float(line.split(":")[1]) for line in shown.splitlines() if ":" in line]
    return [value for value in values if not math.isnan(value)]


def is_near(value, expected, part=0.01):
    return abs(value - expected) <= expected * part


def wait_rrd(daemon, place, series, lost):
    """The steps must add up to what was lost, and the loss be in one or two."""
    def stored():
        steps = rrd_steps(daemon, place, series)
        return len(steps) > 3 and is_near(sum(steps) * INTERVAL, lost) and sum(v > 0 for v in steps) <= 2

    try:
        wait_until("", stored, 4 * INTERVAL, 0.2)
    except Failure:
        raise Failure("%s/%s: rrdtool has %s a step of %d s, of %g"
                      % (place, series, rrd_steps(daemon, place, series), INTERVAL, lost))


def check_graphite(receiver, place, series, expected):
    rates = receiver.rates(place, series)
    moved = [rate for rate in rates if rate > 0]
    # a read that is late by some ms makes an interval longer, and the rate of it lower
    expect(len(moved) == 1 and is_near(moved[0], expected, 0.03),
           "%s/%s: graphite got %s, not %g once" % (place, series, rates, expected))


def first_loss(stage, idle, check):
    """check(daemon, a, b, burst) runs beside collectd; graphite is looked at after it."""
    if not shutil.which("rrdtool"):
        raise Skip("no rrdtool")
    a, b = stage.pair()
    drop_commented(b)
    burst = good_and_bad(a, b)
    if stage.build is None:
        return
    receiver = Receiver()
    options = OPTIONS.format(prefix=stage.prefix, idle=idle, port=receiver.port)
    try:
        with Collectd(stage.build, INTERVAL, options) as daemon:
            try:
                check(daemon, a, b, burst)
            except Failure as e:
                raise Failure("%s\n%s" % (e, daemon.report([a.name, b.name]))) from e
        check_graphite(receiver, b.place(), DROPPED, LOST / INTERVAL)
        check_graphite(receiver, b.place(), RATIO, PERCENT)
    finally:
        receiver.close()


def good_traffic(daemon, a, b, intervals):
    for _ in range(intervals):
        daemon.wait_reads([b])
        a.udp(ALL, 200, b.address, GOOD_PORT)


def amid_traffic(daemon, a, b, burst):
    good_traffic(daemon, a, b, 4)
    daemon.wait_reads([b])
    burst()
    good_traffic(daemon, a, b, 4)
    wait_rrd(daemon, b.place(), DROPPED, LOST)
    wait_rrd(daemon, b.place(), RATIO, PERCENT * INTERVAL)


@case
def writers(stage):
    """rrdtool and graphite have the rate and the share of a first loss."""
    first_loss(stage, "false", amid_traffic)


@case
def writers_idle(stage):
    """The same where every counter is sent from the start."""
    first_loss(stage, "true", amid_traffic)


@case
def writers_alone(stage):
    """The same where there was no traffic before and there is none after. rrdtool
    keeps nothing of the first value of a file, so here it has no share."""
    def check(daemon, a, b, burst):
        daemon.wait_reads([b], 4)
        burst()
        daemon.wait_reads([b], 3)
        wait_rrd(daemon, b.place(), DROPPED, LOST)

    first_loss(stage, "false", check)
