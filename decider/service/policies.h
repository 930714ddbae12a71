/* What the calls on policies share: a version found, checked, told. Admin thread. */
#ifndef SERVICE_POLICIES_H
#define SERVICE_POLICIES_H

#include "engine/policy_document.h"
#include "service/admin.h"
#include "store/policy.h"

/* Parses and checks against the catalog in service; *ret_document, in the call's arena, is NULL
 * when there are errors among the findings. RESULT_DENIED: not the caller's environment. */
MUST_USE enum result policies_check(struct service *service,
                                    struct admin_call *call,
                                    struct slice text,
                                    struct policy_document **ret_document);

/* The version asked for, 0: the latest; its record is lent until admin_end. RESULT_NOT_FOUND also
 * where the caller may not see it; the message is set. */
MUST_USE enum result policies_find(struct service *service,
                                   struct admin_call *call,
                                   struct slice policy_id,
                                   uint32_t *version,
                                   struct policy_record *ret_record);
/* The newest version of the id that serves anywhere, whole before canary; 0: none. */
uint32_t policies_active(const struct service *service, struct slice policy_id);

/* In the call's arena, without the document. */
MUST_USE enum result policies_summarize(const struct service *service,
                                        struct admin_call *call,
                                        struct slice policy_id,
                                        uint32_t version,
                                        const struct policy_record *record,
                                        struct policy_summary *ret_policy);
/* Of a compiled policy; NULL: an all-zero summary. Between admin_begin and admin_end. */
MUST_USE enum result policies_summarize_compiled(const struct service *service,
                                                 struct admin_call *call,
                                                 const struct compiled *compiled,
                                                 struct policy_summary *ret_policy);

/* "policy@version" in the arena, and taken apart again; false: it has another shape. */
struct slice policies_name(struct arena *arena, struct slice policy_id, uint32_t version);
bool policies_parse_name(struct slice name, struct slice *ret_policy_id, uint32_t *ret_version);

#endif
