/* The evidence of one route: every piece is judged, and per kind a few are kept, those that count
 * before those that do not, the newest first.
 *
 * A piece that counts is left out when a newer one of the same scope counts at least as long: no
 * request could ever need it. So a yearly sign-off by the same role takes one place however often
 * it was given, and every role has places of its own. It is left out as well when a newer check
 * failed on all that it is for: the last result counts, not the best one. Of what does not count
 * the newest are kept, to say what is wrong. */
#include "base/digest.h"
#include "engine/policy_compile.h"

_Static_assert(sizeof(struct policy_evidence) == 112, "no padding: blocks are compared by bytes");

struct kept {
    unsigned items[SIGN_OFF_END * ROUTE_EVIDENCE_MAX]; /* indexes of pieces */
    unsigned count;
    unsigned of_role[SIGN_OFF_END]; /* of them; unspecified: of kinds without roles */
};

static bool texts_have(struct texts texts, struct slice text)
{
    for (unsigned i = 0; i < texts.count; i++)
        if (slice_equal(texts.items[i], text))
            return true;
    return false;
}

static bool same_texts(struct texts a, struct texts b)
{
    if (a.count != b.count)
        return false;
    for (unsigned i = 0; i < a.count; i++)
        if (!slice_equal(a.items[i], b.items[i]))
            return false;
    return true;
}

/* Whoever asks for b may as well have a. */
static bool stands_for(const struct evidence *a, const struct evidence *b)
{
    return a->expires_unix_ms >= b->expires_unix_ms && a->sign_off == b->sign_off &&
           a->sensitivity == b->sensitivity && a->data_classes == b->data_classes &&
           a->covers == b->covers && a->attempts_max == b->attempts_max &&
           slice_equal(a->prompt_version, b->prompt_version) &&
           slice_equal(a->tool_digest, b->tool_digest) &&
           same_texts(a->customer_tiers, b->customer_tiers);
}

static bool is_superseded(const struct policy_compile_input *input,
                          const struct kept *kept,
                          const struct evidence *evidence)
{
    for (unsigned i = 0; i < kept->count; i++)
        if (stands_for(input->pieces[kept->items[i]].evidence, evidence))
            return true;
    return false;
}

static bool takes_in(struct slice scope, struct slice other)
{
    return !scope.len || slice_equal(scope, other);
}

static bool takes_in_texts(struct texts scope, struct texts others)
{
    for (unsigned i = 0; scope.count && i < others.count; i++)
        if (!texts_have(scope, others.items[i]))
            return false;
    return !scope.count || others.count;
}

/* Every request that other is for is one that the check was for too. */
static bool is_for_all_of(const struct evidence *check, const struct evidence *other)
{
    return takes_in(check->prompt_version, other->prompt_version) &&
           takes_in(check->tool_digest, other->tool_digest) &&
           takes_in_texts(check->customer_tiers, other->customer_tiers);
}

static bool is_refuted(const struct policy_compile_input *input,
                       const struct compiled_piece *pieces,
                       unsigned index)
{
    const struct evidence *evidence = input->pieces[index].evidence;

    for (unsigned i = index + 1; i < input->pieces_count; i++)
        if (pieces[i].state == EVIDENCE_STATE_FAILED &&
            input->pieces[i].evidence->kind == evidence->kind &&
            is_for_all_of(input->pieces[i].evidence, evidence))
            return true;
    return false;
}

/* Adds pieces of the kind, the newest first: those that are held, or those that are not. */
static void keep(const struct policy_compile_input *input,
                 const struct compiled_piece *pieces,
                 enum evidence_kind kind,
                 bool held,
                 struct kept *kept)
{
    for (unsigned i = input->pieces_count; i-- > 0;) {
        const struct evidence *evidence = input->pieces[i].evidence;
        enum evidence_state state = pieces[i].state;

        if (evidence->kind != kind || state == EVIDENCE_STATE_UNSPECIFIED ||
            (state == EVIDENCE_STATE_HELD) != held ||
            kept->of_role[evidence->sign_off] == ROUTE_EVIDENCE_MAX)
            continue;
        if (held && (is_superseded(input, kept, evidence) || is_refuted(input, pieces, i)))
            continue;
        kept->of_role[evidence->sign_off]++;
        kept->items[kept->count++] = i;
    }
}

