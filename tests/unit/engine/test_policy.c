/* What a compiled policy calls its entries; what policy_view lets pass is in test_policy_compile.
 */
#include "policy_pieces.h"

#define BLOCK_BYTES_MAX (1024 * 1024)

/* The entries of the text have these names, and no other. */
static void assert_names(const char *text, const char *const *names, unsigned count)
{
    char memory[POLICY_ENTRY_NAME_BYTES_MAX];
    const struct policy *policy;
    struct documents d;
    struct buf block;

    documents_init(&d, ARENA_BYTES_MAX);
    texts_check(&d, text);
    buf_init(&block, BLOCK_BYTES_MAX);
    assert_int_equal(compile_document(d.document, 1, &block), RESULT_OK);
    policy = policy_view(block.ptr, block.len);
    assert_non_null(policy);
    assert_int_equal(policy->entries.len, count);
    for (unsigned i = 0; i < count; i++)
        assert_text(policy_entry_name(policy, i, memory), names[i]);
    buf_done(&block);
    documents_done(&d);
}

static void an_entry_is_called_by_its_first_route_or_by_what_it_is(void **state)
{
    static const char *const names[] = {"big-alpha",   "big-beta",         "small-alpha",
                                        "queue:later", "default_response", "default_response"};

    (void)state;
    assert_names(TEXTS_EVERY_FIELD, names, sizeof names / sizeof *names);
}

static void the_longest_name_of_a_queue_fits(void **state)
{
    char name[POLICY_ENTRY_NAME_BYTES_MAX + 1] = "queue:", text[1024];
    const char *const names[] = {"big-alpha", name};

    (void)state;
    memset(name + 6, 'q', NAME_BYTES_MAX);
    snprintf(text, sizeof text,
             TEXTS_POLICY(",'fallback_routes':[{'queue':{'name':'%s','max_age_ms':9},"
                          "'allowed_reasons':['timeout']}]"),
             name + 6);
    assert_names(text, names, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_called_by_its_first_route_or_by_what_it_is),
        cmocka_unit_test(the_longest_name_of_a_queue_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
