# SPDX-License-Identifier: MIT
"""Namespaces come and go, reads hang or take too long: nothing is kept, nothing is lost."""

import ctypes
import glob
import os
import random
import signal
import socket
import subprocess
import time

import truth
from cases import GOOD, GOOD_PORT, LOST, case, drop_commented, good_and_bad, link_series
from daemon import HEARTBEAT, Collectd
from lab import Failure, Skip, leashed, run, wait_until
from settings import expect, times_logged, wait_beats
from soak import options, soak

READS = 0.25  # seconds between two of them
GONE_WITHIN = 2  # of the end of a namespace, on a busy machine


def wait_peer_gone(keeper, peer):
    wait_until("the end of %s's namespace" % peer, lambda: not truth.has_link(keeper, peer), GONE_WITHIN)


def plug_in(keeper, peer, ns):
    """A veth between the keeper and a namespace, by name or by process."""
    keeper.ip("link add %s type veth peer name e0 netns %s" % (peer, ns))


def end_named(stage, keeper, peer):
    name = stage.prefix + "named"
    run("ip netns add " + name)
    try:
        plug_in(keeper, peer, name)
        time.sleep(random.random() * 2 * READS)
    finally:
        run("ip netns del " + name)


def end_process(stage, keeper, peer):
    process = subprocess.Popen(leashed(["unshare", "-n", "sleep", "60"]))
    try:
        own = os.readlink("/proc/self/ns/net")
        wait_until("a namespace", lambda: os.readlink("/proc/%d/ns/net" % process.pid) != own, 5)
        plug_in(keeper, peer, process.pid)
        time.sleep(random.random() * 2 * READS)
    finally:
        process.kill()
        process.wait()


NAMED_OR_NOT = '<Plugin pktloss>\n  Namespace "/^%s|^ns-/"\n</Plugin>'


class OneWriter(Collectd):
    writers = 1  # several overtake each other when reads come that fast


@case
def nothing_pinned(stage):
    """A namespace that ends, whenever that is, is gone at once; its name may come back."""
    keeper = stage.namespace("keeper")
    if stage.build is None:
        return
    with OneWriter(stage.build, READS, NAMED_OR_NOT % stage.prefix) as daemon:
        wait_beats(daemon, 3, keeper.place())
        for i in range(40):
            peer = "p%d" % i
            (end_process if i % 4 == 3 else end_named)(stage, keeper, peer)
            wait_peer_gone(keeper, peer)
        expect(daemon.beats(keeper) > 20, "nothing was read meanwhile")
        expect("%snamed" % stage.prefix in " ".join(daemon.places()), "it was never read")


@case
def churn(stage):
    """Some hundred namespaces come and go: no leak, no wrong value, no flood, one OKAY."""
    if stage.build is None:
        return
    with Collectd(stage.build, 0.5, options(stage)) as daemon:
        soak(stage, daemon, 12, 0.5)


@case
def short_budget(stage):
    """Where there is no time for all, namespaces are read in turns, and that is said."""
    spaces = [stage.namespace("s%d" % i) for i in range(6)]
    if stage.build is None:
        return
    block = options(stage).replace("\n</", "\n  ReadBudget 0.000001\n</")
    with OneWriter(stage.build, READS, block) as daemon:
        wait_beats(daemon, 3, spaces[-1].place())
        beats = [daemon.beats(ns) for ns in spaces]
        expect(max(beats) - min(beats) <= 1, "not in turns: %s" % beats)
        skipped = {v for _, v in daemon.values("all", "gauge-all-skipped")}
        expect(skipped == {len(spaces) - 1}, "skipped were %s" % skipped)
        expect(times_logged(daemon, "ReadBudget") == 1, "it is not said once")


@case
def many_namespaces(stage):
    """What is beyond MaxNamespaces is counted, and takes the place of what ends."""
    spaces = [stage.namespace("s%d" % i) for i in range(5)]
    if stage.build is None:
        return
    block = options(stage).replace("\n</", "\n  MaxNamespaces 3\n</")
    with Collectd(stage.build, 0.5, block) as daemon:
        wait_until("three that are read", lambda: unwatched(daemon) == len(spaces) - 3, 10)
        for ns in spaces:
            if daemon.beats(ns):
                stage.remove(ns)
                break
        wait_until("another one in its place", lambda: unwatched(daemon) == len(spaces) - 4, 10)
        expect(times_logged(daemon, "MaxNamespaces") == 1, "it is not said once")


