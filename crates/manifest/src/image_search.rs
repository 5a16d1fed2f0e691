//! Finding images in a tree: search rules as kbld has them (`kbld.k14s.io/v1alpha1`, `searchRules`), and one more for repository
//! and tag in separate fields.
//!
//! The rules are tried in order at every field; the first that matches applies, and nothing below a matched field is searched.
//! The built-in rules come last: a string under the key `image`, and a string under `reference` in an
//! `image` mapping (Kubernetes' image volumes). [`source_rules`] are those of files that are rendered: kustomizations and values.

mod source_rules;

use std::fmt;

use crate::node::{Data, Node, Text};

/// How deep a tree is searched; the reader's own limit.
const DEPTH: usize = crate::yaml::MAX_DEPTH;

pub use source_rules::source_rules;

/// One rule: which fields it matches and how the image is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The key or path; any where absent.
    pub key: Option<KeyMatcher>,
    /// The value; any where absent.
    pub value: Option<ValueMatcher>,
    /// How the image is written there.
    pub form: Form,
}

/// The key or path that a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMatcher {
    /// A key of this name, anywhere.
    Name(Text),
    /// This path from the object's root.
    Path(Vec<Pattern>),
    /// These keys at the end of a path.
    Tail(Vec<Text>),
    /// A key that ends with this text, in upper or lower case.
    Suffix(Text),
    /// An item of the sequence of this name.
    ItemOf(Text),
}

/// One part of a path in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A key.
    Key(Text),
    /// An item of a sequence, from 0.
    Index(usize),
    /// Every item of a sequence.
    Every,
}

/// The value that a rule matches. Both compare the text as written, without defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueMatcher {
    /// Exactly this text.
    Image(Text),
    /// This name, with any tag and digest.
    Repository(Text),
}

/// How an image is written in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The whole value is the reference.
    Whole,
    /// The field has no image; later rules are not tried.
    Ignored,
    /// The value is YAML text, searched with these rules.
    Yaml(Vec<Rule>),
    /// The value is JSON text, searched with these rules.
    Json(Vec<Rule>),
    /// The value is a mapping with the parts in separate fields.
    Fields(Fields),
    /// As [`Form::Fields`], in files that are rendered: only if the version is there, too. The mapping's other fields are searched.
    Parts(Fields),
    /// In files that are rendered, a mapping with a name and no version, or a version and no name. The rest is in another file.
    Incomplete(Fields),
}

/// The fields that hold the parts of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The field with the registry, if that is separate.
    pub registry: Option<Text>,
    /// The field with the repository.
    pub repository: Text,
    /// The field with the repository if the other one is absent or empty.
    pub name: Option<Text>,
    /// The field with the tag.
    pub tag: Text,
    /// Where the digest is written.
    pub digest: DigestField,
}

/// Where a mapping with the parts of a reference has the digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestField {
    /// After the tag, as `TAG@DIGEST`.
    InTag,
    /// In the field of this name, which is added if it is missing.
    Named(Text),
    /// In the field of this name, if the mapping has it.
    Present(Text),
    /// In the field of this name, if the mapping has it, without `sha256:`.
    Bare(Text),
}

/// One step of the path to a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The value of a key.
    Key(Text),
    /// An item of a sequence, from 0.
    Index(usize),
}

/// A field that a rule matches.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The path from the root to the field.
    pub path: Vec<Step>,
    /// The field's value.
    pub node: &'a Node,
    /// How the image is written there; never [`Form::Ignored`].
    pub form: &'a Form,
}

/// The built-in rules, which come after any others.
pub fn built_in() -> Vec<Rule> {
    let whole = |key| Rule { key: Some(key), value: None, form: Form::Whole };
    vec![
        whole(KeyMatcher::Name(Text::new_static("image"))),
        whole(KeyMatcher::Tail(vec![Text::new_static("image"), Text::new_static("reference")])),
    ]
}

