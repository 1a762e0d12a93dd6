/* SPDX-License-Identifier: MIT */
#include "trace/trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "kernel/clock.h"
#include "kernel/random.h"
#include "probes/dropreason/dropreason.h"
#include "probes/dropreason/dropreason_layer.h"
#include "trace/pcap.h"

#define SECOND UINT64_C(1000000000)
#define LOOK_MS 10 /* what comes meanwhile has to fit into TRACE_RING */
#define MAX_WRITTEN 1000000
#define NOT_SPECIFIED "NOT_SPECIFIED"

/* ---- life ---- */

static int skip_what_is_not_shown(struct trace *t)
{
	const struct trace_choice *c = &t->options->choice;
	const char *name;
	uint32_t reason;
	int r = 0;

	for (size_t i = 0; r == 0; i++) {
		name = trace_source_reason_at(t->source, i, &reason);
		if (!name)
			break;
		if (!trace_choice_may_have(c, name))
			r = trace_source_skip(t->source, reason);
	}
	return r;
}

int trace_open(struct trace *t, const struct trace_options *o)
{
	int r;

	*t = (struct trace) {.options = o};
	random_key(&t->flows.key);
	r = places_init(&t->places, o->settings);
	if (r == 0)
		r = trace_source_open(&t->source);
	if (r == 0)
		r = skip_what_is_not_shown(t);
	return r == 0 ? places_update(&t->places, t->source) : r;
}

void trace_close(struct trace *t)
{
	trace_source_close(t->source);
	places_free(&t->places);
	flows_free(&t->flows);
	free(t->rows);
}

static bool has_reason_for(const struct trace *t, const struct trace_choice *c)
{
	const char *name;
	uint32_t reason;

	if (!c->reason || trace_choice_kinds(c) != 1u << TRACE_DROP)
		return true;
	for (size_t i = 0;; i++) {
		name = trace_source_reason_at(t->source, i, &reason);
		if (!name || trace_choice_may_have(c, name))
			return name;
	}
}

bool trace_knows_reason(const struct trace *t)
{
	struct trace_choice anywhere = t->options->choice;

	anywhere.layer = N_LAYERS;
	return has_reason_for(t, &anywhere);
}

bool trace_has_reason_in_layer(const struct trace *t)
{
	return has_reason_for(t, &t->options->choice);
}

/* ---- what is looked at ---- */

/* As dropreason_name(), which asks another source. */
static void spell_reason(const struct flow_place *place,
			 char ret[DROPREASON_NAME])
{
	bool is_told = strcmp(place->reason, NOT_SPECIFIED) != 0;

	format_text(ret, DROPREASON_NAME, "%s%s%s", place->reason,
		    is_told || !place->function[0] ? "" : ".",
		    is_told ? "" : place->function);
}

static void learn_place(struct trace *t, struct flow_place *place)
{
	const struct drops_key *key = &place->key.place;
	char name[DROPREASON_NAME];

	place->is_known = true;
	place->reason = trace_kind_name(place->key.kind);
	if (place->reason)
		return;
	place->reason = trace_source_reason(t->source, key->reason);
	if (key->location)
		trace_source_symbol(t->source, key->location, place->function);
	spell_reason(place, name);
	place->hidden =
		!trace_choice_has(&t->options->choice, name, key->for_many);
}

static struct flow_place *known_place(struct trace *t,
				      const struct trace_key *key)
{
	struct flow_place *place;

	if (key->kind >= N_TRACE_KINDS)
		return NULL;
	place = flows_find_place(&t->flows, key);
	if (!place)
		t->error = -ENOMEM;
	else if (!place->is_known)
		learn_place(t, place);
	return place;
}

/* Without headers the socket knows whose it is. */
static void read_packet(const struct trace_event *e, struct packet *ret)
{
	packet_parse(ntohs(e->protocol), e->vlan, e->bytes, e->n_bytes, ret);
	if (!ret->family && e->family)
		packet_of_socket(e->family, e->socket_protocol, e->addresses,
				 e->ports, ret);
}

static void write_packet(struct trace *t, const struct trace_event *e)
{
	uint8_t record[PCAP_RECORD];
	size_t n;

	if (!t->options->pcap || t->pcap_error)
		return;
	if (t->written == MAX_WRITTEN) {
		t->pcap_error = -EFBIG;
		return;
	}
	n = pcap_record(e, e->time_ns + t->real_ns, record);
	if (!n)
		return;
	errno = 0;
	if (fwrite(record, 1, n, t->options->pcap) == n)
		t->written++;
	else
		t->pcap_error = errno ? -errno : -EIO;
}

static void on_trace_event(const struct trace_event *e, void *arg)
{
	struct trace *t = arg;
	struct flow_place *place = known_place(t, &e->key);
	struct packet packet;

	if (!place || place->hidden)
		return;
	read_packet(e, &packet);
	flows_add(&t->flows, place, &packet, e->weight);
	write_packet(t, e);
}

