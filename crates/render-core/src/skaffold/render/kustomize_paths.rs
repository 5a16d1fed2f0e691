//! `manifests.kustomize`: folders that our own kustomize engine builds, and what `buildArgs` mean to it.

use manifest::{Diagnostic, Errors, Node};

use super::parallel::each;
use crate::files::{Files, join};
use crate::kustomize::repository;
use crate::kustomize::{Built, FlagSource, LoadRestrictor, Options, Order, build, build_with_cache};
use crate::skaffold::inputs::Inputs;
use crate::skaffold::model::{Config, Kustomize, LocatedText};

/// Builds each path, in order. `files` is the file system of the kustomizations (setters and functions are applied when it is read).
///
/// # Errors
/// A flag of `buildArgs` that the engine does not support, and the errors of a kustomization.
pub(super) fn render(
    inputs: &Inputs<'_>,
    config: &Config,
    kustomize: &Kustomize,
    files: &dyn Files,
) -> Result<Vec<Built>, Errors> {
    let options = options(inputs, config, &kustomize.build_args)?;
    let build = |folder: &str| match inputs.base_cache {
        Some(base_cache) => build_with_cache(base_cache, files, inputs.host, folder, &options),
        None => build(files, inputs.host, folder, &options),
    };
    let one = |&(index, path): &(usize, &LocatedText)| -> Result<Built, Errors> {
        let field = format!("manifests.kustomize.paths[{index}]");
        let expanded = inputs.expand_path(config, &field, path)?;
        let diagnostic = |message: String| config.diagnostic(path.at, &field, message);
        let folder = join(inputs.working_dir, &expanded);
        if let Err(error) = inputs.files.kind(&folder) {
            let Some(remote) = repository(&expanded) else {
                return Err(inputs.missing_path(
                    config,
                    &expanded,
                    diagnostic(format!("cannot read {expanded}: {error}")),
                ));
            };
            let locate = |error: Diagnostic| error.in_file(&config.file).at(path.at).field(&field);
            if remote.repository.is_local() && inputs.host.repository_root(&config.folder).is_some() {
                let message = "a remote config must not name a repository on this machine".to_owned();
                return Err(diagnostic(message).into());
            }
            let root = inputs.host.repository(&remote.repository).map_err(locate)?;
            return build(&join(&root, &remote.folder));
        }
        build(&folder)
    };
    each(&kustomize.paths.iter().enumerate().collect::<Vec<_>>(), one)
}

/// The objects of all builds, in order.
pub(super) fn objects(built: Vec<Built>, warnings: &mut Vec<Diagnostic>) -> Vec<Node> {
    let mut objects = Vec::new();
    for one in built {
        objects.extend(one.objects);
        warnings.extend(one.warnings);
    }
    objects
}

/// Reads `buildArgs`, which Skaffold splits at blanks and puts on kustomize's command line.
fn options(inputs: &Inputs<'_>, config: &Config, arguments: &[LocatedText]) -> Result<Options, Errors> {
    let mut options = Options { flags: FlagSource::BuildArgs, ..Options::default() };
    let mut split = arguments
        .iter()
        .enumerate()
        .flat_map(|(index, argument)| argument.text.split(' ').map(move |word| (index, argument, word)))
        .filter(|(_, _, word)| !word.is_empty());
    while let Some((index, argument, word)) = split.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        let flag = flag.replace('_', "-");
        let value = match value {
            None if takes_value(&flag) => split.next().map(|(_, _, word)| word),
            value => value,
        };
        set(&mut options, inputs, &flag, value).map_err(|message| {
            config
                .diagnostic(argument.at, format!("manifests.kustomize.buildArgs[{index}]"), message)
                .hint("use a flag that `hydrant kustomize --help` lists")
        })?;
    }
    Ok(options)
}

fn takes_value(flag: &str) -> bool {
    matches!(
        flag,
        "--load-restrictor"
            | "--reorder"
            | "--helm-command"
            | "--helm-api-versions"
            | "--helm-kube-version"
            | "--env"
            | "-e"
            | "--network-name"
            | "--mount"
    )
}

fn set(options: &mut Options, inputs: &Inputs<'_>, flag: &str, value: Option<&str>) -> Result<(), String> {
    let switch = || match value {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(format!("invalid {flag} {other:?}: expected true or false")),
    };
    let given = || value.map(str::to_owned).ok_or_else(|| format!("missing value of {flag}"));
    match flag {
        "--load-restrictor" => {
            options.load_restrictor = match given()?.as_str() {
                "LoadRestrictionsNone" | "none" => LoadRestrictor::None,
                "LoadRestrictionsRootOnly" | "rootOnly" => LoadRestrictor::RootOnly,
                other => {
                    return Err(format!(
                        "invalid {flag} {other:?}: expected LoadRestrictionsRootOnly or LoadRestrictionsNone"
                    ));
                }
            }
        }
        "--reorder" => {
            options.reorder = match given()?.as_str() {
                "none" => Some(Order::Unsorted),
                "legacy" => Some(Order::Legacy),
                other => return Err(format!("invalid {flag} {other:?}: expected legacy or none")),
            }
        }
        "--enable-helm" => options.enable_helm = switch()?,
        "--helm-command" => {
            options.helm_command = Some(given()?);
            options.helm_command_of_source = options.helm_command.as_deref() != Some("helm");
        }
        "--helm-api-versions" => options.helm_api_versions.extend(given()?.split(',').map(str::to_owned)),
        "--helm-kube-version" => options.helm_kube_version = Some(given()?),
        "--helm-debug" => options.helm_debug = switch()?,
        "--enable-alpha-plugins" => options.enable_alpha_plugins = switch()?,
        "--enable-exec" => options.enable_exec = switch()?,
        "--enable-managedby-label" => options.managed_by_label = switch()?,
        "--env" | "-e" => options.environment.push(variable(inputs, &given()?)?),
        // These flags concern container functions, which the engine refuses, or are obsolete.
        "--as-current-user" | "--network" | "--enable-kyaml" | "--allow-id-changes" => _ = switch()?,
        "--network-name" | "--mount" => _ = given()?,
        other => return Err(format!("unsupported kustomize flag {other:?}")),
    }
    Ok(())
}

fn variable(inputs: &Inputs<'_>, typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => {
            let value = inputs.variable(typed).map_err(|error| error.message)?;
            Ok((typed.to_owned(), value.to_owned()))
        }
    }
}
