#include "base/random.h"
#include "core/sse_parser.h"
#include "fixture.h"

static const char *const corpus[] = {
    "data: a\n\ndata: b\n\n",
    "data: a\r\n\r\ndata: b\r\n\r\n",
    "data: a\r\rdata: b\r\r",
    "data:a\n\r\ndata:  b\r\n\n",
    ": ping\n\ndata: {\"x\":1}\n\ndata: [DONE]\n\n",
    "event: error\ndata: one\ndata: two\nid: 7\nretry: 10\n\n",
    "data\n\ndata:\n\ndata: \n\n\n\n\r\n",
    "\n\n\ndata: x\n\n: tail without an end",
    "data: \n\ndata:\ndata:\n\n<html>\n\nhello: world\n\n",
    "data: a\nnonsense\nevent:x\n\n",
};

struct collected {
    struct buf text;
    struct buf raw;
};

/* One line for each event: everything that a reader can see of it. */
static bool collect(void *context, const struct sse_event *event)
{
    struct collected *collected = context;

    buf_format(&collected->text, "[%.*s|%.*s|%d%d]", (int)event->name.len,
               event->name.len ? event->name.ptr : "", (int)event->data.len,
               event->data.len ? event->data.ptr : "", event->has_data, event->strange);
    buf_put_slice(&collected->text, event->raw);
    buf_put_slice(&collected->raw, event->raw);
    return true;
}

static void collected_init(struct collected *collected)
{
    buf_init(&collected->text, 65536);
    buf_init(&collected->raw, 65536);
}

static void collected_done(struct collected *collected)
{
    buf_done(&collected->text);
    buf_done(&collected->raw);
}

/* A copy of its own for each piece, so that a read past its end is seen. */
static void feed(struct sse_parser *parser, const char *text, size_t len, struct collected *to)
{
    char *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    assert_int_equal(sse_parser_feed(parser, (struct slice){copy, len}, collect, to),
                     SSE_PARSER_OK);
    free(copy);
}

static void check_same(const struct collected *whole,
                       struct collected *split,
                       struct sse_parser *parser,
                       const char *text)
{
    assert_int_equal(whole->text.len, split->text.len);
    assert_memory_equal(whole->text.ptr, split->text.ptr, whole->text.len);
    buf_put_slice(&split->raw, sse_parser_rest(parser));
    assert_int_equal(split->raw.len, strlen(text));
    assert_memory_equal(split->raw.ptr, text, split->raw.len);
    sse_parser_reset(parser);
    buf_clear(&split->text);
    buf_clear(&split->raw);
}

static void every_split_gives_the_same_events(void **state)
{
    struct collected whole, split;
    struct sse_parser parser;

    (void)state;
    sse_parser_init(&parser, 4096);
    collected_init(&whole);
    collected_init(&split);
    for (size_t c = 0; c < sizeof corpus / sizeof *corpus; c++) {
        const char *text = corpus[c];
        size_t len = strlen(text);

        buf_clear(&whole.text);
        buf_clear(&whole.raw);
        feed(&parser, text, len, &whole);
        sse_parser_reset(&parser);
        for (size_t i = 0; i <= len; i++) {
            for (size_t j = i; j <= len; j++) {
                feed(&parser, text, i, &split);
                feed(&parser, text + i, j - i, &split);
                feed(&parser, text + j, len - j, &split);
                check_same(&whole, &split, &parser, text);
            }
        }
        for (size_t i = 0; i < len; i++)
            feed(&parser, text + i, 1, &split);
        check_same(&whole, &split, &parser, text);
    }
    collected_done(&whole);
    collected_done(&split);
    sse_parser_done(&parser);
}

static void random_bytes_split_at_random_give_the_same_events(void **state)
{
    static const char alphabet[] = "data: eventx\n\n\r\r:";
    uint64_t seed = 20261120;
    struct collected whole, split;
    struct sse_parser parser;

    (void)state;
    sse_parser_init(&parser, 4096);
    collected_init(&whole);
    collected_init(&split);
    for (unsigned round = 0; round < 2000; round++) {
        char text[97] = {0};
        size_t len = random_next(&seed) % 96, at = 0;

        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[random_next(&seed) % (sizeof alphabet - 1)];
        buf_clear(&whole.text);
        buf_clear(&whole.raw);
        feed(&parser, text, len, &whole);
        sse_parser_reset(&parser);
        while (at < len) {
            size_t step = 1 + random_next(&seed) % (len - at);

            feed(&parser, text + at, step, &split);
            at += step;
        }
        check_same(&whole, &split, &parser, text);
    }
    collected_done(&whole);
    collected_done(&split);
    sse_parser_done(&parser);
}

static bool keep_first(void *context, const struct sse_event *event)
{
    *(struct sse_event *)context = *event;
    return false;
}

static void reads_names_and_joins_data(void **state)
{
    static const char text[] = "event: error\ndata: one\ndata:two\n\nrest";
    struct sse_event event = {0};
    struct sse_parser parser;

    (void)state;
    sse_parser_init(&parser, 4096);
    assert_int_equal(sse_parser_feed(&parser, slice_of(text), keep_first, &event),
                     SSE_PARSER_STOPPED);
    assert_slice(event.name, "error");
    assert_slice(event.data, "one\ntwo");
    assert_true(event.has_data);
    assert_false(event.strange);
    sse_parser_done(&parser);
}

static void an_event_is_bounded(void **state)
{
    struct collected collected;
    struct sse_parser parser;
    char text[200];

    (void)state;
    collected_init(&collected);
    sse_parser_init(&parser, 100);
    memset(text, 'x', sizeof text);
    assert_int_equal(sse_parser_feed(&parser, (struct slice){text, 60}, collect, &collected),
                     SSE_PARSER_OK);
    assert_int_equal(sse_parser_feed(&parser, (struct slice){text, 60}, collect, &collected),
                     SSE_PARSER_TOO_LONG);
    sse_parser_reset(&parser);
    text[198] = text[199] = '\n';
    assert_int_equal(sse_parser_feed(&parser, (struct slice){text, 200}, collect, &collected),
                     SSE_PARSER_TOO_LONG);
    assert_int_equal(collected.text.len, 0);
    sse_parser_done(&parser);
    collected_done(&collected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_gives_the_same_events),
        cmocka_unit_test(random_bytes_split_at_random_give_the_same_events),
        cmocka_unit_test(reads_names_and_joins_data),
        cmocka_unit_test(an_event_is_bounded),
    };

    return cmocka_run_group_tests_name("edge/sse_parser", tests, NULL, NULL);
}
