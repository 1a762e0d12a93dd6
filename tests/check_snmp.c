/* SPDX-License-Identifier: MIT */
/* The parsers of /proc/net/{snmp,netstat,snmp6}, on recordings and nonsense. */
#include <errno.h>

#include "kernel/procnet.h"
#include "model/selection.h"
#include "probes/snmp/snmp.h"
#include "probes/snmp/snmp_private.h"
#include "testlib.h"

static const char *const kernels[] = {"6.18", "6.1"};
static const char *const files[] = {"snmp", "netstat", "snmp6"};

typedef int (*parser)(const char *text, size_t n, struct snmp_columns *layout,
		      struct snmp_values *values);

static parser parser_of(const char *file)
{
	return strcmp(file, "snmp6") ? snmp_parse_pairs : snmp_parse_list;
}

/* A layout that has seen nothing; of the optional rows it wants these. */
static struct snmp_columns *layout_for(const char *pattern)
{
	struct selection s = {0};
	struct probe_env env = {.counters = &s};
	struct snmp_columns *l;

	ck_assert(!pattern || selection_add(&s, pattern) == 0);
	l = snmp_columns_new(&env);
	ck_assert_ptr_nonnull(l);
	selection_free(&s);
	return l;
}

/* Parses what has not been seen before. */
static int parse_fresh(parser parse, const char *text, size_t n,
		       const char *pattern, struct snmp_values *v)
{
	struct snmp_columns *l = layout_for(pattern);
	int r = parse(text, n, l, v);

	snmp_columns_free(l);
	return r;
}

static size_t index_of(const char *section, const char *name)
{
	for (size_t i = 0; i < snmp_probe.counters->n; i++) {
		const struct counter *c = &snmp_probe.counters->rows[i];

		if (c->section && !strcmp(c->section, section) &&
		    !strcmp(c->name, name))
			return i;
	}
	ck_abort_msg("no counter %s %s", section, name);
	return 0;
}

static void check_value(const struct snmp_values *v, const char *section,
			const char *name, uint64_t value)
{
	size_t i = index_of(section, name);

	ck_assert_msg(v->found[i], "%s %s", section, name);
	ck_assert_uint_eq(v->value[i], value);
}

static void check_absent(const struct snmp_values *v, const char *section,
			 const char *name)
{
	ck_assert_msg(!v->found[index_of(section, name)], "%s %s", section,
		      name);
}

static unsigned count_found(const struct snmp_values *v)
{
	unsigned n = 0;

	for (size_t i = 0; i < MAX_SNMP_COUNTERS; i++)
		n += v->found[i];
	return n;
}

static char *recording(const char *kernel, const char *file, size_t *n)
{
	char *text = fixture_read(kernel, file, n);

	ck_assert_msg(text, "no recording %s/%s", kernel, file);
	return text;
}

static struct snmp_values recorded_values(const char *kernel,
					  const char *pattern)
{
	struct snmp_values v = {0};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t n;
		char *text = recording(kernel, files[i], &n);

		ck_assert_int_eq(
			parse_fresh(parser_of(files[i]), text, n, pattern, &v),
			0);
		free(text);
	}
	return v;
}

/* The lines "IpInReceives 5611 0.0" that nstat printed of that kernel. */
static unsigned compare_nstat(const char *kernel, const struct snmp_values *v)
{
	_cleanup_fclose_ FILE *f = fixture_open(kernel, "expected.txt");
	char line[512], name[128];
	unsigned n = 0;
	bool nstat = false;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long long value;

		nstat |= !strncmp(line, "### nstat", 9);
		if (!nstat || sscanf(line, "%127s %llu", name, &value) != 2)
			continue;
		for (size_t i = 0; i < snmp_probe.counters->n; i++) {
			const struct counter *c = &snmp_probe.counters->rows[i];
			size_t slot, skip;

			if (!c->section)
				continue;
			skip = strlen(c->section);
			if (!strncmp(c->name, c->section, skip))
				skip = 0; /* part of the counter's name */
			if (strncmp(name, c->section, skip) ||
			    strcmp(name + skip, c->name))
				continue;
			slot = snmp_columns_slot(i);
			ck_assert_msg(v->found[slot] && v->value[slot] == value,
				      "%s: %" PRIu64 ", nstat: %llu", name,
				      v->value[slot], value);
			n++;
		}
	}
	return n;
}

