/* SPDX-License-Identifier: MIT */
#include "engine/container.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/token.h"
#include "kernel/file.h"

#define MAX_FILE ((size_t)1024 * 1024)
#define MAX_DEPTH 64

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

#define LEVELS 3 /* deeper nothing is looked for */

struct walk {
	const struct container *c;
	enum container_record record;
	unsigned depth;
	char open[LEVELS];     /* '{' or '[' */
	char keys[LEVELS][48]; /* the newest of each level, "" if too long */
	bool is_it;	       /* this entry of podman's list has the id */
	char entry[256];       /* and this first name */
	char name[256];
	char pods[ARRAY_SIZE(pod_keys)][2][256];
};

/* Keeps a text that fits and has no NUL; any other is none. */
static void keep_string(char *buffer, size_t size, const unsigned char *text,
			size_t n)
{
	buffer[0] = '\0';
	if (n >= size || memchr(text, '\0', n))
		return;
	memcpy(buffer, text, n);
	buffer[n] = '\0';
}

static bool is_at(const struct walk *w, unsigned depth, const char *opened)
{
	return w->depth == depth && !memcmp(w->open, opened, depth);
}

static void on_pod(struct walk *w, const unsigned char *text, size_t n)
{
	if (strcmp(w->keys[0], "annotations"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(pod_keys); i++)
		for (int j = 0; j < 2; j++)
			if (w->record == pod_keys[i].record &&
			    !strcmp(w->keys[1], pod_keys[i].keys[j]))
				keep_string(w->pods[i][j],
					    sizeof(w->pods[i][j]), text, n);
}

static int on_string(void *arg, const unsigned char *text, size_t n)
{
	struct walk *w = arg;

	if (is_at(w, 1, "{") && !strcmp(w->keys[0], "Name"))
		keep_string(w->name, sizeof(w->name), text, n);
	else if (is_at(w, 2, "{{"))
		on_pod(w, text, n);
	else if (is_at(w, 2, "[{") && !strcmp(w->keys[1], "id"))
		w->is_it = n == strlen(w->c->name) &&
			   !memcmp(text, w->c->name, n);
	else if (is_at(w, 3, "[{[") && !strcmp(w->keys[1], "names") &&
		 !w->entry[0])
		keep_string(w->entry, sizeof(w->entry), text, n);
	return 1;
}

static int on_key(void *arg, const unsigned char *text, size_t n)
{
	struct walk *w = arg;

	if (w->depth <= LEVELS)
		keep_string(w->keys[w->depth - 1], sizeof(w->keys[0]), text, n);
	return 1;
}

static int enter_level(struct walk *w, char what)
{
	if (w->depth >= MAX_DEPTH)
		return 0;
	if (w->depth < LEVELS) {
		w->open[w->depth] = what;
		w->keys[w->depth][0] = '\0';
	}
	w->depth++;
	return 1;
}

static int on_map(void *arg)
{
	struct walk *w = arg;

	if (is_at(w, 1, "[")) {
		w->is_it = false;
		w->entry[0] = '\0';
	}
	return enter_level(w, '{');
}

static int on_map_end(void *arg)
{
	struct walk *w = arg;

	if (is_at(w, 2, "[{") && w->is_it)
		memcpy(w->name, w->entry, sizeof(w->name));
	w->depth--;
	return 1;
}

static int on_array(void *arg)
{
	return enter_level(arg, '[');
}

static int on_array_end(void *arg)
{
	struct walk *w = arg;

	w->depth--;
	return 1;
}

/* Docker's name, "/web", and what a kubelet that uses docker makes of it:
 * "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT". No part of that has a '_'. */
static int docker_name(const struct walk *w, char name[CONTAINER_NAME + 1])
{
	const char *raw = w->name + (w->name[0] == '/');
	char pod[256], namespace[64];

	if (sscanf(raw, "k8s_%*[^_]_%255[^_]_%63[^_]_", pod, namespace) == 2)
		snprintf(name, CONTAINER_NAME + 1, "%s_%s", namespace, pod);
	else
		snprintf(name, CONTAINER_NAME + 1, "%s", raw);
	return name[0] ? 0 : -ENOENT;
}

static int pod_name(const struct walk *w, char name[CONTAINER_NAME + 1])
{
	for (size_t i = 0; i < ARRAY_SIZE(pod_keys); i++) {
		const char *namespace = w->pods[i][0], *pod = w->pods[i][1];

		if (!namespace[0] || !pod[0])
			continue;
		format_text(name, CONTAINER_NAME + 1, "%.63s_%s", namespace,
			    pod);
		return 0;
	}
	return -ENOENT;
}

static int pick_name(const struct walk *w, char name[CONTAINER_NAME + 1])
{
	int r = -ENOENT;

	if (w->open[0] == '{')
		r = pod_name(w, name);
	else if (has_form(w->name, "xxxxxxxxxxxx-infra"))
		return r; /* podman made it up, of its pod's id */
	return r < 0 ? docker_name(w, name) : r;
}

static int walk_json(struct walk *w, const char *text, size_t n)
{
	static const yajl_callbacks callbacks = {
		.yajl_string = on_string,
		.yajl_start_map = on_map,
		.yajl_map_key = on_key,
		.yajl_end_map = on_map_end,
		.yajl_start_array = on_array,
		.yajl_end_array = on_array_end,
	};
	yajl_handle h = yajl_alloc(&callbacks, NULL, w);
	yajl_status status;

	if (!h)
		return -ENOMEM;
	status = yajl_parse(h, (const unsigned char *)text, n);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(h);
	yajl_free(h);
	return status == yajl_status_ok ? 0 : -EBADMSG;
}

int container_json(const struct container *c, enum container_record record,
		   const char *text, size_t n, char name[CONTAINER_NAME + 1])
{
	struct walk w = {.c = c, .record = record};
	int r = walk_json(&w, text, n);

	return r < 0 ? r : pick_name(&w, name);
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
