//! Which image a unit runs: that of its source, one that it was given, one of a promotion, or one that its record names.
//!
//! Pure. An image is identified by its name in the rendered source, without tag and digest. The rules, first match first:
//!
//! 1. an image that this command was given (`--image`, `--images`); `NAME=source` ends the recorded assignment
//! 2. an image of the environment that is promoted
//! 3. the recorded assignment; with `images: source` it ends when the source names another reference than it did then
//! 4. with `images: promoted`, the image that the branch has; one that is new there is taken from the source
//! 5. the image of the source

use std::collections::BTreeMap;

use committer::{AppliedTo, AssignedBy, Assignment};
use manifest::{Diagnostic, Errors, ImageRef};

use super::given::{GivenImage, MatchedImages, matched};
use super::source::{SourceImage, SourceImages, full_name};
use crate::config::ImageSource;

/// What decides a unit's images besides its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageInputs {
    /// What decides by default.
    pub decided_by: ImageSource,
    /// What the branch, or the change that waits for its review, records.
    pub recorded: RecordedImages,
    /// The images of the environment that is promoted.
    pub promoted: Option<PromotedImages>,
    /// Whether the recorded assignments are applied as they are, since a recorded delivery is rendered again.
    pub exact: bool,
}

/// What a unit's last delivery recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedImages {
    /// Whether the record was read. If not, the unit is taken to have no assignments, and the delivery finds out.
    pub is_read: bool,
    /// The assignments.
    pub assignments: Vec<Assignment>,
    /// All images.
    pub images: Vec<ImageRef>,
    /// The source commit.
    pub commit: String,
}

/// The images of another environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromotedImages {
    /// The environment.
    pub from: String,
    /// All images that it runs.
    pub images: Vec<ImageRef>,
    /// Its assignments.
    pub assignments: Vec<Assignment>,
    /// The `--default-repo` of its unit, by which images that the source builds are recognized.
    pub default_repo: Option<String>,
}

/// The circumstances of a new assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AssignmentOrigin {
    /// The source commit that is delivered.
    pub(crate) commit: String,
    /// The page of the CI run.
    pub(crate) run: String,
    /// The time, RFC 3339.
    pub(crate) at: String,
}

/// What a unit runs instead of the images of its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AssignedImages {
    /// The assignments, sorted by image.
    pub(crate) assignments: Vec<Assignment>,
    /// Recorded assignments that end.
    pub(crate) ended: Vec<EndedAssignment>,
    /// The images that the promoted environment does not run.
    pub(crate) not_promoted: Vec<String>,
    /// The positions of the given images that are for an image of the unit.
    pub(crate) used: Vec<usize>,
}

/// A recorded assignment that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndedAssignment {
    /// The assignment, for people.
    pub(crate) assignment: String,
    /// Why it ends.
    pub(crate) reason: String,
}

impl EndedAssignment {
    /// For a unit that was delivered.
    pub(crate) fn past(&self) -> String {
        format!("{} ended: {}", self.assignment, self.reason)
    }

    /// For a unit that would be delivered.
    pub(crate) fn future(&self) -> String {
        format!("{} ends: {}", self.assignment, self.reason)
    }
}

/// What replaces an image that the source builds.
pub(crate) struct ReplacedBuild {
    pub(crate) reference: ImageRef,
    /// Whether an earlier delivery or a promotion decided it, so that it is not checked again.
    pub(crate) is_decided: bool,
}

/// A unit whose images are decided.
pub(crate) struct UnitAssignment<'a> {
    /// `service/environment`
    pub(crate) unit: &'a str,
    pub(crate) inputs: &'a ImageInputs,
    pub(crate) given: &'a [GivenImage],
    pub(crate) origin: &'a AssignmentOrigin,
}

