/* SPDX-License-Identifier: MIT */
#include "report/alarm_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/text.h"
#include "base/token.h"
#include "kernel/file.h"

/*
 * One line for each alarm, between a first line that names the format and a
 * last one with a hash of everything before it. '=' stands before names, so
 * that an empty one is a word too; none holds a blank: the kernel refuses it
 * in an interface's, and the names of namespaces are clean. The part of the
 * loss and the cause that were told (0: none) are not in older files.
 *
 *   pktloss alarms 1
 *   FAILURE link rx =eth0 =nginx others 1f2e3d4c
 *   end 0123456789abcdef
 */
#define HEADING "pktloss alarms 1\n"
#define MAX_SIZE (1 << 20)
#define MAX_LINE 256 /* and the last one with it */

static const char *const states[] = {
	[SEVERITY_WARNING] = "WARNING",
	[SEVERITY_FAILURE] = "FAILURE",
};

static const char *const parts[] = {
	[TOLD_UNKNOWN] = "any",
	[TOLD_POLICY] = "policy",
	[TOLD_OTHERS] = "others",
};

int alarm_file_add(struct alarm_file *f, const struct saved_alarm *alarm)
{
	struct saved_alarm *added = ARRAY_ADD(f);

	if (!added)
		return -ENOMEM;
	*added = *alarm;
	return 0;
}

void alarm_file_free(struct alarm_file *f)
{
	free(f->items);
	*f = (struct alarm_file) {0};
}

static int parse_state(struct token word)
{
	for (int i = SEVERITY_WARNING; i <= SEVERITY_FAILURE; i++)
		if (token_is(word, states[i]))
			return i;
	return -EBADMSG;
}

static int parse_layer(struct token word)
{
	for (int i = 0; i < N_LAYERS; i++)
		if (token_is(word, layer_name(i)))
			return i;
	return -EBADMSG;
}

static int parse_direction(struct token word)
{
	for (int i = 0; i < N_DIRECTIONS; i++)
		if (token_is(word, direction_name(i)))
			return i;
	return -EBADMSG;
}

static int parse_name(struct token word, char *buffer, size_t size)
{
	if (!word.n || word.at[0] != '=' || word.n > size ||
	    memchr(word.at, '\0', word.n))
		return -EBADMSG;
	snprintf(buffer, size, "%.*s", (int)word.n - 1, word.at + 1);
	return 0;
}

static int parse_part(struct token word)
{
	for (int i = TOLD_UNKNOWN; i <= TOLD_OTHERS; i++)
		if (token_is(word, parts[i]))
			return i;
	return -EBADMSG;
}

/* What was told: old files do not say. */
static int parse_told(struct token line, struct saved_alarm *ret)
{
	struct token part = token_word(&line), cause = token_word(&line);
	char text[9], *end;
	int i = parse_part(part);

	if (!part.n)
		return 0;
	if (i < 0 || cause.n != 8 || token_word(&line).n)
		return -EBADMSG;
	snprintf(text, sizeof(text), "%.*s", (int)cause.n, cause.at);
	ret->part = i;
	ret->cause = (uint32_t)strtoul(text, &end, 16);
	return *end ? -EBADMSG : 0;
}

static int parse_alarm(struct token line, struct alarm_file *f)
{
	struct saved_alarm alarm = {.place = ""};
	int state = parse_state(token_word(&line));
	int layer = parse_layer(token_word(&line));
	int direction = parse_direction(token_word(&line));

	if (state < 0 || layer < 0 || direction < 0 ||
	    parse_name(token_word(&line), alarm.place, sizeof(alarm.place)) <
		    0 ||
	    parse_name(token_word(&line), alarm.namespace,
		       sizeof(alarm.namespace)) < 0 ||
	    !text_is_plain(alarm.namespace) || parse_told(line, &alarm) < 0)
		return -EBADMSG;
	alarm.state = state;
	alarm.layer = layer;
	alarm.direction = direction;
	return alarm_file_add(f, &alarm);
}

