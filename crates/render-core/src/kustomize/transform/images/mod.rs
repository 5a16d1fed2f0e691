//! `images`.

use manifest::{Data, Diagnostic, Node, Tag};
use rustc_hash::FxHashMap;

use super::set::set_scalar;
use crate::kustomize::fields::field_spec::{FieldSpec, Make};
use crate::kustomize::kustomization::Image;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::scalar::is_null;
use crate::kustomize::selector::go_regex;

mod matcher;

use self::matcher::Matcher;

impl Image {
    /// The reference that this entry makes of one that it matches.
    fn rewrite(&self, reference: &str) -> String {
        let (name, tag, digest) = split(reference);
        let name = if self.new_name.is_empty() { name } else { &self.new_name };
        let suffixed;
        let (tag, digest) = match (self.new_tag.as_str(), self.digest.as_str()) {
            ("", "") if self.tag_suffix.is_empty() => (tag, digest),
            ("", "") => {
                suffixed = format!("{tag}{}", self.tag_suffix);
                (suffixed.as_str(), "")
            }
            both => both,
        };
        let mut result = name.to_owned();
        for (separator, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                result.push(separator);
                result.push_str(part);
            }
        }
        result
    }
}

/// Splits an image reference into name, tag and digest; the part before the first slash may hold a port.
fn split(reference: &str) -> (&str, &str, &str) {
    let start = reference.find('/').unwrap_or(0);
    let find = |c: char| reference[start..].find(c).map(|index| index + start);
    match (find(':'), find('@')) {
        (None, None) => (reference, "", ""),
        (None, Some(at)) => (&reference[..at], "", &reference[at + 1..]),
        (Some(colon), Some(at)) if at < colon => (&reference[..at], "", &reference[at + 1..]),
        (Some(colon), Some(at)) => (&reference[..colon], &reference[colon + 1..at], &reference[at + 1..]),
        (Some(colon), None) => (&reference[..colon], &reference[colon + 1..], ""),
    }
}

/// Rewrites the images in every `containers` and `initContainers` list and in the fields of `specs`; an image that both
/// name is rewritten twice by each entry (which shows with `tagSuffix`). CustomResourceDefinitions are left alone.
///
/// # Errors
/// Where a name is no regular expression, or an image is no scalar.
pub(crate) fn apply(resources: &mut [Resource], images: &[Image], specs: &[FieldSpec]) -> Result<(), Diagnostic> {
    if images.is_empty() {
        return Ok(());
    }
    let matcher = Matcher::new(images)?;
    for resource in resources.iter_mut().filter(|resource| resource.kind() != "CustomResourceDefinition") {
        let sites = sites(resource, specs).map_err(|found| resource.blame(found))?;
        if !sites.is_empty() {
            rewrite(&mut resource.node, &sites, &matcher).map_err(|found| resource.blame(found))?;
        }
    }
    Ok(())
}

/// How often each image is named, by the node's address (the tree does not change its shape meanwhile).
type Sites = FxHashMap<usize, usize>;

fn sites(resource: &mut Resource, specs: &[FieldSpec]) -> Result<Sites, Diagnostic> {
    let mut sites = Sites::default();
    in_containers(&resource.node, &mut sites)?;
    let gvk = resource.gvk();
    for spec in specs {
        let mut note = |node: &mut Node| note(node, &mut sites);
        spec.apply(&gvk, &mut resource.node, Make::Nothing, &mut note)?;
    }
    Ok(sites)
}

fn note(node: &Node, sites: &mut Sites) -> Result<(), Diagnostic> {
    if node.as_scalar().is_none() {
        return Err(Diagnostic::new("the image is no string").at(node.at));
    }
    *sites.entry(std::ptr::from_ref(node).addr()).or_default() += 1;
    Ok(())
}

fn in_containers(node: &Node, sites: &mut Sites) -> Result<(), Diagnostic> {
    match &node.data {
        Data::Scalar(_) => {}
        Data::Seq(items) => items.iter().try_for_each(|item| in_containers(item, sites))?,
        Data::Map(map) => {
            for entry in map.entries() {
                in_containers(&entry.value, sites)?;
                if matches!(entry.key.text.as_str(), "containers" | "initContainers") {
                    of_containers(&entry.value, sites)?;
                }
            }
        }
    }
    Ok(())
}

fn of_containers(containers: &Node, sites: &mut Sites) -> Result<(), Diagnostic> {
    for container in containers.as_seq().into_iter().flatten() {
        match &container.data {
            Data::Map(map) => map.get("image").map_or(Ok(()), |image| note(image, sites))?,
            Data::Scalar(scalar) if is_null(scalar) => {}
            _ => return Err(Diagnostic::new("a container is no mapping").at(container.at)),
        }
    }
    Ok(())
}

fn rewrite(node: &mut Node, sites: &Sites, matcher: &Matcher<'_>) -> Result<(), Diagnostic> {
    let times = sites.get(&std::ptr::from_ref(&*node).addr()).copied();
    match (&mut node.data, times) {
        (Data::Map(map), _) => {
            map.entries_mut().iter_mut().try_for_each(|entry| rewrite(&mut entry.value, sites, matcher))
        }
        (Data::Seq(items), _) => items.iter_mut().try_for_each(|item| rewrite(item, sites, matcher)),
        (Data::Scalar(_), None) => Ok(()),
        (Data::Scalar(scalar), Some(times)) => match matcher.rewritten(&scalar.text, times) {
            Some(text) => set_scalar(node, text, Tag::Implicit),
            None => Ok(()),
        },
    }
}

/// Whether `text` may follow an image's name: an optional tag and an optional SHA-256 digest.
fn is_tail(text: &str) -> bool {
    let part = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.{}-".contains(&byte));
    let (tag, digest) = match text.split_once("@sha256:") {
        Some((tag, digest)) => (tag, Some(digest)),
        None => (text, None),
    };
    let good_tag = tag.is_empty() || tag.strip_prefix(':').is_some_and(part);
    good_tag && digest.is_none_or(part)
}

/// The expression of an entry whose name is more than letters, digits, `-`, `_`, `/`, `:` and `.`.
fn expression(name: &str) -> Result<regex::Regex, Diagnostic> {
    let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
    go_regex::compile(&pattern).map_err(|found| found.field("images.name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_as_kustomize_splits_them() {
        for (reference, expected) in [
            ("nginx", ("nginx", "", "")),
            ("nginx:1.2", ("nginx", "1.2", "")),
            ("host:443/nginx:1@sha256:a", ("host:443/nginx", "1", "sha256:a")),
            ("host:443/nginx", ("host:443/nginx", "", "")),
            ("nginx@sha256:a", ("nginx", "", "sha256:a")),
        ] {
            assert_eq!(split(reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_tail_is_a_tag_and_a_digest() {
        for good in ["", ":1.2", ":", "@sha256:", ":a@sha256:b", ":{T}"] {
            assert!(is_tail(good), "{good}");
        }
        for bad in ["1", ":a/b", "@md5:a", ":a:b", "@sha256:a@sha256:b"] {
            assert!(!is_tail(bad), "{bad}");
        }
    }
}
