/* SPDX-License-Identifier: MIT */
#include "program/look_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "model/probe.h"

#define VERSION 1
#define MAX_FIELDS 9

/* A boot has a name, "": it is not known. */
static void read_boot(char boot[64])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

	if (!f || !fgets(boot, 64, f))
		boot[0] = '\0';
	if (f)
		fclose(f);
	boot[strcspn(boot, "\n")] = '\0';
}

/* ---- writing ---- */

/* Names may have any byte: those that could end a field are %XX. */
static void write_name(FILE *out, const char *name)
{
	putc('\t', out);
	for (const char *c = name; *c; c++)
		if (*c > ' ' && *c <= '~' && *c != '%')
			putc(*c, out);
		else
			fprintf(out, "%%%02x", (unsigned char)*c);
}

/* Whether it is a counter of the probe's table: facts are none. */
static bool is_of_table(const struct counter_table *t, const struct counter *c)
{
	return (uintptr_t)c >= (uintptr_t)t->rows &&
	       (uintptr_t)c < (uintptr_t)(t->rows + t->n);
}

/*
 * What the kernel counts since pktloss began, and since then alone, means
 * nothing to the next one that runs.
 */
static bool is_kept(const struct object *o)
{
	return o->layer != LAYER_DROPREASON;
}

static void write_object(FILE *out, const struct sample *s,
			 const struct object *o)
{
	const struct counter_table *t = probes[o->source]->counters;

	fprintf(out, "object\t%s\t%s\t%" PRIx64, probes[o->source]->name,
		layer_name(o->layer), o->identity);
	write_name(out, object_place(s, o));
	write_name(out, object_name(s, o));
	putc('\n', out);
	EACH_ROW (s, o, row)
		if (is_of_table(t, row->counter))
			fprintf(out, "row\t%zu\t%s\t%" PRIu64 "\n",
				(size_t)(row->counter - t->rows),
				row->counter->name, row->value);
}

static void write_namespace(FILE *out, const struct ns *ns)
{
	const struct sample *s = &ns->now;

	fprintf(out,
		"namespace\t%ju\t%ju\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		"\t%" PRIu64 "\n",
		(uintmax_t)ns->id.dev, (uintmax_t)ns->id.ino, ns->cookie,
		s->time_ns, s->boot_ns, s->mono_ns);
	for (size_t i = 0; i < n_probes; i++)
		if (s->sources & UINT32_C(1) << i)
			fprintf(out, "source\t%s\n", probes[i]->name);
	EACH_OBJECT (s, o)
		if (is_kept(o))
			write_object(out, s, o);
}

static void write_head(FILE *out, const struct ns_list *list,
		       const char *wanted, bool whole)
{
	uint64_t boot_ns = 0;
	char boot[64];

	read_boot(boot);
	EACH_NS (list, ns)
		if (ns->was_read && ns->now.boot_ns > boot_ns)
			boot_ns = ns->now.boot_ns;
	fprintf(out, "pktloss-look\t%d\t%s\t%s\t%" PRIu64 "\t%d", VERSION,
		PKTLOSS_VERSION, boot, boot_ns, whole);
	write_name(out, wanted);
	putc('\n', out);
}

static bool write_end(FILE *out, const char *text, size_t n)
{
	return fprintf(out, "end\t%" PRIx64 "\n",
		       hash_bytes(HASH_START, text, n)) > 0;
}

int look_file_print(const struct ns_list *list, const char *wanted, bool whole,
		    char **ret, size_t *ret_n)
{
	FILE *out = open_memstream(ret, ret_n);
	bool good;

	if (!out)
		return -ENOMEM;
	write_head(out, list, wanted, whole);
	EACH_NS (list, ns)
		if (ns->was_read)
			write_namespace(out, ns);
	/* what is flushed is in *ret */
	good = !fflush(out) && write_end(out, *ret, *ret_n);
	return fclose(out) || !good ? -ENOMEM : 0;
}

/* ---- reading ---- */

struct look_reader {
	struct look_file *file;
	struct sample *sample;	   /* of the namespace that is read */
	const struct probe *probe; /* of the object, NULL: there is none yet */
	uint64_t hash;		   /* of the lines before this one */
	bool has_ended;
};

static bool decode_number(const char *text, int base, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, base);
	return isxdigit((unsigned char)text[0]) && !*end && !errno;
}

/* Undoes write_name(). */
static bool decode_name(char *name)
{
	char *to = name;

	for (const char *c = name; *c; c++) {
		char digits[3] = "";
		uint64_t byte;

		if (*c != '%') {
			*to++ = *c;
			continue;
		}
		if (!c[1] || !c[2])
			return false;
		memcpy(digits, c + 1, 2);
		if (!decode_number(digits, 16, &byte) || !byte)
			return false;
		*to++ = byte;
		c += 2;
	}
	*to = '\0';
	return true;
}

static int find_probe(const char *name)
{
	for (size_t i = 0; i < n_probes; i++)
		if (!strcmp(probes[i]->name, name))
			return i;
	return -EBADMSG;
}

static int read_namespace(struct look_reader *r, char **field)
{
	uint64_t number[6];
	struct netns_id id;

	for (size_t i = 0; i < ARRAY_SIZE(number); i++)
		if (!decode_number(field[i + 1], 10, &number[i]))
			return -EBADMSG;
	id = (struct netns_id) {.dev = number[0], .ino = number[1]};
	r->probe = NULL;
	r->sample = baseline_sample(&r->file->looks, &id, number[2]);
	if (!r->sample)
		return -ENOMEM;
	if (r->sample->time_ns || !number[3])
		return -EBADMSG; /* twice */
	r->sample->key = r->file->key;
	r->sample->time_ns = number[3];
	r->sample->boot_ns = number[4];
	r->sample->mono_ns = number[5];
	return 0;
}

