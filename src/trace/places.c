/* SPDX-License-Identifier: MIT */
#include "trace/places.h"

#include <errno.h>

#include "kernel/random.h"

int places_init(struct places *p, const struct settings *s)
{
	bool private_own;
	int r;

	*p = (struct places) {.settings = s, .own = -1};
	random_key(&p->list.key);
	p->discovery = (struct discovery) {
		.sightings = {.key = &p->list.key},
		.settings = s,
		.list = &p->list,
		.stop = &p->stop,
	};
	r = netlink_alloc(&p->netlink);
	if (r == 0)
		r = p->own = netns_open_own();
	return r < 0 ? r : discovery_add_own(&p->discovery, &private_own);
}

void places_free(struct places *p)
{
	discovery_free(&p->discovery);
	netlink_free(&p->netlink);
	ns_list_free(&p->list);
	cleanup_close(&p->own);
}

/* ---- going there ---- */

typedef void (*place_visit)(struct places *p, void *arg);

/*
 * Does what there is to be done in a namespace. Returns 0, why it could not be
 * entered, or -ENOTRECOVERABLE.
 */
static int visit_place(struct places *p, const struct ns *ns, place_visit visit,
		       void *arg)
{
	bool is_own = ns_is_own(ns);
	int r = is_own ? 0 : netns_enter(ns->path, &ns->id);

	if (r < 0)
		return r;
	r = netlink_enter(&p->netlink, is_own);
	if (r == 0)
		visit(p, arg);
	netlink_leave(&p->netlink);
	if (!is_own && netns_return(p->own) < 0)
		return -ENOTRECOVERABLE;
	return r;
}

/* ---- who they are ---- */

static void read_cookie(struct places *p, void *arg)
{
	uint64_t *cookie = arg;

	*cookie = netlink_cookie(&p->netlink);
}

/* One that cannot be entered is tried again, it may be a matter of moments. */
static int learn_cookie(struct places *p, struct ns *ns,
			struct trace_source *source)
{
	int r = visit_place(p, ns, read_cookie, &ns->cookie);

	if (r == -ENOTRECOVERABLE)
		return r;
	if (r == -ESTALE) { /* it ended, or its process did */
		discovery_retry(&p->discovery, ns);
		return 0;
	}
	if (!ns->cookie) {
		p->error = r < 0 ? r : -EOPNOTSUPP;
		p->n_unknown++;
		return 0;
	}
	return p->settings->namespaces.n ? trace_source_want(source, ns->cookie)
					 : 0;
}

int places_update(struct places *p, struct trace_source *source)
{
	int r = discovery_run(&p->discovery, 0);

	p->n_unknown = 0;
	if (r < 0)
		return r;
	EACH_NS (&p->list, ns) {
		if (!ns->cookie && !ns->gone && !ns->host_only)
			r = learn_cookie(p, ns, source);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct ns *places_find(const struct places *p, uint64_t cookie)
{
	if (!cookie)
		return NULL;
	EACH_NS (&p->list, ns)
		if (ns->cookie == cookie)
			return ns;
	return NULL;
}

/* ---- their devices ---- */

struct device_name {
	uint64_t cookie;
	uint32_t ifindex;
	char *name;
};

static void read_device(struct places *p, void *arg)
{
	const struct device_name *d = arg;

	if (netlink_cookie(&p->netlink) != d->cookie ||
	    netlink_ifname(&p->netlink, (int)d->ifindex, d->name) < 0)
		d->name[0] = '\0';
}

int places_name_device(struct places *p, const struct ns *ns, uint32_t ifindex,
		       char ret[16])
{
	struct device_name d = {ns->cookie, ifindex, ret};
	int r;

	ret[0] = '\0';
	if (!ifindex)
		return 0;
	r = visit_place(p, ns, read_device, &d);
	return r == -ENOTRECOVERABLE ? r : 0;
}
