# SPDX-License-Identifier: MIT
"""Two hosts that send to a central collectd: the files of conf/fleet, with its own types.db."""

import contextlib
import copy
import glob
import os
import re

from cases import GOOD_PORT, LOST_PORT, case, drop_commented
from daemon import CONFIG, Collectd
from lab import HERE, Failure, wait_until, wire
from receivers import need_library, shipped
from rules import Scraped
from settings import expect
from writers import INTERVAL, is_near, rrd_steps

FLEET = os.path.join(HERE, "..", "..", "conf", "fleet")
HOSTS = {"web1.example.org": 40, "web2": 20}  # packets lost in each round
GOOD = 120
ROUNDS = 5
NEAR = 0.4
LOST = "packets-netfilter-lost_rx"
SHARE = "percent-netfilter-rx"
KEYS = "web1: change me\nweb2: change me\n"

# Such as a file's update in the second of the one before: a host that is late reads sooner after that.
HARMLESS = re.compile(r"^$|\[info\]|Exiting normally|update using time (\d+) when last update time is \1\b")

# A value of "intruder" in the plugin's own format, which is not encrypted: host, time, plugin, type, value.
PLAIN = """
import socket, struct, time
def part(kind, body):
    return struct.pack("!HH", kind, 4 + len(body)) + body
packet = (part(0, b"intruder\\0") + part(8, struct.pack("!Q", int(time.time() * 2**30))) + part(2, b"pktloss\\0")
          + part(4, b"percent\\0") + part(6, struct.pack("!HBd", 1, 1, 99)))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(packet, ("127.0.0.1", 25826))
"""

WATCHED = """
<Plugin pktloss>
  Namespace "/^%s$/"
  ReportIdle true
</Plugin>
"""


def fleet_file(name, changes=()):
    return shipped(os.path.join(FLEET, name), changes)


# As many threads that write as the files say.
CONFIG_OF_ALL = "".join(line for line in CONFIG.splitlines(True) if "WriteThreads" not in line)


class Sender(Collectd):
    """That of a host."""

    config = CONFIG_OF_ALL

    def __init__(self, build, host, at, centre, container):
        self.host, self.container = host, container
        options = fleet_file("sender.conf", {"collectd.example.org": centre, "/var/lib/collectd": "DIRECTORY",
                                             '"web1"': '"%s"' % host.partition(".")[0]})
        super().__init__(build, interval=INTERVAL, options=options + WATCHED % container.name, ns=at)

    def all_values(self):
        """{series: [(time, value)]} of the container."""
        return {(place, series): self.values(place, series)
                for place in self.places("@" + self.container.name) for series in self.series(place)}


class Central(Scraped):
    """It has no pktloss."""

    config = CONFIG_OF_ALL.replace("LoadPlugin pktloss\n", "")
    host = "central"

    def __init__(self, build, at):
        options = fleet_file("central.conf", {"/var/lib/collectd": "DIRECTORY", "/etc/collectd": "DIRECTORY",
                                              "CacheTimeout 300": "CacheTimeout 0"})
        super().__init__(build, interval=INTERVAL, ns=at, options="".join(
            [options, fleet_file("aggregation.conf"), fleet_file("prometheus.conf")]))

    def start(self):
        with open(os.path.join(self.dir, "fleet.passwd"), "w", encoding="ascii") as f:
            f.write(KEYS)
        super().start()

    def check_log(self):
        bad = [line for line in self.log().splitlines() if not HARMLESS.search(line)]
        expect(not bad, "%d lines, such as %s" % (len(bad), bad[:3]))

    def of(self, host):
        """What it knows of that one."""
        seen = copy.copy(self)
        seen.host = host
        return seen

    def fleet(self, plugin, host, series):
        """[value] of what it has made of all."""
        files = glob.glob(os.path.join(self.dir, "csv", host, plugin, glob.escape(series) + "-????-??-??"))
        lines = [line for name in sorted(files) for line in open(name, encoding="ascii").read().splitlines()[1:]]
        return [float(line.split(",")[1]) for line in lines]


@contextlib.contextmanager
def fleet(stage):
    """(central, [(sender, function that loses packets of its container)])"""
    centre = stage.namespace("centre")
    hosts = []
    for i, (name, lost) in enumerate(HOSTS.items(), 1):
        host, container = stage.namespace("host%d" % i), stage.namespace("c%d" % i)
        address, inside = "10.8.%d.1" % i, "10.9.%d.2" % i
        wire(host, "net0", "10.8.%d.2/24" % i, centre, "net%d" % i, address + "/24")
        wire(host, "v0", "10.9.%d.1/24" % i, container, "eth0", inside + "/24")
        container.sink(GOOD_PORT)
        drop_commented(container)
        hosts.append((name, host, address, container, inside, lost))

    def burst_to(host, inside, lost):
        def burst():
            host.udp(GOOD, 200, inside, GOOD_PORT)
            host.udp(lost, 200, inside, LOST_PORT)
        return burst

    with contextlib.ExitStack() as stack:
        central = stack.enter_context(Central(stage.build, centre))
        yield central, centre, [
            (stack.enter_context(Sender(stage.build, name, host, address, container)), burst_to(host, inside, lost))
            for name, host, address, container, inside, lost in hosts]


