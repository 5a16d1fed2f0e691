//! The source repository that a folder belongs to.

use render_core::files::{Files, join};

/// Returns the root of the repository that a folder is in: the folder itself or the nearest one above it that has a `.git`. In a worktree
/// and in a submodule, that is a file.
pub(super) fn root<'f>(files: &dyn Files, folder: &'f str) -> Option<&'f str> {
    let mut folder = folder;
    loop {
        if files.kind(&join(folder, ".git")).is_ok() {
            return Some(folder);
        }
        let (above, _) = folder.rsplit_once('/').filter(|_| folder != "/")?;
        folder = if above.is_empty() { "/" } else { above };
    }
}
