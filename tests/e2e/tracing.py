# SPDX-License-Identifier: MIT
"""pktloss --trace: whose packets are lost."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

import truth
from cases import GOOD, GOOD_PORT, LOST, LOST_PORT, TCP_PORT, case
from lab import HERE, Skip, wait_until
from packets import stamped4
from program import FAILED, LOSS, NO_LOSS, PARTLY, call, chosen, expect, finish, on_terminal, program, start
from reasons import need_reasons, tells_reasons

FROM, OTHER = 4100, 4300  # ports that packets are sent from
TOP = os.path.join(HERE, "..", "..")


def need_trace(stage):
    program(stage)
    need_reasons(stage)


def traced(stage, send, *arguments, seconds=2.5):
    """Status and what is said, with packets sent meanwhile."""
    process = start(stage, "--trace", "--seconds", str(seconds), *arguments)
    # where it looks already a packet of ours is shown, but that would be one of those counted
    time.sleep(1)
    send()
    return finish(process)


def traced_json(stage, send, *arguments, **how):
    status, text, err = traced(stage, send, "--json", *arguments, **how)
    expect(text.count("\n") == 1, "not one line: %d: %s%s" % (status, text, err))
    return status, json.loads(text)


def drop_lost_port(ns, command="iptables-legacy"):
    ns.feature("%s -w 20 -A INPUT -p udp --dport %d -j DROP" % (command, LOST_PORT))


def firewalled(stage):
    a, b = stage.pair()
    drop_lost_port(b)
    b.sink(GOOD_PORT)
    return a, b


def of(row):
    return row["source"], row["source_port"], row["destination"], row["destination_port"]


@case
def trace_sender(stage):
    """Who sends what a firewall drops is the top row, with as many packets as the rule has counted."""
    need_trace(stage)
    a, b = firewalled(stage)

    def send():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        for _ in range(LOST):
            a.flows(1, 200, b.address, LOST_PORT, FROM)
        a.flows(1, 200, b.address, LOST_PORT, OTHER)

    status, said = traced_json(stage, send, *chosen(a, b))
    dropped = truth.rule(b, "INPUT", 1)
    expect(dropped == LOST + 1 and said["dropped"] == dropped and said["dropped_looked_at"] == dropped,
           "%d dropped: %s" % (dropped, said))
    top, rare = said["drops"]
    expect(of(top) == (a.address, FROM, b.address, LOST_PORT), "the sender is %s" % top)
    expect(top["packets"] == LOST == top["looked_at"] and rare["packets"] == 1, "packets: %s" % said)
    expect(of(rare) == (a.address, OTHER, b.address, LOST_PORT), "the other sender is %s" % rare)
    where = {"namespace": b.name, "reason": "NETFILTER_DROP", "layer": "netfilter", "interface": "b0",
             "protocol": "UDP", "healthy": False}
    expect(where.items() <= top.items(), "not %s: %s" % (where, top))
    expect(status == LOSS and not said["peers"], "%d: %s" % (status, said))


@case
def trace_text(stage):
    """The same for people, as wide as their screen, and in colours."""
    need_trace(stage)
    a, b = firewalled(stage)

    def send():
        for _ in range(LOST):
            a.flows(1, 200, b.address, LOST_PORT, FROM)

    status, text, err = traced(stage, send, *chosen(a, b))
    row = r"\n +%d  NETFILTER_DROP +\w+ +b0 +UDP +%s:%d -> %s:%d\n" % (
        LOST, re.escape(a.address), FROM, re.escape(b.address), LOST_PORT)
    expect(status == LOSS and not err and re.search(row, text) and "\n%s\n" % b.name in text, text + err)
    expect("Of %d dropped, %d were looked at." % (LOST, LOST) in text, text)
    expect("\033" not in text and max(map(len, text.splitlines())) <= 100, "colours, or too wide: " + text)
    a.steady(200, b.address, LOST_PORT, 0.01)
    text, status = on_terminal(stage, "--trace", "--seconds", "0.5", *chosen(a, b))
    a.stop_steady()
    plain = re.sub("\033[^mJH]*[mJH]", "", text)
    expect(status == LOSS and "\033[31m" in text and max(map(len, plain.splitlines())) <= 70,
           "no red, or too wide: %r" % text)


@case
def trace_healthy(stage):
    """Where all arrives the table is empty, and says so; a port that is closed is no loss, and shown with -v."""
    need_trace(stage)
    a, b = firewalled(stage)
    closed = LOST_PORT + 50

    def send():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        for _ in range(3):
            a.flows(1, 200, b.address, closed, FROM)

    status, text, err = traced(stage, send, *chosen(a, b))
    expect(status == NO_LOSS and not err and "Nothing was dropped, sent again or refused.\n" in text,
           "%d: %s%s" % (status, text, err))
    expect("3 dropped for reasons that are no loss (-v shows them)." in text and "PACKETS" not in text, text)
    status, text, err = traced(stage, send, "-v", *chosen(a, b))
    expect(status == NO_LOSS and re.search(r"3  NO_SOCKET .* %s:%d -> %s:%d\n" % (
        a.address, FROM, b.address, closed), text), "%d: %s%s" % (status, text, err))


@case
def trace_flood(stage):
    """Of a flood some are looked at, and all counted; who sends little, for another reason, is not hidden by it."""
    need_trace(stage)
    a, b = firewalled(stage)
    b.feature("iptables-legacy -w 20 -t raw -A PREROUTING -s 10.9.0.7 -j DROP")
    b.sysctl("net/ipv4/conf/b0/rp_filter", 1)
    b.sysctl("net/ipv4/conf/all/rp_filter", 1)

    def send():
        a.flood(100000, 60, b.address, LOST_PORT)
        time.sleep(1)
        a.spoofed(2, 60, "10.77.0.7", b.address, LOST_PORT)  # no way back: IP_RPFILTER
        time.sleep(0.5)
        a.stop_steady()

    status, said = traced_json(stage, send, *chosen(a, b), seconds=4)
    dropped = truth.rule(b, "INPUT", 1)
    flood, rare = said["drops"]
    expect(dropped > 20000, "that is no flood: %d" % dropped)
    expect(flood["packets"] == dropped, "%d dropped, not %s" % (dropped, flood))
    expect(32 <= flood["looked_at"] <= dropped / 2, "of %d were looked at: %s" % (dropped, flood))
    expect(said["dropped"] == dropped + 2 and status == LOSS, "%d: %s" % (status, said))
    expect(rare["reason"] == "IP_RPFILTER" and rare["packets"] == 2 and rare["source"] == "10.77.0.7",
           "the rare ones are %s" % rare)


@case
def trace_ports(stage):
    """A client that takes a new port each time is one row."""
    need_trace(stage)
    a, b = firewalled(stage)
    _, said = traced_json(stage, lambda: a.flows(LOST, 200, b.address, LOST_PORT, FROM), *chosen(a, b))
    row = said["drops"][0]
    expect(len(said["drops"]) == 1 and of(row) == (a.address, None, b.address, LOST_PORT), "rows: %s" % said)
    expect(row["packets"] == LOST and row["flows"] == LOST, "packets: %s" % said)


@case
def trace_ipv6(stage):
    """The same of IPv6."""
    need_trace(stage)
    a, r, b = stage.router6()
    drop_lost_port(b, "ip6tables-legacy")
    _, said = traced_json(stage, lambda: a.udp(LOST, 200, b.address, LOST_PORT), *chosen(b))
    row = next(r for r in said["drops"] if r["reason"] == "NETFILTER_DROP")
    expect((row["source"], row["destination"], row["destination_port"], row["protocol"], row["packets"])
           == (a.address, b.address, LOST_PORT, "UDP", LOST), "the sender is %s" % row)


@case
def trace_namespace(stage):
    """Only what is dropped in the namespaces that are asked for is told, also in one that comes later."""
    need_trace(stage)
    a, b = firewalled(stage)
    c, d = stage.pair(("c", "d"))
    drop_lost_port(d)

    def send():
        a.udp(LOST, 200, b.address, LOST_PORT)
        c.udp(LOST, 200, d.address, LOST_PORT)
        late_a, late_b = stage.pair(("late-a", "late-b"))
        drop_lost_port(late_b)
        time.sleep(1.5)  # namespaces are looked for once in a second
        late_a.udp(LOST, 200, late_b.address, LOST_PORT)

    wanted = "/^%s(d|late-b)$/" % re.escape(stage.prefix)
    _, said = traced_json(stage, send, "-n", wanted, seconds=6)
    found = {r["namespace"]: r["packets"] for r in said["drops"]}
    expect(found == {d.name: LOST, stage.prefix + "late-b": LOST}, "dropped: %s" % found)


@case
def trace_layer(stage):
    """--reason and --layer leave out all others."""
    need_trace(stage)
    a, b = firewalled(stage)

    def send():
        a.udp(LOST, 200, b.address, LOST_PORT)
        a.udp(LOST, 200, b.address, LOST_PORT + 50)  # nobody listens

    for arguments, expected in ((("--layer", "qdisc"), []), (("--layer", "netfilter"), ["NETFILTER_DROP"]),
                                (("--reason", "no_socket"), ["NO_SOCKET"]),
                                (("--reason", "NETFILTER_*"), ["NETFILTER_DROP"])):
        status, said = traced_json(stage, send, *arguments, *chosen(a, b))
        expect([r["reason"] for r in said["drops"]] == expected, "%s: %s" % (arguments, said))
        expect(status == (LOSS if "NETFILTER_DROP" in expected else NO_LOSS), "%s: %d" % (arguments, status))


@case
def trace_pcap(stage):
    """--pcap is a file that tcpdump reads, with the sender in it; it is its owner's alone."""
    need_trace(stage)
    a, b = firewalled(stage)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "lost.pcap")
        with open(path, "w"):
            os.chmod(path, 0o644)  # somebody's, of before
        send = lambda: [a.flows(1, 200, b.address, LOST_PORT, FROM) for _ in range(LOST)]  # noqa: E731
        status, text, err = traced(stage, send, "--pcap", path, *chosen(a, b))
        expect(status == LOSS and not err and os.stat(path).st_mode & 0o777 == 0o600, "%d: %s" % (status, err))
        try:
            done = subprocess.run(["tcpdump", "-nevr", path], capture_output=True, text=True, timeout=60)
        except FileNotFoundError:
            raise Skip("no tcpdump") from None
        line = r"%s\.%d > %s\.%d: UDP, length 172" % (re.escape(a.address), FROM, re.escape(b.address), LOST_PORT)
        expect(done.returncode == 0 and len(re.findall(line, done.stdout)) == LOST, done.stdout[:2000] + done.stderr)
        for end in (truth.mac(a, "a0"), truth.mac(b, "b0")):
            expect(done.stdout.count(end) == LOST, "not %s: %s" % (end, done.stdout[:2000]))
        expect("length 214" in done.stdout, "not as long as they were: " + done.stdout[:2000])
        os.chown(path, 65534, 65534)
        status, text, err = call(stage, "--trace", "--pcap", path, "--seconds", "0.2", *chosen(b))
        expect(status == FAILED and "belongs to another user" in err and not text, "%d: %s%s" % (status, text, err))
    status, text, err = call(stage, "--trace", "--pcap", "/dev/full", "--seconds", "0.2", *chosen(b))
    expect(status == FAILED and "cannot write /dev/full: No space left" in err and "Nothing" in text,
           "%d: %s%s" % (status, text, err))


