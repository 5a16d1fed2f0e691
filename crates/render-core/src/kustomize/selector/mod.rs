//! Target selectors: anchored regular expressions over ids, Kubernetes selectors over labels and annotations.

use manifest::{Diagnostic, Gvk, Node, ObjectId};
use regex::Regex;

use crate::kustomize::kustomization::Selector;
use crate::kustomize::object::resource::{Resource, effective_namespace};
use crate::kustomize::schema::Schema;

pub(super) mod go_regex;
pub(super) mod label_query;

use self::label_query::LabelQuery;

/// A selector with its expressions compiled.
#[derive(Clone, Debug)]
pub(super) struct CompiledSelector {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    labels: Query,
    annotations: Query,
}

/// A selector over labels or annotations. It is parsed at once, but an error counts only where an object gets so far.
#[derive(Clone, Debug)]
struct Query {
    field: &'static str,
    parsed: Result<LabelQuery, Diagnostic>,
}

impl CompiledSelector {
    /// Compiles a selector.
    ///
    /// # Errors
    /// Returns an error if a part is not a regular expression in Go's syntax.
    pub(super) fn new(selector: &Selector) -> Result<Self, Diagnostic> {
        Ok(CompiledSelector {
            group: anchored(&selector.group, "group")?,
            version: anchored(&selector.version, "version")?,
            kind: anchored(&selector.kind, "kind")?,
            name: anchored(&selector.name, "name")?,
            namespace: anchored(&selector.namespace, "namespace")?,
            labels: Query::new("labels", &selector.label_selector),
            annotations: Query::new("annotations", &selector.annotation_selector),
        })
    }

    /// Whether a patch for this selector changes the object. Its first and its present namespace, and its first and
    /// its present name are tried, its present kind alone (kustomize: `resWrangler.Select`).
    ///
    /// # Errors
    /// Returns an error if the selector over labels or annotations cannot be parsed.
    pub(super) fn selects(&self, resource: &Resource, schema: &Schema) -> Result<bool, Diagnostic> {
        if !matches(self.kind.as_ref(), resource.kind()) || !self.may_be_called(resource) {
            return Ok(false);
        }
        let id = resource.id();
        if !self.matches_gvk(&id.gvk) {
            return Ok(false);
        }
        let first = resource.past.first();
        let namespace = |namespace: &str| matches(self.namespace.as_ref(), namespace);
        let by_namespace =
            namespace(effective_namespace(&id, schema)) || first.is_some_and(|first| namespace(&first.namespace));
        Ok(by_namespace && self.matches_metadata(&resource.node)?)
    }

    /// Whether its first or its present name matches.
    fn may_be_called(&self, resource: &Resource) -> bool {
        let name = |name: &str| matches(self.name.as_ref(), name);
        name(resource.name()) || resource.past.first().is_some_and(|first| name(&first.name))
    }

    /// Whether the id matches as it stands (its namespace as written, empty if absent).
    pub(super) fn matches_id(&self, id: &ObjectId) -> bool {
        self.matches_gvk(&id.gvk)
            && matches(self.name.as_ref(), &id.name)
            && matches(self.namespace.as_ref(), &id.namespace)
    }

    /// Whether labels and annotations match.
    ///
    /// # Errors
    /// Returns an error if one of the selectors cannot be parsed.
    pub(super) fn matches_metadata(&self, object: &Node) -> Result<bool, Diagnostic> {
        Ok(self.annotations.matches(object)? && self.labels.matches(object)?)
    }

    fn matches_gvk(&self, gvk: &Gvk) -> bool {
        matches(self.kind.as_ref(), &gvk.kind)
            && matches(self.group.as_ref(), &gvk.group)
            && matches(self.version.as_ref(), &gvk.version)
    }
}

impl Query {
    fn new(field: &'static str, text: &str) -> Self {
        Query { field, parsed: LabelQuery::parse(text) }
    }

    fn matches(&self, object: &Node) -> Result<bool, Diagnostic> {
        let query = self.parsed.as_ref().map_err(Clone::clone)?;
        Ok(query.is_empty() || query.matches(object.at_path(&["metadata", self.field]).and_then(Node::as_map)))
    }
}

/// An anchored expression; most are plain text, which needs no automaton.
#[derive(Clone, Debug)]
enum Pattern {
    Word(String),
    Expression(Regex),
}

fn matches(pattern: Option<&Pattern>, text: &str) -> bool {
    pattern.is_none_or(|pattern| match pattern {
        Pattern::Word(word) => word == text,
        Pattern::Expression(expression) => expression.is_match(text),
    })
}

fn anchored(pattern: &str, field: &str) -> Result<Option<Pattern>, Diagnostic> {
    if pattern.is_empty() {
        return Ok(None);
    }
    if pattern.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(Some(Pattern::Word(pattern.to_owned())));
    }
    match (go_regex::compile(&format!("^(?:{pattern})$")), go_regex::compile(pattern)) {
        (Ok(expression), _) => Ok(Some(Pattern::Expression(expression))),
        (Err(_), Err(found)) | (Err(found), Ok(_)) => Err(found.field(field)),
    }
}
