/* SPDX-License-Identifier: MIT */
#include "engine/container.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "base/token.h"
#include "kernel/file.h"

#define MAX_FILE ((size_t)1024 * 1024)
#define MAX_TREE ((size_t)16 * 1024 * 1024)
#define MAX_DEPTH 64
#define MAX_TEXT 255 /* of one that is a name, or part of it */

#ifndef JSON_TOKENER_VALIDATE_UTF8 /* json-c 0.13 cannot */
#define JSON_TOKENER_VALIDATE_UTF8 0
#endif

/* The cgroup */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_id(struct token t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!is_hex(t.at[i]))
			return false;
	return t.n == CONTAINER_ID;
}

static bool cut_front(struct token *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (t->n < n || memcmp(t->at, prefix, n))
		return false;
	t->at += n;
	t->n -= n;
	return true;
}

static bool cut_end(struct token *t, const char *suffix)
{
	size_t n = strlen(suffix);

	if (t->n < n || memcmp(t->at + t->n - n, suffix, n))
		return false;
	t->n -= n;
	return true;
}

static struct token token_component(struct token *path)
{
	const char *slash = memchr(path->at, '/', path->n);
	struct token word = {path->at,
			     slash ? (size_t)(slash - path->at) : path->n};
	size_t taken = word.n + (slash != NULL);

	path->at += taken;
	path->n -= taken;
	return word;
}

static bool keep_container(struct container *c, enum container_kind kind,
			   struct token t)
{
	if (!t.n || t.n > CONTAINER_NAME || memchr(t.at, '\0', t.n))
		return false;
	c->kind = kind;
	memcpy(c->name, t.at, t.n);
	c->name[t.n] = '\0';
	return true;
}

/* systemd writes what it wants to keep apart as \x2d. */
static void unescape(char *name)
{
	char *to = name;

	for (const char *at = name; *at; at++) {
		uint64_t byte = 0;

		if (!strncmp(at, "\\x", 2) && strnlen(at + 2, 2) == 2 &&
		    token_number((struct token) {at + 2, 2}, 16, &byte) && byte)
			at += 3;
		else
			byte = (unsigned char)*at;
		*to++ = byte;
	}
	*to = '\0';
}

/* machine-NAME.scope and systemd-nspawn@NAME.service */
static bool parse_machine(struct token t, struct container *c)
{
	bool scope = cut_front(&t, "machine-") && cut_end(&t, ".scope");
	bool service = !scope && cut_front(&t, "systemd-nspawn@") &&
		       cut_end(&t, ".service");

	if ((!scope && !service) || !keep_container(c, CONTAINER_NAMED, t))
		return false;
	unescape(c->name);
	return true;
}

/* What somebody named who ran an OCI runtime by hand: runc-NAME.scope */
static bool parse_by_hand(struct token t, struct container *c)
{
	bool by_hand = cut_front(&t, "runc-") || cut_front(&t, "crun-");

	if (!by_hand || !cut_end(&t, ".scope") ||
	    !keep_container(c, CONTAINER_NAMED, t))
		return false;
	unescape(c->name);
	return true;
}

/* An id with what the systemd cgroup driver writes around it. */
static bool parse_scope(struct token t, struct container *c)
{
	static const struct {
		const char *prefix;
		enum container_kind kind;
	} prefixes[] = {
		{"docker-", CONTAINER_DOCKER},
		{"cri-containerd-", CONTAINER_CONTAINERD},
		{"crio-", CONTAINER_CRIO},
		{"libpod-", CONTAINER_PODMAN},
		{"", CONTAINER_OTHER},
	};
	const char *dash = memrchr(t.at, '-', t.n);

	cut_end(&t, ".scope");
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct token rest = t;

		if (cut_front(&rest, prefixes[i].prefix) && is_id(rest))
			return keep_container(c, prefixes[i].kind, rest);
	}
	if (!dash)
		return false;
	t.n -= dash + 1 - t.at;
	t.at = dash + 1;
	return is_id(t) && keep_container(c, CONTAINER_OTHER, t);
}

static bool starts_with(struct token t, const char *prefix)
{
	return cut_front(&t, prefix);
}

static bool ends_with(struct token t, const char *suffix)
{
	return cut_end(&t, suffix);
}

/*
 * What only root makes, and what stands in it: slices of systemd's, and the
 * parents that runtimes make without it. ".." is seen from another cgroup.
 */
