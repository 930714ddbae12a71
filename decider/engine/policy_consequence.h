/* The second half of policy_diff: what follows from a change, in sentences. Every sentence about a
 * set has one shape, "what: a, b, c.", so that rows of text are enough to say it. */
#ifndef ENGINE_POLICY_CONSEQUENCE_H
#define ENGINE_POLICY_CONSEQUENCE_H

#include "engine/policy_diff.h"

#define ENTRY_NONE UINT32_MAX

/* The same entry in both documents, by name; ENTRY_NONE where one has none. */
struct entry_pair {
    uint32_t before, after;
};

struct sentence {
    struct slice text;
    struct sentence *next;
};

struct consequences {
    const struct policy_document *before, *after;
    struct arena *arena;
    struct buf text; /* of the sentence under way */
    struct sentence *first, *last;
    unsigned count;
};

/* Ends the sentence that was written into text and adds it. */
void consequence_add(struct consequences *consequences);

void consequence_of_settings(struct consequences *consequences);
void consequence_of_entry(struct consequences *consequences, struct entry_pair pair);
/* Failure classes that have a fallback in one of the documents only. */
void consequence_of_failures(struct consequences *consequences);

/* ---- parts of sentences ---- */

/* A list of words for sets. */
struct words {
    const char *(*name)(unsigned number);
    unsigned end;
};

extern const struct words words_failure, words_reason, words_data_class, words_sensitivity,
    words_evidence_kind, words_sign_off;

/* How a change of a list is said; each is followed by the label and, but for freed, by the list. */
struct listing {
    const char *gained;
    const char *lost;
    /* Where an empty list means "any": it has become a list, or is none any more. NULL: an empty
     * list is one with nothing in it. */
    const char *limited;
    const char *freed;
};

void consequence_set(struct consequences *consequences,
                     const struct listing *listing,
                     struct slice label,
                     const struct words *words,
                     const uint64_t sets[2]);
void consequence_names(struct consequences *consequences,
                       const struct listing *listing,
                       struct slice label,
                       const struct texts names[2]);

/* A bound in both documents; 0: none. */
struct bound {
    const char *name;
    uint64_t before, after;
    unsigned decimals; /* 9: money */
};

/* "<label><name> is tightened from 5 to 3."; nothing when they are equal. */
void consequence_bound(struct consequences *consequences,
                       struct slice label,
                       const struct bound *bound);

#endif
