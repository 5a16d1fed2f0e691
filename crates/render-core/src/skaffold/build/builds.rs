//! Build results: from `--build-artifacts`, from docker buildx's metadata file, and from `--images`; how they are combined.
//!
//! Source of the rules: Skaffold's `cmd/skaffold/app/flags/{build_output,image}.go` and `cmd/util.go`.

use manifest::Diagnostic;
use serde_json::Value;

use crate::skaffold::reference::ImageReference;

/// An artifact's name and the built image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// Its name in manifests.
    pub image_name: String,
    /// The full reference that replaces the name.
    pub tag: String,
}

/// Reads a file of builds: Skaffold's `{"builds":[{"imageName":…,"tag":…}]}`, or what `docker buildx build
/// --metadata-file` and `docker buildx bake --metadata-file` write (`image.name` and `containerimage.digest`). Unknown keys
/// are ignored, as Skaffold ignores them.
///
/// # Errors
/// Returns an error for a file of neither form, with the JSON error.
pub fn from_json(bytes: &[u8], file: &str) -> Result<Vec<Build>, Diagnostic> {
    let invalid = |message: String| {
        Diagnostic::new(message)
            .in_file(file)
            .hint("write it with `skaffold build --file-output FILE` or `docker buildx build --metadata-file FILE`")
    };
    let value: Value = serde_json::from_slice(bytes).map_err(|error| invalid(format!("invalid JSON: {error}")))?;
    let Value::Object(top) = &value else { return Err(invalid("expected a JSON object".to_owned())) };
    if let Some((_, builds)) = top.iter().find(|(key, _)| key.eq_ignore_ascii_case("builds")) {
        return skaffold(builds).map_err(invalid);
    }
    let targets = std::iter::once(&value).chain(top.values()).filter(|target| target.get("image.name").is_some());
    let builds: Vec<Build> = targets.flat_map(buildx).collect();
    if builds.is_empty() {
        return Err(invalid("neither `builds` nor `image.name` with `containerimage.digest` found".to_owned()));
    }
    builds.into_iter().map(|build| checked(build).map_err(invalid)).collect()
}

fn checked(build: Build) -> Result<Build, String> {
    ImageReference::parse(&build.tag).map(|_| build).map_err(|error| error.to_string())
}

fn skaffold(builds: &Value) -> Result<Vec<Build>, String> {
    let builds = match builds {
        Value::Null => return Ok(Vec::new()),
        Value::Array(builds) => builds,
        _ => return Err("expected a list in `builds`".to_owned()),
    };
    let text = |build: &Value, name: &str| -> Result<String, String> {
        let found = build.as_object().and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        match found.map(|(_, value)| value) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(format!("expected a string as `{name}` of a build")),
        }
    };
    let build = |(index, build): (usize, &Value)| -> Result<Build, String> {
        if !build.is_object() {
            return Err(format!("expected an object in builds[{index}]"));
        }
        let made = Build { image_name: text(build, "imageName")?, tag: text(build, "tag")? };
        if made.tag.is_empty() {
            return Err(format!("no tag provided for image [{}]", made.image_name));
        }
        checked(made)
    };
    builds.iter().enumerate().map(build).collect()
}

/// One build for each of the comma-separated names that buildx pushed.
fn buildx(target: &Value) -> Vec<Build> {
    let text = |key| target.get(key).and_then(Value::as_str).unwrap_or_default();
    let digest = text("containerimage.digest");
    let names = text("image.name").split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let tag =
                if digest.is_empty() || name.contains('@') { name.to_owned() } else { format!("{name}@{digest}") };
            Build { image_name: base_name(name), tag }
        })
        .collect()
}

fn base_name(image: &str) -> String {
    ImageReference::parse(image).map_or_else(|_| image.to_owned(), |parsed| parsed.name)
}

