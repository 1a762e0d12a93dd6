/* SPDX-License-Identifier: MIT */
/*
 * The parser of x_tables tables: against what iptables-legacy printed of the
 * recorded ones, and against tables made by hand, sane and not.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_statistic.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/queue_feeds.h"
#include "probes/firewall/rule.h"
#include "probes/firewall/rule_changes.h"
#include "lib/fixture.h"
#include "lib/test.h"
#include "xtables_file.h"

static const char *const kernels[] = {"6.18", "6.1"};

/* Tables made by hand, of family ip with a chain INPUT and maybe OUTPUT. */

struct table {
	struct xt_blob blob;
	unsigned char bytes[65536];
};

struct spec {
	int verdict;	     /* -1 drops, -2 accepts, else a jump */
	const char *target;  /* instead of a verdict */
	uint16_t queue;	     /* of the target NFQUEUE */
	const char *name;    /* ERROR: the chain's */
	const char *comment; /* or NULL */
	uint32_t source;     /* address, to tell rules apart */
	uint64_t packets;
	int statistic; /* 0: none, 1: random, 2: nth */
	uint32_t value;
	uint16_t flags;
	bool limit; /* below 5 packets a second */
};

static size_t add_match(unsigned char *at, const char *name, const void *data,
			size_t n)
{
	struct xt_entry_match m = {0};

	m.u.user.match_size = (uint16_t)(sizeof(m) + XT_ALIGN(n));
	strcpy(m.u.user.name, name);
	memcpy(at, &m, sizeof(m));
	memcpy(at + sizeof(m), data, n);
	return m.u.user.match_size;
}

static size_t add_target(unsigned char *at, const struct spec *spec)
{
	struct xt_standard_target standard = {.verdict = spec->verdict};
	struct xt_NFQ_info queue = {.queuenum = spec->queue};
	struct xt_error_target error = {0};
	uint16_t size;

	if (spec->name) {
		size = XT_ALIGN(sizeof(error));
		strcpy(error.target.u.user.name, "ERROR");
		error.target.u.user.target_size = size;
		snprintf(error.errorname, sizeof(error.errorname), "%s",
			 spec->name);
		memcpy(at, &error, sizeof(error));
		return size;
	}
	size = sizeof(standard);
	standard.target.u.user.target_size = size;
	if (spec->target)
		strcpy(standard.target.u.user.name, spec->target);
	memcpy(at, &standard, sizeof(standard));
	if (spec->queue) {
		size = sizeof(standard.target) + XT_ALIGN(sizeof(queue));
		memcpy(at + sizeof(standard.target), &queue, sizeof(queue));
		memcpy(at, &size, sizeof(size));
	}
	return size;
}

/* Appends an entry, returns its offset. */
static uint32_t add(struct table *t, struct spec spec)
{
	struct xt_statistic_info statistic = {.flags = spec.flags};
	struct xt_comment_info comment = {0};
	uint32_t begin = (uint32_t)t->blob.size;
	unsigned char *at = t->bytes + begin;
	struct ipt_entry e = {0};
	size_t n = sizeof(e);

	if (spec.statistic) {
		statistic.mode = (uint16_t)(spec.statistic - 1);
		statistic.u.random.probability = spec.value;
		n += add_match(at + n, "statistic", &statistic,
			       sizeof(statistic));
	}
	if (spec.limit)
		n += add_match(at + n, "limit",
			       &(struct xt_rateinfo) {.avg = 2000},
			       sizeof(struct xt_rateinfo));
	if (spec.comment) {
		snprintf(comment.comment, sizeof(comment.comment), "%s",
			 spec.comment);
		n += add_match(at + n, "comment", &comment, sizeof(comment));
	}
	e.ip.src.s_addr = spec.source;
	e.target_offset = (uint16_t)n;
	e.counters.pcnt = spec.packets;
	e.counters.bcnt = spec.packets * 100;
	n += add_target(at + n, &spec);
	e.next_offset = (uint16_t)n;
	memcpy(at, &e, sizeof(e));
	t->blob.size += n;
	return begin;
}

#define ADD(t, ...) add(t, (struct spec) {__VA_ARGS__})
#define ACCEPT .verdict = -NF_ACCEPT - 1
#define DROP .verdict = -NF_DROP - 1

static void start(struct table *t)
{
	memset(t, 0, sizeof(*t));
	t->blob.family = FAMILY_IP;
	t->blob.table = "filter";
	t->blob.bytes = t->bytes;
	t->blob.valid_hooks = 1 << NF_INET_LOCAL_IN;
}

/* Lets the rule at an offset jump to there. */
static void jump_to(struct table *t, uint32_t at, int32_t to)
{
	struct ipt_entry e;

	memcpy(&e, t->bytes + at, sizeof(e));
	memcpy(t->bytes + at + e.target_offset +
		       offsetof(struct xt_standard_target, verdict),
	       &to, sizeof(to));
}

/* Ends INPUT with its policy. */
static void policy(struct table *t, int verdict)
{
	t->blob.underflow[NF_INET_LOCAL_IN] =
		ADD(t, .verdict = verdict, .packets = 7);
}

static void finish(struct table *t)
{
	ADD(t, .name = "ERROR");
}

static const struct object *find(const struct sample *s, const char *name)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_NETFILTER, "", name, &hint);
}

static uint64_t packets(const struct sample *s, const struct object *o)
{
	ck_assert_ptr_nonnull(o);
	ck_assert_uint_ge(o->n, 1);
	return s->rows[o->first].value;
}

static uint64_t fact(const struct sample *s, const struct object *o,
		     const struct counter *counter)
{
	const struct row *row = object_row(s, o, counter);

	return row ? row->value : UINT64_MAX;
}

/* Fixtures. */

/* One recorded table and what its listing said. */
struct listing {
	struct sample sample;
	char prefix[64];   /* "ip.filter." */
	char chain[64];	   /* "" in a chain that nothing refers to */
	uint64_t n, total; /* of the chain */
	uint32_t objects;
};

static void load_table(struct listing *l, const char *kernel,
		       enum family family, const char *table)
{
	struct xt_blob blob = {.family = family, .table = table};
	_cleanup_free_ char *bytes = NULL;
	char name[72];
	size_t n;

	sample_free(&l->sample);
	memset(l, 0, sizeof(*l));
	snprintf(l->prefix, sizeof(l->prefix), "%s.%s.",
		 firewall_family_name(family), table);
	snprintf(name, sizeof(name), "%sxt", l->prefix);
	bytes = fixture_read(kernel, name, &n);
	ck_assert_msg(bytes, "no fixture %s/%s", kernel, name);
	ck_assert_int_eq(xtables_file_parse(bytes, n, &blob), 0);
	ck_assert_int_eq(xt_parse(&blob, 64, &l->sample), 0);
	ck_assert_int_eq(l->sample.error, 0);
}

