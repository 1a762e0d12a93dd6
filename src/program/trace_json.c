/* SPDX-License-Identifier: MIT */
#include "program/trace_json.h"

#include <errno.h>

#include "program/json.h"

static void put_text_or_null(yajl_gen g, const char *key, const char *text)
{
	if (text[0])
		json_put_pair(g, key, text);
	else
		json_put_null(g, key);
}

static void put_end(yajl_gen g, const struct flow *flow, enum packet_end end,
		    const char *address_key, const char *port_key)
{
	const struct packet *p = &flow->packet;
	char address[PACKET_ADDRESS];

	packet_address(p, end, address);
	if (flow->any_sender && end == PACKET_SOURCE) {
		json_put_null(g, address_key);
		json_put_null(g, port_key);
		return;
	}
	put_text_or_null(g, address_key, address);
	if (p->has_ports && !flow->any_port[end])
		json_put_count(g, port_key, p->ports[end]);
	else
		json_put_null(g, port_key);
}

static void put_place(yajl_gen g, const struct trace_row *row)
{
	const struct drops_key *key = &row->place->key.place;

	if (row->ns)
		json_put_pair(g, "namespace", row->ns->name);
	else
		json_put_null(g, "namespace");
	json_put_count(g, "cookie", key->cookie);
	json_put_pair(g, "reason", row->place->reason);
	json_put_bool(g, "healthy", row->healthy);
	put_text_or_null(g, "layer",
			 row->layer < N_LAYERS ? layer_name(row->layer) : "");
	put_text_or_null(g, "function", row->place->function);
	put_text_or_null(g, "interface", row->interface);
	json_put_count(g, "ifindex", key->ifindex);
}

static void put_row(yajl_gen g, const struct trace_row *row)
{
	const struct flow *flow = row->flow;
	char protocol[PACKET_PROTOCOL];

	packet_protocol(&flow->packet, protocol);
	yajl_gen_map_open(g);
	put_place(g, row);
	put_text_or_null(g, "protocol", flow->packet.ethertype ? protocol : "");
	put_end(g, flow, PACKET_SOURCE, "source", "source_port");
	put_end(g, flow, PACKET_DESTINATION, "destination", "destination_port");
	json_put_count(g, "flows", flow->n);
	json_put_count(g, "packets", flow->packets);
	json_put_count(g, "looked_at", flow->looked_at);
	yajl_gen_map_close(g);
}

static void put_rows(yajl_gen g, const char *key, const struct trace *t,
		     bool drops)
{
	json_put_text(g, key);
	yajl_gen_array_open(g);
	for (size_t i = 0; i < t->n; i++)
		if ((t->rows[i].place->key.kind == TRACE_DROP) == drops)
			put_row(g, &t->rows[i]);
	yajl_gen_array_close(g);
}

static void put_counts(yajl_gen g, const struct trace *t)
{
	json_put_count(g, "time", t->time_ns / 1000000000);
	json_put_real(g, "seconds", t->seconds);
	json_put_count(g, "dropped", t->drops.packets);
	json_put_count(g, "dropped_looked_at", t->drops.looked_at);
	json_put_count(g, "connections", t->others.packets);
	json_put_count(g, "connections_looked_at", t->others.looked_at);
	json_put_count(g, "not_told_apart", t->unknown + t->flows.others);
	json_put_count(g, "healthy_not_shown", t->hidden);
	json_put_count(g, "rows_left_out", t->flows.n - t->n);
}

int trace_json_print(FILE *out, const struct trace *t,
		     const struct summary *notes)
{
	yajl_gen g = yajl_gen_alloc(NULL);

	if (!g)
		return -ENOMEM;
	yajl_gen_map_open(g);
	put_counts(g, t);
	put_rows(g, "drops", t, true);
	put_rows(g, "peers", t, false);
	json_put_notes(g, notes->notes, notes->n_notes);
	yajl_gen_map_close(g);
	json_print(out, g);
	return 0;
}
