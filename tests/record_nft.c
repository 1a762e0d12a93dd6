/* SPDX-License-Identifier: MIT */
/*
 * record_nft FILE: writes the messages that nf_tables answers with in the
 * network namespace it runs in: generation, tables, chains, rules, elements
 * of verdict maps, counters, generation. Independent of the plugin's own
 * reader on purpose.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#define MAX_MAPS 64

struct map {
	uint8_t family;
	char table[NFT_NAME_MAXLEN];
	char name[NFT_NAME_MAXLEN];
};

struct recorder {
	FILE *out;
	int fd;
	struct map maps[MAX_MAPS];
	unsigned n_maps;
};

struct request {
	struct nlmsghdr h;
	struct nfgenmsg m;
	char attrs[2 * (NFT_NAME_MAXLEN + 8)];
};

static void begin(struct request *q, int message, int family, int flags)
{
	memset(q, 0, sizeof(*q));
	q->h.nlmsg_len = NLMSG_LENGTH(sizeof(q->m));
	q->h.nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message);
	q->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	q->h.nlmsg_seq = 1;
	q->m.nfgen_family = (uint8_t)family;
}

static void put_name(struct request *q, int type, const char *name)
{
	char *at = (char *)q + q->h.nlmsg_len;
	struct nlattr head = {
		.nla_len = (uint16_t)(NLA_HDRLEN + strlen(name) + 1),
		.nla_type = (uint16_t)type,
	};

	memcpy(at, &head, sizeof(head));
	memcpy(at + NLA_HDRLEN, name, strlen(name) + 1);
	q->h.nlmsg_len += (uint32_t)NLA_ALIGN(head.nla_len);
}

/* The payload of the attribute of that type in a message, or NULL. */
static const char *find(const struct nlmsghdr *h, int type)
{
	const char *p = (const char *)h + NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const char *end = (const char *)h + h->nlmsg_len;

	while (p + NLA_HDRLEN <= end) {
		const struct nlattr *a = (const void *)p;

		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return p + NLA_HDRLEN;
		p += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

/* Keeps the name of a map whose elements are verdicts. */
static void note_set(struct recorder *r, const struct nlmsghdr *h)
{
	const struct nfgenmsg *m = NLMSG_DATA(h);
	const char *type = find(h, NFTA_SET_DATA_TYPE);
	struct map *map = &r->maps[r->n_maps];
	uint32_t value;

	if (!type)
		return;
	memcpy(&value, type, sizeof(value));
	if (ntohl(value) != NFT_DATA_VERDICT)
		return;
	if (++r->n_maps == MAX_MAPS)
		errx(1, "too many maps");
	map->family = m->nfgen_family;
	snprintf(map->table, sizeof(map->table), "%s", find(h, NFTA_SET_TABLE));
	snprintf(map->name, sizeof(map->name), "%s", find(h, NFTA_SET_NAME));
}

/* Takes one message. Returns whether it was the last. */
static int take(struct recorder *r, const struct nlmsghdr *h)
{
	if (h->nlmsg_type == NLMSG_ERROR)
		errx(1, "netlink error");
	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	if ((h->nlmsg_type & 0xff) == NFT_MSG_NEWSET)
		note_set(r, h);
	else if (fwrite(h, 1, h->nlmsg_len, r->out) != h->nlmsg_len)
		err(1, "write");
	return !(h->nlmsg_flags & NLM_F_MULTI);
}

static void ask(struct recorder *r, const struct request *q)
{
	_Alignas(8) char buf[65536];
	int done = 0;

	if (send(r->fd, q, q->h.nlmsg_len, 0) < 0)
		err(1, "send");
	while (!done) {
		ssize_t n = recv(r->fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *h = (const void *)buf;

		if (n <= 0)
			err(1, "recv");
		for (; !done && NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n))
			done = take(r, h);
	}
}

static void dump(struct recorder *r, int message)
{
	struct request q;

	begin(&q, message, 0, NLM_F_DUMP);
	ask(r, &q);
}

static void generation(struct recorder *r)
{
	struct request q;

	begin(&q, NFT_MSG_GETGEN, 0, 0);
	ask(r, &q);
}

int main(int argc, char **argv)
{
	struct recorder r = {0};
	struct request q;

	if (argc != 2)
		errx(2, "usage: record_nft FILE");
	r.out = fopen(argv[1], "we");
	r.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (!r.out || r.fd < 0)
		err(1, "%s", argv[1]);
	generation(&r);
	dump(&r, NFT_MSG_GETTABLE);
	dump(&r, NFT_MSG_GETCHAIN);
	dump(&r, NFT_MSG_GETRULE);
	dump(&r, NFT_MSG_GETSET);
	for (unsigned i = 0; i < r.n_maps; i++) {
		begin(&q, NFT_MSG_GETSETELEM, r.maps[i].family, NLM_F_DUMP);
		put_name(&q, NFTA_SET_ELEM_LIST_TABLE, r.maps[i].table);
		put_name(&q, NFTA_SET_ELEM_LIST_SET, r.maps[i].name);
		ask(&r, &q);
	}
	dump(&r, NFT_MSG_GETOBJ);
	generation(&r);
	close(r.fd);
	return fclose(r.out) ? 1 : 0;
}
