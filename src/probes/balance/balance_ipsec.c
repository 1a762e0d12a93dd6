/* SPDX-License-Identifier: MIT */
/*
 * Packets of IPsec that IP counts twice on one side of its balance:
 *  - in transport mode one that came in is delivered to ESP or AH, and what
 *    was in it once more, without having been received again
 *    (net/xfrm/xfrm_input.c, xfrm4_input.c, xfrm6_input.c);
 *  - one that goes out by IPv4 is requested once more, in any mode, since
 *    Linux 6.7 (net/xfrm/xfrm_output.c, __ip_local_out()).
 * No counter of IP tells them from others. The states of IPsec count their
 * packets; they are asked where there are some, or where the balance moved.
 */
#include <netinet/in.h> /* before the kernel's own, for musl */

#include <errno.h>
#include <linux/xfrm.h>
#include <string.h>

#include "kernel/capability.h"
#include "kernel/netlink.h"
#include "probes/balance/balance_private.h"
#include "probes/snmp/snmp.h"

/* Of what the two protocols count of one packet, either tells all. */
enum {
	BY_ESP,
	BY_AH,
	N_PROTOCOLS,
};

/* Rows that balance.c adds to those of IP, see add_up(). */
#define TWICE .layer = LAYER_UNEXPLAINED, .bits = 64, .kind = KIND_FACT
static const struct counter twice[N_BALANCE_TWICE] = {
	{TWICE, .name = "delivered_twice", .in_gap = 1},
	{TWICE, .name = "Ip6delivered_twice", .in_gap = 1, .v6 = true},
	{TWICE, .name = "requested_twice", .out_gap = -1},
};
const struct counter balance_ipsec_unknown = {TWICE, .name = "unknown"};

/* ---- states ---- */

static int ipsec_protocol(const struct xfrm_usersa_info *sa)
{
	switch (sa->id.proto) {
	case IPPROTO_ESP:
		return BY_ESP;
	case IPPROTO_AH:
		return BY_AH;
	default:
		return -1;
	}
}

/*
 * Only a state that sends numbers packets. False where it does not say, as on
 * old kernels.
 */
static bool find_sent(struct nlattr *const *attrs, bool *ret)
{
	const struct nlattr *is_esn = attrs[XFRMA_REPLAY_ESN_VAL];
	const struct nlattr *attr = is_esn ? is_esn : attrs[XFRMA_REPLAY_VAL];
	struct xfrm_replay_state_esn esn;
	struct xfrm_replay_state replay;

	if (!attr ||
	    nla_len(attr) < (int)(is_esn ? sizeof(esn) : sizeof(replay)))
		return false;
	if (is_esn) {
		memcpy(&esn, nla_data(attr), sizeof(esn));
		*ret = esn.oseq || esn.oseq_hi;
	} else {
		memcpy(&replay, nla_data(attr), sizeof(replay));
		*ret = replay.oseq;
	}
	return true;
}

/* Which row of twice its packets belong to, or -1. */
static int twice_of(const struct xfrm_usersa_info *sa,
		    struct nlattr *const *attrs)
{
	bool six = sa->family == AF_INET6, has_sent;

	if ((!six && sa->family != AF_INET) || !find_sent(attrs, &has_sent))
		return -1;
	if (has_sent)
		return six ? -1 : BALANCE_REQUESTED;
	if (sa->mode != XFRM_MODE_TRANSPORT)
		return -1;
	return six ? BALANCE_DELIVERED6 : BALANCE_DELIVERED;
}

bool balance_parse_state(const struct nlmsghdr *h, struct ipsec_state *ret)
{
	struct nlattr *attrs[XFRMA_MAX + 1];
	struct xfrm_usersa_info sa;
	int row, protocol;

	if (h->nlmsg_type != XFRM_MSG_NEWSA ||
	    nlmsg_datalen(h) < (int)sizeof(sa) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(sa), attrs, XFRMA_MAX,
			NULL) < 0)
		return false;
	memcpy(&sa, nlmsg_data(h), sizeof(sa));
	row = twice_of(&sa, attrs);
	protocol = ipsec_protocol(&sa);
	if (row < 0 || protocol < 0)
		return false;
	memset(ret, 0, sizeof(*ret)); /* compared as bytes */
	ret->key.spi = sa.id.spi;
	ret->key.row = (uint8_t)row;
	ret->key.protocol = (uint8_t)protocol;
	memcpy(ret->key.address, &sa.id.daddr, sizeof(ret->key.address));
	ret->packets = sa.curlft.packets;
	return true;
}

static int on_state(const struct nlmsghdr *h, void *arg)
{
	struct ipsec_states *list = arg;
	struct ipsec_state state;

	if (!balance_parse_state(h, &state))
		return 0;
	if (list->n == list->max)
		return -E2BIG;
	list->items[list->n++] = state;
	return 0;
}

/*
 * GRO may have taken out of ESP what IP receives (net/ipv4/esp4_offload.c), but
 * only on devices that have it switched on: nobody tells of how many packets.
 */
