//! Images that a command is given: `--image NAME=REFERENCE`, and files of tools that build images.

use std::collections::BTreeMap;
use std::path::Path;

use manifest::{At, Diagnostic, Errors, ImageRef};
use render_core::skaffold::read_builds;

use super::digests::ImageLocation;
use super::source::{SourceImages, full_name};

/// What ends an assignment when it is given in place of a reference.
const SOURCE: &str = "source";

/// An image that a command is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenImage {
    /// The image's name in the rendered output, without a tag; or the last part of it.
    pub name: String,
    /// What the image becomes; absent where its assignment ends.
    pub reference: Option<ImageRef>,
    /// Whether the name is the one that a tool pushed to. If no image has it, an image with the same last part is meant.
    pub is_pushed_name: bool,
    /// Where it was given.
    pub location: GivenLocation,
}

/// Where an image was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenLocation {
    /// The file; absent for an option.
    pub file: Option<String>,
    /// The line in the file, from 1; 0 where it is not known.
    pub line: u32,
}

impl GivenImage {
    /// A finding about this image.
    pub(crate) fn finding(&self, message: String) -> Diagnostic {
        self.location.locate(Diagnostic::new(message))
    }

    /// As it was given: `NAME=REFERENCE`.
    pub(crate) fn text(&self) -> String {
        format!("{}={}", self.name, self.reference.as_ref().map_or(SOURCE, ImageRef::as_str))
    }
}

impl GivenLocation {
    /// The location of an image of a unit.
    pub(crate) fn of_unit(&self, unit: &str) -> ImageLocation {
        let field = if self.file.is_some() { "" } else { "--image" };
        ImageLocation {
            file: self.file.clone().unwrap_or_default(),
            at: At { line: self.line, column: u32::from(self.line > 0) },
            field: field.to_owned(),
            object: unit.to_owned(),
        }
    }

    fn locate(&self, finding: Diagnostic) -> Diagnostic {
        match &self.file {
            None => finding.field("--image"),
            Some(file) if self.line > 0 => finding.in_file(file).at(At { line: self.line, column: 1 }),
            Some(file) => finding.in_file(file),
        }
    }
}

/// Reads the values of `--image`: each may have several, separated by commas, spaces or line breaks.
///
/// # Errors
/// Every value that is not `NAME=REFERENCE` or `NAME=source`.
pub fn from_options(values: &[String]) -> Result<Vec<GivenImage>, Errors> {
    let separator = |letter: char| letter == ',' || letter.is_whitespace();
    let parts = values.iter().flat_map(|value| value.split(separator)).filter(|part| !part.is_empty());
    collected(parts.map(|part| assignment(part, GivenLocation::default())))
}

/// Reads a file of images: see [`from_file`].
///
/// # Errors
/// A file that cannot be read, and everything that is wrong in it.
pub fn read_file(path: &Path) -> Result<Vec<GivenImage>, Errors> {
    let file = path.display().to_string();
    let bytes = net::bounded::read_file(path)
        .map_err(|error| Diagnostic::new(format!("cannot read the file: {error}")).in_file(&file).field("--images"))?;
    from_file(&bytes, &file)
}

/// Reads the text of a file: what `docker buildx build --metadata-file` or `skaffold build --file-output` wrote, or a line `NAME=REFERENCE` for each
/// image. Empty lines and lines that begin with `#` are skipped.
///
/// # Errors
/// Everything that is wrong in the file, with its line, and a file without an image.
pub fn from_file(bytes: &[u8], file: &str) -> Result<Vec<GivenImage>, Errors> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| Diagnostic::new(format!("invalid UTF-8: {error}")).in_file(file))?;
    let found =
        if text.trim_start().starts_with(['{', '[']) { from_json(bytes, file)? } else { from_lines(text, file)? };
    if found.is_empty() {
        let hint = "write a line NAME=REFERENCE for each image, or give a metadata file of docker buildx or Skaffold";
        return Err(Diagnostic::new("the file names no image").in_file(file).hint(hint).into());
    }
    Ok(found)
}

fn from_lines(text: &str, file: &str) -> Result<Vec<GivenImage>, Errors> {
    let lines = text.lines().zip(1_u32..).map(|(line, number)| (line.trim(), number));
    let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    collected(lines.map(|(line, number)| assignment(line, GivenLocation { file: Some(file.to_owned()), line: number })))
}

