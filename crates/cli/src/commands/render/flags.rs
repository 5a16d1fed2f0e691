//! The flags of `hydrant render`: those of `skaffold render`, of every version since v1.17, and our own.

use std::path::PathBuf;

use super::digests::DigestArguments;
use crate::verbosity::Level;

/// Print the manifests of a skaffold.yaml, as skaffold render would, without docker, kubectl or a cluster
///
/// Each flag of Skaffold's is also taken from SKAFFOLD_NAME in the environment and in skaffold.env; a flag that is typed wins,
/// and lists are joined.
#[derive(Debug, Default, clap::Args)]
#[command(args_override_self = true)]
pub(crate) struct Arguments {
    /// Run as if in this folder
    #[arg(short = 'C', long, value_name = "FOLDER", env = "HYDRANT_DIRECTORY")]
    pub(super) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(super) digests: DigestArguments,
    #[command(flatten)]
    pub(super) skaffold: Skaffold,
    #[command(flatten)]
    pub(super) idle: Idle,
}

/// Skaffold's flags that do something.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Skaffold's flags")]
pub(crate) struct Skaffold {
    /// The config: a path, an https URL, or - for standard input
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true)]
    pub(super) filename: Option<String>,
    /// Render these configs and what they require (repeat, or separate by commas)
    #[arg(short, long, value_name = "NAME")]
    pub(super) module: Vec<String>,
    /// Apply these profiles; -NAME switches one off (repeat, or separate by commas)
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub(super) profile: Vec<String>,
    /// Apply profiles by their activation rules [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) profile_auto_activation: Option<bool>,
    /// Apply --profile to required configs too [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) propagate_profiles: Option<bool>,
    /// The registry and path that the config's artifacts were pushed to; empty for none
    #[arg(short, long, value_name = "PREFIX")]
    pub(super) default_repo: Option<String>,
    /// A file of builds, from `skaffold build --file-output` or `docker buildx build --metadata-file`; - for standard input
    #[arg(short = 'a', long, value_name = "FILE", allow_hyphen_values = true)]
    pub(super) build_artifacts: Option<String>,
    /// Images that were built: REPOSITORY:TAG or NAME=REPOSITORY:TAG (repeat, or separate by commas)
    #[arg(short, long, value_name = "IMAGE")]
    pub(super) images: Vec<String>,
    /// The tag of every artifact, instead of what tagPolicy says
    #[arg(short, long, value_name = "TAG")]
    pub(super) tag: Option<String>,
    /// Where digests come from: remote (the registry), tag (nowhere), none (manifests keep their images) [default: remote]
    #[arg(long, value_name = "SOURCE")]
    pub(super) digest_source: Option<String>,
    /// Write the manifests to this file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<String>,
    /// Leave namespaces as they are (no cluster is asked in any case)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) offline: Option<bool>,
    /// Say on stderr which image each artifact became
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
    /// Labels for workloads, NAME=VALUE; none is overwritten (repeat, or separate by commas)
    #[arg(short, long, value_name = "LABEL")]
    pub(super) label: Vec<String>,
    /// The namespace of workloads that have none, unless --offline, and of helm releases
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// A value for fields marked `# from-param: ${NAME}` and for helm: NAME=VALUE (repeat, or separate by commas)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// A file of such values, NAME=VALUE a line
    #[arg(long, value_name = "FILE")]
    pub(super) set_value_file: Option<String>,
    /// More rules on which fields are images and labels: allow and deny, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(super) resource_selector_rules_file: Option<String>,
    /// Refused where true: the nodes' platforms are not looked up
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) enable_platform_node_affinity: Option<bool>,
}

/// Skaffold's flags that mean nothing here, accepted so that command lines keep working.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Skaffold's flags without effect")]
pub(crate) struct Idle {
    /// Never added (Skaffold v1)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) add_skaffold_labels: Option<bool>,
    /// Nothing is asked
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) assume_yes: Option<bool>,
    /// Nothing is built
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) cache_artifacts: Option<bool>,
    /// stderr is plain
    #[arg(long, value_name = "NUMBER")]
    pub(super) color: Option<String>,
    /// No cluster is asked
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) enable_gke_arm_node_toleration: Option<bool>,
    /// There is no server
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) enable_rpc: Option<bool>,
    /// There are no events
    #[arg(long, value_name = "FILE")]
    pub(super) event_log_file: Option<String>,
    /// stderr is plain
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) force_colors: Option<bool>,
    /// kpt is not run
    #[arg(long, value_name = "FOLDER")]
    pub(super) hydration_dir: Option<String>,
    /// Nothing is asked
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) interactive: Option<bool>,
    /// There are no events
    #[arg(long, value_name = "FILE")]
    pub(super) last_log_file: Option<String>,
    /// Nothing is built
    #[arg(long, value_name = "PLATFORM")]
    pub(super) platform: Vec<String>,
    /// Fetched repositories are kept in a folder of the run
    #[arg(long, value_name = "FOLDER")]
    pub(super) remote_cache_dir: Option<String>,
    /// Fetched repositories are always current
    #[arg(long, value_name = "WHEN")]
    pub(super) sync_remote_cache: Option<String>,
    /// stderr has no times
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) timestamps: Option<bool>,
    /// No update is looked for
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) update_check: Option<bool>,
    /// Nobody is told who runs this
    #[arg(short, long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// There is no server
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) wait_for_connection: Option<bool>,
}

impl Idle {
    /// The flags that were typed, such as `--color`.
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
