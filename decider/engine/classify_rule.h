/* The rows of classify.def against one report; for classify alone. */
#ifndef ENGINE_CLASSIFY_RULE_H
#define ENGINE_CLASSIFY_RULE_H

#include "engine/classify.h"

/* One report as the rows see it. */
struct evidence {
    const struct report *report;
    unsigned status; /* 0: inside a success answer, without a number of its own */
    bool success;    /* the HTTP status is 2xx */
    uint64_t scopes; /* by classify_rule_scopes */
};

/* Which rows are asked. */
enum rule_reach {
    RULE_REACH_ALL,     /* an error status */
    RULE_REACH_WORDS,   /* an error inside a success answer, told by its words alone */
    RULE_REACH_SUCCESS, /* an answer: only rows for success answers */
};

/* The scopes that a route's family and provider are in. */
uint64_t classify_rule_scopes(enum family family, struct slice provider);
/* The first row that matches, stage after stage; false: none. */
bool classify_rule_match(const struct evidence *evidence,
                         enum rule_reach reach,
                         struct classification *ret_made);

#endif
