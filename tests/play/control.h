/* Steps of an operator: switches, pins, words on answers; and waiting for what nobody reports. Each
 * returns false with expect_why set when the line does not hold. */
#ifndef TESTS_PLAY_CONTROL_H
#define TESTS_PLAY_CONTROL_H

#include "play/stage.h"

bool control_switch(struct stage *stage, const struct script_line *line);
bool control_pin(struct stage *stage, const struct script_line *line);
bool control_feedback(struct stage *stage, const struct script_line *line);
bool control_unreported(struct stage *stage, const struct script_line *line);

#endif
