/* Tables and values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/render.h"
#include "signalbox/v1/facts.pb-c.h"
#include "signalbox/v1/record.pb-c.h"

static struct arena arena;
static struct buf out;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 0, 1 << 20);
    buf_init(&out, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    buf_done(&out);
    arena_done(&arena);
    return 0;
}

static void assert_out(const char *wanted)
{
    buf_put_u8(&out, 0);
    assert_string_equal(out.ptr, wanted);
}

static void columns_line_up_whatever_the_script(void **state)
{
    static const char *const titles[] = {"NAME", "COUNT>", "PLACE", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    table_add_text(&table, "Zürich");
    table_add_format(&table, "%d", 7);
    table_add_text(&table, "x");
    table_add_text(&table, "日本語");
    table_add_format(&table, "%d", 12345678);
    table_add_text(&table, "");
    table_print(&table, &out);
    assert_out("NAME       COUNT  PLACE\n"
               "Zürich         7  x\n"
               "日本語  12345678\n");
}

static void an_empty_column_is_left_out(void **state)
{
    static const char *const titles[] = {"A", "B", "C", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    for (unsigned i = 0; i < 6; i++)
        table_add_text(&table, i % 3 == 1 ? "" : "v");
    table_print(&table, &out);
    assert_out("A  C\nv  v\nv  v\n");
}

static void long_cells_break_between_words_only(void **state)
{
    static const char *const titles[] = {"TEXT", "NEXT", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    table_add_text(&table, "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg");
    table_add_text(&table, "n");
    table_print(&table, &out);
    assert_out("TEXT                                                         NEXT\n"
               "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff  n\n"
               "ggggggggg\n");
}

static void a_list_breaks_behind_commas(void **state)
{
    static const char *const titles[] = {"A", "B", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    table.cell_columns = 12;
    table_add_text(&table, "[\"first\",\"second\",\"third\"]");
    table_add_text(&table, "one, two, three, four");
    table_print(&table, &out);
    assert_out("A          B\n"
               "[\"first\",  one, two,\n"
               "\"second\",  three, four\n"
               "\"third\"]\n");
}

static void on_a_terminal_the_widest_columns_break_first(void **state)
{
    static const char *const titles[] = {"ID", "SENTENCE", "WHY", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    table_add_text(&table, "an-id-that-nobody-may-break-1");
    table_add_text(&table, "one two three four five six seven");
    table_add_text(&table, "a few words");
    table_line_columns(60);
    table_print(&table, &out);
    table_line_columns(20);
    table_print_below("narrow", &table, &out);
    table_line_columns(0);
    assert_out("ID                             SENTENCE       WHY\n"
               "an-id-that-nobody-may-break-1  one two three  a few words\n"
               "                               four five six\n"
               "                               seven\n"
               "\nnarrow\n"
               "  ID                             SENTENCE    WHY\n"
               "  an-id-that-nobody-may-break-1  one two     a few\n"
               "                                 three four  words\n"
               "                                 five six\n"
               "                                 seven\n");
}

static void what_others_wrote_is_made_harmless(void **state)
{
    static const char *const titles[] = {"T", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    table_add_text(&table, "\x1b[31mred\n");
    table_print(&table, &out);
    assert_out("T\n\xef\xbf\xbd[31mred\xef\xbf\xbd\n");
}

static void a_tables_cells_may_be_narrower(void **state)
{
    static const char *const titles[] = {"TEXT", "NEXT", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    table.cell_columns = 9;
    table_add_text(&table, "aaaa bbbb cccc");
    table_add_text(&table, "n");
    table_print_below("", &table, &out);
    assert_out("\n  TEXT       NEXT\n  aaaa bbbb  n\n  cccc\n");
}

static void markdown_shows_what_others_wrote_as_it_is(void **state)
{
    static const char *const titles[] = {"NAME", "NONE", "COUNT>", NULL};
    struct table table;

    (void)state;
    table_init(&table, &arena, titles);
    table_add_text(&table, "a|b *c* <d> `e` [f](g) \\");
    table_add_text(&table, "");
    table_add_text(&table, "7");
    table_add_text(&table, "line\nend same_model");
    table_add_text(&table, "");
    table_add_text(&table, "");
    table_print_markdown(&table, &out);
    assert_out("| NAME | COUNT |\n|---|--:|\n"
               "| a\\|b \\*c\\* \\<d\\> \\`e\\` \\[f\\](g) \\\\ | 7 |\n"
               "| line\xef\xbf\xbd"
               "end same_model |  |\n");
}

static void assert_text(struct slice text, const char *wanted)
{
    assert_true(slice_is(text, wanted));
}

static void money_and_time_are_exact(void **state)
{
    (void)state;
    assert_text(render_usd(0, &arena), "0 USD");
    assert_text(render_usd(1, &arena), "0.000000001 USD");
    assert_text(render_usd(-1500000000, &arena), "-1.5 USD");
    assert_text(render_usd(INT64_MIN, &arena), "-9223372036.854775808 USD");
    assert_text(render_time(0, &arena), "");
    assert_text(render_time(1767323045678, &arena), "2026-01-02 03:04:05.678 UTC");
}

static struct slice field(const ProtobufCMessage *message, const char *name)
{
    return render_field(message,
                        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name),
                        &arena);
}

static void a_fields_name_gives_its_unit(void **state)
{
    Signalbox__V1__DataClass classes[] = {SIGNALBOX__V1__DATA_CLASS__DATA_CLASS_PII,
                                          SIGNALBOX__V1__DATA_CLASS__DATA_CLASS_INTERNAL};
    Signalbox__V1__Admission admission;
    Signalbox__V1__Record record;
    Signalbox__V1__Usage usage, *usages[] = {&usage};

    (void)state;
    signalbox__v1__admission__init(&admission);
    signalbox__v1__record__init(&record);
    signalbox__v1__usage__init(&usage);
    admission.n_data_classes = 2;
    admission.data_classes = classes;
    usage.unit = SIGNALBOX__V1__UNIT__UNIT_OUTPUT_TOKEN;
    usage.amount = 170;
    record.n_usage = 1;
    record.usage = usages;
    record.cost_nusd = 50000000;
    record.latency_before_fallback_ms = 12;
    record.started_unix_ms = 1767323045678;
    record.degraded = true;
    assert_text(field(&admission.base, "data_classes"), "pii, internal");
    assert_text(field(&admission.base, "tenant"), "");
    assert_text(field(&record.base, "usage"), "output 170");
    assert_text(field(&record.base, "cost_nusd"), "0.05 USD");
    assert_text(field(&record.base, "latency_before_fallback_ms"), "12 ms");
    assert_text(field(&record.base, "started_unix_ms"), "2026-01-02 03:04:05.678 UTC");
    assert_text(field(&record.base, "degraded"), "yes");
    render_group("Time", &record.base, "degraded started_unix_ms ended_unix_ms", &arena, &out);
    render_group("Nothing", &record.base, "ended_unix_ms", &arena, &out);
    assert_out("\nTime\n  degraded  yes\n  started   2026-01-02 03:04:05.678 UTC\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_line_up_whatever_the_script),
        TEST(an_empty_column_is_left_out),
        TEST(long_cells_break_between_words_only),
        TEST(a_list_breaks_behind_commas),
        TEST(on_a_terminal_the_widest_columns_break_first),
        TEST(what_others_wrote_is_made_harmless),
        TEST(a_tables_cells_may_be_narrower),
        TEST(markdown_shows_what_others_wrote_as_it_is),
        TEST(money_and_time_are_exact),
        TEST(a_fields_name_gives_its_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
