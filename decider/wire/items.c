/* StreamDecideRequest item by item. Only the two outer levels are read here, so that whatever is
 * wrong inside one item's question is found when that question alone is unpacked. */
#include "wire/scan.h"

#define TAG_ITEMS       (1 << 3 | 2) /* StreamDecideRequest.items */
#define TAG_CORRELATION (1 << 3 | 0) /* StreamDecideItem.correlation_id */
#define TAG_REQUEST     (2 << 3 | 2) /* StreamDecideItem.request */

struct piece {
    uint64_t tag;
    uint64_t number; /* of a varint */
    struct slice bytes;
};

/* Cuts one field off rest; false: malformed. */
static bool take(struct slice *rest, struct piece *ret_piece)
{
    const uint8_t *at = (const uint8_t *)rest->ptr, *end = at + rest->len;
    uint64_t len = 0;
    unsigned used = scan_varint(at, (size_t)(end - at), &ret_piece->tag);

    if (used == 0 || ret_piece->tag >> 3 == 0 || ret_piece->tag > UINT32_MAX)
        return false;
    at += used;
    switch (ret_piece->tag & 7) {
    case 0:
        used = scan_varint(at, (size_t)(end - at), &ret_piece->number);
        if (used == 0)
            return false;
        at += used;
        break;
    case 1:
    case 5:
        len = (ret_piece->tag & 7) == 1 ? 8 : 4;
        break;
    case 2:
        used = scan_varint(at, (size_t)(end - at), &len);
        if (used == 0)
            return false;
        at += used;
        break;
    default:
        return false;
    }
    if (len > (size_t)(end - at))
        return false;
    ret_piece->bytes = (struct slice){(const char *)at, (size_t)len};
    at += len;
    *rest = (struct slice){(const char *)at, (size_t)(end - at)};
    return true;
}

static bool read_item(struct slice bytes, struct wire_item *ret_item)
{
    struct piece piece = {0};

    *ret_item = (struct wire_item){0};
    while (bytes.len) {
        if (!take(&bytes, &piece))
            return false;
        if (piece.tag == TAG_CORRELATION) {
            ret_item->correlation_id = piece.number;
        } else if (piece.tag == TAG_REQUEST) {
            ret_item->requests++;
            ret_item->request = piece.bytes;
        } else if (piece.tag >> 3 <= 2) {
            return false; /* one of the two with another wire type */
        }
    }
    return true;
}

enum result wire_next_item(struct slice *rest, struct wire_item *ret_item)
{
    struct piece piece = {0};

    while (rest->len) {
        if (!take(rest, &piece))
            return RESULT_INVALID;
        if (piece.tag == TAG_ITEMS)
            return read_item(piece.bytes, ret_item) ? RESULT_OK : RESULT_INVALID;
        if (piece.tag >> 3 == 1)
            return RESULT_INVALID;
    }
    return RESULT_NOT_FOUND;
}