CASE(recorded);

TEST_EACH(recorded, recorded_counters_are_what_nstat_printed,
	  ARRAY_SIZE(kernels))
{
	struct snmp_values v = recorded_values(kernels[_i], "/./");

	/* 6.1 was built without MPTCP */
	ck_assert_uint_ge(count_found(&v), _i ? 300 : 390);
	ck_assert_uint_ge(compare_nstat(kernels[_i], &v), _i ? 300 : 390);
}

TEST(recorded, counters_are_absent_where_the_kernel_lacks_them)
{
	struct snmp_values old = recorded_values("6.1", NULL);
	struct snmp_values new = recorded_values("6.18", NULL);

	check_absent(&old, "Ip", "OutTransmits");
	check_absent(&old, "Ip6", "Ip6OutTransmits");
	ck_assert(new.found[index_of("Ip", "OutTransmits")]);
	ck_assert(new.found[index_of("Ip6", "Ip6OutTransmits")]);
	ck_assert_uint_gt(count_found(&new), count_found(&old));
}

/* As long as it takes, in memory that ends where the text does. */
static int parse_exactly(parser parse, const char *text, size_t n,
			 struct snmp_columns *l)
{
	struct snmp_values v = {0};
	char *copy = malloc(n ? n : 1);
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, n);
	r = parse(copy, n, l, &v);
	free(copy);
	return r;
}

TEST_EACH(recorded, recording_cut_anywhere_is_survived, ARRAY_SIZE(files))
{
	const char *file = files[_i];
	struct snmp_columns *l = layout_for(NULL);
	bool lawful = true;
	size_t n = 0;
	char *text = recording("6.18", file, &n);

	for (size_t i = 0; i <= n; i++) {
		int r = parse_exactly(parser_of(file), text, i, l);

		lawful &= r == 0 || r == -EBADMSG;
	}
	ck_assert(lawful);
	snmp_columns_free(l);
	free(text);
}

TEST_EACH(recorded, recording_with_any_byte_changed_is_survived,
	  ARRAY_SIZE(files))
{
	const char *file = files[_i];
	struct snmp_columns *l = layout_for(NULL);
	static const char bytes[] = "\0 \n:\xff"
				    "9";
	bool lawful = true;
	size_t n = 0;
	char *text = recording("6.1", file, &n);

	for (size_t i = 0; i < n; i++) {
		char was = text[i];
		int r;

		text[i] = bytes[i % (sizeof(bytes) - 1)];
		r = parse_exactly(parser_of(file), text, n, l);
		lawful &= r == 0 || r == -EBADMSG;
		text[i] = was;
	}
	ck_assert(lawful);
	snmp_columns_free(l);
	free(text);
}

CASE(made);

TEST(made, columns_are_found_by_name_in_any_order)
{
	static const char text[] = "Udp: InErrors New InDatagrams NoPorts\n"
				   "Udp: 3 99 100 4\n"
				   "Later: InErrors\nLater: 77\n"
				   "Icmp: InErrors\nIcmp: 5\n";
	struct snmp_values v = {0};

	ck_assert_int_eq(
		parse_fresh(snmp_parse_pairs, text, strlen(text), NULL, &v), 0);
	check_value(&v, "Udp", "InErrors", 3);
	check_value(&v, "Udp", "InDatagrams", 100);
	check_value(&v, "Udp", "NoPorts", 4);
	check_value(&v, "Icmp", "InErrors", 5);
	ck_assert_uint_eq(count_found(&v), 4);
}

TEST(made, list_is_read_in_any_order)
{
	static const char text[] = "Udp6InErrors  \t 3\n"
				   "Ip6Unheard 7\n"
				   "Ip6InReceives 18446744073709551615";
	struct snmp_values v = {0};

	ck_assert_int_eq(
		parse_fresh(snmp_parse_list, text, strlen(text), NULL, &v), 0);
	check_value(&v, "Udp6", "Udp6InErrors", 3);
	check_value(&v, "Ip6", "Ip6InReceives", UINT64_MAX);
	ck_assert_uint_eq(count_found(&v), 2);
}

