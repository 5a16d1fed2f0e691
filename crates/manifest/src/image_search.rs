//! Where images stand in a tree: search rules as kbld has them (`kbld.k14s.io/v1alpha1`, `searchRules`), and one more for
//! repository and tag in fields of their own.
//!
//! The rules are tried in order at every field, the first that matches decides, and nothing below a field that one has taken
//! is looked at again. The built-in rules come last: a string under the key `image`, and a string under `reference` in an
//! `image` mapping (Kubernetes' image volumes).

use std::fmt;

use crate::node::{Data, Node, Text};

/// How deep a tree is walked; the reader's own limit.
const DEPTH: usize = crate::yaml::MAX_DEPTH;

/// One rule: which fields it concerns and how the image is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which key or path; any where absent.
    pub key: Option<KeyMatcher>,
    /// Which value; any where absent.
    pub value: Option<ValueMatcher>,
    /// How the image is written there.
    pub form: Form,
}

/// Which key or path a rule concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMatcher {
    /// A key of this name, anywhere.
    Name(Text),
    /// This path from the object's root.
    Path(Vec<Pattern>),
    /// These keys at the end of a path.
    Tail(Vec<Text>),
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

/// Which value a rule concerns. Both compare the text as it is written, without defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueMatcher {
    /// Exactly this.
    Image(Text),
    /// This name, with any tag and digest.
    Repository(Text),
}

/// How an image is written in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The whole value is the reference.
    Whole,
    /// It is none, whatever later rules say.
    Ignored,
    /// The value is YAML text that holds images by these rules.
    Yaml(Vec<Rule>),
    /// The value is JSON text that holds images by these rules.
    Json(Vec<Rule>),
    /// The value is a mapping with the parts in fields of their own.
    Fields(Fields),
}

/// The fields that hold the parts of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The field with the registry, if it is apart.
    pub registry: Option<Text>,
    /// The field with the repository.
    pub repository: Text,
    /// The field with the tag.
    pub tag: Text,
    /// The field that takes the digest; `TAG@DIGEST` goes into the tag's field where absent.
    pub digest: Option<Text>,
}

/// One part of the way to a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The value of a key.
    Key(Text),
    /// An item of a sequence, from 0.
    Index(usize),
}

/// A field that a rule has taken.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The way from the root to the field.
    pub path: Vec<Step>,
    /// The field's value.
    pub node: &'a Node,
    /// How the image is written there; never [`Form::Ignored`].
    pub form: &'a Form,
}

/// The rules that are always there, after any others.
pub fn built_in() -> Vec<Rule> {
    let whole = |key| Rule { key: Some(key), value: None, form: Form::Whole };
    vec![
        whole(KeyMatcher::Name(Text::new_static("image"))),
        whole(KeyMatcher::Tail(vec![Text::new_static("image"), Text::new_static("reference")])),
    ]
}

/// The fields of a tree that the rules take, in the tree's order. An absent or empty value is no image and is left out. The
/// documents that tell kbld and imgpkg about images hold none themselves.
pub fn find<'a>(root: &'a Node, rules: &'a [Rule]) -> Vec<Match<'a>> {
    let version = root.get("apiVersion").and_then(Node::text).unwrap_or_default();
    if version.starts_with("kbld.k14s.io/") || version.starts_with("imgpkg.carvel.dev/") {
        return Vec::new();
    }
    let mut search = Search { rules, path: Vec::new(), found: Vec::new() };
    search.walk(root);
    search.found
}

struct Search<'a> {
    rules: &'a [Rule],
    path: Vec<Step>,
    found: Vec<Match<'a>>,
}

impl<'a> Search<'a> {
    fn walk(&mut self, node: &'a Node) {
        if self.path.len() > DEPTH {
            return;
        }
        match &node.data {
            Data::Map(map) => {
                for entry in map.entries() {
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
        match self.rules.iter().find(|rule| rule.takes(&self.path, node)) {
            Some(Rule { form: Form::Ignored, .. }) => {}
            Some(rule) => self.found.push(Match { path: self.path.clone(), node, form: &rule.form }),
            None => self.walk(node),
        }
        self.path.pop();
    }
}

impl Rule {
    fn takes(&self, path: &[Step], node: &Node) -> bool {
        let key = self.key.as_ref().is_none_or(|key| key.matches(path));
        key && self.form.fits(node) && self.value.as_ref().is_none_or(|value| value.matches(node))
    }
}

impl Form {
    /// Whether a value can be written in this form at all; if not, the rule passes it by.
    fn fits(&self, node: &Node) -> bool {
        match self {
            Form::Ignored => true,
            Form::Fields(fields) => node.get(&fields.repository).is_some_and(is_text),
            Form::Whole | Form::Yaml(_) | Form::Json(_) => is_text(node),
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
            KeyMatcher::Tail(names) => {
                let start = path.len().checked_sub(names.len());
                start.is_some_and(|start| path[start..].iter().zip(names).all(|(step, name)| is_key(step, name)))
            }
            KeyMatcher::Path(patterns) => {
                let fits = |(step, pattern): (&Step, &Pattern)| match (step, pattern) {
                    (Step::Key(key), Pattern::Key(name)) => key == name,
                    (Step::Index(index), Pattern::Index(wanted)) => index == wanted,
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

/// The text up to its digest or tag, for text that need not be a reference.
fn without_tag(text: &str) -> &str {
    let text = text.split('@').next().unwrap_or(text);
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    text[last..].find(':').map_or(text, |colon| &text[..last + colon])
}

/// A path as words: `spec.containers[0].image`, `data["values.yaml"]`.
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
