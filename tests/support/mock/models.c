/* See models.h. */
#include "models.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "journal.h"
#include "memory.h"
#include "play.h"

#define CREATED_S 1700000000

void models_answer(h2o_req_t *request, const struct option_set *options, uint64_t sequence)
{
    if (!guard_authorize(request, options, sequence))
        return;
    json_t *list = json_array();
    char *names = memory_copy(options->models), *rest = names;
    const char *name;
    while ((name = strsep(&rest, ",")))
        if (*name)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:i, s:s}", "id", name, "object", "model",
                                            "created", CREATED_S, "owned_by", "mock"));
    free(names);
    json_t *body = json_pack("{s:s, s:o}", "object", "list", "data", list);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    must(text != NULL);
    struct script *script = script_new();
    script_header(script, "content-type", "application/json");
    script_add(script, STEP_KIND_BODY, text, strlen(text));
    script_size(script);
    free(text);
    journal_plan(sequence, NULL, false, "ok");
    play_start_owned(request, script, sequence);
}
