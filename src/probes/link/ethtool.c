/* SPDX-License-Identifier: MIT */
#include "probes/link/ethtool.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kernel/netlink.h"
#include "probes/link/link.h"

/*
 * Which numbers of which driver go into which of link_counters. Most drivers
 * repeat what the kernel counts anyway (mlx5's rx_out_of_buffer is
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

const struct counter link_fact_ethtool = {
	.layer = LAYER_LINK, .kind = KIND_FACT, .name = "ethtool"};

#define MAX_LAYOUTS 64
_Static_assert(N_LINK_COUNTERS <= 64, "a bit for each row");

struct match {
	uint16_t number; /* which of the driver's */
	uint16_t row;	 /* which of link_counters */
};

/* What the numbers of a driver mean. */
struct layout {
	uint64_t id;   /* 0: free; never used for another layout */
	uint64_t used; /* when, to forget the one not used for longest */
	uint64_t hash; /* of the driver's name and the names */
	bool is_veth;
	uint32_t n_numbers, n;
	struct match *matches;
};

/*
 * The kernel writes as many names or numbers as there are, whatever the
 * caller made room for: what would run over the end of the memory must find
 * no page there, and fail.
 */
struct ethtool_cache {
	struct layout layouts[MAX_LAYOUTS];
	uint64_t last_id, clock;
	char *memory;
	size_t size, mapped;
};

struct ethtool_cache *ethtool_new(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct ethtool_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->size = ETHTOOL_MAX * ETHTOOL_NAME + page;
	cache->size -= cache->size % page;
	cache->mapped = cache->size + page;
	cache->memory = mmap(NULL, cache->mapped, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (cache->memory == MAP_FAILED ||
	    mprotect(cache->memory, cache->size, PROT_READ | PROT_WRITE) < 0) {
		ethtool_free(cache);
		return NULL;
	}
	return cache;
}

void ethtool_free(struct ethtool_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < MAX_LAYOUTS; i++)
		free(cache->layouts[i].matches);
	if (cache->memory != MAP_FAILED)
		munmap(cache->memory, cache->mapped);
	free(cache);
}

bool ethtool_matches(const char *pattern, const char *name, size_t size)
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
		    !ethtool_matches(sources[i].pattern, name, ETHTOOL_NAME))
			continue;
		for (size_t j = 0; j < N_LINK_COUNTERS; j++)
			if (!strcmp(link_counters[j].name, sources[i].counter))
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
		int row = row_of(driver, names + (size_t)i * ETHTOOL_NAME);

		if (row >= 0)
			ret->matches[ret->n++] = (struct match) {i, row};
	}
	if (ret->n)
		return 0;
	free(ret->matches);
	return -ENOENT;
}

/* Keeps a layout, in the place of the one not used for longest. */
static uint64_t keep_layout(struct ethtool_cache *cache,
			    const struct layout *layout)
{
	struct layout *oldest = &cache->layouts[0];

	for (size_t i = 1; i < MAX_LAYOUTS; i++)
		if (cache->layouts[i].used < oldest->used)
			oldest = &cache->layouts[i];
	free(oldest->matches);
	*oldest = *layout;
	oldest->used = ++cache->clock;
	oldest->id = ++cache->last_id;
	return oldest->id;
}

uint64_t ethtool_learn(struct ethtool_cache *cache, const char *driver,
		       const char *names, uint32_t n)
{
	struct layout layout = {.id = 0};

	if (!n || n > ETHTOOL_MAX || !knows_driver(driver))
		return 0;
	layout.hash = hash_bytes(HASH_START, driver, strlen(driver) + 1);
	layout.hash = hash_bytes(layout.hash, names, (size_t)n * ETHTOOL_NAME);
	for (size_t i = 0; i < MAX_LAYOUTS; i++)
		if (cache->layouts[i].id &&
		    cache->layouts[i].hash == layout.hash)
			return cache->layouts[i].id;
	layout.is_veth = !strcmp(driver, "veth");
	if (make_layout(&layout, driver, names, n) < 0)
		return 0;
	return keep_layout(cache, &layout);
}

static struct layout *find_layout(struct ethtool_cache *cache, uint64_t id)
{
	for (size_t i = 0; id && i < MAX_LAYOUTS; i++)
		if (cache->layouts[i].id == id)
			return &cache->layouts[i];
	return NULL;
}

int ethtool_sum(struct ethtool_cache *cache, uint64_t id,
		const uint64_t *values, uint32_t n, struct sample *out)
{
	struct layout *layout = find_layout(cache, id);
	uint64_t sums[N_LINK_COUNTERS] = {0}, known = 0;

	if (!layout || layout->n_numbers != n)
		return -ESTALE;
	layout->used = ++cache->clock;
	for (uint32_t i = 0; i < layout->n; i++) {
		const struct match *match = &layout->matches[i];

		sums[match->row] += values[match->number];
		known |= UINT64_C(1) << match->row;
	}
	for (size_t i = 0; i < N_LINK_COUNTERS; i++)
		if (known & UINT64_C(1) << i)
			sample_row(out, &link_counters[i], sums[i]);
	return 0;
}