fn from_json(bytes: &[u8], file: &str) -> Result<Vec<GivenImage>, Errors> {
    let location = GivenLocation { file: Some(file.to_owned()), line: 0 };
    let mut found: Vec<GivenImage> = Vec::new();
    let mut wrong = Vec::new();
    for build in read_builds(bytes, file)? {
        match ImageRef::parse(&build.tag) {
            Err(error) => wrong.push(location.locate(Diagnostic::new(error.to_string()))),
            Ok(reference) => {
                // docker buildx names every tag that it pushed; they have one digest, and the first is taken.
                let is_same = |known: &GivenImage| {
                    known.name == build.image_name
                        && known.reference.as_ref().is_some_and(|known| {
                            *known == reference || known.digest().is_some() && known.digest() == reference.digest()
                        })
                };
                if !found.iter().any(is_same) {
                    let (name, reference) = (build.image_name, Some(reference));
                    found.push(GivenImage { name, reference, is_pushed_name: true, location: location.clone() });
                }
            }
        }
    }
    Errors::check(wrong).map(|()| found)
}

fn collected(each: impl Iterator<Item = Result<GivenImage, Diagnostic>>) -> Result<Vec<GivenImage>, Errors> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for one in each {
        match one {
            Ok(image) => found.push(image),
            Err(finding) => wrong.push(finding),
        }
    }
    Errors::check(wrong).map(|()| found)
}

fn assignment(text: &str, location: GivenLocation) -> Result<GivenImage, Diagnostic> {
    let hint = "write NAME=REFERENCE, such as cart=ghcr.io/acme/cart:1.4.2, or NAME=source to end an assignment";
    let invalid = |message: String| location.locate(Diagnostic::new(message)).hint(hint);
    let Some((name, reference)) = text.split_once('=') else {
        return Err(invalid(format!("invalid image assignment \"{text}\": expected NAME=REFERENCE")));
    };
    let (name, reference) = (name.trim(), reference.trim());
    let parsed = ImageRef::parse(name).map_err(|error| invalid(error.to_string()))?;
    if parsed.name() != name {
        let message = format!("invalid image name \"{name}\": expected a name without tag and digest");
        return Err(invalid(message));
    }
    let reference = match reference {
        SOURCE => None,
        text => Some(ImageRef::parse(text).map_err(|error| invalid(error.to_string()))?),
    };
    if let Some(reference) = reference.as_ref().filter(|one| one.tag().is_none() && !one.is_pinned()) {
        return Err(invalid(format!("invalid image reference \"{reference}\": it has neither a tag nor a digest")));
    }
    Ok(GivenImage { name: name.to_owned(), reference, is_pushed_name: false, location })
}

/// The given images by the image of a unit that each is for.
#[derive(Debug, Default)]
pub(crate) struct MatchedImages<'g> {
    /// By the image's name in full.
    pub(crate) by_name: BTreeMap<String, &'g GivenImage>,
    /// The positions of those that are for an image of the unit.
    pub(crate) used: Vec<usize>,
}

/// Finds the image that each given one is for. `images` are those of the unit.
///
/// # Errors
/// A given name that fits several images, and two given for one image.
pub(crate) fn matched<'g>(
    unit: &str,
    given: &'g [GivenImage],
    images: &SourceImages,
) -> Result<MatchedImages<'g>, Errors> {
    let mut matched = MatchedImages::default();
    let mut wrong = Vec::new();
    for (position, image) in given.iter().enumerate() {
        let found = candidates(image, images);
        match found.as_slice() {
            [] => {}
            [name] => {
                matched.used.push(position);
                let first = matched.by_name.insert((*name).clone(), image);
                // The same image, given twice.
                if let Some(first) = first.filter(|first| first.reference != image.reference) {
                    let (one, other) = (first.text(), image.text());
                    let message = format!("{unit}: two assignments for the image {name}: {one} and {other}");
                    wrong.push(image.finding(message).hint("give one of them"));
                }
            }
            several => {
                let several: Vec<&str> = several.iter().map(|name| images[*name].name.as_str()).collect();
                let message = format!("{unit}: the name \"{}\" fits several images", image.name);
                wrong.push(image.finding(message).hint(format!("use one of {}", several.join(", "))));
            }
        }
    }
    Errors::check(wrong).map(|()| matched)
}

