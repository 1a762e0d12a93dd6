# SPDX-License-Identifier: MIT
"""What a review broke pktloss with, where no other case shows it; docs/ROBUSTNESS.md has the list."""

import contextlib
import errno
import os
import re
import shutil
import tempfile
import time

import truth
from cases import GOOD_PORT, LOST, LOST_PORT, case
from lab import HERE, Skip, run
from program import LOSS, NO_LOSS, PARTLY, call, chosen, expect, finish, program, rows, start

ALTNAMES = 400
SIOCGIFNAME, NS_GET_NSTYPE = 0x8910, 0xb703


def looked(stage, burst, *namespaces, **how):
    """One interval with a burst in it: status, and all that is said."""
    process = start(stage, "-i", "2", *chosen(*namespaces), **how)
    time.sleep(1)
    burst()
    return finish(process)


def lossy_link(stage):
    """All that comes to b0 is larger than it takes."""
    a, b = stage.pair()
    a.ip("link set a0 mtu 9000")
    return a, b, lambda: a.udp(LOST, 8000, b.address, GOOD_PORT)


def expect_link_loss(status, text, err, ns):
    expect(status == LOSS and rows(text, ns.name).get("link", (0, 0))[0] >= LOST,
           "the loss of the link is not found: %d: %s%s" % (status, text, err))


@case
def many_altnames(stage):
    """An interface with 400 other names hides no other, nor itself."""
    program(stage)
    a, b, burst = lossy_link(stage)
    b.ip("link add x0 type veth peer name x1")
    for interface in ("x0", "b0"):
        names = ("link property add dev %s altname %s-%0100d\n" % (interface, interface, i) for i in range(ALTNAMES))
        b.tool("ip -batch -", "".join(names))
    status, text, err = looked(stage, lambda: None, b)
    expect(status == NO_LOSS and not err, "nothing was sent: %d: %s%s" % (status, text, err))
    status, text, err = looked(stage, burst, b)
    expect_link_loss(status, text, err, b)
    expect(not err, "all can be read: " + err)


@contextlib.contextmanager
def failing_ioctl():
    """environment(number, error) has the program fail so."""
    with tempfile.TemporaryDirectory() as directory:
        library = os.path.join(directory, "ioctl.so")
        run("cc -D_GNU_SOURCE -shared -fPIC -o %s %s/ioctl.c" % (library, HERE))
        yield lambda number, error: ["env", "LD_PRELOAD=" + library, "IOCTL_FAILS=%d" % number,
                                     "IOCTL_ERROR=%d" % error]


@case
def nameless_interface(stage):
    """An interface whose name the kernel does not tell is none that is gone: its loss is found, or its layer unread."""
    program(stage)
    a, b, burst = lossy_link(stage)
    with failing_ioctl() as environment:
        for error in (errno.EPERM, errno.ENOMEM, errno.EINTR):
            status, text, err = looked(stage, burst, b, command=environment(SIOCGIFNAME, error))
            if status != LOSS:
                expect(status == PARTLY and "counters of interfaces" in err, "%s: nothing is said: %d: %s%s" % (
                    errno.errorcode[error], status, text, err))
        for number in (0, SIOCGIFNAME):  # none fails; and what is gone since it was listed is passed over
            status, text, err = looked(stage, lambda: None, b, command=environment(number, errno.ENODEV))
            expect(status == NO_LOSS and not err, "%d: %s%s" % (status, text, err))


@case
def type_that_is_not_told(stage):
    """A file in /run/netns whose type cannot be asked for is entered all the same."""
    program(stage)
    a, b, burst = lossy_link(stage)
    with failing_ioctl() as environment:
        for error in (errno.EPERM, errno.ENOMEM, errno.EINTR):
            status, text, err = looked(stage, burst, b, command=environment(NS_GET_NSTYPE, error))
            expect_link_loss(status, text, err, b)


@case
def long_name(stage):
    """A namespace with a name of 250 bytes, far below the longest file name, is looked at as any other."""
    program(stage)
    a, b, _ = lossy_link(stage)
    long = stage.namespace("l" * (250 - len(stage.prefix) - 1))
    b.ip("link set b0 netns " + long.name)
    long.ip("addr add %s/24 dev b0" % b.address)
    long.ip("link set b0 up")
    a.ip("neigh replace %s lladdr %s dev a0 nud permanent" % (b.address, truth.mac(long, "b0")))
    status, text, err = looked(stage, lambda: a.udp(LOST, 8000, b.address, GOOD_PORT), long)
    expect(status == LOSS and re.search(r"\n  link +\S+ +rx", text), "%d: %s%s" % (status, text, err))


RESTORED = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
[%(n)d:%(n)d] -A INPUT -p udp --dport %(port)d -j DROP
[%(n)d:%(n)d] -A OUTPUT -p udp --dport %(port)d -j DROP
COMMIT
"""


@case
def restored_counters(stage):
    """Rules of INPUT and OUTPUT whose counters are set to any number between two looks: nothing overflows."""
    program(stage)
    a, b = stage.pair()
    b.feature("iptables-legacy -w 20 -A INPUT -p udp --dport %d -j DROP" % LOST_PORT)
    for bits in (62, 63):
        def restore():
            b.tool("iptables-legacy-restore -c -w 20", RESTORED % {"n": 1 << bits, "port": LOST_PORT})
            a.udp(LOST, 200, b.address, LOST_PORT)

        status, text, err = looked(stage, restore, b)
        expect(status in (NO_LOSS, LOSS) and not err, "%d: %s%s" % (status, text, err))
        expect("-" not in "".join(re.findall(r" (-?[\d.]+)%", text)), "a negative share: " + text)
        b.tool("iptables-legacy-restore -c -w 20", RESTORED % {"n": 0, "port": LOST_PORT})


@case
def nothing_uninitialised(stage):
    """What is sent to the kernel, and what is said, was written before: valgrind looks at each byte."""
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not installed")
    a, b = stage.pair()
    b.nft("table ip t { chain in { type filter hook input priority 0; udp dport %d counter drop\n }; }" % LOST_PORT)
    b.sink(GOOD_PORT)
    a.udp(LOST, 200, b.address, LOST_PORT)
    command = ("valgrind", "--quiet", "--error-exitcode=99", "--suppressions=/dev/null")
    # what libbpf sends this valgrind takes for uninitialised: it does not know all of the kernel's struct
    status, text, err = call(stage, "-i", "1", "-R", *chosen(a, b), command=command)
    expect(status == NO_LOSS and "uninitialised" not in err, "%d: %s%s" % (status, text, err))
