/* Putting a policy version into service, for the commands that do. */
#ifndef CTL_ACTIVATION_H
#define CTL_ACTIVATION_H

#include "ctl/ctl.h"
#include "signalbox/v1/policy.pb-c.h"

/* Calls, prints what serves now and returns the exit code. */
int activation_call(struct ctl *ctl, const Signalbox__V1__ActivatePolicyRequest *request);

#endif
