//! `gitCommit`: the tag comes from the git repository that contains the artifact's context.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/tag/git_commit.go`.

use manifest::Diagnostic;

use super::tagging::Tagging;
use crate::files::join;
use crate::skaffold::model::{Artifact, LocatedText};

/// Docker's limit for a tag.
const LIMIT: usize = 128;

/// The tag by the variant, with the prefix, and `-dirty` where the context has changes that are not committed.
///
/// # Errors
/// An unknown variant, no repository, and a detached HEAD under `Branches`.
pub(super) fn tag(
    tagging: &Tagging<'_>,
    artifact: &Artifact,
    variant: &LocatedText,
    prefix: &str,
    ignore_changes: bool,
) -> Result<String, Diagnostic> {
    let folder = join(tagging.inputs.working_dir, &artifact.context);
    if let Err(error) = tagging.inputs.files.kind(&folder) {
        return Err(Diagnostic::new(format!("cannot read its context {}: {error}", artifact.context.text))
            .at(artifact.context.at));
    }
    let git = tagging.git;
    let found = match variant.to_ascii_lowercase().as_str() {
        "" | "tags" => git.describe(&folder)?,
        "commitsha" => git.commit(&folder, false)?,
        "abbrevcommitsha" => git.commit(&folder, true)?,
        "treesha" => git.tree(&folder, false)?,
        "abbrevtreesha" => git.tree(&folder, true)?,
        "branches" => git.branch(&folder)?.ok_or_else(|| {
            Diagnostic::new("HEAD is detached, and the tag needs a branch")
                .hint("check out the branch by name (in CI too), or use the variant AbbrevCommitSha (Skaffold omits the tag here)")
        })?,
        _ => return Err(unknown(variant)),
    };
    let dirty = !ignore_changes && git.is_dirty(&folder)?;
    Ok(format!("{prefix}{}{}", sanitize(&found), if dirty { "-dirty" } else { "" }))
}

fn unknown(variant: &LocatedText) -> Diagnostic {
    Diagnostic::new(format!("{:?} is not a valid git tagger variant", variant.text))
        .at(variant.at)
        .hint("use Tags, CommitSha, AbbrevCommitSha, TreeSha, AbbrevTreeSha or Branches")
}

/// Converts git's output to a tag: `_` for characters that Docker does not accept, and for each leading dash and dot; at most 128 characters.
fn sanitize(found: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let text: String = found.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let rest = text.trim_start_matches(['-', '.']);
    let mut made = "_".repeat(text.len() - rest.len());
    made.push_str(rest);
    made.truncate(LIMIT);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_names_become_tags() {
        assert_eq!(sanitize("v1.0-3-gabc"), "v1.0-3-gabc");
        assert_eq!(sanitize("feature/ä+b"), "feature___b");
        assert_eq!(sanitize("-.x"), "__x");
        assert_eq!(sanitize(&"a".repeat(200)).len(), 128);
    }
}
