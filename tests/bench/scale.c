/* bench_scale: does it stay as fast when there is much? Publishing, activating, putting evidence
 * and deciding on a store with a few policies, and in turn with it on one with as many as are asked
 * for, in one process; what counts is the ratio of the two.
 *
 * It plays operator, approver and gateway on the service itself: documents are real, every write
 * is a synced commit, and every piece of evidence is compiled into the policy that it is for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/option.h"
#include "base/uuid.h"
#include "service/control.h"
#include "service/evidence.h"

#define FEW_POLICIES  10
#define PUT_PIECES    100 /* in one document */
#define SAMPLES       101
#define ASKED         20000
#define DECIDE_ROUNDS 5
#define ARENA_BYTES   (256u << 20)

static const struct option_row rows[] = {
    {"directory", OPTION_TEXT, "path", NULL, 0, 0, "An empty directory for the store; needed."},
    {"policies", OPTION_NUMBER, "", "200", 100, 100000, "How many the large store has."},
    {"evidence", OPTION_NUMBER, "", "10", 1, 10000, "Pieces for each policy."},
    {"catalog", OPTION_TEXT, "path", "policies/catalog.json", 0, 0, "The catalog."},
    {"json", OPTION_BOOL, "", "false", 0, 0, "One line of JSON."},
    {NULL, OPTION_TEXT, NULL, NULL, 0, 0, NULL},
};

struct measured {
    uint64_t publish_ns, activate_ns, put_ns, decide_ns, open_ns; /* of one */
};

struct scale {
    char directory[256];
    struct service *service;
    struct arena arena;
    struct admin_call call;
    struct principal author, approver, gateway;
    unsigned policies; /* published and active */
    unsigned pieces;   /* for each of them */
    struct measured measured;
};

static void fail(struct scale *scale, const char *what, enum result result)
{
    const struct diagnostic *first = scale->call.diagnostics.first;

    fprintf(stderr, "bench_scale: %s: %s %.*s\n", what, result_row(result)->sentence,
            (int)scale->call.message.len, scale->call.message.len ? scale->call.message.ptr : "");
    if (first)
        fprintf(stderr, "  %.*s: %s, found %.*s\n", (int)first->pointer.len, first->pointer.ptr,
                diagnostic_name(first->code), (int)first->found.len, first->found.ptr);
    exit(EXIT_FAILURE);
}

