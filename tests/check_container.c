/* SPDX-License-Identifier: MIT */
/* Containers: what a cgroup and the files of a runtime say, and discovery. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/discovery.h"
#include "engine/resident.h"
#include "testlib.h"

#define HEX16 "0123456789abcdef"
#define ID "fedcba987654" HEX16 HEX16 HEX16 "3210"
#define SHORT "fedcba987654"
#define OTHER HEX16 HEX16 HEX16 HEX16
#define POD "pod01234567-89ab-cdef-0123-456789abcdef"
#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static const struct {
	const char *cgroup;
	int kind;	  /* -1: no container */
	const char *name; /* and "|" and what is in it */
} cgroups[] = {
	{"0::/system.slice/docker-" ID ".scope\n", CONTAINER_DOCKER, ID},
	{"0::/docker/" ID "\n", CONTAINER_DOCKER, ID},
	{"0::/docker/" ID, CONTAINER_DOCKER, ID},
	{"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
	 "pod0123abcd_0123_abcd_0123_0123456789ab.slice/"
	 "cri-containerd-" ID ".scope\n",
	 CONTAINER_CONTAINERD, ID},
	{"0::/kubepods/burstable/" POD "/" ID "\n", CONTAINER_POD, ID},
	{"0::/kubepods.slice/crio-" ID ".scope\n", CONTAINER_CRIO, ID},
	{"0::/kubepods.slice/crio-" ID ".scope/container\n", CONTAINER_CRIO,
	 ID},
	{"0::/user.slice/user-1000.slice/user@1000.service/user.slice/"
	 "libpod-" ID ".scope/container\n",
	 CONTAINER_OWNED,
	 "user@1000.service"
	 "|" SHORT},
	{"0::/system.slice/web.service/libpod-payload-" ID "\n",
	 CONTAINER_OWNED,
	 "web.service"
	 "|" SHORT},
	{"0::/libpod_parent/libpod-" ID "\n", CONTAINER_PODMAN, ID},
	{"0::/../docker-" ID ".scope\n", CONTAINER_DOCKER, ID},
	{"0::/../../" POD "/" ID "\n", CONTAINER_OTHER, ID},
	{"12:pids:/\n11:cpu,cpuacct:/docker/" ID "\n0::/\n", CONTAINER_DOCKER,
	 ID},
	{"0::/machine.slice/machine-web.scope\n", CONTAINER_NAMED, "web"},
	{"0::/machine.slice/machine-my\\x2dweb.scope/payload\n",
	 CONTAINER_NAMED, "my-web"},
	{"0::/machine.slice/systemd-nspawn@web.service/payload\n",
	 CONTAINER_NAMED, "web"},
	{"0::/lxc.payload.web/init.scope\n", CONTAINER_NAMED, "web"},
	{"0::/lxc/web\n", CONTAINER_NAMED, "web"},
	{"4:cpu:/lxc/web/system.slice\n", CONTAINER_NAMED, "web"},
	{"0::/machine.slice/machine-\\x0\\x00\\xzz\\.scope\n", CONTAINER_NAMED,
	 "\\x0\\x00\\xzz\\"},
	{"0::/system.slice/runc-web.scope\n", CONTAINER_NAMED, "web"},
	{"0::/user.slice/crun-my\\x2dweb.scope/x\n", CONTAINER_NAMED, "my-web"},
	/* an unknown runtime */
	{"0::/system.slice/nerdctl-" ID ".scope\n", CONTAINER_OTHER, ID},
	{"0::/" ID "\n", CONTAINER_OTHER, ID},
	{"0::/x/" ID "\n", CONTAINER_OWNED,
	 "x"
	 "|" SHORT},
	{"0::/../../machine.slice/machine-web.scope\n", CONTAINER_NAMED, "web"},
	{"0::/../machine-web.scope\n", CONTAINER_NAMED, "web"},
	/* the outermost: what is in it may be called as anybody likes */
	{"0::/docker/" OTHER "/kubepods/besteffort/" POD "/" ID "\n",
	 CONTAINER_DOCKER, OTHER "|" SHORT},
	{"0::/lxc.payload.web/docker/" ID "\n", CONTAINER_NAMED,
	 "web"
	 "|" SHORT},
	{"0::/lxc/web/lxc/other\n", CONTAINER_NAMED, "web"},
	{"0::/system.slice/docker-" ID ".scope/machine-other.scope\n",
	 CONTAINER_DOCKER, ID},
	{"0::/a/" OTHER "0/" ID "\n", CONTAINER_OWNED,
	 "a"
	 "|" SHORT},
	{"0::/a/" ID "/" OTHER "\n", CONTAINER_OWNED,
	 "a"
	 "|"
	 "0123456789ab"},
	/* where no runtime puts it */
	{"0::/bkuser/machine-web.scope\n", -1, NULL},
	{"0::/bkuser/lxc.payload.web\n", -1, NULL},
	{"0::/bkuser/lxc/web\n", -1, NULL},
	{"0::/bkuser/runc-web.scope\n", -1, NULL},
	{"0::/machine-web.scope\n", -1, NULL},
	{"0::/system.slice/machine-web.scope\n", -1, NULL},
	{"0::/system.slice/a.service/machine.slice/machine-web.scope\n", -1,
	 NULL},
	{"0::/user.slice/user-1000.slice/user@1000.service/machine.slice/"
	 "machine-web.scope\n",
	 -1, NULL},
	{"0::/user.slice/user-1000.slice/user@1000.service/lxc/web\n", -1,
	 NULL},
	{"0::/user.slice/user-1000.slice/session-3.scope/lxc.payload.web\n", -1,
	 NULL},
	{"0::/system.slice/podman-7.scope/lxc/web\n", -1, NULL},
	/* none */
	{"0::/init.scope\n", -1, NULL},
	{"0::/\n", -1, NULL},
	{"", -1, NULL},
	{"docker/" ID "\n", -1, NULL},
	{"0::/lxc.monitor.web\n", -1, NULL},
	{"0::/lxc/\n", -1, NULL},
	{"0::/machine.slice/machine-.scope\n", -1, NULL},
	{"0::/machine.slice/web.scope\n", -1, NULL},
	{"0::/docker/" HEX16 HEX16 HEX16 "0123456789abcde\n", -1, NULL},
	{"0::/docker/" OTHER "0\n", -1, NULL},
	{"0::/docker/" HEX16 HEX16 HEX16 "0123456789ABCDEF\n", -1, NULL},
	{"0::/docker/../../" HEX16 "/etc\n", -1, NULL},
	{"0::/system.slice/runc-.scope\n", -1, NULL},
	{"0::/system.slice/runc-web.service\n", -1, NULL},
};

