# SPDX-License-Identifier: MIT
"""The same ten minutes of noise as field_noise.py, as they run inside user-mode Linux; with IPVS, without nftables."""

import os
import sys

import field_noise
from daemon import Collectd
from lab import run
from uml_inside import perform
from watch import Stage

MODULES = ("veth bridge ip_vs ip_vs_rr iptable_filter iptable_raw iptable_mangle nf_conntrack nf_conntrack_netlink"
           " ipt_SYNPROXY xt_CT")


def noise(build):
    for module in MODULES.split():
        run("/run/modprobe -q " + module)
    Collectd.poll = 0.5
    Collectd.writers = 1
    with Stage("n", build) as stage:
        field_noise.hear(stage, int(os.environ["PKTLOSS_NOISE"]), ipvs=True, nft=False, host=True)


if __name__ == "__main__":
    perform(noise, *sys.argv[1:])