/* The object of the rule of that number of the listing's chain. */
static const struct object *find_rule(const struct listing *l, uint64_t number)
{
	const struct sample *s = &l->sample;
	char prefix[160];
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "%s%s", l->prefix,
				    l->chain);

	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];
		const char *name = object_name(s, o);

		if (!strncmp(name, prefix, n) && strchr(".#", name[n]) &&
		    fact(s, o, &firewall_facts[FIREWALL_NUMBER]) == number)
			return o;
	}
	return NULL;
}

static void end_chain(struct listing *l)
{
	const struct object *o;
	char name[160];

	if (*l->chain && l->n) {
		snprintf(name, sizeof(name), "%s%s.drop", l->prefix, l->chain);
		o = find(&l->sample, name);
		ck_assert_msg(o, "no %s", name);
		ck_assert_uint_eq(packets(&l->sample, o), l->total);
		l->objects += (uint32_t)l->n + 1;
	}
	*l->chain = '\0';
	l->n = l->total = 0;
}

static void see_drop(struct listing *l, uint64_t number, uint64_t count)
{
	const struct object *o;

	if (!*l->chain)
		return;
	o = find_rule(l, number);
	ck_assert_msg(o, "no %s%s rule %" PRIu64, l->prefix, l->chain, number);
	ck_assert_uint_eq(packets(&l->sample, o), count);
	l->n++;
	l->total += count;
}

static void see_line(struct listing *l, const char *line)
{
	uint64_t number, count;
	char target[32];

	if (sscanf(line, "Chain %63s", l->chain) == 1) {
		if (strstr(line, "(0 references)"))
			*l->chain = '\0';
		if (sscanf(line, "Chain %*s (policy DROP %" SCNu64, &count) ==
		    1)
			see_drop(l, 0, count);
	} else if (sscanf(line, "%" SCNu64 " %" SCNu64 " %*u %31s", &number,
			  &count, target) == 3 &&
		   (!strcmp(target, "DROP") || !strcmp(target, "REJECT"))) {
		see_drop(l, number, count);
	} else if (*line == '\n') {
		end_chain(l);
	}
}

static void end_table(struct listing *l)
{
	end_chain(l);
	ck_assert_uint_eq(l->sample.n_objects, l->objects);
}

CASE(recorded);

TEST_EACH(recorded, recorded_tables_count_as_iptables_printed,
	  ARRAY_SIZE(kernels))
{
	const char *kernel = kernels[_i];
	_cleanup_fclose_ FILE *f = fixture_open(kernel, "expected.txt");
	struct listing l = {0};
	char six[2], table[32];
	char line[1024];
	int n_tables = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "###", 3)) {
			see_line(&l, line);
			continue;
		}
		end_table(&l);
		if (sscanf(line, "### ip%1[6]tables-legacy -t %31s", six,
			   table) == 2)
			load_table(&l, kernel, FAMILY_IP6, table);
		else if (sscanf(line, "### iptables-legacy -t %31s", table) ==
			 1)
			load_table(&l, kernel, FAMILY_IP, table);
		else if (n_tables)
			break;
		else
			continue;
		n_tables++;
	}
	ck_assert_int_eq(n_tables, 5);
	sample_free(&l.sample);
}

