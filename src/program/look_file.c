/* SPDX-License-Identifier: MIT */
#include "program/look_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "model/probe.h"

#define MAGIC "pktloss-look"
#define VERSION 2
#define MAX_FIELDS 12

/* What is true of an object, as one number. */
#define IS_MAIN 1
#define IS_AQM 2
#define IS_AWAKE 4
#define IS_STALE 8

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

/*
 * What a probe remembers are bytes of its own, which another build of it need
 * not understand.
 */
static void print_build(char build[96])
{
	struct stat st = {.st_size = 0};

	if (stat("/proc/self/exe", &st) < 0)
		st = (struct stat) {.st_size = 0};
	snprintf(build, 96, "%s-%jx-%jx.%jx", PKTLOSS_VERSION,
		 (uintmax_t)st.st_size, (uintmax_t)st.st_mtim.tv_sec,
		 (uintmax_t)st.st_mtim.tv_nsec);
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

/*
 * What the kernel counts since pktloss began, and since then alone, means
 * nothing to the next one that runs.
 */
static bool is_kept(const struct object *o)
{
	return o->layer != LAYER_DROPREASON;
}

static unsigned flags_of(const struct object *o)
{
	return (o->main ? IS_MAIN : 0) | (o->aqm ? IS_AQM : 0) |
	       (o->awake ? IS_AWAKE : 0) | (o->stale ? IS_STALE : 0);
}

static void write_row(FILE *out, const struct probe *p, const struct row *row)
{
	int number = probe_number_of(p, row->counter);

	if (number >= 0)
		fprintf(out, "row\t%d\t%s\t%" PRIu64 "\n", number,
			row->counter->name, row->value);
}

static void write_object(FILE *out, const struct sample *s,
			 const struct object *o)
{
	const struct probe *p = probes[o->source];

	fprintf(out, "object\t%s\t%s\t%" PRIx64 "\t%d\t%x\t%x", p->name,
		layer_name(o->layer), o->identity, o->family, o->reached,
		flags_of(o));
	write_name(out, object_place(s, o));
	write_name(out, object_name(s, o));
	write_name(out, object_label(s, o));
	write_name(out, object_table(s, o));
	write_name(out, object_chain(s, o));
	putc('\n', out);
	EACH_ROW (s, o, row)
		write_row(out, p, row);
}

static void write_memory(FILE *out, const struct sample *s, uint8_t probe)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes;
	size_t n;

	bytes = sample_memory(s, probe, &n);
	if (!n)
		return;
	fprintf(out, "memory\t%s\t%zu\t", probes[probe]->name, n);
	for (size_t i = 0; i < n; i++) {
		putc(digits[bytes[i] >> 4], out);
		putc(digits[bytes[i] & 15], out);
	}
	putc('\n', out);
}

static void write_probe(FILE *out, const struct sample *s, uint8_t probe)
{
	if (s->sources & UINT32_C(1) << probe)
		fprintf(out, "source\t%s\n", probes[probe]->name);
	if (s->parts & UINT32_C(1) << probe)
		fprintf(out, "part\t%s\n", probes[probe]->name);
	write_memory(out, s, probe);
}

static void write_namespace(FILE *out, const struct ns *ns)
{
	const struct sample *s = &ns->now;

	fprintf(out,
		"namespace\t%ju\t%ju\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		"\t%" PRIu64 "\t%d\n",
		(uintmax_t)ns->id.dev, (uintmax_t)ns->id.ino, ns->cookie,
		s->time_ns, s->boot_ns, s->mono_ns, ns->host_only);
	for (size_t i = 0; i < n_probes; i++)
		write_probe(out, s, i);
	EACH_OBJECT (s, o)
		if (is_kept(o))
			write_object(out, s, o);
}

static void write_seen(FILE *out, const struct sightings *seen)
{
	for (size_t i = 0; i < seen->max; i++) {
		const struct netns_id *id = &seen->slots[i].id;

		if (id->ino)
			fprintf(out, "seen\t%ju\t%ju\n", (uintmax_t)id->dev,
				(uintmax_t)id->ino);
	}
}

