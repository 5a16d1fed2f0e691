//! Where artifacts go: `oci://registry/repository[:tag]`, with `{service}` and `{environment}` in it.

use manifest::{Diagnostic, ImageRef};

use crate::config::{Host, Template};
use crate::plan::PlannedUnit;
use crate::plan::settings::Settings;

/// The URL scheme of a registry's repository, as in Flux and Argo CD.
const SCHEME: &str = "oci://";

/// A repository and tags, not filled in yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    repository: Template,
    tags: Vec<Template>,
}

/// Where one unit's artifact goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactLocation {
    /// The repository, registry in front.
    pub name: ImageRef,
    /// The tags, at least one, none twice.
    pub tags: Vec<String>,
}

impl Target {
    /// Parses a reference and adds further tags. There is no default tag.
    ///
    /// # Errors
    /// A message for the user: another scheme, a digest, no tag, an unknown placeholder.
    pub fn parse(reference: &str, tags: &[String]) -> Result<Self, String> {
        let Some(rest) = reference.strip_prefix(SCHEME) else {
            return Err(format!("invalid reference \"{reference}\": expected `{SCHEME}` at the start"));
        };
        if rest.contains('@') {
            return Err(format!("invalid reference \"{reference}\": an artifact is pushed without a digest"));
        }
        // A colon behind the last slash sets off the tag; one before it, the registry's port.
        let start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, own) = match rest[start..].split_once(':') {
            Some((_, tag)) => (&rest[..rest.len() - tag.len() - 1], Some(tag.to_owned())),
            None => (rest, None),
        };
        let tags = own.iter().chain(tags).map(|tag| Template::try_from(tag.clone())).collect::<Result<Vec<_>, _>>()?;
        if tags.is_empty() {
            return Err(format!("missing tag in \"{reference}\": write {reference}:TAG"));
        }
        Ok(Target { repository: Template::try_from(format!("{SCHEME}{name}"))?, tags })
    }

    /// Replaces the destination by the registry's repository, so the config need not name a git repository.
    /// Fields of pull requests do not apply there, so the host is one that takes them all.
    pub fn replace_repository(&self, settings: &mut Settings) {
        settings.repository = Some(self.repository.clone());
        settings.request.host = Some(Host::Github);
    }

    /// Where one unit's artifact goes.
    ///
    /// # Errors
    /// An invalid repository or tag after the placeholders are filled in, and a repository without its registry.
    pub fn location(&self, unit: &PlannedUnit) -> Result<ArtifactLocation, Diagnostic> {
        let filled = fill(&self.repository, unit)?;
        let name = filled.strip_prefix(SCHEME).unwrap_or(&filled);
        let registry = name.split_once('/').map_or("", |(registry, _)| registry);
        if !registry.contains(['.', ':']) && registry != "localhost" {
            let message = format!("missing registry in \"{filled}\"");
            return Err(
                Diagnostic::new(message).hint(format!("write the registry's host first: {SCHEME}docker.io/{name}"))
            );
        }
        let mut tags: Vec<String> = Vec::new();
        for tag in &self.tags {
            let tag = fill(tag, unit)?;
            let whole = ImageRef::parse(&format!("{name}:{tag}")).map_err(|error| {
                let found = Diagnostic::new(error.to_string());
                let hint = "put a name with a slash into the repository instead of the tag";
                if tag.contains('/') { found.hint(hint) } else { found }
            })?;
            if !tags.iter().any(|known| known == whole.tag().unwrap_or_default()) {
                tags.push(tag);
            }
        }
        let name = ImageRef::parse(name).map_err(|error| Diagnostic::new(error.to_string()))?;
        Ok(ArtifactLocation { name, tags })
    }
}

fn fill(template: &Template, unit: &PlannedUnit) -> Result<String, Diagnostic> {
    template.fill(unit.names()).map_err(|unknown| Diagnostic::new(format!("{}: {unknown}", unit.name())))
}

impl ArtifactLocation {
    /// `oci://registry/repository`
    pub fn url(&self) -> String {
        format!("{SCHEME}{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn the_last_part_has_the_tag() {
        let table = [
            ("oci://ghcr.io/acme/{service}:{environment}", "oci://ghcr.io/acme/{service}", "{environment}"),
            ("oci://localhost:5000/a:1", "oci://localhost:5000/a", "1"),
        ];
        for (text, repository, tag) in table {
            let target = Target::parse(text, &["more".to_owned()]).unwrap();
            assert_eq!((target.repository.text(), target.tags[0].text()), (repository, tag));
            assert_eq!(target.tags.len(), 2);
        }
        for wrong in ["ghcr.io/a:1", "oci://localhost:5000/a", "oci://ghcr.io/a@sha256:0", "oci://ghcr.io/{name:1"] {
            assert!(Target::parse(wrong, &[]).is_err(), "{wrong}");
        }
    }
}
