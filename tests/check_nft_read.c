/* SPDX-License-Identifier: MIT */
/*
 * What nf_tables is asked, read after read: the kernel has the messages of
 * tests/fixtures, and sends those that the request is for.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "kernel/procnet.h"
#include "probes/firewall/firewall.h"
#include "answering_kernel.h"
#include "nft_file.h"

#define HEAD (NLMSG_HDRLEN + sizeof(struct nfgenmsg))

static struct {
	char *bytes;
	size_t n;
	uint32_t generation;
	bool restless; /* each question for it finds another one */
	int error;     /* of each request but those for the generation, */
	int generation_error;
	const char *gone; /* a chain that is not there any more */
	unsigned n_dumps; /* of rules, of all chains */
} ruleset;

static struct tree tree;
static struct netlink netlink;
static struct sample then, now;
static char buffer[65536];
static struct procnet net = PROCNET(tree.path);
static struct probe_env env = {.net = &net,
			       .netlink = &netlink,
			       .buffer = buffer,
			       .size = sizeof(buffer),
			       .max_rules = 64};

/* Whether a message has all that a request names. */
static bool is_meant(const struct nlmsghdr *request, const struct nlmsghdr *h)
{
	const struct nfgenmsg *asked = mnl_nlmsg_get_payload(request);
	const struct nfgenmsg *said = mnl_nlmsg_get_payload(h);
	const struct nlattr *wanted, *has;

	if (h->nlmsg_type != request->nlmsg_type - 1 ||
	    (asked->nfgen_family && asked->nfgen_family != said->nfgen_family))
		return false;
	mnl_attr_for_each(wanted, request, sizeof(*asked))
	{
		bool found = false;

		mnl_attr_for_each(has, h, sizeof(*said)) found |=
			mnl_attr_get_type(has) == mnl_attr_get_type(wanted) &&
			has->nla_len == wanted->nla_len &&
			!memcmp(has + 1, wanted + 1,
				wanted->nla_len - sizeof(*wanted));
		if (!found)
			return false;
	}
	return true;
}

static int say_generation(void)
{
	struct message m = {.n = 0};
	struct nfgenmsg head = {.version = NFNETLINK_V0};

	if (ruleset.generation_error)
		return ruleset.generation_error;
	message_begin(&m, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN, 0, 0);
	message_put(&m, &head, sizeof(head));
	attr_u32(&m, NFTA_GEN_ID, htonl(ruleset.generation));
	ruleset.generation += ruleset.restless;
	kernel_say_all(&m);
	return 0;
}

/* As of this generation, whenever it was recorded. */
static void say(const struct nlmsghdr *h)
{
	unsigned char *at = kernel.bytes + kernel.n;
	uint16_t generation = htons((uint16_t)ruleset.generation);

	kernel_say(h);
	memcpy(at + NLMSG_HDRLEN + offsetof(struct nfgenmsg, res_id),
	       &generation, sizeof(generation));
}

static int answer(const struct nlmsghdr *request)
{
	unsigned message = request->nlmsg_type & 0xff;

	ck_assert_uint_eq(request->nlmsg_type >> 8, NFNL_SUBSYS_NFTABLES);
	if (message == NFT_MSG_GETGEN)
		return say_generation();
	if (ruleset.error)
		return ruleset.error;
	ruleset.n_dumps += message == NFT_MSG_GETRULE &&
			   request->nlmsg_len == HEAD;
	if (ruleset.gone && memmem(request, request->nlmsg_len, ruleset.gone,
				   strlen(ruleset.gone)))
		return -ENOENT;
	for (size_t at = 0; at + NLMSG_HDRLEN <= ruleset.n;) {
		const struct nlmsghdr *h = (const void *)(ruleset.bytes + at);

		if (is_meant(request, h))
			say(h);
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return 0;
}

static void setup(void)
{
	tree_make(&tree);
	tree_put(&tree, "proc/cmdline", "");
	tree_put(&tree, "proc/modules", "");
	tree_mkdir(&tree, "sys/module/nf_tables");
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	netlink.kmods.root = tree.path;
	ruleset.generation = 2;
	kernel.answer = answer;
}

static const char *const recordings[] = {"nft.nl", "nft_ipt.nl",
					 "nft_rates.nl"};

/* The ruleset that was recorded there. */
static void have(const char *recording)
{
	ruleset.bytes = fixture_read("6.18", recording, &ruleset.n);
	ck_assert_ptr_nonnull(ruleset.bytes);
}

static void teardown(void)
{
	netlink_leave(&netlink);
	netlink_free(&netlink);
	sample_free(&then);
	sample_free(&now);
	free(ruleset.bytes);
	tree_remove(&tree);
}

static int read_again(void)
{
	struct sample read = then;
	int r;

	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.time_ns ? &then : NULL);
	now.time_ns = then.time_ns + 1;
	kernel.n_asked = ruleset.n_dumps = 0;
	r = nft_probe.read(&env, &now);
	if (r == 0)
		sample_compare(&now, &then);
	return r;
}

