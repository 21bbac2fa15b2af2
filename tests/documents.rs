//! The documents say what the program does: tables, names, codes, files and versions are compared.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use katalon_ado::exit_code::ExitCode;
use katalon_ado::inputs::{
    Command as Subcommand, InputValue, Row, StatusMapping, TABLE, readme_table,
};
use katalon_ado::katalon::find::{self, Patterns, Search};
use katalon_ado::katalon::{Status, join};
use katalon_ado::mapping;

const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "DESIGN.md",
    "SECURITY.md",
    "TROUBLESHOOTING.md",
    "examples/reports/README.md",
    "tests/README.md",
    "tests/reports/README.md",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    // A checkout on Windows may have other line ends.
    std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .replace("\r\n", "\n")
}

/// The text below a heading, up to the next one of its level.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, behind) = document
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading '{heading}'"));
    behind.split("\n## ").next().unwrap()
}

/// The rows of the tables of a text, without head and rule; cells without blanks and backticks.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    lines
        .iter()
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().replace('`', "")).collect()
        })
        .collect()
}

/// The rows of each table of a text, as [`rows`] gives them.
fn tables(text: &str) -> Vec<Vec<Vec<String>>> {
    text.split("\n\n")
        .filter(|block| block.starts_with('|'))
        .map(rows)
        .collect()
}

/// What stands between backticks on one line.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// A text without its fenced blocks.
fn prose(text: &str) -> String {
    text.split("\n```")
        .step_by(2)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_readme_has_the_table_of_inputs() {
    let readme = read("README.md");
    for (command, begin) in [
        (
            Subcommand::Publish,
            "<!-- inputs: written by the program, compared by a test -->\n",
        ),
        (
            Subcommand::Select,
            "<!-- inputs of select: written by the program -->\n",
        ),
    ] {
        let end = "<!-- end of inputs -->\n";
        let shown = readme.split_once(begin).unwrap().1;
        let shown = shown.split_once(end).unwrap().0;
        let right = readme_table(command);
        assert!(
            shown == right,
            "the table between the marks in README.md must be:\n{right}"
        );
    }
}

#[test]
fn the_readme_tells_each_exit_code() {
    let readme = read("README.md");
    let section = section(&readme, "Exit codes");
    let told: Vec<u8> = rows(section)
        .iter()
        .map(|row| row[0].parse().unwrap())
        .collect();
    let mut numbers = ExitCode::WORST_FIRST.map(ExitCode::number);
    // The sentence below the table.
    let order: Vec<String> = numbers
        .iter()
        .filter(|&&number| number != 0)
        .map(u8::to_string)
        .collect();
    assert!(section.contains(&format!("{}.", order.join(", "))));
    numbers.sort_unstable();
    assert_eq!(told, numbers);
}

#[test]
fn the_readme_tells_what_each_status_becomes() {
    let readme = read("README.md");
    let told: BTreeSet<(String, String)> = rows(section(&readme, "From status to outcome"))
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let statuses = StatusMapping::parse_default(StatusMapping::DEFAULT).unwrap();
    let right: BTreeSet<(String, String)> = Status::ALL
        .into_iter()
        .map(|status| {
            let outcome = mapping::outcome(status, &statuses);
            (status.as_str().to_owned(), outcome.as_str().to_owned())
        })
        .collect();
    assert_eq!(told, right);
}

#[test]
fn the_readme_tells_the_output_variables_that_are_set() {
    // They are always set, also where the task ends before it has begun.
    let mut set: BTreeSet<String> = BTreeSet::new();
    for command in ["publish", "select"] {
        let output = Command::new(env!("CARGO_BIN_EXE_katalon-ado"))
            .arg("task")
            .env_clear()
            .env("TF_BUILD", "True")
            .env("INPUT_COMMAND", command)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let log = String::from_utf8(output.stdout).unwrap();
        let variables = log
            .lines()
            .filter_map(|line| line.strip_prefix("##vso[task.setvariable variable="));
        set.extend(variables.map(|rest| rest.split(';').next().unwrap().to_owned()));
    }
    let readme = read("README.md");
    let told: BTreeSet<String> = rows(section(&readme, "Output variables"))
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(told, set);
}

/// The rows of *Works with* in the README, and the test that shows each.
const WORKS_WITH: &[(&str, &str)] = &[
    ("Services", "servers.rs: services"),
    (
        "Server without a year",
        "servers.rs: the_server_without_a_year",
    ),
    (
        "Server 2022.1, 2022.2",
        "servers.rs: server_2022_with_update_1_or_2",
    ),
    ("Server 2022", "servers.rs: server_2022"),
    ("Server 2020", "servers.rs: server_2020"),
    ("Server 2019, 2019.1", "servers.rs: server_2019"),
    (
        "virtual directories, collections with blanks",
        "servers.rs: a_virtual_directory_and_a_collection_with_a_blank",
    ),
    (
        "addresses as people type them",
        "service_connection.rs: the_address_is_taken_as_a_person_typed_it",
    ),
    (
        "job token",
        "first_publication.rs: a_report_becomes_a_finished_run_of_the_running_build",
    ),
    (
        "personal access token",
        "service_connection.rs: a_token_leads_to_a_project_of_another_collection_without_build",
    ),
    (
        "user and password",
        "service_connection.rs: user_and_password_are_accepted_where_the_server_takes_them",
    ),
    (
        "addresses of version 6",
        "silence.rs: an_address_of_version_6_is_one_like_any_other",
    ),
    (
        "several addresses of one name",
        "silence.rs: of_several_addresses_of_a_name_one_that_answers_is_enough",
    ),
    (
        "the agent's proxy",
        "proxies.rs: the_agents_proxy_is_used_with_its_user",
    ),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "proxies.rs: without_an_agents_proxy_the_usual_variables_count",
    ),
    (
        "a proxy that opens secure connections",
        "proxies.rs: the_authority_of_a_proxy_that_opens_connections_is_told_and_trusted_if_given",
    ),
    (
        "private authorities",
        "secure_connection.rs: the_agents_ca_file_is_trusted",
    ),
    (
        "machines without any root certificates",
        "secure_connection.rs: a_machine_without_roots_trusts_the_agents_ca_file_and_what_browsers_do",
    ),
    (
        "client certificates",
        "secure_connection.rs: the_agents_client_certificate_is_shown",
    ),
    (
        "--sslskipcertvalidation",
        "secure_connection.rs: an_agent_that_believes_any_certificate_is_warned_about",
    ),
];

