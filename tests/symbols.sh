#!/bin/bash
# SPDX-License-Identifier: MIT
# pktloss.so must export module_register alone, and ask for nothing that
# neither a library nor the collectd daemon has: the linker cannot tell (the
# daemon is not there when the plugin is linked), dlopen() in production would.
set -euo pipefail

nm=${NM:-nm}
collectd=${COLLECTD:-/usr/sbin/collectd}
so=${builddir:-.}/.libs/pktloss.so

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# Symbols that the plugin wants, without those that name a version: the linker
# has found them in a library. The rest is the daemon's, or a library's that
# has no versions.
wanted() {
	$nm -D --undefined-only "$so" | awk '$1 == "U" { print $2 }' |
		grep -v '@' | sort -u
}

# Symbols that a file has.
offered() {
	$nm -D --defined-only "$1" | awk '{ sub(/@.*/, "", $3); print $3 }'
}

path_of() { # LIBRARY: the file that the plugin would be given
	ldd "$so" | awk -v name="$1" '$1 == name { print $3 }'
}

[ -f "$so" ] || fail "$so does not exist"

exported=$($nm -D --defined-only "$so" | awk '{ print $2, $3 }')
[ "$exported" = "T module_register" ] ||
	fail "exports other than module_register:" $'\n'"$exported"

# Whose packets are lost only the program shows, on the terminal of who asks.
traces=$($nm "$so" | awk '{ print $NF }' | grep -E '^(trace|packet|pcap)_' || true)
[ -z "$traces" ] || fail "addresses of packets in the plugin:" $'\n'"$traces"

if ! command -v "$collectd" >/dev/null; then
	echo "SKIP: no collectd daemon to compare with" >&2
	exit 77
fi
needed=$(${OBJDUMP:-objdump} -p "$so" | awk '$1 == "NEEDED" { print $2 }')
missing=$(comm -23 <(wanted) <({
	offered "$(command -v "$collectd")"
	for library in $needed; do
		case $library in
		libnl-3.so.* | libmnl.so.* | libjson-c.so.* | libbpf.so.*)
			offered "$(path_of "$library")" ;;
		esac
	done
} | sort -u))
[ -z "$missing" ] || fail "nobody exports:" $'\n'"$missing"

# No other library than these.
for library in $needed; do
	case $library in
	libc.so.* | libm.so.* | libnl-3.so.* | libmnl.so.*) ;;
	libjson-c.so.* | libbpf.so.* | ld-linux*) ;;
	*) fail "linked with $library" ;;
	esac
done
echo "exports module_register; wants $(wanted | wc -l) symbols without version;" \
	"linked with" "${needed//$'\n'/ }"
