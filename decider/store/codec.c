/* The tables of facts and reports, made from their .def files, and the digest of a question. */
#include "store/codec.h"

#include "store/field.h"

_Static_assert(sizeof(enum family) == sizeof(uint32_t), "the codec reads enums as 32 bits");

#define KEEP_STORED             false
#define KEEP_DIGESTED           true
#define KNOWN_TEXT(list)        NULL
#define KNOWN_BYTES(list)       NULL
#define KNOWN_BOOL(list)        NULL
#define KNOWN_U32(list)         NULL
#define KNOWN_U64(list)         NULL
#define KNOWN_ENUM(list)        signalbox_##list##_known
#define KNOWN_SET(list)         signalbox_##list##_known
#define KNOWN_TEXTS(list)       NULL
#define KNOWN_PAIRS(list)       NULL
#define KNOWN_USAGE(list)       NULL
#define KNOWN_TOOL_CALLS(list)  NULL
#define BOUND_TEXT(name)        0
#define BOUND_BYTES(name)       0
#define BOUND_BOOL(name)        0
#define BOUND_U32(name)         0
#define BOUND_U64(name)         0
#define BOUND_ENUM(name)        0
#define BOUND_SET(name)         0
#define BOUND_TEXTS(name)       LIST_ITEMS_MAX
#define BOUND_PAIRS(name)       BOUND_PAIRS_##name
#define BOUND_PAIRS_tags        TAGS_MAX
#define BOUND_PAIRS_rate_limits LIST_ITEMS_MAX
#define BOUND_PAIRS_extra_usage LIST_ITEMS_MAX
#define BOUND_USAGE(name)       UNIT_END
#define BOUND_TOOL_CALLS(name)  TOOL_CALLS_MAX

#define X(number, KIND, list, name, keep)                                                          \
    {number,                                                                                       \
     FIELD_##KIND,                                                                                 \
     KEEP_##keep,                                                                                  \
     BOUND_##KIND(name),                                                                           \
     offsetof(struct OWNER, name),                                                                 \
     KNOWN_##KIND(list),                                                                           \
     NULL},

#define OWNER facts
static const struct field facts_fields[] = {
#include "signalbox/facts.def"
};
#undef OWNER
#define OWNER report
static const struct field report_fields[] = {
#include "signalbox/report.def"
};
#undef OWNER
#undef X

const struct field_table codec_facts_table = FIELD_TABLE(facts_fields);
const struct field_table codec_report_table = FIELD_TABLE(report_fields);

void codec_put_facts(struct buf *buf, const struct facts *facts, enum codec_scope scope)
{
    field_put(buf, &codec_facts_table, facts, scope);
}

void codec_put_report(struct buf *buf, const struct report *report, enum codec_scope scope)
{
    field_put(buf, &codec_report_table, report, scope);
}

enum result codec_get_facts(struct slice bytes, struct arena *arena, struct facts *ret_facts)
{
    *ret_facts = (struct facts){0};
    return field_get(bytes, arena, &codec_facts_table, ret_facts);
}

enum result codec_get_report(struct slice bytes, struct arena *arena, struct report *ret_report)
{
    *ret_report = (struct report){0};
    return field_get(bytes, arena, &codec_report_table, ret_report);
}

/* A mark before each part and its length keep facts that end where a report begins apart from facts
 * that hold more. */
enum result codec_question_digest(const struct question *question,
                                  struct buf *scratch,
                                  struct digest *ret_digest)
{
    size_t begun;

    buf_clear(scratch);
    buf_put_varint(scratch, question->boundary);
    if (question->boundary == 0) {
        buf_put_u8(scratch, 'f');
        begun = field_put_begin(scratch);
        codec_put_facts(scratch, &question->facts, CODEC_SCOPE_DIGEST);
        field_put_end(scratch, begun);
    }
    if (question->boundary > 0) {
        buf_put_u8(scratch, 'r');
        begun = field_put_begin(scratch);
        codec_put_report(scratch, &question->report, CODEC_SCOPE_DIGEST);
        field_put_end(scratch, begun);
    }
    if (buf_failed(scratch))
        return RESULT_TOO_LARGE;
    digest_sha256(buf_slice(scratch), ret_digest);
    return RESULT_OK;
}
