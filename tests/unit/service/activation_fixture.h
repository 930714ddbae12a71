/* What the tests of activation share: three versions of one policy, put into service and taken out
 * of it again. */
#ifndef TESTS_UNIT_SERVICE_ACTIVATION_FIXTURE_H
#define TESTS_UNIT_SERVICE_ACTIVATION_FIXTURE_H

#include "service/state.h"
#include "unit/service/fixture.h"

#define POLICY(more)                                                                               \
    "{'policy_id':'p','workflow':'w','environment':'e',"                                           \
    "'primary_route':{'route':'demo-at-mock-a'}" more "}"

/* Three versions of p are there; none of them serves. */
static inline int setup(void **state)
{
    static const char *const documents[] = {POLICY(), POLICY(" "), POLICY("  ")};
    struct policy_summary policy;
    struct fixture *f;

    fixture_setup_empty(state);
    f = *state;
    fixture_publish_catalog(f, fixture_file(f, "policies/catalog.json"));
    for (unsigned i = 0; i < 3; i++) {
        f->now_ms++;
        assert_int_equal(service_publish_policy(f->service, fixture_call(f),
                                                fixture_json(f, documents[i]), &policy),
                         RESULT_OK);
        assert_int_equal(policy.version, i + 1);
    }
    return 0;
}

static inline enum result try_activate(struct fixture *f,
                                       struct activation_request request,
                                       struct activation_summary *ret_summary)
{
    if (!request.policy_id.len)
        request.policy_id = SLICE_LITERAL("p");
    return service_activate(f->service, fixture_call(f), &request, ret_summary);
}

static inline struct activation_summary
activate(struct fixture *f, uint32_t version, uint32_t percent)
{
    struct activation_summary summary;

    assert_int_equal(try_activate(f,
                                  (struct activation_request){.version = version,
                                                              .percent = percent,
                                                              .reason = SLICE_LITERAL("test")},
                                  &summary),
                     RESULT_OK);
    return summary;
}

static inline struct activation_summary roll_back(struct fixture *f)
{
    const struct roll_back_request request = {.policy_id = SLICE_LITERAL("p")};
    struct activation_summary summary;

    assert_int_equal(service_roll_back(f->service, fixture_call(f), &request, &summary), RESULT_OK);
    return summary;
}

static inline enum result try_roll_back(struct fixture *f, const char *etag)
{
    const struct roll_back_request request = {
        .workload = SLICE_LITERAL("w"), .environment = SLICE_LITERAL("e"), .etag = slice_of(etag)};
    struct activation_summary summary;

    return service_roll_back(f->service, fixture_call(f), &request, &summary);
}

/* What serves: the whole version, its canary (0: none) and how much that takes. */
static inline void
check_serving(struct fixture *f, uint32_t whole, uint32_t canary, uint32_t percent)
{
    const struct serving *serving =
        snapshot_serving(f->service->owner.live, SLICE_LITERAL("w"), SLICE_LITERAL("e"));

    assert_non_null(serving);
    assert_int_equal(serving->whole->policy->version, whole);
    assert_int_equal(serving->canary ? serving->canary->policy->version : 0, canary);
    assert_int_equal(serving->canary_percent, percent);
}

#endif
