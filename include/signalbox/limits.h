/* Every bound that more than one program relies on. A bound's name carries its unit.
 *
 * A message beyond a bound is refused with a clear error, never cut. */
#ifndef SIGNALBOX_LIMITS_H
#define SIGNALBOX_LIMITS_H

/* One chain: the attempts of one request, retries included. A policy may set less. */
#define ATTEMPTS_MAX 16
/* Entries of one policy, the primary included. */
#define ENTRIES_MAX 16
/* Routes of one policy, over all its entries. */
#define ROUTES_MAX     32
#define TOOL_CALLS_MAX 128
#define TAGS_MAX       32
#define LIST_ITEMS_MAX 64
/* Every check of every route of the largest policy, and those around them. */
#define TRACE_ITEMS_MAX 2048

/* Text facts; the proto's comments repeat these. */
#define NAME_BYTES_MAX          128
#define TEXT_BYTES_MAX          512
#define ERROR_MESSAGE_BYTES_MAX 512

/* gRPC. The arena bound is what one decoded message may take; protobuf-c amplifies an
 * all-empty-submessages message more than a hundredfold without it. */
#define MESSAGE_BYTES_MAX       (1024 * 1024)
#define MESSAGE_ARENA_BYTES_MAX (8 * 1024 * 1024)
#define DOCUMENT_BYTES_MAX      (16 * 1024 * 1024)
#define STREAM_ITEMS_MAX        256
#define RESUME_TOKEN_BYTES_MAX  512

/* Time. */
#define RETRY_AFTER_MS_MAX     60000
#define REQUEST_ID_SKEW_MS_MAX (10 * 60 * 1000)
#define TOTAL_TIMEOUT_MS_MAX   (60 * 60 * 1000)
#define RESERVATION_GRACE_MS   30000
/* How long a gateway waits for a decider that has gone before it fails closed. */
#define DECIDER_WAIT_MS 2000

#endif
