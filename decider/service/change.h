/* What calls that change live state share: what a switch or pin may speak of, etags and reasons,
 * and how the owner carries a change out. Admin thread. */
#ifndef SERVICE_CHANGE_H
#define SERVICE_CHANGE_H

#include "service/admin.h"
#include "service/errand.h"

/* A name of 1 to bytes_max bytes without NUL. */
bool change_is_name(struct slice name, size_t bytes_max);
/* RESULT_INVALID with a message: there is no reason, or one of the two is too long or has a NUL. */
MUST_USE enum result
change_check_texts(struct admin_call *call, struct slice reason, struct slice write_id);
/* An etag is a version as decimal text; "0": it is on, or not pinned. Empty: *ret_given false.
 * RESULT_INVALID with a message: not an etag. */
MUST_USE enum result change_parse_etag(struct admin_call *call,
                                       struct slice etag,
                                       bool *ret_given,
                                       uint32_t *ret_version);

/* A version of the policy that has the entry, with a reference: one that serves, else the latest as
 * it would compile now. entry empty: any version that serves, else NULL. Between admin_begin and
 * admin_end.
 * RESULT_NOT_FOUND: no such policy that the caller may see, or no such entry; RESULT_DENIED: it
 * also serves where the caller may not speak; RESULT_PRECONDITION: the latest does not compile.
 * Messages are set. */
MUST_USE enum result change_find_policy(struct service *service,
                                        struct admin_call *call,
                                        struct slice policy_id,
                                        struct slice entry,
                                        struct compiled **ret_compiled);
/* A route, account or provider of the catalog in service. RESULT_NOT_FOUND; RESULT_DENIED: the
 * caller's environments are not all of them, and it reaches into every one. Messages are set. */
MUST_USE enum result change_find_place(const struct service *service,
                                       struct admin_call *call,
                                       enum switch_scope scope,
                                       struct slice name);
/* The caller may speak for the policy's environment; without a policy, for all of them. Between
 * admin_begin and admin_end. */
bool change_is_visible(struct service *service, struct admin_call *call, struct slice policy_id);

/* Carries out an errand and tells its result, with a message. False: the owner did not come to it;
 * it is gone, and *ret_result is RESULT_TIMEOUT. */
MUST_USE bool change_carry_out(struct service *service,
                               struct admin_call *call,
                               struct errand *errand,
                               enum result *ret_result);

#define CHANGE_ANSWER_BYTES (NAME_BYTES_MAX + 40)

/* What a repeated call is answered from, besides its own request. */
struct change_answer {
    uint32_t version; /* of the row; 0: there is none */
    int64_t at_ms;
    struct slice by; /* key id */
};
struct slice change_put_answer(const struct change_answer *answer,
                               char ret_text[CHANGE_ANSWER_BYTES]);
/* Lends from text. RESULT_CORRUPT: it is none. */
MUST_USE enum result change_take_answer(struct slice text, struct change_answer *ret_answer);

/* How the rows of a table are listed. */
struct change_rows {
    enum store_table table;
    size_t record_bytes;
    /* Decodes value, which stays with the call. *ret_shown: the caller is to see it. */
    enum result (*read)(struct service *service,
                        struct admin_call *call,
                        struct slice value,
                        void *ret_record,
                        bool *ret_shown);
};

struct change_page {
    void *records; /* of record_bytes each; in the call's arena */
    unsigned count;
    struct slice next; /* token of the next page; empty: no more */
};

/* The rows behind page_token (empty: from the start). RESULT_INVALID with a message: it is no token
 * of such a list. */
MUST_USE enum result change_list(struct service *service,
                                 struct admin_call *call,
                                 const struct change_rows *rows,
                                 struct slice page_token,
                                 unsigned rows_max,
                                 struct change_page *ret_page);

/* The key id of who calls. */
struct slice change_caller(const struct admin_call *call);

#endif
