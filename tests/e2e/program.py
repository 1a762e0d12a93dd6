# SPDX-License-Identifier: MIT
"""pktloss(8), without collectd."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

import truth
from cases import GOOD, GOOD_PORT, LOST, LOST_PORT, case
from lab import Failure, Skip

NO_LOSS, LOSS, FAILED, PARTLY = 0, 1, 2, 3
TOLERANCE = 1.0  # percent
INTERVAL = "3"
COMPLETION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../contrib/completion/pktloss")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
          "--bounding-set=-all", "--inh-caps=-all")


def expect(condition, what):
    if not condition:
        raise Failure(what)


def program(stage):
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    return os.path.join(stage.build, "pktloss")


def start(stage, *arguments, command=(), **how):
    return subprocess.Popen([*command, program(stage), *arguments], text=True,
                            stdin=subprocess.DEVNULL,
                            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how})


def finish(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def call(stage, *arguments, **how):
    return finish(start(stage, *arguments, **how))


def chosen(*namespaces):
    return [word for ns in namespaces for word in ("-n", ns.name)]


def lossy(stage):
    """Two losses at once: a firewall rule, and an MTU that the far end does not have."""
    a, b = stage.pair()
    a.ip("link set a0 mtu 9000")
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT)
    b.sink(GOOD_PORT)
    return a, b


def burst(a, b):
    a.udp(GOOD, 200, b.address, GOOD_PORT)
    a.udp(LOST, 200, b.address, LOST_PORT)
    a.udp(LOST, 8000, b.address, GOOD_PORT)


def kernel_says(b):
    return {"netfilter": truth.rule(b, "INPUT", 1), "link": truth.link(b, "b0", "rx", "dropped")}


def rows(text, name):
    """{layer: (lost, percent)} of the ladder of a namespace, in its order."""
    block = text.split("\n%s\n" % name, 1)[-1].split("What to do", 1)[0]
    found = re.findall(r"^  (\w+) +\S+ +rx +\d+ +(\d+) +([\d.]+)%", block, re.M)
    return {layer: (int(lost), float(percent)) for layer, lost, percent in found}


def check_rows(found, truly):
    # what came to IP were all but the large ones, to the interface all
    shares = {"netfilter": 100 * LOST / (GOOD + LOST), "link": 100 * LOST / (GOOD + 2 * LOST)}
    expect(list(found)[:2] == ["link", "netfilter"], "the ladder begins with %s" % list(found))
    for layer, share in shares.items():
        lost, percent = found[layer]
        expect(lost == truly[layer], "%s lost %d, the truth is %d" % (layer, lost, truly[layer]))
        expect(abs(percent - share) <= TOLERANCE, "%s: %g%%, expected %g%%" % (layer, percent, share))


def measured(stage, a, b, *arguments):
    """Runs it with one burst between its two looks: status, output, the kernel's numbers."""
    before = kernel_says(b)
    process = start(stage, "-i", INTERVAL, *chosen(a, b), *arguments)
    time.sleep(1)
    burst(a, b)
    status, out, err = finish(process)
    after = kernel_says(b)
    expect(status == LOSS, "ended with %d: %s%s" % (status, out, err))
    return out, {layer: after[layer] - before[layer] for layer in after}


@case
def program_text(stage):
    """pktloss names two losses at once, with the kernel's numbers, and what to do."""
    a, b = lossy(stage)
    text, truly = measured(stage, a, b)
    check_rows(rows(text, b.name), truly)
    for words in ("rule 1 of ip filter INPUT (DROP)", "MTU mismatch", "ip link set dev b0 mtu 9000"):
        expect(words in re.sub(r"\s+", " ", text), "no word of %r in:\n%s" % (words, text))
    expect("\033" not in text, "colours without a terminal")
    expect(max(map(len, text.splitlines())) <= 100, "too wide:\n" + text)


