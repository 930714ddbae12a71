/* Why a suggestion is where it is, as a sentence: first what keeps it from fitting, all of it, then
 * what speaks for it. */
#include "base/buf.h"
#include "base/decimal.h"
#include "engine/suggest_candidate.h"

#define WHY_BYTES_MAX (8 * 1024)
#define DECIMAL_BYTES 32
#define NUSD_DIGITS   9

static void put_words(struct buf *buf,
                      const char *before,
                      const struct taxonomy_row *rows,
                      unsigned end,
                      uint64_t set)
{
    bool first = true;

    for (unsigned i = 1; i < end; i++)
        if (rows[i].name && set_has(set, i)) {
            buf_format(buf, "%s%s", first ? before : ", ", rows[i].name);
            first = false;
        }
}

static void put_usd(struct buf *buf, uint64_t nusd)
{
    char text[DECIMAL_BYTES];

    decimal_format(nusd, NUSD_DIGITS, text);
    buf_format(buf, "%s USD", text);
}

static void put_name(struct buf *buf, const char *before, struct slice name)
{
    buf_put_text(buf, before);
    buf_put_slice(buf, name);
}

static void put_fault(struct buf *buf, const struct suggest_candidate *candidate, enum fault fault)
{
    const struct suggest_question *question = candidate->question;
    const struct suggestion *made = candidate->made;
    const struct catalog_model *model = made->route->model;

    switch (fault) {
    case FAULT_NEEDS:
        put_words(buf, "it lacks ", need_rows, NEED_END, made->lacking_needs);
        break;
    case FAULT_DATA_CLASSES:
        put_words(buf, "it is not approved for ", data_class_rows, DATA_CLASS_END,
                  made->lacking_data_classes);
        break;
    case FAULT_FLOOR:
        buf_format(buf, "%s is under the floor, %s",
                   signalbox_quality_class_name(model->quality_class),
                   signalbox_quality_class_name(suggest_floor(question->traffic_class)));
        break;
    case FAULT_CONTEXT:
        buf_put_text(buf, model->context_tokens_max ? "its context is too small"
                                                    : "its context is not known");
        break;
    case FAULT_OUTPUT:
        buf_put_text(buf, model->output_tokens_max ? "its longest answer is too short"
                                                   : "its longest answer is not known");
        break;
    case FAULT_ENVIRONMENT:
        put_name(buf, "it is not for ", question->environment);
        break;
    case FAULT_REGION:
        put_name(buf, "its region is ", made->route->region);
        break;
    case FAULT_TENANT:
        put_name(buf, "its account is for requests of ", made->route->account->tenant);
        break;
    case FAULT_NO_PRICE:
        buf_put_text(buf, "it has no price for what a request uses");
        break;
    case FAULT_COST:
        put_usd(buf, made->request_nusd);
        buf_put_text(buf, " a request is over the limit of ");
        put_usd(buf, question->request_nusd_max);
        break;
    case FAULT_NO_LATENCY:
        buf_put_text(buf, "its latency is not known");
        break;
    case FAULT_LATENCY:
        buf_format(buf, "%u ms to the first output is over the limit of %llu ms",
                   made->route->latency_p95_ms, (unsigned long long)question->latency_ms_max);
        break;
    case FAULT_END:
        break;
    }
}

static void put_merits(struct buf *buf, const struct suggest_candidate *candidate)
{
    const struct catalog_route *primary = candidate->question->primary;
    const struct suggestion *made = candidate->made;

    buf_format(buf, "%s", signalbox_quality_class_name(made->route->model->quality_class));
    put_words(buf, ", said to be good at ", strength_rows, STRENGTH_END, made->matching_strengths);
    if (candidate->priced) {
        buf_put_text(buf, ", ");
        put_usd(buf, made->request_nusd);
        buf_put_text(buf, " a request");
    }
    if (made->route->latency_p95_ms)
        buf_format(buf, ", %u ms to the first output", made->route->latency_p95_ms);
    if (!primary)
        return;
    if (!slice_equal(made->route->service_tier, primary->service_tier))
        put_name(buf, ", service tier ",
                 made->route->service_tier.len ? made->route->service_tier
                                               : SLICE_LITERAL("standard"));
    if (!suggest_crosses_boundary(candidate))
        buf_put_text(buf, ", within the primary's provider, account and region");
    else
        buf_format(buf, ", another %s",
                   !suggest_same_provider(candidate)  ? "provider"
                   : !suggest_same_account(candidate) ? "account"
                                                      : "region");
}

struct slice suggest_explain(const struct suggest_candidate *candidate, struct arena *arena)
{
    struct slice why;
    struct buf buf;

    buf_init(&buf, WHY_BYTES_MAX);
    buf_put_text(&buf, candidate->made->fits ? "Fits: " : "Does not fit: ");
    for (unsigned i = 0; i < FAULT_END; i++)
        if (set_has(candidate->faults, i)) {
            put_fault(&buf, candidate, (enum fault)i);
            buf_put_text(&buf, candidate->faults >> i > 1 ? ", " : "; otherwise ");
        }
    put_merits(&buf, candidate);
    buf_put_text(&buf, ".");
    why = arena_copy(arena, buf_slice(&buf));
    if (buf_failed(&buf))
        arena->failed = true;
    buf_done(&buf);
    return why;
}
