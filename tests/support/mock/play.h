/* Plays a script to a client: the only place that sends a chat response.
 *
 * In the order things happen: wait for the script's delay; send the head with the first step, or
 * alone when a pause, a cut or silence follows it; send each next step when the one before has
 * been written and its pause is over; end as the script says. At any point the client may leave,
 * which ends the play and is noted in the journal. One loop's thread. */
#ifndef MOCK_PLAY_H
#define MOCK_PLAY_H

#include <stdint.h>

#include "loop.h"
#include "script.h"

/* Plays a script that outlives the request: only borrowed. */
void play_start(h2o_req_t *request, const struct script *script, uint64_t sequence);

/* Plays a script and frees it when the request is gone. */
void play_start_owned(h2o_req_t *request, struct script *script, uint64_t sequence);

#endif
