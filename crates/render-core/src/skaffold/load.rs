//! The way from a file's name to its configs: read, check, raise, apply profiles, follow `requires`, set defaults.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors};

use super::model::Config;
use crate::files::Files;
use crate::outside::Outside;

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
    /// What is worth saying although the run goes on.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a `skaffold.yaml` and everything it requires.
///
/// # Errors
/// Whatever Skaffold refuses in a config, each with file, line and field.
pub fn load(_files: &dyn Files, _outside: &dyn Outside, options: &LoadOptions<'_>) -> Result<Loaded, Errors> {
    Err(Diagnostic::new("skaffold.yaml cannot be read yet").in_file(options.file).into())
}
