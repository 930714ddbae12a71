/* Tables against protos, both ways: every row has its enum value or field with the same number and
 * name, and every enum value and field has its row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "signalbox/taxonomy.h"
#include "wire/wire.h"

struct row {
    unsigned number;
    const char *name; /* of the enum member, without prefix */
};

static void check_list(const ProtobufCEnumDescriptor *descriptor,
                       const char *prefix,
                       const struct row *rows,
                       size_t count)
{
    char name[128];

    snprintf(name, sizeof name, "%s_UNSPECIFIED", prefix);
    assert_string_equal(descriptor->values[0].name, name);
    assert_int_equal(descriptor->values[0].value, 0);
    assert_int_equal(descriptor->n_values, count + 1);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(descriptor, (int)rows[i].number);

        assert_non_null(value);
        snprintf(name, sizeof name, "%s_%s", prefix, rows[i].name);
        assert_string_equal(value->name, name);
    }
}

#define CHECK(descriptor, prefix)                                                                  \
    check_list(&signalbox__v1__##descriptor##__descriptor, prefix, rows, sizeof rows / sizeof *rows)

#define T(NAME, number, ...) {number, #NAME},
#define F(NAME, number, ...) {number, #NAME},
#define Q(NAME, number, ...) {number, #NAME},

static void lists_of_evidence_are_the_protos(void **state)
{
    (void)state;
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/evidence_kind.def"
        };
        CHECK(evidence_kind, "EVIDENCE_KIND");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/binding.def"
        };
        CHECK(binding, "BINDING");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/evidence_state.def"
        };
        CHECK(evidence_state, "EVIDENCE_STATE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/sign_off.def"
        };
        CHECK(sign_off, "SIGN_OFF");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/coverage.def"
        };
        CHECK(coverage, "COVERAGE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/contract_check.def"
        };
        CHECK(contract_check, "CONTRACT_CHECK");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/parity_check.def"
        };
        CHECK(parity_check, "PARITY_CHECK");
    }
}

static void lists_of_control_and_catalog_are_the_protos(void **state)
{
    (void)state;
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/switch_scope.def"
        };
        CHECK(switch_scope, "SWITCH_SCOPE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/rollback_rule.def"
        };
        CHECK(rollback_rule, "ROLLBACK_RULE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/audit_action.def"
        };
        CHECK(audit_action, "AUDIT_ACTION");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/feedback.def"
        };
        CHECK(feedback, "FEEDBACK");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/strength.def"
        };
        CHECK(strength, "STRENGTH");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/spend_window.def"
        };
        CHECK(spend_window, "SPEND_WINDOW");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/payload_storage.def"
        };
        CHECK(payload_storage, "PAYLOAD_STORAGE");
    }
}

static void lists_of_answers_are_the_protos(void **state)
{
    (void)state;
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/action.def"
        };
        CHECK(action, "ACTION");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/disposition.def"
        };
        CHECK(disposition, "DISPOSITION");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/gate.def"
        };
        CHECK(gate, "GATE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/verdict.def"
        };
        CHECK(verdict, "VERDICT");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/tier.def"
        };
        CHECK(tier, "TIER");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/hold_output.def"
        };
        CHECK(hold_output, "HOLD_OUTPUT");
    }
}

static void failures_reasons_and_roles_are_the_protos(void **state)
{
    (void)state;
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/failure.def"
        };
        CHECK(failure, "FAILURE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/reason.def"
        };
        CHECK(reason, "REASON");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/role.def"
        };
        CHECK(role, "ROLE");
    }
}

static void lists_of_admissions_are_the_protos(void **state)
{
    (void)state;
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/traffic_class.def"
        };
        CHECK(traffic_class, "TRAFFIC_CLASS");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/data_class.def"
        };
        CHECK(data_class, "DATA_CLASS");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/sensitivity.def"
        };
        CHECK(sensitivity, "SENSITIVITY");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/family.def"
        };
        CHECK(family, "FAMILY");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/need.def"
        };
        CHECK(need, "NEED");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/bound_state.def"
        };
        CHECK(bound_state, "BOUND_STATE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/block.def"
        };
        CHECK(block, "BLOCK");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/side_effect.def"
        };
        CHECK(side_effect, "SIDE_EFFECT");
    }
}