static void expect_rule(const struct listing *l, const char *name,
			const char *text, const char *remedy)
{
	const struct object *o = find(&l->sample, name);
	char buf[256];

	ck_assert_msg(o, "no %s", name);
	ck_assert_int_eq(firewall_describe(&l->sample, o, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, text);
	ck_assert_int_eq(firewall_remedy(&l->sample, o, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, remedy);
}

TEST_EACH(recorded, recorded_rules_are_put_into_words, ARRAY_SIZE(kernels))
{
	struct listing l = {0};

	load_table(&l, kernels[_i], FAMILY_IP, "filter");
	expect_rule(&l, "ip.filter.INPUT.maintenance drop",
		    "rule 2 of ip filter INPUT (DROP, \"maintenance drop\")",
		    "iptables-legacy -t filter -L INPUT 2 -nv");
	expect_rule(&l, "ip.filter.INPUT.random loss",
		    "rule 5 of ip filter INPUT (DROP, statistic 0.3, "
		    "\"random loss\")",
		    "iptables-legacy -t filter -L INPUT 5 -nv");
	expect_rule(&l, "ip.filter.FORWARD#policy",
		    "policy of ip filter FORWARD (DROP)",
		    "iptables-legacy -t filter -S FORWARD");
	expect_rule(&l, "ip.filter.FORWARD.not through here",
		    "rule 2 of ip filter FORWARD (REJECT, "
		    "\"not through here\")",
		    "iptables-legacy -t filter -L FORWARD 2 -nv");
	load_table(&l, kernels[_i], FAMILY_IP6, "filter");
	expect_rule(&l, "ip6.filter.INPUT.six",
		    "rule 1 of ip6 filter INPUT (DROP, \"six\")",
		    "ip6tables-legacy -t filter -L INPUT 1 -nv");
	sample_free(&l.sample);
}

static enum direction chain_direction(const struct listing *l, const char *name)
{
	const struct object *o = find(&l->sample, name);

	ck_assert_msg(o, "no %s", name);
	return l->sample.rows[o->first].counter->direction;
}

TEST_EACH(recorded, chains_have_the_direction_they_are_reached_from,
	  ARRAY_SIZE(kernels))
{
	struct listing l = {0};

	load_table(&l, kernels[_i], FAMILY_IP, "filter");
	ck_assert_int_eq(chain_direction(&l, "ip.filter.INPUT.drop"), DIR_RX);
	ck_assert_int_eq(chain_direction(&l, "ip.filter.FORWARD.drop"),
			 DIR_FWD);
	ck_assert_int_eq(chain_direction(&l, "ip.filter.OUTPUT.drop"), DIR_TX);
	/* from INPUT by a jump and from OUTPUT by a goto */
	ck_assert_int_eq(chain_direction(&l, "ip.filter.services.drop"),
			 DIR_RX);
	ck_assert_uint_eq(find(&l.sample, "ip.filter.services.drop")->reached,
			  1u << DIR_RX | 1u << DIR_TX);
	ck_assert_uint_eq(find(&l.sample, "ip.filter.INPUT.drop")->reached, 0);
	ck_assert_int_eq(chain_direction(&l, "ip.filter.deep.drop"), DIR_RX);
	ck_assert_int_eq(chain_direction(&l, "ip.filter.around.drop"), DIR_TX);
	ck_assert_ptr_null(find(&l.sample, "ip.filter.unused.drop"));
	load_table(&l, kernels[_i], FAMILY_IP, "raw");
	ck_assert_int_eq(chain_direction(&l, "ip.raw.PREROUTING.drop"), DIR_RX);
	load_table(&l, kernels[_i], FAMILY_IP, "mangle");
	ck_assert_uint_eq(
		find(&l.sample, "ip.mangle.POSTROUTING.drop")->reached,
		1u << DIR_TX | 1u << DIR_FWD);
	sample_free(&l.sample);
}

/* Identity and names. */

static struct sample parsed(const struct table *t, unsigned max_rules)
{
	struct sample s = {0};

	ck_assert_int_eq(xt_parse(&t->blob, max_rules, &s), 0);
	ck_assert_int_eq(s.error, 0);
	return s;
}

/* Two rules and a policy, an ACCEPT in front or not. */
static struct sample two_rules(bool with_accept, uint32_t second, int verdict)
{
	struct table t;

	start(&t);
	if (with_accept)
		ADD(&t, ACCEPT, .source = 9, .packets = 3);
	ADD(&t, DROP, .source = 1, .packets = with_accept ? 50 : 1);
	ADD(&t, DROP, .source = second, .comment = "c", .packets = 2);
	policy(&t, verdict);
	finish(&t);
	return parsed(&t, 64);
}

#define WHOLE "ip.filter.INPUT.drop"

CASE(made);

TEST(made, accept_rule_leaves_identities_alone)
{
	struct sample a = two_rules(false, 2, -1);
	struct sample b = two_rules(true, 2, -1);

	ck_assert_uint_eq(a.n_objects, 4);
	ck_assert_uint_eq(b.n_objects, 4);
	for (uint32_t i = 0; i < a.n_objects; i++) {
		ck_assert_str_eq(object_name(&a, &a.objects[i]),
				 object_name(&b, &b.objects[i]));
		ck_assert_uint_eq(a.objects[i].identity, b.objects[i].identity);
	}
	ck_assert_uint_eq(packets(&a, find(&a, WHOLE)), 1 + 2 + 7);
	ck_assert_uint_eq(packets(&b, find(&b, WHOLE)), 50 + 2 + 7);
	sample_free(&a);
	sample_free(&b);
}

/* Whether somebody listens or not: queue 5 from INPUT, 6 from a user's chain.
 */
TEST(made, rules_that_feed_queues_are_told)
{
	struct queue_feeds feeds = {.n = 0};
	struct sample s;
	struct table t;

	start(&t);
	t.blob.queues = (struct token) {"5 1 0 2 1 0 0 0 1\n", 18};
	ADD(&t, .target = "NFQUEUE", .queue = 5);
	policy(&t, -NF_ACCEPT - 1);
	ADD(&t, .name = "idle");
	ADD(&t, .target = "NFQUEUE", .queue = 6);
	ADD(&t, .verdict = XT_RETURN);
	finish(&t);
	s = parsed(&t, 64);
	queue_feeds_collect(&feeds, &s);
	ck_assert_uint_eq(queue_feeds_reached(&feeds, 5), 1u << DIR_RX);
	ck_assert_uint_eq(queue_feeds_reached(&feeds, 6), 0);
	ck_assert_uint_eq(s.n_objects, 1);
	ck_assert_str_eq(object_name(&s, s.objects), "ip.filter#queues");
	sample_free(&s);
}

TEST(made, changed_drop_rule_is_another_one)
{
	struct sample a = two_rules(false, 2, -1);
	struct sample b = two_rules(false, 3, -1);
	struct sample c = two_rules(false, 2, -2);
	const char *rule = "ip.filter.INPUT.c";

	ck_assert_uint_eq(find(&a, WHOLE)->identity, find(&b, WHOLE)->identity);
	ck_assert_uint_eq(find(&a, WHOLE)->identity, find(&c, WHOLE)->identity);
	ck_assert_uint_ne(find(&a, rule)->identity, find(&b, rule)->identity);
	ck_assert_uint_eq(find(&a, rule)->identity, find(&c, rule)->identity);
	ck_assert_ptr_null(find(&c, "ip.filter.INPUT#policy"));
	sample_free(&a);
	sample_free(&b);
	sample_free(&c);
}

/* Legacy: a reset is no ICMP. Only a REJECT among those beyond the limit is. */
TEST(made, reject_answers_with_icmp_unless_it_resets)
{
	static const struct {
		const char *beyond; /* NULL: it drops */
		int with;
		bool answers, beyond_answers;
	} wanted[] = {
		{"REJECT", IPT_ICMP_PORT_UNREACHABLE, true, true},
		{"REJECT", IPT_TCP_RESET, false, false},
		{NULL, IPT_TCP_RESET, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		int with = wanted[i].beyond ? wanted[i].with : -1;
		struct table t;
		struct sample s;

		start(&t);
		ADD(&t, .target = "REJECT", .verdict = wanted[i].with);
		ADD(&t, .target = wanted[i].beyond, .verdict = with,
		    .source = 1);
		policy(&t, -2);
		finish(&t);
		s = parsed(&t, 1);
		ck_assert_uint_eq(s.n_objects, 3);
		ck_assert(!firewall_answers(&s, &s.objects[0]));
		ck_assert_int_eq(firewall_answers(&s, &s.objects[1]),
				 wanted[i].answers);
		ck_assert_int_eq(firewall_answers(&s, &s.objects[2]),
				 wanted[i].beyond_answers);
		sample_free(&s);
	}
}

TEST(made, bytes_behind_a_name_are_nobodys)
{
	struct table t;
	struct sample a, b;
	size_t at;

	start(&t);
	ADD(&t, .target = "REJECT", .source = 1);
	policy(&t, -2);
	finish(&t);
	a = parsed(&t, 64);
	at = sizeof(struct ipt_entry) +
	     offsetof(struct xt_entry_target, u.user.name) + sizeof("REJECT");
	memset(t.bytes + at, 'x', 5);
	b = parsed(&t, 64);
	ck_assert_uint_eq(a.objects[1].identity, b.objects[1].identity);
	sample_free(&a);
	sample_free(&b);
}

static void all_names_differ(const struct sample *s)
{
	for (uint32_t i = 0; i < s->n_objects; i++)
		for (uint32_t j = 0; j < i; j++)
			ck_assert_str_ne(object_name(s, &s->objects[i]),
					 object_name(s, &s->objects[j]));
}

TEST(made, rules_that_look_alike_have_names_of_their_own)
{
	struct table t;
	struct sample s;

	start(&t);
	ADD(&t, DROP, .source = 1, .comment = "twice");
	ADD(&t, DROP, .source = 2, .comment = "twice");
	ADD(&t, DROP, .source = 3, .comment = "once");
	ADD(&t, DROP, .source = 4, .comment = "same");
	ADD(&t, DROP, .source = 4, .comment = "same");
	ADD(&t, DROP, .source = 5);
	ADD(&t, DROP, .source = 5);
	ADD(&t, DROP, .source = 6, .comment = "drop");
	ADD(&t, DROP, .source = 7, .comment = "");
	policy(&t, -1);
	finish(&t);
	s = parsed(&t, 64);
	ck_assert_uint_eq(s.n_objects, 11);
	all_names_differ(&s);
	ck_assert_ptr_nonnull(find(&s, "ip.filter.INPUT.once"));
	ck_assert_ptr_null(find(&s, "ip.filter.INPUT.twice"));
	ck_assert_ptr_null(find(&s, "ip.filter.INPUT.same"));
	ck_assert_uint_eq(packets(&s, find(&s, WHOLE)), 7);
	sample_free(&s);
}

TEST(made, words_are_of_the_rule_and_not_of_its_name)
{
	struct table t;
	struct sample s;
	char buf[128];

	start(&t);
	ADD(&t, DROP, .source = 1, .comment = "a.b_c");
	ADD(&t, DROP, .source = 2, .comment = "a.b_c");
	policy(&t, -2);
	finish(&t);
	s = parsed(&t, 64);
	ck_assert_int_eq(firewall_describe(&s, &s.objects[2], buf, sizeof(buf)),
			 0);
	ck_assert_str_eq(buf, "rule 2 of ip filter INPUT (DROP, \"a.b_c\")");
	ck_assert_int_eq(firewall_describe(&s, &s.objects[0], buf, sizeof(buf)),
			 -EINVAL);
	ck_assert_int_eq(firewall_remedy(&s, &s.objects[2], buf, 10), -ENOSPC);
	sample_free(&s);
}

TEST(made, table_has_another_name_in_that_of_a_series)
{
	const struct object *o;
	struct table t;
	struct sample s;
	char buf[128];

	start(&t);
	t.blob.table = "a.b";
	t.blob.is_legacy = true;
	ADD(&t, DROP, .comment = "c");
	policy(&t, -2);
	finish(&t);
	s = parsed(&t, 64);
	o = find(&s, "ip.legacy_a?b.INPUT.c");
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(firewall_describe(&s, o, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "rule 1 of ip a.b INPUT (DROP, \"c\")");
	ck_assert_int_eq(firewall_remedy(&s, o, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "iptables-legacy -t a.b -L INPUT 1 -nv");
	sample_free(&s);
}

/* What rules, policies and those beyond the limit dropped, all of it policy. */
static uint64_t sum_of_parts(const struct sample *s)
{
	uint64_t sum = 0;

	EACH_OBJECT (s, o)
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_PART ||
			    row->counter->kind == KIND_DETAIL) {
				ck_assert(firewall_is_policy(s, o));
				sum += row->value;
			}
	return sum;
}

TEST(made, rules_beyond_the_limit_stay_in_the_total)
{
	struct table t;
	struct sample s;

	start(&t);
	for (uint32_t i = 0; i < 20; i++)
		ADD(&t, DROP, .source = i / 2, .packets = 1);
	policy(&t, -1);
	finish(&t);
	for (unsigned max = 0; max < 30; max++) {
		s = parsed(&t, max);
		/* the total, the policy, and those beyond as one */
		ck_assert_uint_eq(s.n_objects, max < 20 ? 3 + max : 22);
		ck_assert_uint_eq(packets(&s, find(&s, WHOLE)), 27);
		ck_assert_uint_eq(sum_of_parts(&s), 27);
		sample_free(&s);
	}
}

TEST(made, rules_beyond_the_limit_are_put_into_words)
{
	struct listing l = {0};
	struct table t;

	start(&t);
	for (uint32_t i = 0; i < 5; i++)
		ADD(&t, DROP, .source = i, .packets = 1);
	ADD(&t, DROP, .statistic = 1, .value = 1 << 30, .packets = 4);
	policy(&t, -2);
	finish(&t);
	l.sample = parsed(&t, 2);
	expect_rule(&l, "ip.filter.INPUT#beyond",
		    "3 rules of ip filter INPUT (beyond MaxRules)",
		    "iptables-legacy -t filter -nvL INPUT --line-numbers");
	expect_rule(&l, "ip.filter.INPUT#beyond_chance",
		    "1 rule of ip filter INPUT (beyond MaxRules, by chance or "
		    "rate)",
		    "iptables-legacy -t filter -nvL INPUT --line-numbers");
	ck_assert(!firewall_is_policy(
		&l.sample, find(&l.sample, "ip.filter.INPUT#beyond_chance")));
	sample_free(&l.sample);
}

TEST(made, statistic_match_is_a_fact)
{
	static const struct {
		int mode;
		uint16_t flags;
		uint32_t value;
		uint64_t probability;
		uint64_t every;
		const char *text;
	} cases[] = {
		{1, 0, 0x26666680, 0x26666680, UINT64_MAX, "statistic 0.3"},
		{1, 1, 0x20000000, 0x60000000, UINT64_MAX, "statistic 0.75"},
		{1, 0, 0x80000000, 0x80000000, UINT64_MAX, "statistic 1"},
		{1, 0, 0x80000001, UINT64_MAX, UINT64_MAX, "(DROP)"},
		{2, 0, 2, UINT64_MAX, 3, "statistic 1 in 3"},
		{2, 1, 2, UINT64_MAX, UINT64_MAX, "(DROP)"},
		{2, 0, UINT32_MAX, UINT64_MAX, UINT64_MAX, "(DROP)"},
		{9, 0, 2, UINT64_MAX, UINT64_MAX, "(DROP)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct object *o;
		char buf[128] = "";
		struct table t;
		struct sample s;

		start(&t);
		ADD(&t, DROP, .statistic = cases[i].mode,
		    .flags = cases[i].flags, .value = cases[i].value);
		policy(&t, -2);
		finish(&t);
		s = parsed(&t, 64);
		o = &s.objects[1];
		ck_assert_uint_eq(
			fact(&s, o, &firewall_facts[FIREWALL_PROBABILITY]),
			cases[i].probability);
		ck_assert_uint_eq(fact(&s, o, &firewall_facts[FIREWALL_EVERY]),
				  cases[i].every);
		ck_assert_int_eq(firewall_describe(&s, o, buf, sizeof(buf)), 0);
		ck_assert_msg(strstr(buf, cases[i].text), "%s", buf);
		sample_free(&s);
	}
}

/*
 * -m limit -j REJECT, and what stands behind it: all or some are dropped, or
 * let pass, or only logged before.
 */
TEST(made, limit_of_answers_loses_nothing_by_a_rate)
{
	static const struct {
		struct spec next;
		int policy;
		bool is_policy;
	} wanted[] = {
		{{DROP}, -NF_ACCEPT - 1, true},
		{{DROP, .comment = "rest"}, -NF_ACCEPT - 1, true},
		{{DROP, .source = 9}, -NF_ACCEPT - 1, false},
		{{DROP, .source = 9}, -NF_DROP - 1, true},
		{{DROP, .limit = true}, -NF_ACCEPT - 1, false},
		{{.target = "LOG"}, -NF_DROP - 1, true},
		{{.target = "MARK"}, -NF_DROP - 1, false},
		{{ACCEPT, .source = 9}, -NF_DROP - 1, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct table t;
		struct sample s;

		start(&t);
		ADD(&t, .target = "REJECT", .limit = true, .packets = 3);
		add(&t, wanted[i].next);
		policy(&t, wanted[i].policy);
		finish(&t);
		s = parsed(&t, 64);
		ck_assert_uint_eq(fact(&s, &s.objects[1],
				       &firewall_facts[FIREWALL_NUMBER]),
				  1);
		ck_assert_msg(firewall_is_policy(&s, &s.objects[1]) ==
				      wanted[i].is_policy,
			      "%zu", i);
		sample_free(&s);
	}
}

/* INPUT jumps to a chain that drops, once or twice. */
TEST_EACH(made, chance_is_that_of_the_rules_that_jump, 4)
{
	static const struct {
		int first, second; /* statistic, -1: no jump */
		bool is_policy;
	} jumps[] = {
		{2, -1, false}, {0, -1, true}, {1, 2, false}, {2, 0, true}};
	struct spec jump = {
		.verdict = 1, .statistic = jumps[_i].first, .value = 3};
	uint32_t first, second = 0;
	struct table t;
	struct sample s;
	int32_t to;

	start(&t);
	first = add(&t, jump);
	jump.statistic = jumps[_i].second;
	if (jump.statistic >= 0)
		second = add(&t, jump);
	policy(&t, -2);
	ADD(&t, .name = "lose");
	to = (int32_t)ADD(&t, DROP, .packets = 9);
	ADD(&t, .verdict = XT_RETURN);
	finish(&t);
	jump_to(&t, first, to);
	if (second)
		jump_to(&t, second, to);
	s = parsed(&t, 64);
	ck_assert_uint_eq(packets(&s, find(&s, "ip.filter.lose.drop")), 9);
	ck_assert_int_eq(firewall_is_policy(&s, &s.objects[1]),
			 jumps[_i].is_policy);
	sample_free(&s);
}

TEST(made, strange_texts_do_no_harm)
{
	const struct object *o;
	struct table t;
	struct sample s;
	char buf[512];
	uint32_t head;

	start(&t);
	ADD(&t, .verdict = 0); /* set below */
	policy(&t, -2);
	head = ADD(&t, .name = "$(reboot)\n");
	ADD(&t, DROP, .comment = "a\n\"b\\\xff");
	ADD(&t, .verdict = -NF_REPEAT - 1);
	finish(&t);
	head += sizeof(struct ipt_entry) +
		XT_ALIGN(sizeof(struct xt_error_target));
	memcpy(t.bytes + sizeof(struct ipt_entry) +
		       offsetof(struct xt_standard_target, verdict),
	       &head, sizeof(head));
	s = parsed(&t, 64);
	ck_assert_uint_eq(s.n_objects, 2);
	o = &s.objects[1];
	ck_assert_str_eq(object_label(&s, o), "a?'b'?");
	ck_assert_int_eq(firewall_remedy(&s, o, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "iptables-legacy -t filter -nvL --line-numbers");
	sample_free(&s);
}

/* Rules that live: one table after the other is read, as in a namespace. */

/* A rule of INPUT: its source tells it from others. */
struct live_rule {
	uint32_t source;
	uint64_t packets;
	const char *comment;
};

struct live {
	struct sample samples[2];
	int n; /* reads */
};

static void live_table(struct table *t, const struct live_rule *rules, size_t n,
		       uint64_t passed)
{
	start(t);
	for (size_t i = 0; i < n; i++)
		ADD(t, DROP, .source = rules[i].source,
		    .packets = rules[i].packets, .comment = rules[i].comment);
	t->blob.underflow[NF_INET_LOCAL_IN] = ADD(t, ACCEPT, .packets = passed);
	finish(t);
}

static const struct sample *live_read_table(struct live *l,
					    const struct table *t, unsigned max)
{
	struct sample *now = &l->samples[l->n % 2];
	const struct sample *then = &l->samples[(l->n + 1) % 2];

	sample_reset(now);
	now->sources = 1;
	sample_follow(now, l->n ? then : NULL);
	ck_assert_int_eq(xt_parse(&t->blob, max, now), 0);
	ck_assert_int_eq(now->error, 0);
	if (l->n++)
		sample_compare(now, then);
	return now;
}

static const struct sample *live_read(struct live *l,
				      const struct live_rule *rules, size_t n,
				      uint64_t passed)
{
	struct table t;

	live_table(&t, rules, n, passed);
	return live_read_table(l, &t, 64);
}

#define LIVE(l, passed, ...)                                                   \
	live_read(l, (const struct live_rule[]) {__VA_ARGS__},                 \
		  sizeof((const struct live_rule[]) {__VA_ARGS__}) /           \
			  sizeof(struct live_rule),                            \
		  passed)

static void live_end(struct live *l)
{
	sample_free(&l->samples[0]);
	sample_free(&l->samples[1]);
}

/* What the first row of an object has counted; UINT64_MAX: nobody knows. */
static uint64_t counted(const struct sample *s, const char *name)
{
	const struct object *o = find(s, name);
	const struct row *row = o ? object_rows(s, o) : NULL;

	return row && row->flags & ROW_COMPARED ? row->delta : UINT64_MAX;
}

static uint64_t replaced(const struct sample *s)
{
	const struct object *o = firewall_next_replaced(s, NULL);
	const struct counter *c = &firewall_facts[FIREWALL_REPLACED];

	return o ? object_value(s, o, c, 0) : UINT64_MAX;
}

static uint64_t is_new(const struct sample *s, const char *name)
{
	const struct object *o = find(s, name);

	ck_assert_ptr_nonnull(o);
	return object_value(s, o, &firewall_facts[FIREWALL_NEW], 0);
}

CASE(live);

TEST(live, chain_goes_on_where_rules_are_inserted_and_deleted)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, 9, {1, 100, "a"}, {2, 5, "b"});
	s = LIVE(&l, 9, {1, 130, "a"}, {2, 5, "b"});
	ck_assert_uint_eq(counted(s, WHOLE), 30);
	s = LIVE(&l, 9, {3, 2, "c"}, {1, 131, "a"}, {2, 9, "b"}); /* before */
	ck_assert_uint_eq(counted(s, WHOLE), 2 + 1 + 4);
	ck_assert_uint_eq(counted(s, "ip.filter.INPUT.a"), 1);
	ck_assert_uint_eq(counted(s, "ip.filter.INPUT.b"), 4);
	ck_assert_uint_eq(counted(s, "ip.filter.INPUT.c"), 2);
	ck_assert_uint_eq(packets(s, find(s, WHOLE)), 105 + 30 + 7);
	ck_assert(!firewall_next_replaced(s, NULL));
	s = LIVE(&l, 9, {2, 12, "b"}, {3, 2, "c"}); /* and in another order */
	ck_assert_uint_eq(counted(s, WHOLE), 3);
	ck_assert_uint_eq(packets(s, find(s, WHOLE)), 142 + 3);
	ck_assert_uint_eq(replaced(s), 1);
	s = LIVE(&l, 9, {2, 12, "b"}, {3, 3, "c"});
	ck_assert_uint_eq(counted(s, WHOLE), 1);
	ck_assert(!firewall_next_replaced(s, NULL));
	live_end(&l);
}

/* What is seen now need not be new: it may be what was not seen then. */
TEST(live, nothing_is_new_after_a_read_in_part)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, 9, {1, 100, "a"});
	l.samples[0].sources = 0;
	l.samples[0].parts = 1;
	s = LIVE(&l, 9, {1, 130, "a"}, {2, 5, "b"});
	ck_assert_uint_eq(counted(s, "ip.filter.INPUT.a"), 30);
	ck_assert_uint_eq(counted(s, WHOLE), 30);
	s = LIVE(&l, 9, {1, 130, "a"}, {2, 6, "b"}, {3, 7, "c"});
	ck_assert_uint_eq(counted(s, WHOLE), 1 + 7);
	live_end(&l);
}

/* Nobody can tell them apart, wherever they stand. */
TEST(live, rules_that_look_the_same_count_the_least_together)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, 9, {1, 8, NULL}, {1, 9, NULL});
	s = LIVE(&l, 9, {3, 0, "c"}, {1, 10, NULL}, {1, 9, NULL});
	ck_assert_uint_eq(counted(s, WHOLE), 2);
	s = LIVE(&l, 9, {1, 9, NULL}, {1, 10, NULL});
	ck_assert_uint_eq(counted(s, WHOLE), 0);
	s = LIVE(&l, 9, {1, 9, NULL}, {1, 9, NULL}, {1, 9, NULL});
	ck_assert_uint_eq(replaced(s), 1); /* that of 10 */
	s = LIVE(&l, 9, {1, 9, NULL}, {1, 9, NULL});
	ck_assert_uint_eq(counted(s, WHOLE), 0);
	ck_assert_uint_eq(replaced(s), 1); /* each has but one partner */
	live_end(&l);
}

TEST(live, counts_that_began_anew_go_on)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, 9, {1, 100, "a"}, {2, 5, NULL});
	s = LIVE(&l, 0, {1, 90, "a"}, {2, 0, NULL}); /* iptables -Z */
	ck_assert_uint_eq(counted(s, WHOLE), 90);
	ck_assert_uint_eq(counted(s, "ip.filter.INPUT.a"), 90);
	ck_assert_uint_eq(packets(s, find(s, WHOLE)), 195);
	ck_assert_uint_eq(packets(s, find(s, "ip.filter.INPUT.a")), 190);
	ck_assert_uint_eq(replaced(s), 2);
	s = LIVE(&l, 1, {1, 95, "a"}, {2, 1, NULL});
	ck_assert_uint_eq(counted(s, WHOLE), 6);
	ck_assert_uint_eq(packets(s, find(s, WHOLE)), 201);
	ck_assert_uint_eq(packets(s, find(s, "ip.filter.INPUT.a")), 195);
	ck_assert(!firewall_next_replaced(s, NULL));
	live_end(&l);
}