TEST(made, garbage_is_absent_and_not_zero)
{
	static const char *const garbage[] = {
		"-1", "x", "1x", "0x10", "18446744073709551616", "1.5"};
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		struct snmp_values v = {0};

		snprintf(text, sizeof(text),
			 "Udp: InErrors NoPorts\nUdp: %s 4\n", garbage[i]);
		ck_assert_int_eq(parse_fresh(snmp_parse_pairs, text,
					     strlen(text), NULL, &v),
				 0);
		check_absent(&v, "Udp", "InErrors");
		check_value(&v, "Udp", "NoPorts", 4);
		snprintf(text, sizeof(text), "Udp6InErrors %s\n", garbage[i]);
		ck_assert_int_eq(parse_fresh(snmp_parse_list, text,
					     strlen(text), NULL, &v),
				 0);
		check_absent(&v, "Udp6", "Udp6InErrors");
	}
}

TEST(made, optional_counters_are_read_where_asked_for)
{
	static const char text[] = "Icmp: InMsgs InEchos InEchoReps\n"
				   "Icmp: 9 8 7\n";
	static const char lite[] = "Udp: InDatagrams\nUdp: 5\n"
				   "UdpLite: InDatagrams\nUdpLite: 6\n";
	struct snmp_values v = {0}, w = {0}, x = {0}, y = {0};

	ck_assert_int_eq(
		parse_fresh(snmp_parse_pairs, text, strlen(text), NULL, &v), 0);
	ck_assert_uint_eq(count_found(&v), 1);
	ck_assert_int_eq(parse_fresh(snmp_parse_pairs, text, strlen(text),
				     "icmp-InEchos", &w),
			 0);
	check_value(&w, "Icmp", "InEchos", 8);
	ck_assert_uint_eq(count_found(&w), 2);
	ck_assert_int_eq(parse_fresh(snmp_parse_pairs, text, strlen(text),
				     "/^icmp-InEcho/", &x),
			 0);
	check_value(&x, "Icmp", "InEchoReps", 7);
	ck_assert_uint_eq(count_found(&x), 3);
	ck_assert_int_eq(parse_fresh(snmp_parse_pairs, lite, strlen(lite),
				     "udp-UdpLiteInDatagrams", &y),
			 0);
	check_value(&y, "Udp", "InDatagrams", 5);
	check_value(&y, "UdpLite", "UdpLiteInDatagrams", 6);
}

/* Whatever a layout has seen, the result is that of one that saw nothing. */
static void parse_both(parser parse, const char *text, size_t n,
		       struct snmp_columns *learnt)
{
	struct snmp_values a = {0}, b = {0};
	int r = parse_fresh(parse, text, n, "/./", &b);

	ck_assert_int_eq(parse(text, n, learnt, &a), r);
	for (size_t i = 0; i < snmp_probe.counters->n; i++)
		ck_assert_msg(a.found[i] == b.found[i] &&
				      (!a.found[i] || a.value[i] == b.value[i]),
			      "%s %s", snmp_probe.counters->rows[i].section,
			      snmp_probe.counters->rows[i].name);
}

TEST_EACH(recorded, recording_changed_anywhere_is_noticed,
	  ARRAY_SIZE(files) * ARRAY_SIZE(kernels))
{
	const char *file = files[_i / 2];
	struct snmp_columns *l = layout_for("/./");
	size_t n = 0;
	char *text = recording(kernels[_i % 2], file, &n);

	parse_both(parser_of(file), text, n, l);
	for (size_t i = 0; i < n; i += 13) {
		char was = text[i];

		text[i] = " X7\n"[i / 13 % 4];
		parse_both(parser_of(file), text, n, l);
		text[i] = was;
		if (i % 2)
			parse_both(parser_of(file), text, n, l);
	}
	snmp_columns_free(l);
	free(text);
}

