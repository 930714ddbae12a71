/* The embedded FileDescriptorSet, cut into its files by hand so that the original bytes are what is
 * handed out, with a map from every symbol to its file. */
#include "base/invariant.h"
#include "base/map.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "rpc/reflection.h"
#include "rpc/state.h"
#include "signalbox/descriptor_set.h"

#define FILES_MAX       64
#define ARENA_BYTES_MAX (8 * 1024 * 1024)
#define TAG_FILE        (1 << 3 | 2) /* FileDescriptorSet.file */
#define CODE_NOT_FOUND  5
#define CODE_NO_SUPPORT 12

struct file {
    struct slice bytes;
    const Google__Protobuf__FileDescriptorProto *proto;
};

/* Made once, before the first call; only read after that. */
static struct {
    struct arena arena;
    struct map symbols; /* full name -> struct file */
    struct file files[FILES_MAX];
    unsigned count;
} set;

/* ---- load ---- */

static void *on_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void on_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

static void add_symbol(struct slice name, struct file *file)
{
    if (name.ptr && !map_put(&set.symbols, name, file))
        set.arena.failed = true;
}

static struct slice join(struct slice scope, const char *name)
{
    if (scope.len == 0)
        return slice_of(name);
    return arena_format(&set.arena, "%.*s.%s", (int)scope.len, scope.ptr, name);
}

static void
add_enum(struct slice scope, const Google__Protobuf__EnumDescriptorProto *list, struct file *file)
{
    add_symbol(join(scope, list->name), file);
    /* Values are siblings of their enum. */
    for (size_t i = 0; i < list->n_value; i++)
        add_symbol(join(scope, list->value[i]->name), file);
}

static void
add_message(struct slice scope, const Google__Protobuf__DescriptorProto *message, struct file *file)
{
    struct slice name = join(scope, message->name);

    add_symbol(name, file);
    for (size_t i = 0; i < message->n_field; i++)
        add_symbol(join(name, message->field[i]->name), file);
    for (size_t i = 0; i < message->n_enum_type; i++)
        add_enum(name, message->enum_type[i], file);
    for (size_t i = 0; i < message->n_nested_type; i++)
        add_message(name, message->nested_type[i], file);
}

static void add_service(struct slice scope,
                        const Google__Protobuf__ServiceDescriptorProto *service,
                        struct file *file)
{
    struct slice name = join(scope, service->name);

    add_symbol(name, file);
    for (size_t i = 0; i < service->n_method; i++)
        add_symbol(join(name, service->method[i]->name), file);
}

static bool add_file(struct slice bytes)
{
    ProtobufCAllocator allocator = {on_alloc, on_free, &set.arena};
    struct file *file = &set.files[set.count];
    struct slice package;

    invariant(set.count < FILES_MAX);
    file->bytes = bytes;
    file->proto = google__protobuf__file_descriptor_proto__unpack(&allocator, bytes.len,
                                                                  (const uint8_t *)bytes.ptr);
    if (!file->proto)
        return false;
    set.count++;
    package = slice_of(file->proto->package);
    for (size_t i = 0; i < file->proto->n_message_type; i++)
        add_message(package, file->proto->message_type[i], file);
    for (size_t i = 0; i < file->proto->n_enum_type; i++)
        add_enum(package, file->proto->enum_type[i], file);
    for (size_t i = 0; i < file->proto->n_service; i++)
        add_service(package, file->proto->service[i], file);
    return !set.arena.failed;
}

enum result reflection_load(void)
{
    struct cursor cursor = cursor_of(
        (struct slice){(const char *)signalbox_descriptor_set, signalbox_descriptor_set_size});

    arena_init(&set.arena, NULL, 0, ARENA_BYTES_MAX);
    map_init(&set.symbols);
    set.count = 0;
    while (cursor.left) {
        invariant(cursor_u8(&cursor) == TAG_FILE);
        if (!add_file(cursor_bytes(&cursor, (size_t)cursor_varint(&cursor))))
            return RESULT_NO_MEMORY;
    }
    invariant(!cursor.failed);
    return RESULT_OK;
}

void reflection_unload(void)
{
    map_done(&set.symbols);
    arena_done(&set.arena);
    set.count = 0;
}

/* ---- answer ---- */

static const struct file *find_file(const char *name)
{
    for (unsigned i = 0; i < set.count; i++)
        if (strcmp(set.files[i].proto->name, name) == 0)
            return &set.files[i];
    return NULL;
}

