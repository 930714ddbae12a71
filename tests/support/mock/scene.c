/* See scene.h. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "fault.h"
#include "stream.h"

#define CHUNKS_DEFAULT 2

void scene_render(struct scene *scene, struct answer *answer)
{
    if (scene->question->stream)
        stream_write(answer, &scene->identity, scene->question->include_usage, scene->script);
    else
        completion_write(answer, &scene->identity, scene->script);
    answer_done(answer);
}

void scene_answer(struct scene *scene, uint64_t pieces_min)
{
    struct answer answer;
    answer_compose(scene->question, (struct answer_wish){.pieces_min = pieces_min}, &answer);
    scene_render(scene, &answer);
}

uint64_t scene_chunks(const struct scene *scene)
{
    return instruction_or(scene->instruction->chunks, CHUNKS_DEFAULT);
}

/* An error row, with the parts that the instruction gives instead of the table's. */
static void write_error(struct scene *scene)
{
    const struct instruction *told = scene->instruction;
    struct script *script = scene->script;
    fault_write(told->row, scene->question->model, script);
    if (told->status != INSTRUCTION_UNSET)
        script->status = (int)told->status;
    if (told->body) {
        script_clear(script);
        script_add(script, STEP_KIND_BODY, told->body, strlen(told->body));
        script_size(script);
    }
}

/* The headers a provider sends with everything; a 429 says that nothing remains. */
static void write_headers(struct script *script, const char *id)
{
    bool limited = script->status == 429;
    script_header(script, "x-request-id", id);
    script_header(script, "openai-processing-ms", "1");
    script_header(script, "openai-version", "2020-10-01");
    script_header(script, "x-ratelimit-limit-requests", "500");
    script_header(script, "x-ratelimit-remaining-requests", limited ? "0" : "499");
    script_header(script, "x-ratelimit-reset-requests", limited ? "1s" : "120ms");
}

static void apply_told_headers(const struct instruction *told, struct script *script)
{
    if (told->retry_after)
        script_header(script, "retry-after", *told->retry_after ? told->retry_after : NULL);
    const char *name;
    json_t *value;
    json_object_foreach(told->headers, name, value)
        script_header(script, name, json_string_value(value));
}

struct script *scene_write(const struct question *question,
                           const struct instruction *instruction,
                           uint64_t sequence)
{
    struct scene scene = {question, instruction, {.created_s = clock_unix_ms() / 1000}, NULL};
    snprintf(scene.identity.id, sizeof scene.identity.id, "chatcmpl-mock%llu",
             (unsigned long long)sequence);
    char id[40];
    snprintf(id, sizeof id, "req_mock%llu", (unsigned long long)sequence);
    scene.script = script_new();
    if (instruction->row->make)
        instruction->row->make(&scene);
    else
        write_error(&scene);
    write_headers(scene.script, id);
    apply_told_headers(instruction, scene.script);
    bool first_chunk = instruction->row->number == BEHAVIOUR_SLOW_FIRST_CHUNK;
    if (instruction->delay_ms != INSTRUCTION_UNSET && !first_chunk)
        scene.script->delay_ms = (uint64_t)instruction->delay_ms;
    if (instruction->chunk_delay_ms != INSTRUCTION_UNSET && !first_chunk)
        script_pace(scene.script, (uint64_t)instruction->chunk_delay_ms);
    return scene.script;
}
