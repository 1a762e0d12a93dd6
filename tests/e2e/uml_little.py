# SPDX-License-Identifier: MIT
"""The reference case with little traffic, inside user-mode Linux: a few packets a second, all four alarms in a minute."""

import sys
import time

from daemon import Collectd
from lab import Failure, Lab
from uml_inside import (ALERTS, ECHO_PORT, INTERVAL, REMEDIES, build_container, cause_loss, check_alerts, perform,
                        report)
from watch import Watch

SECONDS = 60


def start_traffic(client):
    client.steady(60, "10.9.0.2", ECHO_PORT, 0.4)
    client.steady(200, "10.9.0.2", 9, 2)


def missing(daemon):
    raised = {(n.place, n.instance) for n in daemon.notifications(["nginx"]) if n.severity != "OKAY"}
    return [alert for alert in ALERTS if (alert.place, alert.instance) not in raised]


def wait_alerts(watch):
    begin = time.monotonic()
    while missing(watch.daemon):
        if time.monotonic() > begin + SECONDS + 2 * INTERVAL:
            raise Failure("not raised within a minute: %s" % missing(watch.daemon))
        watch.wait_reads()
    return "after %.0f s: %s" % (time.monotonic() - begin, check_alerts(watch.daemon))


def story(watch, client, nginx):
    start_traffic(client)
    watch.wait_reads(3)
    if missing(watch.daemon) != ALERTS:
        raise Failure("raised before anything was lost")
    cause_loss(nginx)
    report("all alarms of little traffic", detail=wait_alerts(watch))
    for _, remedy in REMEDIES:
        remedy(nginx)


def little(build):
    if not build:
        return
    with Lab("", fixed_names=True) as lab:
        client, nginx = build_container(lab)
        with Collectd(build, interval=INTERVAL) as daemon:
            try:
                story(Watch([client, nginx], [], daemon), client, nginx)
            except Failure as e:
                raise Failure("%s\n%s" % (e, daemon.report(["nginx"]))) from e


if __name__ == "__main__":
    perform(little, *sys.argv[1:])
