/* See script.h. Steps hold offsets, so that the bytes may grow while the script is written. */
#include "script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define FILL_BYTES ((uint64_t)64 * 1024)

struct script *script_new(void)
{
    struct script *fresh = memory_new(sizeof *fresh);
    fresh->status = 200;
    fresh->ending = ENDING_CLEAN;
    return fresh;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    for (size_t i = 0; i < script->header_count; i++) {
        free(script->headers[i].name);
        free(script->headers[i].value);
    }
    free(script->steps);
    text_done(&script->bytes);
    free(script);
}

static void drop_header(struct script *script, const char *name)
{
    for (size_t i = 0; i < script->header_count; i++) {
        if (strcasecmp(script->headers[i].name, name) != 0)
            continue;
        free(script->headers[i].name);
        free(script->headers[i].value);
        script->headers[i] = script->headers[--script->header_count];
        return;
    }
}

void script_header(struct script *script, const char *name, const char *value)
{
    drop_header(script, name);
    if (!value || script->header_count == SCRIPT_HEADERS_MAX)
        return;
    struct script_header *header = &script->headers[script->header_count++];
    *header = (struct script_header){memory_copy(name), memory_copy(value)};
    for (char *c = header->name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static size_t add_step(struct script *script, struct step step)
{
    if (script->count == script->cap) {
        script->cap = script->cap ? script->cap * 2 : 16;
        script->steps = memory_resize(script->steps, script->cap * sizeof *script->steps);
    }
    script->steps[script->count] = step;
    return script->count++;
}

size_t script_add(struct script *script, enum step_kind kind, const char *ptr, size_t len)
{
    if (!len)
        return script->count;
    struct step step = {.kind = kind, .offset = script->bytes.len, .len = len, .repeat = 1};
    text_add(&script->bytes, ptr, len);
    return add_step(script, step);
}

void script_add_event(struct script *script, enum step_kind kind, const char *text)
{
    size_t offset = script->bytes.len;
    text_add_format(&script->bytes, "data: %s\n\n", text);
    add_step(script,
             (struct step){
                 .kind = kind, .offset = offset, .len = script->bytes.len - offset, .repeat = 1});
}

void script_add_fill(struct script *script, uint64_t len)
{
    size_t offset = script->bytes.len;
    size_t block = (size_t)(len < FILL_BYTES ? len : FILL_BYTES);
    text_add_fill(&script->bytes, 'x', block);
    if (len >= FILL_BYTES)
        add_step(script, (struct step){.kind = STEP_KIND_BODY,
                                       .offset = offset,
                                       .len = block,
                                       .repeat = len / FILL_BYTES});
    if (len % FILL_BYTES)
        add_step(script, (struct step){.kind = STEP_KIND_BODY,
                                       .offset = offset,
                                       .len = (size_t)(len % FILL_BYTES),
                                       .repeat = 1});
}

void script_clear(struct script *script)
{
    script->count = 0;
    text_done(&script->bytes);
}

void script_size(struct script *script)
{
    script->sized = true;
    script->length = 0;
    for (size_t i = 0; i < script->count; i++)
        script->length += script->steps[i].len * script->steps[i].repeat;
}

static bool streamed(const struct script *script)
{
    return script->count > 0 && script->steps[0].kind != STEP_KIND_BODY;
}

void script_keep_output(struct script *script, uint64_t count)
{
    if (!streamed(script)) {
        script->count = script->count > 0;
        if (script->count)
            script->steps[0].len = (script->steps[0].len + 1) / 2;
        return;
    }
    size_t kept = 0;
    uint64_t output = 0;
    for (size_t i = 0; i < script->count; i++) {
        enum step_kind kind = script->steps[i].kind;
        if (kind == STEP_KIND_ROLE || (kind == STEP_KIND_OUTPUT && output++ < count))
            script->steps[kept++] = script->steps[i];
    }
    script->count = kept;
}

void script_drop_done(struct script *script)
{
    if (script->count && script->steps[script->count - 1].kind == STEP_KIND_DONE)
        script->count--;
}

void script_pace(struct script *script, uint64_t delay_ms)
{
    for (size_t i = 0; i < script->count; i++)
        script->steps[i].delay_ms = delay_ms;
}
