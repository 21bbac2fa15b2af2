//! What a log comes to, record by record.

use super::*;

/// A record as 8.x writes it.
fn record(level: &str, method: &str, nested: u32, message: &str, properties: &str) -> String {
    format!(
        "<record>\n  <millis>1644393801{:03}</millis>\n  <level>{level}</level>\n  \
         <method>{method}</method>\n  <message>{message}</message>\n  \
         <nestedLevel>{nested}</nestedLevel>\n  <escapedJava>false</escapedJava>\n  \
         {properties}\n</record>\n",
        nested
    )
}

fn start(path: &str, retry: u32, millis: i64) -> String {
    format!(
        "<record><millis>{millis}</millis><level>START</level><method>startTest</method>\
         <message>Start Test Case : {path}</message><nestedLevel>1</nestedLevel>\
         <property name=\"id\">{path}</property>\
         <property name=\"currentRetryCount\">{retry}</property></record>\n"
    )
}

fn end(millis: i64) -> String {
    format!(
        "<record><millis>{millis}</millis><level>END</level><method>endTest</method>\
         <message>End</message><nestedLevel>0</nestedLevel></record>\n"
    )
}

fn log(records: &[String]) -> Log {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE log SYSTEM \"logger.dtd\">\n<log>\n{}</log>\n",
        records.concat()
    );
    read(text.as_bytes()).unwrap()
}

#[test]
fn the_last_message_of_the_case_itself_decides() {
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        record("START", "startKeyword", 1, "Start action : click", ""),
        record(
            "FAILED",
            "logMessage",
            1,
            "Unable to click",
            "<property name=\"attachment\">1.png</property>",
        ),
        record("END", "endKeyword", 1, "End action", ""),
        record("PASSED", "logMessage", 1, "Test Cases/A", ""),
        end(1_644_393_802_000),
    ]);
    let execution = &log.executions[0];
    assert_eq!(execution.status.as_deref(), Some("PASSED"));
    assert_eq!(execution.attachments[0].path, "1.png");
    assert_eq!(execution.ended, Some(1_644_393_802_000));
}

#[test]
fn the_verdict_counts_also_while_steps_are_open() {
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        record("START", "startKeyword", 1, "Start action : if", ""),
        record(
            "ERROR",
            "logMessage",
            0,
            "Test Cases/A FAILED.\nReason:\nx",
            "",
        ),
        record("PASSED", "logMessage", 1, "a step", ""),
        end(1_644_393_802_000),
    ]);
    assert_eq!(log.executions[0].status.as_deref(), Some("ERROR"));
}

#[test]
fn a_failure_at_the_level_of_the_suite_is_the_cases_also_while_a_step_is_open() {
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        record("START", "startKeyword", 1, "Start action : if", ""),
        record("FAILED", "logMessage", 1, "no button", ""),
        record("ERROR", "logMessage", 0, "No such property: x", ""),
        end(1_644_393_802_000),
    ]);
    let execution = &log.executions[0];
    assert_eq!(execution.status.as_deref(), Some("ERROR"));
    assert_eq!(execution.message, "No such property: x");
}

#[test]
fn called_test_cases_are_steps_and_their_pictures_belong_to_the_caller() {
    let called = |method, level, nested| {
        record(
            level,
            method,
            nested,
            "x",
            "<property name=\"id\">Test Cases/Called</property>",
        )
    };
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        called("startTest", "START", 2),
        record(
            "FAILED",
            "logMessage",
            1,
            "Test Cases/Called FAILED.",
            "<property name=\"attachment\">2.png</property>",
        ),
        called("endTest", "END", 1),
        record("PASSED", "logMessage", 1, "Test Cases/A", ""),
        end(1_644_393_802_000),
    ]);
    assert_eq!(log.executions.len(), 1);
    assert_eq!(log.executions[0].status.as_deref(), Some("PASSED"));
    assert_eq!(log.executions[0].attachments[0].path, "2.png");
}

