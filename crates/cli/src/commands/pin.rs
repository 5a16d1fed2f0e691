//! `hydrant pin`: images in any YAML get their digests.

use std::path::PathBuf;

use delivery::ImageRef;
use delivery::lock_file::{self, Lock};
use delivery::pin::{self, Digests, Input, Search, Update, World};

use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Progress;
use crate::registries::RegistryArguments;
use crate::surroundings::surroundings;

/// Pin the images in YAML files to repo:tag@sha256:…, in place, changing no other byte
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, folders (every .yaml, .yml and .json below them), or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Print what came to stdout instead of changing the files; always so for standard input
    #[arg(long, env = "HYDRANT_STDOUT")]
    stdout: bool,
    /// Change nothing, and say by exit code 3 that something would change
    #[arg(long, env = "HYDRANT_CHECK", conflicts_with_all = ["stdout", "lock"])]
    check: bool,
    /// Search rules and overrides: kbld's Config, kbld's or imgpkg's lock file (repeat)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_RULES")]
    rules: Vec<String>,
    /// Take digests from the lock file, ask registries for what it lacks, and write them down there
    #[arg(long, env = "HYDRANT_LOCK")]
    lock: bool,
    /// Take every digest from the lock file and open no socket
    #[arg(long, env = "HYDRANT_LOCKED", conflicts_with_all = ["lock", "update"])]
    locked: bool,
    /// Ask again for what is locked: all images, or these; implies --lock
    #[arg(long, value_name = "IMAGE", num_args = 0..=1, require_equals = true, value_delimiter = ',')]
    update: Option<Vec<ImageRef>>,
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = "hydrant.lock", env = "HYDRANT_LOCK_FILE")]
    lock_file: PathBuf,
    #[command(flatten)]
    registries: RegistryArguments,
}

/// Finds, resolves and writes. Nothing is written before every image has its digest.
///
/// # Errors
/// Everything that is wrong with the files, every image that has no digest, and what cannot be written.
pub(crate) fn run(arguments: Arguments) -> Result<Done, Failure> {
    let around = surroundings()?;
    let search = Search::read(&arguments.rules)?;
    let inputs = pin::read(&arguments.files)?;
    let images = pin::find(&inputs, &search)?;
    let source = source(&arguments);
    let mut lock = match source {
        Digests::Registries => Lock::default(),
        Digests::Locked => lock_file::read(&arguments.lock_file)?,
        Digests::Lock(_) => lock_file::read_or_new(&arguments.lock_file)?,
    };
    let before = lock.print();
    let options = arguments.registries.options(|name| around.variables.get(name).cloned());
    let progress = Progress::new("resolving images");
    let world = World {
        options: &options,
        variables: &around.variables,
        now: around.now.map_or(0, |now| now.seconds),
        watch: &|done, total| progress.show(done, total),
    };
    let answers = pin::digests(&images, &search, &source, &mut lock, &world)?;
    drop(progress);
    let pinned = pin::pin(inputs, &search, &answers)?;
    let changed: usize = pinned.iter().map(|(_, count)| count).sum();
    if arguments.check {
        return check(&pinned);
    }
    if matches!(source, Digests::Lock(_)) && lock.print() != before || !arguments.lock_file.exists() && arguments.lock {
        output::result_file(&arguments.lock_file, &lock.print())?;
    }
    write(&pinned, arguments.stdout)?;
    output::note(&match (changed, images.len()) {
        (_, 0) => "no images".to_owned(),
        (0, all) => format!("{all} images, all pinned before"),
        (changed, all) => format!("{changed} of {all} images pinned"),
    });
    Ok(Done::Well)
}

fn source(arguments: &Arguments) -> Digests {
    match &arguments.update {
        _ if arguments.locked => Digests::Locked,
        Some(these) if these.is_empty() => Digests::Lock(Update::Everything),
        Some(these) => Digests::Lock(Update::These(these.clone())),
        None if arguments.lock => Digests::Lock(Update::Nothing),
        None => Digests::Registries,
    }
}

fn check(pinned: &[(Input, usize)]) -> Result<Done, Failure> {
    let mut done = Done::Well;
    for (input, count) in pinned.iter().filter(|(_, count)| *count > 0) {
        output::note(&format!("{}: {count} images would change", input.name));
        done = Done::Different;
    }
    Ok(done)
}

fn write(pinned: &[(Input, usize)], stdout: bool) -> Result<(), Failure> {
    for (index, (input, count)) in pinned.iter().enumerate() {
        match &input.path {
            Some(path) if !stdout => {
                if *count > 0 {
                    output::result_file(path, &input.text)?;
                }
            }
            _ => {
                // Two files on one stream are two documents.
                let apart = index == 0 || input.text.starts_with("---");
                output::result(if apart { "" } else { "---\n" })?;
                output::result(&input.text)?;
            }
        }
    }
    Ok(())
}