def fill(path):
    """Leaves no room in a pipe that somebody has open."""
    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(fd, b"x" * 4096)
    except BlockingIOError:
        os.close(fd)


@case
def trace_pipe(stage):
    """--pcap to a pipe: whoever reads it has the packets; where nobody does, that is said, and nobody waits."""
    need_trace(stage)
    a, b = firewalled(stage)
    send = lambda: [a.flows(1, 200, b.address, LOST_PORT, FROM) for _ in range(LOST)]  # noqa: E731
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "pipe")
        os.mkfifo(path)
        status, text, err = call(stage, "--trace", "--seconds", "0.2", "--pcap", path, *chosen(b))
        expect(status == FAILED and "cannot write %s: it is a pipe that nobody reads" % path in err and not text,
               "%d: %s%s" % (status, text, err))
        reader = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
        status, text, err = traced(stage, send, "--pcap", path, *chosen(a, b))
        read, _ = reader.communicate(timeout=60)
        expect(status == LOSS and not err and len(read) == 24 + LOST * (16 + 14 + 128),
               "%d: %s%d bytes" % (status, err, len(read)))
        silent = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        process = start(stage, "--trace", "--seconds", "60", "--pcap", path, *chosen(a, b))
        wait_until("its programs", lambda: programs_of(process), 10)
        time.sleep(0.5)
        fill(path)
        send()
        process.send_signal(signal.SIGINT)
        status, text, err = finish(process)
        os.close(silent)
        expect(status == FAILED and "%s: the pipe is full" % path in err and " %d  NETFILTER_DROP" % LOST in text,
               "%d: %s%s" % (status, text, err))


