/* SPDX-License-Identifier: MIT */
/* Names: what is written for what, that it is short, and that it is unique. */
#include "model/names.h"
#include "testlib.h"

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static const struct {
	const char *raw, *clean;
} cleaned[] = {
	{"eth0", "eth0"},
	{"netem_8001", "netem_8001"},
	{"ip.filter.INPUT.drop", "ip.filter.INPUT.drop"},
	{"A-Z.a_z", "A-Z.a_z"},
	{"", "_"},
	{".", "_"},
	{"-", "_"},
	{"..", "__"},
	{".hidden", "_hidden"},
	{"-x", "_x"},
	{"end.", "end_"},
	{"end-", "end_"},
	{"a.-b", "a.-b"},
	{"maintenance drop", "maintenance_drop"},
	{"a/b", "a_b"},
	{"a@b", "a_b"},
	{"a\nb\tc\x7f", "a_b_c_"},
	{"tab\"quote'", "tab_quote_"},
	{"\xc3\xa4\xc3\xb6", "____"},
	{"\xff\x80", "__"},
	{"123456789012345", "123456789012345"},
};

CASE(names);

TEST_EACH(names, raw_name_becomes_a_clean_one, ARRAY_SIZE(cleaned))
{
	char buffer[NAME_INTERFACE + 1];
	const char *raw = cleaned[_i].raw;
	const char *clean = cleaned[_i].clean;
	char larger[NAME_PART + 1];
	bool differs;

	differs = name_clean(larger, NAME_PART, raw, false);
	ck_assert_str_eq(larger, clean);
	ck_assert(differs == (strcmp(raw, clean) != 0));
	if (strlen(raw) > NAME_INTERFACE)
		return;
	ck_assert(name_clean(buffer, NAME_INTERFACE, raw, false) == differs);
	ck_assert_str_eq(buffer, clean);
}

static bool is_clean_name(const char *name, size_t max)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t n = strlen(name);

	return n && n <= max && strspn(name, allowed) == n &&
	       !strchr(".-", name[0]) && !strchr(".-", name[n - 1]);
}

/* Whether a name ends in '_' and the hash of raw. */
static bool has_hash(const char *name, const char *raw)
{
	char hash[16];
	size_t n = strlen(name);

	snprintf(hash, sizeof(hash), "_%08x",
		 (unsigned)hash_bytes(HASH_START, raw, strlen(raw)));
	return n > 9 && !strcmp(name + n - 9, hash);
}

TEST(names, long_name_is_cut_and_ends_in_a_hash)
{
	static const size_t limits[] = {NAME_INTERFACE, NAME_NAMESPACE,
					NAME_PART};
	static const char raw[] = FIFTY FIFTY;
	char buffer[NAME_PART + 1], longest[NAME_PART + 1];

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		ck_assert(name_clean(buffer, limits[i], raw, false));
		ck_assert_uint_eq(strlen(buffer), limits[i]);
		ck_assert(has_hash(buffer, raw));
		ck_assert(!strncmp(buffer, raw, limits[i] - 9));
		/* the longest that is not cut, and one byte more */
		memcpy(longest, raw, limits[i]);
		longest[limits[i]] = '\0';
		ck_assert(!name_clean(buffer, limits[i], longest, false));
		ck_assert_str_eq(buffer, longest);
	}
}

TEST(names, dot_before_the_hash_is_no_end)
{
	char buffer[NAME_INTERFACE + 1];

	name_clean(buffer, NAME_INTERFACE, "12345.789-abcdef.", false);
	ck_assert(!strncmp(buffer, "12345._", 7));
}

TEST(names, long_names_with_one_beginning_stay_apart)
{
	char a[NAME_NAMESPACE + 1], b[NAME_NAMESPACE + 1];

	name_clean(a, NAME_NAMESPACE, FIFTY "-one", false);
	name_clean(b, NAME_NAMESPACE, FIFTY "-two", false);
	ck_assert_str_ne(a, b);
	name_clean(b, NAME_NAMESPACE, FIFTY "-one", false);
	ck_assert_str_eq(a, b);
}

TEST(names, unique_names_that_look_alike_stay_apart)
{
	static const char *const alike[] = {"a b", "a_b", "a/b", "a@b"};
	char names[ARRAY_SIZE(alike)][NAME_INTERFACE + 1];

	for (size_t i = 0; i < ARRAY_SIZE(alike); i++) {
		ck_assert(name_clean(names[i], NAME_INTERFACE, alike[i], true));
		ck_assert(!strncmp(names[i], "a_b_", 4));
		ck_assert(has_hash(names[i], alike[i]));
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(names[i], names[j]);
	}
}

TEST(names, unique_name_of_any_length_fits)
{
	char raw[128] = "", buffer[NAME_PART + 1];

	for (size_t n = 0; n < 100; n++) {
		memset(raw, 'x', n);
		name_clean(buffer, NAME_INTERFACE, raw, true);
		ck_assert(is_clean_name(buffer, NAME_INTERFACE));
		ck_assert(has_hash(buffer, raw));
	}
}

TEST(names, cut_inside_dots_and_dashes_stays_clean)
{
	char raw[64] = "", buffer[NAME_INTERFACE + 1];

	for (size_t n = 1; n < sizeof(raw); n++) {
		memset(raw, n % 2 ? '.' : '-', n);
		name_clean(buffer, NAME_INTERFACE, raw, false);
		ck_assert_msg(is_clean_name(buffer, NAME_INTERFACE), "%s",
			      buffer);
	}
}

