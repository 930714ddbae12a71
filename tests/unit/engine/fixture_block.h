/* The parts of a compiled policy, laid out by hand so that tests reach every field: texts, lists,
 * evidence, routes, entries. fixture.h puts them together. */
#ifndef TESTS_UNIT_ENGINE_FIXTURE_BLOCK_H
#define TESTS_UNIT_ENGINE_FIXTURE_BLOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

#define FIXTURE_ROUTES     3
#define FIXTURE_ROUTES_MAX 12 /* with those of sets (fixture_set) */
#define FIXTURE_ENTRIES    5
#define FIXTURE_PIECES_MAX 96
#define FIXTURE_EXPIRES_MS (FIXTURE_NOW_MS + 1000000)
#define FIXTURE_NOW_MS     INT64_C(1790000000000)

enum {
    FIXTURE_PRIMARY,
    FIXTURE_SAME_MODEL,
    FIXTURE_OTHER_FAMILY,
    FIXTURE_QUEUE,
    FIXTURE_DEFAULT,
};

struct fixture_block {
    struct policy policy;
    struct policy_entry entries[FIXTURE_ENTRIES];
    struct policy_route routes[FIXTURE_ROUTES_MAX];
    struct policy_evidence pieces[FIXTURE_PIECES_MAX];
    struct policy_network networks[4];
    struct policy_ref lists[16];
    _Alignas(16) char texts[8192];
};

struct fixture {
    _Alignas(16) struct fixture_block block;
    unsigned texts_used;
    unsigned lists_used;
    unsigned pieces_used;
    unsigned routes_used;
    struct facts facts;
    struct report report;
    struct view view;
    struct chain chain;
    struct engine_input input;
    struct engine_output output;
    struct trace_sink sink;
    struct trace_item items[TRACE_ITEMS_MAX];
};

static inline struct policy_ref fixture_text(struct fixture *f, const char *text)
{
    unsigned at = f->texts_used;

    f->texts_used += (unsigned)strlen(text) + 1;
    assert_true(f->texts_used <= sizeof f->block.texts);
    memcpy(f->block.texts + at, text, strlen(text));
    return (struct policy_ref){(uint32_t)(offsetof(struct fixture_block, texts) + at),
                               (uint32_t)strlen(text)};
}

/* A list of one text. */
static inline struct policy_ref fixture_list(struct fixture *f, const char *text)
{
    unsigned at = f->lists_used++;

    f->block.lists[at] = fixture_text(f, text);
    return (struct policy_ref){
        (uint32_t)(offsetof(struct fixture_block, lists) + at * sizeof(struct policy_ref)), 1};
}

/* ---- evidence ---- */

/* n pieces of the kind on the route in place of what there is, alike and in order. */
static inline struct policy_evidence *
fixture_pieces(struct fixture *f, unsigned route, enum evidence_kind kind, unsigned n)
{
    struct policy_evidence *pieces = &f->block.pieces[f->pieces_used];
    struct slice of = policy_text(&f->block.policy, f->block.routes[route].id);
    unsigned at = f->pieces_used;
    char id[128];

    f->pieces_used += n;
    assert_true(f->pieces_used <= FIXTURE_PIECES_MAX);
    for (unsigned i = 0; i < n; i++) {
        snprintf(id, sizeof id, "%.*s-%s", (int)of.len, of.ptr, signalbox_evidence_kind_name(kind));
        pieces[i] = (struct policy_evidence){.state = EVIDENCE_STATE_HELD,
                                             .id = fixture_text(f, id),
                                             .owner = fixture_text(f, "reviewer"),
                                             .put_unix_ms = FIXTURE_NOW_MS - 1000,
                                             .expires_unix_ms = FIXTURE_EXPIRES_MS};
    }
    f->block.routes[route].evidence[kind] = (struct policy_ref){
        (uint32_t)(offsetof(struct fixture_block, pieces) + at * sizeof *pieces), n};
    return pieces;
}

/* The first piece of the kind on the route. */
static inline struct policy_evidence *
fixture_piece(struct fixture *f, unsigned route, enum evidence_kind kind)
{
    uint32_t at = f->block.routes[route].evidence[kind].offset;

    return &f->block
                .pieces[(at - offsetof(struct fixture_block, pieces)) / sizeof *f->block.pieces];
}

static inline struct policy_evidence *
fixture_sign_off(struct fixture *f, unsigned route, enum sign_off role)
{
    return fixture_piece(f, route, EVIDENCE_KIND_SIGN_OFF) + role - 1;
}

