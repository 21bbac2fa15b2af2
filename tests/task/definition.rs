//! task.json: what the schema does not say and the service tells nobody, and that it agrees with
//! the program name by name and default by default.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ado_stand_in::{Settings, StandIn};
use katalon_ado::inputs::{Command, InputValue, Kind, Row, TABLE};
use serde_json::{Value, json};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read_json(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn definition() -> Value {
    read_json(&top().join("task/task.json"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn row(name: &str) -> &'static Row {
    let row = TABLE.iter().find(|row| row.name() == name);
    row.unwrap_or_else(|| panic!("the program knows no input '{name}'"))
}

/// Microsoft's schema, where it is at hand.
fn schema() -> Option<PathBuf> {
    let file = top().join("../shared/reference/specs/tasks.schema.json");
    file.is_file().then_some(file)
}

fn violations(definition: &Value) -> Option<String> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.set_default_draft(boon::Draft::V4);
    let mut schema = read_json(&schema()?);
    // It names neither draft nor itself in a way that can be resolved without a network.
    let members = schema.as_object_mut().unwrap();
    members.remove("$schema");
    members.remove("id");
    compiler.add_resource("tasks.json", schema).unwrap();
    let index = compiler.compile("tasks.json", &mut schemas).unwrap();
    let result = schemas.validate(definition, index);
    Some(
        result
            .err()
            .map_or(String::new(), |error| error.to_string()),
    )
}

#[test]
fn the_definition_is_one_by_microsofts_schema() {
    let Some(found) = violations(&definition()) else {
        eprintln!("skipped: tasks.schema.json is not at hand (../shared/reference/specs)");
        return;
    };
    assert_eq!(found, "");
    // The schema is looked into, and not only opened.
    let mut wrong = definition();
    wrong["inputs"][0]["type"] = json!("dropdown");
    wrong["surprise"] = json!(true);
    let found = violations(&wrong).unwrap();
    assert!(
        found.contains("surprise") && found.contains("/inputs/0/type"),
        "{found}"
    );
}

#[test]
fn the_inputs_are_those_of_the_program_name_by_name_and_default_by_default() {
    let definition = definition();
    let in_task: Vec<(&str, &str)> = list(&definition, "inputs")
        .iter()
        .map(|input| (text(input, "name"), input["defaultValue"].as_str().unwrap()))
        .collect();
    let mut names: Vec<String> = TABLE.iter().map(Row::name).collect();
    names.sort();
    let mut names_in_task: Vec<&str> = in_task.iter().map(|(name, _)| *name).collect();
    names_in_task.sort_unstable();
    assert_eq!(names_in_task, names);
    for (name, default) in in_task {
        assert_eq!(default, row(name).task_default(), "default of {name}");
    }
}

#[test]
fn the_type_of_an_input_is_that_of_the_program() {
    for input in list(&definition(), "inputs") {
        let name = text(input, "name");
        let row = row(name);
        let allowed: &[&str] = match row.kind {
            Kind::Lines => &["multiLine"],
            Kind::Names => &["pickList"],
            Kind::OneOf(_) => &["pickList", "radio"],
            // A box would send `false` where nothing was given.
            Kind::Bool if row.katalon_setting.is_some() => &["pickList"],
            Kind::Bool => &["boolean"],
            // The type of connection that is made for Azure DevOps and its servers.
            Kind::ServiceConnection => &["connectedService:externaltfs"],
            // Not `int`, which refuses variables; not `filePath`, which turns an empty value into
            // the folder of the sources.
            Kind::Text | Kind::Seconds | Kind::AnyOf(_) => &["string", "pickList"],
        };
        assert!(allowed.contains(&text(input, "type")), "type of {name}");
        if text(input, "type") == "pickList" && !row.task_options().is_empty() {
            // As a text: the order of an object's members is what the editor shows.
            let file = std::fs::read_to_string(top().join("task/task.json")).unwrap();
            let own = &file[file.find(&format!("\"name\": \"{name}\"")).unwrap()..];
            let options = &own[own.find("\"options\": {").unwrap() + 12..];
            let options = &options[..options.find('}').unwrap()];
            let words: Vec<&str> = options
                .lines()
                .filter_map(|line| line.trim().strip_prefix('"')?.split('"').next())
                .collect();
            assert_eq!(words, row.task_options(), "options of {name}");
        }
        if text(input, "type") == "pickList" {
            // Else YAML and the editor could hand in no variable.
            assert_eq!(input["properties"]["EditableOptions"], "True", "{name}");
        }
    }
}

#[test]
fn a_list_of_names_is_filled_by_the_service_page_by_page() {
    let definition = definition();
    let bindings = list(&definition, "dataSourceBindings");
    let targets: Vec<&str> = bindings.iter().map(|one| text(one, "target")).collect();
    let names = TABLE.iter().filter(|row| row.kind == Kind::Names);
    let names: Vec<String> = names.map(Row::name).collect();
    assert_eq!(targets, names);
    for binding in bindings {
        assert_eq!(binding["endpointId"], "tfs:teamfoundation");
        let url = text(binding, "endpointUrl");
        assert!(url.contains("$skip={{skip}}&$top=1000"), "{url}");
        assert_eq!(
            binding["callbackRequiredTemplate"],
            "{{isEqualNumber result.count 1000}}"
        );
        // What an address takes from another input is told beside it.
        for (parameter, value) in binding["parameters"].as_object().into_iter().flatten() {
            assert!(url.contains(&format!("{{{{{parameter}}}}}")), "{url}");
            assert_eq!(*value, json!(format!("$({parameter})")));
            assert!(names.contains(parameter), "{parameter}");
        }
    }
}

#[test]
fn an_input_has_one_name_and_may_be_left_out() {
    for input in list(&definition(), "inputs") {
        let name = text(input, "name");
        assert_eq!(input["aliases"], Value::Null, "{name}");
        assert_ne!(input["required"], json!(true), "{name}");
        assert!(!text(input, "label").is_empty(), "{name}");
    }
}

#[test]
fn a_help_text_names_the_default_that_the_field_does_not_show() {
    for input in list(&definition(), "inputs") {
        let row = row(text(input, "name"));
        let help = text(input, "helpMarkDown");
        assert!(help.ends_with(['.', '`']), "{}: {help}", row.name());
        if row.task_default().is_empty() {
            for line in row.default.lines() {
                assert!(
                    help.contains(&format!("`{line}`")),
                    "{}: {line}",
                    row.name()
                );
            }
        }
        if let Some(words) = row.default_in_words {
            let words = words.split(',').next().unwrap();
            assert!(help.contains(words), "{}: {words}", row.name());
        }
    }
}

#[test]
fn a_mapping_is_explained_by_an_example_that_works() {
    let definition = definition();
    let mut examples = 0;
    for input in list(&definition, "inputs") {
        let name = text(input, "name");
        let help = text(input, "helpMarkDown");
        assert!(
            help.contains("```") || !name.ends_with("Mapping"),
            "{name} has no example"
        );
        let Some(example) = help.split("```").nth(1) else {
            continue;
        };
        examples += 1;
        // Of a file the example is what stands in it.
        let file = std::env::temp_dir().join(format!("katalon-ado-{}.csv", std::process::id()));
        let example = match name {
            "testCaseMapping" => {
                std::fs::write(&file, example.trim_start()).unwrap();
                file.to_str().unwrap()
            }
            _ => example,
        };
        let mut environment = katalon_ado::environment::Environment::default();
        for (variable, value) in [
            ("TF_BUILD", "True"),
            ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/contoso/"),
            ("SYSTEM_TEAMPROJECT", "Shop"),
            ("SYSTEM_ACCESSTOKEN", "token"),
            (&row(name).variable(), example),
        ] {
            environment.vars.insert(variable.into(), value.into());
        }
        environment.args = vec!["task".to_owned()];
        let read = katalon_ado::inputs::read(&environment);
        let problems = read.err().map(|stop| format!("{:?}", stop.problems));
        let _ = std::fs::remove_file(&file);
        assert_eq!(problems, None, "example of {name}");
    }
    assert!(examples >= 2);
}

/// `a = x && b = y` as the names on the left, and all pairs.
fn rule(text: &str) -> Vec<(String, String)> {
    assert!(
        !(text.contains("&&") && text.contains("||")),
        "the two are not mixed: {text}"
    );
    text.split("&&")
        .flat_map(|part| part.split("||"))
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let (name, value) = part
                .split_once("!=")
                .or_else(|| part.split_once('='))
                .unwrap_or_else(|| panic!("no rule: {part}"));
            (name.trim().to_owned(), value.trim().to_owned())
        })
        .collect()
}

