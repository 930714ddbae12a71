/* The request that every benchmark asks about: what an edge says of a support chat of 1 KB, how its
 * attempt ended, and answers of the size that the decider's have. */
#ifndef TESTS_BENCH_SAMPLE_H
#define TESTS_BENCH_SAMPLE_H

#include "signalbox/decision.h"

#define SAMPLE_ROUTE  "demo-at-mock-a"
#define SAMPLE_TENANT "demo"

/* Without who asks: the caller sets key_digest, or tenant, workload and environment. */
struct facts sample_facts(void);
/* Both without route and start. */
struct report sample_success(void);
struct report sample_failure(void);

/* What a no-op service answers when nobody gave it real answers. */
struct decision sample_admitted(void);
struct decision sample_completed(void);

#endif
