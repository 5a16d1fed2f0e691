//! `hydrant render` of a folder with a Skaffold config: the stages up to pin, for one unit without a destination.

use std::fmt::Write as _;

use manifest::Diagnostic;
use render_core::files::Files;
use render_core::skaffold::Build;

use crate::error::Failure;
use crate::host::RunContext;
use crate::lock::Lock;
use crate::pipeline::{Output, Pipeline, SourceTree};
use crate::plan::Standalone;

/// The result of rendering a folder.
#[derive(Clone, Debug)]
pub struct RenderedFolder {
    /// Objects, images, warnings, and what hooks wrote.
    output: Output,
    /// The lock file, where it is to be written.
    pub lock: Option<NewLock>,
}

/// A lock file that is to be written.
#[derive(Clone, Debug)]
pub struct NewLock {
    /// The file, absolute.
    pub path: String,
    /// Its new content.
    pub content: Lock,
}

impl RenderedFolder {
    /// The objects as Skaffold prints them: `---` between two, one newline at the end.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn print(&self) -> Result<String, Diagnostic> {
        let mut text = String::new();
        for object in &self.output.objects {
            if !text.is_empty() {
                text.push_str("---\n");
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "{}", self.output.style.document(object)?);
        }
        Ok(text)
    }

    /// Each artifact and the image that it became.
    pub fn builds(&self) -> &[Build] {
        &self.output.builds
    }

    /// Findings that do not stop the run.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.output.warnings
    }

    /// What hooks wrote to stderr.
    pub fn stderr(&self) -> &[u8] {
        &self.output.stderr
    }
}

/// Renders one folder.
///
/// # Errors
/// What is wrong with the config or the manifests, and images that cannot be resolved.
pub fn render(folder: Standalone, ctx: &RunContext, files: &dyn Files) -> Result<RenderedFolder, Failure> {
    let plan = folder.into_plan(files);
    let mut pipeline = Pipeline::open(&plan, ctx, SourceTree { files, revision: None })?;
    let units = pipeline.run_to_pinned(plan.units.clone())?;
    let output = units.into_iter().next().map(|unit| unit.output);
    let output = output.ok_or_else(|| Diagnostic::new("nothing was rendered"))?;
    let lock = pipeline.into_lock().map(|content| NewLock { path: plan.lock.clone(), content });
    Ok(RenderedFolder { output, lock })
}
