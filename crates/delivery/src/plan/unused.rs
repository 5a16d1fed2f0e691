//! Fields and flags that a unit's renderer does not use are errors: nothing that was set is ignored.

use manifest::{Diagnostic, Errors};

use super::context::UnitContext;
use super::discover::DiscoveredService;
use super::settings::Settings;
use crate::config::{ChartRandom, Config, Environment, Renderer, glob_matches, is_pattern};

/// What renders a unit, for these rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tool {
    Skaffold,
    Kustomize,
    Helm,
    None,
}

impl Tool {
    /// What renders the units of a service, by the flags and the config.
    fn of_unit(settings: &Settings, service: &DiscoveredService) -> Tool {
        match (&settings.kustomize, &settings.skaffold) {
            (Some(_), _) => Tool::Kustomize,
            (None, Some(_)) => Tool::Skaffold,
            (None, None) => Tool::of(service),
        }
    }

    /// What renders the units of a service, by the config.
    fn of(service: &DiscoveredService) -> Tool {
        match service.entry.renderer() {
            Renderer::Skaffold(_) => Tool::Skaffold,
            Renderer::Kustomize(_) => Tool::Kustomize,
            Renderer::Helm(_) => Tool::Helm,
            Renderer::Manifests(_) => Tool::None,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Tool::Skaffold => "is rendered by Skaffold",
            Tool::Kustomize => "is a kustomization",
            Tool::Helm => "is a Helm chart",
            Tool::None => "is plain YAML",
        }
    }
}

/// A setting that only some tools use.
struct Setting {
    flag: &'static str,
    field: &'static str,
    tools: &'static [Tool],
    /// Whether the flag is given.
    given: fn(&Settings) -> bool,
    /// Whether a level of the config sets it.
    set: fn(&Environment) -> bool,
    hint: &'static str,
}

const SETTINGS: &[Setting] = &[
    Setting {
        flag: "--namespace",
        field: "namespace",
        tools: &[Tool::Skaffold, Tool::Helm],
        given: |settings| settings.namespace.is_some(),
        set: |fields| fields.namespace.is_some(),
        hint: "set `namespace` in the kustomization or the objects, or `cluster.namespace` for objects that name none",
    },
    Setting {
        flag: "--default-repo",
        field: "defaultRepo",
        tools: &[Tool::Skaffold],
        given: |settings| settings.default_repo.is_some(),
        set: |fields| fields.default_repo.is_some(),
        hint: "remove it: only Skaffold builds images and names their registry",
    },
    Setting {
        flag: "--tag",
        field: "tag",
        tools: &[Tool::Skaffold],
        given: |settings| settings.tag.is_some(),
        set: |_| false,
        hint: "remove it: only Skaffold tags images",
    },
    Setting {
        flag: "--module",
        field: "modules",
        tools: &[Tool::Skaffold],
        given: |settings| !settings.modules.is_empty(),
        set: |_| false,
        hint: "remove it: only a Skaffold config has modules",
    },
    Setting {
        flag: "--profile",
        field: "profile",
        tools: &[Tool::Skaffold],
        given: |_| false,
        set: |fields| fields.profile.is_some(),
        hint: "remove it: only a Skaffold config has profiles",
    },
    Setting {
        flag: "",
        field: "helm",
        tools: &[Tool::Skaffold, Tool::Kustomize, Tool::Helm],
        given: |_| false,
        set: |fields| fields.helm != ChartRandom::default(),
        hint: "remove it: plain YAML has no charts",
    },
];