fn candidates<'n>(image: &GivenImage, images: &'n SourceImages) -> Vec<&'n String> {
    let full = full_name(&image.name);
    if let Some((name, _)) = images.get_key_value(&full) {
        return vec![name];
    }
    if let Some((name, _)) = images.iter().find(|(_, known)| known.aliases.contains(&image.name)) {
        return vec![name];
    }
    if image.name.contains('/') && !image.is_pushed_name {
        return Vec::new();
    }
    let last = |name: &str| name.rsplit('/').next().map(str::to_owned);
    images.keys().filter(|name| last(name) == last(&image.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::source::SourceImage;

    fn given(values: &[&str]) -> Result<Vec<GivenImage>, Errors> {
        from_options(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
    }

    fn texts(images: &[GivenImage]) -> Vec<String> {
        images.iter().map(GivenImage::text).collect()
    }

    #[test]
    fn options_hold_one_or_several() {
        let found = given(&[
            "cart=ghcr.io/acme/cart:1.4.2",
            "a=r/a:1,b=r/b@sha256:0000000000000000000000000000000000000000000000000000000000000000\nc=source",
        ]);
        let found = texts(&found.unwrap());
        assert_eq!(
            (found[0].as_str(), found.len(), found[3].as_str()),
            ("cart=ghcr.io/acme/cart:1.4.2", 4, "c=source")
        );
        for (value, message) in [
            ("cart", "expected NAME=REFERENCE"),
            ("=r/a:1", "invalid image reference \"\""),
            ("cart:1=r/a:1", "expected a name without tag and digest"),
            ("cart=", "invalid image reference \"\""),
            ("cart=1.4.2", "neither a tag nor a digest"),
            ("cart=r/A:1", "must be lower case"),
        ] {
            let error = given(&[value]).unwrap_err().to_string();
            assert!(error.contains(message) && error.contains("--image"), "{value}: {error}");
        }
    }

    #[test]
    fn files_of_ci_and_lines_are_read() {
        let digest = format!("sha256:{}", "1".repeat(64));
        let buildx = format!(r#"{{"containerimage.digest":"{digest}","image.name":"r/cart:1.4.2,r/cart:latest"}}"#);
        assert_eq!(texts(&from_file(buildx.as_bytes(), "m.json").unwrap()), [format!("r/cart=r/cart:1.4.2@{digest}")]);
        let skaffold = br#"{"builds":[{"imageName":"cart","tag":"r/cart:2"},{"imageName":"shop","tag":"r/shop:2"}]}"#;
        assert_eq!(texts(&from_file(skaffold, "b.json").unwrap()), ["cart=r/cart:2", "shop=r/shop:2"]);
        assert_eq!(texts(&from_file(b"# CI\n\ncart = r/cart:3\r\n", "images.txt").unwrap()), ["cart=r/cart:3"]);
        let error = from_file(b"cart=r/cart:3\nshop\n", "images.txt").unwrap_err().to_string();
        assert!(error.contains("images.txt:2:1") && error.contains("NAME=REFERENCE"), "{error}");
        for empty in [&b""[..], b"# nothing\n", br#"{"builds":[]}"#] {
            assert!(from_file(empty, "x").unwrap_err().to_string().contains("names no image"));
        }
        assert!(from_file(b"{\"a\":1}", "x.json").unwrap_err().to_string().contains("x.json"));
    }

    #[test]
    fn names_are_matched_in_full_or_by_a_unique_last_part() {
        let names = ["ghcr.io/acme/cart", "ghcr.io/acme/shop", "quay.io/other/shop", "nginx"];
        let image = |name: &str| SourceImage { name: name.to_owned(), ..SourceImage::default() };
        let names: SourceImages = names.iter().map(|name| (full_name(name), image(name))).collect();
        let target = |values: &[&str]| {
            let given = given(values).unwrap();
            let found = matched("cart/dev", &given, &names);
            found.map(|found| found.by_name.into_keys().collect::<Vec<_>>()).map_err(|error| error.to_string())
        };
        assert_eq!(target(&["cart=r/cart:1"]).unwrap(), ["ghcr.io/acme/cart"]);
        assert_eq!(target(&["ghcr.io/acme/shop=r/shop:1"]).unwrap(), ["ghcr.io/acme/shop"]);
        assert_eq!(target(&["docker.io/library/nginx=nginx:2"]).unwrap(), ["docker.io/library/nginx"]);
        assert!(target(&["acme/cart=r/cart:1"]).unwrap().is_empty(), "not the last part");
        assert!(target(&["shop=r/shop:1"]).unwrap_err().contains("fits several images"));
        let twice = target(&["cart=r/cart:1", "ghcr.io/acme/cart=r/cart:2"]).unwrap_err();
        assert!(twice.contains("two assignments for the image ghcr.io/acme/cart"), "{twice}");
    }
}
