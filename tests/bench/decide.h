/* What one decision is made of, as rows that decide.c times: the engine's (decide_engine.c) and the
 * wire's (decide_wire.c). */
#ifndef TESTS_BENCH_DECIDE_H
#define TESTS_BENCH_DECIDE_H

#include "base/arena.h"
#include "base/buf.h"
#include "engine/engine.h"
#include "store/history.h"

#define SAMPLE_NOW_MS INT64_C(1795160000000)

/* Both decisions with all that they need, made once. */
struct decide_sample {
    struct buf block; /* the compiled policy */
    const struct policy *policy;
    struct facts facts;
    struct view view;
    struct report failure, success;
    struct chain new_chain;
    struct chain failing_chain; /* before the report that gets the fallback */
    struct engine_input admission, fallback;
    struct engine_output admitted, fell_back;
    struct history history; /* of an admission and a successful attempt */
};

/* One thing to time. run does it once; its work must not depend on how often it ran. */
struct decide_row {
    const char *name;
    void (*run)(void);
    size_t (*bytes)(void); /* of what it makes; NULL: not said */
};

/* Reads, checks and compiles; a sentence on stderr and false when that does not work. */
bool decide_sample_init(const char *catalog_path,
                        const char *policy_path,
                        const char *evidence_path);
extern const struct decide_row decide_engine_rows[];
extern const unsigned decide_engine_rows_count;

bool decide_wire_init(const struct facts *facts, const struct report *report);
extern const struct decide_row decide_wire_rows[];
extern const unsigned decide_wire_rows_count;

/* Keeps the compiler from leaving out what made it. */
static inline void keep(const void *made)
{
    __asm__ volatile("" : : "r"(made) : "memory");
}

#endif
