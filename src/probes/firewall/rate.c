/* SPDX-License-Identifier: MIT */
#include "probes/firewall/rate.h"

#include <string.h>

#include <linux/netfilter/xt_connlimit.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_quota.h>
#include <linux/netfilter/xt_rateest.h>
#include <linux/netfilter/xt_recent.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)

void firewall_rate_average(struct firewall_rate *rate, uint64_t avg,
			   uint64_t scale)
{
	static const uint32_t units[] = {1, MINUTE, HOUR, DAY};

	/* the first unit in which next to nothing is left over */
	for (size_t i = 0; avg && i < ARRAY_SIZE(units); i++) {
		uint64_t all = scale * units[i];

		rate->seconds = units[i];
		rate->amount = all / avg;
		if (all / avg > all % avg * 10 / avg)
			return;
	}
}

/* Copies what there is of an info; the rest is 0. */
#define TAKE(to, info, n)                                                      \
	do {                                                                   \
		memset(&(to), 0, sizeof(to));                                  \
		memcpy(&(to), info, (n) < sizeof(to) ? (n) : sizeof(to));      \
	} while (0)

static void take_limit(unsigned revision, const void *info, size_t n,
		       struct firewall_rate *ret)
{
	struct xt_rateinfo v;

	(void)revision;
	TAKE(v, info, n);
	firewall_rate_average(ret, v.avg, XT_LIMIT_SCALE);
}

/* The three revisions, as far as they are looked at. */
static void take_hashlimit(unsigned revision, const void *info, size_t n,
			   struct firewall_rate *ret)
{
	struct xt_hashlimit_mtinfo1 v1;
	struct xt_hashlimit_mtinfo2 v2;
	struct xt_hashlimit_mtinfo3 v3;
	uint32_t mode;

	if (revision == 1) {
		TAKE(v1, info, n);
		mode = v1.cfg.mode;
		firewall_rate_average(ret, v1.cfg.avg, XT_HASHLIMIT_SCALE);
	} else if (revision == 2) {
		TAKE(v2, info, n);
		mode = v2.cfg.mode;
		firewall_rate_average(ret, v2.cfg.avg, XT_HASHLIMIT_SCALE_v2);
	} else {
		TAKE(v3, info, n);
		mode = v3.cfg.mode;
		firewall_rate_average(ret, v3.cfg.avg, XT_HASHLIMIT_SCALE_v2);
	}
	ret->is_over = mode & XT_HASHLIMIT_INVERT;
	if (mode & XT_HASHLIMIT_BYTES) /* which are counted otherwise */
		ret->amount = 0;
}

static void take_connlimit(unsigned revision, const void *info, size_t n,
			   struct firewall_rate *ret)
{
	struct xt_connlimit_info v;

	(void)revision;
	TAKE(v, info, n);
	ret->amount = v.limit;
	ret->is_over = !(v.flags & XT_CONNLIMIT_INVERT);
}

static void take_quota(unsigned revision, const void *info, size_t n,
		       struct firewall_rate *ret)
{
	struct xt_quota_info v;

	(void)revision;
	TAKE(v, info, n);
	ret->amount = v.quota;
	ret->is_bytes = true;
	ret->is_over = v.flags & XT_QUOTA_INVERT;
}

/* Without a number of hits it asks a list of addresses, which is no rate. */
static void take_recent(unsigned revision, const void *info, size_t n,
			struct firewall_rate *ret)
{
	struct xt_recent_mtinfo v;

	(void)revision;
	TAKE(v, info, n);
	ret->amount = v.hit_count;
	ret->seconds = v.seconds;
	if (!v.hit_count ||
	    !(v.check_set & (XT_RECENT_CHECK | XT_RECENT_UPDATE)))
		ret->kind = RATE_NONE;
}

static void take_estimate(unsigned revision, const void *info, size_t n,
			  struct firewall_rate *ret)
{
	(void)revision;
	(void)info;
	(void)n;
	(void)ret;
}