/* One of each kind, and a sign-off of each role. */
static inline void fixture_evidence(struct fixture *f, unsigned route)
{
    struct slice of = policy_text(&f->block.policy, f->block.routes[route].id);
    struct policy_evidence *pieces;
    char id[128];

    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++)
        if (kind != EVIDENCE_KIND_SIGN_OFF)
            fixture_pieces(f, route, (enum evidence_kind)kind, 1);
    pieces = fixture_pieces(f, route, EVIDENCE_KIND_SIGN_OFF, SIGN_OFF_END - 1);
    for (unsigned role = 1; role < SIGN_OFF_END; role++) {
        snprintf(id, sizeof id, "%.*s-%s", (int)of.len, of.ptr,
                 signalbox_sign_off_name((enum sign_off)role));
        pieces[role - 1].id = fixture_text(f, id);
        pieces[role - 1].sign_off = role;
    }
}

/* ---- routes and entries ---- */

static inline void fixture_route(struct fixture *f, unsigned index, const char *provider)
{
    f->block.routes[index] = (struct policy_route){
        .id = fixture_text(f, provider),
        .provider = fixture_text(f, provider),
        .account = fixture_text(f, provider),
        .region = fixture_text(f, "eu"),
        .model_id = fixture_text(f, "one"),
        .model_family = fixture_text(f, "kin"),
        .model = fixture_text(f, "one-2026"),
        .base_url = fixture_text(f, "https://example.com/v1"),
        .credential = fixture_text(f, "KEY"),
        .account_owner = fixture_text(f, "owner"),
        .spend_owner = fixture_text(f, "finance"),
        .quota_owner = fixture_text(f, "platform"),
        .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
        .quality_class = QUALITY_CLASS_FRONTIER,
        .capabilities = ~UINT64_C(1),
        .data_classes =
            SET_OF(DATA_CLASS_UNCLASSIFIED) | SET_OF(DATA_CLASS_INTERNAL) | SET_OF(DATA_CLASS_PII),
        .context_tokens_max = 100000,
        .output_tokens_max = 10000,
        .priced = SET_OF(UNIT_INPUT_TOKEN) | SET_OF(UNIT_OUTPUT_TOKEN),
        .price_as_of_unix_ms = FIXTURE_NOW_MS - 1000,
        .entry = index,
        .weight = 1,
        .timeouts = {1000, 20000, 10000, 60000},
        .zero_retention = 1,
    };
    f->block.routes[index].price_pusd[UNIT_INPUT_TOKEN] = 2500000;   /* 2.50 USD per million */
    f->block.routes[index].price_pusd[UNIT_OUTPUT_TOKEN] = 10000000; /* 10 USD per million */
}

static inline void fixture_entries(struct fixture *f)
{
    const uint64_t transient = SET_OF(FAILURE_TIMEOUT) | SET_OF(FAILURE_TEMPORARY_5XX) |
                               SET_OF(FAILURE_NETWORK_ERROR) | SET_OF(FAILURE_OVERLOADED);
    const struct policy_entry fallback = {
        .kind = ENTRY_KIND_ROUTE,
        .tier = TIER_SAME_MODEL,
        .route = 1,
        .routes_count = 1,
        .allowed = transient,
    };

    f->block.entries[FIXTURE_PRIMARY] =
        (struct policy_entry){.kind = ENTRY_KIND_ROUTE, .tier = TIER_PRIMARY, .routes_count = 1};
    f->block.entries[FIXTURE_SAME_MODEL] = fallback;
    f->block.entries[FIXTURE_OTHER_FAMILY] = fallback;
    f->block.entries[FIXTURE_OTHER_FAMILY].tier = TIER_DIFFERENT_FAMILY;
    f->block.entries[FIXTURE_OTHER_FAMILY].route = 2;
    f->block.entries[FIXTURE_QUEUE] = (struct policy_entry){.kind = ENTRY_KIND_QUEUE,
                                                            .tier = TIER_QUEUE,
                                                            .allowed = transient,
                                                            .queue = fixture_text(f, "later"),
                                                            .queue_age_ms_max = 60000};
    f->block.entries[FIXTURE_DEFAULT] =
        (struct policy_entry){.kind = ENTRY_KIND_DEFAULT_RESPONSE,
                              .tier = TIER_DEFAULT_RESPONSE,
                              .allowed = transient,
                              .default_response = fixture_text(f, "{\"sorry\":true}")};
}

/* Routes in place of the entry's one: like it, with ids "beta1", "beta2"... and weight 1. Their
 * first is the result's number. */
static inline unsigned fixture_set(struct fixture *f, unsigned entry, unsigned count)
{
    struct policy_entry *row = &f->block.entries[entry];
    unsigned old = row->route, first = f->routes_used;
    struct slice of = policy_text(&f->block.policy, f->block.routes[old].id);
    char id[128];

    f->routes_used += count;
    assert_true(f->routes_used <= FIXTURE_ROUTES_MAX);
    for (unsigned i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%.*s%u", (int)of.len, of.ptr, i + 1);
        f->block.routes[first + i] = f->block.routes[old];
        f->block.routes[first + i].id = fixture_text(f, id);
    }
    f->block.policy.routes.len = f->routes_used;
    row->route = first;
    row->routes_count = count;
    return first;
}

#endif
