/* SPDX-License-Identifier: MIT */
/*
 * Reads nf_tables with dumps only: no lock, no transaction, nothing reset, no
 * elements of plain sets. First the generation of the ruleset; while it is
 * what it was at the read before, only chains are asked for that count what
 * they drop: see nft_memory.h.
 */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h> /* before the kernel's, or they clash */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "kernel/capability.h"
#include "kernel/attr.h"
#include "kernel/nfnetlink.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/nft_memory.h"

/* Head, two names and a number, each with its attribute's head. */
#define REQUEST_SIZE (64 + 2 * (ATTR_TEXT + 8))

struct reader {
	struct probe_env *env;
	struct nft_ruleset rs;
};

struct request {
	_Alignas(8) char bytes[REQUEST_SIZE];
	struct nlmsghdr *h;
};

static void begin(struct request *q, unsigned message, uint8_t family,
		  uint16_t flags)
{
	memset(q, 0, sizeof(*q)); /* not every libmnl writes what pads */
	q->h = nfnetlink_request(q->bytes, NFNL_SUBSYS_NFTABLES, message,
				 family, flags);
}

static void put_name(struct request *q, uint16_t type, const char *name)
{
	mnl_attr_put_strz(q->h, type, name);
}

static int ask(struct reader *reader, struct request *q)
{
	return netlink_ask(reader->env->netlink, NETLINK_NETFILTER, q->h,
			   nft_build, &reader->rs);
}

static int ask_generation(struct reader *reader)
{
	struct request q;

	begin(&q, NFT_MSG_GETGEN, 0, 0);
	return ask(reader, &q);
}

static int dump_all(struct reader *reader, unsigned message)
{
	struct request q;

	begin(&q, message, NFPROTO_UNSPEC, NLM_F_DUMP);
	return ask(reader, &q);
}

static int ask_chain(struct reader *reader, const struct nft_node *chain)
{
	struct request q;

	begin(&q, NFT_MSG_GETCHAIN, chain->family, 0);
	put_name(&q, NFTA_CHAIN_TABLE, chain->in->name);
	put_name(&q, NFTA_CHAIN_NAME, chain->name);
	return ask(reader, &q);
}

static int dump_rules(struct reader *reader, struct nft_node *chain)
{
	struct request q;
	int r;

	begin(&q, NFT_MSG_GETRULE, chain->family, NLM_F_DUMP);
	put_name(&q, NFTA_RULE_TABLE, chain->in->name);
	put_name(&q, NFTA_RULE_CHAIN, chain->name);
	reader->rs.asked = chain;
	r = ask(reader, &q);
	reader->rs.asked = NULL;
	return r < 0 || chain->n_rules ? r : -ENOENT;
}

static int ask_rule(struct reader *reader, const struct nft_node *chain,
		    uint64_t handle)
{
	struct request q;

	begin(&q, NFT_MSG_GETRULE, chain->family, 0);
	put_name(&q, NFTA_RULE_TABLE, chain->in->name);
	put_name(&q, NFTA_RULE_CHAIN, chain->name);
	mnl_attr_put_u64(q.h, NFTA_RULE_HANDLE, htobe64(handle));
	return ask(reader, &q);
}

/* The rules of a chain that are remembered, each with its number. */
static int ask_rules(struct reader *reader, struct nft_node *chain)
{
	int r = 0;

	for (uint32_t i = 0; i < chain->n_asked && r == 0; i++) {
		chain->n_rules = (uint32_t)chain->rules[i].number - 1;
		chain->before = chain->rules[i].before;
		r = ask_rule(reader, chain, chain->rules[i].handle);
	}
	return r;
}

static int dump_elements(struct reader *reader, const struct nft_node *map)
{
	struct request q;

	begin(&q, NFT_MSG_GETSETELEM, map->family, NLM_F_DUMP);
	put_name(&q, NFTA_SET_ELEM_LIST_TABLE, map->in->name);
	put_name(&q, NFTA_SET_ELEM_LIST_SET, map->name);
	return ask(reader, &q);
}

static int dump_maps(struct reader *reader)
{
	const struct nft_node *map = reader->rs.first[NODE_MAP];
	int r = 0;

	for (; map && r == 0; map = map->next)
		r = dump_elements(reader, map);
	return r;
}

static int dump_counters_of(struct reader *reader, const struct nft_node *table)
{
	struct request q;

	begin(&q, NFT_MSG_GETOBJ, table->family, NLM_F_DUMP);
	put_name(&q, NFTA_OBJ_TABLE, table->name);
	mnl_attr_put_u32(q.h, NFTA_OBJ_TYPE, htobe32(NFT_OBJECT_COUNTER));
	return ask(reader, &q);
}

static bool is_useful(const struct nft_node *counter)
{
	return counter->is_known || counter->n_good;
}

/* The named counters that are of use, table by table. */
static int dump_counters(struct reader *reader)
{
	const struct nft_node *table = reader->rs.first[NODE_TABLE];
	const struct nft_node *counter = reader->rs.first[NODE_COUNTER];
	int r = 0;

	for (; counter; counter = counter->next)
		counter->in->has_useful |= is_useful(counter);
	for (; table && r == 0; table = table->next)
		r = table->has_useful ? dump_counters_of(reader, table) : 0;
	return r;
}

/*
 * For each message of a dump of all rules, about 100 of them, the kernel walks
 * again past all that it has told of already. A dump of one chain begins there,
 * but takes as long as 1500 steps of that walk.
 */