#[test]
fn a_case_without_end_has_not_ended_and_a_tail_written_twice_counts_once() {
    let first = start("Test Cases/A", 0, 1_644_393_801_000);
    let second = start("Test Cases/B", 0, 1_644_393_805_000);
    let log = log(&[
        first.clone(),
        end(1_644_393_802_000),
        second.clone(),
        first,
        end(1_644_393_802_000),
        second,
        end(1_644_393_806_000),
    ]);
    let ended: Vec<(&str, bool)> = log
        .executions
        .iter()
        .map(|execution| (execution.test_case.as_str(), execution.has_ended))
        .collect();
    assert_eq!(ended, [("Test Cases/A", true), ("Test Cases/B", true)]);
}

/// Level and text of what comes behind the start of the case; whether it passed at last.
fn status_after(messages: &[(&str, &str)]) -> Option<String> {
    let mut records = vec![start("Test Cases/A", 0, 1_644_393_801_000)];
    for (level, message) in messages {
        records.push(match *level {
            "START" => record("START", "startKeyword", 1, message, ""),
            "END" => record("END", "endKeyword", 1, message, ""),
            level => record(level, "logMessage", 1, message, ""),
        });
    }
    records.push(end(1_644_393_802_000));
    log(&records).executions.remove(0).status
}

#[test]
fn behind_the_verdict_nothing_makes_a_case_better() {
    let passed = ("PASSED", "Test Cases/A");
    let failed = ("FAILED", "Test Cases/A FAILED.\nReason:\nx");
    let listener = ("START", "Start listener action : afterTestCase");
    for (messages, status) in [
        (&[("SKIPPED", "")][..], "SKIPPED"),
        (&[passed, ("SKIPPED", "")], "SKIPPED"),
        (&[failed, ("SKIPPED", "")], "FAILED"),
        (&[passed, ("FAILED", "the clean-up failed")], "FAILED"),
        (&[failed, ("PASSED", "the clean-up passed")], "FAILED"),
        (&[passed, listener, ("FAILED", "x"), ("END", "")], "PASSED"),
        // Words of a later version: a verdict, or none.
        (&[("BLOCKED", "Test Cases/A")], "BLOCKED"),
        (&[("PASSED", "a step"), ("BLOCKED", "")], "BLOCKED"),
        (&[passed, ("NOTICE", "see also")], "PASSED"),
    ] {
        assert_eq!(
            status_after(messages).as_deref(),
            Some(status),
            "{messages:?}"
        );
    }
}

#[test]
fn a_verdict_is_that_of_the_case_whose_whole_path_it_begins_with() {
    let called = "<property name=\"id\">Test Cases/A longer</property>";
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        record("START", "startTest", 2, "x", called),
        record("FAILED", "logMessage", 0, "Test Cases/A longer FAILED.", ""),
        // The end of the called one was lost.
        record("PASSED", "logMessage", 1, "Test Cases/A", ""),
        end(1_644_393_802_000),
    ]);
    assert_eq!(log.executions[0].status.as_deref(), Some("PASSED"));
}

#[test]
fn two_rows_of_one_millisecond_are_two() {
    let numbered = |text: &str, sequence: u32| {
        let number = format!("<record><sequence>{sequence}</sequence>");
        text.replace("<record>", &number)
    };
    let row = start("Test Cases/A", 0, 1_644_393_801_000);
    let log = log(&[
        numbered(&row, 1),
        end(1_644_393_801_000),
        numbered(&row, 4),
        end(1_644_393_801_000),
        numbered(&row, 4),
        end(1_644_393_801_000),
    ]);
    let sequences: Vec<Option<u64>> = log.executions.iter().map(|one| one.sequence).collect();
    assert_eq!(sequences, [Some(1), Some(4)]);
}

#[test]
fn a_tail_written_twice_that_begins_inside_a_case_counts_once() {
    let verdict = record("FAILED", "logMessage", 1, "a step", "");
    let passed = record("PASSED", "logMessage", 1, "Test Cases/A", "");
    let ends =
        end(1_644_393_802_000).replace("<message>End", "<message>End Test Case : Test Cases/A");
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        verdict.clone(),
        passed.clone(),
        ends.clone(),
        verdict,
        passed,
        ends,
        start("Test Cases/B", 0, 1_644_393_805_000),
    ]);
    let cases: Vec<&str> = log
        .executions
        .iter()
        .map(|one| one.test_case.as_str())
        .collect();
    assert_eq!(cases, ["Test Cases/A", "Test Cases/B"]);
    assert_eq!(log.failures_outside.0, 0);
}

