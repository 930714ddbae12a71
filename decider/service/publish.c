/* Policies: validate and publish. A version is a document as it came, with who published it: an
 * approver is somebody else. Versions of one policy id are numbered from 1; publishing puts nothing
 * into service, so no block is stored, but one is made: what cannot be compiled is not published.
 */
#include "service/compile.h"
#include "service/load.h"
#include "service/policies.h"
#include "service/rows.h"

enum result
service_validate_policy(struct service *service, struct admin_call *call, struct slice document)
{
    struct policy_document *checked;

    return policies_check(service, call, document, &checked);
}

/* Whether a block can be made of it. */
static enum result try_compile(struct service *service,
                               const struct policy_document *document,
                               uint32_t version,
                               const struct policy_record *record)
{
    struct pieces pieces;
    struct compile_source source = {
        .version = version,
        .catalog_version = service->admin.current->catalog->version,
        .author = {record->published_by, record->published_by_user},
        .pieces = &pieces,
    };
    struct arena arena;
    struct buf block;
    enum result result;

    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    buf_init(&block, COMPILED_BYTES_MAX);
    result = pieces_load(service->admin.read, document->workload, document->environment,
                         EVIDENCE_NEWEST, &arena, &pieces);
    if (result == RESULT_OK)
        result = compile_document(document, &source, &arena, &block);
    buf_done(&block);
    arena_done(&arena);
    return result;
}

static enum result store_version(struct service *service,
                                 const struct policy_document *document,
                                 uint32_t version,
                                 const struct policy_record *record)
{
    struct store_key key = layout_policy(document->policy_id, version);
    struct rows rows;
    enum result result = try_compile(service, document, version, record);

    if (result)
        return result;
    rows_init(&rows);
    policy_record_encode(record, rows_bytes(&rows));
    rows_put(&rows, STORE_TABLE_POLICY, store_key_slice(&key));
    rows_audit(&rows, &(struct audit_record){
                          .action = AUDIT_ACTION_PUBLISH_POLICY,
                          .at_ms = record->published_ms,
                          .by = record->published_by,
                          .policy_id = document->policy_id,
                          .version = version,
                          .workload = document->workload,
                          .environment = document->environment,
                      });
    result = rows_commit(&rows, service, NULL, NULL);
    rows_done(&rows);
    return result;
}

static enum result publish(struct service *service,
                           struct admin_call *call,
                           struct slice text,
                           const struct policy_document *document,
                           struct policy_summary *ret_policy)
{
    struct policy_record record;
    uint32_t version;
    enum result result = load_policy_version(service->admin.read, document->policy_id, &version);

    if (result)
        return result;
    if (version) {
        result = compile_read(service->admin.read, document->policy_id, version, &record);
        if (result)
            return result;
    }
    if (version && slice_equal(record.document, text))
        return policies_summarize(service, call, document->policy_id, version, &record, ret_policy);
    version++;
    record = (struct policy_record){
        .workload = document->workload,
        .environment = document->environment,
        .document = text,
        .published_ms = call->now_ms,
        .published_by = call->caller ? call->caller->key_id : SLICE_LITERAL(""),
        .published_by_user = call->caller ? call->caller->user : SLICE_LITERAL(""),
    };
    /* Told before the write: after it nothing may fail. */
    result = policies_summarize(service, call, document->policy_id, version, &record, ret_policy);
    return result ? result : store_version(service, document, version, &record);
}

enum result service_publish_policy(struct service *service,
                                   struct admin_call *call,
                                   struct slice document,
                                   struct policy_summary *ret_policy)
{
    struct policy_document *checked;
    enum result result = policies_check(service, call, document, &checked);

    *ret_policy = (struct policy_summary){.version = 0};
    if (result || !checked)
        return result;
    result = admin_begin(service);
    if (result == RESULT_OK) {
        result = publish(service, call, document, checked, ret_policy);
        admin_end(service);
    }
    return result;
}
