/* SPDX-License-Identifier: MIT */
#include "engine/blindness.h"

#include <errno.h>
#include <string.h>

#include "kernel/capability.h"

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

/* In words that need no manual of the kernel. */
static const struct {
	int error;
	const char *says;
} words[] = {
	{-EPERM, "not permitted"},
	{-EACCES, "not permitted"},
	{-EBADMSG, "the kernel's answer was not understood"},
	{-E2BIG, "there is more than is looked at"},
	{-EAGAIN, "it changed while it was read, three times"},
	{-ENOPKG, "/sys/module is out of sight, where it says whether the "
		  "kernel has it"},
	{-ENOSYS, "pktloss was built without it"},
	{-ENODATA, "this kernel does not tell"},
	{-ENOTUNIQ, "the kernel makes it for who asks; modprobe nfnetlink_hook "
		    "shows whether it is there"},
	{-ENOENT, "the kernel says there is none, which cannot be"},
	{-EOPNOTSUPP, "the kernel says it has none, which cannot be"},
	{-ENOMEM, "out of memory"},
	{-EMFILE, "collectd has too many files open"},
	{-ENFILE, "the host has too many files open"},
	{-ETIME, "it took too long"},
	{-ETIMEDOUT, "the kernel has not answered for a second"},
	{-EMSGSIZE, "the kernel's answer is too long"},
	{-ENAMETOOLONG, "its path is too long"},
	{-EIO, "the kernel could not, and gave no reason"},
};

static const char *explain_error(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].error == error)
			return words[i].says;
	return strerror(-error);
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

/* What helps, else why it failed. */
static void explain_refusal(const struct blindness *b, int error,
			    uint64_t needs, char *text, size_t size)
{
	char names[96];

	capabilities_print(needs & b->lacking, names, sizeof(names));
	if (!needs)
		format_text(text, size, "%s", explain_error(error));
	else if (names[0])
		format_text(text, size, "run as root, or with %s", names);
	else
		format_text(text, size,
			    "denied by a user namespace or a security module");
}

/*
 * The fact first, in plain words, then what the kernel was asked: "firewall
 * counters of nftables: run as root (not permitted: ...)".
 */
static void explain_reason(const struct blindness *b, int error,
			   const char *what, uint64_t needs, const char *asked,
			   char text[BLINDNESS_TEXT])
{
	char why[128];

	if (error != -EPERM && error != -EACCES)
		needs = 0;
	explain_refusal(b, error, needs, why, sizeof(why));
	if (b->brief)
		format_text(text, BLINDNESS_TEXT, "%s: %s", what, why);
	else
		format_text(text, BLINDNESS_TEXT, "%s: %s (%s%s%s)", what, why,
			    needs ? explain_error(error) : "",
			    needs ? ": " : "", asked);
}

static bool next_source(struct blindness *b, char text[BLINDNESS_TEXT])
{
	for (size_t i = 0; i < n_probes; i++) {
		int error = take_error(&b->sources[i]);
		char asked[160];

		if (!error)
			continue;
		format_text(asked, sizeof(asked), "layer %s, from %s",
			    layer_name(probes[i]->layer), probes[i]->reads);
		explain_reason(b, error, probes[i]->what, probes[i]->needs,
			       asked, text);
		return true;
	}
	return false;
}

static bool next_entering(struct blindness *b, char text[BLINDNESS_TEXT])
{
	int error = take_error(&b->entering);

	if (error)
		explain_reason(b, error, "other network namespaces",
			       NEEDS(SYS_ADMIN), "setns", text);
	return error;
}

static bool next_finding(struct blindness *b, char text[BLINDNESS_TEXT])
{
	int error = take_error(&b->finding);

	if (error == -ENOENT)
		format_text(text, BLINDNESS_TEXT,
			    "no processes are found in ProcRoot \"%.80s\", so "
			    "network namespaces are missed: it is to be where "
			    "/proc of the host is mounted",
			    b->settings ? b->settings->proc_root : "");
	else if (error)
		explain_reason(b, error,
			       "network namespaces of other users' processes",
			       NEEDS(SYS_PTRACE), "/proc/PID/ns/net", text);
	return error;
}

static bool next_naming(struct blindness *b, char text[BLINDNESS_TEXT])
{
	int error = take_error(&b->naming);

	if (error)
		explain_reason(b, error, "network namespaces that have names",
			       NEEDS(DAC_READ_SEARCH),
			       "/run/netns, /run/docker/netns", text);
	return error;
}

bool blindness_note_slow(struct blindness *b, const char *name, uint8_t source)
{
	struct slow_read *s;

	if (b->n_untold == ARRAY_SIZE(b->untold))
		return false;
	s = &b->untold[b->n_untold++];
	s->source = source;
	snprintf(s->name, sizeof(s->name), "%s", name);
	return true;
}

static bool next_slow(struct blindness *b, char text[BLINDNESS_TEXT])
{
	const struct slow_read *s;

	if (!b->n_untold)
		return false;
	s = &b->untold[--b->n_untold];
	format_text(text, BLINDNESS_TEXT,
		    "%s%s%s: to read layer %s (%s) takes longer than %.3g s, "
		    "it is cut short and tried again more and more rarely",
		    s->name[0] ? "namespace \"" : "this network namespace",
		    s->name, s->name[0] ? "\"" : "",
		    layer_name(probes[s->source]->layer),
		    probes[s->source]->name, (double)b->share_ns / 1e9);
	return true;
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
	       next_finding(b, text) || next_naming(b, text) ||
	       next_slow(b, text) ||
	       next_shortfall(b->n_skipped + b->crowded, &b->told_skipped,
			      "ReadBudget is too short to read every network "
			      "namespace in each interval: they are read in "
			      "turns",
			      text) ||
	       next_unwatched(b, text);
}
