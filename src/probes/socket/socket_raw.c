/* SPDX-License-Identifier: MIT */
#include "probes/socket/socket_raw.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/token.h"
#include "kernel/procnet.h"

/* By how much the rows of either tag grew in a layer since the read before. */
static uint64_t sum_grown(const struct sample *s, enum layer layer,
			  enum tag one, enum tag other)
{
	uint32_t hint = 0;
	const struct object *o = sample_find(s, layer, "", "", &hint);
	uint64_t sum = 0;

	if (!o)
		return 0;
	EACH_ROW (s, o, row)
		if (row->counter->tag == one || row->counter->tag == other)
			sum += row_growth(s, o, row);
	return sum;
}

/*
 * Linux 6.18 counts what a full raw socket drops as InUnknownProtos, unless
 * the kernel itself takes that protocol, too. Then, and by Linux 6.1, it is
 * delivered and nothing tells: more was delivered than TCP, UDP and ICMP had.
 */
bool socket_raw_is_due(const struct sample *out)
{
	uint64_t n;

	if (!out->then)
		return true;
	n = sum_grown(out, LAYER_IP, TAG_IN_DELIVERS, TAG_UNKNOWN_PROTOS);
	return n &&
	       n > sum_grown(out, LAYER_TCP, TAG_TCP_RECEIVED,
			     TAG_TCP_RECEIVED) +
			       sum_grown(out, LAYER_ICMP, TAG_ICMP_RECEIVED,
					 TAG_ICMP_RECEIVED) +
			       sum_grown(out, LAYER_UDP, TAG_UDP_RECEIVED,
					 TAG_UDP_NO_PORTS) +
			       sum_grown(out, LAYER_UDP, TAG_UDP_ERRORS,
					 TAG_UDP_ERRORS);
}

/* The columns, by the words of a line. */
enum {
	COLUMN_LOCAL = 1, /* address:protocol */
	COLUMN_INODE = 9,
	COLUMN_DROPS = 12,
	N_COLUMNS,
};

/* What stands behind the colon, in base 16. */
static bool parse_protocol(struct token local, uint64_t *ret)
{
	char lower[8] = "";
	size_t n = 0;

	while (n < local.n && local.at[local.n - n - 1] != ':')
		n++;
	if (n == local.n || n >= sizeof(lower))
		return false;
	for (size_t i = 0; i < n; i++) /* it prints upper case */
		lower[i] = local.at[local.n - n + i] | 0x20;
	return token_number((struct token) {lower, n}, 16, ret);
}

int socket_raw_next(struct token *text, struct socket_info *ret)
{
	struct token line = token_line(text), words[N_COLUMNS];
	uint64_t protocol, inode, drops;

	if (!line.n)
		return text->n ? -EBADMSG : 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = token_word(&line);
	if (!parse_protocol(words[COLUMN_LOCAL], &protocol) ||
	    !token_number(words[COLUMN_INODE], 10, &inode) ||
	    !token_number(words[COLUMN_DROPS], 10, &drops) || protocol > 0xffff)
		return -EBADMSG;
	*ret = (struct socket_info) {
		.cookie = SOCKET_RAW_COOKIE | inode,
		.drops = (uint32_t)drops,
		.inode = (uint32_t)inode,
		.port = (uint16_t)protocol,
		.kind = SOCKET_RAW,
		.has_memory = true,
	};
	return 1;
}

/* Whether the kernel takes that protocol, too: the socket just listens in. */
static bool is_listening_in(uint16_t protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_TCP ||
	       protocol == IPPROTO_UDP || protocol == IPPROTO_ICMPV6 ||
	       protocol >= IPPROTO_RAW;
}

/* A file that is read. */
struct raw_file {
	struct socket_dump *d;
	bool is_begun; /* its heading has been read */
};

static int dump_lines(struct token text, void *arg)
{
	struct raw_file *file = arg;
	struct socket_info s;
	int r;

	if (!file->is_begun)
		(void)token_line(&text);
	file->is_begun = true;
	while ((r = socket_raw_next(&text, &s)) > 0)
		if (s.port && !is_listening_in(s.port))
			socket_dump_socket(file->d, &s);
	return r;
}

/* About 7000 sockets. */
#define MOST_TEXT (1 << 20)

int socket_raw_read(struct probe_env *env, char *text, size_t size,
		    struct socket_dump *d)
{
	static const char *const files[] = {"raw", "raw6"};
	const struct procnet_window window = {text, size, MOST_TEXT};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++) {
		struct raw_file file = {.d = d};

		r = procnet_lines(env->net, files[i], &window, dump_lines,
				  &file);
		if (r == -ENOENT)
			r = 0;
	}
	return r > 0 ? -E2BIG : r;
}
