/* SPDX-License-Identifier: MIT */
/* What firewalls do to packets, for docs/CAUSES.md. */
#include "probes/firewall/rule.h"

#define LISTS                                                                  \
	"`nft -a list ruleset` and `iptables-legacy -nvL --line-numbers` "     \
	"list "                                                                \
	"the rules with their counters."

const struct reason firewall_reasons[N_FIREWALL_REASONS + 1] = {
	[REASON_RULE] =
		{
			.id = "firewall-rule",
			.means = "A rule of the firewall drops or rejects each "
				 "packet "
				 "that it matches. Somebody wrote it to do "
				 "that, so it "
				 "is policy; it is a fault only where it "
				 "matches more "
				 "than it was meant to.",
			.confirm = "Look at the rule twice: its counter of "
				   "packets "
				   "grows. " LISTS,
			.fix = "If the packets are wanted, change the rule, or "
			       "put one "
			       "that accepts them before it.",
			.gone = "The counter of the rule stands still.",
		},
	[REASON_POLICY] =
		{
			.id = "firewall-policy",
			.means = "No rule of a chain took the packets, and the "
				 "policy "
				 "of the chain is to drop them.",
			.confirm = "The counter behind the policy grows: "
				   "`iptables-legacy -nvL` or `iptables-nft "
				   "-nvL`.",
			.fix = "If the packets are wanted, add a rule that "
			       "accepts "
			       "them.",
			.gone = "The counter behind the policy stands still.",
		},
	[REASON_MAP] =
		{
			.id = "firewall-verdict-map",
			.means = "A rule of nftables asks a verdict map, and "
				 "the "
				 "element that it found drops the packet.",
			.confirm = "`nft -a list ruleset` lists the elements "
				   "of each "
				   "map, with their counters if they have any.",
			.fix = "If the packets are wanted, delete the element "
			       "that "
			       "drops them, or give it another verdict.",
			.gone = "The counters of the map's elements stand "
				"still.",
		},
	[REASON_CHANCE] =
		{
			.id = "firewall-chance",
			.means = "A rule drops a share of the packets that it "
				 "matches, at random or every n-th one, so "
				 "traffic that should pass loses packets: "
				 "somebody is testing with it, or forgot it "
				 "there.",
			.confirm = "The rule has \"statistic\" or \"numgen\" "
				   "in it, or only such rules jump to its "
				   "chain. " LISTS,
			.fix = "Delete the rule.",
			.gone = "Nothing is lost there any more.",
		},
	[REASON_RATE] =
		{
			.id = "firewall-rate",
			.means = "A rule drops what is too much: more packets "
				 "per second, more connections at a time or "
				 "more bytes than its limit allows. Traffic "
				 "that should pass loses packets whenever it "
				 "is above that.",
			.confirm = "The rule has \"limit\", \"hashlimit\", "
				   "\"connlimit\", \"ct count\", \"recent\" or "
				   "\"quota\" in it, or stands behind one that "
				   "accepts up to a limit, or in a chain that "
				   "only such rules jump to; its counter "
				   "grows. " LISTS,
			.fix = "If the traffic is wanted, raise the limit; "
			       "otherwise find out who sends so much.",
			.gone = "The counter of the rule stands still.",
		},
	[REASON_QUEUE_UNREAD] =
		{
			.id = "queue-without-reader",
			.means = "A rule hands packets to a queue for a "
				 "program, and "
				 "no program reads that queue, so the kernel "
				 "drops "
				 "them.",
			.confirm =
				"`cat /proc/net/netfilter/nfnetlink_queue` has "
				"a "
				"line for each queue that is read, its number "
				"first; the rule's is missing.",
			.fix = "Start the program, or delete the rule; with "
			       "\"bypass\" (\"--queue-bypass\" of iptables) "
			       "packets "
			       "pass while nobody reads.",
			.gone = "The queue has a line, and what the rule "
				"counts arrives.",
		},
	[REASON_QUEUE_FULL] =
		{
			.id = "queue-full",
			.means = "A program decides about packets in a queue "
				 "(NFQUEUE), and is slower than they come: the "
				 "queue "
				 "is full, and the kernel drops the rest.",
			.confirm = "`cat /proc/net/netfilter/nfnetlink_queue`: "
				   "the "
				   "third number is how many wait, the sixth "
				   "how many "
				   "were dropped.",
			.fix = "Make the program faster or its queue longer, "
			       "spread packets over several queues, or have "
			       "it set fail-open, so that packets pass while "
			       "the queue is full.",
			.gone = "The sixth number stands still.",
		},
	[REASON_QUEUE_SOCKET] =
		{
			.id = "queue-socket-full",
			.means = "The socket by which a program gets the "
				 "packets of a "
				 "queue (NFQUEUE) has no room left, so the "
				 "kernel "
				 "drops them.",
			.confirm = "`cat /proc/net/netfilter/nfnetlink_queue`: "
				   "the "
				   "seventh number grows.",
			.fix = "Have the program ask for a larger receive "
			       "buffer, copy less of each packet, or read "
			       "more often.",
			.gone = "The seventh number stands still.",
		},
	[REASON_QUEUE_VERDICT] =
		{
			.id = "queue-verdict",
			.means = "Packets vanish within IP without a counter, "
				 "and a "
				 "program decides about packets in a queue "
				 "(NFQUEUE): "
				 "most likely an intrusion prevention system "
				 "whose "
				 "verdict was to drop them. The kernel does "
				 "not count "
				 "verdicts.",
			.confirm =
				"`cat /proc/net/netfilter/nfnetlink_queue`: "
				"the "
				"eighth number grows with each packet that the "
				"program gets; the second is its netlink port, "
				"most often the number of the process.",
			.fix = "Look at what that program logs, and change its "
			       "rules.",
			.gone = "What is missed between IP input and delivery "
				"is 0.",
		},
	[REASON_TPROXY] =
		{
			.id = "tproxy-without-listener",
			.means = "A TPROXY rule of iptables hands packets to "
				 "a transparent proxy. If no socket of it "
				 "takes them, the rule drops them, and its "
				 "counter does not show it.",
			.confirm = "`ss -lntu` lists the sockets that listen; "
				   "none has "
				   "the port of the rule. "
				   "`iptables-legacy -t mangle -nvL` shows it.",
			.fix = "Start the proxy, or delete the rule.",
			.gone = "The proxy's port is in the list, and packets "
				"arrive.",
		},
	[REASON_IPVS] =
		{
			.id = "ipvs-server-gone",
			.means = "IPVS still has connections to a real server "
				 "that was taken away. It drops what comes for "
				 "them until they expire, without a counter.",
			.confirm = "`ipvsadm -Lnc` lists connections to a "
				   "server that `ipvsadm -Ln` does not have.",
			.fix = "Have the clients connect again, from another "
			       "port. With the setting "
			       "net.ipv4.vs.expire_nodest_conn=1 IPVS ends "
			       "such a connection at the next packet that "
			       "comes for it.",
			.gone = "`ipvsadm -Lnc` lists no connection to a "
				"server that is gone.",
		},
	[REASON_UNCOUNTED] =
		{
			.id = "firewall-rule-without-counter",
			.means = "Packets vanish within IP without a counter, "
				 "and a rule of nftables that has no counter "
				 "drops what it matches. How many it dropped "
				 "is not known, nor what they were: so this "
				 "is loss with the usual limits, also where "
				 "the rule matches banned addresses (a set of "
				 "fail2ban). Only where the policy or the "
				 "last rule of a chain is a suspect as well, "
				 "up to 10 % of all packets, and broadcasts, "
				 "are policy. Rules at devices (netdev, hook "
				 "ingress) and of bridges drop what IP does "
				 "not miss: that is known where the kernel "
				 "says why it drops packets (DropReasons).",
			.confirm = "`nft -a list ruleset` lists the rules; put "
				   "\"counter\" before the verdict of the "
				   "suspect with "
				   "\"nft replace rule\" and look again.",
			.fix = "If the packets are wanted, change the rule. "
			       "Give each "
			       "rule that drops a counter.",
			.gone = "The loss is reported with the name of a "
				"rule, or is 0.",
		},
	[REASON_UNCOUNTED_POLICY] =
		{
			.id = "firewall-policy-without-counter",
			.means = "Packets vanish within IP without a counter, "
				 "and the policy of a chain of nftables, or "
				 "the rule at its end, is to drop what no "
				 "rule before took. nftables does not count "
				 "what a policy drops, nor what a rule does "
				 "that has no \"counter\". It is there for "
				 "scans and the like: up to 10 % of all "
				 "packets are policy, and as many as there "
				 "were IPv4 broadcasts; more is loss.",
			.confirm =
				"Add a last rule to the chain that counts and "
				"drops: it does what the policy does, and "
				"shows how many. Where a last rule is there, "
				"put \"counter\" before its verdict: all that "
				"it counts is policy.",
			.fix = "If the packets are wanted, add a rule that "
			       "accepts "
			       "them.",
			.gone = "The loss is reported with the name of a "
				"rule, or is 0.",
		},
	[REASON_UNCOUNTED_RATE] =
		{
			.id = "firewall-rate-without-counter",
			.means = "Packets vanish within IP without a counter, "
				 "and a "
				 "rule of nftables that has no counter drops "
				 "what is "
				 "above a limit, or a share of the packets.",
			.confirm = "`nft -a list ruleset` lists the rules; put "
				   "\"counter\" before the verdict of the "
				   "suspect with "
				   "\"nft replace rule\" and look again.",
			.fix = "If the traffic is wanted, raise the limit; "
			       "otherwise find out who sends so much.",
			.gone = "The loss is reported with the name of a "
				"rule, or is 0.",
		},
	[REASON_GAP] =
		{
			.id = "lost-within-ip",
			.means = "Packets vanish within IP without a counter, "
				 "and "
				 "nothing of the firewall here is known to "
				 "drop like "
				 "that: all of its rules have counters, if "
				 "there are "
				 "any.",
			.confirm = "`nstat -asz` shows the counters of IP: "
				   "what came "
				   "in (IpInReceives) is more than what was "
				   "delivered, "
				   "forwarded or counted as lost.",
			.fix = "Look at what else can drop packets: routes of "
			       "type "
			       "blackhole (`ip route show table all`), "
			       "programs of "
			       "control groups, the addresses and sockets the "
			       "packets are for.",
			.gone = "Nothing is missing any more.",
		},
};