@case
def program_json(stage):
    """--json says the same, for other programs."""
    a, b = lossy(stage)
    text, truly = measured(stage, a, b, "--json")
    said = json.loads(text)
    worst = said["namespaces"][0]
    expect(worst["name"] == b.name, "the worst is %s" % worst["name"])
    found = {f["layer"]: (f["lost"], f["percent"]) for f in worst["findings"]
             if f["class"] in ("loss", "policy")}
    check_rows(found, truly)
    expect([f["class"] for f in worst["findings"][:2]] == ["loss", "policy"], "classes: " + text)
    expect(abs(said["interval"] - float(INTERVAL)) < 1, "interval %s" % said["interval"])
    echo = [f for n in said["namespaces"] if n["name"] == a.name for f in n["findings"]]
    expect(all(f["class"] == "symptom" for f in echo), "the sender lost something, too: " + text)
    sender = [n for n in said["namespaces"] if n["name"] == a.name][0]
    expect(sender["see"] == b.name, "the sender does not lead to %s: %s" % (b.name, text))


@case
def program_csv(stage):
    """--csv says the same, for a spreadsheet, and --sort puts namespaces in another order."""
    a, b = lossy(stage)
    text, truly = measured(stage, a, b, "--csv", "--sort", "name")
    found = {row["layer"]: (int(row["lost"]), float(row["percent"])) for row in csv.DictReader(io.StringIO(text))
             if row["namespace"] == b.name}
    check_rows(found, truly)
    status, text, err = call(stage, "-i", "0.2", "-c", "2", "--json", "--sort", "name", *chosen(a, b))
    for line in text.splitlines():
        names = [n["name"] for n in json.loads(line)["namespaces"]]
        expect(names == sorted(names), "%d: %s%s" % (status, text, err))


@case
def program_once(stage):
    """--once tells totals, and -c and -n what they promise."""
    a, b = lossy(stage)
    burst(a, b)
    burst(a, b)
    status, text, err = call(stage, "--once", *chosen(b))
    expect(status == LOSS and "since boot" in text, "%d: %s%s" % (status, text, err))
    check_rows(rows(text, b.name), kernel_says(b))
    expect(a.name not in text, "not asked for: " + text)
    status, text, err = call(stage, "-i", "0.1", "-c", "3", "--json", "-n", "/^%s$/" % b.name)
    expect(status == NO_LOSS, "nothing was lost, but %d: %s%s" % (status, text, err))
    expect([len(json.loads(line)["namespaces"]) for line in text.splitlines()] == [1, 1, 1],
           "not three lines of one namespace: " + text)


