# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# What ./run, ./check and tests of packages share: packages and builds. Sourced
# with $top set.

packages_build=(
	autoconf automake libtool make gcc libc6-dev pkg-config perl
	collectd-core collectd-dev libnl-3-dev libmnl-dev
	libjson-c-dev libbpf-dev clang bpftool
)
packages_run=(librrd8 iproute2)
packages_demo=(iptables iputils-ping)
packages_check=(
	binutils check gcovr clang-format clang-tidy cppcheck
	libclang-rt-dev universal-ctags python3 util-linux iproute2 iptables nftables ebtables arptables
	conntrack hping3 curl ethtool rrdtool libyajl2 libcurl3-gnutls valgrind
	jq python3-jsonschema musl-tools xz-utils tcpdump traceroute ipvsadm procps kmod sysstat
	iputils-tracepath wireguard-tools
	graphite-web libesmtp6 libmicrohttpd12 libprotobuf-c1
	chromium-headless-shell python3-cachetools python3-twisted python3-urllib3
	aspell aspell-en diction
	build-essential dpkg-dev debhelper lintian mmdebstrap rpm man-db groff
)
# For the dashboards. A node of another origin has its own npm.
command -v npm >/dev/null || packages_check+=(nodejs npm)
# Only unpacked, as installed they would start daemons.
packages_unpack=(nagios4-core nagios4-common prometheus prometheus-alertmanager
	graphite-carbon)
# For builds of 32 bits and of the other byte order.
packages_foreign=(gcc-i686-linux-gnu gcc-s390x-linux-gnu qemu-user)
# Linux as a process: only there on PCs. Without it a case is skipped.
case $(uname -m) in
x86_64 | i?86) packages_check+=(user-mode-linux) ;;
esac

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "must be run as root: sudo ./${0##*/} $*"
}

# What `ip netns` does, with what each Linux has: it mounts a file below /run, and
# runs a command with a / that tells nobody of its mounts and a /sys of its own.
try_namespaces() {
	local directory status=0

	directory=$(mktemp -d /run/pktloss.XXXXXX) || return
	mount --bind "$directory" "$directory" && umount "$directory" ||
		status=1
	rmdir "$directory" && [ "$status" = 0 ] || return 1
	unshare --net --mount --propagation unchanged sh -c \
		'mount --make-rslave / && mount -t sysfs none /sys'
}

# At once: not after minutes of builds.
need_namespaces() {
	local said

	said=$(LC_ALL=C try_namespaces 2>&1) && return
	die "network namespaces cannot be made here (${said//$'\n'/; })." \
		"Needed are root of the host with CAP_SYS_ADMIN, a /run that can" \
		"be written, and a / that is a mount point. In a container: run" \
		"it with --privileged. In a chroot: from outside, mount --bind" \
		"DIRECTORY DIRECTORY, and chroot into it again."
}

is_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = \
		installed ]
}

# Runs a command whose output matters only when it fails.
quietly() {
	local log
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

# Installs what is missing of the packages named.
install_missing() {
	local package missing=()

	command -v dpkg-query >/dev/null ||
		die "this is not Debian; install yourself: $*"
	for package; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} = 0 ] && return
	say "installing ${missing[*]}"
	quietly apt-get update </dev/null
	DEBIAN_FRONTEND=noninteractive quietly apt-get install -y \
		--no-install-recommends "${missing[@]}" </dev/null
	case " ${missing[*]} " in
	*" collectd-core "*) stop_system_collectd ;;
	esac
}

# unpack_missing DIRECTORY PACKAGE...: what is neither installed nor there yet.
unpack_missing() {
	local directory=$1 package missing=()
	shift

	for package; do
		is_installed "$package" || [ -e "$directory/.$package" ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} = 0 ] && return
	say "unpacking ${missing[*]}"
	mkdir -p "$directory/.packages"
	if ! (quietly apt-get update </dev/null && cd "$directory/.packages" &&
		quietly apt-get download "${missing[@]}"); then
		say "what needs them is skipped"
		return
	fi
	for package in "${missing[@]}"; do
		dpkg -x "$directory/.packages/$package"_*.deb "$directory"
		touch "$directory/.$package"
	done
	rm -rf "$directory/.packages"
}

