/* The stage of a play: a real service on a temporary store, the requests in it, and the answer that
 * the last step got. Time is virtual: it is what the script says. */
#ifndef TESTS_PLAY_STAGE_H
#define TESTS_PLAY_STAGE_H

#include "play/script.h"
#include "service/service.h"

#define STAGE_REQUESTS_MAX 16
#define STAGE_KEYS_MAX     8

struct stage_request {
    char name[32];
    struct uuid id;
    uint32_t boundary; /* of the last question */
    struct question question;
    char token[RESUME_TOKEN_BYTES_MAX]; /* of the last answer */
    size_t token_bytes;
    char shown[RESUME_TOKEN_BYTES_MAX]; /* with the last question */
};

struct stage_key {
    char name[32];
    char key_id[64];
    uint8_t digest[DIGEST_BYTES]; /* of the secret */
};

struct stage {
    char directory[64];
    struct service *service;
    int64_t now_ms;
    struct principal gateway;
    struct stage_request requests[STAGE_REQUESTS_MAX];
    unsigned requests_count;
    struct stage_key keys[STAGE_KEYS_MAX];
    unsigned keys_count;
    struct arena arena; /* of the whole play: questions and answers */
    struct ticket ticket;
    bool answered;
    /* The last answer; texts are copied into the arena. */
    enum result result;
    struct slice error_reason;
    struct decision decision;
    struct admin_call call; /* of the last administrative step */
};

bool stage_open(struct stage *stage);
void stage_close(struct stage *stage);
/* Closes and opens the service on the same store. */
bool stage_restart(struct stage *stage);

/* The request of that name, made when it is new; NULL: too many. */
struct stage_request *stage_request(struct stage *stage, const char *name);
struct stage_key *stage_key(struct stage *stage, const char *name);
/* A fresh administrative call at the stage's time. */
struct admin_call *stage_call(struct stage *stage);
/* Asks request's question and waits for the answer, which is then in the stage. False: none came.
 */
bool stage_ask(struct stage *stage, struct stage_request *request);

#endif
