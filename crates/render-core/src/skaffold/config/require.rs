//! `requires`: which configs a config brings along, in which order, from which file, with which profiles.
//!
//! Source: Skaffold's `parser/config.go`. A required config comes before those that require it, each config once. Paths of a
//! required file are made absolute against its folder, those of the root file stay relative to the working directory.

use std::collections::BTreeMap;
use std::rc::Rc;

use manifest::{At, Diagnostic, Errors, Map, Node};

use super::absolute::absolute;
use super::document::{Document, Source, documents, open};
use super::fields::Fields;
use super::locate::{Located, locate};
use super::{check, decode, profile, upgrade};
use crate::skaffold::inputs::Inputs;
use crate::skaffold::model::Config;

/// The maximum length of a chain of files that require one another.
const DEEPEST: usize = 100;

/// Loads the configs of a run: a file's documents and, recursively, what they require.
pub(super) struct ConfigLoader<'a> {
    fields: &'a Fields,
    inputs: &'a Inputs<'a>,
    /// The profiles requested by name, in order.
    requested_profiles: Vec<String>,
    /// The files read so far, their documents raised to the newest version.
    read: BTreeMap<String, Rc<Vec<Document>>>,
    /// The profiles of each visited config, by file, document, and whether it is rendered.
    visited: BTreeMap<(String, usize, bool), Vec<String>>,
    /// The location of each named config.
    named: BTreeMap<String, (String, String, At)>,
    /// The configs that lead to the current one.
    trail: Vec<(String, usize)>,
    /// The names of all profiles seen.
    pub profiles: Vec<String>,
    /// The configs to render, in order.
    pub configs: Vec<Config>,
    /// The trees that the configs were decoded from.
    pub trees: Vec<Map>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// A request for the configs of a file.
#[derive(Clone)]
struct ConfigRequest {
    /// The names of the configs; none for all.
    selection: Vec<String>,
    profiles: Vec<String>,
    /// Whether a config that is rendered needs it.
    needed: bool,
    /// Whether it is another file than the root file.
    dependency: bool,
    remote: bool,
    /// The entry of `requires` that makes the request.
    by: Option<Diagnostic>,
}

