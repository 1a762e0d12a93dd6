/* SPDX-License-Identifier: MIT */
#include "kernel/drops.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

/*
 * Cookies of namespaces are never used twice, so one that nobody has asked for,
 * or not for long, may well be gone. Where it is not, the sums begin anew.
 */
#define FORGET_NS UINT64_C(300000000000)
#define KEEP_NS (12 * FORGET_NS)
#define MAX_NAMESPACES 4096
#define MAX_SYMBOLS 1024

int drops_open(struct drops **ret)
{
	struct drops *d = calloc(1, sizeof(*d));
	int r;

	*ret = NULL;
	if (!d)
		return -ENOMEM;
	r = drop_source_open(&d->source);
	if (r < 0) {
		free(d);
		return r;
	}
	*ret = d;
	return 0;
}

void drops_close(struct drops *d)
{
	if (!d)
		return;
	drop_source_close(d->source);
	while (d->namespaces.n)
		free(d->namespaces.items[--d->namespaces.n].items);
	free(d->namespaces.items);
	free(d->symbols.items);
	free(d);
}

/* ---- sorted arrays ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_ns(const void *a, const void *b)
{
	const struct drops_ns *x = a, *y = b;

	return compare_numbers(x->cookie, y->cookie);
}

static int compare_symbols(const void *a, const void *b)
{
	const struct drops_symbol *x = a, *y = b;

	return compare_numbers(x->location, y->location);
}

/* All of one reason stand side by side. */
static int compare_drops(const void *a, const void *b)
{
	const struct drop *x = a, *y = b;

	if (x->reason != y->reason)
		return compare_numbers(x->reason, y->reason);
	if (x->location != y->location)
		return compare_numbers(x->location, y->location);
	if (x->ifindex != y->ifindex)
		return compare_numbers(x->ifindex, y->ifindex);
	return compare_numbers(x->for_many, y->for_many);
}

/* Where a key is in a sorted array, or would be. */
static size_t sorted_place(const void *key, const void *items, size_t n,
			   size_t size,
			   int (*compare)(const void *, const void *))
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare((const char *)items + middle * size, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The item of array that is equal to key, which is put there if it is not. */
#define FIND_OR_ADD(array, key, compare, limit)                                \
	find_or_add((void **)&(array)->items, &(array)->n, &(array)->max, key, \
		    sizeof(*(array)->items), compare, limit)

/* Returns NULL: there is no room for it. */
static void *find_or_add(void **items, size_t *n, size_t *max, const void *key,
			 size_t size,
			 int (*compare)(const void *, const void *),
			 size_t limit)
{
	size_t at = sorted_place(key, *items, *n, size, compare);
	char *item = *n ? (char *)*items + at * size : NULL;

	if (at < *n && !compare(item, key))
		return item;
	if (*n >= limit || !array_reserve(items, max, *n + 1, size))
		return NULL;
	item = (char *)*items + at * size;
	memmove(item + size, item, (*n - at) * size);
	memcpy(item, key, size);
	++*n;
	return item;
}

/* ---- what is counted ---- */

static bool has_gone_quiet(const struct drop *drop, uint64_t now_ns)
{
	return drop->ifindex && now_ns - drop->grown_ns > FORGET_NS;
}

/* Puts all of one key, which stand side by side, into one. */
static void merge_equal(struct drops_ns *ns)
{
	size_t n = 0;

	for (size_t i = 0; i < ns->n; i++) {
		struct drop *drop = &ns->items[i], *last = &ns->items[n];

		if (n && !compare_drops(&last[-1], drop)) {
			last[-1].packets += drop->packets;
			if (last[-1].grown_ns < drop->grown_ns)
				last[-1].grown_ns = drop->grown_ns;
		} else {
			*last = *drop;
			n++;
		}
	}
	ns->n = n;
}

/* Sums of a reason, and of its functions, stay as they are. */
static void forget_quiet_devices(struct drops_ns *ns, uint64_t now_ns)
{
	bool any = false;

	if (ns->n < DROPS_OF_NAMESPACE || ns->thinned_ns == now_ns)
		return;
	ns->thinned_ns = now_ns;
	for (size_t i = 0; i < ns->n; i++) {
		if (!has_gone_quiet(&ns->items[i], now_ns))
			continue;
		ns->items[i].ifindex = 0;
		any = true;
	}
	if (!any)
		return;
	qsort(ns->items, ns->n, sizeof(*ns->items), compare_drops);
	merge_equal(ns);
}

/* Where there is no room to tell it apart it is known by its reason alone. */
static struct drop *find_drop(struct drops_ns *ns, const struct drops_key *key,
			      uint64_t now_ns)
{
	const struct drop exact = {.location = key->location,
				   .reason = key->reason,
				   .ifindex = key->ifindex,
				   .for_many = key->for_many};
	const struct drop rest = {.reason = key->reason};
	struct drop *found;

	forget_quiet_devices(ns, now_ns);
	found = FIND_OR_ADD(ns, &exact, compare_drops, DROPS_OF_NAMESPACE);
	if (!found)
		found = FIND_OR_ADD(ns, &rest, compare_drops,
				    (size_t)2 * DROPS_OF_NAMESPACE);
	return found;
}

/* What nobody has asked for was dropped in an unknown one. */
static void forget(struct drops *d, struct drops_ns *ns)
{
	d->unknown += ns->untold;
	free(ns->items);
}

static bool is_older(const struct drops_ns *a, const struct drops_ns *b)
{
	if (a->asked_ns != b->asked_ns)
		return a->asked_ns < b->asked_ns;
	return a->asked < b->asked;
}

/* Namespaces come and go: who was asked for longest ago makes room. */
static void forget_oldest(struct drops *d)
{
	struct drops_ns *items = d->namespaces.items;
	size_t oldest = 0, n = d->namespaces.n;

	for (size_t i = 1; i < n; i++)
		if (is_older(&items[i], &items[oldest]))
			oldest = i;
	forget(d, &items[oldest]);
	memmove(&items[oldest], &items[oldest + 1],
		(n - oldest - 1) * sizeof(*items));
	d->namespaces.n--;
}

static struct drops_ns *namespace_of(struct drops *d, uint64_t cookie)
{
	const struct drops_ns key = {.cookie = cookie, .asked_ns = d->taken_ns};
	struct drops_ns *found;

	if (!cookie)
		return NULL;
	found = FIND_OR_ADD(&d->namespaces, &key, compare_ns, MAX_NAMESPACES);
	if (found || d->namespaces.n < MAX_NAMESPACES)
		return found;
	forget_oldest(d);
	return FIND_OR_ADD(&d->namespaces, &key, compare_ns, MAX_NAMESPACES);
}

void drops_add(struct drops *d, const struct drop_count *count)
{
	struct drops_ns *ns = namespace_of(d, count->key.cookie);
	struct drop *drop;

	drop = ns ? find_drop(ns, &count->key, d->taken_ns) : NULL;
	if (drop) {
		drop->packets += count->packets;
		drop->grown_ns = d->taken_ns;
		ns->untold += count->packets;
	} else {
		d->unknown += count->packets;
		d->nowhere += count->packets;
	}
}

static bool is_forgotten(const struct drops *d, const struct drops_ns *ns,
			 uint64_t now_ns)
{
	uint64_t keep_ns = ns->asked ? KEEP_NS : FORGET_NS;

	if (keep_ns < 2 * d->slow_ns)
		keep_ns = 2 * d->slow_ns;
	return now_ns - ns->asked_ns > keep_ns;
}

void drops_expire(struct drops *d, uint64_t now_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < d->namespaces.n; i++) {
		struct drops_ns *ns = &d->namespaces.items[i];

		if (is_forgotten(d, ns, now_ns))
			forget(d, ns);
		else
			d->namespaces.items[n++] = *ns;
	}
	d->namespaces.n = n;
}

