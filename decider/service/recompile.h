/* What serves a place compiled anew with other evidence. Admin thread, between admin_begin and
 * admin_end. */
#ifndef SERVICE_RECOMPILE_H
#define SERVICE_RECOMPILE_H

#include "service/pieces.h"
#include "service/rows.h"
#include "service/service.h"

/* Whole and canary; into policies, with their rows. The stored block of the evidence before goes in
 * the same write: history finds its way back by documents and evidence, and a million pieces do not
 * leave a million blocks. */
MUST_USE enum result recompile_serving(struct service *service,
                                       const struct serving *before,
                                       const struct pieces *pieces,
                                       struct policy_set *policies,
                                       struct rows *rows);

#endif