/* No rule has counted less, but the policy has: all of it is another table. */
TEST(live, policy_tells_that_a_table_was_replaced)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, 1000, {1, 0, "a"});
	s = LIVE(&l, 1001, {1, 8, "a"});
	ck_assert(!firewall_next_replaced(s, NULL));
	s = LIVE(&l, 3, {1, 9, "a"});
	ck_assert_uint_eq(counted(s, WHOLE), 1);
	ck_assert_uint_eq(replaced(s), 1);
	live_end(&l);
}

TEST(live, rule_that_came_while_somebody_watched_is_new)
{
	struct live l = {0};
	const struct sample *s;
	struct cause c = {.known = true};
	struct loss loss = {.layer = LAYER_NETFILTER, .direction = DIR_RX};
	const struct object *o;

	s = LIVE(&l, 9, {1, 100, "a"});
	ck_assert_uint_eq(is_new(s, "ip.filter.INPUT.a"), 0);
	for (unsigned i = 1; i < FIREWALL_NEW_READS + 3; i++) {
		s = LIVE(&l, 9, {2, 40, "b"}, {1, 100, "a"});
		ck_assert_uint_eq(is_new(s, "ip.filter.INPUT.b"),
				  i <= FIREWALL_NEW_READS ? i : 0);
		ck_assert_uint_eq(is_new(s, "ip.filter.INPUT.a"), 0);
		ck_assert_uint_eq(counted(s, "ip.filter.INPUT.b"),
				  i == 1 ? 40 : 0);
		o = find(s, "ip.filter.INPUT.b");
		ck_assert(firewall_explainers[0].explain(
			&(struct suspect) {.sample = s,
					   .loss = &loss,
					   .object = o,
					   .row = object_rows(s, o)},
			&c));
		ck_assert_int_eq(!strncmp(c.text, "new rule 1 of ", 14),
				 i <= FIREWALL_NEW_READS);
	}
	s = LIVE(&l, 9, {2, 1, "b"}, {1, 100, "a"}); /* zeroed, not new */
	ck_assert_uint_eq(is_new(s, "ip.filter.INPUT.b"), 0);
	s = LIVE(&l, 9, {2, 1, "other"}, {1, 100, "a"});
	ck_assert_uint_eq(is_new(s, "ip.filter.INPUT.other"), 1);
	ck_assert_uint_eq(counted(s, WHOLE), 1);
	ck_assert_uint_eq(replaced(s), 1);
	live_end(&l);
}

