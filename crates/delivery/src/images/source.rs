//! The images of a unit's rendered source.

use std::collections::{BTreeMap, BTreeSet};

use manifest::ImageRef;

/// The images of a unit's rendered source, by their names in full.
pub(crate) type SourceImages = BTreeMap<String, SourceImage>;

/// An image of a unit's rendered source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceImage {
    /// Its name as it is written.
    pub(crate) name: String,
    /// Its references as they are written: usually one.
    pub(crate) references: BTreeSet<String>,
    /// Other names that it may be given by: those of Skaffold's artifacts.
    pub(crate) aliases: BTreeSet<String>,
    /// Its name in the environment that is promoted, in full, if that is another one.
    pub(crate) promoted_name: Option<String>,
}

/// A name in full; itself if it is not an image's name.
pub(crate) fn full_name(name: &str) -> String {
    ImageRef::parse(name).map_or_else(|_| name.to_owned(), |image| image.full_name())
}
