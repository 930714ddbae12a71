/* The closed list of what the provider can be told to do; made from behaviour.def. */
#ifndef MOCK_BEHAVIOUR_H
#define MOCK_BEHAVIOUR_H

#include <stddef.h>

enum behaviour {
#define T(NAME, number, ...) BEHAVIOUR_##NAME = (number),
#define E(NAME, number, ...) BEHAVIOUR_##NAME = (number),
#include "behaviour.def"
#undef T
#undef E
};

struct scene;

/* A row of the table. Twists have make and no status; errors have status and no make. */
struct behaviour_row {
    enum behaviour number;
    const char *name;
    const char *sentence;
    void (*make)(struct scene *scene);
    int status;
    const char *type;        /* empty: an HTML page */
    const char *code;        /* empty: null */
    const char *param;       /* empty: null */
    const char *retry_after; /* empty: absent */
    const char *message;
};

extern const struct behaviour_row behaviour_rows[];
extern const size_t behaviour_count;

/* The row; every value of the enum has one. */
const struct behaviour_row *behaviour_row_of(enum behaviour number);

/* The row of that name (len bytes), NULL when there is none. */
const struct behaviour_row *behaviour_find(const char *name, size_t len);

#endif
