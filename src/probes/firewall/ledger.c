/* SPDX-License-Identifier: MIT */
/*
 * While no rule changes, each line has its partner at the same place in the
 * read before, and counts no less. Else partners are looked for: first what is
 * unmoved, then what is of the same chain and look, then of that look anywhere,
 * for chains are renamed. Of several that look the same, a line takes the
 * greatest count that is not above its own: whatever happened, no less can have
 * been counted than that leaves.
 */
#include "probes/firewall/ledger.h"

#include <string.h>

/* Behind the lines of a section. */
struct ledger_end {
	uint64_t section;
	uint64_t n_lines;
	uint64_t passed;
};

struct ledger_young {
	struct ledger_young *next;
	uint32_t line;
};

#define OWNER(look) ((look)&3)

static const struct ledger_line *lines_of(const struct ledger_end *end)
{
	return (const void *)((const char *)end -
			      end->n_lines * sizeof(struct ledger_line));
}

/* The last section in n bytes of memory; NULL: there is none. */
static const struct ledger_end *last_section(const void *memory, size_t n)
{
	if (!memory || n < sizeof(struct ledger_end))
		return NULL;
	return (const void *)((const char *)memory + n -
			      sizeof(struct ledger_end));
}

static const struct ledger_end *find_section(const struct sample *s,
					     uint8_t source, uint64_t section)
{
	const struct ledger_end *end;
	const void *memory;
	size_t n;

	memory = sample_memory(s, source, &n);
	while ((end = last_section(memory, n)) && end->section != section)
		n = (size_t)((const char *)lines_of(end) -
			     (const char *)memory);
	return end;
}

size_t ledger_before(const void *memory, size_t n)
{
	const struct ledger_end *end = last_section(memory, n);

	return end ? (size_t)((const char *)lines_of(end) -
			      (const char *)memory)
		   : n;
}

/* Whether the probe was read then, or what it had found before was kept. */
static bool was_read(const struct sample *then, uint8_t source)
{
	size_t n;

	return then && (then->sources & 1u << source ||
			sample_memory(then, source, &n));
}

void ledger_open(struct ledger *l, struct sample *out, struct arena *arena,
		 uint64_t section)
{
	const struct ledger_end *end;

	*l = (struct ledger) {
		.out = out,
		.arena = arena,
		.section = section,
		.is_known = was_read(out->then, out->source),
	};
	l->is_part = out->then && out->then->parts & 1u << out->source;
	end = find_section(out->then, out->source, section);
	if (!end) {
		l->is_known &= !l->is_part;
		return;
	}
	l->then = lines_of(end);
	l->n_then = (uint32_t)end->n_lines;
	l->passed_then = end->passed;
}

static void flush(struct ledger *l)
{
	if (l->n_waiting)
		sample_remember(l->out, l->waiting,
				l->n_waiting * sizeof(l->waiting[0]));
	l->n_waiting = 0;
}

static struct firewall_counts subtract(struct firewall_counts now,
				       struct firewall_counts then)
{
	now.packets -= then.packets;
	now.bytes -= then.bytes < now.bytes ? then.bytes : now.bytes;
	return now;
}

static void note_young(struct ledger *l)
{
	struct ledger_young *young = arena_alloc(l->arena, sizeof(*young));

	l->has_changed = true;
	if (!young)
		return;
	*young = (struct ledger_young) {l->young, l->n};
	l->young = young;
}

struct firewall_counts ledger_add(struct ledger *l,
				  const struct ledger_line *line, bool is_young)
{
	const struct ledger_line *then = l->n < l->n_then ? &l->then[l->n]
							  : NULL;
	struct firewall_counts counted = {0};

	if (l->is_known && is_young && !l->is_part)
		note_young(l);
	if (l->n_waiting == ARRAY_SIZE(l->waiting))
		flush(l);
	l->waiting[l->n_waiting++] = *line;
	if (then && then->chain == line->chain && then->look == line->look &&
	    then->counts.packets <= line->counts.packets)
		counted = subtract(line->counts, then->counts);
	else
		l->has_changed = true;
	l->n++;
	return counted;
}

/* ---- where something has changed ---- */

/* A line, now or then, in one of the two lists that are held together. */
struct item {
	const struct ledger_line *line;
	uint32_t index;
	bool has_partner; /* or has had one that began anew */
};

struct items {
	struct item *items;
	uint32_t n;
};

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Of the same look the greatest count first. */
static int by_look(const void *a, const void *b)
{
	const struct ledger_line *x = ((const struct item *)a)->line;
	const struct ledger_line *y = ((const struct item *)b)->line;
	int r = by_number(x->look, y->look);

	return r ? r : by_number(y->counts.packets, x->counts.packets);
}

