//! Every `hydrant …` in the documentation is a valid command with valid options.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The shell operators that end a command.
const ENDS: [&str; 8] = ["|", "||", "&&", ";", ">", ">>", "<", "#"];

#[test]
fn every_command_in_the_documentation_is_valid() {
    let root = testkit::fixtures::root();
    let mut pages: Vec<PathBuf> =
        ["README.md", "action.yml", "templates/hydrant.yml"].map(|name| root.join(name)).into();
    collect(&root.join("docs"), &mut pages);
    let mut helps = BTreeMap::new();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages.iter().filter(|page| !page.ends_with("docs/cli.md")) {
        let prose = page.extension().is_some_and(|extension| extension == "md");
        for command in commands(&std::fs::read_to_string(page).unwrap(), prose) {
            seen += 1;
            if let Err(message) = check(&command, &mut helps) {
                wrong.push(format!("{}: `{command}`: {message}", page.display()));
            }
        }
    }
    assert!(seen > 60, "{seen} commands");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|found| found == "md") {
            pages.push(path);
        }
    }
}

/// Returns the commands in code, without `hydrant `: in backquotes, or on a line of a block or a script.
fn commands(text: &str, prose: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            block = !block;
            continue;
        }
        let code: Vec<&str> = if block || !prose || line.starts_with("    ") {
            vec![line]
        } else {
            line.split('`').skip(1).step_by(2).collect()
        };
        for piece in code {
            let piece = piece.trim().trim_start_matches("- ").trim_start_matches("run: ").trim_start_matches("$ ");
            let start =
                piece.starts_with("hydrant ").then_some(0).or_else(|| piece.find("$(hydrant ").map(|at| at + 2));
            let Some(command) = start.and_then(|at| piece[at..].strip_prefix("hydrant ")) else { continue };
            let arguments: Vec<&str> =
                command.split_whitespace().take_while(|argument| !ENDS.contains(argument)).collect();
            found.push(arguments.join(" ").trim_end_matches([')', '"']).to_owned());
        }
    }
    found
}

fn check(command: &str, helps: &mut BTreeMap<String, String>) -> Result<(), String> {
    let mut arguments = command.split_whitespace();
    let verb = arguments.next().unwrap_or_default();
    if !verb.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') || verb.starts_with('-') {
        return Ok(());
    }
    let mut path = verb.to_owned();
    if verb == "artifact" {
        path.push_str(" push");
    }
    let help = helps.entry(path.clone()).or_insert_with(|| help(&path)).clone();
    if help.is_empty() {
        return Err("no such command".to_owned());
    }
    let is_flag = |argument: &&str| {
        argument.starts_with('-')
            && argument.trim_start_matches('-').starts_with(|letter: char| letter.is_ascii_alphabetic())
    };
    for argument in arguments.filter(is_flag) {
        let flag = argument.trim_end_matches([',', '.', ')', ']', '"', '\'']).split('=').next().unwrap();
        let known =
            help.split_whitespace().any(|other| other.trim_end_matches(',').split(['=', '[']).next() == Some(flag));
        if !known {
            return Err(format!("no flag {flag}"));
        }
    }
    Ok(())
}

/// Returns the help text of a command; empty if the command does not exist.
fn help(path: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_hydrant")).args(path.split(' ')).arg("--help").env_clear().output().unwrap();
    if output.status.success() { String::from_utf8(output.stdout).unwrap() } else { String::new() }
}