static const struct {
	enum balance_twice row;
	enum kmod module;
} offloads[] = {
	{BALANCE_DELIVERED, KMOD_ESP4_OFFLOAD},
	{BALANCE_DELIVERED6, KMOD_ESP6_OFFLOAD},
};

void balance_leave_offloaded(struct kmods *kmods, char *buffer, size_t size,
			     uint64_t more[N_BALANCE_TWICE])
{
	for (size_t i = 0; i < ARRAY_SIZE(offloads); i++) {
		uint64_t *n = &more[offloads[i].row];
		enum kmod module = offloads[i].module;

		if (*n && (kmod_is_loaded(kmods, module) ||
			   kmod_is_builtin(kmods, module, buffer, size)))
			*n = 0;
	}
}

/* The answer has the keys, too: they do not stay in memory. */
static int ask_states(struct probe_env *env, struct ipsec_states *list)
{
	struct nlmsghdr request = {.nlmsg_len = sizeof(request),
				   .nlmsg_type = XFRM_MSG_GETSA,
				   .nlmsg_flags = NLM_F_DUMP};
	struct netlink *nl = env->netlink;
	int r = netlink_available(nl, KMOD_XFRM_USER);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = netlink_ask(nl, NETLINK_XFRM, &request, on_state, list);
	explicit_bzero(nl->buffer, nl->filled);
	return r;
}

/* ---- what they counted since the read before ---- */

/* So many are looked for one by one before it is worth sorting them all. */
#define FEW_MISSED 16

/* Where the states of the read before are looked for. */
struct state_search {
	const struct ipsec_states *in;
	size_t next;	 /* both lists have mostly the same order */
	size_t n_missed; /* that did not stand there */
	const struct ipsec_state **sorted; /* by key, or NULL */
};

static void cleanup_search(struct state_search *search)
{
	free(search->sorted);
}

#define _cleanup_search_ __attribute__((cleanup(cleanup_search)))

static bool is_key(const struct ipsec_state *state, const struct ipsec_key *key)
{
	return memcmp(&state->key, key, sizeof(*key)) == 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct ipsec_state *const *x = a, *const *y = b;

	return memcmp(&(*x)->key, &(*y)->key, sizeof((*x)->key));
}

/* Without memory for it they go on to be looked for one by one. */
static void sort_states(struct state_search *search)
{
	const struct ipsec_states *in = search->in;

	search->sorted = calloc(in->n, sizeof(const struct ipsec_state *));
	if (!search->sorted)
		return;
	for (size_t i = 0; i < in->n; i++)
		search->sorted[i] = &in->items[i];
	qsort(search->sorted, in->n, sizeof(*search->sorted), compare_keys);
}

static const struct ipsec_state *search_sorted(
	const struct state_search *search, const struct ipsec_state *like)
{
	const struct ipsec_state **found =
		bsearch(&like, search->sorted, search->in->n,
			sizeof(*search->sorted), compare_keys);

	return found ? *found : NULL;
}

static const struct ipsec_state *search_all(const struct ipsec_states *in,
					    const struct ipsec_state *like)
{
	for (size_t i = 0; i < in->n; i++)
		if (is_key(&in->items[i], &like->key))
			return &in->items[i];
	return NULL;
}

/* The state of the read before with the key of this one, or NULL. */
static const struct ipsec_state *find_state(struct state_search *search,
					    const struct ipsec_state *like)
{
	const struct ipsec_states *in = search->in;
	const struct ipsec_state *found;

	if (search->next < in->n &&
	    is_key(&in->items[search->next], &like->key))
		return &in->items[search->next++];
	if (in->n && search->n_missed++ == FEW_MISSED)
		sort_states(search);
	found = search->sorted ? search_sorted(search, like)
			       : search_all(in, like);
	if (found)
		search->next = (size_t)(found - in->items) + 1;
	return found;
}

bool balance_count_states(const struct ipsec_states *now,
			  const struct ipsec_states *then,
			  uint64_t ret[N_BALANCE_TWICE])
{
	uint64_t sums[N_BALANCE_TWICE][N_PROTOCOLS] = {{0}};
	_cleanup_search_ struct state_search search = {.in = then};
	size_t found = 0;

	for (size_t i = 0; then->items && i < now->n; i++) {
		const struct ipsec_state *state = &now->items[i];
		const struct ipsec_state *before = find_state(&search, state);
		uint64_t *sum = &sums[state->key.row][state->key.protocol];

		found += before != NULL;
		*sum += before ? less_by(state->packets, before->packets)
			       : state->packets;
	}
	for (size_t i = 0; i < N_BALANCE_TWICE; i++)
		ret[i] = sums[i][BY_ESP] > sums[i][BY_AH] ? sums[i][BY_ESP]
							  : sums[i][BY_AH];
	return found == then->n;
}

static struct ipsec_states states_before(const struct sample *out)
{
	size_t size;
	const void *bytes = sample_memory(out->then, out->source, &size);

