/* SPDX-License-Identifier: MIT */
/* What an interface stands on: what the kernel is asked, and the facts. */
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "probes/link/link_private.h"
#include "answering_kernel.h"

#define NSID 5

/* An interface, here or in the namespace of that id. */
struct device {
	int index;
	const char *name, *kind;
	uint8_t mac;
	bool far, up, carrier;
	int master, peer;
};

static struct device devices[8];
static size_t n_devices;
static int route;    /* the interface that every tunnel's far end is behind */
static bool filters; /* by master: kernels do since 4.9 */
static int failure;  /* of what is asked for */
static int unasked;  /* the only one that it is for, 0: any */
static struct netlink netlink;
static struct sample s;

static void put_device(const struct device *d)
{
	struct ifinfomsg head = {.ifi_index = d->index,
				 .ifi_flags = d->up ? IFF_UP : 0};
	uint8_t mac[6] = {2, 0, 0, 0, 0, d->mac}, carrier = d->carrier;
	struct message m = {.n = 0};
	size_t info;

	message_begin(&m, RTM_NEWLINK, 0, 0);
	message_put(&m, &head, sizeof(head));
	attr_put(&m, IFLA_IFNAME, d->name, strlen(d->name) + 1);
	if (d->mac)
		attr_put(&m, IFLA_ADDRESS, mac, sizeof(mac));
	attr_put(&m, IFLA_CARRIER, &carrier, 1);
	if (d->master)
		attr_u32(&m, IFLA_MASTER, d->master);
	if (d->peer)
		attr_u32(&m, IFLA_LINK, d->peer);
	info = attr_begin(&m, IFLA_LINKINFO);
	attr_put(&m, IFLA_INFO_KIND, d->kind, strlen(d->kind) + 1);
	attr_end(&m, info);
	kernel_say_all(&m);
}

static bool is_asked(const struct nlmsghdr *request, const struct device *d)
{
	const struct ifinfomsg *asked = (const void *)(request + 1);
	struct nlmsghdr *h = (struct nlmsghdr *)request;
	struct nlattr *nsid =
		nlmsg_find_attr(h, sizeof(*asked), IFLA_TARGET_NETNSID);
	struct nlattr *master = nlmsg_find_attr(h, sizeof(*asked), IFLA_MASTER);

	if (nsid)
		ck_assert_uint_eq(nla_get_u32(nsid), NSID);
	return d->far == !!nsid &&
	       (!asked->ifi_index || asked->ifi_index == d->index) &&
	       (!master || !filters || (int)nla_get_u32(master) == d->master);
}

static bool is_for(const struct nlmsghdr *request, int index)
{
	const struct ifinfomsg *asked = (const void *)(request + 1);

	return asked->ifi_index == index;
}

static int answer(const struct nlmsghdr *request)
{
	if (request->nlmsg_type == RTM_GETROUTE) {
		struct message m = {.n = 0};
		struct rtmsg head = {.rtm_family = AF_INET};

		if (!route)
			return -ENETUNREACH;
		message_begin(&m, RTM_NEWROUTE, 0, 0);
		message_put(&m, &head, sizeof(head));
		attr_u32(&m, RTA_OIF, route);
		kernel_say_all(&m);
		return 0;
	}
	ck_assert_int_eq(request->nlmsg_type, RTM_GETLINK);
	if (failure && (!unasked || is_for(request, unasked)))
		return failure;
	for (size_t i = 0; i < n_devices; i++)
		if (is_asked(request, &devices[i]))
			put_device(&devices[i]);
	return kernel.n || kernel_is_dump() ? 0 : -ENODEV;
}

static void add(struct device d)
{
	ck_assert_uint_lt(n_devices, ARRAY_SIZE(devices));
	devices[n_devices++] = d;
}

static void setup(void)
{
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	kernel.answer = answer;
	filters = true;
}

static void teardown(void)
{
	netlink_leave(&netlink);
	netlink_free(&netlink);
	sample_free(&s);
}