impl UnitAssignment<'_> {
    /// Decides each image of the source.
    ///
    /// # Errors
    /// A given name that fits several images, two given for one image, and with `images: promoted` a unit without any image to run.
    pub(crate) fn decide(&self, source: &SourceImages) -> Result<AssignedImages, Errors> {
        let given = matched(self.unit, self.given, source)?;
        self.check_first(&given)?;
        let mut decided = AssignedImages { used: given.used.clone(), ..AssignedImages::default() };
        for (full, image) in source {
            let assignment = self.one(full, image, &given, &mut decided);
            decided.assignments.extend(assignment);
        }
        let is_gone = |one: &&Assignment| !source.contains_key(&full_name(&one.image));
        let gone = self.inputs.recorded.assignments.iter().filter(is_gone);
        decided.ended.extend(gone.map(|one| ended(one, "no object uses this image".to_owned())));
        Ok(decided)
    }

    /// Decides the images that the source builds, before the unit is rendered: what replaces each, by the image's name in full.
    ///
    /// # Errors
    /// A given name that fits several images, and two given for one image.
    pub(crate) fn builds(&self, source: &SourceImages) -> Result<BTreeMap<String, ReplacedBuild>, Errors> {
        let given = matched(self.unit, self.given, source)?;
        let mut ignored = AssignedImages::default();
        let mut replaced = BTreeMap::new();
        for (full, image) in source {
            let Some(assignment) = self.one(full, image, &given, &mut ignored) else { continue };
            let Ok(reference) = ImageRef::parse(&assignment.reference) else { continue };
            let is_given =
                assignment.by == AssignedBy::Image && !self.inputs.recorded.assignments.contains(&assignment);
            replaced.insert(full.clone(), ReplacedBuild { reference, is_decided: !is_given });
        }
        Ok(replaced)
    }

    /// The first delivery of a unit whose images are promoted must be given one.
    fn check_first(&self, given: &MatchedImages<'_>) -> Result<(), Diagnostic> {
        let recorded = &self.inputs.recorded;
        let has_images = !recorded.assignments.is_empty() || !recorded.images.is_empty();
        let is_decided = has_images || self.inputs.promoted.is_some() || !given.by_name.is_empty();
        if self.inputs.decided_by == ImageSource::Source || self.inputs.exact || is_decided {
            return Ok(());
        }
        let (service, environment) = self.unit.split_once('/').unwrap_or((self.unit, ""));
        Err(Diagnostic::new(format!(
            "{}: no image is assigned, and only promotions and --image decide its images",
            self.unit
        ))
        .field(format!("environments.{environment}.images"))
        .hint(format!("run `hydrant promote -s {service} -e {environment}`, or pass --image NAME=REFERENCE")))
    }

    fn one(
        &self,
        full: &str,
        image: &SourceImage,
        given: &MatchedImages<'_>,
        decided: &mut AssignedImages,
    ) -> Option<Assignment> {
        let recorded = self.inputs.recorded.assignments.iter().find(|one| full_name(&one.image) == full);
        if let Some(given) = given.by_name.get(full) {
            return match &given.reference {
                Some(reference) => Some(self.assignment(image, reference, AssignedBy::Image, recorded)),
                None => self.by_default(image, full, false),
            };
        }
        if let Some(promoted) = &self.inputs.promoted {
            match promoted.counterpart(full, image) {
                Some(reference) => return Some(self.assignment(image, &reference, AssignedBy::Promotion, recorded)),
                None => decided.not_promoted.extend(image.references.iter().cloned()),
            }
        }
        let Some(recorded) = recorded else { return self.by_default(image, full, true) };
        let is_same = recorded.source.is_empty() || recorded.source.iter().eq(&image.references);
        if is_same || self.inputs.exact || self.inputs.decided_by == ImageSource::Promoted {
            return Some(recorded.clone());
        }
        let now: Vec<&str> = image.references.iter().map(String::as_str).collect();
        decided.ended.push(ended(recorded, format!("the source names {} now", now.join(", "))));
        None
    }

    /// With `images: promoted`, the image that the branch has if `keep`, otherwise the one of the source.
    fn by_default(&self, image: &SourceImage, full: &str, keep: bool) -> Option<Assignment> {
        if self.inputs.decided_by == ImageSource::Source || self.inputs.exact {
            return None;
        }
        let recorded = &self.inputs.recorded;
        let mut kept = recorded.images.iter().filter(|one| keep && one.full_name() == full);
        // Only the source distinguishes several references of one name.
        let (reference, commit) = match (kept.next(), kept.next(), image.references.len()) {
            (Some(only), None, 1) => (only.as_str(), &recorded.commit),
            (_, _, 1) => (image.references.first()?.as_str(), &self.origin.commit),
            _ => return None,
        };
        let reference = ImageRef::parse(reference).ok()?;
        let mut assignment = self.assignment(image, &reference, AssignedBy::Source, None);
        assignment.commit.clone_from(commit);
        Some(assignment)
    }

    /// A new assignment; the recorded one if that says the same, so that nothing is committed.
    fn assignment(
        &self,
        image: &SourceImage,
        reference: &ImageRef,
        by: AssignedBy,
        recorded: Option<&Assignment>,
    ) -> Assignment {
        let from = self.inputs.promoted.as_ref().filter(|_| by == AssignedBy::Promotion);
        let new = Assignment {
            image: image.name.clone(),
            reference: reference.to_string(),
            source: image.references.iter().cloned().collect(),
            by,
            from: from.map_or_else(String::new, |promoted| promoted.from.clone()),
            commit: self.origin.commit.clone(),
            run: self.origin.run.clone(),
            at: self.origin.at.clone(),
            applied: None,
            values: Vec::new(),
        };
        let says_the_same = |old: &&Assignment| {
            let old_reference = ImageRef::parse(&old.reference);
            let same =
                |old: ImageRef| old == *reference || !reference.is_pinned() && old.without_digest() == *reference;
            old.by == by && old.from == new.from && old_reference.is_ok_and(same)
        };
        match recorded.filter(says_the_same) {
            Some(old) => Assignment { source: new.source, ..old.clone() },
            None => new,
        }
    }
}

