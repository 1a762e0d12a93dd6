/* SPDX-License-Identifier: MIT */
/* What pktloss(8) prints of findings: for people, and as JSON. */
#include <json-c/json.h>
#include <math.h>

#include "probes/catalogue.h"
#include "probes/link/link.h"
#include "probes/snmp/snmp.h"
#include "program/counter_list.h"
#include "program/gone.h"
#include "program/json.h"
#include "program/summary_csv.h"
#include "program/summary_json.h"
#include "program/wanted.h"
#include "testlib.h"

#define HOSTILE "\033[2J\r\n\"\\\177\303\244"

static struct summary_ns items[4];
static struct summary l;
static struct style style;
static struct sample samples[4];
static char *text; /* what was printed */

static void setup(void)
{
	setenv("TZ", "UTC", 1);
	memset(items, 0, sizeof(items));
	memset(samples, 0, sizeof(samples));
	l = (struct summary) {.items = items, .seconds = 10};
	style = (struct style) {.width = 100};
	text = NULL;
}

static void teardown(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		findings_free(&items[i].findings);
		sample_free(&samples[i]);
	}
	free(text);
}

static struct summary_ns *add_namespace(const char *name)
{
	struct summary_ns *ns = &items[l.n];

	snprintf(ns->name, sizeof(ns->name), "%s", name);
	ns->sample = &samples[l.n++];
	ns->findings.items = calloc(8, sizeof(struct finding));
	ck_assert_ptr_nonnull(ns->findings.items);
	ns->findings.max = 8;
	return ns;
}

/* Of 100 packets, on eth0; one cause. */
static struct finding *add(struct summary_ns *ns, enum finding_class class,
			   uint64_t lost)
{
	struct finding *f = &ns->findings.items[ns->findings.n++];

	*f = (struct finding) {
		.place = "eth0",
		.layer = LAYER_LINK,
		.direction = DIR_RX,
		.class = class,
		.lost = lost,
		.total = 100,
		.percent = lost,
		.below = -1,
		.causes.n = 1,
	};
	f->causes.items[0] = (struct cause) {
		.text = "the wire is cut",
		.remedy = "Mend it",
		.counter = find_counter(&link_probe, "rx_dropped", NULL),
		.lost = lost,
	};
	return f;
}

static void to_text(int (*print)(FILE *out))
{
	size_t n;
	FILE *out;

	free(text);
	out = open_memstream(&text, &n);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(print(out), 0);
	fclose(out);
	ck_assert_uint_eq(strlen(text), n);
}

static int in_words(FILE *out)
{
	summary_text_print(out, &l, &style);
	return 0;
}

static int in_json(FILE *out)
{
	summary_json_print(out, &l);
	return 0;
}

static void check_has(const char *words)
{
	ck_assert_msg(strstr(text, words), "no %s in:\n%.2000s", words, text);
}

static void check_lacks(const char *words)
{
	ck_assert_msg(!strstr(text, words), "%s in:\n%.2000s", words, text);
}

static void check_printable(void)
{
	for (const char *c = text; *c; c++)
		ck_assert_msg(*c == '\n' || (*c >= ' ' && *c <= '~'),
			      "byte %d at %zu", *c, (size_t)(c - text));
}

static void check_width(unsigned width)
{
	for (const char *c = text; *c; c += strcspn(c, "\n") + 1)
		ck_assert_msg(strcspn(c, "\n") <= width, "too wide: %s", c);
}

CASE(screen, .setup = setup, .teardown = teardown);

TEST(screen, a_loss_is_a_row_and_a_remedy)
{
	add(add_namespace("nginx"), CLASS_LOSS, 25);
	to_text(in_words);
	ck_assert_str_eq(
		text,
		"1970-01-01 00:00:00, in 10 s\n"
		"\n"
		"nginx\n"
		"  LAYER  PLACE  DIR  PASSED  LOST  SHARE  CAUSE\n"
		"  link   eth0   rx       75    25  25.0%  [1] the wire is "
		"cut\n"
		"  What to do:\n"
		"    [1] Mend it\n");
}