CASE(cgroup);

TEST_EACH(cgroup, cgroup_tells_the_container, ARRAY_SIZE(cgroups))
{
	size_t n = strlen(cgroups[_i].cgroup);
	struct container c = {.name = "untouched"};
	char *copy = malloc(n + 1), text[512];
	bool found;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, cgroups[_i].cgroup, n);
	found = container_parse(copy, n, &c);
	free(copy);
	ck_assert_msg(found == (cgroups[_i].kind >= 0), "%s",
		      cgroups[_i].cgroup);
	if (!found)
		return;
	snprintf(text, sizeof(text), "%s%s%s", c.name, c.inner[0] ? "|" : "",
		 c.inner);
	ck_assert_str_eq(text, cgroups[_i].name);
	ck_assert_int_eq((int)c.kind, cgroups[_i].kind);
}

TEST(cgroup, text_ends_at_its_length)
{
	struct container c;

	ck_assert(container_parse("0::/" ID, 68, &c));
	ck_assert(!container_parse("0::/" ID, 67, &c));
	ck_assert(!container_parse("0::/" ID, 0, &c));
	ck_assert(!container_parse("0::/lxc/a\0b", 11, &c));
	ck_assert(container_parse("0::/lxc/a\0b", 9, &c));
}

static const struct {
	const char *cgroup, *name; /* NULL: none */
} units[] = {
	{"0::/system.slice/systemd-hostnamed.service\n",
	 "systemd-hostnamed.service"},
	{"12:pids:/\n9:name=systemd:/system.slice/web.service\n0::/\n",
	 "web.service"},
	{"0::/system.slice/web.service/payload\n", "web.service"},
	{"0::/system.slice/my\\x2dweb.service\n", "my-web.service"},
	{"0::/../../system.slice/web.service\n", "web.service"},
	{"0::/system.slice/system-web.slice/web@1.service\n", "web@1.service"},
	/* who is in a service may make others in it */
	{"0::/system.slice/a.service/b.service\n", "a.service"},
	{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
	 "web.service\n",
	 "user@1000.service_web.service"},
	{"0::/user.slice/user-1000.slice/user@1000.service/system.slice\n",
	 NULL},
	{"0::/bkuser/web.service\n", NULL},
	{"0::/web\n", "web"},
	{"0::/web", "web"},
	{"0::/\n", NULL},
	{"", NULL},
	{"0::\n", NULL},
	{"0::/init.scope\n", NULL},
	{"0::/.service\n", ".service"},
	{"4:memory:/slots/web\n0::/\n", NULL},
	{"0::/system.slice\n", NULL},
	{"0::/user.slice/user-0.slice/session-3.scope\n", NULL},
	{"0::/user.slice/user-1000.slice/user@1000.service/init.scope\n", NULL},
	{"0::/user.slice/user-1000.slice/user@1000.service\n", NULL},
	{"0::/system.slice/web.service/run-1.scope\n", NULL},
};

TEST_EACH(cgroup, cgroup_tells_the_unit, ARRAY_SIZE(units))
{
	size_t n = strlen(units[_i].cgroup);
	char name[CONTAINER_NAME + 1] = "";
	char *copy = malloc(n + 1);
	bool found;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, units[_i].cgroup, n);
	found = container_unit(copy, n, name);
	free(copy);
	ck_assert_msg(found == (units[_i].name != NULL), "%s: %s",
		      units[_i].cgroup, name);
	if (found)
		ck_assert_str_eq(name, units[_i].name);
}

TEST(cgroup, names_that_runtimes_make_up_are_known)
{
	ck_assert(container_made_up("cni-" UUID));
	ck_assert(container_made_up("netns-" UUID));
	ck_assert(container_made_up(UUID));
	ck_assert(container_made_up("0123456789ab"));
	ck_assert(!container_made_up("0123456789a"));
	ck_assert(!container_made_up("0123456789abc"));
	ck_assert(!container_made_up("0123456789aB"));
	ck_assert(!container_made_up("cni" UUID));
	ck_assert(!container_made_up("cni-" UUID "0"));
	ck_assert(!container_made_up("cni-0123"));
	ck_assert(!container_made_up("blue"));
	ck_assert(!container_made_up("1-0123456789"));
	ck_assert(!container_made_up(""));
}

#define CRI "io.kubernetes.cri.sandbox-"
#define CRI_OWN "\"" CRI "namespace\":\"shop\",\"" CRI "name\":\"web-0\""
#define CRI_OTHER "\"" CRI "namespace\":\"bank\",\"" CRI "name\":\"till\""
#define KUBELET                                                                \
	"\"io.kubernetes.pod.namespace\":\"shop\","                            \
	"\"io.kubernetes.pod.name\":\"web-0\""
#define CRIO_OWN                                                               \
	"\"io.kubernetes.cri-o.Namespace\":\"shop\","                          \
	"\"io.kubernetes.cri-o.KubeName\":\"web-0\""
#define NOTHING NULL, -ENOENT
#define BROKEN NULL, -EBADMSG

