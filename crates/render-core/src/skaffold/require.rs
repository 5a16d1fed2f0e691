//! `requires`: which configs a config brings along, in which order, from which file, with which profiles.
//!
//! Source: Skaffold's `parser/config.go`. What is required comes before what requires it, each config once. Paths of a
//! required file are made absolute against its folder, those of the root file stay relative to the working directory.

use std::collections::BTreeMap;
use std::rc::Rc;

use manifest::{At, Diagnostic, Errors, Map, Node};

use super::document::{Document, Source, documents, is_url, open};
use super::fields::{Field, Fields, Kind};
use super::load::LoadOptions;
use super::model::Config;
use super::{check, decode, profile, upgrade};
use crate::files::{FileError, FileKind, Files, join};
use crate::outside::{Outside, RemoteRepository};

/// How many files may require one another in a row.
const DEEPEST: usize = 100;

/// Seconds until fetching a repository is given up.
const FETCH: u64 = 300;

/// The walk over the configs of a run.
pub(super) struct Walk<'a> {
    fields: &'a Fields,
    files: &'a dyn Files,
    outside: &'a dyn Outside,
    options: &'a LoadOptions<'a>,
    /// The files read so far, their documents raised to the newest version.
    read: BTreeMap<String, Rc<Vec<Document>>>,
    /// Which profiles each visited config was given, by file, document, and whether it is rendered.
    visited: BTreeMap<(String, usize, bool), Vec<String>>,
    /// Where each named config stands.
    named: BTreeMap<String, (String, String, At)>,
    /// The configs that lead to the current one.
    trail: Vec<(String, usize)>,
    /// The names of all profiles seen.
    pub profiles: Vec<String>,
    /// The configs to render, in order.
    pub configs: Vec<Config>,
    /// The trees that the configs were made of.
    pub trees: Vec<Map>,
    /// What is worth saying.
    pub warnings: Vec<Diagnostic>,
}

/// What is asked of a file.
#[derive(Clone)]
struct Wanted {
    /// The names of the configs; none for all.
    selection: Vec<String>,
    profiles: Vec<String>,
    /// Whether a config that is rendered needs it.
    needed: bool,
    /// Whether it is another file than the root file.
    dependency: bool,
    remote: bool,
    /// The entry of `requires` that asks.
    by: Option<Diagnostic>,
}

