# SPDX-License-Identifier: MIT
"""End-to-end tests: a real collectd with pktloss, real namespaces, real loss.

    python3 tests/e2e [--build DIR] [--truth-only] [-j N] [--list] [NAME ...]

Needs root. Each case runs in a process of its own, several at a time. With
--truth-only no collectd is started: only the kernel's side is verified. The
last line is "N passed, N failed, N skipped"; the exit status is 1 if a case
failed and 77 if all were skipped. PKTLOSS_NO_SKIP=1 turns skips into failures.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # the sources may be read-only, and stay clean

from firewall import CASES  # and all of cases.py
from lab import HERE, Failure, Skip, leashed, run
import combined  # noqa: F401, registers its cases
import density  # noqa: F401
import demos  # noqa: F401
import documents  # noqa: F401
import field
import field_cases  # noqa: F401
import alarms  # noqa: F401
import budget  # noqa: F401
import containers  # noqa: F401
import graphs  # noqa: F401
import fleet  # noqa: F401
import grafana  # noqa: F401
import lifecycle  # noqa: F401
import names  # noqa: F401
import links  # noqa: F401
import outputs  # noqa: F401
import pinned  # noqa: F401
import protocols  # noqa: F401
import qdiscs  # noqa: F401
import receivers  # noqa: F401
import program  # noqa: F401
import reasons  # noqa: F401
import remedies  # noqa: F401
import restart  # noqa: F401
import rules  # noqa: F401
import rights  # noqa: F401
import settings  # noqa: F401
import skew  # noqa: F401
import schema  # noqa: F401
import sockets  # noqa: F401
import tracing  # noqa: F401
import writers  # noqa: F401
import field_noise
from uml import conntrack_full, field_group, host, little, no_reasons, noise, queues, reference, sleep
import verdicts
from watch import Stage

UML_CASES = {"reference": reference, "reference_little": little, "host": host, "conntrack_full": conntrack_full, "queues": queues,
             "sleep": sleep, "reason_no_btf": no_reasons}
UML_CASES.update({"field_uml_" + group: field_group(group) for group in field.GROUPS})
NOISE = {"field_noise": field_noise.field_noise, "field_noise_61": noise}
ALL_CASES = {**NOISE, **UML_CASES, **CASES}  # the longest first
TIME_LIMIT = dict.fromkeys(UML_CASES, 300)
TIME_LIMIT.update(dict.fromkeys(NOISE, 300 + field_noise.SECONDS))
DEFAULT_TIME_LIMIT = 120
MANY = 12  # so many that fail are no chance any more


def arguments():
    parser = argparse.ArgumentParser(prog="tests/e2e", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build"),
                        help="where pktloss was built (default: build)")
    parser.add_argument("--truth-only", action="store_true", help="do not start collectd")
    parser.add_argument("-j", "--jobs", type=int, default=10)
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--one", metavar="PREFIX", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in ALL_CASES]
    if unknown:
        parser.error("no such case: " + " ".join(unknown))
    return args


# In the process of one case.


def perform(args):
    """Runs one case and writes its verdict as the last line of the output."""
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored, and so would what we start
    verdict = ["ok", ""]
    try:
        check_machine(args)
        build = None if args.truth_only else args.build
        with Stage(args.one, build) as stage:
            ALL_CASES[args.names[0]](stage)
    except Skip as e:
        verdict = ["SKIP", str(e)]
    except Failure as e:
        verdict = ["FAIL", str(e)]
    except SystemExit as e:
        verdict = ["FAIL", str(e)]
    except Exception:
        verdict = ["FAIL", traceback.format_exc()]
    print(json.dumps(verdict), flush=True)


def interrupted(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the cleaning up has to end
    sys.exit("interrupted")


def check_machine(args):
    if os.geteuid():
        raise Skip("needs root")
    if not args.truth_only and not os.path.exists(plugin_path(args)):
        raise Failure("no plugin at %s" % plugin_path(args))
    probe = args.one + "-probe"
    try:
        run("ip netns add " + probe)
    except (RuntimeError, FileNotFoundError) as e:
        raise Skip("no network namespaces: %s" % e)
    run("ip netns del " + probe)


def plugin_path(args):
    return os.path.join(args.build, ".libs", "pktloss.so")


# In the runner.


class Job:
    """A case in a process of its own."""

    def __init__(self, name, args, run_id):
        self.name = name
        self.started = time.monotonic()
        self.told_to_end = False
        self.output = tempfile.TemporaryFile("w+")
        options = ["--build", args.build] + (["--truth-only"] if args.truth_only else [])
        self.process = subprocess.Popen(
            leashed([sys.executable, HERE, "--one", "%s-%s" % (run_id, name.lower())] + options + [name]),
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, start_new_session=True)

    def overdue(self, grace=0):
        limit = TIME_LIMIT.get(self.name, DEFAULT_TIME_LIMIT) + grace
        return time.monotonic() - self.started > limit

    def enforce_limit(self):
        if self.overdue() and not self.told_to_end:
            self.told_to_end = True
            self.process.terminate()
        if self.overdue(grace=30):
            self.kill()

    def kill(self):
        """The process and all that it started: they are a session of their own."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def result(self):
        """(ok | FAIL | SKIP, detail)"""
        self.output.seek(0)
        lines = self.output.read().splitlines()
        self.output.close()
        try:
            verdict, detail = json.loads(lines[-1])
        except (IndexError, ValueError):
            return "FAIL", "ended with status %d\n%s" % (self.process.returncode, "\n".join(lines[-20:]))
        rest = "\n".join(lines[:-1])
        return verdict, detail + ("\n" + rest if rest and verdict != "ok" else "")


