# SPDX-License-Identifier: MIT
"""A group of field cases, as it runs inside user-mode Linux: all at once.

Each case has namespaces of its own; one collectd and one pktloss watch all of
them and the host's, as on a machine with many containers. Each case reports.
"""

import os
import sys
import traceback

import field
import field_cases  # noqa: F401, registers them
import uml_inside
from daemon import Collectd
from lab import Skip, run
from watch import Stage

INTERVAL = 4  # seconds; so slow a machine needs the time
MODULES = {
    "healthy": "ip_vs ip_vs_rr nfnetlink_queue",
    "gap": "ip_vs ip_vs_rr nfnetlink_queue xt_NFQUEUE",
    "hostwide": "xt_mark",
    "devices": "vxlan bonding ipvlan ip_gre ipip 8021q sch_tbf sch_netem",
    "bridges": "bridge 8021q ebtables ebtable_filter ebtable_nat ebt_ip vrf",
    "causes": "sch_hfsc sch_drr sch_qfq sch_htb sch_prio sch_netem cls_u32 esp4",
    "direction": "ifb sch_ingress cls_matchall act_gact act_police act_mirred",
}
USUAL = "veth iptable_filter iptable_nat iptable_mangle iptable_raw ip6table_filter nf_tables nft_compat nf_conntrack"


def report(step, ok=True, detail=""):
    uml_inside.report("field " + step, ok, detail)


def group_of(name):
    """[function], or those that were asked for."""
    only = [word for word in os.environ.get("PKTLOSS_ONLY", "").split(",") if word]
    return [f for f in field.GROUPS[name] if not only or f.__name__ in only]


def raise_curtain(stage, function):
    """The scene, or None: it could not be built."""
    try:
        return field.Scene(stage, function)
    except Skip as e:
        report(function.__name__, False, "not offered by Linux 6.1: %s" % e)
    except Exception:
        report(function.__name__, False, traceback.format_exc())
    return None


def play(build):
    name = os.environ["PKTLOSS_GROUP"]
    for module in (USUAL + " " + MODULES.get(name, "")).split():
        run("/run/modprobe -q " + module)
    Collectd.poll = 0.2
    Collectd.writers = 1  # on so slow a machine several may change the order of two values
    stages = [Stage("%s" % f.__name__.replace("_", ""), build) for f in group_of(name)]
    try:
        made = [raise_curtain(stage, f) for stage, f in zip(stages, group_of(name))]
        scenes = [scene for scene in made if scene]
        report("built %d of %d" % (len(scenes), len(made)))
        watch([(stage, scene) for stage, scene in zip(stages, made) if scene], build)
        for scene in scenes:
            report(scene.name, not scene.wrong, "\n".join(scene.wrong))
    finally:
        for stage in stages:
            stage.__exit__()


def watch(cast, build):
    stages, scenes = [stage for stage, _ in cast], [scene for _, scene in cast]
    longest = max([scene.story.after for scene in scenes], default=0)
    if build:
        field.watch_scenes(scenes, stages, build, INTERVAL, (field.ROUNDS + 1) * INTERVAL + 2 + longest, host=True)
    else:
        field.play_truth(scenes)
    for scene in scenes:
        scene.check_truth(field.ROUNDS)
        scene.story.finish()


if __name__ == "__main__":
    uml_inside.perform(play, *sys.argv[1:])
