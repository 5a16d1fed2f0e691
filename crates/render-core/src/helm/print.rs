//! Prints what was rendered.

use std::borrow::Cow;

use super::Rendered;
use super::error::HelmError;
use super::manifests::{Document, split, trim};
use super::path_match::PathPattern;
use super::semantics::Semantics;

/// What is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrintOptions {
    /// Print the files of `crds/` as well.
    pub include_crds: bool,
    /// Print only the documents of these files, in this order; patterns are those of Go's `filepath.Match`.
    pub show_only: Vec<String>,
    /// Leave hooks out.
    pub no_hooks: bool,
    /// Leave test hooks out.
    pub skip_tests: bool,
}

impl Rendered {
    /// Returns what `helm template` prints.
    ///
    /// # Errors
    /// No document is of a file that `show_only` names.
    pub fn print(&self, options: &PrintOptions) -> Result<Vec<u8>, HelmError> {
        let crds = if options.include_crds { &self.crds[..] } else { &[] };
        let documents = || crds.iter().chain(&self.manifests);
        // With the separator and the comment that names the file.
        let length = |document: &Document| document.text.len() + document.path.len() + 16;
        let mut out =
            Vec::with_capacity(documents().chain(self.hooks.iter().map(|hook| &hook.document)).map(length).sum());
        documents().for_each(|document| append(&mut out, document));
        // Every document begins with its separator: only blanks at the end are left.
        out.truncate(trim(&out).len());
        out.push(b'\n');
        let printed = |test: bool| !(options.no_hooks || (options.skip_tests && test));
        for hook in self.hooks.iter().filter(|hook| printed(hook.is_test())) {
            append(&mut out, &hook.document);
        }
        if !options.show_only.is_empty() {
            out = selected(&out, &options.show_only, self.semantics)?;
        }
        Ok(out)
    }
}

fn append(out: &mut Vec<u8>, document: &Document) {
    out.extend_from_slice(format!("---\n# Source: {}\n", document.path).as_bytes());
    out.extend_from_slice(&document.text);
    out.push(b'\n');
}

/// Returns the documents of the finished text whose files match, pattern by pattern.
fn selected(text: &[u8], patterns: &[String], semantics: Semantics) -> Result<Vec<u8>, HelmError> {
    let pieces = split(text, semantics);
    let sources: Vec<_> = pieces.into_iter().filter_map(|piece| Some((source_of(piece)?, piece))).collect();
    let mut out = Vec::new();
    for pattern in patterns {
        let parsed = PathPattern::parse(pattern);
        let matching =
            sources.iter().filter(|(source, _)| parsed.as_ref().is_some_and(|parsed| parsed.matches(source)));
        let before = out.len();
        for (_, piece) in matching {
            out.extend_from_slice(b"---\n");
            out.extend_from_slice(piece);
            out.push(b'\n');
        }
        if out.len() == before {
            return Err(HelmError::new(format!("could not find template {pattern} in chart")));
        }
    }
    Ok(out)
}

/// Returns the path below the chart that the first `# Source:` comment names.
fn source_of(piece: &[u8]) -> Option<Cow<'_, str>> {
    const MARK: &[u8] = b"# Source: ";
    memchr::memmem::find_iter(piece, MARK).find_map(|at| {
        let line = piece[at + MARK.len()..].split(|byte| *byte == b'\n').next()?;
        let slash = memchr::memchr(b'/', line)?;
        let path = &line[slash + 1..];
        (slash > 0 && !path.is_empty()).then(|| String::from_utf8_lossy(path))
    })
}