/// Refuses flags, and fields of the service and of overrides, that the unit's renderer does not use.
///
/// # Errors
/// The first one.
pub(super) fn check_unit(context: &UnitContext<'_>) -> Result<(), Diagnostic> {
    let tool = Tool::of_unit(context.settings, context.service);
    let name = format!("{}/{}", context.service.name, context.environment);
    let refuse = |setting: &Setting| {
        Diagnostic::new(format!("{name} {}, which does not use this setting", tool.noun())).hint(setting.hint)
    };
    for setting in SETTINGS.iter().filter(|setting| !setting.tools.contains(&tool)) {
        if (setting.given)(context.settings) {
            return Err(refuse(setting).field(setting.flag));
        }
        if setting.field == "namespace" && context.service.entry.namespace.is_some() {
            let field = format!("services[{}].namespace", context.service.index);
            return Err(refuse(setting).in_file(context.file).field(field));
        }
        let overrides = context.levels.iter().filter(|level| level.field.starts_with("overrides"));
        if let Some(level) = overrides.into_iter().find(|level| (setting.set)(level.fields)) {
            let field = format!("{}.{}", level.field, setting.field);
            return Err(refuse(setting).in_file(context.file).field(field));
        }
    }
    Ok(())
}

/// Refuses fields of an environment that none of its services uses.
///
/// # Errors
/// Every such field.
pub(super) fn check_environments(file: &str, config: &Config, services: &[DiscoveredService]) -> Result<(), Errors> {
    let mut wrong = Vec::new();
    for (name, fields) in &config.environments.0 {
        let here = services.iter().filter(|service| is_in(config, service, name));
        let tools: Vec<Tool> = here.map(Tool::of).collect();
        for setting in SETTINGS.iter().filter(|setting| (setting.set)(fields)) {
            if !tools.is_empty() && !tools.iter().any(|tool| setting.tools.contains(tool)) {
                let message = format!("no service of {name} uses this setting: each {}", tools[0].noun());
                let field = format!("environments.{name}.{}", setting.field);
                wrong.push(Diagnostic::new(message).in_file(file).field(field).hint(setting.hint));
            }
        }
    }
    Errors::check(wrong)
}

/// Refuses overrides that match no service, or no environment.
///
/// # Errors
/// Every such name or glob.
pub(super) fn check_overrides(file: &str, config: &Config, services: &[DiscoveredService]) -> Result<(), Errors> {
    let mut names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    names.dedup();
    let captured = services.iter().filter_map(|service| service.environment.as_deref());
    let captured = captured.filter(|name| config.environments.get(name).is_some());
    let environments: Vec<&str> = config.environments.0.iter().map(|(name, _)| name.as_str()).chain(captured).collect();
    // A glob may be about environments that a pattern of the config stands for.
    let is_environment = |name: &String| {
        let patterns = environments.iter().any(|known| is_pattern(known));
        environments.iter().any(|known| glob_matches(name, known))
            || config.environments.get(name).is_some()
            || (is_pattern(name) && patterns)
    };
    let mut wrong = Vec::new();
    let mut refuse = |index: usize, what: &str, name: &String, known: &[&str]| {
        let found = Diagnostic::new(format!("no {what} matches \"{name}\"")).in_file(file);
        let hint = format!("use one of {}, or remove the override", known.join(", "));
        wrong.push(found.field(format!("overrides[{index}].match.{what}")).hint(hint));
    };
    for (index, one) in config.overrides.iter().enumerate() {
        let mut unknown =
            one.matches.service.0.iter().filter(|name| !names.iter().any(|known| glob_matches(name, known)));
        if let Some(name) = unknown.next() {
            refuse(index, "service", name, &names);
        }
        if let Some(name) = one.matches.environment.0.iter().find(|name| !is_environment(name)) {
            refuse(index, "environment", name, &environments);
        }
    }
    Errors::check(wrong)
}

/// Whether a service may be delivered to an environment of the file, or to one that is like it.
fn is_in(config: &Config, service: &DiscoveredService, name: &str) -> bool {
    let is_or_is_like =
        |environment: &str| super::context::like_chain(config, environment).iter().any(|(known, _)| *known == name);
    let captured = service.environment.as_deref().is_none_or(|own| own == name || is_or_is_like(own));
    let only = &service.entry.environments;
    captured && (only.is_empty() || only.iter().any(|own| glob_matches(own, name) || is_or_is_like(own)))
}
