/* kill -9 while an operator puts and takes back evidence, activates, switches, pins and publishes,
 * and while rules trip: whatever was acknowledged is there after the restart, whatever was under
 * way is there as a whole or not at all, and can be repeated.
 *
 * A child makes the moves and tells of each through a pipe, before and after; a kill point of the
 * store ends it. The parent opens what is left. 16 lives; 400 with SIGNALBOX_FULL=1. */
#include <signal.h>
#include <sys/wait.h>

#include "store/kill_point.h"
#include "unit/service/moves.h"
#include "unit/service/whole.h"

#define LIVES       16
#define LIVES_FULL  400
#define MOVES_MAX   40 /* of one life */
#define PASSING_MAX 30

static const char *const points[] = {
#define K(NAME, name, what) name,
#include "store/kill_point.def"
#undef K
};

/* What the parent knows of the child's life. */
struct life {
    struct move moves[MOVES_MAX];
    unsigned done;
    bool under_way; /* moves[done] was begun */
    bool killed;
};

static int setup(void **state)
{
    struct fixture *f;

    fixture_setup(state);
    f = *state;
    fixture_activate(f, fixture_json(f, watched_document));
    return 0;
}

static void tell(int out, const struct move *move)
{
    if (write(out, move, sizeof *move) != (ssize_t)sizeof *move)
        _exit(1);
}

/* In the child. Before each move another request's admission is on its way to disk, so that now and
 * then a batch holds both. */
static void live(struct fixture *f, uint64_t seed, uint32_t first, int out)
{
    static struct asked admissions[MOVES_MAX];
    struct uuid answered = uuid_make(f->now_ms);

    fixture_open(f);
    for (unsigned i = 0; i < MOVES_MAX; i++) {
        struct move move = move_make(&seed, first + i, f->now_ms + 10, answered);
        const struct question admission = question_admission(uuid_make(f->now_ms));

        tell(out, &move);
        fixture_ask(f, &admission, &admissions[i]);
        move_carry_out(f, &move);
        if (move.kind == MOVE_ASK && move.result == RESULT_OK)
            answered = move.request;
        tell(out, &move);
    }
    _exit(0);
}

static void read_life(int in, struct life *life)
{
    struct move move;

    while (read(in, &move, sizeof move) == (ssize_t)sizeof move) {
        assert_true(life->done < MOVES_MAX);
        life->moves[life->done] = move;
        life->under_way = !move.done;
        life->done += move.done;
    }
}

/* The fixture's service is closed, so that no thread is lost by the fork. */
static void run_life(struct fixture *f, uint64_t *seed, uint32_t first, struct life *life)
{
    char point[64];
    int ends[2], status;
    pid_t pid;

    snprintf(point, sizeof point, "%s:%u", points[random_next(seed) % STORE_KILL_POINT_END],
             1 + (unsigned)(random_next(seed) % PASSING_MAX));
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        setenv("SIGNALBOX_KILL_POINT", point, 1);
        live(f, *seed, first, ends[1]);
    }
    close(ends[1]);
    *life = (struct life){.done = 0};
    read_life(ends[0], life);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    life->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!life->killed && (!WIFEXITED(status) || WEXITSTATUS(status)))
        fail_msg("%s: the child failed", point);
}

/* ---- what was acknowledged ---- */

static bool has_row(struct fixture *f, enum store_table table, const struct store_key *key)
{
    struct slice value;
    enum result result;

    assert_int_equal(store_read_renew(f->service->admin.read), RESULT_OK);
    result = store_get(f->service->admin.read, table, store_key_slice(key), &value);
    store_read_reset(f->service->admin.read);
    return result == RESULT_OK;
}

static bool is_remembered(struct fixture *f, const struct move *move)
{
    char text[32];
    struct store_key key = layout_write(moves_write_id(move, text));

    return has_row(f, STORE_TABLE_WRITE, &key);
}

static void check_evidence(struct fixture *f, const struct move *move)
{
    struct evidence_summary item;

    assert_int_equal(service_get_evidence(f->service, fixture_call(f), slice_of(move->made), &item),
                     RESULT_OK);
    if (move->kind == MOVE_REVOKE)
        assert_true(item.revoked);
}

static void check_request(struct fixture *f, const struct move *move)
{
    const struct request_query query = {.has_id = true, .request_id = move->request};
    struct decision *decisions;
    struct record record;
    unsigned count;

    assert_int_equal(
        service_get_request(f->service, fixture_call(f), &query, &record, &decisions, &count),
        RESULT_OK);
    assert_int_not_equal(record.disposition, DISPOSITION_UNSPECIFIED);
}

