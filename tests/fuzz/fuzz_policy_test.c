/* Documents of policy tests from any bytes: what parses runs against the example policy, twice with
 * the same result, and every test has an outcome. The request and reports in it reach decide()
 * itself, so this also walks the engine with facts that no gateway would send. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/invariant.h"
#include "engine/policy_document.h"
#include "engine/policy_test.h"

#define ARENA_BYTES_MAX (16 << 20)
#define BUF_BYTES_MAX   (4 << 20)
#define NOW_MS          INT64_C(1795160000000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct slice read_file(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    char *text = arena_alloc(arena, 64 * 1024);
    size_t len;

    invariant(file && text);
    len = fread(text, 1, 64 * 1024, file);
    fclose(file);
    return (struct slice){text, len};
}

/* Compiled once and never freed: it serves every input. */
static const struct policy *example_policy(void)
{
    static const struct policy *policy;
    static struct diagnostics diagnostics;
    static struct arena arena;
    static struct buf block;
    struct policy_document *document;
    struct catalog *catalog;
    struct policy_compile_input input = {.version = 1, .catalog_version = 1, .arena = &arena};

    if (policy)
        return policy;
    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    invariant(!catalog_parse(read_file(FUZZ_CATALOG, &arena), &arena, &diagnostics, &catalog));
    invariant(!policy_parse(read_file(FUZZ_POLICY, &arena), &arena, &diagnostics, &document));
    invariant(!policy_check(document, catalog, &diagnostics));
    buf_init(&block, BUF_BYTES_MAX);
    invariant(!policy_compile(document, &input, &block));
    policy = policy_view(block.ptr, block.len);
    invariant(policy);
    return policy;
}

static unsigned run(const struct policy_test_document *document, struct arena *arena)
{
    struct policy_test_report report;
    enum result result = policy_test_run(document, example_policy(), NOW_MS, arena, &report);

    if (result) {
        invariant(result == RESULT_NO_MEMORY);
        return 0;
    }
    invariant(report.outcomes_count == document->tests_count);
    invariant(report.passed_count <= report.outcomes_count);
    invariant(report.reached_count <= report.rules_count);
    return report.reached_count * 1000 + report.passed_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct policy_test_document *document;
    struct diagnostics diagnostics;
    struct arena arena;
    enum result result;

    arena_init(&arena, NULL, 0, ARENA_BYTES_MAX);
    diagnostics_init(&diagnostics, &arena);
    result = policy_test_parse((struct slice){(const char *)bytes, len}, &arena, &diagnostics,
                               &document);
    if (result == RESULT_OK) {
        unsigned first = run(document, &arena), second = run(document, &arena);

        invariant(first == second || arena.failed);
    }
    arena_done(&arena);
    return 0;
}
