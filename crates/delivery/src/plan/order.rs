//! The promotion order: `after` of the environments.

use std::collections::BTreeMap;

use manifest::{At, Diagnostic, Errors};

use crate::config::{Config, Environment};

/// Checks that each `after` names an environment, and that none is promoted from itself, directly or over others.
///
/// # Errors
/// Every environment that does not exist, and every circle, with file, line and field.
pub(super) fn check(file: &str, config: &Config) -> Result<(), Errors> {
    let environments = &config.environments.0;
    let names: Vec<&str> = config.environments.names().collect();
    let mut wrong = Vec::new();
    for (name, environment) in environments {
        let Some(after) = after(environment) else { continue };
        if !names.contains(&after) {
            let found = located(file, name, environment, format!("unknown environment \"{after}\""));
            wrong.push(found.hint(format!("use one of {}", names.join(", "))));
        } else if let Some(circle) = circle(config, name) {
            let found = located(file, name, environment, format!("the promotion order is a circle: {circle}"));
            wrong.push(found.hint("remove `after` from one of these environments"));
        }
    }
    Errors::check(wrong)
}

/// The environments that others are promoted from, by the names of those others.
pub(super) fn promoted_from(config: &Config) -> BTreeMap<String, String> {
    let environments = config.environments.0.iter();
    environments.filter_map(|(name, fields)| Some((name.clone(), after(fields)?.to_owned()))).collect()
}

fn after(environment: &Environment) -> Option<&str> {
    environment.after.as_ref().map(|after| after.value.as_str())
}

/// `staging -> production -> staging`, if following `after` from `start` leads back to it.
fn circle(config: &Config, start: &str) -> Option<String> {
    let mut path = vec![start];
    let find = |name: &str| config.environments.0.iter().find(|(known, _)| known == name);
    let mut here = start;
    while let Some(next) = find(here).and_then(|(_, environment)| after(environment)) {
        path.push(next);
        if next == start {
            return Some(path.join(" -> "));
        }
        if path.len() > config.environments.0.len() {
            return None;
        }
        here = next;
    }
    None
}

fn located(file: &str, name: &str, environment: &Environment, message: String) -> Diagnostic {
    let found = Diagnostic::new(message).in_file(file).field(format!("environments.{name}.after"));
    let Some(after) = &environment.after else { return found };
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let (line, column) = (number(after.referenced.line()), number(after.referenced.column()));
    if line == 0 { found } else { found.at(At { line, column }) }
}
