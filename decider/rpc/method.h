/* The methods of the server as data, from method.def. */
#ifndef RPC_METHOD_H
#define RPC_METHOD_H

#include <protobuf-c/protobuf-c.h>

#include "signalbox/limits.h"
#include "signalbox/result.h"
#include "signalbox/taxonomy.h"

/* Rows of one page of a list. */
#define PAGE_ROWS_DEFAULT 100
#define PAGE_ROWS_MAX     1000

/* A request that holds a document, and a little around it. */
#define DOCUMENT_MESSAGE_BYTES_MAX (DOCUMENT_BYTES_MAX + 64 * 1024)

enum method_id {
#define M(NAME, ...) METHOD_##NAME,
#include "rpc/method.def"
#undef M
    METHOD_END
};

enum method_thread {
    METHOD_THREAD_OWNER,
    METHOD_THREAD_ADMIN,
};

struct handling;
/* Answers handling->request; on RESULT_OK handling->response is set. */
typedef enum result (*method_handler)(struct handling *handling);

struct method {
    const char *service; /* "signalbox.v1.KeyService" */
    const char *path;    /* "/signalbox.v1.KeyService/ListKeys" */
    uint64_t roles;      /* set of enum role; 0: anybody */
    enum method_thread thread;
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    size_t bytes_max;
    method_handler handle; /* NULL: not a unary method of the admin thread */
};

const struct method *method_row(enum method_id id);
bool method_allows(const struct method *method, enum role role);
/* Whether the server has a service of that name. */
bool method_serves(struct slice service);

#endif
