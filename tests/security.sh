#!/bin/bash
# SPDX-License-Identifier: MIT
# Every test that SECURITY.md and docs/ROBUSTNESS.md name as a proof exists, and
# is run by somebody.
set -eu # no pipefail: grep -q ends its pipe early

top=${srcdir:-.}
failures=0

fail() {
	echo "FAIL: $page names $1, which $2" >&2
	failures=$((failures + 1))
}

# A list of Makefile.am has it, on a line of its own.
is_run() { # PROGRAM
	grep -qE "^(TESTS \\+=|[[:space:]]+)[[:space:]]*tests/$1( \\\\)?$" "$top/Makefile.am"
}

on_one_line() { # FILE...
	cat "$@" | tr '\n\t' '  '
}

check_proof() { # NAME
	local file=${1%/*} name=${1#*/}
	case $1 in
	check_*/*)
		on_one_line "$top/tests/$file.c" |
			grep -qE " TEST(_EACH)?\([a-z_]+, +$name[,)]" ||
			fail "$1" "is no test"
		is_run "$file" || fail "$1" "make check does not run"
		;;
	e2e/*)
		on_one_line "$top"/tests/e2e/*.py |
			grep -qE " @[a-z_]+(\([^)]*\))? def ${name#field_}\(stage" ||
			fail "$1" "is no case"
		;;
	fuzz_*)
		[ -f "$top/tests/$1.c" ] || fail "$1" "is no fuzzer"
		is_run "$1" || fail "$1" "is not built"
		;;
	tests/*.sh)
		[ -f "$top/$1" ] || fail "$1" "does not exist"
		is_run "$name" || fail "$1" "make check does not run"
		;;
	*)
		fail "$1" "is called as no test is"
		;;
	esac
}

# The tests in the second column of the table that begins so.
check_table() { # PAGE HEAD FEWEST
	local named=0 proof

	page=$1
	while read -r proof; do
		check_proof "$proof"
		named=$((named + 1))
	done < <(sed -n "/^| $2 /,/^\$/p" "$top/$page" | grep '^|' |
		sed -E 's/^\|[^|]*\|(.*)\|$/\1/' | grep -oE '`[^`]+`' | tr -d '`')
	[ "$named" -ge "$3" ] || fail "only $named tests" "are too few to be all"
	echo "$page: $named tests named"
}

check_table SECURITY.md Claim 40
check_table docs/ROBUSTNESS.md "What was shown" 35
[ "$failures" = 0 ]
