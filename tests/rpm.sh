#!/bin/bash
# SPDX-License-Identifier: MIT
# The RPM is built from a tarball as it is, has what it should, and its scripts
# do nothing. Dependencies have Fedora's names: here nobody looks for them.
set -euo pipefail

top=$(realpath "${srcdir:-.}")
build=$(realpath "${builddir:-.}")
# shellcheck source=tools/setup.sh
. "$top/tools/setup.sh"

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

type rpmbuild >/dev/null 2>&1 || {
	echo "SKIP: no rpmbuild here" >&2
	exit 77
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

query() { # ARGUMENT...
	rpm --dbpath "$scratch/db" --query --package "$@" 2>/dev/null
}

make_tarball "$build" "$scratch"
cd "$scratch"
CFLAGS="-g -O0" quietly bash -c 'rpmbuild() {
	command rpmbuild --nodeps --define "_topdir $PWD" "$@"
}
'"$(commands "build RPM")"
package=$(echo "$scratch"/RPMS/*/collectd-pktloss-[0-9]*.rpm)
files=$(query --list "$package")
for file in /etc/collectd.d/pktloss.conf /usr/sbin/pktloss \
	"$(rpm --eval '%{_libdir}')/collectd/pktloss.so" \
	/usr/libexec/pktloss/pktloss-nagios \
	/usr/share/doc/collectd-pktloss/{README,docs/CAUSES,docs/ALERTS}.md \
	/usr/share/man/man{5/collectd-pktloss.5,8/pktloss.8}; do
	grep -qxE "$file(\.gz)?" <<<"$files" || fail "no $file in the RPM"
done
query --requires "$package" | grep -qE '^collectd\(.*\) < 5\.[0-9]+$' ||
	fail "it would be loaded by a later collectd: $(query --requires "$package")"
[ "$(query --configfiles "$package")" = /etc/collectd.d/pktloss.conf ] ||
	fail "other configuration than pktloss.conf"
[ -z "$(query --scripts "$package")" ] ||
	fail "it has scripts: $(query --scripts "$package")"
[ "$(query --queryformat '%{VERSION}' "$package")" = \
	"$(basename "$scratch"/pktloss-*.tar.xz | sed 's/.*-//; s/.tar.*//')" ] ||
	fail "the RPM has another version than the tarball"
echo "${package##*/}: $(wc -l <<<"$files") files"
