"""What others paid for, line by line: the tests that keep us from paying again.

A lesson of a later issue says which; a lesson that is in part for later stands in both tables.
"""

import pytest

from tests.named import missing

LESSONS = range(1, 42)

TESTS: dict[int, tuple[str, ...]] = {
    1: (
        "broker/test_vend.py::test_the_sandbox_chooses_nothing_that_sts_is_asked",
        "localaws/test_sts.py::test_an_untagged_session_is_refused_where_trust_requires_tags",
    ),
    2: (
        "broker/test_open.py::test_a_field_in_the_request_never_says_whom_the_run_works_for",
        "identity/test_trust.py::test_a_claim_that_names_a_person_is_not_the_principal",
    ),
    3: ("broker/test_open.py::test_a_field_in_the_request_never_says_whom_the_run_works_for",),
    4: (
        "tenancy/test_generating.py::test_without_one_of_its_tags_a_session_may_do_nothing",
        "e2e/test_tags.py::test_a_session_without_the_tag_reaches_nothing",
        "broker/test_vend.py::test_an_answer_that_is_not_what_was_asked_never_leaves",
        "e2e/test_web_identity.py::"
        "test_a_token_without_the_tags_claim_makes_a_session_that_reads_nothing",
        "broker/test_vend_web_identity.py::"
        "test_a_token_without_the_tags_of_the_run_is_never_signed",
        "laws/test_token_tags.py::"
        "test_tags_in_the_token_are_those_of_the_session_and_of_the_audit_leaf",
        "laws/test_token_tags.py::test_the_law_catches_a_broker_that_breaks_it",
    ),
    5: (
        "broker/test_open.py::test_a_subject_of_300_characters_is_refused_and_not_truncated",
        "broker/test_open.py::test_a_work_value_of_257_characters_is_refused_and_not_truncated",
        "settings/test_reading.py::test_grants_without_tags_are_refused",
        "laws/test_tags.py::test_a_rendered_tag_holds_the_whole_value_exactly",
        "laws/test_token_tags.py::test_the_largest_tags_that_are_allowed_arrive_whole",
    ),
    6: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "broker/test_open.py::test_a_tag_with_a_slash_is_refused",
        "iam/test_lessons.py::test_lesson_6_a_tag_owns_what_lies_under_it_slashes_and_all",
        "iam/lint/test_tenant_text.py::test_the_trap_is_found_and_the_mend_is_quiet",
        "runs/test_tags.py::test_a_slash_is_legal_where_no_policy_uses_the_tag_as_a_segment",
    ),
    7: (
        "runs/test_templates.py::test_a_value_goes_in_raw",
        "runs/test_templates.py::test_nothing_is_defaulted_or_converted",
        "e2e/test_tags.py::test_a_tag_of_another_case_is_another_persons",
    ),
    8: (
        "e2e/test_surroundings.py::test_the_run_token_is_in_no_environment_and_no_command_line",
        "sandbox/test_run_command.py::"
        "test_no_secret_is_in_the_childs_environment_arguments_or_files",
        "sandbox/test_aws_session.py::test_nothing_is_written_to_the_environment",
        "e2e/test_without_broker.py::test_the_machines_own_identity_is_not_the_commands",
    ),
    9: (
        "broker/test_vend.py::test_one_runs_token_never_draws_anothers_credentials",
        "sandbox/test_run_command.py::test_two_runs_at_the_same_time_share_nothing",
        "sandbox/test_aws_session.py::test_two_runs_in_one_process_stay_two",
        "sandbox/test_run_access.py::test_a_file_that_holds_another_runs_token_by_now_is_refused",
    ),
    10: (
        "store/test_sqlite.py::test_equal_subjects_of_two_issuers_are_two_subjects_to_a_binding",
        "identity/test_trust.py::test_there_is_no_default_power_for_the_unmatched",
        "settings/test_reading.py::"
        "test_a_subject_template_that_two_issuers_reach_must_name_the_issuer",
    ),
    11: (
        "runs/test_tags.py::test_every_session_carries_the_run",
        "aws/test_sts.py::test_exactly_what_was_asked_is_sent_and_signed",
        "localaws/test_sts.py::test_other_ways_to_credentials_are_refused",
        "e2e/test_web_identity.py::test_no_other_way_leads_to_a_token_for_sts",
        "laws/test_token_tags.py::test_the_broker_itself_refuses_to_sign_other_tags_than_the_runs",
    ),
    12: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "iam/test_lessons.py::"
        "test_lesson_12_for_all_values_is_true_of_an_absent_key_so_scan_opens_the_table",
        "iam/test_lessons.py::test_lesson_12_the_null_guard_closes_the_scan",
        "e2e/test_deliveries.py::test_iam_denies_an_agent_everything_else",
        "iam/lint/test_sets.py::test_the_trap_is_found_and_the_mend_is_quiet",
    ),
    13: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "iam/test_lessons.py::test_lesson_13_string_not_equals_empty_passes_for_a_missing_tag",
        "iam/test_lessons.py::test_lesson_13_null_is_the_guard_of_a_missing_tag",
        "iam/lint/test_absence.py::test_the_trap_is_found_and_the_mend_is_quiet",
    ),
    14: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "iam/test_lessons.py::test_lesson_14_one_broad_allow_masks_a_perfect_narrow_one",
        "iam/lint/test_unions.py::test_the_trap_is_found_and_the_mend_is_quiet",
    ),
    15: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "iam/test_lessons.py::test_lesson_15_list_and_get_in_one_statement_list_the_whole_bucket",
        "iam/test_lessons.py::test_lesson_15_a_prefix_condition_never_matches_a_get",
        "e2e/test_deliveries.py::test_iam_denies_an_agent_everything_else",
        "iam/lint/test_listing.py::test_the_trap_is_found_and_the_mend_is_quiet",
    ),
    16: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "tenancy/test_generating.py::test_each_run_may_do_what_the_map_gives",
        "iam/test_lessons.py::"
        "test_lesson_16_a_statement_without_conditions_admits_untagged_sessions",
        "e2e/test_broker_identity.py::test_a_role_that_does_not_let_the_broker_in_is_told_"
        "from_one_with_short_sessions",
        "iam/lint/test_trust.py::test_the_trap_is_found_and_the_mend_is_quiet",
    ),
    17: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "identity/test_trust.py::test_trust_by_audience_alone_is_refused",
        "iam/test_lessons.py::"
        "test_lesson_17_trust_by_audience_alone_admits_any_token_of_the_issuer",
        "iam/lint/test_web_identity.py::test_the_trap_is_found_and_the_mend_is_quiet",
        "e2e/test_web_identity.py::"
        "test_a_trust_policy_as_the_guide_has_it_takes_the_brokers_tokens_alone",
    ),
    18: (
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
        "iam/lint/test_power.py::test_the_trap_is_found_and_the_mend_is_quiet",
        "isolation/test_theorem_no_way_up.py::"
        "test_a_role_that_may_write_what_is_protected_is_refuted",
    ),
    19: ("cli/test_demo.py::test_the_demo_reaches_no_aws_of_whoever_runs_it",),
    20: (
        "e2e/test_deliveries.py::"
        "test_a_hundred_signed_calls_on_fresh_credentials_make_one_hand_out",
        "e2e/test_deliveries.py::test_a_call_in_the_refresh_window_makes_one_more_hand_out",
        "broker/test_vend.py::test_900_second_sessions_do_not_call_sts_on_every_request",
        "sandbox/test_aws_session_hours.py::test_a_short_roles_eight_hours_take_six_draws_an_hour",
        "wiring/test_in_process.py::"
        "test_eight_hours_under_one_command_are_a_dozen_calls_and_never_short",
    ),
    21: (
        "broker/test_vend.py::test_a_hanging_sts_does_not_withhold_valid_credentials",
        "broker/test_vend.py::test_valid_credentials_are_served_while_sts_is_out",
        "broker/test_vend.py::test_100_callers_at_once_make_one_sts_call",
        "e2e/test_outage.py::test_still_valid_credentials_are_served_while_sts_is_away",
        "sandbox/test_run_credentials_threads.py::"
        "test_nobody_waits_for_a_slow_broker_while_valid_ones_are_held",
    ),
    22: ("broker/test_vend.py::test_a_changed_grant_is_not_served_from_the_cache_of_the_old_one",),
    23: ("broker/test_vend.py::test_the_session_name_is_stable_over_refreshes",),
    24: (
        "sandbox/test_env_command.py::"
        "test_an_address_that_sdks_refuse_is_refused_here_with_the_way_out",
        "sandbox/test_process.py::test_it_imports_nothing_that_is_slow",
    ),
    25: (
        "e2e/test_lifecycle.py::test_the_process_of_a_run_that_is_over_prints_why_and_nothing_else",
        "e2e/test_deliveries.py::test_a_revoked_run_is_refused_the_next_hand_out",
        "cli/test_grant_refusals.py::test_a_role_that_refuses_is_not_kept_and_says_what_is_missing",
        "e2e/test_without_broker.py::test_a_role_that_refuses_is_told_before_the_command_starts",
    ),
    26: (
        "web/test_api.py::test_an_empty_or_strange_authorization_opens_nothing",
        "sandbox/test_sidecar.py::test_an_empty_token_is_not_an_open_endpoint",
        "broker/test_open.py::test_an_empty_token_is_refused",
        "credentials/test_role_arn.py::test_a_malformed_role_arn_is_one_clear_error",
        "credentials/test_role_arn.py::test_every_partition_of_aws_has_roles",
        "sandbox/test_aws_session.py::test_an_empty_token_is_no_token",
    ),
    27: (
        "broker/test_own_run.py::test_the_profile_is_asked_and_kept_with_the_run",
        "cli/test_grant.py::test_the_profile_of_this_shell_is_kept_for_another_one",
        "cli/test_grant.py::test_where_aws_is_stays_with_the_grant",
        "wiring/test_in_process.py::test_a_grants_profile_is_used_whatever_the_shell_says",
        "aws/test_sts.py::test_a_profile_that_is_not_there_is_found_at_start",
        "broker/test_vend.py::test_a_changed_grant_is_not_served_from_the_cache_of_the_old_one",
    ),
    28: (
        "aws/test_sts.py::test_a_packed_policy_too_large_says_by_how_much",
        "localaws/test_sts.py::test_too_much_for_the_packed_size_fails_with_the_number",
        "aws/test_sts_web_identity.py::"
        "test_a_packed_policy_too_large_says_by_how_much_and_no_tag_is_dropped",
        "aws/test_sts_web_identity.py::"
        "test_a_token_longer_than_sts_takes_is_told_before_sts_is_asked",
        "laws/test_token_tags.py::test_a_token_too_large_for_sts_is_refused_and_loses_no_tag",
    ),
    29: (
        "identity/test_keys.py::test_a_hundred_keys_of_a_type_are_read_and_one_more_is_not",
        "broker/test_key_ring.py::test_the_key_set_never_grows_past_its_bound",
        "laws/test_key_rotation.py::test_no_cached_key_set_lacks_the_key_of_a_good_token",
        "e2e/test_rotation.py::test_no_valid_token_is_refused_while_brokers_rotate_and_restart",
    ),
    30: (
        "broker/test_vend.py::test_a_run_keeps_its_policy_over_a_restart",
        "broker/test_vend.py::test_a_run_whose_policy_is_gone_is_not_served",
        "e2e/test_lifecycle.py::test_a_run_keeps_its_policy_over_a_restart",
    ),
    32: (
        "localaws/test_dynamodb_service.py::"
        "test_a_transaction_with_one_foreign_part_is_refused_whole",
        "localaws/test_s3_service.py::test_an_operation_that_is_not_modelled_is_refused",
        "laws/test_tool_index.py::test_the_index_is_the_whole_set",
        "tools/test_deciding.py::"
        "test_every_matched_soft_rule_counts_with_the_shortest_time_and_the_highest_severity",
        "tools/test_bundle.py::test_no_policies_make_a_bundle_that_denies_every_call",
        "broker/test_tool_call.py::test_a_tool_that_nobody_may_see_is_as_unknown_as_none",
    ),
    33: (
        "examples/test_coding_agent.py::test_no_spelling_of_a_force_push_slips_by",
        "examples/test_coding_agent.py::"
        "test_a_removal_of_everything_is_denied_in_its_usual_spellings",
        "examples/test_coding_agent.py::test_no_hidden_spelling_of_a_removal_slips_by",
        "examples/test_coding_agent.py::"
        "test_one_character_that_a_shell_interprets_takes_a_known_command_off_the_list",
    ),
    35: (
        "broker/test_open.py::test_an_unknown_grant_is_refused",
        "broker/test_exchange.py::test_a_scope_beyond_the_grant_is_refused_and_not_dropped",
        "tools/test_input_types.py::test_any_name_is_an_attribute",
        "tools/test_deciding.py::test_the_tags_of_one_principal_are_not_those_of_another",
    ),
    36: (
        "store/test_sqlite.py::test_a_policy_version_never_gets_another_document",
        "broker/test_activate.py::test_new_runs_are_opened_under_what_was_activated_at_once",
        "tools/test_agentcore.py::test_a_stale_forbid_stays_until_all_else_is_done",
        "tools/test_seed_tables.py::test_the_templates_departments",
    ),
    37: (
        "sandbox/test_run_with_tools.py::test_without_its_gateway_the_command_does_not_start",
        "sandbox/test_run_with_tools.py::"
        "test_a_command_that_needs_tools_does_not_start_in_a_run_without",
    ),
    38: (
        "cli/test_output.py::test_a_control_character_does_not_reach_the_terminal",
        "sandbox/test_text.py::test_control_and_bidirectional_characters_do_not_reach_a_screen",
    ),
    39: (
        "broker/test_vend.py::test_a_failed_append_means_nothing_leaves",
        "broker/test_open.py::test_a_failed_append_means_no_token_leaves",
        "e2e/test_kills.py::test_a_broker_killed_at_any_moment_loses_nothing_it_acknowledged",
    ),
    40: (
        "e2e/test_lifecycle.py::test_a_revoked_run_is_refused_with_its_reason",
        "e2e/test_deliveries.py::test_a_policy_on_the_run_tag_stops_the_run",
    ),
    41: (
        "web/test_api.py::test_awss_own_words_never_reach_the_sandbox",
        "e2e/test_broker_identity.py::test_a_wrong_secret_is_named",
        "web/test_jwks.py::test_what_an_issuer_says_stays_in_the_log",
    ),
}

LATER: dict[int, str] = {
    24: "an https public address with its own certificate authority",
    31: "approvals",
    34: "approvals: one atomic state change",
    38: "the approver's screen",
    40: "the Deny on valetkey_run that revocation puts into IAM",
}


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_its_tests_or_the_reason_why_it_is_for_later(lesson: int) -> None:
    assert TESTS.get(lesson) or LATER.get(lesson)


@pytest.mark.parametrize("lesson", TESTS)
def test_the_named_tests_of_a_lesson_exist(lesson: int) -> None:
    assert missing(TESTS[lesson]) == []


def test_no_lesson_is_made_up() -> None:
    assert TESTS.keys() | LATER.keys() <= set(LESSONS)
