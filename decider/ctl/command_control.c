/* signalboxctl switch, pin. What a switch names depends on its scope: a policy; a policy and one of
 * its entries; or a route, account or provider. */
#include "base/clock.h"
#include "ctl/show.h"
#include "ctl/word.h"
#include "signalbox/v1/taxonomy.pb-c.h"

/* SCOPE NAME, or "entry" POLICY ENTRY, into the request. */
static bool read_switch(const struct ctl *ctl, Signalbox__V1__SetSwitchRequest *request)
{
    const char *const *operands = ctl->arguments.operands;
    unsigned scope = word_parse(&signalbox__v1__switch_scope__descriptor, slice_of(operands[0]));
    bool entry = scope == SIGNALBOX__V1__SWITCH_SCOPE__SWITCH_SCOPE_ENTRY;
    bool policy = scope == SIGNALBOX__V1__SWITCH_SCOPE__SWITCH_SCOPE_POLICY;

    if (!scope) {
        ctl_fail(CTL_EXIT_USAGE,
                 "%s: \"%s\" is none of: policy ID, entry ID ENTRY, route ID, account ID, "
                 "provider ID",
                 ctl->arguments.command->words, operands[0]);
        return false;
    }
    if (entry != (ctl->arguments.operands_count == 3)) {
        ctl_fail(CTL_EXIT_USAGE,
                 entry ? "%s entry: a policy's ID and its entry's name: the first route's id, "
                         "queue:NAME or default_response"
                       : "%s: one name behind the scope",
                 ctl->arguments.command->words);
        return false;
    }
    request->scope = (Signalbox__V1__SwitchScope)scope;
    request->policy_id = ctl_text(entry || policy ? operands[1] : NULL);
    request->name = ctl_text(entry ? operands[2] : policy ? NULL : operands[1]);
    return true;
}

static int set_switch(struct ctl *ctl, bool on)
{
    Signalbox__V1__SetSwitchRequest request;
    Signalbox__V1__SetSwitchResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__set_switch_request__init(&request);
    if (!read_switch(ctl, &request) || !ctl_needed(ctl, "reason", &request.reason))
        return CTL_EXIT_USAGE;
    request.on = on;
    request.etag = ctl_text(argument_text(&ctl->arguments, "etag"));
    request.write_id = ctl_text(argument_text(&ctl->arguments, "write-id"));
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__set_switch_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (void *)reply;
    if (ctl->json || !answer->switch_)
        ctl_print_json(ctl, reply);
    else
        show_switches(ctl, &answer->switch_, 1, clock_unix_ms());
    return CTL_EXIT_OK;
}

int command_switch_off(struct ctl *ctl)
{
    return set_switch(ctl, false);
}

int command_switch_on(struct ctl *ctl)
{
    return set_switch(ctl, true);
}

int command_switch_list(struct ctl *ctl)
{
    Signalbox__V1__ListSwitchesRequest request;
    const Signalbox__V1__ListSwitchesResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__list_switches_request__init(&request);
    code = ctl_call_pages(ctl, ctl->arguments.command->method, &request.base,
                          &signalbox__v1__list_switches_response__descriptor, 0, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        show_switches(ctl, answer->switches, answer->n_switches, clock_unix_ms());
    return CTL_EXIT_OK;
}

static int set_pin(struct ctl *ctl, const char *entry, int64_t life_ms)
{
    Signalbox__V1__SetPinRequest request;
    Signalbox__V1__SetPinResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__set_pin_request__init(&request);
    if (!ctl_needed(ctl, "reason", &request.reason))
        return CTL_EXIT_USAGE;
    request.policy_id = ctl_text(ctl->arguments.operands[0]);
    request.entry = ctl_text(entry);
    request.expires_unix_ms = life_ms ? clock_unix_ms() + life_ms : 0;
    request.etag = ctl_text(argument_text(&ctl->arguments, "etag"));
    request.write_id = ctl_text(argument_text(&ctl->arguments, "write-id"));
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__set_pin_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (void *)reply;
    if (ctl->json || !answer->pin)
        ctl_print_json(ctl, reply);
    else
        show_pins(ctl, &answer->pin, 1, clock_unix_ms());
    return CTL_EXIT_OK;
}

int command_pin_set(struct ctl *ctl)
{
    int64_t life_ms = 0;
    char *life;

    if (!ctl_needed(ctl, "for", &life) || !ctl_span(ctl, "for", &life_ms))
        return CTL_EXIT_USAGE;
    return set_pin(ctl, ctl->arguments.operands[1], life_ms);
}

int command_pin_remove(struct ctl *ctl)
{
    return set_pin(ctl, NULL, 0);
}

int command_pin_list(struct ctl *ctl)
{
    Signalbox__V1__ListPinsRequest request;
    const Signalbox__V1__ListPinsResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__list_pins_request__init(&request);
    code = ctl_call_pages(ctl, ctl->arguments.command->method, &request.base,
                          &signalbox__v1__list_pins_response__descriptor, 0, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else
        show_pins(ctl, answer->pins, answer->n_pins, clock_unix_ms());
    return CTL_EXIT_OK;
}
