/* SPDX-License-Identifier: MIT */
/*
 * The facts about firewall rules, and rules in words. Everything is read back
 * from the object: its name is <family>.<table>.<chain> and either #<id> or
 * a dot and the comment that is its label, "_" and 8 hex behind it if need be.
 */
#include <errno.h>
#include <string.h>

#include "probes/firewall/netfilter.h"

#define IP_TABLES "net/ipv4/netfilter/ip_tables.c"

const struct counter netfilter_rule_number = {
	.name = "number",
	.bits = 64,
	.layer = LAYER_NETFILTER,
	.kind = KIND_FACT,
	.means = "Number of the rule in its chain, 0 for the policy.",
	.cause = "configured",
	.remedy = "iptables-legacy -nvL --line-numbers",
	.source = IP_TABLES,
};

const struct counter netfilter_rule_target = {
	.name = "target",
	.bits = 64,
	.layer = LAYER_NETFILTER,
	.kind = KIND_FACT,
	.means = "What drops: a DROP rule (0), a REJECT rule (1) or a policy "
		 "(2).",
	.cause = "configured",
	.remedy = "iptables-legacy -S",
	.source = IP_TABLES,
};

const struct counter netfilter_rule_probability = {
	.name = "probability",
	.bits = 64,
	.layer = LAYER_NETFILTER,
	.kind = KIND_FACT,
	.means = "Share of packets, in 2^-31, that a statistic match picks.",
	.cause = "configured",
	.remedy = "iptables-legacy -S",
	.source = "net/netfilter/xt_statistic.c",
};

const struct counter netfilter_rule_every = {
	.name = "every",
	.bits = 64,
	.layer = LAYER_NETFILTER,
	.kind = KIND_FACT,
	.means = "A statistic match picks one packet in that many.",
	.cause = "configured",
	.remedy = "iptables-legacy -S",
	.source = "net/netfilter/xt_statistic.c",
};

#define NF_TABLES                                                              \
	.bits = 64, .layer = LAYER_NETFILTER, .kind = KIND_FACT,               \
	.cause = "configured", .remedy = "nft -a list ruleset",                \
	.source = "net/netfilter/nf_tables_api.c"

const struct counter netfilter_rule_handle = {
	NF_TABLES,
	.name = "handle",
	.means = "Handle of the rule in its table; of a policy, its chain's.",
};

const struct counter netfilter_rule_queue = {
	NF_TABLES,
	.name = "queue",
	.means = "The queue to user space that a rule hands packets to.",
};

const struct counter netfilter_rule_uncounted = {
	NF_TABLES,
	.name = "uncounted",
	.means = "Rules, policies or verdict maps here that drop packets "
		 "without a counter.",
};

/* A stretch of an object's name; not terminated. */
struct part {
	const char *text;
	int n;
};

struct where {
	struct part family;
	struct part table;
	struct part chain;
};

/* Length of a name without the comment at its end, or -EINVAL. */
static int without_comment(const char *name, size_t n, const char *comment)
{
	size_t length = strlen(comment);

	for (int i = 0; i < 2; i++) {
		if (n > length && name[n - length - 1] == '.' &&
		    !memcmp(name + n - length, comment, length))
			return (int)(n - length - 1);
		if (n < 9 || name[n - 9] != '_')
			break;
		n -= 9;
	}
	return -EINVAL;
}

/* Length of the part of a rule's name that names its chain, or -EINVAL. */
static int chain_end(const char *name, const char *comment)
{
	const char *hash;

	if (*comment)
		return without_comment(name, strlen(name), comment);
	hash = strrchr(name, '#');
	return hash ? (int)(hash - name) : -EINVAL;
}

/* Takes a rule's name apart. Returns 0 or -EINVAL. */
static int take_apart(const char *name, const char *comment, struct where *ret)
{
	const char *table = strchr(name, '.');
	const char *chain = table ? strchr(table + 1, '.') : NULL;
	int end = chain_end(name, comment);

	if (!chain || end < chain + 1 - name)
		return -EINVAL;
	ret->family = (struct part) {name, (int)(table - name)};
	ret->table = (struct part) {table + 1, (int)(chain - table - 1)};
	ret->chain = (struct part) {chain + 1, end - (int)(chain + 1 - name)};
	return 0;
}

