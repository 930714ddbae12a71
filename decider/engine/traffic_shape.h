/* Built-in shapes of traffic classes (traffic_shape.def): defaults of a policy that names its
 * class, and the rules of a class that no policy may break. A policy without a class has no shape.
 *
 *   traffic_shape_begin    before the document is read: limits, budget rules, rollback flags
 *   traffic_shape_entries  behind it: reasons of the entries that give none
 *   traffic_shape_check    against the catalog: hard stops, and what makes a critical fallback safe
 *
 * For policy_parse and policy_check. */
#ifndef ENGINE_TRAFFIC_SHAPE_H
#define ENGINE_TRAFFIC_SHAPE_H

#include "engine/field.h"
#include "engine/policy_document.h"

void traffic_shape_begin(enum traffic_class traffic_class, struct policy_document *document);
void traffic_shape_entries(struct policy_document *document);
/* Routes are resolved as far as they could be. */
void traffic_shape_check(struct field_reader *reader, const struct policy_document *document);

#endif