static bool is_made_by_root(struct token t)
{
	static const char *const parents[] = {
		"",	    "..",	  "docker",    "libpod_parent", "lxc",
		"kubepods", "besteffort", "burstable", "guaranteed",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (token_is(t, parents[i]))
			return true;
	return ends_with(t, ".slice") ||
	       (starts_with(t, "pod") && !memchr(t.at, '.', t.n));
}

/* One component of a path; parent is the one before, pod: a pod is around. */
static bool parse_component(struct token t, struct token parent, bool pod,
			    struct container *c)
{
	struct token rest = t;
	bool machines =
		token_is(parent, "..") ||
		(starts_with(parent, "machine") && ends_with(parent, ".slice"));

	if (token_is(parent, "lxc") || cut_front(&rest, "lxc.payload."))
		return keep_container(c, CONTAINER_NAMED, rest);
	if (machines && parse_machine(t, c))
		return true;
	if (!parse_scope(t, c))
		return parse_by_hand(t, c);
	if (c->kind == CONTAINER_OTHER && token_is(parent, "docker"))
		c->kind = CONTAINER_DOCKER;
	if (c->kind == CONTAINER_OTHER && token_is(parent, "libpod_parent"))
		c->kind = CONTAINER_PODMAN;
	if (c->kind == CONTAINER_OTHER && pod)
		c->kind = CONTAINER_POD;
	return true;
}

/* The innermost id in what is left of a path, which anybody may have made. */
static void parse_inner(struct token path, struct container *c)
{
	struct container inner;

	c->inner[0] = '\0';
	while (path.n)
		if (parse_scope(token_component(&path), &inner))
			format_text(c->inner, sizeof(c->inner), "%s",
				    inner.name);
}

static bool parse_path(struct token path, struct container *c)
{
	struct token parent, t = {"", 0};
	bool found = false, pod = false;

	while (!found && path.n && is_made_by_root(t)) {
		parent = t;
		pod |= starts_with(parent, "kubepods");
		t = token_component(&path);
		found = parse_component(t, parent, pod, c);
	}
	parse_inner(path, c);
	if (found || !c->inner[0])
		return found;
	return keep_container(c, CONTAINER_OWNED, t);
}

/* A line is "0::/path" or, of cgroup version 1, "4:cpu,cpuacct:/path". */
static struct token path_of(struct token line)
{
	for (int i = 0; i < 2; i++) {
		const char *colon = memchr(line.at, ':', line.n);

		if (!colon)
			return (struct token) {"", 0};
		line.n -= colon + 1 - line.at;
		line.at = colon + 1;
	}
	return line;
}

bool container_parse(const char *cgroup, size_t n, struct container *ret)
{
	struct token text = {cgroup, n};

	while (text.n)
		if (parse_path(path_of(token_line(&text)), ret))
			return true;
	return false;
}

/* The outermost service, and the innermost, unless a session is in that. */
static bool parse_services(struct token path, struct token *outer,
			   struct token *inner)
{
	*outer = *inner = (struct token) {"", 0};
	while (path.n) {
		struct token t = token_component(&path);

		if (ends_with(t, ".scope") ||
		    (!outer->n && !is_made_by_root(t) &&
		     !ends_with(t, ".service")))
			return false;
		if (!ends_with(t, ".service"))
			continue;
		if (!outer->n)
			*outer = t;
		*inner = t;
	}
	return outer->n;
}

/* That of the host's manager; of a user's, whose it is comes first. */
static bool keep_service(struct token path, struct container *c)
{
	struct token outer, inner;
	size_t n;

	if (!parse_services(path, &outer, &inner) ||
	    !keep_container(c, CONTAINER_NAMED, outer))
		return false;
	if (!starts_with(outer, "user@"))
		return true;
	n = strlen(c->name);
	format_text(c->name + n, sizeof(c->name) - n, "_%.*s", (int)inner.n,
		    inner.at);
	return inner.at != outer.at;
}

/* "/web": units have a dot and stand in slices, so that is none of systemd. */
static struct token top_of(struct token path)
{
	struct token t = token_component(&path);

	if (!t.n && path.n) /* before the first slash */
		t = token_component(&path);
	if (path.n || !t.n || memchr(t.at, '.', t.n))
		return (struct token) {"", 0};
	return t;
}

bool container_unit(const char *cgroup, size_t n, char name[CONTAINER_NAME + 1])
{
	struct token text = {cgroup, n};
	struct container c;

	while (text.n) {
		struct token path = path_of(token_line(&text));

		if (!keep_service(path, &c) &&
		    !keep_container(&c, CONTAINER_NAMED, top_of(path)))
			continue;
		unescape(c.name);
		memcpy(name, c.name, sizeof(c.name));
		return true;
	}
	return false;
}

/* Whether text is made like form, where 'x' is a hexadecimal digit. */
static bool has_form(const char *text, const char *form)
{
	for (; *form; text++, form++)
		if (*form == 'x' ? !is_hex(*text) : *text != *form)
			return false;
	return !*text;
}

bool container_made_up(const char *file)
{
	static const char uuid[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t n = strlen(file), tail = sizeof(uuid) - 1;

	if (has_form(file, "xxxxxxxxxxxx"))
		return true;
	if (n < tail || (n > tail && file[n - tail - 1] != '-'))
		return false;
	return has_form(file + n - tail, uuid);
}

/* The files */

/*
 * Annotations that hold the namespace and the name of a pod. Only those count
 * that this runtime writes itself: CRI-O writes all that whoever made the pod
 * chose beside them, and over these the labels of the kubelet,
 * io.kubernetes.pod, which therefore come first.
 */
static const struct {
	enum container_record record;
	const char *keys[2];
} pod_keys[] = {
	{RECORD_CONTAINERD,
	 {"io.kubernetes.cri.sandbox-namespace",
	  "io.kubernetes.cri.sandbox-name"}},
	{RECORD_CRIO,
	 {"io.kubernetes.pod.namespace", "io.kubernetes.pod.name"}},
	{RECORD_CRIO,
	 {"io.kubernetes.cri-o.Namespace", "io.kubernetes.cri-o.KubeName"}},
};

static void free_tokener(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

static void free_tree(struct json_object **tree)
{
	json_object_put(*tree);
}

#define _cleanup_tokener_ __attribute__((cleanup(free_tokener)))
#define _cleanup_tree_ __attribute__((cleanup(free_tree)))

/*
 * Whether what json-c would make of a text fits into MAX_TREE. An object of no
 * members, three bytes of text, takes 800 bytes: a file of MAX_FILE could take
 * 280 MB.
 */
static bool is_modest(const char *text, size_t n)
{
	size_t tree = 0;

	for (size_t i = 0; i < n; i++)
		tree += text[i] == '{'	 ? 1024
			: text[i] == '[' ? 512
			: text[i] == ',' ? 128
					 : 0;
	return tree <= MAX_TREE;
}

/* A NUL, plain or escaped: json-c ends there, and would take a key that
 * somebody called "Name\u0000" for "Name". */
static bool has_nul(const char *text, size_t n)
{
	static const char escaped[] = {'\\', 'u', '0', '0', '0', '0'};

	for (size_t i = 0; i < n; i += 1 + (text[i] == '\\'))
		if (!text[i] || (n - i >= sizeof(escaped) &&
				 !memcmp(text + i, escaped, sizeof(escaped))))
			return true;
	return false;
}

/* *ret is to be given back, also after an error; NULL is JSON's null. */
static int parse_json(const char *text, size_t n, struct json_object **ret)
{
	_cleanup_tokener_ struct json_tokener *tokener = NULL;

	if (n > MAX_FILE || !is_modest(text, n))
		return -EFBIG;
	if (has_nul(text, n))
		return -EBADMSG;
	tokener = json_tokener_new_ex(MAX_DEPTH);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
						JSON_TOKENER_VALIDATE_UTF8);
	*ret = json_tokener_parse_ex(tokener, text, (int)n);
	return json_tokener_get_error(tokener) == json_tokener_success
		       ? 0
		       : -EBADMSG;
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *found = NULL;

	json_object_object_get_ex(o, key, &found);
	return found;
}

/* A text that is no longer than a name may be, or "". */
static const char *text_of(struct json_object *o)
{
	if (!json_object_is_type(o, json_type_string) ||
	    json_object_get_string_len(o) > MAX_TEXT)
		return "";
	return json_object_get_string(o);
}

static int pass_name(const char *text, char name[CONTAINER_NAME + 1])
{
	format_text(name, CONTAINER_NAME + 1, "%s", text);
	return name[0] ? 0 : -ENOENT;
}

/* Docker's name, "/web", and what a kubelet that uses docker makes of it:
 * "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT". No part of that has a '_'. */
static int docker_name(struct json_object *file, char name[CONTAINER_NAME + 1])
{
	const char *raw = text_of(member(file, "Name"));
	char pod[MAX_TEXT + 1], namespace[64];

	raw += raw[0] == '/';
	if (sscanf(raw, "k8s_%*[^_]_%255[^_]_%63[^_]_", pod, namespace) != 2)
		return pass_name(raw, name);
	format_text(name, CONTAINER_NAME + 1, "%s_%s", namespace, pod);
	return 0;
}

/* Podman's list of all: each has an id and names, of which one is enough. */
static int podman_name(struct json_object *file, const struct container *c,
		       char name[CONTAINER_NAME + 1])
{
	struct json_object *names = NULL;
	const char *first = "";

	if (!json_object_is_type(file, json_type_array))
		return -ENOENT;
	for (size_t i = 0; i < json_object_array_length(file); i++) {
		struct json_object *entry = json_object_array_get_idx(file, i);

		if (!strcmp(text_of(member(entry, "id")), c->name))
			names = member(entry, "names");
	}
	if (json_object_is_type(names, json_type_array))
		first = text_of(json_object_array_get_idx(names, 0));
	if (has_form(first, "xxxxxxxxxxxx-infra"))
		return -ENOENT; /* podman made it up, of its pod's id */
	return pass_name(first, name);
}

static int pod_name(struct json_object *file, enum container_record record,
		    char name[CONTAINER_NAME + 1])
{
	struct json_object *annotations = member(file, "annotations");

	for (size_t i = 0; i < ARRAY_SIZE(pod_keys); i++) {
		const char *const *keys = pod_keys[i].keys;
		const char *namespace = text_of(member(annotations, keys[0]));
		const char *pod = text_of(member(annotations, keys[1]));

		if (pod_keys[i].record != record || !namespace[0] || !pod[0])
			continue;
		format_text(name, CONTAINER_NAME + 1, "%.63s_%s", namespace,
			    pod);
		return 0;
	}
	return -ENOENT;
}

int container_json(const struct container *c, enum container_record record,
		   const char *text, size_t n, char name[CONTAINER_NAME + 1])
{
	_cleanup_tree_ struct json_object *file = NULL;
	int r = parse_json(text, n, &file);

	if (r < 0)
		return r;
	if (record == RECORD_DOCKER)
		return docker_name(file, name);
	if (record == RECORD_PODMAN)
		return podman_name(file, c, name);
	return pod_name(file, record, name);
}

static const struct {
	unsigned kinds;
	enum container_record record;
	const char *before, *after; /* an id, after NULL: no id */
} files[] = {
	{1u << CONTAINER_CONTAINERD | 1u << CONTAINER_POD, RECORD_CONTAINERD,
	 "/run/containerd/io.containerd.runtime.v2.task/k8s.io/",
	 "/config.json"},
	{1u << CONTAINER_CONTAINERD | 1u << CONTAINER_POD, RECORD_CONTAINERD,
	 "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/",
	 "/config.json"},
	{1u << CONTAINER_CRIO | 1u << CONTAINER_POD, RECORD_CRIO,
	 "/run/containers/storage/overlay-containers/",
	 "/userdata/config.json"},
	{1u << CONTAINER_DOCKER | 1u << CONTAINER_POD, RECORD_DOCKER,
	 "/var/lib/docker/containers/", "/config.v2.json"},
	{1u << CONTAINER_PODMAN, RECORD_PODMAN,
	 "/var/lib/containers/storage/overlay-containers/containers.json",
	 NULL},
	{1u << CONTAINER_PODMAN, RECORD_PODMAN,
	 "/var/lib/containers/storage/overlay-containers/"
	 "volatile-containers.json",
	 NULL},
};

static int read_name(const char *path, const struct container *c,
		     enum container_record record,
		     char name[CONTAINER_NAME + 1])
{
	_cleanup_free_ char *text = NULL;
	ssize_t n = file_read(path, MAX_FILE, &text);

	return n < 0 ? (int)n : container_json(c, record, text, n, name);
}

int container_name(const char *root, const struct container *c,
		   char name[CONTAINER_NAME + 1])
{
	int r = -ENOENT;

	if (c->kind == CONTAINER_NAMED || c->kind == CONTAINER_OWNED) {
		memcpy(name, c->name, sizeof(c->name));
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *after = files[i].after;
		char path[PATH_MAX];

		if (!(files[i].kinds & 1u << c->kind) ||
		    snprintf(path, sizeof(path), "%s%s%s%s", root,
			     files[i].before, after ? c->name : "",
			     after ? after : "") >= (int)sizeof(path))
			continue;
		r = read_name(path, c, files[i].record, name);
		if (r == 0)
			break;
	}
	return r;
}