def unwatched(daemon):
    return daemon.last("all", "gauge-all-unwatched")


class Nameless:
    """Namespaces of one process each, which all end with it."""

    def __init__(self, count):
        script = "for i in $(seq %d); do unshare -n sleep 300 & done; wait" % count
        self.maker = subprocess.Popen(leashed(["sh", "-c", script]), start_new_session=True)
        wait_until("%d nameless namespaces" % count, lambda: len(self.find()) == count, 20)
        self.found = self.find()

    def find(self):
        found = set()
        for link in glob.glob("/proc/[0-9]*/ns/net"):
            try:
                if os.getpgid(int(link.split("/")[2])) == self.maker.pid:
                    found.add(os.stat(link).st_ino)
            except OSError:
                pass
        return found - {os.stat("/proc/self/ns/net").st_ino}

    def options(self, stage, limit):
        """Of all namespaces here none but these, and those that the stage names."""
        names = ["/^%s/" % stage.prefix] + ["ns-%d" % ino for ino in sorted(self.found)]
        return "<Plugin pktloss>\n%s  MaxNamespaces %d\n</Plugin>" % (
            "".join('  Namespace "%s"\n' % name for name in names), limit)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.maker.pid, signal.SIGTERM)
        self.maker.wait()


@case
def nameless_namespaces(stage):
    """Forty without a name leave room for those that have one and come later, and that is said; an alarm is told."""
    if stage.build is None:
        return
    with Nameless(40) as crowd, Collectd(stage.build, 0.5, crowd.options(stage, 4)) as daemon:
        wait_until("four that are read", lambda: unwatched(daemon) == 36, 20)
        expect(times_logged(daemon, "left out (36, which have no names)") == 1, "it is not said")
        a, b = stage.pair()
        daemon.wait_reads([a, b], 3)
        wait_until("two that make room", lambda: unwatched(daemon) == 38, 20)
        drop_commented(b)
        burst = good_and_bad(a, b)
        for _ in range(4):
            burst()
            daemon.wait_reads([b])
        told = [n for n in daemon.notifications() if (n.place, n.instance) == (b.place(), "netfilter-rx")]
        expect([n.severity for n in told] == ["WARNING"], "told was %s" % told)
        said = times_logged(daemon, "names take the place of others")
        expect(said == 1, "that some made room is said %d times" % said)
        expect(times_logged(daemon, "MaxNamespaces") == 2, "more is said of MaxNamespaces")


@case
def namespaces_that_fit(stage):
    """As many as there is room for: nothing is said of it, nor sent."""
    if stage.build is None:
        return
    with Nameless(3) as crowd, Collectd(stage.build, 0.5, crowd.options(stage, 5)) as daemon:
        a, b = stage.pair()
        daemon.wait_reads([a, b], 4)
        expect(times_logged(daemon, "MaxNamespaces") == 0, "something is said of it")
        expect(unwatched(daemon) is None, "something is left out")


MANY = 500  # veths: more than the kernel sends in one piece
RESTLESS = """
while :; do
	for i in $(seq 20); do echo "link add x$i type veth peer name y$i"; done
	for i in $(seq 20); do echo "link del x$i"; done
done | ip -n %s -batch -
"""


@case
def restless_interfaces(stage):
    """While interfaces come and go a dump of many is interrupted: it is read again, and so is the rest."""
    ns = stage.namespace("n")
    run("ip -n %s -batch -" % ns.name, "".join("link add a%d type veth peer name b%d\n" % (i, i) for i in range(MANY)))
    if stage.build is None:
        return
    with OneWriter(stage.build, READS, options(stage)) as daemon:
        restless = subprocess.Popen(leashed(["sh", "-c", RESTLESS % ns.name]), start_new_session=True)
        try:
            wait_beats(daemon, 30, ns.place())
        finally:
            os.killpg(restless.pid, signal.SIGTERM)
            restless.wait()
        expect("busy" not in daemon.log(), "an old dump was in the way of a new one\n" + daemon.log())
        for layer in "link", "qdisc":
            read = [v for _, v in daemon.values(ns.place(), "gauge-%s-available" % layer)]
            expect(2 * sum(read) >= len(read), "%s was read %d times of %d" % (layer, sum(read), len(read)))
        odd = [p for p in daemon.places() if p.partition("@")[2] == ns.name and p != ns.place()]
        expect(not odd, "values of interfaces that lost nothing: %s" % odd[:5])