	return (struct ipsec_states) {
		.items = (struct ipsec_state *)(uintptr_t)bytes,
		.n = size / sizeof(struct ipsec_state),
	};
}

/* ---- the probe ---- */

const struct object *balance_find_ipsec(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_UNEXPLAINED &&
		    strcmp(object_name(s, o), BALANCE_IPSEC) == 0)
			return o;
	return NULL;
}

static bool has_traffic(const struct sample *s, const struct object *ip)
{
	EACH_ROW (s, ip, row) {
		enum tag tag = row->counter->tag;

		if ((tag == TAG_IN_RECEIVES || tag == TAG_OUT_REQUESTS) &&
		    row_growth(s, ip, row))
			return true;
	}
	return false;
}

/* Whether some of it vanished, or was counted more than once. */
static bool has_balance_moved(const struct sample *s, const struct object *ip)
{
	int64_t in[2] = {0}, out[2] = {0}; /* by family */

	EACH_ROW (s, ip, row) {
		const struct counter *c = row->counter;
		uint64_t n;

		if (!c->in_gap && !c->out_gap)
			continue;
		n = row_growth(s, ip, row);
		add_times(&in[c->v6], c->in_gap, n);
		add_times(&out[c->v6], c->out_gap, n);
	}
	return in[0] || in[1] || out[0] || out[1];
}

/*
 * Where there are none and IP is in balance, none has come. Who was refused
 * does not know that.
 */
static bool is_worth_asking(const struct sample *out, bool are_some)
{
	uint32_t hint = 0;
	const struct object *ip;

	if (!out->then || !(out->then->sources & 1u << out->source))
		return true;
	ip = sample_find(out, LAYER_IP, "", "", &hint);
	return ip && has_traffic(out, ip) &&
	       (are_some || has_balance_moved(out, ip));
}

/* The totals go on from those of the read before; 0 need not stand there. */
static void append_twice(const uint64_t *more, bool is_known,
			 struct sample *out)
{
	const struct object *then = out->then ? balance_find_ipsec(out->then)
					      : NULL;
	uint64_t totals[N_BALANCE_TWICE], any = !is_known;

	for (size_t i = 0; i < N_BALANCE_TWICE; i++) {
		totals[i] = more[i];
		if (then)
			totals[i] +=
				object_value(out->then, then, &twice[i], 0);
		any |= totals[i];
	}
	if (!any)
		return;
	sample_object(out, LAYER_UNEXPLAINED, "", BALANCE_IPSEC, 0);
	for (size_t i = 0; i < N_BALANCE_TWICE; i++)
		sample_row(out, &twice[i], totals[i]);
	if (!is_known)
		sample_row(out, &balance_ipsec_unknown, 1);
}

/* Nothing has come since the read before: what was known then still holds. */
static void keep_states(const struct ipsec_states *then, struct sample *out)
{
	const uint64_t none[N_BALANCE_TWICE] = {0};

	append_twice(none, true, out);
	if (then->items)
		sample_remember(out, then->items,
				then->n * sizeof(*then->items));
}

static int ipsec_read(struct probe_env *env, struct sample *out)
{
	struct ipsec_states now = {
		.items = (struct ipsec_state *)(void *)env->buffer,
		.max = env->size / sizeof(*now.items),
	};
	struct ipsec_states then = states_before(out);
	uint64_t more[N_BALANCE_TWICE] = {0};
	bool is_known;
	int r;

	if (!env->netlink || !env->gaps)
		return -ENOENT;
	if (!is_worth_asking(out, then.n)) {
		keep_states(&then, out);
		return 0;
	}
	r = ask_states(env, &now);
	if (r < 0 && r != -E2BIG)
		return r;
	if (r == -E2BIG) { /* what it did not hold would be new the next time */
		append_twice(more, false, out);
		return 0;
	}
	is_known = balance_count_states(&now, &then, more) &&
		   (then.items || !out->then);
	balance_leave_offloaded(&env->netlink->kmods, env->netlink->buffer,
				env->netlink->size, more);
	append_twice(more, is_known, out);
	sample_remember(out, now.items, now.n * sizeof(*now.items));
	return 0;
}

static const struct counter_table no_counters = {.n = 0};
static const struct counter_table ipsec_others[] = {
	COUNTER_TABLE(twice),
	ONE_COUNTER(balance_ipsec_unknown),
	{.n = 0},
};
static const struct probe *const ipsec_after[] = {&snmp_probe, NULL};

const struct probe ipsec_probe = {
	.name = "ipsec",
	.what = "states of IPsec",
	.reads = "NETLINK_XFRM, the states of IPsec, where there are some or "
		 "packets vanish in IP",
	.needs = NEEDS(NET_ADMIN),
	.layer = LAYER_UNEXPLAINED,
	/* for a program of 32 bits a kernel of 64 may not translate */
	.absent = ABSENT_NO_ENTRY | ABSENT_NO_SUPPORT | ABSENT_AGAIN,
	.counters = &no_counters,
	.others = ipsec_others,
	.after = ipsec_after,
	.read = ipsec_read,
};