/* As another namespace, or another kernel, would print them. */
static const char *const layouts[] = {
	"Icmp: InEchos InMsgs\nIcmp: 1 2\nTcp: InErrs InSegs\nTcp: 3 4\n",
	"Icmp: InMsgs InEchos\nIcmp: 1 2\nTcp: InErrs InSegs\nTcp: 3 4\n",
	"Icmp: InEchos InMsgs\nIcmp: 1 2\nIcmpMsg: InType3 InType8\n"
	"IcmpMsg: 5 6\nTcp: InErrs InSegs\nTcp: 3 4\n",
	"Icmp: InEchos InMsgs\nIcmp: 1 2\nIcmpMsg: InType0 InType3\n"
	"IcmpMsg: 5 6\nTcp: InErrs InSegs\nTcp: 3 4\n",
	"Tcp: InErrs New InSegs\nTcp: 3 9 4\nIcmp: InMsgs\nIcmp: 1\n",
	"Tcp: InErrs InSegs\nTcp: 3\n",
	"Tcp: InErrs InSegs\nTcp: 3 4 5\n",
	"Tcp: InSegs InSegs\nTcp: 3 4\nTcp: InErrs\nTcp: 9\n",
	"IcmpMsg: OutType3 InType11 InType3\nIcmpMsg: 1 2 3\n",
};

TEST(made, layout_follows_the_kernel_from_any_to_any)
{
	size_t n = ARRAY_SIZE(layouts);
	struct snmp_columns *l = layout_for("/./");

	for (size_t i = 0; i < n * n; i++) {
		const char *before = layouts[i / n], *now = layouts[i % n];

		parse_both(snmp_parse_pairs, before, strlen(before), l);
		parse_both(snmp_parse_pairs, now, strlen(now), l);
	}
	snmp_columns_free(l);
}

static const char *const lists[] = {
	"Ip6InReceives\t1\nIcmp6InMsgs\t2\nUdp6NoPorts\t3\n",
	"Ip6InReceives\t1\nIcmp6InType135\t9\nIcmp6InMsgs\t2\n",
	"Icmp6InMsgs\t2\nIp6InReceives\t1\nUdp6NoPorts 3",
	"Ip6InReceives\t\t1\nUdp6NoPorts\tx\n",
	"Ip6InReceives\t1 1\n",
	"Ip6InReceives\t1\n\nUdp6NoPorts\t3\n",
	"Ip6InReceives\t1\nIp6InReceives\t18446744073709551616\n",
	"Ip6InReceives\t",
	"Udp6NoPortsToo\t3\nUdp6NoPort\t4\n",
};

TEST(made, list_is_followed_from_any_to_any)
{
	size_t n = ARRAY_SIZE(lists);
	struct snmp_columns *l = layout_for("/./");

	for (size_t i = 0; i < n * n; i++) {
		const char *before = lists[i / n], *now = lists[i % n];

		parse_both(snmp_parse_list, before, strlen(before), l);
		parse_both(snmp_parse_list, now, strlen(now), l);
	}
	snmp_columns_free(l);
}

static void read_all(const char *kernel, struct snmp_columns *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct snmp_values v = {0};
		size_t n = 0;
		char *text = recording(kernel, files[i], &n);

		ck_assert_int_eq(parser_of(files[i])(text, n, l, &v), 0);
		free(text);
	}
}

/* Were anything learnt again, the state would not be the same to a byte. */
TEST_EACH(recorded, steady_read_learns_nothing, ARRAY_SIZE(kernels))
{
	struct snmp_columns *l = layout_for("/./"), was;

	read_all(kernels[_i], l);
	memcpy(&was, l, sizeof(was));
	ck_assert_uint_ge(l->n_lines, 8);
	ck_assert_uint_ge(l->n_names, 80);
	read_all(kernels[_i], l);
	ck_assert(!memcmp(&was, l, sizeof(was)));
	snmp_columns_free(l);
}

/* The names of two namespaces that differ are kept side by side. */
TEST(made, lines_that_come_and_go_are_learnt_once)
{
	struct snmp_columns *l = layout_for(NULL);
	struct snmp_values v = {0};
	size_t n_names;

	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
			snmp_parse_list(lists[i], strlen(lists[i]), l, &v), 0);
	n_names = l->n_names;
	ck_assert_uint_eq(n_names, 4);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
			snmp_parse_list(lists[i], strlen(lists[i]), l, &v), 0);
	ck_assert_uint_eq(l->n_names, n_names);
	snmp_columns_free(l);
}

