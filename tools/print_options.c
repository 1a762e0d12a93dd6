/* SPDX-License-Identifier: MIT */
/*
 * Prints what the table of options says: "conf" the commented example
 * conf/pktloss.conf, "pod" the option list of the manual.
 */
#include <stdio.h>
#include <string.h>

#include "model/settings.h"

#define COLUMNS 76

/* Text as comment lines, broken between words. */
static void print_wrapped(const char *indent, const char *text)
{
	int column = 0;

	while (*text) {
		int n = strcspn(text, " ");

		if (column && column + 1 + n > COLUMNS) {
			putchar('\n');
			column = 0;
		}
		if (!column)
			column = printf("%s#", indent);
		column += printf(" %.*s", n, text);
		text += n;
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* A value as it is written in the configuration. */
static void print_value(const struct option_value *v)
{
	switch (v->type) {
	case VALUE_BOOLEAN:
		printf("%s", v->boolean ? "true" : "false");
		break;
	case VALUE_NUMBER:
		printf("%.9g", v->number);
		break;
	case VALUE_STRING:
		printf("\"%s\"", v->string);
		break;
	case VALUE_OTHER:
		break;
	}
}

/* The paragraph of an option, and what it takes. */
static const char *paragraph(const struct config_option *o)
{
	static char text[4096];
	char allowed[SETTINGS_TEXT];

	settings_allowed(o, allowed);
	snprintf(text, sizeof(text), "%s Takes %s.", o->doc, allowed);
	return text;
}

static void print_conf_options(bool in_threshold, const char *indent)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct config_option *o = &options_table[i];

		if (o->in_threshold != in_threshold)
			continue;
		putchar('\n');
		print_wrapped(indent, paragraph(o));
		printf("%s#%s ", indent, o->name);
		print_value(&o->def);
		putchar('\n');
	}
}

static void print_conf(void)
{
	printf("# SPDX-License-Identifier: MIT\n"
	       "# Every option of pktloss, with its default. No option is "
	       "needed.\n"
	       "# Printed from src/model/settings.c by \"make docs\".\n"
	       "\n"
	       "LoadPlugin pktloss\n"
	       "\n"
	       "<Plugin pktloss>");
	print_conf_options(false, "  ");
	printf("\n"
	       "  # When to raise an alarm. Repeatable: the first block that\n"
	       "  # matches is used.\n"
	       "  #<Threshold>");
	print_conf_options(true, "  #  ");
	printf("  #</Threshold>\n"
	       "</Plugin>\n");
}

/* Text with what POD would take for markup escaped. */
static void print_pod_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			printf("E<lt>");
		else if (*text == '>')
			printf("E<gt>");
		else
			putchar(*text);
	}
}

static const char *type_of(const struct config_option *o)
{
	if (o->def.type == VALUE_STRING)
		return "string";
	return o->def.type == VALUE_NUMBER ? "number" : "boolean";
}

static void print_pod_options(bool in_threshold)
{
	printf("=over 4\n\n");
	for (size_t i = 0; i < n_options; i++) {
		const struct config_option *o = &options_table[i];

		if (o->in_threshold != in_threshold)
			continue;
		printf("=item B<%s> I<%s>\n\n", o->name, type_of(o));
		print_pod_text(paragraph(o));
		printf(" Default: B<< ");
		print_value(&o->def);
		printf(" >>\n\n");
	}
	printf("=back\n");
}

static void print_pod(void)
{
	print_pod_options(false);
	printf("\n"
	       "Inside a B<E<lt>ThresholdE<gt>> block, which is repeatable:\n"
	       "\n");
	print_pod_options(true);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "conf")) {
		print_conf();
	} else if (argc == 2 && !strcmp(argv[1], "pod")) {
		print_pod();
	} else {
		fprintf(stderr, "usage: print_options conf|pod\n");
		return EXIT_FAILURE;
	}
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
