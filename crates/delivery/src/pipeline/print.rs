//! The stage after the checks: the files of a unit on its branch. The objects end here.

use manifest::Errors;

use super::file_set::file_set;
use super::output::Output;
use super::session::{OfUnit, Pipeline, all_units};
use super::unit::{CheckedUnit, PrintedUnit};
use crate::error::Failure;
use crate::plan::PlannedUnit;

/// The number of units whose objects are in memory at one time. Objects take about ten times the memory of their text. All images of a
/// batch are resolved together, so a small number would ask the registries less in parallel.
const BATCH: usize = 1000;

impl OfUnit for CheckedUnit {
    fn planned(&self) -> &PlannedUnit {
        &self.unit
    }
}

impl Pipeline<'_> {
    /// Runs all stages that write nothing over the plan's units, up to the files: load, render, assign, pin, check, print.
    ///
    /// # Errors
    /// Everything that is wrong with any unit, and unless `allow_dirty` every file that differs from the source's commit.
    pub(crate) fn run_to_printed(&mut self, allow_dirty: bool) -> Result<Vec<PrintedUnit>, Failure> {
        self.print_in_batches(BATCH, allow_dirty)
    }

    fn print_in_batches(&mut self, size: usize, allow_dirty: bool) -> Result<Vec<PrintedUnit>, Failure> {
        let mut printed = Vec::with_capacity(self.plan.units.len());
        let mut failure: Option<Failure> = None;
        for batch in self.plan.units.chunks(size) {
            match self.print_batch(batch, allow_dirty) {
                Ok(units) => printed.extend(units),
                Err(next) => failure = Some(failure.map_or(next.clone(), |first| first.and(next))),
            }
        }
        self.base_cache = None;
        failure.map_or(Ok(printed), Err)
    }

    fn print_batch(&mut self, units: &[PlannedUnit], allow_dirty: bool) -> Result<Vec<PrintedUnit>, Failure> {
        let pinned = self.run_to_pinned(units.to_vec())?;
        let checked = self.check(pinned, allow_dirty)?;
        self.print(checked)
    }

    /// Prints the units' objects.
    ///
    /// # Errors
    /// Objects that cannot be printed, and two objects of a unit that would be printed into one file.
    fn print(&self, units: Vec<CheckedUnit>) -> Result<Vec<PrintedUnit>, Failure> {
        let _span = tracing::info_span!("print", units = units.len()).entered();
        Ok(all_units(units, printed)?)
    }
}

fn printed(CheckedUnit { unit, output, images, outside }: CheckedUnit) -> Result<PrintedUnit, Errors> {
    let files = file_set(&unit.path, &output.objects, output.style)?;
    let Output { warnings, stderr, .. } = output;
    Ok(PrintedUnit { unit, files, images, origins: Vec::new(), warnings, stderr, outside })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::host::RunContext;
    use crate::host::disk::DiskFiles;
    use crate::pipeline::SourceTree;
    use crate::plan::plan;
    use crate::plan::settings::Settings;

    /// Three services with one overlay each; `broken` ones name a file that does not exist.
    fn print(size: usize, broken: &[&str]) -> Result<Vec<(String, String)>, Failure> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("the path has a parent")).expect("the folder can be made");
            fs::write(path, text).expect("the file can be written");
        };
        write(
            "hydrant.yaml",
            "apiVersion: hydrant/v1\nkind: Delivery\nservices:\n- path: services/*\n  kustomize: overlays/{environment}\n\
             environments: {test: {}}\ndestination: {repository: out.git, branch: \"{service}/{environment}\"}\n",
        );
        for service in ["a", "b", "c"] {
            let resource = if broken.contains(&service) { "missing.yaml" } else { "settings.yaml" };
            let overlay = format!("services/{service}/overlays/test");
            write(&format!("{overlay}/kustomization.yaml"), &format!("resources: [{resource}]\n"));
            write(
                &format!("{overlay}/settings.yaml"),
                &format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {service}}}\n"),
            );
        }
        let files = DiskFiles::default();
        let mut settings = Settings { folder: folder.path().to_string_lossy().into_owned(), ..Settings::default() };
        settings.selection.all = true;
        let (plan, ctx) = (plan(&files, &settings)?, RunContext::default());
        let mut pipeline = Pipeline::open(&plan, &ctx, SourceTree { files: &files, revision: None })?;
        let units = pipeline.print_in_batches(size, true)?.into_iter();
        let text = |unit: &PrintedUnit| {
            let file = unit.files.files.values().next().expect("a unit has a file");
            String::from_utf8_lossy(&file.bytes).into_owned()
        };
        Ok(units.map(|unit| (unit.unit.name(), text(&unit))).collect())
    }

    #[test]
    fn batches_of_any_size_give_the_same_files_and_the_same_errors() {
        let whole = print(1000, &[]).expect("all units are valid");
        assert_eq!(whole.len(), 3);
        assert!(whole[1].1.contains("name: b"), "{whole:?}");
        let count = |failure: Failure| failure.errors().all().len();
        for size in [1, 2, 3] {
            assert_eq!(print(size, &[]).expect("all units are valid"), whole);
            let failure = print(size, &["a", "c"]).expect_err("two units are broken");
            assert_eq!(count(failure), 2, "{size}");
        }
    }
}
