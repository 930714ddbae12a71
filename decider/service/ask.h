/* One question on its way to its answer, as the files that carry it out share it. Owner thread. A
 * step that answers the ticket returns false. */
#ifndef SERVICE_ASK_H
#define SERVICE_ASK_H

#include "service/complete.h"
#include "service/state.h"
#include "service/token.h"

struct ask {
    struct service *service;
    const struct principal *caller;
    const struct question *question;
    int64_t now_ms;
    struct ticket *ticket;
    /* Found on the way. */
    bool has_token;
    struct token token;
    struct facts facts; /* completed; where the question has facts */
    struct asker asker;
    struct slice tenant;  /* empty: neither facts nor token name one */
    struct digest digest; /* of the question */
    struct request *request;
};

/* Answer the ticket with a refusal. */
bool ask_refuse(struct ask *ask,
                enum result result,
                const char *reason,
                const char *field,
                const char *message);
bool ask_invalid(struct ask *ask, const char *field, const char *message);
bool ask_failed(struct ask *ask, enum result result);

bool ask_digest(struct ask *ask, const struct question *question, struct digest *ret_digest);
/* The request is known: its next boundary, or one that was asked before. */
bool ask_go_on(struct ask *ask);
/* The request is not known, and this is not its admission: taken up by its token. */
bool ask_adopt(struct ask *ask);

#endif
