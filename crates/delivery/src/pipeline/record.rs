//! The commit message of a delivery with its trailers, and the record of its source.

use std::sync::Arc;

use committer::message::compose;
use committer::{AssignedBy, Assignment, Message, MessageContext, SourceRecord};
use git::source::CommitInfo;
use manifest::ImageRef;
use render_core::host::ChartRequest;
use render_core::kustomize;
use render_core::skaffold::SkaffoldOptions;

use crate::host::RunContext;
use crate::host::ci_run;
use crate::host::source_link;
use crate::host::trailers::{ENVIRONMENT, IMAGE, RUN, SERVICE, SOURCE_COMMIT, SOURCE_REPOSITORY};
use crate::images::{assign, moves};
use crate::pipeline::reference_trailers;
use crate::plan::{ChartSource, INPUT, PlannedUnit, Source};
use crate::report::format::{person, rfc3339};

/// The message of a unit's commit: its subject; the source's subject and page; the images that change, where the branch's last commit is one of this
/// unit's; and the trailers, `more` before the images. It is computed after the branch has been read.
pub fn message(
    unit: &PlannedUnit,
    source: &SourceRecord,
    images: &[String],
    assignments: &[Assignment],
    more: &[(&str, &String)],
    ctx: &RunContext,
) -> Message {
    let run = ci_run::url(&ctx.variables).unwrap_or_default();
    let named = [
        (SERVICE, &unit.service),
        (ENVIRONMENT, &unit.environment),
        (SOURCE_REPOSITORY, &source.repo_url),
        (SOURCE_COMMIT, &source.dry_sha),
    ];
    let trailing = images.iter().map(|image| (IMAGE, image));
    let trailers = named.into_iter().chain(more.iter().copied()).chain([(RUN, &run)]).chain(trailing);
    let trailers = trailers.filter(|(_, value)| !value.is_empty());
    let trailers: Vec<(String, String)> = trailers.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let short = source.dry_sha.get(..7).unwrap_or(&source.dry_sha);
    let title = if source.subject.is_empty() { String::new() } else { format!("{short}: {}", source.subject) };
    let page = source_link::commit(&source.repo_url, &source.dry_sha).unwrap_or_default();
    let source_lines = [title, page].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let (subject, images, assignments) = (unit.message.clone(), images.to_vec(), assignments.to_vec());
    let ours = [(SERVICE, unit.service.clone()), (ENVIRONMENT, unit.environment.clone())];
    Message::Computed(Arc::new(move |previous| {
        let same =
            ours.iter().all(|(name, value)| value.is_empty() || trailer(previous, name).any(|known| known == value));
        // The record of an older hydrant has no images; the commit that wrote it has.
        let in_trailers = trailer(previous, IMAGE).filter(|_| same && previous.images.is_empty());
        let before: Vec<&str> = previous.images.iter().map(String::as_str).chain(in_trailers).collect();
        let moves = if before.is_empty() {
            decided(&assignments)
        } else {
            moves::lines(&before, &images, &|name| set_by(&assignments, name))
        };
        let parts = [source_lines.clone(), moves.join("\n")];
        let body = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        compose(&subject, &body, &trailers)
    }))
}

/// A line for each image that a command or a promotion decided, for a first commit.
fn decided(assignments: &[Assignment]) -> Vec<String> {
    let decided = assignments.iter().filter(|one| one.by != AssignedBy::Source);
    decided.map(|one| format!("- {}: {}, {}", one.image, assign::version(one), assign::origin(one))).collect()
}

/// Who assigned the image of a name, if it is assigned.
fn set_by(assignments: &[Assignment], name: &str) -> Option<String> {
    let is_it = |one: &&Assignment| ImageRef::parse(&one.reference).is_ok_and(|reference| reference.name() == name);
    assignments.iter().find(is_it).map(assign::origin)
}

/// The values of a trailer of the branch's last commit.
fn trailer<'a>(previous: &'a MessageContext, name: &str) -> impl Iterator<Item = &'a str> {
    previous.trailers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The record of a unit's source, in the fields of Argo CD's `hydrator.metadata`.
pub fn source_record(repository: &str, commit: &CommitInfo, unit: &PlannedUnit, folder: &str) -> SourceRecord {
    let (reference, body) = reference_trailers::split(&commit.body);
    SourceRecord {
        repo_url: repository.to_owned(),
        dry_sha: commit.id.clone(),
        commands: vec![command(unit, folder)],
        author: person(&commit.author),
        date: rfc3339(commit.author.time),
        subject: commit.subject.clone(),
        body,
        references: reference.into_iter().collect(),
    }
}

