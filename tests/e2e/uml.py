# SPDX-License-Identifier: MIT
"""Cases that need a kernel of their own (user-mode Linux).

Boots it on this machine's root file system, read-only, as an ordinary process.
What runs inside is a script beside this file; it reports in JSON lines on the
console.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import field_noise
import verdicts
from lab import HERE, Failure, Skip, leashed, run

TIME_LIMIT = 240
MODULES = "/usr/lib/uml/modules"


def reference(stage):
    """Loss in a web server's container: netem, firewall and MTU at once."""
    perform(stage, "uml_inside.py")


def little(stage):
    """The same with a few packets a second: all four alarms within a minute."""
    perform(stage, "uml_little.py")


def sleep(stage):
    """Suspends of an hour, and a clock that is set by one: nothing of it is a loss, or an end of one."""
    perform(stage, "uml_sleep.py", preload="uml_sleep.c")


def conntrack_full(stage):
    """The connection table is full: at a receiver (F16), at a sender (F17)."""
    perform(stage, "uml_conntrack.py")


def host(stage):
    """What this machine's kernel cannot do, or not for a test alone (A, C, E)."""
    perform(stage, "uml_host.py")


def queues(stage):
    """Queueing disciplines: netem, AQMs below a shaper, GSO, a policer (B2-B12)."""
    perform(stage, "uml_qdisc.py")


def no_reasons(stage):
    """A kernel that does not say why it drops packets, with DropReasons true, auto and false."""
    perform(stage, "uml_reasons.py")


def field_group(group):
    """A case that plays all field cases of a group inside one machine."""
    def play(stage):
        judge_all(*outcome(stage, "uml_field.py", group))

    play.__doc__ = "Cases of the field on Linux 6.1: %s." % group
    return play


def noise(stage):
    """Ten minutes of what looks like a loss and is none, on Linux 6.1."""
    judge(*outcome(stage, "uml_noise.py", limit=TIME_LIMIT + field_noise.SECONDS))


def perform(stage, script, **options):
    judge(*outcome(stage, script, **options))


def outcome(stage, script, group="", limit=TIME_LIMIT, preload=""):
    """(console, [report])"""
    kernel = shutil.which("linux")
    if not kernel or not os.path.isdir(MODULES):
        raise Skip("user-mode Linux is not installed")
    console = boot(kernel, stage.build, script, group, limit, preload)
    found = reports(console)
    for row in found:
        if "verdict" in row and verdicts.DIRECTORY in os.environ:
            verdicts.keep_row(row)
    return console, [row for row in found if "verdict" not in row]


def boot(kernel, build, script, group, limit, preload):
    """The console's output, once the machine is off again. preload: a source that changes what the host tells it."""
    with tempfile.TemporaryDirectory(prefix="pktloss-uml-") as directory:
        library = os.path.join(directory, "preload.so")
        if preload:
            run("cc -D_GNU_SOURCE -shared -fPIC -o %s %s" % (library, os.path.join(HERE, preload)))
        command = ["env"] + ["LD_PRELOAD=" + library] * bool(preload) + [
                   kernel, "rootfstype=hostfs", "rootflags=/", "ro", "mem=512M",
                   "uml_dir=" + directory, "init=" + os.path.join(HERE, "uml_init.sh"),
                   "PKTLOSS_SCRIPT=" + script, "PKTLOSS_GROUP=" + group,
                   "PKTLOSS_NOISE=%d" % field_noise.SECONDS,
                   "PKTLOSS_ONLY=" + os.environ.get("PKTLOSS_ONLY", ""),
                   "PKTLOSS_PYTHON=" + sys.executable,
                   "PKTLOSS_BUILD=" + (os.path.abspath(build) if build else ""),
                   "con=null", "con0=null,fd:1", "quiet"]
        with open(os.path.join(directory, "console"), "w+", errors="replace") as console:
            machine = subprocess.Popen(leashed(command), stdin=subprocess.DEVNULL,
                                       stdout=console, stderr=console, start_new_session=True)
            try:
                machine.wait(limit)
            except subprocess.TimeoutExpired:
                pass  # the console shows how far it came
            finally:
                end(machine)
            console.seek(0)
            return console.read()


def end(machine):
    """The machine's processes are a session of their own."""
    try:
        os.killpg(machine.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    machine.wait()


def reports(console):
    found = []
    for line in console.splitlines():
        if line.startswith("{"):
            try:
                found.append(json.loads(line))
            except ValueError:
                pass  # cut short, or not ours
    return found


def judge(console, found):
    for report in found:
        if "skip" in report:
            raise Skip(report["skip"])
        if not report["ok"]:
            raise Failure("%s: %s" % (report["step"], report["detail"]))
    if not found or found[-1]["step"] != "done":
        raise Failure("the machine went off early:\n" + "\n".join(console.splitlines()[-40:]))


def judge_all(console, found):
    """As judge(), but tells of all that failed."""
    wrong = ["%s: %s" % (row["step"], row["detail"]) for row in found if not row.get("ok", True)]
    if wrong:
        raise Failure("\n".join(wrong))
    judge(console, found)
