/* The calls that tests make: rules and journal. README.md describes them. */
#ifndef MOCK_ADMIN_H
#define MOCK_ADMIN_H

#include "loop.h"

/* Answers any request below /admin/. */
void admin_answer(h2o_req_t *request);

#endif