static const struct {
	const char *text, *name;
	int error;
} texts[] = {
	{"{\"Name\":\"/web\",\"ID\":\"x\"}", "web", 0},
	{"{\"State\":{\"Name\":\"no\"},\"Config\":{\"a\":[1,{\"Name\":\"no\"}]}"
	 ","
	 "\"Name\":\"web\"}\n",
	 "web", 0},
	{"{\"Name\":\"\\u002fa\\u00e4\\n\"}", "a\xc3\xa4\n", 0},
	{"{\"Name\":\"/k8s_POD_web-0_shop_01234567-89ab_0\"}", "shop_web-0", 0},
	{"{\"Name\":\"/k8s_web\"}", "k8s_web", 0},
	{"[{\"id\":\"" OTHER "\",\"names\":[\"no\"]},{\"id\":\"" ID
	 "\",\"names\":[\"web\",\"no\"],\"flags\":{\"id\":\"x\"}}]",
	 "web", 0},
	{"[{\"names\":[\"web\"],\"id\":\"" ID "\"},{\"names\":[\"no\"]}]",
	 "web", 0},
	{"[{\"id\":\"" ID "\",\"names\":[\"0123456789ab-infra\"]}]", NOTHING},
	{"{\"Name\":\"0123456789ab-infra\"}", "0123456789ab-infra", 0},
	/* the last one counts, as for those who write them */
	{"{\"Name\":\"/a\",\"Name\":\"/b\"}", "b", 0},
	/* hostile or of another type: none */
	{"{\"Name\":7}", NOTHING},
	{"{\"Name\":null}", NOTHING},
	{"{\"Name\":[\"web\"]}", NOTHING},
	{"{\"Name\":{\"Name\":\"web\"}}", NOTHING},
	{"{\"Name\":\"\"}", NOTHING},
	{"{\"Name\":\"/\"}", NOTHING},
	{"[\"Name\",\"web\"]", NOTHING},
	{"[{\"Name\":\"web\"}]", NOTHING},
	{"[{\"id\":\"" ID "\",\"names\":null}]", NOTHING},
	{"[{\"id\":\"" ID "\",\"names\":[7,[\"x\"]]}]", NOTHING},
	{"[{\"id\":\"" ID "\"},{\"names\":[\"no\"]}]", NOTHING},
	{"[{\"id\":\"" OTHER "\",\"names\":[\"no\"]}]", NOTHING},
	{"[[{\"id\":\"" ID "\",\"names\":[\"no\"]}]]", NOTHING},
	{"\"web\"", NOTHING},
	{"", BROKEN},
	{"{\"Name\":\"/web\"", BROKEN},
	{"{\"Name\":\"/web\"}}", BROKEN},
	{"{\"Name\":\"/web\"}{\"Name\":\"/other\"}", BROKEN},
#ifdef JSON_TOKENER_VALIDATE_UTF8 /* json-c 0.14 */
	{"{\"Name\":\"/w\xff\"}", BROKEN},
#endif
	{"{Name:\"/web\"}", BROKEN},
	{"{\"Name\":\"\\ud8", BROKEN},
	{"{\"Name\":\"/web\",}", BROKEN},
	{"{'Name':'/web'}", BROKEN},
	{"{\"Name\":\"/web\" /* no */}", BROKEN},
	{"7", BROKEN},
	{"null\n", NOTHING},
	{"{\"Name\":\"\\ud800\",\"n\":-1e999}", "\xef\xbf\xbd", 0},
	/* json-c would take the first one for "Name" */
	{"{\"Name\\u0000\":\"/no\"}", BROKEN},
	{"{\"Name\":\"/a\",\"Name\":\"b\\u0000c\"}", BROKEN},
	{"{\"Name\":\"/web\",\"x\":\"\\\\u0000\"}", "web", 0},
	{"{\"Name\":\"/k8s__web-0_shop_0\"}", "k8s__web-0_shop_0", 0},
	{"[{\"id\":\"" ID "\",\"names\":[]}]", NOTHING},
};

/* Annotations: of the kubelet and the runtime, or of whoever made the pod. */
static const struct {
	enum container_record record;
	const char *text, *name;
	int error;
} pods[] = {
	{RECORD_CONTAINERD,
	 "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"x\"," CRI_OWN
	 "}}",
	 "shop_web-0", 0},
	{RECORD_CRIO, "{\"annotations\":{" KUBELET "}}", "shop_web-0", 0},
	{RECORD_CRIO, "{\"annotations\":{" CRIO_OWN "}}", "shop_web-0", 0},
	{RECORD_CRIO,
	 "{\"annotations\":{" CRI_OTHER "," KUBELET "," CRIO_OWN "}}",
	 "shop_web-0", 0},
	{RECORD_CRIO, "{\"annotations\":{" CRI_OTHER "," CRIO_OWN "}}",
	 "shop_web-0", 0},
	{RECORD_CRIO, "{\"annotations\":{" CRI_OTHER "}}", NOTHING},
	{RECORD_CONTAINERD, "{\"annotations\":{" KUBELET "}}", NOTHING},
	{RECORD_DOCKER, "{\"annotations\":{" CRI_OWN "}}", NOTHING},
	{RECORD_CONTAINERD, "{\"annotations\":{\"" CRI "name\":\"web-0\"}}",
	 NOTHING},
	{RECORD_CONTAINERD, "{\"annotations\":[\"" CRI "name\",\"web-0\"]}",
	 NOTHING},
	{RECORD_CONTAINERD, "{\"labels\":{" CRI_OWN "}}", NOTHING},
};

/* Only podman keeps a list. */
static enum container_record record_of(const char *text)
{
	return text[0] == '[' ? RECORD_PODMAN : RECORD_DOCKER;
}

static int read_text(enum container_record record, const char *text, size_t n,
		     char *name)
{
	struct container c = {.kind = CONTAINER_DOCKER, .name = ID};
	char *copy = malloc(n + 1);
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, n);
	r = container_json(&c, record, copy, n, name);
	free(copy);
	return r;
}

CASE(json);

TEST_EACH(json, file_tells_the_name, ARRAY_SIZE(texts))
{
	char name[CONTAINER_NAME + 1] = "";
	const char *text = texts[_i].text;
	int r = read_text(record_of(text), text, strlen(text), name);

	ck_assert_msg(r == texts[_i].error, "%d: %s", r, text);
	if (r == 0)
		ck_assert_str_eq(name, texts[_i].name);
}