#[test]
fn servers_accept_the_rules_by_which_inputs_are_shown() {
    let definition = definition();
    let inputs = list(&definition, "inputs");
    let group_of: BTreeMap<&str, &str> = inputs
        .iter()
        .map(|input| (text(input, "name"), text(input, "groupName")))
        .collect();
    for input in inputs {
        for (other, _) in rule(text(input, "visibleRule")) {
            // "must belong to same group", say Server 2019 and 2020, and refuse the package.
            assert_eq!(
                group_of.get(other.as_str()),
                Some(&text(input, "groupName")),
                "rule of {}",
                text(input, "name")
            );
        }
    }
    for group in list(&definition, "groups") {
        for (other, _) in rule(text(group, "visibleRule")) {
            assert!(group_of.contains_key(other.as_str()), "{group}");
        }
    }
}

#[test]
fn a_group_is_shown_for_the_commands_that_read_its_inputs() {
    let definition = definition();
    let every = row("command").task_options();
    for group in list(&definition, "groups") {
        let name = text(group, "name");
        let members = list(&definition, "inputs")
            .iter()
            .filter(|input| text(input, "groupName") == name);
        let shown: BTreeSet<String> = match rule(text(group, "visibleRule")).as_slice() {
            [] => every.iter().map(|&word| word.to_owned()).collect(),
            rules => rules
                .iter()
                .map(|(other, value)| {
                    assert_eq!(other, "command", "rule of group {name}");
                    value.clone()
                })
                .collect(),
        };
        let mut number = 0;
        for input in members {
            number += 1;
            let row = row(text(input, "name"));
            let reads = |word: &&&str| row.is_of(Command::parse(word).unwrap(), false);
            let commands: BTreeSet<String> = every
                .iter()
                .filter(reads)
                .map(|&word| word.to_owned())
                .collect();
            assert_eq!(commands, shown, "{} in group {name}", text(input, "name"));
        }
        assert!(number > 0, "group {name} is empty");
    }
    let groups: Vec<&str> = list(&definition, "groups")
        .iter()
        .map(|group| text(group, "name"))
        .collect();
    for input in list(&definition, "inputs") {
        let (name, group) = (text(input, "name"), text(input, "groupName"));
        assert!(
            groups.contains(&group) || (name == "command" && group.is_empty()),
            "{name} is in no group"
        );
    }
}

