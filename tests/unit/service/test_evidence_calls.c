/* Calls about evidence: what they store, what they tell, what they refuse. */
#include "service/state.h"
#include "store/evidence.h"
#include "store/layout.h"
#include "unit/service/review_fixture.h"

#define PARITY                                                                                     \
    "'kind':'parity','primary':'primary-approved-at-mock-a','passed':true,'reviewed_by':'rita',"   \
    "'checks':['endpoint','parameters','quota','cost','log_fields']"
#define COST                                                                                       \
    "'kind':'cost_owner','pricing_snapshot':'2026-11-01','usage_estimate':{"                       \
    "'monthly_requests':1000,'monthly_usd':100}"

static struct evidence_summary take_back(struct fixture *f, const char *id)
{
    struct evidence_summary item;

    fixture_call(f)->caller = &fixture_reviewer;
    assert_int_equal(service_revoke_evidence(f->service, &f->call, slice_of(id),
                                             SLICE_LITERAL("a doubt"), SLICE_LITERAL(""), &item),
                     RESULT_OK);
    return item;
}

static unsigned put_one(struct fixture *f, const struct principal *caller, const char *member)
{
    struct slice document = fixture_evidence(f, &template_place, BACKUP, &member, 1);
    struct evidence_summary *items;
    unsigned count;

    fixture_call(f)->caller = caller;
    assert_int_equal(
        service_put_evidence(f->service, &f->call, document, SLICE_LITERAL(""), &items, &count),
        RESULT_OK);
    return count;
}

static bool count_row(void *context, struct slice key, struct slice value)
{
    unsigned *count = context;

    (void)key;
    (void)value;
    ++*count;
    return true;
}

static unsigned count_rows(struct fixture *f, enum store_table table)
{
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = 1000};
    unsigned count = 0;

    assert_int_equal(store_read_renew(f->service->admin.read), RESULT_OK);
    assert_int_equal(store_walk(f->service->admin.read, table, &walk, count_row, &count),
                     RESULT_OK);
    store_read_reset(f->service->admin.read);
    return count;
}

static void a_piece_is_told_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    struct evidence_summary item;

    assert_int_equal(
        service_get_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-4"), &item), RESULT_OK);
    assert_text(item.id, "ev-4");
    assert_int_equal(item.kind, EVIDENCE_KIND_COST_OWNER);
    assert_int_equal(item.gate, GATE_COST);
    assert_text(item.workload, WORKLOAD);
    assert_text(item.environment, "production");
    assert_text(item.subject, BACKUP);
    assert_text(item.owner, "support-finance");
    assert_true(item.passed);
    assert_int_equal(item.put_unix_ms, f->now_ms);
    assert_text(item.put_by, "key_reviewer");
    assert_true(item.expires_unix_ms > f->now_ms);
    assert_false(item.revoked);
    assert_int_equal(item.bindings.count, 2);
    assert_text(item.bindings.items[0].key, "prices");
    assert_text(item.bindings.items[1].key, "spend_owner");
    assert_text(item.bindings.items[1].value, "platform");
    assert_non_null(memmem(item.document.ptr, item.document.len, "\"cost_owner\"", 12));
}

