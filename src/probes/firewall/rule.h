/* SPDX-License-Identifier: MIT */
/*
 * A rule that drops, whichever engine has it, and the object that stands for
 * it in a sample. Its packets are its row of KIND_PART (the rule has a
 * comment, hence a stable name) or KIND_DETAIL, its comment is the object's
 * label, and what else is known of it are rows of KIND_FACT.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_RULE_H
#define PKTLOSS_PROBES_FIREWALL_RULE_H

#include "base/token.h"
#include "model/explain.h"
#include "model/sample_query.h"
#include "probes/firewall/rate.h"

enum firewall_target {
	FIREWALL_DROP,
	FIREWALL_REJECT,
	FIREWALL_POLICY, /* of a chain, that drops */
	FIREWALL_QUEUE,	 /* to a queue that nobody listens to */
	FIREWALL_MAP,	 /* asks a verdict map, whose elements drop */
	FIREWALL_TPROXY, /* to a proxy: drops if no socket takes them */
	FIREWALL_REST,	 /* rules beyond MaxRules, as one */
	FIREWALL_RESET,	 /* rejects with a TCP reset, which is no ICMP */
};

struct firewall_counts {
	uint64_t packets; /* skbs: a GSO bundle is one */
	uint64_t bytes;
};

/* An element of a verdict map that drops, and counts it. */
struct firewall_part {
	const struct firewall_part *next;
	uint64_t key; /* hash of what it stands for */
	struct firewall_counts counts;
};

struct firewall_rule {
	uint64_t look;	    /* hash of what it says, its comment included */
	uint64_t counts_of; /* of what has its counts; 0: it has them itself */
	uint64_t handle;    /* nf_tables; of a policy: its chain's */
	struct firewall_counts counts;
	struct firewall_counts since;	   /* counted since the read before */
	const struct firewall_part *parts; /* of the map that it asks */
	struct token comment;		   /* as its owner wrote it, or empty */
	uint32_t number;    /* in its chain, from 1; of a policy: 0 */
	uint32_t uncounted; /* how many things here drop without a counter */
	/* a `statistic` match: */
	uint32_t probability; /* the share it picks in 2^-31, if is_random */
	uint32_t every;	      /* it picks one packet in that many, or 0 */
	struct firewall_rate rate; /* it picks by how many come */
	uint16_t queue;	   /* FIREWALL_QUEUE: this and n_queues - 1 more */
	uint16_t n_queues; /* 0: any, it is computed */
	uint16_t port;	   /* FIREWALL_TPROXY: of the proxy, 0: any */
	uint8_t target;	   /* enum firewall_target */
	bool is_nft;	   /* nf_tables has it: it is known by its handle */
	bool is_random;	   /* probability 0: it is not known */
	bool is_behind;	   /* the rule before lets pass what the rate allows */
	bool is_last;	   /* of all that comes to its chain, or of a family, it
			      drops what no rule before let pass */
	bool is_invalid;   /* drops what conntrack calls invalid */
	uint8_t only;	   /* FAMILY_IP, _IP6: in a table of inet it sees no
			      other; else FAMILY_NONE */
	bool is_counted;   /* counts holds just what it dropped */
	bool is_refusing;  /* FIREWALL_REST: some of them answer with ICMP */
	bool is_young;	   /* it has come since the read before: it counts
			      from 0, or from where one like it was */
	bool knows_since;  /* since is known */
	uint8_t is_new;	   /* in so many reads it was there, of the first few
			      since it came while somebody watched; or 0 */
};

/* A rule is new for so many reads. */
#define FIREWALL_NEW_READS 10

/* Facts of a rule, as in struct firewall_rule. */
enum firewall_fact {
	FIREWALL_NUMBER,
	FIREWALL_TARGET,
	FIREWALL_HANDLE, /* nf_tables only */
	FIREWALL_QUEUE_NUMBER,
	FIREWALL_PROBABILITY,
	FIREWALL_EVERY,
	FIREWALL_UNCOUNTED,
	FIREWALL_NEW,
	/*
	 * Of a chain: some of its counts have gone since the read before, or
	 * began anew: that many of which something had been counted by then.
	 * What they counted in between is not known.
	 */
	FIREWALL_REPLACED,
	FIREWALL_RATE, /* firewall_rate_pack() */
	FIREWALL_AMOUNT,
	FIREWALL_BEHIND,
	FIREWALL_PORT,
	FIREWALL_MATCHED,   /* packets that it got: of FIREWALL_TPROXY */
	FIREWALL_DIRECTION, /* enum direction, of one without a counter */
	FIREWALL_REFUSING,  /* of rules beyond MaxRules: some reject */
	/* of one without a counter: */
	FIREWALL_LAST,
	FIREWALL_INVALID,
	FIREWALL_ONLY,
	N_FIREWALL_FACTS,
};
extern const struct counter firewall_facts[N_FIREWALL_FACTS];

/* Of a port that TPROXY rules hand packets to: somebody listens there. */
extern const struct counter firewall_listening;

#define FIREWALL_PROXY 16

/* What the object that has it is called: by its port it is found. */
static inline void firewall_proxy_name(char name[FIREWALL_PROXY], uint16_t port)
{
	format_text(name, FIREWALL_PROXY, "proxy%u", port);
}

/* Connections of IPVS whose real server is gone; the first one is the label. */
extern const struct counter firewall_orphans;
extern const struct counter firewall_more_orphans; /* there may be: 1 */

/* Counters of a direction: DIR_RX, DIR_TX, DIR_FWD. */
enum firewall_role {
	FIREWALL_CHAIN,	      /* packets that a chain dropped */
	FIREWALL_CHAIN_BYTES, /* their bytes */
	FIREWALL_RULE,	      /* packets that a rule with a comment dropped */
	FIREWALL_RULE_BYTES,  /* their bytes */
	FIREWALL_DETAIL,      /* packets of a rule without one, of a policy */
	N_FIREWALL_ROLES,
};