/* Four with a loss, the least bad is the last. */
static void add_four(void)
{
	for (int i = 0; i < 4; i++) {
		char name[2] = {'a' + i, '\0'};

		add(add_namespace(name), CLASS_LOSS, 25 - i);
	}
}

TEST(screen, only_the_worst_are_shown)
{
	add_four();
	style.top = 1;
	to_text(in_words);
	check_has("    [1] Mend it\n\nand 3 more namespaces, 3 rows\n");
	check_lacks("\nb\n");
	style.top = 3;
	to_text(in_words);
	check_has("\nc\n");
	check_has("\nand 1 more namespace, 1 row\n");
	style.top = 4;
	to_text(in_words);
	check_lacks("more");
}

static unsigned n_lines(void)
{
	unsigned n = 0;

	for (const char *c = text; (c = strchr(c, '\n')); c++)
		n++;
	return n;
}

/* All of it are 25 lines. */
TEST(screen, what_does_not_fit_is_summed_up)
{
	add_four();
	style.height = 25;
	to_text(in_words);
	ck_assert_uint_eq(n_lines(), 25);
	check_has("Mend it");
	style.height = 24;
	to_text(in_words);
	check_lacks("Mend it");
	check_has("\nd\n");
	for (style.height = 8; style.height < 25; style.height++) {
		to_text(in_words);
		ck_assert_uint_le(n_lines(), style.height);
		check_has("\na\n  LAYER  PLACE  DIR  PASSED  LOST  SHARE  "
			  "CAUSE\n");
		check_lacks("[1]");
	}
	style.height = 10;
	to_text(in_words);
	check_has("\nb\n  link   eth0 ");
	check_has("\n\nand 2 more namespaces, 2 rows (choose with --top, -n or "
		  "-l)\n");
}

/* A row takes two lines there, and so do the names above it. */
TEST(screen, narrow_and_low_screen_has_the_worst_row)
{
	add_four();
	style.width = 36;
	style.colour = true;
	for (style.height = 6; style.height < 40; style.height++) {
		to_text(in_words);
		ck_assert_uint_le(summary_text_lines(&style, text),
				  style.height);
		check_has("\033[31m25.0%\033[m");
	}
	style.height = 8;
	to_text(in_words);
	check_lacks("LAYER");
	check_has("(choose with");
	style.height = 1;
	to_text(in_words);
	ck_assert_uint_eq(n_lines(), 1);
}

/* b has lost less of more: 30 of 100, and 4 of 5, and names are the other way
 * round. */
TEST(screen, namespaces_have_an_order)
{
	static const struct {
		enum summary_order order;
		const char *first;
	} orders[] = {
		{ORDER_WORST, "z"},
		{ORDER_SHARE, "z"},
		{ORDER_LOST, "b"},
		{ORDER_NAME, "a"},
	};

	add(add_namespace("b"), CLASS_LOSS, 30);
	add(add_namespace("a"), CLASS_SYMPTOM, 90);
	add(add_namespace("z"), CLASS_LOSS, 4)->percent = 80;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		l.order = orders[i].order;
		summary_sort(&l);
		ck_assert_str_eq(items[0].name, orders[i].first);
	}
}

/* ---- what is gone in the end ---- */

CASE(gone, .setup = setup, .teardown = teardown);

/* A loss of netfilter, by that rule, of 100 packets. */
static void lose_by_rule(struct summary_ns *ns, uint64_t lost, const char *rule)
{
	struct finding *f = add(ns, CLASS_LOSS, lost);

	f->layer = LAYER_NETFILTER;
	f->place[0] = '\0';
	snprintf(f->causes.items[0].text, sizeof(f->causes.items[0].text), "%s",
		 rule);
}

