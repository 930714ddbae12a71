/* signalbox-edge: reads options, starts, waits for a signal, drains.
 *
 * Exit codes: 0 after a drain; 64 for a wrong option; else those of result.def. */
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "edge.h"

static bool set_log_level(const struct option_set *options)
{
    const char *name = option_get(options, "log-level")->text;
    enum log_level level;

    if (!log_level_parse(slice_of(name), &level)) {
        log_event(LOG_ERROR, "start_failed", log_text("what", "log-level"), log_text("why", name));
        return false;
    }
    log_level_set(level);
    return true;
}

static enum result run(const struct option_set *options)
{
    struct edge *edge;
    enum result result;
    sigset_t signals;
    int signal_number;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    result = edge_open(options, environ, &edge);
    if (result != RESULT_OK)
        return result;
    sigwait(&signals, &signal_number);
    log_event(LOG_INFO, "draining", log_number("signal", signal_number));
    edge_close(edge);
    log_event(LOG_INFO, "stopped");
    return RESULT_OK;
}

int main(int argc, char **argv)
{
    struct option_set *options;
    int code = 0;

    switch (option_read(edge_options, argc, argv, "signalbox-edge", NULL, &options)) {
    case OPTION_RUN:
        if (set_log_level(options))
            code = result_row(run(options))->exit_code;
        else
            code = 64;
        break;
    case OPTION_EXIT:
        break;
    case OPTION_BAD:
        code = 64;
        break;
    }
    option_free(options);
    return code;
}
