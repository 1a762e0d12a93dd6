#!/bin/bash
# SPDX-License-Identifier: MIT
# The commands of CHANGELOG.md that rename files do so, and lose none.
set -euo pipefail

changelog=${srcdir:-.}/CHANGELOG.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A series before; what it is called then.
series='
if_tx_dropped-qdisc-tbf_8007 if_tx_dropped-qdisc-tbf_8007
if_tx_dropped-qdisc-tbf_800d if_tx_dropped-qdisc-tbf_root
queue_length-qdisc-tbf_8010 queue_length-qdisc-tbf_root
gauge-qdisc-tbf_8010_backlog gauge-qdisc-tbf_root_backlog
if_tx_packets-qdisc-fq_codel_800a if_tx_packets-qdisc-fq_codel_root
packets-qdisc-fq_8003_band_drops_0 packets-qdisc-fq_root_band_drops_0
if_tx_dropped-qdisc-tbf_1 if_tx_dropped-qdisc-tbf_1
if_tx_packets-qdisc-fq_codel_0_0.1 if_tx_packets-qdisc-fq_codel_0_0.1
if_tx_dropped-qdisc-htb_8001.10 if_tx_dropped-qdisc-htb_8001.10
if_rx_dropped-qdisc-clsact_ffff if_rx_dropped-qdisc-clsact_ffff
packets-qdisc-fq_7fff_throttled packets-qdisc-fq_7fff_throttled
'

commands() { # rrd | whisper
	awk -v mark="<!-- rename $1 -->" '
		$0 == mark { found = 1 }
		found && /^```$/ { exit }
		inside { print }
		found && /^```sh$/ { inside = 1 }' "$changelog" |
		sed "s|^cd [^ ]*|cd $scratch/$1|"
}

check() { # rrd|whisper SUFFIX
	local directory="$scratch/$1/my host/pktloss-eth0@web" age=0 before after

	mkdir -p "$directory"
	while read -r before _; do
		[ -n "$before" ] || continue
		echo "$before" >"$directory/$before.$2"
		touch -d "2026-01-01 00:00:$((++age))" "$directory/$before.$2"
	done <<<"$series"
	commands "$1" | sh >/dev/null
	while read -r before after; do
		[ -z "$before" ] || [ "$(cat "$directory/$after.$2")" = "$before" ] || {
			echo "FAIL: $1: $before is not $after" >&2
			exit 1
		}
	done <<<"$series"
}

check rrd rrd
check whisper wsp
