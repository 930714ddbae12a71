/* signalbox-decider: read options, open the store, load, serve, drain.
 *
 * The order matters: signals are blocked before any thread exists, so that only this one takes
 * them; the store's lock is held before a socket is touched, so that a second decider on the same
 * directory changes nothing. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/option.h"
#include "rpc/server.h"
#include "service/service.h"
#include "signalbox/version.h"

#define EXIT_USAGE     64
#define PATH_BYTES_MAX 4096

static const struct option_row rows[] = {
#define O(name, KIND, unit, fallback, low, high, help)                                             \
    {name, OPTION_##KIND, unit, fallback, low, high, help},
#include "option.def"
#undef O
    {NULL, OPTION_TEXT, "", NULL, 0, 0, NULL},
};

struct settings {
    struct service_options service;
    struct rpc_server_options server;
    uint32_t grace_ms;
    char unix_path[PATH_BYTES_MAX]; /* the default, made from the directory */
};

static int fail(const char *event, const char *text, enum result result)
{
    log_event(LOG_ERROR, event, log_text("error", text),
              log_text("result", result_row(result)->name));
    return result_row(result)->exit_code;
}

static const char *unless_off(const char *text)
{
    return strcmp(text, "off") == 0 ? NULL : text;
}

/* NULL, or what is wrong. */
static const char *read_settings(const struct option_set *set, struct settings *ret_settings)
{
    const char *directory = option_get(set, "directory")->text;
    const char *unix_path = option_get(set, "listen-unix")->text;
    enum log_level level;

    if (!directory || !*directory)
        return "--directory is needed";
    if (!log_level_parse(slice_of(option_get(set, "log-level")->text), &level))
        return "--log-level is debug, info, warn or error";
    log_level_set(level);
    if (!unix_path) {
        int len = snprintf(ret_settings->unix_path, sizeof ret_settings->unix_path,
                           "%s/decider.sock", directory);

        if (len < 0 || (size_t)len >= sizeof ret_settings->unix_path)
            return "--directory is too long";
        unix_path = ret_settings->unix_path;
    }
    ret_settings->service = (struct service_options){
        .directory = directory,
        .map_bytes = (uint64_t)option_get(set, "map-bytes")->number,
        .token_file = option_get(set, "token-file")->text,
        .give_up_ms = (uint64_t)option_get(set, "give-up-ms")->number,
    };
    ret_settings->server.unix_path = unless_off(unix_path);
    ret_settings->server.tcp_address = unless_off(option_get(set, "listen-tcp")->text);
    ret_settings->grace_ms = (uint32_t)option_get(set, "grace-ms")->number;
    return NULL;
}

static void block_signals(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Until a signal comes, then until every call has ended. */
static int serve(struct service *service,
                 const struct settings *settings,
                 const sigset_t *signals,
                 struct rpc_server **ret_server)
{
    struct rpc_server_error error = {""};
    enum result result = rpc_server_open(&settings->server, service, ret_server, &error);
    int signal_number = 0;

    if (!result)
        result = rpc_server_run(*ret_server, &error);
    if (result)
        return fail("cannot_listen", error.text, result);
    log_event(LOG_INFO, "ready", log_text("version", SIGNALBOX_VERSION),
              log_text("unix", settings->server.unix_path ? settings->server.unix_path : ""),
              log_text("tcp", settings->server.tcp_address ? settings->server.tcp_address : ""),
              log_number("tcp_port", rpc_server_tcp_port(*ret_server)));
    sigwait(signals, &signal_number);
    log_event(LOG_INFO, "draining", log_number("signal", signal_number),
              log_number("grace_ms", settings->grace_ms));
    rpc_server_drain(*ret_server, settings->grace_ms);
    return 0;
}

int main(int argc, char **argv)
{
    struct option_set *set = NULL;
    enum option_outcome outcome = option_read(rows, argc, argv, "signalbox-decider", NULL, &set);
    struct settings settings = {.grace_ms = 0};
    struct service *service = NULL;
    struct rpc_server *server = NULL;
    struct service_error error = {""};
    const char *wrong = outcome == OPTION_RUN ? read_settings(set, &settings) : NULL;
    sigset_t signals;
    enum result result;
    int code;

    if (wrong)
        fprintf(stderr, "signalbox-decider: %s\n", wrong);
    if (wrong || outcome != OPTION_RUN) {
        option_free(set);
        return outcome == OPTION_EXIT ? 0 : EXIT_USAGE;
    }
    block_signals(&signals);
    result = service_open(&settings.service, &service, &error);
    if (result) {
        code = fail("cannot_open_store", error.text, result);
    } else {
        code = serve(service, &settings, &signals, &server);
        service_close(service);
        rpc_server_close(server);
    }
    if (code == 0)
        log_event(LOG_INFO, "stopped");
    option_free(set);
    return code;
}
