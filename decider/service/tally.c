/* Made on the first outcome; most policies have one fallback entry that is used, so entries are
 * made one by one. */
#include "service/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"

void tallies_init(struct tallies *tallies)
{
    map_init(&tallies->by_policy);
    list_init(&tallies->all);
}

static struct slice policy_id_of(const struct tally *tally)
{
    return (struct slice){tally->policy_id, tally->policy_id_len};
}

static void drop(struct tallies *tallies, struct tally *tally)
{
    map_remove(&tallies->by_policy, policy_id_of(tally));
    list_remove(&tally->link);
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        free(tally->entries[i]);
    free(tally);
}

void tallies_done(struct tallies *tallies)
{
    LIST_EACH(&tallies->all, link)
    {
        drop(tallies, CONTAINER_OF(link, struct tally, link));
    }
    map_done(&tallies->by_policy);
}

static struct tally *make(struct tallies *tallies, struct slice policy_id)
{
    struct tally *tally;

    invariant(policy_id.len <= sizeof tally->policy_id);
    if (tallies->by_policy.count >= TALLIES_MAX)
        drop(tallies, CONTAINER_OF(tallies->all.next, struct tally, link));
    tally = calloc(1, sizeof *tally);
    if (!tally)
        return NULL;
    memcpy(tally->policy_id, policy_id.ptr, policy_id.len);
    tally->policy_id_len = policy_id.len;
    if (!map_put(&tallies->by_policy, policy_id_of(tally), tally)) {
        free(tally);
        return NULL;
    }
    list_append(&tallies->all, &tally->link);
    return tally;
}

struct tally *tally_of(struct tallies *tallies, struct slice policy_id)
{
    struct tally *tally = map_get(&tallies->by_policy, policy_id);

    if (!tally)
        return make(tallies, policy_id);
    list_remove(&tally->link);
    list_append(&tallies->all, &tally->link);
    return tally;
}

static bool is_named(const struct tally_entry *entry, struct slice name)
{
    return entry && slice_equal((struct slice){entry->name, entry->name_len}, name);
}

/* A free place, or that of the entry that was silent longest. */
static struct tally_entry **place_for(struct tally *tally)
{
    struct tally_entry **oldest = &tally->entries[0];

    for (unsigned i = 0; i < ENTRIES_MAX && *oldest; i++)
        if (!tally->entries[i] || tally->entries[i]->used_ms < (*oldest)->used_ms)
            oldest = &tally->entries[i];
    return oldest;
}

struct tally_entry *tally_entry_of(struct tally *tally, struct slice name, int64_t now_ms)
{
    struct tally_entry **place, *entry;

    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        if (is_named(tally->entries[i], name)) {
            tally->entries[i]->used_ms = now_ms;
            return tally->entries[i];
        }
    place = place_for(tally);
    entry = *place ? *place : malloc(sizeof *entry);
    if (!entry)
        return NULL;
    invariant(name.len <= sizeof entry->name);
    *entry = (struct tally_entry){.name_len = name.len, .used_ms = now_ms};
    memcpy(entry->name, name.ptr, name.len);
    *place = entry;
    return entry;
}

void tally_forget(struct tallies *tallies, struct slice policy_id, struct slice entry)
{
    struct tally *tally = map_get(&tallies->by_policy, policy_id);

    for (unsigned i = 0; tally && i < ENTRIES_MAX; i++)
        if (is_named(tally->entries[i], entry)) {
            memset(tally->entries[i]->windows, 0, sizeof tally->entries[i]->windows);
            memset(tally->entries[i]->alert_ms, 0, sizeof tally->entries[i]->alert_ms);
        }
}
