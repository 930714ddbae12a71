/* Plays scripts: policy, canned outcomes, steps, and what each must be answered, in virtual time.
 *
 *   player SCRIPT...      exits with 1 at the first script whose line does not hold, and says why
 *
 *   catalog FILE          publish a catalog; FILE from the project's root
 *   policy FILE           publish and activate; without FILE the document follows, up to `end`
 *   evidence FILE         put evidence, by another than who publishes; without FILE as policy
 *   key NAME field=...    make a client key
 *   revoke NAME           revoke it
 *   at +MS                let time pass
 *   ask R field=...       admission of request R; fields of facts.def, key=NAME, deadline_ms
 *   report R field=...    the next attempt's end; fields of report.def
 *   again R               the last question of R once more, as it was
 *   differently R field=  the last question of R with that field changed
 *   restart               close and reopen the service
 *   switch on|off SCOPE name=N policy=ID   and reason=, etag=, write_id=
 *   pin POLICY entry=N for_ms=MS           without an entry: unpin
 *   feedback R positive|negative
 *                         these three may say result=NAME, else they must go well
 *   unreported N          until so many requests were given up, since the last restart
 *   expect field=...      of the last answer; see expectations below
 *   trace entry=N check=C field=...   of the last answer's trace
 *   record R field=...    of the stored record
 *   replay R              every boundary decided again gives the same
 *   off NAME field=...    what is switched off under that name; `off -`: nothing is
 *   audit N ACTION field=...   so many rows tell of it; fields of the newest
 */
#include <stdio.h>
#include <stdlib.h>

#include "play/control.h"
#include "play/expect.h"
#include "service/control.h"
#include "service/evidence.h"

/* ---- administrative steps ---- */

static struct slice read_file(struct stage *stage, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = arena_alloc(&stage->arena, 1 << 20);
    size_t len = file && bytes ? fread(bytes, 1, 1 << 20, file) : 0;

    if (file)
        fclose(file);
    return (struct slice){bytes, len};
}

static bool show_findings(const struct admin_call *call)
{
    const struct diagnostic *first = call->diagnostics.first;

    if (!first)
        return expect_wrong("refused", text_of(call->message));
    snprintf(expect_why, sizeof expect_why, "%s at %.*s: found %.*s", diagnostic_name(first->code),
             (int)first->pointer.len, first->pointer.ptr, (int)first->found.len, first->found.ptr);
    return false;
}

static bool publish_policy(struct stage *stage, struct slice document)
{
    struct activation_request request = {.percent = 100};
    struct activation_summary activation;
    struct policy_summary policy;

    if (service_publish_policy(stage->service, stage_call(stage), document, &policy) != RESULT_OK ||
        !policy.version)
        return show_findings(&stage->call);
    request.policy_id = policy.policy_id;
    request.version = policy.version;
    return service_activate(stage->service, &stage->call, &request, &activation) == RESULT_OK ||
           show_findings(&stage->call);
}

static bool put_evidence(struct stage *stage, struct slice document)
{
    static const struct principal reviewer = {.key_id = SLICE_LITERAL("key_reviewer"),
                                              .role = ROLE_OPERATOR};
    struct evidence_summary *items;
    unsigned count = 0;

    stage_call(stage)->caller = &reviewer;
    return (service_put_evidence(stage->service, &stage->call, document, SLICE_LITERAL(""), &items,
                                 &count) == RESULT_OK &&
            count) ||
           show_findings(&stage->call);
}

static bool do_catalog(struct stage *stage, const struct script_line *line)
{
    struct catalog_summary catalog;
    struct slice document = read_file(stage, line->words[1].value);

    if (service_publish_catalog(stage->service, stage_call(stage),
                                &(struct catalog_request){.document = document},
                                &catalog) != RESULT_OK ||
        !catalog.version)
        return show_findings(&stage->call);
    return true;
}

static bool do_evidence(struct stage *stage, const struct script_line *line)
{
    return put_evidence(stage, read_file(stage, line->words[1].value));
}

static bool do_policy(struct stage *stage, const struct script_line *line)
{
    return publish_policy(stage, read_file(stage, line->words[1].value));
}