def on_terminal(stage, *arguments, **environment):
    """What it prints on a terminal of 70 columns, and its status."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 70, 0, 0))
    process = start(stage, *arguments, stdout=its, stderr=its,
                    env={"PATH": os.environ["PATH"], "TERM": "linux", **environment})
    os.close(its)
    with contextlib.suppress(OSError):  # how a terminal ends
        text = b""
        while True:
            text += os.read(ours, 65536)
    os.close(ours)
    return text.decode().replace("\r\n", "\n"), process.wait(10)


@case
def program_terminal(stage):
    """On a terminal there are colours, its width is kept, and --watch clears it."""
    a, b = lossy(stage)
    burst(a, b)
    text, status = on_terminal(stage, "--once", *chosen(b))
    expect(status == LOSS and "\033[31m%d" % LOST in text, "no red: %r" % text)
    expect("\033[2J" not in text, "cleared: %r" % text)
    plain = re.sub("\033[^mJH]*[mJH]", "", text)
    expect(max(map(len, plain.splitlines())) <= 70, "too wide:\n" + plain)
    text, _ = on_terminal(stage, "--once", *chosen(b), NO_COLOR="1")
    expect("\033" not in text, "colours, though NO_COLOR is set: %r" % text)
    text, status = on_terminal(stage, "--watch", "-c", "2", "-i", "0.1", *chosen(b))
    expect(text.count("\033[2J") == 3 and status == NO_LOSS, "%d: %r" % (status, text))


@case
def program_refuses(stage):
    """What it cannot do it says, with a status of its own."""
    a, b = stage.pair()
    status, text, err = call(stage, *chosen(a, b))
    expect(status == NO_LOSS and "2 namespaces: nothing lost" in text and not err,
           "%d: %s%s" % (status, text, err))
    for arguments in (["-i", "0"], ["-c", "0"], ["-c", "1.5"], ["--once", "--watch"], ["-n", "/(/"],
                      ["--no-such"], ["there-is-no-such-namespace"], ["-l", "word"], ["-q", "-n", "no-such-namespace"]):
        status, text, err = call(stage, *arguments)
        expect(status == FAILED and err and not text, "%s: %d %s%s" % (arguments, status, text, err))
    status, _, err = call(stage, "--once", stdout=None, preexec_fn=lambda: os.close(1))
    expect(status == FAILED and "closed" in err, "closed output: %d %s" % (status, err))
    with open("/dev/full", "w") as full:
        for arguments in (["--once"], ["--once", "--json"], ["--list"], ["--version"]):
            status, _, err = call(stage, *arguments, stdout=full)
            expect(status == FAILED and "cannot write" in err,
                   "full disk, %s: %d %s" % (arguments, status, err))


@case
def program_chosen(stage):
    """-l and -I choose what is told, a bare word is a namespace; a reader who leaves ends it quietly."""
    a, b = lossy(stage)
    burst(a, b)
    once = ["--since-boot", b.name]
    for arguments, status, layers in (([], LOSS, ["link", "netfilter"]), (["-l", "link"], LOSS, ["link"]),
                                      (["-l", "/^net/"], NO_LOSS, ["netfilter"]), (["-I", "b0"], LOSS, ["link"]),
                                      (["-I", "b1"], NO_LOSS, [])):
        ended, text, err = call(stage, *once, *arguments)
        expect((ended, list(rows(text, b.name))) == (status, layers), "%s: %d %s%s" % (arguments, ended, text, err))
    process = start(stage, "-w", "-i", "0.1", *chosen(b))
    process.stdout.readline()
    process.stdout.close()
    expect(process.wait(10) == -signal.SIGPIPE and not process.stderr.read(), "not of SIGPIPE: %d" % process.returncode)


@case
def program_sum(stage):
    """Ctrl-C ends a watch with what was lost in all of its time, by the kernel's numbers; -s prints that alone."""
    a, b = lossy(stage)
    before = kernel_says(b)
    watch = start(stage, "-w", "-i", "0.5", *chosen(a, b))
    alone = start(stage, "-s", "-c", "1000", "-i", "0.5", *chosen(a, b))
    quiet = start(stage, "-q", "-c", "1000", "-i", "0.5", *chosen(a, b))
    small = start(stage, "-q", "-s", "-c", "1000", "-i", "0.5", "--min-lost", str(2 * LOST + 1), *chosen(a, b))
    for _ in range(2):
        time.sleep(1)
        burst(a, b)
    after = kernel_says(b)
    ended = []
    for process, how in ((watch, signal.SIGINT), (alone, signal.SIGTERM), (quiet, signal.SIGINT), (small, signal.SIGINT)):
        process.send_signal(how)
        ended.append(finish(process))
    truly = {layer: after[layer] - before[layer] for layer in after}
    for status, text, err in ended[:2]:
        expect(status == LOSS and not err, "%d: %s%s" % (status, text, err))
        last = text[text.rindex(" intervals\n"):]
        check_rows(rows(last, b.name), truly)
    expect(ended[0][1].count("\n20") > 2 and ended[1][1].count("\n20") == 0, "not that many tables: %s" % (ended,))
    expect(ended[2] == (LOSS, "", ""), "quiet: %s" % (ended[2],))
    expect(ended[3] == (NO_LOSS, "", ""), "small: %s" % (ended[3],))


def seen(stage, *arguments, lose, end):
    """Three intervals: a loss in the first, then what it is of is ended: status, text, errors."""
    sender = threading.Timer(0.5, lose)
    sender.start()
    process = start(stage, "--json", "-i", "1", "-c", "3", *arguments)
    summary = start(stage, "-s", "-i", "1", "-c", "3", *arguments)
    quiet = start(stage, "-s", "-q", "-i", "1", "-c", "3", *arguments)
    high = start(stage, "-s", "-q", "-i", "1", "-c", "3", "--min-lost", str(GOOD + LOST), *arguments)
    process.stdout.readline()
    time.sleep(0.4)  # the others were started a little later
    end()
    sender.join()
    return finish(summary), finish(quiet), finish(high)


@case
def program_sum_ended(stage):
    """The sum has what was lost in a namespace that ended, and so has the status of -s -q."""
    a, b = lossy(stage)
    which = "/^%s/" % re.escape(b.name[:-1])
    before = kernel_says(b)
    truly = {}

    def end():
        after = kernel_says(b)
        truly.update({layer: after[layer] - before[layer] for layer in after})
        stage.remove(b)

    (status, text, err), quiet, high = seen(stage, which, lose=lambda: burst(a, b), end=end)
    expect(status == LOSS and not err, "%d: %s%s" % (status, text, err))
    check_rows(rows(text.replace(" (not there any more)", ""), b.name), truly)
    expect(b.name + " (not there any more)\n" in text, "it is not said: " + text)
    expect(quiet == (LOSS, "", ""), "quiet: %s" % (quiet,))
    expect(high == (NO_LOSS, "", ""), "not enough: %s" % (high,))


