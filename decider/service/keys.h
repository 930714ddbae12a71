/* Keys added and changed; the facade's key calls and the first start share this. Admin thread. */
#ifndef SERVICE_KEYS_H
#define SERVICE_KEYS_H

#include "service/state.h"

/* Stores the key under its id and secret and puts it into service. */
MUST_USE enum result keys_add(struct service *service,
                              const struct principal *wanted,
                              const char *key_id,
                              const char *secret,
                              int64_t now_ms);

#endif
