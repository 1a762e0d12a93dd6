/* SPDX-License-Identifier: MIT */
/*
 * Packets that wait for a verdict from user space (an IDS, a firewall daemon)
 * and were dropped on the way there. The kernel does not say which hook handed
 * them over: they have a direction only if all rules that feed the queue do.
 */
#include "probes/firewall/nfqueue.h"

#include <errno.h>
#include <string.h>

#include "kernel/procnet.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"

#define QUEUE                                                                  \
	.bits = 32, .layer = LAYER_NETFILTER, .direction = DIR_NONE,           \
	.source = "net/netfilter/nfnetlink_queue.c"

static const struct counter nfqueue_counters[] = {
	{QUEUE, .name = "queue_dropped", .type = "packets", .kind = KIND_LOST,
	 .tag = TAG_QUEUE_DROPPED,
	 .offset = offsetof(struct nfqueue, queue_dropped),
	 .means = "Packets dropped because the queue to user space was full",
	 .cause = "the program behind the queue is too slow",
	 .remedy = "A longer queue or fail-open in that program; "
		   "`cat /proc/net/netfilter/nfnetlink_queue`"},
	{QUEUE, .name = "user_dropped", .type = "packets", .kind = KIND_LOST,
	 .tag = TAG_USER_DROPPED,
	 .offset = offsetof(struct nfqueue, user_dropped),
	 .means = "Packets dropped because the socket of the program behind "
		  "the queue was full",
	 .cause = "the program behind the queue reads its socket too slowly",
	 .remedy = "A larger socket buffer in that program; "
		   "`cat /proc/net/netfilter/nfnetlink_queue`"},
	{QUEUE, .name = "number", .kind = KIND_FACT,
	 .offset = offsetof(struct nfqueue, number)},
	{QUEUE, .name = "waiting", .kind = KIND_FACT, .tag = TAG_QUEUE_WAITING,
	 .offset = offsetof(struct nfqueue, waiting)},
	{QUEUE, .name = "id_sequence", .kind = KIND_FACT,
	 .tag = TAG_QUEUE_SEQUENCE,
	 .offset = offsetof(struct nfqueue, sequence)},
};
#define QUEUE_NUMBER (&nfqueue_counters[2])
const struct counter_table nfqueue_table = COUNTER_TABLE(nfqueue_counters);

/* ---- the file ---- */

#define FIELDS 8

/* More than a line for each of 65536 queues takes. */
#define MAX_FILE (8u << 20)

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
		.sequence = v[7],
	};
	*text = rest;
	return true;
}

#define QUEUES (UINT16_MAX + 1u)

static uint64_t *note_listeners(struct nfqueue_list *list)
{
	struct token text = list->text;
	struct nfqueue q;

	list->bits = arena_alloc(list->arena, QUEUES / 8);
	while (list->bits && nfqueue_next(&text, &q))
		if (q.number < QUEUES)
			list->bits[q.number / 64] |= UINT64_C(1)
						     << q.number % 64;
	return list->bits;
}

unsigned nfqueue_listeners(struct nfqueue_list *list, unsigned first,
			   unsigned n)
{
	const uint64_t *bits = list->bits ? list->bits : note_listeners(list);
	unsigned end = n && first + n < QUEUES ? first + n : QUEUES;
	unsigned found = 0;

	first = n ? first : 0;
	while (bits && first < end) {
		unsigned step = 64 - first % 64;
		uint64_t word = bits[first / 64] >> first % 64;

		if (step > end - first)
			step = end - first;
		if (step < 64)
			word &= (UINT64_C(1) << step) - 1;
		found += (unsigned)__builtin_popcountll(word);
		first += step;
	}
	return found;
}

int nfqueue_read_file(struct procnet *net, char *buffer, size_t size,
		      char **allocated, struct token *ret)
{
	const char *name = NFQUEUE_DIR "/" NFQUEUE_FILE;
	ssize_t n = procnet_read(net, name, buffer, size);

	while (n == -E2BIG && size < MAX_FILE) {
		size *= 4;
		free(*allocated);
		buffer = *allocated = malloc(size);
		if (!buffer)
			return -ENOMEM;
		n = procnet_read(net, name, buffer, size);
	}
	*ret = (struct token) {buffer, n > 0 ? (size_t)n : 0};
	return n < 0 ? (int)n : 0;
}

/* ---- what its rows say ---- */

/* By how much a fact of 32 bits has grown, or shrunk. */
static int64_t fact_change(const struct sample *s, const struct object *o,
			   enum tag tag)
{
	const struct row *now = object_tagged(s, o, tag);
	const struct row *then =
		o->same ? object_tagged(s->then, object_before(s, o), tag)
			: NULL;

	return now && then
		       ? (int32_t)((uint32_t)now->value - (uint32_t)then->value)
		       : 0;
}

int64_t nfqueue_waiting_more(const struct sample *s)
{
	int64_t sum = 0;

	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NETFILTER &&
		    object_tagged(s, o, TAG_QUEUE_WAITING))
			sum += fact_change(s, o, TAG_QUEUE_WAITING);
	return sum;
}

uint64_t nfqueue_verdicts(const struct sample *s, const struct object *o)
{
	const struct row *lost = object_tagged(s, o, TAG_USER_DROPPED);
	int64_t n = fact_change(s, o, TAG_QUEUE_SEQUENCE) -
		    fact_change(s, o, TAG_QUEUE_WAITING);

	if (lost && row_moved(lost)) /* numbered, and never there */
		add_times(&n, -1, lost->delta);
	return n > 0 ? (uint64_t)n : 0;
}

bool nfqueue_explain(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const struct object *o = suspect->object;
	const struct row *waiting = object_tagged(s, o, TAG_QUEUE_WAITING);
	const char *program = object_label(s, o);
	uint64_t number;

	if (!waiting || !object_get(s, o, QUEUE_NUMBER, &number))
		return false;
	if (!*program)
		program = "the program behind it";
	if (suspect->row->counter->tag == TAG_QUEUE_DROPPED) {
		ret->reason = &firewall_reasons[REASON_QUEUE_FULL];
		CAUSE_TEXT(ret,
			   "queue %llu to user space was full, %llu packets "
			   "wait in it now: %s is too slow",
			   (unsigned long long)number,
			   (unsigned long long)waiting->value, program);
	} else {
		ret->reason = &firewall_reasons[REASON_QUEUE_SOCKET];
		CAUSE_TEXT(
			ret,
			"queue %llu to user space: the socket of %s was full",
			(unsigned long long)number, program);
	}
	CAUSE_REMEDY(ret,
		     "See how long it is: "
		     "`cat /proc/net/netfilter/nfnetlink_queue`; have a longer "
		     "queue, a larger socket buffer or fail-open set in %s",
		     program);
	return true;
}
