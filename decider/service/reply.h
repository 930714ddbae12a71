/* What tickets are answered with. Owner thread. */
#ifndef SERVICE_REPLY_H
#define SERVICE_REPLY_H

#include "service/state.h"

/* How long a caller should stay away from a full store. */
#define FULL_RETRY_MS 1000

/* The ticket waits for the commit of the request's last boundary. */
void reply_wait(struct service *service, struct request *request, struct ticket *ticket);
/* The answer of one boundary, as the ticket asked for it. */
void reply_boundary(struct service *service,
                    struct request *request,
                    unsigned boundary,
                    struct ticket *ticket);
/* All tickets that wait: the last boundary's answer, or with a result other than OK that. */
void reply_waiting(struct service *service, struct request *request, enum result result);
/* A result other than OK; texts may be NULL. */
void reply_refuse(struct ticket *ticket,
                  enum result result,
                  const char *reason,
                  const char *field,
                  const char *message);

#endif
