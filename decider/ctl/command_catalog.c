/* signalboxctl catalog ... */
#include "ctl/ctl.h"
#include "ctl/diagnostic.h"
#include "ctl/display.h"
#include "signalbox/v1/policy.pb-c.h"

int command_catalog_publish(struct ctl *ctl)
{
    Signalbox__V1__PublishCatalogRequest request;
    const Signalbox__V1__PublishCatalogResponse *answer;
    ProtobufCMessage *reply;
    struct slice document;
    int code = ctl_read_file(ctl, ctl->arguments.operands[0], &document);

    if (code != CTL_EXIT_OK)
        return code;
    signalbox__v1__publish_catalog_request__init(&request);
    request.document = ctl_text(document.ptr);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__publish_catalog_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else {
        diagnostic_print(ctl, answer->diagnostics, answer->n_diagnostics);
        if (answer->version)
            buf_format(&ctl->out,
                       "published: catalog %u: %u routes, %u models; active policies compiled "
                       "anew: %u\n",
                       answer->version, answer->routes, answer->models, answer->policies);
    }
    return answer->version ? CTL_EXIT_OK : CTL_EXIT_DOCUMENT;
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