static void lists_of_reports_are_the_protos(void **state)
{
    (void)state;
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/transport.def"
        };
        CHECK(transport, "TRANSPORT");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/phase.def"
        };
        CHECK(phase, "PHASE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/body_state.def"
        };
        CHECK(body_state, "BODY_STATE");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/schema_validation.def"
        };
        CHECK(schema_validation, "SCHEMA_VALIDATION");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/finish.def"
        };
        CHECK(finish, "FINISH");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/unit.def"
        };
        CHECK(unit, "UNIT");
    }
    {
        static const struct row rows[] = {
#include "signalbox/taxonomy/quality_class.def"
        };
        CHECK(quality_class, "QUALITY_CLASS");
    }
}

/* ---- facts.def and report.def against their messages ---- */

struct field {
    unsigned number;
    const char *name;
    const char *kind;
    const char *list;
};

static const struct field facts[] = {
#define X(number, KIND, list, name, keep) {number, #name, #KIND, #list},
#include "signalbox/facts.def"
};

static const struct field reports[] = {
#include "signalbox/report.def"
#undef X
};

/* What a KIND is on the wire. */
static const struct kind {
    const char *name;
    ProtobufCType type;
    bool repeated;
} kinds[] = {
    {"TEXT", PROTOBUF_C_TYPE_STRING, false},       {"BYTES", PROTOBUF_C_TYPE_BYTES, false},
    {"BOOL", PROTOBUF_C_TYPE_BOOL, false},         {"U32", PROTOBUF_C_TYPE_UINT32, false},
    {"U64", PROTOBUF_C_TYPE_UINT64, false},        {"ENUM", PROTOBUF_C_TYPE_ENUM, false},
    {"SET", PROTOBUF_C_TYPE_ENUM, true},           {"TEXTS", PROTOBUF_C_TYPE_STRING, true},
    {"PAIRS", PROTOBUF_C_TYPE_MESSAGE, true},      {"USAGE", PROTOBUF_C_TYPE_MESSAGE, true},
    {"TOOL_CALLS", PROTOBUF_C_TYPE_MESSAGE, true},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* traffic_class is TrafficClass on the wire. */
static void assert_list(const ProtobufCEnumDescriptor *descriptor, const char *list)
{
    const char *camel = descriptor->short_name;

    for (; *list; list++) {
        if (*list == '_')
            continue;
        assert_int_equal(*camel | 0x20, *list);
        camel++;
    }
    assert_int_equal(*camel, '\0');
}

static void
check_fields(const ProtobufCMessageDescriptor *descriptor, const struct field *fields, size_t count)
{
    assert_int_equal(descriptor->n_fields, count);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, fields[i].number);
        const struct kind *kind = find_kind(fields[i].kind);

        assert_non_null(field);
        assert_non_null(kind);
        assert_string_equal(field->name, fields[i].name);
        assert_int_equal(field->type, kind->type);
        assert_int_equal(field->label == PROTOBUF_C_LABEL_REPEATED, kind->repeated);
        if (field->type == PROTOBUF_C_TYPE_ENUM)
            assert_list(field->descriptor, fields[i].list);
    }
}

static void facts_are_the_fields_of_an_admission(void **state)
{
    (void)state;
    check_fields(&signalbox__v1__admission__descriptor, facts, sizeof facts / sizeof *facts);
}

static void reports_are_the_fields_of_an_attempt_report(void **state)
{
    (void)state;
    check_fields(&signalbox__v1__attempt_report__descriptor, reports,
                 sizeof reports / sizeof *reports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_evidence_are_the_protos),
        cmocka_unit_test(lists_of_control_and_catalog_are_the_protos),
        cmocka_unit_test(lists_of_answers_are_the_protos),
        cmocka_unit_test(failures_reasons_and_roles_are_the_protos),
        cmocka_unit_test(lists_of_admissions_are_the_protos),
        cmocka_unit_test(lists_of_reports_are_the_protos),
        cmocka_unit_test(facts_are_the_fields_of_an_admission),
        cmocka_unit_test(reports_are_the_fields_of_an_attempt_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