def peers(said):
    return {r["reason"]: of(r) for r in said["peers"]}


@case
def trace_peers(stage):
    """Who does not answer, who refuses, and to whom is sent again: the peers are named."""
    need_trace(stage)
    a, b = stage.pair()
    b.tcp_sink(TCP_PORT)
    silent, closed = TCP_PORT + 1, TCP_PORT + 2
    b.feature("iptables-legacy -w 20 -A INPUT -p tcp --dport %d -j DROP" % silent)
    b.feature("iptables-legacy -w 20 -A INPUT -p tcp --dport %d ! --syn -j DROP" % TCP_PORT)

    def send():
        a.knock(1, b.address, silent, keep=True)
        a.knock(1, b.address, closed, keep=True)
        a.pour(1, 1000, b.address, TCP_PORT)

    _, said = traced_json(stage, send, *chosen(a), seconds=5)
    found = peers(said)
    expect({"syn_retransmit": silent, "refused": closed, "retransmit": TCP_PORT} ==
           {reason: ends[3] for reason, ends in found.items()}, "the peers of a: %s" % said)
    expect(all(ends[0] == a.address and ends[2] == b.address for ends in found.values()), "ends: %s" % found)
    _, said = traced_json(stage, send, *chosen(b), seconds=5)
    ends = peers(said).get("synack_retransmit")
    expect(ends and (ends[0], ends[1], ends[2]) == (b.address, TCP_PORT, a.address), "the peers of b: %s" % said)


