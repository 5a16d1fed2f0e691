//! `hydrant check`: schemas and risks of any manifests.

use std::path::PathBuf;

use anyhow::Context;
use delivery::host::disk::{DiskFiles, absolute};
use delivery::report::findings::UnitFinding;
use delivery::verbs::check::{CheckOptions, InputPath, KubernetesVersion, check};

use crate::arguments::findings::{FindingArguments, FindingFormat};
use crate::outcome::{Failure, Success};

/// Check manifests against the schemas of Kubernetes and of custom resources
///
/// Definitions of custom resources are taken from the manifests and from --crds. A hydrant.yaml is neither needed nor read. The exit code is
/// 1 if the API server would refuse an object.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  hydrant check manifests/\n  hydrant kustomize overlays/production | hydrant check -\n  hydrant check --kubernetes 1.33 --crds crds/ --format sarif manifests/"
)]
pub(crate) struct Arguments {
    /// Check these files and folders; - for standard input
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Check against the schemas of this version of Kubernetes [default: the newest known]
    #[arg(long, value_name = "VERSION", env = "HYDRANT_KUBERNETES")]
    kubernetes: Option<String>,
    /// Read definitions of custom resources from this file or folder (repeatable)
    #[arg(long, value_name = "PATH")]
    crds: Vec<PathBuf>,
    /// Do not check objects of this kind (repeatable, or separated by commas)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    skip: Vec<String>,
    /// Do not report findings with this id (repeatable, or separated by commas)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Exit with code 1 for warnings and for kinds without a schema, too
    #[arg(long)]
    strict: bool,
    /// Print the findings in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: FindingFormat,
    #[command(flatten)]
    findings: FindingArguments,
}

/// Checks the manifests and prints the findings.
///
/// # Errors
/// A finding refuses an object, or an input cannot be read.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let named = |path: &PathBuf| {
        let shown = path.display().to_string();
        let path = absolute(path).with_context(|| shown.clone()).map_err(Failure::Input)?;
        Ok(InputPath { shown, path })
    };
    let is_input = |path: &&PathBuf| path.as_os_str() == "-";
    let has_input = arguments.paths.iter().any(|path| is_input(&path));
    let kubernetes = arguments.kubernetes.as_deref().map(str::parse::<KubernetesVersion>).transpose();
    let options = CheckOptions {
        paths: arguments.paths.iter().filter(|path| !is_input(path)).map(named).collect::<Result<_, Failure>>()?,
        standard_input: has_input.then(standard_input).transpose()?,
        kubernetes: kubernetes.map_err(delivery::verbs::check::unknown_version)?.unwrap_or_default(),
        crds: arguments.crds.iter().map(named).map(|one| Ok(one?.path)).collect::<Result<_, Failure>>()?,
        skip: arguments.skip,
        ignore: arguments.ignore,
    };
    let report = check(&DiskFiles::default(), &options)?;
    arguments.findings.write(&report.findings)?;
    arguments.format.print(&report.findings)?;
    let counts = |one: &&UnitFinding| one.is_refusal() || arguments.strict;
    let count = report.findings.iter().filter(counts).count();
    if count == 0 {
        return Ok(Success::Done);
    }
    let (files, objects) = (report.files, report.objects);
    Err(Failure::Input(anyhow::anyhow!("{count} findings in {objects} objects of {files} files")))
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    delivery::host::read_stream(&mut std::io::stdin().lock()).context("standard input").map_err(Failure::Input)
}