TEST(live, chain_that_has_gone_is_told)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, 9, {1, 100, "a"});
	LIVE(&l, 9, {1, 100, "a"});
	s = live_read(&l, NULL, 0, 9);
	ck_assert_uint_eq(replaced(s), 1);
	ck_assert_ptr_null(find(s, WHOLE));
	ck_assert_str_eq(object_chain(s, firewall_next_replaced(s, NULL)),
			 "INPUT");
	s = live_read(&l, NULL, 0, 9);
	ck_assert(!firewall_next_replaced(s, NULL));
	s = LIVE(&l, 9, {1, 7, "a"}); /* it was read, and had none */
	ck_assert_uint_eq(counted(s, WHOLE), 7);
	live_end(&l);
}

static bool is_suspected(const struct sample *s, enum direction direction,
			 struct cause *ret)
{
	*ret = (struct cause) {.lost = 0};
	return firewall_suspect_replaced(s, direction, ret);
}

TEST(live, replaced_chain_is_suspected_for_one_interval)
{
	struct live l = {0};
	const struct sample *s;
	struct cause c;

	s = LIVE(&l, 9, {1, 100, "a"});
	ck_assert(!is_suspected(s, DIR_RX, &c));
	s = LIVE(&l, 9, {2, 7, "b"}, {1, 104, "a"});
	ck_assert(!is_suspected(s, DIR_RX, &c)); /* an insert loses nothing */
	s = LIVE(&l, 9, {2, 1, "b"}, {1, 2, "a"});
	ck_assert(is_suspected(s, DIR_RX, &c));
	ck_assert(c.is_rule);
	ck_assert_str_eq(c.reason->id, "firewall-rules-replaced");
	ck_assert_str_eq(c.text, "rules of ip filter INPUT were replaced or "
				 "zeroed in this interval, and their counts "
				 "with them");
	ck_assert(!is_suspected(s, DIR_TX, &c));
	ck_assert(!is_suspected(s, DIR_FWD, &c));
	s = LIVE(&l, 9, {2, 1, "b"}, {1, 9, "a"});
	ck_assert(!is_suspected(s, DIR_RX, &c));
	s = live_read(&l, NULL, 0, 9);
	ck_assert(is_suspected(s, DIR_RX, &c));
	ck_assert(!is_suspected(s, DIR_TX, &c));
	live_end(&l);
}

