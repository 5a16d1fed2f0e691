//! Profiles: which are active, and how they are applied to a config.
//!
//! Source: Skaffold's `schema/profiles.go`.

use manifest::{At, Diagnostic, Errors, Map, Node};
use regex::Regex;

use super::check::recheck;
use super::fields::{Fields, Kind};
use super::patch;
use crate::skaffold::inputs::Inputs;

/// The command that profiles are activated for (`activation.command`).
const COMMAND: &str = "render";

/// Activates profiles, applies them to the config and drops the list of them.
///
/// `requested` are the profiles requested by name, in order; a name with a leading `-` deactivates one, and a name that the config
/// does not have is ignored here. Returns the names of the applied ones, in the order they were applied.
///
/// # Errors
/// An activation that cannot be read, a patch that does not fit, and a profile active by kube-context where
/// `deploy.kubeContext` names another one.
pub(super) fn apply(
    fields: &Fields,
    config: &mut Map,
    requested: &[String],
    inputs: &Inputs<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<String>, Errors> {
    let profiles = config.get("profiles").and_then(Node::as_seq).cloned().unwrap_or_default();
    let active = active(&profiles, requested, inputs)?;
    for name in &active.names {
        // Of two profiles with one name, the later one is used.
        let Some((index, profile)) =
            profiles.iter().enumerate().rev().find(|(_, profile)| text(profile, "name") == *name)
        else {
            continue;
        };
        overlay(fields, config, profile);
        patches(fields, config, profile, index, warnings)?;
    }
    config.remove("profiles");
    consistent(config, &active, inputs)?;
    Ok(active.names)
}

fn prefix(mut one: Diagnostic, start: &str) -> Diagnostic {
    let rest = one.field.take();
    one.field(rest.map_or_else(|| start.to_owned(), |rest| format!("{start}{rest}")))
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::text).unwrap_or_default()
}

struct Active {
    names: Vec<String>,
    /// Those among them that the kube-context switched on.
    by_context: Vec<String>,
}

fn active(profiles: &[Node], requested: &[String], inputs: &Inputs<'_>) -> Result<Active, Diagnostic> {
    let mut active = Active { names: Vec::new(), by_context: Vec::new() };
    for (index, profile) in profiles.iter().enumerate().filter(|_| inputs.options.auto_activation) {
        let name = text(profile, "name");
        match activated(profile, inputs).map_err(|one| prefix(one, &format!("profiles[{index}].activation")))? {
            Activated::No => continue,
            Activated::ByContext => active.by_context.push(name.to_owned()),
            Activated::Yes => {}
        }
        active.names.push(name.to_owned());
    }
    for name in requested {
        match name.strip_prefix('-') {
            Some(off) => active.names.retain(|active| active != off),
            None if active.names.contains(name) => {}
            None => {
                let known = profiles.iter().any(|profile| text(profile, "name") == *name);
                active.names.extend(known.then(|| name.clone()));
            }
        }
    }
    Ok(active)
}

enum Activated {
    No,
    Yes,
    ByContext,
}

fn activated(profile: &Node, inputs: &Inputs<'_>) -> Result<Activated, Diagnostic> {
    let conditions = profile.get("activation").and_then(Node::as_seq).map_or(&[][..], Vec::as_slice);
    let all = text(profile, "requiresAllActivations") == "true";
    let mut by_context = false;
    for (index, condition) in conditions.iter().enumerate() {
        let holds = holds(condition, inputs).map_err(|one| prefix(one, &format!("[{index}]")))?;
        let contextual = condition.get("kubeContext").is_some();
        match (all, holds) {
            (true, false) => return Ok(Activated::No),
            (true, true) => by_context |= contextual,
            (false, true) => return Ok(if contextual { Activated::ByContext } else { Activated::Yes }),
            (false, false) => {}
        }
    }
    Ok(match (all && !conditions.is_empty(), by_context) {
        (false, _) => Activated::No,
        (true, true) => Activated::ByContext,
        (true, false) => Activated::Yes,
    })
}

