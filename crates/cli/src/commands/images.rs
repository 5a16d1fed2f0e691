//! `hydrant images`: the images in YAML files.

use std::collections::BTreeMap;

use delivery::host::disk::DiskFiles;
use delivery::images::digests::{Pinner, ResolveContext};
use delivery::lock::Lock;
use delivery::lock::LockMode;
use delivery::verbs::pin::{self, PinFlags, Setup};

use crate::arguments::lock_file::current_dir;
use crate::arguments::registries::{PlatformArguments, RegistryArguments};
use crate::arguments::search::SearchArguments;
use crate::outcome::{Failure, Success};
use crate::output::{self, ReportForm, TextOrJson};
use crate::run_context::run_context;

/// List the images in YAML files, with their locations and digests
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  hydrant images --unpinned deploy/")]
pub(crate) struct Arguments {
    /// Read these files, folders (every .yaml, .yml and .json file in them), or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// List only images without a digest
    #[arg(long, env = "HYDRANT_UNPINNED")]
    unpinned: bool,
    /// Exit with code 3 if an image has no digest
    #[arg(long, env = "HYDRANT_EXIT_CODE")]
    exit_code: bool,
    /// Query registries for the source repository and revision of each image
    #[arg(long, env = "HYDRANT_ORIGINS")]
    origins: bool,
    /// Print the list in this format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text", env = "HYDRANT_FORMAT")]
    format: TextOrJson,
    #[command(flatten)]
    search: SearchArguments,
    #[command(flatten)]
    platform: PlatformArguments,
    #[command(flatten)]
    registries: RegistryArguments,
}

/// Finds the images and prints the list. Without `--origins`, nothing uses the network.
///
/// # Errors
/// A file cannot be read or, with `--origins`, an image cannot be resolved.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let (files, folder) = (DiskFiles::default(), current_dir()?);
    let typed = PinFlags {
        registries: arguments.registries.typed(arguments.platform, &folder)?,
        ..arguments.search.typed(&folder)?
    };
    let setup = Setup::new(&files, &folder, &typed)?.with_sources();
    let inputs = pin::read(&arguments.files)?;
    let images = pin::find(&inputs, &setup.search)?;
    pin::incomplete(&inputs, &setup.search).iter().for_each(output::warning);
    drop(inputs);
    let mut origins = BTreeMap::new();
    if arguments.origins {
        let ctx = run_context()?;
        let progress = ctx.progress.resolving();
        let resolve_ctx = ResolveContext {
            options: setup.options.clone(),
            variables: &ctx.variables,
            trust: ctx.trust,
            now: 0,
            progress,
        };
        let mut pinner = Pinner::new(LockMode::Ignore, Lock::default(), &setup.lock_file, resolve_ctx);
        let (found, warnings) = pin::origins(&images, &setup.search, &mut pinner)?;
        warnings.iter().for_each(output::warning);
        origins = found;
    }
    let listed = pin::list(&images, &origins, arguments.unpinned);
    let form = ReportForm::json_if(matches!(arguments.format, TextOrJson::Json));
    output::report(
        &match arguments.format {
            TextOrJson::Text => pin::text(&listed),
            TextOrJson::Json => pin::json(&listed),
        },
        form,
    )?;
    let all_pinned = images.iter().all(|one| one.found.image.is_pinned());
    Ok(if all_pinned || !arguments.exit_code { Success::Done } else { Success::Different })
}
