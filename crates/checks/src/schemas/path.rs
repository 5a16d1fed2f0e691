//! The path of a field, which is written out for findings only.

use std::fmt;

/// The path from an object to one of its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    /// The object.
    Root,
    /// A field of a mapping.
    Key(&'a Path<'a>, &'a str),
    /// An item of a list.
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    /// `spec.ports[0].port`; `metadata.annotations["a.b/c"]` for a key with other characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A path may be as deep as an object.
        let mut steps = vec![self];
        while let Path::Key(parent, _) | Path::Item(parent, _) = steps[steps.len() - 1] {
            steps.push(parent);
        }
        let mut is_first = true;
        for step in steps.into_iter().rev() {
            match step {
                Path::Root => continue,
                Path::Key(_, key) if key.is_empty() || key.contains(['.', '[', '/', ' ', '"']) => {
                    write!(f, "[{key:?}]")?;
                }
                Path::Key(_, key) => write!(f, "{}{key}", if is_first { "" } else { "." })?,
                Path::Item(_, position) => write!(f, "[{position}]")?,
            }
            is_first = false;
        }
        Ok(())
    }
}
