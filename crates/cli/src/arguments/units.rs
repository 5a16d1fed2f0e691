//! The flags of every command that works on units, with the variable behind each.

use std::path::PathBuf;

use clap::ValueEnum;
use delivery::config::{GivenDigests, Images, Profiles, Secrets, Template};
use delivery::plan::settings::{Selection, Settings};

use crate::arguments::lock_file::{LockArguments, LockedArguments, below};
use crate::arguments::registries::{PlatformArguments, RegistryArguments};
use crate::arguments::review::{RequestArguments, WayArgument};
use crate::arguments::template::template;
use crate::outcome::Failure;

/// What every command that works on units takes.
#[derive(Debug, clap::Args)]
pub(crate) struct UnitArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    values: ValueArguments,
}

/// Which units a command is about.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which units")]
struct SelectionArguments {
    /// Run as if in this folder
    #[arg(short = 'C', long, value_name = "FOLDER", default_value = ".", env = "HYDRANT_DIRECTORY")]
    directory: PathBuf,
    /// The config; where absent, the hydrant.yaml of the folder or of the next one above that has one
    #[arg(long, value_name = "FILE", env = "HYDRANT_CONFIG")]
    config: Option<PathBuf>,
    /// Every service in every environment
    #[arg(long, env = "HYDRANT_ALL")]
    all: bool,
    /// This service (repeat, or separate by commas)
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_SERVICE")]
    service: Vec<String>,
    /// This environment (repeat, or separate by commas)
    #[arg(
        short = 'e',
        long = "env",
        alias = "environment",
        value_name = "NAME",
        value_delimiter = ',',
        env = "HYDRANT_ENV"
    )]
    environments: Vec<String>,
    /// The environments that take just these Skaffold profiles; without a config, the profiles of the one unit
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_PROFILE")]
    profile: Vec<String>,
}

/// What can be said instead of what hydrant.yaml says.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Instead of what hydrant.yaml says")]
struct ValueArguments {
    /// The Skaffold config in the service's folder
    #[arg(short, long, value_name = "FILE", env = "HYDRANT_FILENAME", value_parser = template)]
    filename: Option<Template>,
    /// The modules of the Skaffold config to render
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "HYDRANT_MODULE")]
    module: Vec<String>,
    /// A kustomization in the service's folder, rendered without Skaffold
    #[arg(short, long, value_name = "FOLDER", env = "HYDRANT_KUSTOMIZE", value_parser = template, conflicts_with = "filename")]
    kustomize: Option<Template>,
    /// The registry and path in front of every image that the Skaffold config builds
    #[arg(short, long, value_name = "PREFIX", env = "HYDRANT_DEFAULT_REPO")]
    default_repo: Option<String>,
    /// The namespace of every object that Skaffold would set it on
    #[arg(short, long, value_name = "NAME", env = "HYDRANT_NAMESPACE")]
    namespace: Option<String>,
    /// The tag of every image that the Skaffold config builds, instead of its tag policy's
    #[arg(short, long, value_name = "TAG", env = "HYDRANT_TAG")]
    tag: Option<String>,
    /// The manifest repository: a URL or a path
    #[arg(long, value_name = "URL", env = "HYDRANT_REPOSITORY", value_parser = template)]
    repository: Option<Template>,
    /// The branch; {service} and {environment} stand for the unit's names
    #[arg(short, long, value_name = "BRANCH", env = "HYDRANT_BRANCH", value_parser = template)]
    branch: Option<Template>,
    /// The file on the branch; with a slash at its end, a folder that gets one file an object
    #[arg(long, value_name = "PATH", env = "HYDRANT_PATH", value_parser = template)]
    path: Option<Template>,
    /// How a change gets onto the branch
    #[arg(long, value_enum, value_name = "WAY", env = "HYDRANT_REVIEW")]
    review: Option<WayArgument>,
    #[command(flatten)]
    request: RequestArguments,
    /// Which images must carry a digest
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_IMAGES")]
    policy_images: Option<ImagesArgument>,
    /// What happens to a digest that stands beside a tag already
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_DIGESTS")]
    policy_digests: Option<DigestsArgument>,
    /// What happens to a Secret that holds plain values
    #[arg(long, value_enum, value_name = "RULE", env = "HYDRANT_POLICY_SECRETS")]
    policy_secrets: Option<SecretsArgument>,
    /// Who the commits are by
    #[arg(long, value_name = "NAME <MAIL>", env = "HYDRANT_AUTHOR")]
    author: Option<String>,
    /// Who commits them; the author where absent
    #[arg(long, value_name = "NAME <MAIL>", env = "HYDRANT_COMMITTER")]
    committer: Option<String>,
    /// The subject of the commits
    #[arg(long, value_name = "TEXT", env = "HYDRANT_MESSAGE", value_parser = template)]
    message: Option<Template>,
    /// The source repository's URL for the record; that of its remote `origin` where absent
    #[arg(long, value_name = "URL", env = "HYDRANT_SOURCE_REPOSITORY")]
    source_repository: Option<String>,
    /// Search rules and overrides for images: kbld's Config, kbld's or imgpkg's lock file (repeat)
    #[arg(long, value_name = "FILE", value_delimiter = ',', env = "HYDRANT_RULES")]
    rules: Vec<PathBuf>,
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
    /// Every image
    Pinned,
    /// Those that the source builds
    Built,
    /// None
    Any,
}

/// `--policy-digests`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DigestsArgument {
    /// It must exist, and be what the tag stands for
    Checked,
    /// It is taken as it stands
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
    /// It is not written
    Refuse,
    /// It is written
    Allow,
}

impl UnitArguments {
    /// As [`UnitArguments::settings`], for a command that only looks: every unit where nothing selects some.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn settings_of_a_look(self) -> Result<Settings, Failure> {
        let mut settings = self.settings()?;
        settings.selection.else_everything = true;
        Ok(settings)
    }

    /// Everything that was said, as `delivery` takes it.
    ///
    /// # Errors
    /// A folder that cannot be named.
    pub(crate) fn settings(self) -> Result<Settings, Failure> {
        self.settings_and_lock(LockArguments::default())
    }

    /// As [`UnitArguments::settings`], for a command that may write the lock file.
    ///
    /// # Errors
    /// A folder that cannot be named.
    pub(crate) fn settings_and_lock(self, lock: LockArguments) -> Result<Settings, Failure> {
        let Self { selection, values } = self;
        let absolute = |path: &PathBuf| {
            let found = delivery::host::disk::absolute(path);
            found.map_err(|error| Failure::Input(anyhow::Error::new(error).context(path.display().to_string())))
        };
        if !selection.directory.is_dir() {
            let path = selection.directory.display();
            return Err(Failure::Input(anyhow::anyhow!(
                "{path}: no such folder\n  hint: -C takes the folder to run in."
            )));
        }
        let folder = absolute(&selection.directory)?;
        Ok(Settings {
            config: selection.config.map(|file| selection.directory.join(file)).as_ref().map(absolute).transpose()?,
            selection: Selection {
                all: selection.all,
                services: selection.service,
                environments: selection.environments,
                profiles: Profiles(selection.profile),
                else_everything: false,
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
            review: values.review.map(WayArgument::way),
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
            folder,
        })
    }
}
