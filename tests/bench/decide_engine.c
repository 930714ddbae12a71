#include <stdio.h>
#include <stdlib.h>

#include "decide.h"
#include "engine/policy_document.h"
#include "sample.h"
#include "store/codec.h"

#define DOCUMENT_ARENA_BYTES_MAX (64 * 1024 * 1024)
#define RECORD_BYTES_MAX         65536
#define FAILURES_MAX             8
#define PIECES_MAX               64

static struct decide_sample sample;
static char scratch[RECORD_BYTES_MAX];

/* ---- documents ---- */

static struct slice read_file(const char *path)
{
    static char bytes[3][1024 * 1024];
    static unsigned used;
    FILE *file = fopen(path, "re");
    size_t len = 0;

    if (file) {
        len = fread(bytes[used], 1, sizeof bytes[used], file);
        fclose(file);
    }
    if (!len)
        fprintf(stderr, "bench_decide: cannot read %s\n", path);
    return (struct slice){bytes[used++], len};
}

/* What a document goes through on its way to the block. */
struct making {
    struct arena arena;
    struct diagnostics diagnostics;
    struct catalog *catalog;
    struct policy_document *document;
    struct evidence_piece pieces[PIECES_MAX];
    unsigned pieces_count;
};

static enum result put_evidence(struct making *making, struct slice text)
{
    struct evidence_list list = {.count = 0};
    enum result result = evidence_parse(text, &making->arena, &making->diagnostics, &list);

    for (unsigned i = 0; result == RESULT_OK && i < list.count && i < PIECES_MAX; i++) {
        struct evidence_piece *piece = &making->pieces[making->pieces_count++];

        piece->id = SLICE_LITERAL("ev-1");
        piece->evidence = &list.items[i];
        piece->put_by = SLICE_LITERAL("key_reviewer");
        piece->put_unix_ms = SAMPLE_NOW_MS;
        result =
            evidence_bind(piece->evidence, making->catalog, &making->diagnostics, &piece->bindings);
    }
    return result;
}

static enum result compile(struct making *making)
{
    return policy_compile(making->document,
                          &(struct policy_compile_input){
                              .version = 1,
                              .catalog_version = 1,
                              .evidence_version = making->pieces_count,
                              .author = {.key_id = SLICE_LITERAL("key_author")},
                              .pieces = making->pieces,
                              .pieces_count = making->pieces_count,
                              .arena = &making->arena,
                          },
                          &sample.block);
}

static bool make_policy(struct slice catalog, struct slice policy, struct slice evidence)
{
    struct making making = {.catalog = NULL};
    bool made;

    arena_init(&making.arena, NULL, 0, DOCUMENT_ARENA_BYTES_MAX);
    diagnostics_init(&making.diagnostics, &making.arena);
    buf_init(&sample.block, DOCUMENT_ARENA_BYTES_MAX);
    made =
        catalog_parse(catalog, &making.arena, &making.diagnostics, &making.catalog) == RESULT_OK &&
        policy_parse(policy, &making.arena, &making.diagnostics, &making.document) == RESULT_OK &&
        policy_check(making.document, making.catalog, &making.diagnostics) == RESULT_OK &&
        put_evidence(&making, evidence) == RESULT_OK && compile(&making) == RESULT_OK;
    for (const struct diagnostic *d = making.diagnostics.first; d && !made; d = d->next)
        fprintf(stderr, "bench_decide: %.*s: %s\n", (int)d->pointer.len, d->pointer.ptr,
                diagnostic_name(d->code));
    catalog_done(making.catalog);
    arena_done(&making.arena);
    sample.policy = made ? policy_view(sample.block.ptr, sample.block.len) : NULL;
    return sample.policy != NULL;
}

/* ---- the two decisions ---- */

static void run_decide(const struct engine_input *input, struct engine_output *ret_output)
{
    struct trace_sink sink;

    trace_sink_init(&sink, NULL, 0);
    decide(input, &sink, ret_output);
    keep(ret_output);
}

static void on_admission(void)
{
    run_decide(&sample.admission, &sample.admitted);
}

static void on_fallback(void)
{
    run_decide(&sample.fallback, &sample.fell_back);
}

static void on_classify(void)
{
    struct classification classification =
        classify(&sample.failure, FAMILY_OPENAI_CHAT_COMPLETIONS, SLICE_LITERAL("mock-a"), true);

    keep(&classification);
}