/* A table with a chain of that name, which INPUT jumps to, or does not. */
static void chain_table(struct table *t, const char *name, uint64_t packets,
			bool jumps)
{
	uint32_t head;

	start(t);
	ADD(t, .verdict = 0);
	policy(t, -2);
	head = ADD(t, .name = name);
	head += sizeof(struct ipt_entry) +
		XT_ALIGN(sizeof(struct xt_error_target));
	ADD(t, DROP, .source = 1, .packets = packets);
	finish(t);
	if (!jumps)
		head = sizeof(struct ipt_entry) +
		       sizeof(struct xt_standard_target);
	memcpy(t->bytes + sizeof(struct ipt_entry) +
		       offsetof(struct xt_standard_target, verdict),
	       &head, sizeof(head));
}

TEST(live, renamed_chain_has_lost_nothing)
{
	struct live l = {0};
	const struct sample *s;
	struct table t;

	chain_table(&t, "X", 500, true);
	live_read_table(&l, &t, 64);
	chain_table(&t, "Y", 503, true); /* iptables -E X Y */
	s = live_read_table(&l, &t, 64);
	ck_assert_uint_eq(counted(s, "ip.filter.Y.drop"), 3);
	ck_assert(!firewall_next_replaced(s, NULL));
	live_end(&l);
}

