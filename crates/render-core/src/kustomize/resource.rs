//! An object on its way through a build, with the bookkeeping beside it, never inside it.

use manifest::{Node, ObjectId, Text};

/// An object and what the build remembers of it.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// The object.
    pub node: Node,
    /// What it was called before each change of name, namespace or kind, oldest first.
    pub past: Vec<ObjectId>,
    /// Name prefixes it has been given, oldest first.
    pub prefixes: Vec<Text>,
    /// Name suffixes it has been given, oldest first.
    pub suffixes: Vec<Text>,
    /// Whether its name gets a hash of its content at the end of the build.
    pub needs_hash: bool,
    /// What a generator said to do where an object of this name exists.
    pub behavior: Behavior,
}

/// What a generator does where an object of its name exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// Nothing said: as `create`.
    #[default]
    Unspecified,
    /// It is an error.
    Create,
    /// The generated object stands in its place.
    Replace,
    /// The generated keys are laid over it.
    Merge,
}

impl Resource {
    /// What the object calls itself now.
    pub fn id(&self) -> ObjectId {
        ObjectId::of(&self.node)
    }

    /// What it was called first.
    pub fn original_id(&self) -> ObjectId {
        self.past.first().cloned().unwrap_or_else(|| self.id())
    }
}
