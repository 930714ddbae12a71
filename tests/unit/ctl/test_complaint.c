/* What signalboxctl says when a call is refused. signalbox_client_call stands here in place of the
 * client library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/ctl.h"
#include "signalbox/v1/history.pb-c.h"

static struct signalbox_call_error refusal;

enum result signalbox_client_call(struct signalbox_client *client,
                                  const char *method,
                                  struct slice request,
                                  uint32_t timeout_ms,
                                  char **ret_reply,
                                  size_t *ret_reply_bytes,
                                  struct signalbox_call_error *reterr_error)
{
    (void)client, (void)method, (void)request, (void)timeout_ms, (void)ret_reply;
    (void)ret_reply_bytes;
    *reterr_error = refusal;
    return RESULT_INVALID;
}

static void assert_complaint(const char *wanted)
{
    Signalbox__V1__GetRequestRequest request;
    char said[512] = "";
    struct ctl ctl = {0};
    ProtobufCMessage *reply;
    int error = dup(2), ends[2];

    signalbox__v1__get_request_request__init(&request);
    arena_init(&ctl.arena, NULL, 0, 1 << 16);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], 2);
    close(ends[1]);
    assert_int_equal(ctl_call(&ctl, "/signalbox.v1.HistoryService/GetRequest", &request.base,
                              &signalbox__v1__get_request_response__descriptor, &reply),
                     CTL_EXIT_DOCUMENT);
    dup2(error, 2);
    close(error);
    assert_true(read(ends[0], said, sizeof said - 1) > 0);
    close(ends[0]);
    arena_done(&ctl.arena);
    assert_string_equal(said, wanted);
}

static void a_field_that_is_wrong_is_named_and_said_once(void **state)
{
    (void)state;
    refusal = (struct signalbox_call_error){.message = "is not a UUID",
                                            .details = "request_id: is not a UUID"};
    assert_complaint("signalboxctl: GetRequest: invalid: request_id: is not a UUID\n");
}

static void several_fields_are_all_named(void **state)
{
    (void)state;
    refusal = (struct signalbox_call_error){.message = "x", .details = "a: x\nb: y"};
    assert_complaint("signalboxctl: GetRequest: invalid: x\na: x\nb: y\n");
}

static void what_the_server_says_moves_no_cursor(void **state)
{
    (void)state;
    refusal = (struct signalbox_call_error){.reason = "R", .message = "evil\x1b[2J"};
    assert_complaint("signalboxctl: GetRequest: invalid R: evil\xef\xbf\xbd[2J\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_that_is_wrong_is_named_and_said_once),
        cmocka_unit_test(several_fields_are_all_named),
        cmocka_unit_test(what_the_server_says_moves_no_cursor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