int drops_update(struct drops *d, uint64_t now_ns, uint64_t fresh_ns)
{
	const struct drop_count *counts;
	int n;

	if (d->taken_ns && now_ns - d->taken_ns < fresh_ns)
		return 0;
	n = drop_source_take(d->source, &counts, &d->spilled);
	if (n < 0)
		return n;
	if (d->taken_ns && now_ns - d->taken_ns > d->slow_ns)
		d->slow_ns = now_ns - d->taken_ns;
	d->taken_ns = now_ns;
	drops_expire(d, now_ns);
	for (int i = 0; i < n; i++)
		drops_add(d, &counts[i]);
	return 0;
}

const struct drops_ns *drops_find(struct drops *d, uint64_t cookie,
				  uint64_t now_ns)
{
	const struct drops_ns key = {.cookie = cookie};
	size_t at = sorted_place(&key, d->namespaces.items, d->namespaces.n,
				 sizeof(key), compare_ns);
	struct drops_ns *found;

	if (at == d->namespaces.n)
		return NULL;
	found = &d->namespaces.items[at];
	if (found->cookie != cookie)
		return NULL;
	found->asked_ns = now_ns;
	found->asked = true;
	found->untold = 0;
	return found;
}

uint64_t drops_unknown(const struct drops *d)
{
	return d->unknown + d->spilled;
}

uint64_t drops_nowhere(const struct drops *d)
{
	return d->nowhere + d->spilled;
}

/* ---- names ---- */

const char *drops_reason(const struct drops *d, uint32_t reason)
{
	return drop_source_reason(d->source, reason);
}

/* Code stays where it is, and what is known of it is kept. */
const char *drops_symbol(struct drops *d, uint64_t location)
{
	const struct drops_symbol key = {.location = location};
	struct drops_symbol *found;

	if (!location)
		return "";
	found = FIND_OR_ADD(&d->symbols, &key, compare_symbols, MAX_SYMBOLS);
	if (!found)
		return "";
	if (!found->name[0])
		drop_source_symbol(d->source, location, found->name);
	return found->name;
}
