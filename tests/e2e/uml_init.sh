#!/bin/sh
# SPDX-License-Identifier: MIT
# Process 1 of the user-mode Linux that uml.py boots: prepares what the tests
# need, runs them, and switches the machine off. Only /run can be written to.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
TMPDIR=/run
export PATH TMPDIR

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run

# The modules are not where modprobe looks, neither for us nor for the kernel.
mkdir -p /run/root/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" /run/root/lib/modules/
printf '#!/bin/sh\nexec modprobe -d /run/root "$@"\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
/run/modprobe -a veth sch_netem iptable_filter xt_statistic

ip link set lo up
"$PKTLOSS_PYTHON" -B "$(dirname "$0")/$PKTLOSS_SCRIPT" "$PKTLOSS_BUILD"

echo o >/proc/sysrq-trigger
sleep 5
