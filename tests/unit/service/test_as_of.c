/* What is decided can be decided again: whatever an operator has put, taken back, published and
 * activated since, each request replays bit for bit, from the stored blocks and from documents and
 * evidence alone, and what serves is what compiling from scratch makes. */
#include "unit/service/moves.h"
#include "unit/service/whole.h"

#define MOVES    250
#define ASKS_MAX MOVES

struct history_of {
    struct uuid asked[ASKS_MAX];
    unsigned count;
};

static int setup(void **state)
{
    struct fixture *f;

    fixture_setup(state);
    f = *state;
    fixture_activate(f, fixture_json(f, watched_document));
    return 0;
}

static void assert_replay_all(struct fixture *f, const struct history_of *history)
{
    for (unsigned i = 0; i < history->count; i++) {
        const struct request_query query = {.has_id = true, .request_id = history->asked[i]};
        struct replay replay;

        assert_int_equal(service_replay_request(f->service, fixture_call(f), &query, &replay),
                         RESULT_OK);
        assert_true(replay.boundaries_count > 0);
        for (unsigned j = 0; j < replay.boundaries_count; j++) {
            assert_false(replay.boundaries[j].skipped);
            if (!replay.boundaries[j].same)
                fail_msg("request %u differs at boundary %u", i, j);
        }
        assert_true(replay.same);
    }
}

struct blocks {
    struct store_key keys[1024];
    unsigned count;
};

static bool on_block(void *context, struct slice key, struct slice value)
{
    struct blocks *blocks = context;
    struct store_key *copy = &blocks->keys[blocks->count++];

    (void)value;
    memcpy(copy->bytes, key.ptr, key.len);
    copy->len = key.len;
    return blocks->count < sizeof blocks->keys / sizeof *blocks->keys;
}

/* As a store that was cleaned up, or that another format of blocks was written to. */
static void drop_blocks(struct fixture *f)
{
    static struct blocks blocks;
    const struct store_walk walk = {.prefix = SLICE_LITERAL(""), .rows_max = 1024};

    blocks.count = 0;
    assert_int_equal(store_read_renew(f->service->admin.read), RESULT_OK);
    assert_int_equal(
        store_walk(f->service->admin.read, STORE_TABLE_COMPILED, &walk, on_block, &blocks),
        RESULT_OK);
    store_read_reset(f->service->admin.read);
    assert_true(blocks.count > 0);
    for (unsigned i = 0; i < blocks.count; i++) {
        struct store_write write = {.ops = {{STORE_OP_DELETE, STORE_TABLE_COMPILED,
                                             store_key_slice(&blocks.keys[i]), SLICE_LITERAL("")}},
                                    .ops_count = 1};

        assert_int_equal(store_write_wait(f->service->store, &write), RESULT_OK);
    }
}

static void every_request_is_decided_again_as_of_its_time(void **state)
{
    static struct history_of history;
    struct uuid answered = uuid_make(NOW_MS);
    struct fixture *f = *state;
    const char *given = getenv("SIGNALBOX_SEED");
    uint64_t seed;

    random_bytes(&seed, sizeof seed);
    if (given)
        seed = strtoull(given, NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    history.count = 0;
    for (uint32_t i = 0; i < MOVES; i++) {
        struct move move = move_make(&seed, i + 1, f->now_ms + 10, answered);

        if (i % 2) {
            move.kind = MOVE_ASK;
            move.request = uuid_make(f->now_ms);
        }
        move_carry_out(f, &move);
        if (move.kind == MOVE_ASK) {
            assert_int_equal(move.result, RESULT_OK);
            history.asked[history.count++] = answered = move.request;
        }
        if (random_next(&seed) % 16 == 0) {
            fixture_reopen(f);
            assert_whole(f);
        }
    }
    assert_whole(f);
    assert_replay_all(f, &history);
    drop_blocks(f);
    assert_replay_all(f, &history);
    fixture_reopen(f);
    assert_replay_all(f, &history);
}

static unsigned count_blocks(struct fixture *f)
{
    struct whole whole = {.fixture = f};
    unsigned count;

    assert_int_equal(store_read_renew(f->service->admin.read), RESULT_OK);
    count = whole_walk(&whole, STORE_TABLE_COMPILED, whole_on_row);
    store_read_reset(f->service->admin.read);
    return count;
}

/* A catalog a day would fill the disk with blocks that nobody asks for. */
static void blocks_of_catalogs_long_past_are_not_kept(void **state)
{
    static struct history_of history;
    struct fixture *f = *state;
    unsigned before = 0;

    history.count = 0;
    for (uint32_t i = 0; i < 8; i++) {
        struct move ask = {.kind = MOVE_ASK, .now_ms = f->now_ms + 10, .argument = 1};
        struct move catalog = {.kind = MOVE_CATALOG, .number = i, .argument = i};

        ask.request = uuid_make(ask.now_ms);
        move_carry_out(f, &ask);
        assert_int_equal(ask.result, RESULT_OK);
        history.asked[history.count++] = ask.request;
        catalog.now_ms = f->now_ms + 10;
        move_carry_out(f, &catalog);
        assert_int_equal(catalog.result, RESULT_OK);
        if (i == 1)
            before = count_blocks(f);
    }
    assert_int_equal(count_blocks(f), before);
    fixture_reopen(f);
    assert_whole(f);
    assert_replay_all(f, &history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_request_is_decided_again_as_of_its_time, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(blocks_of_catalogs_long_past_are_not_kept, setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
