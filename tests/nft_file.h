/* SPDX-License-Identifier: MIT */
/* Messages of nf_tables one behind the other, as record_nft.c writes them. */
#ifndef NFT_FILE_H
#define NFT_FILE_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "probes/firewall/nft_memory.h"

/* Hands each message to a ruleset. Returns 0 or the first failure. */
static inline int nft_file_feed(struct nft_ruleset *rs, const void *bytes,
				size_t n)
{
	const char *p = bytes;

	while (n >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *h = (const void *)p;
		size_t step = NLMSG_ALIGN(h->nlmsg_len);
		int r;

		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n)
			return -EBADMSG;
		r = nft_build(h, rs);
		if (r < 0)
			return r;
		if (step >= n)
			break;
		p += step;
		n -= step;
	}
	return 0;
}

/* What a read does with messages: all of a ruleset, or a part of it. */
static inline int nft_file_finish(struct nft_ruleset *rs, const void *bytes,
				  size_t n, const char *queues,
				  unsigned max_rules, struct sample *out)
{
	int r = nft_file_feed(rs, bytes, n);

	if (r == 0) {
		nft_compare(rs, out->then, 0);
		nft_resolve(rs, (struct token) {queues, strlen(queues)});
		nft_remember(rs, out);
		nft_emit(rs, max_rules, out);
		if (rs->is_partial)
			nft_keep(out->then, out);
		r = rs->arena.error ? rs->arena.error : out->error;
	}
	arena_free(&rs->arena);
	return r;
}

/* A first read, or one of the same generation: what is remembered in then. */
static inline int nft_file_read(const void *bytes, size_t n, const char *queues,
				unsigned max_rules, const struct sample *then,
				struct sample *out)
{
	struct nft_ruleset rs = {0};
	int r = then ? nft_recall(&rs, then, 0) : 0;

	sample_follow(out, then);
	if (r < 0)
		arena_free(&rs.arena);
	return r < 0 ? r
		     : nft_file_finish(&rs, bytes, n, queues, max_rules, out);
}

/* A read of another generation than that of then. */
static inline int nft_file_reread(const void *bytes, size_t n,
				  const char *queues, unsigned max_rules,
				  const struct sample *then, struct sample *out)
{
	struct nft_ruleset rs = {0};

	sample_follow(out, then);
	return nft_file_finish(&rs, bytes, n, queues, max_rules, out);
}

#endif
