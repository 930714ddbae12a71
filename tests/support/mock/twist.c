/* Makers of behaviour.def that send a whole response, good or wrong in itself. */
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "memory.h"
#include "scene.h"

#define HUGE_BODY_BYTES  ((uint64_t)16 * 1024 * 1024)
#define HUGE_CHUNK_BYTES ((uint64_t)4 * 1024 * 1024)
#define HUGE_PIECE_BYTES ((size_t)16 * 1024)
/* A control character would be escaped and a word might be the model's name: this is neither. */
#define FILLER_MARK                                                                                \
    "\x7f"                                                                                         \
    "filler"                                                                                       \
    "\x7f"

static void compose(struct scene *scene, uint64_t pieces_min, struct answer *ret_answer)
{
    answer_compose(scene->question, (struct answer_wish){.pieces_min = pieces_min}, ret_answer);
}

/* The body of an error event or object: as told, or the table's server_error. */
static char *error_text(const struct scene *scene)
{
    const struct behaviour_row *row = behaviour_row_of(BEHAVIOUR_SERVER_ERROR);
    if (scene->instruction->body)
        return memory_copy(scene->instruction->body);
    json_t *object = json_pack("{s:{s:s, s:s, s:n, s:s}}", "error", "message", row->message, "type",
                               row->type, "param", "code", row->code);
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    must(text != NULL);
    return text;
}

static void replace_body(struct scene *scene, const char *text)
{
    script_clear(scene->script);
    script_add(scene->script, STEP_KIND_BODY, text, strlen(text));
    script_size(scene->script);
}

void scene_make_ok(struct scene *scene)
{
    scene_answer(scene, instruction_or(scene->instruction->chunks, 0));
}

void scene_make_status(struct scene *scene)
{
    const struct instruction *told = scene->instruction;
    char *body = told->body ? memory_copy(told->body)
                            : fault_json("Told to answer so.", "mock_error", NULL, NULL);
    script_header(scene->script, "content-type", "application/json");
    replace_body(scene, body);
    scene->script->status = (int)instruction_or(told->status, 500);
    free(body);
}

void scene_make_slow_first_byte(struct scene *scene)
{
    scene_make_ok(scene);
    scene->script->delay_ms = 1000;
}

void scene_make_slow_first_chunk(struct scene *scene)
{
    scene_make_ok(scene);
    script_pace(scene->script, instruction_or(scene->instruction->chunk_delay_ms, 0));
    scene->script->steps[0].delay_ms = instruction_or(scene->instruction->delay_ms, 1000);
}

void scene_make_slow_chunks(struct scene *scene)
{
    scene_make_ok(scene);
    script_pace(scene->script, 200);
}

void scene_make_error_first(struct scene *scene)
{
    char *text = error_text(scene);
    scene_answer(scene, 0);
    script_clear(scene->script);
    if (scene->question->stream)
        script_add_event(scene->script, STEP_KIND_EVENT, text);
    else
        replace_body(scene, text);
    free(text);
}

void scene_make_error_after_output(struct scene *scene)
{
    if (!scene->question->stream) {
        scene_make_error_first(scene);
        return;
    }
    char *text = error_text(scene);
    scene_answer(scene, scene_chunks(scene) + 1);
    script_keep_output(scene->script, scene_chunks(scene));
    script_add_event(scene->script, STEP_KIND_EVENT, text);
    free(text);
}

void scene_make_html_200(struct scene *scene)
{
    fault_write_html("Sign in", scene->script);
}

void scene_make_empty_200(struct scene *scene)
{
    scene_answer(scene, 0);
    script_clear(scene->script);
    script_size(scene->script);
}

void scene_make_empty_choices(struct scene *scene)
{
    struct answer answer;
    compose(scene, 0, &answer);
    answer_silence(&answer, "stop");
    answer.count = 0;
    if (scene->question->stream) {
        json_t *empty =
            json_pack("{s:s, s:s, s:I, s:s, s:[]}", "id", scene->identity.id, "object",
                      "chat.completion.chunk", "created", (json_int_t)scene->identity.created_s,
                      "model", answer.model, "choices");
        char *text = json_dumps(empty, JSON_COMPACT);
        json_decref(empty);
        must(text != NULL);
        script_add_event(scene->script, STEP_KIND_EVENT, text);
        free(text);
    }
    scene_render(scene, &answer);
}