# A thread that hangs, as in a dump that the kernel does not answer.

PTRACE_INTERRUPT, PTRACE_SEIZE, PTRACE_DETACH = 0x4207, 0x4206, 17
WALL = 0x40000000


class Frozen:
    """A thread of a collectd, the plugin's own for one, stopped by ptrace and by nothing else."""

    def __init__(self, daemon, thread="pktloss"):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.pid = daemon.process.pid
        self.task = find_thread(self.pid, thread)
        self.trace(PTRACE_SEIZE)
        self.trace(PTRACE_INTERRUPT)
        os.waitpid(self.task, WALL)

    def trace(self, request):
        if self.libc.ptrace(request, self.task, None, None):
            raise OSError(ctypes.get_errno(), "ptrace")

    def holds_nothing(self):
        """Whether it was stopped while it waited, not while it may have held a lock."""
        with open("/proc/%d/syscall" % self.task) as f:
            return f.read().split()[0] != "-1"

    def is_in(self, ns):
        return os.path.samefile("/proc/%d/task/%d/ns/net" % (self.pid, self.task), "/run/netns/" + ns.name)

    def thaw(self):
        self.trace(PTRACE_DETACH)

    def reap(self):
        """A thread that is traced ends when its tracer takes note."""
        try:
            os.waitpid(self.task, WALL | os.WNOHANG)
        except ChildProcessError:
            pass


def find_thread(pid, name):
    for path in glob.glob("/proc/%d/task/*/comm" % pid):
        with open(path) as f:
            if f.read().strip() == name:
                return int(path.split("/")[-2])
    raise Failure("collectd has no thread called " + name)


@case
def hung(stage):
    """A read that hangs holds neither collectd's other plugins nor its end."""
    space = stage.namespace("s")
    if stage.build is None:
        return
    daemon = Collectd(stage.build, 1, options(stage) + "\nLoadPlugin uptime")
    with daemon:
        wait_beats(daemon, 3, space.place())
        frozen = Frozen(daemon)
        uptime = os.path.join(daemon.dir, "csv", "h", "uptime")
        seen = uptime_lines(uptime)
        time.sleep(4)
        expect(uptime_lines(uptime) >= seen + 3, "other plugins are not read")
        expect(times_logged(daemon, "reading takes longer") == 1, "it is not said once")
        begin = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        while daemon.process.poll() is None and time.monotonic() < begin + 5:
            frozen.reap()
            time.sleep(0.01)
        took = time.monotonic() - begin
        expect(daemon.process.poll() == 0, "it did not end, or with a status: %s" % daemon.process.poll())
        expect(took <= 1, "it took %.2f s to end" % took)
        expect("left unfinished" in daemon.log(), "it is not said")
        seen = daemon.beats(space)
        os.truncate(os.path.join(daemon.dir, "log"), 0)  # it may have complained of three reads without an end
        daemon.start()  # for the end of the block
        wait_beats(daemon, seen + 2, space.place())


@case
def missed_reads(stage):
    """Reads that collectd missed are not made up for: no interval is a short one."""
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    _, b = stage.pair()
    with Collectd(stage.build, options=options(stage)) as daemon:
        daemon.wait_reads([b], 2)
        daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        daemon.process.send_signal(signal.SIGCONT)
        daemon.wait_reads([b], 3)
        times = [t for t, _ in daemon.values(daemon.heartbeat_place(b), HEARTBEAT)]
    steps = [later - earlier for earlier, later in zip(times, times[1:])]
    expect(max(steps) > 2.5, "it was not stopped: %s" % steps)
    expect(min(steps) > 0.4, "a short one: %s" % steps)


def uptime_lines(directory):
    return sum(len(lines) for lines in uptime_files(directory))


