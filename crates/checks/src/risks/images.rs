//! Images of containers that go back in version, or come from elsewhere.

use std::cmp::Ordering;

use manifest::{ImageRef, Node};

use super::collector::RiskCollector;
use super::pods::template;
use super::values::text;

pub(crate) fn check(old: &Node, new: &Node, found: &mut RiskCollector<'_>) {
    let (Some(before), Some(after)) = (template(old), template(new)) else { return };
    let known = before.containers();
    for (name, container) in after.containers() {
        let image = |container: &Node| text(container, &["image"]).and_then(|text| ImageRef::parse(text).ok());
        let Some((from, to)) = known.get(name).and_then(|old| Some((image(old)?, image(container)?))) else { continue };
        let field = format!("{}spec.containers[{name}].image", after.path);
        let node = container.get("image");
        if from.full_name() != to.full_name() {
            let change = format!("container {name}: {} becomes {}", from.full_name(), to.full_name());
            found.add("image-moved", &field, node, change);
        } else if let (Some(before), Some(after)) = (from.tag(), to.tag())
            && compare(after, before) == Some(Ordering::Less)
        {
            found.add("image-older", &field, node, format!("container {name}: {before} becomes {after}"));
        }
    }
}

/// The order of two tags that are versions of one form; none where they are not: `1.2` and `1.2-alpine`, a commit, a branch's name.
fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (version(a)?, version(b)?);
    let same_form = a.numbers.len() == b.numbers.len();
    let order = a.numbers.cmp(&b.numbers);
    match (a.suffix, b.suffix) {
        (x, y) if x == y && same_form => Some(order),
        // Of one version, a pre-release comes before the release (Semantic Versioning 2.0.0, 11).
        (x, y) if same_form && is_pre_release(x) && is_pre_release(y) => match (order, x, y) {
            (Ordering::Equal, "", _) => Some(Ordering::Greater),
            (Ordering::Equal, _, "") => Some(Ordering::Less),
            (Ordering::Equal, ..) => None,
            (order, ..) => Some(order),
        },
        _ => None,
    }
}

struct Version<'a> {
    numbers: Vec<u64>,
    suffix: &'a str,
}

/// `v1.2.3-rc.1`: at least two numbers, then anything from a `-`, `+` or `_` on.
fn version(tag: &str) -> Option<Version<'_>> {
    let text = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let end = text.find(['-', '+', '_']).unwrap_or(text.len());
    let (numbers, suffix) = text.split_at(end);
    let numbers: Vec<u64> = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (numbers.len() >= 2).then_some(Version { numbers, suffix })
}

fn is_pre_release(suffix: &str) -> bool {
    let name = suffix.trim_start_matches(['-', '_']);
    suffix.is_empty()
        || ["rc", "alpha.", "alpha1", "alpha2", "beta", "pre", "dev"].iter().any(|one| name.starts_with(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_of_one_form_have_an_order() {
        for (a, b, want) in [
            ("1.4.1", "1.4.2", Some(Ordering::Less)),
            ("v1.10.0", "v1.9.0", Some(Ordering::Greater)),
            ("1.2.0-rc.1", "1.2.0", Some(Ordering::Less)),
            ("1.2.0-rc.1", "1.1.0", Some(Ordering::Greater)),
            ("1.2-alpine", "1.3-alpine", Some(Ordering::Less)),
            ("1.2-alpine", "1.3", None),
            ("1.2-alpine3.18", "1.2-alpine3.19", None),
            ("main", "1.2", None),
            ("4f2a9c1", "1234567", None),
            ("1234567", "1234568", None),
            ("1.2", "1.2.3", None),
            ("latest", "latest", None),
        ] {
            assert_eq!(compare(a, b), want, "{a} {b}");
        }
    }
}
