/* Few secrets, looked up once per target and worker: a plain list will do. */
#include "upstream/credential.h"

#include <stdlib.h>
#include <strings.h>

#define PREFIX       "SIGNALBOX_CREDENTIAL_"
#define HOSTS_SUFFIX "_HOSTS"
#define NAME_LEN_MAX 128

struct credential {
    struct credential *next;
    struct slice name; /* as in the environment */
    struct slice secret;
    struct slice hosts;
};

struct credentials {
    struct credential *first;
    unsigned count;
};

static struct slice value_of(char *const *environment, struct slice name)
{
    for (; *environment; environment++)
        if (strncmp(*environment, name.ptr, name.len) == 0 && (*environment)[name.len] == '=')
            return slice_of(*environment + name.len + 1);
    return (struct slice){NULL, 0};
}

static bool ends_with(struct slice text, struct slice suffix)
{
    return text.len > suffix.len &&
           memcmp(text.ptr + text.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

static struct slice hosts_of(char *const *environment, struct slice name)
{
    char text[NAME_LEN_MAX + sizeof PREFIX + sizeof HOSTS_SUFFIX];

    memcpy(text, name.ptr, name.len);
    memcpy(text + name.len, HOSTS_SUFFIX, sizeof HOSTS_SUFFIX);
    return value_of(environment, slice_of(text));
}

static bool add(struct credentials *credentials, char *const *environment, const char *entry)
{
    const char *equals = strchr(entry, '=');
    struct slice whole = {entry, equals ? (size_t)(equals - entry) : 0};
    struct credential *credential;

    if (!equals || !equals[1] || whole.len > NAME_LEN_MAX ||
        ends_with(whole, SLICE_LITERAL(HOSTS_SUFFIX)))
        return true;
    credential = calloc(1, sizeof *credential);
    if (!credential)
        return false;
    credential->name =
        (struct slice){whole.ptr + sizeof PREFIX - 1, whole.len - (sizeof PREFIX - 1)};
    credential->secret = slice_of(equals + 1);
    credential->hosts = hosts_of(environment, whole);
    credential->next = credentials->first;
    credentials->first = credential;
    credentials->count++;
    return true;
}

struct credentials *credentials_open(char *const *environment)
{
    struct credentials *credentials = calloc(1, sizeof *credentials);

    for (char *const *entry = environment; credentials && *entry; entry++) {
        if (strncmp(*entry, PREFIX, sizeof PREFIX - 1) == 0 &&
            !add(credentials, environment, *entry)) {
            credentials_close(credentials);
            return NULL;
        }
    }
    return credentials;
}

void credentials_close(struct credentials *credentials)
{
    if (!credentials)
        return;
    while (credentials->first) {
        struct credential *next = credentials->first->next;

        free(credentials->first);
        credentials->first = next;
    }
    free(credentials);
}

unsigned credentials_count(const struct credentials *credentials)
{
    return credentials->count;
}

/* As a character of a catalog's name stands in a variable's. */
static char in_variable(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

static bool is_named(const struct credential *credential, struct slice name)
{
    if (credential->name.len != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (credential->name.ptr[i] != in_variable(name.ptr[i]))
            return false;
    return true;
}

static bool item_allows(struct slice item, struct slice host, struct slice port)
{
    if (item.len < host.len || strncasecmp(item.ptr, host.ptr, host.len) != 0)
        return false;
    item.ptr += host.len;
    item.len -= host.len;
    return !item.len ||
           (*item.ptr == ':' && slice_equal((struct slice){item.ptr + 1, item.len - 1}, port));
}

static bool hosts_allow(struct slice hosts, struct slice host, struct slice port)
{
    while (hosts.len) {
        const char *comma = memchr(hosts.ptr, ',', hosts.len);
        struct slice item = {hosts.ptr, comma ? (size_t)(comma - hosts.ptr) : hosts.len};
        size_t step = item.len + (comma != NULL);

        while (item.len && *item.ptr == ' ') {
            item.ptr++;
            item.len--;
        }
        while (item.len && item.ptr[item.len - 1] == ' ')
            item.len--;
        if (host.len && item_allows(item, host, port))
            return true;
        hosts.ptr += step;
        hosts.len -= step;
    }
    return false;
}

struct slice credential_find(const struct credentials *credentials,
                             struct slice name,
                             struct slice host,
                             struct slice port)
{
    for (const struct credential *c = credentials->first; name.len && c; c = c->next)
        if (is_named(c, name))
            return hosts_allow(c->hosts, host, port) ? c->secret : (struct slice){NULL, 0};
    return (struct slice){NULL, 0};
}