def uptime_files(directory):
    for path in glob.glob(os.path.join(directory, "*")):
        with open(path) as f:
            yield f.read().splitlines()


def uptime_times(daemon):
    """When another plugin was read, which waits for ours: there is one thread for both."""
    found = uptime_files(os.path.join(daemon.dir, "csv", "h", "uptime"))
    return sorted(float(line.split(",")[0]) for lines in found for line in lines[1:])


def freeze_writer(daemon):
    for _ in range(20):
        frozen = Frozen(daemon, "writer#0")
        if frozen.holds_nothing():
            return frozen
        frozen.thaw()
    raise Failure("the writer never waits")


IN_ONE_THREAD = '''
ReadThreads 1
<LoadPlugin uptime>
  Interval 0.02
</LoadPlugin>'''


@case
def prompt(stage):
    """When loss begins and no writer takes the values, collectd's thread is held as long as ReadBudget says."""
    a, b = stage.pair()
    drop_commented(b)
    burst = good_and_bad(a, b)
    if stage.build is None:
        return
    budget = 0.1
    block = options(stage).replace("\n</", "\n  ReadBudget %g\n</" % budget) + IN_ONE_THREAD
    with OneWriter(stage.build, 1, block) as daemon:
        wait_beats(daemon, 3, b.place())
        frozen = freeze_writer(daemon)
        begin = time.time()
        burst()
        time.sleep(3)
        end = time.time()
        frozen.thaw()
        wait_until("values after that", lambda: uptime_times(daemon)[-1] > end, 10)
        times = [t for t in uptime_times(daemon) if begin < t < end]
        longest = max(after - before for before, after in zip(times, times[1:]))
        expect(longest < budget + 0.2, "collectd's thread was held for %.3f s" % longest)
        expect(longest > budget / 2, "nothing was waited for: %.3f s" % longest)
        expect(daemon.last(b.place(), "percent-netfilter-rx") is not None, "the loss was not sent")


# What the host shows of its veths.


@case
def quiet_host(stage):
    """The host's ends of veths, whatever they are called, have no series until they lose."""
    a, r = stage.pair(("a", "r"))
    r.ip("link set b0 down")
    r.ip("link set b0 name eth7")
    r.ip("link set eth7 up")
    a.sink(GOOD_PORT)
    r.ip("neigh replace 10.9.0.1 lladdr %s dev eth7 nud permanent" % truth.mac(a, "a0"))
    a.ip("link set a0 mtu 400")

    def burst():
        r.udp(GOOD, 200, a.address, GOOD_PORT)
        r.udp(LOST, 1400, a.address, GOOD_PORT)

    sent = link_series(r, "eth7", "tx", LOST)
    with stage.watch(inside=r, select=False) as watch:
        if not watch.daemon:
            return
        watch.bursts(lambda: r.udp(GOOD, 200, a.address, GOOD_PORT), 3)
        watch.settle()
        expect("eth7" not in watch.daemon.places(), "eth7 lost nothing, but sends")
        before = sent.read()
        watch.bursts(burst, 2)
        watch.settle()
        expect(sent.read() - before == 2 * LOST, "the kernel lost %d" % (sent.read() - before))
        expect("eth7" in watch.daemon.places(), "eth7 lost, but does not send")


def real_links():
    """Interfaces of this machine that a device is behind."""
    return [name for _, name in socket.if_nameindex() if os.path.exists("/sys/class/net/%s/device" % name)]


MAIN = ("if_rx_packets", "if_tx_packets", "if_rx_dropped", "if_tx_dropped", "if_rx_errors", "if_tx_errors", "percent")


@case
def real_interfaces(stage):
    """This machine's real interfaces send their main counters, and little else."""
    real = real_links()
    if stage.build is None:
        return
    if not real:
        raise Skip("no real interface in this network namespace")
    with stage.watch(options='Namespace ""') as watch:
        wait_beats(watch.daemon, 4)
        for name in real:
            series = watch.daemon.series(name)
            expect(series, "%s sends nothing" % name)
            odd = [s for s in series if not s.startswith(MAIN)]
            expect(not odd, "%s sends %s" % (name, odd))
            expect(len(series) < 20, "%s sends %d series" % (name, len(series)))
