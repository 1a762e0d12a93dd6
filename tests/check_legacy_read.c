/* SPDX-License-Identifier: MIT */
/*
 * How legacy tables are asked for: of iptables, ip6tables, arptables and
 * ebtables. The kernel has those of tests/fixtures, its hooks and bridges are
 * what a test says; the linker sends the calls of the library through here.
 */
#include <net/if.h> /* before the kernel's, or they clash */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/rtnetlink.h>
#include <sys/utsname.h>

#include "answering_kernel.h"
#include "kernel/procnet.h"
#include "probes/firewall/firewall.h"
#include "ebtables_file.h"
#include "xtables_file.h"

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *size);
int __wrap_uname(struct utsname *name);

#define HOOK_PRIORITY 2 /* NFNLA_HOOK_PRIORITY */

static struct {
	int error;	       /* of each question for entries, */
	int info_error, fails; /* for a size; so many times */
	unsigned longer;       /* bytes that an answer is too long by */
	uint32_t size;	       /* that is told, 0: the right one */
	unsigned n_infos, n_entries;
	const char *failing; /* the only table of ebtables that does, or NULL */
	bool has_hook, has_bridge, no_hooks;
	const char *release;
} tables;

static struct tree tree;
static struct netlink netlink;
static struct sample now;
static char buffer[65536];
static struct procnet net = PROCNET(tree.path);
static struct probe_env env = {.net = &net,
			       .netlink = &netlink,
			       .probes = probes,
			       .buffer = buffer,
			       .size = sizeof(buffer),
			       .max_rules = 64};

/* A raw socket needs a right; nothing but options is asked of it. */
int __wrap_socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK)
		return __real_socket(domain, type, protocol);
	ck_assert_int_eq(type, SOCK_RAW | SOCK_CLOEXEC);
	ck_assert_int_eq(protocol, IPPROTO_RAW);
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_uname(struct utsname *name)
{
	snprintf(name->release, sizeof(name->release), "%s", tables.release);
	return 0;
}

static int refuse(int error)
{
	errno = -error;
	return -1;
}

static char *load(enum family family, const char *table, struct xt_blob *ret)
{
	static const char *const names[] = {
		[FAMILY_IP] = "ip", [FAMILY_IP6] = "ip6", [FAMILY_ARP] = "arp"};
	char name[80], *bytes;
	size_t n;

	snprintf(name, sizeof(name), "%s.%s.xt", names[family], table);
	bytes = fixture_read("6.18", name, &n);
	*ret = (struct xt_blob) {.family = family, .table = table};
	if (bytes)
		ck_assert_int_eq(xtables_file_parse(bytes, n, ret), 0);
	return bytes;
}

static int tell_ip(const struct xt_blob *blob, uint32_t n, void *value,
		   socklen_t *size)
{
	struct ipt_getinfo *info = value;

	ck_assert_uint_eq(*size, sizeof(*info));
	info->valid_hooks = blob->valid_hooks;
	memcpy(info->hook_entry, blob->hook_entry, sizeof(info->hook_entry));
	memcpy(info->underflow, blob->underflow, sizeof(info->underflow));
	info->size = n;
	*size -= tables.longer;
	return 0;
}

static int tell_arp(const struct xt_blob *blob, uint32_t n, void *value,
		    socklen_t *size)
{
	struct arpt_getinfo *info = value;

	ck_assert_uint_eq(*size, sizeof(*info));
	for (unsigned i = 0; i < NF_ARP_NUMHOOKS; i++) {
		unsigned hook = xtables_hook_of_arp(i);

		if (blob->valid_hooks & 1u << hook)
			info->valid_hooks |= 1u << i;
		info->hook_entry[i] = blob->hook_entry[hook];
		info->underflow[i] = blob->underflow[hook];
	}
	info->size = n;
	*size -= tables.longer;
	return 0;
}

static int tell_size(enum family family, const struct xt_blob *blob,
		     void *value, socklen_t *size)
{
	uint32_t n = tables.size ? tables.size : (uint32_t)blob->size;

	tables.n_infos++;
	if (tables.info_error)
		return refuse(tables.info_error);
	return family == FAMILY_ARP ? tell_arp(blob, n, value, size)
				    : tell_ip(blob, n, value, size);
}

static int tell_entries(const struct xt_blob *blob, char *value,
			socklen_t *size)
{
	size_t head = offsetof(struct ipt_get_entries, entrytable);

	tables.n_entries++;
	if (tables.error && tables.fails-- > 0)
		return refuse(tables.error);
	ck_assert_uint_eq(*size, head + blob->size);
	memcpy(value + head, blob->bytes, blob->size);
	*size -= tables.longer;
	return 0;
}

