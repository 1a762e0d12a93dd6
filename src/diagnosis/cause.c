/* SPDX-License-Identifier: MIT */
#include "diagnosis/cause.h"

#include <string.h>

#include "base/text.h"
#include "base/token.h"
#include "model/probe.h"
#include "model/tally.h"
#include "probes/sysctl.h"

/* Kinds that can be to blame, as a set; some stand for a whole, some name. */
#define WHOLE (1u << KIND_LOST | 1u << KIND_RESENT | 1u << KIND_FILL)
#define PARTS (1u << KIND_PART | 1u << KIND_DETAIL)

static bool is_culprit(const struct row *row, const struct loss *loss,
		       unsigned kinds)
{
	return kinds & 1u << row->counter->kind &&
	       (row->counter->direction == loss->direction ||
		(loss->layer == LAYER_NETFILTER &&
		 row->counter->direction == DIR_NONE)) &&
	       (row->counter->kind == KIND_FILL || row_moved(row));
}

/*
 * Of equals the later goes first: parts and leaves follow their totals. Only
 * classes follow their leaves, which say more.
 */
static bool is_worse(const struct row *row, const struct row *worst)
{
	if (row->delta != worst->delta)
		return row->delta > worst->delta;
	return row->counter->tag != TAG_CLASS_DROPS ||
	       worst->counter->kind == KIND_LOST;
}

/* The suspects of one loss, the worst first. */
struct suspects {
	enum cause_part part;
	struct suspect items[MAX_CAUSES];
	size_t n;
};

static void insert_suspect(struct suspects *list, struct suspect suspect)
{
	size_t at = list->n;

	while (at && is_worse(suspect.row, list->items[at - 1].row))
		at--;
	if (at == MAX_CAUSES)
		return;
	if (list->n < MAX_CAUSES)
		list->n++;
	for (size_t i = list->n - 1; i > at; i--)
		list->items[i] = list->items[i - 1];
	list->items[at] = suspect;
}

/* Whether an object is of the part that is asked for. */
static bool is_of_part(const struct suspects *list, const struct sample *s,
		       const struct object *o)
{
	return list->part == CAUSE_ALL ||
	       (list->part == CAUSE_POLICY) ==
		       (object_tagged(s, o, TAG_RULE_IS_POLICY) != NULL);
}

static void search(struct suspects *list, const struct sample *s,
		   const struct loss *loss, unsigned kinds)
{
	EACH_OBJECT (s, o) {
		if (o->layer != loss->layer ||
		    strcmp(object_place(s, o), loss->place) ||
		    !is_of_part(list, s, o))
			continue;
		EACH_ROW (s, o, row)
			if (is_culprit(row, loss, kinds))
				insert_suspect(list, (struct suspect) {s, loss,
								       o, row});
	}
}

/* A rule is known, or what else is lost beside policy has no counter. */
static bool is_chain_explained(const struct suspects *list,
			       const struct loss *loss)
{
	return list->n || (list->part == CAUSE_OTHERS && loss->uncounted);
}

/*
 * A chain is the sum of its rules: rules are blamed where one is known. Qdiscs
 * repeat each other: the one that lost most is blamed alone.
 */
static void find_suspects(struct suspects *list, const struct sample *s,
			  const struct loss *loss)
{
	list->n = 0;
	if (loss->layer == LAYER_NETFILTER) {
		search(list, s, loss, PARTS);
		if (is_chain_explained(list, loss))
			return;
	}
	search(list, s, loss,
	       loss->layer == LAYER_QDISC ? WHOLE | PARTS : WHOLE);
	if (!list->n) /* a driver that fills parts only */
		search(list, s, loss, PARTS);
	if (loss->layer == LAYER_QDISC && list->n > 1)
		list->n = 1;
}

/* The largest part of the suspect that explains at least half of what it lost.
 */
static void prefer_part(struct suspect *suspect, uint64_t lost)
{
	const struct row *whole = suspect->row;

	EACH_ROW (suspect->sample, suspect->object, row)
		if (row->counter->kind == KIND_PART &&
		    is_culprit(row, suspect->loss, PARTS) &&
		    !strcmp(row->counter->in, whole->counter->name) &&
		    row->delta >= lost / 2 &&
		    (suspect->row == whole || row->delta > suspect->row->delta))
			suspect->row = row;
}

