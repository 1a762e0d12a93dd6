/* SPDX-License-Identifier: MIT */
#include "diagnosis/cause.h"

#include <string.h>

#include "base/text.h"
#include "base/token.h"
#include "model/probe.h"
#include "model/tally.h"
#include "probes/catalogue.h"
#include "probes/sysctl.h"

/* Kinds that can be to blame, as a set; some stand for a whole, some name. */
#define WHOLE (1u << KIND_LOST | 1u << KIND_RESENT | 1u << KIND_FILL)
#define PARTS (1u << KIND_PART | 1u << KIND_DETAIL)

/* Whether what a row counts may be of the direction of a loss. */
static bool is_of_direction(const struct object *o, const struct row *row,
			    const struct loss *loss)
{
	enum direction direction = row_direction(o, row);

	if (object_is_shared(o))
		return loss->shared && o->reached & 1u << loss->direction;
	return direction == loss->direction ||
	       (loss->layer == LAYER_NETFILTER && direction == DIR_NONE);
}

static bool is_culprit(const struct object *o, const struct row *row,
		       const struct loss *loss, unsigned kinds)
{
	return kinds & 1u << row->counter->kind &&
	       is_of_direction(o, row, loss) &&
	       (row->counter->kind == KIND_FILL || row_moved(row));
}

/* The suspects of one loss, the worst first. */
struct suspects {
	enum cause_part part;
	struct suspect items[MAX_CAUSES];
	size_t n;
};

static void insert_suspect(struct suspects *list, const struct suspect *suspect)
{
	size_t at = list->n;

	/* of equals the later goes first: parts follow their totals */
	while (at && suspect->lost >= list->items[at - 1].lost)
		at--;
	if (at == MAX_CAUSES)
		return;
	if (list->n < MAX_CAUSES)
		list->n++;
	for (size_t i = list->n - 1; i > at; i--)
		list->items[i] = list->items[i - 1];
	list->items[at] = *suspect;
}

/* Whether an object is of the part that is asked for. */
static bool is_of_part(const struct suspects *list, const struct sample *s,
		       const struct object *o)
{
	return list->part == CAUSE_ALL ||
	       (list->part == CAUSE_POLICY) ==
		       (object_tagged(s, o, TAG_RULE_IS_POLICY) != NULL);
}

/* What an object has of the parts of a suspect. */
static uint64_t parts_in(const struct suspect *whole, const struct object *o)
{
	const char *name = whole->row->counter->name;
	uint64_t sum = 0;

	EACH_ROW (whole->sample, o, row)
		if (is_culprit(o, row, whole->loss, PARTS) &&
		    (o != whole->object || !strcmp(row->counter->in, name)))
			sum += row->delta;
	return sum;
}

/* Less is no more than the counters being read one after the other. */
#define MIN_REST_PERCENT 1

/* What a counter lost that is in none of its parts. */
static uint64_t rest_of(const struct suspect *whole)
{
	uint64_t rest, parts = 0;

	if (whole->object->layer != LAYER_NETFILTER)
		parts = parts_in(whole, whole->object);
	else /* a chain's rules are objects beside it */
		EACH_OBJECT_BESIDE (whole->sample, whole->object, o)
			parts += parts_in(whole, o);
	rest = whole->lost > parts ? whole->lost - parts : 0;
	return rest * 100 >= whole->lost * MIN_REST_PERCENT ? rest : 0;
}

static void search_object(struct suspects *list, const struct sample *s,
			  const struct loss *loss, const struct object *o)
{
	EACH_ROW (s, o, row) {
		struct suspect suspect = {
			.sample = s,
			.loss = loss,
			.object = o,
			.row = row,
			.lost = row->delta,
		};
		unsigned kind = 1u << row->counter->kind;

		if (!is_culprit(o, row, loss, WHOLE | PARTS))
			continue;
		if (kind & 1u << KIND_FILL) {
			suspect.lost = row->value;
		} else if (kind & WHOLE) { /* less what is excused */
			suspect.lost = tally_of_whole(s, o, row);
			suspect.lost = rest_of(&suspect);
		}
		if (object_is_shared(o) && suspect.lost > loss->shared)
			suspect.lost = loss->shared;
		if (suspect.lost)
			insert_suspect(list, &suspect);
	}
}

/* As many suspects of all parts as a layer may find. */
#define MAX_SUSPECTS 64

/* A suspect that a layer found, its parts apart from what none of them has. */
static void insert_with_parts(struct suspects *list,
			      const struct suspect *suspect)
{
	struct suspect rest = *suspect;

	EACH_ROW (suspect->sample, suspect->object, row) {
		struct suspect part = *suspect;

		/* the drops of a leaf are a part themselves, of the root's */
		if (row == suspect->row || row->counter->kind != KIND_PART ||
		    !is_culprit(suspect->object, row, suspect->loss, PARTS) ||
		    strcmp(row->counter->in, suspect->row->counter->name))
			continue;
		part.row = row;
		part.lost = row->delta < rest.lost ? row->delta : rest.lost;
		rest.lost -= part.lost;
		if (part.lost)
			insert_suspect(list, &part);
	}
	if (rest.lost * 100 >= suspect->lost * MIN_REST_PERCENT && rest.lost)
		insert_suspect(list, &rest);
}