@case
def program_sum_deleted(stage):
    """The sum has what a rule lost that was deleted, once; what a rule loses that stays is as it was."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    rule = "INPUT -p udp --dport %d -m statistic --mode nth --every 2 --packet 0 -j DROP" % GOOD_PORT
    for deleted in (True, False):
        b.feature("iptables-legacy -w 20 -A " + rule)
        before = truth.rule(b, "INPUT", 1)
        truly = []

        def end():
            truly.append(truth.rule(b, "INPUT", 1) - before)
            if deleted:
                b.feature("iptables-legacy -w 20 -D " + rule)

        (status, text, err), quiet, high = seen(stage, *chosen(b), lose=lambda: a.udp(GOOD, 200, b.address, GOOD_PORT), end=end)
        found = rows(text, b.name)
        expect(status == LOSS and not err, "%d: %s%s" % (status, text, err))
        expect(list(found) == ["netfilter"] and found["netfilter"][0] == truly[0], "not %s: %s" % (truly, text))
        expect(("gone now" in re.sub(r"\s+", " ", text)) == deleted, "deleted: %s: %s" % (deleted, text))
        expect(quiet == (LOSS, "", ""), "quiet: %s" % (quiet,))
        expect(high == (NO_LOSS, "", ""), "not enough: %s" % (high,))


@case
def program_sum_qdisc_deleted(stage):
    """Nor does the sum forget what a qdisc or an interface lost that was deleted."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    for command in ("tc qdisc del dev a0 root", "ip link del a0"):
        a.feature("tc qdisc add dev a0 root tbf rate 1mbit burst 4kb limit 10000")
        before = truth.qdisc(a, "a0", "tbf", "drops")
        truly = []

        def end():
            truly.append(truth.qdisc(a, "a0", "tbf", "drops") - before)
            a.tool(command)

        (status, text, err), quiet, _ = seen(stage, *chosen(a), lose=lambda: a.udp(GOOD, 200, b.address, GOOD_PORT), end=end)
        lost = re.findall(r"^  qdisc +a0 +tx +\d+ +(\d+) ", text, re.M)
        expect(status == LOSS and lost == [str(truly[0])], "not %s: %d: %s%s" % (truly, status, text, err))
        expect("gone now" in re.sub(r"\s+", " ", text), "it is not said: " + text)
        expect(quiet[0] == LOSS, "quiet: %s" % (quiet,))


def own_terminal():
    """In the child: who owns a terminal is told of its size."""
    os.setsid()
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)


