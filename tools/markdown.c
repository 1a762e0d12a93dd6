/* SPDX-License-Identifier: MIT */
#include "markdown.h"

#include <stdio.h>
#include <string.h>

#include "model/remedy.h"

/* A bar would end the cell, a bracket be a tag. */
static void print_plain(const char *text, size_t n)
{
	for (; n; text++, n--) {
		if (strchr("|<>*_`\\", *text))
			putchar('\\');
		putchar(*text);
	}
}

/* In a cell a bar ends even what is quoted. */
static void print_command(struct token command)
{
	bool of_host = remedy_is_of_host(&command);

	putchar('`');
	for (size_t i = 0; i < command.n; i++)
		printf("%s%c", command.at[i] == '|' ? "\\" : "", command.at[i]);
	printf("`%s", of_host ? " (on the host)" : "");
}

void markdown_print(const char *text)
{
	const char *rest = text;

	for (;;) {
		const char *from = rest;
		struct token command = remedy_command(&rest);

		if (!command.n) {
			print_plain(from, strlen(from));
			return;
		}
		print_plain(from, command.at - 1 - from);
		print_command(command);
	}
}

void markdown_sentence(const char *label, const char *text)
{
	size_t n;

	if (!text)
		return;
	printf("%s", label);
	markdown_print(text);
	n = strlen(text);
	if (n && text[n - 1] != '.')
		putchar('.');
}
