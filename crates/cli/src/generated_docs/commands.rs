//! `docs/cli.md`, generated from the arguments: `UPDATE_EXPECT=1 cargo test -p hydrant generated_docs`.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};
use testkit::expect::Expect;

const INTRODUCTION: &str = "# Commands and options

This page is generated from the program's own help texts. `hydrant COMMAND --help` prints the same.

An option on the command line wins over its environment variable, and the variable wins over
`hydrant.yaml`. Options that several commands share are described once, in
[Shared options](#shared-options).

| exit code | meaning |
| --- | --- |
| 0 | success, or nothing to do |
| 1 | the input or a permission is wrong |
| 2 | invalid usage |
| 3 | differences found; only where a command says so |
| 4 | an external service failed; a retry may succeed |
| 70 | a bug in hydrant |

Results go to stdout. Logs, warnings and progress go to stderr.

## Commands

";

const LOGGING: &str = "Global options are valid before and after the name of the command. `HYDRANT_LOG` sets what is
logged: a level (`error`, `warn`, `info`, `debug`, `trace`), or `TARGET=LEVEL` pairs separated by
commas, such as `registry=debug,delivery=info`. A target is one of hydrant's crates. The variable
wins over `-v`. The log goes to stderr and contains no credentials.

`hydrant render` also takes Skaffold's form `-v LEVEL`: `error` means `-q`, `info` means `-v`, and
`debug` means `-vv`.
";

/// The headings of the options that several commands share, in the order of the page.
const SHARED: [&str; 8] = [
    "Global options",
    "Selection options",
    "Options that replace values of hydrant.yaml",
    "Lock file options",
    "Registry options",
    "Search options",
    "Commit options",
    "GitHub options",
];

#[test]
fn the_reference_page_matches_the_arguments() {
    let mut program = crate::command_line::Arguments::command();
    program.build();
    let mut commands = Vec::new();
    leaves(&program, "hydrant", &mut commands);
    let mut page = INTRODUCTION.to_owned();
    for (name, command) in &commands {
        writeln!(page, "- [`{name}`](#{}): {}", anchor(name), about(command)).unwrap();
    }
    shared_options(&mut page, &commands);
    for (name, command) in &commands {
        section(&mut page, name, command, &commands);
    }
    let mut expect = Expect::default();
    expect.file(&testkit::fixtures::root().join("docs/cli.md"), &page);
    expect.finish();
}

/// Collects the commands that do something, with their full names.
pub(super) fn leaves<'a>(command: &'a Command, name: &str, found: &mut Vec<(String, &'a Command)>) {
    let below = command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help");
    let mut below = below.peekable();
    if below.peek().is_none() {
        found.push((name.to_owned(), command));
    }
    below.for_each(|one| leaves(one, &format!("{name} {}", one.get_name()), found));
}

pub(super) fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-").replace('.', "")
}

/// The options of a command that the page shows.
pub(super) fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|one| !one.is_hide_set() && one.get_id() != "help" && one.get_id() != "version")
}

/// The heading of the shared options that an option belongs to.
fn heading(arg: &Arg) -> Option<&'static str> {
    SHARED.into_iter().find(|name| arg.get_help_heading() == Some(name))
}

/// All options under a heading, in the order in which the commands name them.
fn options<'a>(heading_name: &str, commands: &[(String, &'a Command)]) -> Vec<&'a Arg> {
    let mut found: Vec<&Arg> = Vec::new();
    for arg in commands.iter().flat_map(|(_, command)| shown(command)).filter(|arg| heading(arg) == Some(heading_name))
    {
        match found.iter().find(|one| one.get_id() == arg.get_id()) {
            Some(known) => assert_eq!(row(known), row(arg), "{heading_name}: the option differs between commands"),
            None => found.push(arg),
        }
    }
    found
}

fn shared_options(page: &mut String, commands: &[(String, &Command)]) {
    page.push_str("\n## Shared options\n");
    for name in SHARED {
        writeln!(page, "\n### {name}\n").unwrap();
        table(page, options(name, commands).into_iter());
        if name == "Global options" {
            write!(page, "\n{LOGGING}").unwrap();
        }
    }
}

fn section(page: &mut String, name: &str, command: &Command, commands: &[(String, &Command)]) {
    writeln!(page, "\n## {name}\n").unwrap();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    writeln!(page, "{about}").unwrap();
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        writeln!(page, "\n```console").unwrap();
        examples.lines().skip(1).for_each(|line| writeln!(page, "$ {}", line.trim()).unwrap());
        writeln!(page, "```").unwrap();
    }
    let own: Vec<&Arg> = shown(command).filter(|arg| heading(arg).is_none()).collect();
    if !own.is_empty() {
        page.push('\n');
        table(page, own.into_iter());
    }
    let groups: Vec<String> = SHARED.into_iter().filter_map(|heading| group(heading, command, commands)).collect();
    if !groups.is_empty() {
        writeln!(page, "\nShared options: {}.", groups.join(", ")).unwrap();
    }
}

/// A link to the shared options under a heading, with those that the command does not take.
fn group(heading_name: &str, command: &Command, commands: &[(String, &Command)]) -> Option<String> {
    let taken: BTreeMap<_, _> =
        shown(command).filter(|arg| heading(arg) == Some(heading_name)).map(|arg| (arg.get_id(), arg)).collect();
    if taken.is_empty() || heading_name == "Global options" {
        return None;
    }
    let all = options(heading_name, commands);
    let missing: Vec<String> = all
        .iter()
        .filter(|arg| !taken.contains_key(arg.get_id()))
        .map(|arg| format!("`--{}`", arg.get_long().unwrap_or_default()))
        .collect();
    let title = heading_name[..1].to_lowercase() + &heading_name[1..];
    let link = format!("[{title}](#{})", anchor(heading_name));
    Some(if missing.is_empty() { link } else { format!("{link} without {}", missing.join(" and ")) })
}

fn table<'a>(page: &mut String, args: impl Iterator<Item = &'a Arg>) {
    page.push_str("| option | variable | description |\n| --- | --- | --- |\n");
    args.for_each(|arg| page.push_str(&row(arg)));
}

fn row(arg: &Arg) -> String {
    let variable = arg.get_env().map(|name| format!("`{}`", name.display())).unwrap_or_default();
    format!("| `{}` | {variable} | {} |\n", flag(arg), description(arg))
}

/// `-b, --branch BRANCH`, or the name of a positional argument.
fn flag(arg: &Arg) -> String {
    let short = arg.get_short().map(|letter| format!("-{letter}"));
    let long = arg.get_long().map(|name| format!("--{name}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let takes = arg.get_action().takes_values();
    let value = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    match (names.is_empty(), takes, optional) {
        (true, _, _) => format!("[{value}]"),
        (false, true, true) if arg.is_require_equals_set() => format!("{}[={value}]", names.join(", ")),
        (false, true, true) => format!("{} [{value}]", names.join(", ")),
        (false, true, false) => format!("{} {value}", names.join(", ")),
        (false, false, _) => names.join(", "),
    }
}

fn description(arg: &Arg) -> String {
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
    if !default.join("").is_empty() && arg.get_action().takes_values() {
        write!(text, " (default `{}`)", default.join(" ")).unwrap();
    }
    text
}
