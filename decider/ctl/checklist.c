/* First every entry's gates at a glance, then one table an entry, the six gates in their order;
 * what each check asks stands once, behind them, and the verdict last, where a terminal stops.
 * Checks that nothing asks for are named in one line. Both forms are the same story told by two
 * sets of the same few words. */
#include "ctl/checklist.h"

#include "ctl/display.h"
#include "ctl/render.h"
#include "ctl/when.h"
#include "ctl/word.h"
#include "signalbox/taxonomy.h"
#include "signalbox/v1/taxonomy.pb-c.h"

#define CELL_COLUMNS 30
#define LINE_COLUMNS 100

struct printing {
    const Signalbox__V1__ChecklistResponse *list;
    struct arena *arena;
    struct buf *out;
    bool markdown;
};

static void put_clean(const struct printing *printing, const char *text)
{
    struct buf clean;

    if (!printing->markdown) {
        display_put(slice_of(text), false, printing->out);
        return;
    }
    buf_init(&clean, printing->out->bytes_max);
    display_put(slice_of(text), false, &clean);
    render_markdown(buf_slice(&clean), printing->out);
    buf_done(&clean);
}

/* ---- the head ---- */

static void put_head(const struct printing *printing)
{
    const Signalbox__V1__ChecklistResponse *list = printing->list;
    struct slice made = when_text(list->made_unix_ms, list->made_unix_ms, printing->arena);

    buf_put_text(printing->out, printing->markdown ? "# Checklist of " : "checklist of ");
    put_clean(printing, list->policy_id);
    if (list->version)
        buf_format(printing->out, "@%u", list->version);
    else
        buf_put_text(printing->out, " (draft)");
    buf_put_text(printing->out, printing->markdown ? "\n\nFor " : " for ");
    put_clean(printing, list->workload);
    buf_put_text(printing->out, " in ");
    put_clean(printing, list->environment);
    buf_format(printing->out, ", catalog %u", list->catalog_version);
    if (made.len)
        buf_format(printing->out, ", %.*s", (int)strcspn(made.ptr, ","), made.ptr);
    buf_put_text(printing->out, printing->markdown ? ".\n" : "\n");
}

/* ---- one entry ---- */

/* "primary", "fallback 1". */
static struct slice name_of(const struct printing *printing,
                            const Signalbox__V1__ChecklistEntry *entry)
{
    if (entry->entry == 0)
        return SLICE_LITERAL("primary");
    return arena_format(printing->arena, "fallback %u", entry->entry);
}

static void put_title(const struct printing *printing, const Signalbox__V1__ChecklistEntry *entry)
{
    struct slice name = name_of(printing, entry);
    const char *tier = WORD(tier, entry->tier);

    buf_format(printing->out, "\n%s%.*s: ", printing->markdown ? "## " : "", (int)name.len,
               name.ptr);
    put_clean(printing, *entry->route ? entry->route : tier);
    if (*entry->route && entry->entry)
        buf_format(printing->out, " (%s)", tier);
    buf_format(printing->out, "%s%s\n", printing->markdown ? ": " : "  ",
               entry->go ? "GO" : "NO-GO");
}

/* What it is, against what it should be at most. */
static void
put_measure(const struct printing *printing, const char *name, struct slice is, const char *against)
{
    buf_format(printing->out, "%s%s%.*s%s\n", printing->markdown ? "- " : "  ", name, (int)is.len,
               is.ptr, against);
}