/// What renders the unit again, in the repository's root at the recorded commit. `folder` is the service's there.
fn command(unit: &PlannedUnit, folder: &str) -> String {
    match &unit.source {
        Source::Kustomize { folder: own, options } => {
            let below = own.strip_prefix(&unit.folder).unwrap_or(own).trim_start_matches('/');
            let path = [folder, below].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            let flags = kustomize_flags(options);
            format!("hydrant kustomize{flags} {}", if path.is_empty() { "." } else { &path })
        }
        Source::Helm(release) => {
            let root = unit.folder.strip_suffix(folder).unwrap_or(&unit.folder).trim_end_matches('/');
            let below = |path: &str| path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').to_owned();
            let mut arguments = match &release.chart {
                ChartSource::Folder(folder) => {
                    let chart = below(folder);
                    release.arguments(if chart.is_empty() { "." } else { &chart }, &below)
                }
                ChartSource::Remote(request) => {
                    let mut arguments = release.arguments(&remote_chart(request), &below);
                    let repository = Some(&request.repository).filter(|_| !request.is_oci() && !request.is_archive());
                    let flags = [("--repo", repository), ("--version", request.version.as_ref())];
                    let given = flags.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
                    arguments.extend(given.flat_map(|(flag, value)| [flag.to_owned(), crate::host::redact(value)]));
                    arguments
                }
            };
            if let Some(values) = &release.values_inline {
                with_inline_values(&mut arguments, values);
            }
            let program = match &release.program {
                Some(program) => program,
                None => {
                    arguments.extend(["--semantics".to_owned(), release.semantics().to_owned()]);
                    "hydrant helm"
                }
            };
            let quoted: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
            let command = format!("{program} {}", quoted.join(" "));
            match &release.kustomize {
                Some(folder) => format!("{command} | hydrant kustomize {}", below(folder)),
                None => command,
            }
        }
        Source::Manifests { files } => {
            let root = unit.folder.strip_suffix(folder).unwrap_or(&unit.folder);
            let below = |path: &String| path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').to_owned();
            format!("cat {}", files.iter().map(below).collect::<Vec<_>>().join(" "))
        }
        Source::Skaffold(options) => skaffold_command(options, folder),
    }
}

/// Gives values as an argument instead of the program's input.
fn with_inline_values(arguments: &mut [String], values: &str) {
    let is_input = |pair: &[String]| pair[0] == "--values" && pair[1] == INPUT;
    if let Some(at) = arguments.windows(2).position(is_input) {
        "--set-json".clone_into(&mut arguments[at]);
        values.clone_into(&mut arguments[at + 1]);
    }
}

/// How `helm template` names a remote chart.
fn remote_chart(request: &ChartRequest) -> String {
    match (request.is_oci(), request.is_archive()) {
        (_, true) => crate::host::redact(&request.repository),
        (true, false) => format!("{}/{}", request.repository, request.name),
        (false, false) => request.name.clone(),
    }
}

/// An argument for a shell.
fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@=,+%".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

/// The flags of `hydrant kustomize` that the config set.
fn kustomize_flags(options: &kustomize::Options) -> String {
    let none = options.load_restrictor == kustomize::LoadRestrictor::None;
    let semantics = options.helm_semantics.as_ref().filter(|_| options.enable_helm);
    let semantics = semantics.map(|name| format!(" --helm-semantics {name}")).unwrap_or_default();
    let flags = [
        (options.enable_helm, " --enable-helm"),
        (options.enable_alpha_plugins, " --enable-alpha-plugins"),
        (none, " --load-restrictor LoadRestrictionsNone"),
    ];
    flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag).collect::<String>() + &semantics
}

fn skaffold_command(options: &SkaffoldOptions, folder: &str) -> String {
    let mut flags: Vec<(&str, &str)> = Vec::new();
    if !folder.is_empty() {
        flags.push(("-C", folder));
    }
    if options.file != "skaffold.yaml" {
        flags.push(("--filename", &options.file));
    }
    let profiles = options.profiles.iter().chain(&options.optional_profiles);
    flags.extend(profiles.map(|name| ("--profile", name.as_str())));
    flags.extend(options.modules.iter().map(|name| ("--module", name.as_str())));
    flags.extend(options.default_repo.iter().map(|repository| ("--default-repo", repository.as_str())));
    flags.extend(options.helm_semantics.iter().map(|version| ("--helm-semantics", version.as_str())));
    let optional = [("--namespace", options.namespace.as_str()), ("--tag", options.tag.as_str())];
    flags.extend(optional.into_iter().filter(|(_, value)| !value.is_empty()));
    let flags: String = flags.into_iter().map(|(name, value)| format!(" {name} {value}")).collect();
    format!("hydrant render{flags}")
}
