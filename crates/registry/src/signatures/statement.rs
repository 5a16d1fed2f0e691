//! What a statement says: its predicate type, and the builder and source of SLSA provenance.

use serde_json::Value;

use super::model::{Attestation, AttestationRule};

/// The attestation that a statement makes.
pub(crate) fn attestation(statement: &Value) -> Attestation {
    let predicate = &statement["predicate"];
    let text = |places: &[&str]| {
        places.iter().find_map(|place| predicate.pointer(place)).and_then(Value::as_str).map(str::to_owned)
    };
    let predicate_type = statement["predicateType"].as_str().unwrap_or_default().to_owned();
    if !predicate_type.starts_with("https://slsa.dev/provenance/") {
        return Attestation { predicate_type, builder: None, source: None };
    }
    Attestation {
        predicate_type,
        // Version 1, then 0.1 and 0.2.
        builder: text(&["/runDetails/builder/id", "/builder/id"]),
        source: text(&[
            "/buildDefinition/externalParameters/workflow/repository",
            "/buildDefinition/externalParameters/source/uri",
            "/buildDefinition/externalParameters/source",
            "/buildDefinition/resolvedDependencies/0/uri",
            "/invocation/configSource/uri",
            "/materials/0/uri",
        ]),
    }
}

/// Checks an attestation by a rule. `claimed` is the source repository in the signer's certificate, which must agree.
///
/// # Errors
/// What differs.
pub(crate) fn check(found: &Attestation, rule: &AttestationRule, claimed: Option<&str>) -> Result<(), String> {
    if found.predicate_type != rule.predicate_type {
        return Err(format!("attestation {}", found.predicate_type));
    }
    if let Some(want) = &rule.builder {
        let same = found.builder.as_deref().is_some_and(|builder| is_builder(builder, want));
        if !same {
            return Err(format!("builder {}, expected {want}", found.builder.as_deref().unwrap_or("missing")));
        }
    }
    if let Some(want) = &rule.source {
        let sources = [Some(found.source.as_deref().unwrap_or("missing")), claimed];
        if let Some(other) = sources.into_iter().flatten().find(|source| repository(source) != repository(want)) {
            return Err(format!("source {other}, expected {want}"));
        }
    }
    Ok(())
}

/// A builder's ID may end in `@refs/…`, the version of the workflow, which a rule may leave out.
fn is_builder(found: &str, want: &str) -> bool {
    found == want || found.split_once('@').is_some_and(|(name, _)| name == want)
}

/// A repository without scheme, revision and `.git`: `github.com/acme/cart` for `git+https://github.com/acme/cart.git@refs/heads/main`.
fn repository(uri: &str) -> String {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let name = rest.split_once('@').map_or(rest, |(name, _)| name);
    let name = name.trim_end_matches('/');
    let name = name.strip_suffix(".git").unwrap_or(name);
    match name.split_once('/') {
        Some((host, path)) => format!("{}/{path}", host.to_ascii_lowercase()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_compared_without_its_revision() {
        let want = repository("https://github.com/acme/cart");
        for same in [
            "git+https://github.com/acme/cart@refs/heads/main",
            "git+https://github.com/acme/cart.git",
            "https://GitHub.com/acme/cart/",
            "github.com/acme/cart",
        ] {
            assert_eq!(repository(same), want, "{same}");
        }
        for other in ["https://github.com/acme/cart-evil", "https://evil.example/github.com/acme/cart", "acme/cart"] {
            assert_ne!(repository(other), want, "{other}");
        }
    }
}
