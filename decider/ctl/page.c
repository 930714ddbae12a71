/* One list out of many pages, by the shape that all lists of the API share. The rows stay where
 * their pages were unpacked; only pointers are gathered, once, at the end. */
#include "base/invariant.h"
#include "ctl/ctl.h"
#include "ctl/message.h"

#define PAGE_ROWS 1000
#define PAGES_MAX 10000

struct page {
    struct page *next;
    ProtobufCMessage *message;
};

static void *field_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    invariant(field);
    return (void *)(uintptr_t)message_field(message, field);
}

/* The one list of the message. */
static const ProtobufCFieldDescriptor *list_of(const ProtobufCMessageDescriptor *descriptor)
{
    unsigned i = 0;

    while (i < descriptor->n_fields && descriptor->fields[i].label != PROTOBUF_C_LABEL_REPEATED)
        i++;
    invariant(i < descriptor->n_fields);
    return &descriptor->fields[i];
}

static ProtobufCMessage *gather(struct ctl *ctl,
                                const ProtobufCMessageDescriptor *reply,
                                const struct page *first,
                                size_t rows_max)
{
    const ProtobufCFieldDescriptor *list = list_of(reply);
    ProtobufCMessage *all = message_new(reply, &ctl->arena);
    size_t total = 0, filled = 0;
    void **rows;

    for (const struct page *page = first; page; page = page->next)
        total += message_count(page->message, list);
    total = rows_max && total > rows_max ? rows_max : total;
    rows = arena_calloc(&ctl->arena, total + 1, sizeof *rows);
    if (!all || !rows)
        return NULL;
    for (const struct page *page = first; page; page = page->next) {
        void *const *from = *(void *const *const *)message_field(page->message, list);
        size_t count = message_count(page->message, list);

        for (size_t i = 0; i < count && filled < total; i++)
            rows[filled++] = from[i];
    }
    *(size_t *)(void *)((char *)all + list->quantifier_offset) = filled;
    *(void ***)(void *)((char *)all + list->offset) = rows;
    return all;
}

int ctl_call_pages(struct ctl *ctl,
                   const char *method,
                   ProtobufCMessage *request,
                   const ProtobufCMessageDescriptor *reply,
                   uint64_t rows_max,
                   ProtobufCMessage **ret_all)
{
    const int no_memory = result_row(RESULT_NO_MEMORY)->exit_code;
    struct page *first = NULL, **end = &first;
    const char *token = "";
    unsigned pages = 0;
    uint64_t rows = 0;

    *(uint32_t *)field_of(request, "page_size") =
        rows_max && rows_max < PAGE_ROWS ? (uint32_t)rows_max : PAGE_ROWS;
    do {
        struct page *page = arena_calloc(&ctl->arena, 1, sizeof *page);
        int code;

        if (!page || pages++ == PAGES_MAX)
            return ctl_fail(no_memory, "the list is too long: narrow it");
        *(const char **)field_of(request, "page_token") = token;
        code = ctl_call(ctl, method, request, reply, &page->message);
        if (code != CTL_EXIT_OK)
            return code;
        *end = page;
        end = &page->next;
        rows += message_count(page->message, list_of(reply));
        token = *(const char *const *)field_of(page->message, "next_page_token");
    } while (*token && (!rows_max || rows < rows_max));
    *ret_all = gather(ctl, reply, first, rows_max);
    return *ret_all ? CTL_EXIT_OK : ctl_fail(no_memory, "the list is too long: narrow it");
}
