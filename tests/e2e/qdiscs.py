# SPDX-License-Identifier: MIT
"""Packets that a tc filter discards, on this machine's kernel."""

import truth
from cases import ALL, LOST, LOST_PORT, case, good_and_bad
from watch import Alert, Series, Share

# Where the port (UDP, no IP options, behind the Ethernet header) is LOST_PORT:
# TC_ACT_SHOT, else TC_ACT_UNSPEC.
SHOOT = "4,40 0 0 36,21 0 1 %d,6 0 0 2,6 0 0 4294967295" % LOST_PORT


@case
def B14(stage):
    """A BPF program on ingress that discards what goes to one port: policy."""
    a, b = stage.pair()
    b.feature("tc qdisc add dev b0 clsact")
    b.feature("tc filter add dev b0 ingress bpf da bytecode '%s'" % SHOOT)
    shot = Series(b.place("b0"), "if_rx_dropped-qdisc-clsact_ffff",
                  lambda: truth.qdisc(b, "b0", "clsact", "drops"), LOST)
    with stage.watch([shot]) as watch:
        watch.bursts(good_and_bad(a, b))
        watch.check([Share(b.place("b0"), "percent-qdisc-rx", shot, ALL)],
                    [Alert(b.place("b0"), "qdisc-rx", ("tc filter", "b0 ingress"), "WARNING")])
