/* Answers of the reviews: what two versions differ in, candidates for an entry, a team's tests, and
 * what a new catalog would change. */
#include "ctl/display.h"
#include "ctl/render.h"
#include "ctl/show.h"
#include "ctl/word.h"
#include "signalbox/v1/taxonomy.pb-c.h"

#define RULE_COLUMNS 90

/* A sentence a line, below a title; nothing when there is none. */
static void put_lines(struct ctl *ctl, const char *title, char *const *lines, size_t count)
{
    if (count)
        buf_format(&ctl->out, "\n%s\n", title);
    for (size_t i = 0; i < count; i++) {
        buf_put_text(&ctl->out, "  ");
        display_put(slice_of(lines[i]), false, &ctl->out);
        buf_put_text(&ctl->out, "\n");
    }
}

/* ---- versions ---- */

static const char *value_or_absent(const char *value)
{
    return *value ? value : "(absent)";
}

void show_diff(struct ctl *ctl, const Signalbox__V1__DiffPoliciesResponse *diff)
{
    static const char *const titles[] = {"FIELD", "BEFORE", "AFTER", NULL};
    struct table table;

    if (diff->n_fields == 0) {
        buf_put_text(&ctl->out, "no difference\n");
        return;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < diff->n_fields; i++) {
        table_add_text(&table, diff->fields[i]->pointer);
        table_add_text(&table, value_or_absent(diff->fields[i]->before));
        table_add_text(&table, value_or_absent(diff->fields[i]->after));
    }
    table_print(&table, &ctl->out);
    if (diff->n_consequences)
        put_lines(ctl, "What follows", diff->consequences, diff->n_consequences);
    else
        buf_put_text(&ctl->out, "\nNothing follows from it for requests.\n");
}

/* ---- candidates ---- */

static struct slice field(struct ctl *ctl, const ProtobufCMessage *message, const char *name)
{
    return render_field(message,
                        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name),
                        &ctl->arena);
}

static struct slice lacking(struct ctl *ctl, const Signalbox__V1__Suggestion *suggestion)
{
    struct slice needs = field(ctl, &suggestion->base, "lacking_needs");
    struct slice classes = field(ctl, &suggestion->base, "lacking_data_classes");

    return arena_format(&ctl->arena, "%.*s%s%.*s", (int)needs.len, needs.ptr ? needs.ptr : "",
                        needs.len && classes.len ? ", " : "", (int)classes.len,
                        classes.ptr ? classes.ptr : "");
}

void show_suggestions(struct ctl *ctl, const Signalbox__V1__SuggestRoutesResponse *answer)
{
    static const char *const titles[] = {"FITS",  "SCORE>",  "ROUTE", "MODEL",      "TIER", "COST>",
                                         "LACKS", "GOOD AT", "WHY",   "WOULD NEED", NULL};
    struct table table;

    if (answer->n_suggestions == 0) {
        buf_put_text(&ctl->out, "no route of the catalog is a candidate\n");
        return;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < answer->n_suggestions; i++) {
        const Signalbox__V1__Suggestion *item = answer->suggestions[i];

        table_add_text(&table, item->fits ? "yes" : "no");
        table_add_format(&table, "%u", item->score);
        table_add_text(&table, item->route);
        table_add_text(&table, item->model);
        table_add(&table, field(ctl, &item->base, "tier"));
        table_add(&table, render_usd((int64_t)item->request_nusd, &ctl->arena));
        table_add(&table, lacking(ctl, item));
        table_add(&table, field(ctl, &item->base, "matching_strengths"));
        table_add_text(&table, item->why);
        table_add(&table, field(ctl, &item->base, "evidence"));
    }
    table_print(&table, &ctl->out);
}

/* ---- tests ---- */

bool show_tests_passed(const Signalbox__V1__TestPolicyResponse *answer)
{
    return answer->n_outcomes && answer->passed == answer->n_outcomes;
}

static void add_outcome(struct table *table, const Signalbox__V1__PolicyTestOutcome *outcome)
{
    size_t lines = outcome->n_differences ? outcome->n_differences : 1;

    for (size_t i = 0; i < lines; i++) {
        const Signalbox__V1__PolicyTestDifference *difference =
            outcome->n_differences ? outcome->differences[i] : NULL;

        table_add_text(table, i ? "" : outcome->passed ? "ok" : "FAIL");
        table_add_text(table, i ? "" : outcome->name);
        table_add_text(table, difference ? difference->pointer : "");
        table_add_text(table, difference ? value_or_absent(difference->expected) : "");
        table_add_text(table, difference ? value_or_absent(difference->found) : "");
    }
}

/* "admission refuses:" of "admission refuses: input_too_long". */
static struct slice group_of(const char *rule)
{
    const char *last = strrchr(rule, ' ');

