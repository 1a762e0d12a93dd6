# SPDX-License-Identifier: MIT
"""Network namespaces to lose packets in, and the two topologies of the cases.

    pair      a: a0 10.9.0.1 -- b0 10.9.0.2 :b
    router    a: a0 10.9.1.1 -- r0 10.9.1.2 :r: r1 10.9.2.1 -- b0 10.9.2.2 :b

Neighbours are entered by hand, so that no ARP packet blurs a count.
"""

import json
import os
import shlex
import subprocess
import sys
import time

import truth

HERE = os.path.dirname(os.path.abspath(__file__))


class Failure(Exception):
    """The test did not see what it had to."""


class Skip(Exception):
    """This machine cannot run the test."""


def run(command, stdin=""):
    """Output of a program; a failure of it is an error of the test."""
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, input=stdin)
    if done.returncode:
        raise RuntimeError("%s: %s" % (command, (done.stderr or done.stdout).strip()))
    return done.stdout


def leashed(command):
    """Starts command so that it ends with us, whatever happens to us."""
    return ["setpriv", "--pdeathsig", "TERM"] + command


def wait_until(what, condition, seconds, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(step)
    raise Failure("waited %g s in vain for %s" % (seconds, what))


class Agent:
    """A process inside a namespace that sends and receives on command."""

    def __init__(self, name):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, os.path.join(HERE, "agent.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, name, *args, **kwargs):
        self.process.stdin.write(json.dumps([name, args, kwargs]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the agent ended during %s" % name)
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["ok"]

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Namespace:
    """One namespace: its tools by ip() and tool(), its traffic by what Agent does.

    ns.udp(...), ns.sink(...) and so on are the functions of agent.py.
    """

    def __init__(self, name, pid=None):
        """pid: of a process in one that gets the name; without it a new one is made."""
        self.name = name
        self.address = None
        run("ip netns attach %s %d" % (name, pid) if pid else "ip netns add " + name)
        self.agent = None
        self.ip("link set lo up")

    def ip(self, command):
        return run("ip -n %s %s" % (self.name, command))

    def tool(self, command, stdin=""):
        return run("ip netns exec %s %s" % (self.name, command), stdin)

    def feature(self, command, stdin=""):
        """Runs a tool that needs a part of the kernel; without it the test is skipped."""
        try:
            return self.tool(command, stdin)
        except RuntimeError as e:
            raise Skip("not offered by this kernel: %s" % e)

    def nft(self, ruleset):
        """nft -f"""
        return self.feature("nft -f -", ruleset)

    def __getattr__(self, command):
        if command.startswith("_"):
            raise AttributeError(command)
        if self.agent is None:
            self.agent = Agent(self.name)
        return lambda *args, **kwargs: self.agent.call(command, *args, **kwargs)

    def place(self, interface="all"):
        return "%s@%s" % (interface, self.name)

    def stop_agent(self):
        if self.agent:
            self.agent.stop()
            self.agent = None

    def remove(self):
        self.stop_agent()
        run("ip netns del " + self.name)


class Lab:
    """What one test builds; leaving the `with` block removes all of it."""

    def __init__(self, prefix, fixed_names=False):
        self.prefix = "" if fixed_names else prefix + "-"
        self.namespaces = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for ns in list(self.namespaces):
            try:
                self.remove(ns)
            except RuntimeError as e:
                print("cleaning up: %s" % e, file=sys.stderr)

    def namespace(self, name, ipv6=False, pid=None):
        ns = Namespace(self.prefix + name, pid)
        self.namespaces.append(ns)
        if ipv6:
            ns.calm_ipv6()
        else:
            ns.disable_ipv6()
        return ns

    def remove(self, ns):
        self.namespaces.remove(ns)
        ns.remove()

    def pair(self, names=("a", "b")):
        a, b = (self.namespace(name) for name in names)
        wire(a, "a0", "10.9.0.1/24", b, "b0", "10.9.0.2/24")
        a.address, b.address = "10.9.0.1", "10.9.0.2"
        return a, b

    def router(self):
        a, r, b = (self.namespace(name) for name in ("a", "r", "b"))
        wire(a, "a0", "10.9.1.1/24", r, "r0", "10.9.1.2/24")
        wire(r, "r1", "10.9.2.1/24", b, "b0", "10.9.2.2/24")
        a.ip("route add default via 10.9.1.2")
        b.ip("route add default via 10.9.2.1")
        r.sysctl("net/ipv4/ip_forward", 1)
        a.address, b.address = "10.9.1.1", "10.9.2.2"
        return a, r, b

    def router6(self):
        a, r, b = (self.namespace(name, ipv6=True) for name in ("a", "r", "b"))
        wire(a, "a0", "fd00:1::1/64", r, "r0", "fd00:1::2/64")
        wire(r, "r1", "fd00:2::1/64", b, "b0", "fd00:2::2/64")
        a.ip("route add default via fd00:1::2")
        b.ip("route add default via fd00:2::1")
        r.sysctl("net/ipv6/conf/all/forwarding", 1)
        a.address, b.address = "fd00:1::1", "fd00:2::2"
        return a, r, b


def add_address(ns, interface, address):
    nodad = " nodad" if ":" in address else ""
    ns.ip("addr add %s dev %s%s" % (address, interface, nodad))
    ns.ip("link set %s up" % interface)


def know(ns, interface, neighbour, its_interface, address):
    ns.ip("neigh replace %s lladdr %s dev %s nud permanent"
          % (address.split("/")[0], truth.mac(neighbour, its_interface), interface))


def wire(x, x_interface, x_address, y, y_interface, y_address):
    """A veth between two namespaces, with addresses."""
    run("ip link add %s netns %s type veth peer name %s netns %s"
        % (x_interface, x.name, y_interface, y.name))
    add_address(x, x_interface, x_address)
    add_address(y, y_interface, y_address)
    know(x, x_interface, y, y_interface, y_address)
    know(y, y_interface, x, x_interface, x_address)
