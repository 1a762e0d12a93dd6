# SPDX-License-Identifier: MIT
"""Ten minutes of everything that looks like a loss and is none, at once; and one small loss at the end.

    a, b, c, and whoever starts, on a bridge of r, which forwards to d:

    a    a neighbour: mDNS, SSDP, broadcasts, LLDP, router advertisements, scans
    b    a server without IPv6: SYNPROXY, a firewall that does its job, a stream that it joined
    c    a host with IPv6
    r    the host of the bridge, and a router that probes die at; with IPVS where there is
    d    behind it
    e    a server with the usual firewall, whose policy drops and cannot count; or of iptables
    x, y the small loss
"""

import json
import os
import subprocess
import threading
import time

import packets
import truth
import verdicts
from daemon import Collectd
from field import GOOD, WANTED, Program, brief, options_for
from field_gap import chain
from field_healthy import ALL_NODES, MDNS6, WEB, synproxy
from lab import Failure, Skip, add_address, know, run, wire
from watch import ALERTS, Alert, the_one

SECONDS = int(os.environ.get("PKTLOSS_NOISE", "600"))
INTERVAL = 2
LOOK = 5  # seconds of one interval of the program
CLOSED = 9999
MARTIAN = "martian packets"  # counted for the host alone: a case beside this one may have sent them