static int by_chain(const void *a, const void *b)
{
	const struct ledger_line *x = ((const struct item *)a)->line;
	const struct ledger_line *y = ((const struct item *)b)->line;
	int r = by_number(x->chain, y->chain);

	return r ? r : by_look(a, b);
}

/* As above, but for the counts. */
static int compare_lines(const struct item *a, const struct item *b,
			 bool chains)
{
	int r = chains ? by_number(a->line->chain, b->line->chain) : 0;

	return r ? r : by_number(a->line->look, b->line->look);
}

static struct items list_lines(struct ledger *l,
			       const struct ledger_line *lines, uint32_t n)
{
	struct items list = {0};

	list.items = arena_alloc(l->arena, (n + 1) * sizeof(*list.items));
	if (!list.items)
		return list;
	for (; list.n < n; list.n++)
		list.items[list.n] =
			(struct item) {&lines[list.n], list.n, false};
	return list;
}

/* What has no partner yet moves to the front; the rest is left out. */
static void keep_lone(struct items *list)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < list->n; i++)
		if (!list->items[i].has_partner)
			list->items[n++] = list->items[i];
	list->n = n;
}

static void join(struct ledger *l, struct item *now, struct item *then)
{
	l->changes[now->index] = (struct ledger_change) {
		.counted = subtract(now->line->counts, then->line->counts)};
	now->has_partner = then->has_partner = true;
}

/*
 * Joins two that look the same and count the same. Returns whether those next
 * to them may be the same, too.
 */
static bool join_unmoved(struct ledger *l, struct item *now, struct item *then)
{
	if (compare_lines(now, then, true))
		return false;
	if (now->line->counts.packets == then->line->counts.packets)
		join(l, now, then);
	return true;
}

/*
 * What stands where it stood, from the front or the back, and has counted
 * nothing: most lines, which need not be sorted then. If others look the same,
 * all together have counted what they would have with any other partners.
 */
static void find_unmoved(struct ledger *l, struct items *now,
			 struct items *then)
{
	uint32_t least = now->n < then->n ? now->n : then->n;
	uint32_t front = 0, back = 0;

	while (front < least &&
	       join_unmoved(l, &now->items[front], &then->items[front]))
		front++;
	while (back < least - front &&
	       join_unmoved(l, &now->items[now->n - 1 - back],
			    &then->items[then->n - 1 - back]))
		back++;
	keep_lone(now);
	keep_lone(then);
}

/* Both lists are sorted: finds partners in those that are alike. */
static void find_partners(struct ledger *l, struct items *now,
			  struct items *then, bool chains)
{
	uint32_t i = 0, j = 0;

	while (i < now->n && j < then->n) {
		struct item *a = &now->items[i], *b = &then->items[j];
		int order = compare_lines(a, b, chains);

		if (order < 0) {
			i++;
		} else if (order > 0 ||
			   b->line->counts.packets > a->line->counts.packets) {
			j++; /* nor is it below those that follow */
		} else {
			join(l, a, b);
			i++;
			j++;
		}
	}
	keep_lone(now);
	keep_lone(then);
}

/* It counts from 0 since some time behind the read before. */
static void begin_anew(struct ledger *l, struct item *now, bool is_new)
{
	l->changes[now->index] = (struct ledger_change) {
		.counted = now->line->counts,
		.is_new = is_new,
		.is_anew = !is_new,
	};
	now->has_partner = true;
}

/*
 * What is left over on both sides of one chain and look is the same rule, with
 * a count that has fallen.
 */
static void find_resets(struct ledger *l, struct items *now, struct items *then)
{
	uint32_t i = 0, j = 0;

	while (i < now->n && j < then->n) {
		int order =
			compare_lines(&now->items[i], &then->items[j], true);

		if (order == 0) {
			begin_anew(l, &now->items[i], false);
			then->items[j].has_partner = true;
		}
		i += order <= 0;
		j += order >= 0;
	}
	keep_lone(now);
	keep_lone(then);
}

static bool is_among(const struct items *list, const struct item *item)
{
	uint32_t low = 0, high = list->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_lines(&list->items[middle], item, false);

		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* What has no partner is new, or it cannot be known what it is. */
static void judge_rest(struct ledger *l, struct items *now,
		       const struct items *then, const bool *young)
{
	for (uint32_t i = 0; i < now->n; i++) {
		struct item *item = &now->items[i];
		bool is_queue = OWNER(item->line->look) == LEDGER_QUEUE;

		if ((l->all_young && !l->is_part && !is_queue) ||
		    young[item->index])
			begin_anew(l, item, !is_among(then, item));
		else
			l->changes[item->index].is_unknown = true;
	}
}

/* An element that was not in a map whose elements are known is a new one. */
static void judge_elements(struct ledger *l, const struct ledger_line *lines)
{
	bool is_map_known = false;

	for (uint32_t i = 0; i < l->n; i++) {
		struct ledger_change *c = &l->changes[i];

		if (OWNER(lines[i].look) == LEDGER_MAP)
			is_map_known = !c->is_unknown && !l->is_part;
		if (OWNER(lines[i].look) != LEDGER_ELEMENT || !is_map_known ||
		    !c->is_unknown)
			continue;
		*c = (struct ledger_change) {.counted = lines[i].counts,
					     .is_new = true};
	}
}

/*
 * A rule that came since the read before, but looks like one that was there,
 * is that one, loaded anew: it has counted from 0. If it has counted nothing
 * yet it makes no difference.
 */
static void judge_young(struct ledger *l, const struct ledger_line *lines,
			const bool *young)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (young[i] && !l->changes[i].is_new &&
		    lines[i].counts.packets)
			l->changes[i] = (struct ledger_change) {
				.counted = lines[i].counts, .is_anew = true};
}

