/* See guard.h. */
#include "guard.h"

#include <string.h>

#include "fault.h"
#include "journal.h"
#include "play.h"

void guard_refuse(h2o_req_t *request, enum behaviour behaviour, uint64_t sequence)
{
    const struct behaviour_row *row = behaviour_row_of(behaviour);
    struct script *script = script_new();
    fault_write(row, "", script);
    journal_plan(sequence, NULL, false, row->name);
    play_start_owned(request, script, sequence);
}

bool guard_authorize(h2o_req_t *request, const struct option_set *options, uint64_t sequence)
{
    static const char bearer[] = "Bearer ";
    const size_t scheme = sizeof bearer - 1;
    if (!options->api_key)
        return true;
    ssize_t at = h2o_find_header(&request->headers, H2O_TOKEN_AUTHORIZATION, -1);
    if (at < 0) {
        guard_refuse(request, BEHAVIOUR_NO_CREDENTIAL, sequence);
        return false;
    }
    h2o_iovec_t value = request->headers.entries[at].value;
    if (value.len > scheme && !strncasecmp(value.base, bearer, scheme) &&
        h2o_memis(value.base + scheme, value.len - scheme, options->api_key,
                  strlen(options->api_key)))
        return true;
    guard_refuse(request, BEHAVIOUR_INVALID_API_KEY, sequence);
    return false;
}
