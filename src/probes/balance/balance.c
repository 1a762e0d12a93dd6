/* SPDX-License-Identifier: MIT */
#include "probes/balance/balance.h"

#include <errno.h>

#include "model/ip_gaps.h"
#include "probes/balance/balance_private.h"
#include "probes/conntrack.h"
#include "probes/firewall/firewall.h"
#include "probes/link/link.h"
#include "probes/snmp/snmp.h"
#include "probes/snmp/snmp_columns.h"
#include "probes/xfrm.h"

/*
 * The kernel's counters are read one after the other while packets move, so a
 * balance jitters. What it falls short by is owed to its next rise, up to so
 * many packets; more is not jitter but a packet that was delivered twice.
 */
#define MAX_OWED 100

/* One side of one family, at a read. */
struct balance {
	int64_t packets; /* that are missing since ever */
	bool known;	 /* the counter that it rests on is there */
};

/* What is remembered of a gap, maybe by another process: see --since. */
struct memory {
	uint64_t gap; /* its number in the table */
	uint64_t lost;
	struct balance balance; /* of the read; its packets as far as counted */
	struct balance_taken taken;
};

/* A gap, and what is remembered of it. */
struct gap {
	const struct counter *counter;
	struct memory now;
	const struct memory *then; /* of the read before, or NULL */
	int64_t bridged; /* of output: fragments that IP does not miss */
};

/* ---- the sums ---- */

/* Both sides, by family: of IPv4, of IPv6. */
struct sums {
	struct balance in[2], out[2];
};

static void add_signed(struct balance *b, int sign, uint64_t value)
{
	b->packets = (int64_t)((uint64_t)b->packets + (uint64_t)sign * value);
}

/* Adds what an object has of them. */
static void add_object(const struct sample *s, const struct object *o,
		       struct sums *sums)
{
	EACH_ROW (s, o, row) {
		const struct counter *c = row->counter;

		if (c->in_gap) {
			add_signed(&sums->in[c->v6], c->in_gap, row->value);
			sums->in[c->v6].known |= c->tag == TAG_IN_RECEIVES;
		}
		if (c->out_gap) {
			add_signed(&sums->out[c->v6], c->out_gap, row->value);
			sums->out[c->v6].known |= c->tag == TAG_OUT_TRANSMITS;
		}
	}
}

static struct sums add_up(const struct sample *s, const struct object *ip,
			  const struct object *ipsec)
{
	struct sums sums = {.in = {{0}}};

	add_object(s, ip, &sums);
	if (ipsec)
		add_object(s, ipsec, &sums);
	return sums;
}

static const struct balance *balance_of(const struct sums *sums,
					const struct counter *gap)
{
	return gap->direction == DIR_TX ? &sums->out[gap->v6]
					: &sums->in[gap->v6];
}

/*
 * Packets since the read before that came for a group which nobody here may
 * have joined, at most. IPv6 counts all that came for a group, IPv4 only what
 * somebody joined: there devices that count multicast frames tell of the rest.
 */
static int64_t came_for_groups(const struct sample *s, bool v6)
{
	const uint64_t joined =
		sample_growth(s, LAYER_IP, TAG_IN_MCAST_PKTS, v6);
	int64_t n = 0;

	add_times(&n, v6 ? 1 : -1, joined);
	if (v6)
		return n;
	/* of what devices count the rest is of IPv6, spoken here or not */
	add_times(&n, -1, sample_growth(s, LAYER_IP, TAG_IN_MCAST_PKTS, true));
	add_times(&n, -1, sample_growth(s, LAYER_IP, TAG_DISCARDS6, true));
	add_times(&n, 1, sample_growth(s, LAYER_LINK, TAG_LINK_MULTICAST, v6));
	return n;
}

/* Fragments made since the read before, less the packets they were made of. */
static int64_t fragments_more(const struct sample *s, bool v6)
{
	int64_t n = 0;

	add_times(&n, 1, sample_growth(s, LAYER_IP, TAG_FRAG_CREATES, v6));
	add_times(&n, -1, sample_growth(s, LAYER_IP, TAG_FRAG_OKS, v6));
	return n;
}

/* ---- from read to read ---- */

