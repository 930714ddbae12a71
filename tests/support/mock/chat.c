/* Credential, body, behaviour, script, in that order. A behaviour in the model's name
 * ("anything!name,parameter=value") goes before every rule. */
#include "chat.h"

#include <string.h>

#include "fault.h"
#include "guard.h"
#include "instruction.h"
#include "journal.h"
#include "play.h"
#include "question.h"
#include "rule.h"
#include "scene.h"

/* What the request is answered by; gives. An unknown name after '!' is a name like any other. */
static struct instruction *instruction_for(const char *model)
{
    const char *mark = strrchr(model, '!');
    struct instruction *told = mark ? instruction_parse_suffix(mark + 1) : NULL;
    if (!told)
        told = rule_take(model);
    return told ? told : instruction_new(BEHAVIOUR_OK);
}

void chat_answer(h2o_req_t *request, const struct option_set *options, uint64_t sequence)
{
    if (!guard_authorize(request, options, sequence))
        return;
    struct question question;
    struct question_fault fault;
    if (!question_parse(request->entity.base, request->entity.len, &question, &fault)) {
        struct script *script = script_new();
        fault_write_refused(&fault, script);
        journal_plan(sequence, NULL, false, fault.broken ? "broken_json" : "invalid_request");
        play_start_owned(request, script, sequence);
        return;
    }
    struct instruction *told = instruction_for(question.model);
    journal_plan(sequence, question.model, question.stream, told->row->name);
    struct script *script = scene_write(&question, told, sequence);
    instruction_unref(told);
    question_done(&question);
    play_start_owned(request, script, sequence);
}