#[test]
fn each_row_of_what_it_works_with_is_shown_by_a_test() {
    let readme = read("README.md");
    let told: Vec<String> = tables(section(&readme, "Works with"))
        .into_iter()
        .flatten()
        .map(|row| row[0].clone())
        .collect();
    let right: Vec<&str> = WORKS_WITH.iter().map(|(row, _)| *row).collect();
    assert_eq!(told, right);
    for (row, test) in WORKS_WITH {
        let (file, name) = test.split_once(": ").unwrap();
        let text = read(&format!("tests/publishing/{file}"));
        let is_there = text.contains(&format!("#[test]\nfn {name}() {{"));
        assert!(is_there, "'{row}' is shown by no test '{name}' in {file}");
    }
}

#[test]
fn each_problem_code_has_a_heading_and_each_heading_a_code() {
    let source = read("src/problem.rs");
    let codes: Vec<&str> = source
        .split("Code(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let set: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(set.len(), codes.len(), "a code stands for one problem only");
    assert!(set.len() > 40, "{set:?}");
    let document = read("TROUBLESHOOTING.md");
    let headings: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|heading| heading.split(':').next().unwrap())
        .collect();
    assert_eq!(headings.iter().copied().collect::<BTreeSet<_>>(), set);
    assert_eq!(headings.len(), set.len(), "one heading for each code");
    assert!(headings.is_sorted(), "people look codes up in order");
}

#[test]
fn what_the_documents_name_exists() {
    for document in ["DESIGN.md", "CONTRIBUTING.md", "tests/README.md"] {
        let text = prose(&read(document));
        let names = code_spans(&text).filter(|span| is_a_path(span));
        let gone: Vec<&str> = names.filter(|name| !root().join(name).exists()).collect();
        assert!(
            gone.is_empty(),
            "{document} names what is not there: {gone:?}"
        );
    }
}

/// Whether a span is meant as a file or folder of this repository.
fn is_a_path(span: &str) -> bool {
    let looks_like_one = span.contains('/')
        || [".rs", ".md", ".toml", ".json", ".yml", ".xml"]
            .iter()
            .any(|ending| span.ends_with(ending));
    let is_pattern = span.contains(|c: char| " <>*{}()…:$".contains(c));
    // Katalon's own files are named without a folder.
    let is_katalons = span == "JUnit_Report.xml";
    looks_like_one && !is_pattern && !is_katalons && !span.starts_with("target/")
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    for document in DOCUMENTS {
        let text = read(document);
        let folder = root().join(document);
        let folder = folder.parent().unwrap();
        for rest in text.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            let target = target.split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                assert!(
                    folder.join(target).exists(),
                    "{document} links to '{target}'"
                );
            }
        }
    }
}

#[test]
fn every_folder_of_reports_is_described() {
    for (folder, level) in [("tests/reports", 1), ("examples/reports/Reports", 0)] {
        let document = Path::new(folder)
            .ancestors()
            .find(|folder| root().join(folder).join("README.md").exists())
            .unwrap()
            .join("README.md");
        let text = read(&document.to_string_lossy());
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let told = if level == 1 {
                    text.contains(&format!("| `{name}` |"))
                } else {
                    text.contains(&name)
                };
                assert!(told, "{} does not tell of '{name}'", document.display());
            }
        }
    }
}

