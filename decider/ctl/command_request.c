/* signalboxctl request show, replay, feedback. */
#include "ctl/ctl.h"
#include "ctl/display.h"
#include "ctl/record.h"
#include "ctl/render.h"
#include "ctl/word.h"
#include "signalbox/v1/history.pb-c.h"
#include "signalbox/v1/taxonomy.pb-c.h"

/* The id that is asked for, "" for --last; NULL after a complaint. */
static const char *which(const struct ctl *ctl)
{
    const char *id = ctl->arguments.operands_count ? ctl->arguments.operands[0] : NULL;
    bool last = argument_flag(&ctl->arguments, "last");

    if (!id == !last) {
        ctl_fail(CTL_EXIT_USAGE, "%s: an ID, or --last", ctl->arguments.command->words);
        return NULL;
    }
    return id ? id : "";
}

int command_request_show(struct ctl *ctl)
{
    Signalbox__V1__GetRequestRequest request;
    const Signalbox__V1__GetRequestResponse *answer;
    const char *id = which(ctl);
    ProtobufCMessage *reply;
    int code;

    if (!id)
        return CTL_EXIT_USAGE;
    signalbox__v1__get_request_request__init(&request);
    request.request_id = ctl_text(id);
    request.tenant = ctl_text(argument_text(&ctl->arguments, "tenant"));
    request.want_decisions = !ctl->json; /* for the gates that refused */
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__get_request_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json || !answer->record)
        ctl_print_json(ctl, reply);
    else
        record_print(answer->record, answer->decisions, answer->n_decisions, &ctl->arena,
                     &ctl->out);
    return CTL_EXIT_OK;
}

static void print_replay(struct ctl *ctl, const Signalbox__V1__ReplayRequestResponse *answer)
{
    static const char *const titles[] = {"BOUNDARY>", "RESULT", "FIELD", "STORED", "AGAIN", NULL};
    struct table table;

    buf_put_text(&ctl->out, "request ");
    display_put(slice_of(answer->request_id), false, &ctl->out);
    buf_format(&ctl->out, "  %s\n\n", answer->same ? "the same, bit for bit" : "DIFFERENT");
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < answer->n_boundaries; i++) {
        const Signalbox__V1__ReplayedBoundary *boundary = answer->boundaries[i];
        size_t lines = boundary->n_differences ? boundary->n_differences : 1;

        for (size_t k = 0; k < lines; k++) {
            const Signalbox__V1__RecordChange *change =
                boundary->n_differences ? boundary->differences[k] : NULL;

            table_add_format(&table, "%u", boundary->boundary);
            table_add_text(&table, boundary->skipped ? "skipped"
                                   : boundary->same  ? "same"
                                                     : "different");
            table_add_text(&table, change ? change->field : "");
            table_add_text(&table, change ? change->primary : "");
            table_add_text(&table, change ? change->selected : "");
        }
    }
    if (answer->n_boundaries)
        table_print(&table, &ctl->out);
}

int command_replay(struct ctl *ctl)
{
    Signalbox__V1__ReplayRequestRequest request;
    const Signalbox__V1__ReplayRequestResponse *answer;
    const char *id = which(ctl);
    ProtobufCMessage *reply;
    int code;

    if (!id)
        return CTL_EXIT_USAGE;
    signalbox__v1__replay_request_request__init(&request);
    request.request_id = ctl_text(id);
    request.tenant = ctl_text(argument_text(&ctl->arguments, "tenant"));
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__replay_request_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        print_replay(ctl, answer);
    return answer->same ? CTL_EXIT_OK : CTL_EXIT_NO;
}

int command_feedback(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    const char *opinion = arguments->operands[1];
    unsigned feedback = word_parse(&signalbox__v1__feedback__descriptor, slice_of(opinion));
    Signalbox__V1__SubmitFeedbackRequest request;
    ProtobufCMessage *reply;
    int code;

    if (!feedback)
        return ctl_fail(CTL_EXIT_USAGE, "feedback: \"%s\" is neither positive nor negative",
                        opinion);
    signalbox__v1__submit_feedback_request__init(&request);
    request.request_id = ctl_text(arguments->operands[0]);
    request.feedback = (Signalbox__V1__Feedback)feedback;
    request.tenant = ctl_text(argument_text(arguments, "tenant"));
    request.source = ctl_text(argument_text(arguments, "source"));
    request.comment = ctl_text(argument_text(arguments, "comment"));
    code = ctl_call(ctl, arguments->command->method, &request.base,
                    &signalbox__v1__submit_feedback_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        buf_format(&ctl->out, "noted: %s\n", WORD(feedback, feedback));
    return CTL_EXIT_OK;
}
