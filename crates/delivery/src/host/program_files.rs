//! The files that a program needs of commits that are not checked out, and of charts that are not unpacked.

use std::sync::Arc;

use manifest::Diagnostic;
use render_core::host::Program;

/// Files at a path where no folder is, which can be written to a temporary folder.
pub(crate) trait Mount: Send + Sync {
    /// The path of the root.
    fn root(&self) -> &str;

    /// The path of a folder with the files, written at the first call.
    ///
    /// # Errors
    /// What cannot be read or written.
    fn copy(&self) -> Result<&str, Diagnostic>;

    /// The path of the folder that [`Mount::copy`] wrote.
    fn copied(&self) -> Option<&str>;
}

/// The commits and charts that a program's folder, arguments or variables name, each written to a temporary folder.
pub(super) struct ProgramFiles {
    mounts: Vec<Arc<dyn Mount>>,
}

impl ProgramFiles {
    /// Writes the files of those of `mounts` that the program names.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub(super) fn of(program: &Program, mounts: &[Arc<dyn Mount>]) -> Result<Self, Diagnostic> {
        let texts = || {
            let variables = program.variables.iter().map(|(_, value)| value);
            std::iter::once(&program.folder).chain(&program.arguments).chain(variables)
        };
        let named = |mount: &&Arc<dyn Mount>| texts().any(|text| positions(text, mount.root()).next().is_some());
        let mounts: Vec<_> = mounts.iter().filter(named).cloned().collect();
        for mount in &mounts {
            mount.copy()?;
        }
        Ok(ProgramFiles { mounts })
    }

    /// The program with the temporary folders in place of the commits' paths.
    pub(super) fn program(&self, program: &Program) -> Program {
        let copied = |text: &String| {
            self.mounts.iter().fold(text.clone(), |text, mount| match mount.copied() {
                Some(copy) => replace_path(&text, mount.root(), copy),
                None => text,
            })
        };
        Program {
            arguments: program.arguments.iter().map(copied).collect(),
            folder: copied(&program.folder),
            variables: program.variables.iter().map(|(name, value)| (name.clone(), copied(value))).collect(),
            input: program.input.clone(),
            kind: program.kind,
        }
    }

    /// What the program wrote to stderr, with the commits' paths.
    pub(super) fn stderr(&self, stderr: Vec<u8>) -> Vec<u8> {
        let copies = || self.mounts.iter().filter_map(|mount| Some((mount.root(), mount.copied()?)));
        match std::str::from_utf8(&stderr) {
            Ok(text) if copies().next().is_some() => {
                let text = copies().fold(text.to_owned(), |text, (root, copy)| replace_path(&text, copy, root));
                text.into_bytes()
            }
            _ => stderr,
        }
    }
}

/// The positions of `path` in a text, as a whole path or as the beginning of one.
fn positions<'t>(text: &'t str, path: &str) -> impl Iterator<Item = usize> + use<'t> {
    let length = path.len();
    let found: Vec<usize> = text.match_indices(path).map(|(index, _)| index).collect();
    found.into_iter().filter(move |&index| {
        let before = text[..index].chars().next_back();
        let after = text[index + length..].chars().next();
        let in_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~');
        before.is_none_or(|c| !in_name(c) && c != '/') && after.is_none_or(|c| !in_name(c))
    })
}

fn replace_path(text: &str, path: &str, by: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut end = 0;
    for start in positions(text, path) {
        replaced.push_str(&text[end..start]);
        replaced.push_str(by);
        end = start + path.len();
    }
    replaced + &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_paths_are_replaced() {
        for (text, expected) in [
            ("/repo", "/tmp/x"),
            ("/repo/a/run.sh", "/tmp/x/a/run.sh"),
            ("--set-file=a=/repo/b,c=\"/repo\"", "--set-file=a=/tmp/x/b,c=\"/tmp/x\""),
            ("/repo/repo", "/tmp/x/repo"),
            ("/repo:/repo/bin", "/tmp/x:/tmp/x/bin"),
            ("/repository", "/repository"),
            ("/repo.git", "/repo.git"),
            ("/other/repo", "/other/repo"),
            ("https://h/repo", "https://h/repo"),
            ("", ""),
        ] {
            assert_eq!(replace_path(text, "/repo", "/tmp/x"), expected);
        }
    }
}