class Screen:
    """The newest picture on a terminal of that size, of a program that clears it."""

    def __init__(self, stage, lines, columns, *arguments):
        self.ours, its = pty.openpty()
        self.resize(lines, columns)
        self.process = start(stage, *arguments, stdout=its, stderr=its, preexec_fn=own_terminal,
                             env={"PATH": os.environ["PATH"], "TERM": "linux", "NO_COLOR": "1"})
        os.close(its)
        self.text = ""

    def resize(self, lines, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def picture(self, expected, seconds=10):
        """The first one that begins from now on and fits the words."""
        end = time.monotonic() + seconds
        seen = []
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if select.select([self.ours], [], [], 0.1)[0]:
                    self.text += os.read(self.ours, 65536).decode().replace("\r\n", "\n")
            seen = self.text.split("\033[H\033[2J")[1:]
            if seen and re.search(expected, seen[-1]):
                return seen[-1]
        raise Failure("no picture has %r: %r" % (expected, seen[-2:]))

    def close(self):
        self.process.send_signal(signal.SIGINT)
        text = self.text
        with contextlib.suppress(OSError):
            while True:
                text += os.read(self.ours, 65536).decode().replace("\r\n", "\n")
        os.close(self.ours)
        return self.process.wait(10), text


@case
def program_watch(stage):
    """--watch keeps the worst on the screen, sums up the rest, follows its size and ends with the sum."""
    a, b = lossy(stage)
    ended = threading.Event()

    def lose():
        while not ended.wait(0.05):
            burst(a, b)

    loser = threading.Thread(target=lose)
    loser.start()
    screen = Screen(stage, 10, 100, "-w", "-i", "0.5", *chosen(a, b))
    try:
        small = screen.picture(r"(?s)(link|netfilter) .*\n$")
        expect(small.count("\n") < 10 and small.split("\n")[2] == b.name, "not the worst at the top: %r" % small)
        expect(" LAYER " in small and "What to do" not in small, "not brief: %r" % small)
        screen.resize(60, 50)
        narrow = screen.picture(r"(?s)What to do.*see ")
        expect(max(map(len, narrow.split("\n"))) <= 50, "too wide: %r" % narrow)
    finally:
        ended.set()
        loser.join()
        status, text = screen.close()
    expect(status == LOSS and " intervals\n" in text.split("\033[2J")[-1], "%d: %r" % (status, text))


@case
def program_resized(stage):
    """A table of a minute is drawn anew at once when the terminal gets another size."""
    a, _ = stage.pair()
    screen = Screen(stage, 20, 60, "-w", "-i", "3", *chosen(a))
    try:
        screen.picture("nothing lost")
        begun = time.monotonic()
        n = screen.text.count("\033[2J")
        screen.resize(20, 40)
        while screen.text.count("\033[2J") == n:
            screen.picture("nothing lost")
        expect(time.monotonic() - begun < 2, "drawn after %g s" % (time.monotonic() - begun))
    finally:
        screen.close()


@case
def program_resized_json(stage):
    """What a program reads is not told again when the terminal gets another size."""
    a, _ = stage.pair()
    screen = Screen(stage, 20, 400, "-w", "--json", "-i", "1", "-c", "2", *chosen(a))
    text = ""
    while text.count("\n") < 2:
        if not select.select([screen.ours], [], [], 10)[0]:
            break
        text += os.read(screen.ours, 65536).decode()
        screen.resize(20, 400 + text.count("\n"))
    status, rest = screen.close()
    expect((text + rest).count("\n") == 2, "not two lines: %d %r" % (status, text + rest))


@case
def program_since(stage):
    """--since FILE tells what was lost since the look in it, by the kernel's numbers; a new namespace counts from 0."""
    a, b = lossy(stage)
    burst(a, b)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "look")
        which = ["--since", path, "/^%s/" % re.escape(b.name[:-1])]
        status, text, err = call(stage, *which)
        expect(status == LOSS and "is new" in err and "since boot" in text, "%d: %s%s" % (status, text, err))
        before = kernel_says(b)
        burst(a, b)
        after = kernel_says(b)
        status, text, err = call(stage, *which)
        expect(status == LOSS and not err, "%d: %s%s" % (status, text, err))
        check_rows(rows(text, b.name), {layer: after[layer] - before[layer] for layer in after})
        status, text, err = call(stage, *which)
        expect(status == NO_LOSS and "nothing lost" in text, "%d: %s%s" % (status, text, err))
        c = stage.namespace("c")
        c.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT)
        c.udp(LOST, 200, "127.0.0.1", LOST_PORT)
        status, text, err = call(stage, *which)
        expect(rows(text, c.name).get("netfilter", (0,))[0] == LOST, "a new one: %d: %s%s" % (status, text, err))