TEST(made, flood_of_names_is_bounded)
{
	struct snmp_columns *l = layout_for(NULL);
	struct snmp_values v = {0};
	char text[128];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "X%d: A\nX%d: 1\n", i, i);
		parse_both(snmp_parse_pairs, text, strlen(text), l);
		snprintf(text, sizeof(text), "X%d 1\nUdp6NoPorts 3\n", i);
		ck_assert_int_eq(snmp_parse_list(text, strlen(text), l, &v), 0);
		check_value(&v, "Udp6", "Udp6NoPorts", 3);
	}
	ck_assert_uint_le(l->n_lines, MAX_SNMP_LINES);
	ck_assert_uint_le(l->n_names, MAX_SNMP_NAMES);
	snmp_columns_free(l);
}

static const struct {
	parser parse;
	const char *text;
	int result;
} texts[] = {
	{snmp_parse_pairs, "", 0},
	{snmp_parse_pairs, "Udp: InErrors\nUdp: 3\n", 0},
	{snmp_parse_pairs, "Udp: InErrors\nUdp: 3", 0},
	{snmp_parse_pairs, "Udp:\nUdp:\n", 0},
	{snmp_parse_pairs, "Udp: InErrors NoPorts\nUdp: 3\n", -EBADMSG},
	{snmp_parse_pairs, "Udp: InErrors\nUdp: 3 4\n", -EBADMSG},
	{snmp_parse_pairs, "Udp: InErrors\nTcp: 3\n", -EBADMSG},
	{snmp_parse_pairs, "Udp: InErrors\nUdpLite: 3\n", -EBADMSG},
	{snmp_parse_pairs, "Udp: InErrors\n", -EBADMSG},
	{snmp_parse_pairs, "Udp InErrors\nUdp 3\n", -EBADMSG},
	{snmp_parse_pairs, "\n\n", -EBADMSG},
	{snmp_parse_pairs, ":\n:\n", -EBADMSG},
	{snmp_parse_list, "", 0},
	{snmp_parse_list, "Udp6InErrors 3\n", 0},
	{snmp_parse_list, "Udp6InErrors\n", -EBADMSG},
	{snmp_parse_list, "Udp6InErrors 3 4\n", -EBADMSG},
	{snmp_parse_list, "\n", -EBADMSG},
};

TEST_EACH(made, text_that_does_not_match_is_refused, ARRAY_SIZE(texts))
{
	struct snmp_columns *l = layout_for(NULL);

	/* when it is new, and when it has been seen */
	for (int i = 0; i < 2; i++)
		ck_assert_msg(parse_exactly(texts[_i].parse, texts[_i].text,
					    strlen(texts[_i].text),
					    l) == texts[_i].result,
			      "%s", texts[_i].text);
	snmp_columns_free(l);
}

TEST(made, what_stood_before_a_mismatch_stays)
{
	static const char text[] = "Udp: InErrors\nUdp: 3\nTcp: InErrs\n";
	struct snmp_values v = {0};

	ck_assert_int_eq(
		parse_fresh(snmp_parse_pairs, text, strlen(text), NULL, &v),
		-EBADMSG);
	check_value(&v, "Udp", "InErrors", 3);
	ck_assert_uint_eq(count_found(&v), 1);
}

/* Rows that stand in no file, see ip_excuses.h. */
static unsigned count_computed(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < snmp_probe.counters->n; i++)
		n += !snmp_probe.counters->rows[i].section;
	return n;
}

TEST_EACH(recorded, probe_appends_an_object_for_each_layer, ARRAY_SIZE(kernels))
{
	static char buffer[65536];
	char path[PATH_MAX];
	struct probe_env env = {.net = &(struct procnet)PROCNET(path),
				.buffer = buffer,
				.size = sizeof(buffer)};
	struct sample s = {0};
	const struct snmp_values v = recorded_values(kernels[_i], NULL);

	fixture_path(kernels[_i], "", path);
	ck_assert_int_eq(snmp_probe.init(&env, &env.state), 0);
	ck_assert_int_eq(snmp_probe.read(&env, &s), 0);
	ck_assert_int_eq(s.error, 0);
	ck_assert_uint_eq(s.n_rows, count_found(&v) + count_computed());
	for (uint32_t i = 0; i < s.n_objects; i++)
		for (uint32_t j = 0; j < s.objects[i].n; j++)
			ck_assert_int_eq(
				s.rows[s.objects[i].first + j].counter->layer,
				s.objects[i].layer);
	ck_assert_ptr_nonnull(find_object(&s, LAYER_UDP, "", ""));
	snmp_probe.free(env.state);
	sample_free(&s);
}

