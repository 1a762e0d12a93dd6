#!/bin/bash
# SPDX-License-Identifier: MIT
# conf/collectd-hardened.conf: systemd understands all of it, it is as tight as
# it says, and it leaves exactly the capabilities that the program has names for,
# and the system calls that it cannot do without.
set -euo pipefail

top=${srcdir:-.}
unit=$top/conf/collectd-hardened.conf
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# CAP_SYS_ADMIN has these two in it
names=$(grep -oE '"CAP_[A-Z_]+"' "$top/src/kernel/capability.c" | tr -d '"' |
	grep -vxE 'CAP_(BPF|PERFMON)' | sort)
for line in CapabilityBoundingSet AmbientCapabilities; do
	given=$(sed -n "s/^$line=//p" "$unit" | tr ' ' '\n' | sort)
	[ "$given" = "$names" ] || fail "$line is not what is needed:" $given
done

type systemd-analyze >/dev/null 2>&1 || {
	echo "only the capabilities: no systemd-analyze here"
	exit 0
}
# who asks for any other one is killed
allowed=$(for word in $(sed -n 's/^SystemCallFilter=//p' "$unit"); do
	case $word in
	@*) systemd-analyze syscall-filter "$word" | sed 's/#.*//' ;;
	*) echo "$word" ;;
	esac
done)
for set in $(grep -oE '@[a-z-]+' <<<"$allowed"); do
	allowed+=" $(systemd-analyze syscall-filter "$set" | sed 's/#.*//')"
done
for call in bpf capset getrandom setns; do
	grep -qw "$call" <<<"$allowed" || fail "SystemCallFilter lacks $call"
done

mkdir "$scratch/collectd.service.d"
printf '[Service]\nExecStart=/bin/true\n' >"$scratch/collectd.service"
cp "$unit" "$scratch/collectd.service.d/pktloss.conf"
export SYSTEMD_UNIT_PATH=$scratch:
said=$(systemd-analyze verify --man=no collectd.service 2>&1 |
	grep -F "$scratch" || true)
[ -z "$said" ] || fail "$said"
# 37 of 100 when this was written; a unit without any of it has 96
systemd-analyze security --offline=true --threshold=40 --no-pager \
	collectd.service >"$scratch/said" 2>&1 ||
	fail "too open:" "$(tail -n 1 "$scratch/said")"