static bool set_key_field(struct principal *wanted, const struct script_word *word)
{
    struct slice value = slice_of(word->value);
    enum data_class class;

    if (!strcmp(word->key, "tenant"))
        wanted->tenant = value;
    else if (!strcmp(word->key, "default_workload"))
        wanted->default_workload = value;
    else if (!strcmp(word->key, "default_environment"))
        wanted->default_environment = value;
    else if (!strcmp(word->key, "workload"))
        wanted->workloads = (struct texts){&wanted->label, 1}, wanted->label = value;
    else if (!strcmp(word->key, "default_data_class") && signalbox_data_class_parse(value, &class))
        wanted->default_data_classes = SET_OF(class);
    else if (!strcmp(word->key, "default_traffic_class"))
        return signalbox_traffic_class_parse(value, &wanted->default_traffic_class);
    else
        return false;
    return true;
}

static bool do_key(struct stage *stage, const struct script_line *line)
{
    struct principal wanted = {.role = ROLE_CLIENT}, made;
    char secret[SECRET_TEXT_BYTES + 1];
    struct stage_key *key = &stage->keys[stage->keys_count++];
    struct digest digest;

    for (unsigned i = 2; i < line->count; i++)
        if (!line->words[i].key || !set_key_field(&wanted, &line->words[i]))
            return expect_wrong("no such field of a key", line->words[i].value);
    if (service_create_key(stage->service, stage_call(stage), &wanted, &made, secret) != RESULT_OK)
        return expect_wrong("no key", text_of(stage->call.message));
    snprintf(key->name, sizeof key->name, "%s", line->words[1].value);
    snprintf(key->key_id, sizeof key->key_id, "%.*s", (int)made.key_id.len, made.key_id.ptr);
    digest_sha256(slice_of(secret), &digest);
    memcpy(key->digest, digest.bytes, sizeof key->digest);
    return true;
}

static bool do_revoke(struct stage *stage, const struct script_line *line)
{
    struct stage_key *key = stage_key(stage, line->words[1].value);
    struct principal revoked;

    if (!key || service_revoke_key(stage->service, stage_call(stage), slice_of(key->key_id),
                                   &revoked) != RESULT_OK)
        return expect_wrong("not revoked", line->words[1].value);
    return true;
}

static bool do_restart(struct stage *stage, const struct script_line *line)
{
    (void)line;
    return stage_restart(stage) || expect_wrong("the service does not reopen", stage->directory);
}

static bool do_at(struct stage *stage, const struct script_line *line)
{
    stage->now_ms += atol(line->words[1].value);
    service_turn(stage->service, stage->now_ms);
    return true;
}

/* ---- questions ---- */

static char *copy_value(struct stage *stage, const char *value)
{
    struct slice copy = arena_copy(&stage->arena, slice_of(value));
    char *text = arena_alloc(&stage->arena, copy.len + 1);

    memcpy(text, value, copy.len + 1);
    return text;
}

static bool
set_field(struct stage *stage, struct question *question, const struct script_word *word)
{
    char *value = copy_value(stage, word->value);
    struct stage_key *key;

    if (!strcmp(word->key, "deadline_ms")) {
        question->deadline_ms = (uint32_t)atol(value);
        return true;
    }
    if (!strcmp(word->key, "key")) {
        key = stage_key(stage, value);
        if (key)
            question->facts.key_digest =
                (struct slice){(const char *)key->digest, sizeof key->digest};
        return key != NULL;
    }
    return question->boundary
               ? script_set_report(&question->report, word->key, value, &stage->arena)
               : script_set_fact(&question->facts, word->key, value, &stage->arena);
}

static bool ask(struct stage *stage, struct stage_request *request, const struct script_line *line)
{
    for (unsigned i = 2; i < line->count; i++)
        if (!line->words[i].key || !set_field(stage, &request->question, &line->words[i]))
            return expect_wrong("no such field or value",
                                line->words[i].key ? line->words[i].key : line->words[i].value);
    return stage_ask(stage, request) || expect_wrong("no answer", request->name);
}

static bool do_ask(struct stage *stage, const struct script_line *line)
{
    struct stage_request *request = stage_request(stage, line->words[1].value);

    if (!request)
        return expect_wrong("too many requests", line->words[1].value);
    request->question = (struct question){
        .has_facts = true,
        .facts = {.family = FAMILY_OPENAI_CHAT_COMPLETIONS, .estimator = SLICE_LITERAL("bytes/4")},
    };
    return ask(stage, request, line);
}

