/* SPDX-License-Identifier: MIT */
/* A settled ruleset into a sample. Pure. */
#include <inttypes.h>
#include <linux/netfilter.h>
#include <string.h>

#include "probes/firewall/nft_read.h"
#include "probes/firewall/nft_emit.h"

/* "bridge.", a table, a dot, a chain; longer names are cut and hashed. */
#define NAME_PIECE 80
#define CHAIN_NAME (16 + 2 * NAME_PIECE)
#define RULE_NAME (CHAIN_NAME + 256 + 32)

const char *nft_family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_NETDEV:
		return "netdev";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_IPV6:
		return "ip6";
	default:
		return "?";
	}
}

/*
 * A name fit for messages. A table's has no dots, so that the object's name
 * can be taken apart again: whoever has one there gets a question mark.
 */
static void clean_piece(char piece[NAME_PIECE], const char *name, bool dots)
{
	size_t n = 0;

	for (; name[n] && n < NAME_PIECE - 10; n++) {
		piece[n] = name[n];
		if (name[n] <= ' ' || name[n] > '~' || name[n] == '"' ||
		    name[n] == '\\' || (name[n] == '.' && !dots))
			piece[n] = '?';
	}
	piece[n] = '\0';
	if (name[n])
		snprintf(piece + n, NAME_PIECE - n, "_%08" PRIx32,
			 (uint32_t)hash_bytes(HASH_START, name, strlen(name)));
}

static void name_chain(const struct nft_node *chain, char name[CHAIN_NAME])
{
	char table[NAME_PIECE], piece[NAME_PIECE];

	clean_piece(table, chain->in->name, false);
	clean_piece(piece, chain->name, true);
	snprintf(name, CHAIN_NAME, "%s.%s.%s", nft_family_name(chain->family),
		 table, piece);
}

/* What is being written: one chain of it at a time. */
struct writer {
	struct nft_ruleset *rs;
	struct sample *out;
	unsigned max_rules;
	enum direction direction; /* of the chain at work */
	char chain[CHAIN_NAME];
	struct seen *seen; /* hash table, open addressing */
	uint32_t n_seen;   /* its size, a power of two */
};

/* How often a comment, or a comment on a rule of one shape, was seen. */
struct seen {
	uint64_t key;
	uint32_t n; /* 0: free */
};

static uint32_t see(struct writer *w, uint64_t key, uint32_t times)
{
	uint32_t at = (uint32_t)(key ^ key >> 32) & (w->n_seen - 1);

	while (w->seen[at].n && w->seen[at].key != key)
		at = (at + 1) & (w->n_seen - 1);
	w->seen[at].key = key;
	w->seen[at].n += times;
	return w->seen[at].n;
}

static bool is_counted(const struct nft_drop *d)
{
	return d->is_counted && !d->is_nothing;
}

static bool is_uncounted(const struct nft_drop *d)
{
	return d->uncounted && !d->is_counted && !d->is_nothing;
}

static uint64_t hash_comment(const struct nft_drop *d)
{
	return hash_bytes(HASH_START, d->comment, strlen(d->comment));
}

/*
 * Counts the comments of a chain's rules, so that of two with the same each
 * gets a name of its own. Returns false when memory is out.
 */
static bool see_comments(struct writer *w, const struct nft_node *chain)
{
	uint32_t n = 0;

	for (const struct nft_drop *d = chain->drops_first; d; d = d->next)
		n += d->comment != NULL;
	w->n_seen = 2;
	while (w->n_seen < 4 * n)
		w->n_seen *= 2;
	w->seen = nft_alloc(&w->rs->arena, w->n_seen * sizeof(*w->seen));
	if (!w->seen)
		return false;
	for (const struct nft_drop *d = chain->drops_first; d; d = d->next)
		if (d->comment)
			see(w, hash_comment(d), 1);
	return true;
}

/* A comment that makes the name of a rule look like that of a chain. */
static bool is_ambiguous(const char *comment)
{
	size_t n = strlen(comment);

	return !strcmp(comment, "drop") ||
	       (n > 5 && !strcmp(comment + n - 5, ".drop"));
}

/*
 * Same comments are told apart by what their rules look like, which is the
 * same after a reload; handles are not.
 */
static void name_rule(struct writer *w, const struct nft_drop *d,
		      char name[RULE_NAME])
{
	uint64_t key;
	uint32_t nth;
	int n;

	if (d->target == NETFILTER_DROP_POLICY) {
		snprintf(name, RULE_NAME, "%s#policy", w->chain);
		return;
	}
	if (!d->comment) {
		snprintf(name, RULE_NAME, "%s#%016" PRIx64, w->chain,
			 d->identity);
		return;
	}
	n = snprintf(name, RULE_NAME, "%s.%s", w->chain, d->comment);
	if (see(w, hash_comment(d), 0) < 2 && !is_ambiguous(d->comment))
		return;
	key = hash_bytes(hash_comment(d), &d->shape, sizeof(d->shape));
	nth = see(w, key, 1);
	key = hash_bytes(key, &nth, sizeof(nth));
	snprintf(name + n, RULE_NAME - (size_t)n, "_%08" PRIx32, (uint32_t)key);
}