static struct admin_call *call_of(struct scale *scale, const struct principal *caller)
{
    arena_reset(&scale->arena);
    admin_call_init(&scale->call, &scale->arena, caller, clock_unix_ms());
    return &scale->call;
}

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    static char text[1 << 20];
    size_t len = file ? fread(text, 1, sizeof text, file) : 0;

    if (!file || !len) {
        fprintf(stderr, "bench_scale: %s cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    return (struct slice){text, len};
}

/* ---- what is measured ---- */

/* Every document differs from all before, so that each is a new version. */
static uint64_t publish(struct scale *scale, unsigned number)
{
    static unsigned documents;
    char text[2048];
    struct policy_summary policy;
    struct admin_call *call = call_of(scale, &scale->author);
    int len = snprintf(
        text, sizeof text,
        "{\"policy_id\":\"scale-%u\",\"workflow\":\"scale-%u\",\"environment\":\"production\","
        "\"primary_route\":{\"route\":\"demo-at-mock-a\"},\"fallback_routes\":[{\"route\":"
        "\"demo-at-mock-b\",\"allowed_reasons\":[\"primary_timeout\",\"temporary_5xx\"]}],"
        "\"limits\":{\"max_total_attempts\":3,\"max_elapsed_ms\":%u}}",
        number, number, 20000 + documents++);
    uint64_t start_ns = clock_monotonic_ns();
    enum result result =
        service_publish_policy(scale->service, call, (struct slice){text, (size_t)len}, &policy);

    if (result || !policy.version)
        fail(scale, "publish", result);
    return clock_monotonic_ns() - start_ns;
}

static uint64_t activate(struct scale *scale, unsigned number)
{
    char id[64];
    struct activation_summary summary;
    struct admin_call *call = call_of(scale, &scale->author);
    int len = snprintf(id, sizeof id, "scale-%u", number);
    const struct activation_request request = {.policy_id = {id, (size_t)len}, .percent = 100};
    uint64_t start_ns = clock_monotonic_ns();
    enum result result = service_activate(scale->service, call, &request, &summary);

    if (result)
        fail(scale, "activate", result);
    return clock_monotonic_ns() - start_ns;
}

/* count pieces for one policy, in one document. */
static uint64_t put(struct scale *scale, unsigned number, unsigned count)
{
    struct admin_call *call = call_of(scale, &scale->approver);
    struct evidence_summary *items;
    struct buf text;
    unsigned put_count;
    uint64_t start_ns;
    enum result result;

    buf_init(&text, 4 << 20);
    buf_put_text(&text, "{\"evidence\":[");
    for (unsigned i = 0; i < count; i++)
        buf_format(&text,
                   "%s{\"kind\":\"quota_owner\",\"workflow\":\"scale-%u\",\"environment\":"
                   "\"production\",\"route\":\"demo-at-mock-b\",\"owner\":\"platform\",\"expires\":"
                   "\"2099-01-01\"}",
                   i ? "," : "", number);
    buf_put_text(&text, "]}");
    start_ns = clock_monotonic_ns();
    result = service_put_evidence(scale->service, call, buf_slice(&text), SLICE_LITERAL(""), &items,
                                  &put_count);
    start_ns = clock_monotonic_ns() - start_ns;
    buf_done(&text);
    if (result || put_count != count)
        fail(scale, "evidence", result);
    return start_ns;
}

struct asking {
    struct ticket ticket;
    unsigned answered;
};

static void on_answer(struct ticket *ticket, const struct ticket_answer *answer)
{
    struct asking *asking = CONTAINER_OF(ticket, struct asking, ticket);

    if (answer->result || answer->decision->action != ACTION_SEND) {
        fprintf(stderr, "bench_scale: an admission was not sent\n");
        exit(EXIT_FAILURE);
    }
    asking->answered++;
}

/* Admissions over all policies in turn: the mean, commits of the group included. */
static uint64_t decide_all(struct scale *scale)
{
    static struct asking asking[ASKED];
    uint64_t start_ns = clock_monotonic_ns();

    for (unsigned i = 0; i < ASKED; i++) {
        char workload[64];
        int64_t now_ms = clock_unix_ms();
        int len = snprintf(workload, sizeof workload, "scale-%u", i * 7919 % scale->policies);
        struct question question = {.request_id = uuid_make(now_ms), .has_facts = true};

        question.facts = (struct facts){
            .tenant = SLICE_LITERAL("scale"),
            .workload = {workload, (size_t)len},
            .environment = SLICE_LITERAL("production"),
            .family = FAMILY_OPENAI_CHAT_COMPLETIONS,
            .requested_model = SLICE_LITERAL("demo-model"),
            .data_classes = SET_OF(DATA_CLASS_INTERNAL),
            .input_tokens_estimate = 100,
        };
        asking[i] = (struct asking){.ticket = {.answer = on_answer}};
        service_ask(scale->service, &scale->gateway, &question, now_ms, &asking[i].ticket);
        if (i % 64 == 63)
            service_turn(scale->service, now_ms);
    }
    return (clock_monotonic_ns() - start_ns) / ASKED;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static uint64_t median(uint64_t samples[SAMPLES])
{
    qsort(samples, SAMPLES, sizeof *samples, compare);
    return samples[SAMPLES / 2];
}

struct samples {
    uint64_t publish_ns[SAMPLES], activate_ns[SAMPLES], put_ns[SAMPLES];
};

static void sample(struct scale *scale, unsigned round, struct samples *samples)
{
    unsigned number = round * 31 % scale->policies;

    samples->publish_ns[round] = publish(scale, number);
    samples->activate_ns[round] = activate(scale, number);
    samples->put_ns[round] = put(scale, number, 1);
}

static void summarize(struct scale *scale, struct samples *samples)
{
    scale->measured = (struct measured){
        .publish_ns = median(samples->publish_ns),
        .activate_ns = median(samples->activate_ns),
        .put_ns = median(samples->put_ns),
    };
}

/* In turn, so that a disturbance hits both alike. */
static void measure(struct scale *few, struct scale *many)
{
    static struct samples of_few, of_many;

    for (unsigned round = 0; round < SAMPLES; round++) {
        sample(few, round, &of_few);
        sample(many, round, &of_many);
    }
    summarize(few, &of_few);
    summarize(many, &of_many);
    for (unsigned round = 0; round < DECIDE_ROUNDS; round++) {
        few->measured.decide_ns += decide_all(few) / DECIDE_ROUNDS;
        many->measured.decide_ns += decide_all(many) / DECIDE_ROUNDS;
    }
}

/* ---- growing ---- */

static void grow(struct scale *scale, unsigned policies)
{
    for (; scale->policies < policies; scale->policies++) {
        publish(scale, scale->policies);
        for (unsigned left = scale->pieces; left > 0;) {
            unsigned count = left < PUT_PIECES ? left : PUT_PIECES;

            put(scale, scale->policies, count);
            left -= count;
        }
        activate(scale, scale->policies);
    }
}

static void print(const char *name, uint64_t few_ns, uint64_t many_ns, bool json, bool last)
{
    if (json)
        printf("\"%s\":{\"few_us\":%.1f,\"many_us\":%.1f,\"ratio\":%.2f}%s", name,
               (double)few_ns / 1000, (double)many_ns / 1000, (double)many_ns / (double)few_ns,
               last ? "}\n" : ",");
    else
        printf("%-24s %10.1f us %10.1f us %8.2f x\n", name, (double)few_ns / 1000,
               (double)many_ns / 1000, (double)many_ns / (double)few_ns);
}

/* Nanoseconds that opening takes. */
static uint64_t open_store(struct scale *scale)
{
    const struct service_options wanted = {
        .directory = scale->directory, .map_bytes = UINT64_C(64) << 30, .give_up_ms = 60000};
    uint64_t start_ns = clock_monotonic_ns();
    struct service_error error;

    if (service_open(&wanted, &scale->service, &error)) {
        fprintf(stderr, "bench_scale: %s\n", error.text);
        exit(EXIT_FAILURE);
    }
    start_ns = clock_monotonic_ns() - start_ns;
    service_turn(scale->service, clock_unix_ms());
    return start_ns;
}

static void begin(struct scale *scale, const char *directory, const char *name, const char *catalog)
{
    const struct catalog_request request = {.document = read_file(catalog)};
    struct catalog_summary summary;
    enum result result;

    snprintf(scale->directory, sizeof scale->directory, "%s/%s", directory, name);
    arena_init(&scale->arena, NULL, 0, ARENA_BYTES);
    scale->author = (struct principal){.key_id = SLICE_LITERAL("author"), .role = ROLE_OPERATOR};
    scale->approver =
        (struct principal){.key_id = SLICE_LITERAL("approver"), .role = ROLE_OPERATOR};
    scale->gateway = (struct principal){.key_id = SLICE_LITERAL("gateway"), .role = ROLE_GATEWAY};
    open_store(scale);
    result =
        service_publish_catalog(scale->service, call_of(scale, &scale->author), &request, &summary);
    if (result || !summary.version)
        fail(scale, "catalog", result);
}

/* How long a start takes, and the end. */
static void end(struct scale *scale)
{
    service_close(scale->service);
    scale->measured.open_ns = open_store(scale);
    service_close(scale->service);
    arena_done(&scale->arena);
}

static void report(const struct scale *few, const struct scale *many, uint64_t grow_ns, bool json)
{
    const struct measured *a = &few->measured, *b = &many->measured;
    unsigned pieces = many->policies * many->pieces;

    if (json)
        printf("{\"policies\":%u,\"evidence\":%u,\"grow_s\":%.1f,", many->policies, pieces,
               (double)grow_ns / 1e9);
    else
        printf("%u policies, %u pieces of evidence; made in %.1f s\n%-24s %13s %13s\n",
               many->policies, pieces, (double)grow_ns / 1e9, "", "with 10", "with all");
    print("publish", a->publish_ns, b->publish_ns, json, false);
    print("activate", a->activate_ns, b->activate_ns, json, false);
    print("put evidence", a->put_ns, b->put_ns, json, false);
    print("decide (admission)", a->decide_ns, b->decide_ns, json, false);
    print("start", a->open_ns, b->open_ns, json, true);
}

int main(int argc, char **argv)
{
    static struct scale few, many;
    struct option_set *options;
    enum option_outcome outcome = option_read(rows, argc, argv, "bench_scale", NULL, &options);
    const char *directory, *catalog;
    uint64_t start_ns;

    if (outcome != OPTION_RUN)
        return outcome == OPTION_EXIT ? EXIT_SUCCESS : 64;
    directory = option_get(options, "directory")->text;
    catalog = option_get(options, "catalog")->text;
    few.pieces = many.pieces = (unsigned)option_get(options, "evidence")->number;
    if (!directory) {
        fprintf(stderr, "bench_scale: --directory is needed\n");
        return 64;
    }
    begin(&few, directory, "few", catalog);
    begin(&many, directory, "many", catalog);
    grow(&few, FEW_POLICIES);
    start_ns = clock_monotonic_ns();
    grow(&many, (unsigned)option_get(options, "policies")->number);
    start_ns = clock_monotonic_ns() - start_ns;
    measure(&few, &many);
    end(&few);
    end(&many);
    report(&few, &many, start_ns, option_get(options, "json")->truth);
}
