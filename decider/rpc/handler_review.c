/* PolicyService: reviews. Nothing here changes anything.
 *
 * Values of a checklist's rows go out as the text that traces have, by the same function. */
#include "rpc/handler.h"

/* Fields of a PolicyChoice by the place where it stands. */
struct choice_fields {
    const char *choice, *policy_id, *version, *document;
};

static const struct choice_fields of_policy = {"policy", "policy.policy_id", "policy.version",
                                               "policy.document"};
static const struct choice_fields of_before = {"before", "before.policy_id", "before.version",
                                               "before.document"};
static const struct choice_fields of_after = {"after", "after.policy_id", "after.version",
                                              "after.document"};

/* A version or a draft; which of the two is never guessed. */
static struct policy_choice get_choice(struct handling *handling,
                                       const struct choice_fields *fields,
                                       const Signalbox__V1__PolicyChoice *from)
{
    struct policy_choice choice = {.version = 0};

    if (!from) {
        (void)handler_refuse(handling, fields->choice, "is needed");
        return choice;
    }
    choice.policy_id = handler_name(handling, fields->policy_id, from->policy_id);
    choice.version = from->version;
    choice.document = slice_of(from->document);
    if (!choice.document.len && !choice.policy_id.len)
        (void)handler_refuse(handling, fields->policy_id, "is needed, or a document is");
    if (choice.document.len && choice.policy_id.len)
        (void)handler_refuse(handling, fields->policy_id,
                             "comes in place of a document, not beside it");
    if (choice.document.len && choice.version)
        (void)handler_refuse(handling, fields->version,
                             "comes in place of a document, not beside it");
    return choice;
}

/* ---- the checklist ---- */

static Signalbox__V1__ChecklistRow *put_row(struct handling *handling,
                                            const struct checklist_row *from)
{
    struct arena *arena = handling->admin.arena;
    const struct check_row *check = check_row(from->check);
    Signalbox__V1__ChecklistRow *message =
        handler_message(handling, &signalbox__v1__checklist_row__descriptor);

    if (!message)
        return NULL;
    message->gate = (Signalbox__V1__Gate)check->gate;
    message->check = wire_text(slice_of(check->name), arena);
    message->route = wire_text(from->route, arena);
    message->verdict = (Signalbox__V1__Verdict)from->verdict;
    message->pass_condition = wire_text(slice_of(check->passes), arena);
    message->stop_condition = wire_text(slice_of(check->stops), arena);
    message->found = wire_text(wire_trace_text(&from->found, arena), arena);
    message->needed = wire_text(wire_trace_text(&from->needed, arena), arena);
    message->owner = wire_text(from->owner, arena);
    message->evidence_id = wire_text(from->evidence_id, arena);
    message->evidence_put_unix_ms = from->evidence_put_unix_ms;
    message->evidence_expires_unix_ms = from->evidence_expires_unix_ms;
    return message;
}

/* Takes the entry's rows off the front of *rows, which are in the order of entries. */
static Signalbox__V1__ChecklistEntry *put_entry(struct handling *handling,
                                                const struct checklist_entry *from,
                                                const struct checklist_row **rows,
                                                const struct checklist_row *end)
{
    const struct checklist_row *first = *rows;
    Signalbox__V1__ChecklistEntry *message =
        handler_message(handling, &signalbox__v1__checklist_entry__descriptor);

    while (*rows < end && (*rows)->entry == from->entry)
        (*rows)++;
    if (!message)
        return NULL;
    message->entry = from->entry;
    message->tier = (Signalbox__V1__Tier)from->tier;
    message->route = wire_text(from->route, handling->admin.arena);
    message->go = from->go;
    message->request_nusd = from->request_nusd;
    message->request_nusd_max = from->request_nusd_max;
    message->latency_p95_ms = from->latency_p95_ms;
    message->latency_target_ms = from->latency_target_ms;
    message->rows = handler_items(handling, (size_t)(*rows - first));
    for (const struct checklist_row *row = first; message->rows && row < *rows; row++)
        message->rows[message->n_rows++] = put_row(handling, row);
    return message;
}

