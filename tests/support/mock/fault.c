/* See fault.h. */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "memory.h"
#include "text.h"

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

char *fault_json(const char *message, const char *type, const char *code, const char *param)
{
    json_t *body = json_pack("{s:{s:s, s:s, s:o, s:o}}", "error", "message", message, "type", type,
                             "param", text_or_null(param), "code", text_or_null(code));
    char *text = json_dumps(body, JSON_INDENT(2));
    json_decref(body);
    must(text != NULL);
    return text;
}

static void write_json(const char *message,
                       const struct behaviour_row *row,
                       const char *code,
                       const char *param,
                       struct script *script)
{
    char *body = fault_json(message, row->type, code, param);
    script->status = row->status;
    script_header(script, "content-type", "application/json");
    script_add(script, STEP_KIND_BODY, body, strlen(body));
    script_size(script);
    free(body);
}

void fault_write_html(const char *title, struct script *script)
{
    struct text page = {0};
    text_add_format(&page,
                    "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1>"
                    "</center>\r\n<hr><center>mock-gateway</center>\r\n</body>\r\n</html>\r\n",
                    title, title);
    script_header(script, "content-type", "text/html; charset=UTF-8");
    script_add(script, STEP_KIND_BODY, page.ptr, page.len);
    script_size(script);
    text_done(&page);
}

void fault_write(const struct behaviour_row *row, const char *model, struct script *script)
{
    if (*row->retry_after)
        script_header(script, "retry-after", row->retry_after);
    if (!*row->type) {
        struct text title = {0};
        text_add_format(&title, "%d %s", row->status, row->message);
        fault_write_html(title.ptr, script);
        script->status = row->status;
        text_done(&title);
        return;
    }
    static const char mark[] = "{model}";
    const char *at = strstr(row->message, mark);
    struct text message = {0};
    text_add(&message, row->message, at ? (size_t)(at - row->message) : strlen(row->message));
    if (at) {
        text_add_string(&message, model);
        text_add_string(&message, at + sizeof mark - 1);
    }
    write_json(message.ptr, row, row->code, row->param, script);
    text_done(&message);
}

void fault_write_refused(const struct question_fault *fault, struct script *script)
{
    if (fault->broken)
        fault_write(behaviour_row_of(BEHAVIOUR_BROKEN_JSON), "", script);
    else
        write_json(fault->message, behaviour_row_of(BEHAVIOUR_INVALID_REQUEST), fault->code,
                   fault->param, script);
}
