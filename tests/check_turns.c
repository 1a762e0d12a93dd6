/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is, and how much of the time is whose: on a clock that only
 * reading moves on, with namespaces that do what they can to have more of it.
 */
#include "engine/turns.h"
#include "testlib.h"

#define MS UINT64_C(1000000)
#define BUDGET (1000 * MS)
#define SHARE (100 * MS)
#define CHEAP (MS / 4)
#define MAX_SPACES 1100
#define MAX_SEEN 64

/* What one does: it has a table, which takes time, and all else, which does. */
struct model {
	uint64_t rest_ns, table_ns;
	bool alternates; /* its table is there in each second round only */
	bool anew;	 /* another one is in its place in each round */
	unsigned n_read; /* reads, and those of them that were whole */
	unsigned n_whole;
	unsigned waited; /* rounds since the newest that was whole */
	unsigned longest;
};

static struct model models[MAX_SPACES];
static struct ns_list list;
static uint64_t clock_now;
static unsigned n_rounds;
static uint64_t slop_ns; /* that it takes to notice that the time is over */
static size_t seen[MAX_SEEN], n_seen, n_skipped;
static atomic_bool halt;

static uint64_t tell_time(void)
{
	return clock_now;
}

/* Works so long, or so long as it may. Returns whether it was cut. */
static bool work(uint64_t time_ns, uint64_t given_ns)
{
	bool is_cut = time_ns > given_ns;

	clock_now += is_cut ? given_ns + slop_ns : time_ns;
	return is_cut;
}

static uint64_t table_of(const struct model *m)
{
	return m->alternates && n_rounds % 2 ? 0 : m->table_ns;
}

/* As a reader does. Returns whether all of it was read. */
static bool read_table(struct ns *ns, const struct allowance *a,
		       uint64_t table_ns, bool is_crowded)
{
	struct pace *pace = &ns->paces[0];
	uint64_t begun = clock_now, given;
	bool is_cut;

	if (!ns->slow) {
		is_cut = work(table_ns, a->work_ns ? a->work_ns : UINT64_MAX);
		if (is_cut && is_crowded)
			ns->dear = true;
		else if (is_cut)
			pace_note(pace, true, 0, SHARE);
	} else if (pace->wait) {
		pace->wait--;
		return false;
	} else {
		given = less_by(a->try_last_ns, begun);
		given = smaller_of(given, pace_time(pace, SHARE));
		given = smaller_of(given, BUDGET / 2);
		if (!given)
			return false;
		is_cut = work(table_ns, given);
		pace_note(pace, is_cut, clock_now - begun, SHARE);
	}
	ns->slow = pace->n > 0;
	return !is_cut;
}

static void on_read(void *arg, struct ns *ns, const struct allowance *a)
{
	size_t i = (size_t)ns->pid;
	struct model *m = &models[i];
	struct allowance rest = *a;
	bool is_crowded = a->work_ns && a->work_ns < SHARE, whole;

	(void)arg;
	if (n_seen < MAX_SEEN)
		seen[n_seen++] = i;
	ck_assert(!ns->gone);
	whole = !work(m->rest_ns, a->work_ns ? a->work_ns : UINT64_MAX);
	ns->dear |= !whole && is_crowded;
	if (a->work_ns)
		rest.work_ns = whole ? a->work_ns - m->rest_ns : 0;
	if (a->work_ns && !rest.work_ns)
		rest.work_ns = 1;
	if (table_of(m) || ns->slow)
		whole &= read_table(ns, &rest, table_of(m), is_crowded);
	m->n_read++;
	m->n_whole += whole;
	m->waited = whole ? 0 : m->waited;
}

static void read_round(uint64_t budget_ns)
{
	struct turns t = {
		.list = &list,
		.share_ns = SHARE,
		.most_ns = BUDGET / 2,
		.end_ns = budget_ns ? clock_now + budget_ns : 0,
		.now = tell_time,
		.read = on_read,
		.stop = &halt,
	};

	n_seen = 0;
	for (size_t i = 0; i < list.n; i++) {
		struct ns *ns = list.items[i];

		models[i].waited++;
		if (models[i].anew) {
			ns->slow = 0;
			ns->cost_ns = 0;
			ns->skipped = ns->dear = false;
			memset(ns->paces, 0, sizeof(ns->paces));
		}
	}
	n_skipped = turns_take(&t);
	for (size_t i = 0; i < list.n; i++)
		if (models[i].longest < models[i].waited)
			models[i].longest = models[i].waited;
	n_rounds++;
}

