/* SPDX-License-Identifier: MIT */
#include "probes/contradiction.h"

#include <string.h>

#include "probes/catalogue.h"

typedef void tell_fn(const char *text);

/* Sets of layers. */
struct layers {
	uint32_t looked_at; /* as Layer and IgnoreLayer say */
	uint32_t read;	    /* of these what no other option keeps from it */
};

static struct layers layers_of_settings(const struct settings *s)
{
	struct layers l = {settings_layers(s), settings_layers(s)};

	if (s->drop_reasons == CHOICE_FALSE)
		l.read &= ~(1u << LAYER_DROPREASON);
	return l;
}

#define NOT_LOOKED_AT "does nothing: its layer is not looked at"
#define NOT_READ "does nothing: DropReasons is false"

/* ---- one option and another ---- */

/* Whether a list that is turned around has nothing in it. */
static bool is_turned_in_vain(const struct selection *s)
{
	return s->ignore && !s->n && !s->refused;
}

static bool ignores_no_namespace(const struct settings *s)
{
	return is_turned_in_vain(&s->namespaces);
}

static bool ignores_no_interface(const struct settings *s)
{
	return is_turned_in_vain(&s->interfaces);
}

static bool ignores_no_layer(const struct settings *s)
{
	return is_turned_in_vain(&s->layers);
}

static bool leaves_no_layer(const struct settings *s)
{
	return !settings_layers(s);
}

static bool has_classes_of_nothing(const struct settings *s)
{
	return s->classes && !(settings_layers(s) & 1u << LAYER_QDISC);
}

static bool has_interfaces_of_nothing(const struct settings *s)
{
	return s->interfaces.n &&
	       !(settings_layers(s) & (1u << LAYER_LINK | 1u << LAYER_QDISC));
}

static const struct {
	bool (*is_so)(const struct settings *s);
	const char *text;
} pairs[] = {
	{ignores_no_namespace,
	 "option \"IgnoreNamespace\" does nothing: there is "
	 "no Namespace to leave out"},
	{ignores_no_interface,
	 "option \"IgnoreInterface\" does nothing: there is "
	 "no Interface to leave out"},
	{ignores_no_layer,
	 "option \"IgnoreLayer\" does nothing: there is no Layer to leave out"},
	{leaves_no_layer, "options \"Layer\" and \"IgnoreLayer\" leave no "
			  "layer: nothing is looked at"},
	{has_classes_of_nothing,
	 "option \"Classes\" does nothing: it is for the "
	 "layer qdisc, which is not looked at"},
	{has_interfaces_of_nothing,
	 "option \"Interface\" does nothing: it is for the "
	 "layers link and qdisc, which are not looked at"},
};

static void tell_budgets(const struct settings *s, double interval,
			 tell_fn *tell)
{
	double read = s->read_budget > 0 ? s->read_budget : interval / 2;
	char text[SETTINGS_TEXT];

	if (s->read_budget > interval) {
		format_text(
			text, sizeof(text),
			"option \"ReadBudget\" is %.9g, above the interval of "
			"%.9g seconds: while a read takes longer than "
			"that, the next ones are left out",
			s->read_budget, interval);
		tell(text);
	}
	if (s->namespace_budget > read) {
		format_text(
			text, sizeof(text),
			"option \"NamespaceBudget\" is %.9g, above ReadBudget, "
			"which is %.9g: one network namespace may take all "
			"the time of a read",
			s->namespace_budget, read);
		tell(text);
	}
}

/* ---- patterns, of what there is ---- */

static void tell_why(const char *option, const struct pattern *p,
		     const char *where, const char *why, tell_fn *tell)
{
	char text[SETTINGS_TEXT];

	format_text(text, sizeof(text), "option %s \"%.120s\"%s %s", option,
		    p->text, where, why);
	tell(text);
}

static void tell_no_layer(const struct pattern *p, const char *where,
			  tell_fn *tell)
{
	char why[SETTINGS_TEXT] = "matches no layer, which are ";

	for (int i = 0; i < N_LAYERS; i++) {
		size_t n = strlen(why);

		format_text(why + n, sizeof(why) - n, "%s%s", i ? ", " : "",
			    layer_name(i));
	}
	tell_why("Layer", p, where, why, tell);
}

