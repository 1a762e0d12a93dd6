/* SPDX-License-Identifier: MIT */
/* The tables of counters: that each row is whole, true and fits the others. */
#include "model/selection.h"
#include "probes/catalogue.h"
#include "probes/conntrack.h"
#include "probes/snmp/snmp.h"
#include "probes/snmp/snmp_private.h"
#include "testlib.h"
#include "unrecorded.h"

typedef void (*row_check)(const struct probe *p, const struct counter *c);

static void each_row(row_check check)
{
	for (size_t i = 0; i < n_probes; i++)
		for (size_t j = 0; j < probes[i]->counters->n; j++)
			check(probes[i], &probes[i]->counters->rows[j]);
}

#define REQUIRE(condition, p, c)                                               \
	ck_assert_msg(condition, "%s: %s %s: %s", (p)->name,                   \
		      (c)->section ? (c)->section : "-", (c)->name,            \
		      #condition)

static bool is_ascii(const char *text)
{
	for (; text && *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

CASE(catalogue);

TEST(catalogue, probes_are_told_apart_and_described)
{
	ck_assert_uint_ge(n_probes, 5);
	ck_assert_uint_le(n_probes, MAX_PROBES);
	for (size_t i = 0; i < n_probes; i++) {
		ck_assert(probes[i]->name[0] && probes[i]->what[0] &&
			  probes[i]->reads[0]);
		ck_assert_uint_lt(probes[i]->layer, N_LAYERS);
		ck_assert(is_ascii(probes[i]->reads));
		/* a log line of 256 bytes holds it */
		ck_assert_uint_le(strlen(probes[i]->reads), 120);
		ck_assert_uint_le(strlen(probes[i]->what), 40);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(probes[i]->name, probes[j]->name);
	}
}

/* Its place in the list, from 0; n_probes where it is not there. */
static size_t place_of(const struct probe *p)
{
	size_t i = 0;

	while (i < n_probes && probes[i] != p)
		i++;
	return i;
}

TEST(catalogue, probes_stand_behind_those_they_look_at)
{
	unsigned n = 0;

	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *const *after = probes[i]->after;

		for (; after && *after; after++, n++)
			ck_assert_msg(place_of(*after) < i,
				      "%s stands before %s", probes[i]->name,
				      (*after)->name);
		ck_assert_msg(!probes[i]->is_last || i + 1 == n_probes,
			      "%s is not the last", probes[i]->name);
	}
	ck_assert_uint_ge(n, 2);
}

static unsigned carried[N_TAGS];

static void count_tag(const struct probe *p, const struct counter *c)
{
	REQUIRE(c->tag < N_TAGS, p, c);
	carried[c->tag]++;
}

TEST(catalogue, every_tag_is_carried)
{
	each_row(count_tag);
	for (int i = TAG_NONE + 1; i < N_TAGS; i++)
		ck_assert_msg(carried[i] > 0, "no row carries tag %d", i);
}

/* The kernel's spelling is fit for the name of a series as it is. */
static void check_name(const struct probe *p, const struct counter *c)
{
	size_t n = strlen(c->name);

	REQUIRE(strspn(c->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789_") == n,
		p, c);
	REQUIRE(n + strlen(layer_name(c->layer)) + 1 <= 63, p, c);
}

TEST(catalogue, names_are_well_formed)
{
	each_row(check_name);
}

static bool is_one_of(const char *type, const char *const *types)
{
	for (; *types; types++)
		if (!strcmp(type, *types))
			return true;
	return false;
}

static void check_type(const struct probe *p, const struct counter *c)
{
	static const char *const counts[] = {"if_rx_dropped",
					     "if_tx_dropped",
					     "if_rx_errors",
					     "if_tx_errors",
					     "if_rx_packets",
					     "if_tx_packets",
					     "packets",
					     "ipt_packets",
					     "ipt_bytes",
					     "derive",
					     NULL};
	static const char *const levels[] = {"queue_length", "conntrack",
					     "gauge", NULL};
	bool hidden = c->kind == KIND_FACT || c->kind == KIND_DETAIL;
	bool level = c->kind == KIND_LEVEL || c->kind == KIND_FILL;

	REQUIRE(hidden == (c->type == NULL), p, c);
	if (!c->type)
		return;
	REQUIRE(is_one_of(c->type, level ? levels : counts), p, c);
	REQUIRE(strncmp(c->type, "if_rx_", 6) || c->direction == DIR_RX, p, c);
	REQUIRE(strncmp(c->type, "if_tx_", 6) || c->direction == DIR_TX, p, c);
	REQUIRE(strcmp(c->type, "ipt_bytes") || c->kind == KIND_BYTES, p, c);
	/* bytes, or events that are no packets, or milliseconds */
	REQUIRE(strcmp(c->type, "derive") || c->kind == KIND_BYTES ||
			c->kind == KIND_SYMPTOM || c->optional,
		p, c);
}

TEST(catalogue, rows_have_a_type_unless_they_are_never_sent)
{
	each_row(check_type);
}

static void check_numbers(const struct probe *p, const struct counter *c)
{
	bool level = c->kind == KIND_LEVEL || c->kind == KIND_FILL;

	REQUIRE(c->layer < N_LAYERS && c->direction < N_DIRECTIONS, p, c);
	REQUIRE(c->bits == 32 || c->bits == 64 || level, p, c);
	REQUIRE(c->kind == KIND_PASSED || c->kind == KIND_LEVEL ||
			c->of[0].relation == RELATION_NONE,
		p, c);
	REQUIRE(c->in || c->kind != KIND_PART, p, c);
	REQUIRE(!c->in || c->kind == KIND_PART || c->kind == KIND_DETAIL ||
			c->kind == KIND_BENIGN || c->kind == KIND_UNCLAIMED ||
			c->kind == KIND_SYMPTOM,
		p, c);
}

TEST(catalogue, widths_and_relations_suit_the_kind)
{
	each_row(check_numbers);
}

static void check_words(const struct probe *p, const struct counter *c)
{
	REQUIRE(c->kind == KIND_FACT || (c->means && c->means[0]), p, c);
	REQUIRE(is_ascii(c->means) && is_ascii(c->cause) && is_ascii(c->remedy),
		p, c);
	/* "name: cause" and the remedy fit struct cause, with an interface */
	REQUIRE(!c->cause || strlen(c->name) + strlen(c->cause) + 3 <= 192, p,
		c);
	REQUIRE(!c->remedy || strlen(c->remedy) + 32 <= 256, p, c);
	/* COUNTERS.md does not show it of optional ones */
	REQUIRE(c->kind == KIND_FACT || c->optional ||
			(c->source && c->source[0]),
		p, c);
}

TEST(catalogue, rows_are_described)
{
	each_row(check_words);
}

/*
 * What can raise an alarm says why and what to do. Not so rx_dropped and
 * ListenDrops: the kernel mixes too much in them for any guess to be right, so
 * their alarms are warnings unless a rule, or a part, knows better.
 */
static void check_alarm(const struct probe *p, const struct counter *c)
{
	bool alerts = c->kind == KIND_LOST || c->kind == KIND_FILL;

	if (!alerts)
		return;
	if (!strcmp(c->name, "rx_dropped") || !strcmp(c->name, "ListenDrops"))
		REQUIRE(!c->cause, p, c);
	else
		REQUIRE(c->cause && c->cause[0] && c->remedy && c->remedy[0], p,
			c);
}

TEST(catalogue, losses_have_a_cause_and_a_remedy)
{
	each_row(check_alarm);
}

/* A cause is shown for what can be to blame for a loss, and for nothing else.
 */
static void check_blamed(const struct probe *p, const struct counter *c)
{
	struct loss loss = {
		.layer = c->layer, .direction = c->direction, .lost = 10};
	struct sample s = {0};
	struct causes list;

	if (!c->cause || c->kind == KIND_UNCLAIMED) /* a finding of its own */
		return;
	sample_object(&s, c->layer, "", "", 0);
	sample_row(&s, c, 10);
	s.rows[0].delta = 10;
	s.rows[0].flags = ROW_COMPARED;
	cause_list(&s, &loss, CAUSE_ALL, &list);
	REQUIRE(list.n == 1 && list.items[0].counter == c, p, c);
	sample_free(&s);
}

TEST(catalogue, cause_is_of_what_can_be_to_blame)
{
	each_row(check_blamed);
}

/* So is what a symptom says: of a finding that is none, nobody asks. */
static void check_symptom(const struct probe *p, const struct counter *c)
{
	REQUIRE(!c->symptom == !c->rank, p, c);
	REQUIRE(!c->symptom || c->kind == KIND_SYMPTOM ||
			c->kind == KIND_RESENT,
		p, c);
	REQUIRE(is_ascii(c->symptom), p, c);
}

TEST(catalogue, symptoms_say_where_the_loss_is)
{
	each_row(check_symptom);
}

/*
 * The objects of these layers have names, which stand in front of a counter's:
 * rows of the same name are told apart by where their objects are, or by the
 * kind of object (.section of what only one kind of qdisc counts).
 */
static bool has_names(const struct counter *c)
{
	return c->layer == LAYER_QDISC || c->layer == LAYER_NETFILTER;
}

static const struct counter *unique_row;

static void compare_series(const struct probe *p, const struct counter *c)
{
	const struct counter *d = unique_row;

	REQUIRE(c == d || !c->type || c->layer != d->layer ||
			strcmp(c->type, d->type) || strcmp(c->name, d->name) ||
			(has_names(c) && (c->direction != d->direction ||
					  c->section != d->section)),
		p, c);
}

/* A series comes from one row, whichever probes read the namespace. */
static void check_unique(const struct probe *p, const struct counter *c)
{
	(void)p;
	if (!c->name[0] || !c->type)
		return;
	unique_row = c;
	each_row(compare_series);
}

TEST(catalogue, series_come_from_one_row)
{
	each_row(check_unique);
}

/* What is asked for by name must not change what others are told. */
static void check_optional(const struct probe *p, const struct counter *c)
{
	static const bool fine[] = {
		[KIND_ECHO] = true,    [KIND_BENIGN] = true,
		[KIND_SYMPTOM] = true, [KIND_OVERLOAD] = true,
		[KIND_PASSED] = true,  [KIND_BYTES] = true,
		[KIND_LEVEL] = true,   [KIND_DETAIL] = false,
	};
	struct probe_env none = {0};

	if (!c->optional)
		return;
	REQUIRE(c->kind < ARRAY_SIZE(fine) && fine[c->kind], p, c);
	REQUIRE(c->of[0].relation == RELATION_NONE && !c->in, p, c);
	REQUIRE(!c->in_gap && !c->out_gap && !c->refused, p, c);
	REQUIRE(!c->inside && !c->main, p, c);
	REQUIRE(!counter_wanted(&none, c), p, c);
}

TEST(catalogue, optional_rows_belong_to_no_total)
{
	each_row(check_optional);
}

/*
 * A part is found by the name of its whole among the rows of its object. The
 * parts of a chain are objects of their own: "drop" ends the chain's name.
 */
static void check_part(const struct probe *p, const struct counter *c)
{
	unsigned wholes = 0;

	if (!c->in || c->kind == KIND_DETAIL)
		return;
	if (c->layer == LAYER_NETFILTER) {
		REQUIRE(!strcmp(c->in, "drop"), p, c);
		return;
	}
	for (size_t i = 0; i < p->counters->n; i++) {
		const struct counter *d = &p->counters->rows[i];

		wholes += d->kind == KIND_LOST && d->layer == c->layer &&
			  d->direction == c->direction &&
			  !strcmp(d->name, c->in);
	}
	REQUIRE(wholes == 1, p, c);
}

TEST(catalogue, parts_belong_to_one_loss)
{
	each_row(check_part);
}

static bool has_denominator(uint8_t layer, uint8_t direction)
{
	for (size_t i = 0; i < n_probes; i++)
		for (size_t j = 0; j < probes[i]->counters->n; j++) {
			const struct counter *c = &probes[i]->counters->rows[j];

			for (int k = 0; k < MAX_DENOMINATORS &&
					c->of[k].relation != RELATION_NONE;
			     k++)
				if (c->of[k].layer == layer &&
				    c->of[k].direction == direction)
					return true;
		}
	return false;
}

/*
 * Not so what a queue to user space drops: which hook it came from is not
 * known, hence not of how many. It is a rate, and never alerts.
 */
static bool is_only_a_rate(const struct counter *c)
{
	return c->layer == LAYER_NETFILTER && c->direction == DIR_NONE;
}

static void check_measured(const struct probe *p, const struct counter *c)
{
	if (is_only_a_rate(c))
		REQUIRE(!has_denominator(c->layer, c->direction), p, c);
	else if (c->kind == KIND_LOST || c->kind == KIND_RESENT ||
		 c->kind == KIND_FILL)
		REQUIRE(has_denominator(c->layer, c->direction), p, c);
}

TEST(catalogue, losses_are_measured_against_something)
{
	each_row(check_measured);
}

/* Relations stand without a gap, and each once: else one is never read. */
static void check_relations(const struct probe *p, const struct counter *c)
{
	for (int i = 1; i < MAX_DENOMINATORS; i++) {
		REQUIRE(c->of[i].relation == RELATION_NONE ||
				c->of[i - 1].relation != RELATION_NONE,
			p, c);
		for (int j = 0; j < i; j++)
			REQUIRE(c->of[i].relation == RELATION_NONE ||
					c->of[i].layer != c->of[j].layer ||
					c->of[i].direction !=
						c->of[j].direction,
				p, c);
	}
}

TEST(catalogue, relations_are_listed_once_and_without_gaps)
{
	each_row(check_relations);
}

static const struct denominator *wanted_loss;
static bool loss_found;

static void find_loss(const struct probe *p, const struct counter *c)
{
	(void)p;
	loss_found |= c->layer == wanted_loss->layer &&
		      c->direction == wanted_loss->direction &&
		      (c->kind == KIND_LOST || c->kind == KIND_RESENT ||
		       c->kind == KIND_FILL);
}

static void check_used(const struct probe *p, const struct counter *c)
{
	for (int i = 0; i < MAX_DENOMINATORS; i++) {
		if (c->of[i].relation == RELATION_NONE)
			return;
		wanted_loss = &c->of[i];
		/* that is what no counter tells of */
		loss_found = wanted_loss->layer == LAYER_UNEXPLAINED;
		each_row(find_loss);
		REQUIRE(loss_found, p, c);
	}
}

TEST(catalogue, traffic_is_the_measure_of_some_loss)
{
	each_row(check_used);
}

static void find_in(const char *kernel, struct snmp_columns *layout,
		    struct snmp_values *v)
{
	static const struct {
		const char *name;
		int (*parse)(const char *text, size_t n,
			     struct snmp_columns *layout,
			     struct snmp_values *values);
	} files[] = {{"snmp", snmp_parse_pairs},
		     {"netstat", snmp_parse_pairs},
		     {"snmp6", snmp_parse_list}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t n;
		char *text = fixture_read(kernel, files[i].name, &n);

		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(files[i].parse(text, n, layout, v), 0);
		free(text);
	}
}

/* Finds every row of /proc/net in at least one of the kernels. */
TEST(catalogue, counters_of_the_kernel_are_spelled_as_it_spells_them)
{
	struct selection all = {0};
	struct probe_env env = {.counters = &all};
	struct snmp_values v[2] = {0};
	struct snmp_columns *layout;

	ck_assert_int_eq(selection_add(&all, "/./"), 0);
	layout = snmp_columns_new(&env);
	ck_assert_ptr_nonnull(layout);
	find_in("6.1", layout, &v[0]);
	find_in("6.18", layout, &v[1]);
	for (size_t i = 0; i < snmp_probe.counters->n; i++) {
		const struct counter *c = &snmp_probe.counters->rows[i];
		uint16_t slot;

		if (!c->section) /* computed */
			continue;
		slot = snmp_columns_slot(i);
		ck_assert_msg((v[0].found[slot] || v[1].found[slot]) !=
				      is_unrecorded(c),
			      "%s %s: if no recorded kernel prints it, name "
			      "it in unrecorded.h",
			      c->section, c->name);
	}
	snmp_columns_free(layout);
	selection_free(&all);
}

/* The rows that facts hidden in other tables belong to. */
TEST(catalogue, balance_of_ip_has_both_families)
{
	int in[2] = {0}, out[2] = {0};

	for (size_t i = 0; i < snmp_probe.counters->n; i++) {
		const struct counter *c = &snmp_probe.counters->rows[i];

		ck_assert(!c->section ||
			  c->v6 == (strchr(c->section, '6') != NULL));
		in[c->v6] += c->in_gap != 0;
		out[c->v6] += c->out_gap != 0;
		ck_assert(c->in_gap >= -1 && c->in_gap <= 1);
		ck_assert(c->out_gap >= -1 && c->out_gap <= 1);
		/* the object of that layer is what they are looked for in */
		ck_assert((!c->in_gap && !c->out_gap) || c->layer == LAYER_IP);
	}
	ck_assert_int_ge(in[0], 8);
	ck_assert_int_ge(in[1], 8);
	ck_assert_int_ge(out[0], 4);
	ck_assert_int_ge(out[1], 4);
}

/* ---- reasons ---- */

typedef void (*reason_check)(const struct probe *p, const struct reason *r);

static unsigned each_reason(reason_check check)
{
	unsigned n = 0;

	for (size_t i = 0; i < n_probes; i++) {
		const struct reason *r = probes[i]->reasons;

		for (; r && r->id; r++, n++)
			check(probes[i], r);
	}
	return n;
}

/* Commands are all that stands in backquotes, and these come in pairs. */
static unsigned count_quotes(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '`';
	return n;
}

/* A sentence may begin with the name of a series or a counter. */
static bool begins_well(const char *text)
{
	size_t word = strcspn(text, " "), plain = strcspn(text, "_-");

	return (text[0] >= 'A' && text[0] <= 'Z') || text[0] == '`' ||
	       text[0] == '"' || plain < word;
}

static void check_sentences(const struct reason *r, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	ck_assert_msg(n > 10, "%s: a text is missing", r->id);
	ck_assert_msg(is_ascii(text), "%s: %s", r->id, text);
	ck_assert_msg(text[n - 1] == '.', "%s: no full stop: %s", r->id, text);
	ck_assert_msg(begins_well(text), "%s: no sentence: %s", r->id, text);
	ck_assert_msg(count_quotes(text) % 2 == 0, "%s: %s", r->id, text);
	ck_assert_msg(!strstr(text, "``"), "%s: %s", r->id, text);
}

static void check_reason(const struct probe *p, const struct reason *r)
{
	size_t n = strlen(r->id);

	ck_assert_msg(n >= 4 && n < COUNTER_OPTION &&
			      strspn(r->id, "abcdefghijklmnopqrstuvwxyz"
					    "0123456789-") == n &&
			      r->id[0] != '-' && r->id[n - 1] != '-',
		      "%s: %s is no word for an anchor", p->name, r->id);
	check_sentences(r, r->means);
	check_sentences(r, r->confirm);
	check_sentences(r, r->fix);
	check_sentences(r, r->gone);
}

TEST(catalogue, reasons_are_whole)
{
	ck_assert_uint_ge(each_reason(check_reason), 3);
}

static const struct reason *wanted;
static unsigned seen;

static void count_reason(const struct probe *p, const struct reason *r)
{
	(void)p;
	seen += !strcmp(r->id, wanted->id);
}

static void check_unlike(const struct probe *p, const struct counter *c)
{
	char name[COUNTER_OPTION];

	catalogue_cause(c, name);
	REQUIRE(strcmp(name, wanted->id), p, c);
}

/* Probes may share a table of reasons: then it is seen as often. */
static void check_once(const struct probe *p, const struct reason *r)
{
	unsigned shared = 0;

	for (size_t i = 0; i < n_probes; i++)
		shared += probes[i]->reasons == p->reasons;
	wanted = r;
	seen = 0;
	each_reason(count_reason);
	ck_assert_msg(seen == shared, "%s: %u times", r->id, seen);
	each_row(check_unlike);
}

TEST(catalogue, reasons_are_told_apart)
{
	each_reason(check_once);
}

static void check_commands(const struct probe *p, const struct counter *c)
{
	REQUIRE(!c->remedy || count_quotes(c->remedy) % 2 == 0, p, c);
	REQUIRE(!c->means || !strchr(c->means, '`'), p, c);
	REQUIRE(!c->cause || !strchr(c->cause, '`'), p, c);
}

TEST(catalogue, commands_alone_stand_in_backquotes)
{
	each_row(check_commands);
}