@case
def program_since_uncounted(stage):
    """--since FILE tells what a rule without a counter dropped, and a rule that is gone; and nothing where nothing was."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    b.nft("table ip t {\n chain in {\n type filter hook input priority 0\n udp dport %d drop\n }\n }\n" % LOST_PORT)
    with tempfile.TemporaryDirectory() as directory:
        def since(*loss):
            for packets, port in ((GOOD, GOOD_PORT), *loss):
                a.udp(packets, 200, b.address, port)
            return call(stage, "--since", os.path.join(directory, "look"), "-n", b.name)

        since()
        status, text, err = since()
        expect(status == NO_LOSS and "nothing lost" in text and not err, "the twin: %d: %s%s" % (status, text, err))
        status, text, err = since((LOST, LOST_PORT))
        said = re.sub(r"\s+", " ", text)
        expect(status == LOSS and "(drop, no counter)" in said and rows(text, b.name)["netfilter"][0] == LOST,
               "%d: %s%s" % (status, text, err))
        status, text, err = since()
        expect(status == NO_LOSS and "nothing lost" in text, "it is told again: %d: %s%s" % (status, text, err))
        b.nft("flush ruleset\ntable ip t {\n chain in {\n type filter hook input priority 0\n"
              "udp dport %d counter drop\n }\n }\n" % LOST_PORT)
        since()
        a.udp(LOST, 200, b.address, LOST_PORT)
        b.nft("flush ruleset\n")
        status, text, err = since()
        expect(rows(text, b.name).get("netfilter", (0,))[0] == LOST, "a rule that is gone: %d: %s%s" % (status, text, err))


@case
def program_since_receiver(stage):
    """--since FILE names the socket that lost packets."""
    a, b = stage.pair()
    with tempfile.TemporaryDirectory() as directory:
        which = ["--since", os.path.join(directory, "look"), "-n", b.name]
        with slow_receiver(b):
            call(stage, *which)
            a.udp(LOST, 8000, b.address, GOOD_PORT)
            status, text, err = call(stage, *which)
    expect(status == LOSS and "receive buffer of UDP port %d (" % GOOD_PORT in re.sub(r"\s+", " ", text),
           "%d: %s%s" % (status, text, err))


@contextlib.contextmanager
def slow_receiver(ns):
    """A program that never reads what comes to its small buffer."""
    script = ("import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
              "s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304); s.bind(('', %d)); print(flush=True);"
              "sys.stdin.read()" % GOOD_PORT)
    process = subprocess.Popen(["ip", "netns", "exec", ns.name, "python3", "-c", script],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        yield
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


@case
def program_since_others(stage):
    """--since FILE says which namespaces it cannot compare; one that only got a name is none that has come."""
    a, b = lossy(stage)
    burst(a, b)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "look")

        def since(*names):
            return call(stage, "--since", path, *chosen(*names))

        since(a)
        status, text, err = since(a, b)
        expect(status == PARTLY and "1 namespace is not in the file yet" in re.sub(r"\s+", " ", err) and b.name not in text,
               "one is not in it: %d: %s%s" % (status, text, err))
        status, text, err = since(a, b)
        expect(status == NO_LOSS and not err, "the next time: %d: %s%s" % (status, text, err))
        since(a)
        status, text, err = since(b)
        expect(status == PARTLY and "could be looked at" not in err, "none is in it: %d: %s%s" % (status, text, err))


@case
def program_since_files(stage):
    """--since FILE refuses what is not its own, begins anew where it cannot go on, and tries to write before it looks."""
    ns = stage.namespace("a")
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "look")

        def since(file=path):
            return call(stage, "--since", file, "-n", ns.name)

        def put(text, mode=0o600):
            with open(path, "w") as f:
                f.write(text)
            os.chmod(path, mode)

        since()
        with open(path) as f:
            good = f.read()
        for text, why in (("", "is new"), (good.replace("\t", "\t9", 1), "another version"),
                          (good.replace("object", "abject", 1), "is damaged"), (good[:-9], "is damaged")):
            put(text)
            status, out, err = since()
            expect(status == NO_LOSS and why in err and "since boot" in out, "%s: %d: %s%s" % (why, status, out, err))
            expect(since()[2] == "", "%s: it is not replaced" % why)
        for text, mode, why in (("my letters\n", 0o600, "no file of pktloss"), (good, 0o620, "others may write it")):
            put(text, mode)
            status, out, err = since()
            with open(path) as f:
                expect(status == FAILED and why in err and not out and f.read() == text,
                       "%s: %d: %s%s" % (why, status, out, err))
        for file in ("", os.path.join(directory, "no", "such")):
            status, out, err = since(file)
            expect(status == FAILED and not out and "cannot write" in err, "%r: %d: %s%s" % (file, status, out, err))
        expect(os.listdir(directory) == ["look"], "left behind: %s" % os.listdir(directory))


@case
def program_check(stage):
    """The manual's check for nagios raises an alarm for a loss, none for one packet, and says when it is blind."""
    a, b = lossy(stage)
    manual = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/pktloss.pod")
    with open(manual) as f:
        script = re.search(r"  #!/bin/sh\n.*?esac\n", f.read(), re.S).group()
    script = script.replace("-i 10 ", "-i 1 -n /^%s/ " % re.escape(b.name[:-1])).replace("  pktloss", program(stage))

    def check(traffic):
        process = subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        traffic()
        out, err = process.communicate(timeout=60)
        return process.returncode, out.split(":")[0], err

    for expected, traffic in (((0, "OK", ""), lambda: a.udp(1, 8000, b.address, GOOD_PORT)),
                              ((2, "CRITICAL", ""), lambda: burst(a, b))):
        said = check(traffic)
        expect(said == expected, "%s, not %s" % (said, expected))
    script = script.replace(re.escape(b.name[:-1]), "no-such-")
    said = check(lambda: None)
    expect(said[:2] == (3, "UNKNOWN") and "no namespace matches" in said[2], "blind: %s" % (said,))


