//! The search rules and overrides for images that are in force for a run.

use manifest::image_rules::{self, ImageRules};
use manifest::image_search::{Rule, built_in, source_rules};
use manifest::{Diagnostic, Errors, ImageRef};
use render_core::files::Files;

/// The rules that find images, and the overrides that replace some: the user's and the built-in ones.
#[derive(Clone, Debug, Default)]
pub struct Search {
    rules: Vec<Rule>,
    overrides: ImageRules,
}

impl Search {
    /// Reads files of rules (kbld's `Config`, kbld's or imgpkg's lock file); the built-in rules come after theirs.
    ///
    /// # Errors
    /// Everything that is wrong in any of them.
    pub fn read(files: &dyn Files, names: &[String]) -> Result<Self, Errors> {
        let (mut search, mut wrong) = (Search::default(), Vec::new());
        for file in names {
            let bytes = files.read(file).map_err(|error| Diagnostic::new(error.to_string()).in_file(file));
            let read = |bytes: std::sync::Arc<[u8]>| image_rules::read(file, &String::from_utf8_lossy(&bytes));
            match bytes.map_err(Errors::from).and_then(read) {
                Ok(config) => {
                    search.rules.extend(config.rules);
                    search.overrides.overrides.extend(config.overrides);
                }
                Err(errors) => wrong.extend(errors.into_all()),
            }
        }
        search.rules.extend(built_in());
        Errors::check(wrong).map(|()| search)
    }

    /// Also finds images in files that are rendered: the `images` of kustomizations, and values of charts.
    #[must_use]
    pub fn with_sources(mut self) -> Self {
        let built_in = self.rules.len() - built_in().len();
        self.rules.splice(built_in..built_in, source_rules());
        self
    }

    /// The rules in force, the built-in ones last.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The reference to look up for an image: its own, or that of an override.
    pub fn meant(&self, image: &ImageRef) -> ImageRef {
        self.overrides.replacement(image).unwrap_or_else(|| image.clone())
    }
}