/// Whether every part of one entry of `activation` holds.
fn holds(condition: &Node, inputs: &Inputs<'_>) -> Result<bool, Diagnostic> {
    let (env, context, command) = (text(condition, "env"), text(condition, "kubeContext"), text(condition, "command"));
    let by_variable = match env.split_once('=') {
        _ if env.is_empty() => true,
        None => {
            let at = condition.get("env").map_or(condition.at, |env| env.at);
            let one = Diagnostic::new(format!("invalid env `{env}`: expected KEY=VALUE")).at(at).field(".env");
            return Err(one.hint("write KEY=VALUE, where the value is a regular expression, negated by `!`"));
        }
        Some((key, requested)) => {
            let at = condition.get("env").map_or(condition.at, |env| env.at);
            let found = inputs.variable(key).map_err(|error| error.at(at).field(".env"))?;
            if requested.is_empty() { found.is_empty() } else { matches(requested, found) }
        }
    };
    let by_context = context.is_empty() || matches(context, &inputs.options.kube_context);
    let by_command = command.is_empty() || matches(command, COMMAND);
    Ok(by_variable && by_context && by_command)
}

/// Equal, or a regular expression that is found anywhere; `!` negates. What is not an expression is compared as text.
fn matches(pattern: &str, found: &str) -> bool {
    let (negated, pattern) = pattern.strip_prefix('!').map_or((false, pattern), |rest| (true, rest));
    let same = pattern == found || Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(found));
    same != negated
}

/// Merges the pipeline of a profile into that of the config: fields of the profile replace those of the config, mapping by
/// mapping; lists, scalars and the targets of Go pointers are replaced as a whole; of a group of alternatives the
/// profile's first one replaces the config's.
fn overlay(fields: &Fields, config: &mut Map, profile: &Node) {
    const OWN: [&str; 5] = ["name", "activation", "requiresAllActivations", "patches", "profiles"];
    let Some(profile) = profile.as_map() else { return };
    let mut pipeline = profile.clone();
    pipeline.entries_mut().retain(|entry| !OWN.contains(&entry.key.text.as_str()));
    overlay_struct(fields, "SkaffoldConfig", config, &pipeline);
}

fn overlay_struct(fields: &Fields, type_name: &str, config: &mut Map, profile: &Map) {
    let newest = fields.newest();
    for field in fields.of(type_name, newest) {
        let Some(value) = profile.get(field.name) else { continue };
        if let Some(group) = field.group {
            let members = || fields.of(type_name, newest).filter(|other| other.group == Some(group));
            let first = members().find(|other| profile.contains(other.name));
            if first.is_some_and(|first| first.name != field.name) {
                continue;
            }
            for other in members() {
                config.remove(other.name);
            }
        }
        match (&field.kind, value.as_map(), field.pointer) {
            (Kind::Struct(name), Some(map), false) => {
                let target = config.get_or_insert_with(field.name, || Node { at: value.at, ..Node::map() });
                if let Some(target) = target.as_map_mut() {
                    overlay_struct(fields, name, target, map);
                }
            }
            _ => config.set(field.name, value.clone()),
        }
    }
}

fn patches(
    fields: &Fields,
    config: &mut Map,
    profile: &Node,
    nth: usize,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Errors> {
    let Some(patches) = profile.get("patches").and_then(Node::as_seq) else { return Ok(()) };
    for (index, patch) in patches.iter().enumerate() {
        patch::apply(config, patch).map_err(|one| one.field(format!("profiles[{nth}].patches[{index}].path")))?;
    }
    let checked = recheck(fields, config)?;
    warnings.extend(checked.warnings);
    *config = checked.tree;
    Ok(())
}

/// Refuses a config whose `deploy.kubeContext` is not the context that switched profiles on.
fn consistent(config: &Map, active: &Active, inputs: &Inputs<'_>) -> Result<(), Diagnostic> {
    let requested = config.get("deploy").and_then(|deploy| deploy.get("kubeContext"));
    let context = requested.and_then(Node::text).unwrap_or_default();
    if context.is_empty() || context == inputs.options.kube_context.as_str() || active.by_context.is_empty() {
        return Ok(());
    }
    let names = active.by_context.join(", ");
    let now = &inputs.options.kube_context;
    let message = format!("`{context}` contradicts the kube-context `{now}`, which activated the profiles {names}");
    let at = requested.map_or(At::default(), |node| node.at);
    let one = Diagnostic::new(message).at(at).field("deploy.kubeContext");
    Err(one.hint("change the kube-context, the profile's activation, or deploy.kubeContext"))
}
