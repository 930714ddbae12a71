/* What was received, and how each request went: the witness that tests read.
 *
 * A ring of the last JOURNAL_ENTRIES requests, numbered from 1 without gaps. Process-wide,
 * guarded by one lock; any thread. Credentials are never kept, only a prefix of their SHA-256.
 * While the journal is off, numbers are still given and nothing else is done. */
#ifndef MOCK_JOURNAL_H
#define MOCK_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "signalbox/slice.h"

#define JOURNAL_ENTRIES        4096
#define JOURNAL_BODY_BYTES_MAX ((size_t)64 * 1024)
#define JOURNAL_LIMIT_DEFAULT  1000

enum journal_outcome {
    JOURNAL_OUTCOME_OPEN,        /* being answered, or held */
    JOURNAL_OUTCOME_COMPLETED,   /* the whole script was handed to the connection */
    JOURNAL_OUTCOME_CLIENT_LEFT, /* the client closed or reset before the end */
    JOURNAL_OUTCOME_CUT,         /* broken off here, as told */
};

struct journal_arrival {
    struct slice method;
    struct slice path;
    struct slice body;
    struct slice authorization; /* the header's value; not kept */
    bool authorized;            /* the header is there */
    int version;                /* 0x101, 0x200 */
    uint64_t connection;        /* number of the connection, from 1 */
    json_t *headers;            /* object of texts; keeps the reference. NULL while off */
};

void journal_init(bool on);

bool journal_on(void);

/* Notes an arrival and returns its number. */
uint64_t journal_begin(const struct journal_arrival *arrival);

/* Notes what the request asked for and how it is going to be answered. */
void journal_plan(uint64_t sequence, const char *model, bool stream, const char *behaviour);

/* Notes the status line that goes out. */
void journal_status(uint64_t sequence, int status);

/* Notes how many events, and output events among them, were sent up to now. */
void journal_sent(uint64_t sequence, uint64_t events, uint64_t output);

/* Notes the end with its time; the first outcome stands. */
void journal_end(uint64_t sequence, enum journal_outcome outcome);

/* {"last": n, "oldest": n, "entries": [...]}: entries numbered above since, oldest first, at most
 * limit, with their bodies or without; gives. */
json_t *journal_json(uint64_t since, uint64_t limit, bool bodies);

/* Forgets all entries; numbers go on. */
void journal_clear(void);

#endif
