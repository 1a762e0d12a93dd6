/* SPDX-License-Identifier: MIT */
#include "report/report_idle.h"

#include "model/sample_query.h"

#define NAMESPACE "Namespace", "network namespace"
#define INTERFACE "Interface", "interface"

static void tell_pattern(const struct report *r, const struct pattern *p,
			 const char *option, const char *what,
			 const char *where)
{
	char text[256];

	format_text(text, sizeof(text),
		    "option %s \"%.100s\"%s matches no %s now; it takes effect "
		    "when one comes",
		    option, p->text, where, what);
	r->sink->log(r->sink->arg, LOG_LEVEL_NOTICE, text);
}

static void tell_selection(const struct report *r, const struct selection *s,
			   const char *option, const char *what)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->items[i].used)
			tell_pattern(r, &s->items[i], option, what, "");
}

/* Else nobody knows which interfaces there are. */
static bool looks_at_links(const struct report *r)
{
	return settings_layers(r->reporter->settings) & 1u << LAYER_LINK;
}

/* ---- thresholds ---- */

static bool has_place(const struct sample *s, const struct pattern *p)
{
	EACH_OBJECT (s, o) {
		const char *place = object_place(s, o);

		if (place[0] && pattern_matches(p, place))
			return true;
	}
	return false;
}

/* What has no interface is called "all", see settings_limits(). */
static void tell_threshold(const struct report *r, const struct ns_list *list,
			   const struct threshold *t)
{
	bool is_found = pattern_matches(&t->interface, "all");
	bool is_inside = false;
	char where[64];

	EACH_NS (list, ns) {
		if (ns->gone || !pattern_matches(&t->namespace, ns->name))
			continue;
		is_inside = true;
		is_found = is_found || has_place(&ns->now, &t->interface);
	}
	format_text(where, sizeof(where), " of <Threshold> block %u",
		    t->number);
	if (!is_inside)
		tell_pattern(r, &t->namespace, NAMESPACE, where);
	else if (!is_found && looks_at_links(r))
		tell_pattern(r, &t->interface, INTERFACE, where);
}

/* Whether those of all namespaces were read: else one may be among the rest. */
static bool interfaces_are_known(const struct ns_list *list,
				 const struct blindness *b)
{
	EACH_NS (list, ns)
		if (ns->now.unread & 1u << LAYER_LINK)
			return false;
	return !b->n_skipped && !b->entering.errors[0];
}

void report_idle_log(struct report *r, const struct ns_list *list,
		     const struct blindness *b)
{
	struct reporter *reporter = r->reporter;
	const struct settings *s = reporter->settings;

	if (reporter->told_idle || !b->settled)
		return;
	if (!reporter->told_idle_namespaces)
		tell_selection(r, &s->namespaces, NAMESPACE);
	reporter->told_idle_namespaces = true;
	if (!interfaces_are_known(list, b))
		return;
	if (looks_at_links(r))
		tell_selection(r, &s->interfaces, INTERFACE);
	for (size_t i = 0; i < s->thresholds.n; i++)
		tell_threshold(r, list, &s->thresholds.items[i]);
	reporter->told_idle = true;
}
