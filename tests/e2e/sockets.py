# SPDX-License-Identifier: MIT
"""Sockets that lose: UDP sockets that nobody reads, listeners that nobody accepts from."""

import truth
from cases import CASES, GOOD, GOOD_PORT, LOST, LOST_PORT, TCP_PORT, case, good_and_bad, snmp_series
from lab import Failure
from watch import Alert, Series, Share

__all__ = ["CASES"]

OTHER_PORT = 5003


def drops_series(ns, port, read=None, lost=LOST):
    return Series(ns.place(), "packets-socket-udp_%d_drops" % port,
                  read or (lambda: truth.socket_drops(ns, port)), lost)


def owner(ns):
    return "(python3[%d])" % ns.agent.process.pid


@case
def E1_socket(stage):
    """The socket that sleeps while its receive buffer is full, and its process."""
    a, b = stage.pair()
    burst = good_and_bad(a, b)
    b.deaf(LOST_PORT, 4096)
    a.udp(100, 200, b.address, LOST_PORT)  # it dropped before anybody looked
    lost = drops_series(b, LOST_PORT)
    words = ("receive buffer of UDP port %d %s is full: SO_RCVBUF 8192 bytes" % (LOST_PORT, owner(b)),)
    with stage.watch([lost, snmp_series(b, "RcvbufErrors", "udp", "UdpRcvbufErrors")]) as watch:
        watch.bursts(burst)
        watch.check([Share(b.place(), "percent-udp-rx", lost, LOST + GOOD)],
                    [Alert(b.place(), "udp-rx", words)])


@case
def two_sockets(stage):
    """Two ports drop, and a third one does not; none of them had before."""
    a, b = stage.pair()
    b.sink(GOOD_PORT)
    for port in (LOST_PORT, OTHER_PORT):
        b.deaf(port, 2304)
    filling = 64  # more than the buffers hold

    def burst():
        a.udp(GOOD, 200, b.address, GOOD_PORT)
        a.udp(filling + LOST, 200, b.address, LOST_PORT)
        a.udp(filling, 200, b.address, OTHER_PORT)

    series = [drops_series(b, LOST_PORT, lost=(5 * LOST, 5 * (filling + LOST))),
              drops_series(b, OTHER_PORT, lost=(4 * filling, 5 * filling))]
    with stage.watch(series) as watch:
        watch.bursts(burst)
        watch.check(alerts=[Alert(b.place(), "udp-rx", ("UDP port %d %s" % (LOST_PORT, owner(b)), "%d %s: " % (OTHER_PORT, owner(b))))])
        check_ports(watch, b, {LOST_PORT, OTHER_PORT})


def check_ports(watch, ns, ports):
    if not watch.daemon:
        return
    sent = {name for name in watch.daemon.series(ns.place()) if "-socket-udp_" in name}
    expected = {"packets-socket-udp_%d_drops" % port for port in ports}
    if sent != expected:
        raise Failure("ports with a series: %s, expected %s" % (sorted(sent), sorted(expected)))


@case
def socket_closes(stage):
    """What a socket dropped stays counted when it closes, and the next one goes on from there."""
    a, b = stage.pair()
    burst = good_and_bad(a, b)
    closed = []

    def total():
        return sum(closed) + truth.socket_drops(b, LOST_PORT)

    b.deaf(LOST_PORT, 4096)
    a.udp(100, 200, b.address, LOST_PORT)
    lost = drops_series(b, LOST_PORT, total, lost=(4 * LOST, 5 * LOST))
    with stage.watch([lost, snmp_series(b, "RcvbufErrors", "udp", "UdpRcvbufErrors", lost.lost)]) as watch:
        watch.bursts(burst, 2)
        watch.settle()
        closed.append(truth.socket_drops(b, LOST_PORT))
        b.close_port(LOST_PORT)
        b.deaf(LOST_PORT, 4096)
        watch.bursts(burst, 3)
        watch.check(alerts=[Alert(b.place(), "udp-rx", ("UDP port %d" % LOST_PORT,))])
        check_rising(watch, lost)


def check_rising(watch, series):
    if not watch.daemon:
        return
    values = [v for _, v in watch.daemon.values(series.place, series.name)]
    if values != sorted(values):
        raise Failure("%s went back: %s" % (series.name, values))


@case
def E7(stage):
    """Nobody accepts: the queue of a listener is full."""
    a, b = stage.pair()
    b.deaf_listener(TCP_PORT, 1)
    a.knock(2, b.address, TCP_PORT, keep=True)  # full from here on
    lost = snmp_series(b, "ListenDrops", "tcp", "TcpExtListenDrops")
    words = ("accept queue of TCP port %d %s is full: 2 of 1" % (TCP_PORT, owner(b)),)
    with stage.watch([lost, snmp_series(b, "ListenOverflows", "tcp", "TcpExtListenOverflows")]) as watch:
        watch.bursts(lambda: a.knock(LOST, b.address, TCP_PORT))
        watch.check([Share(b.place(), "percent-tcp-listen", lost, LOST)],
                    [Alert(b.place(), "tcp-listen", (*words, "net.core.somaxconn"), tells=words)])
        check_queue(watch, b, truth.accept_queue(b, TCP_PORT))


def check_queue(watch, ns, expected):
    if expected != (2, 1):
        raise Failure("the accept queue is %s" % (expected,))
    if not watch.daemon:
        return
    values = {v for _, v in watch.daemon.values(ns.place(), "queue_length-socket-tcp_%d_accept" % TCP_PORT)}
    if values != {2}:
        raise Failure("accept queue of 2 was sent as %s" % values)
