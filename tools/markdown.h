/* SPDX-License-Identifier: MIT */
/* What the tools that print documents share. */
#ifndef TOOLS_MARKDOWN_H
#define TOOLS_MARKDOWN_H

/*
 * Prints a text so that it reads the same, also in the cell of a table. What
 * stands in backquotes stays a command; of one of the whole host that is said.
 */
void markdown_print(const char *text);

/* The same of a clause, as a sentence behind a label; nothing of NULL. */
void markdown_sentence(const char *label, const char *text);

#endif