/* Without its rule what it dropped seems to vanish; some did vanish. */
TEST(gone, a_rule_has_what_vanished_without_it)
{
	struct summary_ns *ns = add_namespace("a");
	const struct finding *f = ns->findings.items;
	struct gone g = {.n = 0};

	for (int i = 1; i <= 3; i++) {
		ns->findings.n = 0;
		lose_by_rule(ns, 10 * i, i == 2 ? "rule 2" : "rule 1");
		ck_assert_int_eq(gone_follow(&g, &l), 0);
	}
	ns->findings.n = 0;
	add(ns, CLASS_UNEXPLAINED, 50);
	add(ns, CLASS_UNEXPLAINED, 30)->total = 0;
	add(ns, CLASS_UNEXPLAINED, 7)->direction = DIR_TX;
	ck_assert_int_eq(gone_tell(&g, &l), 0);
	ck_assert_uint_eq(ns->findings.n, 3);
	ck_assert_int_eq(f[0].class, CLASS_LOSS);
	ck_assert_uint_eq(f[0].lost, 60);
	ck_assert_uint_eq(f[0].total, 300);
	ck_assert_double_eq_tol(f[0].percent, 20, 1e-9);
	ck_assert_uint_eq(f[0].causes.n, 2);
	ck_assert_str_eq(f[0].causes.items[0].text,
			 "rule 1; its counter is gone now");
	ck_assert_uint_eq(f[0].causes.items[0].lost, 40);
	ck_assert_str_eq(f[0].causes.items[0].remedy, "");
	ck_assert_uint_eq(f[1].lost, 20); /* of the 30 */
	ck_assert_uint_eq(f[2].lost, 7);
	gone_free(&g);
}

/* All intervals together know better than one of them what is a loss. */
TEST(gone, what_is_counted_still_is_judged_in_the_end)
{
	struct summary_ns *ns = add_namespace("a");
	struct gone g = {.n = 0};

	add(ns, CLASS_LOSS, 20);
	ck_assert_int_eq(gone_follow(&g, &l), 0);
	ns->findings.n = 0;
	add(ns, CLASS_OVERLOAD, 40);
	ck_assert_int_eq(gone_tell(&g, &l), 0);
	ck_assert_uint_eq(ns->findings.n, 1);
	gone_free(&g);
}

/* The number of a namespace that ended may be given to another. */
TEST(gone, another_cookie_is_another_namespace)
{
	struct summary_ns *ns = add_namespace("a");
	struct gone g = {.n = 0};

	l.items = calloc(1, sizeof(*l.items));
	ck_assert_ptr_nonnull(l.items);
	*l.items = *ns;
	*ns = (struct summary_ns) {.inode = 0};
	l.max = 1;
	l.items->cookie = 1;
	add(l.items, CLASS_LOSS, 20);
	ck_assert_int_eq(gone_follow(&g, &l), 0);
	l.items->findings.n = 0;
	l.items->cookie = 2;
	ck_assert_int_eq(gone_tell(&g, &l), 0);
	ck_assert_uint_eq(l.n, 2);
	ck_assert(!l.items[0].ended && l.items[1].ended);
	summary_sort(&l);
	ck_assert(l.items[0].ended && summary_have_loss(&l));
	to_text(in_words);
	check_has("\na (not there any more)\n");
	check_lacks("Mend it");
	summary_free(&l);
	gone_free(&g);
}

static int in_csv(FILE *out)
{
	summary_csv_print(out, &l, style.verbose);
	return 0;
}

TEST(screen, csv_has_a_line_for_each_row)
{
	struct summary_ns *ns = add_namespace("a");
	struct finding *f = add(ns, CLASS_LOSS, 25);

	l.time_ns = UINT64_C(1700000000999999999);
	snprintf(f->causes.items[0].text, sizeof(f->causes.items[0].text),
		 "\"x\", %s", HOSTILE);
	f = add(ns, CLASS_POLICY, UINT64_MAX);
	f->total = 0;
	f->percent = NAN;
	f->place[0] = '\0';
	add(ns, CLASS_SYMPTOM, 3);
	to_text(in_csv);
	ck_assert_str_eq(text, "1700000000,10,a,link,eth0,rx,loss,75,25,25,"
			       ",\"\"\"x\"\", ?[2J??\"\"\\???\"\n"
			       "1700000000,10,a,link,,rx,policy,,"
			       "18446744073709551615,,,the wire is "
			       "cut\n");
	style.verbose = true;
	l.seconds = NAN;
	to_text(in_csv);
	check_has("\n1700000000,,a,link,eth0,rx,symptom,97,3,3,");
}