#[test]
fn the_output_variables_are_those_that_the_program_sets_and_no_others_may_be_set() {
    let service = StandIn::start(Settings::default());
    let set_by = |command: &str| -> Vec<String> {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_katalon-ado"))
            .arg(command)
            .env_clear()
            .env("TF_BUILD", "True")
            .env("SYSTEM_COLLECTIONURI", service.collection_url())
            .env("SYSTEM_TEAMPROJECT", "Shop")
            .env("SYSTEM_ACCESSTOKEN", Settings::default().token)
            .env("BUILD_BUILDID", "71")
            .env("INPUT_TESTRUN", "current")
            .env(
                "SYSTEM_DEFAULTWORKINGDIRECTORY",
                crate::support::reports("unknown-status"),
            )
            .output()
            .unwrap();
        let log = String::from_utf8(output.stdout).unwrap();
        crate::support::log::commands(&log)
            .iter()
            .filter(|command| command.name == "task.setvariable")
            .map(|command| command.property("variable").to_owned())
            .collect()
    };
    let mut set = set_by("publish");
    assert_eq!(set.pop().as_deref(), Some("exitCode"));
    // Both commands set that one.
    set.extend(set_by("select"));
    let definition = definition();
    let declared: Vec<&str> = list(&definition, "outputVariables")
        .iter()
        .map(|variable| text(variable, "name"))
        .collect();
    assert_eq!(declared, set);
    assert_eq!(
        definition["restrictions"],
        json!({ "settableVariables": { "allowed": set } })
    );
}

#[test]
fn every_agent_finds_a_handler_that_it_knows() {
    let definition = definition();
    let handlers: Vec<&String> = definition["execution"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(handlers, ["Node10", "Node16", "Node20_1", "Node24"]);
    for handler in definition["execution"].as_object().unwrap().values() {
        assert_eq!(handler, &json!({ "target": "index.js" }));
    }
    assert!(top().join("task/index.js").is_file());
    assert_eq!(definition["minimumAgentVersion"], "2.144.0");
}

#[test]
fn what_never_changes_does_not() {
    let definition = definition();
    assert_eq!(definition["id"], "7b1214b3-91f5-49aa-8289-b57bd4a6b953");
    assert_eq!(definition["name"], "KatalonAzureDevOps");
    assert_eq!(definition["friendlyName"], "Publish Katalon test results");
    assert_eq!(definition["category"], "Test");
    assert!(text(&definition, "friendlyName").len() <= 40);
}

#[test]
fn crate_and_task_have_one_version() {
    let definition = definition();
    let numbers = ["Major", "Minor", "Patch"]
        .map(|part| definition["version"][part].as_u64().unwrap().to_string());
    assert_eq!(numbers.join("."), env!("CARGO_PKG_VERSION"));
}
