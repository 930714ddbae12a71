/* A line is made in a fixed buffer on the stack and handed to the kernel in one write(2), so lines
 * of different threads do not mix. A field that does not fit is left out whole and the line says
 * so: whoever reads the log always gets valid JSON. */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LINE_BYTES_MAX 8192
#define TAIL           ",\"truncated\":true}\n"

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

static _Atomic int level_min = LOG_INFO;

bool log_level_parse(struct slice name, enum log_level *ret_level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (slice_is(name, level_names[i])) {
            *ret_level = (enum log_level)i;
            return true;
        }
    return false;
}

void log_level_set(enum log_level level)
{
    atomic_store_explicit(&level_min, (int)level, memory_order_relaxed);
}

static void put_time(struct buf *line, int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    buf_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
               utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(unix_ms % 1000));
}

static void put_field(struct buf *line, const struct log_field *field)
{
    buf_format(line, ",\"%s\":", field->name);
    switch (field->kind) {
    case LOG_FIELD_TEXT:
        buf_put_json_string(line, field->text);
        break;
    case LOG_FIELD_NUMBER:
        buf_format(line, "%lld", (long long)field->number);
        break;
    case LOG_FIELD_BOOL:
        buf_put_text(line, field->number ? "true" : "false");
        break;
    case LOG_FIELD_JSON:
        buf_put_slice(line, field->text);
        break;
    }
}

/* Nothing can be done about a stderr that takes no more; a signal only delays. */
static void write_line(struct slice line)
{
    ssize_t written;

    do
        written = write(STDERR_FILENO, line.ptr, line.len);
    while (written < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    char memory[LINE_BYTES_MAX + sizeof TAIL];
    bool truncated = false;
    struct buf line;
    int saved_errno = errno;

    if ((int)level < atomic_load_explicit(&level_min, memory_order_relaxed))
        return;
    buf_init_fixed(&line, memory, LINE_BYTES_MAX);
    buf_put_text(&line, "{\"time\":\"");
    put_time(&line, clock_unix_ms());
    buf_format(&line, "\",\"level\":\"%s\",\"event\":", level_names[level]);
    buf_put_json_string(&line, slice_of(event));
    for (; fields->name; fields++) {
        size_t kept = line.len;

        put_field(&line, fields);
        if (buf_failed(&line)) {
            buf_clear(&line);
            line.len = kept;
            truncated = true;
        }
    }
    line.bytes_max = line.capacity = sizeof memory;
    buf_put_text(&line, truncated ? TAIL : "}\n");
    write_line(buf_slice(&line));
    errno = saved_errno;
}
