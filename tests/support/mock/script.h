/* A response written down before it is played: a head, steps of bytes with pauses, an ending.
 *
 * Every behaviour is a script; the player (play.h) knows no behaviour. A step lends its bytes
 * from the script. Built by one thread, read by the loop that plays it. */
#ifndef MOCK_SCRIPT_H
#define MOCK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define SCRIPT_HEADERS_MAX 32

enum step_kind {
    STEP_KIND_BODY,   /* a body, or a part of an event */
    STEP_KIND_ROLE,   /* an event that carries the role only */
    STEP_KIND_OUTPUT, /* an event that carries output */
    STEP_KIND_EVENT,  /* any other event: finish, usage, error, [DONE] */
    STEP_KIND_DONE,   /* the [DONE] line */
};

struct step {
    enum step_kind kind;
    size_t offset; /* into the script's bytes */
    size_t len;    /* never 0 */
    uint64_t repeat;
    uint64_t delay_ms; /* before each repetition */
};

enum ending {
    ENDING_CLEAN, /* the response ends as HTTP says */
    ENDING_CUT,   /* breaks off: no last chunk, missing body bytes, or no head at all */
    ENDING_RESET, /* RST instead of an answer; only without a head */
    ENDING_HOLD,  /* silence until the client leaves */
};

struct script_header {
    char *name; /* lower case */
    char *value;
};

struct script {
    bool headless; /* nothing is sent, only the ending happens */
    int status;
    struct script_header headers[SCRIPT_HEADERS_MAX];
    size_t header_count;
    bool sized; /* send length as content-length */
    uint64_t length;
    uint64_t delay_ms; /* before the head */
    struct step *steps;
    size_t count;
    size_t cap;
    struct text bytes;
    enum ending ending;
};

/* A fresh script, gives: status 200, no headers, no steps, clean. */
struct script *script_new(void);

void script_free(struct script *script);

/* Sets a header, in place of one of that name; NULL takes it away. */
void script_header(struct script *script, const char *name, const char *value);

/* Appends a step with a copy of the bytes; nothing when len is 0. Returns its index. */
size_t script_add(struct script *script, enum step_kind kind, const char *ptr, size_t len);

/* Appends an event: "data: ", the text, an empty line. */
void script_add_event(struct script *script, enum step_kind kind, const char *text);

/* Appends len bytes of filler as repeated steps of at most 64 KiB. */
void script_add_fill(struct script *script, uint64_t len);

/* Drops all steps and bytes. */
void script_clear(struct script *script);

/* Makes the head say the length of the steps as they are now. */
void script_size(struct script *script);

/* Keeps the role events and the first count output events; an unstreamed body keeps its first
 * half. */
void script_keep_output(struct script *script, uint64_t count);

/* Drops the [DONE] event. */
void script_drop_done(struct script *script);

/* Gives every step the pause. */
void script_pace(struct script *script, uint64_t delay_ms);

#endif
