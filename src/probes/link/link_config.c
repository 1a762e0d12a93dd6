/* SPDX-License-Identifier: MIT */
/*
 * The configuration of interfaces, which RTM_GETLINK tells.
 *
 * When is it asked? It is evidence for a cause, so it matters only when
 * something is lost, and asking costs ten times what the counters do. An
 * interface is asked when it is new, and when it lost something since the read
 * before: until then its facts are those of that read. A bridge loses what is
 * too big for one of its ports, which another port took: a port is asked as
 * well after a read in which IP found something too big, or the port itself
 * lost. A real device is asked at each read, because its carrier comes and
 * goes, and that is counted; so is a bond, which nobody counts the losses of
 * while it has no member to send by. Peers of veths are asked with them, and
 * what an interface stands on.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/link/link_private.h"

/* Whether an interface lost nothing since the previous read. */
static bool is_quiet(const struct sample *now, const struct object *o,
		     const struct sample *then, const struct object *p)
{
	const struct row *before = object_rows(then, p);

	if (o->n != p->n)
		return false;
	EACH_ROW (now, o, row) {
		if (row->counter->kind == KIND_LOST &&
		    row->value != before->value)
			return false;
		before++;
	}
	return true;
}

static bool had_lost(const struct sample *then, const struct object *p)
{
	EACH_ROW (then, p, row)
		if (row->counter->kind == KIND_LOST && row_moved(row))
			return true;
	return false;
}

static bool may_have_changed(const struct link_reader *reader,
			     const struct object *o, const struct object *p,
			     const struct object *config)
{
	const struct sample *then = reader->out->then;

	if (!is_quiet(reader->out, o, then, p) ||
	    object_row(then, config, &link_fact_members_up))
		return true;
	return object_row(then, config, &link_fact_master) &&
	       (reader->fragile || had_lost(then, p));
}

const struct object *link_config_before(struct sample *s,
					const struct object *before)
{
	if (!before || before->main)
		return NULL;
	return sample_before(s, LAYER_LINK, object_place(s->then, before),
			     LINK_CONFIG);
}

void link_config_carry(struct link_reader *reader, const struct object *before,
		       const struct object *config)
{
	struct sample *out = reader->out;
	uint32_t index = out->n_objects - 1;
	const struct sample *then = out->then;
	bool twins = false;

	if (!config ||
	    may_have_changed(reader, &out->objects[index], before, config))
		return;
	sample_object(out, LAYER_LINK, object_place(then, before), LINK_CONFIG,
		      config->identity);
	sample_label(out, object_label(then, config));
	EACH_ROW (then, config, row) {
		sample_row(out, row->counter, row->value);
		twins |= row->counter == &link_fact_twins;
	}
	if (twins)
		link_twins_mark(out, &out->objects[index],
				link_kind_in(then, config));
}

/* A peer that cannot be asked is what it was before: it tells a loss twice. */
static void keep_peer(const struct link_config *config, struct sample *out)
{
	static const struct counter *const facts[] = {
		&link_fact_peer_index, &link_fact_peer_mtu, &link_fact_peer_up,
		&link_fact_peer_mac};
	const struct object *before =
		object_before(out, &out->objects[out->n_objects - 1]);

	if (!before || object_value(out->then, before, facts[0], 0) !=
			       (uint64_t)config->peer_index)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		sample_row(out, facts[i],
			   object_value(out->then, before, facts[i], 0));
	sample_label(out, object_label(out->then, before));
}

static void append_peer(struct netlink *nl, const struct link_config *config,
			struct sample *out)
{
	char label[sizeof(config->kind) + IFNAMSIZ + 1];
	struct link_config peer;
	int r = link_config_read(nl, config->peer_index,
				 config->has_nsid ? &config->nsid : NULL,
				 &peer);

	if (r < 0 && r != -ENODEV)
		keep_peer(config, out);
	if (r < 0)
		return;
	sample_row(out, &link_fact_peer_index, peer.index);
	sample_row(out, &link_fact_peer_mtu, peer.mtu);
	sample_row(out, &link_fact_peer_up, peer.up);
	sample_row(out, &link_fact_peer_mac, peer.mac);
	snprintf(label, sizeof(label), "%s %s", config->kind, peer.name);
	sample_label(out, label);
}

