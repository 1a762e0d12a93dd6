/* SPDX-License-Identifier: MIT */
/* Patterns and selections: exact, regular expressions, and what is refused. */
#include <errno.h>

#include "model/selection.h"
#include "testlib.h"

static const struct {
	const char *pattern, *text;
	bool matches;
} patterns[] = {
	{"eth0", "eth0", true},
	{"eth0", "eth01", false},
	{"eth0", "xeth0", false},
	{"eth0", "ETH0", false},
	{"eth.", "eth0", false},
	{"", "", true},
	{"", "x", false},
	{"/eth/", "eth0", true},
	{"/eth/", "veth", true}, /* unanchored */
	{"/^eth/", "veth", false},
	{"/^eth[0-9]+$/", "eth12", true},
	{"/^eth[0-9]+$/", "eth12x", false},
	{"/^(cni-|docker)/", "docker0", true}, /* extended */
	{"/^a{2}$/", "aa", true},
	{"/.*/", "", true},
	{"/^$/", "", true},
	{"/^$/", "x", false},
	{"eth/", "eth/", true},
	{"/.*/", "anything", true},
	{"/^.*$/", "anything", true},
	{"/.?/", "anything", true},
	{"/^(web|)$/", "", true}, /* collectd's own, too */
	{"/^(web|)$/", "x", false},
	{"/^[^a]*$/", "xyz", true},
	{"/^[^a]*$/", "a", false},
	{"/a/b/", "xa/bx", true},
};

CASE(selection);

TEST_EACH(selection, pattern_matches_what_it_means, ARRAY_SIZE(patterns))
{
	struct pattern p;

	ck_assert_int_eq(pattern_compile(patterns[_i].pattern, &p), 0);
	ck_assert_msg(pattern_matches(&p, patterns[_i].text) ==
			      patterns[_i].matches,
		      "%s on %s", patterns[_i].pattern, patterns[_i].text);
	pattern_free(&p);
}

TEST(selection, bad_expression_is_refused)
{
	static const char *const bad[] = {"/[/", "/(/", "/a{2,1}/", "/*(/"};
	struct pattern p;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&p, 0xff, sizeof(p));
		ck_assert_int_eq(pattern_compile(bad[i], &p), -EINVAL);
		ck_assert_ptr_null(p.text);
		ck_assert(!p.is_regex);
		pattern_free(&p);
	}
}

static const char *const careless[] = {
	"//",	    "/()/", "/eth0|/", "/(web|)/",  "/|/",  "/x*/",
	"/[a-z]*/", "/^/",  "/$/",     "/^[a-z]*/", "/ */", "/[^a]*/",
};

/* Whoever means all says all characters; the rest are mistakes. */
TEST_EACH(selection, expression_found_in_every_name_is_refused,
	  ARRAY_SIZE(careless))
{
	struct pattern p;
	char why[96];

	ck_assert_int_eq(pattern_compile(careless[_i], &p), -EINVAL);
	ck_assert_ptr_null(p.text);
	ck_assert(!p.is_regex);
	pattern_complain(careless[_i], why, sizeof(why));
	ck_assert_str_eq(why, "it would match every name, write \"/.*/\" "
			      "for that");
	pattern_complain("/.*/", why, sizeof(why));
	ck_assert_str_eq(why, "");
}

TEST(selection, expression_without_an_end_is_refused)
{
	static const char *const open[] = {"/", "/eth", "/^eth/i", "/eth/ "};
	struct pattern p;
	char why[96];

	for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
		ck_assert_int_eq(pattern_compile(open[i], &p), -EINVAL);
		pattern_complain(open[i], why, sizeof(why));
		ck_assert_str_eq(why, "a regular expression ends with a slash, "
				      "too");
	}
}

TEST(selection, no_pattern_matches_everything)
{
	const struct pattern none = {0};

	ck_assert(pattern_matches(&none, ""));
	ck_assert(pattern_matches(&none, "eth0"));
}

static const struct {
	bool ignore;
	const char *patterns[3];
	const char *text;
	bool wanted;
} selections[] = {
	{false, {NULL}, "eth0", true},
	{true, {NULL}, "eth0", true},
	{false, {"eth0"}, "eth0", true},
	{false, {"eth0"}, "eth1", false},
	{true, {"eth0"}, "eth0", false},
	{true, {"eth0"}, "eth1", true},
	{false, {"eth0", "/^wan/"}, "wan7", true},
	{false, {"eth0", "/^wan/"}, "lan7", false},
	{true, {"lo", "/^veth/"}, "veth3", false},
	{true, {"lo", "/^veth/"}, "eth0", true},
	{false, {"", "nginx"}, "", true},
	{true, {""}, "", false},
};

TEST_EACH(selection, selection_wants_what_it_says, ARRAY_SIZE(selections))
{
	struct selection s = {.ignore = selections[_i].ignore};

	for (size_t i = 0; selections[_i].patterns[i]; i++)
		ck_assert_int_eq(selection_add(&s, selections[_i].patterns[i]),
				 0);
	ck_assert(selection_wants(&s, selections[_i].text) ==
		  selections[_i].wanted);
	selection_free(&s);
	ck_assert_uint_eq(s.n, 0);
}

TEST(selection, no_selection_wants_everything)
{
	ck_assert(selection_wants(NULL, "eth0"));
}

TEST(selection, refused_pattern_leaves_the_selection_alone)
{
	struct selection s = {0};

	ck_assert_int_eq(selection_add(&s, "/[/"), -EINVAL);
	ck_assert(selection_wants(&s, "eth0"));
	ck_assert_int_eq(selection_add(&s, "eth0"), 0);
	ck_assert_int_eq(selection_add(&s, "/[/"), -EINVAL);
	ck_assert_uint_eq(s.n, 1);
	ck_assert(selection_wants(&s, "eth0"));
	ck_assert(!selection_wants(&s, "eth1"));
	selection_free(&s);
}

TEST(selection, many_patterns_are_kept)
{
	struct selection s = {0};
	char text[32];

	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "%seth%d%s", i % 2 ? "/^" : "", i,
			 i % 2 ? "$/" : "");
		ck_assert_int_eq(selection_add(&s, text), 0);
	}
	ck_assert(selection_wants(&s, "eth0"));
	ck_assert(selection_wants(&s, "eth299"));
	ck_assert(!selection_wants(&s, "eth300"));
	selection_free(&s);
}