static void check_done(struct fixture *f, const struct move *move)
{
    const struct store_key key = layout_request(move->request, SLICE_LITERAL("acme"));

    if (move->result)
        return;
    if (move->kind == MOVE_PUT || move->kind == MOVE_PUT_FAILED || move->kind == MOVE_REVOKE)
        check_evidence(f, move);
    else if (move->kind == MOVE_ASK)
        check_request(f, move);
    else if (move->kind == MOVE_SAY)
        assert_true(has_row(f, STORE_TABLE_FEEDBACK, &key));
    if (move->kind < MOVE_CATALOG)
        assert_true(is_remembered(f, move));
}

/* As the last acknowledged move left it, but for what the one under way may have done. */
static void check_state(struct fixture *f, const struct move *last, const struct move *under_way)
{
    struct move now = {.kind = MOVE_END, .now_ms = f->now_ms};
    enum move_kind kind = under_way ? under_way->kind : MOVE_END;

    move_carry_out(f, &now);
    if (kind == MOVE_ACTIVATE || kind == MOVE_ROLL_BACK)
        assert_int_equal(now.activation, last->activation + (now.activation != last->activation &&
                                                             is_remembered(f, under_way)));
    else
        assert_int_equal(now.activation, last->activation);
    if (kind == MOVE_CATALOG)
        assert_int_equal(now.catalog, last->catalog + is_remembered(f, under_way));
    else
        assert_int_equal(now.catalog, last->catalog);
    if (kind == MOVE_OFF || kind == MOVE_ON)
        assert_int_equal(now.off, is_remembered(f, under_way) ? kind == MOVE_OFF : last->off);
    else if ((kind != MOVE_PUT_FAILED || !is_remembered(f, under_way)) && kind != MOVE_ASK &&
             kind != MOVE_SAY)
        assert_int_equal(now.off, last->off);
    if (kind == MOVE_PIN || kind == MOVE_UNPIN)
        assert_int_equal(now.pinned, is_remembered(f, under_way) ? kind == MOVE_PIN : last->pinned);
    else
        assert_int_equal(now.pinned, last->pinned);
}

/* The caller does not know what became of it and calls again, and once more. */
static void repeat(struct fixture *f, const struct move *under_way)
{
    bool carried_out = is_remembered(f, under_way);
    struct move first = *under_way, second = *under_way;

    if (under_way->kind == MOVE_ASK || under_way->kind == MOVE_SAY)
        return;
    first.now_ms = second.now_ms = f->now_ms + 10;
    move_carry_out(f, &first);
    move_carry_out(f, &second);
    assert_int_equal(second.result, first.result);
    assert_string_equal(second.made, first.made);
    if (carried_out)
        assert_int_equal(first.result, RESULT_OK);
    assert_int_equal(second.activation, first.activation);
    assert_int_equal(second.catalog, first.catalog);
}

static void what_was_acknowledged_is_there_and_nothing_half(void **state)
{
    const unsigned lives = getenv("SIGNALBOX_FULL") ? LIVES_FULL : LIVES;
    static struct life life;
    struct fixture *f = *state;
    struct move before = {.kind = MOVE_END};
    unsigned kills = 0, moves = 0, torn = 0;
    const char *given = getenv("SIGNALBOX_SEED");
    uint64_t seed;

    random_bytes(&seed, sizeof seed);
    if (given)
        seed = strtoull(given, NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    before.now_ms = f->now_ms;
    move_carry_out(f, &before);
    for (unsigned i = 0; i < lives; i++) {
        const struct move *last = &before, *under_way = NULL;

        fixture_close(f);
        run_life(f, &seed, 1 + i * MOVES_MAX, &life);
        if (life.under_way)
            under_way = &life.moves[life.done];
        if (life.done)
            last = &life.moves[life.done - 1];
        kills += life.killed;
        moves += life.done;
        torn += under_way != NULL;
        f->now_ms = (under_way ? under_way : last)->now_ms;
        fixture_open(f);
        assert_whole(f);
        check_state(f, last, under_way);
        for (unsigned j = 0; j < life.done; j++)
            check_done(f, &life.moves[j]);
        if (under_way)
            repeat(f, under_way);
        assert_whole(f);
        before = (struct move){.kind = MOVE_END, .now_ms = f->now_ms};
        move_carry_out(f, &before);
    }
    print_message("%u lives, %u kills, %u moves done, %u under way\n", lives, kills, moves, torn);
    assert_true(kills > lives / 3);
    assert_true(torn > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_is_there_and_nothing_half, setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
