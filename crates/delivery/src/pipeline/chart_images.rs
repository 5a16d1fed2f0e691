//! Assigned images of units with charts: set in the charts' values where these express the image, so that everything that templates derive
//! from the values follows (labels, checksums, variables with the tag).
//!
//! Values are guessed and tried: the unit is rendered again with other values, and a guess is accepted if the images of the output change
//! exactly as assigned and nothing makes the output invalid. What values cannot express is left to the output.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use committer::AppliedTo;
use manifest::{Errors, ImageRef, Node, Scalar};
use render_core::chart_values::{UsedValues, ValueTrial};

use super::output::Output;
use super::random::BranchObjects;
use super::session::Pipeline;
use crate::images::search::Search;
use crate::images::value_images::{Fit, ValueImage, ValueSet, candidates, changes};
use crate::plan::{PlannedUnit, Source};

/// The maximum number of trials for an image, and for a unit. Each is a rendering of the unit.
const MOST_OF_IMAGE: usize = 6;
const MOST_OF_UNIT: usize = 40;

/// An image of the output that is to become another.
pub(super) struct ImageWish {
    /// The position of the assignment.
    pub(super) assignment: usize,
    /// The images of the output.
    pub(super) from: BTreeSet<ImageRef>,
    /// What they become.
    pub(super) to: ImageRef,
    /// The only values that may be set, where a recorded delivery is rendered again.
    pub(super) only: Option<Vec<String>>,
}

/// What became of a wish.
#[derive(Debug, Default)]
pub(super) struct AppliedImage {
    /// The position of the assignment.
    pub(super) assignment: usize,
    /// The values that were set, sorted.
    pub(super) values: Vec<String>,
    /// Where the image was changed.
    pub(super) applied: Option<AppliedTo>,
}

/// Whether a unit may have charts that are rendered in this process.
pub(super) fn may_have_charts(unit: &PlannedUnit) -> bool {
    match &unit.source {
        Source::Helm(_) => true,
        Source::Kustomize { options, .. } => options.enable_helm,
        Source::Skaffold(_) | Source::Manifests { .. } => false,
    }
}

impl Pipeline<'_> {
    /// Sets values of the unit's charts so that the output has the assigned images. Returns what each wish was applied to, those for images
    /// of charts only. The output is that of the accepted values.
    ///
    /// # Errors
    /// What is wrong with the unit.
    pub(super) fn assign_values(
        &self,
        unit: &PlannedUnit,
        output: &mut Output,
        wishes: &[ImageWish],
    ) -> Result<Vec<AppliedImage>, Errors> {
        if wishes.is_empty() || !may_have_charts(unit) {
            return Ok(Vec::new());
        }
        let loaded = self.load_unit(unit.clone())?;
        let known: OnceLock<Result<BranchObjects, Errors>> = OnceLock::new();
        let branch = || known.get_or_init(|| self.objects_on_branch(unit)).clone();
        let render = |sets: &[ValueSet], charts: &[UsedValues]| {
            let trial = Arc::new(ValueTrial::new(changes(charts, sets)));
            let output = self.render_loaded(&loaded, Some(trial.clone()), &branch)?;
            Ok(Trial { images: images(&output.objects, &self.search), output, used: trial.used() })
        };
        let first: Trial = render(&[], &[])?;
        if first.used.is_empty() {
            return Ok(Vec::new());
        }
        let mut trials = Trials {
            render: &render,
            charts: first.used.clone(),
            invalid_labels: invalid_labels(&output.objects),
            images: first.images,
            accepted: Vec::new(),
            output: None,
            made: 0,
        };
        let applied = wishes.iter().map(|wish| trials.grant(wish)).collect();
        if let Some(rendered) = trials.output {
            let inputs = std::mem::take(&mut output.inputs);
            *output = Output { inputs: inputs.and(rendered.inputs), ..rendered };
        }
        Ok(applied)
    }
}

/// A rendering with other values.
struct Trial {
    output: Output,
    images: Images,
    used: Vec<UsedValues>,
}

/// The images of objects in full, and how often each occurs.
type Images = BTreeMap<String, usize>;

fn images(objects: &[Node], search: &Search) -> Images {
    let mut images = Images::new();
    for object in objects {
        for found in manifest::pin::collect(object, search.rules()).0 {
            *images.entry(identity(&found.image)).or_default() += 1;
        }
    }
    images
}

/// An image in full, equal for every spelling of it.
fn identity(image: &ImageRef) -> String {
    let tag = image.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = image.digest().map(|digest| format!("@{digest}")).unwrap_or_default();
    format!("{}{tag}{digest}", image.full_name())
}

/// Renders the unit with values that are set in its charts, whose own values are the second argument.
type RenderTrial<'a> = &'a dyn Fn(&[ValueSet], &[UsedValues]) -> Result<Trial, Errors>;

struct Trials<'a> {
    render: RenderTrial<'a>,
    charts: Vec<UsedValues>,
    /// The number of labels of the output that are invalid with the user's own values.
    invalid_labels: usize,
    /// The images with the values that are accepted so far.
    images: Images,
    accepted: Vec<ValueSet>,
    output: Option<Output>,
    made: usize,
}