static void find_by(const struct probe *probe, struct suspects *list,
		    const struct sample *s, const struct loss *loss)
{
	struct suspect all[MAX_SUSPECTS];
	size_t n = probe->find_suspects(s, loss, all, MAX_SUSPECTS);

	for (size_t i = 0; i < n; i++)
		if (list->part == CAUSE_ALL ||
		    (list->part == CAUSE_POLICY) == all[i].is_policy)
			insert_with_parts(list, &all[i]);
}

/* Whether a layer finds its suspects itself. */
static bool find_by_layer(struct suspects *list, const struct sample *s,
			  const struct loss *loss)
{
	for (size_t i = 0; i < n_probes; i++) {
		if (probes[i]->layer != loss->layer ||
		    !probes[i]->find_suspects)
			continue;
		find_by(probes[i], list, s, loss);
		return true;
	}
	return false;
}

/*
 * Each part of a total that lost is a suspect, and what of the total is in
 * none of its parts: so is a rule, and what of its chain no rule counts.
 */
static void find_suspects(struct suspects *list, const struct sample *s,
			  const struct loss *loss)
{
	list->n = 0;
	if (find_by_layer(list, s, loss))
		return;
	if (*loss->place) {
		EACH_OBJECT_AT (s, loss->layer, loss->place, o)
			if (is_of_part(list, s, o))
				search_object(list, s, loss, o);
		return;
	}
	EACH_OBJECT (s, o)
		if (o->layer == loss->layer && !*object_place(s, o) &&
		    is_of_part(list, s, o))
			search_object(list, s, loss, o);
}

/* Takes up to n packets from the suspects of some kinds, the worst first. */
static uint64_t take_from(struct suspects *list, unsigned kinds, uint64_t n)
{
	for (size_t i = 0; i < list->n && n; i++) {
		struct suspect *suspect = &list->items[i];
		uint64_t taken = suspect->lost < n ? suspect->lost : n;

		if (!(kinds & 1u << suspect->row->counter->kind))
			continue;
		suspect->lost -= taken;
		n -= taken;
	}
	return n;
}

/*
 * No more is explained than was lost: of some packets it is known that they
 * were lost elsewhere (loss_take()). What a part counts is known best.
 */
static void limit_suspects(struct suspects *list, uint64_t lost)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < list->n; i++)
		sum += list->items[i].lost;
	if (sum > lost)
		(void)take_from(list, PARTS,
				take_from(list, WHOLE, sum - lost));
}

/* Copies a remedy, with the interface for each word DEV. */
static void copy_remedy(char *buffer, size_t size, const char *remedy,
			const char *place)
{
	const char *dev;
	size_t n = 0;

	while (place[0] && (dev = strstr(remedy, "DEV"))) {
		n += snprintf(buffer + n, size - n, "%.*s%s",
			      (int)(dev - remedy), remedy, place);
		if (n >= size)
			return;
		remedy = dev + 3;
	}
	snprintf(buffer + n, size - n, "%s", remedy);
}

/* The words of a counter itself, for a reason that has no better ones. */
static void tell_of_counter(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;

	if (ret->text[0])
		return;
	CAUSE_TEXT(ret, "%s", c->cause);
	copy_remedy(ret->remedy, sizeof(ret->remedy), c->remedy,
		    suspect->loss->place);
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
	for (size_t i = 0; i < n_probes; i++) /* facts go before guesses */
		if (probes[i]->confirm &&
		    explain_by(probes[i]->explainers, suspect, ret)) {
			tell_of_counter(suspect, ret);
			return;
		}
	for (size_t i = 0; i < n_probes; i++)
		if (explain_by(probes[i]->explainers, suspect, ret))
			return;
	explain_counter(suspect, ret);
}

static bool is_same_cause(const struct cause *a, const struct cause *b)
{
	return a->reason == b->reason && !strcmp(a->text, b->text) &&
	       !strcmp(a->remedy, b->remedy);
}

/*
 * Adds a cause, the worst first; full lists lose theirs. One that is there
 * already, as that of another counter, has lost these, too.
 */
static void insert_cause(struct causes *list, const struct cause *cause)
{
	struct cause added = *cause;
	size_t at = 0;

	while (at < list->n && !is_same_cause(&list->items[at], cause))
		at++;
	if (at < list->n) {
		const struct cause *there = &list->items[at];

		if (there->lost >= cause->lost)
			added = *there;
		if (there->object != cause->object)
			added.object = NULL;
		added.lost = there->lost + cause->lost;
	} else if (list->n < MAX_CAUSES) {
		list->n++;
	} else if (list->items[--at].lost >= cause->lost) {
		return;
	}
	for (; at && list->items[at - 1].lost < added.lost; at--)
		list->items[at] = list->items[at - 1];
	list->items[at] = added;
}

