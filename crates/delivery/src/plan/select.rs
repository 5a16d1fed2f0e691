//! Which units a command is about.

use std::borrow::Cow;
use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors};

use super::context::{Level, levels, like_chain};
use super::discover::DiscoveredService;
use crate::config::nearest;
use crate::config::{Config, Profiles, glob_matches, is_pattern};
use crate::plan::settings::Settings;

/// A service in an environment.
pub(super) struct Chosen<'a> {
    pub(super) service: &'a DiscoveredService,
    /// The environment's name.
    pub(super) environment: Cow<'a, str>,
    /// What the config says of the unit.
    pub(super) levels: Vec<Level<'a>>,
}

/// The services of a config, by name.
pub(super) struct Choice<'a> {
    pub(super) settings: &'a Settings,
    /// The config's path.
    pub(super) file: &'a str,
    pub(super) config: &'a Config,
    pub(super) services: &'a [DiscoveredService],
}

impl<'a> Choice<'a> {
    /// The units that the flags select, by service and then in the config's order of environments.
    ///
    /// # Errors
    /// Names that are not in the config (the known ones are listed), a selection without a match, and no selection at all.
    pub(super) fn units(&self) -> Result<Vec<Chosen<'a>>, Errors> {
        let selection = &self.settings.selection;
        let environments = self.environments();
        self.known_names(&environments)?;
        let here = self.here();
        // Flags alone configure one unit.
        let is_required = selection.is_required && !self.file.is_empty();
        let is_implied = selection.default_to_all || !here.is_empty();
        if !(selection.all || selection.is_narrowed() || is_implied && !is_required) {
            let hint = "give --all, --service NAME, --env NAME or --profile NAME";
            let hint = if is_required { hint.to_owned() } else { format!("{hint}, or run in a service's folder") };
            return Err(Diagnostic::new("nothing is selected").hint(hint).into());
        }
        let fits = |name: &str| match (selection.all, selection.services.as_slice()) {
            (_, [_, ..]) => selection.services.iter().any(|wanted| glob_matches(wanted, name)),
            (false, []) if !here.is_empty() => here.contains(&name),
            _ => true,
        };
        let environments: Vec<&Cow<'a, str>> = environments.iter().filter(|name| self.is_selected(name)).collect();
        let mut chosen = Vec::new();
        for (name, found) in self.by_name().into_iter().filter(|(name, _)| fits(name)) {
            for environment in &environments {
                if let Some(service) = self.in_environment(&found, environment)? {
                    let levels = levels(self.config, name, environment);
                    chosen.push(Chosen { service, environment: (*environment).clone(), levels });
                }
            }
        }
        if chosen.is_empty() { Err(self.nothing().into()) } else { Ok(chosen) }
    }

    /// The names that patterns captured and that no environment of the config has, each with a place where it was captured.
    pub(super) fn undeclared(&self) -> BTreeMap<String, String> {
        let mut undeclared = BTreeMap::new();
        for service in self.services {
            if let Some(name) = service.environment.as_ref().filter(|name| self.config.environments.get(name).is_none())
            {
                undeclared.entry(name.clone()).or_insert_with(|| service.place().to_owned());
            }
        }
        undeclared
    }

    fn by_name(&self) -> BTreeMap<&'a str, Vec<&'a DiscoveredService>> {
        let mut by_name: BTreeMap<&str, Vec<&DiscoveredService>> = BTreeMap::new();
        for service in self.services {
            by_name.entry(&service.name).or_default().push(service);
        }
        by_name
    }

    /// Every environment: those that the file names, then those that were captured or asked for and match a pattern of the file.
    fn environments(&self) -> Vec<Cow<'a, str>> {
        let mut all: Vec<Cow<'a, str>> = self.config.environments.names().map(Cow::Borrowed).collect();
        let declared = all.len();
        let captured = self.services.iter().filter_map(|service| service.environment.as_deref());
        let wanted = self.settings.selection.environments.iter().map(String::as_str).filter(|name| !is_pattern(name));
        let mut others: Vec<&'a str> = captured.chain(wanted).collect();
        others.sort_unstable();
        others.dedup();
        others.retain(|name| {
            let known = all.iter().take(declared).any(|declared| declared == name);
            !known && self.config.environments.get(name).is_some()
        });
        all.extend(others.into_iter().map(Cow::Borrowed));
        all
    }

    /// Whether the flags select an environment.
    fn is_selected(&self, name: &str) -> bool {
        let selection = &self.settings.selection;
        let wanted = &selection.environments;
        let named = wanted.is_empty() || wanted.iter().any(|wanted| glob_matches(wanted, name));
        named && (selection.profiles.0.is_empty() || self.profiles(name) == selection.profiles)
    }

    /// The services of one name that are in an environment: what a pattern captured for it, or one that is in all
    /// environments.
    ///
    /// # Errors
    /// Two that would be one unit.
    fn in_environment(
        &self,
        found: &[&'a DiscoveredService],
        environment: &str,
    ) -> Result<Option<&'a DiscoveredService>, Diagnostic> {
        let allowed = |service: &&&DiscoveredService| {
            let only = &service.entry.environments;
            only.is_empty() || only.iter().any(|name| glob_matches(name, environment))
        };
        // A short-lived environment (`pr-*`) is not in the paths of the source; it takes what it is like.
        let chain = like_chain(self.config, environment);
        let short_lived = chain.first().is_some_and(|(key, _)| is_pattern(key));
        let others = chain.iter().skip(1).map(|(name, _)| *name).filter(|_| short_lived);
        for name in std::iter::once(environment).chain(others) {
            let fits = |service: &&&DiscoveredService| service.environment.as_deref().is_none_or(|own| own == name);
            let candidates: Vec<&&DiscoveredService> = found.iter().filter(allowed).filter(fits).collect();
            match candidates.as_slice() {
                [] => {}
                [one] => return Ok(Some(one)),
                [one, other, ..] => {
                    let message =
                        format!("duplicate unit {}/{environment}: {} and {}", one.name, one.place(), other.place());
                    let found = Diagnostic::new(message).in_file(self.file).field(format!("services[{}]", other.index));
                    return Err(found.hint("write an entry with another name for one of them"));
                }
            }
        }
        Ok(None)
    }

    /// The names of the services in the innermost folder that contains the working directory.
    fn here(&self) -> Vec<&'a str> {
        let enclosing = self.services.iter().filter(|service| within(&self.settings.folder, &service.folder));
        let Some(innermost) = enclosing.clone().map(|service| service.folder.len()).max() else { return Vec::new() };
        enclosing.filter(|service| service.folder.len() == innermost).map(|service| service.name.as_str()).collect()
    }

    /// Refuses names of the selection and of the config's entries that do not exist.
    fn known_names(&self, environments: &[Cow<'a, str>]) -> Result<(), Errors> {
        let mut wrong = Vec::new();
        let mut known: Vec<&str> = self.services.iter().map(|service| service.name.as_str()).collect();
        known.dedup();
        unknown("service", &self.settings.selection.services, &known, &mut wrong);
        let patterns = self.config.environments.0.iter().map(|(name, _)| name.as_str()).filter(|name| is_pattern(name));
        let known: Vec<&str> = environments.iter().map(|name| &**name).chain(patterns).collect();
        unknown("environment", &self.settings.selection.environments, &known, &mut wrong);
        let known: Vec<&str> = self.config.environments.0.iter().map(|(name, _)| name.as_str()).collect();
        for (index, entry) in self.config.services.0.iter().enumerate() {
            let mut found = Vec::new();
            let names: Vec<String> = entry
                .environments
                .iter()
                .filter(|name| self.config.environments.get(name).is_none())
                .cloned()
                .collect();
            unknown("environment", &names, &known, &mut found);
            let located = |error: Diagnostic| error.in_file(self.file).field(format!("services[{index}].environments"));
            wrong.extend(found.into_iter().map(located));
        }
        Errors::check(wrong)
    }

    /// The profiles that an environment takes: the given ones, or the one of its own name or of the last that it is like.
    fn profiles(&self, environment: &str) -> Profiles {
        let chain = like_chain(self.config, environment);
        let given = chain.iter().find_map(|(_, fields)| fields.profile.clone());
        given.unwrap_or_else(|| Profiles(vec![chain.last().map_or(environment, |(name, _)| name).to_owned()]))
    }

    fn nothing(&self) -> Diagnostic {
        let profiles = &self.settings.selection.profiles.0;
        if profiles.is_empty() {
            let found = Diagnostic::new("no unit matches the selection").in_file(self.file);
            let undeclared: Vec<String> = self.undeclared().into_keys().collect();
            return found.hint(match undeclared.as_slice() {
                [] => "run `hydrant plan` to see the units".to_owned(),
                names => format!("add the environments that the paths name to `environments`: {}", names.join(", ")),
            });
        }
        let known: Vec<String> = self
            .config
            .environments
            .names()
            .map(|name| format!("{} ({name})", self.profiles(name).0.join(",")))
            .collect();
        Diagnostic::new(format!("no environment uses the profile {}", profiles.join(",")))
            .in_file(self.file)
            .hint(format!("use one of: {}", known.join("; ")))
    }
}

fn within(folder: &str, service: &str) -> bool {
    folder == service || folder.strip_prefix(service).is_some_and(|rest| rest.starts_with('/'))
}

/// Names, and globs without a match, that are not known.
fn unknown(what: &str, wanted: &[String], known: &[&str], wrong: &mut Vec<Diagnostic>) {
    for name in wanted.iter().filter(|wanted| !known.iter().any(|name| glob_matches(wanted, name))) {
        let found = Diagnostic::new(format!("unknown {what} \"{name}\""));
        let found = match nearest(name, known.iter().copied()) {
            Some(meant) => found.hint(format!("write {meant}, if you meant that")),
            None => found,
        };
        wrong.push(found.hint(format!("use one of {}", known.join(", "))));
    }
}