static void put_measures(const struct printing *printing,
                         const Signalbox__V1__ChecklistEntry *entry)
{
    struct arena *arena = printing->arena;
    struct slice most = render_usd((int64_t)entry->request_nusd_max, arena);
    struct slice cost = render_usd((int64_t)entry->request_nusd, arena);
    struct slice latency =
        arena_format(arena, "%llu ms", (unsigned long long)entry->latency_p95_ms);
    struct slice cost_against = SLICE_LITERAL("; the policy sets no limit");
    struct slice latency_against = SLICE_LITERAL("; no target");

    if (!*entry->route)
        return;
    if (entry->request_nusd_max)
        cost_against = arena_format(arena, "; limit %.*s%s", (int)most.len, most.ptr,
                                    entry->request_nusd > entry->request_nusd_max ? ": OVER" : "");
    if (entry->latency_target_ms)
        latency_against =
            arena_format(arena, "; target %llu ms%s", (unsigned long long)entry->latency_target_ms,
                         entry->latency_p95_ms > entry->latency_target_ms ? ": OVER" : "");
    if (!entry->latency_p95_ms)
        latency = SLICE_LITERAL("not known");
    put_measure(printing, "largest request: ", cost, cost_against.ptr ? cost_against.ptr : "");
    put_measure(printing, "first output, 95th percentile: ", latency,
                latency_against.ptr ? latency_against.ptr : "");
}

/* "ev-12, put 3 days ago, expires in 12 days". */
static struct slice evidence_of(const struct printing *printing,
                                const Signalbox__V1__ChecklistRow *row)
{
    int64_t now_ms = printing->list->made_unix_ms;
    bool expired = row->evidence_expires_unix_ms <= now_ms;
    struct slice put = when_age(row->evidence_put_unix_ms, now_ms, printing->arena);
    struct slice expires = when_age(row->evidence_expires_unix_ms, now_ms, printing->arena);

    if (!*row->evidence_id || !put.len || !expires.len)
        return slice_of(row->evidence_id);
    return arena_format(printing->arena, "%s, put %.*s, %s %.*s", row->evidence_id, (int)put.len,
                        put.ptr, expired ? "EXPIRED" : "expires", (int)expires.len, expires.ptr);
}

static bool has_several_routes(const Signalbox__V1__ChecklistEntry *entry)
{
    for (size_t i = 0; i < entry->n_rows; i++)
        if (*entry->rows[i]->route && strcmp(entry->rows[i]->route, entry->route) != 0)
            return true;
    return false;
}

static const char *verdict_word(Signalbox__V1__Verdict verdict)
{
    return verdict == SIGNALBOX__V1__VERDICT__VERDICT_BLOCK ? "BLOCK" : WORD(verdict, verdict);
}

/* A table behind what stands above it; a title is a heading. */
static void put_table(const struct printing *printing, const char *title, const struct table *table)
{
    if (!table->first)
        return;
    if (printing->markdown) {
        buf_format(printing->out, "%s%s\n", *title ? "\n## " : "", title);
        buf_put_text(printing->out, *title ? "\n" : "");
        table_print_markdown(table, printing->out);
    } else {
        table_print_below(title, table, printing->out);
    }
}

static void put_rows(const struct printing *printing, const Signalbox__V1__ChecklistEntry *entry)
{
    static const char *const titles[] = {"GATE",   "CHECK",    "ROUTE", "VERDICT", "FOUND",
                                         "NEEDED", "EVIDENCE", "OWNER", NULL};
    bool several = has_several_routes(entry);
    struct table table;

    table_init(&table, printing->arena, titles);
    table.cell_columns = CELL_COLUMNS;
    for (size_t i = 0; i < entry->n_rows; i++) {
        const Signalbox__V1__ChecklistRow *row = entry->rows[i];

        if (row->verdict == SIGNALBOX__V1__VERDICT__VERDICT_NOT_REQUIRED)
            continue;
        table_add_text(&table, row->gate ? WORD(gate, row->gate) : "(live)");
        table_add_text(&table, row->check);
        table_add_text(&table, several ? row->route : "");
        table_add_text(&table, verdict_word(row->verdict));
        table_add(&table, when_readable(row->found, printing->arena));
        table_add(&table, when_readable(row->needed, printing->arena));
        table_add(&table, evidence_of(printing, row));
        table_add_text(&table, row->owner);
    }
    put_table(printing, "", &table);
}