    return (struct slice){rule, last ? (size_t)(last - rule) : 0};
}

/* The rules of one group share a line: there are many, and most are the same question. */
static void show_unreached(struct ctl *ctl, const Signalbox__V1__TestPolicyResponse *answer)
{
    static const char *const titles[] = {"RULE", "NOT REACHED", NULL};
    struct slice group = {NULL, 0}, names = {NULL, 0};
    struct table table;

    table_init(&table, &ctl->arena, titles);
    table.cell_columns = RULE_COLUMNS;
    for (size_t i = 0; i < answer->n_rules; i++) {
        const char *rule = answer->rules[i]->name;
        struct slice next = group_of(rule), name = slice_of(rule + next.len + (next.len > 0));

        if (answer->rules[i]->reached)
            continue;
        if (names.len && !slice_equal(next, group)) {
            table_add(&table, group);
            table_add(&table, names);
            names.len = 0;
        }
        group = next;
        names = names.len ? arena_format(&ctl->arena, "%.*s, %.*s", (int)names.len, names.ptr,
                                         (int)name.len, name.ptr)
                          : name;
    }
    if (names.len) {
        table_add(&table, group);
        table_add(&table, names);
    }
    if (table.first)
        table_print_below("Not reached", &table, &ctl->out);
}

static void show_reached(struct ctl *ctl, const Signalbox__V1__TestPolicyResponse *answer)
{
    static const char *const titles[] = {"TESTS>", "RULE", NULL};
    struct table table;

    table_init(&table, &ctl->arena, titles);
    table.cell_columns = RULE_COLUMNS;
    for (size_t i = 0; i < answer->n_rules; i++)
        if (answer->rules[i]->reached) {
            table_add_format(&table, "%u", answer->rules[i]->reached);
            table_add_text(&table, answer->rules[i]->name);
        }
    if (table.first)
        table_print_below("Reached", &table, &ctl->out);
}

void show_tests(struct ctl *ctl, const Signalbox__V1__TestPolicyResponse *answer, bool coverage)
{
    static const char *const titles[] = {"RESULT", "TEST", "PLACE", "EXPECTED", "FOUND", NULL};
    struct table table;

    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < answer->n_outcomes; i++)
        add_outcome(&table, answer->outcomes[i]);
    if (answer->n_outcomes)
        table_print(&table, &ctl->out);
    show_reached(ctl, answer);
    if (coverage)
        show_unreached(ctl, answer);
    buf_format(
        &ctl->out, "\n%s: %u of %zu tests as expected; %u of %zu rules reached%s\n",
        show_tests_passed(answer) ? "passed" : "FAILED", answer->passed, answer->n_outcomes,
        answer->rules_reached, answer->n_rules,
        coverage || answer->rules_reached == answer->n_rules ? "" : " (--coverage lists the rest)");
}

/* ---- catalogs ---- */

static void show_changes(struct ctl *ctl, const Signalbox__V1__PublishCatalogResponse *answer)
{
    static const char *const titles[] = {"CHANGE", "WHAT", "BEFORE", "AFTER", "VOIDS", NULL};
    struct table table;

    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < answer->n_changes; i++) {
        const Signalbox__V1__CatalogChange *change = answer->changes[i];

        table_add(&table, field(ctl, &change->base, "kind"));
        table_add_text(&table, change->pointer);
        table_add_text(&table, change->before);
        table_add_text(&table, change->after);
        table_add(&table, field(ctl, &change->base, "voids"));
    }
    if (answer->n_changes)
        table_print(&table, &ctl->out);
    else
        buf_put_text(&ctl->out, "no change\n");
}

/* "added 84, altered 2": of a long list the end is what a terminal shows. */
static void put_counts(struct ctl *ctl, const Signalbox__V1__PublishCatalogResponse *answer)
{
    const char *separator = "";

    for (unsigned kind = 1; WORD(catalog_change_kind, kind)[0]; kind++) {
        size_t count = 0;

        for (size_t i = 0; i < answer->n_changes; i++)
            count += answer->changes[i]->kind == (Signalbox__V1__CatalogChangeKind)kind;
        if (!count)
            continue;
        buf_format(&ctl->out, "%s%s %zu", separator, WORD(catalog_change_kind, kind), count);
        separator = ", ";
    }
    buf_put_text(&ctl->out, *separator ? "\n" : "");
}

void show_catalog_changes(struct ctl *ctl, const Signalbox__V1__PublishCatalogResponse *answer)
{
    show_changes(ctl, answer);
    put_lines(ctl, "Evidence that counts no more", answer->voided_evidence,
              answer->n_voided_evidence);
    put_lines(ctl, "Policies that it touches", answer->touched_policies,
              answer->n_touched_policies);
    buf_put_text(&ctl->out, "\n");
    put_counts(ctl, answer);
}
