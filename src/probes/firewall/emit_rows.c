/* SPDX-License-Identifier: MIT */
/* The second half of emit.c: when all chains are read, what becomes rows. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "probes/firewall/emit_private.h"

/* A chain's name, a dot, a comment, "_" and 8 hex. */
#define RULE_NAME (FIREWALL_CHAIN_NAME + FIREWALL_COMMENT + 32)

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
		chain_add_counts(&sum.counted, c->counted);
		if (fresh && (c->is_new || c->is_anew))
			*fresh += c->counted.packets;
	}
	return sum;
}

/* Of several directions, which the balance of IP can tell from each other. */
static bool is_shared_chain(const struct chain_work *c)
{
	return c->reached & (c->reached - 1) && family_is_of_ip(c->family);
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
	return chain_seen(c, chain_hash_text(comment))->n > 1;
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
	uint32_t nth = chain_see(w->arena, c, rule->look);
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
	chain_add_counts(&c->told, rule->since);
}

/* Those that are not told apart, as one. */
static void append_rest(struct firewall_writer *w, const struct chain_work *c)
{
	append_object(w, c, c->identity, "#uncounted");
	sample_row(w->out, &firewall_facts[FIREWALL_UNCOUNTED], c->rest);
	if (c->rest_refuses)
		sample_row(w->out, &firewall_facts[FIREWALL_REFUSING], 1);
	if (c->rest_is_last)
		sample_row(w->out, &firewall_facts[FIREWALL_LAST], 1);
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
		.is_refusing = others->refuses,
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

/* Appends all of a chain, or nothing, and returns false. */
static bool append_if_room(struct firewall_writer *w, struct chain_work *c)
{
	struct sample_mark mark = sample_mark(w->out);

	if (c->is_idle)
		return true;
	append_chain_work(w, c);
	if (w->arena->error != -E2BIG && !sample_is_full(w->out))
		return true;
	sample_rollback(w->out, mark);
	w->arena->error = 0;
	w->is_cut = true;
	return false;
}

/* The counter of a chain's total, or NULL: it is none. */
static const struct counter *total_of(const struct sample *s,
				      const struct object *o)
{
	const struct counter *first = object_first(s, o);

	return o->family != FAMILY_NONE && first && first->kind == KIND_LOST
		       ? first
		       : NULL;
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

		const struct counter *total = total_of(then, o);

		if (kept[i + 1] || o->source != w->out->source || !total)
			continue;
		c.key = hash_bytes(chain_hash_table(c.family, c.table), c.name,
				   strlen(c.name));
		if (!ledger_has_gone(&w->ledger, c.key, &n))
			continue;
		append_object(w, &c, c.key, "#replaced");
		sample_reached(w->out, o->reached ? o->reached
						  : 1u << total->direction);
		append_replaced(w, c.key);
	}
}

void firewall_finish(struct firewall_writer *w, uint64_t passed)
{
	ledger_close(&w->ledger, passed);
	if (w->out->error || w->arena->error)
		return;
	for (struct chain_work *c = w->first; c && append_if_room(w, c);)
		c = c->next;
	if (w->is_cut) /* nor does anybody know what has gone */
		sample_missed(w->out, -E2BIG);
	else if (w->ledger.n_gone)
		append_gone(w);
}