static void
put_texts_of(const struct evidence_piece *piece, struct buf *buf, struct compiled_piece *made)
{
    const struct evidence *evidence = piece->evidence;
    struct digest digest;

    if (made->written)
        return;
    made->written = true;
    made->id = policy_put_text(buf, piece->id);
    made->owner = policy_put_text(buf, evidence->owner);
    made->prompt_version = policy_put_text(buf, evidence->prompt_version);
    if (digest_from_hex(evidence->tool_digest, digest.bytes, sizeof digest.bytes))
        made->tool_digest =
            policy_put_text(buf, (struct slice){(const char *)digest.bytes, sizeof digest.bytes});
    made->customer_tiers = policy_put_texts(buf, evidence->customer_tiers);
}

static void put_piece(const struct evidence_piece *piece,
                      struct compiled_piece *made,
                      struct buf *buf,
                      uint32_t at)
{
    const struct evidence *evidence = piece->evidence;
    struct policy_evidence item;

    put_texts_of(piece, buf, made);
    memset(&item, 0, sizeof item);
    item.state = made->state;
    item.sign_off = evidence->sign_off;
    item.id = made->id;
    item.owner = made->owner;
    item.detail = policy_put_text(buf, made->detail);
    item.prompt_version = made->prompt_version;
    item.tool_digest = made->tool_digest;
    item.customer_tiers = made->customer_tiers;
    item.put_unix_ms = piece->put_unix_ms;
    item.expires_unix_ms = evidence->expires_unix_ms;
    item.sensitivity = evidence->sensitivity;
    item.data_classes = evidence->data_classes;
    item.covers = evidence->covers;
    item.attempts_max = evidence->attempts_max;
    item.latency_p95_ms = evidence->facts.latency_p95_ms;
    item.request_nusd = evidence->facts.request_nusd;
    policy_put_at(buf, at, &item, sizeof item);
}

static void judge(const struct policy_compile_input *input,
                  struct compiled_piece *pieces,
                  const struct evidence_use *use)
{
    for (unsigned i = 0; i < input->pieces_count; i++) {
        pieces[i].state = EVIDENCE_STATE_UNSPECIFIED;
        pieces[i].detail = (struct slice){NULL, 0};
        if (pieces[i].foreign || !evidence_judge(&input->pieces[i], use, input->arena,
                                                 &pieces[i].state, &pieces[i].detail))
            pieces[i].state = EVIDENCE_STATE_UNSPECIFIED;
        if (pieces[i].detail.len)
            pieces[i].detail = arena_format(input->arena, "%s: %.*s",
                                            signalbox_evidence_state_name(pieces[i].state),
                                            (int)pieces[i].detail.len, pieces[i].detail.ptr);
    }
}

void policy_put_evidence(const struct policy_compile_input *input,
                         struct compiled_piece *pieces,
                         const struct evidence_use *use,
                         struct buf *buf,
                         struct policy_route *made)
{
    judge(input, pieces, use);
    for (unsigned kind = 1; kind < EVIDENCE_KIND_END; kind++) {
        struct policy_ref *list = &made->evidence[kind];
        struct kept kept;

        memset(&kept, 0, sizeof kept);
        keep(input, pieces, (enum evidence_kind)kind, true, &kept);
        keep(input, pieces, (enum evidence_kind)kind, false, &kept);
        if (!kept.count)
            continue;
        list->offset = policy_put_room(buf, kept.count * sizeof(struct policy_evidence));
        list->len = kept.count;
        for (unsigned i = 0; i < kept.count; i++)
            put_piece(&input->pieces[kept.items[i]], &pieces[kept.items[i]], buf,
                      list->offset + i * (uint32_t)sizeof(struct policy_evidence));
    }
}