static int tell_xt(enum family family, bool is_info, void *value,
		   socklen_t *size)
{
	char table[XT_TABLE_MAXNAMELEN];
	struct xt_blob blob;
	char *bytes;
	int r;

	snprintf(table, sizeof(table), "%s", (char *)value);
	bytes = load(family, table, &blob);
	if (!bytes)
		return refuse(-ENOENT);
	r = is_info ? tell_size(family, &blob, value, size)
		    : tell_entries(&blob, value, size);
	free(bytes);
	return r;
}

static int tell_ebt(bool is_info, struct ebt_replace *info)
{
	struct ebt_blob blob = {.table = info->name};
	char name[80], *bytes;
	size_t n;

	snprintf(name, sizeof(name), "bridge.%s.ebt", info->name);
	bytes = fixture_read("6.1", name, &n);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(ebtables_file_parse(bytes, n, &blob), 0);
	if (is_info) {
		tables.n_infos++;
		info->valid_hooks = blob.valid_hooks;
		info->nentries = blob.n_counters;
		info->entries_size = tables.size ? tables.size : blob.size;
	} else {
		tables.n_entries++;
		ck_assert_uint_eq(info->num_counters, blob.n_counters);
		memcpy(info->counters, blob.counters,
		       blob.n_counters * sizeof(struct ebt_counter));
		memcpy(info->entries, blob.bytes, blob.size);
	}
	free(bytes);
	if (tables.failing && strcmp(info->name, tables.failing))
		return 0;
	if (is_info && tables.info_error)
		return refuse(tables.info_error);
	return !is_info && tables.error ? refuse(tables.error) : 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	if (level == IPPROTO_IP &&
	    (name == IPT_SO_GET_INFO || name == IPT_SO_GET_ENTRIES))
		return tell_xt(FAMILY_IP, name == IPT_SO_GET_INFO, value, size);
	if (level == IPPROTO_IPV6)
		return tell_xt(FAMILY_IP6, name == IP6T_SO_GET_INFO, value,
			       size);
	if (level == IPPROTO_IP &&
	    (name == ARPT_SO_GET_INFO || name == ARPT_SO_GET_ENTRIES))
		return tell_xt(FAMILY_ARP, name == ARPT_SO_GET_INFO, value,
			       size);
	if (level == IPPROTO_IP)
		return tell_ebt(name == EBT_SO_GET_INFO, value);
	return __real_getsockopt(fd, level, name, value, size);
}

static int say_hooks(void)
{
	struct message m = {.n = 0};
	struct nfgenmsg head = {.nfgen_family = NFPROTO_BRIDGE};

	if (tables.no_hooks)
		return -EOPNOTSUPP;
	message_begin(&m, 12 << 8, 0, 0);
	message_put(&m, &head, sizeof(head));
	/* those of ebtables in FORWARD and PREROUTING; 0 is of somebody else */
	attr_u32(&m, HOOK_PRIORITY,
		 htonl(tables.has_hook ? (uint32_t)-200 : 0));
	kernel_say_all(&m);
	return 0;
}

static int say_links(void)
{
	const char *kind = tables.has_bridge ? "bridge" : "dummy";
	struct ifinfomsg head = {.ifi_index = 3};
	struct message m = {.n = 0};
	size_t info;

	message_begin(&m, RTM_NEWLINK, 0, 0);
	message_put(&m, &head, sizeof(head));
	info = attr_begin(&m, IFLA_LINKINFO);
	attr_put(&m, IFLA_INFO_KIND, kind, strlen(kind) + 1);
	attr_end(&m, info);
	kernel_say_all(&m);
	return 0;
}

static int answer(const struct nlmsghdr *request)
{
	return request->nlmsg_type == RTM_GETLINK ? say_links() : say_hooks();
}

static void setup(void)
{
	tree_make(&tree);
	tree_put(&tree, "proc/cmdline", "");
	tree_put(&tree, "proc/modules", "");
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	netlink.kmods.root = tree.path;
	kernel.answer = answer;
	tables.release = "6.1.0";
}

static void teardown(void)
{
	if (env.state)
		ebt_probe.free(env.state);
	netlink_leave(&netlink);
	netlink_free(&netlink);
	sample_free(&now);
	tree_remove(&tree);
}

/* ---- x_tables ---- */

CASE(xt, .setup = setup, .teardown = teardown);

static int read_xt(void)
{
	sample_reset(&now);
	tables.n_infos = tables.n_entries = 0;
	return xt_probe.read(&env, &now);
}

