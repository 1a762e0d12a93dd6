/* SPDX-License-Identifier: MIT */
/* Reads queues to user space, and finds out whose packets one has dropped. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "kernel/capability.h"
#include "kernel/process.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/queue_feeds.h"
#include "probes/firewall/rule.h"

/* Whether a queue got packets, or dropped them, since the read before. */
static bool is_busy(const struct sample *then, const struct object *o,
		    const struct nfqueue *q)
{
	const struct row *sequence = object_tagged(then, o, TAG_QUEUE_SEQUENCE);
	const struct row *dropped = object_tagged(then, o, TAG_QUEUE_DROPPED);

	return (sequence && sequence->value != q->sequence) ||
	       (dropped && (uint32_t)dropped->value != q->queue_dropped);
}

/*
 * Names the program behind a queue, once it has work, and keeps the name. A
 * netlink port is most often the number of its process; where it is not, or
 * not by the numbers seen here, no process of this namespace has it.
 */
static void name_listener(const struct probe_env *env, const struct nfqueue *q,
			  struct sample *out)
{
	const struct object *o = &out->objects[out->n_objects - 1];
	const struct object *before = object_before(out, o);
	char label[PROCESS_LABEL];

	if (!before || before->identity != q->listener || q->listener > INT_MAX)
		return;
	if (*object_label(out->then, before)) {
		sample_label(out, object_label(out->then, before));
		return;
	}
	if (!is_busy(out->then, before, q) ||
	    !process_is_here(env->proc, (int)q->listener))
		return;
	process_label(env->proc, (int)q->listener, label, sizeof(label));
	sample_label(out, label);
}

/* Whether it has dropped some since the read before. */
static bool has_dropped(const struct sample *out, const struct nfqueue *q)
{
	const struct object *o = &out->objects[out->n_objects - 1];
	const struct object *before = object_before(out, o);
	const struct row *queue, *user;

	if (!before)
		return false;
	queue = object_tagged(out->then, before, TAG_QUEUE_DROPPED);
	user = object_tagged(out->then, before, TAG_USER_DROPPED);
	return (queue && (uint32_t)queue->value != q->queue_dropped) ||
	       (user && (uint32_t)user->value != q->user_dropped);
}

/* Who feeds queues, once it matters. */
struct feeders {
	struct queue_feeds feeds;
	bool are_known;
};

/* Of which direction its packets are, if they are all of one. */
static void tell_direction(struct feeders *f, const struct nfqueue *q,
			   struct sample *out)
{
	uint8_t reached;

	if (!has_dropped(out, q))
		return;
	if (!f->are_known)
		queue_feeds_collect(&f->feeds, out);
	f->are_known = true;
	reached = queue_feeds_reached(&f->feeds, q->number);
	if (!(reached & (reached - 1)))
		sample_reached(out, reached);
}

static void append_queue(const struct probe_env *env, const struct nfqueue *q,
			 struct feeders *feeders, struct sample *out)
{
	char name[32];

	snprintf(name, sizeof(name), "queue%" PRIu32, q->number);
	/* another listener counts from 0 */
	sample_object(out, LAYER_NETFILTER, "", name, q->listener);
	for (size_t i = 0; i < nfqueue_table.n; i++) {
		const struct counter *c = &nfqueue_table.rows[i];
		uint32_t value;

		memcpy(&value, (const char *)q + c->offset, sizeof(value));
		sample_row(out, c, value);
	}
	if (out->error || !out->then)
		return;
	name_listener(env, q, out);
	tell_direction(feeders, q, out);
}

static int nfqueue_read(struct probe_env *env, struct sample *out)
{
	_cleanup_free_ char *allocated = NULL;
	struct feeders feeders = {.are_known = false};
	struct token text;
	struct nfqueue q;
	int e = nfqueue_read_file(env->net, env->buffer, env->size, &allocated,
				  &text);

	if (e < 0)
		return e;
	while (nfqueue_next(&text, &q))
		append_queue(env, &q, &feeders, out);
	return text.n ? -EBADMSG : 0;
}

const struct probe nfqueue_probe = {
	.name = "nfqueue",
	.what = "queues of NFQUEUE",
	.reads = "/proc/net/netfilter/nfnetlink_queue",
	.needs = NEEDS(DAC_READ_SEARCH),
	.layer = LAYER_NETFILTER,
	.absent = ABSENT_NO_ENTRY | ABSENT_AGAIN,
	.counters = &nfqueue_table,
	.others = firewall_others,
	.names_objects = true,
	.after = (const struct probe *const[]) {&nft_probe, &xt_probe, NULL},
	.read = nfqueue_read,
};
