/* The rollback rules' live windows: for each policy that had outcomes lately, and each of its
 * entries, one window per rule (engine/rollback.h).
 *
 * Bounded: when too many policies are active, the one that was silent longest is forgotten, and its
 * windows start anew; what a rule has switched off stays off. Windows are not stored: after a
 * restart they start anew. Owner thread. */
#ifndef SERVICE_TALLY_H
#define SERVICE_TALLY_H

#include "base/list.h"
#include "base/map.h"
#include "engine/rollback.h"

#define TALLIES_MAX 16384

struct tally_entry {
    char name[NAME_BYTES_MAX + 6];
    size_t name_len;
    int64_t used_ms;
    struct rollback_window windows[ROLLBACK_RULE_END];
    int64_t alert_ms[ROLLBACK_RULE_END]; /* of the last alert; of a primary */
};

struct tally {
    struct list link; /* the one that is silent longest first */
    char policy_id[NAME_BYTES_MAX];
    size_t policy_id_len;
    struct rollback_policy state;
    struct tally_entry *entries[ENTRIES_MAX]; /* by name; NULL: free */
};

struct tallies {
    struct map by_policy;
    struct list all;
};

void tallies_init(struct tallies *tallies);
void tallies_done(struct tallies *tallies);

/* Makes what is not there. NULL: out of memory. A tally stays until the next call for a policy
 * that is not there. */
struct tally *tally_of(struct tallies *tallies, struct slice policy_id);
/* An entry of another version that was silent longest makes room where there is none. */
struct tally_entry *tally_entry_of(struct tally *tally, struct slice name, int64_t now_ms);
/* The entry's windows start anew, where there are any. */
void tally_forget(struct tallies *tallies, struct slice policy_id, struct slice entry);

#endif