impl PromotedImages {
    /// The image that the environment runs in place of an image of the source.
    fn counterpart(&self, full: &str, image: &SourceImage) -> Option<ImageRef> {
        let full = image.promoted_name.as_deref().unwrap_or(full);
        let assigned = self.assignments.iter().find(|one| full_name(&one.image) == full);
        if let Some(reference) = assigned.and_then(|one| ImageRef::parse(&one.reference).ok()) {
            return Some(reference);
        }
        let same: Vec<&ImageRef> = self.images.iter().filter(|other| other.full_name() == full).collect();
        let tags: Vec<ImageRef> = image.references.iter().filter_map(|text| ImageRef::parse(text).ok()).collect();
        match same.as_slice() {
            [only] => Some((*only).clone()),
            several => several.iter().find(|one| tags.iter().any(|tag| tag.tag() == one.tag())).map(|&one| one.clone()),
        }
    }
}

fn ended(assignment: &Assignment, reason: String) -> EndedAssignment {
    EndedAssignment { assignment: text(assignment), reason }
}

/// An assignment for people: `cart 1.4.2, set by promotion from staging (e3a42e0)`, and where it is applied in a unit with charts.
pub fn text(assignment: &Assignment) -> String {
    let applied = applied(assignment).map(|applied| format!(", {applied}")).unwrap_or_default();
    format!("{} {}, {}{applied}", assignment.image, version(assignment), origin(assignment))
}