TEST(live, chain_that_is_reached_again_has_lost_nothing)
{
	struct live l = {0};
	const struct sample *s;
	struct table t;

	for (int i = 0; i < 3; i++) {
		chain_table(&t, "X", 500 + (i == 2 ? 4 : 0), i != 1);
		s = live_read_table(&l, &t, 64);
		ck_assert_int_eq(find(s, "ip.filter.X.drop") != NULL, i != 1);
	}
	ck_assert_uint_eq(counted(s, "ip.filter.X.drop"), 4);
	live_end(&l);
}

/* nf_tables has got a table of the same name: only the words change. */
TEST(live, table_that_is_called_otherwise_has_lost_nothing)
{
	struct live l = {0};
	const struct sample *s;
	struct table t;

	live_table(&t, (const struct live_rule[]) {{1, 100, "a"}}, 1, 9);
	live_read_table(&l, &t, 64);
	live_table(&t, (const struct live_rule[]) {{1, 102, "a"}}, 1, 9);
	t.blob.is_legacy = true;
	s = live_read_table(&l, &t, 64);
	ck_assert_uint_eq(counted(s, "ip.legacy_filter.INPUT.drop"), 2);
	ck_assert_uint_eq(is_new(s, "ip.legacy_filter.INPUT.a"), 0);
	live_end(&l);
}

/* Rules that look the same: nobody can tell which one was deleted. */
TEST(live, equal_rules_never_count_too_much)
{
	static const struct {
		uint64_t then[2], now[2];
		size_t n_then, n_now;
		uint64_t wanted;
	} cases[] = {
		{{1000}, {0, 1004}, 1, 2, 4},	 /* one more before it */
		{{1000}, {7, 1000}, 1, 2, 7},	 /* which counts now */
		{{1000, 5}, {8}, 2, 1, 3},	 /* the first one went */
		{{1000, 5}, {1003}, 2, 1, 3},	 /* the second one did */
		{{0, 1000}, {1002, 0}, 2, 2, 2}, /* first out, one added */
		{{1000, 5}, {6, 2}, 2, 2, 3},	 /* zeroed */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct live_rule then[2] = {{1, cases[i].then[0], NULL},
					    {1, cases[i].then[1], NULL}};
		struct live_rule now[2] = {{1, cases[i].now[0], NULL},
					   {1, cases[i].now[1], NULL}};
		struct live l = {0};
		const struct sample *s;

		live_read(&l, then, cases[i].n_then, 9);
		s = live_read(&l, now, cases[i].n_now, 9);
		ck_assert_uint_eq(counted(s, WHOLE), cases[i].wanted);
		live_end(&l);
	}
}

/*
 * A firewall that is changed at random while packets come. Never more is told
 * than it dropped, and just that unless counts went that were not read yet.
 */
struct wild {
	struct live_rule rules[40];
	size_t n;
	uint64_t truth, passed;
	bool has_lost; /* counts since the last read */
	bool is_dirty; /* something was counted since the last read */
	uint32_t next; /* source of a rule that was never there */
};

static void wild_traffic(struct wild *w)
{
	for (int i = rand() % 20; i > 0 && w->n; i--) {
		uint64_t n = (uint64_t)(rand() % 50);

		w->rules[(size_t)rand() % w->n].packets += n;
		w->truth += n;
		w->is_dirty |= n > 0;
	}
	w->passed += (uint64_t)(rand() % 100);
}

static void wild_insert(struct wild *w)
{
	size_t at = (size_t)rand() % (w->n + 1);

	if (w->n == ARRAY_SIZE(w->rules))
		return;
	memmove(&w->rules[at + 1], &w->rules[at],
		(w->n - at) * sizeof(w->rules[0]));
	w->rules[at] =
		(struct live_rule) {.source = rand() % 4 ? ++w->next : 1};
	w->n++;
}

static void wild_delete(struct wild *w)
{
	size_t at;

	if (!w->n)
		return;
	at = (size_t)rand() % w->n;
	w->has_lost |= w->rules[at].packets > 0;
	memmove(&w->rules[at], &w->rules[at + 1],
		(w->n - at - 1) * sizeof(w->rules[0]));
	w->n--;
}

static void wild_swap(struct wild *w)
{
	struct live_rule *a = &w->rules[(size_t)rand() % (w->n + !w->n)];
	struct live_rule *b = &w->rules[(size_t)rand() % (w->n + !w->n)];
	struct live_rule c = *a;

	*a = *b;
	*b = c;
}

static void wild_zero(struct wild *w)
{
	for (size_t i = 0; i < w->n; i++) {
		w->has_lost |= w->rules[i].packets > 0;
		w->rules[i].packets = 0;
	}
	w->passed = 0;
}

static void wild_change(struct wild *w, int what)
{
	switch (what) {
	case 0:
		wild_delete(w);
		break;
	case 1:
		wild_zero(w);
		break;
	case 2:
	case 3:
		wild_swap(w);
		break;
	default:
		wild_insert(w);
	}
}

/* The total of all chains: what was told of the loss, in all. */
static uint64_t told(const struct sample *s)
{
	uint64_t n = counted(s, WHOLE);

	return n == UINT64_MAX ? 0 : n;
}