void scene_make_wrong_content_type(struct scene *scene)
{
    scene_make_ok(scene);
    script_header(scene->script, "content-type", "text/plain; charset=utf-8");
}

void scene_make_other_model(struct scene *scene)
{
    const char *name = scene->instruction->as_model;
    struct answer answer;
    answer_compose(scene->question, (struct answer_wish){.model = name ? name : "mock-other-model"},
                   &answer);
    scene_render(scene, &answer);
}

void scene_make_refusal(struct scene *scene)
{
    struct answer answer;
    compose(scene, 0, &answer);
    answer_refuse(&answer, "I'm sorry, I can't assist with that request.");
    scene_render(scene, &answer);
}

void scene_make_content_filter(struct scene *scene)
{
    struct answer answer;
    compose(scene, 0, &answer);
    answer_silence(&answer, "content_filter");
    scene_render(scene, &answer);
}

void scene_make_empty_content(struct scene *scene)
{
    struct answer answer;
    compose(scene, 0, &answer);
    answer_silence(&answer, "stop");
    scene_render(scene, &answer);
}

/* Streamed and not: the plain answer, of exactly that many pieces, then the filter. */
void scene_make_content_filter_after_output(struct scene *scene)
{
    struct question capped = *scene->question;
    capped.tokens_max = (int64_t)scene_chunks(scene);
    struct answer answer;
    answer_compose(&capped, (struct answer_wish){.pieces_min = scene_chunks(scene) + 1}, &answer);
    for (size_t i = 0; i < answer.count; i++)
        answer.choices[i].finish_reason = "content_filter";
    scene_render(scene, &answer);
}

/* Appends a step whose text has the filler in place of the mark: as parts of one body or event,
 * or as a modest event over and over. */
static void add_filled(struct script *script,
                       const struct step *step,
                       const char *ptr,
                       const char *at,
                       uint64_t bytes)
{
    size_t before = (size_t)(at - ptr), after = before + sizeof FILLER_MARK - 1;
    script_add(script, STEP_KIND_BODY, ptr, before);
    script_add_fill(script, bytes);
    script_add(script, step->kind, ptr + after, step->len - after);
}

static void add_repeated(struct script *script,
                         const struct step *step,
                         const char *ptr,
                         const char *at,
                         uint64_t bytes)
{
    size_t before = (size_t)(at - ptr), after = before + sizeof FILLER_MARK - 1;
    struct text event = {0};
    text_add(&event, ptr, before);
    text_add_fill(&event, 'x', HUGE_PIECE_BYTES);
    text_add(&event, ptr + after, step->len - after);
    size_t added = script_add(script, step->kind, event.ptr, event.len);
    script->steps[added].repeat = bytes / HUGE_PIECE_BYTES + 1;
    text_done(&event);
}

/* Writes an answer whose content is a mark, then copies it with the filler where the mark is. */
static void render_filled(struct scene *scene, uint64_t bytes, bool repeat)
{
    struct scene draft = *scene;
    draft.script = script_new();
    struct answer answer;
    compose(scene, 0, &answer);
    answer_silence(&answer, "stop");
    free(answer.choices[0].content);
    answer.choices[0].content = memory_copy(FILLER_MARK);
    scene_render(&draft, &answer);
    for (size_t i = 0; i < draft.script->header_count; i++)
        script_header(scene->script, draft.script->headers[i].name, draft.script->headers[i].value);
    for (size_t i = 0; i < draft.script->count; i++) {
        const struct step *step = &draft.script->steps[i];
        const char *ptr = draft.script->bytes.ptr + step->offset;
        const char *at = memmem(ptr, step->len, FILLER_MARK, sizeof FILLER_MARK - 1);
        if (!at)
            script_add(scene->script, step->kind, ptr, step->len);
        else if (repeat)
            add_repeated(scene->script, step, ptr, at, bytes);
        else
            add_filled(scene->script, step, ptr, at, bytes);
    }
    if (draft.script->sized)
        script_size(scene->script);
    script_free(draft.script);
}

void scene_make_huge_body(struct scene *scene)
{
    render_filled(scene, instruction_or(scene->instruction->bytes, HUGE_BODY_BYTES),
                  scene->question->stream);
}

void scene_make_huge_chunk(struct scene *scene)
{
    render_filled(scene, instruction_or(scene->instruction->bytes, HUGE_CHUNK_BYTES), false);
}