#[test]
fn the_id_is_the_path_also_if_it_ends_like_an_iteration() {
    let named = |property: &str| {
        let property =
            format!("<property name=\"{property}\">Test Cases/A - Iteration 2</property>");
        let log = log(&[record("START", "startTest", 1, "x", &property)]);
        log.executions[0].test_case.clone()
    };
    assert_eq!(named("id"), "Test Cases/A - Iteration 2");
    assert_eq!(named("name"), "Test Cases/A");
}

#[test]
fn failures_of_set_up_belong_to_no_case() {
    let suite = "<property name=\"id\">Test Suites/S</property>";
    let log = log(&[
        record("START", "startSuite", 0, "Start Test Suite", suite),
        record("FAILED", "logMessage", 0, "setUp failed", ""),
        start("Test Cases/A", 0, 1_644_393_801_000),
    ]);
    assert_eq!(log.failures_outside, (1, "setUp failed".to_owned()));
    assert!(!log.executions[0].has_ended);
    assert_eq!(log.suite.unwrap().id, "Test Suites/S");
}

#[test]
fn a_case_whose_start_was_lost_is_known_by_its_end() {
    let suite = "<property name=\"id\">Test Suites/S</property>";
    let ends = record("END", "endTest", 0, "End Test Case : Test Cases/A", "");
    let log = log(&[
        record("START", "startSuite", 0, "Start Test Suite", suite),
        "<record><level>START</le".to_owned(),
        record(
            "FAILED",
            "logMessage",
            1,
            "Unable to click",
            "<property name=\"attachment\">1.png</property>",
        ),
        record("FAILED", "logMessage", 0, "Test Cases/A FAILED.", ""),
        ends,
        start("Test Cases/B", 0, 1_644_393_805_000),
    ]);
    let first = &log.executions[0];
    assert_eq!(first.test_case, "Test Cases/A");
    assert_eq!(first.status.as_deref(), Some("FAILED"));
    assert_eq!(first.attachments[0].path, "1.png");
    assert!(first.has_ended);
    assert_eq!(log.failures_outside.0, 0);
    assert_eq!(log.damage.unwrap().records, 1);
}

#[test]
fn a_case_whose_end_was_lost_has_ended_if_its_verdict_was_given_and_the_run_went_on() {
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        record("PASSED", "logMessage", 1, "Test Cases/A", ""),
        start("Test Cases/B", 0, 1_644_393_802_000),
        record("PASSED", "logMessage", 1, "some step", ""),
        start("Test Cases/C", 0, 1_644_393_803_000),
        record("PASSED", "logMessage", 1, "Test Cases/C", ""),
    ]);
    let ended: Vec<bool> = log.executions.iter().map(|one| one.has_ended).collect();
    assert_eq!(ended, [true, false, false]);
}

#[test]
fn two_runs_in_one_file_are_told_apart() {
    let suite = |millis: u32| {
        let id = "<property name=\"id\">Test Suites/S</property>";
        record("START", "startSuite", 0, "Start Test Suite", id).replace(
            "<millis>1644393801000",
            &format!("<millis>1644393801{millis}"),
        )
    };
    let log = log(&[
        suite(100),
        start("Test Cases/A", 0, 1_644_393_801_200),
        end(1_644_393_801_300),
        suite(100),
        start("Test Cases/A", 0, 1_644_393_801_200),
        end(1_644_393_801_300),
        suite(900),
        start("Test Cases/A", 0, 1_644_393_801_950),
    ]);
    assert_eq!(log.executions.len(), 1);
    assert!(!log.executions[0].has_ended);
    assert_eq!(log.earlier_runs.len(), 1);
    assert_eq!(log.earlier_runs[0].executions.len(), 1);
    assert!(log.earlier_runs[0].executions[0].has_ended);
}

