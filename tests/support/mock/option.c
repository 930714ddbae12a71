/* Command line by getopt_long. Numbers are refused, not clipped, when out of range. */
#include "option.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour.h"
#include "instruction.h"
#include "rule.h"

enum {
    OPT_PORT = 256,
    OPT_THREADS,
    OPT_TLS_CERT,
    OPT_TLS_KEY,
    OPT_API_KEY,
    OPT_MODELS,
    OPT_BEHAVIOUR,
    OPT_NO_JOURNAL,
    OPT_BENCH,
    OPT_BENCH_CHUNKS,
    OPT_BENCH_CHUNK_DELAY_MS,
    OPT_IDLE_MS,
    OPT_LIST_BEHAVIOURS,
    OPT_HELP,
};

static const struct option longs[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"tls-cert", required_argument, NULL, OPT_TLS_CERT},
    {"tls-key", required_argument, NULL, OPT_TLS_KEY},
    {"api-key", required_argument, NULL, OPT_API_KEY},
    {"models", required_argument, NULL, OPT_MODELS},
    {"behaviour", required_argument, NULL, OPT_BEHAVIOUR},
    {"no-journal", no_argument, NULL, OPT_NO_JOURNAL},
    {"bench", no_argument, NULL, OPT_BENCH},
    {"bench-chunks", required_argument, NULL, OPT_BENCH_CHUNKS},
    {"bench-chunk-delay-ms", required_argument, NULL, OPT_BENCH_CHUNK_DELAY_MS},
    {"idle-ms", required_argument, NULL, OPT_IDLE_MS},
    {"list-behaviours", no_argument, NULL, OPT_LIST_BEHAVIOURS},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "signalbox-mock: an OpenAI-compatible provider that fails as told\n"
    "  --port N                   listen on 127.0.0.1:N (9101; 0: the kernel chooses)\n"
    "  --threads N                event loops (1)\n"
    "  --tls-cert F --tls-key F   serve TLS with ALPN h2 and http/1.1\n"
    "  --api-key KEY              answer 401 unless the request bears KEY\n"
    "  --models A,B               what GET /v1/models lists\n"
    "  --behaviour MODEL=NAME[,parameter=value...]   a standing rule from the start\n"
    "  --no-journal               record nothing\n"
    "  --bench                    constant answers, nothing parsed, nothing recorded\n"
    "  --bench-chunks N           events of a constant stream (50)\n"
    "  --bench-chunk-delay-ms N   pause between them (0)\n"
    "  --idle-ms N                close idle connections after N ms (60000)\n"
    "  --list-behaviours          print the table of behaviours\n";

static bool read_number(const char *name, const char *text, uint64_t max, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || number > max) {
        fprintf(stderr, "signalbox-mock: --%s %s: expected a number up to %llu\n", name, text,
                (unsigned long long)max);
        return false;
    }
    *ret_number = number;
    return true;
}

/* MODEL=NAME[,parameter=value...]; the last '=' before the first ',' parts model and name. */
static bool read_rule(const char *text)
{
    const char *comma = strchrnul(text, ',');
    const char *equals = memrchr(text, '=', (size_t)(comma - text));
    struct instruction *instruction = equals ? instruction_parse_suffix(equals + 1) : NULL;
    if (!instruction) {
        fprintf(stderr, "signalbox-mock: --behaviour %s: expected MODEL=NAME[,parameter=value]\n",
                text);
        return false;
    }
    char *model = strndup(text, (size_t)(equals - text));
    bool told = model && rule_tell(model, instruction, 0);
    free(model);
    instruction_unref(instruction);
    return told;
}

static void list_behaviours(void)
{
    for (size_t i = 0; i < behaviour_count; i++)
        printf("%3d  %-28s %s\n", behaviour_rows[i].number, behaviour_rows[i].name,
               behaviour_rows[i].sentence);
}

static bool read_numeric(int opt, const char *text, struct option_set *set)
{
    uint64_t number = 0;
    switch (opt) {
    case OPT_PORT:
        if (!read_number("port", text, UINT16_MAX, &number))
            return false;
        set->port = (uint16_t)number;
        return true;
    case OPT_THREADS:
        if (!read_number("threads", text, OPTION_THREADS_MAX, &number) || number == 0)
            return false;
        set->threads = (unsigned)number;
        return true;
    case OPT_BENCH_CHUNKS:
        if (!read_number("bench-chunks", text, 1000000, &number))
            return false;
        set->bench_chunks = (unsigned)number;
        return true;
    case OPT_BENCH_CHUNK_DELAY_MS:
        return read_number("bench-chunk-delay-ms", text, INSTRUCTION_MS_MAX,
                           &set->bench_chunk_delay_ms);
    default:
        return read_number("idle-ms", text, INSTRUCTION_MS_MAX, &set->idle_ms);
    }
}

static enum option_verdict read_one(int opt, struct option_set *set)
{
    switch (opt) {
    case OPT_TLS_CERT:
        set->tls_cert = optarg;
        return OPTION_VERDICT_RUN;
    case OPT_TLS_KEY:
        set->tls_key = optarg;
        return OPTION_VERDICT_RUN;
    case OPT_API_KEY:
        set->api_key = optarg;
        return OPTION_VERDICT_RUN;
    case OPT_MODELS:
        set->models = optarg;
        return OPTION_VERDICT_RUN;
    case OPT_BEHAVIOUR:
        return read_rule(optarg) ? OPTION_VERDICT_RUN : OPTION_VERDICT_BAD;
    case OPT_NO_JOURNAL:
        set->journal = false;
        return OPTION_VERDICT_RUN;
    case OPT_BENCH:
        set->bench = true;
        set->journal = false;
        return OPTION_VERDICT_RUN;
    case OPT_LIST_BEHAVIOURS:
        list_behaviours();
        return OPTION_VERDICT_DONE;
    case OPT_HELP:
        fputs(usage, stdout);
        return OPTION_VERDICT_DONE;
    case '?':
        return OPTION_VERDICT_BAD; /* getopt has said why */
    default:
        return read_numeric(opt, optarg, set) ? OPTION_VERDICT_RUN : OPTION_VERDICT_BAD;
    }
}

enum option_verdict option_read(int argc, char **argv, struct option_set *ret_options)
{
    *ret_options = (struct option_set){
        .port = 9101,
        .threads = 1,
        .models = "mock-small,mock-large",
        .journal = true,
        .bench_chunks = 50,
        .idle_ms = 60000,
    };
    int opt;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        enum option_verdict verdict = read_one(opt, ret_options);
        if (verdict != OPTION_VERDICT_RUN)
            return verdict;
    }
    if (optind < argc || !ret_options->tls_cert != !ret_options->tls_key) {
        fputs(optind < argc ? "signalbox-mock: takes options only; see --help\n"
                            : "signalbox-mock: --tls-cert and --tls-key belong together\n",
              stderr);
        return OPTION_VERDICT_BAD;
    }
    return OPTION_VERDICT_RUN;
}
