/* SPDX-License-Identifier: MIT */
/* Rules in words, and the commands that show them. Pure. */
#include <errno.h>
#include <string.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"

#define WORDS 96

/* ", statistic 0.3" or nothing. */
static void describe_statistic(const struct firewall_rule *rule,
			       char buf[WORDS])
{
	*buf = '\0';
	if (rule->target == FIREWALL_REST)
		return;
	if (rule->is_random && rule->probability)
		snprintf(buf, WORDS, ", statistic %.4g",
			 (double)rule->probability / (double)(1u << 31));
	else if (rule->is_random)
		snprintf(buf, WORDS, ", statistic");
	else if (rule->every)
		snprintf(buf, WORDS, ", statistic 1 in %u", rule->every);
}

/* ", limit over 10/s" or nothing. */
static void describe_rule_rate(const struct firewall_rule *rule,
			       char buf[WORDS])
{
	*buf = '\0';
	if (!rule->rate.kind)
		return;
	memcpy(buf, ", ", 2);
	firewall_rate_words(&rule->rate, rule->is_nft, buf + 2, WORDS - 2);
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
	else if (rule->target == FIREWALL_TPROXY && rule->port)
		snprintf(buf, WORDS, "TPROXY to port %u", rule->port);
	else if (rule->target == FIREWALL_TPROXY)
		snprintf(buf, WORDS, "TPROXY");
	else if (rule->target == FIREWALL_REST)
		snprintf(buf, WORDS, "beyond MaxRules%s",
			 rule->is_random ? ", by chance or rate" : "");
	else if (rule->target == FIREWALL_REJECT ||
		 rule->target == FIREWALL_RESET)
		snprintf(buf, WORDS, rule->is_nft ? "reject" : "REJECT");
	else
		snprintf(buf, WORDS, rule->is_nft ? "drop" : "DROP");
}

/* "rule handle 7" of nf_tables, "rule 3" of x_tables, "policy", "2 rules". */
static void describe_number(const struct firewall_rule *rule, char buf[WORDS])
{
	if (rule->target == FIREWALL_POLICY)
		snprintf(buf, WORDS, "policy");
	else if (rule->target == FIREWALL_REST)
		snprintf(buf, WORDS, "%u rule%s", rule->number,
			 rule->number == 1 ? "" : "s");
	else if (rule->is_nft)
		snprintf(buf, WORDS, "rule handle %llu",
			 (unsigned long long)rule->handle);
	else
		snprintf(buf, WORDS, "rule %u", rule->number);
}

int firewall_describe(const struct sample *s, const struct object *o, char *buf,
		      size_t size)
{
	char number[WORDS], verdict[WORDS], statistic[WORDS], rate[WORDS];
	const char *comment = object_label(s, o);
	struct firewall_rule rule;

	if (!firewall_rule_of(s, o, &rule))
		return -EINVAL;
	describe_number(&rule, number);
	describe_verdict(&rule, verdict);
	describe_statistic(&rule, statistic);
	describe_rule_rate(&rule, rate);
	format_text(buf, size, "%s of %s %s %s (%s%s%s%s%s%s%s)", number,
		    firewall_family_name(o->family), object_table(s, o),
		    object_chain(s, o), verdict, statistic, rate,
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
	if (rule->target == FIREWALL_POLICY || rule->target == FIREWALL_REST)
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

	if (!strcmp(family, "bridge")) /* which has no numbers to ask for */
		return snprintf(
			buf, size,
			is_plain_chain(chain)
				? "ebtables-legacy -t %s -L %s --Ln --Lc"
				: "ebtables-legacy -t %s -L --Ln --Lc",
			table, chain);
	if (!is_plain_chain(chain) || is_arp)
		return snprintf(buf, size,
				"%stables-legacy -t %s -nvL --line-numbers",
				family, table);
	if (rule->target == FIREWALL_REST)
		return snprintf(buf, size,
				"%stables-legacy -t %s -nvL %s --line-numbers",
				family, table, chain);
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

int firewall_count_policy(const struct sample *s, const struct object *o,
			  char *buf, size_t size)
{
	const char *table = object_table(s, o), *chain = object_chain(s, o);
	struct firewall_rule rule;
	int n;

	if (!firewall_rule_of(s, o, &rule) || rule.target != FIREWALL_POLICY ||
	    !is_plain_chain(table) || !is_plain_chain(chain))
		return -EINVAL;
	n = snprintf(buf, size,
		     rule.is_nft ? "nft add rule %s %s %s counter drop"
				 : "%sebtables-legacy -t %s -A %s -j DROP",
		     rule.is_nft ? firewall_family_name(o->family) : "", table,
		     chain);
	return n >= 0 && (size_t)n < size ? 0 : -ENOSPC;
}