/// Reads one item of `--images`: `NAME=REFERENCE`, or a reference that is its own name without the tag.
///
/// # Errors
/// An empty item, or one whose reference does not parse.
pub(crate) fn from_flag(item: &str) -> Result<Build, Diagnostic> {
    let (name, tag) = match item.split_once('=') {
        Some((name, tag)) => (Some(name), tag),
        None => (None, item),
    };
    let parsed = ImageReference::parse(tag).map_err(|error| {
        Diagnostic::new(format!("--images {item}: {error}")).hint("write --images NAME=REPOSITORY:TAG")
    })?;
    Ok(Build { image_name: name.map_or(parsed.name, str::to_owned), tag: tag.to_owned() })
}

/// Joins the builds of the command line with those of the file: the file wins for a name that both have, and what only the
/// file has comes last.
pub(crate) fn merge(from_flags: Vec<Build>, from_file: &[Build]) -> Vec<Build> {
    let known = |builds: &[Build], name: &str| builds.iter().rev().find(|build| build.image_name == name).cloned();
    let mut merged: Vec<Build> = Vec::new();
    for build in from_flags {
        merged.push(known(from_file, &build.image_name).unwrap_or(build));
    }
    for build in from_file {
        if known(&merged, &build.image_name).is_none() {
            merged.push(build.clone());
        }
    }
    merged
}

/// Puts another tag on a reference and keeps its digest (`--tag` together with builds that were given).
///
/// # Errors
/// Returns an error if the reference does not parse.
pub(crate) fn retag(reference: &str, tag: &str) -> Result<String, Diagnostic> {
    let parsed = ImageReference::parse(reference).map_err(|error| Diagnostic::new(error.to_string()))?;
    Ok(ImageReference { tag: Some(tag.to_owned()), ..parsed }.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(image_name: &str, tag: &str) -> Build {
        Build { image_name: image_name.to_owned(), tag: tag.to_owned() }
    }

    #[test]
    fn both_kinds_of_file_are_read() {
        let skaffold = br#"{"builds":[{"imageName":"app","tag":"r/app:v1","runtimeType":"go"}],"more":1}"#;
        assert_eq!(from_json(skaffold, "b.json").unwrap(), [build("app", "r/app:v1")]);
        assert_eq!(from_json(br#"{"builds":null}"#, "b.json").unwrap(), []);
        let digest = format!("sha256:{}", "a".repeat(64));
        let buildx = format!(r#"{{"containerimage.digest":"{digest}","image.name":"r/app:v1,r/app:v2"}}"#);
        let expected = [build("r/app", &format!("r/app:v1@{digest}")), build("r/app", &format!("r/app:v2@{digest}"))];
        assert_eq!(from_json(buildx.as_bytes(), "b.json").unwrap(), expected);
        let bake = format!(r#"{{"web":{{"containerimage.digest":"{digest}","image.name":"r/web:v1"}}}}"#);
        assert_eq!(from_json(bake.as_bytes(), "b.json").unwrap(), [build("r/web", &format!("r/web:v1@{digest}"))]);
    }

    #[test]
    fn what_is_no_build_is_refused() {
        for bytes in
            ["", "[]", "{}", r#"{"builds":[{"imageName":"a"}]}"#, r#"{"builds":{}}"#, r#"{"builds":[{"tag":"a b"}]}"#]
        {
            assert!(from_json(bytes.as_bytes(), "b.json").is_err(), "{bytes}");
        }
    }

    #[test]
    fn the_file_wins_over_the_flag() {
        let flags = vec![from_flag("app=r/app:v1").unwrap(), from_flag("localhost:5000/web:v1").unwrap()];
        let file = [build("db", "r/db:v1"), build("app", "r/app:v2")];
        let expected =
            [build("app", "r/app:v2"), build("localhost:5000/web", "localhost:5000/web:v1"), build("db", "r/db:v1")];
        assert_eq!(merge(flags, &file), expected);
    }

    #[test]
    fn a_new_tag_keeps_the_digest() {
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(retag(&format!("r/app:v1@{digest}"), "v2").unwrap(), format!("r/app:v2@{digest}"));
    }
}