/* Appends what an interface of that configuration stands on. */
static const struct object *append(const struct link_config *config)
{
	sample_object(&s, LAYER_LINK, "x", LINK_CONFIG, config->index);
	ck_assert_int_eq(link_stack_append(&netlink, config, &s), 0);
	ck_assert_int_eq(s.error, 0);
	return &s.objects[s.n_objects - 1];
}

static uint64_t fact(const struct object *o, const struct counter *c)
{
	return object_value(&s, o, c, 0);
}

CASE(stack, .setup = setup, .teardown = teardown);

TEST(stack, device_without_a_kind_stands_on_nothing)
{
	ck_assert_uint_eq(append(&(struct link_config) {.index = 9})->n, 0);
	ck_assert_uint_eq(kernel.n_asked, 0);
}

TEST(stack, vlan_stands_on_its_device)
{
	const struct object *o;

	add((struct device) {2, "eth0", "dummy", .mac = 7, .up = true});
	o = append(
		&(struct link_config) {.index = 9, .kind = "vlan", .lower = 2});
	ck_assert_uint_eq(fact(o, &link_fact_lower_index), 2);
	ck_assert_uint_eq(fact(o, &link_fact_lower_up), 1);
	ck_assert_uint_eq(fact(o, &link_fact_lower_kind),
			  link_hash_kind("dummy"));
	ck_assert(fact(o, &link_fact_lower_mac));
	ck_assert_uint_eq(fact(o, &link_fact_lower_far), 0);
	ck_assert_str_eq(object_label(&s, o), "vlan eth0");
}

TEST(stack, device_may_be_in_another_namespace)
{
	const struct object *o;

	add((struct device) {2, "here", "dummy", .mac = 7});
	add((struct device) {2, "there", "dummy", .mac = 8, .far = true});
	o = append(&(struct link_config) {.index = 9,
					  .kind = "macvlan",
					  .lower = 2,
					  .has_nsid = true,
					  .nsid = NSID});
	ck_assert_uint_eq(fact(o, &link_fact_lower_far), 1);
	ck_assert_uint_eq(fact(o, &link_fact_witness), 0);
	ck_assert_str_eq(object_label(&s, o), "macvlan there");
}

TEST(stack, device_that_is_gone_is_no_fact)
{
	ck_assert_uint_eq(append(&(struct link_config) {.index = 9,
							.kind = "vlan",
							.lower = 2})
				  ->n,
			  0);
	ck_assert_uint_eq(kernel.n_asked, 1);
}

TEST_EACH(stack, tunnel_stands_on_where_its_far_end_is, 2)
{
	struct link_config config = {.index = 9,
				     .kind = "vxlan",
				     .n_remote = _i ? 16 : 4,
				     .remote = {192, 0, 2, 1}};
	const struct object *o;

	add((struct device) {3, "eth1", "dummy", .mac = 7, .up = true});
	route = 3;
	o = append(&config);
	ck_assert_uint_eq(fact(o, &link_fact_remote), 1);
	ck_assert_uint_eq(fact(o, &link_fact_lower_index), 3);
	ck_assert_str_eq(object_label(&s, o), "vxlan eth1");
	route = 0; /* nowhere */
	o = append(&config);
	ck_assert_uint_eq(fact(o, &link_fact_remote), 1);
	ck_assert_uint_eq(o->n, 1);
}

/* Its routes are those of the namespace it was made in. */
TEST(stack, tunnel_that_was_moved_has_a_witness)
{
	struct link_config config = {.index = 9,
				     .kind = "gre",
				     .n_remote = 4,
				     .has_nsid = true,
				     .nsid = NSID};
	const struct object *o;

	route = 3;
	add((struct device) {3, "here", "dummy", .mac = 6});
	add((struct device) {1, "lo", "", .far = true});
	o = append(&config);
	ck_assert_uint_eq(fact(o, &link_fact_witness), 0);
	add((struct device) {4, "there", "veth", .mac = 8, .far = true});
	add((struct device) {5, "second", "veth", .mac = 9, .far = true});
	o = append(&config);
	ck_assert_uint_eq(fact(o, &link_fact_witness), 1);
	ck_assert_uint_eq(fact(o, &link_fact_lower_index), 4);
	ck_assert_uint_eq(fact(o, &link_fact_lower_far), 1);
}

