/* Streaming: a switch happens before output is visible, and streams mean the same on both routes.
 */
#include "engine/gate.h"

/* After visible output policy, entry and caller must all allow a restart. */
static bool check_before_output(struct gate_input *input)
{
    bool restart = input->question->policy->restart_after_partial_output &&
                   input->entry->allow_after_partial_output && input->question->facts->can_restart;

    return gate_find(
        input, GATE_STREAMING,
        &(struct gate_finding){
            .check = "before_output",
            .verdict = gate_verdict(!input->output_visible || restart),
            .found = trace_word(input->output_visible ? "output is visible" : "no output"),
            .needed = trace_word(restart ? "restart is allowed" : "no output"),
        });
}

static bool check_semantics(struct gate_input *input)
{
    bool stream = input->question->facts->stream;
    bool streams = set_has(input->route->capabilities, NEED_STREAMING);
    bool same_family = input->route->family == (uint32_t)input->question->facts->family;

    return gate_find(input, GATE_STREAMING,
                     &(struct gate_finding){
                         .check = "semantics",
                         .verdict = gate_verdict(same_family && (!stream || streams)),
                         .found = trace_word(streams ? "streams" : "does not stream"),
                         .needed = trace_word(stream ? "streams of the request's family"
                                                     : "answers of the request's family"),
                     });
}

bool gate_streaming_check(struct gate_input *input)
{
    bool passes = check_before_output(input);

    passes &= check_semantics(input);
    return passes;
}
