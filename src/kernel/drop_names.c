/* SPDX-License-Identifier: MIT */
#include "kernel/drop_names.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/array.h"

/*
 * The upper half of a reason is the subsystem that it is of, 0 that of the
 * kernel itself; the number of each is in an enum of its own.
 */
#define SUBSYSTEM_SHIFT 16
#define OF_KERNEL "skb_drop_reason"
#define OF_SUBSYSTEMS "skb_drop_reason_subsys"
#define ENDS_IN "_drop_reason" /* mac80211_drop_reason, ovs_drop_reason */

/* Those of the kernel's that are none, but tell where they end. */
static const char *const no_reasons[] = {"MAX", "SUBSYS_MASK"};

/* Longer ones go first. */
static const char *const prefixes[] = {
	"SKB_DROP_REASON_SUBSYS_",
	"SKB_DROP_REASON_",
	"___",
};

static const char *without_prefix(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return name + strlen(prefixes[i]);
	return name;
}

static bool is_reason(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(no_reasons); i++)
		if (!strcmp(name, no_reasons[i]))
			return false;
	return true;
}

static int add_name(struct drop_names *names, uint32_t reason, const char *name)
{
	struct drop_name *item;

	if (!is_reason(name))
		return 0;
	item = ARRAY_ADD(names);
	if (!item)
		return -ENOMEM;
	item->reason = reason;
	item->name = strdup(name);
	if (!item->name)
		names->n--;
	return item->name ? 0 : -ENOMEM;
}

/* A subsystem is called by the reason that none of its own is: number 0. */
static int add_enum(struct drop_names *names, const struct btf *btf,
		    const struct btf_type *type, bool are_subsystems)
{
	const struct btf_enum *e = btf_enum(type);
	int r = 0;

	for (unsigned i = 0; r == 0 && i < btf_vlen(type); i++) {
		uint32_t value = e[i].val;
		const char *name =
			without_prefix(btf__name_by_offset(btf, e[i].name_off));

		if (!are_subsystems)
			r = add_name(names, value, name);
		else if (value)
			r = add_name(names, value << SUBSYSTEM_SHIFT, name);
	}
	return r;
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), n_end = strlen(end);

	return n > n_end && !strcmp(name + n - n_end, end);
}

/* All that have such names, from a type on: a module's follow the kernel's. */
static int add_enums(struct drop_names *names, const struct btf *btf,
		     unsigned from)
{
	int r = 0;

	for (unsigned i = from; r == 0 && i < btf__type_cnt(btf); i++) {
		const struct btf_type *type = btf__type_by_id(btf, i);
		const char *name;

		if (!btf_is_enum(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (!strcmp(name, OF_SUBSYSTEMS))
			r = add_enum(names, btf, type, true);
		else if (!strcmp(name, OF_KERNEL) || ends_in(name, ENDS_IN))
			r = add_enum(names, btf, type, false);
	}
	return r;
}

/* One that is not loaded, or is none but a part of the kernel, has no file. */
static int add_module(struct drop_names *names, const struct btf *kernel,
		      const char *module)
{
	struct btf *btf =
		btf__load_module_btf(module, (struct btf *)(uintptr_t)kernel);
	int r;

	if (!btf)
		return 0;
	r = add_enums(names, btf, btf__type_cnt(kernel));
	btf__free(btf);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	const struct drop_name *x = a, *y = b;

	return (x->reason > y->reason) - (x->reason < y->reason);
}

int drop_names_read(struct drop_names *names, const struct btf *kernel)
{
	static const char *const modules[] = {"mac80211", "openvswitch"};
	int r = add_enums(names, kernel, 1);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(modules); i++)
		r = add_module(names, kernel, modules[i]);
	if (r == 0 && !names->n)
		r = -ENOENT;
	if (r == 0)
		qsort(names->items, names->n, sizeof(*names->items),
		      compare_names);
	return r;
}

void drop_names_free(struct drop_names *names)
{
	while (names->n)
		free(names->items[--names->n].name);
	free(names->items);
	*names = (struct drop_names) {0};
}

static const char *find_exact(const struct drop_names *names, uint32_t reason)
{
	const struct drop_name key = {.reason = reason}, *found = NULL;

	if (names->n)
		found = bsearch(&key, names->items, names->n,
				sizeof(*names->items), compare_names);
	return found ? found->name : NULL;
}

const char *drop_names_find(const struct drop_names *names, uint32_t reason)
{
	const uint32_t of_subsystem = reason >> SUBSYSTEM_SHIFT
							<< SUBSYSTEM_SHIFT;
	const char *name = find_exact(names, reason);

	if (!name && of_subsystem)
		name = find_exact(names, of_subsystem);
	return name ? name : "UNKNOWN";
}
