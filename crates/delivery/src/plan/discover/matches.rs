//! Entries without `path`: every match of a pattern is a unit.

use std::collections::BTreeMap;

use manifest::Diagnostic;
use render_core::files::{FileKind, Files, join, parent};
use render_core::kustomize::kustomization::FILE_NAMES;

use super::globs::below;
use super::{DiscoveredService, Repository, is_file, is_library};
use crate::config::pattern::{NameMatcher, name_matcher};
use crate::config::{HelmEntry, PathPattern, Renderer, Service};

/// A path that matches a pattern.
#[derive(Clone, Debug)]
struct Match {
    /// Absolute.
    path: String,
    /// The folder that captured `{service}`; absent before it is captured.
    service_folder: Option<String>,
    /// Whether something else was captured before `{service}` was.
    service_is_inner: bool,
    captures: BTreeMap<String, String>,
}

/// What a pattern is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    SkaffoldFile,
    Kustomization,
    Chart,
    YamlFile,
}

impl Target {
    fn of(entry: &Service) -> Result<Target, Diagnostic> {
        match entry.renderer() {
            Renderer::Skaffold(_) => Ok(Target::SkaffoldFile),
            Renderer::Kustomize(_) => Ok(Target::Kustomization),
            Renderer::Manifests(_) => Ok(Target::YamlFile),
            Renderer::Helm(HelmEntry::Chart(helm)) => match &helm.chart {
                None => Err(Diagnostic::new("missing field `chart`").hint("name the chart's folder, or write `path`")),
                Some(_) => Ok(Target::Chart),
            },
            Renderer::Helm(HelmEntry::Pattern(_)) => Ok(Target::Chart),
        }
    }

    /// What matches are called in messages.
    fn noun(self) -> &'static str {
        match self {
            Target::SkaffoldFile => "Skaffold config",
            Target::Kustomization => "kustomization",
            Target::Chart => "chart",
            Target::YamlFile => "file",
        }
    }

    /// Whether a path is one.
    fn is(self, files: &dyn Files, path: &str) -> bool {
        match self {
            Target::SkaffoldFile | Target::YamlFile => files.kind(path) == Ok(FileKind::File),
            Target::Kustomization => FILE_NAMES.iter().any(|name| is_file(files, path, name)),
            Target::Chart => is_file(files, path, "Chart.yaml") && !is_library(files, &join(path, "Chart.yaml")),
        }
    }

    /// The folder that the unit is rendered in.
    fn folder(self, path: &str) -> &str {
        match self {
            Target::SkaffoldFile | Target::YamlFile => parent(path),
            Target::Kustomization | Target::Chart => path,
        }
    }
}