/* Whether a row with the same check stands before it: of another equivalent route. */
static bool is_repeated(const Signalbox__V1__ChecklistEntry *entry, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (entry->rows[i]->verdict == entry->rows[index]->verdict &&
            strcmp(entry->rows[i]->check, entry->rows[index]->check) == 0)
            return true;
    return false;
}

static void put_not_required(const struct printing *printing,
                             const Signalbox__V1__ChecklistEntry *entry)
{
    const char *separator = printing->markdown ? "\nNot required: " : "  not required: ";
    size_t line = printing->out->len; /* where it starts */
    bool any = false;

    for (size_t i = 0; i < entry->n_rows; i++) {
        if (entry->rows[i]->verdict != SIGNALBOX__V1__VERDICT__VERDICT_NOT_REQUIRED ||
            is_repeated(entry, i))
            continue;
        buf_put_text(printing->out, separator);
        put_clean(printing, entry->rows[i]->check);
        separator = ", ";
        any = true;
        if (!printing->markdown && printing->out->len - line > LINE_COLUMNS) {
            separator = ",\n    ";
            line = printing->out->len;
        }
    }
    if (any)
        buf_put_text(printing->out, printing->markdown ? ".\n" : "\n");
}

/* ---- all entries ---- */

/* The gate's verdict on an entry: its worst row's. */
static const char *gate_word(const Signalbox__V1__ChecklistEntry *entry, unsigned gate)
{
    const char *word = "";

    for (size_t i = 0; i < entry->n_rows; i++) {
        if (entry->rows[i]->gate != (Signalbox__V1__Gate)gate)
            continue;
        if (entry->rows[i]->verdict == SIGNALBOX__V1__VERDICT__VERDICT_BLOCK)
            return verdict_word(entry->rows[i]->verdict);
        if (entry->rows[i]->verdict == SIGNALBOX__V1__VERDICT__VERDICT_PASS)
            word = verdict_word(entry->rows[i]->verdict);
    }
    return word;
}

static void put_glance(const struct printing *printing)
{
    static const char *const titles[] = {"ENTRY",         "ROUTE",  "VERDICT",   "QUALITY",
                                         "COST",          "TOOLS",  "STREAMING", "BOUNDARY",
                                         "OBSERVABILITY", "(LIVE)", NULL};
    struct table table;

    static_assert(GATE_OBSERVABILITY + 1 == GATE_END, "the titles name the gates in their order");
    table_init(&table, printing->arena, titles);
    for (size_t i = 0; i < printing->list->n_entries; i++) {
        const Signalbox__V1__ChecklistEntry *entry = printing->list->entries[i];

        table_add(&table, name_of(printing, entry));
        table_add_text(&table, *entry->route ? entry->route : WORD(tier, entry->tier));
        table_add_text(&table, entry->go ? "GO" : "NO-GO");
        for (unsigned gate = 1; gate < GATE_END; gate++)
            table_add_text(&table, gate_word(entry, gate));
        table_add_text(&table, gate_word(entry, 0));
    }
    put_table(printing, "", &table);
}

/* Whether an asked row before this one, of this entry or of one before it, is of the same check. */
static bool is_told(const struct printing *printing, size_t entry, size_t row)
{
    const char *check = printing->list->entries[entry]->rows[row]->check;

    for (size_t i = 0; i <= entry; i++) {
        const Signalbox__V1__ChecklistEntry *before = printing->list->entries[i];

        for (size_t k = 0; k < (i < entry ? before->n_rows : row); k++)
            if (before->rows[k]->verdict != SIGNALBOX__V1__VERDICT__VERDICT_NOT_REQUIRED &&
                strcmp(before->rows[k]->check, check) == 0)
                return true;
    }
    return false;
}

