/* The rows of policy_document.def as tables. */
#include "engine/policy_fields.h"

#define TABLE(name) .table = &name##_table
#define OWN(name)   .read = policy_parse_##name, .write = policy_dump_##name

static const struct field primary_fields[] = {
#define ROUTE(...) FIELD_ROW(struct document_entry, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field queue_fields[] = {
#define QUEUE(...) FIELD_ROW(struct document_entry, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field limits_fields[] = {
#define LIMITS(...) FIELD_ROW(struct policy, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field retry_fields[] = {
#define RETRY(...) FIELD_ROW(struct policy, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field hold_fields[] = {
#define HOLD(...) FIELD_ROW(struct hold, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field logging_fields[] = {
#define LOGGING(...) FIELD_ROW(struct policy, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field rollback_fields[] = {
#define ROLLBACK(...) FIELD_ROW(struct policy, __VA_ARGS__)
#include "engine/policy_document.def"
};

#define TABLE_OF(name)                                                                             \
    static const struct field_table name##_table = {name##_fields,                                 \
                                                    sizeof name##_fields / sizeof *name##_fields}

TABLE_OF(primary);
TABLE_OF(queue);
TABLE_OF(limits);
TABLE_OF(retry);
TABLE_OF(hold);
TABLE_OF(logging);
TABLE_OF(rollback);

static const struct field route_entry_fields[] = {
#define ROUTE(...)   FIELD_ROW(struct document_entry, __VA_ARGS__)
#define ENTRY(...)   FIELD_ROW(struct document_entry, __VA_ARGS__)
#define REASONS(...) FIELD_ROW(struct document_entry, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field queue_entry_fields[] = {
#define QUEUE_ENTRY(...) FIELD_ROW(struct document_entry, __VA_ARGS__)
#define REASONS(...)     FIELD_ROW(struct document_entry, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field response_entry_fields[] = {
#define RESPONSE_ENTRY(...) FIELD_ROW(struct document_entry, __VA_ARGS__)
#define REASONS(...)        FIELD_ROW(struct document_entry, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field document_fields[] = {
#define DOCUMENT(...) FIELD_ROW(struct policy_document, __VA_ARGS__)
#include "engine/policy_document.def"
};

TABLE_OF(route_entry);
TABLE_OF(queue_entry);
TABLE_OF(response_entry);

const struct field_table policy_document_fields = {document_fields, sizeof document_fields /
                                                                        sizeof *document_fields};

const struct field_table *policy_entry_fields(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_KIND_QUEUE:
        return &queue_entry_table;
    case ENTRY_KIND_DEFAULT_RESPONSE:
        return &response_entry_table;
    case ENTRY_KIND_ROUTE:
        break;
    }
    return &route_entry_table;
}
