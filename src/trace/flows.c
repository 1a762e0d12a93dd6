/* SPDX-License-Identifier: MIT */
#include "trace/flows.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

/* ---- what was looked at ---- */

static uint64_t hash_of(const struct flows *f, const void *bytes, size_t n,
			uint32_t place)
{
	struct hash h = hash_begin(&f->key);

	hash_add(&h, bytes, n);
	hash_add(&h, &place, sizeof(place));
	return hash_end(&h);
}

struct flow_place *flows_find_place(struct flows *f,
				    const struct trace_key *key)
{
	uint64_t hash = hash_of(f, key, sizeof(*key), 0);
	struct flow_place *place;

	EACH_HASHED (&f->place_table, hash, i)
		if (!memcmp(&f->places.items[i].key, key, sizeof(*key)))
			return &f->places.items[i];
	place = ARRAY_ADD(&f->places);
	if (!place)
		return NULL;
	*place = (struct flow_place) {.key = *key};
	if (table_add(&f->place_table, hash, f->places.n - 1))
		return place;
	f->places.n--;
	return NULL;
}

static struct flow *add_flow(struct flows *f, uint64_t hash, uint32_t place,
			     const struct packet *packet)
{
	struct flow *flow;

	if (f->n == FLOWS_MAX)
		return NULL;
	flow = ARRAY_ADD(f);
	if (!flow)
		return NULL;
	*flow = (struct flow) {.place = place, .packet = *packet, .n = 1};
	if (table_add(&f->table, hash, f->n - 1))
		return flow;
	f->n--;
	return NULL;
}

static struct flow *find_flow(struct flows *f, uint32_t place,
			      const struct packet *packet)
{
	uint64_t hash = hash_of(f, packet, sizeof(*packet), place);

	EACH_HASHED (&f->table, hash, i)
		if (f->items[i].place == place &&
		    !memcmp(&f->items[i].packet, packet, sizeof(*packet)))
			return &f->items[i];
	return add_flow(f, hash, place, packet);
}

void flows_add(struct flows *f, struct flow_place *place,
	       const struct packet *packet, uint32_t weight)
{
	struct flow *flow = find_flow(f, place - f->places.items, packet);

	place->looked_at++;
	place->weight += weight;
	if (!flow) {
		f->others++;
		return;
	}
	flow->looked_at++;
	flow->weight += weight;
}

/* ---- all of them ---- */

/* What was looked at was counted as well, if later than the sums were. */
static void estimate(struct flows *f)
{
	for (size_t i = 0; i < f->places.n; i++) {
		struct flow_place *place = &f->places.items[i];

		if (place->packets < place->looked_at)
			place->packets = place->looked_at;
	}
	for (size_t i = 0; i < f->n; i++) {
		struct flow *flow = &f->items[i];
		const struct flow_place *place = flow_place(f, flow);
		double share = (double)flow->weight / (double)place->weight;

		flow->packets =
			(uint64_t)((double)place->packets * share + 0.5);
		if (flow->packets < flow->looked_at)
			flow->packets = flow->looked_at;
	}
}

/* What does not count in a comparison. */
enum flow_part {
	SOURCE_PORT = 1,
	DESTINATION_PORT = 2,
	SOURCE_ADDRESS = 4,
};

static int compare_flows(const void *a, const void *b, unsigned but)
{
	const struct flow *f = a, *g = b;
	struct packet x = f->packet, y = g->packet;

	if (f->place != g->place)
		return (f->place > g->place) - (f->place < g->place);
	if (but & SOURCE_PORT)
		x.ports[PACKET_SOURCE] = y.ports[PACKET_SOURCE] = 0;
	if (but & DESTINATION_PORT)
		x.ports[PACKET_DESTINATION] = y.ports[PACKET_DESTINATION] = 0;
	if (but & SOURCE_ADDRESS)
		memcpy(x.addresses[PACKET_SOURCE], y.addresses[PACKET_SOURCE],
		       sizeof(x.addresses[PACKET_SOURCE]));
	return memcmp(&x, &y, sizeof(x));
}

static int compare_but_source(const void *a, const void *b)
{
	return compare_flows(a, b, SOURCE_PORT);
}

static int compare_but_destination(const void *a, const void *b)
{
	return compare_flows(a, b, DESTINATION_PORT);
}

static int compare_but_ports(const void *a, const void *b)
{
	return compare_flows(a, b, SOURCE_PORT | DESTINATION_PORT);
}

static int compare_but_sender(const void *a, const void *b)
{
	return compare_flows(a, b, SOURCE_PORT | SOURCE_ADDRESS);
}

