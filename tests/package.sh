#!/bin/bash
# SPDX-License-Identifier: MIT
# The Debian package: made of a tarball, the same bytes each time, nothing that
# lintian finds. Then its life in a Debian that has collectd and nothing else:
# installed, used, upgraded, removed, back again, purged. Needs root.
set -euo pipefail

top=$(realpath "${srcdir:-.}")
build=$(realpath "${builddir:-.}")
package=collectd-mod-pktloss
doc=/usr/share/doc/$package
conf=/etc/collectd/collectd.conf.d/pktloss.conf
# shellcheck source=tools/setup.sh
. "$top/tools/setup.sh"

skip() {
	echo "SKIP: $*" >&2
	exit 77
}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

check_needs() {
	local program

	[ "$(id -u)" = 0 ] || skip "not root"
	for program in dh lintian mmdebstrap man groff; do
		type "$program" >/dev/null 2>&1 || skip "no $program here"
	done
}

# As the documentation says, but without tests: whoever runs this has run them.
# What is needed is here, and that is all that apt-get is asked.
build_package() { # DIRECTORY
	mkdir "$1"
	cp "$tarball" "$1"
	(cd "$1" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" quietly bash -c '
		apt-get() { command apt-get --assume-no --no-upgrade "$@"; }
		'"$(commands "build package")")
}

# The unit tests are those that it would run: to do so takes longer than all else.
check_tests() {
	local said

	mkdir "$scratch/fake"
	printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"$scratch/fake/dh_auto_build"
	chmod 755 "$scratch/fake/dh_auto_build"
	said=$(cd "$scratch"/once/pktloss-*/ && PATH="$scratch/fake:$PATH" \
		make --print-directory -f debian/rules override_dh_auto_test 2>&1)
	grep -qxE 'TESTS=tests/check_[a-z_]+( tests/check_[a-z_]+)+' <<<"$said" ||
		fail "no unit tests would be run: $said"
}

check_reproducible() {
	local deb

	mkdir "$scratch/again"
	(
		umask 027
		export TZ=Asia/Kathmandu LC_ALL=C.UTF-8 HOME=/nonexistent
		build_package "$scratch/again/a-longer-path"
	)
	for deb in "$scratch"/once/*.deb; do
		cmp "$deb" "$scratch/again/a-longer-path/${deb##*/}" ||
			fail "built again, ${deb##*/} has other bytes"
	done
}

# What has to be there, and nothing where others have their files.
check_contents() {
	local file strangers

	dpkg-deb -x "$deb" "$scratch/files"
	contents=$(find "$scratch/files" ! -type d -printf '/%P\n')
	for file in $conf /usr/lib/collectd/pktloss.so /usr/sbin/pktloss \
		/usr/bin/pktloss-rrd /usr/share/man/man1/pktloss-rrd.1.gz \
		/usr/share/man/man5/collectd-pktloss.5.gz \
		/usr/share/man/man8/pktloss.8.gz \
		/usr/share/bash-completion/completions/pktloss \
		/usr/libexec/pktloss/pktloss-nagios \
		$doc/{README.md,README.Debian,copyright,changelog.gz} \
		$doc/changelog.Debian.gz \
		$doc/docs/{ALERTS,CAUSES,COUNTERS,INSTALL,RIGHTS,json}.md \
		$doc/docs/pktloss.schema.json \
		$doc/conf/collectd-hardened.conf \
		$doc/conf/alerts/prometheus-rules.yml; do
		grep -qxF "$file" <<<"$contents" || fail "the package has no $file"
	done
	strangers=$(grep -vE "^($conf|/usr/lib/collectd/pktloss.so|\
/usr/sbin/pktloss|/usr/bin/pktloss-rrd|/usr/libexec/pktloss/.*|/usr/share/man/man[158]/.*|\
$doc/.*|/usr/share/lintian/overrides/$package|\
/usr/share/bash-completion/completions/pktloss)\$" \
		<<<"$contents") || true
	[ -z "$strangers" ] || fail "what is this for: $strangers"
	[ "$(dpkg-deb --ctrl-tarfile "$deb" | tar -xOf - ./conffiles)" = $conf ] ||
		fail "other conffiles than $conf"
	! grep -rlF /usr/local/libexec "$scratch/files" ||
		fail "this file names /usr/local/libexec"
}

# README has the same commands, for a clone.
check_readme() {
	local line known

	known=$(commands "build package"; commands "install package")
	while read -r line; do
		line=${line#DEB_BUILD_OPTIONS=nocheck }
		grep -qF -- "${line/..\//.\/}" <<<"$known" ||
			fail "README has another command: $line"
	done < <(sed -n '/^## Put it/,/^The package/s/^    //p' "$top/README.md" |
		sed 's/ && /\n/g; s/sudo //g')
}

# Pages have links to one another, and to pictures.
check_links() {
	local page link

	while read -r page; do
		while read -r link; do
			[ -e "${page%/*}/$link" ] ||
				fail "${page##*/} has a link to $link, which is not there"
		done < <(grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' |
			grep -v '^[a-z]*:' || true)
	done < <(find "$scratch/files$doc" -name '*.md')
}

check_manuals() {
	local page said

	for page in "$scratch"/files/usr/share/man/man?/*; do
		said=$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null
			zcat "$page" | groff -man -ww -Tutf8 -Kutf8 -z 2>&1)
		[ -z "$said" ] || fail "${page##*/}: $said"
	done
}

