//! The help of the program: its commands in groups.

use std::fmt::Write;

use clap::Command;
use clap::builder::StyledStr;

/// Commands of one purpose.
struct Group {
    title: &'static str,
    commands: &'static [&'static str],
}

/// The groups in the order of the help.
const GROUPS: &[Group] = &[
    Group { title: "Deliver", commands: &["deliver", "promote", "rollback", "hold", "release", "retire", "artifact"] },
    Group { title: "Look", commands: &["plan", "diff", "check", "status", "verify", "render"] },
    Group { title: "Set up", commands: &["init", "update", "bootstrap", "explain", "schema", "completions", "man"] },
    Group { title: "Tools", commands: &["kustomize", "helm", "pin", "images"] },
    Group {
        title: "Commit by GitHub's API, as ghcp",
        commands: &["commit", "empty-commit", "fork-commit", "pull-request"],
    },
];

const EXAMPLES: &str = "\
Examples:
  hydrant init
  hydrant diff --all
  hydrant deliver -s cart -e staging --image cart=ghcr.io/acme/cart:1.4.2
  hydrant promote -s cart -e production

Run `hydrant COMMAND --help` for the options of a command, and `hydrant explain` for the fields of hydrant.yaml.
";

/// Returns the program with its commands in groups in the help. Commands in no group are listed at the end.
pub(crate) fn apply(program: Command) -> Command {
    let header = *program.get_styles().get_header();
    let literal = *program.get_styles().get_literal();
    let mut commands = String::new();
    let mut list = |title: &str, names: &[&str]| {
        let _ = writeln!(commands, "{header}{title}:{header:#}");
        for name in names {
            let about = program.find_subcommand(name).and_then(Command::get_about).map(StyledStr::to_string);
            let _ = writeln!(commands, "  {literal}{name:<14}{literal:#}{}", about.unwrap_or_default());
        }
        commands.push('\n');
    };
    let known: Vec<&str> = program.get_subcommands().filter(|one| !one.is_hide_set()).map(Command::get_name).collect();
    for group in GROUPS {
        let names: Vec<&str> = group.commands.iter().copied().filter(|name| known.contains(name)).collect();
        list(group.title, &names);
    }
    let grouped = |name: &&str| GROUPS.iter().any(|group| group.commands.contains(name));
    let others: Vec<&str> = known.iter().copied().filter(|name| !grouped(name)).collect();
    if !others.is_empty() {
        list("Other", &others);
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{commands}{header}Options:{header:#}\n{{options}}\n\n{EXAMPLES}"
    );
    program.help_template(template)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let program = crate::command_line::Arguments::command();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|group| group.commands).copied().collect();
        let mut known: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        known.sort_unstable();
        assert_eq!(grouped, known);
    }

    #[test]
    fn the_help_lists_the_groups() {
        let help = apply(crate::command_line::Arguments::command()).render_help().to_string();
        assert!(help.contains("\nDeliver:\n  deliver       "), "{help}");
        assert!(help.contains("\nExamples:\n  hydrant init\n"), "{help}");
        assert!(help.contains("--quiet"), "{help}");
    }
}
