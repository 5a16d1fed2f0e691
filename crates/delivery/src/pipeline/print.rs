//! The stage after the checks: the files of a unit on its branch. The objects end here.

use std::collections::BTreeSet;

use manifest::{Errors, ImageRef};

use super::file_set::file_set;
use super::output::Output;
use super::session::{OfUnit, Pipeline, all_units};
use super::unit::{CheckedUnit, PrintedUnit};
use crate::error::Failure;
use crate::images::assign::AssignedImages;
use crate::images::given::GivenImage;
use crate::plan::PlannedUnit;
use crate::report::FailedUnit;

/// The number of units whose objects are in memory at one time. Objects take about ten times the memory of their text. All images of a
/// batch are resolved together, so a small number would ask the registries less in parallel.
const BATCH: usize = 1000;

/// The most images that an error names.
const NAMED_IMAGES: usize = 10;

impl OfUnit for CheckedUnit {
    fn planned(&self) -> &PlannedUnit {
        &self.unit
    }
}

/// The units that passed all stages up to their files, and those that did not.
#[derive(Default)]
pub(crate) struct PrintedUnits {
    /// The units with their files.
    pub(crate) units: Vec<PrintedUnit>,
    /// The units that failed, in their order.
    pub(crate) failed: Vec<FailedUnit>,
    /// The failures as they were found over all units, each finding once.
    pub(crate) failure: Option<Failure>,
}

impl PrintedUnits {
    /// Takes over units that were printed again.
    pub(crate) fn replace(&mut self, again: PrintedUnits) {
        let names: BTreeSet<String> = again.units.iter().map(|unit| unit.unit.name()).collect();
        self.failed.retain(|unit| !names.contains(&unit.name()));
        self.units.extend(again.units);
        if !names.is_empty() {
            self.failure = FailedUnit::failure(&self.failed);
        }
    }

    /// The units, if none failed.
    ///
    /// # Errors
    /// What is wrong with every unit that failed, each finding once.
    pub(crate) fn all(self) -> Result<Vec<PrintedUnit>, Failure> {
        self.failure.map_or(Ok(self.units), Err)
    }
}

impl Pipeline<'_> {
    /// Runs all stages that write nothing over the units, up to the files: load, render, assign, pin, check, print. A unit that fails does not
    /// stop the others.
    ///
    /// # Errors
    /// A given image that is for no image of any unit.
    pub(crate) fn run_to_printed(&mut self, units: &[PlannedUnit], allow_dirty: bool) -> Result<PrintedUnits, Failure> {
        self.print_in_batches(units, BATCH, allow_dirty)
    }

    fn print_in_batches(
        &mut self,
        units: &[PlannedUnit],
        size: usize,
        allow_dirty: bool,
    ) -> Result<PrintedUnits, Failure> {
        let mut printed = PrintedUnits::default();
        for batch in units.chunks(size) {
            match self.print_batch(batch, allow_dirty) {
                Ok(units) => printed.units.extend(units),
                Err(next) => {
                    printed.failure = Some(printed.failure.map_or(next.clone(), |first| first.and(next.clone())));
                    self.print_failed(batch, next, allow_dirty, &mut printed);
                }
            }
        }
        self.base_cache = None;
        self.check_printed(&printed)?;
        if printed.failure.is_none() {
            self.pinner.check_updates()?;
        }
        Ok(printed)
    }

    /// Prints each half of units that failed together by itself, so that the units that fail are found.
    fn print_failed(&mut self, units: &[PlannedUnit], failure: Failure, allow_dirty: bool, printed: &mut PrintedUnits) {
        if let [unit] = units {
            return printed.failed.push(FailedUnit::new(unit, failure));
        }
        let (first, second) = units.split_at(units.len() / 2);
        for half in [first, second] {
            match self.print_batch(half, allow_dirty) {
                Ok(units) => printed.units.extend(units),
                Err(failure) => self.print_failed(half, failure, allow_dirty, printed),
            }
        }
    }

    /// Refuses given images that no unit uses. What a failed unit would use is not known, so nothing is delivered then either.
    fn check_printed(&self, printed: &PrintedUnits) -> Result<(), Failure> {
        let units = printed.units.iter().map(|unit| (&unit.assigned, unit.images.as_slice()));
        let checked = self.check_given(units);
        match &printed.failure {
            Some(failure) if checked.is_err() => Err(failure.clone()),
            _ => checked,
        }
    }

    /// Refuses given images that no unit uses. `units` are what each unit is assigned and its images.
    ///
    /// # Errors
    /// Each given image that no unit uses, with the names that could be meant.
    pub(crate) fn check_given<'u>(
        &self,
        units: impl Iterator<Item = (&'u AssignedImages, &'u [String])> + Clone,
    ) -> Result<(), Failure> {
        let given = &self.plan.given_images;
        let used: BTreeSet<usize> = units.clone().flat_map(|(assigned, _)| assigned.used.iter().copied()).collect();
        let unused: Vec<&GivenImage> =
            given.iter().enumerate().filter(|(position, _)| !used.contains(position)).map(|(_, one)| one).collect();
        if unused.is_empty() {
            return Ok(());
        }
        let images = units.flat_map(|(_, images)| images);
        let names = images.filter_map(|image| Some(ImageRef::parse(image).ok()?.name().to_owned()));
        let names: BTreeSet<String> = names.collect();
        let mut named: Vec<&str> = names.iter().take(NAMED_IMAGES).map(String::as_str).collect();
        let more = names.len().checked_sub(NAMED_IMAGES).filter(|more| *more > 0).map(|more| format!("{more} more"));
        named.extend(more.as_deref());
        let finding = |given: &&GivenImage| {
            let message = format!("no selected unit uses an image with the name \"{}\"", given.name);
            given.finding(message).hint(format!("use one of {}", named.join(", ")))
        };
        Ok(Errors::check(unused.iter().map(finding).collect())?)
    }

    fn print_batch(&mut self, units: &[PlannedUnit], allow_dirty: bool) -> Result<Vec<PrintedUnit>, Failure> {
        let pinned = self.run_to_pinned(units.to_vec())?;
        let checked = self.check(pinned, allow_dirty)?;
        self.print_checked(checked)
    }

    /// Prints the units' objects.
    ///
    /// # Errors
    /// Objects that cannot be printed, and two objects of a unit that would be printed into one file.
    fn print_checked(&self, units: Vec<CheckedUnit>) -> Result<Vec<PrintedUnit>, Failure> {
        let _span = tracing::info_span!("print", units = units.len()).entered();
        Ok(all_units(units, printed)?)
    }
}

fn printed(CheckedUnit { unit, output, images, outside, signatures }: CheckedUnit) -> Result<PrintedUnit, Errors> {
    let files = file_set(&unit.path, &output.objects, output.style)?;
    let Output { warnings, stderr, assigned, kept_from, .. } = output;
    Ok(PrintedUnit {
        unit,
        files,
        images,
        assigned,
        kept_from,
        origins: Vec::new(),
        warnings,
        stderr,
        outside,
        signatures,
    })
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
        git2::Repository::init(folder.path()).expect("a repository can be made");
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
        let units = pipeline.print_in_batches(&plan.units, size, true)?.all()?.into_iter();
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