/* The file and what it needs, in the order found: the list grows behind the one that is read. */
static Grpc__Reflection__V1__FileDescriptorResponse *put_files(const struct file *first,
                                                               struct arena *arena)
{
    Grpc__Reflection__V1__FileDescriptorResponse *message = arena_alloc(arena, sizeof *message);
    ProtobufCBinaryData *bytes = arena_calloc(arena, set.count, sizeof *bytes);
    const struct file *files[FILES_MAX] = {first};
    bool taken[FILES_MAX] = {false};
    unsigned count = 1;

    if (!message || !bytes)
        return NULL;
    taken[first - set.files] = true;
    grpc__reflection__v1__file_descriptor_response__init(message);
    message->file_descriptor_proto = bytes;
    for (unsigned i = 0; i < count; i++) {
        const Google__Protobuf__FileDescriptorProto *proto = files[i]->proto;

        bytes[message->n_file_descriptor_proto++] =
            (ProtobufCBinaryData){files[i]->bytes.len, (uint8_t *)(uintptr_t)files[i]->bytes.ptr};
        for (size_t j = 0; j < proto->n_dependency; j++) {
            const struct file *next = find_file(proto->dependency[j]);

            if (!next || taken[next - set.files])
                continue;
            taken[next - set.files] = true;
            files[count++] = next;
        }
    }
    return message;
}

static Grpc__Reflection__V1__ListServiceResponse *put_services(struct arena *arena)
{
    Grpc__Reflection__V1__ListServiceResponse *message = arena_alloc(arena, sizeof *message);

    if (!message)
        return NULL;
    grpc__reflection__v1__list_service_response__init(message);
    message->service = arena_calloc(arena, METHOD_END, sizeof(void *));
    for (unsigned i = 0; message->service && i < METHOD_END; i++) {
        const char *name = method_row(i)->service;
        Grpc__Reflection__V1__ServiceResponse *service;

        if (i && strcmp(name, method_row(i - 1)->service) == 0)
            continue; /* methods of a service stand together in the table */
        service = arena_alloc(arena, sizeof *service);
        if (!service)
            return NULL;
        grpc__reflection__v1__service_response__init(service);
        service->name = wire_text(slice_of(name), arena);
        message->service[message->n_service++] = service;
    }
    return message;
}

static Grpc__Reflection__V1__ErrorResponse *
put_error(int32_t code, const char *text, struct arena *arena)
{
    Grpc__Reflection__V1__ErrorResponse *message = arena_alloc(arena, sizeof *message);

    if (!message)
        return NULL;
    grpc__reflection__v1__error_response__init(message);
    message->error_code = code;
    message->error_message = wire_text(slice_of(text), arena);
    return message;
}

#define REQUEST(KIND)  GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##KIND
#define RESPONSE(KIND) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##KIND

const ProtobufCMessage *
reflection_answer(const Grpc__Reflection__V1__ServerReflectionRequest *request, struct arena *arena)
{
    Grpc__Reflection__V1__ServerReflectionResponse *response = arena_alloc(arena, sizeof *response);
    const struct file *file = NULL;
    bool lists = (int)request->message_request_case == REQUEST(LIST_SERVICES);

    if (!response)
        return NULL;
    grpc__reflection__v1__server_reflection_response__init(response);
    response->valid_host = request->host;
    response->original_request =
        (Grpc__Reflection__V1__ServerReflectionRequest *)(uintptr_t)request; /* only read */
    if ((int)request->message_request_case == REQUEST(FILE_BY_FILENAME))
        file = find_file(request->file_by_filename);
    else if ((int)request->message_request_case == REQUEST(FILE_CONTAINING_SYMBOL))
        file = map_get(&set.symbols, slice_of(request->file_containing_symbol));
    if (lists) {
        response->message_response_case = RESPONSE(LIST_SERVICES_RESPONSE);
        response->list_services_response = put_services(arena);
    } else if (file) {
        response->message_response_case = RESPONSE(FILE_DESCRIPTOR_RESPONSE);
        response->file_descriptor_response = put_files(file, arena);
    } else {
        bool known = (int)request->message_request_case == REQUEST(FILE_BY_FILENAME) ||
                     (int)request->message_request_case == REQUEST(FILE_CONTAINING_SYMBOL);

        response->message_response_case = RESPONSE(ERROR_RESPONSE);
        response->error_response =
            known ? put_error(CODE_NOT_FOUND, "there is no such file or symbol", arena)
                  : put_error(CODE_NO_SUPPORT, "these protos have no extensions", arena);
    }
    return arena->failed ? NULL : &response->base;
}
