/* SPDX-License-Identifier: MIT */
#include "kernel/attr.h"

#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/util.h"

#define HEAD (NLMSG_HDRLEN + sizeof(struct nfgenmsg))

struct attrs attrs_of(const struct nlmsghdr *h)
{
	struct attrs attrs = {.bytes = (const char *)h + HEAD};

	if (h->nlmsg_len > HEAD)
		attrs.n = h->nlmsg_len - HEAD;
	return attrs;
}

struct attrs attrs_in(const struct nlattr *nest)
{
	if (!nest)
		return (struct attrs) {.bytes = ""};
	return (struct attrs) {
		.bytes = mnl_attr_get_payload(nest),
		.n = mnl_attr_get_payload_len(nest),
	};
}

void attrs_index(struct attrs attrs, const struct nlattr **found, unsigned max)
{
	const struct nlattr *attr;

	memset(found, 0, (max + 1) * sizeof(*found));
	EACH_ATTR(attr, attrs)
	{
		unsigned type = mnl_attr_get_type(attr);

		if (type <= max)
			found[type] = attr;
	}
}

bool attr_is_size(const struct nlattr *attr, size_t size)
{
	return attr && mnl_attr_get_payload_len(attr) == size;
}

uint16_t attr_be16(const struct nlattr *attr)
{
	uint16_t v = 0;

	if (attr_is_size(attr, sizeof(v)))
		memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be16toh(v);
}

uint32_t attr_be32(const struct nlattr *attr)
{
	uint32_t v = 0;

	if (attr_is_size(attr, sizeof(v)))
		memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be32toh(v);
}

uint64_t attr_be64(const struct nlattr *attr)
{
	uint64_t v = 0;

	if (attr_is_size(attr, sizeof(v)))
		memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be64toh(v);
}

bool attr_copy(void *to, size_t n, const struct nlattr *attr)
{
	if (!attr || mnl_attr_get_payload_len(attr) < n)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), n);
	return true;
}

uint8_t attr_u8(const struct nlattr *attr)
{
	uint8_t v = 0;

	attr_copy(&v, sizeof(v), attr);
	return v;
}

uint32_t attr_u32(const struct nlattr *attr)
{
	uint32_t v = 0;

	attr_copy(&v, sizeof(v), attr);
	return v;
}

const char *attr_text(const struct nlattr *attr)
{
	const char *text;
	size_t n;

	if (!attr)
		return NULL;
	text = mnl_attr_get_payload(attr);
	n = mnl_attr_get_payload_len(attr);
	if (n > ATTR_TEXT)
		n = ATTR_TEXT;
	return memchr(text, '\0', n) ? text : NULL;
}

bool attr_is(const struct nlattr *attr, const char *text)
{
	const char *is = attr_text(attr);

	return is && !strcmp(is, text);
}

uint64_t attr_hash(const struct nlattr *attr, uint64_t hash)
{
	if (!attr)
		return hash;
	return hash_bytes(hash, mnl_attr_get_payload(attr),
			  mnl_attr_get_payload_len(attr));
}
