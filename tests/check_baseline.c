/* SPDX-License-Identifier: MIT */
/* What pktloss(8) compares its last look with. */
#include "engine/interval.h"
#include "probes/dropreason/dropreason.h"
#include "probes/link/link.h"
#include "program/look_file.h"
#include "testlib.h"

#include <errno.h>

#define SECOND UINT64_C(1000000000)

static struct ns_list list;
static struct baseline baseline;

static struct ns *add_namespace(ino_t inode)
{
	struct ns *ns = ns_list_add(&list);

	ck_assert_ptr_nonnull(ns);
	ns->id.ino = inode;
	return ns;
}

static void setup(void)
{
	list = (struct ns_list) {.n = 0};
	baseline = (struct baseline) {.n = 0};
	add_namespace(1);
}

static void teardown(void)
{
	baseline_free(&baseline);
	ns_list_free(&list);
}

/* The read at that second, of packets that came in all. */
static struct sample *read_at(struct ns *ns, uint64_t second, uint64_t packets)
{
	struct sample *s = &ns->now;

	sample_reset(s);
	sample_follow(s, ns->then.time_ns ? &ns->then : NULL);
	s->time_ns = s->boot_ns = s->mono_ns = second * SECOND;
	sample_object(s, LAYER_LINK, "eth0", "", 1);
	sample_row(s, find_counter(&link_probe, "rx_packets", NULL), packets);
	ns->was_read = true;
	return s;
}

/* The row of a reason, which was none before. */
static void begin_reason(struct sample *s, uint64_t packets)
{
	sample_object(s, LAYER_DROPREASON, "", "NETFILTER_DROP", 0);
	sample_row(s, &dropreason_probe.counters->rows[0], packets);
	sample_began(s);
}

static void end_interval(void)
{
	ck_assert_int_eq(interval_compare(&list), 0);
	ck_assert_int_eq(baseline_follow(&baseline, &list), 0);
	interval_end(&list);
}

static void compare_all(void)
{
	ck_assert_int_eq(interval_compare(&list), 0);
	baseline_restore(&baseline, &list);
	ck_assert_int_eq(interval_compare(&list), 0);
}

static uint64_t delta_at(const struct ns *ns, uint32_t object)
{
	const struct sample *s = &ns->now;

	ck_assert_uint_lt(object, s->n_objects);
	return s->rows[s->objects[object].first].delta;
}

CASE(baseline, .setup = setup, .teardown = teardown);

TEST(baseline, last_look_is_compared_with_the_first)
{
	struct ns *ns = list.items[0];

	for (uint64_t i = 1; i < 5; i++) {
		read_at(ns, i, 100 * i * i);
		end_interval();
	}
	read_at(ns, 5, 2500);
	compare_all();
	ck_assert_uint_eq(delta_at(ns, 0), 2400);
	ck_assert(interval_seconds(ns) == 4);
}

TEST(baseline, what_began_meanwhile_counts_from_there)
{
	struct ns *ns = list.items[0];
	struct sample *s;

	read_at(ns, 1, 0);
	end_interval();
	read_at(ns, 2, 0);
	end_interval();
	begin_reason(read_at(ns, 3, 0), 7);
	end_interval();
	s = read_at(ns, 4, 0);
	sample_object(s, LAYER_DROPREASON, "", "NETFILTER_DROP", 0);
	sample_row(s, &dropreason_probe.counters->rows[0], 10);
	compare_all();
	ck_assert_uint_eq(delta_at(ns, 1), 10);
}

/* It has its number, but is another. */
TEST(baseline, namespace_with_another_cookie_is_another)
{
	struct ns *ns = list.items[0];

	ns->cookie = 7;
	read_at(ns, 1, 100);
	end_interval();
	read_at(ns, 2, 200);
	end_interval();
	ck_assert(baseline_knows(&baseline, ns));
	ns->cookie = 8;
	ck_assert(!baseline_knows(&baseline, ns));
	read_at(ns, 3, 300);
	compare_all();
	ck_assert_uint_eq(delta_at(ns, 0), 100);
}

TEST(baseline, namespace_that_comes_later_has_a_first_look_of_its_own)
{
	struct ns *late;

	read_at(list.items[0], 1, 100);
	end_interval();
	late = add_namespace(2);
	read_at(list.items[0], 2, 200);
	read_at(late, 2, 1000);
	end_interval();
	read_at(list.items[0], 3, 300);
	read_at(late, 3, 1500);
	end_interval();
	read_at(list.items[0], 4, 400);
	read_at(late, 4, 1700);
	compare_all();
	ck_assert_uint_eq(delta_at(list.items[0], 0), 300);
	ck_assert_uint_eq(delta_at(late, 0), 700);
}

/* ---- in a file ---- */