TEST(screen, quiet_ones_are_not_more_rows)
{
	add_four();
	items[2].findings.n = items[3].findings.n = 0;
	style.top = 1;
	to_text(in_words);
	check_has("\n\nand 1 more namespace, 1 row\n2 more namespaces: nothing "
		  "lost\n");
}

TEST(screen, several_intervals_and_small_rows_are_told)
{
	add_namespace("a");
	l.n_intervals = 6;
	l.n_small = 2;
	to_text(in_words);
	ck_assert_str_eq(text, "1970-01-01 00:00:00, in 10 s, 6 intervals\n\n"
			       "2 rows below --min-lost or --min-share\n"
			       "1 namespace: nothing lost\n");
}

TEST(screen, no_line_ends_with_a_blank)
{
	add(add_namespace("a"), CLASS_LOSS, 25)->causes.n = 0;
	for (style.width = 30; style.width < 100; style.width += 10) {
		to_text(in_words);
		check_lacks(" \n");
		check_lacks("\n\n\n");
	}
}

TEST(screen, several_causes_have_lines_and_numbers)
{
	struct finding *f = add(add_namespace(""), CLASS_POLICY, 25);

	f->causes.n = 3;
	f->causes.items[0].lost = 20;
	f->causes.items[1] = (struct cause) {
		.text = "the wire is thin", .remedy = "Mend it", .lost = 4};
	f->causes.items[2] = (struct cause) {.text = "nobody knows", .lost = 1};
	to_text(in_words);
	check_has("(this namespace)\n");
	check_has("25.0%  [1] 20: the wire is cut\n");
	check_has("  [1] 4: the wire is thin\n");
	check_has("  1: nobody knows\n");
	check_has("[1] Mend it\n");
	check_lacks("[2]");
}

TEST(screen, remedies_say_where_they_are_for)
{
	struct finding *f = add(add_namespace("a"), CLASS_LOSS, 25);
	struct cause *c = &f->causes.items[0];

	items[0].way =
		(struct way) {.prefix = "ip netns exec a ", .other = true};
	snprintf(c->remedy, sizeof(c->remedy), "Join it: `ip link set up`");
	to_text(in_words);
	check_has("    [1] Join it: ip netns exec a ip link set up\n");
	to_text(in_json);
	check_has("\"remedy\":\"Join it: ip netns exec a ip link set up\"");
	items[0].way = (struct way) {.other = true, .none = true};
	to_text(in_words);
	check_has("25.0%  the wire is cut\n");
	check_lacks("What to do");
	check_lacks("ip link");
	to_text(in_json);
	check_has("\"remedy\":null");
}

TEST(screen, what_was_dropped_on_purpose_is_no_loss)
{
	struct summary_ns *a = add_namespace("a");

	add_namespace("b");
	ck_assert(!summary_have_loss(&l));
	add(a, CLASS_POLICY, 50);
	add(a, CLASS_UNEXPLAINED, 20);
	add(a, CLASS_OVERLOAD, 1);
	add(a, CLASS_SYMPTOM, 1);
	add(a, CLASS_BENIGN, 1);
	ck_assert(!summary_have_loss(&l));
	add(&items[1], CLASS_LOSS, 1);
	ck_assert(summary_have_loss(&l));
}

TEST(screen, what_is_unexplained_has_a_row)
{
	struct summary_ns *a = add_namespace("a");

	add(add_namespace("b"), CLASS_UNEXPLAINED, 20);
	add(a, CLASS_LOSS, 10);
	add(a, CLASS_UNEXPLAINED, 30);
	style.colour = true;
	to_text(in_words);
	check_has("\033[31m10.0%\033[m  [1] the wire is cut\n");
	check_has("\033[33m30.0%\033[m  [1] the wire is cut\n");
	check_has("\033[33m20.0%\033[m  [1] the wire is cut\n");
	check_lacks("nothing lost");
}

TEST(screen, what_is_not_known_is_a_dash)
{
	struct finding *f = add(add_namespace("a"), CLASS_LOSS, 7);

	f->percent = NAN;
	f->total = 0;
	f->place[0] = '\0';
	f->direction = DIR_NONE;
	f->causes.n = 0;
	to_text(in_words);
	check_has("  link   -      -         -     7      -\n");
	check_lacks("nan");
	to_text(in_json);
	check_has("\"percent\":null");
	check_lacks("nan");
}

