/* Records of published policies and catalogs: the document as it came, with who and when. Like all
 * records they end with 16 bytes of SHA-256, so that one altered byte is found. */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include <stdint.h>

#include "base/buf.h"
#include "signalbox/result.h"
#include "signalbox/slice.h"

struct policy_record {
    struct slice workload;
    struct slice environment;
    struct slice document;
    int64_t published_ms;
    struct slice published_by;      /* key id */
    struct slice published_by_user; /* the key's user, or empty */
};

void policy_record_encode(const struct policy_record *record, struct buf *buf);
/* Lends slices of bytes. RESULT_CORRUPT: version, checksum or shape. */
MUST_USE enum result policy_record_decode(struct slice bytes, struct policy_record *ret_record);

struct catalog_record {
    struct slice document;
    int64_t published_ms;
    struct slice published_by;
};

void catalog_record_encode(const struct catalog_record *record, struct buf *buf);
MUST_USE enum result catalog_record_decode(struct slice bytes, struct catalog_record *ret_record);

#endif
