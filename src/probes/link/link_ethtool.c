/* SPDX-License-Identifier: MIT */
#include "probes/link/link_ethtool.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "probes/link/link_private.h"

/*
 * Which numbers of which driver go into which of the probe's counters. Most
 * drivers repeat what the kernel counts anyway (mlx5's rx_out_of_buffer is
 * rx_missed_errors or, before Linux 6.10, rx_dropped): those are not here.
 */
static const struct source {
	const char *driver;
	const char *pattern;
	const char *counter;
} sources[] = {
	{"veth", "rx_queue_#_xdp_packets", "xdp_packets"},
	{"veth", "rx_queue_#_xdp_drops", "xdp_drops"},
	{"veth", "rx_queue_#_xdp_tx_errors", "xdp_tx_errors"},
	{"veth", "tx_queue_#_xdp_xmit_errors", "xdp_xmit_errors"},
	{"virtio_net", "rx_queue_#_xdp_drops", "rx_xdp_drops"},
	{"virtio_net", "rx#_xdp_drops", "rx_xdp_drops"}, /* since 6.8 */
	{"mlx5_core", "rx_xdp_drop", "rx_xdp_drop"},
	{"mlx5_core", "rx_discards_phy", "rx_discards_phy"},
	{"ixgbe", "rx_no_dma_resources", "rx_no_dma_resources"},
	{"ena", "bw_in_allowance_exceeded", "bw_in_allowance_exceeded"},
	{"ena", "bw_out_allowance_exceeded", "bw_out_allowance_exceeded"},
	{"ena", "pps_allowance_exceeded", "pps_allowance_exceeded"},
	{"ena", "conntrack_allowance_exceeded", "conntrack_allowance_exceeded"},
	{"ena", "linklocal_allowance_exceeded", "linklocal_allowance_exceeded"},
	{"hv_netvsc", "tx_no_memory", "tx_no_memory"},
	{"hv_netvsc", "tx_no_space", "tx_no_space"},
	{"hv_netvsc", "tx_too_big", "tx_too_big"},
};

#define MAX_LAYOUTS 64
_Static_assert(LINK_MAX_COUNTERS <= 64, "a bit for each row");
_Static_assert(LINK_ETHTOOL_MAX <= UINT16_MAX + 1, "match.number is 16 bits");

struct match {
	uint16_t number; /* which of the driver's */
	uint16_t row;	 /* which of the probe's counters */
};

/* What the numbers of a driver mean. */
struct layout {
	/* hash of the driver's name and the names: notes outlive the process,
	   see --since; 0: free */
	uint64_t id;
	uint64_t used; /* when, to forget the one not used for longest */
	bool is_veth;
	uint32_t n_numbers, n;
	struct match *matches;
};

/* The capabilities of the calling thread, and of it alone. */
struct capabilities {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
	uint32_t effective; /* of the first word, before some were dropped */
};

/*
 * The kernel writes as many names or numbers as there are, whatever the
 * caller made room for: what would run over the end of the memory must find
 * no page there, and fail.
 */
struct link_ethtool {
	struct layout layouts[MAX_LAYOUTS];
	uint64_t clock;
	size_t next_note; /* where the next one most likely stands */
	char *memory;
	size_t size, mapped;
	struct capabilities owed; /* not given back yet; or .effective is 0 */
};

int link_ethtool_init(const struct probe_env *env, void **ret)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct link_ethtool *e = calloc(1, sizeof(*e));

	(void)env;
	if (!e)
		return -ENOMEM;
	e->size = (size_t)LINK_ETHTOOL_MAX * LINK_ETHTOOL_NAME + page;
	e->size -= e->size % page;
	e->mapped = e->size + page;
	e->memory = mmap(NULL, e->mapped, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (e->memory == MAP_FAILED ||
	    mprotect(e->memory, e->size, PROT_READ | PROT_WRITE) < 0) {
		link_ethtool_free(e);
		return -ENOMEM;
	}
	*ret = e;
	return 0;
}

