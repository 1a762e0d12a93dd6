/* SPDX-License-Identifier: MIT */
#include "model/selection.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"

static int compile_regex(struct pattern *p, const char *text, size_t n)
{
	_cleanup_free_ char *inner = strndup(text + 1, n - 2);

	if (!inner)
		return -ENOMEM;
	if (regcomp(&p->regex, inner, REG_EXTENDED | REG_NOSUB))
		return -EINVAL;
	p->is_regex = true;
	return 0;
}

int pattern_compile(const char *text, struct pattern *ret)
{
	struct pattern p = {.text = strdup(text)};
	size_t n = strlen(text);
	int r = 0;

	*ret = (struct pattern) {0};
	if (!p.text)
		return -ENOMEM;
	if (n >= 2 && text[0] == '/' && text[n - 1] == '/')
		r = compile_regex(&p, text, n);
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
	if (!s || !s->n)
		return true;
	for (size_t i = 0; i < s->n; i++)
		if (pattern_matches(&s->items[i], text))
			return !s->ignore;
	return s->ignore;
}

bool selection_names(const struct selection *s, const char *text)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (pattern_matches(&s->items[i], text))
			return true;
	return false;
}
