/* The probe over a socket: one request, the secret in its header and nowhere else, and every way in
 * which an answer can fail to come. The provider is a thread on a port of loopback. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/probe.h"

#define SECRET "sk-very-secret"

struct provider {
    pthread_t thread;
    int socket;
    uint16_t port;
    const char *answer; /* whole, head included */
    size_t padding;     /* bytes behind it */
    unsigned requests;
    char request[8192];
};

static struct arena arena;

/* Until the body, whose length is known, has come. */
static void read_request(struct provider *provider, int connection, const char *body_end)
{
    size_t len = 0;

    while (len + 1 < sizeof provider->request) {
        ssize_t count =
            read(connection, provider->request + len, sizeof provider->request - len - 1);

        if (count <= 0)
            break;
        len += (size_t)count;
        provider->request[len] = '\0';
        if (strstr(provider->request, body_end))
            break;
    }
}

static void write_all(int connection, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t count = send(connection, bytes, len, MSG_NOSIGNAL);

        if (count <= 0)
            return;
        bytes += count;
        len -= (size_t)count;
    }
}

/* Serves connections until the socket is shut down. */
static void *serve(void *context)
{
    static const char zeros[65536];
    struct provider *provider = context;

    for (;;) {
        int connection = accept(provider->socket, NULL, NULL);

        if (connection < 0)
            return NULL;
        provider->requests++;
        read_request(provider, connection, "}end");
        write_all(connection, provider->answer, strlen(provider->answer));
        for (size_t left = provider->padding; left > 0;) {
            size_t step = left < sizeof zeros ? left : sizeof zeros;

            write_all(connection, zeros, step);
            left -= step;
        }
        close(connection);
    }
}

static int start(void **state)
{
    struct provider *provider = calloc(1, sizeof *provider);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    arena_init(&arena, NULL, 0, 8 << 20);
    provider->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(provider->socket, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(provider->socket, 8), 0);
    assert_int_equal(getsockname(provider->socket, (struct sockaddr *)&address, &len), 0);
    provider->port = ntohs(address.sin_port);
    *state = provider;
    return 0;
}

static int stop(void **state)
{
    close(((struct provider *)*state)->socket);
    free(*state);
    arena_done(&arena);
    return 0;
}

/* What the provider answers with answer and so many bytes behind it. */
static struct probe_answer send_to(struct provider *provider, const char *answer, size_t padding)
{
    struct probe_request request = {
        .url = arena_format(&arena, "http://127.0.0.1:%u/v1/chat/completions", provider->port).ptr,
        .credential = "Authorization: Bearer ",
        .header = "x-further: yes",
        .body = SLICE_LITERAL("{\"model\":\"m\"}end"),
        .connect_ms = 5000,
        .total_ms = 20000,
    };
    struct probe_answer got;

    provider->answer = answer;
    provider->padding = padding;
    assert_int_equal(pthread_create(&provider->thread, NULL, serve, provider), 0);
    probe_send(&request, SLICE_LITERAL(SECRET), NULL, &arena, &got);
    shutdown(provider->socket, SHUT_RDWR);
    assert_int_equal(pthread_join(provider->thread, NULL), 0);
    return got;
}

static void sends_one_request_with_the_secret_in_its_header(void **state)
{
    struct provider *provider = *state;
    struct probe_answer answer =
        send_to(provider, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0);

    assert_null(answer.error);
    assert_int_equal(answer.status, 200);
    assert_true(slice_is(answer.body, "{}"));
    assert_int_equal(provider->requests, 1);
    assert_non_null(strstr(provider->request, "POST /v1/chat/completions HTTP/1.1\r\n"));
    assert_non_null(strstr(provider->request, "Authorization: Bearer " SECRET "\r\n"));
    assert_non_null(strstr(provider->request, "x-further: yes\r\n"));
    assert_non_null(strstr(provider->request, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(provider->request, "\r\n\r\n{\"model\":\"m\"}end"));
    assert_null(strstr(strstr(provider->request, SECRET) + 1, SECRET));
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct probe_answer answer;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    answer = send_to(*state, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0);
    unsetenv("http_proxy");
    assert_null(answer.error);
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    struct provider *provider = *state;
    struct probe_answer answer = send_to(
        provider, "HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", 0);

    assert_null(answer.error);
    assert_int_equal(answer.status, 307);
    assert_int_equal(provider->requests, 1);
}

static void an_answer_that_breaks_off_is_none(void **state)
{
    struct probe_answer answer =
        send_to(*state, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"model\":", 0);

    assert_int_equal(answer.status, 200);
    assert_non_null(answer.error);
}

static void an_answer_without_end_is_cut_off(void **state)
{
    struct probe_answer answer = send_to(*state, "HTTP/1.1 200 OK\r\n\r\n", 3 << 20);

    assert_string_equal(answer.error, "more than 1 MiB");
}

static void a_connection_without_an_answer_says_why(void **state)
{
    struct probe_answer answer = send_to(*state, "", 0);

    assert_int_equal(answer.status, 0);
    assert_non_null(answer.error);
    assert_null(strstr(answer.error, SECRET));
}

static void nobody_who_listens_is_an_error(void **state)
{
    struct provider *provider = *state;
    struct probe_request request = {
        .url = arena_format(&arena, "http://127.0.0.1:%u/v1", provider->port).ptr,
        .credential = "Authorization: Bearer ",
        .header = "",
        .connect_ms = 5000,
        .total_ms = 5000,
    };
    struct probe_answer answer;

    close(provider->socket);
    provider->socket = -1;
    probe_send(&request, SLICE_LITERAL(SECRET), NULL, &arena, &answer);
    assert_int_equal(answer.status, 0);
    assert_string_equal(answer.error, "Couldn't connect to server");
}

static void a_secret_that_is_too_long_for_a_header_is_not_sent(void **state)
{
    struct provider *provider = *state;
    struct probe_request request = {
        .url = arena_format(&arena, "http://127.0.0.1:%u/v1", provider->port).ptr,
        .credential = "Authorization: Bearer ",
        .header = "",
        .total_ms = 5000,
    };
    static char secret[16384];
    struct probe_answer answer;

    memset(secret, 'a', sizeof secret);
    probe_send(&request, (struct slice){secret, sizeof secret}, NULL, &arena, &answer);
    assert_int_equal(answer.status, 0);
    assert_non_null(answer.error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_one_request_with_the_secret_in_its_header),
        TEST(proxies_of_the_environment_are_ignored),
        TEST(a_redirect_is_an_answer_and_is_not_followed),
        TEST(an_answer_that_breaks_off_is_none),
        TEST(an_answer_without_end_is_cut_off),
        TEST(a_connection_without_an_answer_says_why),
        TEST(nobody_who_listens_is_an_error),
        TEST(a_secret_that_is_too_long_for_a_header_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
