/* A ring indexed by number modulo its size; an entry belongs to a request while the numbers
 * match, so a late note for an overwritten entry is dropped. Hashing happens before the lock. */
#include "journal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "clock.h"
#include "memory.h"
#include "text.h"

#define PREFIX_BYTES 6

struct entry {
    uint64_t sequence; /* 0: empty */
    int64_t arrived_ms;
    int64_t ended_ms;
    char *method;
    char *path;
    char *model;
    const char *behaviour;
    json_t *headers;
    char *body;
    size_t body_kept;
    size_t body_bytes;
    uint64_t connection;
    uint64_t events;
    uint64_t output;
    enum journal_outcome outcome;
    int version;
    int status;
    bool authorized;
    bool bearer;
    bool stream;
    char body_sha256[2 * SHA256_DIGEST_LENGTH + 1];
    char credential[2 * PREFIX_BYTES + 1];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry ring[JOURNAL_ENTRIES];
static atomic_uint_least64_t last;
static bool on;

static const char *const outcome_names[] = {
    [JOURNAL_OUTCOME_OPEN] = "open",
    [JOURNAL_OUTCOME_COMPLETED] = "completed",
    [JOURNAL_OUTCOME_CLIENT_LEFT] = "client_left",
    [JOURNAL_OUTCOME_CUT] = "cut",
};

void journal_init(bool is_on)
{
    on = is_on;
}

bool journal_on(void)
{
    return on;
}

static void write_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static void hash(const char *ptr, size_t len, size_t prefix, char *out)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)ptr, len, digest);
    write_hex(digest, prefix, out);
}

static char *copy_bytes(struct slice bytes, size_t max, size_t *ret_len)
{
    size_t len = bytes.len < max ? bytes.len : max;
    char *copy = memory_new(len + 1);
    if (len)
        memcpy(copy, bytes.ptr, len);
    if (ret_len)
        *ret_len = len;
    return copy;
}

static void release(struct entry *entry)
{
    free(entry->method);
    free(entry->path);
    free(entry->model);
    free(entry->body);
    json_decref(entry->headers);
    *entry = (struct entry){0};
}

static void fill(struct entry *entry, const struct journal_arrival *arrival)
{
    static const char bearer[] = "Bearer ";
    struct slice credential = arrival->authorization;
    entry->bearer = credential.len >= sizeof bearer - 1 &&
                    !strncasecmp(credential.ptr, bearer, sizeof bearer - 1);
    if (entry->bearer) {
        credential.ptr += sizeof bearer - 1;
        credential.len -= sizeof bearer - 1;
    }
    if (arrival->authorized)
        hash(credential.ptr, credential.len, PREFIX_BYTES, entry->credential);
    hash(arrival->body.ptr, arrival->body.len, SHA256_DIGEST_LENGTH, entry->body_sha256);
    entry->arrived_ms = clock_unix_ms();
    entry->method = copy_bytes(arrival->method, arrival->method.len, NULL);
    entry->path = copy_bytes(arrival->path, arrival->path.len, NULL);
    entry->body = copy_bytes(arrival->body, JOURNAL_BODY_BYTES_MAX, &entry->body_kept);
    entry->body_bytes = arrival->body.len;
    entry->authorized = arrival->authorized;
    entry->version = arrival->version;
    entry->connection = arrival->connection;
    entry->headers = arrival->headers;
}

uint64_t journal_begin(const struct journal_arrival *arrival)
{
    if (!on)
        return atomic_fetch_add(&last, 1) + 1;
    struct entry fresh = {0};
    fill(&fresh, arrival);
    pthread_mutex_lock(&lock);
    fresh.sequence = atomic_fetch_add(&last, 1) + 1;
    struct entry *slot = &ring[fresh.sequence % JOURNAL_ENTRIES];
    release(slot);
    *slot = fresh;
    pthread_mutex_unlock(&lock);
    return fresh.sequence;
}

/* The entry with the lock held, or NULL without it. */
static struct entry *take(uint64_t sequence)
{
    if (!on)
        return NULL;
    pthread_mutex_lock(&lock);
    struct entry *entry = &ring[sequence % JOURNAL_ENTRIES];
    if (entry->sequence == sequence)
        return entry;
    pthread_mutex_unlock(&lock);
    return NULL;
}

