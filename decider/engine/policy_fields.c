/* The rows of policy_document.def and policy_entry.def as tables. */
#include "engine/policy_fields.h"

#include "engine/field_schema.h"

#define TABLE(name) .table = &name##_table
#define OWN(name)   .read = policy_parse_##name, .write = policy_dump_##name, SCHEMA_##name
#define SCHEMA_fallbacks                                                                           \
    .schema = FIELD_SCHEMA_ARRAY ", \"items\": {\"$ref\": \"#/$defs/fallback\"}"
#define SCHEMA_routes   .items = &policy_route_fields, .schema = POLICY_SCHEMA_ROUTE
#define SCHEMA_requires .schema = "\"type\": \"boolean\""
#define SCHEMA_default_response                                                                    \
    .schema = "\"anyOf\": [{\"type\": \"object\"}, {\"type\": \"string\", \"minLength\": 1}]"
#define SCHEMA_allowed_reasons SCHEMA_REASONS("allowed_reason")
#define SCHEMA_blocked_reasons SCHEMA_REASONS("blocked_reason")
#define SCHEMA_REASONS(word)                                                                       \
    .schema =                                                                                      \
        FIELD_SCHEMA_ARRAY ", \"uniqueItems\": true, \"items\": {\"$ref\": \"#/$defs/" word "\"}"
#define SCHEMA_payload_logging_mode                                                                \
    .schema = FIELD_SCHEMA_STRING ", \"enum\": [\"metadata_only\", \"sampled\"]"
#define SCHEMA_multiple .decimals = 1
#define TABLE_OF(name)                                                                             \
    static const struct field_table name##_table = {name##_fields,                                 \
                                                    sizeof name##_fields / sizeof *name##_fields}

/* ---- entries ---- */

#define ENTRY_ROW(...) FIELD_ROW(struct document_entry, __VA_ARGS__)

static const struct field premium_fields[] = {
#define PREMIUM(...) ENTRY_ROW(__VA_ARGS__)
#include "engine/policy_entry.def"
};
static const struct field entry_limits_fields[] = {
#define ENTRY_LIMITS(...) FIELD_ROW(struct policy_entry_limits, __VA_ARGS__)
#include "engine/policy_entry.def"
};
static const struct field queue_fields[] = {
#define QUEUE(...) ENTRY_ROW(__VA_ARGS__)
#include "engine/policy_entry.def"
};

TABLE_OF(premium);
TABLE_OF(entry_limits);
TABLE_OF(queue);

#define ROUTE_OF(member) member
static const struct field route_fields[] = {
#define ROUTE(...)  FIELD_ROW(struct document_route, __VA_ARGS__)
#define WEIGHT(...) FIELD_ROW(struct document_route, __VA_ARGS__)
#include "engine/policy_entry.def"
};
#undef ROUTE_OF
#define ROUTE_OF(member) alone.member
static const struct field primary_fields[] = {
#define ROUTE(...)  ENTRY_ROW(__VA_ARGS__)
#define ROUTES(...) ENTRY_ROW(__VA_ARGS__)
#define NOTICE(...) ENTRY_ROW(__VA_ARGS__)
#include "engine/policy_entry.def"
};
static const struct field route_entry_fields[] = {
#define ROUTE(...)   ENTRY_ROW(__VA_ARGS__)
#define ROUTES(...)  ENTRY_ROW(__VA_ARGS__)
#define ENTRY(...)   ENTRY_ROW(__VA_ARGS__)
#define REASONS(...) ENTRY_ROW(__VA_ARGS__)
#define NOTICE(...)  ENTRY_ROW(__VA_ARGS__)
#include "engine/policy_entry.def"
};
static const struct field queue_entry_fields[] = {
#define QUEUE_ENTRY(...) ENTRY_ROW(__VA_ARGS__)
#define REASONS(...)     ENTRY_ROW(__VA_ARGS__)
#define NOTICE(...)      ENTRY_ROW(__VA_ARGS__)
#include "engine/policy_entry.def"
};
static const struct field response_entry_fields[] = {
#define RESPONSE_ENTRY(...) ENTRY_ROW(__VA_ARGS__)
#define REASONS(...)        ENTRY_ROW(__VA_ARGS__)
#define NOTICE(...)         ENTRY_ROW(__VA_ARGS__)
#include "engine/policy_entry.def"
};

TABLE_OF(primary);
TABLE_OF(route_entry);
TABLE_OF(queue_entry);
TABLE_OF(response_entry);

const struct field_table policy_route_fields = {route_fields,
                                                sizeof route_fields / sizeof *route_fields};

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

/* ---- the document ---- */

static const struct field limits_fields[] = {
#define LIMITS(...) FIELD_ROW(struct policy, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field budget_fields[] = {
#define BUDGET(...) FIELD_ROW(struct policy, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field spend_fields[] = {
#define SPEND(...) FIELD_ROW(struct policy, __VA_ARGS__)
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
static const struct field threshold_fields[] = {
#define THRESHOLD(...) FIELD_ROW(struct document_rollback, __VA_ARGS__)
#include "engine/policy_document.def"
};
static const struct field spike_fields[] = {
#define THRESHOLD(...) FIELD_ROW(struct document_rollback, __VA_ARGS__)
#define SPIKE(...)     FIELD_ROW(struct document_rollback, __VA_ARGS__)
#include "engine/policy_document.def"
};

TABLE_OF(limits);
TABLE_OF(budget);
TABLE_OF(spend);
TABLE_OF(retry);
TABLE_OF(hold);
TABLE_OF(logging);
TABLE_OF(threshold);
TABLE_OF(spike);

static const struct field thresholds_fields[] = {
#define RULE(...) FIELD_ROW(struct policy_document, __VA_ARGS__)
#include "engine/policy_document.def"
};

TABLE_OF(thresholds);

static const struct field rollback_fields[] = {
#define ROLLBACK(...) FIELD_ROW(struct policy_document, __VA_ARGS__)
#include "engine/policy_document.def"
};

TABLE_OF(rollback);

static const struct field document_fields[] = {
#define DOCUMENT(...) FIELD_ROW(struct policy_document, __VA_ARGS__)
#include "engine/policy_document.def"
};

const struct field_table policy_document_fields = {document_fields, sizeof document_fields /
                                                                        sizeof *document_fields};
