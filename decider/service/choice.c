/* A stored version and a draft go the same way from the text on; only who counts as author differs.
 */
#include "service/choice.h"

#include "service/compile.h"
#include "service/load.h"
#include "service/policies.h"

static struct slice copied(struct admin_call *call, struct slice text)
{
    return arena_copy(call->arena, text);
}

static enum result take_draft(struct admin_call *call,
                              const struct policy_choice *choice,
                              struct chosen *chosen,
                              struct slice *ret_text)
{
    if (call->caller)
        chosen->author = (struct evidence_author){copied(call, call->caller->key_id),
                                                  copied(call, call->caller->user)};
    *ret_text = choice->document;
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

static enum result take_stored(struct service *service,
                               struct admin_call *call,
                               const struct policy_choice *choice,
                               struct chosen *chosen,
                               struct slice *ret_text)
{
    struct policy_record record;
    enum result result;

    chosen->version =
        choice->version ? choice->version : policies_active(service, choice->policy_id);
    result = policies_find(service, call, choice->policy_id, &chosen->version, &record);
    if (result)
        return result;
    chosen->author = (struct evidence_author){copied(call, record.published_by),
                                              copied(call, record.published_by_user)};
    *ret_text = copied(call, record.document);
    return call->arena->failed ? RESULT_NO_MEMORY : RESULT_OK;
}

enum result choice_take(struct service *service,
                        struct admin_call *call,
                        const struct policy_choice *choice,
                        struct chosen *ret_chosen)
{
    struct slice text;
    enum result result = admin_begin(service);

    if (result)
        return result;
    *ret_chosen = (struct chosen){.catalog_version = service->admin.current->catalog->version};
    result = choice->document.len ? take_draft(call, choice, ret_chosen, &text)
                                  : take_stored(service, call, choice, ret_chosen, &text);
    admin_end(service);
    if (result == RESULT_OK)
        result = policies_check(service, call, text, &ret_chosen->document);
    if (result)
        return result;
    if (ret_chosen->document)
        ret_chosen->policy_id = ret_chosen->document->policy_id;
    else if (ret_chosen->version)
        return admin_fail(call, RESULT_PRECONDITION,
                          "The version does not compile against the current catalog.");
    return RESULT_OK;
}

/* An arena's memory is aligned as a block wants it. */
static enum result
keep_block(struct admin_call *call, struct slice block, const struct policy **ret_policy)
{
    char *copy = arena_alloc(call->arena, block.len);

    if (!copy)
        return RESULT_NO_MEMORY;
    memcpy(copy, block.ptr, block.len);
    *ret_policy = policy_view(copy, block.len);
    return *ret_policy ? RESULT_OK : RESULT_CORRUPT;
}

static enum result compile(struct service *service,
                           const struct chosen *chosen,
                           struct arena *arena,
                           struct buf *block)
{
    const struct policy_document *document = chosen->document;
    struct pieces pieces;
    struct compile_source source = {.version = chosen->version,
                                    .catalog_version = chosen->catalog_version,
                                    .author = chosen->author,
                                    .pieces = &pieces};
    enum result result = pieces_load(service->admin.read, document->workload, document->environment,
                                     EVIDENCE_NEWEST, arena, &pieces);

    /* A draft would be the next. */
    if (result == RESULT_OK && !source.version) {
        result = load_policy_version(service->admin.read, document->policy_id, &source.version);
        source.version++;
    }
    return result ? result : compile_document(document, &source, arena, block);
}

enum result choice_compile(struct service *service,
                           struct admin_call *call,
                           const struct chosen *chosen,
                           const struct policy **ret_policy)
{
    struct arena arena;
    struct buf block;
    enum result result = admin_begin(service);

    if (result)
        return result;
    arena_init(&arena, NULL, 0, COMPILE_BYTES_MAX);
    buf_init(&block, COMPILED_BYTES_MAX);
    result = compile(service, chosen, &arena, &block);
    if (result == RESULT_OK)
        result = keep_block(call, buf_slice(&block), ret_policy);
    buf_done(&block);
    arena_done(&arena);
    admin_end(service);
    return result;
}
