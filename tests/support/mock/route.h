/* From a request to the function that answers it. */
#ifndef MOCK_ROUTE_H
#define MOCK_ROUTE_H

#include "loop.h"
#include "option.h"

/* Registers the one handler on the host; options are borrowed for the life of the process. */
void route_register(h2o_hostconf_t *host, const struct option_set *options);

#endif
