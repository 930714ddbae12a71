/* What must hold in every build, release included. A broken one ends the process with the place;
 * the store's transactions make that safe. Never for input: bad input gets a result. */
#ifndef BASE_INVARIANT_H
#define BASE_INVARIANT_H

#include <stdnoreturn.h>

noreturn void invariant_failed(const char *condition, const char *file, int line);

#define invariant(condition)                                                                       \
    ((condition) ? (void)0 : invariant_failed(#condition, __FILE__, __LINE__))

#endif
