/* Makers of behaviour.def whose response does not arrive, stops, or breaks off. */
#include <string.h>

#include "scene.h"

/* A good answer of which k chunks are kept, and then that ending. */
static void keep_and_end(struct scene *scene, uint64_t chunks, enum ending ending)
{
    scene_answer(scene, chunks + 1);
    script_keep_output(scene->script, chunks);
    scene->script->ending = ending;
}

/* Only the head, which promises the whole answer, and then that ending. */
static void head_and_end(struct scene *scene, enum ending ending)
{
    scene_answer(scene, 0);
    scene->script->count = 0;
    scene->script->ending = ending;
}

static void end_without_head(struct scene *scene, enum ending ending)
{
    scene->script->headless = true;
    scene->script->ending = ending;
}

void scene_make_reset(struct scene *scene)
{
    end_without_head(scene, ENDING_RESET);
}

void scene_make_hang(struct scene *scene)
{
    end_without_head(scene, ENDING_HOLD);
}

void scene_make_cut_before_headers(struct scene *scene)
{
    end_without_head(scene, ENDING_CUT);
}

void scene_make_hang_after_headers(struct scene *scene)
{
    head_and_end(scene, ENDING_HOLD);
}

void scene_make_cut_after_headers(struct scene *scene)
{
    head_and_end(scene, ENDING_CUT);
}

void scene_make_hang_after_chunks(struct scene *scene)
{
    keep_and_end(scene, scene_chunks(scene), ENDING_HOLD);
}

void scene_make_cut_after_chunks(struct scene *scene)
{
    keep_and_end(scene, scene_chunks(scene), ENDING_CUT);
}

void scene_make_role_only_then_cut(struct scene *scene)
{
    if (scene->question->stream)
        keep_and_end(scene, 0, ENDING_CUT);
    else
        head_and_end(scene, ENDING_CUT);
}

void scene_make_cut_in_tool_call(struct scene *scene)
{
    static const char member[] = "\"arguments\":\"";
    struct script *script = scene->script;
    struct answer answer;
    answer_compose(scene->question, (struct answer_wish){.tool_call = true}, &answer);
    scene_render(scene, &answer);
    script->ending = ENDING_CUT;
    if (scene->question->stream) {
        script_keep_output(script, scene_chunks(scene));
        return;
    }
    const char *at = strstr(script->bytes.ptr, member);
    script->steps[0].len = (size_t)(at - script->bytes.ptr) + sizeof member + 1;
}

void scene_make_malformed_chunk(struct scene *scene)
{
    if (!scene->question->stream) {
        scene_make_malformed_json(scene);
        return;
    }
    keep_and_end(scene, scene_chunks(scene), ENDING_CLEAN);
    script_add_event(scene->script, STEP_KIND_EVENT,
                     "{\"id\":\"chatcmpl-mock\",\"choices\":[{\"index\":0,\"delta\":{\"cont");
    script_add_event(scene->script, STEP_KIND_DONE, "[DONE]");
}

/* A body that breaks off but whose length is what the head says; streamed: the first event. */
void scene_make_malformed_json(struct scene *scene)
{
    if (scene->question->stream) {
        keep_and_end(scene, 0, ENDING_CLEAN);
        script_clear(scene->script);
        script_add_event(scene->script, STEP_KIND_EVENT,
                         "{\"id\":\"chatcmpl-mock\",\"choices\":[{");
        return;
    }
    keep_and_end(scene, 0, ENDING_CLEAN);
    script_size(scene->script);
}

void scene_make_missing_done(struct scene *scene)
{
    scene_answer(scene, instruction_or(scene->instruction->chunks, 0));
    script_drop_done(scene->script);
}

void scene_make_clean_early_end(struct scene *scene)
{
    keep_and_end(scene, scene_chunks(scene), ENDING_CLEAN);
    if (!scene->question->stream)
        script_size(scene->script);
}
