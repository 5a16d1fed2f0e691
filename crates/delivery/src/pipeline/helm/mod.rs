//! A Helm chart without Skaffold: rendered in this process, or by a chosen `helm` program on a copy of exactly the files that were read.
//!
//! The copy makes a revision of the source renderable without a checkout, and the list of what was read a unit's inputs. It
//! keeps the places of the files to each other, so that `file://../library` dependencies and `../values.yaml` are found.

mod ignore;

use std::collections::BTreeSet;
use std::path::Path;

use manifest::yaml::{read_objects, read_stream};
use manifest::{Diagnostic, Errors, Node, ObjectId};
use render_core::files::{FileError, FileKind, Files, join};
use render_core::helm::{FileDependencies, run_program};
use render_core::host::{Host, Program, ProgramKind, ProgramOutput};

use crate::config::Hooks;
use crate::host::confined::ConfinedFolder;
use crate::plan::{ChartSource, Release};
use ignore::Ignore;

/// The name of the program.
const HELM: &str = "helm";

/// How deep folders of a chart and file dependencies of charts are followed.
const DEEPEST: usize = 32;

/// Renders the chart: in this process, unless a program is chosen. Where `locked`, a program fetches no dependency.
///
/// # Errors
/// A missing chart, values file or dependency, a missing or failed `helm`, hooks that are refused, and output that is invalid YAML.
pub fn render(release: &Release, files: &dyn Files, host: &dyn Host, locked: bool) -> Result<RenderedChart, Errors> {
    let program = release.program.clone().or(host.charts().program);
    for (index, path) in release.values.iter().enumerate() {
        files.read(path).map_err(|error| unreadable_values(path, index, &error))?;
    }
    let output = match (&release.chart, program) {
        (ChartSource::Remote(request), None) => in_process(release, &host.chart(request)?.archive, files, host)?,
        (ChartSource::Remote(request), Some(_)) => {
            remote_by_program(release, &host.chart(request)?.archive, files, host)?
        }
        (ChartSource::Folder(chart), program) => {
            let chart_file = join(chart, "Chart.yaml");
            files.read(&chart_file).map_err(|error| unreadable(&chart_file, &error))?;
            let mut dependencies = FileDependencies::find(files, chart)?;
            if program.is_none() {
                dependencies.fetch(host)?;
                in_process(release, chart, &dependencies, host)?
            } else {
                by_program(release, chart, files, host, locked)?
            }
        }
    };
    let objects = read_objects(&output).map_err(|found| {
        let message = format!("the output of `helm template`, line {}: {}", found.at.line, found.message);
        release.locate(Diagnostic { message, at: manifest::At::default(), ..found })
    })?;
    if release.hooks == Hooks::Refuse {
        refuse_hooks(release, &objects)?;
    }
    Ok(RenderedChart { output, objects })
}

/// What a chart renders to.
pub struct RenderedChart {
    /// What `helm template` prints.
    pub output: Vec<u8>,
    /// Its objects.
    pub objects: Vec<Node>,
}

/// Refuses objects that are hooks.
///
/// # Errors
/// One finding that names them all.
fn refuse_hooks(release: &Release, objects: &[Node]) -> Result<(), Diagnostic> {
    let hooks: Vec<String> = objects
        .iter()
        .filter_map(|object| {
            let event = object.at_path(&["metadata", "annotations", "helm.sh/hook"])?.text()?;
            Some(format!("{} ({event})", ObjectId::of(object)))
        })
        .collect();
    if hooks.is_empty() {
        return Ok(());
    }
    let message = format!("hooks are refused, and the chart has {}", hooks.join(", "));
    let found = release.locate(Diagnostic::new(message)).field("helm.hooks");
    Err(found.hint("set `hooks: drop` to leave them out, `hooks: keep` to deliver them, or disable them by values"))
}

/// Renders the chart at a path in this process.
fn in_process(release: &Release, chart: &str, files: &dyn Files, host: &dyn Host) -> Result<Vec<u8>, Errors> {
    let mut arguments = release.arguments(chart, &str::to_owned);
    arguments.extend(release.semantics.iter().flat_map(|name| ["--semantics".to_owned(), name.clone()]));
    let call = call(release, HELM, "/", arguments);
    let finished = run_program(&call, files, host)?;
    Ok(finished_output(release, &call, "", finished)?)
}

