/* What the service's tests share: a service on a store of its own with virtual time, documents,
 * questions, and tickets that keep their answers. Everything runs on one thread unless a test says
 * otherwise. */
#ifndef TESTS_UNIT_SERVICE_FIXTURE_H
#define TESTS_UNIT_SERVICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/uuid.h"
#include "service/control.h"
#include "service/evidence.h"
#include "service/service.h"

#define NOW_MS      INT64_C(1795000000000)
#define GIVE_UP_MS  5000
#define MAP_BYTES   (UINT64_C(256) << 20)
#define DEMO_ENTRY0 "demo-at-mock-a"
#define DEMO_ENTRY1 "demo-at-mock-b"

/* The last tokens that were answered, so that a report without one is asked with its own. */
#define FIXTURE_TOKENS 4096

struct fixture_token {
    struct uuid id;
    uint32_t boundary;
    char bytes[RESUME_TOKEN_BYTES_MAX];
    size_t len; /* 0: none */
};

struct fixture {
    char directory[64];
    char token_file[96];
    uint64_t map_bytes;
    int64_t now_ms;
    struct service *service;
    struct arena arena; /* of call */
    struct admin_call call;
    struct principal gateway; /* may speak for everybody */
    bool bare;                /* ask without adding tokens */
    struct fixture_token *tokens;
};

/* With the example catalog and demo-chat active. */
int fixture_setup(void **state);
/* With nothing in it. */
int fixture_setup_empty(void **state);
int fixture_teardown(void **state);
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);
void fixture_reopen(struct fixture *fixture);
/* The store's file as it is now, and back to it: what was committed in between is lost, as in a
 * crash. The service must be closed for restore. */
void fixture_save(struct fixture *fixture);
void fixture_restore(struct fixture *fixture);

/* A fresh admin call. */
struct admin_call *fixture_call(struct fixture *fixture);
/* text has ' for ". */
struct slice fixture_json(struct fixture *fixture, const char *text);
struct slice fixture_file(struct fixture *fixture, const char *path);
/* Publishes and activates; both must go well. Returns the version. */
uint32_t fixture_activate(struct fixture *fixture, struct slice document);
/* Somebody else than who publishes (the program itself, which has no key). */
extern const struct principal fixture_reviewer;
/* When the pieces that the fixture makes expire. */
#define FIXTURE_EXPIRES "2027-06-01T00:00:00Z"
struct fixture_place {
    const char *workload, *environment;
};
/* A document of pieces for one route; members are what each says beside place, route, owner and
 * expiry, with ' for ". */
struct slice fixture_evidence(struct fixture *fixture,
                              const struct fixture_place *place,
                              const char *route,
                              const char *const *members,
                              unsigned count);
/* Puts it as the reviewer; it must go well. Returns how many pieces. */
unsigned fixture_put_evidence(struct fixture *fixture, struct slice document);
/* Every kind of evidence for the route, so that nothing is missing wherever a policy uses it. */
void fixture_approve(struct fixture *fixture,
                     const char *workload,
                     const char *environment,
                     const char *route);
uint32_t fixture_publish_catalog(struct fixture *fixture, struct slice document);
/* A client's key; digest gets the secret's SHA-256. */
struct principal fixture_create_key(struct fixture *fixture,
                                    const struct principal *wanted,
                                    struct digest *ret_digest);

/* ---- questions ---- */

struct uuid fixture_id(const struct fixture *fixture);
/* demo-chat in production, for tenant acme. */
struct question question_admission(struct uuid id);
struct question question_report(struct uuid id, uint32_t boundary, const char *route);
void report_success(struct question *question);
void report_status(struct question *question, uint32_t http_status);
void report_timeout(struct question *question);

/* ---- tickets ---- */

struct asked {
    struct ticket ticket;
    unsigned answers;
    enum result result;
    struct decision decision; /* its texts are gone; those below stay */
    char reason[32];
    char field[64];
    char message[128];
    char route[64];
    char code[64];
    char token[RESUME_TOKEN_BYTES_MAX];
    size_t token_bytes;
    uint64_t retry_after_ms;
    struct fixture *fixture;
    struct uuid id; /* of the question */
    uint32_t boundary;
    /* Called with the answer, while it is lent. */
    void (*inspect)(const struct ticket_answer *answer, void *context);
    void *context;
};

/* Asks; the answer may come later. A report that has no token gets the one that the boundary before
 * was answered with, where the fixture saw it. */
void fixture_ask(struct fixture *fixture, const struct question *question, struct asked *asked);
/* Turns until it has come. */
void fixture_wait(struct fixture *fixture, struct asked *asked);
/* Both. */
void fixture_answer(struct fixture *fixture, const struct question *question, struct asked *asked);
/* Turns until what was asked is durable. */
void fixture_wait_durable(struct fixture *fixture, const struct question *question);
/* A question with the token of an answer. */
void question_resume(struct question *question, const struct asked *asked);

#define assert_text(text, wanted)                                                                  \
    do {                                                                                           \
        struct slice found_ = (text);                                                              \
        if (!slice_is(found_, wanted))                                                             \
            fail_msg("found \"%.*s\", wanted \"%s\"", (int)found_.len, found_.ptr, (wanted));      \
    } while (0)

#endif