static int64_t balance_rose(const struct memory *from, const struct memory *to)
{
	return (int64_t)((uint64_t)to->balance.packets -
			 (uint64_t)from->balance.packets);
}

/* What the read before remembered of gaps. */
struct memories {
	const struct memory *items;
	size_t n;
};

static struct memories recall(const struct sample *s)
{
	struct memories m;

	m.items = sample_memory(s->then, s->source, &m.n);
	m.n /= sizeof(*m.items);
	return m;
}

/* That of one, or NULL. */
static const struct memory *memory_of(const struct memories *m, uint64_t gap)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->items[i].gap == gap)
			return &m->items[i];
	return NULL;
}

static uint64_t fewer(uint64_t from, int64_t n)
{
	return n <= 0 ? from : (uint64_t)n < from ? from - (uint64_t)n : 0;
}

/* What rules have dropped since the read before of what IP received. */
static int64_t counted_by_rules(const struct sample *s)
{
	int64_t n = 0;

	EACH_OBJECT (s, o) {
		if (o->layer != LAYER_NETFILTER || o->family == FAMILY_BRIDGE ||
		    o->family == FAMILY_NETDEV || o->family == FAMILY_INGRESS ||
		    o->family == FAMILY_ARP)
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_LOST &&
			    row->counter->direction == DIR_RX)
				add_times(&n, 1, row_growth(s, o, row));
	}
	return n;
}

/*
 * A bridge whose frames pass iptables (br_netfilter) puts fragments together
 * and takes packets apart again, by the code of IP, that IP neither received
 * nor sends. So they are too many on both sides: as many as the balance of
 * input fell by, and rules made up for, are missed on output by mistake.
 */
static int64_t bridged_fragments(const struct sample *s, const struct gap *in)
{
	int64_t made = in->then ? fragments_more(s, in->counter->v6) : 0, fell;

	if (made <= 0)
		return 0;
	fell = add_bounded(balance_rose(&in->now, in->then),
			   counted_by_rules(s));
	return made < fell ? made : fell;
}

/* Whether IPsec has counted packets that nobody knows of. */
static bool is_unknown(const struct sample *s, const struct counter *gap)
{
	const struct object *o;

	if (gap->direction != DIR_TX || gap->v6)
		return false;
	o = balance_find_ipsec(s);
	return o && (o->stale || object_value(s, o, &balance_ipsec_unknown, 0));
}

/*
 * What a balance misses since the read before, less what was taken on purpose.
 * Packets for a group that nobody here joined vanish without a counter, as
 * they should: as many as may have come for one are left out. What of *taken
 * is not missed here is left in it for the balance of the other family.
 */
static uint64_t lost_since(const struct sample *s, const struct gap *gap,
			   struct balance_taken *taken)
{
	bool in = gap->counter->direction == DIR_RX;
	uint64_t missed = balance_rose(gap->then, &gap->now);
	uint64_t *left = in ? &taken->in : &taken->out;
	uint64_t n = smaller_of(*left, missed);

	*left -= n;
	missed -= n;
	return fewer(missed,
		     in ? came_for_groups(s, gap->counter->v6) : gap->bridged);
}

/*
 * Where a balance that has not risen goes on from. What it fell by is owed to
 * its next rise. Beyond MAX_OWED it is not, as then packets were delivered
 * twice, unless the states of IPsec could not be read: they will tell later.
 */
static int64_t stand_on(const struct sample *s, const struct memory *now,
			int64_t stands)
{
	int64_t packets = now->balance.packets;
	const struct object *ipsec;

	if (add_bounded(packets, MAX_OWED) >= stands)
		return stands;
	ipsec = balance_find_ipsec(s);
	return ipsec && ipsec->stale ? stands : packets + MAX_OWED;
}

/* Goes on from the read before. */
static void count_on(const struct sample *s, struct gap *gap,
		     struct balance_taken *taken)
{
	int64_t *packets = &gap->now.balance.packets;
	int64_t stands = gap->then->balance.packets;

	gap->now.lost = gap->then->lost;
	if (*packets == stands || is_unknown(s, gap->counter))
		return;
	if (*packets > stands)
		gap->now.lost += lost_since(s, gap, taken);
	else
		*packets = stand_on(s, &gap->now, stands);
}