impl Repository<'_> {
    /// The units of one entry, sorted.
    ///
    /// # Errors
    /// A pattern without a match or without the name of the service.
    pub(super) fn by_pattern(&self, index: usize, entry: &Service) -> Result<Vec<DiscoveredService>, Diagnostic> {
        if let Renderer::Helm(HelmEntry::Chart(helm)) = entry.renderer()
            && helm.is_remote()
        {
            return self.remote_chart(index, entry).map(|service| vec![service]);
        }
        let target = Target::of(entry)?;
        let mut services: Vec<DiscoveredService> = Vec::new();
        for template in entry.patterns() {
            let pattern = PathPattern::parse(template.text()).map_err(Diagnostic::new)?;
            let mut matches = self.matches(&pattern)?;
            matches.retain(|one| target.is(self.files, &one.path));
            if matches.is_empty() {
                let message = format!("no {} matches `{}` in {}", target.noun(), template.text(), self.root);
                return Err(Diagnostic::new(message).hint("correct the pattern, or remove the entry"));
            }
            matches.sort_unstable_by(|one, other| one.path.cmp(&other.path));
            matches.dedup_by(|one, other| one.path == other.path);
            for one in matches {
                let service = self.service(index, entry, &pattern, target, one)?;
                let same = |known: &&mut DiscoveredService| {
                    target == Target::YamlFile && known.name == service.name && known.environment == service.environment
                };
                match services.iter_mut().rev().find(same) {
                    Some(known) => known.found.get_or_insert_default().extend(service.found.into_iter().flatten()),
                    None => services.push(service),
                }
            }
        }
        Ok(services)
    }

    /// The service of a remote chart, which no folder names.
    fn remote_chart(&self, index: usize, entry: &Service) -> Result<DiscoveredService, Diagnostic> {
        let name = entry.service.clone().ok_or_else(|| {
            Diagnostic::new("missing name of the service")
                .hint("set `service` beside `helm`: the chart is in no folder")
        })?;
        Ok(DiscoveredService {
            name,
            folder: self.root.to_owned(),
            environment: None,
            captures: BTreeMap::new(),
            found: None,
            index,
            entry: entry.clone(),
        })
    }

    fn service(
        &self,
        index: usize,
        entry: &Service,
        pattern: &PathPattern,
        target: Target,
        found: Match,
    ) -> Result<DiscoveredService, Diagnostic> {
        let Match { path, service_folder, service_is_inner, mut captures } = found;
        let name = match (&entry.service, captures.remove("service")) {
            (Some(_), Some(_)) => {
                return Err(Diagnostic::new("`service` is set, and the pattern captures {service}").hint("remove one"));
            }
            (Some(name), None) => name.clone(),
            (None, Some(name)) => name,
            (None, None) => {
                return Err(Diagnostic::new("missing name of the service")
                    .hint("capture {service} in the pattern, or set `service`"));
            }
        };
        let environment = captures.remove("environment").or_else(|| {
            let others = pattern.captures().iter().filter_map(|capture| captures.get(capture));
            let joined: Vec<&str> = others.map(String::as_str).collect();
            (!joined.is_empty()).then(|| joined.join("-"))
        });
        let folder = match service_folder {
            Some(folder) if !service_is_inner && target == Target::Kustomization => folder,
            _ => target.folder(&path).to_owned(),
        };
        Ok(DiscoveredService {
            name,
            folder,
            environment,
            captures,
            found: Some(vec![path]),
            index,
            entry: entry.clone(),
        })
    }

    /// Every path that matches.
    fn matches(&self, pattern: &PathPattern) -> Result<Vec<Match>, Diagnostic> {
        let start = Match {
            path: self.root.to_owned(),
            service_folder: None,
            service_is_inner: false,
            captures: BTreeMap::new(),
        };
        let mut open = vec![start];
        for part in pattern.parts() {
            let mut next = Vec::new();
            for one in open {
                next.extend(self.step(&one, part)?);
            }
            open = next;
        }
        Ok(open)
    }

    /// The matches of one more part of the pattern.
    fn step(&self, one: &Match, part: &str) -> Result<Vec<Match>, Diagnostic> {
        let at = |path: String| Match { path, ..one.clone() };
        match name_matcher(part, &one.captures).map_err(Diagnostic::new)? {
            NameMatcher::Literal(name) => {
                let path = join(&one.path, &name);
                Ok(self.files.kind(&path).is_ok().then(|| at(path)).into_iter().collect())
            }
            NameMatcher::Folders => {
                Ok(below(self.files, std::slice::from_ref(&one.path))?.into_iter().map(at).collect())
            }
            NameMatcher::Pattern(pattern) => {
                if self.files.kind(&one.path) != Ok(FileKind::Folder) {
                    return Ok(Vec::new());
                }
                let names = self.files.list(&one.path);
                let names = names.map_err(|error| Diagnostic::new(format!("cannot read {}: {error}", one.path)))?;
                let matching = names.iter().filter_map(|name| {
                    let captured = pattern.captures(name)?;
                    Some(one.clone().with(join(&one.path, name), captured))
                });
                Ok(matching.collect())
            }
        }
    }
}

impl Match {
    fn with(mut self, path: String, captured: BTreeMap<String, String>) -> Match {
        if captured.contains_key("service") {
            self.service_folder = Some(path.clone());
            self.service_is_inner = !self.captures.is_empty() || captured.len() > 1;
        }
        self.captures.extend(captured);
        self.path = path;
        self
    }
}
