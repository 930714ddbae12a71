/* Reflection without a server: every symbol of every service is found, in files that are whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "rpc/reflection.h"
#include "rpc/state.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;

#define REQUEST(KIND)  GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##KIND
#define RESPONSE(KIND) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##KIND

static const response_message *find_symbol(const char *symbol, struct arena *arena)
{
    static request_message request;

    grpc__reflection__v1__server_reflection_request__init(&request);
    request.message_request_case = REQUEST(FILE_CONTAINING_SYMBOL);
    request.file_containing_symbol = wire_text(slice_of(symbol), arena);
    return (const response_message *)reflection_answer(&request, arena);
}

static void every_method_and_message_is_found(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 24);
    for (unsigned i = 0; i < METHOD_END; i++) {
        const struct method *method = method_row(i);
        char symbol[128];
        const char *slash = strrchr(method->path, '/');
        const char *const symbols[] = {method->service, method->request->name,
                                       method->response->name, symbol};

        snprintf(symbol, sizeof symbol, "%s.%s", method->service, slash + 1);
        for (size_t j = 0; j < sizeof symbols / sizeof *symbols; j++) {
            const response_message *response = find_symbol(symbols[j], &arena);

            assert_non_null(response);
            if ((int)response->message_response_case != RESPONSE(FILE_DESCRIPTOR_RESPONSE))
                fail_msg("%s is not found", symbols[j]);
        }
    }
    arena_done(&arena);
}

/* A client links the files in the order of their imports; each import is among them. */
static void files_come_with_all_they_import(void **state)
{
    struct arena arena;
    const response_message *response;
    const Grpc__Reflection__V1__FileDescriptorResponse *files;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 24);
    response = find_symbol("signalbox.v1.DecisionService", &arena);
    files = response->file_descriptor_response;
    for (size_t i = 0; i < files->n_file_descriptor_proto; i++) {
        Google__Protobuf__FileDescriptorProto *file =
            google__protobuf__file_descriptor_proto__unpack(
                NULL, files->file_descriptor_proto[i].len, files->file_descriptor_proto[i].data);

        assert_non_null(file);
        for (size_t j = 0; j < file->n_dependency; j++) {
            bool found = false;

            for (size_t k = 0; k < files->n_file_descriptor_proto && !found; k++) {
                Google__Protobuf__FileDescriptorProto *other =
                    google__protobuf__file_descriptor_proto__unpack(
                        NULL, files->file_descriptor_proto[k].len,
                        files->file_descriptor_proto[k].data);

                found = strcmp(other->name, file->dependency[j]) == 0;
                google__protobuf__file_descriptor_proto__free_unpacked(other, NULL);
            }
            if (!found)
                fail_msg("%s imports %s", file->name, file->dependency[j]);
        }
        google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
    }
    arena_done(&arena);
}

static void what_is_not_there_is_an_error_in_the_answer(void **state)
{
    static const char *const symbols[] = {"", "signalbox", "signalbox.v1", "signalbox.v1.X",
                                          ".signalbox.v1.Action"};
    struct arena arena;
    request_message request;
    const response_message *response;

    (void)state;
    arena_init(&arena, NULL, 0, 1 << 24);
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        response = find_symbol(symbols[i], &arena);
        assert_int_equal((int)response->message_response_case, RESPONSE(ERROR_RESPONSE));
    }
    grpc__reflection__v1__server_reflection_request__init(&request);
    response = (const response_message *)reflection_answer(&request, &arena);
    assert_int_equal((int)response->message_response_case, RESPONSE(ERROR_RESPONSE));
    arena_done(&arena);
}

static void an_arena_that_is_full_gives_nothing(void **state)
{
    (void)state;
    for (size_t bytes_max = 0; bytes_max < 2048; bytes_max += 16) {
        struct arena arena;

        arena_init(&arena, NULL, 0, bytes_max);
        assert_true(!find_symbol("signalbox.v1.Action", &arena) || !arena.failed);
        arena_done(&arena);
    }
}

static int setup(void **state)
{
    (void)state;
    return reflection_load() == RESULT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    reflection_unload();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_and_message_is_found),
        cmocka_unit_test(files_come_with_all_they_import),
        cmocka_unit_test(what_is_not_there_is_an_error_in_the_answer),
        cmocka_unit_test(an_arena_that_is_full_gives_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