static int by_gone(const void *a, const void *b)
{
	const struct ledger_gone *x = a, *y = b;

	return by_number(x->chain, y->chain);
}

static void note_gone(struct ledger *l, const struct ledger_line *line,
		      bool had_counted)
{
	/* a queue comes and goes with who listens */
	if (OWNER(line->look) != LEDGER_QUEUE)
		l->gone[l->n_gone++] =
			(struct ledger_gone) {line->chain, had_counted};
}

/* One entry for each chain: those that look the same once printed are one. */
static void add_up_gone(struct ledger *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n_gone; i++)
		if (n && l->gone[n - 1].chain == l->gone[i].chain)
			l->gone[n - 1].had_counted += l->gone[i].had_counted;
		else
			l->gone[n++] = l->gone[i];
	l->n_gone = n;
}

static void list_gone(struct ledger *l, const struct ledger_line *lines,
		      const struct items *then)
{
	l->gone =
		arena_alloc(l->arena, (then->n + l->n + 1) * sizeof(*l->gone));
	if (!l->gone)
		return;
	for (uint32_t i = 0; i < then->n; i++)
		note_gone(l, then->items[i].line,
			  then->items[i].line->counts.packets);
	for (uint32_t i = 0; i < l->n; i++)
		if (l->changes[i].is_anew || l->changes[i].is_unknown)
			note_gone(l, &lines[i],
				  l->changes[i].is_anew ||
					  lines[i].counts.packets);
	qsort(l->gone, l->n_gone, sizeof(*l->gone), by_gone);
	add_up_gone(l);
}

static bool *mark_young(const struct ledger *l)
{
	bool *young = arena_alloc(l->arena, l->n + 1);

	for (struct ledger_young *y = l->young; young && y; y = y->next)
		young[y->line] = true;
	return young;
}

/* Those of the same look that count are never told apart by their place. */
static void compare_ledgers(struct ledger *l, const struct ledger_line *lines)
{
	struct items now = list_lines(l, lines, l->n);
	struct items then = list_lines(l, l->then, l->n_then);
	const bool *young = mark_young(l);

	l->changes = arena_alloc(l->arena, (l->n + 1) * sizeof(*l->changes));
	if (!now.items || !then.items || !young || !l->changes)
		return;
	find_unmoved(l, &now, &then);
	qsort(now.items, now.n, sizeof(*now.items), by_chain);
	qsort(then.items, then.n, sizeof(*then.items), by_chain);
	find_partners(l, &now, &then, true);
	find_resets(l, &now, &then);
	qsort(now.items, now.n, sizeof(*now.items), by_look);
	qsort(then.items, then.n, sizeof(*then.items), by_look);
	find_partners(l, &now, &then, false);
	judge_rest(l, &now, &then, young);
	judge_elements(l, lines);
	judge_young(l, lines, young);
	list_gone(l, lines, &then);
}

/* The lines that have been remembered, behind each other. */
static const struct ledger_line *own_lines(const struct ledger *l)
{
	static const struct ledger_line none;
	size_t n;
	const char *memory = sample_memory(l->out, l->out->source, &n);

	return memory ? (const void *)(memory + n -
				       l->n * sizeof(struct ledger_line))
		      : &none;
}

void ledger_close(struct ledger *l, uint64_t passed)
{
	const struct ledger_end end = {l->section, l->n, passed};

	flush(l);
	if (l->out->error || l->arena->error)
		return;
	l->has_changed |= l->n != l->n_then;
	l->was_reset = l->is_known && passed < l->passed_then;
	if (l->is_known && l->has_changed)
		compare_ledgers(l, own_lines(l));
	sample_remember(l->out, &end, sizeof(end));
}

bool ledger_has_gone(const struct ledger *l, uint64_t chain, uint32_t *ret_n)
{
	uint32_t low = 0, high = l->n_gone;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (l->gone[middle].chain < chain)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_n = 0;
	if (low == l->n_gone || l->gone[low].chain != chain)
		return false;
	*ret_n = l->gone[low].had_counted;
	return true;
}
