//! `.Chart`: a map in helm 4, a structure with the JSON names of `Chart.yaml` in helm 3.

use gotemplate::{Element, Field, Kind, List, Map, Type, Value, types};

use super::active_chart::ActiveChart;
use super::metadata::{Annotation, Dependency, ImportValue, Maintainer, Metadata};
use super::record::{Member, Record};
use super::semantics::Semantics;

/// The types of helm 3.
static MAINTAINER: Type = Type::basic("*chart.Maintainer", Kind::Pointer);
static MAINTAINERS: Type = Type::list("[]*chart.Maintainer", Element::Concrete(&MAINTAINER));
static DEPENDENCY: Type = Type::basic("*chart.Dependency", Kind::Pointer);
static DEPENDENCIES: Type = Type::list("[]*chart.Dependency", Element::Concrete(&DEPENDENCY));

/// A field of `.Chart`: its name in Go and in JSON.
struct Entry {
    name: &'static str,
    json: &'static str,
    value: Value,
    /// JSON shows it where it is empty, too.
    always: bool,
}

impl Entry {
    fn new(name: &'static str, json: &'static str, value: impl Into<Value>) -> Entry {
        Entry { name, json, value: value.into(), always: false }
    }

    fn member(&self) -> Member {
        Member { name: self.json, value: self.value.clone(), omit_empty: !self.always }
    }

    fn field(&self) -> Field {
        Field::new(self.name, self.value.clone())
    }
}

/// Returns `.Chart` of a chart.
pub(super) fn of(chart: &ActiveChart<'_>, semantics: Semantics) -> Value {
    let entries = entries(chart, semantics);
    if !semantics.is_v3() {
        let map: Map = entries.into_iter().map(|entry| (entry.name, entry.value)).collect();
        map.insert("IsRoot", Value::Bool(chart.is_root));
        return map.into();
    }
    let root = Entry { always: true, ..Entry::new("IsRoot", "IsRoot", chart.is_root) };
    let metadata = Record::new("chart.Metadata", Kind::Struct, entries.iter().map(Entry::field).collect());
    Value::object(Record {
        type_name: "struct { chart.Metadata; IsRoot bool }",
        kind: Kind::Struct,
        fields: vec![Field::new("Metadata", Value::object(metadata)), root.field()],
        json: entries.iter().map(Entry::member).chain([root.member()]).collect(),
        embedded: entries.iter().map(Entry::field).collect(),
    })
}

/// Returns the fields in the order of Go's structure.
fn entries(chart: &ActiveChart<'_>, semantics: Semantics) -> Vec<Entry> {
    let Metadata { api_version, version, kube_version, chart_type, deprecated, app_version, description, .. } =
        &chart.content.metadata;
    let Metadata { home, icon, condition, tags, keywords, sources, maintainers, annotations, .. } =
        &chart.content.metadata;
    let maintainers = maintainers.iter().flatten().map(|maintainer| self::maintainer(maintainer, semantics));
    let dependencies: Vec<Value> =
        chart.dependencies.iter().flatten().map(|dependency| self::dependency(dependency, semantics)).collect();
    let dependencies = match (semantics.is_v3(), &chart.dependencies) {
        (true, None) => List::nil(&DEPENDENCIES),
        (true, Some(_)) => List::new(&DEPENDENCIES, dependencies),
        (false, _) => dependencies.into_iter().collect(),
    };
    vec![
        Entry::new("Name", "name", chart.name.as_str()),
        Entry::new("Home", "home", home.as_str()),
        Entry::new("Sources", "sources", texts(sources, semantics)),
        Entry::new("Version", "version", version.as_str()),
        Entry::new("Description", "description", description.as_str()),
        Entry::new("Keywords", "keywords", texts(keywords, semantics)),
        Entry::new("Maintainers", "maintainers", list(&MAINTAINERS, maintainers.collect(), semantics)),
        Entry::new("Icon", "icon", icon.as_str()),
        Entry::new("APIVersion", "apiVersion", api_version.as_str()),
        Entry::new("Condition", "condition", condition.as_str()),
        Entry::new("Tags", "tags", tags.as_str()),
        Entry::new("AppVersion", "appVersion", app_version.as_str()),
        Entry::new("Deprecated", "deprecated", *deprecated),
        Entry::new("Annotations", "annotations", self::annotations(annotations.as_deref())),
        Entry::new("KubeVersion", "kubeVersion", kube_version.as_str()),
        Entry::new("Dependencies", "dependencies", dependencies),
        Entry::new("Type", "type", chart_type.as_str()),
    ]
}

fn maintainer(maintainer: &Maintainer, semantics: Semantics) -> Value {
    let entries = vec![
        Entry::new("Name", "name", maintainer.name.as_str()),
        Entry::new("Email", "email", maintainer.email.as_str()),
        Entry::new("URL", "url", maintainer.url.as_str()),
    ];
    structure(MAINTAINER.name, entries, semantics)
}

fn dependency(dependency: &Dependency, semantics: Semantics) -> Value {
    let imports: List = dependency.import_values.iter().map(import).collect();
    let always = |entry: Entry| Entry { always: true, ..entry };
    let entries = vec![
        always(Entry::new("Name", "name", dependency.name.as_str())),
        Entry::new("Version", "version", dependency.version.as_str()),
        always(Entry::new("Repository", "repository", dependency.repository.as_str())),
        Entry::new("Condition", "condition", dependency.condition.as_str()),
        Entry::new("Tags", "tags", texts(&dependency.tags, semantics)),
        Entry::new("Enabled", "enabled", dependency.enabled),
        Entry::new("ImportValues", "import-values", imports),
        Entry::new("Alias", "alias", dependency.alias.as_str()),
    ];
    structure(DEPENDENCY.name, entries, semantics)
}

/// Returns an import as it is after the dependencies were processed: child and parent.
fn import(import: &ImportValue) -> Value {
    let (child, parent) = match import {
        ImportValue::Export(name) => (format!("exports.{name}"), "."),
        ImportValue::Table { child, parent } => (child.clone(), parent.as_str()),
    };
    let entries = [("child", child.as_str()), ("parent", parent)];
    Map::new(&types::STRING_MAP, entries.map(|(key, value)| (key.into(), value.into())).into_iter().collect()).into()
}

fn structure(type_name: &'static str, entries: Vec<Entry>, semantics: Semantics) -> Value {
    if !semantics.is_v3() {
        let map: Map = entries.into_iter().map(|entry| (entry.name, entry.value)).collect();
        return map.into();
    }
    Value::object(Record {
        type_name,
        kind: Kind::Pointer,
        fields: entries.iter().map(Entry::field).collect(),
        json: entries.iter().map(Entry::member).collect(),
        embedded: Vec::new(),
    })
}

fn list(of: &'static Type, items: Vec<Value>, semantics: Semantics) -> List {
    match (semantics.is_v3(), items.is_empty()) {
        (true, true) => List::nil(of),
        (true, false) => List::new(of, items),
        (false, _) => items.into_iter().collect(),
    }
}

fn texts(items: &[String], semantics: Semantics) -> List {
    let items = items.iter().map(|item| Value::from(item.as_str())).collect();
    list(&types::STRINGS, items, semantics)
}

fn annotations(annotations: Option<&[Annotation]>) -> Map {
    match annotations {
        None => Map::nil(&types::STRING_MAP),
        Some(entries) => {
            let entries = entries.iter().map(|entry| (entry.key.as_str().into(), entry.value.as_str().into()));
            Map::new(&types::STRING_MAP, entries.collect())
        }
    }
}
