/* SPDX-License-Identifier: MIT */
/*
 * Attributes of netlink messages, as far as they are there: numbers, those of
 * nfnetlink big-endian, and NUL-terminated strings. Pure; nothing is read
 * beyond a message's own length.
 */
#ifndef PKTLOSS_KERNEL_ATTR_H
#define PKTLOSS_KERNEL_ATTR_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stretch of attributes: a message behind its head, or a nest. */
struct attrs {
	const void *bytes;
	size_t n;
};

/* What is behind the nfgenmsg; nothing when the message ends before. */
struct attrs attrs_of(const struct nlmsghdr *h);
/* What is in an attribute; nothing for NULL. */
struct attrs attrs_in(const struct nlattr *nest);

#define EACH_ATTR(attr, attrs)                                                 \
	mnl_attr_for_each_payload ((attrs).bytes, (attrs).n)

/*
 * Fills found[0 .. max] with the attributes of those types, NULL where there
 * is none; the last of a type wins.
 */
void attrs_index(struct attrs attrs, const struct nlattr **found, unsigned max);

/* Whether there is one, of so many bytes. */
bool attr_is_size(const struct nlattr *attr, size_t size);

/* The number in an attribute, or 0 when it is absent or of another size. */
uint16_t attr_be16(const struct nlattr *attr);
uint32_t attr_be32(const struct nlattr *attr);
uint64_t attr_be64(const struct nlattr *attr);

/* The first n bytes of an attribute. False, *to as it was, when it has less. */
bool attr_copy(void *to, size_t n, const struct nlattr *attr);
/* The number it begins with, in the host's order; 0 when it has less bytes. */
uint8_t attr_u8(const struct nlattr *attr);
uint32_t attr_u32(const struct nlattr *attr);

/* Longest string there may be, its NUL included; nf_tables' NFT_NAME_MAXLEN. */
#define ATTR_TEXT 256

/* The string in an attribute; NULL when absent, too long or without a NUL. */
const char *attr_text(const struct nlattr *attr);
/* Whether it is that string. */
bool attr_is(const struct nlattr *attr, const char *text);

/* Goes on with a hash_bytes() over what is in an attribute; NULL: nothing. */
uint64_t attr_hash(const struct nlattr *attr, uint64_t hash);

#endif
