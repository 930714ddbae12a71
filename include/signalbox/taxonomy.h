/* Everything that can happen, as closed lists made from taxonomy/: enums with the wire's numbers,
 * names, parsing, rows. 0 is always "unspecified" and has no row.
 *
 *   enum action a;
 *   signalbox_action_parse(SLICE_LITERAL("fallback"), &a);
 *   signalbox_action_name(a);
 *
 * Pure and without state; a name is a static string. A parse leaves its result alone when it
 * returns false. taxonomy/list.h says what each list gets; failures, reasons and groups have
 * richer rows, in taxonomy/failure.h. */
#ifndef SIGNALBOX_TAXONOMY_H
#define SIGNALBOX_TAXONOMY_H

#include <stdint.h>

#include "signalbox/slice.h"

/* A set of members of one list; every number that goes in is below 64. */
#define SET_OF(number) (UINT64_C(1) << (number))

static inline bool set_has(uint64_t set, unsigned number)
{
    return number < 64 && (set >> number & 1);
}

struct taxonomy_row {
    const char *name; /* NULL where the number is not taken */
    const char *sentence;
};

/* The index of name among the rows below end, or 0 when there is none (row 0 is never taken). */
static inline unsigned
taxonomy_find(const struct taxonomy_row *rows, unsigned end, struct slice name)
{
    for (unsigned i = 1; i < end; i++)
        if (rows[i].name && slice_is(name, rows[i].name))
            return i;
    return 0;
}

#define TAX_NAME   action
#define TAX_PREFIX ACTION
#define TAX_FILE   "signalbox/taxonomy/action.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   disposition
#define TAX_PREFIX DISPOSITION
#define TAX_FILE   "signalbox/taxonomy/disposition.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   gate
#define TAX_PREFIX GATE
#define TAX_FILE   "signalbox/taxonomy/gate.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   verdict
#define TAX_PREFIX VERDICT
#define TAX_FILE   "signalbox/taxonomy/verdict.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   tier
#define TAX_PREFIX TIER
#define TAX_FILE   "signalbox/taxonomy/tier.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   quality_class
#define TAX_PREFIX QUALITY_CLASS
#define TAX_FILE   "signalbox/taxonomy/quality_class.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   traffic_class
#define TAX_PREFIX TRAFFIC_CLASS
#define TAX_FILE   "signalbox/taxonomy/traffic_class.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   data_class
#define TAX_PREFIX DATA_CLASS
#define TAX_FILE   "signalbox/taxonomy/data_class.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   unit
#define TAX_PREFIX UNIT
#define TAX_FILE   "signalbox/taxonomy/unit.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   family
#define TAX_PREFIX FAMILY
#define TAX_FILE   "signalbox/taxonomy/family.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   need
#define TAX_PREFIX NEED
#define TAX_FILE   "signalbox/taxonomy/need.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   sensitivity
#define TAX_PREFIX SENSITIVITY
#define TAX_FILE   "signalbox/taxonomy/sensitivity.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   bound_state
#define TAX_PREFIX BOUND_STATE
#define TAX_FILE   "signalbox/taxonomy/bound_state.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   block
#define TAX_PREFIX BLOCK
#define TAX_FILE   "signalbox/taxonomy/block.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   side_effect
#define TAX_PREFIX SIDE_EFFECT
#define TAX_FILE   "signalbox/taxonomy/side_effect.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   transport
#define TAX_PREFIX TRANSPORT
#define TAX_FILE   "signalbox/taxonomy/transport.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   phase
#define TAX_PREFIX PHASE
#define TAX_FILE   "signalbox/taxonomy/phase.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   body_state
#define TAX_PREFIX BODY_STATE
#define TAX_FILE   "signalbox/taxonomy/body_state.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   schema_validation
#define TAX_PREFIX SCHEMA_VALIDATION
#define TAX_FILE   "signalbox/taxonomy/schema_validation.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   finish
#define TAX_PREFIX FINISH
#define TAX_FILE   "signalbox/taxonomy/finish.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   hold_output
#define TAX_PREFIX HOLD_OUTPUT
#define TAX_FILE   "signalbox/taxonomy/hold_output.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   role
#define TAX_PREFIX ROLE
#define TAX_FILE   "signalbox/taxonomy/role.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   binding
#define TAX_PREFIX BINDING
#define TAX_FILE   "signalbox/taxonomy/binding.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   evidence_kind
#define TAX_PREFIX EVIDENCE_KIND
#define TAX_FILE   "signalbox/taxonomy/evidence_kind.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   evidence_state
#define TAX_PREFIX EVIDENCE_STATE
#define TAX_FILE   "signalbox/taxonomy/evidence_state.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   sign_off
#define TAX_PREFIX SIGN_OFF
#define TAX_FILE   "signalbox/taxonomy/sign_off.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   coverage
#define TAX_PREFIX COVERAGE
#define TAX_FILE   "signalbox/taxonomy/coverage.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   contract_check
#define TAX_PREFIX CONTRACT_CHECK
#define TAX_FILE   "signalbox/taxonomy/contract_check.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   parity_check
#define TAX_PREFIX PARITY_CHECK
#define TAX_FILE   "signalbox/taxonomy/parity_check.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   switch_scope
#define TAX_PREFIX SWITCH_SCOPE
#define TAX_FILE   "signalbox/taxonomy/switch_scope.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   rollback_rule
#define TAX_PREFIX ROLLBACK_RULE
#define TAX_FILE   "signalbox/taxonomy/rollback_rule.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   audit_action
#define TAX_PREFIX AUDIT_ACTION
#define TAX_FILE   "signalbox/taxonomy/audit_action.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   feedback
#define TAX_PREFIX FEEDBACK
#define TAX_FILE   "signalbox/taxonomy/feedback.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   strength
#define TAX_PREFIX STRENGTH
#define TAX_FILE   "signalbox/taxonomy/strength.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   spend_window
#define TAX_PREFIX SPEND_WINDOW
#define TAX_FILE   "signalbox/taxonomy/spend_window.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   payload_storage
#define TAX_PREFIX PAYLOAD_STORAGE
#define TAX_FILE   "signalbox/taxonomy/payload_storage.def"
#include "signalbox/taxonomy/list.h"

#define TAX_NAME   intent
#define TAX_PREFIX INTENT
#define TAX_FILE   "signalbox/taxonomy/intent.def"
#include "signalbox/taxonomy/failure.h"
#include "signalbox/taxonomy/list.h"

#endif
