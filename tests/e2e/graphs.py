# SPDX-License-Identifier: MIT
"""Pictures: those of contrib/graphs/ over losses that are known, by the real rrdtool."""

import os
import re
import shutil
import subprocess

from cases import LOST, case
from daemon import Collectd
from lab import HERE, Failure, Skip, wait_until
from rules import lossy_pair
from settings import expect

GRAPHS = os.path.join(HERE, "..", "..", "contrib", "graphs")
BURSTS = 4
GOOD = 120
SHARE = {"netfilter received": 100 * LOST / (GOOD + LOST), "link received": 100 * LOST / (GOOD + 2 * LOST)}
PNG = b"\x89PNG\r\n"

SELECT = """
<Plugin pktloss>
  Namespace "/^{prefix}/"
</Plugin>
"""

RRDTOOL = """
LoadPlugin rrdtool
<Plugin rrdtool>
  DataDir "DIRECTORY/rrd of: here"
  CacheTimeout 0
</Plugin>
"""


def lose(daemon, lossy, healthy):
    """Bursts, each in an interval of its own: packets lost beside good ones, and good ones only."""
    b, d = lossy[1], healthy[1]
    for _ in range(BURSTS):
        daemon.wait_reads([b, d])
        lossy[2](GOOD, LOST)
        healthy[2](GOOD, 0)
    daemon.wait_reads([b, d], 2)


# rrdtool.


def pktloss_rrd(daemon, out, *words):
    return subprocess.run(
        [os.path.join(GRAPHS, "pktloss-rrd"), "--dir", os.path.join(daemon.dir, "rrd of: here"), "--start", "-1min",
         "--log", os.path.join(daemon.dir, "log"), "--out", os.path.join(daemon.dir, out), *words],
        capture_output=True, text=True)


def drawn(daemon, out, *words):
    """{what: (packets lost, worst share)}, the number of notifications, and the pictures."""
    done = pktloss_rrd(daemon, out, *words)
    expect(not done.returncode, done.stdout + done.stderr)
    lost = {m[1]: (int(m[2]), float(m[3]))
            for m in re.finditer(r"^(.*): (\d+) lost, worst share ([\d.]+) %$", done.stdout, re.M)}
    return lost, int(re.search(r"^(\d+) notifications$", done.stdout, re.M)[1]), pictures(os.path.join(daemon.dir, out))


def pictures(directory):
    """Their names; each is one, and on the page."""
    names = sorted(name for name in os.listdir(directory) if name.endswith(".png"))
    with open(os.path.join(directory, "index.html")) as f:
        page = f.read()
    for name in names:
        with open(os.path.join(directory, name), "rb") as f:
            expect(f.read(len(PNG)) == PNG, name + " is no picture")
        expect('src="%s"' % name in page, "%s is not on the page" % name)
    return names


def is_truth(lost):
    return set(lost) == set(SHARE) and all(
        abs(packets - BURSTS * LOST) <= BURSTS * LOST / 50 and abs(share - SHARE[what]) <= 1
        for what, (packets, share) in lost.items())


def check_rrd(daemon, b, d):
    wait_until("what is drawn to be what was lost: %s" % str(drawn(daemon, "out")),
               lambda: is_truth(drawn(daemon, "out", "--namespace", b.name)[0]), 5, 0.5)
    lost, marks, names = drawn(daemon, "out")  # of the whole host
    expect(is_truth(lost) and marks == 2, "drawn was %s, with %d notifications" % (lost, marks))
    expect(names == ["ladder.png", "link-lost.png", "link-share.png", "netfilter-lost.png", "netfilter-share.png"],
           "pictures: %s" % names)
    lost, marks, names = drawn(daemon, "healthy", "--namespace", d.name)
    expect((lost, marks, names) == ({}, 0, ["ladder.png"]),
           "of a healthy namespace is drawn %s: %s, with %d notifications" % (names, lost, marks))
    done = pktloss_rrd(daemon, "none", "--namespace", "nobody")
    expect(done.returncode and b.name in done.stderr and not os.path.exists(os.path.join(daemon.dir, "none")),
           "of a namespace that is not there is said: " + done.stderr)


@case
def graphs_rrd(stage):
    """The pictures by rrdtool show as many packets as were lost, and each notification; of a healthy namespace nothing."""
    if not shutil.which("rrdtool"):
        raise Skip("no rrdtool")
    lossy, healthy = (lossy_pair(stage, names) for names in (("a", "b"), ("c", "d")))
    if stage.build is None:
        return
    with Collectd(stage.build, options=SELECT.format(prefix=stage.prefix) + RRDTOOL) as daemon:
        try:
            wait_until("a read", lambda: healthy[1].place() in daemon.places(), 10)
            lose(daemon, lossy, healthy)
            check_rrd(daemon, lossy[1], healthy[1])
        except Failure as e:
            raise Failure("%s\n%s" % (e, daemon.report())) from e