def print_result(name, verdict, detail, seconds):
    if verdict == "ok":
        print("ok %s (%.1f)" % (name, seconds), flush=True)
    else:
        print("%s %s: %s" % (verdict, name, detail.replace("\n", "\n    ")), flush=True)


class Runner:
    def __init__(self, args):
        self.args = args
        self.run_id = "pk" + os.urandom(2).hex()
        self.waiting = list(args.names or ALL_CASES)
        self.jobs = args.jobs
        self.failed, self.alone = [], False
        self.running = []
        self.count = {"ok": 0, "FAIL": 0, "SKIP": 0}

    def run(self):
        with tempfile.TemporaryDirectory(prefix="pktloss-verdicts-") as directory:
            os.environ[verdicts.DIRECTORY] = directory
            try:
                while self.waiting or self.running or self.failed:
                    self.start_some()
                    self.collect()
                    time.sleep(0.05)
            finally:
                self.end_all()
                self.sweep()
            verdicts.print_table(directory)
        return self.finish()

    def start_some(self):
        if not self.waiting and not self.running and self.failed:
            self.try_again()
        while self.waiting and len(self.running) < self.jobs:
            self.running.append(Job(self.waiting.pop(0), self.args, self.run_id))

    def collect(self):
        for job in list(self.running):
            job.enforce_limit()
            if job.process.poll() is not None:
                self.running.remove(job)
                self.judge(job)

    def judge(self, job):
        verdict, detail = job.result()
        if verdict == "SKIP" and os.environ.get("PKTLOSS_NO_SKIP") == "1":
            verdict, detail = "FAIL", "skipped: " + detail
        if verdict == "FAIL" and not self.alone and self.args.jobs > 1:
            self.failed.append(job.name)
            verdict = "later"
        else:
            self.count[verdict] += 1
        print_result(job.name, verdict, detail, time.monotonic() - job.started)

    def try_again(self):
        """Cases share the host's counters and its CPUs: one that failed beside others is run alone, once."""
        if len(self.failed) <= MANY:
            self.waiting, self.jobs = self.failed, 1
        else:
            self.count["FAIL"] += len(self.failed)
        self.failed, self.alone = [], True

    def end_all(self):
        for job in self.running:
            job.process.terminate()
        for job in self.running:
            try:
                job.process.wait(20)
            except subprocess.TimeoutExpired:
                job.kill()
                job.process.wait()

    def sweep(self):
        """Namespaces of a case that was killed."""
        if os.geteuid() == 0:
            for line in run("ip netns list").splitlines():
                if line.startswith(self.run_id + "-"):
                    run("ip netns del " + line.split()[0])

    def finish(self):
        count = self.count
        print("%d passed, %d failed, %d skipped" % (count["ok"], count["FAIL"], count["SKIP"]), flush=True)
        if count["FAIL"]:
            return 1
        return 77 if count["SKIP"] and not count["ok"] else 0


def main():
    args = arguments()
    if args.list:
        for name, function in ALL_CASES.items():
            print("%-14s %s" % (name, function.__doc__.splitlines()[0]))
        return 0
    if args.one:
        return perform(args)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return Runner(args).run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
