/* SPDX-License-Identifier: MIT */
#include "probes/xfrm.h"

#include <errno.h>
#include <string.h>

#include "base/token.h"
#include "kernel/procnet.h"

/* The kernel prints an unsigned long. */
#define XFRM                                                                   \
	.type = "packets", .layer = LAYER_XFRM, .bits = 8 * sizeof(long),      \
	.kind = KIND_LOST
#define IN XFRM, .direction = DIR_RX, .source = "net/xfrm/xfrm_input.c"
#define IN_POLICY XFRM, .direction = DIR_RX, .source = "net/xfrm/xfrm_policy.c"
#define OUT XFRM, .direction = DIR_TX, .source = "net/xfrm/xfrm_output.c"
#define OUT_POLICY XFRM, .direction = DIR_TX, .source = "net/xfrm/xfrm_policy.c"

#define LOOK_AT_STATES "`ip -s xfrm state`"
#define LOOK_AT_POLICIES "`ip -s xfrm policy`"
#define NEGOTIATE_AGAIN                                                        \
	"`ip -s xfrm state` on both ends: the SPIs have to match; have the "   \
	"IKE "                                                                 \
	"daemon negotiate again"

/* In the order in which the kernel prints them; it prints no others but two
 * that nothing counts any more. */
static const struct counter xfrm_counters[] = {
	{IN, .name = "XfrmInError",
	 .means = "Received packets dropped for a reason without a counter of "
		  "its own, such as a lack of memory",
	 .cause = "IPsec could not process received packets, maybe for a lack "
		  "of memory",
	 .remedy = LOOK_AT_STATES "; `host: dmesg`; `host: free -m`"},
	{IN, .name = "XfrmInBufferError",
	 .means = "Received packets dropped: no room to note what they were "
		  "wrapped in",
	 .cause = "received packets are wrapped in IPsec more often than the "
		  "kernel follows, or memory is short",
	 .remedy = "Too many layers of templates? `ip -s xfrm policy`"},
	{IN, .name = "XfrmInHdrError",
	 .means = "Received packets dropped: a header that cannot be read",
	 .cause = "received IPsec packets have damaged headers",
	 .remedy = "Look for corruption on the path, and at what sends them: "
		   "`tcpdump -ni any esp or ah`"},
	{IN, .name = "XfrmInNoStates",
	 .means = "Received packets dropped: no state for their address, "
		  "protocol and SPI",
	 .cause = "the peer uses an IPsec state (SPI) that does not exist "
		  "here: it was rekeyed, or one end restarted; or IPIP "
		  "packets for a tunnel that is not here",
	 .remedy = NEGOTIATE_AGAIN},
	{IN, .name = "XfrmInStateProtoError",
	 .means = "Received packets dropped: they could not be authenticated "
		  "or decrypted",
	 .cause = "received IPsec packets do not decrypt: the keys or "
		  "algorithms of the two ends differ, or packets are damaged",
	 .remedy = "Compare auth and enc of both ends: `ip -s xfrm state`"},
	{IN, .name = "XfrmInStateModeError",
	 .means = "Received packets dropped: what was inside does not suit the "
		  "mode of the state",
	 .cause = "one end uses tunnel and the other transport mode",
	 .remedy = "Compare the mode of both ends: `ip -s xfrm state`"},
	{IN, .name = "XfrmInStateSeqError",
	 .means = "Received packets dropped by the replay window: too old, or "
		  "seen before",
	 .cause = "packets came too late for the replay window or twice: "
		  "reordered on the way, or replayed",
	 .remedy = "See replay in `ip -s xfrm state`; make the replay-window "
		   "larger where packets are reordered"},
	{IN, .name = "XfrmInStateExpired",
	 .means = "Received packets dropped: their state has expired",
	 .cause = "an IPsec state expired and was not replaced in time",
	 .remedy = "See the lifetime in `ip -s xfrm state`, and why the IKE "
		   "daemon does not rekey"},
	{IN, .name = "XfrmInStateMismatch",
	 .means = "Received packets dropped: wrapped in UDP where their state "
		  "is not, or the other way round",
	 .cause = "the ends disagree on NAT traversal (ESP in UDP)",
	 .remedy = "Compare encap of both ends: `ip -s xfrm state`"},
	{IN, .name = "XfrmInStateInvalid",
	 .means = "Received packets dropped: their state is not valid",
	 .cause = "the IPsec state is being deleted or is not complete",
	 .remedy = NEGOTIATE_AGAIN},
	{IN_POLICY, .name = "XfrmInTmplMismatch",
	 .means = "Received packets dropped: not protected as the policy "
		  "demands",
	 .cause = "packets came in the clear, or otherwise protected, where an "
		  "IPsec policy demands protection",
	 .remedy = "Compare the templates of dir in and fwd with the peer's: "
		   "`ip -s xfrm policy`"},
	{IN_POLICY, .name = "XfrmInNoPols",
	 .means = "Received packets dropped: no policy lets in what came out "
		  "of a tunnel, or anything",
	 .cause = "no IPsec policy lets these packets in",
	 .remedy = "`ip xfrm policy getdefault`; " LOOK_AT_POLICIES
		   ": one with dir in (or fwd) is missing"},
	{IN_POLICY, .name = "XfrmInPolBlock",
	 .means = "Received packets dropped by a policy with action block",
	 .cause = "an IPsec policy blocks what is received",
	 .remedy = "Look for dir in or fwd with action block: `ip -s xfrm "
		   "policy`"},
	{IN_POLICY, .name = "XfrmInPolError",
	 .means = "Received packets dropped: their policy could not be found "
		  "out",
	 .cause = "looking up the IPsec policy failed",
	 .remedy = LOOK_AT_POLICIES "; `host: dmesg`; `host: free -m`"},
	{OUT, .name = "XfrmOutError",
	 .means = "Packets to send dropped for a reason without a counter of "
		  "its own",
	 .cause = "IPsec could not process packets to send, maybe for a lack "
		  "of memory",
	 .remedy = LOOK_AT_STATES "; `host: dmesg`; `host: free -m`"},
	{OUT_POLICY, .name = "XfrmOutBundleGenError",
	 .means = "Packets to send dropped: no way through policy and states "
		  "could be put together",
	 .cause = "the IPsec states and the route of a policy do not fit "
		  "together",
	 .remedy = "`ip route get PEER`; " LOOK_AT_POLICIES
		   "; " LOOK_AT_STATES},
	{OUT_POLICY, .name = "XfrmOutNoStates",
	 .means = "Packets to send dropped: their policy needs a state that "
		  "does not exist; the application is not told",
	 .cause = "an IPsec policy demands a state that does not exist",
	 .remedy = "`ip xfrm state`; `ip xfrm policy`; start the IKE daemon"},
	{OUT, .name = "XfrmOutStateProtoError",
	 .means = "Packets to send dropped: they could not be encrypted or "
		  "signed",
	 .cause = "encryption failed",
	 .remedy = LOOK_AT_STATES
	 "; is the module of the algorithm there? `host: lsmod`"},
	{OUT, .name = "XfrmOutStateModeError",
	 .means = "Packets to send dropped: they do not suit the mode of the "
		  "state, or are too big for its tunnel",
	 .cause = "packets are too big for the IPsec tunnel, or the mode of "
		  "the state is wrong",
	 .remedy = "See the mode in `ip -s xfrm state`; lower the MTU or clamp "
		   "the MSS of what enters the tunnel"},
	{OUT, .name = "XfrmOutStateSeqError",
	 .means = "Packets to send dropped: the state has no sequence number "
		  "left",
	 .cause = "an IPsec state ran out of sequence numbers before it was "
		  "replaced",
	 .remedy = "See `ip -s xfrm state`; rekey earlier, or use extended "
		   "sequence numbers (esn)"},
	{OUT, .name = "XfrmOutStateExpired",
	 .means = "Packets to send dropped: their state has expired",
	 .cause = "an IPsec state expired and was not replaced in time",
	 .remedy = "See the lifetime in `ip -s xfrm state`, and why the IKE "
		   "daemon does not rekey"},
	{OUT_POLICY, .name = "XfrmOutPolBlock",
	 .means = "Packets to send dropped by a policy with action block",
	 .cause = "an IPsec policy blocks what is sent",
	 .remedy = "Look for dir out with action block: `ip -s xfrm policy`"},
	{OUT_POLICY, .name = "XfrmOutPolError",
	 .means = "Packets to send dropped: their policy could not be found "
		  "out",
	 .cause = "looking up the IPsec policy failed",
	 .remedy = LOOK_AT_POLICIES "; `host: dmesg`; `host: free -m`"},
	{IN_POLICY, .name = "XfrmFwdHdrError",
	 .means = "Packets to forward dropped: a header that cannot be read",
	 .cause = "packets to forward have headers that IPsec cannot match "
		  "with a policy",
	 .remedy = "See dir fwd in `ip -s xfrm policy`; look for corruption on "
		   "the path"},
	{OUT, .name = "XfrmOutStateInvalid",
	 .means = "Packets to send dropped: their state is not valid",
	 .cause = "the IPsec state is being deleted or is not complete",
	 .remedy = NEGOTIATE_AGAIN},
	{IN, .name = "XfrmAcquireError",
	 .means = "Received packets dropped: their state is still being "
		  "negotiated",
	 .cause = "packets came for an IPsec state that IKE has not finished",
	 .remedy = "`ip xfrm state`; see the log of the IKE daemon"},
	{OUT, .name = "XfrmOutStateDirError",
	 .means = "Packets to send dropped: their state is for receiving",
	 .cause = "an IPsec state for receiving is used to send",
	 .remedy = "See dir in `ip -s xfrm state`"},
	{IN, .name = "XfrmInStateDirError",
	 .means = "Received packets dropped: their state is for sending",
	 .cause = "an IPsec state for sending is used to receive",
	 .remedy = "See dir in `ip -s xfrm state`"},
	{IN, .name = "XfrmInIptfsError",
	 .means = "Received packets dropped: what IP-TFS carried cannot be "
		  "read",
	 .cause = "the contents of IP-TFS packets are damaged",
	 .remedy = "Compare mode iptfs of both ends: `ip -s xfrm state`"},
	{OUT, .name = "XfrmOutNoQueueSpace",
	 .means = "Packets to send dropped: the queue of IP-TFS was full",
	 .cause = "more is sent than the rate of the IP-TFS tunnel lets "
		  "through",
	 .remedy = "See mode iptfs, max-queue-size, in `ip -s xfrm state`"},
};
static const struct counter_table xfrm_table = COUNTER_TABLE(xfrm_counters);