# A collectd-core without a configuration starts nothing; one that finds an old
# configuration would. It was not running before, so it shall not run now.
stop_system_collectd() {
	[ -e /etc/collectd/collectd.conf ] || return 0
	say "stopping the system's collectd, which the package started"
	invoke-rc.d collectd stop
}

# configure_in DIRECTORY [ARGUMENT...]: prepares an out-of-tree build, anew
# when the arguments or configure itself changed.
configure_in() {
	local directory=$1
	shift

	[ ! -e "$top/config.status" ] ||
		die "built in the source tree before: run make distclean first"
	if [ ! -e "$top/configure" ] ||
		[ "$top/configure.ac" -nt "$top/configure" ]; then
		quietly autoreconf -fi "$top"
	fi
	mkdir -p "$directory"
	if [ -e "$directory/Makefile" ] &&
		[ "$directory/Makefile" -nt "$top/configure" ] &&
		[ "$(cat "$directory/arguments" 2>/dev/null)" = "$*" ]; then
		return
	fi
	(cd "$directory" && quietly "$top/configure" "$@")
	printf '%s\n' "$*" >"$directory/arguments"
}

# Where apt has a release from, of what it knows already.
archive_of() { # CODENAME
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(CODENAME)' \
		'Created-By: Packages' |
		awk -v codename="$1" '$2 == codename && !n++ { print $1 }'
}

# The release of the system, and where apt has it from.
find_archive() { # RET-CODENAME RET-MIRROR: names of variables
	local -n ret_codename=$1 ret_mirror=$2

	# shellcheck source=/dev/null
	ret_codename=$(. /etc/os-release && say "${VERSION_CODENAME:-}")
	ret_mirror=$(archive_of "$ret_codename")
	[ -z "$ret_mirror" ] || return 0
	quietly apt-get update </dev/null
	ret_mirror=$(archive_of "$ret_codename")
	[ "$ret_mirror" ] ||
		die "apt knows no archive of ${ret_codename:-this system}"
}

# Libraries and headers of another architecture, of the distribution that runs;
# nothing is installed, nor known to the system's package manager.
make_sysroot() { # DIRECTORY ARCHITECTURE
	local mirror codename

	[ ! -e "$1" ] || return 0
	say "unpacking libraries for $2"
	find_archive codename mirror
	rm -rf "$1.new"
	mkdir -p "$1.new"
	quietly mmdebstrap --architectures="$2" --variant=extract \
		--include=libc6-dev,libnl-3-dev,libmnl-dev,libjson-c-dev \
		--include=check,collectd-dev "$codename" "$1.new" "$mirror" ||
		die "$mirror gives no libraries for $2"
	mv "$1.new" "$1"
}

# make_tarball BUILD DIRECTORY: the tarball of a release, into DIRECTORY. Several
# may want one at the same time.
make_tarball() {
	flock "$1/dist.lock" env -u MAKEFLAGS -u MAKELEVEL bash -c '
		rm -f "$0"/pktloss-*.tar.xz
		make --directory="$0" dist && cp "$0"/pktloss-*.tar.xz "$1"' \
		"$1" "$2" >"$2/dist.log" 2>&1 || {
		tail -n 30 "$2/dist.log" >&2
		return 1
	}
}

# The commands below a mark of docs/INSTALL.md; "sudo" is none in a test.
commands() { # MARK
	local found

	found=$(awk -v mark="<!-- commands: $1 -->" '
		$0 == mark { marked = 1 }
		inside && /^```$/ { exit }
		inside { print }
		marked && /^```sh$/ { inside = 1 }' "$top/docs/INSTALL.md")
	[ "$found" ] || die "docs/INSTALL.md has no commands: $1"
	printf '%s\n' 'set -e' 'sudo() { "$@"; }' "$found"
}

make_in() {
	quietly make --directory="$1" --jobs="$(nproc)" "${@:2}"
}

# What root made in somebody's checkout becomes theirs again.
give_back() {
	local file

	for file in aclocal.m4 autom4te.cache build build-aux configure \
		configure~ data m4 Makefile.in; do
		[ ! -e "$top/$file" ] ||
			chown -R --reference="$top" "$top/$file"
	done
}