static bool do_report(struct stage *stage, const struct script_line *line)
{
    struct stage_request *request = stage_request(stage, line->words[1].value);

    if (!request)
        return expect_wrong("too many requests", line->words[1].value);
    memcpy(request->shown, request->token, request->token_bytes);
    request->question = (struct question){
        .boundary = ++request->question.boundary,
        .has_report = true,
        .report = {.route = stage->decision.route.id, .transport = TRANSPORT_COMPLETED},
        .resume_token = {request->shown, request->token_bytes},
    };
    return ask(stage, request, line);
}

static bool do_again(struct stage *stage, const struct script_line *line)
{
    struct stage_request *request = stage_request(stage, line->words[1].value);

    return request && ask(stage, request, line);
}

/* ---- the play ---- */

static const struct {
    const char *name;
    unsigned operands;
    bool (*run)(struct stage *stage, const struct script_line *line);
} commands[] = {
    {"catalog", 1, do_catalog},
    {"policy", 1, do_policy},
    {"evidence", 1, do_evidence},
    {"key", 1, do_key},
    {"revoke", 1, do_revoke},
    {"at", 1, do_at},
    {"ask", 1, do_ask},
    {"report", 1, do_report},
    {"again", 1, do_again},
    {"differently", 1, do_again},
    {"restart", 0, do_restart},
    {"expect", 0, expect_answer},
    {"trace", 0, expect_trace},
    {"record", 1, expect_record},
    {"replay", 1, expect_replay},
    {"switch", 2, control_switch},
    {"pin", 1, control_pin},
    {"feedback", 2, control_feedback},
    {"unreported", 1, control_unreported},
    {"off", 1, expect_off},
    {"audit", 2, expect_audit},
};

static bool run_line(struct stage *stage, const struct script_line *line)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(commands[i].name, line->words[0].value)) {
            if (line->count <= commands[i].operands)
                return expect_wrong("operands are missing", commands[i].name);
            return commands[i].run(stage, line);
        }
    return expect_wrong("no such command", line->words[0].value);
}

/* `policy` or `evidence` alone: the document follows, up to a line `end`. */
static bool take_document(struct stage *stage,
                          FILE *file,
                          unsigned *number,
                          bool (*take)(struct stage *stage, struct slice document))
{
    char line[1024];
    struct buf document;
    bool ok;

    buf_init(&document, 1 << 20);
    while (fgets(line, sizeof line, file) && ++*number && strcmp(line, "end\n"))
        buf_put_text(&document, line);
    ok = take(stage, buf_slice(&document));
    buf_done(&document);
    return ok;
}

static bool play(struct stage *stage, FILE *file, unsigned *number)
{
    char text[1024];
    struct script_line line;

    while (fgets(text, sizeof text, file)) {
        ++*number;
        if (!script_split(text, &line))
            return expect_wrong("cannot be taken apart", "too many words or an open quote");
        if (line.count == 0)
            continue;
        if (line.count == 1 && !strcmp(line.words[0].value, "policy")) {
            if (!take_document(stage, file, number, publish_policy))
                return false;
        } else if (line.count == 1 && !strcmp(line.words[0].value, "evidence")) {
            if (!take_document(stage, file, number, put_evidence))
                return false;
        } else if (!run_line(stage, &line)) {
            return false;
        }
    }
    return true;
}

static bool play_file(const char *path)
{
    static struct stage stage;
    FILE *file = fopen(path, "r");
    unsigned number = 0;
    bool ok = file && stage_open(&stage);

    if (ok) {
        ok = play(&stage, file, &number);
        stage_close(&stage);
    }
    if (file)
        fclose(file);
    if (!ok)
        fprintf(stderr, "%s:%u: %s\n", path, number, file ? expect_why : "cannot be opened");
    return ok;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;

    for (int i = 1; i < argc; i++) {
        bool ok = play_file(argv[i]);

        printf("%s %s\n", ok ? "ok    " : "FAILED", argv[i]);
        failed |= !ok;
    }
    return failed;
}