TEST(screen, a_lower_bound_says_so)
{
	struct finding *f = add(add_namespace("a"), CLASS_LOSS, 25);

	f->at_least = true;
	to_text(in_words);
	check_has("  at least 25.0%  [1]");
	f->percent = 0.0001;
	to_text(in_words);
	check_has("  <0.01%  ");
}

TEST(screen, quiet_namespaces_are_one_line)
{
	add_namespace("a");
	to_text(in_words);
	check_has("\n1 namespace: nothing lost\n");
	add(add_namespace("b"), CLASS_LOSS, 1);
	add(add_namespace("c"), CLASS_BENIGN, 1);
	summary_sort(&l);
	to_text(in_words);
	check_has("\n2 more namespaces: nothing lost\n");
	check_lacks("\nc");
	style.verbose = true;
	to_text(in_words);
	check_has("\n1 more namespace: nothing lost\n");
	check_has("c: nothing lost here\n  benign: link eth0 rx: 1");
}

/* No more is said than is known, and nothing that the table denies. */
TEST(screen, what_could_not_be_read_is_not_lossless)
{
	char *notes[] = {"firewall counters: run as root"};

	add_namespace("a");
	to_text(in_words);
	check_has("1 namespace: nothing lost\n");
	ck_assert(!summary_text_has_rows(&l));
	l.notes = notes;
	l.n_notes = 1;
	to_text(in_words);
	check_has("1 namespace: nothing lost in what could be read\n");
	add(add_namespace("b"), CLASS_SYMPTOM, 1);
	to_text(in_words);
	check_has("b: nothing lost here in what could be read\n");
	ck_assert(!summary_text_has_rows(&l));
	add(add_namespace("c"), CLASS_POLICY, 1);
	to_text(in_words);
	check_has("1 more namespace: nothing lost in what could be read\n");
	ck_assert(summary_text_has_rows(&l));
	ck_assert(!summary_have_loss(&l));
	ck_assert_str_eq(summary_text_partly(false),
			 "nothing lost in what could be read, but not "
			 "everything could be");
	ck_assert_ptr_nonnull(strstr(summary_text_partly(true), "on purpose"));
}

TEST(screen, symptoms_stand_below_their_loss)
{
	const struct counter *resent =
		find_counter(&snmp_probe, "RetransSegs", NULL);
	struct summary_ns *a = add_namespace("a");

	add(a, CLASS_LOSS, 25);
	for (int i = 0; i < 5; i++) {
		struct finding *f = add(a, CLASS_SYMPTOM, 3);

		f->layer = LAYER_TCP;
		f->direction = DIR_TX;
		f->place[0] = '\0';
		f->below = 0;
		snprintf(f->causes.items[0].text,
			 sizeof(f->causes.items[0].text),
			 "RetransSegs: sent again");
		f->causes.items[0].counter = resent;
	}
	to_text(in_words);
	check_has("cut\n    symptom: tcp tx: 3 RetransSegs: sent again\n");
	check_has("    and 2 more (-v shows them)\n");
	style.verbose = true;
	to_text(in_words);
	check_lacks("more");
	a->findings.items[0].class = CLASS_BENIGN;
	for (int i = 1; i < 6; i++)
		a->findings.items[i].below = -1;
	style.verbose = false;
	style.width = 200;
	to_text(in_words);
	check_has("a: nothing lost here\n  symptom: tcp tx: 3 RetransSegs: ");
	check_has(resent->symptom);
	check_lacks("sent again");
}

TEST(screen, since_boot_is_said)
{
	l.seconds = NAN;
	add(add_namespace("a"), CLASS_LOSS, 1);
	to_text(in_words);
	check_has("totals since boot");
	to_text(in_json);
	check_has("\"interval\":null,\"since_boot\":true");
}

/* One end of a veth between index 1 and index 2. */
static void wire(struct sample *s, uint64_t index)
{
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, index);
	sample_row(s, &link_fact_mac, index);
	sample_row(s, &link_fact_peer_index, 3 - index);
	sample_row(s, &link_fact_peer_mac, 3 - index);
}