/// Where an assignment is applied in a unit with charts: `in the values image.tag`, `in the output`.
pub fn applied(assignment: &Assignment) -> Option<String> {
    let values = || match assignment.values.as_slice() {
        [only] => format!("in the value {only}"),
        several => format!("in the values {}", several.join(", ")),
    };
    Some(match assignment.applied? {
        AppliedTo::Values => values(),
        AppliedTo::Output => "in the output".to_owned(),
        AppliedTo::ValuesAndOutput => format!("{} and in the output", values()),
    })
}

/// The assigned version: the tag, otherwise the start of the digest; the whole reference if it has another name.
pub fn version(assignment: &Assignment) -> String {
    let Ok(reference) = ImageRef::parse(&assignment.reference) else { return assignment.reference.clone() };
    if reference.full_name() != full_name(&assignment.image) {
        return reference.without_digest().to_string();
    }
    let digest = || reference.digest().map(|digest| digest.as_str().chars().take(19).collect());
    reference.tag().map(str::to_owned).or_else(digest).unwrap_or_default()
}

/// Who made an assignment: `set by promotion from staging (e3a42e0)`.
pub fn origin(assignment: &Assignment) -> String {
    let Assignment { by, from, commit, run, .. } = assignment;
    let commit = commit.get(..7).unwrap_or(commit);
    let place = match by {
        AssignedBy::Image if !run.is_empty() => run.clone(),
        // Nothing is delivered yet.
        _ if commit.is_empty() => String::new(),
        AssignedBy::Image => format!("source {commit}"),
        AssignedBy::Promotion | AssignedBy::Source => commit.to_owned(),
    };
    let place = if place.is_empty() { place } else { format!(" ({place})") };
    match by {
        AssignedBy::Promotion => format!("set by promotion from {from}{place}"),
        AssignedBy::Source => format!("set by the source{place}"),
        AssignedBy::Image => format!("set by --image{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::given;

    fn source(references: &[&str]) -> SourceImages {
        let mut images = SourceImages::new();
        for text in references {
            let image = ImageRef::parse(text).unwrap();
            let known = images.entry(image.full_name()).or_default();
            image.name().clone_into(&mut known.name);
            known.references.insert((*text).to_owned());
        }
        images
    }

    fn recorded(image: &str, reference: &str, source: &[&str]) -> Assignment {
        Assignment {
            image: image.to_owned(),
            reference: reference.to_owned(),
            source: source.iter().map(|text| (*text).to_owned()).collect(),
            by: AssignedBy::Image,
            from: String::new(),
            commit: "1111111".to_owned(),
            run: "https://ci/1".to_owned(),
            at: "2026-11-28T10:00:00Z".to_owned(),
            applied: None,
            values: Vec::new(),
        }
    }

    fn inputs(decided_by: ImageSource, assignments: Vec<Assignment>) -> ImageInputs {
        let recorded = RecordedImages { is_read: true, assignments, ..RecordedImages::default() };
        ImageInputs { decided_by, recorded, ..ImageInputs::default() }
    }

    fn decide(inputs: &ImageInputs, given: &[&str], references: &[&str]) -> Result<AssignedImages, Errors> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        let given = given::from_options(&given).unwrap();
        let origin = AssignmentOrigin { commit: "2222222".to_owned(), ..AssignmentOrigin::default() };
        UnitAssignment { unit: "cart/dev", inputs, given: &given, origin: &origin }.decide(&source(references))
    }

    fn references(decided: &AssignedImages) -> Vec<&str> {
        decided.assignments.iter().map(|one| one.reference.as_str()).collect()
    }

    #[test]
    fn an_assignment_lasts_until_the_source_names_another_reference() {
        let inputs = inputs(ImageSource::Source, vec![recorded("r/cart", "r/cart:2", &["r/cart:1"])]);
        let same = decide(&inputs, &[], &["r/cart:1"]).unwrap();
        assert_eq!((references(&same), same.assignments[0].run.as_str()), (vec!["r/cart:2"], "https://ci/1"));
        let other = decide(&inputs, &[], &["r/cart:3"]).unwrap();
        assert!(other.assignments.is_empty());
        assert_eq!(
            other.ended[0].past(),
            "r/cart 2, set by --image (https://ci/1) ended: the source names r/cart:3 now"
        );
        let gone = decide(&inputs, &[], &["nginx:1"]).unwrap();
        assert!(
            gone.assignments.is_empty() && gone.ended[0].future().ends_with("ends: no object uses this image"),
            "{gone:?}"
        );
        let dropped = decide(&inputs, &["cart=source"], &["r/cart:1"]).unwrap();
        assert_eq!((dropped.assignments.len(), dropped.ended.len()), (0, 0));
    }

    #[test]
    fn a_given_image_replaces_and_the_same_one_changes_nothing() {
        let inputs = inputs(
            ImageSource::Source,
            vec![recorded(
                "r/cart",
                "r/cart:2@sha256:0000000000000000000000000000000000000000000000000000000000000000",
                &["r/cart:1"],
            )],
        );
        let again = decide(&inputs, &["cart=r/cart:2"], &["r/cart:1"]).unwrap();
        assert_eq!(again.assignments, inputs.recorded.assignments);
        let next = decide(&inputs, &["cart=r/cart:3"], &["r/cart:1", "nginx:1"]).unwrap();
        assert_eq!((references(&next), next.assignments[0].commit.as_str()), (vec!["r/cart:3"], "2222222"));
        // The newer decision of this command wins over a source that moved, too.
        assert_eq!(references(&decide(&inputs, &["cart=r/cart:3"], &["r/cart:9"]).unwrap()), ["r/cart:3"]);
        assert!(decide(&inputs, &["shop=r/shop:1"], &["r/cart:1"]).unwrap().used.is_empty());
    }

    #[test]
    fn promoted_images_do_not_move_with_the_source() {
        let error = decide(&inputs(ImageSource::Promoted, Vec::new()), &[], &["r/cart:1"]).unwrap_err().to_string();
        assert!(error.contains("no image is assigned") && error.contains("hydrant promote -s cart -e dev"), "{error}");
        let mut kept = inputs(ImageSource::Promoted, Vec::new());
        kept.recorded.images = vec![ImageRef::parse("r/cart:1").unwrap()];
        kept.recorded.commit = "3333333".to_owned();
        let decided = decide(&kept, &[], &["r/cart:5", "nginx:1"]).unwrap();
        assert_eq!(references(&decided), ["nginx:1", "r/cart:1"]);
        assert_eq!(decided.assignments[1].commit, "3333333");
        let later = decide(&inputs(ImageSource::Promoted, decided.assignments.clone()), &[], &["r/cart:6", "nginx:2"]);
        assert_eq!(later.unwrap().assignments, decided.assignments);
    }

    #[test]
    fn a_promotion_takes_what_the_other_environment_runs() {
        let mut promotion = inputs(ImageSource::Promoted, Vec::new());
        let images = ["r/cart:2@sha256:0000000000000000000000000000000000000000000000000000000000000000", "envoy:1"];
        promotion.promoted = Some(PromotedImages {
            from: "staging".to_owned(),
            images: images.iter().map(|text| ImageRef::parse(text).unwrap()).collect(),
            assignments: vec![recorded("placeholder", "r/real:7", &[])],
            default_repo: None,
        });
        let decided = decide(&promotion, &[], &["r/cart:1", "placeholder:latest", "redis:7"]).unwrap();
        let found: Vec<(&str, AssignedBy)> =
            decided.assignments.iter().map(|one| (one.reference.as_str(), one.by)).collect();
        assert_eq!(
            found,
            [("r/real:7", AssignedBy::Promotion), ("redis:7", AssignedBy::Source), (images[0], AssignedBy::Promotion)]
        );
        assert_eq!(decided.not_promoted, ["redis:7"]);
        assert_eq!(text(&decided.assignments[2]), "r/cart 2, set by promotion from staging (2222222)");
    }
}
