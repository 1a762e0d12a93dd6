/* SPDX-License-Identifier: MIT */
/*
 * Prints docs/CAUSES.md from the tables of reasons and of counters, or with
 * "commands" all commands that they have, one a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "markdown.h"
#include "model/remedy.h"
#include "probes/catalogue.h"

static const char *const head =
	"<!-- SPDX-License-Identifier: MIT -->\n"
	"\n"
	"# Causes\n"
	"\n"
	"Every cause that pktloss can name: what it means, how to confirm\n"
	"it by hand, how to mend it, and how to see that it is mended. A\n"
	"notification has the word of its cause in the meta data as\n"
	"`Reason`, the JSON of pktloss(8) as `reason`. Its place here is in\n"
	"the meta data, too, as `Runbook`: `CAUSES.md#<reason>`. Publish\n"
	"this page where on-call can read it, and put its folder in front.\n"
	"It is printed from the tables in `src/probes/`: change them, then\n"
	"run `make docs`.\n"
	"\n"
	"Commands are for the network namespace that loses packets.\n"
	"Remedies that pktloss prints say how to get there; here, put\n"
	"`ip netns exec NAME` in front, or `nsenter -n -t PID` with a\n"
	"process in it, and nothing in the host's own namespace. A command\n"
	"marked \"on the host\" is one for all namespaces. `DEV` and\n"
	"`INTERFACE` stand for an interface, `SIDE` for ingress or egress,\n"
	"other words in capitals for what you know.\n";

/* How to look at the counters of a layer by hand. */
static const char *const look_by[N_LAYERS] = {
	[LAYER_LINK] = "`ip -s -s link show dev DEV` and `ethtool -S DEV`",
	[LAYER_QDISC] =
		"`tc -s qdisc show dev DEV` and `tc -s class show dev DEV`",
	[LAYER_SOFTNET] = "`cat /proc/net/softnet_stat`",
	[LAYER_NETFILTER] = ("`nft list ruleset`, `iptables-legacy -nvL` and "
			     "`cat /proc/net/netfilter/nfnetlink_queue`"),
	[LAYER_CONNTRACK] = "`conntrack -S`",
	[LAYER_NEIGH] = ("`host: cat /proc/net/stat/arp_cache` and "
			 "`host: cat /proc/net/stat/ndisc_cache`"),
	[LAYER_IP] = "`nstat -asz`",
	[LAYER_ICMP] = "`nstat -asz`",
	[LAYER_TCP] = "`nstat -asz`",
	[LAYER_UDP] = "`nstat -asz`",
	[LAYER_SOCKET] = "`ss -uampn`",
	[LAYER_XFRM] = "`cat /proc/net/xfrm_stat`",
};

/* ---- causes with reasons ---- */

static void print_reason(const struct reason *r)
{
	printf("\n### %s\n\n", r->id);
	markdown_print(r->means);
	markdown_sentence("\n\n**Confirm:** ", r->confirm);
	markdown_sentence("\n\n**Mend:** ", r->fix);
	markdown_sentence("\n\n**Mended when:** ", r->gone);
	printf("\n");
}

/* Probes may share a table: it is printed for the first of them. */
static bool has_own_reasons(size_t probe)
{
	for (size_t i = 0; i < probe; i++)
		if (probes[i]->reasons == probes[probe]->reasons)
			return false;
	return probes[probe]->reasons != NULL;
}

static bool has_own_counters(size_t probe)
{
	for (size_t i = 0; i < probe; i++)
		if (probes[i]->counters == probes[probe]->counters)
			return false;
	return true;
}

static void print_reasons(enum layer layer)
{
	for (size_t i = 0; i < n_probes; i++) {
		const struct reason *r = probes[i]->reasons;

		if (probes[i]->layer != layer || !has_own_reasons(i))
			continue;
		for (; r->id; r++)
			print_reason(r);
	}
}

/* ---- causes that are the counter's own ---- */

/* Some counter with a cause. */
struct place {
	size_t probe, row;
};

static const struct counter *counter_at(const struct place *at)
{
	const struct counter_table *t = probes[at->probe]->counters;
	bool is_there = at->row < t->n && has_own_counters(at->probe);

	return is_there ? &t->rows[at->row] : NULL;
}

