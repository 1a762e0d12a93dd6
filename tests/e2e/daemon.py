# SPDX-License-Identifier: MIT
"""A private collectd with pktloss in it, and what it said."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
from typing import NamedTuple

from lab import Failure, Skip, leashed, run, wait_until

HEARTBEAT = "gauge-all-sources"

CONFIG = """
Hostname "{host}"
FQDNLookup false
BaseDir "{dir}"
PIDFile "{dir}/pid"
Interval {interval}
WriteThreads {writers}
LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File "{dir}/log"
  Timestamp true
  PrintSeverity true
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "{dir}/csv"
  StoreRates false
</Plugin>
PluginDir "{plugins}"
LoadPlugin pktloss
PluginDir "{system}"
{options}
"""

NOTIFICATION = re.compile(
    r"Notification: severity = (?P<severity>\w+), host = [^,]*, plugin = pktloss, "
    r"plugin_instance = (?P<place>[^,]*), type = (?P<type>[^,]*), "
    r"type_instance = (?P<instance>[^,]*), message = (?P<message>.*)")


class Notification(NamedTuple):
    severity: str
    place: str
    type: str
    instance: str
    message: str

    def __str__(self):
        return "%s %s %s-%s: %s" % tuple(self)


def plugin_directory():
    shown = re.search(r"^\s*Plugin directory\s+(\S+)", run("collectd -h"), re.M)
    if not shown:
        raise Skip("collectd -h does not name its plugin directory")
    return shown.group(1)


def day_files(directory, series):
    """csv writes one file per series and day, named <series>-YYYY-MM-DD."""
    pattern = os.path.join(glob.escape(directory), glob.escape(series) + "-????-??-??")
    return sorted(glob.glob(pattern))


def tells_reasons(build, here=True):
    """Whether pktloss was built with libbpf, and, here, on a kernel that says what it is made of."""
    if not build or (here and not os.path.exists("/sys/kernel/btf/vmlinux")):
        return False
    with open(os.path.join(build, ".libs", "pktloss.so"), "rb") as plugin:
        return b"libbpf.so" in plugin.read()


class Collectd:
    """Runs inside a `with` block, which ends it and checks that it ended well."""

    config = CONFIG
    host = "h"  # what it calls itself
    stop_within = 5
    writers = 5  # collectd's default
    poll = 0.02  # seconds between two looks at what it wrote

    def __init__(self, build, interval=1, options="", ns=None, command=()):
        self.build = build
        self.interval = interval
        self.options = options
        self.ns = ns
        self.command = list(command)  # that runs collectd
        self.process = None
        self.dir = None

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="pktloss-e2e-")
        try:
            self.start()
        except BaseException:
            self.clean_up()
            raise
        return self

    def __exit__(self, failed, *_):
        try:
            self.stop()
        except Failure:
            if not failed:
                raise
        finally:
            self.clean_up()

    def start(self):
        config = os.path.join(self.dir, "conf")
        with open(config, "w") as f:
            f.write(self.config.format(
                dir=self.dir, host=self.host, interval=self.interval, writers=self.writers,
                options=self.options.replace("DIRECTORY", self.dir),
                plugins=os.path.join(os.path.abspath(self.build), ".libs"),
                system=plugin_directory()))
        command = self.command + ["collectd", "-f", "-C", config]
        if self.ns:
            command = ["ip", "netns", "exec", self.ns.name] + command
        with open(os.path.join(self.dir, "output"), "w") as output:
            self.process = subprocess.Popen(leashed(command), stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output)

    def stop(self):
        """SIGTERM must end it soon, with status 0 and no error in its log."""
        if self.process.poll() is not None:
            raise Failure("collectd ended by itself with status %d\n%s"
                          % (self.process.returncode, self.report()))
        self.end()

    def end(self):
        """As above, but it may have ended already."""
        self.process.terminate()
        try:
            status = self.process.wait(self.stop_within)
        except subprocess.TimeoutExpired:
            raise Failure("collectd did not end within %d s\n%s" % (self.stop_within, self.report()))
        if status:
            raise Failure("collectd ended with status %d\n%s" % (status, self.report()))
        self.check_log()

    def clean_up(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def check_log(self):
        bad = [line for line in self.log().splitlines()
               if "[error]" in line or "too old" in line or "read-function" in line]
        if bad:
            raise Failure("collectd complained: " + "\n".join(bad[:5]))

    # What it wrote.

    def text(self, name):
        try:
            with open(os.path.join(self.dir, name), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def log(self):
        return self.text("log")

    def place_dir(self, place):
        return os.path.join(self.dir, "csv", self.host, "pktloss-" + place)

    def values(self, place, series):
        """[(time, value)] of a series such as percent-link-rx; empty if never sent."""
        found = []
        for path in day_files(self.place_dir(place), series):
            with open(path) as f:
                # Its last line may be in the middle of being written.
                whole = f.read().rpartition("\n")[0].splitlines()[1:]
            found += [(float(t), float(v)) for t, v in (line.split(",") for line in whole)]
        return found

    def last(self, place, series):
        found = self.values(place, series)
        return found[-1][1] if found else None

    def places(self, suffix=""):
        prefix = os.path.join(self.dir, "csv", self.host, "pktloss-")
        found = glob.glob(glob.escape(prefix) + "*" + glob.escape(suffix))
        return sorted(path[len(prefix):] for path in found)

    def series(self, place):
        return sorted({name[:-len("-YYYY-MM-DD")] for name in os.listdir(self.place_dir(place))})

    def notifications(self, names=None):
        """Those of the given namespaces, or all."""
        found = [Notification(**match.groupdict()) for match in NOTIFICATION.finditer(self.log())]
        return [n for n in found if names is None or n.place.partition("@")[2] in names]

    # Its rhythm.

    def beats(self, ns):
        return len(self.values(self.heartbeat_place(ns), HEARTBEAT))

    def heartbeat_place(self, ns):
        return "all" if ns is self.ns else ns.place()

    def wait_reads(self, namespaces, count=1):
        """Until each namespace was read `count` times from now on; called right
        after a read, it returns right after another."""
        seen = {ns: self.beats(ns) for ns in namespaces}

        def all_read():
            if self.process.poll() is not None:
                raise Failure("collectd ended with status %d" % self.process.returncode)
            return all(self.beats(ns) >= seen[ns] + count for ns in namespaces)

        wait_until("a read of " + ", ".join(ns.name for ns in namespaces),
                   all_read, 15 + 4 * count * self.interval, self.poll)

    # What a human wants to see when a test failed.

    def report(self, names=None):
        lines = ["notifications:"]
        lines += ["  " + str(n) for n in self.notifications(names)] or ["  none"]
        lines += ["values:"]
        for place in self.places():
            if names is None or place.partition("@")[2] in names:
                lines += ["  %s/%s = %s" % (place, series, self.tail(place, series))
                          for series in self.series(place)]
        lines += ["log:"] + ["  " + line for line in self.log().splitlines()[-12:]]
        lines += ["output:"] + ["  " + line for line in self.text("output").splitlines()[-5:]]
        return "\n".join(lines)

    def tail(self, place, series):
        return " ".join("%g" % value for _, value in self.values(place, series)[-8:])
