//! The options of loading a `skaffold.yaml`.

use std::collections::BTreeMap;

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
