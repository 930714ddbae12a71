/* Curl's sockets in an epoll set of their own, after the recipe that was measured: interests are
 * noted by the callback and applied once per turn; a removal is ignored until an event comes for a
 * socket nobody waits on, because the next request on it adds the same interest again. */
#include "upstream/multi.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "upstream/upstream_private.h"

#define EVENTS_MAX       128
#define SOCKETS_MAX      (1 << 20)
#define CONNECTIONS_KEPT 512L

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
    struct lane *lane = context;
    struct multi *multi = lane->multi;
    struct socket_slot *slot;

    (void)easy;
    (void)unused;
    if (fd < 0 || fd >= multi->sockets_max)
        return -1;
    slot = &multi->sockets[fd];
    slot->open = 1;
    slot->lane = (unsigned char)(lane - multi->lanes);
    slot->active = what != CURL_POLL_REMOVE;
    if (slot->active)
        slot->wanted = (unsigned char)((what & CURL_POLL_IN ? EPOLLIN : 0) |
                                       (what & CURL_POLL_OUT ? EPOLLOUT : 0));
    if (!slot->dirty) {
        slot->dirty = 1;
        multi->dirty[multi->dirty_count++] = fd;
    }
    return 0;
}

static int on_timer(CURLM *curl, long ms, void *context)
{
    struct lane *lane = context;

    (void)curl;
    lane->due_ms = ms < 0 ? UINT64_MAX : ms ? clock_monotonic_ms() + (uint64_t)ms : 0;
    return 0;
}

/* The kernel drops the registration with the descriptor. */
static int on_close_socket(void *context, curl_socket_t fd)
{
    struct multi *multi = context;

    if (fd < multi->sockets_max) {
        unsigned char dirty = multi->sockets[fd].dirty;

        multi->sockets[fd] = (struct socket_slot){.dirty = dirty};
    }
    return close(fd);
}

static void apply(struct multi *multi, int fd)
{
    struct socket_slot *slot = &multi->sockets[fd];
    struct epoll_event event = {.events = slot->wanted, .data.fd = fd};

    slot->dirty = 0;
    if (!slot->open || !slot->active)
        return;
    if (!slot->registered) {
        if (epoll_ctl(multi->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
            slot->registered = 1;
    } else if (slot->applied != slot->wanted) {
        epoll_ctl(multi->epoll, EPOLL_CTL_MOD, fd, &event);
    }
    slot->applied = slot->wanted;
}

void multi_prepare(struct multi *multi)
{
    for (int i = 0; i < multi->dirty_count; i++)
        apply(multi, multi->dirty[i]);
    multi->dirty_count = 0;
}

int multi_fd(const struct multi *multi)
{
    return multi->epoll;
}

uint64_t multi_due_ms(const struct multi *multi)
{
    uint64_t due_ms = UINT64_MAX;

    for (int i = 0; i < MULTIS; i++)
        if (multi->lanes[i].due_ms < due_ms)
            due_ms = multi->lanes[i].due_ms;
    return due_ms;
}

static void read_done(struct lane *lane)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(lane->curl, &left)))
        if (message->msg == CURLMSG_DONE)
            transfer_on_done(message->easy_handle, message->data.result);
}

static uint32_t run_event(struct multi *multi, const struct epoll_event *event)
{
    struct socket_slot *slot = &multi->sockets[event->data.fd];
    struct lane *lane = &multi->lanes[slot->lane];
    int flags = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    int running;

    if (!slot->active) { /* an idle connection that the provider closed: curl sees it on reuse */
        epoll_ctl(multi->epoll, EPOLL_CTL_DEL, event->data.fd, NULL);
        slot->registered = 0;
        return 0;
    }
    curl_multi_socket_action(lane->curl, event->data.fd, flags, &running);
    return UINT32_C(1) << slot->lane;
}

void multi_run(struct multi *multi, uint64_t now_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(multi->epoll, events, EVENTS_MAX, 0);
    uint32_t touched = 0;

    for (int i = 0; i < count; i++)
        touched |= run_event(multi, &events[i]);
    for (unsigned i = 0; i < MULTIS; i++) {
        struct lane *lane = &multi->lanes[i];
        int running;

        if (lane->due_ms <= now_ms) {
            lane->due_ms = UINT64_MAX;
            curl_multi_socket_action(lane->curl, CURL_SOCKET_TIMEOUT, 0, &running);
            touched |= UINT32_C(1) << i;
        }
        if (touched >> i & 1)
            read_done(lane);
    }
}

/* Fills one lane after another, so that few connections serve light traffic. */
struct lane *multi_pick_lane(struct multi *multi)
{
    struct lane *emptiest = &multi->lanes[0];

    for (int i = 0; i < MULTIS; i++) {
        if (multi->lanes[i].active < MULTI_FILL_MAX)
            return &multi->lanes[i];
        if (multi->lanes[i].active < emptiest->active)
            emptiest = &multi->lanes[i];
    }
    return emptiest;
}

CURL *multi_take_easy(struct multi *multi)
{
    CURL *easy;

    if (multi->pool_count)
        return multi->pool[--multi->pool_count];
    easy = curl_easy_init();
    if (!easy)
        return NULL;
    transfer_preset(multi, easy);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, multi);
    return easy;
}

void multi_give_easy(struct multi *multi, CURL *easy)
{
    if (multi->pool_count < multi->options.pool_max)
        multi->pool[multi->pool_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

static bool open_lane(struct multi *multi, struct lane *lane)
{
    lane->multi = multi;
    lane->due_ms = UINT64_MAX;
    lane->curl = curl_multi_init();
    if (!lane->curl)
        return false;
    curl_multi_setopt(lane->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(lane->curl, CURLMOPT_SOCKETDATA, lane);
    curl_multi_setopt(lane->curl, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(lane->curl, CURLMOPT_TIMERDATA, lane);
    curl_multi_setopt(lane->curl, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    curl_multi_setopt(lane->curl, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return true;
}

static int descriptors_max(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > SOCKETS_MAX)
        return SOCKETS_MAX;
    return (int)limit.rlim_cur;
}

struct multi *multi_open(const struct multi_options *options)
{
    struct multi *multi = calloc(1, sizeof *multi);
    bool opened = true;

    if (!multi)
        return NULL;
    multi->options = *options;
    list_init(&multi->transfers_free);
    map_init(&multi->targets);
    multi->sockets_max = descriptors_max();
    multi->sockets = calloc((size_t)multi->sockets_max, sizeof *multi->sockets);
    multi->dirty = calloc((size_t)multi->sockets_max, sizeof *multi->dirty);
    multi->pool = calloc(options->pool_max, sizeof *multi->pool);
    multi->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < MULTIS; i++)
        opened = open_lane(multi, &multi->lanes[i]) && opened;
    if (opened && multi->sockets && multi->dirty && multi->pool && multi->epoll >= 0)
        return multi;
    multi_close(multi);
    return NULL;
}

void multi_close(struct multi *multi)
{
    struct list *link;

    if (!multi)
        return;
    while (multi->pool_count)
        curl_easy_cleanup(multi->pool[--multi->pool_count]);
    for (int i = 0; i < MULTIS; i++)
        curl_multi_cleanup(multi->lanes[i].curl);
    while ((link = list_pop(&multi->transfers_free)))
        free(CONTAINER_OF(link, struct transfer, link));
    targets_free(multi);
    map_done(&multi->targets);
    if (multi->epoll >= 0)
        close(multi->epoll);
    free(multi->pool);
    free(multi->dirty);
    free(multi->sockets);
    free(multi);
}