def check_values(central, sender):
    """The centre has what the host has, with the same times."""
    seen = central.of(sender.host)
    sent = sender.all_values()
    expect(len(sent) > 50, "the host has %d series" % len(sent))

    def arrived():
        return all(seen.values(*of)[:len(values)] == values for of, values in sent.items())

    try:
        wait_until("", arrived, 8, 0.5)
    except Failure as e:
        wrong = {of: (seen.values(*of), values) for of, values in sent.items() if seen.values(*of)[:len(values)] != values}
        raise Failure("of %s %d of %d series are not as sent: %s" % (
            sender.host, len(wrong), len(sent), list(wrong.items())[:2])) from e
    expect(seen.places() == sender.places(), "the centre has %s" % seen.places())


def check_notified(central, senders):
    """The centre is told the same."""
    told = sorted(n for sender in senders for n in sender.notifications())
    expect([n.instance for n in told if n.severity == "WARNING"] == ["netfilter-rx"] * 2, "the hosts told %s" % told)
    wait_until("both at the centre", lambda: len(central.notifications()) >= len(told), 5)
    expect(sorted(central.notifications()) == told, "the centre heard %s, not %s" % (central.notifications(), told))


def check_exported(centre, senders):
    text = centre.tool("curl -s http://127.0.0.1:9103/metrics")
    for sender in senders:
        wanted = 'collectd_pktloss_packets_total{pktloss="%s",type="netfilter-lost_rx",instance="%s"} %d ' % (
            sender.container.place(), sender.host, ROUNDS * HOSTS[sender.host])
        expect(wanted in text, "%sis not in %s" % (wanted, text[-2000:]))


def check_sums(central):
    """Of all hosts, and of each, nearly: aggregated are rates, of a late value twice or not."""
    expected = {host: lost * ROUNDS for host, lost in HOSTS.items()}
    found = {host: central.fleet("loss-host-sum", host, LOST)[-1] for host in expected}
    found["fleet"] = central.fleet("loss-fleet-sum", "fleet", LOST)[-1]
    expected["fleet"] = sum(expected.values())
    expect(all(is_near(found[of], lost, NEAR) for of, lost in expected.items()), "the sums are %s" % found)
    worst = central.fleet("loss-fleet-max", "fleet", SHARE)
    expect(any(is_near(share, 100 * 40 / (GOOD + 40)) for share in worst), "the worst shares are %s" % worst)


def intrude(centre):
    centre.tool("python3 -", PLAIN)


def check_secure(central):
    """What is not encrypted is not taken, and that is said."""
    hosts = set(os.listdir(os.path.join(central.dir, "csv")))
    expect(hosts == {*HOSTS, "fleet"}, "the centre has values of %s" % hosts)
    expect("Unencrypted packet" in central.log(), "nothing is said of the intruder")


def check_files(central, sender):
    """rrdtool has refused none of the values."""
    for place, series in sender.all_values():
        path = os.path.join(central.dir, "rrd", sender.host, "pktloss-" + place, series + ".rrd")
        expect(os.path.exists(path), "there is no %s" % path)
    steps = rrd_steps(central.of(sender.host), sender.container.place(), LOST)
    expect(is_near(sum(steps) * INTERVAL, HOSTS[sender.host] * ROUNDS), "rrdtool has %s" % steps)


@case
def fleet_centre(stage):
    """Two hosts and their centre: values, names, sums and notifications are the same there, and its log is quiet."""
    if stage.build is None:
        return
    need_library("microhttpd", "protobuf-c", "gcrypt")
    with fleet(stage) as (central, centre, pairs):
        senders = [sender for sender, _ in pairs]
        try:
            for sender in senders:
                wait_until("a read", lambda: sender.container.place() in sender.places(), 10)
            senders[-1].wait_reads([senders[-1].container], 2)  # rrdtool stretches what is in a file's first step
            for _ in range(ROUNDS):
                senders[-1].wait_reads([senders[-1].container])  # the other one, started before, has read as well
                for _, burst in pairs:
                    burst()
            intrude(centre)
            senders[-1].wait_reads([senders[-1].container], 2)
            for sender in senders:
                check_values(central, sender)
            check_notified(central, senders)
            check_exported(centre, senders)
            check_sums(central)
            check_secure(central)
            for sender in senders:
                check_files(central, sender)
        except Failure as e:
            raise Failure("%s\n%s" % (e, "\n".join(central.log().splitlines()[-20:]))) from e
