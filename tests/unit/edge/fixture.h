/* What the tests of the edge's core share: a request out of a literal body, with its padding. */
#ifndef TESTS_UNIT_EDGE_FIXTURE_H
#define TESTS_UNIT_EDGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/inspect.h"

struct fixture {
    struct arena arena;
    struct json_scanner *scanner;
    struct request request;
    struct refusal refusal;
};

static inline struct slice fixture_pad(struct fixture *fixture, struct slice text)
{
    char *copy = arena_alloc(&fixture->arena, text.len + JSON_SCAN_PADDING);

    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    memset(copy + text.len, 0, JSON_SCAN_PADDING);
    return (struct slice){copy, text.len};
}

static inline void fixture_init(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    arena_init(&fixture->arena, NULL, 0, (size_t)64 * 1024 * 1024);
    fixture->scanner = json_scanner_new();
    assert_non_null(fixture->scanner);
}

static inline void fixture_done(struct fixture *fixture)
{
    json_scanner_free(fixture->scanner);
    arena_done(&fixture->arena);
}

/* True: the body is taken. */
static inline bool fixture_inspect(struct fixture *fixture, struct slice body)
{
    request_init(&fixture->request, &fixture->arena, fixture_pad(fixture, body));
    return inspect_chat(&fixture->request, fixture->scanner, &fixture->refusal);
}

#define assert_slice(found, text)                                                                  \
    do {                                                                                           \
        struct slice found_ = (found);                                                             \
        assert_int_equal(found_.len, strlen(text));                                                \
        assert_memory_equal(found_.ptr ? found_.ptr : "", (text), found_.len);                     \
    } while (0)

#endif
