/* An array in the order told; four passes give the precedence of rule.h. Scans are fine: tests
 * have a handful of rules, and benchmarks none, which rule_any() tells without the lock. */
#include "rule.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

struct rule {
    char *model;
    struct instruction *instruction;
    uint64_t left; /* 0: standing */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rule rules[RULES_MAX];
static size_t count;
static atomic_size_t count_seen;

static void drop(size_t at)
{
    free(rules[at].model);
    instruction_unref(rules[at].instruction);
    memmove(&rules[at], &rules[at + 1], (count - at - 1) * sizeof *rules);
    count--;
    atomic_store(&count_seen, count);
}

static struct rule *find(const char *model, bool standing)
{
    for (size_t i = 0; i < count; i++)
        if ((rules[i].left == 0) == standing && !strcmp(rules[i].model, model))
            return &rules[i];
    return NULL;
}

bool rule_tell(const char *model, struct instruction *instruction, uint64_t times)
{
    pthread_mutex_lock(&lock);
    struct rule *old = times == 0 ? find(model, true) : NULL;
    if (old)
        drop((size_t)(old - rules));
    bool room = count < RULES_MAX;
    if (room) {
        rules[count++] = (struct rule){memory_copy(model), instruction_ref(instruction), times};
        atomic_store(&count_seen, count);
    }
    pthread_mutex_unlock(&lock);
    return room;
}

struct instruction *rule_take(const char *model)
{
    if (!rule_any())
        return NULL;
    struct instruction *taken = NULL;
    pthread_mutex_lock(&lock);
    struct rule *rule = find(model, false);
    if (!rule)
        rule = find(model, true);
    if (!rule)
        rule = find("*", false);
    if (!rule)
        rule = find("*", true);
    if (rule) {
        taken = instruction_ref(rule->instruction);
        if (rule->left && --rule->left == 0)
            drop((size_t)(rule - rules));
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

bool rule_any(void)
{
    return atomic_load(&count_seen) != 0;
}

json_t *rule_json(void)
{
    json_t *list = json_array();
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        json_t *object = instruction_json(rules[i].instruction);
        json_object_set_new(object, "model", json_string(rules[i].model));
        json_object_set_new(object, "times", json_integer((json_int_t)rules[i].left));
        json_array_append_new(list, object);
    }
    pthread_mutex_unlock(&lock);
    return list;
}

unsigned rule_reset(const char *model)
{
    unsigned dropped = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = count; i-- > 0;) {
        if (model && strcmp(rules[i].model, model) != 0)
            continue;
        drop(i);
        dropped++;
    }
    pthread_mutex_unlock(&lock);
    return dropped;
}