@case
def trace_paws(stage):
    """Who sends segments with an old time stamp, as two hosts behind one address do, is named."""
    need_trace(stage)
    a, b = stage.pair()
    b.tcp_sink(TCP_PORT)
    a.connect(1, b.address, TCP_PORT)
    _, _, ours, _ = a.tool("ss -Htn state established dport %d" % TCP_PORT).split()
    port = int(ours.rsplit(":", 1)[1])
    # half of all stamps are older than the connection's, whatever that is
    stale = [stamped4(a.address, b.address, TCP_PORT, port, stamp) for stamp in (1, 1 << 31)]

    def send():
        a.talk(1000)
        a.packets("a0", truth.mac(b, "b0"), 0x0800, [packet.hex() for packet in stale])

    _, said = traced_json(stage, send, *chosen(b))
    rows = [r for r in said["drops"] if r["reason"].startswith("TCP_RFC7323_PAWS")]
    expect([of(r) for r in rows] == [(a.address, port, b.address, TCP_PORT)] and rows[0]["packets"] == 1,
           "rejected: %s" % said)


@case
def trace_ends(stage):
    """Ctrl-C ends it early, with the table; the kernel runs nothing of it then."""
    need_trace(stage)
    a, b = firewalled(stage)
    process = start(stage, "--trace", "--seconds", "60", *chosen(a, b))
    held = wait_until("its programs", lambda: programs_of(process), 10)
    time.sleep(0.5)
    a.udp(LOST, 200, b.address, LOST_PORT)
    process.send_signal(signal.SIGINT)
    status, text, err = finish(process)
    expect(status == LOSS and not err and " %d  NETFILTER_DROP" % LOST in text, "%d: %s%s" % (status, text, err))
    wait_until("the end of them", lambda: not any(is_there(n) for n in held), 5)


def programs_of(process):
    """Numbers of what it has the kernel run, as soon as that is attached."""
    found = set()
    try:
        for fd in os.listdir("/proc/%d/fd" % process.pid):
            if "bpf-prog" in os.readlink("/proc/%d/fd/%s" % (process.pid, fd)):
                with open("/proc/%d/fdinfo/%s" % (process.pid, fd)) as f:
                    found.update(line.split()[1] for line in f if line.startswith("prog_id:"))
    except OSError:
        return None
    return found


def is_there(number):
    return subprocess.run(["bpftool", "prog", "show", "id", number], capture_output=True).returncode == 0


DEMO = """
die() { echo "$*" >&2; exit 77; }
say() { :; }
. "$top/tools/demo.sh"
trap demo_stop EXIT
demo_start
"$program" --trace --json -n /^pktloss-demo-/
"""


@case
def trace_demo(stage):
    """In the demo's namespaces the client is named in ten seconds as who sends what the server drops."""
    need_trace(stage)
    done = subprocess.run(["bash", "-uc", DEMO], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "top": TOP, "program": program(stage)}, timeout=60)
    if done.returncode == 77:
        raise Skip(done.stderr)
    expect(done.returncode == LOSS, "%d: %s" % (done.returncode, done.stderr))
    client, server = "192.0.2.1", "192.0.2.2"
    rows = {(r["namespace"], r["reason"]): r for r in reversed(json.loads(done.stdout)["drops"])}  # the worst ones
    for reason, ends in (("NETFILTER_DROP", (client, server)), ("QDISC_DROP", (server, client))):
        row = rows.get(("pktloss-demo-server", reason))
        expect(row and (row["source"], row["destination"], row["protocol"]) == (*ends, "ICMP") and row["packets"] > 20,
               "%s: %s" % (reason, done.stdout))


