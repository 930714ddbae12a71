/* A policy is looked for where it serves first: that version is what a switch acts on now. */
#include "service/change.h"

#include <stdio.h>

#include "service/compile.h"
#include "service/policies.h"
#include "service/rights.h"

bool change_is_name(struct slice name, size_t bytes_max)
{
    return name.len > 0 && name.len <= bytes_max && !memchr(name.ptr, '\0', name.len);
}

enum result change_check_texts(struct admin_call *call, struct slice reason, struct slice write_id)
{
    if (!change_is_name(reason, SWITCH_REASON_BYTES_MAX))
        return admin_fail(call, RESULT_INVALID,
                          "A reason is needed, of at most 512 bytes without NUL.");
    if (write_id.len && !change_is_name(write_id, NAME_BYTES_MAX))
        return admin_fail(call, RESULT_INVALID, "A write id has at most 128 bytes and no NUL.");
    return RESULT_OK;
}

struct slice change_caller(const struct admin_call *call)
{
    return call->caller ? call->caller->key_id : SLICE_LITERAL("");
}

/* Digits alone, no more than fit; no sign, no space, no leading zero. */
static bool parse_number(struct slice text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (text.len == 0 || text.len > 18 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *ret_number = number;
    return number <= max;
}

enum result change_parse_etag(struct admin_call *call,
                              struct slice etag,
                              bool *ret_given,
                              uint32_t *ret_version)
{
    uint64_t version = 0;

    if (etag.len && !parse_number(etag, UINT32_MAX, &version))
        return admin_fail(call, RESULT_INVALID, "The etag is not one of a switch or pin.");
    *ret_given = etag.len > 0;
    *ret_version = (uint32_t)version;
    return RESULT_OK;
}

/* ---- what it may speak of ---- */

/* Every version has the empty one. */
static bool has_entry(const struct compiled *compiled, struct slice entry)
{
    return entry.len == 0 || switches_entry_index(compiled->policy, entry) >= 0;
}

/* Among what serves; *ret_compiled is NULL when none of it has the entry. */
static enum result find_serving(struct service *service,
                                struct admin_call *call,
                                struct slice policy_id,
                                struct slice entry,
                                struct compiled **ret_compiled)
{
    const struct serving *serving;
    size_t position = 0;

    *ret_compiled = NULL;
    while ((serving = map_next(&service->admin.current->policies->active, &position)) != NULL) {
        struct compiled *const versions[] = {serving->whole, serving->canary};

        for (unsigned i = 0; i < 2; i++) {
            if (!compiled_is_of(versions[i], policy_id))
                continue;
            if (!rights_environment(call->caller, policy_text(versions[i]->policy,
                                                              versions[i]->policy->environment)))
                return admin_fail(call, RESULT_DENIED,
                                  "The policy also serves an environment that the token may not "
                                  "speak for.");
            if (!*ret_compiled && has_entry(versions[i], entry))
                *ret_compiled = versions[i];
        }
    }
    return RESULT_OK;
}

static enum result compile_latest(struct service *service,
                                  struct admin_call *call,
                                  struct slice policy_id,
                                  uint32_t version,
                                  struct compiled **ret_compiled)
{
    const struct catalog_set *catalog = service->admin.current->catalog;
    const struct compile_order order = {
        .name = {policy_id, version, catalog->version, EVIDENCE_NEWEST},
        .catalog = catalog->catalog,
    };
    enum result result = compile_new(service->admin.read, &order, &call->diagnostics, ret_compiled);

    if (result == RESULT_INVALID)
        return admin_fail(call, RESULT_PRECONDITION,
                          "The policy's latest version does not compile against the current "
                          "catalog, and no other serves.");
    return result;
}

enum result change_find_policy(struct service *service,
                               struct admin_call *call,
                               struct slice policy_id,
                               struct slice entry,
                               struct compiled **ret_compiled)
{
    struct policy_record record;
    struct compiled *compiled;
    uint32_t version = 0;
    enum result result = policies_find(service, call, policy_id, &version, &record);

    if (result == RESULT_OK)
        result = find_serving(service, call, policy_id, entry, &compiled);
    if (result)
        return result;
    *ret_compiled = compiled_ref(compiled);
    if (compiled || entry.len == 0)
        return RESULT_OK;
    result = compile_latest(service, call, policy_id, version, &compiled);
    if (result)
        return result;
    if (!has_entry(compiled, entry)) {
        compiled_unref(compiled);
        return admin_fail(call, RESULT_NOT_FOUND, "The policy has no entry of that name.");
    }
    *ret_compiled = compiled;
    return RESULT_OK;
}

static bool has_account(const struct catalog *catalog, struct slice name)
{
    for (unsigned i = 0; i < catalog->accounts_count; i++)
        if (slice_equal(catalog->accounts[i].id, name))
            return true;
    return false;
}

static bool has_provider(const struct catalog *catalog, struct slice name)
{
    for (unsigned i = 0; i < catalog->providers_count; i++)
        if (slice_equal(catalog->providers[i].id, name))
            return true;
    return false;
}

enum result change_find_place(const struct service *service,
                              struct admin_call *call,
                              enum switch_scope scope,
                              struct slice name)
{
    const struct catalog *catalog = service->admin.current->catalog->catalog;

    if (call->caller && call->caller->environments.count)
        return admin_fail(call, RESULT_DENIED,
                          "It acts in every environment, and the token may not speak for all.");
    if (scope == SWITCH_SCOPE_ROUTE && !map_get(&catalog->routes_by_id, name))
        return admin_fail(call, RESULT_NOT_FOUND, "The catalog has no route of that name.");
    if (scope == SWITCH_SCOPE_ACCOUNT && !has_account(catalog, name))
        return admin_fail(call, RESULT_NOT_FOUND, "The catalog has no account of that name.");
    if (scope == SWITCH_SCOPE_PROVIDER && !has_provider(catalog, name))
        return admin_fail(call, RESULT_NOT_FOUND, "The catalog has no provider of that name.");
    return RESULT_OK;
}

bool change_is_visible(struct service *service, struct admin_call *call, struct slice policy_id)
{
    const struct slice message = call->message;
    struct policy_record record;
    uint32_t version = 0;
    bool visible;

    if (!call->caller || !call->caller->environments.count)
        return true;
    if (!policy_id.len)
        return false;
    visible = policies_find(service, call, policy_id, &version, &record) == RESULT_OK;
    call->message = message;
    return visible;
}

/* ---- how it is carried out ---- */

static const char *message_of(enum result result)
{
    switch ((unsigned)result) {
    case RESULT_PRECONDITION:
        return "It was changed since; the etag is not current.";
    case RESULT_FULL:
        return "The store is full. What was to be turned off is off, and is stored as soon as "
               "there is room; nothing else has changed.";
    case RESULT_TIMEOUT:
        return "The thread that decides does not answer; the change may still be carried out.";
    }
    return NULL;
}

bool change_carry_out(struct service *service,
                      struct admin_call *call,
                      struct errand *errand,
                      enum result *ret_result)
{
    bool done = errand_carry_out(service, errand);
    const char *message;

    *ret_result = done ? errand->result : RESULT_TIMEOUT;
    message = message_of(*ret_result);
    if (message)
        call->message = slice_of(message);
    return done;
}

struct slice change_put_answer(const struct change_answer *answer,
                               char ret_text[CHANGE_ANSWER_BYTES])
{
    int by_bytes = answer->by.len < NAME_BYTES_MAX ? (int)answer->by.len : NAME_BYTES_MAX;
    int len = snprintf(ret_text, CHANGE_ANSWER_BYTES, "%u %lld %.*s", (unsigned)answer->version,
                       (long long)answer->at_ms, by_bytes, by_bytes ? answer->by.ptr : "");

    return (struct slice){ret_text, (size_t)len};
}

/* The text up to a space, and what follows it. */
static bool take_word(struct slice *text, struct slice *ret_word)
{
    const char *space = text->len ? memchr(text->ptr, ' ', text->len) : NULL;

    if (!space)
        return false;
    *ret_word = (struct slice){text->ptr, (size_t)(space - text->ptr)};
    *text = (struct slice){space + 1, text->len - ret_word->len - 1};
    return true;
}

enum result change_take_answer(struct slice text, struct change_answer *ret_answer)
{
    uint64_t version, at_ms;
    struct slice word;

    if (!take_word(&text, &word) || !parse_number(word, UINT32_MAX, &version) ||
        !take_word(&text, &word) || !parse_number(word, INT64_MAX, &at_ms))
        return RESULT_CORRUPT;
    *ret_answer = (struct change_answer){(uint32_t)version, (int64_t)at_ms, text};
    return RESULT_OK;
}
