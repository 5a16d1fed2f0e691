//! An object's identity: group, version, kind, namespace, name.

use crate::node::{Node, Text};

/// Group, version and kind. A core object has an empty group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvk {
    /// Such as `apps`; empty for the core group.
    pub group: Text,
    /// Such as `v1`.
    pub version: Text,
    /// Such as `Deployment`.
    pub kind: Text,
}

/// An object's identity as written in it. An absent namespace is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// Its type.
    pub gvk: Gvk,
    /// `metadata.namespace`, empty where absent.
    pub namespace: Text,
    /// `metadata.name`, empty where absent.
    pub name: Text,
}

impl Gvk {
    /// Splits an `apiVersion` (`apps/v1`, `v1`) at its slash and joins it with a kind.
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Gvk { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// Reads `apiVersion` and `kind` of an object; empty parts where a field is absent.
    pub fn of(object: &Node) -> Self {
        let text = |key| object.get(key).and_then(Node::text).unwrap_or_default();
        Gvk::new(text("apiVersion"), text("kind"))
    }

    /// `apps/v1` or `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl ObjectId {
    /// Reads the identity of an object; parts are empty where a field is absent.
    pub fn of(object: &Node) -> Self {
        let meta = |key| object.at_path(&["metadata", key]).and_then(Node::text).unwrap_or_default().into();
        ObjectId { gvk: Gvk::of(object), namespace: meta("namespace"), name: meta("name") }
    }
}

impl std::fmt::Display for ObjectId {
    /// `Deployment.apps/web`, with ` in NAMESPACE` where there is one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.gvk.kind)?;
        if !self.gvk.group.is_empty() {
            write!(f, ".{}", self.gvk.group)?;
        }
        write!(f, "/{}", self.name)?;
        if self.namespace.is_empty() { Ok(()) } else { write!(f, " in {}", self.namespace) }
    }
}