static const struct object *find_ip(const struct sample *s)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_IP, "", "", &hint);
}

/* The gaps that are known in this read; returns how many of ret there are. */
static size_t find_gaps(const struct sample *out, struct gap *ret)
{
	const struct object *ip = find_ip(out);
	struct memories before = recall(out);
	struct sums sums;
	size_t n = 0;

	if (!ip)
		return 0;
	sums = add_up(out, ip, balance_find_ipsec(out));
	for (size_t i = 0; i < balance_table.n; i++) {
		const struct counter *gap = &balance_table.rows[i];
		const struct balance *b = balance_of(&sums, gap);

		if (b->known)
			ret[n++] = (struct gap) {
				.counter = gap,
				.now = {.gap = i, .balance = *b},
				.then = memory_of(&before, i),
			};
	}
	return n;
}

static bool is_missing_more(const struct gap *gap)
{
	return !gap->then ||
	       gap->now.balance.packets > gap->then->balance.packets;
}

/*
 * Asks what was taken on purpose, where more is missed than before: only then
 * some was. All gaps remember the same. *ret is what was taken since. Returns 0
 * or negative errno.
 */
static int find_taken(const struct probe_env *env, struct gap *gaps, size_t n,
		      struct balance_taken *ret)
{
	const struct memory *then = gaps[0].then;
	struct balance_taken now = then ? then->taken
					: (struct balance_taken) {0};
	bool is_asked = false;
	int r = 0;

	for (size_t i = 0; i < n && !is_asked; i++)
		is_asked = is_missing_more(&gaps[i]);
	if (is_asked)
		r = balance_read_taken(env, &now);
	for (size_t i = 0; i < n; i++)
		gaps[i].now.taken = now;
	*ret = (struct balance_taken) {0};
	if (then)
		*ret = (struct balance_taken) {
			less_by(now.in, then->taken.in),
			less_by(now.out, then->taken.out)};
	return r;
}

/* Input stands in front of the output of its family, if that misses more. */
static void find_bridged(const struct sample *s, struct gap *gaps, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (gaps[i].counter->direction == DIR_TX &&
		    gaps[i - 1].counter->v6 == gaps[i].counter->v6 &&
		    is_missing_more(&gaps[i]))
			gaps[i].bridged = bridged_fragments(s, &gaps[i - 1]);
}

static int count_gaps(const struct probe_env *env, const struct sample *out,
		      struct gap *gaps, size_t n)
{
	struct balance_taken taken;
	int r = find_taken(env, gaps, n, &taken);

	if (r < 0)
		return r;
	find_bridged(out, gaps, n);
	for (size_t i = 0; i < n; i++)
		if (gaps[i].then)
			count_on(out, &gaps[i], &taken);
	return 0;
}

/*
 * Firewalls were read behind IP: packets that they counted in between are not
 * missed yet. So where they count, the next interval begins with IP as it
 * stands now, and a gap is never more than there was.
 */
static void begin_behind(const struct probe_env *env, struct sample *out,
			 struct gap *gaps, size_t n)
{
	struct sample_mark mark = sample_mark(out);

	if (snmp_read_ip(env, env->state, out) == 0 && !out->error) {
		const struct object *ip = &out->objects[out->n_objects - 1];
		struct sums sums = add_up(out, ip, balance_find_ipsec(out));

		for (size_t i = 0; i < n; i++) {
			struct memory *m = &gaps[i].now;
			int64_t packets =
				balance_of(&sums, gaps[i].counter)->packets;

			if (packets > m->balance.packets)
				m->balance.packets = packets;
		}
	}
	sample_rollback(out, mark);
}

/* To the gaps, where some of these may be no loss. */
static void append_strangers(const struct probe_env *env, struct sample *out)
{
	uint64_t n = 0;

	if (!out->error && ip_gaps_are_open(out))
		n = balance_count_strangers(env, out);
	if (n)
		sample_row(out, &balance_strangers, n);
}