@case
def trace_rights(stage):
    """CAP_BPF and CAP_PERFMON see what is dropped anywhere; to choose namespaces, or name them, takes more."""
    need_trace(stage)
    a, b = firewalled(stage)
    few = ("setpriv", "--bounding-set=-all,+bpf,+perfmon", "--inh-caps=-all")

    def send():
        a.flows(1, 200, b.address, LOST_PORT, FROM)

    process = start(stage, "--trace", "--seconds", "2.5", "--layer", "netfilter", "--json", command=few)
    time.sleep(1)
    send()
    status, text, err = finish(process)
    ours = [r for r in json.loads(text)["drops"] if of(r) == (a.address, FROM, b.address, LOST_PORT)]
    expect(status == LOSS and len(ours) == 1 and ours[0]["namespace"] is None and ours[0]["cookie"],
           "%d: %s%s" % (status, text, err))
    expect(ours[0]["function"], "the function has no name: %s" % ours)
    expect("have no name here, as they could not be entered: " in err, "nothing is said: " + err)
    status, text, err = call(stage, "--trace", "--seconds", "0.2", *chosen(b), command=few)
    expect(status == FAILED and "none of the namespaces may be entered" in err and not text,
           "%d: %s%s" % (status, text, err))
    status, text, err = call(stage, "--trace", "--seconds", "0.2", "-n", b.name, "-n", "/^$/",
                             command=("ip", "netns", "exec", a.name, *few))
    expect(status == PARTLY and "were not looked at" in err and "Nothing" in text, "%d: %s%s" % (status, text, err))


@case
def trace_refuses(stage):
    """What it cannot do it says, with a status of its own: rights, libbpf, names, other options."""
    a, b = stage.pair()
    without = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    built = tells_reasons(os.path.abspath(stage.build) if stage.build else None)
    status, text, err = call(stage, "--trace", "--seconds", "0.2", *chosen(b), command=without if built else ())
    words = "CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN" if built else "built without libbpf"
    expect(status == FAILED and words in err and not text, "%d: %s%s" % (status, text, err))
    for arguments in (["--once"], ["--watch"], ["-c", "2"], ["-i", "2"], ["-r"], ["--layer", "x"], ["--seconds", "0"]):
        status, text, err = call(stage, "--trace", *arguments)
        expect(status == FAILED and err and not text, "%s: %d %s%s" % (arguments, status, text, err))
    if not built:
        return
    typo = b.name + "x"
    status, text, err = call(stage, "--trace", "--seconds", "0.2", "-n", typo)
    expect(status == FAILED and 'no namespace is called "%s"; near it: ' % typo in err and not text,
           "%d: %s%s" % (status, text, err))
    status, text, err = call(stage, "--trace", "--seconds", "0.2", "-n", typo, *chosen(b))
    expect(status == FAILED and typo in err and "Nothing was dropped" in text, "%d: %s%s" % (status, text, err))
    status, text, err = call(stage, "--trace", "--seconds", "0.2", "--json", "-n", typo, *chosen(b))
    notes = json.loads(text)["notes"]
    expect(status == FAILED and len(notes) == 1 and typo in notes[0] and err.count(typo) == 1, text + err)
    status, text, err = call(stage, "--trace", "--reason", "NETFILTER_DORP", *chosen(b))
    expect(status == FAILED and "no reason that is called 'NETFILTER_DORP'" in err, "%d: %s" % (status, err))
    for reason, layer, words in (("retransmit", "link", "nothing that is called 'retransmit' is of the layer 'link'"),
                                 ("NETFILTER_DROP", "qdisc", "is of the layer 'qdisc'"), ("retransmit", "tcp", "")):
        status, _, err = call(stage, "--trace", "--seconds", "0.2", "--reason", reason, "--layer", layer, *chosen(b))
        expect(status == (FAILED if words else NO_LOSS) and words in err and bool(words) == bool(err),
               "%s: %d: %s" % (reason, status, err))
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "lost.pcap")
        status, _, err = call(stage, "--trace", "--reason", "NETFILTER_DORP", "--pcap", path, *chosen(b))
        expect(status == FAILED and not os.path.exists(path), "%d, and it made a file: %s" % (status, err))
