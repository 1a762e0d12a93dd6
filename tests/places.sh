#!/bin/bash
# SPDX-License-Identifier: MIT
# Where network namespaces cannot be made, ./check and ./run --demo say so and
# what they need, at once; where they can, they do not.
set -eu

top=$(cd "${srcdir:-.}" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

[ "$(id -u)" = 0 ] || {
	echo "SKIP: must be run as root" >&2
	exit 77
}

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

# Their first step, by itself.
cat >"$scratch/probe" <<TEXT
top=$top
. $top/tools/setup.sh
need_namespaces
TEXT
chmod 755 "$scratch"
chmod 644 "$scratch/probe"

works() { # WHERE COMMAND...
	"${@:2}" bash "$scratch/probe" >"$scratch/said" 2>&1 ||
		fail "$1: $(cat "$scratch/said")"
}

# Should they go on, they shall not get far.
mkdir "$scratch/bin"
for tool in apt-get dpkg-query; do
	printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/$tool"
done
chmod 755 "$scratch/bin" "$scratch/bin"/*

# Each of them, not only the step, says what is needed, and ends.
refuses() { # WHERE COMMAND...
	local what

	for what in "$top/check" "$top/check quick" "$top/run --demo"; do
		# shellcheck disable=SC2086
		if PATH=$scratch/bin:$PATH \
			"${@:2}" timeout 10 bash $what >"$scratch/said" 2>&1; then
			fail "$1: $what ends well"
		elif ! grep -q "Needed are .* mount point" "$scratch/said" ||
			[ "$(wc -l <"$scratch/said")" != 1 ]; then
			fail "$1: $what says: $(cat "$scratch/said")"
		fi
	done
}

if ! (bash "$scratch/probe") 2>"$scratch/said"; then
	echo "SKIP: $(cat "$scratch/said")" >&2
	exit 77
fi
works "its own mount namespace" unshare -m --propagation private
works "a slave" unshare -m --propagation slave
works "as before" unshare -m --propagation unchanged
works "read-only /sys" unshare -mpuif --mount-proc sh -c \
	'mount -o remount,bind,ro /sys && exec "$@"' sh

# A directory with all of the host in it, and chroot into it. plain: the directory
# itself is no mount point; mounted: it is.
in_chroot() { # KIND COMMAND...
	# shellcheck disable=SC2016
	unshare -m --propagation private bash -ec '
		root=$1
		[ "$2" = plain ] || mount --bind "$root" "$root"
		cd "$root"
		for part in /*; do
			if [ -L "$part" ]; then
				cp -P "$part" .
			elif [ -d "$part" ]; then
				mkdir -p ".$part"
				mount --rbind "$part" ".$part"
			fi
		done
		shift 2
		exec chroot "$root" "$@"' bash "$root" "$@"
}

root=$scratch/root
mkdir "$root"
works "a chroot into a mount point" in_chroot mounted
refuses "a chroot into a directory" in_chroot plain

refuses "no CAP_SYS_ADMIN" setpriv --bounding-set=-sys_admin \
	--inh-caps=-sys_admin
refuses "no CAP_SYS_ADMIN, read-only /sys, namespaces of its own" \
	unshare -mpuif --mount-proc sh -c \
	'mount -o remount,bind,ro /sys && exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"' sh
refuses "a read-only /run" unshare -m sh -c \
	'mount -t tmpfs -o ro none /run && exec "$@"' sh
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if "${nobody[@]}" unshare -Urn true 2>/dev/null; then
	refuses "a user namespace" "${nobody[@]}" unshare -Urn
	refuses "a user namespace with mounts of its own" \
		"${nobody[@]}" unshare -Urnm
else
	echo "only where users may make namespaces: that of a user"
fi
[ "$failures" = 0 ]
