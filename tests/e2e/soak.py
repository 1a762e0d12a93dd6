# SPDX-License-Identifier: MIT
"""Namespaces that come and go while collectd reads: nothing may leak, nothing may be wrong.

    python3 tests/e2e/soak.py [--build DIR]     as root; SOAK_MINUTES (default 30)

Some get the name and the inode number of one that ended: were these two taken for
one, they would have lost packets. At least 10000 must come and go in 30 minutes.

"make soak" runs this; the case `churn` of the end-to-end tests is the short version.
"""

import argparse
import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import truth
from cases import good_and_bad, drop_commented, firewall_series
from daemon import HEARTBEAT, Collectd
from lab import HERE, Failure, Lab, leashed, run, wait_until
from watch import Alert, Watch, policy

AT_ONCE = 20  # namespaces that come and go; they use each other's names and inode numbers
NAMES = AT_ONCE + 2
CLONE_NEWNET = 0x40000000
MS_BIND, MNT_DETACH = 4096, 2
SLABS = "/proc/slabinfo"
RSS_MAY_GROW = 3 << 20  # bytes, after it has warmed up
MAX_LOG_LINES = 30
LEAST = 10000 / (30 * 60)  # namespaces that come and go in a second


class Kernel:
    """The few system calls that Python has not."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)

    def call(self, name, *args):
        if getattr(self.libc, name)(*args):
            raise OSError(ctypes.get_errno(), "%s: %s" % (name, os.strerror(ctypes.get_errno())))


def lose_packets(count):
    """Without a route: each is one more of OutNoRoutes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(count):
            with contextlib.suppress(OSError):
                s.sendto(b"x", ("192.0.2.1", 9))


def churn(prefix, keeper):
    """Makes and ends namespaces until it is told to end; says how many, and of how
    many the inode number had been of another one before, or of the one before of
    that name: then only its cookie tells that it is new.

    Each has lost some packets before it gets its name, and so before anybody can
    have read it: these are the only ones of it. Some have a veth whose other end is
    in the keeper, where it is seen that they end.
    """
    kernel = Kernel()
    alive, made = [], 0
    told = []
    inodes, last, reused, same_name = set(), {}, 0, 0
    losses = {}
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    free = ["%s%d" % (prefix, i) for i in range(NAMES)]

    def end(name):
        kernel.call("umount2", path(name).encode(), MNT_DETACH)
        os.unlink(path(name))
        free.append(name)

    while not told:
        name = free.pop(random.randrange(len(free)))
        kernel.call("unshare", CLONE_NEWNET)
        lost = random.randrange(200)
        lose_packets(lost)
        losses.setdefault(name, []).append(lost)
        with open(path(name), "w"):
            pass
        kernel.call("mount", b"/proc/thread-self/ns/net", path(name).encode(), b"none", MS_BIND, None)
        made += 1
        inode = os.stat(path(name)).st_ino
        reused += inode in inodes
        same_name += inode == last.get(name)
        inodes.add(inode)
        last[name] = inode
        if made % 10 == 0:
            subprocess.run(["ip", "-n", keeper, "link", "add", "k%d" % made, "type", "veth",
                            "peer", "name", "eth0", "netns", name], check=True)
        alive.append(name)
        while len(alive) > AT_ONCE:
            end(alive.pop(random.randrange(len(alive))))
        time.sleep(random.random() * 0.03)
    for name in alive:
        end(name)
    print(json.dumps([made, reused, same_name, losses]), flush=True)


def path(name):
    return "/run/netns/" + name