class Noise:
    def __init__(self, stage, ipvs, nft):
        self.stage = stage
        self.ipvs = ipvs
        self.nft = nft
        self.births = 0
        self.stop = threading.Event()
        self.midwife = threading.Thread(target=self.start_containers, daemon=True)
        self.wrong = []
        self.build()

    # Who is there.

    def build(self):
        self.a, self.c = (self.stage.namespace(name, ipv6=True) for name in "ac")
        self.r = self.stage.namespace("r", ipv6=True)
        self.b, self.d, self.e, self.x, self.y = (self.stage.namespace(name) for name in "bdexy")
        self.bridge()
        wire(self.r, "r1", "10.9.2.1/24", self.d, "d0", "10.9.2.2/24")
        self.d.ip("route add default via 10.9.2.1")
        self.r.sysctl("net/ipv4/ip_forward", 1)
        wire(self.x, "x0", "10.7.0.1/24", self.y, "y0", "10.7.0.2/24")
        self.x.ip("link set x0 mtu 9000")
        self.services()

    def bridge(self):
        self.r.feature("ip link add br0 type bridge")
        self.r.ip("link set br0 up")
        add_address(self.r, "br0", "10.9.0.254/24")
        for n, (ns, name) in enumerate(((self.a, "a"), (self.b, "b"), (self.c, "c"), (self.e, "e")), 1):
            ns.address = "10.9.0.%d" % n
            self.plug(ns, name + "0", "p" + name, ns.address)
            if ns in (self.a, self.c):
                ns.ip("addr add fd00:1::%d/64 dev %s0 nodad" % (n, name))
            ns.ip("route add default via 10.9.0.254")
        self.a.ip("route add 224.0.0.0/4 dev a0")
        self.known = [(self.a, "a0"), (self.b, "b0"), (self.c, "c0"), (self.e, "e0")]
        for ns, interface in self.known:
            know(ns, interface, self.r, "br0", "10.9.0.254")

    def plug(self, ns, interface, port, address):
        """As a container runtime does it: the address first."""
        run("ip link add %s netns %s type veth peer name %s netns %s" % (interface, ns.name, port, self.r.name))
        self.r.ip("link set %s master br0" % port)
        self.r.ip("link set %s up" % port)
        ns.ip("addr add %s/24 brd + dev %s" % (address, interface))
        ns.ip("link set %s up" % interface)

    def services(self):
        for ns in (self.b, self.c, self.d, self.e, self.y):
            ns.reader(WANTED)
        self.usual_firewall(self.e)
        synproxy(self.b, "iptables-legacy")
        for rule in ("-I INPUT 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                     "-A INPUT -p tcp --dport 1000:1100 -j DROP"):
            self.b.feature("iptables-legacy -w 20 " + rule)
        self.b.serve(WEB, 2000)
        self.c.serve(WEB, 20000)
        self.b.join("239.1.1.1", 5004, self.b.address)
        if self.ipvs:
            self.r.ip("addr add 10.96.0.10/32 dev lo")
            self.r.ipvs_add("10.96.0.10:53", ["10.9.2.2:5353"])
            self.r.sysctl("net/ipv4/vs/conntrack", 1)
            self.d.reader(5353)

    def usual_firewall(self, ns):
        """Where there is nftables, whose policies do not count."""
        if self.nft:
            ns.nft(chain("ct state established,related accept\nct state invalid drop\nudp dport %d accept" % WANTED,
                         policy="drop", table="inet fw"))
            return
        for rule in ("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                     "-A INPUT -p udp --dport %d -j ACCEPT" % WANTED, "-P INPUT DROP"):
            ns.feature("iptables-legacy -w 20 " + rule)

    # What they do.

    def doings(self):
        """[(namespace, seconds between, command, arguments)]"""
        a, b, c, d, e, r = self.a, self.b, self.c, self.d, self.e, self.r
        mac = truth.mac(b, "b0")
        mdns, ra = packets.mdns6("fe80::1").hex(), packets.router_advertisement("fe80::1").hex()
        found = [
            (a, 0.1, "send", (20, 200, b.address, WANTED)),  # what all is measured by
            (a, 0.2, "send", (20, 200, c.address, WANTED)),
            (a, 0.2, "send", (20, 200, "10.9.2.2", WANTED)),
            (a, 0.1, "send", (20, 200, e.address, WANTED)),
            (a, 1, "send", (12, 60, "224.0.0.251", 5353)),
            (a, 1, "send", (12, 60, "239.255.255.250", 1900)),
            (a, 1, "send", (12, 60, "10.9.0.255", 17500, 0, 0, 0, True)),
            (a, 1, "raw", (4, 20, "224.0.0.18", 112)),
            (a, 0.5, "send", (20, 500, "239.1.1.1", 5004)),
            (a, 1, "frames", (6, "a0", "01:80:c2:00:00:0e", 0x88cc)),
            (a, 1, "frames", (6, "a0", mac, 0x88b5)),
            (a, 1, "frames_of", ("a0", MDNS6, [mdns] * 12)),
            (a, 1, "frames_of", ("a0", ALL_NODES, [ra] * 12)),
            (c, 2, "send", (5, 200, "fd00:1::1", CLOSED)),
            (a, 2, "send", (5, 200, "fd00:1::3", WANTED)),
            (a, 1, "send", (10, 60, "10.9.2.2", 33434, 0, 1)),
            (a, 1, "send", (10, 60, "10.9.2.2", 33435, 0, 2)),
            (a, 1, "ask", (8, b.address, WEB, 2000)),
            (a, 1, "ask", (8, c.address, WEB, 20000)),
            (a, 1, "reset_half", (5, c.address, WEB)),
            (a, 1, "send", (5, 4000, c.address, WANTED)),
            (a, 2, "send", (5, 4000, "fd00:1::3", WANTED)),
            (a, 1, "send", (6, 100, c.address, CLOSED)),
            (a, 1, "scan", ([CLOSED] * 6, c.address)),
            (a, 2, "scan", (list(range(1000, 1005)), b.address)),
            (a, 2, "scan", (list(range(1000, 1005)), e.address)),
            (c, 2, "ping", (3, a.address)),
            (d, 2, "ping", (3, a.address)),
        ]
        return found + ([(a, 0.5, "send", (20, 100, "10.96.0.10", 53))] if self.ipvs else []) + [
            (r, 2, "send", (5, 100, "10.9.2.2", WANTED))]

    def begin(self):
        for n, (ns, gap, command, arguments) in enumerate(self.doings()):
            ns.keep_doing("n%d" % n, gap, command, list(arguments))
        self.midwife.start()

    def end(self):
        self.stop.set()
        self.midwife.join(30)
        for ns in (self.a, self.c, self.d, self.r):
            ns.stop_agent()

    def start_containers(self):
        """One after the other comes, speaks IPv6 or not, and goes."""
        try:
            while not self.stop.wait(3):
                self.live_and_die()
        except Exception as e:
            self.wrong.append("starting a container: %s" % e)

    def live_and_die(self):
        self.births += 1
        name = "k%d" % (self.births % 90)
        child = self.stage.namespace(name, ipv6=self.births % 2 == 0)
        self.plug(child, "eth0", "v" + name, "10.9.0.%d" % (100 + self.births % 90))
        child.tool("ping -q -c2 -i0.2 -W2 10.9.0.254")
        self.stop.wait(4)
        self.stage.remove(child)

    # How it was.

    @property
    def names(self):
        """Of all that live or have lived but those of the small loss."""
        return [ns.name for ns in (self.a, self.b, self.c, self.d, self.e, self.r)] + [
            self.stage.prefix + "k%d" % n for n in range(91)]

    def heard(self):
        """{what: how often}: that it was loud."""
        b, r = self.b, self.r
        return {
            "IPv6 that b does not speak": truth.snmp(b, "Ip6InDiscards"),
            "groups that b did not join": truth.snmp(b, "IpInReceives") - truth.snmp(b, "IpInDelivers"),
            "what the policy of e dropped, and groups": (
                truth.snmp(self.e, "IpInReceives") - truth.snmp(self.e, "IpInDelivers")),
            "a stream that b joined": b.count_of(5004),
            "broadcasts": truth.snmp(b, "IpExtInBcastPkts"),
            "strange frames": truth.link(b, "b0", "rx", "dropped"),
            "LLDP at the bridge": truth.link(r, "pa", "rx", "dropped"),
            "probes that died": truth.snmp(r, "IpInHdrErrors"),
            "connections by SYNPROXY": truth.snmp(b, "TcpPassiveOpens"),
            "fragments put together": truth.snmp(self.c, "IpReasmOKs"),
            "closed ports": truth.snmp(self.c, "UdpNoPorts"),
            "resets": truth.snmp(self.c, "TcpEstabResets"),
            "containers": self.births,
        }

    def check_heard(self, seconds):
        """That it was really so."""
        quiet = {what: n for what, n in self.heard().items() if n < seconds / 20}
        if quiet:
            raise Failure("too quiet: %s" % quiet)


class Findings:
    """A pktloss that looks again and again, and what it found."""

    def __init__(self, build, prefix, seconds):
        self.process = subprocess.Popen(
            [os.path.join(build, "pktloss"), "--json", "-i", str(LOOK), "-c", str(max(1, seconds // LOOK)),
             "-n", "/^%s/" % prefix], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.thread = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.thread.start()

    def check(self, seconds):
        self.process.wait(3 * LOOK)
        self.thread.join(5)
        said = [json.loads(line) for line in self.lines]
        if len(said) != max(1, seconds // LOOK):
            raise Failure("%d intervals of the program" % len(said))
        lost = {}
        for ns, f in ((ns, f) for one in said for ns in one["namespaces"] for f in ns["findings"]):
            if f["class"] == "loss" and MARTIAN not in f["cause"]:
                lost.setdefault((ns["name"].rstrip("0123456789"), f["layer"], f["place"], f["cause"][:40]),
                                []).append(brief(f))
        if lost:
            raise Failure("the program found losses in %d intervals:\n%s" % (len(said), "\n".join(
                "%d times in %s, as %s" % (len(them), where[0], them[0]) for where, them in lost.items())))


def small_loss(noise):
    """What does not fit is three of a hundred."""
    noise.x.send(GOOD * 4, 200, "10.7.0.2", WANTED)
    noise.x.send(15, 4000, "10.7.0.2", WANTED)


def check_small_loss(noise, daemon, build):
    daemon.wait_reads([noise.y])
    program = Program(build, [noise.y.name], 4 * INTERVAL)
    for _ in range(3):
        daemon.wait_reads([noise.y])
        small_loss(noise)
    status, seen = program.finish()
    daemon.wait_reads([noise.y])
    time.sleep(0.3)
    found = [f for f in seen[noise.y.name] if f["class"] == "loss"]
    if status != 1 or [(f["layer"], f["lost"]) for f in found] != [("link", 45)]:
        raise Failure("the program did not find the small loss: %s" % [brief(f) for f in found])
    the_one(Alert(noise.y.place("y0"), "link-rx", ("MTU",)), daemon.notifications([noise.y.name]))


def check_silence(noise, daemon):
    said = [str(n) for n in daemon.notifications(noise.names) if n.severity in ALERTS and MARTIAN not in n.message]
    if said:
        raise Failure("%d notifications:\n%s" % (len(said), "\n".join(said[:12])))


def hear(stage, seconds, ipvs=False, nft=True, host=False):
    """The whole of it."""
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    noise = Noise(stage, ipvs, nft)
    with Collectd(stage.build, INTERVAL, options_for([stage], host)) as daemon:
        daemon.wait_reads([noise.a, noise.b, noise.c, noise.d, noise.e, noise.r], 2)
        program = Findings(stage.build, stage.prefix, seconds)
        noise.begin()
        try:
            problems = listen(noise, daemon, program, stage.build, seconds)
        finally:
            noise.end()
    keep_verdict(stage, problems)
    if problems:
        raise Failure("\n".join(problems))


def listen(noise, daemon, program, build, seconds):
    """All that is wrong."""
    time.sleep(seconds)
    problems = list(noise.wrong)
    for check in (lambda: program.check(seconds), lambda: noise.check_heard(seconds),
                  lambda: check_small_loss(noise, daemon, build), lambda: check_silence(noise, daemon)):
        try:
            check()
        except Failure as e:
            problems.append(str(e))
    return problems


def keep_verdict(stage, problems):
    if verdicts.DIRECTORY in os.environ:
        verdicts.keep_row({"verdict": True, "case": "noise" + stage.prefix.strip("-")[-20:],
                           "expected": "nothing; link-rx y0",
                           "found": problems[0].splitlines()[0] if problems else "nothing; link-rx y0",
                           "losses": len(problems),
                           "right": not problems})


def field_noise(stage):
    """Ten minutes of everything that looks like a loss and is none, and a small loss at the end."""
    hear(stage, SECONDS)