/* Reports the failure again and again until the answer is another entry. */
static bool find_fallback(void)
{
    struct chain chain = {0};

    chain_step(&chain, &sample.admission, &sample.admitted);
    sample.fallback = sample.admission;
    sample.fallback.report = &sample.failure;
    sample.fallback.chain = &sample.failing_chain;
    sample.fallback.now_ms += 500;
    sample.fallback.classification =
        classify(&sample.failure, FAMILY_OPENAI_CHAT_COMPLETIONS, SLICE_LITERAL("mock-a"), true);
    for (unsigned i = 0; i < FAILURES_MAX; i++) {
        sample.failing_chain = chain;
        on_fallback();
        if (sample.fell_back.decision.action == ACTION_FALLBACK)
            return true;
        chain_step(&chain, &sample.fallback, &sample.fell_back);
    }
    return false;
}

static struct history_boundary boundary_of(const struct engine_output *output,
                                           const struct report *report)
{
    static const char view[] = "";
    static const struct report none;

    return (struct history_boundary){
        .now_ms = SAMPLE_NOW_MS,
        .seed = sample.admission.seed,
        .question = {.bytes = {1}},
        .report = report ? *report : none,
        .view = {view, 1},
        .action = (uint8_t)(report ? ACTION_COMPLETE : output->decision.action),
        .reason = (uint8_t)output->decision.reason,
        .entry = (uint8_t)output->entry,
        .decision_digest = engine_decision_digest(output),
        .trace_digest = sample.admission.seed,
    };
}

static void fill_history(void)
{
    struct history *history = &sample.history;

    history->policy_id = policy_text(sample.policy, sample.policy->id);
    history->policy_version = history->catalog_version = 1;
    history->engine_version = SLICE_LITERAL(ENGINE_VERSION);
    history->key_id = SLICE_LITERAL("key_0123456789abcdef");
    history->facts = sample.facts;
    history->boundaries[0] = boundary_of(&sample.admitted, NULL);
    history->boundaries[1] = boundary_of(&sample.admitted, &sample.success);
}

bool decide_sample_init(const char *catalog_path,
                        const char *policy_path,
                        const char *evidence_path)
{
    if (!make_policy(read_file(catalog_path), read_file(policy_path), read_file(evidence_path)))
        return false;
    sample.facts = sample_facts();
    sample.facts.tenant = SLICE_LITERAL(SAMPLE_TENANT);
    sample.facts.workload = policy_text(sample.policy, sample.policy->workload);
    sample.facts.environment = policy_text(sample.policy, sample.policy->environment);
    sample.facts.data_classes = SET_OF(DATA_CLASS_UNCLASSIFIED);
    sample.failure = sample_failure();
    sample.success = sample_success();
    sample.failure.route = sample.success.route = SLICE_LITERAL(SAMPLE_ROUTE);
    sample.failure.started_unix_ms = sample.success.started_unix_ms = SAMPLE_NOW_MS;
    sample.admission = (struct engine_input){
        .policy = sample.policy,
        .facts = &sample.facts,
        .view = &sample.view,
        .chain = &sample.new_chain,
        .now_ms = SAMPLE_NOW_MS,
        .seed = UINT64_C(0x9f86d081884c7d65),
    };
    on_admission();
    fill_history();
    if (sample.admitted.decision.action == ACTION_SEND && find_fallback())
        return true;
    fprintf(stderr, "bench_decide: the policy does not admit the sample or has no fallback\n");
    return false;
}

/* ---- digests and records ---- */

static void question_digest(const struct question *question)
{
    struct digest digest;
    struct buf buf;

    buf_init_fixed(&buf, scratch, sizeof scratch);
    if (codec_question_digest(question, &buf, &digest))
        abort();
    keep(&digest);
}

static void on_admission_digest(void)
{
    question_digest(&(struct question){.has_facts = true, .facts = sample.facts});
}

static void on_report_digest(void)
{
    question_digest(
        &(struct question){.boundary = 1, .has_report = true, .report = sample.success});
}

static size_t encode(unsigned boundaries)
{
    struct buf buf;

    buf_init_fixed(&buf, scratch, sizeof scratch);
    sample.history.boundaries_count = boundaries;
    history_encode(&sample.history, &buf);
    if (buf_failed(&buf))
        abort();
    keep(scratch);
    return buf.len;
}

static void on_encode_admission(void)
{
    encode(1);
}

static void on_encode_report(void)
{
    encode(2);
}

static size_t admission_record_bytes(void)
{
    return encode(1);
}

static size_t report_record_bytes(void)
{
    return encode(2);
}

const struct decide_row decide_engine_rows[] = {
    {"decide_admission", on_admission, NULL},
    {"decide_fallback", on_fallback, NULL},
    {"classify_failure", on_classify, NULL},
    {"digest_admission", on_admission_digest, NULL},
    {"digest_report", on_report_digest, NULL},
    {"encode_admission_record", on_encode_admission, admission_record_bytes},
    {"encode_report_record", on_encode_report, report_record_bytes},
};
const unsigned decide_engine_rows_count = sizeof decide_engine_rows / sizeof *decide_engine_rows;
