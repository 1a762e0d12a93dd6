# SPDX-License-Identifier: MIT
"""What pktloss says is to be done can be done: every command is run."""

import concurrent.futures
import glob
import json
import os
import re
import shlex
import shutil
import subprocess

import truth
from cases import LOST_PORT, case
from lab import HERE, Failure, Skip, run
from program import burst, call, chosen, expect, lossy

SOURCES = os.path.join(HERE, "..", "..", "src", "probes")
LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
LITERALS = re.compile(LITERAL + r"(?:\s*" + LITERAL + ")*")
COMMENT = re.compile(r"/\*.*?\*/", re.S)

# What stands for something that only the reader knows, or the probe writes.
PLACEHOLDERS = [
    (r"\bDEV\b|\bINTERFACE\b", "a0"),
    (r"\b(DESTINATION|SOURCE|ADDRESS|PEER|GATEWAY)\b", "192.0.2.9"),
    (r"\bPORT\b", "80"),
    (r"\bSIDE\b", "ingress"),
    (r"\bPID\b", "1"),
    (r"\bN\b", "1000"),
    (r"(?<=dev )%s", "a0"),
    (r"%x", "1"),
    (r"%l*[ud]", "1000"),
]
# What the shell of the host would act on before the namespace is entered.
SHELL = re.compile(r"[*?|;&$<>(){}\[\]~#]")
# What the probe writes may be one of these.
WRITTEN = ("a0", "192.0.2.9", "blackhole", "1:", "80", "x", "", " -6", "udp")
ABSENT = re.compile(r"not found|No such file or directory", re.I)
WRONG = re.compile(
    r"^usage:|syntax error|unknown (option|command|argument)|invalid (option|argument)"
    r"|unrecognized|garbage|what is \"|is unknown, try|bad (argument|command|option)"
    r"|try .*--help|unknown parameter|name not found|is wrong: (?!device does not)|wrong state|unexpected|not a valid|expects? |is duplicate|command line is not complete", re.I | re.M)


def filled_in(command):
    """The command, or more where it is not known what stands for a part of it."""
    for pattern, value in PLACEHOLDERS:
        command = re.sub(pattern, value, command)
    filled = [re.sub(r"%(\.\*)?s", value, command) for value in WRITTEN]
    return list(dict.fromkeys(filled))


def table_commands(stage):
    tool = os.path.join(stage.build, "tools", "print_causes")
    return set(run(tool + " commands").splitlines())


def written_commands():
    """Those of the causes that are written in the code: formats with a backquote in them."""
    found = set()
    for path in glob.glob(os.path.join(SOURCES, "**", "*.c"), recursive=True):
        with open(path) as f:
            text = COMMENT.sub("", f.read())
        for match in LITERALS.finditer(text):
            whole = "".join(re.findall(LITERAL, match.group(0))).replace('\\"', '"')
            found.update(re.findall(r"`([^`]+)`", whole))
    # a command that is put together elsewhere is run by remedies_mend
    return {c for c in found if not re.match(r"(host: ?)?%s", c)}


def check_settings(command, words):
    for name in (w.split("=")[0] for w in words[1:] if not w.startswith("-")):
        path = "/proc/sys/" + name.replace(".", "/")
        # those of a module may not be there
        expect(os.path.exists(path) or name.startswith(("net.netfilter.", "net.bridge.")),
               "%s: there is no %s" % (command, name))


def check_output(command, words, done):
    expect(done.returncode != 127, "%s: cannot be run: %s" % (command, done.stderr))
    expect(not WRONG.search(done.stderr), "%s: %s" % (command, done.stderr))
    if words[0] == "cat" and ABSENT.search(done.stderr):  # that of a module may not be there
        expect("netfilter" in command or "xfrm" in command, "%s: %s" % (command, done.stderr))