void link_ethtool_free(void *state)
{
	struct link_ethtool *e = state;

	if (!e)
		return;
	for (size_t i = 0; i < MAX_LAYOUTS; i++)
		free(e->layouts[i].matches);
	if (e->memory != MAP_FAILED)
		munmap(e->memory, e->mapped);
	free(e);
}

bool link_ethtool_matches(const char *pattern, const char *name, size_t size)
{
	size_t i = 0;

	for (; *pattern; pattern++) {
		size_t first = i;

		if (*pattern != '#') {
			if (i >= size || name[i++] != *pattern)
				return false;
			continue;
		}
		while (i < size && name[i] >= '0' && name[i] <= '9')
			i++;
		if (i == first)
			return false;
	}
	return i == size || !name[i];
}

/* The row that a name of a driver goes into, or -1. */
static int row_of(const char *driver, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (strcmp(sources[i].driver, driver) ||
		    !link_ethtool_matches(sources[i].pattern, name,
					  LINK_ETHTOOL_NAME))
			continue;
		for (size_t j = 0; j < link_table.n; j++)
			if (!strcmp(link_table.rows[j].name,
				    sources[i].counter))
				return (int)j;
	}
	return -1;
}

static bool knows_driver(const char *driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(sources[i].driver, driver))
			return true;
	return false;
}

/* Returns 0, -ENOENT when none of the names means a loss, or -ENOMEM. */
static int make_layout(struct layout *ret, const char *driver,
		       const char *names, uint32_t n)
{
	ret->matches = calloc(n, sizeof(*ret->matches));
	if (!ret->matches)
		return -ENOMEM;
	ret->n_numbers = n;
	for (uint32_t i = 0; i < n; i++) {
		int row = row_of(driver, names + (size_t)i * LINK_ETHTOOL_NAME);

		if (row >= 0)
			ret->matches[ret->n++] = (struct match) {i, row};
	}
	if (ret->n)
		return 0;
	free(ret->matches);
	return -ENOENT;
}

static struct layout *find_layout(struct link_ethtool *e, uint64_t id)
{
	for (size_t i = 0; id && i < MAX_LAYOUTS; i++)
		if (e->layouts[i].id == id)
			return &e->layouts[i];
	return NULL;
}

/* Keeps a layout, in the place of the one not used for longest. */
static uint64_t keep_layout(struct link_ethtool *e, const struct layout *layout)
{
	struct layout *oldest = &e->layouts[0];

	for (size_t i = 1; i < MAX_LAYOUTS; i++)
		if (e->layouts[i].used < oldest->used)
			oldest = &e->layouts[i];
	free(oldest->matches);
	*oldest = *layout;
	oldest->used = ++e->clock;
	return oldest->id;
}

uint64_t link_ethtool_learn(struct link_ethtool *e, const char *driver,
			    const char *names, uint32_t n)
{
	struct layout layout = {.id = 0};

	if (!n || n > LINK_ETHTOOL_MAX || !knows_driver(driver))
		return 0;
	layout.id = hash_bytes(HASH_START, driver, strlen(driver) + 1);
	layout.id =
		hash_bytes(layout.id, names, (size_t)n * LINK_ETHTOOL_NAME) | 1;
	if (find_layout(e, layout.id))
		return layout.id;
	layout.is_veth = !strcmp(driver, "veth");
	if (make_layout(&layout, driver, names, n) < 0)
		return 0;
	return keep_layout(e, &layout);
}

int link_ethtool_sum(struct link_ethtool *e, uint64_t id,
		     const uint64_t *values, uint32_t n, struct sample *out)
{
	struct layout *layout = find_layout(e, id);
	uint64_t sums[LINK_MAX_COUNTERS] = {0}, known = 0;

	if (!layout || layout->n_numbers != n)
		return -ESTALE;
	layout->used = ++e->clock;
	for (uint32_t i = 0; i < layout->n; i++) {
		const struct match *match = &layout->matches[i];

		sums[match->row] += values[match->number];
		known |= UINT64_C(1) << match->row;
	}
	for (size_t i = 0; i < link_table.n; i++)
		if (known & UINT64_C(1) << i)
			sample_row(out, &link_table.rows[i], sums[i]);
	return 0;
}