/* What no row of this namespace counts. */
static void explain_hidden(const struct sample *s, const struct loss *loss,
			   enum cause_part part, struct causes *list)
{
	for (size_t i = 0; i < n_probes; i++) {
		struct cause c = {.known = true};

		if (probes[i]->explain_hidden &&
		    probes[i]->explain_hidden(s, loss, &c) &&
		    (part == CAUSE_ALL || c.is_rule == (part == CAUSE_POLICY)))
			insert_cause(list, &c);
	}
}

/* Behind what text ends with, and the rest of the command that it is in. */
static const char *behind_command(const char *text, const char *end)
{
	const char *close = strchr(end, '`');
	bool inside = false;

	for (; text < end; text++)
		inside ^= *text == '`';
	return inside && close ? close + 1 : end;
}

/* Adds " (now 4096)" behind each setting of the kernel that is known. */
static void quote_settings(const struct sample *s, struct cause *c)
{
	char quoted[sizeof(c->remedy)] = "";
	const char *rest = c->remedy, *from = c->remedy;
	struct token name;
	size_t n = 0;

	while ((name = sysctl_next(&rest)).n) {
		const char *value = sysctl_value(s, name), *to;
		int more;

		if (!value)
			continue;
		to = behind_command(c->remedy, rest);
		more = snprintf(quoted + n, sizeof(quoted) - n, "%.*s (now %s)",
				(int)(to - from), from, value);
		if (more < 0 || n + more + strlen(to) >= sizeof(quoted))
			return; /* better the whole remedy without */
		n += more;
		from = to;
	}
	snprintf(quoted + n, sizeof(quoted) - n, "%s", from);
	memcpy(c->remedy, quoted, sizeof(c->remedy));
}

static void explain_suspect(const struct suspect *suspect, struct causes *list)
{
	struct cause c = {
		.known = true,
		.counter = suspect->row->counter,
		.object = suspect->object,
		.lost = suspect->lost,
	};

	explain(suspect, &c);
	quote_settings(suspect->sample, &c);
	if (c.lost) /* else not of this loss after all */
		insert_cause(list, &c);
}

/* What is left of that part of a loss when some of it is explained. */
static uint64_t left_of(const struct loss *loss, enum cause_part part,
			const struct causes *explained)
{
	uint64_t lost = loss->lost;

	if (part == CAUSE_POLICY)
		lost = loss->policy;
	else if (part == CAUSE_OTHERS)
		lost -= loss->policy;

	for (size_t i = 0; i < explained->n; i++)
		lost -= explained->items[i].lost < lost
				? explained->items[i].lost
				: lost;
	return lost;
}

void cause_list(const struct sample *s, const struct loss *loss,
		enum cause_part part, struct causes *ret)
{
	struct suspects suspects = {.part = part};

	ret->n = 0;
	ret->items[0] = (struct cause) {.counter = NULL};
	find_suspects(&suspects, s, loss);
	explain_hidden(s, loss, part, ret);
	limit_suspects(&suspects, left_of(loss, part, ret));
	for (size_t i = 0; i < suspects.n; i++)
		if (suspects.items[i].lost)
			explain_suspect(&suspects.items[i], ret);
	for (size_t i = 0; i < ret->n && !text_is_plain(loss->place); i++)
		ret->items[i].remedy[0] = '\0';
}

void cause_name(const struct cause *c, char name[COUNTER_OPTION])
{
	name[0] = '\0';
	if (c->reason)
		snprintf(name, COUNTER_OPTION, "%s", c->reason->id);
	else if (c->counter && c->counter->cause)
		catalogue_cause(c->counter, name);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

/*
 * What counts, and why: of any of the things that are blamed. Labels of rules
 * and filters say which it is, others may be a process, known later.
 */
static uint32_t hash_cause(const struct sample *s, const struct cause *c)
{
	uint64_t hash = hash_text(HASH_START, cause_counter(c));

	/* a rule is the same when it is no longer new */
	if (c->reason && !(c->object && c->object->family))
		hash = hash_text(hash, c->reason->id);
	if (c->object) {
		hash = hash_text(hash, object_place(s, c->object));
		hash = hash_text(hash, object_name(s, c->object));
		if (c->object->family || c->object->layer == LAYER_QDISC)
			hash = hash_text(hash, object_label(s, c->object));
	}
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

/* A half tells the cause, the other one the first that is blamed, or is 0. */
#define BLAMED UINT32_C(0xffff)

static uint32_t fold(uint32_t hash)
{
	return (hash ^ hash >> 16) & BLAMED;
}

uint32_t cause_id(const struct sample *s, const struct cause *c)
{
	uint32_t id = (fold(hash_cause(s, c)) | 1) << 16;

	return c->n_blamed ? id | fold(c->blamed[0]) | 1 : id;
}

bool cause_is(const struct sample *s, const struct cause *c, uint32_t id)
{
	uint32_t blamed = id & BLAMED;

	if ((id ^ cause_id(s, c)) & ~BLAMED)
		return false;
	if (!blamed || !c->n_blamed) /* it may have been that one */
		return true;
	for (unsigned i = 0; i < c->n_blamed; i++)
		if (blamed == (fold(c->blamed[i]) | 1))
			return true;
	return false;
}