static void check_same(const struct sample *a, const struct sample *b)
{
	ck_assert_uint_gt(a->n_objects, 0);
	ck_assert_uint_eq(a->n_objects, b->n_objects);
	ck_assert_uint_eq(a->n_rows, b->n_rows);
	for (uint32_t i = 0; i < a->n_objects; i++)
		ck_assert_str_eq(object_name(a, &a->objects[i]),
				 object_name(b, &b->objects[i]));
	for (uint32_t i = 0; i < a->n_rows; i++) {
		ck_assert_ptr_eq(a->rows[i].counter, b->rows[i].counter);
		ck_assert_uint_eq(a->rows[i].value, b->rows[i].value);
	}
}

CASE(nft_read, .setup = setup, .teardown = teardown);

TEST_EACH(nft_read, all_that_there_is_is_asked_for, ARRAY_SIZE(recordings))
{
	struct sample whole = {0};

	have(recordings[_i]);
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(ruleset.n_dumps, 1);
	ck_assert_int_eq(
		nft_file_read(ruleset.bytes, ruleset.n, "", 64, NULL, &whole),
		0);
	check_same(&now, &whole);
	sample_free(&whole);
}

/* Has a message of a chain say that it has so many rules. */
static void claim_rules_of(struct nlmsghdr *h, uint32_t n)
{
	const uint32_t uses = htonl(n);
	struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(a) == NFTA_CHAIN_USE)
			memcpy(mnl_attr_get_payload(a), &uses, sizeof(uses));
	}
}

static void claim_rules(uint32_t n)
{
	for (size_t at = 0; at + NLMSG_HDRLEN <= ruleset.n;) {
		struct nlmsghdr *h = (void *)(ruleset.bytes + at);

		if ((h->nlmsg_type & 0xff) == NFT_MSG_NEWCHAIN)
			claim_rules_of(h, n);
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
}

TEST_EACH(nft_read, what_has_many_rules_is_asked_chain_by_chain,
	  ARRAY_SIZE(recordings))
{
	struct sample whole = {0};

	have(recordings[_i]);
	claim_rules(10000);
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(ruleset.n_dumps, 0);
	ck_assert_int_eq(
		nft_file_read(ruleset.bytes, ruleset.n, "", 64, NULL, &whole),
		0);
	check_same(&now, &whole);
	sample_free(&whole);
}

TEST_EACH(nft_read, what_has_not_changed_is_asked_in_part,
	  ARRAY_SIZE(recordings))
{
	have(recordings[_i]);
	ck_assert_int_eq(read_again(), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(read_again(), 0);
		ck_assert_uint_eq(ruleset.n_dumps, 0);
		ck_assert_uint_ge(kernel.n_asked, 3);
		check_same(&now, &then);
		EACH_OBJECT (&now, o)
			ck_assert(!o->moved);
	}
}

TEST_EACH(nft_read, another_generation_is_read_anew, ARRAY_SIZE(recordings))
{
	have(recordings[_i]);
	ck_assert_int_eq(read_again(), 0);
	ruleset.generation++;
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(ruleset.n_dumps, 1);
	check_same(&now, &then);
}

/* Also of the same generation: what is remembered lacks something. */
TEST(nft_read, what_was_read_in_part_is_read_anew)
{
	have(recordings[0]);
	ck_assert_int_eq(read_again(), 0);
	now.parts = 1u << now.source;
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(ruleset.n_dumps, 1);
	check_same(&now, &then);
}

TEST(nft_read, what_went_away_meanwhile_is_looked_for_anew)
{
	char chain[64] = "";

	have(recordings[0]);
	ck_assert_int_eq(read_again(), 0);
	EACH_OBJECT (&now, o)
		if (!chain[0])
			snprintf(chain, sizeof(chain), "%s",
				 object_chain(&now, o));
	ruleset.gone = chain;
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(ruleset.n_dumps, 1);
}

TEST(nft_read, ruleset_that_changes_all_the_time_is_read_again_later)
{
	have(recordings[0]);
	ruleset.restless = true;
	ck_assert_int_eq(read_again(), -EAGAIN);
	ruleset.restless = false;
	ck_assert_int_eq(read_again(), 0);
}

TEST(nft_read, kernel_without_nf_tables_is_not_asked)
{
	have(recordings[0]);
	tree_drop(&tree, "sys/module/nf_tables");
	ck_assert_int_eq(read_again(), -ENOENT);
	ck_assert_uint_eq(kernel.n_asked, 0);
}

static const struct {
	int generation, rest, r;
} errors[] = {
	{-EINVAL, 0, -ENOENT}, /* no such subsystem */
	{-EPERM, 0, -EPERM},   {0, -EPERM, -EPERM},
	{0, -ENOMEM, -ENOMEM}, {0, -ENOENT, -EAGAIN}, /* went away */
};

TEST_EACH(nft_read, error_of_the_kernel_is_told, ARRAY_SIZE(errors))
{
	have(recordings[0]);
	ruleset.generation_error = errors[_i].generation;
	ruleset.error = errors[_i].rest;
	ck_assert_int_eq(read_again(), errors[_i].r);
	/* and of the next read */
	ruleset.generation_error = ruleset.error = 0;
	sample_reset(&now);
	now.time_ns = 0;
	ck_assert_int_eq(read_again(), 0);
}

TEST(nft_read, no_tables_are_no_objects)
{
	have(recordings[0]);
	ruleset.n = 0;
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(now.n_objects, 0);
	ck_assert_int_eq(read_again(), 0);
	ck_assert_uint_eq(ruleset.n_dumps, 0);
}
