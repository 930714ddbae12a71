/* Document, author and catalog stay; only the evidence differs, so compiling cannot find fault. */
#include "service/recompile.h"

#include "service/compile.h"

static enum result recompile(struct service *service,
                             const struct compiled *before,
                             const struct pieces *pieces,
                             struct rows *rows,
                             struct compiled **ret_compiled)
{
    const struct catalog_set *catalog = service->admin.current->catalog;
    const struct policy *policy = before->policy;
    const struct compile_order order = {
        .name = {policy_text(policy, policy->id), policy->version, catalog->version,
                 pieces->version},
        .catalog = catalog->catalog,
        .pieces = pieces,
    };
    enum result result = compile_new(service->admin.read, &order, NULL, ret_compiled);

    if (result)
        return result == RESULT_INVALID || result == RESULT_NOT_FOUND ? RESULT_CORRUPT : result;
    if (!slice_equal(store_key_slice(&before->version_key),
                     store_key_slice(&(*ret_compiled)->version_key)))
        rows_delete(rows, STORE_TABLE_COMPILED, store_key_slice(&before->version_key));
    rows_lend(rows, STORE_TABLE_COMPILED, store_key_slice(&(*ret_compiled)->version_key),
              compiled_block(*ret_compiled));
    return RESULT_OK;
}

enum result recompile_serving(struct service *service,
                              const struct serving *before,
                              const struct pieces *pieces,
                              struct policy_set *policies,
                              struct rows *rows)
{
    struct compiled *whole = NULL, *canary = NULL;
    enum result result = recompile(service, before->whole, pieces, rows, &whole);

    if (result == RESULT_OK && before->canary)
        result = recompile(service, before->canary, pieces, rows, &canary);
    if (result == RESULT_OK &&
        !policy_set_serve(policies, &(struct serving){.whole = whole,
                                                      .canary = canary,
                                                      .canary_percent = before->canary_percent,
                                                      .activation = before->activation}))
        result = RESULT_NO_MEMORY;
    compiled_unref(whole);
    compiled_unref(canary);
    return result;
}