impl Trials<'_> {
    fn grant(&mut self, wish: &ImageWish) -> AppliedImage {
        let before = self.accepted.len();
        self.try_values(wish);
        let mut values: Vec<String> = self.accepted[before..].iter().map(ValueSet::path).collect();
        values.sort_unstable();
        values.dedup();
        let applied = match (values.is_empty(), self.is_left(wish)) {
            (false, false) => AppliedTo::Values,
            (false, true) => AppliedTo::ValuesAndOutput,
            (true, _) => AppliedTo::Output,
        };
        AppliedImage { assignment: wish.assignment, values, applied: Some(applied) }
    }

    /// Whether the output still has an image that is to become another.
    fn is_left(&self, wish: &ImageWish) -> bool {
        wish.from.iter().any(|image| self.images.contains_key(&identity(image)))
    }

    fn try_values(&mut self, wish: &ImageWish) {
        let guesses = self.guesses(wish);
        let fits = guesses.iter().filter(|guess| guess.fit <= Fit::NoTag);
        let together: Vec<ValueSet> = fits.flat_map(|guess| guess.sets.clone()).collect();
        let mut tried = 0;
        // An image may be in the values of several components.
        let is_several = guesses.iter().filter(|guess| guess.fit <= Fit::NoTag).count() > 1;
        if is_several && self.accepts(wish, &together) {
            tried += 1;
        }
        for guess in guesses {
            if tried == MOST_OF_IMAGE || !self.is_left(wish) {
                break;
            }
            tried += 1;
            self.accepts(wish, &guess.sets);
        }
    }

    fn guesses(&self, wish: &ImageWish) -> Vec<ValueImage> {
        let mut guesses: Vec<_> = wish.from.iter().flat_map(|from| candidates(&self.charts, from, &wish.to)).collect();
        guesses.sort_by_key(|guess| guess.fit);
        if let Some(only) = &wish.only {
            guesses.retain(|guess| guess.sets.iter().all(|set| only.contains(&set.path())));
        }
        guesses
    }

    /// Renders with more values, and keeps them if they do what is wished and nothing else to images.
    fn accepts(&mut self, wish: &ImageWish, sets: &[ValueSet]) -> bool {
        if self.made == MOST_OF_UNIT {
            return false;
        }
        self.made += 1;
        let all: Vec<ValueSet> = self.accepted.iter().chain(sets).cloned().collect();
        let Ok(trial) = (self.render)(&all, &self.charts) else { return false };
        if !wish.is_granted(&self.images, &trial.images) || invalid_labels(&trial.output.objects) > self.invalid_labels
        {
            return false;
        }
        self.accepted = all;
        self.images = trial.images;
        self.output = Some(trial.output);
        true
    }
}

impl ImageWish {
    /// Whether some of the images became what is wished, and all others are the same. A digest may be missing: the output gets it.
    fn is_granted(&self, before: &Images, after: &Images) -> bool {
        let new = [identity(&self.to), identity(&self.to.without_digest())];
        let is_new = |image: &str| new.iter().any(|one| one == image);
        let old: BTreeSet<String> = self.from.iter().map(identity).filter(|image| !is_new(image)).collect();
        let count = |images: &Images, is_it: &dyn Fn(&str) -> bool| -> usize {
            images.iter().filter(|(image, _)| is_it(image)).map(|(_, count)| count).sum()
        };
        let is_old = |image: &str| old.contains(image);
        let (old_before, old_after) = (count(before, &is_old), count(after, &is_old));
        let (new_before, new_after) = (count(before, &is_new), count(after, &is_new));
        let others = |images: &Images| -> Images {
            images
                .iter()
                .filter(|(image, _)| !is_old(image) && !is_new(image))
                .map(|(image, count)| (image.clone(), *count))
                .collect()
        };
        let moved = old_before.checked_sub(old_after).filter(|moved| *moved > 0);
        moved.is_some_and(|moved| new_before + moved == new_after) && others(before) == others(after)
    }
}

/// The number of labels that Kubernetes would refuse.
fn invalid_labels(objects: &[Node]) -> usize {
    fn count(node: &Node, is_label: bool) -> usize {
        if let Some(map) = node.as_map() {
            let of = |entry: &manifest::Entry| {
                let labels = matches!(entry.key.text.as_str(), "labels" | "matchLabels");
                count(&entry.value, labels)
            };
            let below: usize = map.entries().iter().map(of).sum();
            let own = map.entries().iter().filter(|entry| is_label && entry.value.as_scalar().is_some_and(is_invalid));
            return below + own.count();
        }
        node.as_seq().into_iter().flatten().map(|item| count(item, false)).sum()
    }
    objects.iter().map(|object| count(object, false)).sum()
}

/// Whether a scalar is no value of a label: at most 63 letters, digits, `-`, `_` and `.`, that begin and end with a letter or a digit.
fn is_invalid(value: &Scalar) -> bool {
    let text = value.text.as_str();
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() > 63
        || !text.bytes().all(is_inner)
        || ends.into_iter().flatten().any(|byte| !byte.is_ascii_alphanumeric())
}
