/* One request with what was told about it, and the script that answers it.
 *
 * The makers of behaviour.def build the script: twist.c those that change the answer, cut.c those
 * that break its transport. scene_write() runs the right one and applies what every behaviour
 * takes: pauses, Retry-After and headers. */
#ifndef MOCK_SCENE_H
#define MOCK_SCENE_H

#include "answer.h"
#include "completion.h"
#include "instruction.h"
#include "question.h"
#include "script.h"

struct scene {
    const struct question *question;
    const struct instruction *instruction;
    struct identity identity;
    struct script *script;
};

/* The script for the question; gives. */
struct script *scene_write(const struct question *question,
                           const struct instruction *instruction,
                           uint64_t sequence);

/* For the makers: writes a good answer of at least pieces_min pieces, streamed or not. */
void scene_answer(struct scene *scene, uint64_t pieces_min);

/* For the makers: writes this answer and frees what it owns. */
void scene_render(struct scene *scene, struct answer *answer);

/* For the makers: the instruction's chunks, 2 by default. */
uint64_t scene_chunks(const struct scene *scene);

#define T(NAME, number, name, maker, sentence) void scene_make_##maker(struct scene *scene);
#define E(...)
#include "behaviour.def"
#undef T
#undef E

#endif
