# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The demo of ./run: two namespaces joined by a veth pair, with real loss for
# three reasons, and pings between them. Sourced by ./run.

demo_client=pktloss-demo-client
demo_server=pktloss-demo-server
demo_pids=()
demo_made=()

client() {
	ip netns exec "$demo_client" "$@"
}

server() {
	ip netns exec "$demo_server" "$@"
}

demo_start() {
	local name

	for name in "$demo_client" "$demo_server"; do
		[ ! -e "/run/netns/$name" ] || die "namespace $name is there" \
			"already: another demo runs, or remove it with:" \
			"ip netns delete $name"
		ip netns add "$name"
		demo_made+=("$name")
	done
	demo_connect
	demo_lose
	demo_traffic
}

demo_connect() {
	ip -n "$demo_client" link add eth0 type veth \
		peer name eth0 netns "$demo_server"
	ip -n "$demo_client" address add 192.0.2.1/24 dev eth0
	ip -n "$demo_server" address add 192.0.2.2/24 dev eth0
	ip -n "$demo_client" link set eth0 up
	ip -n "$demo_server" link set eth0 up
}

# Three causes. A kernel without one of them shows the other two.
demo_lose() {
	ip -n "$demo_server" link set eth0 mtu 1400
	server iptables-legacy -w -A INPUT -p icmp -m statistic --mode random \
		--probability 0.2 -m comment --comment 'demo rule' -j DROP ||
		say "this kernel has no legacy iptables: no firewall loss"
	server tc qdisc add dev eth0 root \
		tbf rate 24kbit burst 1600 limit 3000 ||
		say "this kernel has no tbf: no shaper loss"
}

# Some 60 small pings a second, and 20 too large for the server's MTU. They end
# after an hour by themselves, should this script be killed.
demo_traffic() {
	client ping -q -i 0.01 -w 3600 192.0.2.2 >/dev/null 2>&1 &
	demo_pids+=($!)
	client ping -q -i 0.05 -w 3600 -s 1472 -M 'do' 192.0.2.2 \
		>/dev/null 2>&1 &
	demo_pids+=($!)
}

demo_stop() {
	local name

	[ ${#demo_pids[@]} = 0 ] || kill "${demo_pids[@]}" 2>/dev/null || true
	for name in "${demo_made[@]}"; do
		ip netns delete "$name" || true
	done
	demo_pids=()
	demo_made=()
}

demo_explain() {
	cat <<-TEXT
	The demo has made two namespaces joined by a cable (a veth pair), and
	pings go from one to the other. They are lost for three reasons:

	  1. eth0 in $demo_server has an MTU of 1400, the other end
	     sends packets of 1500.
	  2. A firewall rule in $demo_server drops one ping in five.
	  3. A shaper on eth0 in $demo_server is too slow for the
	     replies.

	Within a minute there should be a notification about each of them.
	Everything is removed when you press Ctrl-C.

	TEXT
}
