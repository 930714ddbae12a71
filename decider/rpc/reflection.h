/* What a server says about its own protos; split from the RPC so that it can be tested without one.
 */
#ifndef RPC_REFLECTION_H
#define RPC_REFLECTION_H

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "wire/wire.h"

/* The answer to one request, in the arena; it lends from the request. NULL at the arena's bound.
 * Between reflection_load and reflection_unload. */
const ProtobufCMessage *
reflection_answer(const Grpc__Reflection__V1__ServerReflectionRequest *request,
                  struct arena *arena);

#endif
