#include "fixture.h"
#include "upstream/credential.h"

static char *const environment[] = {
    (char[]){"PATH=/bin"},
    (char[]){"SIGNALBOX_CREDENTIAL_MOCK_A_KEY=sk-a"},
    (char[]){"SIGNALBOX_CREDENTIAL_MOCK_A_KEY_HOSTS=127.0.0.1:9001, api.a.com"},
    (char[]){"SIGNALBOX_CREDENTIAL_UNBOUND=sk-u"},
    (char[]){"SIGNALBOX_CREDENTIAL_EMPTY="},
    (char[]){"SIGNALBOX_CREDENTIAL_EMPTY_HOSTS=api.a.com"},
    NULL,
};

static struct slice
find(const struct credentials *credentials, const char *name, const char *host, const char *port)
{
    return credential_find(credentials, slice_of(name), slice_of(host), slice_of(port));
}

static void a_secret_goes_only_where_it_is_bound(void **state)
{
    struct credentials *credentials = credentials_open(environment);

    (void)state;
    assert_non_null(credentials);
    assert_int_equal(credentials_count(credentials), 2);
    assert_slice(find(credentials, "MOCK_A_KEY", "api.a.com", "443"), "sk-a");
    assert_slice(find(credentials, "mock-a.key", "API.A.COM", "8443"), "sk-a");
    assert_slice(find(credentials, "MOCK_A_KEY", "127.0.0.1", "9001"), "sk-a");
    assert_slice(find(credentials, "MOCK_A_KEY", "127.0.0.1", "9002"), "");
    assert_slice(find(credentials, "MOCK_A_KEY", "api.a.com.evil.org", "443"), "");
    assert_slice(find(credentials, "MOCK_A_KEY", "a.com", "443"), "");
    assert_slice(find(credentials, "MOCK_A_KEY", "api.a.co", "443"), "");
    assert_slice(find(credentials, "MOCK_A_KEY", "", "443"), "");
    assert_slice(find(credentials, "UNBOUND", "api.a.com", "443"), "");
    assert_slice(find(credentials, "EMPTY", "api.a.com", "443"), "");
    assert_slice(find(credentials, "OTHER", "api.a.com", "443"), "");
    assert_slice(find(credentials, "", "api.a.com", "443"), "");
    credentials_close(credentials);
    credentials_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_secret_goes_only_where_it_is_bound)};

    return cmocka_run_group_tests_name("edge/credential", tests, NULL, NULL);
}
