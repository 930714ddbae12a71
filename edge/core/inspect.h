/* Looks at a request body once, in one pass, and turns it into facts and places.
 *
 * inspect.def gives every field its verdict. Nothing is decided here but what the edge can vouch
 * for: a field it does not know, a key that stands twice (escaped or not), a value of the wrong
 * type where it is read. Everything else is the decider's. */
#ifndef CORE_INSPECT_H
#define CORE_INSPECT_H

#include "core/request.h"

/* What one pass carries through its callbacks. */
struct inspection {
    struct request *request;
    struct refusal *refusal;
    uint64_t seen;        /* of enum chat_field */
    unsigned field;       /* whose value is being read */
    unsigned nested_seen; /* of the innermost object's known keys */
    bool tool_result;
    unsigned elements;
};

/* Fills facts and places of a chat completion. False: *reterr_refusal says what to tell the client
 * (the request is not to be used further). */
bool inspect_chat(struct request *request,
                  struct json_scanner *scanner,
                  struct refusal *reterr_refusal);

/* Reads the messages array; a part of inspect_chat. */
bool inspect_messages(struct inspection *inspection, struct json_scan_value *value);

/* The index of key among names (ended by NULL), its bit set in *seen; -1: not among them;
 * -2: it was there before, and the refusal is written. */
int inspect_key(struct inspection *inspection,
                struct slice key,
                const char *const *names,
                unsigned *seen);
/* Writes the refusal of a value of another type; false. */
bool inspect_wrong_type(struct inspection *inspection, const char *expected);
const char *inspect_field_name(unsigned field);

#endif
