# SPDX-License-Identifier: MIT
"""What is seen with which rights: the table in docs/RIGHTS.md is made here."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from cases import LOST_PORT, case
from daemon import Collectd
from lab import HERE, Failure, leashed, wait_until
from links import attach
from program import program
from reasons import need_reasons
from settings import expect, times_logged, wait_beats

TOP = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(TOP, "docs/RIGHTS.md")
DROP_IN = os.path.join(TOP, "conf/collectd-hardened.conf")
TABLE = re.compile(r"(?<=<!-- made by the test rights -->\n).*?(?=<!-- end -->)", re.S)
USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
RULES = """table inet t {
  chain in {
    type filter hook input priority 0
    udp dport 7 counter drop comment "by nft"
  }
}
"""
# To both rules, to a socket that nobody reads, and to where no route leads.
TRAFFIC = """while :; do
    for to in 127.0.0.1/{7,8,9,9,9} 203.0.113.1/9; do
        echo lost >/dev/udp/$to
    done 2>/dev/null
    sleep 0.01
done"""
DEAF = """import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
s.bind(("127.0.0.1", 9))
time.sleep(600)
"""
COLUMNS = ["Counters of its own network namespace", "nftables there", "iptables there",
           "Whose socket is full", "Namespaces in /run/netns", "nftables in these",
           "Namespaces of other users' processes"]


def with_capabilities(names):
    """The command that runs another as an ordinary user with these capabilities alone."""
    words = ",".join(["-all"] + ["+" + n.lower().replace("cap_", "") for n in names])
    return USER + ["--inh-caps=" + words, "--ambient-caps=" + words, "--bounding-set=" + words]


def of_the_drop_in():
    with open(DROP_IN) as f:
        return re.search(r"^AmbientCapabilities=(.*)$", f.read(), re.M).group(1).split()


class Place:
    """A namespace that loses in four ways, and says who sees that."""

    def __init__(self, ns, way):
        """way: the command that runs another in it, as whoever is root there."""
        self.ns = ns
        self.way = way
        ns.nft(RULES)
        ns.feature("iptables-legacy -A INPUT -p udp --dport 8 -m comment --comment by_iptables -j DROP")
        self.processes = [subprocess.Popen(leashed(way + words)) for words in (
            ["python3", "-c", DEAF], ["bash", "-c", TRAFFIC])]

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


def start_rootless():
    """A process of another ordinary user, root in namespaces of its own."""
    process = subprocess.Popen(leashed(
        ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups", "unshare", "-Ur", "unshare", "-n", "sleep", "600"]))
    link = "/proc/%d/ns/net" % process.pid
    ours = os.stat("/proc/self/ns/net").st_ino
    wait_until("a namespace of a user", lambda: os.stat(link).st_ino != ours, 5)
    return process, os.stat(link).st_ino


def look(command, path, names, *options):
    """names: of what is of this test, for others may be busy beside it."""
    done = subprocess.run([*command, path, "-i", "1", "--json", "-n", "/^(|%s)$/" % "|".join(names), *options],
                          stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1, 3):
        raise Failure("%s: %d: %s" % (" ".join(command), done.returncode, done.stderr))
    return json.loads(done.stdout)


def what_is_seen(report, other, hidden):
    spaces = {n["name"]: n["findings"] for n in report["namespaces"]}

    def says(name, layer, word):
        return any(f["layer"] == layer and word in json.dumps(f) for f in spaces.get(name, []))

    return [says("", "ip", "OutNoRoutes"), says("", "netfilter", "by nft"),
            says("", "netfilter", "by_iptables"), says("", "udp", "(python3["),
            other in spaces, says(other, "netfilter", "by nft"), "ns-%d" % hidden in spaces]


def profiles(inside, rootless):
    """Who looks: the words of the table, and the command that makes it so."""
    four = ["CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_NET_RAW", "CAP_SYS_PTRACE"]
    return [
        ("an ordinary user", inside + with_capabilities([])),
        ("with `CAP_NET_ADMIN`", inside + with_capabilities(four[:1])),
        ("and `CAP_SYS_ADMIN`", inside + with_capabilities(four[:2])),
        ("and `CAP_NET_RAW`, `CAP_SYS_PTRACE`", inside + with_capabilities(four)),
        ("and `CAP_DAC_READ_SEARCH`: all five, as `collectd-hardened.conf` gives them",
         inside + with_capabilities(of_the_drop_in()) + ["--no-new-privs"]),
        ("root", inside),
        ("root with these five alone",
         inside + ["setpriv", "--bounding-set=-all," + ",".join(
             "+" + n.lower()[4:] for n in of_the_drop_in())]),
        ("root of a user namespace, in the network of the host", inside + USER + ["unshare", "-Ur"]),
        ("root of a user namespace with a network of its own (rootless)",
         rootless),
    ]


# What is said of a column where it is "-".
SAID = {1: "firewall counters of nftables: ", 2: "firewall counters of iptables: ",
        4: "other network namespaces: ", 6: "network namespaces of other users' processes: "}


def check_notes(who, command, report, seen):
    """What is missing is said, and no right is named that is there."""
    notes = report["notes"]
    for column, words in SAID.items():
        if any(n.startswith(words) for n in notes) == seen[column]:
            raise Failure("%s, %s: %s" % (who, COLUMNS[column], notes))
    had = [w for w in command if w.startswith("--ambient-caps=")]
    for capability in re.findall("CAP_[A-Z_]+", " ".join(notes)):
        if had and "+" + capability[4:].lower() in had[0].split("=")[1].split(","):
            raise Failure("%s has %s: %s" % (who, capability, notes))


def make_table(rows):
    lines = ["| Run by | %s |" % " | ".join(COLUMNS), "| --- |" + " --- |" * len(COLUMNS)]
    for who, seen in rows:
        lines.append("| %s | %s |" % (who, " | ".join("yes" if s else "-" for s in seen)))
    return "\n".join(lines) + "\n"


def check_page(table):
    with open(PAGE) as f:
        page = f.read()
    if os.environ.get("RECORD"):
        with open(PAGE, "w") as f:
            f.write(TABLE.sub(lambda _: table, page))
    elif TABLE.search(page).group(0) != table:
        raise Failure("docs/RIGHTS.md says otherwise (RECORD=1 writes it):\n" + table)


@case
def rights(stage):
    """What is seen by whom: as an ordinary user, with some capabilities, in a user namespace."""
    path = program(stage)
    hidden, inode = start_rootless()
    rootless, _ = start_rootless()
    places = []
    try:
        for name in "own", "other":
            ns = stage.namespace(name)
            places.append(Place(ns, ["ip", "netns", "exec", ns.name]))
        places.append(Place(stage.namespace("less", pid=rootless.pid),
                            ["nsenter", "-t", str(rootless.pid), "-U", "-n", "-S", "0", "-G", "0"]))
        own, other, less = places
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            copy = shutil.copy(path, directory)
            rows = []
            for who, command in profiles(own.way, less.way):
                report = look(command, copy, [other.ns.name, "ns-%d" % inode])
                rows.append((who, what_is_seen(report, other.ns.name, inode)))
                check_notes(who, command, report, rows[-1][1])
        check_page(make_table(rows))
    finally:
        for place in places:
            place.stop()
        for process in hidden, rootless:
            process.kill()
            process.wait()


SEND = "while :; do echo lost >/dev/udp/%s/%d; sleep 0.01; done"
BOTH = {"CAP_BPF", "CAP_PERFMON"}


@case
def rights_reasons(stage):
    """Why the kernel drops is seen with CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; else what is missing is named."""
    need_reasons(stage)
    path = program(stage)
    a, b = stage.pair()
    attach(b, "b0", "xdpgeneric")
    sender = subprocess.Popen(leashed(["ip", "netns", "exec", a.name, "bash", "-c", SEND % (b.address, LOST_PORT)]))
    try:
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            copy = shutil.copy(path, directory)
            for has in [set(), {"CAP_BPF"}, {"CAP_PERFMON"}, BOTH, {"CAP_SYS_ADMIN"}]:
                lacks = set() if "CAP_SYS_ADMIN" in has else BOTH - has
                command = ["ip", "netns", "exec", b.name] + with_capabilities(sorted(has))
                report = look(command, copy, [], "--drop-reasons")
                notes = " ".join(n for n in report["notes"] if n.startswith("the kernel's reasons"))
                expect(set(re.findall("CAP_[A-Z_]+", notes)) == lacks, "with %s: %s" % (has, notes))
                seen = "XDP program" in json.dumps(report["namespaces"])
                expect(seen == (not lacks), "with %s: %s" % (has, report))
    finally:
        sender.kill()
        sender.wait()


@case
def hardened(stage):
    """As a hardened unit has it: five capabilities, no new ones, mounts of its own. All is seen."""
    if stage.build is None:
        return
    words = "-all," + ",".join("+" + n.lower()[4:] for n in of_the_drop_in())
    command = ["unshare", "-m", "--propagation", "slave", "setpriv", "--bounding-set=" + words,
               "--inh-caps=" + words, "--no-new-privs"]
    with Collectd(stage.build, command=command) as daemon:
        wait_beats(daemon, 2)
        late = stage.namespace("late")
        wait_beats(daemon, 2, late.place())
        for words in "run as root", "not permitted", "[error]":
            expect(not times_logged(daemon, words), "%s:\n%s" % (words, daemon.log()))