TEST(screen, a_symptom_leads_to_the_loss_behind_the_wire)
{
	struct summary_ns *a = add_namespace("a"), *b;

	add(a, CLASS_SYMPTOM, 3);
	b = add_namespace("b");
	add(b, CLASS_LOSS, 1);
	add(add_namespace("worse"), CLASS_LOSS, 50);
	wire(&samples[0], 1);
	wire(&samples[1], 2);
	summary_sort(&l);
	ck_assert_str_eq(items[0].name, "worse");
	ck_assert_str_eq(items[2].name, "a");
	ck_assert_ptr_eq(items[2].see, &items[1]);
	to_text(in_words);
	check_has("  see b: 1 lost (1.0%) in link eth0 rx: the wire is cut\n");
	to_text(in_json);
	check_has("\"container\":null,\"ended\":false,\"see\":\"b\"");
}

TEST(screen, nothing_hostile_reaches_the_screen)
{
	struct finding *f = add(add_namespace("a"), CLASS_LOSS, 25);
	char note[] = "note " HOSTILE;
	char *notes[] = {note};

	l.notes = notes;
	l.n_notes = 1;
	snprintf(f->place, sizeof(f->place), HOSTILE);
	snprintf(f->causes.items[0].text, sizeof(f->causes.items[0].text),
		 "cause " HOSTILE);
	snprintf(f->causes.items[0].remedy, sizeof(f->causes.items[0].remedy),
		 "remedy " HOSTILE);
	*add(&items[0], CLASS_SYMPTOM, 1) = *f;
	items[0].findings.items[1].class = CLASS_SYMPTOM;
	to_text(in_words);
	check_printable();
	check_has("cause ?[2J??\"\\???");
	to_text(in_json);
	check_printable();
	check_has("remedy ?[2J??\\\"\\\\???");
}

static void make_long(struct finding *f)
{
	struct cause *c = &f->causes.items[0];

	memset(c->text, 'x', sizeof(c->text) - 1);
	memset(c->remedy, 'y', sizeof(c->remedy) - 1);
	c->remedy[60] = c->remedy[61] = ' ';
	c->text[20] = ' ';
}

TEST(screen, long_texts_fit_the_screen)
{
	struct finding *f = add(add_namespace("a"), CLASS_LOSS, 25);

	make_long(f);
	for (style.width = 20; style.width < 300; style.width++) {
		size_t x = 0, y = 0;

		to_text(in_words);
		/* the columns themselves take 44 */
		check_width(style.width > 46 ? style.width : 46);
		for (const char *c = text; *c; c++) {
			x += *c == 'x';
			y += *c == 'y';
		}
		/* but a space, and the one of "rx" */
		ck_assert_uint_eq(x, sizeof(f->causes.items[0].text) - 1);
		ck_assert_uint_eq(y, sizeof(f->causes.items[0].remedy) - 3);
	}
}

TEST(screen, huge_numbers_fit_their_columns)
{
	struct finding *f = add(add_namespace("a"), CLASS_LOSS, 25);

	f->lost = UINT64_MAX - 1;
	f->total = UINT64_MAX;
	add(&items[0], CLASS_LOSS, 2);
	to_text(in_words);
	check_has("1  18446744073709551614  25.0%  [1]");
	check_has("98                     2   2.0%  [1]");
	to_text(in_json);
	check_has("\"lost\":18446744073709551614");
}

TEST(screen, colours_only_where_wanted)
{
	add(add_namespace("a"), CLASS_LOSS, 25);
	add(&items[0], CLASS_POLICY, 2);
	to_text(in_words);
	check_lacks("\033");
	style.colour = true;
	to_text(in_words);
	check_has("\033[31m25\033[m");
	check_has("\033[33m2\033[m");
}

static struct json_object *at(struct json_object *o, const char *key,
			      json_type type)
{
	struct json_object *value = NULL;

	ck_assert_msg(json_object_object_get_ex(o, key, &value), "no %s", key);
	ck_assert_msg(json_object_is_type(value, type), "%s is a %s", key,
		      json_type_to_name(json_object_get_type(value)));
	return value;
}

