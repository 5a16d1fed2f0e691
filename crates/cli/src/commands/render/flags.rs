//! The options of `hydrant render`: those of `skaffold render` of every version since v1.17, and hydrant's own.

use std::path::PathBuf;

use super::digests::DigestArguments;
use super::units::UnitSelection;
use crate::verbosity::Level;

/// Print the manifests of a skaffold.yaml as `skaffold render` does, or what a delivery would write for units of hydrant.yaml
///
/// With --service, --env or --all, the units of hydrant.yaml are rendered with the images that their branches record, pinned and checked as
/// by `hydrant deliver`, and nothing is written to a branch. --output then names a folder that gets a file SERVICE/ENVIRONMENT.yaml for
/// each unit, or the file of a single unit. Without them, a skaffold.yaml is rendered without docker, kubectl or a cluster.
///
/// Skaffold's options are also read from SKAFFOLD_NAME in the environment and in skaffold.env. The command line wins, and lists are
/// joined.
#[derive(Debug, Default, clap::Args)]
#[command(args_override_self = true)]
#[command(
    after_help = "Examples:\n  hydrant render -p production -t v1.4.2\n  hydrant render --pin --locked -o manifests.yaml\n  hydrant render -s cart -e staging\n  hydrant render --all -o rendered"
)]
pub(crate) struct Arguments {
    /// Run in this folder [default: .]
    #[arg(short = 'C', long, value_name = "FOLDER", env = "HYDRANT_DIRECTORY")]
    pub(super) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(super) units: UnitSelection,
    #[command(flatten)]
    pub(super) digests: DigestArguments,
    #[command(flatten)]
    pub(super) skaffold: Skaffold,
    #[command(flatten)]
    pub(super) idle: Idle,
}

/// Skaffold's options that have an effect.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Skaffold's options")]
pub(crate) struct Skaffold {
    /// Read this config: a path, an https URL, or - for standard input [default: skaffold.yaml]
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true)]
    pub(super) filename: Option<String>,
    /// Render these configs and the ones that they require (repeatable, or separated by commas) [default: all]
    #[arg(short, long, value_name = "NAME")]
    pub(super) module: Vec<String>,
    /// Activate these profiles; -NAME deactivates one (repeatable, or separated by commas)
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub(super) profile: Vec<String>,
    /// Activate profiles by their activation rules [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) profile_auto_activation: Option<bool>,
    /// Activate the profiles of --profile in required configs, too [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) propagate_profiles: Option<bool>,
    /// Prefix the images that the config builds with this registry and path; empty for none
    #[arg(short, long, value_name = "PREFIX")]
    pub(super) default_repo: Option<String>,
    /// Read built images from this file of `skaffold build --file-output` or `docker buildx build --metadata-file`; - for standard input
    #[arg(short = 'a', long, value_name = "FILE", allow_hyphen_values = true)]
    pub(super) build_artifacts: Option<String>,
    /// Use this built image: REPOSITORY:TAG or NAME=REPOSITORY:TAG (repeatable, or separated by commas)
    #[arg(short, long, value_name = "IMAGE")]
    pub(super) images: Vec<String>,
    /// Tag the images that the config builds with this tag [default: by the config's tagPolicy]
    #[arg(short, long, value_name = "TAG")]
    pub(super) tag: Option<String>,
    /// Take digests from remote (the registry), tag (no digests) or none (images are not replaced) [default: remote]
    #[arg(long, value_name = "SOURCE")]
    pub(super) digest_source: Option<String>,
    /// Write the manifests to this file, atomically
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<String>,
    /// Leave namespaces unchanged (hydrant never contacts a cluster)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) offline: Option<bool>,
    /// Print the image of each artifact on stderr
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) loud: Option<bool>,
    /// Log at this level: error (as -q), warn, info (as -v), debug (as -vv); without a level as -v and -vv elsewhere
    #[arg(
        id = "verbose",
        short = 'v',
        long = "verbosity",
        alias = "verbose",
        num_args = 0..=1,
        default_missing_value = "",
        action = clap::ArgAction::Append,
        value_name = "LEVEL"
    )]
    pub(super) verbosity: Vec<Level>,
    /// Add this label to workloads that lack it, as NAME=VALUE (repeatable, or separated by commas)
    #[arg(short, long, value_name = "LABEL")]
    pub(super) label: Vec<String>,
    /// Set the namespace of workloads without one, unless --offline, and of helm releases
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// Set a value for fields marked `# from-param: ${NAME}` and for helm, as NAME=VALUE (repeatable, or separated by commas)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// Read values for --set from this file, one NAME=VALUE per line
    #[arg(long, value_name = "FILE")]
    pub(super) set_value_file: Option<String>,
    /// Read additional allow and deny rules for image and label fields from this file, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(super) resource_selector_rules_file: Option<String>,
    /// Refused if true: hydrant does not look up platforms
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) enable_platform_node_affinity: Option<bool>,
}

