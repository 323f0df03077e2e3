"""The design's invariants, each with the tests whose names say it."""

import pytest

from tests.named import missing

INVARIANTS: dict[str, tuple[str, ...]] = {
    "1 fail closed": (
        "identity/test_trust.py::test_there_is_no_default_power_for_the_unmatched",
        "broker/test_vend.py::test_a_run_whose_policy_is_gone_is_not_served",
        "web/test_api.py::test_an_unforeseen_error_denies_without_its_text",
        "localaws/test_s3_service.py::test_an_operation_that_is_not_modelled_is_refused",
        "store/test_schema.py::test_a_store_whose_head_contradicts_itself_is_not_served",
        "tools/test_deciding.py::test_a_policy_that_fails_denies_whatever_the_others_say",
        "tools/test_deciding.py::test_what_cannot_be_asked_is_denied",
        "cli/test_hook.py::test_a_broker_that_is_away_is_a_no",
    ),
    "2 the agent never chooses who it is": (
        "broker/test_open.py::test_a_field_in_the_request_never_says_whom_the_run_works_for",
        "broker/test_open.py::test_an_actor_sets_only_attributes_that_its_rule_names",
        "broker/test_vend.py::test_the_sandbox_chooses_nothing_that_sts_is_asked",
    ),
    "3 a tag is exact or refused": (
        "laws/test_tags.py::test_a_rendered_tag_holds_the_whole_value_exactly",
        "laws/test_tags.py::test_two_values_never_share_an_escaped_tag",
        "broker/test_open.py::test_a_missing_attribute_is_refused",
        "broker/test_open.py::test_a_tag_with_a_slash_is_refused",
        "runs/test_tags.py::test_anything_else_is_refused_with_its_own_code",
        "settings/test_reading.py::"
        "test_a_subject_template_that_two_issuers_reach_must_name_the_issuer",
    ),
    "4 the record comes first": (
        "broker/test_open.py::test_the_record_of_an_opened_run_is_durable_when_its_token_leaves",
        "broker/test_open.py::test_a_failed_append_means_no_token_leaves",
        "broker/test_vend.py::test_a_hand_out_is_on_record_before_it_leaves",
        "broker/test_vend.py::test_a_failed_append_means_nothing_leaves",
        "broker/test_vend_web_identity.py::test_a_token_is_on_record_before_sts_sees_it",
        "broker/test_vend_web_identity.py::test_a_token_whose_record_fails_is_shown_to_nobody",
        "broker/test_exchange.py::test_the_record_is_durable_before_the_token_leaves",
        "broker/test_exchange.py::test_a_failed_append_means_no_token_leaves",
        "e2e/test_kills.py::test_a_broker_killed_at_any_moment_loses_nothing_it_acknowledged",
        "broker/test_tool_call.py::test_nothing_is_allowed_where_the_record_cannot_be_written",
        "broker/test_tool_credentials.py::test_no_token_leaves_before_its_record",
        "fuzz_gateway/test_gateway.py::test_no_input_reaches_a_server_undecided",
    ),
    "5 issue, then check": (
        "broker/test_vend.py::test_an_answer_that_is_not_what_was_asked_never_leaves",
        "broker/test_vend_web_identity.py::"
        "test_an_answer_about_another_token_or_session_never_leaves",
        "broker/test_vend_web_identity.py::"
        "test_a_token_without_the_tags_of_the_run_is_never_signed",
        "credentials/test_answer.py::test_whatever_is_not_what_was_asked_is_named",
        "broker/test_minting.py::test_a_claim_that_the_speller_dropped_is_caught",
        "broker/test_exchange.py::test_a_token_that_is_not_what_was_asked_is_on_record_and_stays",
        "laws/test_token_tags.py::"
        "test_tags_in_the_token_are_those_of_the_session_and_of_the_audit_leaf",
    ),
    "6 revoked means revoked": (
        "broker/test_vend.py::test_revoked_means_revoked_even_with_credentials_held",
        "broker/test_vend.py::test_revocation_by_another_process_is_seen_at_the_next_hand_out",
        "broker/test_vend.py::test_a_revocation_while_sts_is_asked_wins",
        "store/test_sqlite.py::test_after_revoke_returns_nothing_is_handed_out",
        "e2e/test_deliveries.py::test_a_revoked_run_is_refused_the_next_hand_out",
        "broker/test_exchange.py::test_revoked_means_revoked_at_every_broker_at_once",
        "broker/test_exchange.py::test_a_revocation_while_a_token_is_signed_wins",
        "sandbox/test_run_credentials.py::test_a_no_drops_valid_ones_at_once",
        "broker/test_tool_call.py::test_a_revoked_run_calls_nothing_more",
        "broker/test_tool_call.py::test_an_emergency_forbid_reaches_an_open_run_at_its_next_call",
        "gateway/test_watching.py::test_a_run_that_is_revoked_during_a_call_hears_nothing_of_it",
    ),
    "7 a run keeps its policy": (
        "broker/test_vend.py::test_a_run_keeps_its_policy_over_a_restart",
        "broker/test_vend.py::test_a_run_whose_policy_is_gone_is_not_served",
        "store/test_sqlite.py::test_a_policy_version_never_gets_another_document",
        "e2e/test_lifecycle.py::test_a_run_keeps_its_policy_over_a_restart",
        "broker/test_exchange.py::test_a_run_keeps_its_policy_over_a_change_of_the_configuration",
        "broker/test_activate.py::test_a_run_keeps_its_tool_policies_over_a_restart_with_others",
        "e2e/test_gateway.py::test_a_run_keeps_its_tool_policy_over_a_restart",
    ),
    "9 a denial is a value with reasons": (
        "identity/test_trust.py::test_a_refusal_tells_the_caller_nothing_of_the_rules",
        "iam/test_explain.py::test_the_reason_says_which_layer_is_missing",
        "web/test_api.py::test_awss_own_words_never_reach_the_sandbox",
    ),
    "10 secrets have no text form": (
        "test_secret.py::test_a_secret_has_no_text_form",
        "test_secret.py::test_one_method_reveals",
        "broker/test_open.py::test_only_the_digest_of_the_run_token_is_stored",
        "store/test_sqlite.py::test_the_store_file_holds_no_token",
        "audit/test_leaf.py::test_no_record_has_a_member_for_a_secret",
        "e2e/test_surroundings.py::test_no_token_reaches_the_log_or_the_store",
        "sandbox/test_boto_session.py::test_no_secret_has_a_text_form",
        "e2e/test_without_broker.py::test_what_is_stored_holds_no_secret",
        "aws/test_sts_web_identity.py::test_the_token_is_in_no_error_although_aws_quotes_it",
        "aws/test_sts_web_identity.py::test_the_token_is_in_no_log_not_even_for_debugging",
        "e2e/test_web_identity.py::test_no_token_is_in_the_log",
    ),
    "11 a key names everything that shaped the value": (
        "broker/test_vend.py::test_a_changed_grant_is_not_served_from_the_cache_of_the_old_one",
        "broker/test_vend_web_identity.py::test_whatever_shapes_the_credentials_is_in_their_key",
        "broker/test_vend.py::test_100_callers_at_once_make_one_sts_call",
        "broker/test_vend.py::test_a_refresh_outlives_a_client_that_hangs_up",
        "sandbox/test_run_credentials_threads.py::test_20_threads_make_one_draw",
    ),
    "12 still-valid credentials are served": (
        "broker/test_vend.py::test_valid_credentials_are_served_while_sts_is_out",
        "broker/test_vend.py::test_what_is_handed_out_outlives_the_sdks_windows",
        "e2e/test_outage.py::test_still_valid_credentials_are_served_while_sts_is_away",
        "sandbox/test_run_credentials.py::"
        "test_valid_ones_are_served_while_none_are_to_be_had_until_they_expire",
    ),
    "13 a proof shows its witness": (
        "isolation/test_proving.py::test_a_solution_that_the_evaluator_confirms_refutes",
        "isolation/test_proving.py::test_a_solution_that_the_evaluator_does_not_confirm_is_unknown",
        "isolation/test_holes.py::test_a_hole_is_refuted_by_the_theorem_that_the_page_names",
    ),
    "14 the run token is the run": (
        "web/test_api.py::test_a_run_token_opens_extends_and_approves_nothing",
        "web/test_api.py::test_a_rotated_token_takes_over_and_the_last_one_dies_after_its_grace",
        "sandbox/test_token_file.py::test_a_file_open_to_others_is_refused",
        "e2e/test_surroundings.py::test_the_run_token_is_in_no_environment_and_no_command_line",
    ),
    "15 ambient credentials undo everything": (
        "sandbox/test_environment.py::test_a_child_inherits_no_way_to_other_credentials",
        "sandbox/test_deliveries.py::test_ambient_credentials_do_not_win_inside_run",
        "e2e/test_surroundings.py::test_ambient_credentials_do_not_win_over_the_runs",
        "sandbox/test_boto_session.py::test_nothing_ambient_is_used_when_the_run_is_over",
    ),
}
LATER = {"8 an approval is one exact call": "approvals"}


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_the_named_tests_of_an_invariant_exist(invariant: str) -> None:
    assert missing(INVARIANTS[invariant]) == []


def test_no_invariant_is_without_tests_or_a_later_issue() -> None:
    numbers = sorted(int(name.split()[0]) for name in INVARIANTS | LATER)
    assert numbers == list(range(1, 16))