static enum link_master master_kind(const struct link_config *config)
{
	static const char *const kinds[] = {
		[LINK_OF_BOND] = "bond",
		[LINK_OF_BRIDGE] = "bridge",
		[LINK_OF_TEAM] = "team",
	};

	for (size_t i = LINK_OF_BOND; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i], config->master_kind))
			return i;
	return LINK_OF_OTHER;
}

bool link_is_wireless_device(const char *devices, const char *place)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/phy80211", devices, place);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof(path), "%s/%s/wireless", devices, place);
	return access(path, F_OK) == 0;
}

/* Whether /sys/class/net has a device behind an interface. */
static bool has_device(const char *devices, const char *place)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/device", devices, place);
	return access(path, F_OK) == 0;
}

/*
 * What a real device is, where /sys is that of its namespace. It does not
 * change: it is found out once. Linux before 5.14 names no parent of its own.
 */
static void append_nature(const struct probe_env *env, const char *place,
			  const struct link_config *config, struct sample *out)
{
	const struct object *before =
		link_before(out, &out->objects[out->n_objects - 1]);
	bool known = !before && env->own && env->devices;

	if (before ? object_row(out->then, before, &link_fact_wireless) != NULL
		   : known && link_is_wireless_device(env->devices, place))
		sample_row(out, &link_fact_wireless, 1);
	if (config->has_parent)
		return;
	if (before ? object_row(out->then, before, &link_fact_soft) != NULL
		   : known && !has_device(env->devices, place))
		sample_row(out, &link_fact_soft, 1);
}

static void append_link_facts(const struct link_config *config,
			      struct sample *out)
{
	const struct link_kind *kind = link_kind_of(config->kind);

	sample_label(out, config->kind);
	sample_row(out, &link_fact_mtu, config->mtu);
	sample_row(out, &link_fact_up, config->up);
	sample_row(out, &link_fact_mac, config->mac);
	if (config->has_carrier)
		sample_row(out, &link_fact_carrier, config->carrier);
	if (config->xdp)
		sample_row(out, &link_fact_xdp, 1);
	if (link_kind_has_twins(kind))
		sample_row(out, &link_fact_twins, 1);
	if (kind && kind->queue)
		sample_row(out, &link_fact_queue, config->txqlen);
	if (!config->master)
		return;
	sample_row(out, &link_fact_master, config->master);
	sample_row(out, &link_fact_port_of, master_kind(config));
}

/* What is asked at each read can be counted as well. */
static void append_changes(const char *place, const struct link_config *config,
			   struct sample *out)
{
	const struct counter *c =
		counter_tagged(&link_table, TAG_CARRIER_CHANGES);

	if (!config->has_changes)
		return;
	sample_object(out, LAYER_LINK, place, c->object, config->index);
	sample_row(out, c, config->changes);
}

static int append_below(struct netlink *nl, const struct link_config *config,
			struct sample *out)
{
	if (!config->has_peer || strcmp(config->kind, "veth"))
		return link_stack_append(nl, config, out);
	append_peer(nl, config, out);
	return 0;
}

int link_config_append(struct link_reader *reader, uint32_t index)
{
	struct sample *out = reader->out;
	const struct object *link = &out->objects[index];
	char place[IFNAMSIZ];
	struct link_config config;
	bool real;
	int r;

	r = link_config_read(reader->env->netlink, link->identity, NULL,
			     &config);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	snprintf(place, sizeof(place), "%s", object_place(out, link));
	real = !config.kind[0] && !config.loopback;
	out->objects[index].main = real;
	if (real)
		append_changes(place, &config, out);
	sample_object(out, LAYER_LINK, place, LINK_CONFIG, config.index);
	if (out->error)
		return out->error;
	append_link_facts(&config, out);
	if (real)
		append_nature(reader->env, place, &config, out);
	r = append_below(reader->env->netlink, &config, out);
	if (r < 0)
		return r;
	link_twins_mark(out, &out->objects[index], link_kind_of(config.kind));
	return out->error;
}