/* Copies a remedy, with the interface for the word DEV. */
static void copy_remedy(char *buffer, size_t size, const char *remedy,
			const char *place)
{
	const char *dev = place[0] ? strstr(remedy, "DEV") : NULL;

	if (dev)
		snprintf(buffer, size, "%.*s%s%s", (int)(dev - remedy), remedy,
			 place, dev + 3);
	else
		snprintf(buffer, size, "%s", remedy);
}

static void explain_counter(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;
	const char *label = object_label(suspect->sample, suspect->object);
	bool named = suspect->loss->layer == LAYER_QDISC && label[0];

	CAUSE_TEXT(ret, "%s%s%s", named ? label : c->name,
		   c->name[0] || named ? ": " : "",
		   c->cause ? c->cause : c->means);
	if (c->remedy)
		copy_remedy(ret->remedy, sizeof(ret->remedy), c->remedy,
			    suspect->loss->place);
	ret->known = c->cause != NULL;
}

/* Whether one of a layer's explanations fits. */
static bool explain_by(const struct explainer *explainers,
		       const struct suspect *suspect, struct cause *ret)
{
	for (; explainers && explainers->explain; explainers++)
		if (explainers->layer == suspect->loss->layer &&
		    explainers->explain(suspect, ret))
			return true;
	return false;
}

static void explain(const struct suspect *suspect, struct cause *ret)
{
	for (size_t i = 0; i < n_probes; i++)
		if (explain_by(probes[i]->explainers, suspect, ret))
			return;
	explain_counter(suspect, ret);
}

/* Adds a cause of so many packets, the worst first; full lists lose theirs. */
static void insert_cause(struct causes *list, const struct cause *cause)
{
	size_t at = list->n;

	while (at && list->items[at - 1].lost < cause->lost)
		at--;
	if (at == MAX_CAUSES)
		return;
	if (list->n < MAX_CAUSES)
		list->n++;
	memmove(&list->items[at + 1], &list->items[at],
		(list->n - 1 - at) * sizeof(*cause));
	list->items[at] = *cause;
}

/* What no row of this namespace counts. */
static void explain_hidden(const struct sample *s, const struct loss *loss,
			   struct causes *list)
{
	for (size_t i = 0; i < n_probes; i++) {
		struct cause c = {.known = true};

		if (probes[i]->explain_hidden &&
		    probes[i]->explain_hidden(s, loss, &c))
			insert_cause(list, &c);
	}
}

/* Adds " (now 4096)" behind each setting of the kernel that is known. */
static void quote_settings(const struct sample *s, struct cause *c)
{
	char quoted[sizeof(c->remedy)] = "";
	const char *rest = c->remedy, *from = c->remedy;
	struct token name;
	size_t n = 0;

	while ((name = sysctl_next(&rest)).n) {
		const char *value = sysctl_value(s, name);
		int more = snprintf(quoted + n, sizeof(quoted) - n,
				    value ? "%.*s (now %s)" : "%.*s",
				    (int)(rest - from), from, value);

		if (more < 0 || n + more + strlen(rest) >= sizeof(quoted))
			return; /* better the whole remedy without */
		n += more;
		from = rest;
	}
	snprintf(quoted + n, sizeof(quoted) - n, "%s", from);
	memcpy(c->remedy, quoted, sizeof(c->remedy));
}

static void explain_suspect(struct suspect *suspect, struct causes *list)
{
	struct cause c = {.known = true};

	if (suspect->row->counter->kind == KIND_FILL)
		c.lost = suspect->row->value;
	else
		c.lost = tally_of_whole(suspect->sample, suspect->object,
					suspect->row);
	if (!c.lost) /* all of it is excused */
		return;
	prefer_part(suspect, c.lost);
	c.counter = suspect->row->counter;
	c.object = suspect->object;
	explain(suspect, &c);
	quote_settings(suspect->sample, &c);
	insert_cause(list, &c);
}

void cause_list(const struct sample *s, const struct loss *loss,
		enum cause_part part, struct causes *ret)
{
	struct suspects suspects = {.part = part};

	ret->n = 0;
	ret->items[0] = (struct cause) {.counter = NULL};
	find_suspects(&suspects, s, loss);
	if (part != CAUSE_POLICY)
		explain_hidden(s, loss, ret);
	for (size_t i = 0; i < suspects.n; i++)
		explain_suspect(&suspects.items[i], ret);
	for (size_t i = 0; i < ret->n && !text_is_plain(loss->place); i++)
		ret->items[i].remedy[0] = '\0';
}
