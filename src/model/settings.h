/* SPDX-License-Identifier: MIT */
/*
 * What can be configured. The table below is the only list of options: the
 * parser, conf/pktloss.conf and the manual are made from it.
 */
#ifndef PKTLOSS_MODEL_SETTINGS_H
#define PKTLOSS_MODEL_SETTINGS_H

#include "model/sample.h"
#include "model/selection.h"
#include "model/alarm.h"

/* A value as collectd's parser hands it over. */
struct option_value {
	enum {
		VALUE_STRING,
		VALUE_NUMBER,
		VALUE_BOOLEAN,
		VALUE_OTHER /* not one value: no option takes that */
	} type;
	const char *string;
	double number;
	bool boolean;
};

struct config_option {
	const char *name;
	const char *doc;	 /* one paragraph */
	bool in_threshold;	 /* belongs in a <Threshold> block */
	uint8_t kind;		 /* private to settings.c */
	uint16_t offset;	 /* where it is kept, private to settings.c */
	double most;		 /* of a number, 0: as its kind has it */
	struct option_value def; /* its type is the one that is expected */
};

extern const struct config_option options_table[];
extern const size_t n_options;

struct threshold {
	struct pattern layer, namespace, interface, rule;
	struct limits limits;
	bool has_failure; /* FailureMax was set */
	unsigned number;  /* of its block, from 1 */
};

/* What may be wanted, or not, or only where it costs no complaint. */
enum choice {
	CHOICE_FALSE,
	CHOICE_TRUE,
	CHOICE_AUTO,
};

struct settings {
	struct selection namespaces, interfaces, layers, counters;
	bool report_idle, report_heartbeat, classes;
	uint8_t drop_reasons; /* enum choice */
	bool names_at_once; /* no option: pktloss(8) waits for no better name */
	double read_budget; /* seconds, 0: half the interval */
	double namespace_budget; /* seconds, 0: a tenth of that */
	double repeat; /* of alarms whose limits have none of their own */
	unsigned max_namespaces, max_series, max_rules, max_sockets;
	char *proc_root;
	char *state_file; /* NULL: none */
	struct thresholds {
		struct threshold *items;
		size_t n, max;
		unsigned n_begun; /* those that were taken back, too */
	} thresholds;
	struct limits limits; /* where none of the thresholds matches */
};

/*
 * Fills in the defaults of the table. Returns 0, to be freed with
 * settings_free(), or -ENOMEM.
 */
int MUST_CHECK settings_init(struct settings *s);
void settings_free(struct settings *s);

/* Appends a threshold with default limits. Returns 0 or -ENOMEM. */
int MUST_CHECK settings_add_threshold(struct settings *s);
/* Takes back the one appended last. */
void settings_drop_threshold(struct settings *s);

#define SETTINGS_TEXT 512

/*
 * Ends the one appended last: its FailureMax is never below its WarningMax,
 * unless somebody set it so. Returns true for that, with a complaint.
 */
bool settings_end_threshold(struct settings *s, char text[SETTINGS_TEXT]);

/*
 * Sets one option, outside a <Threshold> block or, with in_threshold, of the
 * threshold added last. Returns 0, -ENOENT (there is no such option), -EINVAL
 * (a value of the wrong type or out of range, or a regular expression that
 * does not compile), or -ENOMEM. On error nothing is changed, but a selection
 * is not everything any more: it has a pattern that nothing matches.
 */
int MUST_CHECK settings_set(struct settings *s, bool in_threshold,
			    const char *name, const struct option_value *value);

/* Whether an option outside of thresholds is such a selection. Pure. */
bool settings_selects(const char *name);

/* What an option takes, in words: "a whole number from 1 to 4096". Pure. */
void settings_allowed(const struct config_option *option,
		      char text[SETTINGS_TEXT]);

/* Says why settings_set() returned that error. Pure. */
void settings_complain(bool in_threshold, const char *name,
		       const struct option_value *value, int error,
		       char text[SETTINGS_TEXT]);

/* The layers that are wanted: bit i is enum layer i. */
uint32_t settings_layers(const struct settings *s);

/* What limits are for. */
struct limits_of {
	enum layer layer;
	enum direction direction;
	const char *namespace; /* "" for collectd's own */
	const char *interface; /* "" for what has none */
	const char *rule; /* of the firewall, that dropped most; "": none did */
	enum limits_kind kind;
};

/*
 * The limits for a place: of the first threshold that matches, else the
 * built-in ones, which differ with the character of the loss; those of a
 * table that fills up are its own. For LIMITS_REPEATED a threshold matches
 * only if it says which interface, for LIMITS_POLICY and LIMITS_UNEXPLAINED
 * only if it says which layer or rule.
 * The result lives as long as s and its thresholds are left alone.
 */
const struct limits *settings_limits(const struct settings *s,
				     const struct limits_of *of);

#endif
