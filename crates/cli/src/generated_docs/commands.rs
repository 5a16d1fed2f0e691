//! `docs/cli.md`, written from the arguments themselves by a test: `UPDATE_EXPECT=1 cargo test -p hydrant reference`.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};
use testkit::expect::Expect;

#[test]
fn the_reference_page_says_what_the_program_says() {
    let mut command = crate::command_line::Arguments::command();
    command.build();
    let mut page = String::from(
        "# Every command and flag\n\nThis page is written from the program's own arguments by a test. \
         A flag wins over its variable, and the variable wins over `hydrant.yaml`.\n\n",
    );
    let shown: Vec<&Command> =
        command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help").collect();
    for one in &shown {
        let name = one.get_name();
        writeln!(page, "- [`hydrant {name}`](#hydrant-{name}): {}", about(one)).unwrap();
    }
    for one in shown {
        section(&mut page, one, "hydrant");
    }
    let mut expect = Expect::default();
    expect.file(&testkit::fixtures::root().join("docs/cli.md"), &page);
    expect.finish();
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn section(page: &mut String, command: &Command, parent: &str) {
    let name = format!("{parent} {}", command.get_name());
    writeln!(page, "\n## {name}\n").unwrap();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    writeln!(page, "{about}").unwrap();
    let shown: Vec<&Arg> = command.get_arguments().filter(|one| !one.is_hide_set() && one.get_id() != "help").collect();
    if !shown.is_empty() {
        page.push_str("\n| flag | variable | meaning |\n| --- | --- | --- |\n");
    }
    for one in shown {
        let variable = one.get_env().map(|name| format!("`{}`", name.display())).unwrap_or_default();
        writeln!(page, "| `{}` | {variable} | {} |", flag(one), meaning(one)).unwrap();
    }
    for one in command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help") {
        section(page, one, &name);
    }
}

/// `-b, --branch BRANCH`, or a positional argument's name.
fn flag(arg: &Arg) -> String {
    let short = arg.get_short().map(|letter| format!("-{letter}"));
    let long = arg.get_long().map(|name| format!("--{name}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let takes = arg.get_action().takes_values();
    let value = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    match (names.is_empty(), takes) {
        (true, _) => format!("[{value}]"),
        (false, true) => format!("{} {value}", names.join(", ")),
        (false, false) => names.join(", "),
    }
}

fn meaning(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|").replace('\n', " ");
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|one| !one.is_hide_set())
        .map(|one| format!("`{}`", one.get_name()))
        .collect();
    if !values.is_empty() && arg.get_action().takes_values() && !values.contains(&"`true`".to_owned()) {
        write!(text, ": {}", values.join(", ")).unwrap();
    }
    let default: Vec<String> = arg.get_default_values().iter().map(|one| one.display().to_string()).collect();
    if !default.is_empty() && arg.get_action().takes_values() {
        write!(text, " (default `{}`)", default.join(" ")).unwrap();
    }
    text
}
