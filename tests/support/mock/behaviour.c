/* The table as rows, and two ways to look one up. Scans: there are under a hundred rows. */
#include "behaviour.h"

#include <string.h>

#include "memory.h"
#include "scene.h"

const struct behaviour_row behaviour_rows[] = {
#define T(NAME, number, name, maker, sentence)                                                     \
    {BEHAVIOUR_##NAME, name, sentence, scene_make_##maker, 0, "", "", "", "", ""},
#define E(NAME, number, name, status, type, code, param, retry_after, message, sentence)           \
    {BEHAVIOUR_##NAME, name, sentence, NULL, status, type, code, param, retry_after, message},
#include "behaviour.def"
#undef T
#undef E
};

const size_t behaviour_count = sizeof behaviour_rows / sizeof *behaviour_rows;

const struct behaviour_row *behaviour_row_of(enum behaviour number)
{
    for (size_t i = 0; i < behaviour_count; i++)
        if (behaviour_rows[i].number == number)
            return &behaviour_rows[i];
    memory_stop(__FILE__, __LINE__, "a behaviour without a row");
}

const struct behaviour_row *behaviour_find(const char *name, size_t len)
{
    for (size_t i = 0; i < behaviour_count; i++)
        if (strlen(behaviour_rows[i].name) == len && !memcmp(behaviour_rows[i].name, name, len))
            return &behaviour_rows[i];
    return NULL;
}
