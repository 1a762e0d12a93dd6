/* SPDX-License-Identifier: MIT */
/*
 * Sums of dropped packets: whatever comes, of whichever namespace, asked for or
 * not, all that was added is somewhere, and there is no more of it than may be.
 */
#include "kernel/drops.h"
#include "lib/fuzz.h"

#define COOKIES 8192
#define MOST_NAMESPACES 4096
#define MOST_ADDED 5000 /* more finds nothing, and is slower */
#define SECOND UINT64_C(1000000000)

static struct {
	struct drops drops;
	uint64_t added;
	unsigned n_added;	 /* times */
	uint64_t told[COOKIES];	 /* at the last question */
	uint64_t forgotten_told; /* of those that were forgotten since */
} world;

static uint64_t sum_packets(const struct drops_ns *ns)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ns->n; i++)
		sum += ns->items[i].packets;
	return sum;
}

static bool is_before(const struct drop *a, const struct drop *b)
{
	if (a->reason != b->reason)
		return a->reason < b->reason;
	if (a->location != b->location)
		return a->location < b->location;
	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex;
	return a->for_many < b->for_many;
}

static void check_world(void)
{
	const struct drops *d = &world.drops;
	uint64_t sum = d->unknown + world.forgotten_told;

	require(d->namespaces.n <= MOST_NAMESPACES);
	for (size_t i = 0; i < d->namespaces.n; i++) {
		const struct drops_ns *ns = &d->namespaces.items[i];

		require(ns->cookie && (!i || ns[-1].cookie < ns->cookie));
		require(ns->n && ns->n <= (size_t)2 * DROPS_OF_NAMESPACE);
		for (size_t j = 1; j < ns->n; j++)
			require(is_before(&ns->items[j - 1], &ns->items[j]));
		sum += sum_packets(ns);
	}
	require(sum == world.added);
	require(d->nowhere <= d->unknown);
}

static void add_drop(const struct drop_count *count)
{
	drops_add(&world.drops, count);
	world.added += count->packets;
	world.n_added++;
}

/* One, or many that differ in what a byte says. */
static void add_drops(struct fuzz *f)
{
	struct drop_count count = {
		.key = {.cookie = fuzz_byte(f) % 4,
			.location = fuzz_number(f),
			.reason = (uint32_t)fuzz_number(f),
			.ifindex = fuzz_byte(f),
			.for_many = fuzz_byte(f) & 1},
		.packets = fuzz_number(f) & UINT32_MAX,
	};
	unsigned what = fuzz_byte(f), n = fuzz_byte(f) * (what >> 5);

	add_drop(&count);
	for (unsigned i = 0; i < n && world.n_added < MOST_ADDED; i++) {
		count.key.cookie += what & 1;
		count.key.cookie %= COOKIES;
		count.key.reason += what >> 1 & 1;
		count.key.ifindex += what >> 2 & 1;
		add_drop(&count);
	}
}

static void ask_for(uint64_t cookie)
{
	const struct drops_ns *ns =
		drops_find(&world.drops, cookie, world.drops.taken_ns);

	require(!ns || ns->cookie == cookie);
	world.told[cookie] = ns ? sum_packets(ns) : 0;
}

/* For any one, or for all there are. */
static void ask(struct fuzz *f)
{
	uint64_t cookie = fuzz_number(f) % COOKIES;

	if (cookie % 4)
		ask_for(cookie);
	for (size_t i = 0; cookie % 4 == 0 && i < world.drops.namespaces.n; i++)
		ask_for(world.drops.namespaces.items[i].cookie);
}

/* Until the next time that the kernel is asked. */
static void pass_time(struct fuzz *f)
{
	struct drops *d = &world.drops;
	size_t at = 0; /* they are sorted */

	check_world();
	d->taken_ns += fuzz_byte(f) * 2 * SECOND;
	drops_expire(d, d->taken_ns);
	for (uint64_t cookie = 1; cookie < COOKIES; cookie++) {
		if (at < d->namespaces.n &&
		    d->namespaces.items[at].cookie == cookie) {
			at++;
			continue;
		}
		world.forgotten_told += world.told[cookie];
		world.told[cookie] = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};

	memset(&world, 0, sizeof(world));
	world.drops.taken_ns = SECOND;
	while (f.n) {
		uint8_t what = fuzz_byte(&f);

		if (what % 4 == 0)
			ask(&f);
		else if (what % 4 == 1)
			pass_time(&f);
		else
			add_drops(&f);
	}
	check_world();
	while (world.drops.namespaces.n)
		free(world.drops.namespaces.items[--world.drops.namespaces.n]
			     .items);
	free(world.drops.namespaces.items);
	return 0;
}
