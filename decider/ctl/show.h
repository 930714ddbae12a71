/* Answers of the decider for people: what the commands print without --output json.
 *
 * Each function appends to the output; it reads nothing but its arguments, and what comes from
 * elsewhere is made harmless on its way out (display.h). now_ms is what ages are counted from. */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include "ctl/ctl.h"
#include "signalbox/v1/history.pb-c.h"
#include "signalbox/v1/policy.pb-c.h"

/* "active: support-chat@3 for support-chat in production". */
void show_version(struct ctl *ctl, const char *what, const Signalbox__V1__Policy *policy);

struct activation {
    const Signalbox__V1__Policy *policy, *replaced, *canary; /* NULL: none */
    uint32_t canary_percent;
    const char *etag;
};
void show_activation(struct ctl *ctl, const struct activation *activation);

/* show_review.c */
void show_diff(struct ctl *ctl, const Signalbox__V1__DiffPoliciesResponse *diff);
void show_suggestions(struct ctl *ctl, const Signalbox__V1__SuggestRoutesResponse *answer);
/* Every test, then the rules that were reached; with coverage those that were not as well. */
void show_tests(struct ctl *ctl, const Signalbox__V1__TestPolicyResponse *answer, bool coverage);
/* Whether every test passed, and there was one. */
bool show_tests_passed(const Signalbox__V1__TestPolicyResponse *answer);
/* What changes, which evidence it voids, which policies it touches. */
void show_catalog_changes(struct ctl *ctl, const Signalbox__V1__PublishCatalogResponse *answer);

/* show_evidence.c */
void show_evidence_list(struct ctl *ctl,
                        Signalbox__V1__Evidence *const *items,
                        size_t count,
                        int64_t now_ms);
void show_evidence(struct ctl *ctl, const Signalbox__V1__Evidence *evidence, int64_t now_ms);

/* show_control.c */
void show_switches(struct ctl *ctl,
                   Signalbox__V1__Switch *const *switches,
                   size_t count,
                   int64_t now_ms);
void show_pins(struct ctl *ctl, Signalbox__V1__Pin *const *pins, size_t count, int64_t now_ms);
void show_audit(struct ctl *ctl,
                Signalbox__V1__AuditEvent *const *events,
                size_t count,
                int64_t now_ms);

#endif
