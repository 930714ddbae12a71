/* Operational results, from result.def. Exit codes follow sysexits.h. */
#ifndef SIGNALBOX_RESULT_H
#define SIGNALBOX_RESULT_H

enum result {
#define R(NAME, number, name, grpc_status, exit_code, sentence) RESULT_##NAME = number,
#include "signalbox/result.def"
#undef R
};

struct result_row {
    const char *name;
    int grpc_status;
    int exit_code;
    const char *sentence;
};

/* Never NULL; an unknown number reads as RESULT_IO. */
static inline const struct result_row *result_row(enum result result)
{
    static const struct result_row rows[] = {
#define R(NAME, number, name, grpc_status, exit_code, sentence)                                    \
    [number] = {name, grpc_status, exit_code, sentence},
#include "signalbox/result.def"
#undef R
    };
    return (unsigned)result < sizeof rows / sizeof *rows ? &rows[result] : &rows[RESULT_IO];
}

#define MUST_USE __attribute__((warn_unused_result))

#endif