static void what_is_not_there_or_not_the_callers_is_not_found(void **state)
{
    static const struct slice environments[] = {SLICE_LITERAL("staging")};
    static const char *const ids[] = {"ev-99", "ev-0",  "ev-",           "ev-4x",         "4",
                                      "",      "ev-04", "ev-4294967295", "ev-99999999999"};
    const struct principal stranger = {.role = ROLE_OPERATOR, .environments = {environments, 1}};
    const struct evidence_query all = {.rows_max = 0};
    struct evidence_summary item, *items;
    struct fixture *f = *state;
    struct slice next;
    unsigned count;

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(service_get_evidence(f->service, fixture_call(f), slice_of(ids[i]), &item),
                         RESULT_NOT_FOUND);
    take_back(f, "ev-9"); /* is row 10 */
    assert_int_equal(
        service_get_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-10"), &item),
        RESULT_NOT_FOUND);
    fixture_call(f)->caller = &stranger;
    assert_int_equal(service_get_evidence(f->service, &f->call, SLICE_LITERAL("ev-4"), &item),
                     RESULT_NOT_FOUND);
    fixture_call(f)->caller = &stranger;
    assert_int_equal(service_revoke_evidence(f->service, &f->call, SLICE_LITERAL("ev-4"),
                                             SLICE_LITERAL("why"), SLICE_LITERAL(""), &item),
                     RESULT_NOT_FOUND);
    fixture_call(f)->caller = &stranger;
    assert_int_equal(service_list_evidence(f->service, &f->call, &all, &items, &count, &next),
                     RESULT_OK);
    assert_int_equal(count, 0);
    fixture_call(f)->caller = &stranger;
    assert_int_equal(service_put_evidence(f->service, &f->call, fixture_file(f, APPROVALS_FILE),
                                          SLICE_LITERAL(""), &items, &count),
                     RESULT_DENIED);
}

/* Ids in the order of the pages, with a space after each. */
static void read_ids(struct fixture *f, struct evidence_query query, char ret_ids[256])
{
    struct evidence_summary *items;
    char token[16] = "";
    struct slice next;
    unsigned count;

    ret_ids[0] = '\0';
    do {
        query.page_token = slice_of(token);
        query.rows_max = 2;
        assert_int_equal(
            service_list_evidence(f->service, fixture_call(f), &query, &items, &count, &next),
            RESULT_OK);
        for (unsigned i = 0; i < count; i++)
            snprintf(ret_ids + strlen(ret_ids), 256 - strlen(ret_ids), "%.*s ",
                     (int)items[i].id.len, items[i].id.ptr);
        snprintf(token, sizeof token, "%.*s", (int)next.len, next.len ? next.ptr : "");
    } while (token[0]);
}

static void lists_are_in_the_order_in_which_pieces_were_put(void **state)
{
    static const char *const member[] = {COST};
    const struct evidence_query half = {.workload = SLICE_LITERAL(WORKLOAD)};
    const struct evidence_query bad = {.page_token = SLICE_LITERAL("12")};
    struct fixture *f = *state;
    struct evidence_summary *items;
    char ids[256];
    struct slice next;
    unsigned count;

    fixture_put_evidence(
        f, fixture_evidence(f, &(struct fixture_place){"a", "production"}, BACKUP, member, 1));
    put_one(f, &fixture_reviewer, COST);
    take_back(f, "ev-4");
    read_ids(f, (struct evidence_query){.rows_max = 0}, ids);
    assert_string_equal(ids, "ev-1 ev-2 ev-3 ev-5 ev-6 ev-7 ev-8 ev-9 ev-10 ev-11 ");
    read_ids(f, (struct evidence_query){.kind = EVIDENCE_KIND_COST_OWNER, .want_revoked = true},
             ids);
    assert_string_equal(ids, "ev-4 ev-10 ev-11 ");
    read_ids(f,
             (struct evidence_query){.workload = SLICE_LITERAL(WORKLOAD),
                                     .environment = SLICE_LITERAL("production"),
                                     .kind = EVIDENCE_KIND_COST_OWNER},
             ids);
    assert_string_equal(ids, "ev-11 ");
    read_ids(f,
             (struct evidence_query){.workload = SLICE_LITERAL("a"),
                                     .environment = SLICE_LITERAL("staging")},
             ids);
    assert_string_equal(ids, "");
    assert_int_equal(
        service_list_evidence(f->service, fixture_call(f), &half, &items, &count, &next),
        RESULT_INVALID);
    assert_int_equal(
        service_list_evidence(f->service, fixture_call(f), &bad, &items, &count, &next),
        RESULT_INVALID);
}