@case
def program_gone(stage):
    """An interval in which nothing could be looked at is a failure, however the others were."""
    a, b = stage.pair()
    process = start(stage, "--json", "-i", "0.5", "-c", "4", *chosen(b))
    json.loads(process.stdout.readline())
    stage.remove(b)
    status, text, err = finish(process)
    expect(status == FAILED and err.count("no network namespace could be looked at") >= 2,
           "%d: %s%s" % (status, text, err))
    expect(len(text.splitlines()) <= 1, "lines of nothing: " + text)


@case
def program_unprivileged(stage):
    """Without rights it looks at its own namespace and says what it may not."""
    a, b = stage.pair()
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        shutil.copy(program(stage), directory)
        command = ["ip", "netns", "exec", a.name, *NOBODY, os.path.join(directory, "pktloss")]
        done = subprocess.run(command + ["-i", "0.5"], capture_output=True, text=True, timeout=60)
        expect(done.returncode == PARTLY and "or with CAP_SYS_ADMIN" in re.sub(r"\s+", " ", done.stderr),
               "%d: %s%s" % (done.returncode, done.stdout, done.stderr))
        done = subprocess.run(command + ["-n", b.name], capture_output=True, text=True, timeout=60)
        expect(done.returncode == FAILED, "%d: %s%s" % (done.returncode, done.stdout, done.stderr))


@case
def program_unknown_names(stage):
    """What no namespace is called is told, with what is near it; the others are looked at."""
    a, b = stage.pair()
    typo = b.name[:-3] + "x" + b.name[-3:]
    status, text, err = call(stage, "-i", "0.2", "-n", b.name, "-n", typo)
    expect(status == FAILED and 'no namespace is called "%s"' % typo in err, "%d: %s" % (status, err))
    expect(b.name in err.split("near it: ")[-1], "nothing near it: " + err)
    expect("1 namespace: nothing lost" in text, "the other was not looked at: " + text)
    status, text, err = call(stage, "-i", "0.2", "-n", b.name, "-n", typo, "--json", "-c", "2")
    for line in text.splitlines():
        notes = [note for note in json.loads(line)["notes"] if typo in note]
        expect(len(notes) == 1 and 'is called "%s"; near it: ' % typo in notes[0], "not once in the notes: " + text)
    expect(status == FAILED and text.count("\n") == 2 and err.count(typo) == 1, "%d: %s%s" % (status, text, err))
    status, text, err = call(stage, "-n", "/^no-such-/", "-n", typo)
    expect(status == FAILED and not text and "no namespace matches /^no-such-/; there are: " in err,
           "%d: %s%s" % (status, text, err))


@case
def program_on_purpose(stage):
    """What a rule is told to drop is shown, and is no loss: the status is 0."""
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT)
    a.udp(LOST, 200, b.address, LOST_PORT)
    status, text, err = call(stage, "--once", *chosen(b))
    expect(status == NO_LOSS and "rule 1 of ip filter INPUT (DROP)" in text,
           "%d: %s%s" % (status, text, err))
    a.ip("link set a0 mtu 9000")  # and the real loss beside it
    a.udp(LOST, 8000, b.address, LOST_PORT)
    status, text, err = call(stage, "--once", *chosen(b))
    expect(status == LOSS, "%d: %s%s" % (status, text, err))
    expect(list(rows(text, b.name))[:2] == ["link", "netfilter"], "loss is not the first: " + text)


@case
def program_missed_beats(stage):
    """Looks that were missed are not made up for: no interval is a short one."""
    a, b = stage.pair()
    process = start(stage, "--json", "-i", "0.4", "-c", "5", *chosen(b))
    process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    process.send_signal(signal.SIGCONT)
    status, text, err = finish(process)
    intervals = [json.loads(line)["interval"] for line in text.splitlines()]
    expect(status == NO_LOSS and len(intervals) == 4, "%d: %s%s" % (status, text, err))
    expect(max(intervals) > 1.2 and min(intervals) > 0.15, "intervals: %s" % intervals)


