//! What one unit is decided from.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use super::discover::DiscoveredService;
use super::settings::Settings;
use super::{Cluster, Declared};
use crate::config::{self, Config, Environment, Template, UnitNames, is_pattern};

/// Fields that apply to a unit, and where they are written.
#[derive(Clone, Debug)]
pub(super) struct Level<'a> {
    /// `environments.production` or `overrides[0]`.
    pub(super) field: String,
    pub(super) fields: &'a Environment,
}

/// A service and an environment with all settings that apply. The first that sets a field wins: the flag, the overrides from the
/// last to the first, the environment, those that it is like, the file, hydrant's default.
#[derive(Clone)]
pub(super) struct UnitContext<'a> {
    pub(super) settings: &'a Settings,
    pub(super) config: &'a Config,
    /// The config's folder.
    pub(super) root: &'a str,
    /// The config's path; empty where it was made from flags.
    pub(super) file: &'a str,
    pub(super) service: &'a DiscoveredService,
    /// The environment's name.
    pub(super) environment: &'a str,
    /// The levels between the flags and the file, the first wins.
    pub(super) levels: Vec<Level<'a>>,
}

/// A value and the field that sets it.
pub(super) struct Set<T> {
    pub(super) value: T,
    /// Such as `environments.production`.
    pub(super) field: String,
}

impl<'a> UnitContext<'a> {
    /// The first level that sets a field.
    pub(super) fn first<T>(&self, get: impl Fn(&'a Environment) -> Option<T>) -> Option<Set<T>> {
        self.levels.iter().find_map(|level| Some(Set { value: get(level.fields)?, field: level.field.clone() }))
    }

    /// The value of the first level that sets a field.
    pub(super) fn value<T>(&self, get: impl Fn(&'a Environment) -> Option<T>) -> Option<T> {
        self.first(get).map(|set| set.value)
    }

    /// The template's text for this unit.
    ///
    /// # Errors
    /// A placeholder that nothing captured for this unit.
    pub(super) fn fill(&self, template: &Template) -> Result<String, Diagnostic> {
        let names =
            UnitNames { service: &self.service.name, environment: self.environment, captures: &self.service.captures };
        template.fill(names).map_err(|unknown| {
            let found = Diagnostic::new(format!("{}/{}: {unknown}", self.service.name, self.environment));
            found.hint("capture it in the pattern of the service, or use another placeholder")
        })
    }

    /// The cluster of the unit, each field by the first level that sets it.
    ///
    /// # Errors
    /// A placeholder that nothing captured for this unit.
    pub(super) fn cluster(&self) -> Result<Cluster, Diagnostic> {
        let get = |field: fn(&'a config::Cluster) -> Option<&'a Template>| {
            self.value(|fields| field(&fields.cluster)).map(|template| self.fill(template)).transpose()
        };
        let server = get(|cluster| cluster.server.as_ref())?;
        if server.as_ref().is_some_and(|server| net::redact::text(server) != *server) {
            return Err(Diagnostic::new(
                "the URL of the cluster has credentials, and it is part of objects that are printed",
            )
            .field(format!("environments.{}.cluster.server", self.environment))
            .hint("leave them out"));
        }
        Ok(Cluster {
            name: get(|cluster| cluster.name.as_ref())?,
            server,
            namespace: get(|cluster| cluster.namespace.as_ref())?,
        })
    }

    /// The variables of all levels; of one name, the first level's.
    pub(super) fn variables(&self) -> Option<BTreeMap<String, String>> {
        let set = self.levels.iter().rev().filter_map(|level| level.fields.variables.as_ref());
        set.fold(None, |all, own| {
            let mut all: BTreeMap<String, String> = all.unwrap_or_default();
            all.extend(own.clone());
            Some(all)
        })
    }

    /// The environment that the unit's own is promoted from. It is not inherited from one that it is like.
    pub(super) fn after(&self) -> Option<String> {
        let (_, own) = self.config.environments.get(self.environment)?;
        own.after.as_ref().map(|after| after.value.clone())
    }

    /// Where the environment is declared.
    pub(super) fn declared(&self) -> Declared {
        let key = self.config.environments.get(self.environment).map(|(key, _)| key);
        if key.is_none_or(|key| !is_pattern(key)) {
            return Declared::Name;
        }
        let is_captured = self.service.environment.as_deref() == Some(self.environment);
        if is_captured { Declared::Path(self.service.place().to_owned()) } else { Declared::Pattern }
    }

    /// The text of one of hydrant's own templates for this unit.
    pub(super) fn fill_text(&self, template: &str) -> String {
        let names =
            UnitNames { service: &self.service.name, environment: self.environment, captures: &self.service.captures };
        // Replaced in one pass: a service may be called `{environment}`.
        Template::try_from(template.to_owned()).ok().and_then(|template| template.fill(names).ok()).unwrap_or_default()
    }
}

/// The levels of a unit.
pub(super) fn levels<'a>(config: &'a Config, service: &str, environment: &str) -> Vec<Level<'a>> {
    let matching = config.overrides.iter().enumerate().rev().filter(|(_, one)| one.matches.fits(service, environment));
    let overrides = matching.map(|(index, one)| Level { field: format!("overrides[{index}]"), fields: &one.fields });
    let chain = like_chain(config, environment);
    let environments = chain.into_iter().map(|(name, fields)| Level { field: format!("environments.{name}"), fields });
    overrides.chain(environments).collect()
}

/// An environment and those that it is like, as the file names them.
pub(super) fn like_chain<'a>(config: &'a Config, environment: &str) -> Vec<(&'a str, &'a Environment)> {
    let mut chain: Vec<(&str, &Environment)> = Vec::new();
    let mut next = config.environments.get(environment);
    while let Some((name, fields)) = next {
        // The check of the config refuses environments that are like each other.
        if chain.iter().any(|(known, _)| known == name) {
            break;
        }
        chain.push((name, fields));
        next = fields.like.as_ref().and_then(|like| config.environments.get(like));
    }
    chain
}