/// Renders a copy of a fetched chart's archive by a helm program.
fn remote_by_program(release: &Release, archive: &str, files: &dyn Files, host: &dyn Host) -> Result<Vec<u8>, Errors> {
    let folder = ConfinedFolder::create()
        .map_err(|error| Diagnostic::new(format!("cannot create a temporary folder: {error}")))?;
    let copy = Copy { files, folder: &folder, charts: BTreeSet::new() };
    for path in release.values.iter().map(String::as_str).chain([archive]) {
        copy.write(path, &files.read(path).map_err(|error| unreadable(path, &error))?)?;
    }
    let arguments = release.arguments(&copy.place(archive), &|path| copy.place(path));
    Ok(run(release, host, folder.path(), arguments)?)
}

/// Renders a copy of the chart by a helm program.
fn by_program(
    release: &Release,
    source: &str,
    files: &dyn Files,
    host: &dyn Host,
    locked: bool,
) -> Result<Vec<u8>, Errors> {
    let folder = ConfinedFolder::create()
        .map_err(|error| Diagnostic::new(format!("cannot create a temporary folder: {error}")))?;
    let mut copy = Copy { files, folder: &folder, charts: BTreeSet::new() };
    let missing = copy.chart(source, 0)?;
    for (index, path) in release.values.iter().enumerate() {
        let read = files.read(path).map_err(|error| unreadable_values(path, index, &error))?;
        copy.write(path, &read)?;
    }
    let chart = copy.place(source);
    if let Some(missing) = missing {
        let fetched = !missing.repository.starts_with("file://");
        if locked && fetched {
            let message =
                format!("the dependency {} is not in the chart, and --locked forbids to fetch it", missing.name);
            return Err(missing.place(Diagnostic::new(message), release).into());
        }
        let arguments = ["dependency", "build", &chart].map(str::to_owned);
        run(release, host, folder.path(), arguments.to_vec()).map_err(|found| missing.place(found, release))?;
    }
    let arguments = release.arguments(&chart, &|path| copy.place(path));
    Ok(run(release, host, folder.path(), arguments)?)
}

fn call(release: &Release, program: &str, folder: &str, arguments: Vec<String>) -> Program {
    Program {
        arguments: std::iter::once(program.to_owned()).chain(arguments).collect(),
        folder: folder.to_owned(),
        variables: Vec::new(),
        input: release.values_inline.as_ref().map(|values| values.clone().into_bytes()).unwrap_or_default(),
        // A program of another name is the source's choice.
        kind: if program == HELM { ProgramKind::Helm } else { ProgramKind::Source },
    }
}

/// Runs the program, and returns what it wrote.
fn run(release: &Release, host: &dyn Host, scratch: &str, arguments: Vec<String>) -> Result<Vec<u8>, Diagnostic> {
    let program = release.program.clone().or(host.charts().program).unwrap_or_else(|| HELM.to_owned());
    let call = call(release, &program, scratch, arguments);
    let finished = host.run(&call).map_err(|found| release.locate(found))?;
    finished_output(release, &call, scratch, finished)
}

/// Returns what a call wrote, or its error in the chart's name.
fn finished_output(
    release: &Release,
    call: &Program,
    scratch: &str,
    finished: ProgramOutput,
) -> Result<Vec<u8>, Diagnostic> {
    if finished.status == Some(0) {
        return Ok(finished.stdout);
    }
    let verbs = call.arguments[1..].iter().take_while(|word| !word.contains('/'));
    let verb = verbs.cloned().collect::<Vec<_>>().join(" ");
    // The paths of a copy say nothing to the reader.
    let message = String::from_utf8_lossy(&finished.stderr);
    let message = if scratch.is_empty() { message.into_owned() } else { message.replace(scratch, "") };
    let found = release.locate(Diagnostic::new(format!("`helm {verb}` failed: {}", message.trim())));
    Err(found.hint("run `helm template` to see the same error, and correct the chart or its values"))
}

/// A dependency that is neither in the chart's `charts` folder nor in a folder of the repository.
struct Dependency {
    name: String,
    repository: String,
    at: manifest::At,
}

