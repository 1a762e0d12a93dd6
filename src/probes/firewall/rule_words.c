/* SPDX-License-Identifier: MIT */
/* Rules in words, and the commands that show them. Pure. */
#include <errno.h>
#include <string.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"

#define WORDS 48

/* ", statistic 0.3" or nothing. */
static void describe_statistic(const struct firewall_rule *rule,
			       char buf[WORDS])
{
	*buf = '\0';
	if (rule->is_random)
		snprintf(buf, WORDS, ", statistic %.4g",
			 (double)rule->probability / (double)(1u << 31));
	else if (rule->every)
		snprintf(buf, WORDS, ", statistic 1 in %u", rule->every);
}

/* What a rule does, in the words of those who wrote it. */
static void describe_verdict(const struct firewall_rule *rule, char buf[WORDS])
{
	if (rule->target == FIREWALL_QUEUE && rule->n_queues)
		snprintf(buf, WORDS, "queue %u, nobody listens", rule->queue);
	else if (rule->target == FIREWALL_QUEUE)
		snprintf(buf, WORDS, "queue, nobody listens");
	else if (rule->target == FIREWALL_MAP)
		snprintf(buf, WORDS, "drop by a verdict map");
	else if (rule->target == FIREWALL_REJECT)
		snprintf(buf, WORDS, rule->is_nft ? "reject" : "REJECT");
	else
		snprintf(buf, WORDS, rule->is_nft ? "drop" : "DROP");
}

/* "rule handle 7" of nf_tables, "rule 3" of x_tables, or "policy". */
static void describe_number(const struct firewall_rule *rule, char buf[WORDS])
{
	if (rule->target == FIREWALL_POLICY)
		snprintf(buf, WORDS, "policy");
	else if (rule->is_nft)
		snprintf(buf, WORDS, "rule handle %llu",
			 (unsigned long long)rule->handle);
	else
		snprintf(buf, WORDS, "rule %u", rule->number);
}

int firewall_describe(const struct sample *s, const struct object *o, char *buf,
		      size_t size)
{
	char number[WORDS], verdict[WORDS], statistic[WORDS];
	const char *comment = object_label(s, o);
	struct firewall_rule rule;

	if (!firewall_rule_of(s, o, &rule))
		return -EINVAL;
	describe_number(&rule, number);
	describe_verdict(&rule, verdict);
	describe_statistic(&rule, statistic);
	format_text(buf, size, "%s of %s %s %s (%s%s%s%s%s%s)", number,
		    firewall_family_name(o->family), object_table(s, o),
		    object_chain(s, o), verdict, statistic,
		    rule.uncounted ? ", no counter" : "",
		    *comment ? ", \"" : "", comment, *comment ? "\"" : "");
	return 0;
}

/*
 * Whether a shell, nft and iptables take it for a plain word: text_is_plain(),
 * but names of chains often have a colon, and one is never empty.
 */
static bool is_plain_chain(const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_.:-";

	return *name && *name != '-' && !name[strspn(name, plain)];
}

/* Both write a command as snprintf() does. */
static int nft_command(const struct firewall_rule *rule, const char *family,
		       const char *table, const char *chain, char *buf,
		       size_t size)
{
	if (!is_plain_chain(table))
		return snprintf(buf, size, "nft -a list ruleset %s", family);
	if (!is_plain_chain(chain))
		return snprintf(buf, size, "nft -a list table %s %s", family,
				table);
	if (rule->target == FIREWALL_POLICY)
		return snprintf(buf, size, "nft list chain %s %s %s", family,
				table, chain);
	return snprintf(buf, size, "nft -a list chain %s %s %s  # handle %llu",
			family, table, chain, (unsigned long long)rule->handle);
}

static int xt_command(const struct firewall_rule *rule, const char *family,
		      const char *table, const char *chain, char *buf,
		      size_t size)
{
	bool is_arp = !strcmp(family, "arp"); /* which lists no single rule */

	if (!is_plain_chain(chain) || is_arp)
		return snprintf(buf, size,
				"%stables-legacy -t %s -nvL --line-numbers",
				family, table);
	if (rule->target == FIREWALL_POLICY)
		return snprintf(buf, size, "%stables-legacy -t %s -S %s",
				family, table, chain);
	return snprintf(buf, size, "%stables-legacy -t %s -L %s %u -nv", family,
			table, chain, rule->number);
}

int firewall_remedy(const struct sample *s, const struct object *o, char *buf,
		    size_t size)
{
	const char *family = firewall_family_name(o->family);
	const char *table = object_table(s, o), *chain = object_chain(s, o);
	struct firewall_rule rule;
	int n;

	if (!firewall_rule_of(s, o, &rule))
		return -EINVAL;
	if (rule.is_nft)
		n = nft_command(&rule, family, table, chain, buf, size);
	else if (is_plain_chain(table))
		n = xt_command(&rule, family, table, chain, buf, size);
	else
		return -EINVAL;
	return n >= 0 && (size_t)n < size ? 0 : -ENOSPC;
}