#define RULES_OF_A_MESSAGE 100
#define STEPS_OF_A_DUMP 1500

static bool is_quicker_apart(const struct nft_ruleset *rs)
{
	uint64_t all = rs->n_uses + rs->n_nodes;
	uint64_t steps = all / 2 * (all / RULES_OF_A_MESSAGE);

	return steps > rs->n_nodes * STEPS_OF_A_DUMP;
}

static int dump_all_rules(struct reader *reader)
{
	struct nft_node *chain = reader->rs.first[NODE_CHAIN];
	int r = 0;

	if (!is_quicker_apart(&reader->rs))
		return dump_all(reader, NFT_MSG_GETRULE);
	for (; chain && r == 0; chain = chain->next) {
		r = dump_rules(reader, chain);
		if (r == -ENOENT) /* it has none */
			r = 0;
	}
	return r;
}

/*
 * Everything. Returns 0 or negative errno. What comes before a deadline is not
 * kept: from where a chain is reached, so what its series are called, whether a
 * rule is ever run, and whose a named counter is, any rule behind may change.
 */
static int read_all(struct reader *reader)
{
	int r = dump_all(reader, NFT_MSG_GETTABLE);

	if (r < 0 || !reader->rs.first[NODE_TABLE])
		return r;
	r = dump_all(reader, NFT_MSG_GETCHAIN);
	if (r == 0)
		r = dump_all_rules(reader);
	if (r == 0)
		r = dump_maps(reader);
	if (r == 0)
		r = dump_counters(reader);
	return r == 0 ? ask_generation(reader) : r;
}

/* What is remembered. -ENOENT: it is not there. */
static int read_known(struct reader *reader)
{
	struct nft_node *chain = reader->rs.first[NODE_CHAIN];
	int r = 0;

	if (!chain)
		return 0;
	for (; chain && r == 0; chain = chain->next) {
		if (chain->asks & ASKS_POLICY)
			r = ask_chain(reader, chain);
		if (r == 0 && chain->asks & ASKS_RULES)
			r = chain->n_asked ? ask_rules(reader, chain)
					   : dump_rules(reader, chain);
		chain->asks = 0;
	}
	if (r == 0)
		r = dump_maps(reader);
	if (r == 0)
		r = dump_counters(reader);
	return r == 0 ? ask_generation(reader) : r;
}

/* Makes sense of what was read, and appends it. */
static int finish(struct reader *reader, struct sample *out)
{
	_cleanup_free_ char *allocated = NULL;
	struct nft_ruleset *rs = &reader->rs;
	struct netlink *nl = reader->env->netlink;
	struct token queues = {"", 0};
	int r = 0;

	if (rs->has_queues)
		r = nfqueue_read_file(reader->env->net, nl->buffer, nl->size,
				      &allocated, &queues);
	if (r < 0 && r != -ENOENT)
		return r;
	nft_compare(rs, out->then, out->source);
	nft_resolve(rs, queues);
	nft_remember(rs, out);
	nft_emit(rs, reader->env->max_rules, out);
	if (rs->is_partial)
		nft_keep(out->then, out);
	return rs->arena.error ? rs->arena.error : out->error;
}

/* Begins anew: with the whole buffer, at the generation known. */
static void start(struct reader *reader, struct probe_env *env,
		  const struct hash_key *key, uint32_t generation)
{
	arena_free(&reader->rs.arena);
	*reader = (struct reader) {
		.env = env,
		.rs = {.arena = {.at = env->buffer,
				 .left = env->size,
				 .deadline = env->deadline},
		       .key = key,
		       .generation = generation,
		       .has_generation = generation != 0},
	};
}

static int read_ruleset(struct reader *reader, struct sample *out)
{
	int r = ask_generation(reader);

	if (r < 0)
		return r == -EINVAL ? -ENOENT : r; /* no such subsystem */
	r = nft_recall(&reader->rs, out->then, out->source);
	if (r == 0)
		r = read_known(reader);
	if (r == -ENOENT) {
		start(reader, reader->env, out->key, reader->rs.generation);
		r = read_all(reader);
	}
	/* went away meanwhile: the generation will say so */
	if (r == -ENOENT)
		return -EAGAIN;
	return r < 0 ? r : finish(reader, out);
}

static int nft_read(struct probe_env *env, struct sample *out)
{
	struct reader reader = {0};
	int r = netlink_available(env->netlink, KMOD_NFTABLES);

	if (r < 0)
		return r;
	start(&reader, env, out->key, 0);
	r = read_ruleset(&reader, out);
	arena_free(&reader.rs.arena);
	return r;
}

const struct probe nft_probe = {
	.name = "nftables",
	.what = "firewall counters of nftables",
	.reads = "nfnetlink NFT_MSG_GETGEN, and GETTABLE, GETCHAIN, GETRULE, "
		 "GETSETELEM of verdict maps, GETOBJ of counters",
	.needs = NEEDS(NET_ADMIN),
	.layer = LAYER_NETFILTER,
	.absent = ABSENT_NO_ENTRY | ABSENT_AGAIN,
	.counters = &firewall_table,
	.others = firewall_others,
	.explainers = firewall_explainers,
	.reasons = firewall_reasons,
	.explain_hidden = firewall_explain_uncounted,
	.attribute = firewall_attribute,
	.names_objects = true,
	.read = nft_read,
};