/* A fact of an object. Returns 0, or -EINVAL when it has none. */
static int fact(const struct sample *s, const struct object *o,
		const struct counter *counter, uint64_t *ret)
{
	const struct row *row = object_row(s, o, counter);

	if (!row)
		return -EINVAL;
	*ret = row->value;
	return 0;
}

/* Users of iptables-legacy know the table by its own name. */
static void strip_legacy(struct part *table)
{
	const int n = sizeof(LEGACY) - 1;

	if (table->n > n && !memcmp(table->text, LEGACY, n)) {
		table->text += n;
		table->n -= n;
	}
}

/* What a rule is, beside its packets. Returns 0 or -EINVAL. */
static int read_rule(const struct sample *s, const struct object *o,
		     struct where *ret, uint64_t *ret_number,
		     uint64_t *ret_target)
{
	if (o->layer != LAYER_NETFILTER ||
	    fact(s, o, &netfilter_rule_number, ret_number) < 0 ||
	    fact(s, o, &netfilter_rule_target, ret_target) < 0)
		return -EINVAL;
	if (take_apart(object_name(s, o), object_label(s, o), ret) < 0)
		return -EINVAL;
	if (!object_row(s, o, &netfilter_rule_handle))
		strip_legacy(&ret->table);
	return 0;
}

/* ", statistic 0.3" or nothing. */
static void describe_statistic(const struct sample *s, const struct object *o,
			       char *buf, size_t size)
{
	uint64_t value;

	*buf = '\0';
	if (!fact(s, o, &netfilter_rule_probability, &value))
		snprintf(buf, size, ", statistic %.4g",
			 (double)value / (double)(1u << 31));
	else if (!fact(s, o, &netfilter_rule_every, &value))
		snprintf(buf, size, ", statistic 1 in %llu",
			 (unsigned long long)value);
}

/* What a rule of nf_tables does: "queue 5, nobody listens". */
static void describe_verdict(const struct sample *s, const struct object *o,
			     uint64_t target, char *buf, size_t size)
{
	uint64_t value = 0;

	if (target == NETFILTER_QUEUE_RULE &&
	    !fact(s, o, &netfilter_rule_queue, &value))
		snprintf(buf, size, "queue %llu, nobody listens",
			 (unsigned long long)value);
	else if (target == NETFILTER_QUEUE_RULE)
		snprintf(buf, size, "queue, nobody listens");
	else if (target == NETFILTER_MAP_RULE)
		snprintf(buf, size, "drop by a verdict map");
	else
		snprintf(buf, size, "%s",
			 target == NETFILTER_REJECT_RULE ? "reject" : "drop");
}

static int describe_handle(const struct sample *s, const struct object *o,
			   const struct where *w, uint64_t handle,
			   uint64_t target, char *buf, size_t size)
{
	const char *comment = object_label(s, o);
	char statistic[48];
	char verdict[48];
	uint64_t value;
	char rule[40];

	snprintf(rule, sizeof(rule), "rule handle %llu",
		 (unsigned long long)handle);
	describe_verdict(s, o, target, verdict, sizeof(verdict));
	describe_statistic(s, o, statistic, sizeof(statistic));
	snprintf(buf, size, "%s of %.*s %.*s %.*s (%s%s%s%s%s%s)",
		 target == NETFILTER_DROP_POLICY ? "policy" : rule, w->family.n,
		 w->family.text, w->table.n, w->table.text, w->chain.n,
		 w->chain.text, verdict, statistic,
		 fact(s, o, &netfilter_rule_uncounted, &value) ? ""
							       : ", no counter",
		 *comment ? ", \"" : "", comment, *comment ? "\"" : "");
	return 0;
}

