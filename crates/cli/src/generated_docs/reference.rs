//! `docs/cli.json`, the commands for programs: `UPDATE_EXPECT=1 cargo test -p hydrant generated_docs`.

use clap::{Arg, Command, CommandFactory};
use serde_json::{Value, json};
use testkit::expect::Expect;

use super::commands::{about, leaves, shown};

#[test]
fn the_reference_for_programs_matches_the_arguments() {
    let mut program = crate::command_line::Arguments::command();
    program.build();
    let mut commands = Vec::new();
    leaves(&program, "hydrant", &mut commands);
    let commands: Vec<String> = commands.iter().map(|(name, one)| command(name, one)).collect();
    let commands = commands.join(",\n");
    let page = format!("{{\"formatVersion\": 1, \"program\": \"hydrant\", \"commands\": [\n{commands}\n]}}\n");
    serde_json::from_str::<Value>(&page).expect("the page is JSON");
    let mut expect = Expect::default();
    expect.file(&testkit::fixtures::root().join("docs/cli.json"), &page);
    expect.finish();
}

/// A command, with each argument on a line of its own.
fn command(name: &str, command: &Command) -> String {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let examples: Vec<&str> = examples.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).collect();
    let head = json!({
        "name": name,
        "summary": about(command),
        "description": command.get_long_about().map(ToString::to_string),
        "examples": examples,
    });
    let head = head.to_string();
    let arguments: Vec<String> = shown(command).map(|arg| format!("  {}", argument(arg))).collect();
    format!("{},\"arguments\":[\n{}\n]}}", head.trim_end_matches('}'), arguments.join(",\n"))
}

fn argument(arg: &Arg) -> Value {
    let values = arg.get_possible_values();
    let values: Vec<&str> = values.iter().filter(|one| !one.is_hide_set()).map(|one| one.get_name()).collect();
    let defaults: Vec<String> = arg.get_default_values().iter().map(|one| one.display().to_string()).collect();
    let takes_value = arg.get_action().takes_values();
    let mut all = json!({
        "long": arg.get_long().map(|name| format!("--{name}")),
        "short": arg.get_short().map(|letter| format!("-{letter}")),
        "value": arg.get_value_names().filter(|_| takes_value).map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "choices": if takes_value { values } else { Vec::new() },
        "default": defaults.first().filter(|default| takes_value && !default.is_empty()),
        "variable": arg.get_env().map(|name| name.display().to_string()),
        "required": arg.is_required_set(),
        "repeatable": matches!(arg.get_action(), clap::ArgAction::Append | clap::ArgAction::Count),
        "group": arg.get_help_heading(),
        "help": arg.get_help().map(ToString::to_string),
    });
    if let Some(fields) = all.as_object_mut() {
        fields.retain(|_, value| !value.is_null() && *value != json!(false) && *value != json!([]));
    }
    all
}
