/* A field table, sealed. */
#include "store/evidence.h"

#include "store/field.h"

#define RECORD_VERSION 1
/* One for each field that a kind can be bound to. */
#define BINDINGS_MAX BINDING_END

static const struct field evidence_fields[] = {
    FIELD(evidence_record, 1, U32, revokes),
    FIELD_MEMBER(evidence_record, 2, ENUM, evidence_kind, kind),
    FIELD(evidence_record, 3, TEXT, document),
    FIELD(evidence_record, 4, TEXT, subject),
    FIELD_BOUNDED(evidence_record, 5, PAIRS, BINDINGS_MAX, bindings),
    FIELD(evidence_record, 6, TEXT, by),
    FIELD(evidence_record, 7, TEXT, by_user),
    FIELD(evidence_record, 8, I64, at_ms),
    FIELD(evidence_record, 9, TEXT, reason),
};
static const struct field_table evidence_table = FIELD_TABLE(evidence_fields);

void evidence_record_encode(const struct evidence_record *record, struct buf *buf)
{
    size_t begun = record_begin(buf, RECORD_VERSION);

    field_put(buf, &evidence_table, record, CODEC_SCOPE_STORED);
    record_seal(buf, begun);
}

enum result
evidence_record_decode(struct slice bytes, struct arena *arena, struct evidence_record *ret_record)
{
    struct slice body;
    enum result result = record_unseal(bytes, RECORD_VERSION, &body);

    if (result)
        return result;
    *ret_record = (struct evidence_record){0};
    return field_get(body, arena, &evidence_table, ret_record);
}
