/* signalboxctl catalog ... A review and a publication are the same call; the review stores nothing
 * and names the version that it was made against, so that what is published is what was reviewed.
 */
#include "ctl/diagnostic.h"
#include "ctl/display.h"
#include "ctl/show.h"

static int
call(struct ctl *ctl, bool review_only, const Signalbox__V1__PublishCatalogResponse **ret_answer)
{
    const char *path = ctl->arguments.operands[0];
    Signalbox__V1__PublishCatalogRequest request;
    ProtobufCMessage *reply = NULL;
    struct slice document = {NULL, 0};
    int code;

    signalbox__v1__publish_catalog_request__init(&request);
    request.review_only = review_only;
    if (!review_only) {
        if (!ctl_count_within(ctl, "expect-version", UINT32_MAX, &request.expected_version))
            return CTL_EXIT_USAGE;
        request.write_id = ctl_text(argument_text(&ctl->arguments, "write-id"));
    }
    code = ctl_read_file(ctl, path, &document);
    if (code != CTL_EXIT_OK)
        return code;
    request.document = ctl_text(document.ptr);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__publish_catalog_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    *ret_answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    return CTL_EXIT_OK;
}

int command_catalog_review(struct ctl *ctl)
{
    const Signalbox__V1__PublishCatalogResponse *answer = NULL;
    int code = call(ctl, true, &answer);

    if (code != CTL_EXIT_OK)
        return code;
    code = diagnostic_exit(answer->diagnostics, answer->n_diagnostics);
    if (ctl->json)
        return code;
    if (code == CTL_EXIT_OK || answer->n_changes)
        show_catalog_changes(ctl, answer);
    if (answer->n_diagnostics && answer->n_changes)
        buf_put_text(&ctl->out, "\n");
    diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
    if (code != CTL_EXIT_OK)
        return code;
    buf_format(&ctl->out, "%u routes, %u models; active policies to compile anew: %u\n",
               answer->routes, answer->models, answer->policies);
    buf_put_text(&ctl->out, "Nothing was stored. To publish what was reviewed:\n  signalboxctl "
                            "catalog publish ");
    display_put(slice_of(ctl->arguments.operands[0]), false, &ctl->out);
    if (answer->compared_version)
        buf_format(&ctl->out, " --expect-version %u", answer->compared_version);
    buf_put_text(&ctl->out, "\n");
    return CTL_EXIT_OK;
}

int command_catalog_publish(struct ctl *ctl)
{
    const Signalbox__V1__PublishCatalogResponse *answer = NULL;
    int code = call(ctl, false, &answer);

    if (code != CTL_EXIT_OK)
        return code;
    if (!ctl->json)
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
    if (!answer->version)
        return CTL_EXIT_DOCUMENT;
    if (ctl->json)
        return CTL_EXIT_OK;
    if (answer->compared_version)
        show_catalog_changes(ctl, answer);
    buf_format(&ctl->out,
               "published: catalog %u: %u routes, %u models; active policies compiled anew: %u\n",
               answer->version, answer->routes, answer->models, answer->policies);
    return CTL_EXIT_OK;
}

int command_catalog_show(struct ctl *ctl)
{
    Signalbox__V1__GetCatalogRequest request;
    const Signalbox__V1__GetCatalogResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__get_catalog_request__init(&request);
    if (!ctl_version(ctl->arguments.operands[0], &request.version))
        return CTL_EXIT_USAGE;
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__get_catalog_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else {
        /* The document alone, so that it can be edited and published again. */
        display_put(slice_of(answer->document), true, &ctl->out);
        if (!*answer->document || answer->document[strlen(answer->document) - 1] != '\n')
            buf_put_text(&ctl->out, "\n");
    }
    return CTL_EXIT_OK;
}