enum result handler_checklist(struct handling *handling)
{
    const Signalbox__V1__ChecklistRequest *request = (const void *)handling->request;
    Signalbox__V1__ChecklistResponse *response;
    struct policy_choice choice = get_choice(handling, &of_policy, request->policy);
    struct checklist_summary summary = {.version = 0};
    const struct checklist *list = &summary.checklist;
    const struct checklist_row *rows;
    struct arena *arena = handling->admin.arena;
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_checklist(handling->service, &handling->admin, &choice, &summary);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__checklist_response__descriptor);
    if (!response)
        return RESULT_NO_MEMORY;
    response->policy_id = wire_text(summary.policy_id, arena);
    response->version = summary.version;
    response->workload = wire_text(summary.workload, arena);
    response->environment = wire_text(summary.environment, arena);
    response->catalog_version = summary.catalog_version;
    response->made_unix_ms = summary.made_unix_ms;
    response->entries = handler_items(handling, list->entries_count);
    rows = list->rows;
    for (unsigned i = 0; response->entries && i < list->entries_count; i++)
        response->entries[response->n_entries++] =
            put_entry(handling, &list->entries[i], &rows, list->rows + list->rows_count);
    response->go = list->go && list->entries_count;
    response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
    return handler_answer(handling, response);
}

/* ---- a team's tests ---- */

static Signalbox__V1__PolicyTestDifference *
put_difference(struct handling *handling, const struct policy_test_difference *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__PolicyTestDifference *message =
        handler_message(handling, &signalbox__v1__policy_test_difference__descriptor);

    if (!message)
        return NULL;
    message->pointer = wire_text(from->pointer, arena);
    message->expected = wire_text(from->expected, arena);
    message->found = wire_text(from->found, arena);
    return message;
}

static Signalbox__V1__PolicyTestOutcome *put_outcome(struct handling *handling,
                                                     const struct policy_test_outcome *from)
{
    Signalbox__V1__PolicyTestOutcome *message =
        handler_message(handling, &signalbox__v1__policy_test_outcome__descriptor);

    if (!message)
        return NULL;
    message->name = wire_text(from->name, handling->admin.arena);
    message->passed = from->passed;
    message->differences = handler_items(handling, from->differences_count);
    for (unsigned i = 0; message->differences && i < from->differences_count; i++)
        message->differences[message->n_differences++] =
            put_difference(handling, &from->differences[i]);
    return message;
}

static Signalbox__V1__PolicyTestRule *put_rule(struct handling *handling,
                                               const struct policy_test_rule *from)
{
    Signalbox__V1__PolicyTestRule *message =
        handler_message(handling, &signalbox__v1__policy_test_rule__descriptor);

    if (!message)
        return NULL;
    message->name = wire_text(from->name, handling->admin.arena);
    message->reached = from->reached;
    return message;
}

enum result handler_test_policy(struct handling *handling)
{
    const Signalbox__V1__TestPolicyRequest *request = (const void *)handling->request;
    Signalbox__V1__TestPolicyResponse *response;
    struct policy_choice choice = get_choice(handling, &of_policy, request->policy);
    struct slice tests = handler_needed(handling, "tests", slice_of(request->tests));
    struct policy_test_report report = {.passed_count = 0};
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_test_policy(handling->service, &handling->admin, &choice, tests, &report);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__test_policy_response__descriptor);
    if (!response)
        return RESULT_NO_MEMORY;
    response->outcomes = handler_items(handling, report.outcomes_count);
    for (unsigned i = 0; response->outcomes && i < report.outcomes_count; i++)
        response->outcomes[response->n_outcomes++] = put_outcome(handling, &report.outcomes[i]);
    response->passed = report.passed_count;
    response->rules = handler_items(handling, report.rules_count);
    for (unsigned i = 0; response->rules && i < report.rules_count; i++)
        response->rules[response->n_rules++] = put_rule(handling, &report.rules[i]);
    response->rules_reached = report.reached_count;
    response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
    return handler_answer(handling, response);
}

/* ---- what differs ---- */

static Signalbox__V1__PolicyFieldChange *put_change(struct handling *handling,
                                                    const struct policy_field_change *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__PolicyFieldChange *message =
        handler_message(handling, &signalbox__v1__policy_field_change__descriptor);

    if (!message)
        return NULL;
    message->pointer = wire_text(from->pointer, arena);
    message->before = wire_text(from->before, arena);
    message->after = wire_text(from->after, arena);
    return message;
}

