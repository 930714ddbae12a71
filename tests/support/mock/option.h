/* What the command line said. Read once by main, then read-only for every thread. */
#ifndef MOCK_OPTION_H
#define MOCK_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_THREADS_MAX 64

struct option_set {
    uint16_t port; /* 0: the kernel chooses */
    unsigned threads;
    const char *tls_cert; /* both or neither */
    const char *tls_key;
    const char *api_key; /* NULL: every credential is good */
    const char *models;  /* comma-separated, for GET /v1/models */
    bool journal;
    bool bench;
    unsigned bench_chunks;
    uint64_t bench_chunk_delay_ms;
    uint64_t idle_ms; /* an idle keep-alive connection is closed after this */
};

enum option_verdict {
    OPTION_VERDICT_RUN,  /* go on */
    OPTION_VERDICT_DONE, /* --help and --list-behaviours: everything is said */
    OPTION_VERDICT_BAD,  /* the reason is on stderr */
};

/* Reads argv into ret_options; texts are borrowed from argv. Rules given with --behaviour are
 * put in force at once. */
enum option_verdict option_read(int argc, char **argv, struct option_set *ret_options);

#endif