static void put_conditions(const struct printing *printing)
{
    static const char *const titles[] = {"CHECK", "PASS CONDITION", "STOP CONDITION", NULL};
    struct table table;

    table_init(&table, printing->arena, titles);
    for (size_t i = 0; i < printing->list->n_entries; i++)
        for (size_t k = 0; k < printing->list->entries[i]->n_rows; k++) {
            const Signalbox__V1__ChecklistRow *row = printing->list->entries[i]->rows[k];

            if (row->verdict == SIGNALBOX__V1__VERDICT__VERDICT_NOT_REQUIRED ||
                !*row->pass_condition || is_told(printing, i, k))
                continue;
            table_add_text(&table, row->check);
            table_add_text(&table, row->pass_condition);
            table_add_text(&table, row->stop_condition);
        }
    put_table(printing, printing->markdown ? "What the checks ask" : "what the checks ask", &table);
}

/* ---- the verdict ---- */

static size_t blocks_of(const Signalbox__V1__ChecklistEntry *entry)
{
    size_t blocks = 0;

    for (size_t i = 0; i < entry->n_rows; i++)
        blocks += entry->rows[i]->verdict == SIGNALBOX__V1__VERDICT__VERDICT_BLOCK;
    return blocks;
}

static void put_blocks(const struct printing *printing, const Signalbox__V1__ChecklistEntry *entry)
{
    struct slice name = name_of(printing, entry);
    bool several = has_several_routes(entry);

    for (size_t i = 0; i < entry->n_rows; i++) {
        const Signalbox__V1__ChecklistRow *row = entry->rows[i];

        if (row->verdict != SIGNALBOX__V1__VERDICT__VERDICT_BLOCK)
            continue;
        buf_format(printing->out, "%s%.*s", printing->markdown ? "- " : "  ", (int)name.len,
                   name.ptr);
        if (several)
            buf_put_text(printing->out, ", ");
        put_clean(printing, several ? row->route : "");
        buf_format(printing->out, ": %s: ", row->gate ? WORD(gate, row->gate) : "live");
        put_clean(printing, row->check);
        buf_put_text(printing->out, ": found ");
        put_clean(printing, *row->found ? row->found : "nothing");
        if (*row->needed)
            buf_put_text(printing->out, ", needed ");
        put_clean(printing, row->needed);
        if (*row->owner)
            buf_put_text(printing->out, ", ask ");
        put_clean(printing, row->owner);
        if (*row->stop_condition)
            buf_put_text(printing->out, ". ");
        put_clean(printing, row->stop_condition);
        buf_put_text(printing->out, "\n");
    }
}

static void put_verdict(const struct printing *printing)
{
    const Signalbox__V1__ChecklistResponse *list = printing->list;
    size_t blocks = 0;

    for (size_t i = 0; i < list->n_entries; i++)
        blocks += blocks_of(list->entries[i]);
    buf_put_text(printing->out, printing->markdown ? "\n## Verdict: " : "\n");
    if (list->go) {
        buf_put_text(printing->out, "GO\n");
        return;
    }
    buf_format(printing->out, "NO-GO%s%zu %s what it needs%s\n", printing->markdown ? "\n\n" : ": ",
               blocks, blocks == 1 ? "check does not find" : "checks do not find",
               printing->markdown ? ":\n" : "");
    for (size_t i = 0; i < list->n_entries; i++)
        put_blocks(printing, list->entries[i]);
}

static void print(const struct printing *printing)
{
    put_head(printing);
    put_glance(printing);
    for (size_t i = 0; i < printing->list->n_entries; i++) {
        const Signalbox__V1__ChecklistEntry *entry = printing->list->entries[i];

        put_title(printing, entry);
        put_measures(printing, entry);
        put_rows(printing, entry);
        put_not_required(printing, entry);
    }
    put_conditions(printing);
    put_verdict(printing);
}

void checklist_print(const Signalbox__V1__ChecklistResponse *list,
                     struct arena *arena,
                     struct buf *out)
{
    print(&(struct printing){.list = list, .arena = arena, .out = out});
}

void checklist_print_markdown(const Signalbox__V1__ChecklistResponse *list,
                              struct arena *arena,
                              struct buf *out)
{
    print(&(struct printing){.list = list, .arena = arena, .out = out, .markdown = true});
}