static void a_document_with_an_error_stores_nothing_of_it(void **state)
{
    static const char *const documents[] = {
        "{'evidence':[{'kind':'quota_owner','workflow':'" WORKLOAD "','environment':'production',"
        "'route':'" BACKUP "','owner':'x','expires':'2027-01-01'},{'kind':'quota_owner',"
        "'workflow':'" WORKLOAD "','environment':'production','route':'nowhere','owner':'x',"
        "'expires':'2027-01-01'}]}",
        /* Expired on the day it is put. */
        "{'kind':'quota_owner','workflow':'" WORKLOAD
        "','environment':'production','route':'" BACKUP "','owner':'x','expires':'2026-01-01'}",
        /* Dated in the future. */
        "{'kind':'quota_owner','workflow':'" WORKLOAD
        "','environment':'production','route':'" BACKUP
        "','owner':'x','dated':'2026-12-24','expires':'2027-01-01'}",
        "{'kind':'hearsay'}",
        "[",
    };
    struct fixture *f = *state;
    struct evidence_summary *items;
    unsigned count, rows = count_rows(f, STORE_TABLE_EVIDENCE);

    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        fixture_call(f)->caller = &fixture_reviewer;
        assert_int_equal(service_put_evidence(f->service, &f->call, fixture_json(f, documents[i]),
                                              SLICE_LITERAL(""), &items, &count),
                         RESULT_OK);
        assert_int_equal(count, 0);
        assert_true(f->call.diagnostics.errors > 0);
    }
    assert_int_equal(count_rows(f, STORE_TABLE_EVIDENCE), rows);
    assert_int_equal(count_rows(f, STORE_TABLE_EVIDENCE_ID), rows);
}

static void taking_back_needs_a_reason_and_happens_once(void **state)
{
    static const char long_reason[TEXT_BYTES_MAX + 1] = {[0 ... TEXT_BYTES_MAX] = 'x'};
    const struct slice reasons[] = {SLICE_LITERAL(""), {long_reason, sizeof long_reason}};
    struct fixture *f = *state;
    struct evidence_summary item;

    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(service_revoke_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-1"),
                                                 reasons[i], SLICE_LITERAL(""), &item),
                         RESULT_INVALID);
    f->now_ms += 1000;
    take_back(f, "ev-1");
    assert_int_equal(service_revoke_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-1"),
                                             SLICE_LITERAL("again"), SLICE_LITERAL(""), &item),
                     RESULT_PRECONDITION);
    fixture_reopen(f);
    assert_int_equal(
        service_get_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-1"), &item), RESULT_OK);
    assert_true(item.revoked);
    assert_int_equal(item.revoked_unix_ms, f->now_ms);
    assert_int_equal(item.put_unix_ms, f->now_ms - 1000);
    assert_text(item.revoked_by, "key_reviewer");
    assert_text(item.revoke_reason, "a doubt");
}

static void a_write_id_puts_and_takes_back_once(void **state)
{
    static const char *const member[] = {COST, PARITY};
    struct fixture *f = *state;
    struct evidence_summary *items, item;
    unsigned count;

    for (int times = 0; times < 2; times++) {
        fixture_call(f)->caller = &fixture_reviewer;
        assert_int_equal(
            service_put_evidence(f->service, &f->call,
                                 fixture_evidence(f, &template_place, BACKUP, member, 2),
                                 SLICE_LITERAL("once"), &items, &count),
            RESULT_OK);
        assert_int_equal(count, 2);
        assert_text(items[0].id, "ev-10");
        assert_text(items[1].id, "ev-11");
        assert_int_equal(items[1].kind, EVIDENCE_KIND_PARITY);
        f->now_ms++;
        fixture_reopen(f);
    }
    fixture_call(f)->caller = &fixture_reviewer;
    assert_int_equal(service_put_evidence(f->service, &f->call,
                                          fixture_evidence(f, &template_place, BACKUP, member, 1),
                                          SLICE_LITERAL("once"), &items, &count),
                     RESULT_EXISTS);
    for (int times = 0; times < 2; times++) {
        assert_int_equal(service_revoke_evidence(f->service, fixture_call(f),
                                                 SLICE_LITERAL("ev-10"), SLICE_LITERAL("why"),
                                                 SLICE_LITERAL("back"), &item),
                         RESULT_OK);
        assert_true(item.revoked);
        assert_text(item.revoke_reason, "why");
    }
    assert_int_equal(count_rows(f, STORE_TABLE_EVIDENCE), 12);
}

