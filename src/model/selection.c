/* SPDX-License-Identifier: MIT */
#include "model/selection.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

/* Returns 0, an error of regcomp(), or REG_ESPACE. */
static int compile(regex_t *ret, const char *text)
{
	char *inner = strndup(text + 1, strlen(text) - 2);
	int r = inner ? regcomp(ret, inner, REG_EXTENDED) : REG_ESPACE;

	free(inner);
	return r;
}

/*
 * Whether it is found in every text, since it may stand for no character at
 * all, as the empty one does. What stands for any characters means it.
 */
static bool matches_nothing_anywhere(const regex_t *regex)
{
	for (char c = 1; c < 127; c++) {
		const char text[] = {c, '\0'};
		regmatch_t found;

		if (!regexec(regex, text, 1, &found, 0) &&
		    found.rm_so == found.rm_eo)
			return true;
	}
	return false;
}

static int compile_regex(struct pattern *p, const char *text)
{
	int r = compile(&p->regex, text);

	if (r)
		return r == REG_ESPACE ? -ENOMEM : -EINVAL;
	p->is_regex = !matches_nothing_anywhere(&p->regex);
	if (!p->is_regex)
		regfree(&p->regex);
	return p->is_regex ? 0 : -EINVAL;
}

static bool is_regex(const char *text)
{
	size_t n = strlen(text);

	return n >= 2 && text[0] == '/' && text[n - 1] == '/';
}

void pattern_complain(const char *text, char *buffer, size_t size)
{
	const char *why = "";
	regex_t regex;
	int r = is_regex(text) ? compile(&regex, text) : 0;

	if (!is_regex(text) && text[0] == '/')
		why = "a regular expression ends with a slash, too";
	else if (is_regex(text) && !r && matches_nothing_anywhere(&regex))
		why = "it would match every name, write \"/.*/\" for that";
	format_text(buffer, size, "%s", why);
	if (r)
		regerror(r, &regex, buffer, size);
	else if (is_regex(text))
		regfree(&regex);
}

int pattern_compile(const char *text, struct pattern *ret)
{
	struct pattern p = {.text = strdup(text)};
	int r = 0;

	*ret = (struct pattern) {0};
	if (!p.text)
		return -ENOMEM;
	if (is_regex(text))
		r = compile_regex(&p, text);
	else if (text[0] == '/')
		r = -EINVAL;
	if (r < 0)
		free(p.text);
	else
		*ret = p;
	return r;
}

void pattern_free(struct pattern *p)
{
	if (p->is_regex)
		regfree(&p->regex);
	free(p->text);
	*p = (struct pattern) {0};
}

bool pattern_matches(const struct pattern *p, const char *text)
{
	if (!p->text)
		return true;
	if (p->is_regex)
		return !regexec(&p->regex, text, 0, NULL, 0);
	return !strcmp(p->text, text);
}

int selection_add(struct selection *s, const char *text)
{
	struct pattern *added = ARRAY_ADD(s);
	int r;

	if (!added)
		return -ENOMEM;
	r = pattern_compile(text, added);
	if (r < 0)
		s->n--;
	return r;
}

void selection_free(struct selection *s)
{
	for (size_t i = 0; i < s->n; i++)
		pattern_free(&s->items[i]);
	free(s->items);
	*s = (struct selection) {0};
}

bool selection_wants(const struct selection *s, const char *text)
{
	bool found = false;

	if (!s || (!s->n && !s->refused))
		return true;
	for (size_t i = 0; i < s->n; i++) {
		struct pattern *p = &s->items[i];

		if ((found && p->used) || !pattern_matches(p, text))
			continue;
		p->used = true;
		found = true;
	}
	return found != s->ignore;
}

bool selection_names(const struct selection *s, const char *text)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (pattern_matches(&s->items[i], text))
			return true;
	return false;
}
