/* SPDX-License-Identifier: MIT */
/* Prints docs/COUNTERS.md from the tables that the probes read by. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kernel/capability.h"
#include "markdown.h"
#include "probes/catalogue.h"
#include "probes/dropreason/dropreason.h"

static const char *const head =
	"<!-- SPDX-License-Identifier: MIT -->\n"
	"\n"
	"# Counters\n"
	"\n"
	"Every series that pktloss can send. This page is printed from the\n"
	"tables in `src/probes/`: change them, then run `make docs`.\n"
	"\n"
	"A series is `<host>/pktloss-<place>/<type>-<layer>-<counter>`. The\n"
	"place is an interface, or `all` for what has none, and "
	"`@<namespace>`\n"
	"follows outside collectd's own network namespace. Counters keep the\n"
	"kernel's own spelling. `<name>` stands for the name of an object: a\n"
	"qdisc (`netem_root`), a firewall chain or rule, a port, a table of\n"
	"neighbours (`arp_cache`, `ndisc_cache`).\n"
	"\n"
	"What a counter counts:\n"
	"\n"
	"| Word | Meaning |\n"
	"| --- | --- |\n"
	"| lost | Lost in this layer. Only these add up to a loss ratio. |\n"
	"| sent again | A symptom: another layer, or the path, lost it. |\n"
	"| part of X | Counted in X as well, so never added to X. |\n"
	"| echo | Another layer lost it and counts it too. Never added. |\n"
	"| benign | Discarded by design. Graphed, never alerted by default. |\n"
	"| symptom | Points at loss elsewhere. |\n"
	"| overload | Packets waited, or the kernel took an emergency measure. "
	"|\n"
	"| gap | Missing between two counters. It is added to the loss of "
	"whoever is suspected, else it is [unexplained](#unexplained). |\n"
	"| traffic | What passed: losses are measured against it. |\n"
	"| bytes | The bytes of the packets beside it. |\n"
	"| level | A level at the moment, not a count. |\n"
	"| fill level | A level that has a limit, and so a ratio. |\n";

static void print_name(const struct probe *p, const struct counter *c,
		       const char *name)
{
	char pattern[96];

	catalogue_series(p, c, name, pattern, sizeof(pattern));
	printf("%s", pattern);
}

static void print_series(const struct probe *p, const struct counter *c)
{
	printf("`%s-%s-", c->type, layer_name(c->layer));
	print_name(p, c, c->name);
	printf("`");
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Whether two rows say the same, of any direction. */
static bool says_the_same(const struct counter *a, const struct counter *b)
{
	return a->layer == b->layer && a->kind == b->kind &&
	       a->optional == b->optional && same_text(a->name, b->name) &&
	       same_text(a->type, b->type) && same_text(a->in, b->in) &&
	       same_text(a->object, b->object) &&
	       same_text(a->section, b->section) &&
	       same_text(a->means, b->means) && same_text(a->cause, b->cause) &&
	       same_text(a->remedy, b->remedy) &&
	       same_text(a->source, b->source);
}

/* The first row of its table to say what it says; the others go with it. */
static bool is_first(const struct probe *p, const struct counter *c)
{
	const struct counter *first = p->counters->rows;

	while (!says_the_same(first, c))
		first++;
	return first == c;
}

static void print_directions(const struct probe *p, const struct counter *c)
{
	const struct counter *other = c;
	const struct counter *end = p->counters->rows + p->counters->n;

	for (; other < end; other++)
		if (other->direction != DIR_NONE && says_the_same(other, c))
			printf(", %s", direction_name(other->direction));
}

static void print_counter(const struct probe *p, const struct counter *c)
{
	const char *stands = c->section ? c->section : c->object;

	printf("| ");
	print_series(p, c);
	printf(" | %s", catalogue_kind(c->kind));
	if (c->kind == KIND_PART && c->in[0]) {
		printf(" `");
		print_name(p, c, c->in);
		printf("`");
	} else if (c->kind == KIND_PART) {
		printf(" its parent's");
	}
	print_directions(p, c);
	printf(" | ");
	markdown_sentence("", c->means);
	markdown_sentence(" **Cause:** ", c->cause);
	markdown_sentence(" **Remedy:** ", c->remedy);
	printf(" | %s%s", stands ? stands : "", stands ? ". " : "");
	markdown_print(c->source ? c->source : "");
	printf(" |\n");
}

/*
 * Several probes may read by one table, which is shown with the first; some
 * have none, or one of nothing but facts.
 */
static bool has_own_table(size_t probe)
{
	for (size_t i = 0; i < probe; i++)
		if (probes[i]->counters == probes[probe]->counters)
			return false;
	const struct counter_table *t = probes[probe]->counters;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) /* facts are never sent */
		n += t->rows[i].kind != KIND_FACT;
	return n > 0;
}

