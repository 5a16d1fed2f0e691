//! Loads the configs of a file: read, check, upgrade, apply profiles, follow `requires`, set defaults.

use manifest::{Diagnostic, Errors, Map};

use super::defaults;
use super::fields::Fields;
use super::require::ConfigLoader;
use super::validate::validate;
use crate::skaffold::inputs::Inputs;
use crate::skaffold::model::Config;
use crate::skaffold::options::SkaffoldOptions;

/// The configs of a run.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The configs in the order they are rendered: what is required comes first.
    pub configs: Vec<Config>,
    /// The same configs as documents of the newest version, profiles applied: what `skaffold diagnose --yaml-only` prints,
    /// without defaults.
    pub documents: Vec<Map>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a `skaffold.yaml` and everything it requires.
///
/// # Errors
/// Returns the errors of Skaffold, and an error for a cycle of `requires`, which Skaffold does not report; each with file,
/// line and field.
pub fn load(inputs: &Inputs<'_>) -> Result<Loaded, Errors> {
    let fields = Fields::new();
    let mut loader = ConfigLoader::new(&fields, inputs);
    loader.begin()?;
    if loader.configs.is_empty() {
        return Err(nothing_selected(inputs.options).into());
    }
    unknown_profiles(&loader.profiles, inputs.options)?;
    defaults::renderer(&mut loader.configs);
    validate(&fields, &loader.configs, &loader.trees)?;
    Ok(Loaded { configs: loader.configs, documents: loader.trees, warnings: loader.warnings })
}

fn nothing_selected(options: &SkaffoldOptions) -> Diagnostic {
    let one = Diagnostic::new(format!("module {} not found", options.modules.join(" or "))).in_file(&options.file);
    one.field("metadata.name").hint("name a config of this file, or of one that it requires, with --module")
}

/// Refuses a profile that no config of the run has.
fn unknown_profiles(known: &[String], options: &SkaffoldOptions) -> Result<(), Diagnostic> {
    let has = |name: &&String| !known.contains(&name.strip_prefix('-').unwrap_or(name).to_owned());
    let unknown: Vec<&str> = options.profiles.iter().filter(has).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let there = if names.is_empty() {
        "remove the profile: no config defines profiles".to_owned()
    } else {
        format!("use one of {}", names.join(", "))
    };
    let one = Diagnostic::new(format!("profile {} not found", unknown.join(", "))).in_file(&options.file);
    Err(one.field("profiles").hint(there))
}
