//! The options of every verb that works on units, each with its environment variable.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::FalseyValueParser;
use delivery::config::{GivenDigests, Images, Profiles, Secrets, Template};
use delivery::plan::settings::{Selection, Settings};

use crate::arguments::lock_file::{LockArguments, LockedArguments, below};
use crate::arguments::registries::{PlatformArguments, RegistryArguments};
use crate::arguments::review::{RequestArguments, ReviewModeArgument};
use crate::arguments::template::template;
use crate::arguments::trust::ExecArguments;
use crate::outcome::Failure;

/// The options of every verb that works on units.
#[derive(Debug, clap::Args)]
pub(crate) struct UnitArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    values: ValueArguments,
}

/// Which units a verb works on.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Selection options")]
struct SelectionArguments {
    /// Run in this folder
    #[arg(short = 'C', long, value_name = "FOLDER", default_value = ".", env = "HYDRANT_DIRECTORY")]
    directory: PathBuf,
    /// Read this config file [default: hydrant.yaml in the folder or in the nearest one above it]
    #[arg(long, value_name = "FILE", env = "HYDRANT_CONFIG")]
    config: Option<PathBuf>,
    /// Select every service in every environment
    #[arg(long, env = "HYDRANT_ALL")]
    all: bool,
    /// Select this service, by its name or a glob (repeatable, or separated by commas)
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_SERVICE")]
    service: Vec<String>,
    /// Select this environment, by its name or a glob (repeatable, or separated by commas)
    #[arg(
        short = 'e',
        long = "env",
        alias = "environment",
        value_name = "NAME",
        value_delimiter = ',',
        env = "HYDRANT_ENV"
    )]
    environments: Vec<String>,
    /// Select the environments with exactly these Skaffold profiles; without a config file, activate them for the only unit
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_PROFILE")]
    profile: Vec<String>,
}

/// Values that replace those of hydrant.yaml.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options that replace values of hydrant.yaml")]
struct ValueArguments {
    /// Read this Skaffold config in each service's folder [default: skaffold.yaml]
    #[arg(short, long, value_name = "FILE", env = "HYDRANT_FILENAME", value_parser = template)]
    filename: Option<Template>,
    /// Render these modules of the Skaffold config (repeatable, or separated by commas) [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_MODULE")]
    module: Vec<String>,
    /// Render this kustomization in each service's folder, without Skaffold
    #[arg(short, long, value_name = "FOLDER", env = "HYDRANT_KUSTOMIZE", value_parser = template, conflicts_with = "filename")]
    kustomize: Option<Template>,
    /// Prefix the images that the Skaffold config builds with this registry and path
    #[arg(short, long, value_name = "PREFIX", env = "HYDRANT_DEFAULT_REPO")]
    default_repo: Option<String>,
    /// Set this namespace on every object that Skaffold would set it on
    #[arg(short, long, value_name = "NAME", env = "HYDRANT_NAMESPACE")]
    namespace: Option<String>,
    /// Tag the images that the Skaffold config builds with this tag [default: by the config's tagPolicy]
    #[arg(short, long, value_name = "TAG", env = "HYDRANT_TAG")]
    tag: Option<String>,
    /// Deliver to this repository: a URL or a path
    #[arg(long, value_name = "URL", env = "HYDRANT_REPOSITORY", value_parser = template)]
    repository: Option<Template>,
    /// Deliver to this branch; {service} and {environment} are replaced [default: {service}/{environment}]
    #[arg(short, long, value_name = "BRANCH", env = "HYDRANT_BRANCH", value_parser = template)]
    branch: Option<Template>,
    /// Write this file on the branch, or one file per object if it ends with a slash [default: manifest.yaml]
    #[arg(long, value_name = "PATH", env = "HYDRANT_PATH", value_parser = template)]
    path: Option<Template>,
    /// Choose how a change reaches the branch [default: push]
    #[arg(long, value_enum, value_name = "MODE", env = "HYDRANT_REVIEW")]
    review: Option<ReviewModeArgument>,
    #[command(flatten)]
    request: RequestArguments,
    /// Require a digest for these images [default: pinned]
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_IMAGES")]
    policy_images: Option<ImagesArgument>,
    /// Choose what happens to a digest that the source already names beside a tag [default: kept]
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_DIGESTS")]
    policy_digests: Option<DigestsArgument>,
    /// Choose what happens to a Secret with plain values [default: refuse]
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_SECRETS")]
    policy_secrets: Option<SecretsArgument>,
    /// Set the author of the commits
    #[arg(long, value_name = "NAME <MAIL>", env = "HYDRANT_AUTHOR")]
    author: Option<String>,
    /// Set the committer of the commits [default: the author]
    #[arg(long, value_name = "NAME <MAIL>", env = "HYDRANT_COMMITTER")]
    committer: Option<String>,
    /// Set the subject of the commits; {service} and {environment} are replaced
    #[arg(long, value_name = "TEXT", env = "HYDRANT_MESSAGE", value_parser = template)]
    message: Option<Template>,
    /// Record this URL as the source repository [default: the URL of its remote `origin`]
    #[arg(long, value_name = "URL", env = "HYDRANT_SOURCE_REPOSITORY")]
    source_repository: Option<String>,
    /// Read search rules and overrides for images from this file: a kbld Config, or a lock file of kbld or imgpkg (repeatable)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_RULES")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    exec: ExecArguments,
    /// Read files from outside of the source repository; the record has their hash [default: the folders in sources of hydrant.yaml]
    #[arg(long, env = "HYDRANT_ALLOW_OUTSIDE", value_parser = FalseyValueParser::new())]
    allow_outside: bool,
    #[command(flatten)]
    locked: LockedArguments,
    #[command(flatten)]
    platform: PlatformArguments,
    #[command(flatten)]
    registries: RegistryArguments,
}

