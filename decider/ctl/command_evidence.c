/* signalboxctl evidence ... */
#include "base/clock.h"
#include "ctl/diagnostic.h"
#include "ctl/show.h"
#include "signalbox/v1/taxonomy.pb-c.h"

int command_evidence_put(struct ctl *ctl)
{
    Signalbox__V1__PutEvidenceRequest request;
    const Signalbox__V1__PutEvidenceResponse *answer;
    ProtobufCMessage *reply;
    struct slice document = {NULL, 0};
    int code = ctl_read_file(ctl, ctl->arguments.operands[0], &document);

    if (code != CTL_EXIT_OK)
        return code;
    signalbox__v1__put_evidence_request__init(&request);
    request.document = ctl_text(document.ptr);
    request.write_id = ctl_text(argument_text(&ctl->arguments, "write-id"));
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__put_evidence_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json) {
        ctl_print_json(ctl, reply);
    } else {
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
        if (answer->n_evidence)
            show_evidence_list(ctl, answer->evidence, answer->n_evidence, clock_unix_ms());
    }
    return answer->n_evidence ? CTL_EXIT_OK : CTL_EXIT_DOCUMENT;
}

int command_evidence_list(struct ctl *ctl)
{
    const struct arguments *arguments = &ctl->arguments;
    const char *workload = argument_text(arguments, "workload");
    const char *environment = argument_text(arguments, "environment");
    Signalbox__V1__ListEvidenceRequest request;
    const Signalbox__V1__ListEvidenceResponse *answer;
    ProtobufCMessage *reply;
    unsigned kind = 0;
    int code;

    if (!workload != !environment)
        return ctl_fail(CTL_EXIT_USAGE, "%s: --workload and --environment, or neither",
                        arguments->command->words);
    if (!ctl_word(ctl, "kind", &signalbox__v1__evidence_kind__descriptor, &kind))
        return CTL_EXIT_USAGE;
    signalbox__v1__list_evidence_request__init(&request);
    request.workload = ctl_text(workload);
    request.environment = ctl_text(environment);
    request.kind = (Signalbox__V1__EvidenceKind)kind;
    request.want_revoked = argument_flag(arguments, "revoked");
    code = ctl_call_pages(ctl, arguments->command->method, &request.base,
                          &signalbox__v1__list_evidence_response__descriptor, 0, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        show_evidence_list(ctl, answer->evidence, answer->n_evidence, clock_unix_ms());
    return CTL_EXIT_OK;
}

int command_evidence_show(struct ctl *ctl)
{
    Signalbox__V1__GetEvidenceRequest request;
    const Signalbox__V1__GetEvidenceResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__get_evidence_request__init(&request);
    request.evidence_id = ctl_text(ctl->arguments.operands[0]);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__get_evidence_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json || !answer->evidence)
        ctl_print_json(ctl, reply);
    else
        show_evidence(ctl, answer->evidence, clock_unix_ms());
    return CTL_EXIT_OK;
}

int command_evidence_revoke(struct ctl *ctl)
{
    Signalbox__V1__RevokeEvidenceRequest request;
    Signalbox__V1__RevokeEvidenceResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__revoke_evidence_request__init(&request);
    request.evidence_id = ctl_text(ctl->arguments.operands[0]);
    request.write_id = ctl_text(argument_text(&ctl->arguments, "write-id"));
    if (!ctl_needed(ctl, "reason", &request.reason))
        return CTL_EXIT_USAGE;
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__revoke_evidence_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (void *)reply;
    if (ctl->json || !answer->evidence)
        ctl_print_json(ctl, reply);
    else
        show_evidence_list(ctl, &answer->evidence, 1, clock_unix_ms());
    return CTL_EXIT_OK;
}