static int balance_read(struct probe_env *env, struct sample *out)
{
	struct gap gaps[N_BALANCE_GAPS];
	const struct object *ip;
	size_t n;
	int r;

	if (!env->gaps)
		return -ENOENT;
	ip = find_ip(out);
	if (ip && ip->stale)
		return sample_carry(out, out->then, out->source) ? 0 : -ENOENT;
	n = find_gaps(out, gaps);
	if (!n)
		return -ENOENT;
	r = count_gaps(env, out, gaps, n);
	if (r < 0)
		return r;
	/* the one that nothing of it explains, so that it is not IP's own */
	sample_object(out, LAYER_UNEXPLAINED, "", "", 0);
	for (size_t i = 0; i < n; i++)
		sample_row(out, gaps[i].counter, gaps[i].now.lost);
	append_strangers(env, out);
	if (ip_gaps_are_counted(out))
		begin_behind(env, out, gaps, n);
	for (size_t i = 0; i < n; i++)
		sample_remember(out, &gaps[i].now, sizeof(gaps[i].now));
	return 0;
}

static int balance_init(const struct probe_env *env, void **ret)
{
	*ret = snmp_columns_new(env);
	return *ret ? 0 : -ENOMEM;
}

static void balance_free(void *state)
{
	snmp_columns_free(state);
}

/* ---- what is said of it ---- */

enum {
	REASON_UNEXPLAINED,
};

static const struct reason balance_reasons[] = {
	[REASON_UNEXPLAINED] =
		{
			.id = "unexplained",
			.means =
				"Packets came to IP and neither left it nor "
				"were counted as lost, and nothing that can "
				"lose packets without a counter was found: no "
				"firewall rule without a counter, no route "
				"that discards, no queue to user space. Most "
				"often nobody misses them: multicast for "
				"groups that nobody here joined vanishes in "
				"the same way, and so do broadcasts of virtual "
				"machines on a bridge without an address.",
			.confirm =
				"`nstat -az IpInReceives IpInDelivers "
				"IpForwDatagrams IpOutRequests "
				"IpOutTransmits` shows the counters it rests "
				"on. `perf record -e skb:kfree_skb -a sleep "
				"10` names the place in the kernel.",
			.fix = "Nothing, unless somebody misses packets. Then "
			       "look for programs of eBPF: `bpftool net` and "
			       "`bpftool cgroup tree`.",
			.gone = "`pktloss` shows no row \"unexplained\".",
		},
	{.id = NULL},
};

static bool explain_unexplained(const struct sample *s, const struct loss *loss,
				struct cause *ret)
{
	const char *where = loss->direction == DIR_RX
				    ? "between IP input and delivery"
				    : "between IP output and the interface";

	if (loss->layer != LAYER_UNEXPLAINED || loss->lost <= loss->refused ||
	    sample_moved(s, LAYER_DROPREASON, "", TAG_DROPS_HIDDEN))
		return false; /* or the kernel itself says why */
	ret->reason = &balance_reasons[REASON_UNEXPLAINED];
	ret->lost = loss->lost - loss->refused;
	ret->known = false;
	ret->counter = counter_tagged(&balance_table, loss->direction == DIR_RX
							      ? TAG_IN_GAP
							      : TAG_OUT_GAP);
	CAUSE_TEXT(ret,
		   "gone %s, and nothing is suspected: often multicast for "
		   "groups that nobody joined",
		   where);
	return true;
}

/* clang-format off */
static const struct probe *const balance_after[] = {
	&link_probe, &snmp_probe, &nft_probe, &xt_probe, &nfqueue_probe,
	&conntrack_probe, &xfrm_probe, &ipsec_probe, NULL,
};
/* clang-format on */

static const struct counter_table balance_others[] = {
	ONE_COUNTER(balance_strangers),
	{.n = 0},
};

const struct probe balance_probe = {
	.name = "balance",
	.what = "counters of IPVS and SYNPROXY",
	.reads = "/proc/net/ip_vs_stats and /proc/net/stat/synproxy, where "
		 "packets vanish in IP",
	.layer = LAYER_UNEXPLAINED,
	.absent = ABSENT_NO_ENTRY | ABSENT_AGAIN,
	.counters = &balance_table,
	.others = balance_others,
	.after = balance_after,
	.init = balance_init,
	.free = balance_free,
	.read = balance_read,
	.reasons = balance_reasons,
	.explain_hidden = explain_unexplained,
};
