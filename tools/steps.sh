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

# Takes steps beside those that follow, with the time that these leave; in a group
# of their own, so that they can be ended with all that they started.
begin_beside() { # COMMAND
	beside=$(mktemp -d)
	set -m
	(
		renice -n 19 -p "$BASHPID" >/dev/null
		passed=0 failed=0 skipped=0 failures=()
		"$@"
		printf '%s\n' "$passed $failed $skipped" "${failures[@]}" \
			>"$beside/counts"
	) >"$beside/output" 2>&1 </dev/null &
	beside_pid=$!
	set +m
}

# Ends them, if they still go on: for whoever is ended himself.
stop_beside() {
	[ "${beside_pid:-}" ] || return 0
	kill -- "-$beside_pid" 2>/dev/null || true
	wait "$beside_pid" 2>/dev/null || true
	rm -rf "$beside"
	beside_pid=
}

# Waits for them, shows what they said, and counts them.
end_beside() {
	local lines=() p f s

	wait "$beside_pid" || true
	cat "$beside/output"
	mapfile -t lines < <(cat "$beside/counts" 2>/dev/null)
	stop_beside
	if [ ${#lines[@]} = 0 ]; then
		count "steps beside others came to no end" 0 1 0
		return
	fi
	read -r p f s <<<"${lines[0]}"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	failures+=("${lines[@]:1}")
}