static void check_same(const struct sample *a, const struct sample *b)
{
	ck_assert_uint_gt(a->n_rows, 0);
	ck_assert_uint_eq(a->n_rows, b->n_rows);
	for (uint32_t i = 0; i < a->n_objects; i++)
		ck_assert_str_eq(object_name(a, &a->objects[i]),
				 object_name(b, &b->objects[i]));
	for (uint32_t i = 0; i < a->n_rows; i++)
		ck_assert_uint_eq(a->rows[i].value, b->rows[i].value);
}

static const struct {
	enum family family;
	const char *names, *table;
} xt_tables[] = {
	{FAMILY_IP, "ip_tables_names", "filter"},
	{FAMILY_IP6, "ip6_tables_names", "filter"},
	{FAMILY_ARP, "arp_tables_names", "filter"},
	{FAMILY_IP, "ip_tables_names", "mangle"},
};

TEST_EACH(xt, table_is_read_whole, ARRAY_SIZE(xt_tables) * 2)
{
	enum family family = xt_tables[_i / 2].family;
	const char *table = xt_tables[_i / 2].table;
	struct sample whole = {0};
	struct xt_blob blob;
	char *bytes = load(family, table, &blob);

	tree_put(&tree, xt_tables[_i / 2].names, table);
	env.size = _i % 2 ? 64 : sizeof(buffer); /* too small for it */
	ck_assert_int_eq(read_xt(), 0);
	ck_assert_int_eq(xt_parse(&blob, 64, &whole), 0);
	check_same(&now, &whole);
	sample_free(&whole);
	free(bytes);
}

TEST(xt, only_tables_that_exist_are_asked_for)
{
	ck_assert_int_eq(read_xt(), -ENOENT);
	tree_put(&tree, "ip_tables_names", "");
	ck_assert_int_eq(read_xt(), 0);
	ck_assert_uint_eq(tables.n_infos, 0);
	tree_put(&tree, "ip_tables_names", "nat\nfilter\n");
	ck_assert_int_eq(read_xt(), 0);
	ck_assert_uint_eq(tables.n_infos, 2);
}

TEST(xt, table_that_went_away_is_no_error)
{
	tree_put(&tree, "ip_tables_names", "gone\nfilter\n");
	ck_assert_int_eq(read_xt(), 0);
	ck_assert_uint_gt(now.n_objects, 0);
}

TEST(xt, names_that_no_table_has_are_refused)
{
	tree_put(&tree, "ip_tables_names",
		 "a-name-of-more-than-thirty-one-bytes\n");
	ck_assert_int_eq(read_xt(), -EBADMSG);
	ck_assert_uint_eq(tables.n_infos, 0);
}

static const struct {
	int info, entries;
	unsigned longer;
	uint32_t size;
	int r;
} errors[] = {
	{.info = -EPERM, .r = -EPERM},
	{.entries = -EAGAIN, .r = -EAGAIN},
	{.entries = -ENOMEM, .r = -ENOMEM},
	{.longer = 4, .r = -EBADMSG},
	{.size = XT_MAX_SIZE + 1, .r = -E2BIG},
};

TEST_EACH(xt, error_of_the_kernel_is_told, ARRAY_SIZE(errors) * 2)
{
	int i = _i / 2;

	tree_put(&tree, _i % 2 ? "arp_tables_names" : "ip_tables_names",
		 "filter\n");
	tables.info_error = errors[i].info;
	tables.error = errors[i].entries;
	tables.fails = 9;
	tables.longer = errors[i].longer;
	tables.size = errors[i].size;
	ck_assert_int_eq(read_xt(), errors[i].r);
}

/* ---- ebtables ---- */

CASE(ebt, .setup = setup, .teardown = teardown);

static int read_ebt(void)
{
	if (!env.state)
		ck_assert_int_eq(ebt_probe.init(&env, &env.state), 0);
	sample_reset(&now);
	now.mono_ns += UINT64_C(60000000000);
	tables.n_infos = tables.n_entries = 0;
	return ebt_probe.read(&env, &now);
}

TEST(ebt, without_its_modules_nothing_is_asked)
{
	ck_assert_int_eq(read_ebt(), -ENOENT);
	ck_assert_uint_eq(tables.n_infos, 0);
	ck_assert_uint_eq(kernel.n_asked, 0);
}

