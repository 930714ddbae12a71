/* Documents for tests: files and texts on their way through parse, check and compile, with
 * everything they need in one struct. Texts are written with ' for ", so that they can be read. */
#ifndef TESTS_UNIT_ENGINE_DOCUMENTS_H
#define TESTS_UNIT_ENGINE_DOCUMENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/policy_document.h"

#define ARENA_BYTES_MAX (64 * 1024 * 1024)

struct documents {
    struct arena arena;
    struct diagnostics diagnostics;
    struct catalog *catalog;
    struct policy_document *document;
};

static inline void documents_init(struct documents *d, size_t bytes_max)
{
    *d = (struct documents){0};
    arena_init(&d->arena, NULL, 0, bytes_max);
    diagnostics_init(&d->diagnostics, &d->arena);
}

static inline void documents_done(struct documents *d)
{
    catalog_done(d->catalog);
    arena_done(&d->arena);
}

/* The file's bytes, to be freed; NULL: there is no such file. */
static inline char *file_read(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long len;

    if (!file)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    assert_true(len >= 0);
    rewind(file);
    bytes = malloc((size_t)len + 1);
    assert_non_null(bytes);
    *ret_len = fread(bytes, 1, (size_t)len, file);
    assert_int_equal(*ret_len, len);
    fclose(file);
    return bytes;
}

/* text with every ' as ", to be freed. */
static inline char *quoted(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return copy;
}

static inline enum result parse_catalog_file(struct documents *d, const char *path)
{
    size_t len = 0;
    char *bytes = file_read(path, &len);
    enum result result;

    assert_non_null(bytes);
    result = catalog_parse((struct slice){bytes, len}, &d->arena, &d->diagnostics, &d->catalog);
    free(bytes); /* nothing of it is lent */
    return result;
}

static inline enum result parse_policy_file(struct documents *d, const char *path)
{
    size_t len = 0;
    char *bytes = file_read(path, &len);
    enum result result;

    assert_non_null(bytes);
    result = policy_parse((struct slice){bytes, len}, &d->arena, &d->diagnostics, &d->document);
    free(bytes);
    return result;
}

static inline enum result parse_catalog_text(struct documents *d, const char *text)
{
    char *json = quoted(text);
    enum result result = catalog_parse(slice_of(json), &d->arena, &d->diagnostics, &d->catalog);

    free(json);
    return result;
}

static inline enum result parse_policy_text(struct documents *d, const char *text)
{
    char *json = quoted(text);
    enum result result = policy_parse(slice_of(json), &d->arena, &d->diagnostics, &d->document);

    free(json);
    return result;
}

/* A policy text for demo-at-mock-a with more members behind those that are needed. */
#define POLICY_TEXT(more)                                                                          \
    "{'policy_id':'p','workflow':'w','environment':'e',"                                           \
    "'primary_route':{'route':'demo-at-mock-a'}" more "}"

/* Checks a policy text against the example catalog. */
static inline enum result check_policy_text(struct documents *d, const char *text)
{
    enum result result;

    assert_int_equal(parse_catalog_file(d, "policies/catalog.json"), RESULT_OK);
    result = parse_policy_text(d, text);
    return result == RESULT_OK ? policy_check(d->document, d->catalog, &d->diagnostics) : result;
}

/* Compiles without evidence. */
static inline enum result
compile_document(const struct policy_document *document, uint32_t version, struct buf *buf)
{
    return policy_compile(
        document, &(struct policy_compile_input){.version = version, .catalog_version = version},
        buf);
}

static inline void assert_text(struct slice text, const char *wanted)
{
    if (!slice_is(text, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.len, text.ptr ? text.ptr : "", wanted);
}

/* There is exactly one finding, of that code at that place. */
static inline void
assert_finding(const struct documents *d, enum diagnostic_code code, const char *pointer)
{
    const struct diagnostic *first = d->diagnostics.first;

    for (const struct diagnostic *each = first; each && d->diagnostics.count != 1;
         each = each->next)
        print_message("  %s at %s, found %s, expected %s\n", diagnostic_name(each->code),
                      each->pointer.ptr, each->found.ptr, each->expected.ptr);
    assert_int_equal(d->diagnostics.count, 1);
    if (first->code != code)
        fail_msg("%s at %s, not %s", diagnostic_name(first->code), first->pointer.ptr,
                 diagnostic_name(code));
    assert_text(first->pointer, pointer);
}

#endif
