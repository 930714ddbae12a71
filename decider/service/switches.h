/* What is switched off or pinned, in the owner's memory, and how the store has it.
 *
 * Every change gets the next number of one count over all switches and pins: the version of the
 * row, which is its etag, and of two changes of one switch the one that stands. The count is stored
 * with each change, so that it goes on after a restart.
 *
 * Something that is off may not be stored yet: off acts in memory first. It stays off when its
 * commit fails, and is stored again and again until that goes well (service_turn).
 *
 * A decision asks no table: what concerns a compiled policy is looked up once and kept with it
 * until the generation changes. Owner thread, but for loading. */
#ifndef SERVICE_SWITCHES_H
#define SERVICE_SWITCHES_H

#include "base/arena.h"
#include "service/compiled.h"
#include "store/control.h"

struct rows;
struct service_error;

/* "queue:" and a name; or the id of an entry's first route, or "default_response". */
#define SWITCH_REASON_BYTES_MAX 512
/* Every text of a record and of its audit row at its bound. */
#define SWITCH_TEXT_BYTES 2560

struct switch_state {
    struct store_key key; /* layout_switch */
    struct switch_record record;
    struct audit_record audit; /* of the change; empty when it came from the store */
    bool storing;              /* a commit of this version is under way */
    bool stored;
    uint32_t on_version; /* of a change that turns it on and is under way; 0: none */
    struct arena arena;  /* texts of both, in memory */
    char memory[SWITCH_TEXT_BYTES];
};

struct pin_state {
    struct pin_record record;
    struct arena arena;
    char memory[SWITCH_TEXT_BYTES];
};

struct switches {
    struct map off;      /* by layout_switch */
    struct map pins;     /* by policy id */
    uint32_t version;    /* of the last change */
    uint64_t generation; /* of what acts in memory; from 1 on */
    unsigned unstored;   /* neither stored nor on their way */
    int64_t again_ms;    /* when they are tried again */
};

void switches_init(struct switches *switches);
void switches_done(struct switches *switches);
/* What the store has. */
MUST_USE enum result switches_load(struct switches *switches,
                                   struct store_read *read,
                                   struct service_error *reterr_error);

/* NULL: it is on. */
struct switch_state *switches_find(const struct switches *switches,
                                   enum switch_scope scope,
                                   struct slice policy_id,
                                   struct slice name);
const struct pin_state *switches_pin_of(const struct switches *switches, struct slice policy_id);

/* Off, from this moment on, with the next version, in place of what was there. Copies the texts of
 * record and audit; record->version does not matter. *ret_state is to be stored by the caller.
 * RESULT_NO_MEMORY. */
MUST_USE enum result switches_turn_off(struct switches *switches,
                                       const struct switch_record *record,
                                       const struct audit_record *audit,
                                       struct switch_state **ret_state);
/* As the store has it; there is none of its key yet. RESULT_NO_MEMORY. */
MUST_USE enum result switches_put_loaded(struct switches *switches,
                                         const struct switch_record *record);
/* What became of a commit with that version of it; nothing when it has changed since. */
void switches_note_stored(struct switches *switches,
                          const struct store_key *key,
                          uint32_t version,
                          bool stored);
/* Its commit failed, nothing tries it again, and nothing turns it on. */
bool switches_is_unstored(const struct switch_state *state);
/* Somebody tries it again. */
void switches_storing(struct switches *switches, struct switch_state *state);
/* On is announced before its commit, and acts after it, unless something newer turned it off. */
uint32_t switches_begin_on(struct switches *switches, struct switch_state *state);
void switches_end_on(struct switches *switches,
                     const struct store_key *key,
                     uint32_t version,
                     bool stored);

/* For a pin, or one that goes. */
static inline uint32_t switches_next_version(struct switches *switches)
{
    return ++switches->version;
}
/* A pin that can be put without failing, with the record's version; freed by pin_state_free when it
 * is not put. NULL: out of memory. */
struct pin_state *switches_make_pin(struct switches *switches, const struct pin_record *record);
void switches_put_pin(struct switches *switches, struct pin_state *pin);
void switches_remove_pin(struct switches *switches, struct slice policy_id);
void pin_state_free(struct pin_state *pin); /* takes NULL */

/* The rows of a change: that of the switch itself (state NULL: it is on, the row at key goes), the
 * count, and the audit row. */
void switches_rows(const struct switch_state *state,
                   const struct store_key *key,
                   uint32_t version,
                   const struct audit_record *audit,
                   struct rows *rows);
void switches_put_version(uint32_t version, struct rows *rows);

/* What is off or pinned of the policy. */
void switches_resolve(const struct switches *switches,
                      const struct policy *policy,
                      struct compiled_switches *ret_resolved);

/* The entry of that name; -1: none. */
int switches_entry_index(const struct policy *policy, struct slice name);

#endif
