/* signalboxctl key ... A secret is in the answer of `key create` and nowhere else. */
#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/render.h"
#include "signalbox/v1/key.pb-c.h"
#include "signalbox/v1/taxonomy.pb-c.h"

/* False after a complaint. */
static bool read_key(struct ctl *ctl, Signalbox__V1__Key *ret_key)
{
    const struct arguments *arguments = &ctl->arguments;
    unsigned role = 0, traffic_class = 0, *data_classes;
    int64_t life_ms = 0;

    if (!argument_text(arguments, "role")) {
        ctl_fail(CTL_EXIT_USAGE, "--role is needed");
        return false;
    }
    if (!ctl_span(ctl, "expires-in", &life_ms) ||
        !ctl_word(ctl, "role", &signalbox__v1__role__descriptor, &role) ||
        !ctl_word(ctl, "default-traffic-class", &signalbox__v1__traffic_class__descriptor,
                  &traffic_class) ||
        !ctl_words(ctl, "default-data-class", &signalbox__v1__data_class__descriptor, &data_classes,
                   &ret_key->n_default_data_classes))
        return false;
    ret_key->role = (Signalbox__V1__Role)role;
    ret_key->default_traffic_class = (Signalbox__V1__TrafficClass)traffic_class;
    ret_key->default_data_classes = (Signalbox__V1__DataClass *)data_classes;
    ret_key->tenant = ctl_text(argument_text(arguments, "tenant"));
    ret_key->team = ctl_text(argument_text(arguments, "team"));
    ret_key->user = ctl_text(argument_text(arguments, "user"));
    ret_key->app = ctl_text(argument_text(arguments, "app"));
    ret_key->label = ctl_text(argument_text(arguments, "label"));
    ret_key->default_workload = ctl_text(argument_text(arguments, "default-workload"));
    ret_key->default_environment = ctl_text(argument_text(arguments, "default-environment"));
    ret_key->workloads = ctl_texts(ctl, "workload", &ret_key->n_workloads);
    ret_key->environments = ctl_texts(ctl, "environment", &ret_key->n_environments);
    ret_key->tenants = ctl_texts(ctl, "for-tenant", &ret_key->n_tenants);
    ret_key->expires_unix_ms = life_ms ? clock_unix_ms() + life_ms : 0;
    return true;
}

static void print_key(struct ctl *ctl, const char *title, const Signalbox__V1__Key *key)
{
    render_group(title, &key->base,
                 "key_id role label tenant team user app workloads environments tenants "
                 "default_workload default_environment default_traffic_class default_data_classes "
                 "created_unix_ms expires_unix_ms revoked_unix_ms",
                 &ctl->arena, &ctl->out);
}

int command_key_create(struct ctl *ctl)
{
    Signalbox__V1__CreateKeyRequest request;
    const Signalbox__V1__CreateKeyResponse *answer;
    ProtobufCMessage *reply;
    Signalbox__V1__Key key;
    int code;

    signalbox__v1__create_key_request__init(&request);
    signalbox__v1__key__init(&key);
    if (!read_key(ctl, &key))
        return CTL_EXIT_USAGE;
    request.key = &key;
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__create_key_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json) {
        ctl_print_json(ctl, reply);
        return CTL_EXIT_OK;
    }
    buf_format(&ctl->out, "%s\n", answer->secret);
    buf_put_text(&ctl->out,
                 "The line above is the secret. It is shown this once and kept nowhere.\n");
    if (answer->key)
        print_key(ctl, "Key", answer->key);
    return CTL_EXIT_OK;
}

static void
add_field(struct ctl *ctl, struct table *table, const Signalbox__V1__Key *key, const char *name)
{
    table_add(table, render_field(&key->base,
                                  protobuf_c_message_descriptor_get_field_by_name(
                                      &signalbox__v1__key__descriptor, name),
                                  &ctl->arena));
}

int command_key_list(struct ctl *ctl)
{
    static const char *const titles[] = {"KEY",     "ROLE",    "TENANT",  "APP",   "WORKLOADS",
                                         "CREATED", "EXPIRES", "REVOKED", "LABEL", NULL};
    static const char *const names[] = {"key_id",
                                        "role",
                                        "tenant",
                                        "app",
                                        "workloads",
                                        "created_unix_ms",
                                        "expires_unix_ms",
                                        "revoked_unix_ms",
                                        "label"};
    Signalbox__V1__ListKeysRequest request;
    const Signalbox__V1__ListKeysResponse *all;
    ProtobufCMessage *reply;
    struct table table;
    int code;

    signalbox__v1__list_keys_request__init(&request);
    code = ctl_call_pages(ctl, ctl->arguments.command->method, &request.base,
                          &signalbox__v1__list_keys_response__descriptor, 0, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    all = (const void *)reply;
    if (ctl->json) {
        ctl_print_json(ctl, reply);
        return CTL_EXIT_OK;
    }
    table_init(&table, &ctl->arena, titles);
    for (size_t i = 0; i < all->n_keys; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            add_field(ctl, &table, all->keys[i], names[k]);
    if (all->n_keys)
        table_print(&table, &ctl->out);
    else
        buf_put_text(&ctl->out, "no keys\n");
    return CTL_EXIT_OK;
}

int command_key_revoke(struct ctl *ctl)
{
    Signalbox__V1__RevokeKeyRequest request;
    const Signalbox__V1__RevokeKeyResponse *answer;
    ProtobufCMessage *reply;
    int code;

    signalbox__v1__revoke_key_request__init(&request);
    request.key_id = ctl_text(ctl->arguments.operands[0]);
    code = ctl_call(ctl, ctl->arguments.command->method, &request.base,
                    &signalbox__v1__revoke_key_response__descriptor, &reply);
    if (code != CTL_EXIT_OK)
        return code;
    answer = (const void *)reply;
    if (ctl->json)
        ctl_print_json(ctl, reply);
    else if (answer->key)
        print_key(ctl, "Revoked", answer->key);
    return CTL_EXIT_OK;
}