int netfilter_describe_rule(const struct sample *s, const struct object *o,
			    char *buf, size_t size)
{
	const char *comment = object_label(s, o);
	uint64_t number, target, handle;
	char statistic[48];
	char verdict[48] = "DROP";
	char rule[32];
	struct where w;

	if (read_rule(s, o, &w, &number, &target) < 0)
		return -EINVAL;
	if (!fact(s, o, &netfilter_rule_handle, &handle))
		return describe_handle(s, o, &w, handle, target, buf, size);
	snprintf(rule, sizeof(rule), "rule %llu", (unsigned long long)number);
	if (target == NETFILTER_QUEUE_RULE)
		describe_verdict(s, o, target, verdict, sizeof(verdict));
	else if (target == NETFILTER_REJECT_RULE)
		snprintf(verdict, sizeof(verdict), "REJECT");
	describe_statistic(s, o, statistic, sizeof(statistic));
	snprintf(buf, size, "%s of %.*s %.*s %.*s (%s%s%s%s%s)",
		 target == NETFILTER_DROP_POLICY ? "policy" : rule, w.family.n,
		 w.family.text, w.table.n, w.table.text, w.chain.n,
		 w.chain.text, verdict, statistic, *comment ? ", \"" : "",
		 comment, *comment ? "\"" : "");
	return 0;
}

/* Whether a shell and iptables take it for a plain word. */
static bool is_plain(struct part p)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_.:-";

	return p.n > 0 && *p.text != '-' &&
	       strspn(p.text, plain) >= (size_t)p.n;
}

/* The same for nf_tables. Returns what snprintf() did. */
static int remedy_handle(const struct where *w, uint64_t handle,
			 uint64_t target, char *buf, size_t size)
{
	if (!is_plain(w->table))
		return snprintf(buf, size, "nft -a list ruleset %.*s",
				w->family.n, w->family.text);
	if (!is_plain(w->chain))
		return snprintf(buf, size, "nft -a list table %.*s %.*s",
				w->family.n, w->family.text, w->table.n,
				w->table.text);
	if (target == NETFILTER_DROP_POLICY)
		return snprintf(buf, size, "nft list chain %.*s %.*s %.*s",
				w->family.n, w->family.text, w->table.n,
				w->table.text, w->chain.n, w->chain.text);
	return snprintf(buf, size,
			"nft -a list chain %.*s %.*s %.*s  # handle %llu",
			w->family.n, w->family.text, w->table.n, w->table.text,
			w->chain.n, w->chain.text, (unsigned long long)handle);
}

int netfilter_remedy(const struct sample *s, const struct object *o, char *buf,
		     size_t size)
{
	const char *command = "iptables-legacy";
	bool is_arp;
	uint64_t number, target, handle;
	struct where w;
	int n;

	if (read_rule(s, o, &w, &number, &target) < 0)
		return -EINVAL;
	if (!fact(s, o, &netfilter_rule_handle, &handle)) {
		n = remedy_handle(&w, handle, target, buf, size);
		return n >= 0 && (size_t)n < size ? 0 : -ENOSPC;
	}
	if (!is_plain(w.table))
		return -EINVAL;
	if (w.family.n == 3 && !memcmp(w.family.text, "ip6", 3))
		command = "ip6tables-legacy";
	is_arp = w.family.n == 3 && !memcmp(w.family.text, "arp", 3);
	if (is_arp)
		command = "arptables-legacy";
	if (!is_plain(w.chain) || is_arp) /* which lists no single rule */
		n = snprintf(buf, size, "%s -t %.*s -nvL --line-numbers",
			     command, w.table.n, w.table.text);
	else if (target == NETFILTER_DROP_POLICY)
		n = snprintf(buf, size, "%s -t %.*s -S %.*s", command,
			     w.table.n, w.table.text, w.chain.n, w.chain.text);
	else
		n = snprintf(buf, size, "%s -t %.*s -L %.*s %llu -nv", command,
			     w.table.n, w.table.text, w.chain.n, w.chain.text,
			     (unsigned long long)number);
	return n >= 0 && (size_t)n < size ? 0 : -ENOSPC;
}