/*
 * What a look at the list is as a text; to be freed. A copy: gcc 12 takes what
 * another function has made for gone.
 */
static char *print_look(const struct sightings *seen)
{
	char *text = NULL, *copy;
	size_t n;

	ck_assert_int_eq(look_file_print(&list, seen, true, &text, &n), 0);
	copy = strdup(text);
	ck_assert_ptr_nonnull(copy);
	free(text);
	return copy;
}

static int read_look(const char *text, struct look_file *ret)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int r;

	ck_assert_ptr_nonnull(in);
	*ret = (struct look_file) {.key = NULL};
	r = look_file_read(in, ret);
	fclose(in);
	return r;
}

static uint8_t index_of(const struct probe *p)
{
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i] == p)
			return i;
	ck_abort_msg("no such probe");
}

TEST(baseline, file_keeps_what_a_probe_remembers)
{
	static const unsigned char bytes[] = {0, 0x1f, 0xff, 'x', '%'};
	struct sample *s = read_at(list.items[0], 1, 100);
	uint8_t link = index_of(&link_probe);
	struct look_file f;
	const void *memory;
	char *text;
	size_t n;

	s->source = link;
	sample_remember(s, bytes, sizeof(bytes));
	text = print_look(&(struct sightings) {.n = 0});
	ck_assert_int_eq(read_look(text, &f), 0);
	memory = sample_memory(&f.looks.items[0].sample, link, &n);
	ck_assert_uint_eq(n, sizeof(bytes));
	ck_assert_mem_eq(memory, bytes, n);
	look_file_free(&f);
	free(text);
}

TEST(baseline, file_keeps_facts_and_words)
{
	struct sample *s = read_at(list.items[0], 1, 100);
	const struct object *o;
	struct look_file f;
	char *text;

	s->source = index_of(&link_probe);
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 7);
	sample_label(s, "100% of\tit");
	sample_row(s, &link_fact_mtu, 1500);
	s->parts = 1u << s->source;
	text = print_look(&(struct sightings) {.n = 0});
	ck_assert_int_eq(read_look(text, &f), 0);
	s = &f.looks.items[0].sample;
	o = link_config_of(s, "eth0");
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(object_label(s, o), "100% of\tit");
	ck_assert_uint_eq(object_value(s, o, &link_fact_mtu, 0), 1500);
	ck_assert_uint_eq(s->parts, 1u << index_of(&link_probe));
	look_file_free(&f);
	free(text);
}

TEST(baseline, file_knows_namespaces_that_were_not_read)
{
	const struct netns_id there = {.dev = 3, .ino = 5}, other = {.ino = 6};
	struct sightings seen = {.n = 0};
	struct look_file f;
	char *text;

	ck_assert_ptr_nonnull(sightings_get(&seen, &there));
	text = print_look(&seen);
	ck_assert_int_eq(read_look(text, &f), 0);
	ck_assert(baseline_has_id(&f.seen, &there));
	ck_assert(!baseline_has_id(&f.seen, &other));
	look_file_free(&f);
	sightings_free(&seen);
	free(text);
}

/* Of another boot it is not believed, nor of another version. */
TEST(baseline, file_says_what_it_is)
{
	struct look_file f;
	char *text = print_look(&(struct sightings) {.n = 0});

	text[strcspn(text, "\t") + 1] = '9';
	ck_assert_int_eq(read_look(text, &f), -EPROTO);
	look_file_free(&f);
	text[0] = 'P';
	ck_assert_int_eq(read_look(text, &f), -EPROTOTYPE);
	look_file_free(&f);
	ck_assert_int_eq(read_look("pktloss-look\n", &f), -EPROTO);
	look_file_free(&f);
	free(text);
}

TEST(baseline, damaged_file_is_not_believed)
{
	struct look_file f;
	char *text;

	read_at(list.items[0], 1, 100);
	text = print_look(&(struct sightings) {.n = 0});
	text[strstr(text, "row\t") - text + 4] ^= 1;
	ck_assert_int_eq(read_look(text, &f), -EBADMSG);
	look_file_free(&f);
	free(text);
}

TEST(baseline, look_goes_on_from_that_of_the_same_namespace)
{
	struct ns *ns = list.items[0];
	struct look_file f;
	char *text;

	ns->cookie = 7;
	read_at(ns, 1, 100);
	text = print_look(&(struct sightings) {.n = 0});
	ck_assert_int_eq(read_look(text, &f), 0);
	ns->cookie = 8;
	baseline_recall(&f.looks, ns);
	ck_assert_uint_eq(ns->then.time_ns, 0);
	ns->cookie = 7;
	baseline_recall(&f.looks, ns);
	ck_assert_uint_eq(ns->then.time_ns, SECOND);
	look_file_free(&f);
	free(text);
}