/// Returns the fields of a tree that the rules match, in the tree's order. An absent or empty value has no image. kbld's and
/// imgpkg's own documents are not searched.
pub fn find<'a>(root: &'a Node, rules: &'a [Rule]) -> Vec<Match<'a>> {
    let version = root.get("apiVersion").and_then(Node::text).unwrap_or_default();
    if version.starts_with("kbld.k14s.io/") || version.starts_with("imgpkg.carvel.dev/") {
        return Vec::new();
    }
    let mut search = Search { rules, is_source: source_rules::is_source(root), path: Vec::new(), matches: Vec::new() };
    if search.is_source {
        search.field(root);
    } else {
        search.visit(root, &[]);
    }
    search.matches
}

struct Search<'a> {
    rules: &'a [Rule],
    /// Whether the file is rendered: a kustomization or values.
    is_source: bool,
    path: Vec<Step>,
    matches: Vec<Match<'a>>,
}

impl<'a> Search<'a> {
    /// Searches the fields of a node, except those of these names.
    fn visit(&mut self, node: &'a Node, except: &[&Text]) {
        if self.path.len() > DEPTH {
            return;
        }
        match &node.data {
            Data::Map(map) => {
                for entry in map.entries().iter().filter(|entry| !except.contains(&&entry.key.text)) {
                    self.enter(Step::Key(entry.key.text.clone()), &entry.value);
                }
            }
            Data::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.enter(Step::Index(index), item);
                }
            }
            Data::Scalar(_) => {}
        }
    }

    fn enter(&mut self, step: Step, node: &'a Node) {
        self.path.push(step);
        self.field(node);
        self.path.pop();
    }

    fn field(&mut self, node: &'a Node) {
        let rules = self.rules;
        let Some(rule) = rules.iter().find(|rule| rule.matches_field(&self.path, node, self.is_source)) else {
            return self.visit(node, &[]);
        };
        if rule.form != Form::Ignored {
            self.matches.push(Match { path: self.path.clone(), node, form: &rule.form });
        }
        if let Form::Parts(fields) | Form::Incomplete(fields) = &rule.form {
            self.visit(node, &fields.keys());
        }
    }
}

impl Rule {
    fn matches_field(&self, path: &[Step], node: &Node, is_source: bool) -> bool {
        let is_parts = matches!(self.form, Form::Parts(_) | Form::Incomplete(_));
        if is_parts && !is_source || !is_parts && path.is_empty() {
            return false;
        }
        let key = self.key.as_ref().is_none_or(|key| key.matches(path));
        key && self.form.fits(node) && self.value.as_ref().is_none_or(|value| value.matches(node))
    }
}

impl Form {
    /// Whether a value can have this form; where not, the rule does not match.
    fn fits(&self, node: &Node) -> bool {
        match self {
            Form::Ignored => true,
            Form::Fields(fields) => fields.part(node, &fields.repository).is_some(),
            Form::Parts(fields) => fields.are_parts(node),
            Form::Incomplete(fields) => fields.repository(node).is_some() != fields.has_version(node),
            Form::Whole | Form::Yaml(_) | Form::Json(_) => is_text(node),
        }
    }
}

