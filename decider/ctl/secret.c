/* The same reading as the edge's, so that what a probe finds is what the edge will find. */
#include "ctl/secret.h"

#include <stdint.h>
#include <strings.h>

#define PREFIX       "SIGNALBOX_CREDENTIAL_"
#define HOSTS_SUFFIX "_HOSTS"

static struct slice value_of(char *const *environment, struct slice name)
{
    for (; *environment; environment++)
        if (strncmp(*environment, name.ptr, name.len) == 0 && (*environment)[name.len] == '=')
            return slice_of(*environment + name.len + 1);
    return (struct slice){NULL, 0};
}

/* In capitals, with _ for what is neither letter nor digit. */
static void to_variable(char *text)
{
    for (; *text; text++) {
        if (*text >= 'a' && *text <= 'z')
            *text = (char)(*text - 'a' + 'A');
        else if (!(*text >= 'A' && *text <= 'Z') && !(*text >= '0' && *text <= '9'))
            *text = '_';
    }
}

static struct slice trim(struct slice text)
{
    while (text.len && *text.ptr == ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

static bool allows(struct slice item, struct slice host, struct slice port)
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
    while (hosts.len && host.len) {
        const char *comma = memchr(hosts.ptr, ',', hosts.len);
        size_t len = comma ? (size_t)(comma - hosts.ptr) : hosts.len;

        if (allows(trim((struct slice){hosts.ptr, len}), host, port))
            return true;
        hosts.ptr += len + (comma != NULL);
        hosts.len -= len + (comma != NULL);
    }
    return false;
}

static bool fits_header(struct slice secret)
{
    for (size_t i = 0; i < secret.len; i++)
        if ((unsigned char)secret.ptr[i] < ' ' || secret.ptr[i] == 0x7f)
            return false;
    return true;
}

enum secret_outcome secret_find(char *const *environment,
                                const char *credential,
                                struct slice host,
                                struct slice port,
                                struct arena *arena,
                                struct secret *ret_secret)
{
    struct slice name = arena_format(arena, PREFIX "%s", credential);
    struct slice hosts_name, text;

    *ret_secret = (struct secret){.variable = name.ptr ? name.ptr : ""};
    if (!name.ptr || !*credential)
        return SECRET_ABSENT;
    to_variable((char *)(uintptr_t)name.ptr + sizeof PREFIX - 1);
    text = value_of(environment, name);
    hosts_name = arena_format(arena, "%s" HOSTS_SUFFIX, name.ptr);
    if (!text.len || !hosts_name.ptr)
        return SECRET_ABSENT;
    if (!hosts_allow(value_of(environment, hosts_name), host, port))
        return SECRET_NOT_BOUND;
    if (!fits_header(text))
        return SECRET_UNFIT;
    ret_secret->text = text;
    return SECRET_FOUND;
}