/*
 * For the name of an interface that is gone meanwhile the kernel runs modprobe
 * (dev_load() in net/core/dev_ioctl.c), if the thread has one of these. What
 * drivers count may be read without.
 */
#define LOADS_MODULES (1u << CAP_NET_ADMIN | 1u << CAP_SYS_MODULE)
_Static_assert(CAP_NET_ADMIN < 32 && CAP_SYS_MODULE < 32, "in the first word");

/* The capabilities of the calling thread, and of it alone. */
struct capabilities {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
	uint32_t effective; /* of the first word, before some were dropped */
};

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

static void restore_capabilities(struct capabilities *c)
{
	if (c->words[0].effective == c->effective)
		return;
	c->words[0].effective = c->effective;
	/* what is permitted, as these still are, is not refused */
	(void)!syscall(SYS_capset, &c->head, c->words);
}

/* data begins with the command. Returns 0 or negative errno. */
static int ask(struct probe_env *env, const char *name, void *data)
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
static int learn(struct probe_env *env, const char *name, uint64_t *ret)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ethtool_cache *cache = env->state;
	struct ethtool_gstrings *names = (void *)cache->memory;
	int r = ask(env, name, &driver);

	*ret = 0;
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : r;
	driver.driver[sizeof(driver.driver) - 1] = '\0';
	if (!knows_driver(driver.driver) || driver.n_stats > ETHTOOL_MAX)
		return 0;
	*names = (struct ethtool_gstrings) {
		.cmd = ETHTOOL_GSTRINGS,
		.string_set = ETH_SS_STATS,
		.len = driver.n_stats,
	};
	r = ask(env, name, names);
	if (r < 0 || names->len != driver.n_stats)
		return r < 0 ? r : -EAGAIN;
	*ret = ethtool_learn(cache, driver.driver, (char *)names->data,
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

/* Returns 0, also when the driver will not tell; or -ESTALE: learn again. */
static int read_numbers(struct probe_env *env, const char *name, uint64_t id,
			bool active, struct sample *out)
{
	const struct layout *layout = find_layout(env->state, id);
	struct ethtool_cache *cache = env->state;
	struct ethtool_stats *stats = (void *)cache->memory;

	if (!layout)
		return -ESTALE;
	*stats = (struct ethtool_stats) {
		.cmd = ETHTOOL_GSTATS,
		.n_stats = layout->n_numbers,
	};
	if (ask(env, name, stats) < 0)
		return 0;
	if (!active && layout->is_veth && stats->n_stats == layout->n_numbers &&
	    is_zero(layout, (const uint64_t *)stats->data))
		return 0;
	return ethtool_sum(cache, id, (const uint64_t *)stats->data,
			   stats->n_stats, out);
}

static bool has_numbers(const struct sample *s, const struct object *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (s->rows[o->first + i].counter->section)
			return true;
	return false;
}

#define MINUTE UINT64_C(60000000000)

/* Whether a minute ends with this read; not the same one for each interface. */
static bool is_due(const struct sample *then, const struct sample *now,
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
		       !is_due(now->then, now, before->identity));
}

/* Reads the numbers of layout *id, or of the one that is learnt now. */
static int look(struct probe_env *env, const char *name, bool known,
		bool active, uint64_t *id, struct sample *out)
{
	int r = known ? 0 : learn(env, name, id);

	if (r == 0 && *id)
		r = read_numbers(env, name, *id, active, out);
	if (r != -ESTALE)
		return r;
	r = learn(env, name, id);
	return r < 0 || !*id ? r : read_numbers(env, name, *id, active, out);
}

void ethtool_append(struct probe_env *env, const char *name,
		    const struct object *before, bool xdp, struct sample *out)
{
	struct capabilities capabilities;
	const struct row *known = NULL;
	bool active = xdp || (before && has_numbers(out->then, before));
	uint64_t id = 0;

	if (!env->state)
		return;
	if (before)
		known = object_row(out->then, before, &link_fact_ethtool);
	if (known && !active && is_idle(env, before, known->value, out)) {
		sample_row(out, &link_fact_ethtool, known->value);
		return;
	}
	if (drop_capabilities(&capabilities) < 0)
		return;
	if (known)
		id = known->value;
	if (look(env, name, known != NULL, active, &id, out) == 0)
		sample_row(out, &link_fact_ethtool, id);
	restore_capabilities(&capabilities);
}
