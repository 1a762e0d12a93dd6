/* SPDX-License-Identifier: MIT */
#include "probes/neigh/neigh.h"

#include <errno.h>
#include <string.h>

#include "probes/percpu.h"

/* The kernel prints an unsigned long, except for the level. */
#define NEIGH                                                                  \
	.type = "packets", .layer = LAYER_NEIGH, .direction = DIR_TX,          \
	.bits = 8 * sizeof(long), .source = "net/core/neighbour.c"
#define ASIDE NEIGH, .kind = KIND_BENIGN, .optional = true

static const struct counter neigh_counters[] = {
	{.name = "entries",
	 .type = "gauge",
	 .layer = LAYER_NEIGH,
	 .bits = 32,
	 .kind = KIND_LEVEL,
	 .direction = DIR_TX,
	 .means = "Neighbours known, of all namespaces together",
	 .source = "net/core/neighbour.c"},
	{NEIGH, .name = "unresolved_discards", .kind = KIND_LOST,
	 .tag = TAG_UNRESOLVED_DISCARDS,
	 .means = "Packets of all namespaces dropped: the queue for a next hop "
		  "that has not answered yet was full",
	 .cause = "a burst to a next hop whose link-layer address is not "
		  "known: it does not answer, or not fast enough",
	 .remedy = "Look who does not answer: `ip neigh show nud incomplete "
		   "nud failed`; for bursts raise `sysctl "
		   "net.ipv4.neigh.default.unres_qlen_bytes`"},
	{NEIGH, .name = "table_fulls", .kind = KIND_LOST,
	 .tag = TAG_TABLE_FULLS,
	 .means = "Packets dropped: no room for one neighbour more",
	 .cause = "the table of neighbours is full: its limit is for all "
		  "namespaces together",
	 .remedy = "Look at `ip neigh`; raise `sysctl "
		   "net.ipv4.neigh.default.gc_thresh3` "
		   "(net.ipv6 for ndisc_cache)"},
	{NEIGH, .name = "res_failed", .tag = TAG_RES_FAILED,
	 .kind = KIND_SYMPTOM,
	 .means = "Next hops given up as unreachable; the packets that waited "
		  "for them are lost, and counted nowhere"},
	{NEIGH, .name = "forced_gc_runs", .kind = KIND_OVERLOAD,
	 .means = "Neighbours thrown out in a hurry: more than gc_thresh2 are "
		  "known"},
	{ASIDE, .name = "allocs", .means = "Entries made"},
	{ASIDE, .name = "destroys", .means = "Entries given up"},
	{ASIDE, .name = "hash_grows", .means = "Times the table was enlarged"},
	{ASIDE, .name = "lookups", .means = "Entries looked for"},
	{ASIDE, .name = "hits", .means = "Entries looked for and found"},
	{ASIDE, .name = "rcv_probes_mcast",
	 .means = "Neighbour solicitations received by multicast"},
	{ASIDE, .name = "rcv_probes_ucast",
	 .means = "Neighbour solicitations received by unicast"},
	{ASIDE, .name = "periodic_gc_runs", .means = "Rounds of cleaning up"},
};
static const struct counter_table neigh_table = COUNTER_TABLE(neigh_counters);
_Static_assert(ARRAY_SIZE(neigh_counters) <= MAX_PERCPU, "too many rows");

#define CACHE_V4 "arp_cache"
#define CACHE_V6 "ndisc_cache"

bool neigh_is_v6(const char *name)
{
	return strcmp(name, CACHE_V6) == 0;
}

static int append_cache(const struct probe_env *env, const char *name,
			struct sample *out)
{
	return percpu_append(env, name, LAYER_NEIGH, name, neigh_counters,
			     ARRAY_SIZE(neigh_counters), out);
}

/* Whether packets to some next hop were dropped since the read before. */
static bool has_discarded(const struct sample *out)
{
	EACH_OBJECT (out, o) {
		const struct row *row =
			object_tagged(out, o, TAG_UNRESOLVED_DISCARDS);

		if (row && row_growth(out, o, row))
			return true;
	}
	return false;
}

/* A kernel without IPv6 has no such table, which nobody can take away. */
static bool had_v6(const struct sample *then)
{
	uint32_t hint = 0;

	return then && sample_find(then, LAYER_NEIGH, "", CACHE_V6, &hint);
}

static int neigh_read(struct probe_env *env, struct sample *out)
{
	int r = append_cache(env, CACHE_V4, out);

	env->unresolved = false;
	if (r < 0)
		return r;
	r = append_cache(env, CACHE_V6, out);
	env->unresolved = has_discarded(out);
	return r == -ENOENT && !had_v6(out->then) ? 0 : r;
}

/* Whether a row is to blame: some of the host are known to be of another. */
static bool is_to_blame(const struct sample *s, const struct object *o,
			const struct row *row, const struct loss *loss)
{
	if (row->counter->kind != KIND_LOST || !row_moved(row))
		return false;
	return row->counter->tag != TAG_UNRESOLVED_DISCARDS ||
	       !(loss->placed & 1u << neigh_is_v6(object_name(s, o)));
}

static size_t neigh_find_suspects(const struct sample *s,
				  const struct loss *loss, struct suspect *ret,
				  size_t max)
{
	size_t n = 0;

	EACH_OBJECT (s, o) {
		if (o->layer != LAYER_NEIGH)
			continue;
		EACH_ROW (s, o, row)
			if (n < max && is_to_blame(s, o, row, loss))
				ret[n++] = (struct suspect) {
					.sample = s,
					.loss = loss,
					.object = o,
					.row = row,
					.lost = row->delta,
				};
	}
	return n;
}

const struct probe neigh_probe = {
	.name = "neigh",
	.what = "counters of neighbours (ARP, NDP)",
	.reads = "/proc/net/stat/arp_cache and /proc/net/stat/ndisc_cache, "
		 "for the whole host",
	.host_wide = true,
	.names_objects = true,
	.layer = LAYER_NEIGH,
	.absent = ABSENT_NO_ENTRY,
	.counters = &neigh_table,
	.find_suspects = neigh_find_suspects,
	.read = neigh_read,
};