/// Skaffold's options without an effect, accepted so that command lines keep working.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Skaffold's options without effect")]
pub(crate) struct Idle {
    /// Ignored: hydrant never adds the labels of Skaffold v1
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) add_skaffold_labels: Option<bool>,
    /// Ignored: hydrant does not prompt
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) assume_yes: Option<bool>,
    /// Ignored: hydrant builds no images
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) cache_artifacts: Option<bool>,
    /// Ignored: output has no colours
    #[arg(long, value_name = "NUMBER")]
    pub(super) color: Option<String>,
    /// Ignored: hydrant contacts no cluster
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) enable_gke_arm_node_toleration: Option<bool>,
    /// Ignored: hydrant has no server
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) enable_rpc: Option<bool>,
    /// Ignored: hydrant writes no event log
    #[arg(long, value_name = "FILE")]
    pub(super) event_log_file: Option<String>,
    /// Ignored: output has no colours
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) force_colors: Option<bool>,
    /// Ignored: hydrant does not run kpt
    #[arg(long, value_name = "FOLDER")]
    pub(super) hydration_dir: Option<String>,
    /// Ignored: hydrant does not prompt
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) interactive: Option<bool>,
    /// Ignored: hydrant writes no event log
    #[arg(long, value_name = "FILE")]
    pub(super) last_log_file: Option<String>,
    /// Ignored: hydrant builds no images
    #[arg(long, value_name = "PLATFORM")]
    pub(super) platform: Vec<String>,
    /// Ignored: hydrant keeps fetched repositories in a temporary folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) remote_cache_dir: Option<String>,
    /// Ignored: hydrant always fetches
    #[arg(long, value_name = "WHEN")]
    pub(super) sync_remote_cache: Option<String>,
    /// Ignored: output has no timestamps
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) timestamps: Option<bool>,
    /// Ignored: hydrant does not check for updates
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) update_check: Option<bool>,
    /// Ignored: hydrant sends no usage data
    #[arg(short, long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Ignored: hydrant has no server
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) wait_for_connection: Option<bool>,
}

impl Idle {
    /// Returns the options that were given, such as `--color`.
    pub(super) fn typed(&self) -> Vec<&'static str> {
        let all = [
            ("--add-skaffold-labels", self.add_skaffold_labels.is_some()),
            ("--assume-yes", self.assume_yes.is_some()),
            ("--cache-artifacts", self.cache_artifacts.is_some()),
            ("--color", self.color.is_some()),
            ("--enable-gke-arm-node-toleration", self.enable_gke_arm_node_toleration.is_some()),
            ("--enable-rpc", self.enable_rpc.is_some()),
            ("--event-log-file", self.event_log_file.is_some()),
            ("--force-colors", self.force_colors.is_some()),
            ("--hydration-dir", self.hydration_dir.is_some()),
            ("--interactive", self.interactive.is_some()),
            ("--last-log-file", self.last_log_file.is_some()),
            ("--platform", !self.platform.is_empty()),
            ("--remote-cache-dir", self.remote_cache_dir.is_some()),
            ("--sync-remote-cache", self.sync_remote_cache.is_some()),
            ("--timestamps", self.timestamps.is_some()),
            ("--update-check", self.update_check.is_some()),
            ("--user", self.user.is_some()),
            ("--wait-for-connection", self.wait_for_connection.is_some()),
        ];
        all.into_iter().filter(|(_, typed)| *typed).map(|(name, _)| name).collect()
    }
}
