//! `random: keep`: results are those that the branch has.
//!
//! A result that is in a field of the branch, as it is or encoded as base64, becomes the result of its call again; so everything that
//! templates compute from it follows. Fields that still differ from run to run are taken from the branch as a whole.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use manifest::{Diagnostic, Errors, ObjectId};
use render_core::repeatable::{CallKey, CallKind, Derivation, Made, Seed, Vary};

use super::{BranchObjects, Rendering, UnitRenderings};
use crate::host::RunContext;
use crate::pipeline::object_fields::{FieldPath, Fields, ObjectField, Step, replace};
use crate::pipeline::output::Output;

/// Renders a unit. `branch` gives the objects that the unit's branch has.
///
/// # Errors
/// What is wrong with the unit, and a branch that cannot be read.
pub(super) fn render(
    unit: &UnitRenderings<'_>,
    ctx: &RunContext,
    branch: &dyn Fn() -> Result<BranchObjects, Errors>,
) -> Result<Output, Errors> {
    let base = drawn(unit, ctx)?;
    let first = unit.rendering(base.clone())?;
    if first.is_constant() {
        return Ok(first.output);
    }
    let other = unit.rendering(Derivation { vary: Vary::Everything, ..base.clone() })?;
    let branch = branch()?;
    let search = Search { first: first.fields(), other: other.fields(), branch: Fields::of(&branch.objects) };
    let differing = search.first.differences(&search.other);
    let random = if first.has_calls(CallKind::Clock) {
        let varied = unit.rendering(Derivation { vary: Vary::Kind(CallKind::Random), ..base.clone() })?;
        search.first.differences(&varied.fields())
    } else {
        differing.clone()
    };
    let known = search.results(&first, &differing);
    let kept = search.kept(unit, &base, known)?;
    Ok(Output { generated: random, kept_from: Some(branch.delivery), ..kept })
}

/// New random values, and the current time.
fn drawn(unit: &UnitRenderings<'_>, ctx: &RunContext) -> Result<Derivation, Diagnostic> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| Diagnostic::new(format!("cannot draw random bytes: {error}")))?;
    let mut source = unit.source();
    source.seed = Seed::of_secret(&secret);
    source.now.seconds = ctx.now.map_or(source.now.seconds, |now| now.seconds);
    Ok(source)
}

/// Looks for results of an earlier delivery on the branch.
struct Search {
    first: Fields,
    /// The same unit with other results.
    other: Fields,
    branch: Fields,
}

impl Search {
    /// The results of calls that the branch has.
    fn results(&self, first: &Rendering, differing: &[ObjectField]) -> BTreeMap<CallKey, Made> {
        let mut fields: Vec<&ObjectField> = differing.iter().collect();
        fields.sort_by_key(|field| field.object.gvk.kind != "Secret");
        let mut known = BTreeMap::new();
        for call in &first.calls {
            let found = match &call.made {
                Some(Made::Text(text)) => self.text(text, &fields).map(Made::Text),
                Some(Made::Certificate { certificate, key }) => {
                    match (self.text(certificate, &fields), self.text(key, &fields)) {
                        (Some(certificate), Some(key)) => Some(Made::Certificate { certificate, key }),
                        _ => None,
                    }
                }
                None => None,
            };
            if let Some(found) = found {
                known.insert(call.key.clone(), found);
            }
        }
        known
    }

    /// What the branch has in place of a result.
    fn text(&self, result: &[u8], fields: &[&ObjectField]) -> Option<Vec<u8>> {
        let result = std::str::from_utf8(result).ok().filter(|text| !text.is_empty())?;
        fields.iter().find_map(|field| {
            let scalar = |fields: &Fields| fields.get(field).map(|scalar| scalar.text.to_string());
            let (new, other) = (scalar(&self.first)?, scalar(&self.other)?);
            let old = self.on_branch(field)?;
            let plain = Texts { new: &new, other: &other, old: &old }.result(result);
            plain.or_else(|| {
                let (new, other, old) = (decoded(&new)?, decoded(&other)?, decoded(&old)?);
                Texts { new: &new, other: &other, old: &old }.result(result)
            })
        })
    }

    /// The text of a field on the branch.
    fn on_branch(&self, field: &ObjectField) -> Option<String> {
        self.scalar_on_branch(field).map(|scalar| scalar.text.to_string())
    }

    fn scalar_on_branch(&self, field: &ObjectField) -> Option<&manifest::Scalar> {
        let object = self.object_on_branch(field)?;
        self.branch.of_object(object, &field.path)
    }

