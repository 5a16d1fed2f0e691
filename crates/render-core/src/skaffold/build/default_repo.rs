//! `--default-repo`: replaces the registry of an artifact's image.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/docker/default_repo.go`, quirks included (the plain prefix check, the
//! project of 6 to 30 characters).

use manifest::ImageRefError;

use crate::skaffold::reference::{ImageReference, is_domain};

/// The length in bytes after which Skaffold truncates a rewritten name.
const LIMIT: usize = 255;

/// The image under `default_repo`; unchanged if that is absent or empty.
///
/// A registry of several levels (gcr.io, `*-docker.pkg.dev`, or where `multi_level` says so) keeps the image's path; any
/// other joins it to one path element, with `/`, `.`, `_`, `:` and `@` replaced by `_`. An image that already has this registry is not changed.
///
/// # Errors
/// Returns an error if the image does not parse.
pub fn apply(default_repo: Option<&str>, multi_level: bool, image: &str) -> Result<String, ImageRefError> {
    let Some(repo) = default_repo.filter(|repo| !repo.is_empty()) else { return Ok(image.to_owned()) };
    let parsed = ImageReference::parse(image)?;
    let name = moved(repo, multi_level, &parsed.name);
    Ok(ImageReference { name, ..parsed }.to_string())
}

fn moved(repo: &str, multi_level: bool, name: &str) -> String {
    if name.starts_with(repo) {
        return name.to_owned();
    }
    let project = project_prefix(repo);
    if !multi_level && !project.contains("gcr.io") && !project.contains("-docker.pkg.dev") {
        let word: String =
            name.chars().map(|c| if matches!(c, '/' | '.' | '_' | ':' | '@') { '_' } else { c }).collect();
        return cut(format!("{repo}/{word}"));
    }
    let own = project_prefix(name);
    if own == project { format!("{repo}/{}", &name[own.len()..]) } else { cut(format!("{repo}/{name}")) }
}

fn cut(mut name: String) -> String {
    let end = (0..=LIMIT.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    name.truncate(end);
    name
}

/// The leading `DOMAIN/PROJECT/` of a name, the last slash being optional; empty if there is none. A project is 6 to 30
/// lower-case letters, digits and dashes, starting with a letter and not ending with a dash.
fn project_prefix(name: &str) -> &str {
    let Some(slash) = name.find('/').filter(|&slash| is_domain(&name[..slash])) else { return "" };
    let rest = &name.as_bytes()[slash + 1..];
    let word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !rest.first().is_some_and(u8::is_ascii_lowercase) {
        return "";
    }
    let run = rest.iter().take_while(|&b| word(b) || *b == b'-').count().min(30);
    let Some(end) = (6..=run).rev().find(|&end| word(&rest[end - 1])) else { return "" };
    let slash_after = usize::from(rest.get(end) == Some(&b'/'));
    &name[..slash + 1 + end + slash_after]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_move_as_skaffold_moves_them() {
        let ecr = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";
        let cases = [
            (ecr, false, "team/app", "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/team_app"),
            (ecr, true, "team/app", "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/team/app"),
            ("", false, "team/app:v1", "team/app:v1"),
            ("gcr.io/abc", false, "gcr.io/proj-one/app", "gcr.io/abc/gcr_io_proj-one_app"),
            ("gcr.io/def", false, "gcr.io/default/x", "gcr.io/default/x"),
            ("gcr.io/proj-one/sub", false, "gcr.io/proj-one/app:v2", "gcr.io/proj-one/sub/app:v2"),
            (
                "us-docker.pkg.dev/proj-x/repo",
                false,
                "us-docker.pkg.dev/proj-x/other/app",
                "us-docker.pkg.dev/proj-x/repo/other/app",
            ),
            ("gcr.io/proj-one", false, "docker.io/lib/app", "gcr.io/proj-one/docker.io/lib/app"),
            ("Registry.IO/Team/", false, "app:1", "Registry.IO/Team//app:1"),
            ("localhost:5000", false, "localhost:5000/app", "localhost:5000/app"),
        ];
        for (repo, multi_level, image, expected) in cases {
            assert_eq!(apply(Some(repo), multi_level, image).unwrap(), expected, "{repo} {image}");
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        let name = format!("{}/app", "a".repeat(200));
        assert_eq!(apply(Some(&"r".repeat(80)), false, &format!("{name}:v1")).unwrap().len(), 255 + 3);
    }

    #[test]
    fn what_does_not_parse_is_an_error() {
        assert!(apply(Some("gcr.io/x"), false, "a b").is_err());
    }
}
