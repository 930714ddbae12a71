/* What a script's line expects of the last answer, its trace, a stored record. Each returns false
 * with expect_why set when the line does not hold. */
#ifndef TESTS_PLAY_EXPECT_H
#define TESTS_PLAY_EXPECT_H

#include "play/stage.h"

extern char expect_why[512];

/* Sets expect_why to "what: found" and returns false. */
bool expect_wrong(const char *what, const char *found);

bool expect_answer(struct stage *stage, const struct script_line *line);
bool expect_trace(struct stage *stage, const struct script_line *line);
bool expect_record(struct stage *stage, const struct script_line *line);
bool expect_replay(struct stage *stage, const struct script_line *line);
bool expect_off(struct stage *stage, const struct script_line *line);
bool expect_audit(struct stage *stage, const struct script_line *line);

/* NUL-terminated, as arena copies and static texts are; "" for the empty slice. */
const char *text_of(struct slice text);

#endif
