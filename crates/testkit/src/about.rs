//! The file `about` of a fixture: what it shows, and where its expectation comes from.

use std::fs;
use std::path::Path;

/// The longest summary, in characters.
const LONGEST: usize = 140;

/// The content of a file `about`: a line that says what the fixture shows, and optionally `from: TOOL VERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What the fixture shows, in one line.
    pub summary: String,
    /// The tool whose output the expectation is, such as `kustomize 5.8.1`; absent if hydrant's own behaviour is expected.
    pub source: Option<String>,
}

impl About {
    /// Reads the file `about` of a fixture.
    ///
    /// # Errors
    /// If it is missing or does not have the form above.
    pub fn of(folder: &Path) -> Result<Self, String> {
        let path = folder.join("about");
        let text = fs::read_to_string(&path)
            .map_err(|_| format!("{}: missing: it holds one line that says what the fixture shows", path.display()))?;
        Self::parse(&text).map_err(|message| format!("{}: {message}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let summary = lines.next().unwrap_or_default().trim().to_owned();
        if summary.is_empty() || summary.ends_with('.') || summary.chars().count() > LONGEST {
            return Err(format!("the first line must have 1 to {LONGEST} characters and no full stop"));
        }
        let source = match lines.next().map(|line| line.strip_prefix("from: ")) {
            None => None,
            Some(Some(source)) if !source.trim().is_empty() => Some(source.trim().to_owned()),
            Some(_) => return Err("the second line must be `from: TOOL VERSION`".to_owned()),
        };
        match lines.next() {
            None => Ok(About { summary, source }),
            Some(_) => Err("more than two lines".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_and_a_source_are_read() {
        let about = About::parse("images are rewritten\nfrom: kustomize 5.8.1\n").unwrap();
        assert_eq!(
            (about.summary.as_str(), about.source.as_deref()),
            ("images are rewritten", Some("kustomize 5.8.1"))
        );
        assert_eq!(About::parse("images are rewritten\n").unwrap().source, None);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "\n", "A sentence.\n", "a\nb\n", "a\nfrom: \n", "a\nfrom: b\nc\n", &"a".repeat(141)] {
            assert!(About::parse(text).is_err(), "{text:?}");
        }
    }
}
