/* SPDX-License-Identifier: MIT */
/* Reads the counters of interfaces, which RTM_GETSTATS tells. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "model/selection.h"
#include "probes/link/link_ethtool.h"
#include "probes/link/link_private.h"

int link_parse_stats(const struct nlmsghdr *h, int *ret_ifindex,
		     struct rtnl_link_stats64 *ret, size_t *ret_size)
{
	struct nlattr *attrs[IFLA_STATS_MAX + 1];
	struct if_stats_msg head;
	size_t n;

	if (nlmsg_datalen(h) < (int)sizeof(head) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(head), attrs,
			IFLA_STATS_MAX, NULL) < 0 ||
	    !attrs[IFLA_STATS_LINK_64])
		return -EBADMSG;
	memcpy(&head, nlmsg_data(h), sizeof(head));
	n = nla_len(attrs[IFLA_STATS_LINK_64]);
	if (n > sizeof(*ret))
		n = sizeof(*ret);
	memcpy(ret, nla_data(attrs[IFLA_STATS_LINK_64]), n);
	*ret_ifindex = head.ifindex;
	*ret_size = n;
	return 0;
}

/* Appends what the kernel sent of the counters: size bytes of stats. */
static void append_counters(const struct rtnl_link_stats64 *stats, size_t size,
			    struct sample *out)
{
	const struct counter *c = link_table.rows;

	for (const struct counter *end = c + link_table.n; c < end; c++) {
		uint64_t value;

		if (c->section || c->object || c->offset + sizeof(value) > size)
			continue;
		memcpy(&value, (const char *)stats + c->offset, sizeof(value));
		sample_row(out, c, value);
	}
}

static int on_link_stats(const struct nlmsghdr *h, void *arg)
{
	struct link_reader *reader = arg;
	struct sample *out = reader->out;
	const struct object *before, *config;
	struct rtnl_link_stats64 stats;
	char name[IFNAMSIZ];
	size_t size;
	int ifindex, r;

	r = link_parse_stats(h, &ifindex, &stats, &size);
	if (r < 0)
		return r;
	r = netlink_ifname(reader->env->netlink, ifindex, name);
	if (r < 0)
		return r == -ENODEV ? 0 : r; /* gone in between */
	if (!selection_wants(reader->env->interfaces, name))
		return 0;
	sample_object(out, LAYER_LINK, name, "", ifindex);
	if (out->error)
		return out->error;
	append_counters(&stats, size, out);
	before = link_before(out, &out->objects[out->n_objects - 1]);
	config = link_config_before(out, before);
	r = link_ethtool_append(
		reader->env, name, before,
		config && object_row(out->then, config, &link_fact_xdp), out);
	if (r < 0)
		return r;
	link_config_carry(reader, before, config);
	return out->error;
}

static int ask_link_stats(struct link_reader *reader)
{
	struct {
		struct nlmsghdr h;
		struct if_stats_msg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETSTATS,
		      .nlmsg_flags = NLM_F_DUMP},
		.m = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
	};

	return netlink_ask(reader->env->netlink, NETLINK_ROUTE, &request.h,
			   on_link_stats, reader);
}

/* Whether IP found something too big since the read before the last one. */
static bool was_too_big(const struct sample *then)
{
	return then && (sample_moved(then, LAYER_IP, NULL, TAG_FRAG_FAILS) ||
			sample_moved(then, LAYER_IP, NULL, TAG_FRAG_FAILS6));
}

/* Whether o is of an interface whose configuration is not known yet. */
static bool lacks_config(const struct sample *s, const struct object *o,
			 const struct object *end)
{
	return !object_name(s, o)[0] &&
	       (o + 1 == end || strcmp(object_name(s, o + 1), LINK_CONFIG));
}

static int link_read(struct probe_env *env, struct sample *out)
{
	struct link_reader reader = {
		.env = env, .out = out, .fragile = was_too_big(out->then)};
	uint32_t first = out->n_objects, last;
	int r;

	r = link_ethtool_begin(env);
	if (r == 0)
		r = ask_link_stats(&reader);
	last = out->n_objects;
	for (uint32_t i = first; r == 0 && i < last; i++)
		if (lacks_config(out, &out->objects[i], &out->objects[last]))
			r = link_config_append(&reader, i);
	return r;
}

/* What no row counts: see who says whose losses they are. */
static bool explain_unseen(const struct sample *s, const struct loss *loss,
			   struct cause *ret)
{
	if (loss->layer != LAYER_LINK || !loss->uncounted)
		return false;
	if (!link_is_master(s, loss->place))
		return link_explain_bridged(s, loss, ret);
	ret->lost = loss->uncounted;
	return link_tell_no_port(s, loss->place, ret);
}

static void attribute_unseen(const struct sample *s, struct losses *l)
{
	link_attribute_bridges(s, l);
	link_attribute_masters(s, l);
}

const struct probe link_probe = {
	.name = "link",
	.what = "counters of interfaces",
	.reads = "rtnetlink RTM_GETSTATS, RTM_GETLINK for real, new or losing "
		 "interfaces and those below, SIOCETHTOOL",
	.layer = LAYER_LINK,
	.counters = &link_table,
	.others = link_others,
	.explainers = link_explainers,
	.reasons = link_reasons,
	.explain_hidden = explain_unseen,
	.attribute = attribute_unseen,
	.limits_kind = link_limits_kind,
	.init = link_ethtool_init,
	.free = link_ethtool_free,
	.read = link_read,
};
