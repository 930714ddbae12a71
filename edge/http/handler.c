/* One handler on the root path: methods and paths are told apart by whoever owns the site, so that
 * every answer, a 404 too, has the family's shape.
 *
 * The library's own body limit is twice the site's: it cuts off abuse without an answer of ours,
 * while a body that is merely too long gets a proper one. */
#include "http/handler.h"

#include <stdlib.h>

#include "http/http_private.h"

struct site_handler_slot {
    h2o_handler_t handler; /* first */
    struct site *site;
};

struct loop *loop_of(h2o_req_t *req)
{
    return CONTAINER_OF(req->conn->ctx, struct loop, context);
}

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    struct site *site = ((struct site_handler_slot *)handler)->site;
    struct loop *loop = loop_of(req);
    struct reply *reply = reply_new(loop, req);
    size_t path_bytes = req->query_at < req->path.len ? req->query_at : req->path.len;
    struct arrival arrival = {
        .method = {req->method.base, req->method.len},
        .path = {req->path.base, path_bytes},
        .body = {req->entity.base, req->entity.len},
        .client_address = reply->connection ? reply->connection->client : (struct slice){NULL, 0},
        .too_large = req->entity.len > site->options.body_bytes_max,
        .request = req,
    };

    site->handler(loop->options.context, reply, &arrival);
    if (reply->connection && reply->connection->left)
        reply_client_left(reply);
    reply_flush_all(loop);
    return 0;
}

struct site *site_new(const struct site_options *options, site_handler handler)
{
    struct site *site = calloc(1, sizeof *site);
    struct site_handler_slot *slot;
    h2o_hostconf_t *host;
    h2o_pathconf_t *path;

    if (!site)
        return NULL;
    site->options = *options;
    site->handler = handler;
    h2o_config_init(&site->config);
    site->config.max_request_entity_size = 2 * options->body_bytes_max + (1 << 20);
    site->config.http1.req_timeout = options->read_ms;
    site->config.http1.upgrade_to_http2 = 0;
    site->config.server_name = h2o_iovec_init(NULL, 0);
    host = h2o_config_register_host(&site->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    path = h2o_config_register_path(host, "/", 0);
    slot = (struct site_handler_slot *)h2o_create_handler(path, sizeof *slot);
    slot->handler.on_req = on_request;
    slot->site = site;
    return site;
}

void site_free(struct site *site)
{
    if (!site)
        return;
    h2o_config_dispose(&site->config);
    free(site);
}

bool arrival_next_header(const struct arrival *arrival,
                         size_t *position,
                         struct slice *ret_name,
                         struct slice *ret_value)
{
    const h2o_headers_t *headers = &((h2o_req_t *)arrival->request)->headers;
    const h2o_header_t *header;

    if (*position >= headers->size)
        return false;
    header = &headers->entries[(*position)++];
    *ret_name = (struct slice){header->name->base, header->name->len};
    *ret_value = (struct slice){header->value.base, header->value.len};
    return true;
}