# A Debian with what the package depends on, kept for the next time.
make_root() { # RET-TARBALL
	local -n ret_tarball=$1
	local mirror codename wanted

	wanted=$(dpkg-deb -f "$deb" Depends Recommends |
		sed -E 's/^[A-Za-z]+://; s/\([^)]*\)//g; s/[ ,]+/\n/g')
	wanted+=$'\n'$(sed -n 's/^Depends: @,//p' "$top/debian/tests/control" |
		tr -d ' ' | tr , '\n')
	wanted=$(sort -u <<<"$wanted" | sed '/^$/d' | paste -sd,)
	ret_tarball=$build/root-$(md5sum <<<"$wanted" | cut -c 1-8).tar
	[ ! -e "$ret_tarball" ] || return 0
	rm -f "$build"/root-*.tar
	find_archive codename mirror
	quietly mmdebstrap --format=tar --variant=apt --include="$wanted" \
		--dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "0"' \
		"$codename" "$ret_tarball.new" "$mirror" ||
		fail "$mirror gives no Debian with $wanted"
	mv "$ret_tarball.new" "$ret_tarball"
}

# Everything in the root but what dpkg and apt themselves write, and logs.
list() {
	find "$root" -xdev \( -path "$root/var/lib/dpkg" -o -path "$root/var/log" \
		-o -path "$root/var/cache" -o -path "$root/var/lib/apt" \
		-o -path "$root/tmp" \) -prune -o \
		\( -type f -printf '%P %y %m %u %g %s\n' \) -o \
		-printf '%P %y %m %u %g %l\n' | sort
	find "$root/var/lib/dpkg" -name "*pktloss*" -printf '%p\n'
}

inside() {
	chroot "$root" "$@"
}

change() { # WHAT COMMAND...
	local what=$1
	shift
	DEBIAN_FRONTEND=noninteractive quietly inside "$@" </dev/null ||
		fail "the package is not $what"
}

# What the documentation says; no systemd runs here.
follow() { # WHAT MARK
	change "$1" bash -c '
		systemctl() { :; }
		apt() { apt-get --assume-yes "$@"; }
		cd /tmp
		'"$(commands "$2")"
}

# With the files that Debian's configuration includes, and no other plugins: some
# of these cannot do without what this root has not.
check_that_collectd_starts() { # PLUGIN-IS-LOADED
	{
		echo 'Hostname "here"'
		sed -n '/^<Include/,/^<\/Include>/p' "$root/etc/collectd/collectd.conf"
	} >"$root/tmp/collectd.conf"
	inside collectd -T -C /tmp/collectd.conf >"$root/tmp/said" 2>&1 ||
		fail "collectd does not start: $(cat "$root/tmp/said")"
	[ "$(grep -cF '"pktloss" successfully loaded' "$root/tmp/said")" = "$1" ] ||
		fail "the plugin is not loaded $1 times: $(cat "$root/tmp/said")"
}

# Whatever would start or stop a service has to ask this first.
watch_services() {
	printf '#!/bin/sh\necho "$@" >>/tmp/services\nexit 101\n' \
		>"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
}

# Alone in namespaces: see start_life.
live() {
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs sysfs "$root/sys"
	watch_services
	list >"$root/tmp/before"
	check_that_collectd_starts 0

	follow installed "install package"
	inside pktloss --version >/dev/null || fail "pktloss does not run"
	check_that_collectd_starts 1
	inside /tmp/loss || fail "debian/tests/loss ended with $?"

	# a snippet, called as docs/ALERTS.md says
	cp "$root$doc/conf/alerts/threshold.conf" "$root${conf%.conf}_alerts.conf"
	check_that_collectd_starts 1
	! grep -F "isn't loaded" "$root/tmp/said" || fail "a snippet is left out"

	echo "# changed by hand" >>"$root$conf"
	change "installed again" dpkg -i "/tmp/${deb##*/}"
	tail -n 1 "$root$conf" | grep -q hand || fail "an upgrade has changed $conf"
	change removed dpkg -r $package
	check_that_collectd_starts 0
	change back dpkg -i "/tmp/${deb##*/}"
	tail -n 1 "$root$conf" | grep -q hand || fail "$conf is not back"
	check_that_collectd_starts 1
	follow purged "purge package"
	check_that_collectd_starts 0
	rm "$root${conf%.conf}_alerts.conf"
	list | diff "$root/tmp/before" - || fail "something is left after a purge"
	[ ! -e "$root/tmp/services" ] ||
		fail "services were touched: $(cat "$root/tmp/services")"
}

start_life() {
	local tarball

	make_root tarball
	mkdir "$root"
	tar -C "$root" -xf "$tarball"
	cp "$deb" "$root/tmp"
	cp "$top/debian/tests/loss" "$root/tmp/loss"
	unshare --mount --net --pid --fork --kill-child \
		env srcdir="$top" builddir="$build" deb="$deb" bash "$0" live "$root"
}

if [ "${1:-}" = live ]; then
	root=$2
	live
	exit
fi
check_needs
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
make_tarball "$build" "$scratch"
tarball=$(echo "$scratch"/pktloss-*.tar.xz)
build_package "$scratch/once"
deb=$(echo "$scratch"/once/${package}_*.deb)
check_tests
check_reproducible
quietly lintian --allow-root --fail-on error,warning "$scratch"/once/*.changes
check_contents
check_readme
check_links
check_manuals
start_life
echo "${deb##*/}: $(wc -l <<<"$contents") files," \
	"$(dpkg-deb -f "$deb" Installed-Size) KiB installed"