static struct json_object *item(struct json_object *o, const char *key,
				size_t i)
{
	return json_object_array_get_idx(at(o, key, json_type_array), i);
}

static void check_length(struct json_object *o, const char *key, size_t n)
{
	ck_assert_uint_eq(json_object_array_length(at(o, key, json_type_array)),
			  n);
}

static void check_string(struct json_object *o, const char *key,
			 const char *expected)
{
	ck_assert_str_eq(json_object_get_string(at(o, key, json_type_string)),
			 expected);
}

static void check_number(struct json_object *o, const char *key,
			 int64_t expected)
{
	ck_assert_int_eq(json_object_get_int64(at(o, key, json_type_int)),
			 expected);
}

static void check_false(struct json_object *o, const char *key)
{
	ck_assert(!json_object_get_boolean(at(o, key, json_type_boolean)));
}

static void check_json_finding(struct json_object *f)
{
	check_string(f, "layer", "link");
	check_string(f, "place", "eth0");
	check_string(f, "direction", "rx");
	check_string(f, "class", "loss");
	check_number(f, "lost", 25);
	check_number(f, "total", 100);
	check_number(f, "percent", 25);
	check_string(f, "counter", "rx_dropped");
	at(f, "reason", json_type_null);
	check_string(f, "cause", "the wire is cut");
	check_string(f, "remedy", "Mend it");
	check_false(f, "at_least");
	at(f, "symptom_of", json_type_null);
	check_length(f, "causes", 1);
	check_string(item(f, "causes", 0), "cause", "the wire is cut");
	check_number(item(f, "causes", 0), "lost", 25);
}

/* What a parser makes of it that forgives nothing; to be given back. */
static struct json_object *parse(const char *json)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *tree;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	tree = json_tokener_parse_ex(tokener, json, (int)strlen(json));
	ck_assert_msg(tree, "%s: %s",
		      json_tokener_error_desc(json_tokener_get_error(tokener)),
		      json);
	json_tokener_free(tokener);
	return tree;
}

CASE(json, .setup = setup, .teardown = teardown);

TEST(json, json_says_it_all_in_one_line)
{
	struct summary_ns *a = add_namespace("a");
	struct json_object *tree, *first;

	l.time_ns = UINT64_C(1700000000999000000);
	add(a, CLASS_LOSS, 25);
	add(a, CLASS_SYMPTOM, 3)->below = 0;
	add_namespace("quiet");
	to_text(in_json);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	tree = parse(text);
	check_number(tree, "version", 1);
	check_number(tree, "time", 1700000000);
	check_number(tree, "interval", 10);
	check_false(tree, "drop_reasons");
	check_length(tree, "namespaces", 2);
	check_length(tree, "notes", 0);
	first = item(tree, "namespaces", 0);
	check_length(first, "findings", 2);
	check_json_finding(item(first, "findings", 0));
	check_number(item(first, "findings", 1), "symptom_of", 0);
	json_object_put(tree);
}

static int some_values(FILE *out)
{
	char *notes[] = {(char *)"a", (char *)HOSTILE};
	struct json j = {.out = out};

	json_open(&j, NULL, '{');
	json_put_count(&j, "count", UINT64_MAX);
	json_put_real(&j, "real", 1234567.0);
	json_put_real(&j, "nan", NAN);
	json_put_real(&j, "inf", INFINITY);
	json_put_text(&j, "\"", "a/b");
	json_put_known(&j, "known", "x");
	json_put_known(&j, "unknown", "");
	json_open(&j, "none", '[');
	json_close(&j, ']');
	json_put_bool(&j, "bool", true);
	json_put_notes(&j, notes, 2);
	json_close(&j, '}');
	return 0;
}

TEST(json, json_is_written_as_it_was)
{
	to_text(some_values);
	ck_assert_str_eq(text, "{\"count\":18446744073709551615,"
			       "\"real\":1.23457e+06,\"nan\":null,\"inf\":null,"
			       "\"\\\"\":\"a/b\",\"known\":\"x\","
			       "\"unknown\":null,\"none\":[],\"bool\":true,"
			       "\"notes\":[\"a\",\"?[2J??\\\"\\\\???\"]}");
	json_object_put(parse(text));
}