/*
 * For the name of an interface that is gone meanwhile the kernel runs modprobe
 * (dev_load() in net/core/dev_ioctl.c), if the thread has one of these. What
 * drivers count may be read without.
 */
#define LOADS_MODULES (1u << CAP_NET_ADMIN | 1u << CAP_SYS_MODULE)
_Static_assert(CAP_NET_ADMIN < 32 && CAP_SYS_MODULE < 32, "in the first word");

/* Returns 0 or negative errno; undone by restore_capabilities(). */
static int drop_capabilities(struct capabilities *c)
{
	*c = (struct capabilities) {
		.head.version = _LINUX_CAPABILITY_VERSION_3};
	if (syscall(SYS_capget, &c->head, c->words) < 0)
		return -errno;
	c->effective = c->words[0].effective;
	c->words[0].effective &= ~LOADS_MODULES;
	if (c->words[0].effective == c->effective)
		return 0;
	return syscall(SYS_capset, &c->head, c->words) < 0 ? -errno : 0;
}

/*
 * What is permitted, as these still are, is not refused; but there may be no
 * memory for it. Then the next to ask tries again, before anything else.
 */
static void give_back(struct link_ethtool *e)
{
	struct capabilities *c = &e->owed;

	if (c->effective && syscall(SYS_capset, &c->head, c->words) == 0)
		c->effective = 0;
}

static void restore_capabilities(struct link_ethtool *e, struct capabilities *c)
{
	if (c->words[0].effective == c->effective)
		return;
	c->words[0].effective = c->effective;
	e->owed = *c;
	give_back(e);
}

int link_ethtool_begin(struct probe_env *env)
{
	struct link_ethtool *e = env->state;

	if (!e || !e->owed.effective)
		return 0;
	give_back(e);
	return e->owed.effective ? 0 : netlink_renew(env->netlink);
}

/* data begins with the command. Returns 0 or negative errno. */
static int ask_driver(struct probe_env *env, const char *name, void *data)
{
	struct ifreq request = {.ifr_data = data};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return netlink_ioctl(env->netlink, SIOCETHTOOL, &request);
}

/*
 * Finds out what the interface's driver counts. Sets *ret to a layout, or to 0
 * when that is nothing. Returns 0, or the negative errno of why it is not
 * known yet.
 */
static int learn_driver(struct probe_env *env, const char *name, uint64_t *ret)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct link_ethtool *e = env->state;
	struct ethtool_gstrings *names = (void *)e->memory;
	int r = ask_driver(env, name, &driver);

	*ret = 0;
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : r;
	driver.driver[sizeof(driver.driver) - 1] = '\0';
	if (!knows_driver(driver.driver))
		return 0;
	if (driver.n_stats > LINK_ETHTOOL_MAX)
		return -E2BIG;
	*names = (struct ethtool_gstrings) {
		.cmd = ETHTOOL_GSTRINGS,
		.string_set = ETH_SS_STATS,
		.len = driver.n_stats,
	};
	r = ask_driver(env, name, names);
	if (r < 0 || names->len != driver.n_stats)
		return r < 0 ? r : -EAGAIN;
	*ret = link_ethtool_learn(e, driver.driver, (char *)names->data,
				  names->len);
	return 0;
}

/* Whether a layout counted nothing at all so far. */
static bool is_zero(const struct layout *layout, const uint64_t *values)
{
	for (uint32_t i = 0; i < layout->n; i++)
		if (values[layout->matches[i].number])
			return false;
	return true;
}

/*
 * Returns 0, -ESTALE: learn again, for one also when there was no room for the
 * numbers; or the negative errno of why they are not known.
 */
