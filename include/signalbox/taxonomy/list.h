/* Makes one closed list from its table. Set TAX_NAME, TAX_PREFIX and TAX_FILE, then include; no
 * guard, because it is included once for each list. For the list `gate` it makes
 *
 *   enum gate { GATE_UNSPECIFIED = 0, GATE_QUALITY = 1, ..., GATE_END };
 *   const char *signalbox_gate_name(enum gate);       "unspecified" for what is not a member
 *   const char *signalbox_gate_sentence(enum gate);   "" for what is not a member
 *   bool signalbox_gate_known(unsigned number);
 *   bool signalbox_gate_parse(struct slice name, enum gate *ret_gate);  false: not a member
 */
#define TAX_PASTE_(a, b, c) a##b##c
#define TAX_PASTE(a, b, c)  TAX_PASTE_(a, b, c)
#define TAX_MEMBER(name)    TAX_PASTE(TAX_PREFIX, _, name)
#define TAX_ROWS            TAX_PASTE(TAX_NAME, _, rows)

enum TAX_NAME {
    TAX_MEMBER(UNSPECIFIED),
#define T(NAME, number, ...) TAX_MEMBER(NAME) = number,
#include TAX_FILE
#undef T
    TAX_MEMBER(END)
};

static const struct taxonomy_row TAX_ROWS[] = {
#define T(NAME, number, name, sentence, ...) [number] = {name, sentence},
#include TAX_FILE
#undef T
};

static inline bool TAX_PASTE(signalbox_, TAX_NAME, _known)(unsigned number)
{
    return number < TAX_MEMBER(END) && TAX_ROWS[number].name;
}

static inline const char *TAX_PASTE(signalbox_, TAX_NAME, _name)(enum TAX_NAME value)
{
    return TAX_PASTE(signalbox_, TAX_NAME, _known)(value) ? TAX_ROWS[value].name : "unspecified";
}

static inline const char *TAX_PASTE(signalbox_, TAX_NAME, _sentence)(enum TAX_NAME value)
{
    return TAX_PASTE(signalbox_, TAX_NAME, _known)(value) ? TAX_ROWS[value].sentence : "";
}

static inline bool TAX_PASTE(signalbox_, TAX_NAME, _parse)(struct slice name,
                                                           enum TAX_NAME *ret_value)
{
    unsigned found = taxonomy_find(TAX_ROWS, TAX_MEMBER(END), name);

    if (found)
        *ret_value = (enum TAX_NAME)found;
    return found != 0;
}

#undef TAX_PASTE_
#undef TAX_PASTE
#undef TAX_MEMBER
#undef TAX_ROWS
#undef TAX_NAME
#undef TAX_PREFIX
#undef TAX_FILE