static int read_source(struct look_reader *r, char **field)
{
	int probe = find_probe(field[1]);

	if (!r->sample || probe < 0)
		return -EBADMSG;
	r->sample->sources |= UINT32_C(1) << probe;
	return 0;
}

static int read_object(struct look_reader *r, char **field)
{
	int probe = find_probe(field[1]), layer = layer_parse(field[2]);
	uint64_t identity;

	if (!r->sample || probe < 0 || layer < 0 ||
	    !decode_number(field[3], 16, &identity) || !decode_name(field[4]) ||
	    !decode_name(field[5]))
		return -EBADMSG;
	r->probe = probes[probe];
	r->sample->source = probe;
	sample_object(r->sample, layer, field[4], field[5], identity);
	return r->sample->error;
}

static int read_row(struct look_reader *r, char **field)
{
	const struct counter_table *t = r->probe ? r->probe->counters : NULL;
	uint64_t at, value;

	if (!t || !decode_number(field[1], 10, &at) || at >= t->n ||
	    strcmp(t->rows[at].name, field[2]) != 0 ||
	    !decode_number(field[3], 10, &value))
		return -EBADMSG;
	sample_row(r->sample, &t->rows[at], value);
	return r->sample->error;
}

static int read_end(struct look_reader *r, char **field)
{
	char hash[24];

	r->has_ended = true;
	snprintf(hash, sizeof(hash), "%" PRIx64, r->hash);
	return strcmp(hash, field[1]) ? -EBADMSG : 0;
}

static const struct {
	const char *word;
	size_t n_fields;
	int (*read)(struct look_reader *r, char **field);
} kinds[] = {
	{"namespace", 7, read_namespace},
	{"source", 2, read_source},
	{"object", 6, read_object},
	{"row", 4, read_row},
	{"end", 2, read_end},
};

/* Takes a line apart. Returns how many fields it has, 0: too many, or no end.
 */
static size_t split_line(char *line, char *field[MAX_FIELDS])
{
	char *end = strchr(line, '\n');
	size_t n = 0;

	if (!end)
		return 0;
	*end = '\0';
	while (line) {
		if (n == MAX_FIELDS)
			return 0;
		field[n++] = strsep(&line, "\t");
	}
	return n;
}

/* The counters of another version may be others. */
static int read_head(struct look_file *f, char *line, bool *ret_stale)
{
	char *field[MAX_FIELDS], boot[64];
	uint64_t version, whole;

	if (split_line(line, field) != 7 ||
	    strcmp(field[0], "pktloss-look") != 0 ||
	    !decode_number(field[1], 10, &version) || version != VERSION ||
	    strcmp(field[2], PKTLOSS_VERSION) != 0 ||
	    !decode_number(field[4], 10, &f->boot_ns) ||
	    !decode_number(field[5], 10, &whole) || !decode_name(field[6]))
		return -EBADMSG;
	f->whole = whole && !strcmp(field[6], f->wanted);
	read_boot(boot);
	*ret_stale = !boot[0] || strcmp(boot, field[3]) != 0;
	return 0;
}

static int read_line(struct look_reader *r, char *line)
{
	char *field[MAX_FIELDS];
	size_t n = split_line(line, field);

	for (size_t i = 0; n && !r->has_ended && i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].n_fields == n && !strcmp(kinds[i].word, field[0]))
			return kinds[i].read(r, field);
	return -EBADMSG;
}

/* The next line; the hash is that of all lines up to it then. */
static bool next_line(FILE *in, char **line, size_t *size, uint64_t *hash)
{
	ssize_t n = getline(line, size, in);

	if (n > 0)
		*hash = hash_bytes(*hash, *line, n);
	return n > 0;
}

int look_file_read(FILE *in, struct look_file *ret)
{
	struct look_reader reader = {.file = ret};
	_cleanup_free_ char *line = NULL;
	uint64_t hash = HASH_START;
	bool is_stale = false;
	size_t size = 0;
	int r = -EBADMSG;

	if (next_line(in, &line, &size, &hash))
		r = read_head(ret, line, &is_stale);
	reader.hash = hash;
	while (r == 0 && next_line(in, &line, &size, &hash)) {
		r = read_line(&reader, line);
		reader.hash = hash;
	}
	if (r == 0 && ferror(in))
		r = -EIO;
	if (r == 0 && !reader.has_ended)
		r = -EBADMSG;
	return r == 0 && is_stale ? -ESTALE : r;
}

void look_file_free(struct look_file *f)
{
	baseline_free(&f->looks);
}

/* ---- the file ---- */

int look_file_open(const char *path, FILE **ret)
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_uid != geteuid())
		return -EPERM;
	*ret = fdopen(fd, "r");
	if (!*ret)
		return -errno;
	take_fd(&fd);
	return 0;
}

static int write_whole(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t written = write(fd, text, n);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			n -= written;
		}
	}
	return 0;
}

int look_file_replace(const char *path, const char *text, size_t n)
{
	char other[4096];
	int fd, r;

	if ((size_t)snprintf(other, sizeof(other), "%s.XXXXXX", path) >=
	    sizeof(other))
		return -ENAMETOOLONG;
	fd = mkostemp(other, O_CLOEXEC); /* its owner's alone */
	if (fd < 0)
		return -errno;
	r = write_whole(fd, text, n);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(other, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(other);
	return r;
}
