# SPDX-License-Identifier: MIT
"""DropReasons on a kernel that says nothing of itself (no BTF), inside user-mode Linux: that is said, and all else works."""

import os
import subprocess
import sys

from daemon import Collectd, tells_reasons
from lab import Failure, Lab, Skip, wait_until
from reasons import BLOCK, NOT_READ, WHAT
from settings import expect, times_logged
from uml_inside import INTERVAL, build_container, cause_loss, check_alerts, perform, report
from uml_little import missing, start_traffic

SECONDS = 90
ABSENT = "this kernel does not tell them (BTF)"


def available(daemon):
    return {v for _, v in daemon.values("all", "gauge-dropreason-available")}


def check_auto(daemon):
    expect(times_logged(daemon, NOT_READ) == 1, "it is not said once")
    expect(times_logged(daemon, ABSENT) == 1, "why is not said")
    expect(times_logged(daemon, WHAT) == 0, "nobody insists on it")


def check_true(daemon):
    expect(times_logged(daemon, WHAT) == 1, "it is not said once that it could not be read")
    expect(available(daemon) == {0}, "it is said to be %s" % available(daemon))


def check_false(daemon):
    expect(times_logged(daemon, NOT_READ) + times_logged(daemon, WHAT) == 0, "it is told, and was not asked for")
    expect(not available(daemon), "it is said to be available or not")


def check_program(build):
    """What it says of it, and with which status."""
    done = subprocess.run([os.path.join(build, "pktloss"), "-n", "", "--drop-reasons"], capture_output=True, text=True)
    expect(done.returncode in (1, 3), "the status is %d" % done.returncode)
    expect((done.stdout + done.stderr).count(WHAT) == 1, done.stdout + done.stderr)


def check_trace(build):
    done = subprocess.run([os.path.join(build, "pktloss"), "--trace", "--seconds", "0.2"], capture_output=True, text=True)
    expect(done.returncode == 2 and not done.stdout and "it takes Linux 5.17 with BTF" in done.stderr, done.stdout + done.stderr)


def sent_of(daemon):
    return [place for place in daemon.places() if any(
        s.startswith("packets-dropreason") for s in daemon.series(place))]


def story(build, client, nginx, modes):
    start_traffic(client)
    for daemon, _ in modes:
        daemon.wait_reads([nginx], 2)
    cause_loss(nginx)
    wait_until("all alarms", lambda: not any(missing(daemon) for daemon, _ in modes), SECONDS)
    for daemon, check in modes:
        check_alerts(daemon)
        check(daemon)
        expect(not sent_of(daemon), "reasons are sent for %s" % sent_of(daemon))
    report("alarms, and what is said of the reasons")
    check_program(build)
    check_trace(build)


def reasons(build):
    if not build or not tells_reasons(build, here=False):
        raise Skip("built without libbpf")
    with Lab("", fixed_names=True) as lab:
        client, nginx = build_container(lab)
        with Collectd(build, INTERVAL, BLOCK % "true") as one, \
                Collectd(build, INTERVAL, BLOCK % '"auto"') as other, \
                Collectd(build, INTERVAL, BLOCK % "false") as neither:
            modes = [(one, check_true), (other, check_auto), (neither, check_false)]
            try:
                story(build, client, nginx, modes)
            except Failure as e:
                raise Failure("%s\n%s" % (e, "\n".join(daemon.report(["nginx"]) for daemon, _ in modes))) from e


if __name__ == "__main__":
    perform(reasons, *sys.argv[1:])
