/* SPDX-License-Identifier: MIT */
/* The case of work.c that looks into the room of the qdiscs. */
#include <linux/pkt_sched.h>

#include "probes/qdisc/qdisc_private.h"
#include "work.h"

static void put_qdisc(struct sample *s, const struct qdisc_config *q,
		      const char *name, int row, uint64_t drops)
{
	sample_object(s, LAYER_QDISC, "eth0", name, qdisc_identity(q));
	sample_label(s, q->kind);
	sample_row(s, &qdisc_table.rows[row], drops);
	sample_row(s, &qdisc_fact_handle, q->handle);
	sample_row(s, &qdisc_fact_parent, q->parent);
}

void work_qdiscs(struct sample *s, unsigned n, unsigned read)
{
	struct qdisc_names names = {
		.sample = s, .from = s->n_objects, .n = s->n_objects};
	struct qdisc_config q = {.ifindex = 1,
				 .handle = 0x10000,
				 .parent = TC_H_ROOT,
				 .kind = "htb"};

	put_qdisc(s, &q, "htb_1", QDISC_ROOT_DROPS, (uint64_t)read * n);
	snprintf(q.kind, sizeof(q.kind), "pfifo");
	for (unsigned i = 0; i < n; i++) {
		char name[QDISC_NAME];

		q.handle = 0x80010000 + (i << 16);
		q.parent = 0x10001 + i;
		if (!qdisc_name(&names, &q, name))
			abort();
		put_qdisc(s, &q, name, QDISC_CHILD_DROPS, read);
	}
	table_free(&names.table);
}