#[test]
fn the_design_has_the_table_of_steps() {
    let table = |text: &str, mark: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_start_matches(mark));
        lines
            .skip_while(|line| *line != "| known of the run | next request |")
            .take_while(|line| line.starts_with('|'))
            .skip(2)
            .map(|line| line.replace(" (the next page)", ""))
            .collect()
    };
    let source = table(&read("src/publish/step.rs"), "//! ");
    assert!(source.len() > 5);
    assert_eq!(table(&read("DESIGN.md"), ""), source);
}

/// The sources, with their paths as the documents write them, without their tests.
fn sources() -> BTreeMap<String, String> {
    fn gather(folder: &Path, sources: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                gather(&path, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.to_string_lossy().replace('\\', "/");
                let text = read(&name);
                let code = text.split("\n#[cfg(test)]\n").next().unwrap();
                sources.insert(name, code.to_owned());
            }
        }
    }
    let mut all = BTreeMap::new();
    gather(Path::new("src"), &mut all);
    all
}

#[test]
fn the_design_tells_where_each_input_is_read_and_where_it_acts() {
    let sources = sources();
    let table = &sources["src/inputs/table.rs"];
    let design = read("DESIGN.md");
    let rows = rows(section(&design, "Where each input acts"));
    let told: Vec<&str> = rows.iter().map(|row| &*row[0]).collect();
    let names: Vec<String> = TABLE.iter().map(Row::name).collect();
    assert_eq!(told, names);
    for (row, input) in rows.iter().zip(TABLE) {
        let name = input.name();
        // `field: Type = "default"`.
        let option = input.option().replace('-', "_");
        let (_, behind) = table.split_once(&format!("\n    {option}: ")).unwrap();
        let kind = behind
            .split(" = ")
            .next()
            .unwrap()
            .replace("<1>", "<LEAST>");
        let kind = kind.replace("<0>", "<LEAST>");
        let reader = &sources[&row[1]];
        let reads = [
            format!("InputValue for {kind} {{"),
            format!("pub enum {kind} {{"),
        ];
        assert!(
            reads.iter().any(|text| reader.contains(text)),
            "{name}: {}",
            row[1]
        );

        let taken = [format!(".{option}.value"), format!("text_of(\"{name}\")")];
        let takers: Vec<&str> = sources
            .iter()
            .filter(|(path, code)| {
                let code: String = code.split_whitespace().collect();
                // The command is known before the inputs are.
                let chooses = name == "command" && **path == "src/inputs.rs";
                chooses || taken.iter().any(|text| code.contains(text))
            })
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(row[2], takers.join(", "), "{name}");

        let (file, what) = row[3].split_once(": ").unwrap();
        assert!(
            sources[file].contains(what),
            "{name}: '{what}' is not in {file}"
        );
    }
}

#[test]
fn the_design_tells_what_each_dependency_is_for() {
    let manifest = read("Cargo.toml");
    let (_, behind) = manifest.split_once("\n[dependencies]\n").unwrap();
    let right: BTreeSet<&str> = behind
        .split("\n[")
        .next()
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    let design = read("DESIGN.md");
    let (_, table) = design.split_once("\nEach dependency").unwrap();
    let rows = rows(table);
    let told: BTreeSet<&str> = rows.iter().flat_map(|row| row[0].split(", ")).collect();
    assert_eq!(told, right);
}

#[test]
fn of_the_reports_of_the_example_only_the_killed_one_is_told() {
    let search = Search {
        folder: root().join("examples/reports"),
        patterns: Patterns::parse(&["**".to_owned()]).unwrap(),
    };
    let found = find::find(&search);
    let read = join::read_all(&found);
    assert_eq!(found.problems, Vec::new());
    let told: Vec<&str> = read
        .problems
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert!(
        matches!(told[..], [only] if only.contains("the log stops")),
        "{told:?}"
    );
    assert!(read.unreadable.is_empty() && read.left_out.is_empty());
    let results = || read.reports.iter().flat_map(|report| &report.results);
    let mut counts = BTreeMap::new();
    for result in results() {
        *counts.entry(result.status().as_str()).or_insert(0) += 1;
    }
    let right = [
        ("FAILED", 2),
        ("INCOMPLETE", 1),
        ("NOT_RUN", 2),
        ("PASSED", 7),
    ];
    assert_eq!(counts, BTreeMap::from(right));
    assert_eq!(results().filter(|result| result.is_flaky()).count(), 1);
}

#[test]
fn the_versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    let stand_in = read("tests/ado-stand-in/Cargo.toml");
    assert!(stand_in.contains(&format!("\nversion = \"{version}\"\n")));
    let changelog = read("CHANGELOG.md");
    let newest = changelog
        .lines()
        .find_map(|line| line.strip_prefix("## "))
        .unwrap();
    assert_eq!(newest.split(' ').next(), Some(version));
}

#[test]
fn the_documents_are_lines_that_one_can_read() {
    for document in DOCUMENTS {
        for (number, line) in prose(&read(document)).lines().enumerate() {
            let may_be_long = line.starts_with('|') || line.contains("](");
            let length = line.chars().count();
            assert!(
                may_be_long || length <= 100,
                "{document}: line {} has {length} characters",
                number + 1
            );
        }
    }
}
