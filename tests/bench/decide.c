/* bench_decide: nanoseconds of the parts of a decision, in one process and without I/O.
 *
 * Rounds go over all rows in turn, so that a disturbance hits them alike; each row has the median
 * of its rounds. The ratio is to a memcpy of 1 KiB, which is what a machine's speed is told by. */
#include "decide.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/option.h"
#include "sample.h"

#define ROWS_MAX         32
#define ROUNDS_MAX       101
#define NS_PER_MS        1000000
#define CALIBRATE_ROUNDS 4
#define COPY_BYTES       1024

static const struct option_row rows[] = {
    {"catalog", OPTION_TEXT, "path", "policies/catalog.json", 0, 0, "The catalog."},
    {"policy", OPTION_TEXT, "path", "policies/demo-chat.json", 0, 0,
     "A policy with a fallback, that admits the sample."},
    {"evidence", OPTION_TEXT, "path", "policies/evidence/demo-chat.json", 0, 0,
     "What the fallback needs."},
    {"rounds", OPTION_NUMBER, "", "15", 1, ROUNDS_MAX, "Whose median counts."},
    {"round-ms", OPTION_NUMBER, "ms", "10", 1, 1000, "How long one row runs in a round."},
    {"json", OPTION_BOOL, "", "false", 0, 0, "One line of JSON."},
    {NULL, OPTION_TEXT, NULL, NULL, 0, 0, NULL},
};

struct timed {
    const struct decide_row *row;
    uint64_t repeats; /* of a round */
    double ns[ROUNDS_MAX];
};

static void on_copy(void)
{
    static char from[COPY_BYTES], to[COPY_BYTES];

    keep(from);
    memcpy(to, from, sizeof to);
    keep(to);
}

static const struct decide_row copy_row = {"memcpy_1_kib", on_copy, NULL};

static uint64_t run_ns(const struct decide_row *row, uint64_t repeats)
{
    uint64_t start_ns = clock_monotonic_ns();

    for (uint64_t i = 0; i < repeats; i++)
        row->run();
    return clock_monotonic_ns() - start_ns;
}

static void calibrate(struct timed *timed, int64_t round_ms)
{
    timed->repeats = 1000;
    for (unsigned i = 0; i < CALIBRATE_ROUNDS; i++) {
        double ns = (double)run_ns(timed->row, timed->repeats) + 1;
        double repeats = (double)timed->repeats * (double)(round_ms * NS_PER_MS) / ns;

        timed->repeats = repeats < 1 ? 1 : (uint64_t)repeats;
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
print(const struct timed *timed, unsigned count, const struct option_set *options, unsigned rounds)
{
    bool json = option_get(options, "json")->truth;
    double baseline = timed[0].ns[rounds / 2];

    for (unsigned i = 0; i < count; i++) {
        const struct timed *t = &timed[i];
        size_t bytes = t->row->bytes ? t->row->bytes() : 0;
        double median = t->ns[rounds / 2];

        if (json)
            printf("%s\"%s\":{\"ns\":%.1f,\"min\":%.1f,\"max\":%.1f,\"ratio\":%.1f,\"bytes\":%zu}",
                   i ? "," : "{", t->row->name, median, t->ns[0], t->ns[rounds - 1],
                   median / baseline, bytes);
        else if (bytes)
            printf("%-30s %9.1f ns %7.1f x  (%.1f-%.1f)  %zu bytes\n", t->row->name, median,
                   median / baseline, t->ns[0], t->ns[rounds - 1], bytes);
        else
            printf("%-30s %9.1f ns %7.1f x  (%.1f-%.1f)\n", t->row->name, median, median / baseline,
                   t->ns[0], t->ns[rounds - 1]);
    }
    if (json)
        puts("}");
}

static void measure(const struct option_set *options)
{
    static struct timed timed[ROWS_MAX];
    unsigned rounds = (unsigned)option_get(options, "rounds")->number;
    unsigned count = 0;

    timed[count++].row = &copy_row;
    for (unsigned i = 0; i < decide_engine_rows_count; i++)
        timed[count++].row = &decide_engine_rows[i];
    for (unsigned i = 0; i < decide_wire_rows_count; i++)
        timed[count++].row = &decide_wire_rows[i];
    for (unsigned i = 0; i < count; i++)
        calibrate(&timed[i], option_get(options, "round-ms")->number);
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < count; i++)
            timed[i].ns[round] =
                (double)run_ns(timed[i].row, timed[i].repeats) / (double)timed[i].repeats;
    for (unsigned i = 0; i < count; i++)
        qsort(timed[i].ns, rounds, sizeof *timed[i].ns, compare);
    print(timed, count, options, rounds);
}

int main(int argc, char **argv)
{
    struct option_set *options;
    struct facts facts = sample_facts();
    struct report report = sample_success();
    enum option_outcome outcome = option_read(rows, argc, argv, "bench_decide", NULL, &options);

    if (outcome != OPTION_RUN)
        return outcome == OPTION_EXIT ? EXIT_SUCCESS : 64;
    facts.tenant = SLICE_LITERAL(SAMPLE_TENANT);
    report.route = SLICE_LITERAL(SAMPLE_ROUTE);
    report.started_unix_ms = SAMPLE_NOW_MS;
    if (!decide_sample_init(option_get(options, "catalog")->text,
                            option_get(options, "policy")->text,
                            option_get(options, "evidence")->text) ||
        !decide_wire_init(&facts, &report))
        return EXIT_FAILURE;
    measure(options);
    option_free(options);
    return EXIT_SUCCESS;
}
