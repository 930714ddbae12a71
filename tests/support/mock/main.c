/* signalbox-mock: a chat provider for tests and load, which fails in the ways it is told to.
 *
 * Reads the options, listens, runs the workers and waits for SIGTERM or SIGINT, at which it ends
 * at once: what it was holding is of no value to anyone. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench.h"
#include "journal.h"
#include "loop.h"
#include "memory.h"
#include "option.h"
#include "route.h"
#include "rule.h"
#include "tls.h"
#include "worker.h"

#define BODY_BYTES_MAX     ((size_t)256 * 1024 * 1024)
#define EXIT_USAGE         2
#define STREAMS_PER_CLIENT 256

static struct worker workers[OPTION_THREADS_MAX];

static void configure(h2o_globalconf_t *config, const struct option_set *options)
{
    h2o_config_init(config);
    config->server_name = h2o_iovec_init(H2O_STRLIT("signalbox-mock"));
    config->max_request_entity_size = BODY_BYTES_MAX;
    config->http1.req_timeout = options->idle_ms;
    config->http2.idle_timeout = options->idle_ms;
    config->http2.max_concurrent_requests_per_connection = STREAMS_PER_CLIENT;
    h2o_hostconf_t *host =
        h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    route_register(host, options);
}

/* Load tests hold thousands of connections; the soft limit is often 1024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Binds one listener per worker; all share the port of the first. */
static bool listen_all(const struct option_set *options, h2o_globalconf_t *config, SSL_CTX *tls)
{
    uint16_t port = options->port;
    for (unsigned i = 0; i < options->threads; i++) {
        int fd = worker_listen(port, options->threads > 1, &port);
        if (fd < 0) {
            perror("signalbox-mock: listen");
            return false;
        }
        worker_init(&workers[i], config, tls, fd);
    }
    printf("listening 127.0.0.1:%u\n", (unsigned)port);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    static h2o_globalconf_t config; /* workers point at both for the life of the process */
    static struct option_set options;
    json_object_seed((size_t)time(NULL)); /* before threads could race for it */
    enum option_verdict verdict = option_read(argc, argv, &options);
    if (verdict != OPTION_VERDICT_RUN)
        return verdict == OPTION_VERDICT_DONE ? 0 : EXIT_USAGE;

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();

    SSL_CTX *tls = options.tls_cert ? tls_open(options.tls_cert, options.tls_key) : NULL;
    if (options.tls_cert && !tls)
        return 1;
    journal_init(options.journal);
    bench_init(&options);
    configure(&config, &options);
    if (!listen_all(&options, &config, tls))
        return 1;
    for (unsigned i = 0; i < options.threads; i++)
        worker_start(&workers[i]);

    int received;
    sigwait(&ends, &received);
    for (unsigned i = 0; i < options.threads; i++)
        worker_stop(&workers[i]);
    return 0;
}
