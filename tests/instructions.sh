#!/bin/bash
# SPDX-License-Identifier: MIT
# How many instructions in user space a steady read of a quiet namespace takes,
# and of each further interface in one, may not grow by more than 10 %. Counted by valgrind, so it is the same on a
# slow or busy machine; other compilers, libraries and kernels (which print
# more or less) differ a little. Lower the number when it has become cheaper.
set -euo pipefail

limit=137000 # per namespace, gcc -O2 on Linux 6.18
limit_interface=10200 # where there are 1000 of them: twice as many cost twice
slack=10 # percent
namespaces=10
few=10
many=60
veths=500

steady=${builddir:-.}/tests/steady
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

skip() {
	echo "SKIP: $*" >&2
	exit 77
}

# Instructions of so many reads, with what is not of a read.
count() { # NAMESPACES READS [VETHS]
	local status=0

	valgrind --tool=callgrind --trace-children=no \
		--callgrind-out-file="$scratch/out" --log-file="$scratch/log" \
		"$steady" "$@" 2>"$scratch/said" || status=$?
	[ "$status" != 77 ] || return 77
	[ "$status" = 0 ] || {
		cat "$scratch/said" "$scratch/log" >&2
		return 1
	}
	sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$scratch/log"
}

command -v valgrind >/dev/null || skip "valgrind is not installed"
[ "$(id -u)" = 0 ] || skip "namespaces of its own need root"
case $(uname -m) in
x86_64) ;;
*) skip "the number kept is one of x86_64" ;;
esac
case ${CC:-gcc}:${CFLAGS:--O2} in
*clang*) skip "the number kept is one of gcc" ;;
*:*-O2*) ;;
*) skip "the number kept is one of -O2" ;;
esac

# What one read more takes.
read_once() { # NAMESPACES [VETHS]
	local first second

	first=$(count "$1" $few "${@:2}") || return
	second=$(count "$1" $many "${@:2}") || return
	echo $(((second - first) / (many - few)))
}

check() { # WHAT IS LIMIT
	echo "$2 instructions for a steady read of one $1, $3 kept"
	[ "$2" -le $(($3 * (100 + slack) / 100)) ] || {
		echo "FAIL: more than $slack % over" >&2
		exit 1
	}
}

all=$(read_once $namespaces) || { [ $? != 77 ] || skip "no namespaces of its own"; exit 1; }
check namespace $((all / (namespaces + 1))) $limit
many=$((few + 10))
check interface $(($(read_once 0 $veths) / (2 * veths))) $limit_interface