TEST(json, reason_is_that_of_the_page_of_causes)
{
	static const struct reason reason = {.id = "wire-is-cut"};
	struct finding *f = add(add_namespace("a"), CLASS_LOSS, 25);
	struct cause *c = &f->causes.items[0];

	c->counter = find_counter(&snmp_probe, "ListenOverflows", NULL);
	to_text(in_json);
	check_has("\"reason\":\"tcp-ListenOverflows\",\"cause\"");
	c->reason = &reason;
	to_text(in_json);
	check_has("\"reason\":\"wire-is-cut\",\"cause\"");
	check_lacks("tcp-ListenOverflows");
}

static const struct {
	const char *a, *b;
	unsigned distance;
} words[] = {
	{"", "", 0},	       {"web", "web", 0}, {"web", "", 3},
	{"", "web", 3},	       {"web", "wbe", 2}, {"web", "wb", 1},
	{"web", "webs", 1},    {"web", "wob", 1}, {"web", "xyz", 3},
	{"nginx", "ngnix", 2}, {"ab", "bab", 1},  {"kitten", "sitting", 3},
};

CASE(wanted);

TEST_EACH(wanted, letters_that_differ_are_counted, ARRAY_SIZE(words))
{
	ck_assert_uint_eq(wanted_distance(words[_i].a, words[_i].b),
			  words[_i].distance);
	ck_assert_uint_eq(wanted_distance(words[_i].b, words[_i].a),
			  words[_i].distance);
}

TEST(wanted, long_words_are_far_from_all)
{
	char word[200];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	ck_assert_uint_gt(wanted_distance("a", word), 1000);
	ck_assert_uint_eq(wanted_distance(word, "a"), sizeof(word) - 2);
}

static void want(struct settings *s, const char *name)
{
	const struct option_value value = {.type = VALUE_STRING,
					   .string = name};

	ck_assert_int_eq(settings_set(s, false, "Namespace", &value), 0);
}

TEST(wanted, names_that_no_namespace_has_are_counted)
{
	struct ns own = {.path = ""},
		  web = {.path = "/run/netns/cni-1", .name = "shop_web"};
	struct ns db = {.path = "/proc/7/ns/net", .pid = 7, .name = "db"};
	struct ns *all[] = {&own, &web, &db};
	struct ns_list list = {.items = all, .n = 3};
	struct settings s;

	ck_assert_int_eq(settings_init(&s), 0);
	ck_assert_uint_eq(wanted_missing(&s, &list), 0);
	want(&s, "");
	want(&s, "shop_web");
	want(&s, "cni-1");
	want(&s, "/^d/");
	ck_assert_uint_eq(wanted_missing(&s, &list), 0);
	want(&s, "net"); /* no file that gives a name */
	want(&s, "/^x/");
	ck_assert_uint_eq(wanted_missing(&s, &list), 2);
	own.host_only = true;
	ck_assert_uint_eq(wanted_missing(&s, &list), 3);
	settings_free(&s);
}

static int the_list(FILE *out)
{
	counter_list_print(out, &style);
	return 0;
}

CASE(list, .setup = setup, .teardown = teardown);

static int the_json_list(FILE *out)
{
	counter_list_print_json(out);
	return 0;
}

TEST(list, every_series_is_in_the_list_for_programs)
{
	struct json_object *tree;
	size_t n = 0;

	for (size_t i = 0; i < n_probes; i++)
		for (size_t k = 0; k < probes[i]->counters->n; k++)
			n += catalogue_is_series(&probes[i]->counters->rows[k]);
	to_text(the_json_list);
	check_printable();
	tree = parse(text);
	check_number(tree, "version", 1);
	check_length(tree, "counters", n);
	json_object_put(tree);
}

TEST(list, every_series_is_in_the_list)
{
	to_text(the_list);
	check_printable();
	check_width(160); /* heads and names are not broken */
	check_has("packets-tcp-RetransSegs  (sent again, tx)\n    ");
	check_has("(part of ");
	check_lacks("(null)");
	check_lacks("(not sent");
}
