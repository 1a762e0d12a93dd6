#!/bin/bash
# SPDX-License-Identifier: MIT
# generate_dashboards.sh BUILD SOURCE [OUTPUT]: builds the dashboards for Grafana
# of contrib/graphs/grafana into OUTPUT (default: where they are in SOURCE), with
# npm, in BUILD. Called by "make dashboards". Exit status 77: npm gives nothing.
set -euo pipefail

build=$1/dashboards
source=$2/contrib/graphs/grafana
output=${3:-$source}

fetch_packages() { # LOG
	npm ci --ignore-scripts --no-audit --no-fund >"$1" 2>&1 && return
	cat "$1" >&2
	grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH' \
		"$1" || return 1
	return 77
}

command -v npm >/dev/null || {
	echo "no npm" >&2
	exit 77
}
mkdir -p "$build" "$output"
output=$(cd "$output" && pwd)
cp "$source"/*.ts "$source"/*.json "$source/.npmrc" "$build"
cd "$build"
chmod -R u+w .
cmp -s package-lock.json node_modules/.for ||
	fetch_packages npm.log
cp package-lock.json node_modules/.for
node_modules/.bin/tsc -p .
node built/build.js "$output"
