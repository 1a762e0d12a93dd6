# SPDX-License-Identifier: MIT
"""What the kernel's own reasons for dropping packets tell, where they are wanted."""

import contextlib
import glob
import json
import os
import subprocess
import sys

from budget import EVERY, Misled, need_daemon
from cases import ALL, GOOD, GOOD_PORT, LOST, LOST_PORT, case, check_received, good_and_bad
from daemon import HEARTBEAT, Collectd, tells_reasons
from lab import HERE, Skip, wait_until
from links import attach, to_two_ports
from settings import expect, times_logged, wait_beats
from watch import Alert, Series, Share

NOT_READ = "reasons for dropping packets are not read"
WHAT = "the kernel's reasons to drop packets: "
WANTED = "DropReasons true"
DROP_UNCOUNTED = "table ip t {\nchain i {\ntype filter hook input priority 0;\nudp dport %d drop\n}\n}\n" % LOST_PORT
FILTERED = os.path.join(HERE, "filtered.py")
BLOCK = "<Plugin pktloss>\nDropReasons %s\n</Plugin>"


def need_reasons(stage):
    if stage.build is not None and not tells_reasons(stage.build):
        raise Skip("built without libbpf, or no BTF")


def programs(daemon):
    """The numbers of the programs in the kernel that a collectd holds."""
    found = set()
    for path in glob.glob("/proc/%d/fdinfo/*" % daemon.process.pid):
        with contextlib.suppress(OSError), open(path) as f:
            found.update(line.split()[1] for line in f if line.startswith("prog_id:"))
    return found


def is_loaded(number):
    return subprocess.run(["bpftool", "prog", "show", "id", number], capture_output=True).returncode == 0


@case
def reason_xdp(stage):
    """An XDP program outside of the driver drops: the kernel says so, and nobody else."""
    need_reasons(stage)
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    attach(b, "b0", "xdpgeneric")
    send, sent = to_two_ports(a, b), []
    lost = Series(b.place("b0"), "packets-link-lost_rx", lambda: sum(sent), LOST)

    def burst():
        send()
        sent.append(LOST)

    with stage.watch([lost], options=WANTED) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place("b0"), "percent-link-rx", lost, ALL)],
                    [Alert(b.place("b0"), "link-rx", ("XDP program", "bpftool net show dev b0"))])
        check_received(b, GOOD * watch.bursts_sent)


@case
def reason_xdp_passes(stage):
    """The same program meets nothing that it drops."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    attach(b, "b0", "xdpgeneric")
    with stage.watch(options=WANTED) as watch:
        watch.bursts(lambda: a.udp(ALL, 200, b.address, GOOD_PORT))
        watch.settle()
        watch.check_silent()


@case
def reason_series(stage):
    """What a rule without a counter drops has a series by the kernel's reason; what arrives has none."""
    need_reasons(stage)
    a, b = stage.pair()
    b.nft(DROP_UNCOUNTED)
    with stage.watch(options=WANTED) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.settle()
        if watch.daemon:
            sent = LOST * watch.bursts_sent
            values = watch.daemon.values(b.place(), "packets-dropreason-NETFILTER_DROP")
            expect(values and values[0][1] == 0 and values[-1][1] == sent,
                   "NETFILTER_DROP is %s, %d packets were dropped" % (values, sent))
            others = [s for s in watch.daemon.series(a.place()) if "dropreason" in s]
            expect(not others, "where nothing is lost there is %s" % others)


@case
def reason_ends(stage):
    """The program in the kernel is there while collectd is, unless it is not wanted, and then not any more."""
    need_reasons(stage)
    a, _ = stage.pair()
    if stage.build is None:
        return
    with Collectd(stage.build, options=BLOCK % "true", ns=a) as daemon:
        wait_beats(daemon, 2)
        held = programs(daemon)
        expect(held and all(is_loaded(n) for n in held), "no program counts")
        expect(times_logged(daemon, NOT_READ) == 0, "it is read, and said to be not")
    wait_until("the end of the program", lambda: not any(is_loaded(n) for n in held), 5)
    with Collectd(stage.build, options=BLOCK % "false", ns=a) as daemon:
        wait_beats(daemon, 2)
        expect(not programs(daemon), "a program counts that nobody wanted")


def pinned():
    return {os.path.join(top, name) for top, _, files in os.walk("/sys/fs/bpf") for name in files}


