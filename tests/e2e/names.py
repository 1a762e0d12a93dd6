# SPDX-License-Identifier: MIT
"""Names that last: a shaper made anew keeps its series, what ends without a loss leaves none."""

import time

import truth
from cases import GOOD_PORT, case, drop_commented, good_and_bad, slow_burst
from daemon import HEARTBEAT, Collectd
from settings import expect, wait_beats

SHAPER = "tc qdisc add dev a0 root tbf rate 1mbit burst 4kb limit 10000"
CLASSES = ["tc qdisc add dev a0 root htb default 1",
           "tc class add dev a0 parent HANDLE: classid HANDLE:1 htb rate 10mbit",
           "tc qdisc add dev a0 parent HANDLE:1 tbf rate 1mbit burst 4kb limit 10000"]


def handle(ns, kind):
    return truth.qdisc(ns, "a0", kind, "handle").rstrip(":")


def tree(ns):
    """A shaper in a class of another one, none of which has a handle that somebody chose."""
    for command in CLASSES:
        ns.feature(command.replace("HANDLE", handle(ns, "htb") if "HANDLE" in command else ""))


def lossy_shaper(stage, make, names, options=""):
    """Makes it eleven times, and loses in each: the files of the first must be all there are."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    make(a)
    with stage.watch(options=options) as watch:
        handles, files = set(), []
        for _ in range(11):
            handles.add(handle(a, "tbf"))
            watch.wait_reads(1)
            slow_burst(a, b, 200)
            watch.wait_reads(2)
            if watch.daemon:
                files.append(qdisc_files(watch.daemon, a.place("a0")))
            a.tool("tc qdisc del dev a0 root")
            make(a)
        expect(len(handles) == 11, "the kernel gave the handles %s" % sorted(handles))
        if watch.daemon:
            found = [f for f in files[0] if f.startswith("if_tx_dropped-")]
            expect(found == names, "the first was called %s" % found)
            expect(all(f == files[0] for f in files), "%d files became %d: %s" % (
                len(files[0]), len(files[-1]), files[-1]))
            lost = [v for _, v in watch.daemon.values(a.place("a0"), names[-1])]
            expect(sum(now < before for before, now in zip(lost, lost[1:])) >= 9, "it did not count anew: %s" % lost)
            shares = [v for _, v in watch.daemon.values(a.place("a0"), "percent-qdisc-tx")]
            expect(sum(v > 10 for v in shares) >= 11, "a loss is missing: %s" % shares)


def qdisc_files(daemon, place):
    return [s for s in daemon.series(place) if "-qdisc-" in s]


@case
def shaper_anew(stage):
    """A shaper that is made anew ten times, and so has ten other handles, has one set of files."""
    lossy_shaper(stage, lambda a: a.feature(SHAPER), ["if_tx_dropped-qdisc-tbf_root"])


@case
def shaper_tree_anew(stage):
    """The same of one in a class of another, and of the class."""
    lossy_shaper(stage, tree, ["if_tx_dropped-qdisc-htb_root", "if_tx_dropped-qdisc-htb_root.1",
                               "if_tx_dropped-qdisc-tbf_root.1"], "Classes true")


QUIET = """
<Plugin pktloss>
  ReportHeartbeat false
  Namespace ""
  Namespace "/^%s/"
</Plugin>
"""


def live_and_end(stage, name, interval):
    """What `docker run --rm` does to the kernel, for two reads or three."""
    short = stage.namespace(name, ipv6=True)
    short.ip("link add d0 type veth peer name d1")
    short.ip("link set d0 up")
    short.ip("link set d1 up")
    expect(short.ping(2, "127.0.0.1") == 2, "a ping was not answered")
    time.sleep(2.5 * interval)
    stage.remove(short)


@case
def short_lived(stage):
    """Without ReportHeartbeat namespaces that come and go leave files only if they have lost something."""
    a, b = stage.pair()
    drop_commented(b)
    burst = good_and_bad(a, b)
    if stage.build is None:
        return
    with Collectd(stage.build, 1, QUIET % stage.prefix) as daemon:
        wait_beats(daemon, 2, "all")
        for i in range(5):
            live_and_end(stage, "short%d" % i, daemon.interval)
        left = [place for place in daemon.places() if "@" in place]
        expect(not left, "files are left of %s" % left)
        burst()
        wait_beats(daemon, len(daemon.values("all", HEARTBEAT)) + 3, "all")
        left = [place for place in daemon.places() if "@" in place]
        expect(left == [b.place()], "there are files of %s" % left)
        expect(HEARTBEAT in daemon.series(b.place()), "no heartbeat: %s" % daemon.series(b.place()))