TEST_EACH(json, pod_has_no_name_that_it_chose, ARRAY_SIZE(pods))
{
	char name[CONTAINER_NAME + 1] = "";
	int r = read_text(pods[_i].record, pods[_i].text, strlen(pods[_i].text),
			  name);

	ck_assert_msg(r == pods[_i].error, "%d: %s", r, pods[_i].text);
	if (r == 0)
		ck_assert_str_eq(name, pods[_i].name);
}

TEST(json, file_cut_anywhere_has_no_name)
{
	char name[CONTAINER_NAME + 1];

	for (size_t i = 0; i < 9; i++)
		for (size_t n = 0; n < strlen(texts[i].text) - 1; n++)
			ck_assert_int_eq(read_text(record_of(texts[i].text),
						   texts[i].text, n, name),
					 -EBADMSG);
}

TEST(json, deep_file_is_not_followed)
{
	char name[CONTAINER_NAME + 1], text[300];
	const struct {
		unsigned depth;
		int error;
	} depths[] = {{62, 0}, {63, 0}, {64, -EBADMSG}, {100, -EBADMSG}};

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		char open[128] = "", close[128] = "";

		memset(open, '[', depths[i].depth);
		memset(close, ']', depths[i].depth);
		snprintf(text, sizeof(text), "{\"x\":%s%s,\"Name\":\"web\"}",
			 open, close);
		ck_assert_int_eq(
			read_text(RECORD_DOCKER, text, strlen(text), name),
			depths[i].error);
	}
}

TEST(json, bytes_after_the_text_are_none_of_it)
{
	static const char text[] = "{\"Name\":\"/web\"}\0{}";
	char name[CONTAINER_NAME + 1];

	for (size_t n = strlen(text); n < sizeof(text); n++)
		ck_assert_int_eq(read_text(RECORD_DOCKER, text, n, name),
				 n > strlen(text) ? -EBADMSG : 0);
}

/* What json-c would make of it is many times as large. */
TEST(json, file_that_takes_much_memory_is_none)
{
	static const char *const items[] = {"{}", "[]", "0"};
	const size_t n = 1024 * 1024;
	char *text = malloc(n), name[CONTAINER_NAME + 1];

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		size_t step = strlen(items[i]) + 1;

		for (size_t at = 0; at + step <= n; at += step) {
			text[at] = at ? ',' : '[';
			memcpy(text + at + 1, items[i], step - 1);
		}
		ck_assert_int_eq(read_text(RECORD_PODMAN, text, n, name),
				 -EFBIG);
	}
	free(text);
}

/* A thousand containers, and a name of the most that a file may have. */
TEST(json, large_files_are_read)
{
	_cleanup_free_ char *text = NULL;
	char name[CONTAINER_NAME + 1];
	size_t n;
	FILE *f = open_memstream(&text, &n);

	for (int i = 0; i < 1000; i++)
		fprintf(f,
			"%c{\"id\":\"%064x\",\"names\":[\"n%d\"],"
			"\"metadata\":\"{%0600d,,,,,,,,,,,,,,,,,,}\","
			"\"layer\":\"%064x\",\"flags\":{\"a\":{}}}",
			i ? ',' : '[', i, i, i, i);
	fprintf(f, ",{\"id\":\"" ID "\",\"names\":[\"web\"]}]");
	fclose(f);
	ck_assert_int_eq(read_text(RECORD_PODMAN, text, n, name), 0);
	ck_assert_str_eq(name, "web");
}

TEST(json, long_name_is_none)
{
	char name[CONTAINER_NAME + 1], text[400], x[301] = "";

	memset(x, 'x', 255);
	snprintf(text, sizeof(text), "{\"Name\":\"%s\"}", x);
	ck_assert_int_eq(read_text(RECORD_DOCKER, text, strlen(text), name), 0);
	ck_assert_str_eq(name, x);
	x[255] = 'x';
	snprintf(text, sizeof(text), "{\"Name\":\"%s\"}", x);
	ck_assert_int_eq(read_text(RECORD_DOCKER, text, strlen(text), name),
			 -ENOENT);
}

/* Trees of files. */

static struct tree tree;

static void make_tree(void)
{
	tree_make(&tree);
}

static void remove_tree(void)
{
	tree_remove(&tree);
}

#define ROOT "1/root/"
#define DOCKER ROOT "var/lib/docker/containers/" ID "/config.v2.json"
#define STORAGE ROOT "var/lib/containers/storage/overlay-containers/"
#define TASKS                                                                  \
	"containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json"
#define CRIO                                                                   \
	ROOT "run/containers/storage/overlay-containers/" ID "/userdata/"      \
	     "config.json"
#define POD_FILE ROOT "run/" TASKS
#define IN_POD                                                                 \
	"{\"annotations\":{\"" CRI "namespace\":\"shop\",\"" CRI               \
	"name\":\"web-0\"}}"
#define IN_CRIO "{\"annotations\":{" CRI_OTHER "," KUBELET "}}"
#define IN_LIST "[{\"id\":\"" ID "\",\"names\":[\"web\"]}]"
#define WEB "{\"Name\":\"/web\"}"

static const struct {
	enum container_kind kind;
	const char *path, *text, *name;
} trees[] = {
	{CONTAINER_DOCKER, DOCKER, WEB, "web"},
	{CONTAINER_CONTAINERD, POD_FILE, IN_POD, "shop_web-0"},
	{CONTAINER_CONTAINERD, ROOT "run/k3s/" TASKS, IN_POD, "shop_web-0"},
	{CONTAINER_CRIO, CRIO, IN_CRIO, "shop_web-0"},
	{CONTAINER_PODMAN, STORAGE "containers.json", IN_LIST, "web"},
	{CONTAINER_PODMAN, STORAGE "volatile-containers.json", IN_LIST, "web"},
	{CONTAINER_POD, DOCKER, WEB, "web"},
	{CONTAINER_POD, POD_FILE, IN_POD, "shop_web-0"},
	{CONTAINER_POD, CRIO, IN_CRIO, "shop_web-0"},
};