TEST_EACH(stack, bond_stands_on_its_members, 2)
{
	const struct object *o;
	unsigned n = 0;

	filters = _i;
	add((struct device) {2, "a", "veth", .master = 9, .up = true,
			     .carrier = true});
	add((struct device) {3, "b", "veth", .master = 9, .up = true});
	add((struct device) {4, "c", "veth", .master = 8, .up = true,
			     .carrier = true});
	o = append(&(struct link_config) {
		.index = 9, .kind = "bond", .active = 2});
	EACH_ROW (&s, o, row)
		n += row->counter == &link_fact_member;
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(fact(o, &link_fact_members_up), 1);
	ck_assert_uint_eq(fact(o, &link_fact_active), 2);
}

static const struct {
	const char *kind;
	int result;
} that_fail[] = {
	{"bond", -ENOMEM},
	{"team", -ENOMEM},
	{"vlan", 0}, /* no more than evidence */
};

TEST_EACH(stack, bond_whose_members_are_not_known_is_not_known,
	  ARRAY_SIZE(that_fail))
{
	struct link_config config = {.index = 9, .lower = 2};

	snprintf(config.kind, sizeof(config.kind), "%s", that_fail[_i].kind);
	sample_object(&s, LAYER_LINK, "x", LINK_CONFIG, config.index);
	failure = -ENOMEM;
	ck_assert_int_eq(link_stack_append(&netlink, &config, &s),
			 that_fail[_i].result);
}

TEST(stack, members_of_a_vrf_are_not_counted)
{
	const struct object *o;

	add((struct device) {2, "a", "veth", .master = 9, .up = true,
			     .carrier = true});
	o = append(&(struct link_config) {.index = 9, .kind = "vrf"});
	ck_assert_uint_eq(fact(o, &link_fact_member), 2);
	ck_assert_uint_eq(fact(o, &link_fact_members_up), 0);
	ck_assert_uint_eq(o->n, 1);
}

/* Reads what is to know of a veth that is 9. */
static const struct object *read_veth(struct sample *out)
{
	struct probe_env env = {.netlink = &netlink};
	struct link_reader reader = {.env = &env, .out = out};

	sample_object(out, LAYER_LINK, "x", "", 9);
	ck_assert_int_eq(link_config_append(&reader, 0), 0);
	return find_object(out, LAYER_LINK, "x", LINK_CONFIG);
}

static const struct {
	int failure;
	uint64_t peer; /* the index that is known then */
} peers[] = {
	{-ENOMEM, 2}, /* what it was */
	{-ENODEV, 0}, /* gone */
};

TEST_EACH(stack, peer_that_cannot_be_asked_is_what_it_was, ARRAY_SIZE(peers))
{
	struct sample now = {.n_objects = 0};
	const struct object *o;

	add((struct device) {9, "x", "veth", .mac = 9, .peer = 2});
	add((struct device) {2, "y", "veth", .mac = 7, .up = true, .peer = 9});
	o = read_veth(&s);
	ck_assert_uint_eq(fact(o, &link_fact_peer_index), 2);
	sample_follow(&now, &s);
	failure = peers[_i].failure;
	unasked = 2;
	o = read_veth(&now);
	ck_assert_uint_eq(object_value(&now, o, &link_fact_peer_index, 0),
			  peers[_i].peer);
	ck_assert(object_value(&now, o, &link_fact_peer_mac, 0) ==
		  (peers[_i].peer
			   ? fact(find_object(&s, LAYER_LINK, "x", LINK_CONFIG),
				  &link_fact_peer_mac)
			   : 0));
	ck_assert(!strcmp(object_label(&now, o), "veth y") == !!peers[_i].peer);
	sample_free(&now);
}
