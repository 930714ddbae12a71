/* Secrets of keys: made here, shown once, stored as the HMAC of their SHA-256. */
#ifndef SERVICE_SECRET_H
#define SERVICE_SECRET_H

#include "base/digest.h"
#include "service/service.h"
#include "store/store.h"

#define KEY_ID_TEXT_BYTES 20 /* "key_" and 16 hex digits */

void secret_make(char ret_text[SECRET_TEXT_BYTES + 1]);
void secret_make_key_id(char ret_text[KEY_ID_TEXT_BYTES + 1]);
struct digest secret_identity(const struct store *store, struct slice secret);
struct digest secret_identity_of_digest(const struct store *store, struct slice sha256);

/* The operator's first token, made when the store has none: its key goes into the store, its secret
 * into the file at path (mode 0600, complete or not there). reterr_error names the file. */
MUST_USE enum result secret_make_operator(struct service *service,
                                          const char *path,
                                          int64_t now_ms,
                                          struct service_error *reterr_error);

#endif