static void the_trail_tells_of_each_piece(void **state)
{
    const struct audit_query query = {.workload = SLICE_LITERAL(WORKLOAD),
                                      .environment = SLICE_LITERAL("production"),
                                      .rows_max = 2};
    struct fixture *f = *state;
    struct audit_record *records;
    struct slice next;
    unsigned count;

    f->now_ms++;
    put_one(f, &fixture_reviewer, COST);
    f->now_ms++;
    take_back(f, "ev-10");
    assert_int_equal(
        service_list_audit(f->service, fixture_call(f), &query, &records, &count, &next),
        RESULT_OK);
    assert_int_equal(count, 2);
    assert_int_equal(records[0].action, AUDIT_ACTION_REVOKE_EVIDENCE);
    assert_text(records[0].subject, "ev-10");
    assert_text(records[0].reason, "a doubt");
    assert_int_equal(records[1].action, AUDIT_ACTION_PUT_EVIDENCE);
    assert_text(records[1].subject, "ev-10");
    assert_text(records[1].by, "key_reviewer");
    assert_text(records[1].detail, "cost_owner of " BACKUP ".");
}

#define MANY 9999

/* As so many calls would have left it, without their waiting. */
static void put_many(struct fixture *f)
{
    static const char document[] =
        "{\"kind\":\"quota_owner\",\"workflow\":\"many\",\"environment\":\"e\",\"route\":\"" BACKUP
        "\",\"owner\":\"x\",\"expires\":\"2027-01-01T00:00:00Z\"}";
    const struct evidence_record record = {.kind = EVIDENCE_KIND_QUOTA_OWNER,
                                           .document = slice_of(document),
                                           .subject = SLICE_LITERAL(BACKUP)};
    static struct store_key keys[2 * MANY];
    static struct store_op ops[2 * MANY];
    struct store_key place = layout_active(SLICE_LITERAL("many"), SLICE_LITERAL("e"));
    struct store_write write = {.more_ops = ops, .more_ops_count = 2 * MANY};
    struct buf bytes;

    buf_init(&bytes, 4096);
    evidence_record_encode(&record, &bytes);
    for (uint32_t i = 0; i < MANY; i++) {
        keys[2 * i] = layout_numbered(SLICE_LITERAL("many"), SLICE_LITERAL("e"), 100 + i);
        keys[2 * i + 1] = layout_evidence_id(100 + i);
        ops[2 * i] = (struct store_op){STORE_OP_PUT, STORE_TABLE_EVIDENCE,
                                       store_key_slice(&keys[2 * i]), buf_slice(&bytes)};
        ops[2 * i + 1] =
            (struct store_op){STORE_OP_PUT, STORE_TABLE_EVIDENCE_ID,
                              store_key_slice(&keys[2 * i + 1]), store_key_slice(&place)};
    }
    assert_int_equal(store_write_wait(f->service->store, &write), RESULT_OK);
    buf_done(&bytes);
}

static void a_place_has_a_bound_and_says_so(void **state)
{
    static const char *const member[] = {COST, PARITY};
    const struct fixture_place place = {"many", "e"};
    struct fixture *f = *state;
    struct evidence_summary *items, item;
    unsigned count;

    put_many(f);
    for (unsigned pieces = 2; pieces > 0; pieces--) {
        fixture_call(f)->caller = &fixture_reviewer;
        assert_int_equal(service_put_evidence(f->service, &f->call,
                                              fixture_evidence(f, &place, BACKUP, member, pieces),
                                              SLICE_LITERAL(""), &items, &count),
                         pieces == 2 ? RESULT_TOO_LARGE : RESULT_OK);
        assert_int_equal(f->call.message.len > 0, pieces == 2);
    }
    assert_text(items[0].id, "ev-10099");
    /* Taking back is always possible. */
    assert_int_equal(service_revoke_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-10099"),
                                             SLICE_LITERAL("why"), SLICE_LITERAL(""), &item),
                     RESULT_OK);
}