class Churn:
    """The above in a process of its own, as it leaves its namespace."""

    def __init__(self, stage):
        self.keeper = stage.namespace("keeper")
        self.prefix = stage.prefix + "c"
        self.process = None
        self.made = self.reused = self.same_name = 0
        self.losses = {}  # packets that each namespace of a name lost
        self.begin = time.monotonic()
        self.seconds = 0

    def __enter__(self):
        self.process = subprocess.Popen(
            leashed([sys.executable, os.path.join(HERE, "soak.py"), "--churn", self.prefix, self.keeper.name]),
            stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        out, _ = self.process.communicate(timeout=30)
        for name in os.listdir("/run/netns"):
            if name.startswith(self.prefix):  # it was killed
                run("ip netns del " + name)
        if self.process.returncode:
            raise Failure("the churn ended with status %d" % self.process.returncode)
        self.made, self.reused, self.same_name, self.losses = json.loads(out)
        self.seconds = time.monotonic() - self.begin

    def check_many(self):
        if self.made < LEAST * self.seconds:
            raise Failure("only %d namespaces came and went in %d s" % (self.made, self.seconds))
        if not self.reused or self.same_name < self.made // 1000:  # usual is 1 in 40
            raise Failure("%d of %d had the inode number of one before, %d its name, too: nothing can go wrong"
                          % (self.reused, self.made, self.same_name))

    def check_ended(self):
        """Their devices are gone, and so are they."""
        wait_until("the end of all namespaces",
                   lambda: not [x for x in truth.links(self.keeper) if x.startswith("k")], 5)


class Usage:
    """What the process of collectd holds; setpriv executes it, so it is that one."""

    def __init__(self, daemon):
        self.pid = daemon.process.pid
        self.fds, self.rss = [], []

    def take(self):
        self.fds.append(len(os.listdir("/proc/%d/fd" % self.pid)))
        with open("/proc/%d/statm" % self.pid) as f:
            self.rss.append(int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))

    def open_files(self):
        """First, when it has warmed up, and last; a sample may fall into a read, when a few are open."""
        return [min(part) for part in first_and_last(self.fds)]

    def memory(self):
        return [statistics.median(part) for part in first_and_last(self.rss)]

    def check(self):
        first, last = self.open_files()
        if last > first:
            raise Failure("open files grew from %d to %d" % (first, last))
        first, last = self.memory()
        if last - first > RSS_MAY_GROW:
            raise Failure("memory grew by %d KB: %s" % ((last - first) // 1024, self.rss))


def first_and_last(samples):
    """The second and the last quarter."""
    quarter = max(len(samples) // 4, 1)
    return samples[quarter:2 * quarter] or samples, samples[-quarter:]


LOSS, RATIO, SUM = "packets-ip-OutNoRoutes", "percent-ip-tx", "packets-ip-lost_tx"  # of what comes and goes


def check_values(daemon, churning):
    """Of a namespace that came and went its own losses are sent, if any are. Says how often its heart beat."""
    places = [p for p in daemon.places() if p.partition("@")[2].startswith(churning.prefix)]
    if not places:
        raise Failure("none of the namespaces that come and go was read")
    wrong = ["%s/%s = %s" % (p, s, daemon.tail(p, s)) for p in places for s in daemon.series(p)
             if s not in (HEARTBEAT, LOSS, RATIO, SUM)]
    for place in places:
        name = place.partition("@")[2].partition("__")[0]  # one that looked taken has its path behind
        own = churning.losses.get(name, [])
        wrong += ["%s/%s = %d, not of %s" % (place, LOSS, value, own)
                  for _, value in daemon.values(place, LOSS) if value and value not in own]
    if wrong:
        raise Failure("values of another namespace: " + "; ".join(wrong[:5]))
    return sum(len(daemon.values(p, HEARTBEAT)) for p in places)


def check_quiet(daemon):
    lines = daemon.log().splitlines()
    if len(lines) > MAX_LOG_LINES:
        raise Failure("%d lines in the log\n%s" % (len(lines), "\n".join(lines[-MAX_LOG_LINES:])))
    return len(lines)


def soak(stage, daemon, seconds, interval, say=lambda text: None):
    """Churn and some loss for so long; then the namespace that lost ends, too."""
    a, b = stage.pair()
    drop_commented(b)
    lost = firewall_series(b, "filter.INPUT.drop", lambda: truth.rule(b, "INPUT", 1))
    burst = good_and_bad(a, b)
    usage = Usage(daemon)
    with Churn(stage) as churning:
        watch = Watch([a, b], [lost], daemon)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            watch.bursts(burst, 1)
            usage.take()
            if watch.bursts_sent % 60 == 0:
                say("%d bursts, %d files, %d KB, %s namespaces in the kernel" % (
                    watch.bursts_sent, usage.fds[-1], usage.rss[-1] // 1024, slab("net_namespace")))
    watch.check(alerts=[policy(b.place(), "netfilter-rx", ("maintenance drop",))])
    churning.check_ended()
    churning.check_many()
    values = check_values(daemon, churning)
    log_lines = check_quiet(daemon)
    usage.check()
    stage.remove(b)
    watch.wait_reads(int(3 / interval), [a])
    okays = [n for n in daemon.notifications() if n.severity == "OKAY"]
    if len(okays) != 1 or "the namespace is gone" not in okays[0].message:
        raise Failure("not one OKAY at the end of the namespace: %s" % [str(n) for n in okays])
    summarize(say, churning, usage, [
        ("values of these, all right", values),
        ("bursts, each lost packet counted", watch.bursts_sent),
        ("lines of log", log_lines)])


def summarize(say, churning, usage, counts):
    rows = [("seconds", "%d" % churning.seconds),
            ("namespaces that came and went", churning.made),
            ("with the inode number of one before", churning.reused),
            ("with its name, too", churning.same_name),
            *counts,
            ("open files, first and last", "%d, %d" % tuple(usage.open_files())),
            ("memory in KB, first and last", "%d, %d" % tuple(n // 1024 for n in usage.memory()))]
    for what, figure in rows:
        say("%-36s %s" % (what, figure))


def slab(name):
    """About how many of a kind the kernel has, or None; slabs are counted roughly."""
    with contextlib.suppress(OSError):
        with open(SLABS) as f:
            for line in f:
                if line.startswith(name + " "):
                    return int(line.split()[1])
    return None


def options(stage):
    return '<Plugin pktloss>\n  Namespace "/^%s/"\n</Plugin>' % stage.prefix


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build"))
    parser.add_argument("--churn", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.churn:
        churn(*args.churn)
        return 0
    if os.geteuid():
        print("SKIP: needs root")
        return 77
    minutes = float(os.environ.get("SOAK_MINUTES", "30"))
    with Lab("soak" + os.urandom(2).hex()) as stage:
        with Collectd(args.build, 1, options(stage)) as daemon:
            soak(stage, daemon, minutes * 60, 1, lambda text: print(text, flush=True))
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
