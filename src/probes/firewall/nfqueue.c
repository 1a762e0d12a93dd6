/* SPDX-License-Identifier: MIT */
/*
 * Packets that wait for a verdict from user space (an IDS, a firewall daemon)
 * and were dropped on the way there. Which hook handed them over is unknown,
 * so they have no direction.
 */
#include "probes/firewall/nfqueue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/procnet.h"

#define QUEUE                                                                  \
	.bits = 32, .layer = LAYER_NETFILTER, .direction = DIR_NONE,           \
	.source = "net/netfilter/nfnetlink_queue.c"

static const struct counter nfqueue_counters[] = {
	{QUEUE, .name = "queue_dropped", .type = "packets", .kind = KIND_LOST,
	 .offset = offsetof(struct nfqueue, queue_dropped),
	 .means = "Packets dropped because the queue to user space was full",
	 .cause = "the program behind the queue is too slow",
	 .remedy = "A longer queue or fail-open in that program; "
		   "cat /proc/net/netfilter/nfnetlink_queue"},
	{QUEUE, .name = "user_dropped", .type = "packets", .kind = KIND_LOST,
	 .offset = offsetof(struct nfqueue, user_dropped),
	 .means = "Packets dropped because the socket of the program behind "
		  "the queue was full",
	 .cause = "the program behind the queue reads its socket too slowly",
	 .remedy = "A larger socket buffer in that program; "
		   "cat /proc/net/netfilter/nfnetlink_queue"},
};

#define FIELDS 7

/* Reads a blank-separated number. Returns false when there is none. */
static bool next_number(const char **text, const char *end, uint32_t *ret)
{
	const char *p = *text;
	uint64_t value = 0;

	while (p < end && *p == ' ')
		p++;
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (uint64_t)(*p - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*text = p;
	*ret = (uint32_t)value;
	return true;
}

bool nfqueue_next(const char **text, size_t *n, struct nfqueue *ret)
{
	const char *end = *n ? memchr(*text, '\n', *n) : NULL;
	const char *p = *text;
	uint32_t fields[FIELDS];

	if (!end)
		return false;
	for (size_t i = 0; i < FIELDS; i++)
		if (!next_number(&p, end, &fields[i]))
			return false;
	*ret = (struct nfqueue) {
		.number = fields[0],
		.listener = fields[1],
		.waiting = fields[2],
		.queue_dropped = fields[5],
		.user_dropped = fields[6],
	};
	*n -= (size_t)(end + 1 - *text);
	*text = end + 1;
	return true;
}

ssize_t nfqueue_read_file(struct procnet *net, char *buffer, size_t size)
{
	return procnet_read(net, NFQUEUE_DIR "/" NFQUEUE_FILE, buffer, size);
}

static int nfqueue_read(struct probe_env *env, struct sample *out)
{
	ssize_t size = nfqueue_read_file(env->net, env->buffer, env->size);
	const char *text = env->buffer;
	struct nfqueue q;
	size_t n;

	if (size < 0)
		return (int)size;
	n = (size_t)size;
	while (nfqueue_next(&text, &n, &q)) {
		char name[32];

		snprintf(name, sizeof(name), "queue%" PRIu32, q.number);
		/* another listener counts from 0 */
		sample_object(out, LAYER_NETFILTER, "", name, q.listener);
		for (size_t i = 0; i < ARRAY_SIZE(nfqueue_counters); i++) {
			const struct counter *c = &nfqueue_counters[i];
			uint32_t value;

			memcpy(&value, (const char *)&q + c->offset,
			       sizeof(value));
			sample_row(out, c, value);
		}
	}
	return n ? -EBADMSG : 0;
}

const struct probe nfqueue_probe = {
	.name = "nfqueue",
	.reads = "/proc/net/netfilter/nfnetlink_queue",
	.layer = LAYER_NETFILTER,
	.counters = nfqueue_counters,
	.n_counters = ARRAY_SIZE(nfqueue_counters),
	.names_objects = true,
	.read = nfqueue_read,
};