/* By kind. What nf_tables calls it is NULL where it has none of its own. */
static const struct {
	const char *match, *nft;
	void (*take)(unsigned revision, const void *info, size_t n,
		     struct firewall_rate *ret);
} kinds[N_RATE_KINDS] = {
	[RATE_NONE] = {"", NULL, NULL},
	[RATE_LIMIT] = {"limit", "limit", take_limit},
	[RATE_HASHLIMIT] = {"hashlimit", NULL, take_hashlimit},
	[RATE_CONNLIMIT] = {"connlimit", "ct count", take_connlimit},
	[RATE_QUOTA] = {"quota", "quota", take_quota},
	[RATE_RECENT] = {"recent", NULL, take_recent},
	[RATE_ESTIMATE] = {"rateest", NULL, take_estimate},
};

/* Each match of each rule is asked for: the first letter tells most apart. */
static uint8_t kind_of(const char *match)
{
	for (unsigned i = RATE_NONE + 1; i < N_RATE_KINDS; i++)
		if (kinds[i].match[0] == match[0] &&
		    !strcmp(kinds[i].match, match))
			return i;
	return RATE_NONE;
}

bool firewall_rate_match(const char *name, unsigned revision, const void *info,
			 size_t n, struct firewall_rate *ret)
{
	struct firewall_rate rate = {.kind = kind_of(name)};

	if (!rate.kind)
		return false;
	kinds[rate.kind].take(revision, info, n, &rate);
	if (rate.kind)
		*ret = rate;
	return rate.kind;
}

#define PACKED_OVER 0x100
#define PACKED_BYTES 0x200
#define PACKED_EACH 0x400

uint64_t firewall_rate_pack(const struct firewall_rate *rate)
{
	return rate->kind | (rate->is_over ? PACKED_OVER : 0) |
	       (rate->is_bytes ? PACKED_BYTES : 0) |
	       (rate->is_each ? PACKED_EACH : 0) |
	       (uint64_t)rate->seconds << 32;
}

struct firewall_rate firewall_rate_unpack(uint64_t packed, uint64_t amount)
{
	uint8_t kind = (uint8_t)packed;

	return (struct firewall_rate) {
		.amount = amount,
		.seconds = (uint32_t)(packed >> 32),
		.kind = kind < N_RATE_KINDS ? kind : RATE_NONE,
		.is_over = packed & PACKED_OVER,
		.is_bytes = packed & PACKED_BYTES,
		.is_each = packed & PACKED_EACH,
	};
}

/* "/s", "/min", or " in 45 s". */
static void write_time(uint32_t seconds, char *buffer, size_t size)
{
	static const struct {
		uint32_t seconds;
		const char *text;
	} units[] = {{0, ""},	   {1, "/s"},	  {MINUTE, "/min"},
		     {HOUR, "/h"}, {DAY, "/day"}, {WEEK, "/week"}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].seconds == seconds) {
			format_text(buffer, size, "%s", units[i].text);
			return;
		}
	format_text(buffer, size, " in %u s", seconds);
}

void firewall_rate_words(const struct firewall_rate *rate, bool is_nft,
			 char *buffer, size_t size)
{
	const char *name = kinds[rate->kind].match;
	char time[24];

	if (is_nft && kinds[rate->kind].nft)
		name = kinds[rate->kind].nft;
	write_time(rate->seconds, time, sizeof(time));
	if (rate->kind == RATE_RECENT)
		format_text(buffer, size, "%s %llu hits in %u s", name,
			    (unsigned long long)rate->amount, rate->seconds);
	else if (rate->amount)
		format_text(buffer, size, "%s%s %s%llu%s%s",
			    rate->is_each ? "meter " : "", name,
			    rate->is_over ? "over " : "",
			    (unsigned long long)rate->amount,
			    rate->is_bytes ? " bytes" : "", time);
	else
		format_text(buffer, size, "%s%s", rate->is_each ? "meter " : "",
			    name);
}
