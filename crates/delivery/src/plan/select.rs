//! Which units a command is about.

use manifest::{Diagnostic, Errors};

use super::discover::DiscoveredService;
use crate::config::{Config, Environment, Profiles};
use crate::plan::settings::{Selection, Settings};

/// A service in an environment.
pub(super) struct Chosen<'a> {
    pub(super) service: &'a DiscoveredService,
    /// The environment's name.
    pub(super) environment: &'a str,
    /// What the environment says.
    pub(super) special: &'a Environment,
}

/// The units that the flags select, in the config's order.
///
/// # Errors
/// Names that are not in the config (the known ones are listed), a selection without a match, and no selection at all.
pub(super) fn select<'a>(
    settings: &Settings,
    file: &str,
    config: &'a Config,
    services: &'a [DiscoveredService],
) -> Result<Vec<Chosen<'a>>, Errors> {
    let selection = &settings.selection;
    known_names(selection, file, config, services)?;
    let here = services.iter().find(|service| within(&settings.folder, &service.folder));
    if !(selection.all || selection.default_to_all || selection.is_narrowed() || here.is_some()) {
        return Err(Diagnostic::new("nothing is selected")
            .hint("give --all, --service NAME, --env NAME or --profile NAME, or run in a service's folder")
            .into());
    }
    let service_fits = |service: &&DiscoveredService| match (selection.all, selection.services.is_empty(), here) {
        (_, false, _) => selection.services.contains(&service.name),
        (false, true, Some(here)) => service.name == here.name,
        _ => true,
    };
    let environment_fits = |name: &String, special: &Environment| {
        let named = selection.environments.is_empty() || selection.environments.contains(name);
        named && (selection.profiles.0.is_empty() || *taken(name, special) == selection.profiles)
    };
    let mut chosen = Vec::new();
    for service in services.iter().filter(service_fits) {
        let only = &service.entry.environments;
        for (name, special) in config.environments.0.iter().filter(|(name, special)| environment_fits(name, special)) {
            if only.is_empty() || only.contains(name) {
                chosen.push(Chosen { service, environment: name, special });
            }
        }
    }
    if chosen.is_empty() { Err(nothing(settings, file, config).into()) } else { Ok(chosen) }
}

/// Refuses names of the selection and of the config's entries that do not exist.
fn known_names(
    selection: &Selection,
    file: &str,
    config: &Config,
    services: &[DiscoveredService],
) -> Result<(), Errors> {
    let mut wrong = Vec::new();
    let known: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    unknown("service", &selection.services, &known, &mut wrong);
    let known: Vec<&str> = config.environments.0.iter().map(|(name, _)| name.as_str()).collect();
    unknown("environment", &selection.environments, &known, &mut wrong);
    for (index, entry) in config.services.0.iter().enumerate() {
        let mut found = Vec::new();
        unknown("environment", &entry.environments, &known, &mut found);
        let located = |error: Diagnostic| error.in_file(file).field(format!("services[{index}].environments"));
        wrong.extend(found.into_iter().map(located));
    }
    Errors::check(wrong)
}

/// The profiles that an environment takes: the given ones, or the one of its own name.
fn taken<'a>(name: &str, special: &'a Environment) -> std::borrow::Cow<'a, Profiles> {
    match &special.profile {
        Some(given) => std::borrow::Cow::Borrowed(given),
        None => std::borrow::Cow::Owned(Profiles(vec![name.to_owned()])),
    }
}

fn within(folder: &str, service: &str) -> bool {
    folder == service || folder.strip_prefix(service).is_some_and(|rest| rest.starts_with('/'))
}

fn unknown(what: &str, wanted: &[String], known: &[&str], wrong: &mut Vec<Diagnostic>) {
    for name in wanted.iter().filter(|name| !known.contains(&name.as_str())) {
        wrong.push(
            Diagnostic::new(format!("unknown {what} \"{name}\"")).hint(format!("use one of {}", known.join(", "))),
        );
    }
}

fn nothing(settings: &Settings, file: &str, config: &Config) -> Diagnostic {
    let profiles = &settings.selection.profiles.0;
    if profiles.is_empty() {
        return Diagnostic::new("no unit matches the selection").in_file(file);
    }
    let known: Vec<String> = config
        .environments
        .0
        .iter()
        .map(|(name, special)| format!("{} ({name})", taken(name, special).0.join(",")))
        .collect();
    Diagnostic::new(format!("no environment uses the profile {}", profiles.join(",")))
        .in_file(file)
        .hint(format!("use one of: {}", known.join("; ")))
}
