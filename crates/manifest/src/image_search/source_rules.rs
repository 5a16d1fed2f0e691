//! The search rules of files that are rendered: the `images` of kustomizations, and images in values of Helm charts.

use super::{DigestField, Fields, Form, KeyMatcher, Rule};
use crate::node::{Node, Text};
use crate::resource::ObjectId;

/// The rules of files that are rendered. They come after the user's rules and before the built-in ones, and match in no other file.
///
/// | where | how an image is written |
/// | --- | --- |
/// | an item of `images` (kustomize, Flux's Kustomization) | `name` or `newName`, `newTag`, `digest`; without a tag and a digest, it only renames |
/// | any mapping | `registry`, `repository`, `tag`, `digest` |
/// | any mapping | `image` (or `registry`, `image`), with `tag` or `imageTag` |
/// | below a key that ends with `image` | `registry`, `name`, `tag`, `digest` |
///
/// A digest is written to `digest` or `sha` (without `sha256:`) if the mapping has that field, otherwise after the tag, since a chart's
/// templates need not know another field.
pub fn source_rules() -> Vec<Rule> {
    let text = Text::new_static;
    let in_images = Rule {
        key: Some(KeyMatcher::ItemOf(text("images"))),
        value: None,
        form: Form::Parts(Fields {
            name: Some(text("name")),
            ..fields("newName", "newTag", DigestField::Named(text("digest")))
        }),
    };
    let below_image = || Some(KeyMatcher::Suffix(text("image")));
    let mut rules = vec![in_images];
    let values = [
        (None, "repository", "tag"),
        (None, "image", "tag"),
        (None, "image", "imageTag"),
        (below_image(), "name", "tag"),
    ];
    for (key, repository, tag) in values {
        let digests = [DigestField::Present(text("digest")), DigestField::Bare(text("sha")), DigestField::InTag];
        rules.extend(digests.map(|digest| Rule {
            key: key.clone(),
            value: None,
            form: Form::Parts(fields(repository, tag, digest)),
        }));
    }
    let incomplete = Form::Incomplete(fields("repository", "tag", DigestField::Named(text("digest"))));
    rules.push(Rule { key: below_image(), value: None, form: incomplete });
    rules
}

fn fields(repository: &'static str, tag: &'static str, digest: DigestField) -> Fields {
    Fields {
        registry: Some(Text::new_static("registry")),
        repository: Text::new_static(repository),
        name: None,
        tag: Text::new_static(tag),
        digest,
    }
}

/// Whether a document is rendered: a kustomization, also one of Flux, a Flux `HelmRelease`, or one without `apiVersion` and `kind`, as
/// values are.
pub(super) fn is_source(root: &Node) -> bool {
    let id = ObjectId::of(root);
    match id.gvk.group.as_str() {
        "kustomize.config.k8s.io" | "kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io" => true,
        _ => root.get("apiVersion").is_none() && root.get("kind").is_none(),
    }
}
