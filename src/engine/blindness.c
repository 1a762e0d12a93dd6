/* SPDX-License-Identifier: MIT */
#include "engine/blindness.h"

#include <errno.h>
#include <string.h>

void reasons_note(struct reasons *reasons, int error)
{
	for (int i = 0; i < MAX_REASONS; i++) {
		if (reasons->errors[i] == error)
			return;
		if (!reasons->errors[i]) {
			reasons->errors[i] = error;
			return;
		}
	}
}

static const char *explain_error(int error)
{
	switch (error) {
	case -EPERM:
	case -EACCES:
		return "not permitted";
	case -EBADMSG:
		return "the kernel's answer was not understood";
	case -EAGAIN:
		return "it changed while it was read, three times";
	case -ENOTUNIQ:
		return "asking would make it; modprobe nfnetlink_hook helps";
	default:
		return strerror(-error);
	}
}

/* An error that was not told yet, or 0. */
static int take_error(struct reasons *reasons)
{
	int error = 0;

	if (reasons->n_told < MAX_REASONS)
		error = reasons->errors[reasons->n_told];
	reasons->n_told += error != 0;
	return error;
}

static void explain_reason(int error, const char *what, const char *needs,
			   char text[BLINDNESS_TEXT])
{
	bool denied = needs && (error == -EPERM || error == -EACCES);

	format_text(text, BLINDNESS_TEXT, "%s: %s%s%s", what,
		    explain_error(error), denied ? "; needs " : "",
		    denied ? needs : "");
}

static bool next_source(struct blindness *b, char text[BLINDNESS_TEXT])
{
	for (size_t i = 0; i < n_probes; i++) {
		int error = take_error(&b->sources[i]);
		char what[160];

		if (!error)
			continue;
		format_text(what, sizeof(what),
			    "layer %s cannot be read from %s",
			    layer_name(probes[i]->layer), probes[i]->reads);
		explain_reason(error, what, probes[i]->needs, text);
		return true;
	}
	return false;
}

static bool next_entering(struct blindness *b, char text[BLINDNESS_TEXT])
{
	int error = take_error(&b->entering);

	if (error)
		explain_reason(error, "a network namespace cannot be entered",
			       "CAP_SYS_ADMIN", text);
	return error;
}

static bool next_finding(struct blindness *b, char text[BLINDNESS_TEXT])
{
	int error = take_error(&b->finding);

	if (error == -ENOENT)
		format_text(text, BLINDNESS_TEXT,
			    "no processes are found in ProcRoot, so network "
			    "namespaces may be missed: is it /proc of the "
			    "host?");
	else if (error)
		explain_reason(error,
			       "network namespaces of some processes cannot be "
			       "found",
			       "CAP_SYS_PTRACE", text);
	return error;
}

static bool next_shortfall(size_t n, bool *told, const char *what,
			   char text[BLINDNESS_TEXT])
{
	if (!n || *told)
		return false;
	*told = true;
	format_text(text, BLINDNESS_TEXT, "%s", what);
	return true;
}

/*
 * That there is no room, that what was read is not any more, and that even what
 * has a name is left out: each is news where the one before it was told.
 */
static bool next_unwatched(struct blindness *b, char text[BLINDNESS_TEXT])
{
	const struct unwatched *u = &b->unwatched;

	if (u->n_named && !b->told_named) {
		b->told_named = b->told_unwatched = true;
		format_text(text, BLINDNESS_TEXT,
			    "MaxNamespaces (%zu) is reached: network "
			    "namespaces are left out (%zu, of which %zu have "
			    "names)",
			    u->max, u->n, u->n_named);
		return true;
	}
	if (u->n_displaced && !b->told_displaced) {
		b->told_displaced = b->told_unwatched = true;
		format_text(text, BLINDNESS_TEXT,
			    "MaxNamespaces (%zu) is reached: network "
			    "namespaces that have names take the place of "
			    "others that were looked at (%zu so far); left out "
			    "are %zu",
			    u->max, u->n_displaced, u->n);
		return true;
	}
	if (!u->n || b->told_unwatched)
		return false;
	b->told_unwatched = true;
	format_text(text, BLINDNESS_TEXT,
		    "MaxNamespaces (%zu) is reached: network namespaces are "
		    "left out (%zu, which have no names)",
		    u->max, u->n);
	return true;
}

bool blindness_next(struct blindness *b, char text[BLINDNESS_TEXT])
{
	return next_source(b, text) || next_entering(b, text) ||
	       next_finding(b, text) ||
	       next_shortfall(b->n_skipped, &b->told_skipped,
			      "ReadBudget is too short to read every network "
			      "namespace in each interval: they are read in "
			      "turns",
			      text) ||
	       next_unwatched(b, text) ||
	       next_shortfall(b->none_wanted, &b->told_none,
			      "no network namespace has a name that an option "
			      "Namespace asks for",
			      text);
}