static int read_layout(struct probe_env *env, const char *name, uint64_t id,
		       bool active, struct sample *out)
{
	const struct layout *layout = find_layout(env->state, id);
	struct link_ethtool *e = env->state;
	struct ethtool_stats *stats = (void *)e->memory;
	int r;

	if (!layout)
		return -ESTALE;
	*stats = (struct ethtool_stats) {
		.cmd = ETHTOOL_GSTATS,
		.n_stats = layout->n_numbers,
	};
	r = ask_driver(env, name, stats);
	if (r < 0)
		return r == -EFAULT ? -ESTALE : r;
	if (!active && layout->is_veth && stats->n_stats == layout->n_numbers &&
	    is_zero(layout, (const uint64_t *)stats->data))
		return 0;
	return link_ethtool_sum(e, id, (const uint64_t *)stats->data,
				stats->n_stats, out);
}

static bool has_numbers(const struct sample *s, const struct object *o)
{
	EACH_ROW (s, o, row)
		if (row->counter->section)
			return true;
	return false;
}

#define MINUTE UINT64_C(60000000000)

/* Whether a minute ends with this read; not the same one for each interface. */
static bool ends_minute(const struct sample *then, const struct sample *now,
			uint64_t ifindex)
{
	uint64_t shift = ifindex % 60 * (MINUTE / 60);

	return (then->mono_ns + shift) / MINUTE !=
	       (now->mono_ns + shift) / MINUTE;
}

/* Whether the driver's numbers need not be looked at this time. */
static bool is_idle(const struct probe_env *env, const struct object *before,
		    uint64_t id, const struct sample *now)
{
	const struct layout *layout = find_layout(env->state, id);

	return !id || (layout && layout->is_veth &&
		       !ends_minute(now->then, now, before->identity));
}

/* What the read before remembered of an interface, or NULL. */
static const struct link_ethtool_note *find_note(struct link_ethtool *e,
						 const struct sample *s,
						 uint64_t ifindex)
{
	const struct link_ethtool_note *notes;
	size_t n;

	notes = sample_memory(s->then, s->source, &n);
	n /= sizeof(*notes);
	for (size_t i = 0; i < n; i++) {
		size_t at = (e->next_note + i) % n;

		if (notes[at].ifindex != ifindex)
			continue;
		e->next_note = at + 1;
		return &notes[at];
	}
	return NULL;
}

/* Reads the numbers of layout *id, or of the one that is learnt now. */
static int read_driver(struct probe_env *env, const char *name, bool known,
		       bool active, uint64_t *id, struct sample *out)
{
	int r = known ? 0 : learn_driver(env, name, id);

	if (r == 0 && *id)
		r = read_layout(env, name, *id, active, out);
	if (r != -ESTALE)
		return r;
	r = learn_driver(env, name, id);
	return r < 0 || !*id ? r : read_layout(env, name, *id, active, out);
}

/* Of what is gone, has no numbers, or changed meanwhile, there is nothing. */
static bool is_left_out(int error)
{
	return error == -ENODEV || error == -EOPNOTSUPP || error == -ESTALE ||
	       error == -EAGAIN;
}

int link_ethtool_append(struct probe_env *env, const char *name,
			const struct object *before, bool xdp,
			struct sample *out)
{
	const struct link_ethtool_note *known = NULL;
	struct link_ethtool_note note = {
		.ifindex = out->objects[out->n_objects - 1].identity};
	bool active = xdp || (before && has_numbers(out->then, before));
	struct capabilities capabilities;
	int r;

	if (!env->state)
		return 0;
	give_back(env->state);
	if (before)
		known = find_note(env->state, out, note.ifindex);
	if (known)
		note.layout = known->layout;
	if (known && !active && is_idle(env, before, note.layout, out)) {
		sample_remember(out, &note, sizeof(note));
		return 0;
	}
	r = drop_capabilities(&capabilities);
	if (r < 0)
		return r;
	r = read_driver(env, name, known, active, &note.layout, out);
	restore_capabilities(env->state, &capabilities);
	if (r == 0)
		sample_remember(out, &note, sizeof(note));
	if (r == -E2BIG) { /* the others can be read */
		sample_missed(out, r);
		return 0;
	}
	return is_left_out(r) ? 0 : r;
}