TEST(names, random_bytes_become_clean_names)
{
	uint64_t state = 11;
	char raw[80], buffer[NAME_PART + 1];

	for (int i = 0; i < 20000; i++) {
		size_t n = next_random(&state) % sizeof(raw);
		size_t max = i % 2 ? NAME_INTERFACE : NAME_PART;

		for (size_t j = 0; j < n; j++)
			raw[j] = (char)(1 + next_random(&state) % 255);
		raw[n ? n - 1 : 0] = '\0';
		name_clean(buffer, max, raw, next_random(&state) % 2);
		ck_assert(is_clean_name(buffer, max));
	}
}

static const struct {
	const char *interface, *namespace, *place;
	bool unique;
} places[] = {
	{.interface = "eth0", .namespace = "", .place = "eth0"},
	{.interface = "eth0", .namespace = "nginx", .place = "eth0@nginx"},
	{.interface = "", .namespace = "", .place = "all"},
	{.interface = "", .namespace = "nginx", .place = "all@nginx"},
	{.interface = "eth0.100", .namespace = "", .place = "eth0.100"},
	{.interface = "e:0", .namespace = "x", .place = "e_0@x"},
	{.interface = "123456789012345",
	 .namespace = "12345678901234567890123456789012345678901234567",
	 .place = "123456789012345@"
		  "12345678901234567890123456789012345678901234567"},
	{.interface = "", .unique = true, .namespace = "x", .place = "all@x"},
};

TEST_EACH(names, place_names_interface_and_namespace, ARRAY_SIZE(places))
{
	char buffer[NAME_PART + 1];

	name_place(buffer, places[_i].interface, places[_i].namespace,
		   places[_i].unique);
	ck_assert_str_eq(buffer, places[_i].place);
	ck_assert_uint_le(strlen(buffer), NAME_PART);
}

TEST(names, unique_place_has_a_hash_in_its_interface)
{
	char buffer[NAME_PART + 1], *at;

	name_place(buffer, "e:0", "nginx", true);
	at = strchr(buffer, '@');
	ck_assert_ptr_nonnull(at);
	ck_assert_str_eq(at, "@nginx");
	*at = '\0';
	ck_assert(has_hash(buffer, "e:0"));
}

static const struct {
	uint8_t layer;
	const char *object, *counter, *instance;
} instances[] = {
	{LAYER_LINK, "", "rx_missed_errors", "link-rx_missed_errors"},
	{LAYER_QDISC, "netem_8001", "", "qdisc-netem_8001"},
	{LAYER_QDISC, "netem_8001", "backlog", "qdisc-netem_8001_backlog"},
	{LAYER_QDISC, "pfifo_0_8001.1", "", "qdisc-pfifo_0_8001.1"},
	{LAYER_TCP, "", "ListenDrops", "tcp-ListenDrops"},
	{LAYER_NETFILTER, "ip.filter.INPUT.drop", "",
	 "netfilter-ip.filter.INPUT.drop"},
	{LAYER_NETFILTER, "ip.filter.INPUT.maintenance drop", "",
	 "netfilter-ip.filter.INPUT.maintenance_drop"},
	{LAYER_QDISC, "", "tx", "qdisc-tx"},
};

TEST_EACH(names, instance_names_layer_object_and_counter, ARRAY_SIZE(instances))
{
	char buffer[NAME_PART + 1];

	name_instance(buffer, instances[_i].layer, instances[_i].object,
		      instances[_i].counter, false);
	ck_assert_str_eq(buffer, instances[_i].instance);
}

TEST(names, long_instances_fit_and_stay_apart)
{
	char object[256], a[NAME_PART + 1], b[NAME_PART + 1];

	for (int layer = 0; layer < N_LAYERS; layer++) {
		snprintf(object, sizeof(object), "%s%s", FIFTY, FIFTY);
		name_instance(a, layer, object, "one", false);
		name_instance(b, layer, object, "two", false);
		ck_assert_uint_eq(strlen(a), NAME_PART);
		ck_assert_str_ne(a, b);
		ck_assert(is_clean_name(a, NAME_PART));
		object[99] = 'x';
		name_instance(b, layer, object, "one", false);
		ck_assert_str_ne(a, b);
	}
}

TEST(names, unique_instances_that_look_alike_stay_apart)
{
	char a[NAME_PART + 1], b[NAME_PART + 1];

	name_instance(a, LAYER_NETFILTER, "ip.filter.INPUT.a b", "", true);
	name_instance(b, LAYER_NETFILTER, "ip.filter.INPUT.a_b", "", true);
	ck_assert_str_ne(a, b);
	ck_assert(is_clean_name(a, NAME_PART));
}

TEST(names, layers_have_names_that_are_read_back)
{
	for (int i = 0; i < N_LAYERS; i++) {
		ck_assert_int_eq(layer_parse(layer_name(i)), i);
		ck_assert(is_clean_name(layer_name(i), 11));
	}
	ck_assert_int_lt(layer_parse("Link"), 0);
	ck_assert_int_lt(layer_parse(""), 0);
	ck_assert_int_lt(layer_parse("lin"), 0);
}
