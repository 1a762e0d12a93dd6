/* SPDX-License-Identifier: MIT */
#include "program/namespace_list.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"
#include "engine/naming.h"
#include "engine/resident.h"
#include "program/json.h"
#include "program/wanted.h"

enum column {
	COLUMN_NAME,
	COLUMN_KIND,
	COLUMN_INODE,
	COLUMN_PID,
	COLUMN_CONTAINER,
	COLUMN_READ,
	N_COLUMNS,
};

/* Names are short, a container's of LXC may be cut. */
struct line {
	char text[N_COLUMNS][NAME_NAMESPACE + 17];
};

static const struct line heads = {
	.text = {[COLUMN_NAME] = "NAMESPACE",
		 [COLUMN_KIND] = "KIND",
		 [COLUMN_INODE] = "INODE",
		 [COLUMN_PID] = "PID",
		 [COLUMN_CONTAINER] = "CONTAINER",
		 [COLUMN_READ] = "READ"},
};

/* What its name comes from. */
static const char *kind_name(const struct ns *ns, const struct resident *who)
{
	static const char *const runtimes[] = {
		[CONTAINER_OTHER] = "container",
		[CONTAINER_DOCKER] = "docker",
		[CONTAINER_PODMAN] = "podman",
		[CONTAINER_CONTAINERD] = "containerd",
		[CONTAINER_CRIO] = "cri-o",
		[CONTAINER_POD] = "pod",
		[CONTAINER_NAMED] = "container",
		[CONTAINER_OWNED] = "container",
	};

	if (ns_is_own(ns))
		return "own";
	switch (ns->grade) {
	case NAMING_FILE:
		return "file";
	case NAMING_NONE:
		return "process";
	case NAMING_UNIT:
		return "service";
	default:
		return runtimes[who->kind];
	}
}

static void put_cell(struct line *line, enum column column, const char *text)
{
	char *cell = line->text[column];

	format_text(cell, sizeof(line->text[0]), "%s", text[0] ? text : "-");
	text_make_printable(cell);
}

static void fill_line(struct line *line, const struct ns *ns,
		      const char *proc_root)
{
	struct resident who = resident_of(ns, proc_root);
	char number[24] = "";

	put_cell(line, COLUMN_NAME,
		 ns_is_own(ns) ? "(this namespace)" : ns->name);
	put_cell(line, COLUMN_KIND, kind_name(ns, &who));
	snprintf(number, sizeof(number), "%ju", (uintmax_t)ns->id.ino);
	put_cell(line, COLUMN_INODE, number);
	snprintf(number, sizeof(number), "%d", (int)who.pid);
	put_cell(line, COLUMN_PID, who.pid ? number : "");
	if (strlen(who.container) == CONTAINER_ID)
		who.container[CONTAINER_SHORT_ID] = '\0';
	put_cell(line, COLUMN_CONTAINER, who.container);
	put_cell(line, COLUMN_READ, ns->was_read ? "yes" : "no");
}

static void print_line(const struct line *line, const unsigned *widths)
{
	for (int i = 0; i < N_COLUMNS; i++)
		printf("%-*s%s", i < N_COLUMNS - 1 ? (int)widths[i] : 0,
		       line->text[i], i < N_COLUMNS - 1 ? "  " : "\n");
}

static void widen_for(unsigned *widths, const struct line *line)
{
	for (int i = 0; i < N_COLUMNS; i++)
		if (strlen(line->text[i]) > widths[i])
			widths[i] = strlen(line->text[i]);
}

static int compare_listed(const void *a, const void *b)
{
	const struct ns *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void print_lines(const struct line *lines, size_t n)
{
	unsigned widths[N_COLUMNS] = {0};

	for (size_t i = 0; i < n; i++)
		widen_for(widths, &lines[i]);
	for (size_t i = 0; i < n; i++)
		print_line(&lines[i], widths);
}

/* Nothing where there is none. */
static int print_table(const struct options *o, const struct ns_list *list)
{
	struct line *lines = calloc(list->n + 1, sizeof(*lines));
	size_t n = 0;

	if (!lines)
		return -ENOMEM;
	lines[n++] = heads;
	EACH_NS (list, ns)
		if (!ns->host_only)
			fill_line(&lines[n++], ns, o->settings.proc_root);
	if (n > 1)
		print_lines(lines, n);
	free(lines);
	return 0;
}

static void put_listed(struct json *j, const struct ns *ns,
		       const char *proc_root)
{
	struct resident who = resident_of(ns, proc_root);

	json_open(j, NULL, '{');
	json_put_text(j, "name", ns->name);
	json_put_text(j, "kind", kind_name(ns, &who));
	json_put_number(j, "inode", ns->id.ino);
	json_put_number(j, "pid", who.pid);
	json_put_known(j, "container", who.container);
	json_put_bool(j, "read", ns->was_read);
	json_close(j, '}');
}

static void print_json(const struct options *o, const struct ns_list *list,
		       const struct summary *notes)
{
	struct json j = {.out = stdout};

	json_begin(&j);
	json_open(&j, "namespaces", '[');
	EACH_NS (list, ns)
		if (!ns->host_only)
			put_listed(&j, ns, o->settings.proc_root);
	json_close(&j, ']');
	json_put_notes(&j, notes->notes, notes->n_notes);
	json_end(&j);
}

/* By their names. */
static int print_list(const struct options *o, struct ns_list *list,
		      const struct summary *notes)
{
	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items),
		      compare_listed);
	if (!o->json)
		return print_table(o, list);
	print_json(o, list, notes);
	return 0;
}

/* What could not be read, and is not there, is said. Returns a status. */
static enum status note_what_lacks(const struct options *o, struct engine *e,
				   struct summary *notes)
{
	struct ns_list *list = engine_namespaces(e);
	bool missing = wanted_missing(&o->settings, list);
	char text[BLINDNESS_TEXT];
	enum status status = missing ? STATUS_FAILED : STATUS_NO_LOSS;

	if (missing && wanted_note(notes, &o->settings, list) < 0)
		complain("%s", strerror(ENOMEM));
	while (blindness_next(engine_blindness(e), text)) {
		summary_note(notes, text);
		if (!missing)
			status = STATUS_PARTLY;
	}
	for (size_t i = 0; i < notes->n_notes; i++)
		complain("%s", notes->notes[i]);
	return status;
}

static enum status read_and_list(const struct options *o, struct engine *e)
{
	struct summary notes = {0};
	enum status status;
	int r = engine_read(e, 0);

	if (r < 0) {
		complain("cannot look: %s", strerror(-r));
		return STATUS_FAILED;
	}
	engine_blindness(e)->brief = !o->style.verbose;
	status = note_what_lacks(o, e, &notes);
	r = print_list(o, engine_namespaces(e), &notes);
	summary_free(&notes);
	if (r < 0)
		complain("%s", strerror(-r));
	return r < 0 ? STATUS_FAILED : status;
}

/* One layer tells whether a namespace can be entered and read. */
enum status namespace_list_command(const struct options *o)
{
	struct settings s = o->settings;
	struct engine *e = NULL;
	enum status status = STATUS_FAILED;

	s.layers = (struct selection) {.n = 0};
	if (selection_add(&s.layers, layer_name(LAYER_LINK)) == 0)
		e = engine_new(&s);
	if (e)
		status = read_and_list(o, e);
	else
		complain("%s", strerror(ENOMEM));
	engine_free(e);
	selection_free(&s.layers);
	return status;
}