static int name_in_tree(enum container_kind kind, char *name)
{
	struct container c = {.kind = kind, .name = ID};

	return container_name(tree_path(&tree, "1/root"), &c, name);
}

CASE(files, .setup = make_tree, .teardown = remove_tree);

TEST_EACH(files, name_is_read_where_the_runtime_keeps_it, ARRAY_SIZE(trees))
{
	char name[CONTAINER_NAME + 1] = "";

	ck_assert_int_eq(name_in_tree(trees[_i].kind, name), -ENOENT);
	tree_put(&tree, trees[_i].path, trees[_i].text);
	ck_assert_int_eq(name_in_tree(trees[_i].kind, name), 0);
	ck_assert_str_eq(name, trees[_i].name);
	ck_assert_int_eq(name_in_tree(CONTAINER_OTHER, name), -ENOENT);
	tree_put(&tree, trees[_i].path, "{");
	ck_assert_int_lt(name_in_tree(trees[_i].kind, name), 0);
}

TEST(files, named_container_needs_no_file)
{
	struct container c = {.kind = CONTAINER_NAMED, .name = "web"};
	char name[CONTAINER_NAME + 1];

	ck_assert_int_eq(container_name("/nowhere", &c, name), 0);
	ck_assert_str_eq(name, "web");
}

TEST(files, only_a_small_regular_file_is_read)
{
	char name[CONTAINER_NAME + 1];

	tree_put(&tree, DOCKER, WEB);
	ck_assert_int_eq(truncate(tree_path(&tree, DOCKER), 1024 * 1024 + 1),
			 0);
	ck_assert_int_eq(name_in_tree(CONTAINER_DOCKER, name), -EFBIG);
	tree_drop(&tree, DOCKER);
	ck_assert_int_eq(mkfifo(tree_path(&tree, DOCKER), 0600), 0);
	ck_assert_int_eq(name_in_tree(CONTAINER_DOCKER, name), -EINVAL);
	tree_link(&tree, DOCKER, "/dev/zero");
	ck_assert_int_eq(name_in_tree(CONTAINER_DOCKER, name), -EINVAL);
	tree_drop(&tree, DOCKER);
	tree_mkdir(&tree, DOCKER);
	ck_assert_int_eq(name_in_tree(CONTAINER_DOCKER, name), -EINVAL);
}

/* Discovery, with a made-up /proc and namespaces of processes of its own. */

struct stage {
	struct settings settings;
	struct ns_list list;
	struct discovery discovery;
	pid_t pids[4];
	int n;
};

static struct stage stage;
static const atomic_bool stop;

/* Starts a process in a namespace of its own or in that of another one. */
static pid_t start(pid_t beside)
{
	int ready[2], fd = -1;
	char byte, path[64];
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)beside);
	if (beside)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		if ((fd < 0 ? unshare(CLONE_NEWNET) : setns(fd, 0)) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	if (fd >= 0)
		close(fd);
	stage.pids[stage.n++] = pid;
	return pid;
}

static void put_cgroup(pid_t pid, const char *cgroup)
{
	char name[64];

	snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	tree_put(&tree, name, cgroup);
}

/* Has a name lead to the namespace of a process. */
static void link_ns(const char *name, pid_t pid)
{
	char target[64];

	snprintf(target, sizeof(target), "/proc/%d/ns/net", (int)pid);
	tree_link(&tree, name, target);
}

/* Shows a process in the namespace of another one, or of its own. */
static void show_in(pid_t pid, pid_t beside)
{
	char name[64];

	snprintf(name, sizeof(name), "%d/ns/net", (int)pid);
	link_ns(name, beside);
}

/* Shows a process in the made-up /proc, with that cgroup. */
static void show(pid_t pid, const char *cgroup)
{
	put_cgroup(pid, cgroup);
	show_in(pid, pid);
}

/* Gives the namespace of a process a file's name. */
static void name_file(const char *name, pid_t pid)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "run/netns/%s", name);
	link_ns(path, pid);
}

static void set_text(const char *key, const char *text)
{
	const struct option_value value = {.type = VALUE_STRING,
					   .string = text};

	ck_assert_int_eq(settings_set(&stage.settings, false, key, &value), 0);
}

static void open_stage(void)
{
	make_tree();
	tree_put(&tree, ROOT "etc/hostname", "");
	ck_assert_int_eq(settings_init(&stage.settings), 0);
	set_text("ProcRoot", tree.path);
	stage.discovery.settings = &stage.settings;
	stage.discovery.list = &stage.list;
	stage.discovery.stop = &stop;
}

static void close_stage(void)
{
	discovery_free(&stage.discovery);
	ns_list_free(&stage.list);
	settings_free(&stage.settings);
	for (int i = 0; i < stage.n; i++) {
		kill(stage.pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(stage.pids[i], NULL, 0),
				 stage.pids[i]);
	}
	remove_tree();
}

static void discover_for(uint64_t budget_ns)
{
	bool private_own;

	if (!stage.list.n)
		ck_assert_int_eq(
			discovery_add_own(&stage.discovery, &private_own), 0);
	ck_assert_int_eq(discovery_run(&stage.discovery, budget_ns), 0);
}

static void discover(void)
{
	discover_for(0);
}

/* With a scan of the processes, as soon as one may be. */
static void rescan(void)
{
	stage.discovery.rescan = true;
	stage.discovery.scan_ns = 1;
	discover();
}

/* The names of what is watched, in the order in which it was found. */
static void expect(const char *names)
{
	char text[512] = "";

	for (size_t i = 1; i < stage.list.n; i++) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "",
			 stage.list.items[i]->name);
	}
	ck_assert_str_eq(text, names);
}

#define IN_DOCKER "0::/system.slice/docker-" ID ".scope\n"
#define IN_CRI "0::/kubepods.slice/cri-containerd-" ID ".scope\n"

