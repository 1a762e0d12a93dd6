# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# The steps of ./check, and their count.

passed=0
failed=0
skipped=0
failures=()

heading() {
	printf '\n=== %s ===\n' "$*"
}

count() { # WHAT PASSED FAILED SKIPPED
	passed=$((passed + $2))
	failed=$((failed + $3))
	skipped=$((skipped + $4))
	[ "$3" = 0 ] || failures+=("$1: $3 failed")
	[ "$4" = 0 ] || failures+=("$1: $4 skipped")
}

# A step that passes or fails as one. In a shell of its own, with set -e, which
# "if f" and "f || x" would switch off in all that f calls.
step() { # WHAT COMMAND...
	local status

	heading "$1"
	set +e
	(
		set -e
		"${@:2}"
	)
	status=$?
	set -e
	if [ "$status" = 0 ]; then
		count "$1" 1 0 0
	else
		count "$1" 0 1 0
	fi
}
