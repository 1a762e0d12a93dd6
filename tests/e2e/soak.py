# SPDX-License-Identifier: MIT
"""Namespaces that come and go while collectd reads: nothing may leak, nothing may be wrong.

    python3 tests/e2e/soak.py [--build DIR]     as root; SOAK_MINUTES (default 30)

"make soak" runs this; the case `churn` of the end-to-end tests is the short version.
"""

import argparse
import contextlib
import ctypes
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
from watch import Alert, Watch

AT_ONCE = 20  # namespaces that come and go; they use each other's names and inode numbers
NAMES = AT_ONCE + 2
CLONE_NEWNET = 0x40000000
MS_BIND, MNT_DETACH = 4096, 2
RSS_MAY_GROW = 3 << 20  # bytes, after it has warmed up
MAX_LOG_LINES = 30


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
    """Makes and ends namespaces until it is told to end; says how many.

    Each has lost some packets before it gets its name, and so before anybody can
    have read it: no value but its heartbeat is right. Some have a veth whose other
    end is in the keeper, where it is seen that they end.
    """
    kernel = Kernel()
    alive, made = [], 0
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    free = ["%s%d" % (prefix, i) for i in range(NAMES)]

    def end(name):
        kernel.call("umount2", path(name).encode(), MNT_DETACH)
        os.unlink(path(name))
        free.append(name)

    while not told:
        name = free.pop(random.randrange(len(free)))
        kernel.call("unshare", CLONE_NEWNET)
        lose_packets(random.randrange(200))
        with open(path(name), "w"):
            pass
        kernel.call("mount", b"/proc/thread-self/ns/net", path(name).encode(), b"none", MS_BIND, None)
        made += 1
        if made % 10 == 0:
            subprocess.run(["ip", "-n", keeper, "link", "add", "k%d" % made, "type", "veth",
                            "peer", "name", "eth0", "netns", name], check=True)
        alive.append(name)
        while len(alive) > AT_ONCE:
            end(alive.pop(random.randrange(len(alive))))
        time.sleep(random.random() * 0.03)
    for name in alive:
        end(name)
    print(made, flush=True)


def path(name):
    return "/run/netns/" + name


class Churn:
    """The above in a process of its own, as it leaves its namespace."""

    def __init__(self, stage):
        self.keeper = stage.namespace("keeper")
        self.prefix = stage.prefix + "c"
        self.process = None
        self.made = 0

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
        self.made = int(out)

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

    def check(self, may_grow=RSS_MAY_GROW):
        quarter = max(len(self.fds) // 4, 1)
        first, last = self.fds[quarter:2 * quarter] or self.fds, self.fds[-quarter:]
        # a sample may fall into a read, when a few are open
        if min(last) > min(first):
            raise Failure("open files grew from %d to %d" % (min(first), min(last)))
        grown = statistics.median(self.rss[-quarter:]) - statistics.median(self.rss[quarter:2 * quarter] or self.rss)
        if grown > may_grow:
            raise Failure("memory grew by %d KB: %s" % (grown // 1024, self.rss))


def check_values(daemon, prefix):
    """Of a namespace that came and went nothing but its heartbeat is sent."""
    places = [p for p in daemon.places() if p.partition("@")[2].startswith(prefix)]
    if not places:
        raise Failure("none of the namespaces that come and go was read")
    wrong = ["%s/%s = %s" % (p, s, daemon.tail(p, s)) for p in places for s in daemon.series(p) if s != HEARTBEAT]
    if wrong:
        raise Failure("values of another namespace: " + "; ".join(wrong[:5]))


def check_quiet(daemon):
    lines = daemon.log().splitlines()
    if len(lines) > MAX_LOG_LINES:
        raise Failure("%d lines in the log\n%s" % (len(lines), "\n".join(lines[-MAX_LOG_LINES:])))


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
    watch.check(alerts=[Alert(b.place(), "netfilter-rx", ("maintenance drop",))])
    churning.check_ended()
    check_values(daemon, churning.prefix)
    check_quiet(daemon)
    usage.check()
    stage.remove(b)
    watch.wait_reads(int(3 / interval), [a])
    okays = [n for n in daemon.notifications() if n.severity == "OKAY"]
    if len(okays) != 1 or "the namespace is gone" not in okays[0].message:
        raise Failure("not one OKAY at the end of the namespace: %s" % [str(n) for n in okays])
    say("%d namespaces came and went" % churning.made)
    return churning.made


def slab(name):
    """About how many of a kind the kernel has, or None; slabs are counted roughly."""
    with contextlib.suppress(OSError):
        with open("/proc/slabinfo") as f:
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