/// `--policy-images`
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ImagesArgument {
    /// Every image must have a digest
    Pinned,
    /// Images that the source builds must have a digest
    Built,
    /// No image needs a digest
    Any,
}

/// `--policy-digests`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DigestsArgument {
    /// The digest must exist, and the tag must resolve to it
    Checked,
    /// The digest is kept without a check
    Kept,
}

impl From<DigestsArgument> for GivenDigests {
    fn from(typed: DigestsArgument) -> Self {
        match typed {
            DigestsArgument::Checked => GivenDigests::Checked,
            DigestsArgument::Kept => GivenDigests::Kept,
        }
    }
}

/// `--policy-secrets`
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SecretsArgument {
    /// The delivery fails
    Refuse,
    /// The Secret is written
    Allow,
}

impl UnitArguments {
    /// Returns the settings of a verb that only reads: it works on every unit unless some are selected.
    ///
    /// # Errors
    /// As [`UnitArguments::settings`].
    pub(crate) fn settings_or_all_units(self) -> Result<Settings, Failure> {
        let mut settings = self.settings()?;
        settings.selection.default_to_all = true;
        Ok(settings)
    }

    /// Returns the settings of a verb that writes: units must be selected.
    ///
    /// # Errors
    /// As [`UnitArguments::settings`].
    pub(crate) fn settings_to_write(self) -> Result<Settings, Failure> {
        let mut settings = self.settings()?;
        settings.selection.is_required = true;
        Ok(settings)
    }

    /// Returns the options as settings of `delivery`.
    ///
    /// # Errors
    /// The folder does not exist, or a path is not UTF-8.
    pub(crate) fn settings(self) -> Result<Settings, Failure> {
        self.settings_and_lock(LockArguments::default())
    }

    /// As [`UnitArguments::settings`], for a verb that may write the lock file.
    ///
    /// # Errors
    /// The folder does not exist, or a path is not UTF-8.
    pub(crate) fn settings_and_lock(self, lock: LockArguments) -> Result<Settings, Failure> {
        let Self { selection, values } = self;
        let absolute = |path: &PathBuf| {
            let found = delivery::host::disk::absolute(path);
            found.map_err(|error| Failure::Input(anyhow::Error::new(error).context(path.display().to_string())))
        };
        if !selection.directory.is_dir() {
            let path = selection.directory.display();
            return Err(Failure::Input(anyhow::anyhow!(
                "cannot run in {path}: no such directory\n  hint: name an existing folder with -C"
            )));
        }
        let folder = absolute(&selection.directory)?;
        Ok(Settings {
            clone: delivery::host::clone::containing(&folder),
            config: selection.config.map(|file| selection.directory.join(file)).as_ref().map(absolute).transpose()?,
            selection: Selection {
                all: selection.all,
                services: selection.service,
                environments: selection.environments,
                profiles: Profiles(selection.profile),
                default_to_all: false,
                is_required: false,
            },
            skaffold: values.filename,
            modules: values.module,
            kustomize: values.kustomize,
            default_repo: values.default_repo,
            namespace: values.namespace,
            tag: values.tag,
            repository: values.repository,
            branch: values.branch,
            path: values.path,
            review: values.review.map(ReviewModeArgument::mode),
            request: values.request.request(),
            images: values.policy_images.map(|typed| match typed {
                ImagesArgument::Pinned => Images::Pinned,
                ImagesArgument::Built => Images::Built,
                ImagesArgument::Any => Images::Any,
            }),
            secrets: values.policy_secrets.map(|typed| match typed {
                SecretsArgument::Refuse => Secrets::Refuse,
                SecretsArgument::Allow => Secrets::Allow,
            }),
            author: values.author,
            committer: values.committer,
            message: values.message,
            source_repository: values.source_repository,
            locking: values.locked.locking(lock, &folder)?,
            registries: values.registries.typed(values.platform, &folder)?,
            rules: values.rules.iter().map(|path| below(&folder, path)).collect::<Result<_, _>>()?,
            digests: values.policy_digests.map(GivenDigests::from),
            allow_exec: values.exec.allow_exec,
            allow_outside: values.allow_outside,
            given_images: Vec::new(),
            folder,
        })
    }
}