enum result handler_diff_policies(struct handling *handling)
{
    const Signalbox__V1__DiffPoliciesRequest *request = (const void *)handling->request;
    Signalbox__V1__DiffPoliciesResponse *response;
    struct policy_choice before = get_choice(handling, &of_before, request->before);
    struct policy_choice after = get_choice(handling, &of_after, request->after);
    struct policy_diff diff = {.fields_count = 0};
    enum result result;

    if (handling->refused)
        return RESULT_INVALID;
    result = service_diff_policies(handling->service, &handling->admin, &before, &after, &diff);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__diff_policies_response__descriptor);
    if (!response)
        return RESULT_NO_MEMORY;
    response->fields = handler_items(handling, diff.fields_count);
    for (unsigned i = 0; response->fields && i < diff.fields_count; i++)
        response->fields[response->n_fields++] = put_change(handling, &diff.fields[i]);
    response->consequences = wire_texts((struct texts){diff.consequences, diff.consequences_count},
                                        handling->admin.arena, &response->n_consequences);
    response->diagnostics = handler_diagnostics(handling, &response->n_diagnostics);
    return handler_answer(handling, response);
}

/* ---- candidates ---- */

static Signalbox__V1__Suggestion *put_suggestion(struct handling *handling,
                                                 const struct suggestion *from)
{
    struct arena *arena = handling->admin.arena;
    Signalbox__V1__Suggestion *message =
        handler_message(handling, &signalbox__v1__suggestion__descriptor);

    if (!message)
        return NULL;
    message->route = wire_text(from->route->id, arena);
    message->provider = wire_text(from->route->account->provider->id, arena);
    message->model = wire_text(from->route->model->id, arena);
    message->tier = (Signalbox__V1__Tier)from->tier;
    message->fits = from->fits;
    message->score = from->score;
    message->request_nusd = from->request_nusd;
    message->lacking_needs =
        (Signalbox__V1__Need *)wire_set(from->lacking_needs, arena, &message->n_lacking_needs);
    message->lacking_data_classes = (Signalbox__V1__DataClass *)wire_set(
        from->lacking_data_classes, arena, &message->n_lacking_data_classes);
    message->matching_strengths = (Signalbox__V1__Strength *)wire_set(
        from->matching_strengths, arena, &message->n_matching_strengths);
    message->evidence =
        (Signalbox__V1__EvidenceKind *)wire_set(from->evidence, arena, &message->n_evidence);
    message->why = wire_text(from->why, arena);
    return message;
}

static void get_suggest_question(struct handling *handling,
                                 const Signalbox__V1__SuggestRoutesRequest *from,
                                 struct suggest_question *ret_question)
{
    *ret_question = (struct suggest_question){
        .family = (enum family)from->family,
        .needs = handler_set(handling, "needs", (const unsigned *)from->needs, from->n_needs),
        .strengths = handler_set(handling, "strengths", (const unsigned *)from->strengths,
                                 from->n_strengths),
        .data_classes = handler_set(handling, "data_classes", (const unsigned *)from->data_classes,
                                    from->n_data_classes),
        .traffic_class = (enum traffic_class)from->traffic_class,
        .environment = handler_name(handling, "environment", from->environment),
        .region = handler_name(handling, "region", from->region),
        .input_tokens = from->input_tokens,
        .output_tokens = from->output_tokens,
        .request_nusd_max = from->request_nusd_max,
        .latency_ms_max = from->latency_ms_max,
    };
}

enum result handler_suggest_routes(struct handling *handling)
{
    const Signalbox__V1__SuggestRoutesRequest *request = (const void *)handling->request;
    Signalbox__V1__SuggestRoutesResponse *response;
    struct slice primary = handler_name(handling, "primary_route", request->primary_route);
    struct suggest_question question;
    struct suggestion *suggestions = NULL;
    unsigned count = 0;
    enum result result;

    get_suggest_question(handling, request, &question);
    if (!primary.len && !question.family)
        (void)handler_refuse(handling, "family", "is needed, or a primary_route is");
    if (handling->refused)
        return RESULT_INVALID;
    result = service_suggest_routes(handling->service, &handling->admin, &question, primary,
                                    &suggestions, &count);
    if (result)
        return result;
    response = handler_message(handling, &signalbox__v1__suggest_routes_response__descriptor);
    if (response && (response->suggestions = handler_items(handling, count)))
        for (unsigned i = 0; i < count; i++)
            response->suggestions[response->n_suggestions++] =
                put_suggestion(handling, &suggestions[i]);
    return handler_answer(handling, response);
}
