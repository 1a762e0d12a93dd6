/* SPDX-License-Identifier: MIT */
#include "probes/firewall/emit.h"

#include <inttypes.h>
#include <string.h>

/* A chain's name, a dot, a comment, "_" and 8 hex. */
#define RULE_NAME (FIREWALL_CHAIN_NAME + FIREWALL_COMMENT + 32)

void firewall_copy_text(char *to, size_t size, struct token text)
{
	size_t n = text.n < size ? text.n : size - 1;

	for (size_t i = 0; i < n; i++) {
		to[i] = text.at[i];
		if (to[i] < ' ' || to[i] > '~')
			to[i] = '?';
		else if (to[i] == '"' || to[i] == '\\')
			to[i] = '\'';
	}
	to[n] = '\0';
}

static uint64_t hash_text(const char *text)
{
	return hash_bytes(HASH_START, text, strlen(text));
}

uint64_t firewall_hash_comment(struct token comment)
{
	char text[FIREWALL_COMMENT];

	firewall_copy_text(text, sizeof(text), comment);
	return hash_text(text);
}

struct firewall_kept {
	struct firewall_kept *next;
	struct firewall_rule rule;
};

struct firewall_seen {
	uint64_t key;
	uint32_t n; /* 0: free */
};

/* Where a key is, or would be. */
static struct firewall_seen *seen_at(const struct firewall_writer *w,
				     uint64_t key)
{
	size_t at = key ^ key >> 32, last = w->max_seen - 1;

	while (w->seen[at & last].n && w->seen[at & last].key != key)
		at++;
	return &w->seen[at & last];
}

static bool grow_seen(struct firewall_writer *w)
{
	struct firewall_writer grown = {
		.max_seen = w->max_seen ? w->max_seen * 4 : 64,
	};

	grown.seen =
		arena_alloc(w->arena, grown.max_seen * sizeof(*grown.seen));
	if (!grown.seen)
		return false;
	for (size_t i = 0; i < w->max_seen; i++)
		if (w->seen[i].n)
			*seen_at(&grown, w->seen[i].key) = w->seen[i];
	w->seen = grown.seen;
	w->max_seen = grown.max_seen;
	return true;
}

/* Counts a key once more: how often it was seen now, 0 without memory. */
static uint32_t see(struct firewall_writer *w, uint64_t key)
{
	struct firewall_seen *seen;

	if (w->n_seen >= w->max_seen / 2 && !grow_seen(w))
		return 0;
	seen = seen_at(w, key);
	w->n_seen += !seen->n;
	seen->key = key;
	return ++seen->n;
}

void firewall_begin(struct firewall_writer *w,
		    const struct firewall_chain *chain)
{
	char table[FIREWALL_PIECE];

	/* a dot would look like the one behind the table */
	snprintf(table, sizeof(table), "%s", chain->table);
	for (char *dot = table; (dot = strchr(dot, '.'));)
		*dot = '?';
	snprintf(w->name, sizeof(w->name), "%s.%s%s.%s",
		 firewall_family_name(chain->family),
		 chain->is_legacy ? "legacy_" : "", table, chain->name);
	w->chain = *chain;
	w->first = NULL;
	w->last = &w->first;
	w->total = (struct firewall_counts) {0};
	w->identity = HASH_START;
	w->n_kept = w->n_counted = w->rest = 0;
	w->seen = NULL;
	w->n_seen = w->max_seen = 0;
}

void firewall_see(struct firewall_writer *w, const struct firewall_rule *rule)
{
	if (rule->comment.n)
		see(w, firewall_hash_comment(rule->comment));
}

void firewall_add(struct firewall_writer *w, const struct firewall_rule *rule)
{
	uint64_t identity = rule->identity ? rule->identity : rule->look;
	struct firewall_kept *kept;

	if (rule->is_counted) {
		w->identity =
			hash_bytes(w->identity, &identity, sizeof(identity));
		w->total.packets += rule->counts.packets;
		w->total.bytes += rule->counts.bytes;
		w->n_counted++;
	}
	if (w->n_kept >= w->max_rules &&
	    !(rule->is_counted && rule->target == FIREWALL_POLICY)) {
		w->rest += rule->is_counted ? 0 : rule->uncounted;
		return;
	}
	kept = arena_alloc(w->arena, sizeof(*kept));
	if (!kept)
		return;
	kept->rule = *rule;
	*w->last = kept;
	w->last = &kept->next;
	w->n_kept++;
}

/* Appends an object whose name is that of the chain and what follows. */
__attribute__((format(printf, 3, 4))) static void append_object(
	struct firewall_writer *w, uint64_t identity, const char *format, ...)
{
	char name[RULE_NAME];
	size_t n = strlen(w->name);
	va_list args;

	memcpy(name, w->name, n);
	va_start(args, format);
	vsnprintf(name + n, sizeof(name) - n, format, args);
	va_end(args);
	sample_object(w->out, LAYER_NETFILTER, "", name, identity);
	sample_chain(w->out, w->chain.family, w->chain.table, w->chain.name);
}

static void append_total(struct firewall_writer *w)
{
	enum direction direction = w->chain.direction;

	append_object(w, w->identity, ".drop");
	sample_row(w->out, firewall_counter(FIREWALL_CHAIN, direction),
		   w->total.packets);
	sample_row(w->out, firewall_counter(FIREWALL_CHAIN_BYTES, direction),
		   w->total.bytes);
}

/* A comment that makes the name of a rule look like that of a chain. */
static bool is_ambiguous(const char *comment)
{
	size_t n = strlen(comment);

	return !strcmp(comment, "drop") ||
	       (n > 5 && !strcmp(comment + n - 5, ".drop"));
}

static bool is_shared(const struct firewall_writer *w, const char *comment)
{
	return seen_at(w, hash_text(comment))->n > 1;
}

/*
 * Same comments are told apart by what their rules look like, and by their
 * order where that is the same, too: that stays after a reload.
 */
static void append_rule(struct firewall_writer *w,
			const struct firewall_rule *rule)
{
	uint32_t nth = see(w, rule->look);
	uint64_t look = hash_bytes(rule->look, &nth, sizeof(nth));
	uint64_t identity = rule->identity ? rule->identity : look;
	char text[FIREWALL_COMMENT];

	if (!nth)
		return;
	firewall_copy_text(text, sizeof(text), rule->comment);
	if (rule->target == FIREWALL_POLICY)
		append_object(w, identity, "#policy");
	else if (!*text)
		append_object(w, identity, "#%016" PRIx64, identity);
	else if (is_ambiguous(text) || is_shared(w, text))
		append_object(w, identity, ".%s_%08" PRIx32, text,
			      (uint32_t)look);
	else
		append_object(w, identity, ".%s", text);
	if (*text)
		sample_label(w->out, text);
	firewall_rule_append(rule, w->chain.direction, w->out);
}

/* Those that are not told apart, as one. */
static void append_rest(struct firewall_writer *w)
{
	append_object(w, w->chain.identity, "#uncounted");
	sample_row(w->out, &firewall_facts[FIREWALL_UNCOUNTED], w->rest);
}

void firewall_end(struct firewall_writer *w)
{
	if (w->n_counted)
		append_total(w);
	for (const struct firewall_kept *k = w->first; k; k = k->next)
		append_rule(w, &k->rule);
	if (w->rest && w->chain.identity)
		append_rest(w);
}