/* With optional rows: two in objects of other layers, one a fact as well. */
TEST_EACH(recorded, probe_uses_the_layout_of_its_caller, ARRAY_SIZE(kernels))
{
	static char buffer[65536];
	char path[PATH_MAX];
	struct selection asked = {0};
	struct probe_env env = {.net = &(struct procnet)PROCNET(path),
				.counters = &asked,
				.buffer = buffer,
				.size = sizeof(buffer)};
	struct snmp_columns *columns;
	struct sample s = {0};

	fixture_path(kernels[_i], "", path);
	ck_assert_int_eq(selection_add(&asked, "neigh-ArpFilter"), 0);
	ck_assert_int_eq(selection_add(&asked, "ip-ReasmOKs"), 0);
	columns = snmp_columns_new(&env);
	ck_assert_ptr_nonnull(columns);
	env.state = columns;
	for (int i = 0; i < 2; i++) {
		uint32_t n_optional = 0;

		sample_reset(&s);
		ck_assert_int_eq(snmp_probe.read(&env, &s), 0);
		for (uint32_t j = 0; j < s.n_rows; j++)
			n_optional += s.rows[j].counter->optional;
		ck_assert_uint_eq(n_optional, 2);
		ck_assert_ptr_nonnull(find_object(&s, LAYER_NEIGH, "", ""));
		ck_assert_ptr_null(find_object(&s, LAYER_SOCKET, "", ""));
	}
	ck_assert_uint_ge(columns->n_lines, 8);
	snmp_columns_free(columns);
	selection_free(&asked);
	sample_free(&s);
}

TEST(recorded, probe_without_files_is_blind)
{
	char buffer[64];
	struct probe_env env = {.net = &(struct procnet)PROCNET("/nowhere"),
				.buffer = buffer,
				.size = sizeof(buffer)};
	struct sample s = {0};

	ck_assert_int_eq(snmp_probe.init(&env, &env.state), 0);
	ck_assert_int_eq(snmp_probe.read(&env, &s), -ENOENT);
	ck_assert(!probe_is_absent(&snmp_probe, false, -ENOENT));
	snmp_probe.free(env.state);
	sample_free(&s);
}

TEST(recorded, probe_refuses_a_file_larger_than_its_buffer)
{
	char buffer[64], path[PATH_MAX];
	struct probe_env env = {.net = &(struct procnet)PROCNET(path),
				.buffer = buffer,
				.size = sizeof(buffer)};
	struct sample s = {0};

	fixture_path("6.18", "", path);
	ck_assert_int_eq(snmp_probe.init(&env, &env.state), 0);
	ck_assert_int_eq(snmp_probe.read(&env, &s), -E2BIG);
	snmp_probe.free(env.state);
	sample_free(&s);
}

/* Without IPv6 there is no snmp6; but nobody takes it away. */
TEST(made, only_files_of_ipv6_may_be_absent)
{
	struct tree tree;
	struct procnet net = PROCNET(tree.path);
	char buffer[4096];
	struct probe_env env = {
		.net = &net, .buffer = buffer, .size = sizeof(buffer)};
	struct sample s = {.rows = NULL};

	tree_make(&tree);
	ck_assert_int_eq(snmp_probe.init(&env, &env.state), 0);
	tree_put(&tree, "snmp", "Ip: InReceives\nIp: 1\n");
	ck_assert_int_eq(snmp_probe.read(&env, &s), -ENOENT);
	ck_assert(!probe_is_absent(&snmp_probe, false, -ENOENT));
	tree_put(&tree, "netstat", "TcpExt: ListenDrops\nTcpExt: 1\n");
	ck_assert_int_eq(snmp_probe.read(&env, &s), 0);
	tree_put(&tree, "netstat", "");
	ck_assert_int_eq(snmp_probe.read(&env, &s), -EBADMSG);
	tree_put(&tree, "netstat", "TcpExt: ListenDrops\nTcpExt: 1\n");
	tree_put(&tree, "snmp6", "Ip6InReceives \t1\n");
	ck_assert_int_eq(snmp_probe.read(&env, &s), 0);
	tree_drop(&tree, "snmp6");
	ck_assert_int_eq(snmp_probe.read(&env, &s), -ENOENT);
	snmp_probe.free(env.state);
	tree_remove(&tree);
	sample_free(&s);
}
