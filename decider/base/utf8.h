/* UTF-8 as RFC 3629 has it: no surrogates, nothing above U+10FFFF, no overlong forms. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "signalbox/slice.h"

bool utf8_valid(struct slice text);
/* utf8_valid and no NUL inside. */
bool utf8_valid_text(struct slice text);

#endif