CASE(discovery, .lacks = lacks_root, .setup = open_stage,
     .teardown = close_stage);

TEST(discovery, process_gives_the_name_of_its_container)
{
	show(start(0), IN_DOCKER);
	tree_put(&tree, DOCKER, WEB);
	discover();
	expect("web");
}

TEST(discovery, container_without_files_has_its_short_id)
{
	char name[64];
	struct stat st;
	pid_t pid = start(0);

	show(pid, IN_DOCKER);
	discover();
	expect("fedcba987654");
	pid = start(0);
	show(pid, "0::/init.scope\n");
	rescan();
	snprintf(name, sizeof(name), "/proc/%d/ns/net", (int)pid);
	ck_assert_int_eq(stat(name, &st), 0);
	snprintf(name, sizeof(name), "fedcba987654 ns-%lu",
		 (unsigned long)st.st_ino);
	expect(name);
}

TEST(discovery, service_with_a_network_of_its_own_has_its_name)
{
	show(start(0), "0::/system.slice/web.service\n");
	discover();
	expect("web.service");
}

static void docker_file(const char *name, pid_t pid)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "run/docker/netns/%s", name);
	tree_mkdir(&tree, ROOT "run/docker/netns");
	link_ns(path, pid);
}

/* Whoever asks once has an answer, though docker keeps its files elsewhere. */
TEST(discovery, container_is_called_by_its_id_and_not_by_the_sandbox)
{
	pid_t pid = start(0);

	stage.settings.names_at_once = true;
	docker_file("0123456789ab", pid);
	show(pid, IN_DOCKER);
	discover();
	expect("fedcba987654");
	ck_assert(ns_has_file(stage.list.items[1]));
}

TEST(discovery, name_is_preferred_to_an_id_at_once)
{
	pid_t pid = start(0);

	stage.settings.names_at_once = true;
	docker_file("0123456789ab", pid);
	show(pid, "0::/system.slice/containerd.service\n");
	show_in(1 << 21, pid); /* a second process, with a container */
	put_cgroup(1 << 21, IN_DOCKER);
	tree_put(&tree, DOCKER, WEB);
	discover();
	expect("web");
}

TEST(discovery, sandbox_without_a_process_has_a_number)
{
	char name[64];
	struct stat st;
	pid_t pid = start(0);

	stage.settings.names_at_once = true;
	docker_file("0123456789ab", pid);
	name_file("cni-" UUID, start(0));
	discover();
	snprintf(name, sizeof(name), "/proc/%d/ns/net", (int)pid);
	ck_assert_int_eq(stat(name, &st), 0);
	snprintf(name, sizeof(name), "cni-" UUID " ns-%lu",
		 (unsigned long)st.st_ino);
	expect(name);
}

/* What comes while it watches may still be without its first process. */
TEST(discovery, what_comes_later_is_waited_for_a_moment)
{
	pid_t pid = start(0);

	stage.settings.names_at_once = true;
	discover();
	docker_file("0123456789ab", pid);
	show(pid, "0::/init.scope\n");
	stage.discovery.scan_ns = 1;
	discover();
	expect("");
	put_cgroup(pid, IN_DOCKER);
	stage.discovery.candidates.items[0].since_ns -= UINT64_C(3000000000);
	rescan();
	expect("fedcba987654");
}

/* The plugin: its name may still come, but not for a minute. */
TEST(discovery, known_container_is_waited_for_a_moment)
{
	pid_t pid = start(0);

	docker_file("0123456789ab", pid);
	show(pid, IN_DOCKER);
	discover();
	expect("");
	stage.discovery.candidates.items[0].since_ns -= UINT64_C(3000000000);
	rescan();
	expect("fedcba987654");
}