#[test]
fn a_log_in_several_files_is_one_and_damage_is_named_with_its_file() {
    let text = |records: &[String]| format!("<?xml?>\n<log>\n{}</log>\n", records.concat());
    let first = text(&[start("Test Cases/A", 0, 1_644_393_801_000)]);
    let second = text(&[end(1_644_393_802_000), "<record>\n<level>".to_owned()])
        + "<?xml?>\n<log>\n"
        + &start("Test Cases/B", 0, 1_644_393_803_000);
    let log = read_parts([first.as_bytes(), second.as_bytes()]).unwrap();
    let cases: Vec<(&str, bool)> = log
        .executions
        .iter()
        .map(|one| (one.test_case.as_str(), one.has_ended))
        .collect();
    assert_eq!(cases, [("Test Cases/A", true), ("Test Cases/B", false)]);
    let damage = log.damage.unwrap();
    assert_eq!((damage.records, damage.strays), (1, 0));
    assert_eq!((damage.part, damage.line), (1, 4));
    let extent = log.extent;
    assert_eq!((extent.records, extent.documents), (3, 3));
    assert_eq!((extent.is_closed, extent.is_cut), (false, false));

    let half = "<log><record>\n<level>";
    let log = read_parts([half.as_bytes(), second.as_bytes()]).unwrap();
    let damage = log.damage.unwrap();
    assert_eq!((damage.records, damage.part, damage.line), (2, 0, 2));
}

#[test]
fn variables_are_read_wherever_they_are_written() {
    let json = "<property name=\"executionBindingVariables\">[ {&quot;name&quot;: \
                &quot;(Default) user&quot;, &quot;value&quot;: &quot;ann&quot;, \
                &quot;masked&quot;: true} ]</property>";
    let ends = record("END", "endTest", 0, "End Test Case : Test Cases/A", json);
    let within = record("RUN_DATA", "logMessage", 1, "x", json);
    for records in [vec![ends], vec![within, end(1_644_393_802_000)]] {
        let mut all = vec![start("Test Cases/A", 0, 1_644_393_801_000)];
        all.extend(records);
        let log = log(&all);
        let variable = &log.executions[0].variables[0];
        assert_eq!(
            (variable.name.as_str(), variable.masked),
            ("(Default) user", true)
        );
        assert!(log.run_data.is_empty());
    }
}

#[test]
fn variables_of_records_that_cannot_be_read_are_known_and_of_no_row() {
    let list = "[ {&quot;name&quot;: &quot;(Default) pwd&quot;, &quot;value&quot;: &quot;a&quot;, \
                &quot;masked&quot;: true}, {&quot;name&quot;: &quot;user&quot;, &quot;va";
    let property = format!("<property name=\"executionBindingVariables\">{list}");
    let typed = "<message>setText(findTestObject(&amp;quot;A/pwd&amp;quot;), \
                 &amp;quot;b&amp;quot;)</mess";
    let broken = record("END", "endTest", 0, "x", &format!("{property}</property>"));
    let first = start("Test Cases/A", 0, 1_644_393_801_000);
    let after = start("Test Cases/B", 0, 1_644_393_803_000);
    for (lost, damaged) in [
        // Cut where the next one begins, or the file ends; not well-formed; no list.
        (format!("<record><level>END</level>{property}"), 1),
        (
            format!("<record><level>END</level>{property}</property></x></record>"),
            1,
        ),
        (broken, 0),
    ] {
        for behind in ["", after.as_str()] {
            let read = read(format!("<log>{first}{lost}{behind}").as_bytes()).unwrap();
            let told = read
                .other_variables
                .iter()
                .filter(|one| !one.name.starts_with(['n', 'v']));
            let told: Vec<_> = told
                .map(|one| (one.name.as_str(), one.value.as_str(), one.masked))
                .collect();
            assert_eq!(told, [("(Default) pwd", "a", true)], "{lost}{behind}");
            assert_eq!(read.executions[0].variables, [], "{lost}{behind}");
            let lost_records = read.damage.map_or(0, |damage| damage.records);
            let is_cut_at_end = usize::from(read.extent.is_cut);
            assert_eq!(lost_records + is_cut_at_end, damaged, "{lost}{behind}");
        }
    }
    let read = read(format!("<log>{first}<record><level>START</level>{typed}").as_bytes()).unwrap();
    assert_eq!(read.other_variables[0].name, "pwd");
    assert_eq!(read.other_variables[0].value, "b");
}

