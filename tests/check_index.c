/* SPDX-License-Identifier: MIT */
/* Finding objects and losses, few of them and many, is the same. */
#include "model/loss.h"
#include "model/sample_index.h"
#include "testlib.h"

static const struct hash_key key = {{1, 2}};
static struct sample s;

static void setup(void)
{
	s = (struct sample) {.key = &key};
}

static void teardown(void)
{
	sample_free(&s);
}

CASE(few_and_many, .setup = setup, .teardown = teardown);

/* How many others there are: with many, and who asks often, it is indexed. */
static const unsigned others[] = {0, 3, 40, 1000};
#define ROUNDS ARRAY_SIZE(others)

static void add_others(unsigned n)
{
	char name[16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "o%u", i);
		sample_object(&s, LAYER_LINK, name, "", 100 + i);
	}
}

static const struct object *find(enum layer layer, const char *place,
				 const char *name)
{
	uint32_t hint = 0;

	return sample_find(&s, layer, place, name, &hint);
}

static unsigned count_at(enum layer layer, const char *place)
{
	unsigned n = 0;

	EACH_OBJECT_AT (&s, layer, place, o)
		n++;
	return n;
}

TEST_EACH(few_and_many, an_object_is_found_by_its_name, ROUNDS)
{
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	add_others(others[_i]);
	sample_object(&s, LAYER_QDISC, "eth0", "a", 1);
	sample_object(&s, LAYER_QDISC, "eth0", "a", 2); /* the first counts */
	for (unsigned i = 0; i < 50; i++) {
		ck_assert_ptr_eq(find(LAYER_LINK, "eth0", ""), &s.objects[0]);
		ck_assert_ptr_eq(find(LAYER_QDISC, "eth0", "a"),
				 &s.objects[1 + others[_i]]);
		ck_assert_ptr_null(find(LAYER_LINK, "eth0", "a"));
		ck_assert_ptr_null(find(LAYER_QDISC, "eth1", "a"));
	}
}

TEST_EACH(few_and_many, what_comes_later_is_found_what_has_gone_is_not, ROUNDS)
{
	struct sample_mark mark;

	add_others(others[_i]);
	mark = sample_mark(&s);
	for (unsigned i = 0; i < 50; i++) {
		ck_assert_ptr_null(find(LAYER_IP, "", "late"));
		sample_object(&s, LAYER_IP, "", "late", 1);
		ck_assert_ptr_nonnull(find(LAYER_IP, "", "late"));
		ck_assert_uint_eq(count_at(LAYER_IP, ""), 1);
		sample_rollback(&s, mark);
	}
	sample_reset(&s);
	ck_assert_ptr_null(find(LAYER_LINK, "o0", ""));
}

TEST_EACH(few_and_many, objects_of_a_place_come_in_their_order, ROUNDS)
{
	const struct object *last = NULL;

	sample_object(&s, LAYER_QDISC, "eth0", "a", 1);
	add_others(others[_i]);
	sample_object(&s, LAYER_QDISC, "eth0", "b", 1);
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	sample_object(&s, LAYER_QDISC, "eth0", "c", 1);
	/* of a filter, which is in no chain of a firewall */
	sample_chain(&s, FAMILY_NONE, "table", "chain");
	for (unsigned i = 0; i < 50; i++)
		ck_assert_uint_eq(count_at(LAYER_QDISC, "eth0"), 3);
	EACH_OBJECT_AT (&s, LAYER_QDISC, "eth0", o) {
		ck_assert(!last || o > last);
		last = o;
	}
	ck_assert_str_eq(object_name(&s, last), "c");
	ck_assert_uint_eq(count_at(LAYER_QDISC, "eth1"), 0);
}

TEST_EACH(few_and_many, objects_of_a_layer_come_in_their_order, ROUNDS)
{
	unsigned n = 0;

	sample_object(&s, LAYER_QDISC, "eth0", "a", 1);
	add_others(others[_i]);
	sample_object(&s, LAYER_QDISC, "eth1", "b", 1);
	EACH_OBJECT_IN (&s, LAYER_QDISC, o)
		ck_assert_str_eq(object_name(&s, o), n++ ? "b" : "a");
	ck_assert_uint_eq(n, 2);
	EACH_OBJECT_IN (&s, LAYER_NEIGH, o)
		ck_abort();
}

TEST_EACH(few_and_many, rules_stand_beside_their_chain, ROUNDS)
{
	static const char *const chains[] = {"in", "out", "in"};
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(chains); i++) {
		sample_object(&s, LAYER_NETFILTER, "", chains[i], i);
		sample_chain(&s, FAMILY_INET, "t", chains[i]);
		add_others(others[_i]);
	}
	for (unsigned i = 0; i < 50; i++, n = 0)
		EACH_OBJECT_BESIDE (&s, &s.objects[0], o)
			ck_assert_str_eq(object_chain(&s, o),
					 n++ < 2 ? "in" : "?");
}

