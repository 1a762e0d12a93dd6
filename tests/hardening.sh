#!/bin/bash
# SPDX-License-Identifier: MIT
# The plugin and the program run as root and read what others write: both must
# have been built and linked so that a bug is harder to make use of. Looks at
# what was built, not at the flags.
set -euo pipefail

readelf=${READELF:-readelf}
failures=0

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

case ${HARDENING:-} in
*stack-protector*) ;;
*)
	echo "SKIP: built without hardening" >&2
	exit 77
	;;
esac

need() { # FILE WHAT PATTERN READELF-ARGUMENT...
	"$readelf" --wide "${@:4}" "$1" | grep -E "$3" >/dev/null ||
		fail "$1: $2"
}

need_none() { # FILE WHAT PATTERN READELF-ARGUMENT...
	! "$readelf" --wide "${@:4}" "$1" | grep -E "$3" >&2 || fail "$1: $2"
}

check() { # FILE
	need "$1" "no RELRO" ' GNU_RELRO ' --segments
	need "$1" "symbols are bound late: RELRO is not full" \
		'\(FLAGS(_1)?\).*NOW|BIND_NOW' --dynamic
	need "$1" "no PIE, nor a library" 'Type: *DYN' --file-header
	need "$1" "no stack protector" ' __stack_chk_fail' --dyn-syms
	need_none "$1" "the stack can be executed" \
		' GNU_STACK .* [R ][W ]E ' --segments
	need_none "$1" "code is written when it is loaded" 'TEXTREL' --dynamic
	need_none "$1" "libraries are looked for in places of the build" \
		'R(UN)?PATH' --dynamic
	case $HARDENING in
	*FORTIFY*) need "$1" "no FORTIFY_SOURCE" \
		' __(snprintf|vsnprintf|memcpy|read)_chk' --dyn-syms ;;
	*) echo "no FORTIFY_SOURCE without optimization" ;;
	esac
}

check "${builddir:-.}/.libs/pktloss.so"
check "${builddir:-.}/pktloss"
[ "$failures" = 0 ]