/* Returns 1: somebody wants it to end. */
static int wait_for_stop(const struct trace *t)
{
	struct pollfd stop = {.fd = t->options->stop, .events = POLLIN};

	return poll(&stop, 1, LOOK_MS) > 0;
}

static bool can_look(const struct trace *t)
{
	if (!t->options->settings->namespaces.n)
		return true;
	EACH_NS (&t->places.list, ns)
		if (ns->cookie)
			return true;
	return false;
}

/* New namespaces are looked for once in a second. */
static int look_until(struct trace *t, uint64_t end_ns)
{
	uint64_t now_ns = clock_monotonic_ns(), next_ns = now_ns + SECOND;
	int r = 0;

	while (r == 0 && now_ns < end_ns && !wait_for_stop(t)) {
		now_ns = clock_monotonic_ns();
		r = trace_source_take(t->source, on_trace_event, t);
		if (r == 0)
			r = t->error;
		if (r < 0 || now_ns < next_ns)
			continue;
		next_ns = now_ns + SECOND;
		r = places_update(&t->places, t->source);
	}
	return r;
}

/* ---- what was found ---- */

static bool is_healthy_place(const struct flow_place *place)
{
	char name[DROPREASON_NAME];

	if (place->key.kind != TRACE_DROP)
		return place->key.kind == TRACE_RESET;
	spell_reason(place, name);
	return trace_is_healthy(name, place->key.place.for_many);
}

/* Whether it would be shown if healthy ones were. */
static bool is_hidden_as_healthy(const struct trace *t,
				 const struct flow_place *place)
{
	struct trace_choice all = t->options->choice;
	char name[DROPREASON_NAME];

	all.healthy = true;
	spell_reason(place, name);
	return place->hidden &&
	       trace_choice_has(&all, name, place->key.place.for_many);
}

static void count_place(struct trace *t, struct flow_place *place,
			uint64_t packets)
{
	struct trace_count *n = place->key.kind == TRACE_DROP ? &t->drops
							      : &t->others;

	place->packets += packets;
	if (!place->hidden) {
		n->packets += packets;
		n->looked_at += smaller_of(place->looked_at, packets);
	} else if (is_hidden_as_healthy(t, place)) {
		t->hidden += packets;
	}
}

static int count_all(struct trace *t)
{
	struct trace_sum *sums;
	int n = trace_source_sums(t->source, &sums, &t->unknown);

	for (int i = 0; i < n; i++) {
		struct flow_place *place = known_place(t, &sums[i].key);

		if (place)
			count_place(t, place, sums[i].packets);
	}
	free(sums);
	return n < 0 ? n : t->error;
}

static enum layer layer_of_place(const struct flow_place *place)
{
	char name[DROPREASON_NAME];

	if (place->key.kind != TRACE_DROP)
		return LAYER_TCP;
	spell_reason(place, name);
	return dropreason_layer(name);
}

static int fill_row(struct trace *t, const struct flow *flow,
		    struct trace_row *row)
{
	const struct flow_place *place = flow_place(&t->flows, flow);
	const struct drops_key *key = &place->key.place;

	*row = (struct trace_row) {
		.ns = places_find(&t->places, key->cookie),
		.place = place,
		.flow = flow,
		.is_estimated = flow_is_estimated(&t->flows, flow),
		.layer = layer_of_place(place),
		.healthy = is_healthy_place(place),
	};
	return row->ns ? places_name_device(&t->places, row->ns, key->ifindex,
					    row->interface)
		       : 0;
}

static int report_rows(struct trace *t)
{
	int r = count_all(t);

	if (r == 0)
		r = flows_settle(&t->flows);
	if (r < 0)
		return r;
	t->n = smaller_of(t->flows.n, TRACE_MAX_ROWS);
	t->rows = calloc(t->n + 1, sizeof(*t->rows));
	if (!t->rows)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < t->n; i++)
		r = fill_row(t, &t->flows.items[i], &t->rows[i]);
	return r;
}

int trace_run(struct trace *t)
{
	const struct trace_options *o = t->options;
	uint64_t begin_ns = clock_monotonic_ns();
	int r;

	if (!can_look(t))
		return -ESRCH;
	t->time_ns = clock_ns(CLOCK_REALTIME);
	t->real_ns = t->time_ns - begin_ns;
	r = trace_source_begin(t->source, trace_choice_kinds(&o->choice));
	if (r == 0)
		r = look_until(t, begin_ns + (uint64_t)(o->seconds * 1e9));
	trace_source_end(t->source);
	t->seconds = (clock_monotonic_ns() - begin_ns) / 1e9;
	if (r == 0)
		r = trace_source_take(t->source, on_trace_event, t);
	return r == 0 ? report_rows(t) : r;
}