static struct model *add(struct model m)
{
	struct ns *ns = ns_list_add(&list);

	ck_assert_ptr_nonnull(ns);
	ns->pid = (pid_t)list.n - 1; /* its number here */
	models[ns->pid] = m;
	return &models[ns->pid];
}

static void setup(void)
{
	memset(models, 0, sizeof(models));
	clock_now = 1000 * BUDGET;
	n_rounds = 0;
	slop_ns = 0;
	add((struct model) {.rest_ns = CHEAP}); /* own */
}

static void teardown(void)
{
	ns_list_free(&list);
}

CASE(turns, .setup = setup, .teardown = teardown);

/* ---- what no crowd can do ---- */

static const struct {
	const char *what;
	struct model hostile;
} crowds[] = {
	{"too much", {.table_ns = 100 * BUDGET}},
	{"a little less than the share", {.table_ns = SHARE - 2 * MS}},
	{"less than half of it", {.table_ns = SHARE / 3}},
	{"much in each second round",
	 {.table_ns = 100 * BUDGET, .alternates = true}},
	{"the share in each second round",
	 {.table_ns = SHARE - 2 * MS, .alternates = true}},
	{"much, and comes anew", {.table_ns = 100 * BUDGET, .anew = true}},
	{"the share, and comes anew", {.table_ns = SHARE / 2, .anew = true}},
};

static const size_t sizes[] = {2, 24, 100, 400};

#define N_CROWDS (ARRAY_SIZE(crowds) * ARRAY_SIZE(sizes))

/* Puts so many around some that are cheap, at the begin, within, at the end. */
static void make_crowd(size_t i, struct model *victims[3])
{
	size_t n = sizes[i % ARRAY_SIZE(sizes)];
	struct model hostile = crowds[i / ARRAY_SIZE(sizes)].hostile;

	hostile.rest_ns = CHEAP;
	victims[0] = add((struct model) {.rest_ns = CHEAP});
	for (size_t k = 0; k < n; k++) {
		if (k == n / 2)
			victims[1] = add((struct model) {.rest_ns = CHEAP});
		add(hostile);
	}
	victims[2] = add((struct model) {.rest_ns = CHEAP});
}

/* From the first round on, and each round ends in time. */
TEST_EACH(turns, cheap_ones_are_whole_in_each_round, N_CROWDS)
{
	struct model *victims[3];

	make_crowd(_i, victims);
	for (unsigned i = 1; i <= 100; i++) {
		uint64_t begun = clock_now;

		read_round(BUDGET);
		ck_assert_uint_le(clock_now - begun, BUDGET);
		for (size_t k = 0; k < ARRAY_SIZE(victims); k++)
			ck_assert_uint_eq(victims[k]->n_whole, i);
	}
	for (size_t k = 0; k < list.n; k++)
		ck_assert_uint_ge(models[k].n_read, 2);
}

/* What needs a little more than its part is whole by turns at least. */
TEST_EACH(turns, dear_one_in_a_crowd_is_whole_again_and_again, N_CROWDS)
{
	struct model *victims[3], *dear;

	make_crowd(_i, victims);
	dear = add((struct model) {
		.rest_ns = smaller_of(3 * BUDGET / 4 / list.n, SHARE / 2)});
	for (unsigned i = 0; i < 200; i++)
		read_round(BUDGET);
	ck_assert_uint_le(dear->longest, 30);
}

/* It needs two shares, or two and a half: nobody has that in a round. */
TEST_EACH(turns, large_one_in_a_crowd_is_whole_again_and_again, N_CROWDS)
{
	size_t n = sizes[_i % ARRAY_SIZE(sizes)];
	struct model *victims[3], *large;

	make_crowd(_i, victims);
	large = add((struct model) {.rest_ns = CHEAP, .table_ns = 2 * SHARE});
	for (unsigned i = 0; i < 4 * n + 400; i++)
		read_round(BUDGET);
	ck_assert_uint_ge(large->n_whole, 3);
	ck_assert_uint_le(large->longest, 2 * n + 130);
	for (size_t k = 0; k < ARRAY_SIZE(victims); k++)
		ck_assert_uint_eq(victims[k]->n_whole, n_rounds);
}

