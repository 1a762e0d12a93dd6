/* SPDX-License-Identifier: MIT */
#include "program/trace_json.h"

#include "program/json.h"

static void put_end(struct json *j, const struct flow *flow,
		    enum packet_end end, const char *address_key,
		    const char *port_key)
{
	const struct packet *p = &flow->packet;
	char address[PACKET_ADDRESS];

	packet_address(p, end, address);
	if (flow->any_sender && end == PACKET_SOURCE) {
		json_put_null(j, address_key);
		json_put_null(j, port_key);
		return;
	}
	json_put_known(j, address_key, address);
	if (p->has_ports && !flow->any_port[end])
		json_put_count(j, port_key, p->ports[end]);
	else
		json_put_null(j, port_key);
}

static void put_place(struct json *j, const struct trace_row *row)
{
	const struct drops_key *key = &row->place->key.place;

	if (row->ns)
		json_put_text(j, "namespace", row->ns->name);
	else
		json_put_null(j, "namespace");
	json_put_number(j, "cookie", key->cookie);
	json_put_text(j, "reason", row->place->reason);
	json_put_bool(j, "healthy", row->healthy);
	json_put_known(j, "layer",
		       row->layer < N_LAYERS ? layer_name(row->layer) : "");
	json_put_known(j, "function", row->place->function);
	json_put_known(j, "interface", row->interface);
	json_put_number(j, "ifindex", key->ifindex);
}

static void put_row(struct json *j, const struct trace_row *row)
{
	const struct flow *flow = row->flow;
	char protocol[PACKET_PROTOCOL];

	packet_protocol(&flow->packet, protocol);
	json_open(j, NULL, '{');
	put_place(j, row);
	json_put_known(j, "protocol", flow->packet.ethertype ? protocol : "");
	put_end(j, flow, PACKET_SOURCE, "source", "source_port");
	put_end(j, flow, PACKET_DESTINATION, "destination", "destination_port");
	json_put_count(j, "flows", flow->n);
	json_put_count(j, "packets", flow->packets);
	json_put_count(j, "looked_at", flow->looked_at);
	json_close(j, '}');
}

static void put_rows(struct json *j, const char *key, const struct trace *t,
		     bool drops)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < t->n; i++)
		if ((t->rows[i].place->key.kind == TRACE_DROP) == drops)
			put_row(j, &t->rows[i]);
	json_close(j, ']');
}

static void put_counts(struct json *j, const struct trace *t)
{
	json_put_count(j, "time", t->time_ns / 1000000000);
	json_put_real(j, "seconds", t->seconds);
	json_put_count(j, "dropped", t->drops.packets);
	json_put_count(j, "dropped_looked_at", t->drops.looked_at);
	json_put_count(j, "connections", t->others.packets);
	json_put_count(j, "connections_looked_at", t->others.looked_at);
	json_put_count(j, "not_told_apart", t->unknown + t->flows.others);
	json_put_count(j, "healthy_not_shown", t->hidden);
	json_put_count(j, "rows_left_out", t->flows.n - t->n);
}

void trace_json_print(FILE *out, const struct trace *t,
		      const struct summary *notes)
{
	struct json j = {.out = out};

	json_begin(&j);
	put_counts(&j, t);
	put_rows(&j, "drops", t, true);
	put_rows(&j, "peers", t, false);
	json_put_notes(&j, notes->notes, notes->n_notes);
	json_end(&j);
}