TEST(discovery, made_up_name_gives_way_to_the_pod)
{
	pid_t pid = start(0);

	name_file("cni-" UUID, pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	discover();
	expect("shop_web-0");
	ck_assert(ns_has_file(stage.list.items[1]));
	discover();
	discover();
	expect("shop_web-0");
	ck_assert_uint_eq(stage.discovery.candidates.n, 0);
}

TEST(discovery, name_of_a_person_stays)
{
	pid_t pid = start(0);

	name_file("blue", pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	discover();
	expect("blue");
}

/* The first scan of processes comes too early: there is none yet. */
TEST(discovery, namespace_waits_for_its_first_process)
{
	pid_t pid = start(0);

	name_file("cni-" UUID, pid);
	discover();
	expect("");
	ck_assert(!discovery_is_settled(&stage.discovery));
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	stage.discovery.scan_ns = 1;
	discover();
	expect("shop_web-0");
	ck_assert(discovery_is_settled(&stage.discovery));
}

/* A new file is reason enough to scan the processes at once. */
TEST(discovery, new_file_has_the_processes_scanned)
{
	pid_t pid = start(0);

	discover();
	name_file("cni-" UUID, pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	stage.discovery.scan_ns = 1;
	discover();
	expect("shop_web-0");
}

TEST(discovery, name_is_not_waited_for_at_any_price)
{
	pid_t pid = start(0);

	discover();
	name_file("cni-" UUID, pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	/* as if a scan of processes took a second */
	stage.discovery.scan_ns = 1000000000;
	discover();
	expect("");
	stage.discovery.scan_ns = 1;
	discover();
	expect("shop_web-0");
}

TEST(discovery, file_keeps_its_name_when_nobody_has_a_better)
{
	pid_t pid = start(0);

	name_file("cni-" UUID, pid);
	show(pid, "0::/init.scope\n");
	discover();
	expect("");
	stage.discovery.candidates.items[0].since_ns -= UINT64_C(60000000000);
	rescan();
	expect("cni-" UUID);
}

/* Neither the next time, nor by way of its processes. */
TEST(discovery, unwanted_namespace_stays_out)
{
	pid_t pid = start(0);

	set_text("Namespace", "/^other_/");
	name_file("cni-" UUID, pid);
	name_file("blue", start(0));
	show(stage.pids[1], "0::/init.scope\n");
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	for (int i = 0; i < 3; i++) {
		rescan();
		expect("");
		ck_assert_uint_eq(stage.discovery.candidates.n, 2);
	}
}

/* Both ways: it selects, or with IgnoreNamespace it excludes. */
TEST_EACH(discovery, name_of_the_file_is_matched_beside_the_pods, 2)
{
	pid_t pid = start(0);

	set_text("Namespace", "/^cni-/");
	stage.settings.namespaces.ignore = _i;
	name_file("cni-" UUID, pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	for (int i = 0; i < 3; i++) {
		rescan();
		expect(_i ? "" : "shop_web-0");
	}
}

/* What was known of a process says nothing of the next one with its pid. */
TEST(discovery, pid_used_again_gives_no_name)
{
	pid_t pid = start(0);

	name_file("cni-" UUID, pid);
	show(pid, "0::/init.scope\n");
	discover();
	stage.discovery.scan_ns = 1000000000;
	show_in(pid, start(0));
	put_cgroup(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	discover();
	expect("");
	ck_assert_uint_eq(stage.discovery.candidates.items[0].asked, 1);
}

/* The runtime writes its file after the first scan: asked once more. */
static pid_t ends, follows; /* when its cgroup is read, at once */

/* Stands before the C library's. */
ssize_t pread(int fd, void *buffer, size_t n, off_t at)
{
	if (ends) {
		show_in(ends, follows);
		ends = 0;
	}
	return lseek(fd, at, SEEK_SET) < 0 ? -1 : read(fd, buffer, n);
}

TEST(discovery, pid_used_again_while_it_is_asked_gives_no_name)
{
	pid_t pid = start(0);

	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	ends = pid;
	follows = start(0);
	discover();
	expect("");
	rescan();
	expect("shop_web-0");
	ck_assert_uint_eq(stage.list.items[1]->pid, pid);
}

TEST(discovery, pid_used_again_while_it_is_asked_gives_a_file_no_name)
{
	pid_t pid = start(0);

	name_file("cni-" UUID, pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	ends = pid;
	follows = start(0);
	discover();
	expect("");
}

TEST(discovery, name_that_comes_late_is_found)
{
	set_text("Namespace", "/^web$/");
	show(start(0), IN_DOCKER);
	discover();
	expect("");
	tree_put(&tree, DOCKER, WEB);
	rescan();
	expect("web");
}

TEST(discovery, namespace_that_loses_an_unwanted_name_is_wanted)
{
	pid_t pid = start(0);

	set_text("Namespace", "/^web$/");
	name_file("blue", pid);
	show(pid, IN_DOCKER);
	tree_put(&tree, DOCKER, WEB);
	for (int i = 0; i < 3; i++) {
		rescan();
		expect("");
	}
	tree_drop(&tree, ROOT "run/netns/blue");
	rescan();
	expect("web");
}

/* One namespace with three files: the order of a directory is anything. */
TEST(discovery, second_file_waits_beside_an_unwanted_one)
{
	pid_t pid = start(0);

	set_text("Namespace", "/^shop_/");
	name_file("blue", pid);
	name_file("cni-" UUID, pid);
	name_file("green", pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	discover();
	expect("shop_web-0");
}

TEST(discovery, not_every_process_is_asked)
{
	pid_t pid = start(0);

	name_file("cni-" UUID, pid);
	show(pid, "0::/init.scope\n");
	discover();
	ck_assert_uint_eq(stage.discovery.candidates.items[0].asked, 1);
	stage.discovery.candidates.items[0].asked = 16;
	show(start(pid), IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	rescan();
	expect("");
	stage.discovery.candidates.items[0].asked = 14;
	rescan();
	expect("shop_web-0");
}

static void start_three(void)
{
	pid_t pod;

	show(start(0), IN_DOCKER);
	tree_put(&tree, DOCKER, WEB);
	pod = start(0);
	name_file("cni-" UUID, pod);
	show(pod, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	show(start(0), "0::/lxc.payload.mail\n");
	/* the directory gives no reason to look at it again */
	tree_make_old(&tree, ROOT "run/netns");
}

/* In any order: it is that of a directory. */
static void expect_three(void)
{
	unsigned seen = 0;

	ck_assert_uint_eq(stage.list.n, 4);
	for (size_t i = 1; i < 4; i++) {
		const char *name = stage.list.items[i]->name;

		seen |= strcmp(name, "web") ? 0 : 1;
		seen |= strcmp(name, "shop_web-0") ? 0 : 2;
		seen |= strcmp(name, "mail") ? 0 : 4;
	}
	ck_assert_uint_eq(seen, 7);
	ck_assert(!stage.discovery.rebuild);
}

TEST(discovery, names_that_there_is_no_time_for_come_later)
{
	start_three();
	for (size_t n = 1; n < 4; n++) {
		discover_for(1);
		ck_assert_uint_eq(stage.list.n - 1, n);
		ck_assert(discovery_is_settled(&stage.discovery) == (n == 3));
	}
	expect_three();
}

TEST(discovery, names_that_there_is_time_for_come_at_once)
{
	start_three();
	discover_for(UINT64_C(60000000000));
	expect_three();
}

TEST(discovery, namespace_without_room_keeps_its_name)
{
	const struct option_value one = {.type = VALUE_NUMBER, .number = 1};
	pid_t pid = start(0);

	ck_assert_int_eq(
		settings_set(&stage.settings, false, "MaxNamespaces", &one), 0);
	name_file("cni-" UUID, pid);
	show(pid, IN_CRI);
	tree_put(&tree, POD_FILE, IN_POD);
	discover();
	expect("");
	ck_assert_uint_eq(stage.discovery.n_unwatched, 1);
	stage.settings.max_namespaces = 2;
	discover();
	expect("shop_web-0");
}

TEST(discovery, processes_of_a_pod_agree)
{
	pid_t pid = start(0);
	const char *beside = "0::/kubepods.slice/cri-containerd-" OTHER
			     ".scope\n";

	name_file("cni-" UUID, pid);
	show(pid, "0::/init.scope\n"); /* the first one has no name */
	show(start(pid), beside);
	tree_put(&tree,
		 ROOT
		 "run/containerd/io.containerd.runtime.v2.task/k8s.io/" OTHER
		 "/config.json",
		 IN_POD);
	discover();
	expect("shop_web-0");
}

TEST(discovery, one_name_for_two_is_told_apart)
{
	pid_t pids[] = {start(0), start(0)};
	const char *second;

	show(pids[0], IN_DOCKER);
	show(pids[1], IN_DOCKER);
	tree_put(&tree, DOCKER, "{\"Name\":\"/we b\"}");
	discover();
	ck_assert_uint_eq(stage.list.n, 3);
	ck_assert_str_eq(stage.list.items[1]->name, "we_b");
	second = stage.list.items[2]->name;
	ck_assert_msg(!strncmp(second, "we_b_", 5) && strlen(second) > 9, "%s",
		      second);
}

/* It is the first, and would keep the name by that. */
static const struct {
	const char *claim, *name;
} claims[] = {
	{"0::/machine.slice/machine-web.scope\n", "web"},
	{"0::/lxc.payload.web\n", "web"},
	{"0::/system.slice/web.service\n", "web.service"},
	{"0::/web\n", "web"},
};

/* What leads to a namespace is lost with it: the alarms of the name end. */
static void expect_two(pid_t claimant, const char *name)
{
	const struct ns *first = NULL, *second = NULL;
	size_t n = strlen(name);

	EACH_NS (&stage.list, ns) {
		if (ns_is_own(ns) || ns->gone)
			continue;
		if (ns->pid == claimant)
			first = ns;
		else
			second = ns;
	}
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(second);
	ck_assert_str_eq(second->name, name);
	ck_assert_msg(!strncmp(first->name, name, n) && first->name[n] == '_' &&
			      strlen(first->name) > n + 9,
		      "%s", first->name);
}

static void check_claim(pid_t claimant, const char *name)
{
	/* where it was looked at already, the next discovery finds it */
	for (int i = 0; i < 2; i++)
		rescan();
	ns_list_drop_gone(&stage.list);
	ck_assert_uint_eq(stage.list.n, 3);
	expect_two(claimant, name);
	rescan(); /* and so it stays */
	ns_list_drop_gone(&stage.list);
	expect_two(claimant, name);
}

TEST_EACH(discovery, file_takes_its_name_from_who_claims_it, ARRAY_SIZE(claims))
{
	pid_t pid = start(0);

	show(pid, claims[_i].claim);
	discover();
	expect(claims[_i].name);
	name_file(claims[_i].name, start(0));
	tree_make_old(&tree, ROOT "run/netns");
	check_claim(pid, claims[_i].name);
}

TEST_EACH(discovery, record_takes_its_name_from_who_claims_it, 2)
{
	pid_t pid = start(0), docker;

	show(pid, claims[_i].claim);
	discover();
	expect("web");
	docker = start(0);
	show(docker, IN_DOCKER);
	tree_put(&tree, DOCKER, WEB);
	check_claim(pid, "web");
}

TEST(discovery, who_claims_a_name_that_a_file_has_is_called_otherwise)
{
	pid_t pid = start(0);

	name_file("web", start(0));
	show(pid, "0::/machine.slice/machine-web.scope\n");
	discover();
	check_claim(pid, "web");
}

/* The first one has it, as there is no better reason. */
TEST(discovery, name_of_a_file_is_not_taken_by_a_record)
{
	pid_t pid = start(0);

	name_file("web", start(0));
	discover();
	show(pid, IN_DOCKER);
	tree_put(&tree, DOCKER, WEB);
	check_claim(pid, "web");
}

TEST(discovery, container_in_a_container_is_called_after_both)
{
	show(start(0), "0::/docker/" ID "/kubepods/" POD "/" OTHER "\n");
	tree_put(&tree, DOCKER, WEB);
	discover();
	expect("web_0123456789ab");
}

TEST(discovery, container_of_a_user_has_no_name_of_anothers)
{
	show(start(0), "0::/user.slice/user-1000.slice/user@1000.service/"
		       "app.slice/docker-" ID ".scope\n");
	tree_put(&tree, DOCKER, WEB);
	discover();
	expect("user_1000.service_" SHORT);
}

static void expect_resident(pid_t pid, const char *container)
{
	struct resident r = resident_of(stage.list.items[1], tree.path);

	ck_assert_int_eq(r.pid, pid);
	ck_assert_str_eq(r.container, container);
}

TEST(discovery, process_of_a_namespace_is_known_and_its_container)
{
	pid_t pid = start(0), other = start(0);

	name_file("blue", pid);
	discover();
	expect("blue");
	expect_resident(0, "");
	show(pid, IN_DOCKER);
	rescan();
	expect_resident(pid, ID);
	put_cgroup(pid, "0::/init.scope\n");
	expect_resident(pid, "");
	show_in(pid, other); /* it has left, or another has its number */
	expect_resident(0, "");
}

TEST(discovery, container_that_a_user_made_up_is_not_told)
{
	pid_t pid = start(0);

	show(pid, "0::/user.slice/user-1000.slice/user@1000.service/"
		  "app.slice/docker-" ID ".scope\n");
	discover();
	expect_resident(pid, "");
}

TEST(discovery, own_namespace_has_no_process_to_look_into)
{
	discover();
	ck_assert_int_eq(resident_of(stage.list.items[0], "/proc").pid, 0);
}

TEST(discovery, restarted_container_has_its_name_again)
{
	pid_t pid = start(0);
	char name[16];

	show(pid, IN_DOCKER);
	tree_put(&tree, DOCKER, WEB);
	discover();
	expect("web");
	snprintf(name, sizeof(name), "%d", (int)pid);
	tree_drop(&tree, name);
	show(start(0), IN_DOCKER);
	rescan();
	expect("web web");
	ck_assert(stage.list.items[1]->gone);
	ck_assert(!stage.list.items[2]->gone);
}