/* "end " and the hash of n bytes of text, as the last line has it. */
static void make_end(const char *text, size_t n, char buffer[32])
{
	snprintf(buffer, 32, "end %016llx\n",
		 (unsigned long long)hash_bytes(HASH_START, text, n));
}

int alarm_file_parse(const char *text, size_t n, struct alarm_file *ret)
{
	size_t head = strlen(HEADING), tail = strlen("end 0123456789abcdef\n");
	struct token rest;
	char end[32];
	int r = 0;

	*ret = (struct alarm_file) {0};
	if (n < head + tail || memcmp(text, HEADING, head))
		return -EBADMSG;
	make_end(text, n - tail, end);
	if (memcmp(text + n - tail, end, tail))
		return -EBADMSG;
	rest = (struct token) {text + head, n - head - tail};
	while (r == 0 && rest.n)
		r = parse_alarm(token_line(&rest), ret);
	if (r < 0)
		alarm_file_free(ret);
	return r;
}

int alarm_file_read(const char *path, struct alarm_file *ret)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n = file_read_trusted(path, MAX_SIZE, &text);

	*ret = (struct alarm_file) {0};
	return n < 0 ? (int)n : alarm_file_parse(text, n, ret);
}

static int write_all(int fd, const char *text, size_t n)
{
	unsigned tries = 0;

	while (n) {
		ssize_t written = write(fd, text, n);

		if (written < 0 && !file_tries_again(&tries))
			return -errno;
		if (written > 0) {
			text += written;
			n -= written;
		}
	}
	return 0;
}

/* Whether all that was printed to a stream has come there. */
static bool is_written(FILE *f)
{
	return fflush(f) == 0 && !ferror(f);
}

/* The text of an alarm file with as many alarms as fit, to be freed, or NULL.
 */
static char *print(const struct alarm_file *alarms, size_t *ret_n,
		   size_t *ret_left)
{
	char *text = NULL;
	char end[32];
	FILE *f = open_memstream(&text, ret_n);
	bool whole;
	size_t i;

	if (!f)
		return NULL;
	fputs(HEADING, f);
	for (i = 0; i < alarms->n && ftell(f) < MAX_SIZE - MAX_LINE; i++) {
		const struct saved_alarm *a = &alarms->items[i];

		fprintf(f, "%s %s %s =%s =%s %s %08x\n", states[a->state],
			layer_name(a->layer), direction_name(a->direction),
			a->place, a->namespace, parts[a->part], a->cause);
	}
	*ret_left = alarms->n - i;
	whole = is_written(f);
	if (whole) {
		make_end(text, *ret_n, end);
		fputs(end, f);
		whole = is_written(f);
	}
	if (fclose(f) == 0 && whole)
		return text;
	free(text);
	return NULL;
}

/* Makes the file that is to be in place of another. Returns it, or -errno. */
static int open_new(const char *path, char new[PATH_MAX])
{
	int fd;

	if (snprintf(new, PATH_MAX, "%s.new", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	unlink(new); /* whatever it is, nobody else shall have it open */
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int alarm_file_try(const char *path)
{
	char new[PATH_MAX];
	_cleanup_close_ int fd = open_new(path, new);

	if (fd >= 0)
		unlink(new);
	return fd < 0 ? fd : 0;
}

/* Puts a file in place of another: after a crash there is one of the two. */
static int replace(const char *path, const char *text, size_t n)
{
	char new[PATH_MAX];
	_cleanup_close_ int fd = open_new(path, new);
	int r;

	if (fd < 0)
		return fd;
	r = write_all(fd, text, n);
	if (r == 0 && (fsync(fd) < 0 || rename(new, path) < 0))
		r = -errno;
	if (r < 0)
		unlink(new);
	return r;
}

int alarm_file_write(const char *path, const struct alarm_file *f,
		     size_t *ret_left)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t n;

	*ret_left = f->n;
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return -EINVAL;
	text = print(f, &n, ret_left);
	return text ? replace(path, text, n) : -ENOMEM;
}
