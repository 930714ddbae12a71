/* The answers of --bench: constant, built once, so that a load test measures the client.
 *
 * A request is streamed when its body contains "stream":true, with or without one space. */
#ifndef MOCK_BENCH_H
#define MOCK_BENCH_H

#include "loop.h"
#include "option.h"

/* Builds the answers; before any worker starts. */
void bench_init(const struct option_set *options);

/* Answers a chat request with 1 KiB of JSON or the constant stream. */
void bench_answer(h2o_req_t *request);

#endif