static void add_to_flow(struct flow *flow, const struct flow *other)
{
	flow->looked_at += other->looked_at;
	flow->weight += other->weight;
	flow->packets += other->packets;
	flow->n += other->n;
	for (int end = 0; end < N_PACKET_ENDS; end++)
		flow->any_port[end] |= other->any_port[end];
}

/* So many from i on, of a sorted array, are the same. */
static size_t count_same(const struct flows *f, size_t i,
			 int (*compare)(const void *, const void *))
{
	size_t n = 1;

	while (i + n < f->n && !compare(&f->items[i], &f->items[i + n]))
		n++;
	return n;
}

/* The first of n that are the same becomes all of them. */
static void merge_into_first(struct flow *first, size_t n, bool any_source,
			     bool any_destination)
{
	for (size_t i = 1; i < n; i++)
		add_to_flow(first, &first[i]);
	first->any_port[PACKET_SOURCE] |= any_source;
	first->any_port[PACKET_DESTINATION] |= any_destination;
	for (int end = 0; end < N_PACKET_ENDS; end++)
		if (first->any_port[end])
			first->packet.ports[end] = 0;
}

/* Clients have a new port each time, and a scan tries all that there are. */
static void merge_ports(struct flows *f, bool source, bool destination,
			int (*compare)(const void *, const void *))
{
	size_t kept = 0;

	if (!f->n)
		return;
	qsort(f->items, f->n, sizeof(*f->items), compare);
	for (size_t i = 0, n; i < f->n; i += n) {
		struct flow *first = &f->items[i];
		bool many;

		n = count_same(f, i, compare);
		many = n >= FLOWS_OF_PORTS;
		if (many)
			merge_into_first(first, n, source, destination);
		for (size_t j = 0; j < (many ? 1 : n); j++)
			f->items[kept++] = first[j];
	}
	f->n = kept;
}

static bool is_little(const struct flows *f, const struct flow *flow)
{
	return flow->packets < flow_place(f, flow)->packets / 100;
}

/* Of n that are the same; writes what is left from kept on, returns its end. */
static size_t merge_senders_of(struct flows *f, const struct flow *first,
			       size_t n, size_t kept)
{
	struct flow all = {.place = first->place, .any_sender = true};
	size_t n_little = 0;

	for (size_t i = 0; i < n; i++)
		n_little += is_little(f, &first[i]);
	for (size_t i = 0; i < n; i++) {
		if (n_little < FLOWS_OF_SENDERS || !is_little(f, &first[i])) {
			f->items[kept++] = first[i];
			continue;
		}
		all.packet = first[i].packet;
		add_to_flow(&all, &first[i]);
	}
	if (n_little < FLOWS_OF_SENDERS)
		return kept;
	memset(all.packet.addresses[PACKET_SOURCE], 0,
	       sizeof(all.packet.addresses[PACKET_SOURCE]));
	all.packet.ports[PACKET_SOURCE] = 0;
	f->items[kept++] = all;
	return kept;
}

/* Who hides behind made up addresses, or many that have the same trouble. */
static void merge_senders(struct flows *f)
{
	size_t kept = 0;

	if (!f->n)
		return;
	qsort(f->items, f->n, sizeof(*f->items), compare_but_sender);
	for (size_t i = 0, n; i < f->n; i += n) {
		n = count_same(f, i, compare_but_sender);
		kept = merge_senders_of(f, &f->items[i], n, kept);
	}
	f->n = kept;
}

static int add_unseen_places(struct flows *f)
{
	for (size_t i = 0; i < f->places.n; i++) {
		const struct flow_place *place = &f->places.items[i];
		struct flow *flow;

		if (place->hidden || place->looked_at || !place->packets)
			continue;
		flow = ARRAY_ADD(f);
		if (!flow)
			return -ENOMEM;
		*flow = (struct flow) {.place = i, .packets = place->packets};
	}
	return 0;
}

/* Of those that are equally bad the order is always the same. */
static int compare_worst(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return compare_flows(x, y, 0);
}

int flows_settle(struct flows *f)
{
	int r;

	estimate(f);
	merge_ports(f, true, false, compare_but_source);
	merge_ports(f, false, true, compare_but_destination);
	merge_ports(f, true, true, compare_but_ports);
	merge_senders(f);
	r = add_unseen_places(f);
	if (r == 0 && f->n)
		qsort(f->items, f->n, sizeof(*f->items), compare_worst);
	return r;
}

void flows_free(struct flows *f)
{
	free(f->items);
	free(f->places.items);
	table_free(&f->table);
	table_free(&f->place_table);
}