/* Goes on to the next one; false: there is none. */
static bool next_place(struct place *at)
{
	at->row++;
	while (at->probe < n_probes) {
		for (; counter_at(at); at->row++)
			if (counter_at(at)->cause)
				return true;
		at->row = 0;
		at->probe++;
	}
	return false;
}

#define EACH_PLACE(at) for (struct place at = {0, (size_t)-1}; next_place(&at);)

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_name(const struct counter *a, const struct counter *b)
{
	char name[COUNTER_OPTION], other[COUNTER_OPTION];

	catalogue_cause(a, name);
	catalogue_cause(b, other);
	return !strcmp(name, other);
}

static bool same_words(const struct counter *a, const struct counter *b)
{
	return same_name(a, b) && same_text(a->cause, b->cause) &&
	       same_text(a->means, b->means) && same_text(a->remedy, b->remedy);
}

/* Whether none before it is the same. */
static bool is_first(const struct counter *c,
		     bool (*same)(const struct counter *a,
				  const struct counter *b))
{
	EACH_PLACE(at)
	if (counter_at(&at) == c || same(counter_at(&at), c))
		return counter_at(&at) == c;
	return true;
}

/* Rows of one name may have different words: each has a paragraph. */
static void print_counter(const struct counter *c)
{
	char name[COUNTER_OPTION];

	catalogue_cause(c, name);
	printf("\n<a id=\"%s\"></a>\n\n### %s\n", name, name);
	EACH_PLACE(at)
	{
		const struct counter *other = counter_at(&at);

		if (!same_name(c, other) || !is_first(other, same_words))
			continue;
		markdown_sentence("\n", other->means);
		markdown_sentence(" **Likeliest cause:** ", other->cause);
		markdown_sentence("\n\n**Mend:** ", other->remedy);
		printf("\n");
	}
}

static void print_counters(enum layer layer)
{
	bool any = false;

	EACH_PLACE(at)
	{
		const struct counter *c = counter_at(&at);

		if (c->layer != layer || !is_first(c, same_name))
			continue;
		if (!any) {
			printf("\nCounters of this layer that speak for "
			       "themselves. **Confirm:** look twice to see\n"
			       "whether the counter grows: ");
			markdown_print(look_by[layer]);
			printf(".\n**Mended when** it stands still, and "
			       "pktloss(8) no longer lists it.\n");
		}
		any = true;
		print_counter(c);
	}
}

static bool has_any(enum layer layer)
{
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->layer == layer && probes[i]->reasons)
			return true;
	EACH_PLACE(at)
	if (counter_at(&at)->layer == layer)
		return true;
	return false;
}

static const char *const unknown =
	"\n"
	"## unknown\n"
	"\n"
	"Nothing that pktloss reads tells why the packets were lost: the\n"
	"counter that is named is the only trace, or there is none, as in\n"
	"an OKAY for an alarm of before a restart. `COUNTERS.md` says what\n"
	"a counter counts. pktloss(8), while it goes on, lists what else\n"
	"moves beside it.\n";

static void print_page(void)
{
	fputs(head, stdout);
	for (int layer = 0; layer < N_LAYERS; layer++) {
		if (!has_any(layer))
			continue;
		printf("\n## %s\n", layer_name(layer));
		print_reasons(layer);
		print_counters(layer);
	}
	fputs(unknown, stdout);
}

/* ---- commands ---- */

static void print_commands_of(const char *text)
{
	struct token command;

	while (text && (command = remedy_command(&text)).n)
		printf("%.*s\n", (int)command.n, command.at);
}

static void print_commands(void)
{
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = probes[i];

		for (size_t j = 0; j < p->counters->n; j++)
			print_commands_of(p->counters->rows[j].remedy);
		for (const struct reason *r = p->reasons; r && r->id; r++) {
			print_commands_of(r->confirm);
			print_commands_of(r->fix);
			print_commands_of(r->gone);
		}
	}
	for (int layer = 0; layer < N_LAYERS; layer++)
		print_commands_of(look_by[layer]);
}

int main(int argc, char **argv)
{
	if (argc == 1) {
		print_page();
	} else if (argc == 2 && !strcmp(argv[1], "commands")) {
		print_commands();
	} else {
		fprintf(stderr, "usage: print_causes [commands]\n");
		return EXIT_FAILURE;
	}
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
