//! What one field of the config demands of another.

use manifest::yaml::read_stream;
use manifest::{At, Diagnostic, Node};

use super::glob::Glob;
use super::{Config, Environment, PathPattern, Renderer, Template, is_pattern};

/// A finding, and the value that it is about as it is written.
pub(super) struct ConfigFinding {
    finding: Box<Diagnostic>,
    value: String,
}

impl ConfigFinding {
    /// The finding with the line and column of the first such value in the text.
    pub(super) fn located(self, text: &str) -> Diagnostic {
        let documents = read_stream(text.as_bytes()).unwrap_or_default();
        match documents.iter().find_map(|document| position(document, &self.value)) {
            Some(at) => self.finding.at(at),
            None => *self.finding,
        }
    }
}

fn position(node: &Node, value: &str) -> Option<At> {
    if node.text() == Some(value) {
        return Some(node.at);
    }
    let key = node.as_map().into_iter().flat_map(|map| map.entries()).find(|entry| entry.key.text.as_str() == value);
    if let Some(entry) = key {
        return Some(entry.value.at);
    }
    let items = node.as_seq().into_iter().flatten();
    let values = node.as_map().into_iter().flat_map(|map| map.entries()).map(|entry| &entry.value);
    items.chain(values).find_map(|inner| position(inner, value))
}

/// Checks patterns, placeholders, and the names of environments.
pub(super) fn check(config: &Config) -> Result<(), ConfigFinding> {
    let captures = captures(config)?;
    for template in templates(config) {
        template.check(&captures).map_err(|unknown| ConfigFinding {
            finding: Box::new(
                Diagnostic::new(unknown.to_string()).hint("capture it in a pattern of `services`, or correct the name"),
            ),
            value: template.text().to_owned(),
        })?;
    }
    environments(config)
}

/// The captures of all patterns.
fn captures(config: &Config) -> Result<Vec<String>, ConfigFinding> {
    let mut all: Vec<String> = Vec::new();
    for template in config.services.0.iter().flat_map(|service| service.patterns()) {
        let pattern = PathPattern::parse(template.text()).map_err(|why| ConfigFinding {
            finding: Box::new(Diagnostic::new(why).hint("write a path such as apps/{service}/overlays/{environment}")),
            value: template.text().to_owned(),
        })?;
        for name in
            pattern.captures().iter().filter(|name| !super::template::UNIT_PLACEHOLDERS.contains(&name.as_str()))
        {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
    }
    Ok(all)
}

/// Every template of the config but the patterns.
fn templates(config: &Config) -> Vec<&Template> {
    let mut all: Vec<&Template> = config.services.0.iter().flat_map(|service| service.templates()).collect();
    all.extend(config.environments.0.iter().flat_map(|(_, environment)| environment.templates()));
    all.extend(config.overrides.iter().flat_map(|one| one.fields.templates()));
    all.extend(config.destination.templates().chain(&config.commit.message));
    all
}

/// Checks `like` and the names of variables.
fn environments(config: &Config) -> Result<(), ConfigFinding> {
    for (name, environment) in &config.environments.0 {
        let field = || format!("environments.{name}");
        if name.is_empty() || name.chars().any(char::is_control) {
            let finding = Diagnostic::new(format!("invalid name of an environment {name:?}")).field("environments");
            let finding = finding.hint("use letters, digits and dashes");
            return Err(ConfigFinding { finding: Box::new(finding), value: name.clone() });
        }
        glob(name, &field())?;
        like_chain(config, name, environment)?;
        variables(&format!("environments.{name}"), environment)?;
    }
    for (index, one) in config.overrides.iter().enumerate() {
        variables(&format!("overrides[{index}]"), &one.fields)?;
        for (name, globs) in [("service", &one.matches.service), ("environment", &one.matches.environment)] {
            globs.0.iter().try_for_each(|text| glob(text, &format!("overrides[{index}].match.{name}")))?;
        }
    }
    Ok(())
}

/// Checks a name that may be a glob.
fn glob(name: &str, field: &str) -> Result<(), ConfigFinding> {
    if !is_pattern(name) || Glob::new(name, false).is_ok() {
        return Ok(());
    }
    let finding = Diagnostic::new(format!("invalid glob \"{name}\"")).field(field);
    let finding = finding.hint("close each `[` with `]`, or write `[[]` for the character");
    Err(ConfigFinding { finding: Box::new(finding), value: name.to_owned() })
}

/// Follows `like` to its end.
fn like_chain(config: &Config, name: &str, environment: &Environment) -> Result<(), ConfigFinding> {
    let mut seen = vec![name];
    let mut current = environment;
    while let Some(like) = &current.like {
        let found = |finding: Diagnostic| ConfigFinding {
            finding: Box::new(finding.field(format!("environments.{name}.like"))),
            value: like.clone(),
        };
        let Some((key, next)) = config.environments.0.iter().find(|(key, _)| key == like && !is_pattern(key)) else {
            let known: Vec<&str> = config.environments.names().collect();
            let unknown = Diagnostic::new(format!("unknown environment \"{like}\""));
            return Err(found(unknown.hint(format!("use one of {}", known.join(", ")))));
        };
        if seen.contains(&key.as_str()) {
            seen.push(key);
            let circle = Diagnostic::new(format!("environments are like each other: {}", seen.join(" -> ")));
            return Err(found(circle.hint("remove `like` from one of them")));
        }
        seen.push(key);
        current = next;
    }
    Ok(())
}

/// A variable's name is a letter or `_`, then letters, digits and `_` (Flux, `postBuild.substitute`).
fn variables(field: &str, environment: &Environment) -> Result<(), ConfigFinding> {
    let valid = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    match environment.variables.iter().flatten().find(|(name, _)| !valid(name)) {
        Some((name, value)) => {
            let finding = Diagnostic::new(format!("invalid variable name \"{name}\""));
            let finding = finding.field(format!("{field}.variables")).hint("use letters, digits and `_`");
            Err(ConfigFinding { finding: Box::new(finding), value: value.clone() })
        }
        None => Ok(()),
    }
}

impl super::Service {
    /// The patterns of an entry without `path`.
    pub(crate) fn patterns(&self) -> Vec<&Template> {
        if self.path.is_some() {
            return Vec::new();
        }
        match self.renderer() {
            Renderer::Skaffold(file) => file.into_iter().collect(),
            Renderer::Kustomize(kustomize) => vec![&kustomize.path],
            Renderer::Helm(super::HelmEntry::Pattern(pattern)) => vec![pattern],
            Renderer::Helm(super::HelmEntry::Chart(helm)) => helm.chart.iter().filter(|_| !helm.is_remote()).collect(),
            Renderer::Manifests(patterns) => patterns.iter().collect(),
        }
    }
}
