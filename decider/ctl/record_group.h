/* Which field of a record and of its admission facts stands under which title. Titles and chain
 * have their fields in record.c: request_id, attempts, changes, rollback_command, admission. */
#ifndef CTL_RECORD_GROUP_H
#define CTL_RECORD_GROUP_H

struct field_group {
    const char *title;
    const char *names; /* parted by spaces */
};

/* The place in record_groups after which the list of changes comes. */
#define RECORD_GROUP_CHANGES 2

static const struct field_group record_groups[] = {
    {"Outcome", "disposition stop_reason failure tier degraded partial_output adopted"},
    {"Served by",
     "selected_route selected_provider selected_account selected_region selected_model "
     "reported_model model_mismatch"},
    {"Primary", "primary_provider primary_model boundary_crossed"},
    {"Cost", "cost_nusd cost_delta_nusd usage quota_owner spend_owner"},
    {"Tools and schema", "tool_calls side_effect schema_validation"},
    {"Time", "started_unix_ms first_output_unix_ms ended_unix_ms latency_before_fallback_ms "
             "latency_after_fallback_ms"},
    {"Decided by", "policy_id policy_version catalog_version engine_version trace_digest key_id"},
};

static const struct field_group admission_groups[] = {
    {"Who asked",
     "tenant team user app key_digest feature assistant thread session prompt_id prompt_version "
     "tags client_request_id"},
    {"What for", "workload environment traffic_class customer_tier service_tier data_classes "
                 "sensitivity_tags allowed_regions client_address zero_retention tolerates_queue "
                 "shows_notice can_restart"},
    {"Shape",
     "family requested_model stream needs tool_loop bound_state bound_provider bound_account "
     "provider_parameters body_bytes body_digest input_tokens_estimate estimator "
     "max_output_tokens reasoning_tokens choices blocks tool_effects tool_digest"},
};

#endif