    /// The object on the branch that a field's object was before. Its name may be random.
    fn object_on_branch(&self, field: &ObjectField) -> Option<&ObjectId> {
        if let Some(same) = self.branch.objects().find(|object| **object == field.object) {
            return Some(same);
        }
        let name = FieldPath(vec![Step::Key("metadata".to_owned()), Step::Key("name".to_owned())]);
        let name = ObjectField { path: name, ..field.clone() };
        let (new, other) = (&self.first.get(&name)?.text, &self.other.get(&name)?.text);
        let common = new.bytes().zip(other.bytes()).take_while(|(one, two)| one == two).count();
        let mut candidates = self.branch.objects().filter(|object| {
            object.gvk == field.object.gvk
                && object.namespace == field.object.namespace
                && object.name.len() == new.len()
                && object.name.as_bytes().starts_with(&new.as_bytes()[..common])
                && !self.first.objects().any(|own| own == *object)
        });
        candidates.next().filter(|_| common < new.len() && candidates.next().is_none())
    }

    /// Renders with known results, and takes what still differs from run to run from the branch.
    fn kept(
        &self,
        unit: &UnitRenderings<'_>,
        base: &Derivation,
        known: BTreeMap<CallKey, Made>,
    ) -> Result<Output, Errors> {
        let mut source = Derivation { known, ..base.clone() };
        let rendered = match unit.rendering(source.clone()) {
            Ok(rendered) => rendered,
            // A certificate may be signed by one whose key the branch does not have.
            Err(_) => {
                source.known.retain(|_, made| matches!(made, Made::Text(_)));
                unit.rendering(source.clone())?
            }
        };
        let varied = unit.rendering(Derivation { vary: Vary::Everything, ..source })?;
        let differing = rendered.fields().differences(&varied.fields());
        let mut output = rendered.output;
        for field in &differing {
            if let (Some(object), Some(scalar)) = (output.objects.get_mut(field.position), self.scalar_on_branch(field))
            {
                replace(object, &field.path.0, scalar);
            }
        }
        Ok(output)
    }
}

/// A field in two renderings and on the branch.
struct Texts<'a> {
    new: &'a str,
    other: &'a str,
    old: &'a str,
}

impl Texts<'_> {
    /// What the branch has in place of a result: between the same texts, or on the one line with the same text before and after it.
    fn result(&self, result: &str) -> Option<Vec<u8>> {
        let starts = self.new.match_indices(result).map(|(start, _)| start);
        let start = starts.into_iter().find(|start| self.differs(*start, result.len()))?;
        let (before, after) = (&self.new[..start], &self.new[start + result.len()..]);
        if let Some(found) = between(self.old, before, after) {
            return Some(found.as_bytes().to_vec());
        }
        if result.contains('\n') {
            return None;
        }
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = after.find('\n').unwrap_or(after.len());
        let (before, after) = (&before[line_start..], &after[..line_end]);
        let mut found = self.old.lines().filter_map(|line| between(line, before, after));
        let only = found.next()?;
        found.next().is_none().then(|| only.as_bytes().to_vec())
    }

    /// Whether the text at this position varies.
    fn differs(&self, start: usize, length: usize) -> bool {
        let part = |text: &str| text.as_bytes().get(start..start + length).map(<[u8]>::to_vec);
        self.new.len() != self.other.len() || part(self.new) != part(self.other)
    }
}

/// The text between a start and an end, if there is some.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let found = text.strip_prefix(start)?.strip_suffix(end)?;
    (!found.is_empty()).then_some(found)
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_between_the_texts_around_them() {
        let find = |new: &str, other: &str, old: &str, result: &str| {
            let found = Texts { new, other, old }.result(result);
            found.map(|bytes| String::from_utf8(bytes).unwrap())
        };
        let table = [
            ("abc", "xyz", "old", "abc", Some("old")),
            ("a=5 b=5", "a=5 b=7", "a=5 b=9", "5", Some("9")),
            (
                "user: u\npass: abc\nsize: 2",
                "user: u\npass: xyz\nsize: 2",
                "user: u\npass: old\nsize: 1",
                "abc",
                Some("old"),
            ),
            ("pass: abc", "pass: xyz", "password: old", "abc", None),
            ("x: abc\ny: abc", "x: xyz\ny: xyz", "y: two\nx: one", "abc", Some("one")),
            ("abc", "xyz", "", "abc", None),
        ];
        for (new, other, old, result, expected) in table {
            assert_eq!(find(new, other, old, result).as_deref(), expected, "{new:?} {old:?}");
        }
    }
}