/* What cannot be cut at once is not the others' loss, once they are known. */
TEST_EACH(turns, cheap_ones_are_whole_where_a_cut_takes_its_time, N_CROWDS)
{
	struct model *victims[3];

	make_crowd(_i, victims);
	slop_ns = 5 * MS;
	for (unsigned i = 1; i <= 100; i++)
		read_round(BUDGET);
	for (size_t k = 0; k < ARRAY_SIZE(victims); k++)
		ck_assert_uint_ge(victims[k]->n_whole, n_rounds - 12);
	for (size_t k = 0; k < list.n; k++)
		ck_assert(models[k].n_read > 0 || models[k].anew);
}

/* ---- what an honest host sees ---- */

/* Percent of the time that all together take. */
static const unsigned loads[] = {80, 100, 120, 200};

/* Each is whole by turns, and who is skipped is counted. */
TEST_EACH(turns, many_that_are_too_much_are_whole_in_turns, ARRAY_SIZE(loads))
{
	const size_t n = 300;

	for (size_t i = 0; i < n; i++)
		add((struct model) {.rest_ns = BUDGET * loads[_i] / 100 / n *
					       (90 + i % 21) / 100});
	for (unsigned i = 0; i < 60; i++) {
		read_round(BUDGET);
		for (size_t k = 1; i > 20 && k < list.n; k++)
			ck_assert_uint_le(models[k].waited, 8);
		if (i > 20)
			ck_assert(n_skipped > 0 || loads[_i] <= 100);
	}
}

/* All that fits is whole, whatever the order of the list is. */
TEST(turns, large_ones_that_fit_are_whole_in_each_round)
{
	for (size_t i = 0; i < 60; i++)
		add((struct model) {.rest_ns = CHEAP,
				    .table_ns = i % 10 ? CHEAP
						       : SHARE - 2 * MS});
	for (unsigned i = 1; i <= 20; i++) {
		read_round(BUDGET);
		for (size_t k = 0; i > 3 && k < list.n; k++)
			ck_assert_uint_ge(models[k].n_whole, i - 3);
	}
}

TEST(turns, without_a_limit_each_is_read)
{
	for (size_t i = 0; i < 20; i++)
		add((struct model) {.rest_ns = (20 - i) * MS});
	for (unsigned i = 1; i <= 3; i++) {
		read_round(0);
		ck_assert_uint_eq(n_seen, list.n);
		for (size_t k = 0; k < n_seen; k++)
			ck_assert_uint_eq(seen[k], k);
	}
}

/* ---- the order ---- */

static void check_order(const size_t *wanted, size_t n)
{
	read_round(BUDGET / 2);
	ck_assert_uint_eq(n_seen, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(seen[i], wanted[i]);
}

TEST(turns, cheap_ones_go_first_in_the_order_of_the_list)
{
	add((struct model) {.rest_ns = 80 * MS});
	add((struct model) {.rest_ns = 2 * CHEAP});
	add((struct model) {.rest_ns = CHEAP, .table_ns = 5 * SHARE});
	add((struct model) {.rest_ns = 3 * CHEAP});
	check_order((size_t[]) {0, 1, 2, 3, 4}, 5); /* all are new */
	add((struct model) {.rest_ns = CHEAP});
	models[2].rest_ns = 40 * CHEAP; /* still less than its part */
	check_order((size_t[]) {0, 2, 4, 1, 5, 3}, 6); /* 3 is tried again */
	check_order((size_t[]) {0, 2, 4, 5, 1, 3}, 6);
	list.items[4]->gone = true;
	check_order((size_t[]) {0, 2, 5, 1, 3}, 5);
}

/* One a round, as there is no time for a second one. */
TEST(turns, what_there_is_no_time_for_is_read_in_turns)
{
	for (size_t i = 0; i < 5; i++)
		add((struct model) {.rest_ns = SHARE});
	for (size_t i = 0; i < 15; i++) {
		size_t wanted[] = {0, 1 + i % 5};

		read_round(1);
		ck_assert_uint_eq(n_seen, 2);
		ck_assert_uint_eq(seen[1], wanted[1]);
		ck_assert_uint_eq(n_skipped, 4);
	}
}

TEST(turns, order_to_stop_is_heard)
{
	add((struct model) {.rest_ns = CHEAP});
	halt = true;
	read_round(BUDGET);
	halt = false;
	ck_assert_uint_eq(n_seen, 1);
	ck_assert_uint_eq(n_skipped, 0);
}
