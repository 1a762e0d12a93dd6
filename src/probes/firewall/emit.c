/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "probes/firewall/emit_private.h"

size_t firewall_copy_text(char *to, size_t size, struct token text)
{
	/* for each byte below 128; the rest is a question mark as well */
	static const char printed[128 + 1] = "????????????????????????????????"
					     " !'#$%&'()*+,-./0123456789:;<=>?"
					     "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[']^_"
					     "`abcdefghijklmnopqrstuvwxyz{|}~?";
	size_t n = text.n < size ? text.n : size - 1;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = text.at[i];

		to[i] = c < 128 ? printed[c] : '?';
	}
	to[n] = '\0';
	return n;
}

uint64_t chain_hash_text(const char *text)
{
	return hash_bytes(HASH_START, text, strlen(text));
}

uint64_t firewall_hash_comment(struct token comment)
{
	char text[FIREWALL_COMMENT];
	size_t n = firewall_copy_text(text, sizeof(text), comment);

	return hash_bytes(HASH_START, text, n);
}

struct firewall_seen *chain_seen(const struct chain_work *c, uint64_t key)
{
	struct hash h = hash_begin(c->secret);
	size_t at, last = c->max_seen - 1;

	hash_add(&h, &key, sizeof(key));
	at = hash_end(&h);

	while (c->seen[at & last].n && c->seen[at & last].key != key)
		at++;
	return &c->seen[at & last];
}

static bool grow_seen(struct arena *arena, struct chain_work *c)
{
	struct chain_work grown = {
		.secret = c->secret,
		.max_seen = c->max_seen ? c->max_seen * 4 : 8,
	};

	grown.seen = arena_alloc(arena, grown.max_seen * sizeof(*grown.seen));
	if (!grown.seen)
		return false;
	for (size_t i = 0; i < c->max_seen; i++)
		if (c->seen[i].n)
			*chain_seen(&grown, c->seen[i].key) = c->seen[i];
	c->seen = grown.seen;
	c->max_seen = grown.max_seen;
	return true;
}

uint32_t chain_see(struct arena *arena, struct chain_work *c, uint64_t key)
{
	struct firewall_seen *seen;

	if (c->n_seen >= c->max_seen / 2 && !grow_seen(arena, c))
		return 0;
	seen = chain_seen(c, key);
	c->n_seen += !seen->n;
	seen->key = key;
	return ++seen->n;
}

void firewall_start(struct firewall_writer *w, uint64_t section)
{
	w->first = w->chain = NULL;
	w->room = arena_room(w->arena) / 3;
	w->is_cut = false;
	w->last = &w->first;
	ledger_open(&w->ledger, w->out, w->arena, section);
}

/* Who calls its chains may change; it is the same table of inet. */
uint64_t chain_hash_table(enum family family, const char *table)
{
	const unsigned char head = family == FAMILY_INGRESS ? FAMILY_INET
							    : family;

	return hash_bytes(hash_bytes(HASH_START, &head, 1), table,
			  strlen(table) + 1);
}

static const char *keep_piece(struct arena *arena, const char *name)
{
	size_t n = strlen(name) + 1;
	char *copy = arena_alloc(arena, n);

	return copy ? memcpy(copy, name, n) : "";
}

static const char *make_prefix(struct arena *arena,
			       const struct firewall_chain *chain)
{
	char table[FIREWALL_PIECE], name[FIREWALL_CHAIN_NAME];

	/* a dot would look like the one behind the table */
	snprintf(table, sizeof(table), "%s", chain->table);
	for (char *dot = table; (dot = strchr(dot, '.'));)
		*dot = '?';
	snprintf(name, sizeof(name), "%s.%s%s.%s",
		 firewall_family_name(chain->family),
		 chain->is_legacy ? "legacy_" : "", table, chain->name);
	return keep_piece(arena, name);
}