void journal_plan(uint64_t sequence, const char *model, bool stream, const char *behaviour)
{
    struct entry *entry = take(sequence);
    if (!entry)
        return;
    free(entry->model);
    entry->model = memory_copy(model);
    entry->stream = stream;
    entry->behaviour = behaviour;
    pthread_mutex_unlock(&lock);
}

void journal_status(uint64_t sequence, int status)
{
    struct entry *entry = take(sequence);
    if (!entry)
        return;
    entry->status = status;
    pthread_mutex_unlock(&lock);
}

void journal_sent(uint64_t sequence, uint64_t events, uint64_t output)
{
    struct entry *entry = take(sequence);
    if (!entry)
        return;
    entry->events = events;
    entry->output = output;
    pthread_mutex_unlock(&lock);
}

void journal_end(uint64_t sequence, enum journal_outcome outcome)
{
    struct entry *entry = take(sequence);
    if (!entry)
        return;
    if (entry->outcome == JOURNAL_OUTCOME_OPEN) {
        entry->outcome = outcome;
        entry->ended_ms = clock_unix_ms();
    }
    pthread_mutex_unlock(&lock);
}

/* The kept body as a text; a cut inside a character is trimmed first. Not UTF-8: as hex. */
static void add_body(json_t *object, const struct entry *entry)
{
    json_t *text = NULL;
    size_t most = entry->body_kept, least = most < 4 ? 0 : most - 4;
    for (size_t len = most; !text && len > least; len--)
        text = json_stringn(entry->body, len);
    if (!text && most == 0)
        text = json_string("");
    if (text) {
        json_object_set_new(object, "body", text);
        return;
    }
    char *hex = memory_new(2 * most + 1);
    write_hex((const unsigned char *)entry->body, most, hex);
    json_object_set_new(object, "body", json_null());
    json_object_set_new(object, "body_hex", json_string(hex));
    free(hex);
}

static json_t *entry_json(const struct entry *entry, bool bodies)
{
    json_t *object = json_pack(
        "{s:I, s:I, s:o, s:s, s:s, s:s, s:I, s:s?, s:b, s:O?, s:I, s:s, s:s?, s:i, s:I, s:I, s:s}",
        "seq", (json_int_t)entry->sequence, "arrived_ms", (json_int_t)entry->arrived_ms, "ended_ms",
        entry->outcome == JOURNAL_OUTCOME_OPEN ? json_null() : json_integer(entry->ended_ms),
        "method", entry->method, "path", entry->path, "http",
        entry->version >= 0x200   ? "2"
        : entry->version == 0x100 ? "1.0"
                                  : "1.1",
        "connection", (json_int_t)entry->connection, "model", entry->model, "stream",
        (int)entry->stream, "headers", entry->headers, "body_bytes", (json_int_t)entry->body_bytes,
        "body_sha256", entry->body_sha256, "behaviour", entry->behaviour, "status", entry->status,
        "events_sent", (json_int_t)entry->events, "chunks_sent", (json_int_t)entry->output,
        "outcome", outcome_names[entry->outcome]);
    must(object != NULL);
    json_t *authorization =
        json_pack("{s:b, s:b, s:s}", "present", (int)entry->authorized, "bearer",
                  (int)entry->bearer, "sha256_prefix", entry->credential);
    json_object_set_new(object, "authorization", authorization);
    if (bodies)
        add_body(object, entry);
    return object;
}

json_t *journal_json(uint64_t since, uint64_t limit, bool bodies)
{
    json_t *entries = json_array();
    pthread_mutex_lock(&lock);
    uint64_t newest = atomic_load(&last);
    uint64_t oldest = newest >= JOURNAL_ENTRIES ? newest - JOURNAL_ENTRIES + 1 : 1;
    uint64_t first = since + 1 > oldest ? since + 1 : oldest;
    for (uint64_t i = first; i <= newest && json_array_size(entries) < limit; i++) {
        const struct entry *entry = &ring[i % JOURNAL_ENTRIES];
        if (entry->sequence == i)
            json_array_append_new(entries, entry_json(entry, bodies));
    }
    pthread_mutex_unlock(&lock);
    return json_pack("{s:I, s:I, s:o}", "last", (json_int_t)newest, "oldest", (json_int_t)oldest,
                     "entries", entries);
}

void journal_clear(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < JOURNAL_ENTRIES; i++)
        release(&ring[i]);
    pthread_mutex_unlock(&lock);
}