TEST_EACH(live, never_more_is_told_than_was_dropped, 200)
{
	struct wild w = {.next = 100};
	struct live l = {0};
	struct table t;

	srand((unsigned)_i + 1);
	for (int read = 0; read < 30; read++) {
		uint64_t before = w.truth;

		w.has_lost = false;
		for (int i = rand() % 4; read && i > 0; i--) {
			wild_change(&w, rand() % 8);
			wild_traffic(&w);
		}
		if (!read)
			for (int i = 0; i < 10; i++)
				wild_insert(&w);
		wild_traffic(&w);
		live_table(&t, w.rules, w.n, w.passed);
		live_read_table(&l, &t, (unsigned)rand() % 20);
		if (!read)
			continue;
		ck_assert_uint_le(told(&l.samples[(l.n + 1) % 2]),
				  w.truth - before);
		if (!w.has_lost)
			ck_assert_uint_eq(told(&l.samples[(l.n + 1) % 2]),
					  w.truth - before);
	}
	live_end(&l);
}

/* Nonsense. */

/* Parses a copy that ends where its memory does, for the sanitizer to see. */
static int parse_copy(const struct xt_blob *blob, size_t size)
{
	struct xt_blob copy = *blob;
	_cleanup_free_ unsigned char *bytes = malloc(size + 1);
	struct sample s = {0};
	int r;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes + 1, blob->bytes, size); /* misaligned, too */
	copy.bytes = bytes + 1;
	copy.size = size;
	r = xt_parse(&copy, 64, &s);
	ck_assert(r == 0 || r == -EBADMSG);
	sample_free(&s);
	return r;
}

CASE(nonsense);

TEST(nonsense, truncated_tables_are_refused)
{
	struct xt_blob blob = {.family = FAMILY_IP, .table = "filter"};
	_cleanup_free_ char *bytes = NULL;
	int n_good = 0;
	size_t n;

	bytes = fixture_read("6.18", "ip.filter.xt", &n);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(xtables_file_parse(bytes, n, &blob), 0);
	for (size_t size = 0; size < blob.size; size++)
		n_good += parse_copy(&blob, size) == 0;
	/* only an end between two entries of the user's chains is a table */
	ck_assert_int_lt(n_good, 20);
	ck_assert_int_eq(parse_copy(&blob, blob.size), 0);
}

TEST(nonsense, damaged_tables_are_survived)
{
	static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
	struct xt_blob blob = {.family = FAMILY_IP, .table = "filter"};
	_cleanup_free_ char *bytes = NULL;
	size_t n;

	bytes = fixture_read("6.18", "ip.filter.xt", &n);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(xtables_file_parse(bytes, n, &blob), 0);
	for (size_t i = 0; i < blob.size * ARRAY_SIZE(values); i++) {
		char *at = bytes + n - blob.size + i / ARRAY_SIZE(values);
		char was = *at;

		*at = (char)values[i % ARRAY_SIZE(values)];
		parse_copy(&blob, blob.size);
		*at = was;
	}
}

static uint64_t looks;

static uint64_t count_looks(void)
{
	return ++looks;
}

/* Wherever in the parse that is; a deadline that is far off changes nothing. */
TEST(nonsense, parse_ends_when_its_time_is_over)
{
	struct deadline deadline = {.now = count_looks};
	struct xt_blob blob = {
		.family = FAMILY_IP, .table = "filter", .deadline = &deadline};
	_cleanup_free_ char *bytes = NULL;
	unsigned n_cut = 0;
	size_t n;
	int r;

	bytes = fixture_read("6.18", "ip.filter.xt", &n);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(xtables_file_parse(bytes, n, &blob), 0);
	do {
		struct sample s = {0};

		looks = 0;
		deadline = (struct deadline) {.now = count_looks,
					      .end_ns = n_cut + 1};
		r = xt_parse(&blob, 64, &s);
		if (r == -ETIME)
			ck_assert_uint_eq(looks, ++n_cut);
		sample_free(&s);
	} while (r == -ETIME);
	ck_assert_int_eq(r, 0);
	ck_assert_uint_ge(n_cut, 3);
}

TEST(nonsense, offsets_out_of_range_are_refused)
{
	struct sample s = {0};
	struct table t;
	uint16_t zero = 0;

	start(&t);
	ADD(&t, DROP);
	policy(&t, -1);
	finish(&t);
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), 0);
	t.blob.hook_entry[NF_INET_LOCAL_IN] = 1;
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), -EBADMSG);
	t.blob.hook_entry[NF_INET_LOCAL_IN] = UINT32_MAX;
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), -EBADMSG);
	t.blob.hook_entry[NF_INET_LOCAL_IN] = 0;
	t.blob.underflow[NF_INET_LOCAL_IN] = UINT32_MAX;
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), 0);
	t.blob.valid_hooks |= 1 << 5;
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), -EBADMSG);
	t.blob.valid_hooks = 1 << NF_INET_LOCAL_IN;
	memcpy(t.bytes + offsetof(struct ipt_entry, next_offset), &zero, 2);
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), -EBADMSG);
	t.blob.family = FAMILY_ARP;
	ck_assert_int_eq(xt_parse(&t.blob, 64, &s), -EBADMSG);
	t.blob.size = XT_MAX_SIZE + 1;
	ck_assert_int_eq(xt_parse(&t.blob, 64, &s), -E2BIG);
	ck_assert_uint_eq(s.n_objects, 0);
}

TEST(nonsense, match_that_never_ends_is_refused)
{
	struct table t;
	uint16_t zero = 0;

	start(&t);
	ADD(&t, DROP, .comment = "x");
	policy(&t, -2);
	finish(&t);
	memcpy(t.bytes + sizeof(struct ipt_entry), &zero, 2);
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), -EBADMSG);
}

static void set_jump(struct table *t, uint32_t rule, uint32_t to)
{
	memcpy(t->bytes + rule + sizeof(struct ipt_entry) +
		       offsetof(struct xt_standard_target, verdict),
	       &to, sizeof(to));
}

TEST(nonsense, jumps_in_a_circle_end)
{
	struct table t;
	struct sample s;
	uint32_t from, a, b;

	start(&t);
	from = ADD(&t, .verdict = 0);
	policy(&t, -2);
	ADD(&t, .name = "a");
	a = ADD(&t, .verdict = 0);
	ADD(&t, DROP, .packets = 5);
	ADD(&t, .name = "b");
	b = ADD(&t, .verdict = 0);
	finish(&t);
	set_jump(&t, from, a);
	set_jump(&t, a, b);
	set_jump(&t, b, a);
	s = parsed(&t, 64);
	ck_assert_uint_eq(packets(&s, find(&s, "ip.filter.a.drop")), 5);
	sample_free(&s);
	set_jump(&t, from, from); /* to itself */
	set_jump(&t, b, INT32_MAX);
	ck_assert_int_eq(parse_copy(&t.blob, t.blob.size), 0);
}

TEST(nonsense, table_without_terminator_is_read_to_its_end)
{
	struct table t;
	struct sample s;

	start(&t);
	ADD(&t, DROP, .packets = 5);
	policy(&t, -2);
	s = parsed(&t, 64);
	ck_assert_uint_eq(packets(&s, find(&s, WHOLE)), 5);
	sample_free(&s);
	t.blob.size = 0;
	ck_assert_int_eq(parse_copy(&t.blob, 0), -EBADMSG);
	t.blob.valid_hooks = 0;
	ck_assert_int_eq(parse_copy(&t.blob, 0), 0);
}