impl<'a> ConfigLoader<'a> {
    /// Returns a loader that has not loaded a config yet.
    pub(super) fn new(fields: &'a Fields, inputs: &'a Inputs<'a>) -> Self {
        ConfigLoader {
            fields,
            inputs,
            requested_profiles: inputs
                .options
                .profiles
                .iter()
                .chain(&inputs.options.optional_profiles)
                .cloned()
                .collect(),
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
    /// Returns the errors of the configs and of their `requires`.
    pub(super) fn begin(&mut self) -> Result<(), Errors> {
        let options = self.inputs.options;
        let source = open(self.inputs.files, self.inputs.host, self.inputs.working_dir, &options.file, &options.input)?;
        let request = ConfigRequest {
            selection: Vec::new(),
            profiles: self.requested_profiles.clone(),
            needed: false,
            dependency: false,
            remote: false,
            by: None,
        };
        self.file(&source, &request)
    }

    fn file(&mut self, source: &Source, request: &ConfigRequest) -> Result<(), Errors> {
        let documents = self.documents(source)?;
        for document in documents.iter() {
            self.config(source, document, request)?;
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

    /// Records the names of profiles and configs, and refuses a config name that is used twice.
    fn names(&mut self, source: &Source, documents: &[Document]) -> Result<(), Diagnostic> {
        for document in documents {
            let profiles = document.tree.get("profiles").and_then(Node::as_seq);
            let names = profiles.into_iter().flatten().filter_map(|profile| profile.get("name")?.text());
            self.profiles.extend(names.map(str::to_owned));
            let Some(name) = document.tree.get("metadata").and_then(|metadata| metadata.get("name")) else { continue };
            let text = name.text().unwrap_or_default().to_owned();
            if let Some((_, file, at)) = self.named.get(&text) {
                let there = format!("{file}:{}", at.line);
                let one = Diagnostic::new(format!("duplicate config name `{text}`: the other one is at {there}"));
                let one = one.in_file(&source.shown).at(name.at).field("metadata.name");
                return Err(one.hint("give each config a unique name"));
            }
            self.named.insert(text, (source.key.clone(), source.shown.clone(), name.at));
        }
        Ok(())
    }

    fn config(&mut self, source: &Source, document: &Document, request: &ConfigRequest) -> Result<(), Errors> {
        let name = name(&document.tree).to_owned();
        if !request.selection.is_empty() && !request.selection.contains(&name) {
            return Ok(());
        }
        let needed =
            request.needed || self.inputs.options.modules.is_empty() || self.inputs.options.modules.contains(&name);
        let place = (source.key.clone(), document.index);
        if let (Some(by), true) = (&request.by, self.trail.contains(&place) || self.trail.len() >= DEEPEST) {
            return Err(self.cycle(by, source, &name).into());
        }
        let in_file = |errors: Errors| errors.map(|one| one.in_file(&source.shown));
        let mut tree = document.tree.clone();
        let mut warnings = Vec::new();
        let active = profile::apply(self.fields, &mut tree, &request.profiles, self.inputs, &mut warnings);
        let active = active.map_err(in_file)?;
        self.warnings.extend(warnings.into_iter().map(|one| one.in_file(&source.shown)));
        if !self.first_visit(source, document, needed, &active, request)? {
            return Ok(());
        }
        if request.dependency {
            absolute(self.fields, "SkaffoldConfig", &mut tree, &source.folder);
        }
        self.trail.push(place);
        self.dependencies(source, &tree, &active, needed, request)?;
        self.trail.pop();
        if needed {
            self.add(source, document, tree, active, request);
        }
        Ok(())
    }

    /// Walks what the config requires.
    fn dependencies(
        &mut self,
        source: &Source,
        tree: &Map,
        active: &[String],
        needed: bool,
        request: &ConfigRequest,
    ) -> Result<(), Errors> {
        let requires = tree.get("requires").and_then(Node::as_seq).cloned().unwrap_or_default();
        for (index, entry) in requires.iter().enumerate() {
            let by = Diagnostic::new("").in_file(&source.shown).at(entry.at).field(format!("requires[{index}]"));
            let required = ConfigRequest {
                selection: texts(entry, "configs"),
                profiles: self.profiles_for(entry, active),
                needed,
                by: Some(by),
                ..request.clone()
            };
            self.dependency(source, entry, required)?;
        }
        Ok(())
    }

    fn add(&mut self, source: &Source, document: &Document, tree: Map, active: Vec<String>, request: &ConfigRequest) {
        self.configs.push(Config {
            file: source.shown.clone(),
            folder: source.folder.clone(),
            index: document.index,
            at: document.at,
            version: format!("skaffold/{}", self.fields.name(document.version)),
            required: request.dependency,
            remote: request.remote,
            profiles: active,
            ..decode::config(&tree, request.dependency.then_some(source.folder.as_str()))
        });
        self.trees.push(tree);
    }

    fn cycle(&self, by: &Diagnostic, source: &Source, name: &str) -> Diagnostic {
        let what = if name.is_empty() { source.shown.clone() } else { format!("`{name}` of {}", source.shown) };
        let mut one = by.clone();
        if self.trail.len() >= DEEPEST {
            one.message = format!("configs require each other more than {DEEPEST} levels deep, down to {what}");
        } else {
            one.message = format!("cycle: it leads back to {what}");
        }
        one.hint("remove the entry that closes the cycle, or select configs with `configs: [NAME]`")
    }

    /// Whether the config is met for the first time.
    fn first_visit(
        &mut self,
        source: &Source,
        document: &Document,
        needed: bool,
        active: &[String],
        request: &ConfigRequest,
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
                let mut one = request.by.clone().unwrap_or(place);
                let name = name(&document.tree);
                let what = if name.is_empty() { &source.shown } else { name };
                one.message = format!("`{what}` {message}");
                Err(one.hint("use the same profiles in every `activeProfiles` that leads to it"))
            }
        }
    }

    /// The profiles that an entry of `requires` switches on, and those of the command line.
    fn profiles_for(&self, entry: &Node, active: &[String]) -> Vec<String> {
        let mut request: Vec<String> = Vec::new();
        for profile in entry.get("activeProfiles").and_then(Node::as_seq).into_iter().flatten() {
            let by = texts(profile, "activatedBy");
            if by.is_empty() || active.iter().any(|name| by.contains(name)) {
                request.extend(profile.get("name").and_then(Node::text).map(str::to_owned));
            }
        }
        if self.inputs.options.propagate_profiles {
            for name in &self.requested_profiles {
                if !request.contains(name) {
                    request.push(name.clone());
                }
            }
        }
        request
    }

    fn dependency(&mut self, source: &Source, entry: &Node, mut request: ConfigRequest) -> Result<(), Errors> {
        let by = request.by.clone().unwrap_or_default();
        let found = locate(self.inputs.files, self.inputs.host, self.inputs.working_dir, source, entry, &by)?;
        let Some(Located { path, shown, remote }) = found.filter(|found| found.path != source.key) else {
            return self.file(source, &request);
        };
        let mut found =
            open(self.inputs.files, self.inputs.host, self.inputs.working_dir, &path, &[]).map_err(|mut error| {
                error.file = Some(shown.clone());
                let field = by.field.as_deref().unwrap_or_default();
                let file = by.file.as_deref().unwrap_or_default();
                error.hints = vec![format!("check {field} in {file}:{}, which requires it", by.at.line)];
                error
            })?;
        found.shown = shown;
        request.dependency = true;
        request.remote |= remote;
        self.file(&found, &request)
    }
}

fn name(tree: &Map) -> &str {
    tree.get("metadata").and_then(|metadata| metadata.get("name")?.text()).unwrap_or_default()
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).and_then(Node::as_seq);
    items.into_iter().flatten().filter_map(Node::text).map(str::to_owned).collect()
}
