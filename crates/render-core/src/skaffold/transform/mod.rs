//! `manifests.transform`: the functions of kpt's catalogue that Skaffold allows, done here instead of in containers.

use manifest::{Diagnostic, Errors, Node};

use super::model::Config;

/// The functions of one config, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Functions(Vec<Function>);

#[derive(Clone, Debug)]
enum Function {}

impl Functions {
    /// Reads `manifests.transform`.
    ///
    /// # Errors
    /// A function that is not known, and settings it does not take.
    pub(super) fn new(config: &Config) -> Result<Self, Errors> {
        Errors::check(
            config
                .manifests
                .transform
                .iter()
                .map(|function| {
                    config.finding(
                        function.name.at,
                        "manifests.transform",
                        format!("unsupported transformer {:?}", function.name.text),
                    )
                })
                .collect(),
        )?;
        Ok(Functions(Vec::new()))
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes the objects of one text.
    ///
    /// # Errors
    /// What a function refuses.
    pub(super) fn apply(&self, objects: &mut [Node], text: &[u8]) -> Result<(), Diagnostic> {
        let _ = (objects, text);
        Ok(())
    }
}