TEST_EACH(few_and_many, an_interface_is_found_by_its_number, ROUNDS)
{
	sample_object(&s, LAYER_QDISC, "eth0", "a", 7);
	sample_object(&s, LAYER_LINK, "eth0", "", 7);
	add_others(others[_i]);
	sample_object(&s, LAYER_LINK, "eth0", "config", 7);
	for (unsigned i = 0; i < 50; i++) {
		unsigned n = 0;

		EACH_OBJECT_OF (&s, 7, walk) {
			ck_assert_str_eq(object_place(&s, walk.object), "eth0");
			ck_assert_uint_eq(walk.object->layer, LAYER_LINK);
			n++;
		}
		ck_assert_uint_eq(n, 2);
		EACH_OBJECT_OF (&s, 8, walk)
			ck_abort();
	}
}

TEST_EACH(few_and_many, names_that_look_alike_collide, ROUNDS)
{
	sample_object(&s, LAYER_QDISC, "eth0", "a b", 1);
	sample_object(&s, LAYER_QDISC, "eth0", "a?b", 1);
	sample_object(&s, LAYER_QDISC, "eth0", "a c", 1);
	sample_object(&s, LAYER_QDISC, "eth1", "a/c", 1); /* another place */
	sample_object(&s, LAYER_QDISC, "eth1", "d_e", 1);
	sample_object(&s, LAYER_QDISC, "eth1", "d e", 1);
	add_others(others[_i]);
	for (unsigned i = 0; i < 50; i++) {
		ck_assert(sample_names_collide(&s, &s.objects[0]));
		ck_assert(sample_names_collide(&s, &s.objects[1]));
		ck_assert(!sample_names_collide(&s, &s.objects[2]));
		ck_assert(!sample_names_collide(&s, &s.objects[3]));
		ck_assert(!sample_names_collide(&s, &s.objects[4])); /* clean */
		ck_assert(sample_names_collide(&s, &s.objects[5]));
	}
}

TEST_EACH(few_and_many, interfaces_that_look_alike_collide, ROUNDS)
{
	sample_object(&s, LAYER_LINK, "$a", "", 1);
	sample_object(&s, LAYER_QDISC, "$a", "root", 1); /* the same one */
	sample_object(&s, LAYER_LINK, "$b", "", 2);
	add_others(others[_i]);
	for (unsigned i = 0; i < 30; i++) {
		ck_assert(!sample_places_collide(&s, "$a"));
		ck_assert(!sample_places_collide(&s, ""));
		ck_assert(sample_places_collide(&s, "!a")); /* it has gone */
	}
	sample_object(&s, LAYER_LINK, "%a", "", 3);
	for (unsigned i = 0; i < 30; i++) {
		ck_assert(sample_places_collide(&s, "$a"));
		ck_assert(sample_places_collide(&s, "%a"));
		ck_assert(!sample_places_collide(&s, "$b"));
		ck_assert(!sample_places_collide(&s, "_a"));
	}
}

TEST_EACH(few_and_many, a_loss_is_found_again, ROUNDS)
{
	struct losses l = {.key = &key};
	char place[16];
	size_t n;

	ck_assert(loss_get(&l, LAYER_LINK, "eth0", DIR_RX));
	for (unsigned i = 0; i < others[_i]; i++) {
		snprintf(place, sizeof(place), "o%u", i);
		ck_assert(loss_get(&l, LAYER_LINK, place, DIR_TX));
	}
	n = l.n;
	ck_assert_ptr_eq(loss_find(&l, LAYER_LINK, "eth0", DIR_RX), l.items);
	ck_assert_ptr_eq(loss_get(&l, LAYER_LINK, "eth0", DIR_RX), l.items);
	ck_assert_ptr_null(loss_find(&l, LAYER_LINK, "eth0", DIR_TX));
	ck_assert_ptr_null(loss_find(&l, LAYER_QDISC, "eth0", DIR_RX));
	for (unsigned i = 0; i < others[_i]; i++) {
		snprintf(place, sizeof(place), "o%u", i);
		ck_assert_ptr_eq(loss_get(&l, LAYER_LINK, place, DIR_TX),
				 &l.items[1 + i]);
	}
	ck_assert_uint_eq(l.n, n);
	losses_free(&l);
	ck_assert_ptr_eq(l.key, &key);
}

TEST_EACH(few_and_many, what_is_forgotten_is_not_found, ROUNDS)
{
	struct losses l = {.key = &key};
	char place[16];

	for (unsigned i = 0; i < others[_i]; i++) {
		snprintf(place, sizeof(place), "o%u", i);
		ck_assert(loss_get(&l, LAYER_LINK, place, DIR_TX));
		l.items[i].idle = i % 2 == 0;
	}
	ck_assert_ptr_null(loss_find(&l, LAYER_LINK, "eth0", DIR_RX));
	losses_forget(&l);
	ck_assert_uint_eq(l.n, others[_i] / 2);
	for (unsigned i = 0; i < others[_i]; i++) {
		const struct loss *loss;

		snprintf(place, sizeof(place), "o%u", i);
		loss = loss_find(&l, LAYER_LINK, place, DIR_TX);
		ck_assert_int_eq(loss != NULL, i % 2);
		ck_assert(!loss || !strcmp(loss->place, place));
	}
	losses_free(&l);
}
