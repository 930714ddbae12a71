/* The last line a broken process writes goes where all its other lines went. */
#include "base/invariant.h"

#include <stdlib.h>

#include "base/log.h"

noreturn void invariant_failed(const char *condition, const char *file, int line)
{
    log_event(LOG_ERROR, "invariant_failed", log_text("condition", condition),
              log_text("file", file), log_number("line", line));
    abort();
}
