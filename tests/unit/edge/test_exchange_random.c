#include "base/random.h"
#include "exchange_moves.h"

/* What may happen next, whatever the state; each keeps the promises that the owner makes. */
static void happen(struct play *p, uint64_t dice)
{
    static const char *const pieces[] = {CHUNK("x"),   ROLE_CHUNK,    FINISH_CHUNK,
                                         USAGE_CHUNK,  DONE,          "data: {bad\n\n",
                                         ": ping\n\n", "data: {\"err"};

    switch (dice % 12) {
    case 0:
        exchange_client_left(&p->exchange, p->now);
        break;
    case 1:
        exchange_flow(&p->exchange, dice >> 8 & 1, p->now);
        break;
    case 2:
    case 3:
        play_pass(p, dice >> 8 & 0xfff);
        break;
    case 4:
        if (p->upstream_open)
            play_end(p, dice >> 8 & 1 ? TRANSPORT_COMPLETED : TRANSPORT_TRUNCATED);
        break;
    case 5:
        if (p->upstream_open && p->exchange.observation.state == OBSERVATION_HEAD)
            play_head(p, dice >> 8 & 3 ? 200 : 500, "text/event-stream");
        break;
    case 6:
    case 7:
    case 8:
        if (p->upstream_open && p->exchange.observation.state != OBSERVATION_HEAD)
            play_bytes(p, pieces[dice >> 8 & 7]);
        break;
    default:
        if (!p->exchange.asking || p->exchange.state == EXCHANGE_ENDED)
            break;
        if ((dice >> 8 & 7) < 3)
            play_send_to(p, p->exchange.attempts ? ACTION_FALLBACK : ACTION_SEND, "r");
        else if ((dice >> 8 & 7) == 3)
            play_no_answer(p, dice >> 16 & 1 ? RESULT_TIMEOUT : RESULT_ADMISSION_NEEDED);
        else if ((dice >> 8 & 7) < 6)
            play_fail_closed(p, "x", dice >> 16 & 1);
        else
            play_complete(p);
        break;
    }
}

/* The fakes check the rest: one answer, nothing after the end, no two transfers at once. */
static void any_order_of_events_keeps_the_promises(void **state)
{
    uint64_t seed = 4711;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct play p;
        unsigned steps = 0;

        play_init(&p);
        play_start(&p, round & 1 ? PLAY_STREAM_BODY : PLAY_BODY, round & 2 ? 9000 : 0);
        while (p.exchange.state != EXCHANGE_ENDED && steps++ < 400 && p.answers_count < 30)
            happen(&p, random_next(&seed));
        if (p.exchange.state == EXCHANGE_ENDED) {
            assert_int_equal(p.ends, 1);
            assert_true(p.responses + p.finishes == 1 || p.exchange.client_gone);
            assert_false(p.finishes && p.clean &&
                         p.exchange.observation.state != OBSERVATION_ENDED);
        }
        play_done(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_order_of_events_keeps_the_promises)};

    return cmocka_run_group_tests_name("edge/exchange_random", tests, NULL, NULL);
}