impl Dependency {
    fn place(&self, found: Diagnostic, release: &Release) -> Diagnostic {
        release
            .locate(found)
            .at(self.at)
            .field("dependencies")
            .hint("run `helm dependency update` and commit the chart's `charts` folder")
    }
}

struct Copy<'a> {
    files: &'a dyn Files,
    folder: &'a ConfinedFolder,
    charts: BTreeSet<String>,
}

impl Copy<'_> {
    /// The path of a source file in the copy.
    fn place(&self, path: &str) -> String {
        format!("{}{path}", self.folder.path())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
        let written = self.folder.write(Path::new(path.trim_start_matches('/')), bytes);
        written.map_err(|error| Diagnostic::new(format!("cannot copy {path}: {error}")))
    }

    /// Copies a chart and the charts in folders that it depends on; returns the first missing dependency.
    fn chart(&mut self, chart: &str, depth: usize) -> Result<Option<Dependency>, Diagnostic> {
        if !self.charts.insert(chart.to_owned()) {
            return Ok(None);
        }
        let file = join(chart, "Chart.yaml");
        let text = self.files.read(&file).map_err(|error| unreadable(&file, &error))?;
        self.folder(chart)?;
        let documents = read_stream(&text).map_err(|found| found.in_file(&file))?;
        let listed = documents.first().and_then(|chart| chart.get("dependencies")).and_then(Node::as_seq);
        let vendored = self.files.list(&join(chart, "charts")).unwrap_or_default();
        let mut missing = None;
        for node in listed.into_iter().flatten() {
            let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_owned();
            let (name, repository) = (text("name"), text("repository"));
            // A folder of its name, or an archive `NAME-VERSION.tgz`.
            let archive = |file: &String| {
                let rest = file.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('-'));
                rest.is_some_and(|rest| {
                    rest.ends_with(".tgz") && rest.starts_with(|first: char| first.is_ascii_digit())
                })
            };
            if vendored.iter().any(|file| *file == name || archive(file)) {
                continue;
            }
            if let Some(folder) = repository.strip_prefix("file://") {
                if depth == DEEPEST {
                    return Err(Diagnostic::new("dependencies of charts are nested too deeply")
                        .in_file(&file)
                        .at(node.at));
                }
                let below = self.chart(&join(chart, folder), depth + 1)?;
                missing = missing.or(below);
            }
            missing.get_or_insert(Dependency { name, repository, at: node.at });
        }
        Ok(missing)
    }

    /// Copies the files of a chart, however deep, but what its `.helmignore` leaves out, and git repositories: they are no part of it.
    fn folder(&self, chart: &str) -> Result<(), Diagnostic> {
        let ignore = Ignore::read(self.files, chart)?;
        let mut open = vec![(chart.to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            let names = self.files.list(&folder).map_err(|error| unreadable(&folder, &error))?;
            if ["HEAD", "objects", "refs"].iter().all(|part| names.iter().any(|name| name == part)) {
                continue;
            }
            for path in names.iter().filter(|name| *name != ".git").map(|name| join(&folder, name)) {
                let kind = self.files.kind(&path).map_err(|error| unreadable(&path, &error))?;
                let below = path.strip_prefix(chart).unwrap_or(&path).trim_start_matches('/');
                match kind {
                    _ if ignore.leaves_out(below, kind == FileKind::Folder) => {}
                    FileKind::File => {
                        let bytes = self.files.read(&path).map_err(|error| unreadable(&path, &error))?;
                        self.write(&path, &bytes)?;
                    }
                    FileKind::Folder if depth == DEEPEST => {
                        let message = "folder is nested too deeply in its chart; symbolic links may form a cycle";
                        return Err(Diagnostic::new(message).in_file(path));
                    }
                    FileKind::Folder => open.push((path, depth + 1)),
                }
            }
        }
        Ok(())
    }
}

fn unreadable_values(path: &str, index: usize, error: &FileError) -> Diagnostic {
    unreadable(path, error).field(format!("helm.values[{index}]")).hint("create the file, or remove it from `values`")
}

fn unreadable(path: &str, error: &FileError) -> Diagnostic {
    Diagnostic::new(error.to_string()).in_file(path)
}
