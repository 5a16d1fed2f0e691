//! `hydrant pin`: adds digests to the images in YAML files.

use std::path::Path;

use delivery::host::disk::DiskFiles;
use delivery::images::digests::{Pinner, ResolveContext};
use delivery::lock;
use delivery::verbs::pin::{self, Input, PinFlags, Setup};

use crate::arguments::lock_file::{LockArguments, LockedArguments, current_dir};
use crate::arguments::registries::{PlatformArguments, RegistryArguments};
use crate::arguments::search::SearchArguments;
use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

/// Pin the images in YAML files to repo:tag@sha256:…, in place, without any other change
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant pin deploy/\n  hydrant kustomize overlays/production | hydrant pin -")]
pub(crate) struct Arguments {
    /// Pin these files, folders (every .yaml, .yml and .json file in them), or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Print the result to stdout instead of changing the files; always done for standard input
    #[arg(long, env = "HYDRANT_STDOUT")]
    stdout: bool,
    /// Change nothing, and exit with code 3 if a file would change
    #[arg(long, env = "HYDRANT_CHECK", conflicts_with_all = ["stdout", "lock", "update"])]
    check: bool,
    #[command(flatten)]
    search: SearchArguments,
    #[command(flatten)]
    locked: LockedArguments,
    #[command(flatten)]
    lock: LockArguments,
    #[command(flatten)]
    platform: PlatformArguments,
    #[command(flatten)]
    registries: RegistryArguments,
}

/// Finds and resolves the images, then writes the files. Nothing is written unless every image has a digest.
///
/// # Errors
/// A file cannot be read or written, or an image cannot be resolved.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let (ctx, files, folder) = (run_context()?, DiskFiles::default(), current_dir()?);
    let typed = PinFlags {
        locking: arguments.locked.locking(arguments.lock, &folder)?,
        registries: arguments.registries.typed(arguments.platform, &folder)?,
        ..arguments.search.typed(&folder)?
    };
    let setup = Setup::new(&files, &folder, &typed)?.with_sources();
    let inputs = pin::read(&arguments.files)?;
    let images = pin::find(&inputs, &setup.search)?;
    pin::incomplete(&inputs, &setup.search).iter().for_each(output::warning);
    let lock = lock::read(&files, &setup.lock_file, &setup.lock_mode)?;
    let resolve_ctx = ResolveContext {
        options: setup.options.clone(),
        variables: &ctx.variables,
        trust: ctx.trust,
        now: ctx.now.map_or(0, |now| now.seconds),
        progress: ctx.progress.resolving(),
    };
    let mut pinner = Pinner::new(setup.lock_mode.clone(), lock, &setup.lock_file, resolve_ctx);
    let pins = pinner.resolve(&setup.wanted(&images))?;
    pinner.check_updates()?;
    let all = images.len();
    // Release the memory: the next step reads the files again, and there may be many.
    drop(images);
    let pinned = pin::pin(inputs, &setup.search, &pins)?;
    let changed: usize = pinned.iter().map(|(_, count)| count).sum();
    if arguments.check {
        return check(&pinned);
    }
    let lock = pinner.into_lock().map(|lock| lock.print()).filter(|text| output::differs(&setup.lock_file, text));
    write(&pinned, arguments.stdout, lock.as_deref().map(|text| (Path::new(&setup.lock_file), text)))?;
    output::note(&match (changed, all) {
        (_, 0) => "no images".to_owned(),
        (0, all) => format!("{all} images, all already pinned"),
        (changed, all) => format!("{changed} of {all} images pinned"),
    });
    Ok(Success::Done)
}

fn check(pinned: &[(Input, usize)]) -> Result<Success, Failure> {
    let mut done = Success::Done;
    for (input, count) in pinned.iter().filter(|(_, count)| *count > 0) {
        output::note(&format!("{}: {count} images would change", input.name));
        done = Success::Different;
    }
    Ok(done)
}

/// Writes the files and the lock file together. Output to stdout comes first, because its reader may have closed it.
fn write(pinned: &[(Input, usize)], stdout: bool, lock: Option<(&Path, &str)>) -> Result<(), Failure> {
    let mut files: Vec<(&Path, &str)> = lock.into_iter().collect();
    let mut first = true;
    for (input, count) in pinned {
        match &input.path {
            Some(path) if !stdout => files.extend((*count > 0).then_some((path.as_path(), input.text.as_str()))),
            _ => {
                // Files on one stream are separate documents.
                let apart = first || input.text.starts_with("---");
                output::result(if apart { "" } else { "---\n" })?;
                output::result(&input.text)?;
                first = false;
            }
        }
    }
    output::result_files(&files)
}
