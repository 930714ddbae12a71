/* Document to canonical JSON: every field in the order of its table, defaults written out, two
 * spaces per level. What stands at nothing is left out, so that reading it again gives the same
 * document; requires_* that the document did not give are left to the tier again. What a traffic
 * class's shape added is written out like every default. */
#include "base/decimal.h"
#include "engine/policy_fields.h"

bool policy_dump_requires(struct buf *buf,
                          const struct field *field,
                          const void *target,
                          unsigned depth)
{
    const struct document_entry *entry = target;

    (void)depth;
    if (!set_has(entry->requires_given, (unsigned)field->low))
        return false;
    buf_put_text(buf, *((const bool *)target + field->offset) ? "true" : "false");
    return true;
}

bool policy_dump_default_response(struct buf *buf,
                                  const struct field *field,
                                  const void *target,
                                  unsigned depth)
{
    const struct document_entry *entry = target;

    (void)field, (void)depth;
    buf_put_slice(buf, entry->default_response);
    return true;
}

bool policy_dump_payload_logging_mode(struct buf *buf,
                                      const struct field *field,
                                      const void *target,
                                      unsigned depth)
{
    const struct policy *settings = target;

    (void)field, (void)depth;
    buf_put_text(buf, settings->payload_sampled ? "\"sampled\"" : "\"metadata_only\"");
    return true;
}

bool policy_dump_multiple(struct buf *buf,
                          const struct field *field,
                          const void *target,
                          unsigned depth)
{
    const struct document_rollback *rule = target;
    char text[32];

    (void)field, (void)depth;
    decimal_format(rule->multiple, 1, text);
    buf_put_text(buf, text);
    return rule->enabled;
}

bool policy_dump_routes(struct buf *buf,
                        const struct field *field,
                        const void *target,
                        unsigned depth)
{
    const struct document_entry *entry = target;

    (void)field;
    buf_put_text(buf, "[");
    for (unsigned i = 0; i < entry->routes_count; i++) {
        buf_put_text(buf, i ? "," : "");
        field_write_line(buf, depth + 1);
        field_write_object(buf, &policy_route_fields, &entry->routes[i], depth + 1);
    }
    field_write_line(buf, depth);
    buf_put_text(buf, "]");
    return entry->routes_count > 1;
}

bool policy_dump_fallbacks(struct buf *buf,
                           const struct field *field,
                           const void *target,
                           unsigned depth)
{
    const struct policy_document *document = target;

    (void)field;
    buf_put_text(buf, "[");
    for (unsigned i = 1; i < document->entries_count; i++) {
        const struct document_entry *entry = &document->entries[i];

        buf_put_text(buf, i > 1 ? "," : "");
        field_write_line(buf, depth + 1);
        field_write_object(buf, policy_entry_fields(entry->kind), entry, depth + 1);
    }
    field_write_line(buf, depth);
    buf_put_text(buf, "]");
    return document->entries_count > 1;
}

enum result policy_dump(const struct policy_document *document, struct buf *buf)
{
    field_write_object(buf, &policy_document_fields, document, 0);
    buf_put_text(buf, "\n");
    return buf_failed(buf) ? RESULT_NO_MEMORY : RESULT_OK;
}
