/* Kill points: named places in the writer where tests end the process, to show that what was
 * acknowledged is there after a crash, wherever it comes.
 *
 * In production store_test_hook is NULL and a kill point costs one load on the writer thread. A
 * unit test sets it before store_open. An end-to-end test starts a program with the environment
 * variable SIGNALBOX_KILL_POINT=<name>[:<n>], read once by store_open: the n-th passing (default:
 * the first) raises SIGKILL. The variable is for tests alone and no option; an unknown name fails
 * store_open. */
#ifndef STORE_KILL_POINT_H
#define STORE_KILL_POINT_H

#include <stdbool.h>

enum store_kill_point {
#define K(NAME, name, what) STORE_KILL_POINT_##NAME,
#include "store/kill_point.def"
#undef K
    STORE_KILL_POINT_END
};

typedef void (*store_kill_hook)(enum store_kill_point point);

/* Set before store_open, called on the writer thread. */
extern store_kill_hook store_test_hook;

static inline void store_kill_point(enum store_kill_point point)
{
    if (store_test_hook)
        store_test_hook(point);
}

/* Installs the hook that SIGNALBOX_KILL_POINT asks for, if it is set. False: it names no kill
 * point. */
bool store_kill_point_arm(void);

#endif
