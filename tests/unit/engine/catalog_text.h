/* Catalog texts for tests: one of everything, with more members where a test wants them. */
#ifndef TESTS_UNIT_ENGINE_CATALOG_TEXT_H
#define TESTS_UNIT_ENGINE_CATALOG_TEXT_H

#include "documents.h"

#define HEAD                                                                                       \
    "'providers':[{'id':'p'}],"                                                                    \
    "'accounts':[{'id':'a','provider':'p','owner':'o','credential':'K'}],"                         \
    "'models':[{'id':'m','family':'f','version':'1','quality_class':'balanced',"                   \
    "'capabilities':['streaming','tools']}],"
#define ROUTE_HEAD                                                                                 \
    "'id':'r','model':'m','account':'a','region':'eu',"                                            \
    "'endpoint_family':'openai-chat-completions','data_classes':[]"
/* A whole catalog whose one route has more members. */
#define ROUTE(more) "{" HEAD "'routes':[{" ROUTE_HEAD ",'base_url':'https://h/v1'" more "}]}"
/* With more members at the top, in the account and in the model, which says nothing of what it can
 * do. */
#define MODEL(more) ROUTE_OF("", "", more)
#define ROUTE_OF(top, account, model)                                                              \
    "{" top "'providers':[{'id':'p'}],"                                                            \
    "'accounts':[{'id':'a','provider':'p','owner':'o','credential':'K'" account "}],"              \
    "'models':[{'id':'m','family':'f','version':'1','quality_class':'balanced'" model "}],"        \
    "'routes':[{" ROUTE_HEAD ",'base_url':'https://h/v1'}]}"
#define PRICES(prices) ROUTE(",'prices':{'as_of':'2026-11-01'," prices "}")

static inline const struct catalog_route *find_route(const struct documents *d, const char *id)
{
    const struct catalog_route *route = map_get(&d->catalog->routes_by_id, slice_of(id));

    assert_non_null(route);
    return route;
}

struct fault {
    const char *text;
    enum diagnostic_code code;
    const char *pointer;
};

/* Each text has its one finding, and makes no catalog. */
static inline void assert_faults(const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct documents d;

        documents_init(&d, ARENA_BYTES_MAX);
        assert_int_equal(parse_catalog_text(&d, faults[i].text), RESULT_INVALID);
        assert_null(d.catalog);
        assert_finding(&d, faults[i].code, faults[i].pointer);
        documents_done(&d);
    }
}

#endif