impl<'a> Walk<'a> {
    /// A walk that has not begun.
    pub(super) fn new(
        fields: &'a Fields,
        files: &'a dyn Files,
        outside: &'a dyn Outside,
        options: &'a LoadOptions<'a>,
    ) -> Self {
        Walk {
            fields,
            files,
            outside,
            options,
            read: BTreeMap::new(),
            visited: BTreeMap::new(),
            named: BTreeMap::new(),
            trail: Vec::new(),
            profiles: Vec::new(),
            configs: Vec::new(),
            trees: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Walks from the root file.
    ///
    /// # Errors
    /// What a config or its way to another one makes impossible.
    pub(super) fn begin(&mut self) -> Result<(), Errors> {
        let options = self.options;
        let source = open(self.files, self.outside, options.working_dir, options.file, options.input)?;
        let wanted = Wanted {
            selection: Vec::new(),
            profiles: options.profiles.to_vec(),
            needed: false,
            dependency: false,
            remote: false,
            by: None,
        };
        self.file(&source, &wanted)
    }

    fn file(&mut self, source: &Source, wanted: &Wanted) -> Result<(), Errors> {
        let documents = self.documents(source)?;
        for document in documents.iter() {
            self.config(source, document, wanted)?;
        }
        Ok(())
    }

    /// The documents of a file, raised to the newest version; read once.
    fn documents(&mut self, source: &Source) -> Result<Rc<Vec<Document>>, Errors> {
        if let Some(known) = self.read.get(&source.key) {
            return Ok(known.clone());
        }
        let mut documents = documents(self.fields, source)?;
        for document in &mut documents {
            self.raise(document).map_err(|errors| errors.map(|one| one.in_file(&source.shown)))?;
        }
        self.names(source, &documents)?;
        for document in &documents {
            let warnings = document.warnings.iter().map(|one| one.clone().in_file(&source.shown));
            self.warnings.extend(warnings);
        }
        let documents = Rc::new(documents);
        self.read.insert(source.key.clone(), documents.clone());
        Ok(documents)
    }

    fn raise(&self, document: &mut Document) -> Result<(), Errors> {
        if document.version == self.fields.newest() {
            return Ok(());
        }
        upgrade::upgrade(self.fields, document.version, &mut document.tree, &mut document.warnings)?;
        let checked = check::recheck(self.fields, &document.tree)?;
        document.warnings.extend(checked.warnings);
        document.tree = checked.tree;
        Ok(())
    }

    /// Notes the names of profiles and configs, and refuses a config name that is there twice.
    fn names(&mut self, source: &Source, documents: &[Document]) -> Result<(), Diagnostic> {
        for document in documents {
            let profiles = document.tree.get("profiles").and_then(Node::as_seq);
            let names = profiles.into_iter().flatten().filter_map(|profile| profile.get("name")?.text());
            self.profiles.extend(names.map(str::to_owned));
            let Some(name) = document.tree.get("metadata").and_then(|metadata| metadata.get("name")) else { continue };
            let text = name.text().unwrap_or_default().to_owned();
            if let Some((_, file, at)) = self.named.get(&text) {
                let there = format!("{file}:{}", at.line);
                let one = Diagnostic::new(format!("a config named `{text}` is already at {there}"));
                let one = one.in_file(&source.shown).at(name.at).field("metadata.name");
                return Err(one.hint("give each config of a run a name of its own"));
            }
            self.named.insert(text, (source.key.clone(), source.shown.clone(), name.at));
        }
        Ok(())
    }

    fn config(&mut self, source: &Source, document: &Document, wanted: &Wanted) -> Result<(), Errors> {
        let name = name(&document.tree).to_owned();
        if !wanted.selection.is_empty() && !wanted.selection.contains(&name) {
            return Ok(());
        }
        let needed = wanted.needed || self.options.modules.is_empty() || self.options.modules.contains(&name);
        let place = (source.key.clone(), document.index);
        if let (Some(by), true) = (&wanted.by, self.trail.contains(&place) || self.trail.len() >= DEEPEST) {
            return Err(self.cycle(by, source, &name).into());
        }
        let in_file = |errors: Errors| errors.map(|one| one.in_file(&source.shown));
        let mut tree = document.tree.clone();
        let mut warnings = Vec::new();
        let active = profile::apply(self.fields, &mut tree, &wanted.profiles, self.options, &mut warnings);
        let active = active.map_err(in_file)?;
        self.warnings.extend(warnings.into_iter().map(|one| one.in_file(&source.shown)));
        if !self.first_visit(source, document, needed, &active, wanted)? {
            return Ok(());
        }
        if wanted.dependency {
            absolute(self.fields, "SkaffoldConfig", &mut tree, &source.folder);
        }
        self.trail.push(place);
        let requires = tree.get("requires").and_then(Node::as_seq).cloned().unwrap_or_default();
        for (index, entry) in requires.iter().enumerate() {
            let by = Diagnostic::new("").in_file(&source.shown).at(entry.at).field(format!("requires[{index}]"));
            let asked = Wanted {
                selection: texts(entry, "configs"),
                profiles: self.profiles_for(entry, &active),
                needed,
                by: Some(by),
                ..wanted.clone()
            };
            self.dependency(source, entry, asked)?;
        }
        self.trail.pop();
        if needed {
            self.configs.push(Config {
                file: source.shown.clone(),
                folder: source.folder.clone(),
                index: document.index,
                at: document.at,
                version: format!("skaffold/{}", self.fields.name(document.version)),
                required: wanted.dependency,
                remote: wanted.remote,
                profiles: active,
                ..decode::config(&tree, wanted.dependency.then_some(source.folder.as_str()))
            });
            self.trees.push(tree);
        }
        Ok(())
    }

    fn cycle(&self, by: &Diagnostic, source: &Source, name: &str) -> Diagnostic {
        let what = if name.is_empty() { source.shown.clone() } else { format!("`{name}` of {}", source.shown) };
        let mut one = by.clone();
        if self.trail.len() >= DEEPEST {
            one.message = format!("more than {DEEPEST} configs require one another in a row, up to {what}");
        } else {
            one.message = format!("leads back to {what}, which is what requires it");
        }
        one.hint("remove the entry that closes the circle, or name the configs that are wanted: `configs: [NAME]`")
    }

    /// Whether the config is met for the first time.
    fn first_visit(
        &mut self,
        source: &Source,
        document: &Document,
        needed: bool,
        active: &[String],
        wanted: &Wanted,
    ) -> Result<bool, Diagnostic> {
        let mut sorted = active.to_vec();
        sorted.sort_unstable();
        let key = (source.key.clone(), document.index, needed);
        match self.visited.get(&key) {
            None => {
                self.visited.insert(key, sorted);
                Ok(true)
            }
            Some(before) if *before == sorted => Ok(false),
            Some(before) => {
                let spell = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                let message =
                    format!("is required twice with different profiles: {} and {}", spell(before), spell(&sorted));
                let place = Diagnostic::new("").in_file(&source.shown).at(document.at);
                let mut one = wanted.by.clone().unwrap_or(place);
                let name = name(&document.tree);
                let what = if name.is_empty() { &source.shown } else { name };
                one.message = format!("`{what}` {message}");
                Err(one.hint("let every `activeProfiles` that leads to it name the same profiles"))
            }
        }
    }

    /// The profiles that an entry of `requires` switches on, and those of the command line.
    fn profiles_for(&self, entry: &Node, active: &[String]) -> Vec<String> {
        let mut wanted: Vec<String> = Vec::new();
        for profile in entry.get("activeProfiles").and_then(Node::as_seq).into_iter().flatten() {
            let by = texts(profile, "activatedBy");
            if by.is_empty() || active.iter().any(|name| by.contains(name)) {
                wanted.extend(profile.get("name").and_then(Node::text).map(str::to_owned));
            }
        }
        if self.options.propagate_profiles {
            for name in self.options.profiles {
                if !wanted.contains(name) {
                    wanted.push(name.clone());
                }
            }
        }
        wanted
    }

    fn dependency(&mut self, source: &Source, entry: &Node, mut asked: Wanted) -> Result<(), Errors> {
        let by = asked.by.clone().unwrap_or_default();
        for refused in ["googleCloudBuildRepoV2", "googleCloudStorage"] {
            if let Some(found) = entry.get(refused) {
                let mut one = by.clone();
                one.message = "hydrant does not fetch configs from Google Cloud".to_owned();
                one.at = found.at;
                one.field = by.field.as_deref().map(|field| format!("{field}.{refused}"));
                return Err(one.hint("fetch it before, and require it by `path`").into());
            }
        }
        let (path, shown) = match entry.get("git") {
            Some(git) => {
                asked.remote = true;
                self.repository(git, &by)?
            }
            None => match entry.get("path").and_then(Node::text) {
                None => return self.file(source, &asked),
                Some(url) if is_url(url) => (url.to_owned(), url.to_owned()),
                Some(path) => {
                    let from = if is_url(&source.key) || source.key == "-" {
                        self.options.working_dir
                    } else {
                        &source.folder
                    };
                    let path = join(from, path);
                    (path.clone(), path)
                }
            },
        };
        let (path, shown) = match is_url(&path) {
            true => (path, shown),
            false => self.config_file(path, shown, entry, &by)?,
        };
        if path == source.key {
            return self.file(source, &asked);
        }
        let mut found = open(self.files, self.outside, "/", &path, &[]).map_err(|mut error| {
            error.file = Some(shown.clone());
            let field = by.field.as_deref().unwrap_or_default();
            let file = by.file.as_deref().unwrap_or_default();
            error.hints = vec![format!("it is required by {file}:{} ({field})", by.at.line)];
            error
        })?;
        found.shown = shown;
        asked.dependency = true;
        self.file(&found, &asked)
    }

    /// The path itself, or `skaffold.yaml` in it where it is a folder.
    fn config_file(
        &self,
        path: String,
        shown: String,
        entry: &Node,
        by: &Diagnostic,
    ) -> Result<(String, String), Diagnostic> {
        match self.files.kind(&path) {
            Ok(FileKind::Folder) => {
                Ok((join(&path, "skaffold.yaml"), format!("{}/skaffold.yaml", shown.trim_end_matches('/'))))
            }
            // `open` may still find skaffold.yml.
            Ok(FileKind::File) => Ok((path, shown)),
            Err(FileError::Missing) if path.ends_with("/skaffold.yaml") => Ok((path, shown)),
            Err(error) => {
                let mut one = by.clone();
                one.message = format!("{shown}: {error}");
                if let Some(written) = entry.get("path") {
                    one.at = written.at;
                    one.field = by.field.as_deref().map(|field| format!("{field}.path"));
                }
                Err(one.hint("a path is read from the folder of the file that requires it"))
            }
        }
    }

    /// The path of a config in a git repository, and how it is shown.
    fn repository(&self, git: &Node, by: &Diagnostic) -> Result<(String, String), Diagnostic> {
        let text = |key: &str| git.get(key).and_then(Node::text).filter(|text| !text.is_empty());
        let field = |name: &str| by.field.as_deref().map(|field| format!("{field}.git{name}")).unwrap_or_default();
        let complete = |mut one: Diagnostic| {
            one.file = one.file.or_else(|| by.file.clone());
            one.at(git.at).field(field(""))
        };
        let Some(url) = text("repo") else {
            let one = Diagnostic::new("is missing").field(field(".repo"));
            return Err(complete(one.hint("name the repository's URL")));
        };
        let wanted = RemoteRepository {
            url: url.to_owned(),
            revision: text("ref").map(str::to_owned),
            submodules: false,
            timeout: FETCH,
        };
        let root = self.outside.repository(&wanted).map_err(complete)?;
        let inside = text("path").unwrap_or_default();
        let shown = format!("{url}//{}", inside.trim_start_matches('/'));
        let path = join("/", inside);
        Ok((join(&root, path.trim_start_matches('/')), shown))
    }
}

fn name(tree: &Map) -> &str {
    tree.get("metadata").and_then(|metadata| metadata.get("name")?.text()).unwrap_or_default()
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).and_then(Node::as_seq);
    items.into_iter().flatten().filter_map(Node::text).map(str::to_owned).collect()
}

/// Makes every path of a config absolute. Source: the struct tag `filepath` in Skaffold; a template is joined to the
/// folder like any other text. A URL stays one (Skaffold joins it as well, and then finds no such file).
fn absolute(fields: &Fields, type_name: &str, map: &mut Map, folder: &str) {
    let newest = fields.newest();
    for entry in map.entries_mut() {
        let Some(field) = fields.get(type_name, &entry.key.text, newest) else { continue };
        absolute_value(fields, field, &field.kind, &mut entry.value, folder);
    }
}

fn absolute_value(fields: &Fields, field: &Field, kind: &Kind, value: &mut Node, folder: &str) {
    match kind {
        Kind::Struct(name) => {
            if let Some(map) = value.as_map_mut() {
                absolute(fields, name, map, folder);
            }
        }
        Kind::List(inner) => {
            value
                .as_seq_mut()
                .into_iter()
                .flatten()
                .for_each(|item| absolute_value(fields, field, inner, item, folder));
        }
        Kind::Map { .. } if field.path => {
            let entries = value.as_map_mut().map(Map::entries_mut);
            entries.into_iter().flatten().for_each(|entry| absolute_text(&mut entry.value, folder));
        }
        Kind::String if field.path => absolute_text(value, folder),
        _ => {}
    }
}

fn absolute_text(value: &mut Node, folder: &str) {
    let path = value.text().unwrap_or_default();
    if !path.is_empty() && !path.starts_with('/') && !is_url(path) {
        value.data = Node::string(join(folder, path)).data;
    }
}
