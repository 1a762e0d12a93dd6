#!/bin/bash
# SPDX-License-Identifier: MIT
# A step of ./check fails as soon as one of its commands does, wherever that
# stands in it, and the steps behind it are taken all the same.
set -euo pipefail

# shellcheck source=tools/steps.sh
. "${srcdir:-.}/tools/steps.sh"

expect() { # PASSED FAILED
	[ "$passed $failed $skipped" = "$1 $2 0" ] || {
		echo "FAIL: $passed passed, $failed failed, not $1 and $2" >&2
		exit 1
	}
}

two_commands() {
	false
	true
}

deep() {
	two_commands
	true
}

in_a_loop() {
	local each
	for each in false true; do
		"$each"
	done
}

in_a_pipe() {
	false | cat
	true
}

step "passes" true
expect 1 0
step "first command" two_commands
expect 1 1
step "in a function" deep
expect 1 2
step "one of many" in_a_loop
expect 1 3
step "in a pipe" in_a_pipe
expect 1 4
false || step "behind ||" two_commands
expect 1 5
step "passes still" true
expect 2 5
[ "${#failures[@]}" = 5 ]

two_steps() {
	step "beside others" true
	step "fails beside others" two_commands
}

ends_early() {
	exit 0
}

begin_beside two_steps
expect 2 5
end_beside
expect 3 6
[ "${failures[5]}" = "fails beside others: 1 failed" ]
begin_beside ends_early
end_beside
expect 3 7
begin_beside true
end_beside
expect 3 7
[ "${#failures[@]}" = 7 ]

# Whoever is ended ends them, and what they have started.
started=$(mktemp)
endless() {
	sleep 600 &
	echo $! >"$started"
	wait
}

ended_early() {
	trap stop_beside EXIT
	begin_beside endless
	while [ ! -s "$started" ]; do sleep 0.05; done
	kill -INT "$BASHPID"
	sleep 5
}

(ended_early) || true
pid=$(cat "$started")
rm -f "$started"
for ((i = 0; i < 40; i++)); do
	kill -0 "$pid" 2>/dev/null || exit 0
	sleep 0.05
done
echo "FAIL: what was started beside others goes on" >&2
kill "$pid"
exit 1
