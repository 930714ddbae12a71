/* The method table against the services of the protos, both ways, and who may call what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "rpc/method.h"
#include "signalbox/v1/decision.pb-c.h"
#include "signalbox/v1/history.pb-c.h"
#include "signalbox/v1/key.pb-c.h"
#include "signalbox/v1/policy.pb-c.h"

static const ProtobufCServiceDescriptor *const services[] = {
    &signalbox__v1__decision_service__descriptor,
    &signalbox__v1__policy_service__descriptor,
    &signalbox__v1__key_service__descriptor,
    &signalbox__v1__history_service__descriptor,
    &grpc__health__v1__health__descriptor,
    &grpc__reflection__v1__server_reflection__descriptor,
    &grpc__reflection__v1alpha__server_reflection__descriptor,
    NULL,
};

static const struct method *find(const char *path)
{
    for (unsigned i = 0; i < METHOD_END; i++)
        if (strcmp(method_row(i)->path, path) == 0)
            return method_row(i);
    return NULL;
}

static void every_method_of_the_protos_has_its_row(void **state)
{
    unsigned count = 0;

    (void)state;
    for (size_t i = 0; services[i]; i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++, count++) {
            const ProtobufCMethodDescriptor *expected = &services[i]->methods[j];
            const struct method *method;
            char path[128];

            snprintf(path, sizeof path, "/%s/%s", services[i]->name, expected->name);
            method = find(path);
            if (!method)
                fail_msg("%s is not in method.def", path);
            assert_string_equal(method->service, services[i]->name);
            assert_ptr_equal(method->request, expected->input);
            assert_ptr_equal(method->response, expected->output);
        }
    }
    /* As many on either side, each found: no row without its method. */
    assert_int_equal(count, METHOD_END);
}

static void paths_are_there_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < METHOD_END; i++)
        assert_ptr_equal(find(method_row(i)->path), method_row(i));
}

static void only_the_decision_path_and_health_run_on_the_owner(void **state)
{
    (void)state;
    for (unsigned i = 0; i < METHOD_END; i++) {
        const struct method *method = method_row(i);
        bool expected = i == METHOD_DECIDE || i == METHOD_STREAM_DECIDE ||
                        i == METHOD_HEALTH_CHECK || i == METHOD_HEALTH_WATCH;

        assert_int_equal(method->thread == METHOD_THREAD_OWNER, expected);
        if (expected)
            assert_null(method->handle);
    }
}

/* Letters: g gateway, s scheduler, r reader, o operator; c is a client's key. */
static void roles_are_those_of_the_protos_comments(void **state)
{
    static const char *const rows[METHOD_END] = {
        [METHOD_DECIDE] = "go",
        [METHOD_STREAM_DECIDE] = "go",
        [METHOD_EXPLAIN] = "gro",
        [METHOD_VALIDATE_POLICY] = "ro",
        [METHOD_PUBLISH_POLICY] = "o",
        [METHOD_ACTIVATE_POLICY] = "o",
        [METHOD_ROLL_BACK_POLICY] = "o",
        [METHOD_GET_POLICY] = "ro",
        [METHOD_LIST_POLICIES] = "ro",
        [METHOD_PUBLISH_CATALOG] = "o",
        [METHOD_GET_CATALOG] = "ro",
        [METHOD_PUT_EVIDENCE] = "o",
        [METHOD_REVOKE_EVIDENCE] = "o",
        [METHOD_GET_EVIDENCE] = "ro",
        [METHOD_LIST_EVIDENCE] = "ro",
        [METHOD_SET_SWITCH] = "o",
        [METHOD_LIST_SWITCHES] = "ro",
        [METHOD_SET_PIN] = "o",
        [METHOD_LIST_PINS] = "ro",
        [METHOD_LIST_AUDIT] = "ro",
        [METHOD_CHECKLIST] = "ro",
        [METHOD_TEST_POLICY] = "ro",
        [METHOD_DIFF_POLICIES] = "ro",
        [METHOD_SUGGEST_ROUTES] = "ro",
        [METHOD_GET_ROUTE] = "ro",
        [METHOD_CREATE_KEY] = "o",
        [METHOD_LIST_KEYS] = "o",
        [METHOD_REVOKE_KEY] = "o",
        [METHOD_GET_REQUEST] = "ro",
        [METHOD_REPLAY_REQUEST] = "ro",
        [METHOD_SUBMIT_FEEDBACK] = "go",
        [METHOD_HEALTH_CHECK] = "cgsro",
        [METHOD_HEALTH_WATCH] = "cgsro",
        [METHOD_REFLECTION] = "cgsro",
        [METHOD_REFLECTION_ALPHA] = "cgsro",
    };
    static const char letters[] = {
        [ROLE_CLIENT] = 'c', [ROLE_GATEWAY] = 'g',  [ROLE_SCHEDULER] = 's',
        [ROLE_READER] = 'r', [ROLE_OPERATOR] = 'o',
    };

    (void)state;
    for (unsigned i = 0; i < METHOD_END; i++)
        for (unsigned role = ROLE_CLIENT; role < ROLE_END; role++)
            if (method_allows(method_row(i), (enum role)role) !=
                (strchr(rows[i], letters[role]) != NULL))
                fail_msg("%s and role %s", method_row(i)->path,
                         signalbox_role_name((enum role)role));
}

static void only_documents_may_be_large(void **state)
{
    static const bool documents[METHOD_END] = {
        [METHOD_VALIDATE_POLICY] = true, [METHOD_PUBLISH_POLICY] = true,
        [METHOD_PUBLISH_CATALOG] = true, [METHOD_PUT_EVIDENCE] = true,
        [METHOD_CHECKLIST] = true,       [METHOD_TEST_POLICY] = true,
        [METHOD_DIFF_POLICIES] = true,
    };

    (void)state;
    for (unsigned i = 0; i < METHOD_END; i++)
        if (method_row(i)->bytes_max !=
            (documents[i] ? (size_t)DOCUMENT_MESSAGE_BYTES_MAX : (size_t)MESSAGE_BYTES_MAX))
            fail_msg("%s", method_row(i)->path);
}

static void knows_its_services(void **state)
{
    (void)state;
    assert_true(method_serves(SLICE_LITERAL("signalbox.v1.KeyService")));
    assert_false(method_serves(SLICE_LITERAL("signalbox.v1.Key")));
    assert_false(method_serves(SLICE_LITERAL("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_of_the_protos_has_its_row),
        cmocka_unit_test(paths_are_there_once),
        cmocka_unit_test(only_the_decision_path_and_health_run_on_the_owner),
        cmocka_unit_test(roles_are_those_of_the_protos_comments),
        cmocka_unit_test(only_documents_may_be_large),
        cmocka_unit_test(knows_its_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