static void write_head(FILE *out, const struct ns_list *list, bool whole)
{
	uint64_t boot_ns = 0;
	char boot[64], build[96];

	read_boot(boot);
	print_build(build);
	EACH_NS (list, ns)
		if (ns->was_read && ns->now.boot_ns > boot_ns)
			boot_ns = ns->now.boot_ns;
	fprintf(out, MAGIC "\t%d\t%s\t%s\t%" PRIu64 "\t%d\n", VERSION, build,
		boot, boot_ns, whole);
}

static bool write_end(FILE *out, const char *text, size_t n)
{
	return fprintf(out, "end\t%" PRIx64 "\n",
		       hash_bytes(HASH_START, text, n)) > 0;
}

int look_file_print(const struct ns_list *list, const struct sightings *seen,
		    bool whole, char **ret, size_t *ret_n)
{
	FILE *out = open_memstream(ret, ret_n);
	bool good;

	if (!out)
		return -ENOMEM;
	write_head(out, list, whole);
	write_seen(out, seen);
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

static int read_seen(struct look_reader *r, char **field)
{
	struct netns_id id;
	uint64_t dev, ino;

	if (!decode_number(field[1], 10, &dev) ||
	    !decode_number(field[2], 10, &ino))
		return -EBADMSG;
	id = (struct netns_id) {.dev = dev, .ino = ino};
	return baseline_sample(&r->file->seen, &id, 0) ? 0 : -ENOMEM;
}

static int read_namespace(struct look_reader *r, char **field)
{
	uint64_t number[7];
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
	baseline_last(&r->file->looks)->host_only = number[6];
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

static int read_part(struct look_reader *r, char **field)
{
	int probe = find_probe(field[1]);

	if (!r->sample || probe < 0)
		return -EBADMSG;
	r->sample->parts |= UINT32_C(1) << probe;
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place: a byte is shorter than its digits. Their number is even. */
static bool decode_bytes(char *text)
{
	unsigned char *to = (unsigned char *)text;

	for (const char *c = text; *c; c += 2) {
		int high = digit(c[0]), low = digit(c[1]);

		if (high < 0 || low < 0)
			return false;
		*to++ = high << 4 | low;
	}
	return true;
}

static int read_memory(struct look_reader *r, char **field)
{
	int probe = find_probe(field[1]);
	size_t had;
	uint64_t n;

	if (!r->sample || probe < 0 || !decode_number(field[2], 10, &n) || !n ||
	    n > SIZE_MAX / 2 || strlen(field[3]) != n * 2 ||
	    sample_memory(r->sample, probe, &had) || !decode_bytes(field[3]))
		return -EBADMSG;
	r->probe = NULL;
	r->sample->source = probe;
	sample_remember(r->sample, field[3], n);
	return r->sample->error;
}

/* An object as its line has it. */
struct object_line {
	int probe, layer;
	uint64_t identity, family, reached, flags;
	char *place, *name, *label, *table, *chain;
};

static bool parse_object(struct object_line *ret, char **field)
{
	for (size_t i = 7; i < 12; i++)
		if (!decode_name(field[i]))
			return false;
	*ret = (struct object_line) {
		.probe = find_probe(field[1]),
		.layer = layer_parse(field[2]),
		.place = field[7],
		.name = field[8],
		.label = field[9],
		.table = field[10],
		.chain = field[11],
	};
	return ret->probe >= 0 && ret->layer >= 0 &&
	       decode_number(field[3], 16, &ret->identity) &&
	       decode_number(field[4], 10, &ret->family) &&
	       decode_number(field[5], 16, &ret->reached) &&
	       decode_number(field[6], 16, &ret->flags) &&
	       ret->family < N_FAMILIES && ret->reached < 256;
}

static void append_line(struct sample *s, const struct object_line *line)
{
	struct object *o;

	s->source = line->probe;
	sample_object(s, line->layer, line->place, line->name, line->identity);
	if (line->label[0])
		sample_label(s, line->label);
	if (line->family || line->table[0] || line->chain[0])
		sample_chain(s, line->family, line->table, line->chain);
	if (s->error)
		return;
	o = &s->objects[s->n_objects - 1];
	o->reached = line->reached;
	o->main = line->flags & IS_MAIN;
	o->aqm = line->flags & IS_AQM;
	o->awake = line->flags & IS_AWAKE;
	o->stale = line->flags & IS_STALE;
}

static int read_object(struct look_reader *r, char **field)
{
	struct object_line line;

	if (!r->sample || !parse_object(&line, field))
		return -EBADMSG;
	r->probe = probes[line.probe];
	append_line(r->sample, &line);
	return r->sample->error;
}

static int read_row(struct look_reader *r, char **field)
{
	const struct counter *c;
	uint64_t number, value;

	if (!r->probe || !decode_number(field[1], 10, &number) ||
	    !decode_number(field[3], 10, &value))
		return -EBADMSG;
	c = probe_counter(r->probe, number);
	if (!c || strcmp(c->name, field[2]) != 0)
		return -EBADMSG;
	sample_row(r->sample, c, value);
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
	{"seen", 3, read_seen},	    {"namespace", 8, read_namespace},
	{"source", 2, read_source}, {"part", 2, read_part},
	{"memory", 4, read_memory}, {"object", 12, read_object},
	{"row", 4, read_row},	    {"end", 2, read_end},
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

/* Who wrote it, and whether it can be understood. */
static int read_head(struct look_file *f, char *line)
{
	char *field[MAX_FIELDS], boot[64], build[96];
	uint64_t version, whole;
	size_t n;

	if (strncmp(line, MAGIC, strlen(MAGIC)) != 0)
		return -EPROTOTYPE;
	n = split_line(line, field);
	print_build(build);
	if (n != 6 || !decode_number(field[1], 10, &version) ||
	    version != VERSION || strcmp(field[2], build) != 0)
		return -EPROTO;
	if (!decode_number(field[4], 10, &f->boot_ns) ||
	    !decode_number(field[5], 10, &whole))
		return -EBADMSG;
	f->whole = whole;
	read_boot(boot);
	return boot[0] && !strcmp(boot, field[3]) ? 0 : -ESTALE;
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
	size_t size = 0;
	int r = -ENOENT;

	if (next_line(in, &line, &size, &hash))
		r = read_head(ret, line);
	reader.hash = hash;
	while (r == 0 && next_line(in, &line, &size, &hash)) {
		r = read_line(&reader, line);
		reader.hash = hash;
	}
	if (ferror(in))
		return -EIO;
	return r == 0 && !reader.has_ended ? -EBADMSG : r;
}

void look_file_free(struct look_file *f)
{
	baseline_free(&f->looks);
	baseline_free(&f->seen);
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
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return -EUCLEAN;
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

/* Makes a file beside it, its owner's alone. Returns it or negative errno. */
static int make_other(const char *path, char other[4096])
{
	int fd;

	if (!path[0])
		return -ENOENT;
	if (snprintf(other, 4096, "%s.XXXXXX", path) >= 4096)
		return -ENAMETOOLONG;
	fd = mkostemp(other, O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* It does not stay meanwhile: whoever ends the program would leave it there. */
int look_file_try(const char *path)
{
	char other[4096];
	int fd = make_other(path, other);

	if (fd < 0)
		return fd;
	close(fd);
	unlink(other);
	return 0;
}

/* The text is on the disk before the name is, or the file may be empty. */
int look_file_replace(const char *path, const char *text, size_t n)
{
	char other[4096];
	int fd = make_other(path, other), r;

	if (fd < 0)
		return fd;
	r = write_whole(fd, text, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(other, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(other);
	return r;
}