/* The row of that name, looked for from *cursor on, or NULL. */
static const struct counter *xfrm_row(struct token name, size_t *cursor)
{
	for (size_t i = 0; i < ARRAY_SIZE(xfrm_counters); i++) {
		size_t at = (*cursor + i) % ARRAY_SIZE(xfrm_counters);

		if (!token_is(name, xfrm_counters[at].name))
			continue;
		*cursor = at + 1;
		return &xfrm_counters[at];
	}
	return NULL;
}

int xfrm_parse(const struct probe_env *env, const char *text, size_t n,
	       struct sample *out)
{
	struct token rest = {text, n};
	size_t cursor = 0;

	if (!n || text[n - 1] != '\n')
		return -EBADMSG;
	while (rest.n) {
		struct token line = token_line(&rest);
		struct token name = token_word(&line);
		const struct counter *c;
		uint64_t value;

		if (!token_number(token_word(&line), 10, &value) ||
		    token_word(&line).n)
			return -EBADMSG;
		c = xfrm_row(name, &cursor);
		if (c && counter_wanted(env, c))
			sample_row(out, c, value);
	}
	return 0;
}

static void keep_last(struct xfrm_last *last, const char *text, size_t n,
		      const struct sample *out)
{
	const struct object *o = &out->objects[out->n_objects - 1];
	const struct row *rows = object_rows(out, o);

	last->n = 0;
	last->n_rows = o->n;
	if (!rows || last->n_rows > XFRM_MAX_ROWS || n > sizeof(last->text))
		return;
	memcpy(last->rows, rows, last->n_rows * sizeof(*rows));
	memcpy(last->text, text, n);
	last->n = n;
}

