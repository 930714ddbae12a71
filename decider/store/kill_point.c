/* The hook that SIGNALBOX_KILL_POINT installs. SIGKILL cannot be caught, so nothing is flushed,
 * unlocked or closed: what follows is what a crash leaves. */
#include "store/kill_point.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

store_kill_hook store_test_hook;

/* Written before the writer thread starts, then the writer's. */
static enum store_kill_point armed_point;
static unsigned long passings_left;

static const char *const names[] = {
#define K(NAME, name, what) [STORE_KILL_POINT_##NAME] = name,
#include "store/kill_point.def"
#undef K
};

static void on_kill_point(enum store_kill_point point)
{
    if (point == armed_point && --passings_left == 0)
        kill(getpid(), SIGKILL);
}

bool store_kill_point_arm(void)
{
    const char *wanted = getenv("SIGNALBOX_KILL_POINT");
    size_t len;
    char *end;

    if (!wanted)
        return true;
    len = strcspn(wanted, ":");
    passings_left = 1;
    if (wanted[len] == ':') {
        passings_left = strtoul(wanted + len + 1, &end, 10);
        if (*end || passings_left == 0)
            return false;
    }
    for (int point = 0; point < STORE_KILL_POINT_END; point++)
        if (strlen(names[point]) == len && memcmp(names[point], wanted, len) == 0) {
            armed_point = (enum store_kill_point)point;
            store_test_hook = on_kill_point;
            return true;
        }
    return false;
}
