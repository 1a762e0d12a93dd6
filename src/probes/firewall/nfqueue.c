/* SPDX-License-Identifier: MIT */
/*
 * Packets that wait for a verdict from user space (an IDS, a firewall daemon)
 * and were dropped on the way there. Which hook handed them over is unknown,
 * so they have no direction.
 */
#include "probes/firewall/nfqueue.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "kernel/procnet.h"
#include "probes/firewall/firewall.h"

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
static const struct counter_table nfqueue_table =
	COUNTER_TABLE(nfqueue_counters);

#define FIELDS 7

bool nfqueue_next(struct token *text, struct nfqueue *ret)
{
	struct token rest = *text, line = token_line(&rest);
	uint64_t v[FIELDS];

	if (line.n == text->n) /* no end of a line: it was cut off */
		return false;
	for (size_t i = 0; i < FIELDS; i++)
		if (!token_number(token_word(&line), 10, &v[i]) ||
		    v[i] > UINT32_MAX)
			return false;
	*ret = (struct nfqueue) {
		.number = v[0],
		.listener = v[1],
		.waiting = v[2],
		.queue_dropped = v[5],
		.user_dropped = v[6],
	};
	*text = rest;
	return true;
}

unsigned nfqueue_listeners(struct token text, unsigned first, unsigned n)
{
	unsigned found = 0;
	struct nfqueue q;

	while (nfqueue_next(&text, &q))
		found += !n || (q.number >= first && q.number - first < n);
	return found;
}

ssize_t nfqueue_read_file(struct procnet *net, char *buffer, size_t size)
{
	return procnet_read(net, NFQUEUE_DIR "/" NFQUEUE_FILE, buffer, size);
}

static int nfqueue_read(struct probe_env *env, struct sample *out)
{
	ssize_t n = nfqueue_read_file(env->net, env->buffer, env->size);
	struct token text = {env->buffer, n > 0 ? (size_t)n : 0};
	struct nfqueue q;

	while (nfqueue_next(&text, &q)) {
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
	if (n < 0)
		return (int)n;
	return text.n ? -EBADMSG : 0;
}

const struct probe nfqueue_probe = {
	.name = "nfqueue",
	.reads = "/proc/net/netfilter/nfnetlink_queue",
	.layer = LAYER_NETFILTER,
	.counters = &nfqueue_table,
	.names_objects = true,
	.read = nfqueue_read,
};