static void append_packets(struct writer *w, const struct nft_drop *d)
{
	if (!d->comment) {
		sample_row(w->out,
			   netfilter_counter(NETFILTER_DETAIL, w->direction),
			   d->counts.packets);
		return;
	}
	sample_row(w->out, netfilter_counter(NETFILTER_RULE, w->direction),
		   d->counts.packets);
	sample_row(w->out,
		   netfilter_counter(NETFILTER_RULE_BYTES, w->direction),
		   d->counts.bytes);
}

static void append_drop(struct writer *w, const struct nft_drop *d)
{
	char name[RULE_NAME];

	name_rule(w, d, name);
	sample_object(w->out, LAYER_NETFILTER, "", name, d->identity);
	if (d->comment)
		sample_label(w->out, d->comment);
	if (is_counted(d))
		append_packets(w, d);
	sample_row(w->out, &netfilter_rule_number, d->number);
	sample_row(w->out, &netfilter_rule_target, d->target);
	sample_row(w->out, &netfilter_rule_handle, d->handle);
	if (d->target == NETFILTER_QUEUE_RULE && d->n_queues)
		sample_row(w->out, &netfilter_rule_queue, d->queue);
	if (d->is_random)
		sample_row(w->out, &netfilter_rule_probability, d->probability);
	if (d->every)
		sample_row(w->out, &netfilter_rule_every, d->every);
	if (d->uncounted)
		sample_row(w->out, &netfilter_rule_uncounted, d->uncounted);
}

/* The total of a chain. False when nothing of it is counted. */
static bool append_total(struct writer *w, const struct nft_node *chain)
{
	struct nft_counts counts = {0};
	uint64_t identity = HASH_START;
	char name[RULE_NAME];
	uint32_t n = 0;

	for (const struct nft_drop *d = chain->drops_first; d; d = d->next) {
		if (!is_counted(d))
			continue;
		identity =
			hash_bytes(identity, &d->identity, sizeof(d->identity));
		counts.packets += d->counts.packets;
		counts.bytes += d->counts.bytes;
		n++;
	}
	if (!n)
		return false;
	snprintf(name, sizeof(name), "%s.drop", w->chain);
	sample_object(w->out, LAYER_NETFILTER, "", name, identity);
	sample_row(w->out, netfilter_counter(NETFILTER_CHAIN, w->direction),
		   counts.packets);
	sample_row(w->out,
		   netfilter_counter(NETFILTER_CHAIN_BYTES, w->direction),
		   counts.bytes);
	return true;
}

/* A chain's counted rules; a policy has a place of its own. */
static void append_chain(struct writer *w, const struct nft_node *chain)
{
	uint32_t n = 0;

	if (!append_total(w, chain) || !see_comments(w, chain))
		return;
	for (const struct nft_drop *d = chain->drops_first; d; d = d->next) {
		if (!is_counted(d))
			continue;
		if (d->target == NETFILTER_DROP_POLICY || n < w->max_rules)
			append_drop(w, d);
		n++;
	}
}

/* Those beyond max_rules, as one. */
static void append_rest(struct writer *w, const struct nft_node *chain,
			uint32_t n)
{
	char name[RULE_NAME];

	snprintf(name, sizeof(name), "%s#uncounted", w->chain);
	sample_object(w->out, LAYER_NETFILTER, "", name, chain->hash);
	sample_row(w->out, &netfilter_rule_uncounted, n);
}

static void append_uncounted(struct writer *w, const struct nft_node *chain)
{
	uint32_t n = 0, rest = 0;

	for (const struct nft_drop *d = chain->drops_first; d; d = d->next) {
		if (!is_uncounted(d) ||
		    (w->rs->is_partial && d->target != NETFILTER_QUEUE_RULE))
			continue;
		if (!n && !see_comments(w, chain))
			return;
		if (n++ < w->max_rules)
			append_drop(w, d);
		else
			rest += d->uncounted;
	}
	if (rest && !w->rs->is_partial)
		append_rest(w, chain, rest);
}

void nft_emit(struct nft_ruleset *rs, unsigned max_rules, struct sample *out)
{
	struct writer w = {.rs = rs, .out = out, .max_rules = max_rules};

	for (int pass = 0; pass < 2; pass++) {
		const struct nft_node *chain = rs->first[NODE_CHAIN];

		for (; chain; chain = chain->next) {
			w.direction = nft_direction(chain);
			if (w.direction == DIR_NONE || !chain->drops_first)
				continue;
			name_chain(chain, w.chain);
			if (pass == 0)
				append_chain(&w, chain);
			else
				append_uncounted(&w, chain);
		}
	}
}
