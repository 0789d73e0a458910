"""What SECURITY.md promises, and the tests that hold it to that: each of them must exist."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

PROMISES: dict[str, tuple[str, ...]] = {
    "another's marketplace is read without being run, and leads nowhere": (
        "test_market.py::test_a_link_in_a_repository_leads_nowhere",
        "test_market.py::test_what_cannot_be_used",
        "e2e/test_marketplace.py::test_a_plugin_without_list_entities_is_not_called_a_success",
    ),
    "killed anywhere, every file is old or new and a re-run completes": (
        "faults/test_outside.py::test_a_sample_of_every_fault",
        "test_apply_faults.py::test_no_fault_damages_a_file_or_keeps_a_second_run_from_completing",
        "test_install.py::test_killed_while_writing_a_plain_rerun_completes",
        "test_apply.py::test_the_receipt_knows_the_folders_until_everything_is_swept",
        "faults/test_checklist.py::test_killed_at_a_clients_own_command_the_very_bytes_come_back",
    ),
    "a failing or full disk changes nothing and is told": (
        "faults/test_outside.py::test_a_sample_of_every_fault",
        "faults/test_hostile.py::test_a_full_disk_changes_nothing",
        "test_files.py::test_a_disk_that_does_not_tell_what_is_a_link_is_an_error",
        "test_apply.py::test_a_sweep_tries_twice_and_names_what_will_not_go",
    ),
    "install and uninstall give back every byte; what is invalid is named and untouched": (
        "test_uninstall.py::test_every_byte_mode_and_folder_is_as_before",
        "test_install.py::test_unreadable_means_nothing_written_anywhere",
        "edits/test_properties.py::test_put_means_just_that_and_undo_is_exact",
    ),
    "a second install changes no byte and no time": ("test_install.py::test_twice_changes_no_byte_and_no_time",),
    "eight at once, beside a locking writer, lose nothing": (
        "faults/test_races.py::test_nothing_is_lost",
        "test_apply.py::test_eight_runs_at_once_lose_nothing",
    ),
    "mode, owner and link survive; new files are private; hard links are reported": (
        "test_install.py::test_links_modes_and_folders_stay",
        "test_install.py::test_every_file_may_be_read_by_its_owner_alone_where_it_may_hold_secrets",
        "faults/test_hostile.py::test_root_keeps_the_owner_of_a_file",
        "faults/test_hostile.py::test_what_is_no_plain_file_is_refused",
    ),
    "no temporary file and no lock outlives a re-run; a fresh foreign lock is waited for, a stale one broken": (
        "faults/test_outside.py::test_a_sample_of_every_fault",
        "test_apply.py::test_a_run_without_changes_clears_away_what_a_killed_one_left",
        "test_apply.py::test_a_fresh_client_lock_is_waited_for",
        "test_apply.py::test_a_client_lock_that_will_not_go_is_taken_away_by_the_next_run",
        "test_apply.py::test_a_stale_client_lock_is_broken_and_ours_is_removed",
    ),
    "what is no plain file, or may not be read or written, is refused by its name": (
        "faults/test_hostile.py::test_what_is_no_plain_file_is_refused",
        "faults/test_hostile.py::test_a_link_to_a_device_is_refused_and_the_device_stays",
        "faults/test_hostile.py::test_mode_000_is_refused",
        "faults/test_hostile.py::test_what_is_immutable_is_refused",
        "faults/test_hostile.py::test_a_read_only_disk_is_refused",
    ),
    "a home that is none is refused and nothing written anywhere": (
        "faults/test_hostile.py::test_a_home_that_is_none_is_refused_and_nothing_written_anywhere",
    ),
    "dotted, inline and split tables keep every other key's meaning": (
        "test_install.py::test_every_other_byte_is_kept",
        "edits/test_properties.py::test_put_means_just_that_and_undo_is_exact",
    ),
    "what a client was asked to write is read back from disk": (
        "test_trust.py::test_only_what_is_read_back_counts",
        "faults/test_checklist.py::test_a_client_that_only_says_yes_is_not_believed",
        "e2e/test_trust.py",
    ),
    "no file holds the key": (
        "faults/test_security.py::test_the_key_is_in_nothing_that_is_said",
        "test_install.py::test_the_right_key_is_proved_and_stands_nowhere",
        "faults/test_checklist.py::test_a_projects_files_hold_a_reference_and_no_key",
    ),
    "no literal key goes into a repository": ("faults/test_security.py::test_no_literal_key_goes_into_a_repository",),
    "the key is in no argument list, log, traceback, JSON or diff": (
        "faults/test_security.py::test_the_key_is_in_no_argument_list_of_ours_or_of_a_child",
        "faults/test_security.py::test_the_key_is_in_nothing_that_is_said",
        "faults/test_security.py::test_a_bug_of_ours_keeps_the_key_to_itself",
        "faults/test_security.py::test_a_server_that_repeats_the_key_is_not_repeated",
    ),
    "no key over plain http but to this machine": (
        "faults/test_security.py::test_a_key_never_goes_over_plain_http",
        "test_probe.py::test_no_key_goes_over_plain_http",
        "memory/test_hook_remote.py::test_a_key_is_not_sent_over_plain_http",
    ),
    "a redirect elsewhere is an error and gets no request": (
        "faults/test_security.py::test_a_redirect_to_another_origin_is_an_error_and_gets_no_request",
        "test_probe.py::test_no_redirect_leads_to_another_origin",
    ),
    "a self-signed certificate fails and no option says otherwise": (
        "faults/test_security.py::test_a_certificate_of_ones_own_fails_and_no_option_says_otherwise",
        "test_probe.py::test_a_self_signed_certificate_fails",
    ),
    "hooks of odd places run exactly the program": (
        "faults/test_security.py::test_hooks_of_odd_places_run_exactly_the_program",
        "test_runtime.py::test_it_serves_from_any_folder",
    ),
    "a memory stays inside its random fence, bounded, as data": (
        "memory/test_hook.py::test_a_memory_cannot_leave_its_fence",
        "memory/test_hook.py::test_each_request_has_a_marker_of_its_own",
        "memory/test_hook.py::test_at_most_five_memories_and_two_thousand_characters",
    ),
    "secrets are cut out before anything is sent or stored": (
        "memory/test_hook_remote.py::test_no_secret_is_in_any_request",
        "memory/test_hook_remote.py::test_no_secret_and_nothing_private_is_in_any_file_of_ours",
    ),
    "a hook ends well within its limit whatever the server does": (
        "memory/test_hook_remote.py::test_a_bad_server_is_silence_and_one_line_without_the_key",
        "faults/test_fuzz.py::test_a_hook_ends_well_whatever_it_is_given",
    ),
    "what only looks like ours survives uninstall": (
        "test_uninstall.py::test_without_a_receipt_what_only_looks_like_ours_stays",
        "test_install.py::test_a_stranger_is_no_duplicate",
        "faults/test_checklist.py::test_a_hook_of_somebody_elses_that_mentions_us_survives",
    ),
    "a link out of a project is refused, of a folder too": (
        "test_install.py::test_a_link_out_of_the_project_is_refused",
    ),
    "nothing in a project is run or believed": (
        "faults/test_security.py::test_a_projects_files_are_trusted_for_nothing",
        "memory/test_program.py::test_the_working_directory_and_its_modules_do_not_matter",
    ),
    "nothing is fetched when it is imported or installed; workflows name actions by commit": (
        "faults/test_security.py::test_neither_importing_nor_installing_needs_a_network",
        "faults/test_checklist.py::test_the_wheel_is_installed_and_imported_without_a_network",
        "faults/test_security.py::test_a_workflow_names_what_it_runs_by_commit",
    ),
}


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_has_tests(promise: str) -> None:
    for test in PROMISES[promise]:
        name, _, function = test.partition("::")
        path = TESTS / name
        assert path.exists(), test
        defined = {
            node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
        }
        assert not function or function in defined, test
