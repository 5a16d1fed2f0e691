//! `imageStrategy` of a Helm release before v3alpha1.

use manifest::Node;

/// How a release of v2 passes an image to its chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// As one value (`fqn`, the default).
    Whole,
    /// As `repository` and `tag` (`helm`).
    RepositoryAndTag,
    /// As `registry`, `repository` and `tag` (`helm` with `explicitRegistry`).
    RegistryToo,
}

impl Strategy {
    /// The strategy that a release's `imageStrategy` names.
    pub(super) fn of(strategy: Option<&Node>) -> Self {
        match strategy.and_then(|strategy| strategy.get("helm")) {
            None => Strategy::Whole,
            Some(helm) if helm.get("explicitRegistry").and_then(Node::text) == Some("true") => Strategy::RegistryToo,
            Some(_) => Strategy::RepositoryAndTag,
        }
    }

    /// Returns the suffixes of a value's key, each with its template, for the image of that name.
    pub(super) fn templates(self, image: &str) -> Vec<(&'static str, String)> {
        let name = image.replace(['.', '-', '/', ':'], "_");
        let tag = (".tag", format!("{{{{.IMAGE_TAG_{name}}}}}@{{{{.IMAGE_DIGEST_{name}}}}}"));
        match self {
            Strategy::Whole => vec![("", format!("{{{{.IMAGE_FULLY_QUALIFIED_{name}}}}}"))],
            Strategy::RepositoryAndTag => vec![tag, (".repository", format!("{{{{.IMAGE_REPO_{name}}}}}"))],
            Strategy::RegistryToo => vec![
                tag,
                (".registry", format!("{{{{.IMAGE_DOMAIN_{name}}}}}")),
                (".repository", format!("{{{{.IMAGE_REPO_NO_DOMAIN_{name}}}}}")),
            ],
        }
    }
}