def check_words(ns, command, words):
    """Runs it in the namespace; of what is of the host it only looks whether it is there."""
    if words[0] == "pktloss":
        return
    expect(shutil.which(words[0]), "%s: there is no %s" % (command, words[0]))
    if words[0] == "sysctl":
        check_settings(command, words)
    if words[0] == "sysctl" or command.startswith("host:"):
        return
    check_output(command, words, subprocess.run(
        ["ip", "netns", "exec", ns.name, "timeout", "3", *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"))


def check_command(ns, command):
    wrong = []
    for filled in filled_in(re.sub("^host: ?", "", command)):
        try:
            expect(not SHELL.search(re.sub("'[^']*'", "", filled)),
                   "%s: the host's shell does a part of it" % command)
            check_words(ns, command, shlex.split(filled))
            return
        except Failure as e:
            wrong.append(e)
    raise wrong[0]


def fault_of(ns, command):
    try:
        check_command(ns, command)
    except Failure as e:
        return str(e).strip()
    return None


@case
def remedies(stage):
    """Every command of every remedy and of the page of causes can be run."""
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    a, _ = stage.pair()
    commands = table_commands(stage) | written_commands()
    expect(len(commands) > 40, "only %d commands were found" % len(commands))
    # those that watch are stopped after a while, so several run at a time
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        wrong = [w for w in pool.map(lambda c: fault_of(a, c), sorted(commands)) if w]
    expect(not wrong, "\n".join(wrong))


def said(stage, *arguments):
    status, text, err = call(stage, "--once", "--json", *arguments)
    expect(status == 1, "%d: %s%s" % (status, text, err))
    return [dict(f, namespace=n["name"])
            for n in json.loads(text)["namespaces"] for f in n["findings"]]


def paste(finding):
    """Runs the command of a remedy as somebody on the host does."""
    command = re.sub(r"^[^:]*: ", "", finding["remedy"])
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    expect(done.returncode == 0, "%s: %s" % (command, done.stderr))
    return done.stdout


@case
def remedies_mend(stage):
    """A remedy pasted on the host mends the namespace that it is for, and no other."""
    a, b = lossy(stage)
    c = stage.namespace("c")
    c.ip("link add b0 type veth peer name b1")
    c.ip("link set b0 mtu 1400")
    burst(a, b)
    for finding in said(stage, *chosen(b)):
        words = "ip netns exec %s " % b.name
        if finding["class"] in ("loss", "policy"):
            expect(words in finding["remedy"], "where is that? %s" % finding["remedy"])
        if finding["layer"] == "link":
            paste(finding)
        elif finding["layer"] == "netfilter":
            shown = paste(finding)
            expect(str(LOST_PORT) in shown, "another rule: " + shown)
    expect("mtu 9000" in b.ip("-o link show b0"), "b0 is as it was")
    expect("mtu 1400" in c.ip("-o link show b0"), "the wrong one was changed")
    before = truth.link(b, "b0", "rx", "dropped")
    burst(a, b)
    expect(truth.link(b, "b0", "rx", "dropped") == before, "it still drops")


@case
def remedies_by_process(stage):
    """Of a namespace without a name a command goes in by one of its processes."""
    if stage.build is None:
        raise Skip("only the kernel's side is wanted")
    script = ("ip link set lo up; iptables-legacy -w 20 -A OUTPUT -p udp -m statistic "
              "--mode random --probability 0.99 -j DROP || exit 3; echo; read line")
    with subprocess.Popen(["unshare", "-n", "sh", "-c", script], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as inside:
        try:
            if inside.stdout.readline() != "\n":
                raise Skip("this kernel has no legacy iptables")
            sender = ("import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                      "for i in range(40):\n try: s.sendto(b'x', ('127.0.0.1', 9))\n"
                      " except OSError: pass")
            run("nsenter -n -t %d python3 -" % inside.pid, stdin=sender)
            way = "nsenter -n -t %d iptables-legacy" % inside.pid
            remedies_said = [f["remedy"] for f in said(stage) if f["layer"] == "netfilter"]
            expect(any(way in r for r in remedies_said), "no %r: %s" % (way, remedies_said))
        finally:
            inside.kill()
