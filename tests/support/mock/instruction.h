/* One behaviour with its parameters: what a rule carries and what a request is answered by.
 *
 * Immutable once made and counted by reference, so that a request keeps the one it began with
 * while an admin call replaces the rule. Any thread. */
#ifndef MOCK_INSTRUCTION_H
#define MOCK_INSTRUCTION_H

#include <stdatomic.h>
#include <stdint.h>

#include <jansson.h>

#include "behaviour.h"

#define INSTRUCTION_UNSET      (-1)
#define INSTRUCTION_MS_MAX     (60 * 60 * 1000)
#define INSTRUCTION_CHUNKS_MAX 1000000
#define INSTRUCTION_BYTES_MAX  (4LL * 1024 * 1024 * 1024)

struct instruction {
    atomic_uint references;
    const struct behaviour_row *row;
    /* INSTRUCTION_UNSET or NULL: the behaviour's own default. */
    int64_t status;
    int64_t delay_ms;
    int64_t chunks;
    int64_t chunk_delay_ms;
    int64_t bytes;
    char *body;
    char *retry_after; /* "" takes the header away */
    char *as_model;
    json_t *headers; /* object of texts, replaces or adds; null takes a header away */
};

/* A plain instruction, gives. */
struct instruction *instruction_new(enum behaviour behaviour);

/* Reads {"behaviour": name, "status": ..., ...}; "model" and "times" belong to the caller and
 * are passed over. Gives, or NULL with a static sentence in reterr_why. */
struct instruction *instruction_parse(const json_t *object, const char **reterr_why);

/* Reads "name[,parameter=value...]" with the same parameters but headers; gives or NULL. */
struct instruction *instruction_parse_suffix(const char *text);

/* The instruction as instruction_parse() reads it; gives. */
json_t *instruction_json(const struct instruction *instruction);

/* value, or otherwise when it is unset. */
uint64_t instruction_or(int64_t value, uint64_t otherwise);

struct instruction *instruction_ref(struct instruction *instruction);

void instruction_unref(struct instruction *instruction);

#endif