TEST_EACH(ebt, old_kernel_is_asked_right_away, 2)
{
	struct ebt_blob blob = {.table = "filter"};
	struct sample whole = {0};
	char *bytes;
	size_t n;

	tables.release = "5.10.0";
	env.size = _i ? 64 : sizeof(buffer);
	tree_mkdir(&tree, "sys/module/ebtable_filter");
	ck_assert_int_eq(read_ebt(), 0);
	ck_assert_uint_eq(kernel.n_asked, 0);
	bytes = fixture_read("6.1", "bridge.filter.ebt", &n);
	ck_assert_int_eq(ebtables_file_parse(bytes, n, &blob), 0);
	ck_assert_int_eq(ebt_parse(&blob, 64, &whole), 0);
	check_same(&now, &whole);
	sample_free(&whole);
	free(bytes);
}

/* Since 5.14 asking makes the table: the hooks tell whether it is there. */
TEST(ebt, table_with_a_hook_is_asked_for)
{
	tree_mkdir(&tree, "sys/module/ebtable_filter");
	tree_mkdir(&tree, "sys/module/nfnetlink_hook");
	ck_assert_int_eq(read_ebt(), -ENOENT);
	ck_assert_uint_eq(tables.n_infos, 0);
	tables.has_hook = true;
	ck_assert_int_eq(read_ebt(), 0);
	ck_assert_uint_gt(now.n_objects, 0);
}

TEST(ebt, without_hooks_its_users_tell)
{
	tree_put(&tree, "sys/module/ebtable_filter/refcnt", "1\n");
	tables.has_bridge = false;
	ck_assert_int_eq(read_ebt(), -ENOENT);
	tables.has_bridge = true;
	ck_assert_int_eq(read_ebt(), 0);
	ck_assert_uint_eq(tables.n_entries, 1);
	/* this namespace is the user: it goes on being asked */
	ck_assert_int_eq(read_ebt(), 0);
	ck_assert_uint_eq(tables.n_entries, 1);
	tree_put(&tree, "sys/module/ebtable_filter/refcnt", "0\n");
	ck_assert_int_eq(read_ebt(), -ENOENT);
}

TEST_EACH(ebt, without_both_it_may_not_be_asked, 2)
{
	tree_mkdir(&tree, "sys/module/ebtable_filter");
	tables.has_bridge = _i;
	ck_assert_int_eq(read_ebt(), _i ? -ENOTUNIQ : -ENOENT);
	ck_assert_uint_eq(tables.n_infos, 0);
}

static const struct {
	int info, entries;
	uint32_t size;
	int r;
} ebt_errors[] = {
	{.info = -ENOPROTOOPT, .r = 0}, /* there is no such table */
	{.info = -EPERM, .r = -EPERM},
	{.entries = -EINVAL, .r = -EAGAIN}, /* of another size by now */
	{.entries = -EPERM, .r = -EPERM},
	{.size = UINT32_MAX, .r = -E2BIG},
};

TEST_EACH(ebt, error_of_a_table_is_told, ARRAY_SIZE(ebt_errors))
{
	tables.release = "5.10.0";
	tree_mkdir(&tree, "sys/module/ebtable_filter");
	tables.info_error = ebt_errors[_i].info;
	tables.error = ebt_errors[_i].entries;
	tables.size = ebt_errors[_i].size;
	ck_assert_int_eq(read_ebt(), ebt_errors[_i].r);
}

static const char *const ebt_failing[] = {"filter", "nat"};

TEST_EACH(ebt, table_that_fails_does_not_take_the_other_along,
	  ARRAY_SIZE(ebt_failing))
{
	struct sample both = {0};

	tables.release = "5.10.0";
	tree_mkdir(&tree, "sys/module/ebtable_filter");
	tree_mkdir(&tree, "sys/module/ebtable_nat");
	ck_assert_int_eq(read_ebt(), 0);
	ck_assert_int_eq(now.missed, 0);
	both = now;
	now = (struct sample) {.n_objects = 0};
	tables.failing = ebt_failing[_i];
	tables.error = -EPERM;
	ck_assert_int_eq(read_ebt(), 0);
	ck_assert_int_eq(now.missed, -EPERM);
	ck_assert_uint_gt(now.n_objects, 0);
	ck_assert_uint_lt(now.n_objects, both.n_objects);
	sample_free(&both);
}

/* Of one it is known who uses it, of the other it is not. */
TEST(ebt, table_that_may_not_be_asked_is_said_beside_another)
{
	tree_put(&tree, "sys/module/ebtable_filter/refcnt", "1\n");
	tree_mkdir(&tree, "sys/module/ebtable_nat");
	tables.has_bridge = true;
	ck_assert_int_eq(read_ebt(), 0);
	ck_assert_uint_eq(tables.n_entries, 1);
	ck_assert_int_eq(now.missed, -ENOTUNIQ);
}