void firewall_begin(struct firewall_writer *w,
		    const struct firewall_chain *chain)
{
	struct chain_work *c = NULL;

	w->is_cut |= arena_room(w->arena) < w->room;
	if (!w->is_cut)
		c = arena_alloc(w->arena, sizeof(*c));
	w->chain = c;
	if (!c)
		return;
	c->secret = w->out->key;
	c->family = chain->family;
	c->direction = chain->direction;
	c->reached = chain->reached;
	c->is_idle = chain->is_idle;
	c->identity = chain->identity;
	c->table_key = chain_hash_table(chain->family, chain->table);
	c->key = hash_bytes(c->table_key, chain->name, strlen(chain->name));
	c->prefix = make_prefix(w->arena, chain);
	c->table = keep_piece(w->arena, chain->table);
	c->name = keep_piece(w->arena, chain->name);
	c->last = &c->first;
	c->line = w->ledger.n;
	*w->last = c;
	w->last = &c->next;
}

void firewall_see(struct firewall_writer *w, const struct firewall_rule *rule)
{
	if (w->chain && rule->comment.n)
		chain_see(w->arena, w->chain,
			  firewall_hash_comment(rule->comment));
}

/* ---- counts ---- */

void chain_add_counts(struct firewall_counts *to, struct firewall_counts more)
{
	to->packets += more.packets;
	to->bytes += more.bytes;
}

static void add_line(struct firewall_writer *w, uint64_t hash,
		     enum ledger_owner owner, const struct firewall_rule *rule,
		     const struct firewall_counts *counts,
		     struct firewall_counts *since)
{
	struct chain_work *c = w->chain;
	const struct ledger_line line = {
		.chain = c->key,
		.look = ledger_look(hash ^ c->table_key, owner),
		.counts = *counts,
	};

	chain_add_counts(since, ledger_add(&w->ledger, &line, rule->is_young));
	c->n_lines++;
}

/* Notes what a rule has counted, each element of a map for itself. */
static void add_lines(struct firewall_writer *w,
		      const struct firewall_rule *rule,
		      struct firewall_counts *since)
{
	static const struct firewall_counts none;
	uint64_t hash = rule->counts_of ? rule->counts_of : rule->look;
	const struct firewall_part *part = rule->parts;

	if (rule->target == FIREWALL_QUEUE)
		add_line(w, hash, LEDGER_QUEUE, rule, &rule->counts, since);
	else if (rule->target == FIREWALL_MAP)
		add_line(w, hash, LEDGER_MAP, rule, &none, since);
	else
		add_line(w, hash, LEDGER_RULE, rule, &rule->counts, since);
	for (; part; part = part->next)
		add_line(w, hash ^ part->key, LEDGER_ELEMENT, rule,
			 &part->counts, since);
}

/* Counts a rule for its chain. Returns what it has counted since. */
static struct firewall_counts count_rule(struct firewall_writer *w,
					 const struct firewall_rule *rule)
{
	struct firewall_counts since = {0};
	struct chain_work *c = w->chain;

	add_lines(w, rule, &since);
	chain_add_counts(&c->total, rule->counts);
	chain_add_counts(&c->since, since);
	c->n_counted++;
	return since;
}

static void add_to_rest(struct chain_work *c, const struct firewall_rule *rule,
			const struct firewall_counts *since)
{
	struct firewall_others *others =
		&c->others[firewall_rule_is_policy(rule)];
	bool refuses = rule->target == FIREWALL_REJECT;

	if (!rule->is_counted) {
		c->rest += rule->uncounted;
		c->rest_refuses |= refuses;
		c->rest_is_last |= rule->is_last;
		return;
	}
	chain_add_counts(&others->counts, rule->counts);
	chain_add_counts(&others->since, *since);
	others->refuses |= refuses;
	others->n++;
	c->is_nft = rule->is_nft;
}

void firewall_add(struct firewall_writer *w, const struct firewall_rule *rule)
{
	struct firewall_counts since = {0};
	struct chain_work *c = w->chain;
	uint32_t line = w->ledger.n;
	struct firewall_kept *kept;

	if (!c)
		return;
	if (rule->is_counted)
		since = count_rule(w, rule);
	if (c->n_kept >= w->max_rules &&
	    !(rule->is_counted && rule->target == FIREWALL_POLICY)) {
		add_to_rest(c, rule, &since);
		return;
	}
	kept = arena_alloc(w->arena, sizeof(*kept));
	if (!kept)
		return;
	kept->rule = *rule;
	kept->rule.since = since;
	kept->line = line;
	kept->n_lines = w->ledger.n - line;
	*c->last = kept;
	c->last = &kept->next;
	c->n_kept++;
}
