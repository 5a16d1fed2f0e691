//! The way from a file's name to its configs: read, check, raise, apply profiles, follow `requires`, set defaults.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, Map};

use crate::files::Files;
use crate::host::Host;
use crate::skaffold::defaults;
use crate::skaffold::fields::Fields;
use crate::skaffold::model::Config;
use crate::skaffold::require::ConfigLoader;
use crate::skaffold::validate::validate;

/// What a run says about which configs it wants. Nothing is looked up: the caller has decided each.
#[derive(Clone, Debug)]
pub struct LoadOptions<'a> {
    /// `--filename`: a path (relative to `working_dir`), an `https` URL, or `-` for `input`.
    pub file: &'a str,
    /// What `-` stands for: the bytes of standard input.
    pub input: &'a [u8],
    /// The folder that the run takes place in, absolute.
    pub working_dir: &'a str,
    /// `--profile`, in order; `-NAME` switches one off.
    pub profiles: &'a [String],
    /// Profiles that are taken like those, after them, but that no config need have.
    pub optional_profiles: &'a [String],
    /// `--profile-auto-activation`
    pub auto_activation: bool,
    /// `--propagate-profiles`
    pub propagate_profiles: bool,
    /// `--module`, none for all.
    pub modules: &'a [String],
    /// The environment's variables.
    pub environment: &'a BTreeMap<String, String>,
    /// The name of the current kube-context, empty where there is none.
    pub kube_context: &'a str,
    /// The command that Skaffold would run, for `activation.command`: `render`.
    pub command: &'a str,
}

/// The configs of a run.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The configs in the order they are rendered: what is required comes first.
    pub configs: Vec<Config>,
    /// The same configs as documents of the newest version, profiles applied: what `skaffold diagnose --yaml-only` prints,
    /// without defaults.
    pub documents: Vec<Map>,
    /// What is worth saying although the run goes on.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a `skaffold.yaml` and everything it requires.
///
/// # Errors
/// Whatever Skaffold refuses in a config, and a circle of `requires` that it goes round without a word; each with file,
/// line and field.
pub fn load(files: &dyn Files, host: &dyn Host, options: &LoadOptions<'_>) -> Result<Loaded, Errors> {
    let fields = Fields::new();
    let mut loader = ConfigLoader::new(&fields, files, host, options);
    loader.begin()?;
    if loader.configs.is_empty() {
        return Err(nothing_selected(options).into());
    }
    unknown_profiles(&loader.profiles, options)?;
    defaults::renderer(&mut loader.configs);
    validate(&fields, &loader.configs, &loader.trees)?;
    Ok(Loaded { configs: loader.configs, documents: loader.trees, warnings: loader.warnings })
}

fn nothing_selected(options: &LoadOptions<'_>) -> Diagnostic {
    let one = Diagnostic::new(format!("no config is named {}", options.modules.join(" or "))).in_file(options.file);
    one.field("metadata.name").hint("--module takes names of configs, of this file or of one that it requires")
}

/// Refuses a profile that no config of the run has.
fn unknown_profiles(known: &[String], options: &LoadOptions<'_>) -> Result<(), Diagnostic> {
    let has = |name: &&String| !known.contains(&name.strip_prefix('-').unwrap_or(name).to_owned());
    let unknown: Vec<&str> = options.profiles.iter().filter(has).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let there =
        if names.is_empty() { "no config has profiles".to_owned() } else { format!("there are {}", names.join(", ")) };
    let one = Diagnostic::new(format!("no config has the profile {}", unknown.join(", "))).in_file(options.file);
    Err(one.field("profiles").hint(there))
}
