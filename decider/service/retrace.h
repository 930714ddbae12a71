/* Decisions with their whole traces, in an arena: decided twice, first to count the trace. */
#ifndef SERVICE_RETRACE_H
#define SERVICE_RETRACE_H

#include "base/arena.h"
#include "service/rebuild.h"

/* As rebuild_step; ret_output->decision.trace is set. RESULT_CORRUPT: there is no next boundary or
 * its view cannot be read. */
MUST_USE enum result
retrace_step(struct rebuild *rebuild, struct arena *arena, struct engine_output *ret_output);
/* As decide. */
MUST_USE enum result retrace_decide(const struct engine_input *input,
                                    struct arena *arena,
                                    struct engine_output *ret_output);

#endif