int xfrm_append(const struct probe_env *env, struct xfrm_last *last,
		const char *text, size_t n, struct sample *out)
{
	int r;

	sample_object(out, LAYER_XFRM, "", "", 0);
	if (n && n == last->n && !memcmp(text, last->text, n)) {
		for (size_t i = 0; i < last->n_rows; i++)
			sample_row(out, last->rows[i].counter,
				   last->rows[i].value);
		return 0;
	}
	r = xfrm_parse(env, text, n, out);
	if (r == 0 && !out->error)
		keep_last(last, text, n, out);
	return r;
}

static int xfrm_read(struct probe_env *env, struct sample *out)
{
	ssize_t n = procnet_read(env->net, "xfrm_stat", env->buffer, env->size);

	if (n < 0)
		return (int)n;
	return xfrm_append(env, env->state, env->buffer, n, out);
}

static int xfrm_init(const struct probe_env *env, void **ret)
{
	(void)env;
	*ret = calloc(1, sizeof(struct xfrm_last));
	return *ret ? 0 : -ENOMEM;
}

const struct probe xfrm_probe = {
	.name = "xfrm",
	.what = "counters of IPsec",
	.reads = "/proc/net/xfrm_stat",
	.layer = LAYER_XFRM,
	.absent = ABSENT_NO_ENTRY,
	.counters = &xfrm_table,
	.init = xfrm_init,
	.free = free,
	.read = xfrm_read,
};
