# SPDX-License-Identifier: MIT
"""Many containers on one host: how many series collectd is sent."""

import contextlib

from cases import GOOD_PORT, LOST, case
from daemon import HEARTBEAT
from lab import run, wait_until
from settings import expect

CONTAINERS = 300
ADDRESSES = ["172.17.%d.%d" % (1 + i // 200, 1 + i % 200) for i in range(CONTAINERS)]
MTU = 600  # of the containers' ends: a mismatch, which does no harm to small packets
INTERVAL = 3  # seconds; csv makes thousands of files when all begin to lose
HOME = 30  # series at most of a host without real interfaces

# Of an interface that begins to lose:
TRAFFIC = {"if_rx_packets-link-rx_packets", "if_tx_packets-link-tx_packets",
           "derive-link-rx_bytes", "derive-link-tx_bytes"}
RECEIVING = TRAFFIC | {"if_rx_dropped-link-rx_dropped", "percent-link-rx", "packets-link-lost_rx"}
# and what sends to it: of the packets themselves the other end tells
SENDING = TRAFFIC | {"if_tx_dropped-link-tx_dropped", "percent-link-tx"}

IN_CONTAINER = """
nsenter --net=/run/netns/%s sh -e <<-EOF
	echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
	ip link set lo up
	ip link set eth0 mtu %d up
	ip addr add %s/16 dev eth0
EOF
"""


@contextlib.contextmanager
def containers(stage, host):
    """What docker makes: a bridge, and of each container a veth with one end on it."""
    names = [stage.prefix + "c%d" % i for i in range(CONTAINERS)]
    host.ip("link add docker0 type bridge")
    host.ip("addr add 172.17.0.1/16 dev docker0")
    host.ip("link set docker0 up")
    try:
        run("ip -batch -", "".join("netns add %s\n" % name for name in names))
        run("ip -n %s -batch -" % host.name, "".join(
            "link add veth%d type veth peer name eth0 netns %s\nlink set veth%d master docker0 up\n" % (i, name, i)
            for i, name in enumerate(names)))
        run("sh -e", "".join(IN_CONTAINER % (name, MTU, ADDRESSES[i]) for i, name in enumerate(names)))
        yield names
    finally:
        run("ip -force -batch -", "".join("netns del %s\n" % name for name in names))


class Series:
    """What a collectd in the host is sent, of the host and of its containers."""

    def __init__(self, host, names, daemon):
        self.host, self.names, self.daemon = host, names, daemon

    def settle(self):
        self.daemon.wait_reads([self.host], 2)

    def check(self, losing):
        """All is quiet but so many of the containers, the first ones."""
        expected = {"all@" + name: {HEARTBEAT} for name in self.names}
        for i, name in enumerate(self.names[:losing]):
            expected["eth0@" + name] = RECEIVING
            expected["veth%d" % i] = SENDING
        found = {place: set(self.daemon.series(place)) for place in self.daemon.places()}
        home = sum(len(found.pop(place, ())) for place in ("all", "docker0"))
        found = {place: series for place, series in found.items()
                 if "@" not in place or place.partition("@")[2] in self.names}
        wrong = [place for place in {**found, **expected} if found.get(place) != expected.get(place)]
        expect(not wrong, "%d places are not as expected, such as %s" % (
            len(wrong), [(place, found.get(place)) for place in wrong[:3]]))
        expect(0 < home <= HOME, "the host has %d series" % home)


@case
def docker_host(stage):
    """300 containers have 300 series, whatever their traffic; 13 more for each that loses on its link."""
    host = stage.namespace("host")
    if stage.build is None:
        return
    stage.interval = INTERVAL
    with containers(stage, host) as names, stage.watch(inside=host, select=False) as watch:
        series = Series(host, names, watch.daemon)
        wait_until("a read of all", lambda: len(watch.daemon.places()) > CONTAINERS, 15)
        series.check(0)
        answered = sum(host.ping(1, address) for address in ADDRESSES)
        expect(answered == CONTAINERS, "%d of %d pings were answered" % (answered, CONTAINERS))
        series.settle()
        series.check(0)
        for losing in 1, CONTAINERS:
            for address in ADDRESSES[:losing]:
                host.udp(LOST, 1400, address, GOOD_PORT)
            series.settle()
            series.check(losing)