@case
def reason_killed(stage):
    """A collectd that is killed leaves no program in the kernel, and nothing pinned; the next one counts anew."""
    need_reasons(stage)
    a, _ = stage.pair()
    if stage.build is None:
        return
    before = pinned()
    with Collectd(stage.build, options=BLOCK % "true", ns=a) as daemon:
        wait_beats(daemon, 2)
        held = programs(daemon)
        expect(held and all(is_loaded(n) for n in held), "no program counts")
        expect(pinned() <= before, "pinned is %s" % (pinned() - before))
        daemon.process.kill()
        daemon.process.wait()
        wait_until("the end of the program", lambda: not any(is_loaded(n) for n in held), 5)
        seen = len(daemon.values("all", HEARTBEAT))
        daemon.start()
        wait_beats(daemon, seen + 2)
        expect(len(programs(daemon)) == len(held) and not programs(daemon) & held, "there is no other program")


@case
def reason_lost_thread(stage):
    """When the thread that reads is replaced the program goes on, is there once, and each packet is counted once."""
    need_reasons(stage)
    need_daemon(stage)
    a, b = stage.pair()
    b.nft(DROP_UNCOUNTED)
    burst = good_and_bad(a, b)
    block = '<Plugin pktloss>\n  Namespace "/^%s|^$/"\n  DropReasons true\n</Plugin>' % stage.prefix
    with Misled(stage.build, EVERY, block) as daemon:
        wait_beats(daemon, 3, b.place())
        held = programs(daemon)
        with open(daemon.mark(), "w"):
            pass
        for _ in range(12):
            daemon.wait_reads([b])
            burst()
        daemon.wait_reads([b], 2)
        expect(times_logged(daemon, "another thread goes on") == 1, "no thread was replaced")
        expect(programs(daemon) == held, "other programs count")
        lost = daemon.last(b.place(), "packets-dropreason-NETFILTER_DROP")
        expect(lost == 12 * LOST, "%s of %d packets are counted" % (lost, 12 * LOST))


@case
def reason_not_read(stage):
    """Without rights for it, or libbpf, the log says once that they are not read, and nothing else is missing."""
    a, _ = stage.pair()
    if stage.build is None:
        return
    without = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if tells_reasons(stage.build) else ()
    with Collectd(stage.build, options=BLOCK % '"auto"', ns=a, command=without) as daemon:
        wait_beats(daemon, 4)
        expect(times_logged(daemon, NOT_READ) == 1, "it is not said once that they are not read")
        expect(not [s for s in daemon.series("all") if "dropreason" in s], "there is a series of them")


@case
def reason_filtered(stage):
    """A unit whose filter of system calls kills for bpf(2): collectd lives, and says why they are not read."""
    need_reasons(stage)
    a, _ = stage.pair()
    if stage.build is None:
        return
    with Collectd(stage.build, options=BLOCK % '"auto"', ns=a, command=[sys.executable, FILTERED, "kill"]) as daemon:
        wait_beats(daemon, 4)
        expect(times_logged(daemon, NOT_READ) == 1 and times_logged(daemon, "seccomp") == 1, "it is not said once why")
        expect(not programs(daemon), "a program counts")


@case
def reason_filter_allows(stage):
    """With true they are read below a filter that allows it."""
    need_reasons(stage)
    a, _ = stage.pair()
    if stage.build is None:
        return
    with Collectd(stage.build, options=BLOCK % "true", ns=a, command=[sys.executable, FILTERED, "allow"]) as daemon:
        wait_beats(daemon, 4)
        expect(programs(daemon), "no program counts")
        expect(times_logged(daemon, NOT_READ) + times_logged(daemon, WHAT) == 0, "it is said to be not read")


@case
def reason_program(stage):
    """pktloss has the reasons where it can, and says whether; without rights only who asks is told why not."""
    need_reasons(stage)
    a, b = stage.pair()
    if stage.build is None:
        return
    program = [os.path.join(stage.build, "pktloss"), "-n", b.name, "-i", "0.2"]
    without = ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", "--inh-caps=-all"]
    for prefix, options, wanted in (([], [], True), ([], ["-R"], False), (without, [], False)):
        done = subprocess.run([*prefix, *program, "--json", *options], capture_output=True, text=True)
        if not prefix:
            expect(json.loads(done.stdout)["drop_reasons"] is wanted, "%s: %s" % (options, done.stdout))
        expect(NOT_READ not in done.stderr, done.stderr)
    done = subprocess.run([*without, *program[:1], "-i", "0.2", "-n", "", "-v"], capture_output=True, text=True)
    expect(done.stderr.count(NOT_READ) == 1, "it is not said why: %s" % done.stderr)