#[test]
fn variables_that_a_test_changed_are_known_as_they_were_and_as_they_became() {
    let list = |value: &str| {
        format!(
            "<property name=\"executionBindingVariables\">[{{&quot;name&quot;: &quot;pwd&quot;, \
             &quot;value&quot;: &quot;{value}&quot;}}]</property>"
        )
    };
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        record("RUN_DATA", "logMessage", 1, "x", &list("first")),
        record(
            "END",
            "endTest",
            0,
            "End Test Case : Test Cases/A",
            &list("second"),
        ),
    ]);
    assert_eq!(log.executions[0].variables[0].value, "second");
    assert_eq!(log.other_variables[0].value, "first");
}

#[test]
fn data_behind_the_end_of_the_suite_is_of_another_run() {
    let data = |value: &str| {
        let property = format!("<property name=\"deviceName\">{value}</property>");
        record("RUN_DATA", "logMessage", 0, "x", &property)
    };
    let suite = "<property name=\"id\">Test Suites/S</property>";
    let starts = record("START", "startSuite", 0, "Start Test Suite", suite);
    let ends = record("END", "endSuite", 0, "End Test Suite : Test Suites/S", "");
    // Empty ones say nothing.
    let log = log(&[starts, data("Pixel 8"), data(""), ends, data("iPhone 16")]);
    assert_eq!(log.run_data["deviceName"], "Pixel 8");
    assert_eq!(log.run_data_behind_end["deviceName"], "iPhone 16");
}

#[test]
fn typed_texts_are_read_from_steps_and_messages_once_each() {
    let step = |action: &str| {
        let message = format!("Start action : {action}");
        let escaped = message.replace('"', "&amp;quot;");
        record("START", "startKeyword", 1, &escaped, "")
    };
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        step("setText(findTestObject(\"A/input_pwd\"), \"abc\")"),
        step("setText(findTestObject(\"A/input_pwd\"), \"abc\")"),
        step("setEncryptedText(findTestObject(\"A/field\"), \"x==\")"),
        step("setText(findTestObject(\"A/user\"), name)"),
        record(
            "PASSED",
            "logMessage",
            1,
            "Text &amp;apos;bob&amp;apos; is set on object &amp;apos;A/user&amp;apos;",
            "",
        ),
    ]);
    let typed: Vec<(&str, &str, bool)> = log
        .other_variables
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str(), one.masked))
        .collect();
    assert_eq!(
        typed,
        [
            ("input_pwd", "abc", false),
            ("", "x==", true),
            ("user", "bob", false)
        ]
    );
}

#[test]
fn the_step_that_failed_is_the_innermost() {
    let log = log(&[
        start("Test Cases/A", 0, 1_644_393_801_000),
        record("START", "startKeyword", 1, "Start action : if (x)", ""),
        record("START", "startKeyword", 2, "Start action : click(a)", ""),
        record("FAILED", "logMessage", 1, "Unable to click", ""),
        record("END", "endKeyword", 2, "End action", ""),
        record("FAILED", "logMessage", 0, "Test Cases/A FAILED.", ""),
        record("END", "endKeyword", 1, "End action", ""),
        end(1_644_393_802_000),
    ]);
    let step = log.executions[0].step.as_ref().unwrap();
    assert_eq!(step.place, ["if (x)", "click(a)"]);
    assert_eq!(step.message, "Unable to click");
}

#[test]
fn a_test_case_run_alone_stands_where_the_suite_would() {
    let at = |level: &str, method, nested, path: &str| {
        let id = format!("<property name=\"id\">{path}</property>");
        record(level, method, nested, "x", &id)
    };
    let log = log(&[
        at("START", "startTest", 0, "Test Cases/A"),
        at("START", "startTest", 1, "Test Cases/Called"),
        at("END", "endTest", 0, "Test Cases/Called"),
        record("PASSED", "logMessage", 0, "Test Cases/A", ""),
        at("END", "endTest", 0, "Test Cases/A"),
    ]);
    assert_eq!(log.executions.len(), 1);
    assert_eq!(log.executions[0].status.as_deref(), Some("PASSED"));
    assert!(log.executions[0].has_ended);
}