/* ev-1 as it was stored before a comparison said with what. */
static void forget_primary(struct fixture *f)
{
    static const char member[] = "  \"primary\": \"primary-approved-at-mock-a\",\n";
    struct store_key key = layout_numbered(SLICE_LITERAL(WORKLOAD), SLICE_LITERAL("production"), 1);
    struct store_op op = {STORE_OP_PUT, STORE_TABLE_EVIDENCE, store_key_slice(&key), {NULL, 0}};
    struct store_write write = {.more_ops = &op, .more_ops_count = 1};
    struct evidence_record record = {.kind = EVIDENCE_KIND_PARITY};
    struct evidence_summary item;
    char text[4096];
    struct buf bytes;
    char *at;

    assert_int_equal(
        service_get_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-1"), &item), RESULT_OK);
    snprintf(text, sizeof text, "%.*s", (int)item.document.len, item.document.ptr);
    at = strstr(text, member);
    assert_non_null(at);
    memmove(at, at + strlen(member), strlen(at + strlen(member)) + 1);
    record.document = slice_of(text);
    record.subject = item.subject;
    record.by = item.put_by;
    record.at_ms = item.put_unix_ms;
    record.bindings = (struct pairs){item.bindings.items, item.bindings.count / 2};
    buf_init(&bytes, 8192);
    evidence_record_encode(&record, &bytes);
    op.value = buf_slice(&bytes);
    assert_int_equal(store_write_wait(f->service->store, &write), RESULT_OK);
    buf_done(&bytes);
}

static void a_comparison_from_before_it_said_with_what_is_void(void **state)
{
    struct fixture *f = *state;
    struct evidence_summary item;

    forget_primary(f);
    fixture_reopen(f);
    assert_int_equal(put_one(f, &fixture_reviewer, COST), 1); /* compiled again */
    assert_shut(f, "parity", "voided");
    assert_int_equal(
        service_get_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-1"), &item), RESULT_OK);
    assert_true(item.passed);
    take_back(f, "ev-1");
    assert_shut(f, "parity", "revoked");
    assert_int_equal(put_one(f, &fixture_reviewer, PARITY), 1);
    assert_open(f);
}

static void a_comparison_is_told_with_both_sides(void **state)
{
    struct fixture *f = *state;
    struct evidence_summary item;
    unsigned of_primary = 0;

    assert_int_equal(
        service_get_evidence(f->service, fixture_call(f), SLICE_LITERAL("ev-1"), &item), RESULT_OK);
    for (unsigned i = 0; i < item.bindings.count; i++)
        of_primary += slice_is(item.bindings.items[i].key, "primary.provider_model") &&
                      slice_is(item.bindings.items[i].value, "primary-approved-model");
    assert_int_equal(of_primary, 1);
    assert_int_equal(item.bindings.count, 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_approved, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_piece_is_told_as_it_was_put),
        TEST(what_is_not_there_or_not_the_callers_is_not_found),
        TEST(lists_are_in_the_order_in_which_pieces_were_put),
        TEST(a_document_with_an_error_stores_nothing_of_it),
        TEST(taking_back_needs_a_reason_and_happens_once),
        TEST(a_write_id_puts_and_takes_back_once),
        TEST(the_trail_tells_of_each_piece),
        TEST(a_place_has_a_bound_and_says_so),
        TEST(a_comparison_from_before_it_said_with_what_is_void),
        TEST(a_comparison_is_told_with_both_sides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
