#!/bin/bash
# SPDX-License-Identifier: MIT
# fuzz.sh BUILD FLAG...: runs each fuzz target built there, with a flag of
# libFuzzer that says how long: -runs=10000000, -max_total_time=4. Prints a row
# of docs/ROBUSTNESS.md for each: name, runs, runs in a second, day. Fails at
# the first crash; its input stays beside the program. FUZZ_ONLY='snmp|proc' are
# those alone.
set -euo pipefail

build=$1
shift
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=16}
fixtures=${srcdir:-$(dirname "${BASH_SOURCE[0]}")/..}/tests/fixtures

# Longer inputs find nothing that short ones do not, and are slower; files that
# the kernel wrote are the first ones.
targets=(
	"arptables 2048 arp.*.xt"
	"balance 1024 -"
	"config 512 -"
	"conntrack 512 nf_conntrack arp_cache"
	"container 1024 *.json"
	"drops 512 -"
	"ebtables 2048 *.ebt"
	"ethtool 512 -"
	"look_file 1024 -"
	"message 1024 -"
	"neigh 1024 *_cache"
	"netlink 1024 *.nl"
	"nftables 2048 nft*.nl"
	"packet 256 -"
	"proc 512 softnet_stat xfrm_stat"
	"snmp 1024 snmp snmp6 netstat"
	"sock_diag 1024 -"
	"state_file 512 -"
	"sysctl 256 -"
	"xtables 2048 ip*.xt"
)

copy_seeds() { # DIRECTORY PATTERN...
	local seeds=$1 pattern n=0 file
	shift
	mkdir -p "$seeds"
	for pattern; do
		while read -r file; do
			cp "$file" "$seeds/$((n += 1))"
		done < <(find "$fixtures" -name "$pattern" -type f | sort)
	done
}

statistic() { # NAME LOG
	sed -n "s/^stat::$1: *//p" "$2"
}

fuzz() { # FLAG NAME MAX-LENGTH PATTERN...
	local flag=$1 program=$build/tests/fuzz_$2 length=$3

	copy_seeds "$program.seeds" "${@:4}"
	mkdir -p "$program.corpus"
	if ! "$program" "$flag" -max_len="$length" -timeout=20 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$program." \
		"$program.corpus" "$program.seeds" >"$program.log" 2>&1; then
		tail -n 60 "$program.log"
		return 1
	fi
	printf '| %s | %s | %s | %s |\n' "$2" \
		"$(statistic number_of_executed_units "$program.log")" \
		"$(statistic average_exec_per_sec "$program.log")" \
		"$(date -u +%Y-%m-%d)"
}

# A target that is not in the list would never run.
while read -r program; do
	printf '%s\n' "${targets[@]}" | grep -q "^${program##*/fuzz_} " || {
		echo "${program##*/} is not in the list of $0" >&2
		exit 1
	}
done < <(find "$build/tests" -name 'fuzz_*' ! -name '*.*' -type f -executable)

for target in "${targets[@]}"; do
	[[ ${target%% *} =~ ^(${FUZZ_ONLY:-.*})$ ]] || continue
	set -f
	# shellcheck disable=SC2086
	set -- "$1" $target
	set +f
	fuzz "$@"
done
