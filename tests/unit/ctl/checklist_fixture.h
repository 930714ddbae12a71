/* Checklists made of rows, for the tests of what is made of them. */
#ifndef UNIT_CTL_CHECKLIST_FIXTURE_H
#define UNIT_CTL_CHECKLIST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "signalbox/v1/checklist.pb-c.h"
#include "signalbox/v1/taxonomy.pb-c.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1767323045678) /* 2026-01-02 03:04:05.678 */

static struct arena arena;
static struct buf out;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 1 << 20);
    buf_init(&out, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    buf_done(&out);
    arena_done(&arena);
    return 0;
}

static char *text(const char *from)
{
    return (char *)(uintptr_t)from;
}

static void assert_out(const char *wanted)
{
    buf_put_u8(&out, 0);
    assert_string_equal(out.ptr, wanted);
}

struct row {
    Signalbox__V1__Gate gate;
    const char *check, *route;
    Signalbox__V1__Verdict verdict;
    const char *pass, *stop, *found, *needed, *owner, *evidence;
    int put_days, expires_days; /* from now */
};

#define PASS  SIGNALBOX__V1__VERDICT__VERDICT_PASS
#define BLOCK SIGNALBOX__V1__VERDICT__VERDICT_BLOCK
#define SKIP  SIGNALBOX__V1__VERDICT__VERDICT_NOT_REQUIRED

#define QUALITY  SIGNALBOX__V1__GATE__GATE_QUALITY
#define COST     SIGNALBOX__V1__GATE__GATE_COST
#define TOOLS    SIGNALBOX__V1__GATE__GATE_TOOLS
#define BOUNDARY SIGNALBOX__V1__GATE__GATE_BOUNDARY
#define LIVE     SIGNALBOX__V1__GATE__GATE_UNSPECIFIED

static Signalbox__V1__ChecklistEntry *entry_of(uint32_t index,
                                               Signalbox__V1__Tier tier,
                                               const char *route,
                                               const struct row *rows,
                                               size_t count)
{
    Signalbox__V1__ChecklistEntry *entry = arena_calloc(&arena, 1, sizeof *entry);

    signalbox__v1__checklist_entry__init(entry);
    entry->entry = index;
    entry->tier = tier;
    entry->route = text(route);
    entry->go = true;
    entry->rows = arena_calloc(&arena, count + 1, sizeof *entry->rows);
    for (size_t i = 0; i < count; i++) {
        Signalbox__V1__ChecklistRow *row = arena_calloc(&arena, 1, sizeof *row);

        signalbox__v1__checklist_row__init(row);
        row->gate = rows[i].gate;
        row->check = text(rows[i].check);
        row->route = text(rows[i].route ? rows[i].route : route);
        row->verdict = rows[i].verdict;
        row->pass_condition = text(rows[i].pass ? rows[i].pass : "");
        row->stop_condition = text(rows[i].stop ? rows[i].stop : "");
        row->found = text(rows[i].found ? rows[i].found : "");
        row->needed = text(rows[i].needed ? rows[i].needed : "");
        row->owner = text(rows[i].owner ? rows[i].owner : "");
        row->evidence_id = text(rows[i].evidence ? rows[i].evidence : "");
        row->evidence_put_unix_ms = rows[i].evidence ? NOW_MS + rows[i].put_days * DAY_MS : 0;
        row->evidence_expires_unix_ms =
            rows[i].evidence ? NOW_MS + rows[i].expires_days * DAY_MS : 0;
        entry->rows[entry->n_rows++] = row;
        entry->go &= row->verdict != BLOCK;
    }
    return entry;
}

static Signalbox__V1__ChecklistResponse *list_of(Signalbox__V1__ChecklistEntry *const *entries)
{
    Signalbox__V1__ChecklistResponse *list = arena_calloc(&arena, 1, sizeof *list);

    signalbox__v1__checklist_response__init(list);
    list->policy_id = text("support");
    list->version = 3;
    list->workload = text("support-chat");
    list->environment = text("production");
    list->catalog_version = 7;
    list->made_unix_ms = NOW_MS;
    list->go = true;
    list->entries = (Signalbox__V1__ChecklistEntry **)(uintptr_t)entries;
    for (; entries[list->n_entries]; list->n_entries++)
        list->go &= entries[list->n_entries]->go;
    return list;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

#endif
