//! `hydrant render` of units of `hydrant.yaml`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use delivery::host::output_folder::{OutputError, OutputFolder};
use delivery::lock::LockOptions;
use delivery::plan::settings::{Selection, Settings};
use delivery::report::FailedUnit;
use delivery::verbs::render_twice::render_twice;
use delivery::verbs::render_units::{RenderedUnits, UnitText, render_units};

use crate::arguments::findings::{FindingArguments, FindingFormat};
use crate::arguments::images::ImageArguments;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Units of hydrant.yaml, in place of a folder with a skaffold.yaml.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Options for the units of hydrant.yaml")]
pub(crate) struct UnitSelection {
    /// Print what a delivery would write for every service in every environment
    #[arg(long)]
    all: bool,
    /// Print what a delivery would write for this service, by its name or a glob (repeatable, or separated by commas)
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    service: Vec<String>,
    /// Print what a delivery would write to this environment, by its name or a glob (repeatable, or separated by commas)
    #[arg(short = 'e', long = "env", value_name = "NAME", value_delimiter = ',')]
    environments: Vec<String>,
    /// Read this config file [default: hydrant.yaml in the folder or in the nearest one above it]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Render two times, under another clock, environment, order and number of threads, and name each field that differs; the exit code is 3 if one does
    #[arg(long)]
    twice: bool,
    /// Print the findings of schemas and risks, not the manifests
    #[arg(long, value_enum, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text", conflicts_with = "twice")]
    check: Option<FindingFormat>,
    #[command(flatten)]
    findings: FindingArguments,
    /// Run this image, as NAME=REFERENCE; NAME=source ends an assignment (repeatable, or separated by commas)
    #[arg(long = "image", value_name = "NAME=REFERENCE")]
    image: Vec<String>,
}

impl UnitSelection {
    /// Whether units are selected.
    pub(super) fn is_given(&self) -> bool {
        self.all || !self.service.is_empty() || !self.environments.is_empty()
    }
}

/// The options of `hydrant render` that have an effect on the units of hydrant.yaml.
const UNIT_OPTIONS: &[&str] = &[
    "directory",
    "all",
    "service",
    "environments",
    "config",
    "twice",
    "image",
    "output",
    "allow_exec",
    "locked",
    "lock",
    "lock_file",
    "update",
    "check",
    "sarif",
    "annotations",
];

/// Returns the options on the command line that have no effect on the selected units, such as `--profile`; none if no unit is selected.
pub(crate) fn without_effect(matches: &ArgMatches) -> Vec<String> {
    let Some(("render", verb)) = matches.subcommand() else { return Vec::new() };
    let is_typed =
        |id: &str| verb.ids().any(|known| known == id) && verb.value_source(id) == Some(ValueSource::CommandLine);
    if !["all", "service", "environments"].into_iter().any(is_typed) {
        return Vec::new();
    }
    let has_effect = |id: &str| UNIT_OPTIONS.contains(&id) && !(id == "output" && is_typed("twice"));
    let command = super::Arguments::augment_args(clap::Command::new("render"));
    let unused = command.get_arguments().filter(|option| {
        let id = option.get_id().as_str();
        is_typed(id) && !has_effect(id)
    });
    unused.map(|option| format!("--{}", option.get_long().unwrap_or(option.get_id().as_str()))).collect()
}

/// Prints the units, or writes each to a file `SERVICE/ENVIRONMENT.yaml` below the folder `target`. A single selected unit is written to
/// the file `target`, unless that is a folder.
///
/// # Errors
/// A unit cannot be rendered; the others are written.
pub(super) fn run(
    selected: UnitSelection,
    folder: &str,
    target: Option<String>,
    allow_exec: bool,
    locking: LockOptions,
) -> Result<Success, Failure> {
    let is_all = selected.all;
    let config = selected.config.map(|path| Path::new(folder).join(path).display().to_string());
    let settings = Settings {
        selection: Selection {
            all: selected.all,
            services: selected.service,
            environments: selected.environments,
            ..Selection::default()
        },
        given_images: ImageArguments::of(selected.image).given()?,
        config,
        allow_exec,
        locking,
        folder: folder.to_owned(),
        ..Settings::default()
    };
    if selected.twice {
        return twice(&settings);
    }
    let rendered = render_units(&settings, &run_context()?)?;
    output::child_stderr(&rendered.stderr);
    selected.findings.write(&rendered.findings)?;
    if let Some(format) = selected.check {
        format.print(&rendered.findings)?;
        return ended(&rendered.failed);
    }
    rendered.warnings.iter().for_each(output::warning);
    if let Some(lock) = &rendered.lock {
        output::lock_file(&rendered.lock_file, lock)?;
    }
    match target {
        None => output::result_bytes(&joined(&rendered))?,
        Some(path) => {
            let target = Path::new(folder).join(&path);
            match rendered.units.as_slice() {
                [unit] if !is_all && !path.ends_with('/') && !target.is_dir() => write_file(&target, &unit.text)?,
                units => write_folder(&target, units)?,
            }
        }
    }
    ended(&rendered.failed)
}

fn ended(failed: &[FailedUnit]) -> Result<Success, Failure> {
    match FailedUnit::failure(failed) {
        None => Ok(Success::Done),
        Some(failure) => Err(failure.into()),
    }
}

/// Prints the fields that differ between two renderings.
fn twice(settings: &Settings) -> Result<Success, Failure> {
    let units = render_twice(settings, &run_context()?)?;
    let mut text = String::new();
    for unit in &units {
        unit.differing.iter().for_each(|field| text.push_str(&format!("{}: {field}\n", unit.unit)));
        unit.sorted.iter().for_each(|call| {
            output::note(&format!("{}: sorted, in random order with helm: {call}", unit.unit));
        });
    }
    output::result(&text)?;
    let differ = units.iter().any(|unit| !unit.differing.is_empty());
    Ok(if differ { Success::Different } else { Success::Done })
}

/// The units as one stream of documents.
fn joined(rendered: &RenderedUnits) -> Vec<u8> {
    let mut text: Vec<u8> = Vec::new();
    for unit in &rendered.units {
        if !text.is_empty() && !unit.text.starts_with(b"---") {
            text.extend_from_slice(b"---\n");
        }
        text.extend_from_slice(&unit.text);
    }
    text
}

/// Writes one file a unit.
fn write_folder(folder: &Path, units: &[UnitText]) -> Result<(), Failure> {
    let folder = OutputFolder::create(folder).map_err(output_error)?;
    for unit in units {
        let path = Path::new(&unit.service).join(format!("{}.yaml", unit.environment));
        folder.write(&path, &unit.text).map_err(output_error)?;
    }
    Ok(())
}

fn output_error(error: OutputError) -> Failure {
    Failure::Input(anyhow::Error::new(error))
}

fn write_file(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
    made.with_context(|| path.display().to_string()).map_err(Failure::Input)
}
