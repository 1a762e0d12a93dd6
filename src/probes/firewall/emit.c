/* SPDX-License-Identifier: MIT */
#include "probes/firewall/emit.h"

#include <inttypes.h>
#include <string.h>

/* A chain's name, a dot, a comment, "_" and 8 hex. */
#define RULE_NAME (FIREWALL_CHAIN_NAME + FIREWALL_COMMENT + 32)

void firewall_copy_text(char *to, size_t size, struct token text)
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
	uint32_t line, n_lines; /* of the ledger */
};

struct firewall_seen {
	uint64_t key;
	uint32_t n; /* 0: free */
};

/* Rules that are counted and not told apart. */
struct firewall_others {
	struct firewall_counts counts;
	struct firewall_counts since; /* if no rule has changed */
	uint32_t n;
};

/* A chain, until all have been read. */
struct chain_work {
	struct chain_work *next;
	enum family family;
	enum direction direction;
	uint8_t reached;
	bool is_idle;
	uint64_t identity; /* of what is not told apart */
	uint64_t key;	   /* of the ledger; its table's, too */
	uint64_t table_key;
	const char *prefix; /* "ip.filter.INPUT" */
	const char *table, *name;
	struct firewall_kept *first, **last; /* told apart */
	unsigned n_kept;
	struct firewall_counts total;
	struct firewall_counts since; /* if no rule has changed */
	uint32_t line, n_lines;	      /* of the ledger */
	uint32_t n_counted;
	struct firewall_counts told; /* by rules told apart, since the read */
	struct firewall_others others[2]; /* [1]: those that are policy */
	bool is_nft;			  /* of others */
	uint32_t rest; /* what drops uncounted and is not told apart */
	/* how often a hash was seen: open addressing, a power of two */
	struct firewall_seen *seen;
	size_t n_seen, max_seen;
};

/* Where a key is, or would be. */
static struct firewall_seen *seen_at(const struct chain_work *c, uint64_t key)
{
	size_t at = key ^ key >> 32, last = c->max_seen - 1;

	while (c->seen[at & last].n && c->seen[at & last].key != key)
		at++;
	return &c->seen[at & last];
}

static bool grow_seen(struct arena *arena, struct chain_work *c)
{
	struct chain_work grown = {
		.max_seen = c->max_seen ? c->max_seen * 4 : 64,
	};

	grown.seen = arena_alloc(arena, grown.max_seen * sizeof(*grown.seen));
	if (!grown.seen)
		return false;
	for (size_t i = 0; i < c->max_seen; i++)
		if (c->seen[i].n)
			*seen_at(&grown, c->seen[i].key) = c->seen[i];
	c->seen = grown.seen;
	c->max_seen = grown.max_seen;
	return true;
}

/* Counts a key once more: how often it was seen now, 0 without memory. */
static uint32_t see(struct arena *arena, struct chain_work *c, uint64_t key)
{
	struct firewall_seen *seen;

	if (c->n_seen >= c->max_seen / 2 && !grow_seen(arena, c))
		return 0;
	seen = seen_at(c, key);
	c->n_seen += !seen->n;
	seen->key = key;
	return ++seen->n;
}

void firewall_start(struct firewall_writer *w, uint64_t section)
{
	w->first = w->chain = NULL;
	w->last = &w->first;
	ledger_open(&w->ledger, w->out, w->arena, section);
}

static uint64_t hash_table(enum family family, const char *table)
{
	const unsigned char head = family;

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
	struct chain_work *c = arena_alloc(w->arena, sizeof(*c));

	w->chain = c;
	if (!c)
		return;
	c->family = chain->family;
	c->direction = chain->direction;
	c->reached = chain->reached;
	c->is_idle = chain->is_idle;
	c->identity = chain->identity;
	c->table_key = hash_table(chain->family, chain->table);
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
		see(w->arena, w->chain, firewall_hash_comment(rule->comment));
}

/* ---- counts ---- */

static void add_counts(struct firewall_counts *to, struct firewall_counts more)
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

	add_counts(since, ledger_add(&w->ledger, &line, rule->is_young));
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
	add_counts(&c->total, rule->counts);
	add_counts(&c->since, since);
	c->n_counted++;
	return since;
}

