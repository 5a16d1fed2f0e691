//! The fields in which two objects differ.

use std::collections::{HashMap, HashSet};

use manifest::yaml::{Rules, Value, resolve};
use manifest::{Data, Node, Scalar, secret_values};

use super::path::{Noise, Step, printed};

/// A field that differs. Exactly one side may be absent: then the field was added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Such as `spec.template.spec.containers[name=main].image`.
    pub path: String,
    /// The old value as one line of YAML, redacted where it is secret.
    pub old: Option<String>,
    /// The new value likewise.
    pub new: Option<String>,
}

/// How deep objects are compared field by field; deeper values differ as a whole. Kubernetes' own objects need about 20.
const DEPTH: usize = 200;

/// The keys that identify elements of Kubernetes' lists, in the order they are tried.
pub(super) const NAMES: [&str; 4] = ["name", "key", "mountPath", "host"];

/// The replacement for a secret value.
pub(super) const REDACTED: &str = "(secret)";

/// What the fields of a comparison have in common.
pub(super) struct Comparison<'a> {
    pub(super) noise: &'a Noise,
    /// The nodes of both objects that hold values of Secrets.
    pub(super) secret_nodes: HashSet<*const Node>,
    pub(super) found: Vec<FieldChange>,
}

impl Comparison<'_> {
    /// Collects the fields in which `old` and `new` differ.
    pub(super) fn compare<'a>(&mut self, steps: &mut Vec<Step<'a>>, old: &'a Node, new: &'a Node) {
        match (&old.data, &new.data) {
            _ if steps.len() > DEPTH => self.differ(steps, Some(old), Some(new)),
            (Data::Map(old), Data::Map(new)) => {
                let keys = old.entries().iter().map(|entry| entry.key.text.as_str());
                let added = new.entries().iter().map(|entry| entry.key.text.as_str());
                let olds: HashMap<&str, &Node> =
                    old.entries().iter().map(|entry| (entry.key.text.as_str(), &entry.value)).collect();
                let news: HashMap<&str, &Node> =
                    new.entries().iter().map(|entry| (entry.key.text.as_str(), &entry.value)).collect();
                let mut keys: Vec<&str> = keys.chain(added.filter(|key| !olds.contains_key(key))).collect();
                keys.sort_unstable();
                for key in keys {
                    self.step(steps, Step::Key(key), olds.get(key).copied(), news.get(key).copied());
                }
            }
            (Data::Seq(old), Data::Seq(new)) => self.lists(steps, old, new),
            (Data::Scalar(old), Data::Scalar(new)) if same(old, new) => {}
            _ => self.differ(steps, Some(old), Some(new)),
        }
    }

    fn lists<'a>(&mut self, steps: &mut Vec<Step<'a>>, old: &'a [Node], new: &'a [Node]) {
        let Some(field) = NAMES.into_iter().find(|field| tells_apart(field, old) && tells_apart(field, new)) else {
            for index in 0..old.len().max(new.len()) {
                self.step(steps, Step::Index(index), old.get(index), new.get(index));
            }
            return;
        };
        let olds = by_name(field, old);
        let news = by_name(field, new);
        for item in old {
            let name = name_of(field, item).unwrap_or_default();
            self.step(steps, Step::Named(field, name), Some(item), news.get(name).copied());
        }
        for item in new {
            let name = name_of(field, item).unwrap_or_default();
            if !olds.contains_key(name) {
                self.step(steps, Step::Named(field, name), None, Some(item));
            }
        }
        self.order(steps, field, old, new);
    }

    /// The order of what both lists have is a difference too: of environment variables and init containers it matters.
    fn order<'a>(&mut self, steps: &mut [Step<'a>], field: &str, old: &'a [Node], new: &'a [Node]) {
        let (olds, news) = (by_name(field, old), by_name(field, new));
        let kept = |items: &'a [Node], other: &HashMap<&str, &Node>| -> Vec<&'a str> {
            items.iter().filter_map(|item| name_of(field, item)).filter(|name| other.contains_key(name)).collect()
        };
        let (was, is) = (kept(old, &news), kept(new, &olds));
        let path = format!("{} (order)", printed(steps));
        if was != is && !self.noise.hides(&printed(steps)) {
            self.found.push(FieldChange { path, old: Some(was.join(", ")), new: Some(is.join(", ")) });
        }
    }

    fn step<'a>(&mut self, steps: &mut Vec<Step<'a>>, step: Step<'a>, old: Option<&'a Node>, new: Option<&'a Node>) {
        steps.push(step);
        match (old, new) {
            (Some(old), Some(new)) => self.compare(steps, old, new),
            _ => self.differ(steps, old, new),
        }
        steps.pop();
    }

    fn differ(&mut self, steps: &[Step<'_>], old: Option<&Node>, new: Option<&Node>) {
        let path = printed(steps);
        if self.noise.hides(&path) {
            return;
        }
        let is_secret =
            |node: Option<&Node>| node.is_some_and(|node| self.secret_nodes.contains(&std::ptr::from_ref(node)));
        let secret = is_secret(old) || is_secret(new);
        let show = |node: &Node| if secret { REDACTED.to_owned() } else { shown(node) };
        self.found.push(FieldChange { path, old: old.map(show), new: new.map(show) });
    }
}

/// A value as one line, with the values of Secrets in it replaced.
fn shown(node: &Node) -> String {
    if secret_values::nodes(node).is_empty() {
        return one_line(node);
    }
    let mut node = node.clone();
    secret_values::hide(&mut node, REDACTED);
    one_line(&node)
}

fn same(old: &Scalar, new: &Scalar) -> bool {
    old.text == new.text && resolve(old, Rules::V3) == resolve(new, Rules::V3)
}

fn name_of<'a>(field: &str, item: &'a Node) -> Option<&'a str> {
    item.get(field)?.text()
}

fn by_name<'a>(field: &str, items: &'a [Node]) -> HashMap<&'a str, &'a Node> {
    items.iter().filter_map(|item| Some((name_of(field, item)?, item))).collect()
}

fn tells_apart(field: &str, items: &[Node]) -> bool {
    by_name(field, items).len() == items.len()
}

/// A value as one line: a scalar as text, anything else as JSON.
pub(super) fn one_line(node: &Node) -> String {
    let json = manifest::yaml::to_json(node, Rules::V3);
    match (json, node.text()) {
        (Ok(serde_json::Value::String(text)), _) if reads_as_itself(&text) => text,
        (Ok(value), _) => value.to_string(),
        (Err(_), Some(text)) => text.to_owned(),
        (Err(_), None) => "(a value that JSON cannot represent)".to_owned(),
    }
}

/// Whether a string needs no quotes to be distinguished from a number, a boolean or null.
fn reads_as_itself(text: &str) -> bool {
    !text.is_empty() && !text.contains('\n') && resolve(&Scalar::plain(text), Rules::V3) == Value::Str
}