/* A text of each of the probes that read by the table of one. */
static void print_each(size_t probe, const char *(*get)(const struct probe *p),
		       const char *between)
{
	printf("%s", get(probes[probe]));
	for (size_t i = probe + 1; i < n_probes; i++)
		if (probes[i]->counters == probes[probe]->counters)
			printf("%s%s", between, get(probes[i]));
}

static const char *get_name(const struct probe *p)
{
	return p->name;
}

static const char *get_source(const struct probe *p)
{
	return p->reads;
}

static const char *get_need(const struct probe *p)
{
	static char text[128];

	capabilities_print(p->needs, text, sizeof(text));
	return p->needs ? text : "none";
}

static void print_probe(size_t probe)
{
	const struct probe *p = probes[probe];

	printf("\n## ");
	print_each(probe, get_name, ", ");
	printf("\n\nRead from ");
	print_each(probe, get_source, "; ");
	printf(". Capability needed: ");
	print_each(probe, get_need, "; ");
	printf(".\n\n"
	       "| Series | Counts | Meaning | Kernel |\n"
	       "| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < p->counters->n; i++) {
		const struct counter *c = &p->counters->rows[i];

		if (catalogue_is_series(c) && !c->optional && is_first(p, c))
			print_counter(p, c);
	}
}

typedef bool (*visitor)(const struct probe *p, const struct counter *c,
			enum layer layer, enum direction direction,
			unsigned n_before);

/* Shows every counter to visit; returns how many it took. */
static unsigned visit_counters(visitor visit, enum layer layer,
			       enum direction direction)
{
	unsigned n = 0;

	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = probes[i];

		if (!has_own_table(i))
			continue;
		for (size_t j = 0; j < p->counters->n; j++)
			n += visit(p, &p->counters->rows[j], layer, direction,
				   n);
	}
	return n;
}

static bool is_lost(const struct probe *p, const struct counter *c,
		    enum layer layer, enum direction direction,
		    unsigned n_before)
{
	(void)p;
	(void)n_before;
	return catalogue_is_series(c) && c->layer == layer &&
	       c->direction == direction &&
	       (c->kind == KIND_LOST || c->kind == KIND_RESENT ||
		c->kind == KIND_FILL);
}

static bool print_lost(const struct probe *p, const struct counter *c,
		       enum layer layer, enum direction direction,
		       unsigned n_before)
{
	if (!is_lost(p, c, layer, direction, n_before))
		return false;
	printf("%s", n_before ? ", " : "");
	print_series(p, c);
	if (c->kind == KIND_RESENT)
		printf(" (a symptom: alerts only if a threshold says so)");
	return true;
}

static bool print_passed(const struct probe *p, const struct counter *c,
			 enum layer layer, enum direction direction,
			 unsigned n_before)
{
	static const char *const how[] = {
		[RELATION_NONE] = "",
		[RELATION_OUTSIDE] = "passed only",
		[RELATION_INSIDE] = "the whole",
		[RELATION_SINCE67] =
			"the whole since Linux 6.7, else passed only",
	};

	if (!catalogue_is_series(c))
		return false;
	for (size_t i = 0; i < MAX_DENOMINATORS; i++) {
		const struct denominator *d = &c->of[i];

		if (d->relation == RELATION_NONE || d->layer != layer ||
		    d->direction != direction)
			continue;
		printf("%s", n_before ? ", " : "");
		print_series(p, c);
		printf(" (%s)", how[d->relation]);
		return true;
	}
	return false;
}

static void print_ratio(enum layer layer, enum direction direction)
{
	printf("| `percent-%s-%s` | ", layer_name(layer),
	       direction_name(direction));
	visit_counters(print_lost, layer, direction);
	printf(" | ");
	if (!visit_counters(print_passed, layer, direction))
		printf("nothing: no ratio");
	printf(" |\n");
}