static void add_to_rest(struct chain_work *c, const struct firewall_rule *rule,
			const struct firewall_counts *since)
{
	struct firewall_others *others =
		&c->others[firewall_rule_is_policy(rule)];

	if (!rule->is_counted) {
		c->rest += rule->uncounted;
		return;
	}
	add_counts(&others->counts, rule->counts);
	add_counts(&others->since, *since);
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

/*
 * Adds up what became of n lines; new: the first one is, unknown: all are.
 * Adds to *fresh, if it is not NULL, what fresh counters tell.
 */
static struct ledger_change sum_up(const struct ledger *l, uint32_t line,
				   uint32_t n, uint64_t *fresh)
{
	struct ledger_change sum = {.is_unknown = true};

	for (uint32_t i = line; l->changes && i < line + n; i++) {
		const struct ledger_change *c = &l->changes[i];

		sum.is_new |= c->is_new && i == line;
		sum.is_unknown &= c->is_unknown;
		add_counts(&sum.counted, c->counted);
		if (fresh && (c->is_new || c->is_anew))
			*fresh += c->counted.packets;
	}
	return sum;
}

/* ---- into the sample ---- */

/* Of several directions, which the balance of IP can tell from each other. */
static bool is_shared_chain(const struct chain_work *c)
{
	return c->reached & (c->reached - 1) &&
	       (c->family == FAMILY_IP || c->family == FAMILY_IP6 ||
		c->family == FAMILY_INET);
}

/* Appends an object whose name is that of the chain and what follows. */
__attribute__((format(printf, 4, 5))) static void append_object(
	struct firewall_writer *w, const struct chain_work *c,
	uint64_t identity, const char *format, ...)
{
	char name[RULE_NAME];
	size_t n = strlen(c->prefix);
	va_list args;

	memcpy(name, c->prefix, n);
	va_start(args, format);
	vsnprintf(name + n, sizeof(name) - n, format, args);
	va_end(args);
	sample_object(w->out, LAYER_NETFILTER, "", name, identity);
	sample_chain(w->out, c->family, c->table, c->name);
	if (is_shared_chain(c))
		sample_reached(w->out, c->reached);
}

/* What cannot be known of a chain in this interval. */
static void append_replaced(struct firewall_writer *w, uint64_t key)
{
	const struct counter *fact = &firewall_facts[FIREWALL_REPLACED];
	uint32_t n;

	if (ledger_has_gone(&w->ledger, key, &n))
		sample_row(w->out, fact, n);
	else if (w->ledger.was_reset)
		sample_row(w->out, fact, 1);
}

static void append_total(struct firewall_writer *w, const struct chain_work *c)
{
	const struct counter *packets, *bytes;
	const struct ledger *l = &w->ledger;
	struct firewall_counts since = c->since;
	uint64_t fresh = 0;

	packets = firewall_counter(FIREWALL_CHAIN, c->direction);
	bytes = firewall_counter(FIREWALL_CHAIN_BYTES, c->direction);
	if (l->has_changed)
		since = sum_up(l, c->line, c->n_lines, &fresh).counted;
	append_object(w, c, c->key, ".drop");
	firewall_append_count(w->out, packets, c->total.packets,
			      l->is_known ? &since.packets : NULL);
	firewall_append_count(w->out, bytes, c->total.bytes,
			      l->is_known ? &since.bytes : NULL);
	append_replaced(w, c->key);
	if (fresh)
		sample_row(w->out, &firewall_rows[FIREWALL_FRESH], fresh);
}

/* A comment that makes the name of a rule look like that of a chain. */
static bool is_ambiguous(const char *comment)
{
	size_t n = strlen(comment);

	return !strcmp(comment, "drop") ||
	       (n > 5 && !strcmp(comment + n - 5, ".drop"));
}

static bool is_shared(const struct chain_work *c, const char *comment)
{
	return seen_at(c, hash_text(comment))->n > 1;
}

/* In how many reads it has been new by now, or 0: the last fact of a rule. */
static uint8_t new_reads(const struct sample *out, bool is_new)
{
	const struct object *o = &out->objects[out->n_objects - 1];
	const struct object *p = out->error ? NULL : object_before(out, o);
	const struct row *last;

	if (is_new || !p || p->identity != o->identity || !p->n)
		return is_new;
	last = object_rows_end(out->then, p) - 1;
	if (last->counter != &firewall_facts[FIREWALL_NEW] ||
	    last->value >= FIREWALL_NEW_READS)
		return 0;
	return (uint8_t)(last->value + 1);
}

static void append_counted(struct firewall_writer *w,
			   const struct chain_work *c,
			   struct firewall_kept *kept)
{
	const struct ledger *l = &w->ledger;
	struct firewall_rule *rule = &kept->rule;
	bool is_new = false;

	rule->knows_since = l->is_known;
	if (l->has_changed) {
		struct ledger_change change =
			sum_up(l, kept->line, kept->n_lines, NULL);

		rule->since = change.counted;
		rule->knows_since &= !change.is_unknown;
		is_new = l->is_known && change.is_new;
	}
	rule->is_new = new_reads(w->out, is_new);
	firewall_rule_append(rule, c->direction, w->out);
}

/*
 * Same comments are told apart by what their rules look like, and by their
 * order where that is the same, too: that stays after a reload.
 */
static void append_rule(struct firewall_writer *w, struct chain_work *c,
			struct firewall_kept *kept)
{
	const struct firewall_rule *rule = &kept->rule;
	uint32_t nth = see(w->arena, c, rule->look);
	uint64_t look = hash_bytes(rule->look, &nth, sizeof(nth));
	char text[FIREWALL_COMMENT];

	if (!nth)
		return;
	firewall_copy_text(text, sizeof(text), rule->comment);
	if (rule->target == FIREWALL_POLICY)
		append_object(w, c, look, "#policy");
	else if (!*text)
		append_object(w, c, look, "#%016" PRIx64, look);
	else if (is_ambiguous(text) || is_shared(c, text))
		append_object(w, c, look, ".%s_%08" PRIx32, text,
			      (uint32_t)look);
	else
		append_object(w, c, look, ".%s", text);
	if (*text)
		sample_label(w->out, text);
	if (!rule->is_counted) {
		firewall_rule_append(rule, c->direction, w->out);
		return;
	}
	append_counted(w, c, kept);
	add_counts(&c->told, rule->since);
}

/* Those that are not told apart, as one. */
static void append_rest(struct firewall_writer *w, const struct chain_work *c)
{
	append_object(w, c, c->identity, "#uncounted");
	sample_row(w->out, &firewall_facts[FIREWALL_UNCOUNTED], c->rest);
}

/*
 * What the others have counted since the read before. Where rules have changed
 * that is known of all of them together: what the chain has and no rule that
 * is told apart. If some go by chance it is theirs.
 */
static struct firewall_counts others_since(const struct firewall_writer *w,
					   const struct chain_work *c,
					   bool is_policy)
{
	struct firewall_counts all;

	if (!w->ledger.has_changed)
		return c->others[is_policy].since;
	if (is_policy && c->others[0].n)
		return (struct firewall_counts) {0};
	all = sum_up(&w->ledger, c->line, c->n_lines, NULL).counted;
	return (struct firewall_counts) {
		.packets = less_by(all.packets, c->told.packets),
		.bytes = less_by(all.bytes, c->told.bytes),
	};
}

/* So that the parts of a chain's total make it up. */
static void append_others(struct firewall_writer *w, const struct chain_work *c,
			  bool is_policy)
{
	const struct firewall_others *others = &c->others[is_policy];
	struct firewall_rule rule = {
		.counts = others->counts,
		.since = others_since(w, c, is_policy),
		.knows_since = w->ledger.is_known,
		.number = others->n,
		.target = FIREWALL_REST,
		.is_nft = c->is_nft,
		.is_random = !is_policy,
		.is_counted = true,
	};

	append_object(w, c, c->key, is_policy ? "#beyond" : "#beyond_chance");
	firewall_rule_append(&rule, c->direction, w->out);
}

static void append_chain_work(struct firewall_writer *w, struct chain_work *c)
{
	if (c->n_counted)
		append_total(w, c);
	for (struct firewall_kept *k = c->first; k; k = k->next)
		append_rule(w, c, k);
	for (int i = 0; i < 2; i++)
		if (c->others[i].n)
			append_others(w, c, i);
	if (c->rest && c->identity)
		append_rest(w, c);
}

static bool is_total(const struct sample *s, const struct object *o)
{
	return o->family != FAMILY_NONE && o->n &&
	       object_rows(s, o)->counter->kind == KIND_LOST;
}

static unsigned directions_of(const struct sample *s, const struct object *o)
{
	return o->reached ? o->reached
			  : 1u << object_rows(s, o)->counter->direction;
}

/* Which objects of the sample before are in this one, or NULL. */
static bool *mark_kept(const struct firewall_writer *w)
{
	const struct sample *out = w->out;
	bool *kept = arena_alloc(w->arena, out->then->n_objects + 1);

	for (uint32_t i = 0; kept && i < out->n_objects; i++)
		kept[out->objects[i].before] = true;
	return kept;
}

/* Chains that have no total any more: what they had counted has gone. */
static void append_gone(struct firewall_writer *w)
{
	const struct sample *then = w->out->then;
	const bool *kept = mark_kept(w);
	uint32_t n;

	for (uint32_t i = 0; kept && i < then->n_objects; i++) {
		const struct object *o = &then->objects[i];
		struct chain_work c = {
			.family = o->family,
			.table = object_table(then, o),
			.name = object_chain(then, o),
			.prefix = object_name(then, o),
		};

		if (kept[i + 1] || o->source != w->out->source ||
		    !is_total(then, o))
			continue;
		c.key = hash_bytes(hash_table(c.family, c.table), c.name,
				   strlen(c.name));
		if (!ledger_has_gone(&w->ledger, c.key, &n))
			continue;
		append_object(w, &c, c.key, "#replaced");
		sample_reached(w->out, directions_of(then, o));
		append_replaced(w, c.key);
	}
}

void firewall_finish(struct firewall_writer *w, uint64_t passed)
{
	ledger_close(&w->ledger, passed);
	if (w->out->error || w->arena->error)
		return;
	for (struct chain_work *c = w->first; c; c = c->next)
		if (!c->is_idle)
			append_chain_work(w, c);
	if (w->ledger.n_gone)
		append_gone(w);
}