static void tell_counter(const struct pattern *p, const struct layers *layers,
			 tell_fn *tell)
{
	if (!catalogue_has_counter(p, ~0u))
		tell_why("Counter", p, "",
			 "matches no optional counter: pktloss --list says "
			 "which are optional",
			 tell);
	else if (!catalogue_has_counter(p, layers->looked_at))
		tell_why("Counter", p, "", NOT_LOOKED_AT, tell);
	else if (!catalogue_has_counter(p, layers->read))
		tell_why("Counter", p, "", NOT_READ, tell);
}

static uint32_t layers_of_pattern(const struct pattern *p)
{
	uint32_t layers = 0;

	for (int i = 0; i < N_LAYERS; i++)
		if (pattern_matches(p, layer_name(i)))
			layers |= 1u << i;
	return layers;
}

/* To ignore what is not read anyway is no mistake. */
static void tell_layer(const struct settings *s, const struct pattern *p,
		       const struct layers *layers, tell_fn *tell)
{
	uint32_t matched = layers_of_pattern(p);

	if (!matched)
		tell_no_layer(p, "", tell);
	else if (!s->layers.ignore && !(matched & layers->read))
		tell_why("Layer", p, "", NOT_READ, tell);
}

/* ---- thresholds ---- */

/* The layers that it may be for; a ratio of one is "tcp-listen". */
static uint32_t layers_of(const struct threshold *t)
{
	uint32_t layers = layers_of_pattern(&t->layer);
	const char *text = t->layer.text;

	for (int i = 0; i < N_LAYERS && !t->layer.is_regex && text; i++) {
		const char *name = layer_name(i);
		size_t n = strlen(name);

		if (!strncmp(text, name, n) && text[n] == '-')
			layers |= 1u << i;
	}
	return layers;
}

static bool is_twin(const struct pattern *a, const struct pattern *b)
{
	return a->text && b->text ? !strcmp(a->text, b->text)
				  : a->text == b->text;
}

static bool is_for_the_same(const struct threshold *a,
			    const struct threshold *b)
{
	return is_twin(&a->layer, &b->layer) &&
	       is_twin(&a->namespace, &b->namespace) &&
	       is_twin(&a->interface, &b->interface) &&
	       is_twin(&a->rule, &b->rule);
}

static void tell_repeated(const struct thresholds *all, size_t i, tell_fn *tell)
{
	char text[SETTINGS_TEXT];

	for (size_t j = 0; j < i; j++) {
		if (!is_for_the_same(&all->items[i], &all->items[j]))
			continue;
		format_text(text, sizeof(text),
			    "<Threshold> block %u does nothing: block %u is "
			    "for the same, and the first one is used",
			    all->items[i].number, all->items[j].number);
		tell(text);
		return;
	}
}

static void tell_misplaced(const struct threshold *t,
			   const struct layers *layers, tell_fn *tell)
{
	char where[64];

	format_text(where, sizeof(where), " of <Threshold> block %u",
		    t->number);
	if (!layers_of(t))
		tell_no_layer(&t->layer, where, tell);
	else if (t->layer.text && !(layers_of(t) & layers->looked_at))
		tell_why("Layer", &t->layer, where,
			 "does nothing: that layer is not looked at", tell);
	else if (t->layer.text && !(layers_of(t) & layers->read))
		tell_why("Layer", &t->layer, where, NOT_READ, tell);
}

void contradictions_tell(const struct settings *s, double interval,
			 void (*tell)(const char *text))
{
	struct layers layers = layers_of_settings(s);

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (pairs[i].is_so(s))
			tell(pairs[i].text);
	tell_budgets(s, interval, tell);
	for (size_t i = 0; i < s->counters.n; i++)
		tell_counter(&s->counters.items[i], &layers, tell);
	for (size_t i = 0; i < s->layers.n; i++)
		tell_layer(s, &s->layers.items[i], &layers, tell);
	for (size_t i = 0; i < s->thresholds.n; i++) {
		tell_misplaced(&s->thresholds.items[i], &layers, tell);
		tell_repeated(&s->thresholds, i, tell);
	}
}