/* The fact of a rule that is policy: see firewall_is_policy(). */
#define FIREWALL_IS_POLICY ((size_t)N_FIREWALL_ROLES * 3)
/* Of a chain: packets since the read before, if new counters began at 0. */
#define FIREWALL_FRESH (FIREWALL_IS_POLICY + 1)
/* of a rule that drops what IP has sent, without a counter */
#define FIREWALL_BELOW (FIREWALL_FRESH + 1)
#define N_FIREWALL_ROWS (FIREWALL_BELOW + 1)
extern const struct counter firewall_rows[N_FIREWALL_ROWS];
extern const struct counter_table firewall_others[]; /* see struct probe */
extern const struct counter_table firewall_table;    /* of both engines */

const struct counter *firewall_counter(enum firewall_role role,
				       enum direction direction);

/*
 * The direction of a set of 1 << enum direction: of several, received goes
 * first, then forwarded, then sent. DIR_NONE of none.
 */
enum direction firewall_direction(unsigned directions);

/* "ip", "inet"; "?" for FAMILY_NONE. */
const char *firewall_family_name(enum family family);

/*
 * Takes over what a match of x_tables says, n bytes of a struct of its own, as
 * far as it is a chance or a rate.
 */
void firewall_rule_match(struct firewall_rule *rule, const char *name,
			 unsigned revision, const void *info, size_t n);

/*
 * What the rule before one lets pass: all that matches, as long as there is
 * not more than its rate of it. matches is the hash of what else it matches.
 */
struct firewall_pass {
	struct firewall_rate rate; /* RATE_NONE: it is no such rule */
	uint64_t matches;
};

/*
 * Tells that a rule stands behind that one: if it drops what matches the same,
 * it drops by that rate.
 */
void firewall_rule_behind(struct firewall_rule *rule, uint64_t matches,
			  const struct firewall_pass *before);

/*
 * Whether what an object stands for tells senders with an ICMP error that is
 * counted as one: rejects of families bridge and netdev are made by hand. In
 * front of IP a table of inet answers as it does behind: FAMILY_INGRESS.
 */
bool firewall_answers(const struct sample *s, const struct object *o);

/* Whether it drops all that it matches, always: no chance, rate or queue. */
bool firewall_rule_is_policy(const struct firewall_rule *rule);

/*
 * By which chance or rate a rule picks packets, as in struct firewall_rule. All
 * 0: it does not.
 */
struct firewall_pick {
	struct firewall_rate rate;
	uint32_t probability, every;
	bool is_random;
	uint8_t unused[7]; /* 0: it is remembered as bytes */
};

/*
 * How a rule picks, if what is left of what comes is not let off by it: a rate
 * that a packet has to stay below picks the first few, as a rule that logs.
 */
struct firewall_pick firewall_pick_of(const struct firewall_rule *rule);
bool firewall_picks(const struct firewall_pick *pick);

/*
 * What matches a rule is dropped anyway, if not by it then by those behind: if
 * it picks what is below a rate, that is of how it drops (it answers, it logs),
 * and not of how many. So its rate is forgotten.
 */
void firewall_rule_leads(struct firewall_rule *rule);

/* What drops all that it matches, in a chain to which only so many come. */
void firewall_rule_picked(struct firewall_rule *rule,
			  const struct firewall_pick *pick);

/*
 * Appends a count to the object appended last: the kernel's, or since the
 * second read, if since is not NULL, what was told then and that many more.
 */
void firewall_append_count(struct sample *out, const struct counter *counter,
			   uint64_t kernels, const uint64_t *since);

/* Appends the rows of a rule to the object appended last. */
void firewall_rule_append(const struct firewall_rule *rule,
			  enum direction direction, struct sample *out);

/*
 * The rule that an object stands for, as far as words need it: without counts
 * and comment. False when it is none.
 */
bool firewall_rule_of(const struct sample *s, const struct object *o,
		      struct firewall_rule *ret);

/* causes.c, reasons.c: which rules lose packets, and what it means. */
enum firewall_reason {
	REASON_RULE,
	REASON_POLICY,
	REASON_MAP,
	REASON_CHANCE,
	REASON_RATE,
	REASON_QUEUE_UNREAD,
	REASON_QUEUE_FULL,
	REASON_QUEUE_SOCKET,
	REASON_QUEUE_VERDICT,
	REASON_TPROXY,
	REASON_IPVS,
	REASON_UNCOUNTED,
	REASON_UNCOUNTED_POLICY,
	REASON_UNCOUNTED_RATE,
	REASON_GAP,
	N_FIREWALL_REASONS,
};
extern const struct reason firewall_reasons[N_FIREWALL_REASONS + 1];
extern const struct explainer firewall_explainers[];
/* Suspects them of what vanished in IP without a counter. */
void firewall_attribute(const struct sample *s, struct losses *l);
bool firewall_explain_uncounted(const struct sample *s, const struct loss *loss,
				struct cause *ret);
/* Of these packets those that were dropped on purpose, see loss->meant. */
bool firewall_explain_meant(const struct sample *s, const struct loss *loss,
			    struct cause *ret);
bool firewall_explain_proxied(const struct sample *s, const struct loss *loss,
			      struct cause *ret);

/*
 * beside_ip.c: rules at devices and of bridges drop without a counter what IP
 * does not miss, and by the kernel's own word it was dropped. Behind all that
 * is given to rules because IP misses it. Pure.
 */
void firewall_attribute_beside(const struct sample *s, struct losses *l);
bool firewall_explain_beside(const struct sample *s, const struct loss *loss,
			     struct cause *ret);

#endif