impl Fields {
    /// The text of a field of the mapping; absent where it is empty or null.
    pub fn part<'a>(&self, node: &'a Node, key: &Text) -> Option<&'a str> {
        node.get(key).filter(|value| is_text(value)).and_then(Node::text)
    }

    /// The field that has the repository in this mapping.
    pub fn repository_key(&self, node: &Node) -> &Text {
        match &self.name {
            Some(name) if self.part(node, &self.repository).is_none() => name,
            _ => &self.repository,
        }
    }

    fn repository<'a>(&self, node: &'a Node) -> Option<&'a str> {
        self.part(node, self.repository_key(node))
    }

    /// The digest as text; absent where it is empty or has no field of its own.
    pub fn digest_text(&self, node: &Node) -> Option<String> {
        let text = self.part(node, self.digest.key()?)?;
        let is_bare = matches!(self.digest, DigestField::Bare(_)) && !text.contains(':');
        Some(if is_bare { format!("sha256:{text}") } else { text.to_owned() })
    }

    fn has_version(&self, node: &Node) -> bool {
        self.part(node, &self.tag).is_some() || self.digest_text(node).is_some()
    }

    /// The names of all fields.
    fn keys(&self) -> Vec<&Text> {
        let all = [self.registry.as_ref(), Some(&self.repository), self.name.as_ref(), Some(&self.tag)];
        all.into_iter().flatten().chain(self.digest.key()).collect()
    }

    /// Whether a mapping has the parts of an image. In values, a text with a tag of its own is a whole reference, and a URL is none.
    fn are_parts(&self, node: &Node) -> bool {
        let is_present = match &self.digest {
            DigestField::Present(key) | DigestField::Bare(key) => node.get(key).is_some(),
            DigestField::InTag | DigestField::Named(_) => true,
        };
        let is_name = |text: &&str| self.name.is_some() || !text.contains("://") && without_tag(text) == *text;
        is_present && self.has_version(node) && self.repository(node).filter(is_name).is_some()
    }
}

impl DigestField {
    /// The name of the digest's own field.
    pub fn key(&self) -> Option<&Text> {
        match self {
            DigestField::InTag => None,
            DigestField::Named(key) | DigestField::Present(key) | DigestField::Bare(key) => Some(key),
        }
    }
}

/// Whether a value is a scalar that is neither null nor empty.
fn is_text(node: &Node) -> bool {
    use crate::yaml::{Rules, Value, resolve};
    node.as_scalar().is_some_and(|scalar| !scalar.text.is_empty() && resolve(scalar, Rules::V3) != Value::Null)
}

impl KeyMatcher {
    fn matches(&self, path: &[Step]) -> bool {
        let is_key = |step: &Step, name: &Text| matches!(step, Step::Key(key) if key == name);
        match self {
            KeyMatcher::Name(name) => path.last().is_some_and(|step| is_key(step, name)),
            KeyMatcher::Suffix(suffix) => path.last().is_some_and(|step| match step {
                Step::Key(key) => key.to_ascii_lowercase().ends_with(&suffix.to_ascii_lowercase()),
                Step::Index(_) => false,
            }),
            KeyMatcher::ItemOf(name) => {
                matches!(path, [.., list, Step::Index(_)] if is_key(list, name))
            }
            KeyMatcher::Tail(names) => {
                let start = path.len().checked_sub(names.len());
                start.is_some_and(|start| path[start..].iter().zip(names).all(|(step, name)| is_key(step, name)))
            }
            KeyMatcher::Path(patterns) => {
                let fits = |(step, pattern): (&Step, &Pattern)| match (step, pattern) {
                    (Step::Key(key), Pattern::Key(name)) => key == name,
                    (Step::Index(index), Pattern::Index(expected)) => index == expected,
                    (Step::Index(_), Pattern::Every) => true,
                    _ => false,
                };
                path.len() == patterns.len() && path.iter().zip(patterns).all(fits)
            }
        }
    }
}

impl ValueMatcher {
    fn matches(&self, node: &Node) -> bool {
        match (self, node.text()) {
            (ValueMatcher::Image(image), Some(text)) => text == image,
            (ValueMatcher::Repository(name), Some(text)) => without_tag(text) == name,
            (_, None) => false,
        }
    }
}

/// The text up to its digest or tag; the text need not be a reference.
fn without_tag(text: &str) -> &str {
    let text = text.split('@').next().unwrap_or(text);
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    text[last..].find(':').map_or(text, |colon| &text[..last + colon])
}

/// A path as text: `spec.containers[0].image`, `data["values.yaml"]`.
pub fn field(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Key(key) if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Key(key) => out.push_str(&format!("[{:?}]", key.as_str())),
        }
    }
    out
}

impl fmt::Display for Match<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&field(&self.path))
    }
}
