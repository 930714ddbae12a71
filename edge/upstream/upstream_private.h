/* What the files of this folder share, and the only place that includes <curl/curl.h>. */
#ifndef UPSTREAM_UPSTREAM_PRIVATE_H
#define UPSTREAM_UPSTREAM_PRIVATE_H

#include <curl/curl.h>

#include "base/list.h"
#include "base/map.h"
#include "upstream/transfer.h"

#define MULTIS         16
#define MULTI_FILL_MAX 256 /* transfers in one before the next is used */

/* One place that requests go to: made once, used for every request to it. */
struct target {
    struct target *next;
    struct slice key; /* base URL, path and credential */
    char *url;
    struct curl_slist *headers;
    const char *refusal; /* NULL: may be used */
};

struct lane {
    struct multi *multi;
    CURLM *curl;
    uint64_t due_ms;
    unsigned active;
};

/* A descriptor of curl's, by number. */
struct socket_slot {
    unsigned char open, registered, active, dirty, wanted, applied, lane;
};

struct multi {
    struct multi_options options;
    struct lane lanes[MULTIS];
    int epoll;
    struct socket_slot *sockets;
    int sockets_max;
    int *dirty;
    int dirty_count;
    CURL **pool;
    size_t pool_count;
    struct list transfers_free;
    struct map targets;
    struct target *targets_first;
    unsigned depth; /* of curl callbacks that run */
};

#define EXTRA_TEXT_BYTES 576

struct transfer {
    struct list link; /* of the free ones */
    struct multi *multi;
    struct lane *lane;
    CURL *easy;
    const struct transfer_owner *owner; /* NULL: let go */
    void *context;
    size_t body_bytes;
    size_t head_bytes;
    size_t dropped_bytes;
    unsigned status;
    bool head_done;
    bool doomed; /* ends at the next callback's return */
    bool paused;
    bool began;       /* the request was about to be written once */
    bool lost;        /* it would have been written twice */
    const char *code; /* what we ourselves found */
    struct curl_slist extra[FORWARDED_HEADERS_MAX];
    char extra_text[FORWARDED_HEADERS_MAX][EXTRA_TEXT_BYTES];
};

/* multi.c */
CURL *multi_take_easy(struct multi *multi);
void multi_give_easy(struct multi *multi, CURL *easy);
struct lane *multi_pick_lane(struct multi *multi);
/* transfer.c */
void transfer_on_done(CURL *easy, CURLcode code);
void transfer_preset(struct multi *multi, CURL *easy);
/* target.c */
struct target *target_find(struct multi *multi, const struct upstream_call *call);
void targets_free(struct multi *multi);

#endif