static const char *const unexplained =
	"\n"
	"## Unexplained\n"
	"\n"
	"Packets that vanished between two counters of IP (`in_gap` and\n"
	"`out_gap`), and that nothing explains, have no counter of their\n"
	"own, but a ratio: `percent-unexplained-rx`, `-tx` and `-fwd`, of\n"
	"what IP received, sent or forwarded. What rules of the firewall,\n"
	"IPsec or a full connection table have counted is not missing.\n"
	"Where more is, and only then, these suspects are looked up:\n"
	"\n"
	"- firewall rules that drop without a counter, and rules that were\n"
	"  replaced in the interval;\n"
	"- queues to programs (NFQUEUE): full, read by nobody, or with a\n"
	"  program whose verdict may be to drop;\n"
	"- TPROXY rules whose proxy does not listen;\n"
	"- routes, and rules of policy routing, of type blackhole,\n"
	"  unreachable or prohibit;\n"
	"- IPVS with connections to servers that are gone;\n"
	"- martians and next hops that do not answer, which only the host\n"
	"  counts; martians, where not all namespaces of the host are read,\n"
	"  only if those that are miss as many.\n"
	"\n"
	"The packets of a suspect are a loss of its layer, and it is named.\n"
	"Frames that nobody here wanted are unexplained as well, at their\n"
	"interface. None of this raises an alarm unless a Threshold names\n"
	"the layer (`unexplained`, for frames `link`): see UNEXPLAINED in\n"
	"collectd-pktloss(5).\n"
	"\n"
	"IP does not miss what a bridge forwards. So what policies without\n"
	"a counter drop there is not seen at all: those of legacy ebtables,\n"
	"those of nftables of family `bridge`, and that of a chain `forward`\n"
	"of IP that sees bridged packets (br_netfilter). The log names them\n"
	"and `gauge-netfilter-uncounted` counts them.\n";

static void print_ratios(void)
{
	printf("\n## Loss ratios\n\n"
	       "One per layer and direction, from 0 to 100: what was lost in "
	       "the interval\nin percent of what came. A traffic counter that "
	       "counts the lost packets too\nis the whole; one that counts "
	       "what passed only is added to the losses.\n\n"
	       "Beside each but `percent-tcp-tx` and those of `fill` stands "
	       "the number of the\npackets: `packets-link-lost_rx` beside "
	       "`percent-link-rx`. It grows from the start\nof collectd on. "
	       "Each packet is counted once, whichever of these counters "
	       "repeat it.\n\n"
	       "| Series | Lost | Measured against |\n| --- | --- | --- |\n");
	for (int layer = 0; layer < N_LAYERS; layer++)
		for (int d = DIR_NONE + 1; d < N_DIRECTIONS; d++)
			if (visit_counters(is_lost, layer, d))
				print_ratio(layer, d);
}

static bool print_optional(const struct probe *p, const struct counter *c,
			   enum layer layer, enum direction direction,
			   unsigned n_before)
{
	(void)p;
	(void)direction;
	if (!c->optional || !catalogue_is_series(c) || c->layer != layer)
		return false;
	if (!n_before)
		printf("\n### %s\n\n| Counter | Counts | Meaning |\n"
		       "| --- | --- | --- |\n",
		       layer_name(layer));
	printf("| `%s` | %s", c->name[0] ? c->name : "<name>",
	       catalogue_kind(c->kind));
	if (c->direction != DIR_NONE)
		printf(", %s", direction_name(c->direction));
	printf(" | ");
	markdown_sentence("", c->means);
	printf(" |\n");
	return true;
}

static void print_options(void)
{
	printf("\n## Counters sent where asked for\n\n"
	       "Read only where a Counter option names them, and sent from "
	       "then on. The option\nis the heading, a hyphen and the name: "
	       "`Counter \"tcp-TCPLossProbes\"`. The type\nis `packets`; "
	       "of bytes and milliseconds `derive`, of a level `gauge`.\n");
	for (int layer = 0; layer < N_LAYERS; layer++)
		visit_counters(print_optional, layer, DIR_NONE);
}

static const char *const reasons =
	"\n## What the kernel calls its reasons\n\n"
	"Names of `packets-dropreason-<name>`, as far as something is known "
	"of them. They\nare those of the kernel that runs: another one may "
	"have others. Where it has\nnone, NOT\\_SPECIFIED, the function "
	"that dropped them follows. Those of the first\nkind are dropped "
	"where nothing is lost, and sent where a Counter option asks\n"
	"for them.\n\n"
	"| Name | Meaning |\n"
	"| --- | --- |\n";

static void print_reasons(void)
{
	const struct known_drop *known;

	fputs(reasons, stdout);
	for (size_t i = 0; (known = dropreason_known(i)); i++) {
		bool healthy = known->class == CLASS_HEALTHY;
		char means[128];

		snprintf(means, sizeof(means), "%s", known->means);
		if (!healthy)
			means[0] = (char)toupper((unsigned char)means[0]);
		printf("| `%s` | ", known->name);
		markdown_sentence(healthy ? "No loss: " : "", means);
		printf(" |\n");
	}
}

int main(void)
{
	fputs(head, stdout);
	for (size_t i = 0; i < n_probes; i++)
		if (has_own_table(i))
			print_probe(i);
	print_options();
	print_reasons();
	print_ratios();
	fputs(unexplained, stdout);
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
