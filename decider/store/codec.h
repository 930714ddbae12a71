/* Records as bytes: structs described by field tables, written canonically.
 *
 * A field is a varint tag (number << 3 | wire kind) and its value, in number order; a field that is
 * empty, 0, false or unspecified is left out; map entries are sorted by key; sets are one varint.
 * So equal structs give equal bytes, a reader skips numbers that it does not know, and an unset new
 * field reads as empty from old records. The tables come from include/signalbox/facts.def and
 * report.def, so struct, wire and record cannot drift apart. Wire kinds: 0 varint, 2 length and
 * bytes (as protobuf has them).
 *
 * Decoding lends slices of the input and takes arrays from an arena. It refuses truncated input,
 * numbers out of order, and values that are not members of their list. */
#ifndef STORE_CODEC_H
#define STORE_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "signalbox/facts.h"
#include "signalbox/result.h"

/* Which fields to write: all of them for a digest, the STORED ones for a record. */
enum codec_scope {
    CODEC_SCOPE_STORED,
    CODEC_SCOPE_DIGEST,
};

void codec_put_facts(struct buf *buf, const struct facts *facts, enum codec_scope scope);
void codec_put_report(struct buf *buf, const struct report *report, enum codec_scope scope);
/* RESULT_CORRUPT or RESULT_NO_MEMORY on failure; *ret_ is unspecified then. */
MUST_USE enum result
codec_get_facts(struct slice bytes, struct arena *arena, struct facts *ret_facts);
MUST_USE enum result
codec_get_report(struct slice bytes, struct arena *arena, struct report *ret_report);

/* The facts digest of a question (the idempotency rule in decision.proto): SHA-256 over boundary,
 * then the facts of an admission or the report of a later boundary, in digest scope. Admission
 * facts that a report repeats are not in it: they are the same question's. scratch is overwritten.
 * RESULT_TOO_LARGE when scratch's maximum is reached. */
MUST_USE enum result codec_question_digest(const struct question *question,
                                           struct buf *scratch,
                                           struct digest *ret_digest);

#endif