CONTAINER = "6f9ec3431db0" + "ab" * 26
CONTAINERS = """
mount --make-rprivate /
mount -t tmpfs none $dir
mkdir -p /run/docker && mount -t tmpfs none /run/docker && mkdir /run/docker/netns
begin() { # CGROUP: a process in it, and in a namespace of its own
    unshare -n sleep 60 & pid=$!
    pids="$pids $pid"
    while [ /proc/$pid/ns/net -ef /proc/self/ns/net ]; do sleep 0.01; done
    echo "0::$1" >$dir/$pid && mount --bind $dir/$pid /proc/$pid/cgroup
}
trap 'kill $pids' EXIT
begin /docker/%s
touch /run/docker/netns/ea025b4906f4
mount --bind /proc/$pid/ns/net /run/docker/netns/ea025b4906f4
begin /system.slice/web.service
begin /by-hand
"$program" -i 0.2 --json || [ $? = 1 ]
"$program" --namespaces
""" % CONTAINER


@case
def program_containers(stage):
    """Containers are shown at once: by the id where there is no name; services by theirs."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(["unshare", "-m", "bash", "-ec", CONTAINERS],
                              env={"PATH": os.environ["PATH"], "dir": directory,
                                   "program": os.path.abspath(program(stage))},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    expect(done.returncode == NO_LOSS, done.stderr)
    said, *table = done.stdout.splitlines()
    names = [n["name"] for n in json.loads(said)["namespaces"]]
    for name in (CONTAINER[:12], "web.service", "by-hand"):
        expect(name in names, "no %s: %s" % (name, names))
    expect("ea025b4906f4" not in names, "docker's sandbox: %s" % names)
    listed = {name: kind + [read] for name, *kind, read in map(str.split, table[2:])}
    for name, kind, container in ((CONTAINER[:12], "docker", CONTAINER[:12]), ("web.service", "service", "-")):
        row = listed.get(name, [])
        expect(row[:1] == [kind] and row[3:] == [container, "yes"] and row[2].isdigit(), "%s: %s" % (name, done.stdout))


@case
def program_namespaces(stage):
    """--namespaces has their inodes as ip and stat have, and says which it cannot enter."""
    a, b = stage.pair()
    status, text, err = call(stage, "--namespaces", a.name, b.name)
    rows_of = {name: row for name, *row in map(str.split, text.splitlines()[1:])}
    for ns in (a, b):
        inode = str(os.stat("/run/netns/" + ns.name).st_ino)
        row = rows_of.get(ns.name, [])
        expect(row[:2] == ["file", inode] and row[-1] == "yes", "not %s: %d %s%s" % (inode, status, text, err))
        pid = int(row[2])  # of the agent that is in it
        expect(str(os.stat("/proc/%d/ns/net" % pid).st_ino) == inode, "%d is not in %s" % (pid, ns.name))
    expect(status == NO_LOSS and len(rows_of) == 2, "%d: %s%s" % (status, text, err))
    status, text, err = call(stage, "--namespaces", "--json", a.name, b.name)
    inodes = {ns["name"]: ns["inode"] for ns in json.loads(text)["namespaces"] if ns["read"]}
    expect(inodes == {ns.name: os.stat("/run/netns/" + ns.name).st_ino for ns in (a, b)}, "as JSON: %s%s" % (text, err))
    words = "source %s; COMP_WORDS=(pktloss -n %s) COMP_CWORD=2; _pktloss %s; echo ${COMPREPLY[@]}" % (
        COMPLETION, a.name[:-1], program(stage))
    done = subprocess.run(["bash", "-c", words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    expect(sorted(done.stdout.split()) == sorted([a.name, b.name]), "completed: %s%s" % (done.stdout, done.stderr))
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        shutil.copy(program(stage), directory)
        done = subprocess.run([*NOBODY, os.path.join(directory, "pktloss"), "--namespaces", a.name],
                              capture_output=True, text=True, timeout=60)
    expect(done.returncode == PARTLY and done.stdout.splitlines()[1].split()[-1] == "no" and
           "other network namespaces: run as root" in done.stderr, "%d: %s%s" % (done.returncode, done.stdout, done.stderr))
