/* Streaming: a switch happens before output is visible, and streams mean the same on both routes.
 */
#include "engine/gate.h"

/* After visible output policy, entry and caller must all allow a restart; and only a route starts
 * the output over: a queue or a default response never follows it. */
static bool check_before_output(struct gate_input *input)
{
    bool restart = input->route && input->question->policy->restart_after_partial_output &&
                   input->entry->allow_after_partial_output && input->question->facts->can_restart;

    return gate_find(
        input, &(struct gate_finding){
                   .check = CHECK_BEFORE_OUTPUT,
                   .verdict = gate_verdict(!input->output_visible || restart),
                   .found = trace_word(input->output_visible ? "output is visible" : "no output"),
                   .needed = trace_word(restart ? "restart is allowed" : "no output"),
               });
}

static bool check_semantics(struct gate_input *input)
{
    enum family asked = input->question->facts->family;
    enum family found = (enum family)input->route->family;
    bool stream = input->question->facts->stream;
    bool streams = set_has(input->route->capabilities, NEED_STREAMING);

    if (found != asked)
        return gate_find(input, &(struct gate_finding){
                                    .check = CHECK_SEMANTICS,
                                    .verdict = VERDICT_BLOCK,
                                    .found = trace_word(signalbox_family_name(found)),
                                    .needed = trace_word(signalbox_family_name(asked)),
                                });
    return gate_find(input, &(struct gate_finding){
                                .check = CHECK_SEMANTICS,
                                .verdict = gate_verdict(!stream || streams),
                                .found = trace_word(streams ? "streams" : "does not stream"),
                                .needed = trace_word(stream ? "streams" : "answers"),
                            });
}

bool gate_streaming_entry_check(struct gate_input *input)
{
    return check_before_output(input);
}

bool gate_streaming_check(struct gate_input *input)
{
    bool passes = gate_streaming_entry_check(input);

    passes &= check_semantics(input);
    return passes;
}
