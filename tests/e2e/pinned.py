# SPDX-License-Identifier: MIT
"""A namespace that ends is gone with all that is in it, whatever collectd does just then."""

import errno
import fcntl
import os
import random
import subprocess
import time

import truth
from cases import case
from daemon import Collectd
from lab import Skip, leashed, run, wait_until
from lifecycle import READS, Frozen, OneWriter
from settings import expect, wait_beats
from soak import SLABS, options, slab

INTERVAL = 8  # seconds between two reads
GONE_WITHIN = 5  # of the end of a namespace: long before the next read
ENTRIES = 4000  # of conntrack, in each namespace
RULES = 5000  # that drop: they take some time to read
LOST_PORT, OPEN_PORT = 9, 7

RULESET = """
table inet t {
 chain in {
  type filter hook input priority 0
  ct state new counter
  %s
 }
}
"""


class Bounded:
    """A user namespace that may have one network namespace, or so many.

    The kernel counts them, and takes one off when nothing is left of it. What
    it refuses and what it grants tells their number exactly, whatever else
    runs on the machine.
    """

    def __init__(self, stage, limit=1):
        self.stage = stage
        self.made = 0
        self.turn = take_turn()
        self.process = subprocess.Popen(
            leashed(["unshare", "--user", "--map-root-user", "sh", "-c", "echo made; exec sleep 600"]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():  # root is mapped by then; before that nobody can enter
            raise Skip("no user namespaces: " + self.process.communicate()[1].strip())
        self.enter = ["nsenter", "--user", "--target", str(self.process.pid)]
        run(" ".join(self.enter) + " sh -c 'echo %d > /proc/sys/user/max_net_namespaces'" % limit)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.turn.close()

    def process_in_one_more(self):
        """Or None, if there are as many as there may be."""
        process = subprocess.Popen(
            self.enter + ["unshare", "--net"] + leashed(["sh", "-c", "echo made; exec sleep 60"]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if process.stdout.readline():
            return process
        _, error = process.communicate()
        if "No space left" not in error:
            raise RuntimeError("unshare --net: " + error)
        return None

    def namespace(self, rules=1):
        """One more, with a firewall and a connection table; soon there must be room for it."""
        process = wait_until("room for one more namespace", self.process_in_one_more, GONE_WITHIN)
        self.made += 1
        try:
            ns = self.stage.namespace("n%d" % self.made, pid=process.pid)
        finally:
            process.kill()
            process.communicate()
        ns.nft(RULESET % ("udp dport %d counter drop\n" % LOST_PORT * rules))
        ns.flows(ENTRIES, 100, "127.0.0.1", OPEN_PORT, 10000)
        return ns

    def replace(self, ns):
        """Ends a namespace and makes another one, for which there was no room before."""
        expect(self.process_in_one_more() is None, "one more is possible before one ended")
        expect(truth.tracked(ns) >= ENTRIES, "its table has %d entries" % truth.tracked(ns))
        before = all_entries()
        self.stage.remove(ns)
        left = before - ENTRIES // 2  # others may make some, too
        wait_until("the end of its connection table", lambda: all_entries() < left, GONE_WITHIN)
        return self.namespace()


def take_turn():
    """One case at a time of all runs with this /proc: the entries of all are one number."""
    try:
        turn = open(SLABS)
    except OSError as e:
        raise Skip("not readable: %s" % e)
    fcntl.flock(turn, fcntl.LOCK_EX)
    return turn


def all_entries():
    """Of conntrack in the whole kernel, some too many."""
    found = slab("nf_conntrack")
    if found is None:
        raise Skip("no nf_conntrack in " + SLABS)
    return found


@case
def pinned_starting(stage):
    """... before the first read, in it, and between it and the second."""
    if stage.build is None:
        return
    with Bounded(stage) as bounded:
        ns = bounded.namespace()
        for i in range(9):
            with Collectd(stage.build, INTERVAL, options(stage)) as daemon:
                if i % 3:
                    time.sleep(random.random() * 0.2)
                else:
                    wait_beats(daemon, 1, ns.place())
                ns = bounded.replace(ns)


@case
def pinned_alarm(stage):
    """... between two reads, with an alarm raised and without one."""
    if stage.build is None:
        return
    block = options(stage).replace("\n</", "\n  <Threshold>\n    Layer \"netfilter\"\n    FailureMax 1\n    Hits 1\n  </Threshold>\n</")
    with Bounded(stage) as bounded:
        ns = bounded.namespace()
        with Collectd(stage.build, INTERVAL, block) as daemon:
            wait_beats(daemon, 1, ns.place())
            ns = bounded.replace(ns)
            wait_beats(daemon, 1, ns.place())
            ns.udp(100, 100, "127.0.0.1", LOST_PORT)
            wait_until("an alarm", lambda: severities(daemon, ns) == ["FAILURE"], 2 * INTERVAL)
            bounded.replace(ns)
            wait_until("its end", lambda: severities(daemon, ns) == ["FAILURE", "OKAY"], 2 * INTERVAL)


def severities(daemon, ns):
    return [n.severity for n in daemon.notifications([ns.name])]


BLOCKED = """
LoadPlugin table
<Plugin table>
  <Table "DIRECTORY/fifo">
    Separator " "
    <Result>
      Type gauge
      InstancesFrom 0
      ValuesFrom 1
    </Result>
  </Table>
</Plugin>
"""


class SlowToEnd(Collectd):
    """Another plugin reads a FIFO in which nothing comes, and collectd waits for it to end."""

    def start(self):
        self.fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(self.fifo)
        super().start()
        self.writer = wait_until("a reader of the FIFO", self.open_writer, 15)

    def open_writer(self):
        try:
            return os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as e:
            if e.errno != errno.ENXIO:
                raise
            return None  # nobody reads yet

    def begin_to_end(self):
        self.process.terminate()
        wait_until("the begin of its end", lambda: "Exiting normally" in self.log(), 5)

    def stop(self):
        """What it waits for comes, and it may have ended before it is looked at."""
        os.close(self.writer)
        self.end()


@case
def pinned_ending(stage):
    """... while collectd ends, which takes its time."""
    if stage.build is None:
        return
    with Bounded(stage) as bounded:
        ns = bounded.namespace()
        with SlowToEnd(stage.build, INTERVAL, options(stage) + BLOCKED) as daemon:
            wait_beats(daemon, 1, ns.place())
            daemon.begin_to_end()
            bounded.replace(ns)
            expect(daemon.process.poll() is None, "collectd ended too soon")


def freeze_in(daemon, ns):
    """Stops the plugin's thread while it reads a namespace."""
    for _ in range(2000):
        frozen = Frozen(daemon)
        if frozen.is_in(ns):
            return frozen
        frozen.thaw()
        time.sleep(random.random() * 0.02)
    return None


@case
def pinned_hung(stage):
    """... while a read of another one hangs; that one is gone when it goes on."""
    if stage.build is None:
        return
    with Bounded(stage, 2) as bounded:
        slow, ns = bounded.namespace(RULES), bounded.namespace()
        with OneWriter(stage.build, READS, options(stage)) as daemon:
            for one in slow, ns:
                wait_beats(daemon, 1, one.place())
            frozen = freeze_in(daemon, slow)
            expect(frozen, "its thread is never seen in " + slow.name)
            try:
                ns = bounded.replace(ns)
                stage.remove(slow)
            finally:
                frozen.thaw()
            bounded.namespace()
