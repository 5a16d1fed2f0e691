//! How servers say that somebody else was faster. The one place where their wordings are known.

/// Parts of what servers say (in lower case) when a ref is no longer what the push expected, or is being written at this moment.
const LOST: &[&str] = &[
    // git receive-pack
    "fetch first",
    "non-fast-forward",
    "failed to update ref",
    "cannot lock ref",
    "unable to create", // … 'refs/heads/x.lock': File exists
    "incorrect old value provided",
    "reference already exists",
    "failed to lock",
    "stale info",
    "but expected",
    // An atomic push: another ref of the same push lost.
    "atomic push failure",
    "atomic transaction failed",
    "transaction failed",
    "atomic push failed",
    // GitHub, when its replicas do not agree; it passes by itself
    "fatal error in commit_refs",
    // JGit and Gerrit
    "lock_failure",
    "lock failure",
    "lock error",
    // Gitaly
    "reference does not point to expected object",
    "state update to \"prepare\" failed",
    // Azure DevOps: "TF401028: The reference … has already been updated by another client"
    "tf401028",
    "already been updated by another client",
    // Bitbucket
    "remote ref does not match",
    "ref was updated",
    // The local transport of ours
    "is no longer what it was",
];

/// Parts of what they say when a retry cannot help although the words look like a race.
const NO_RACE: &[&str] = &[
    "exists; cannot create",
    "cannot create 'refs/",
    "hook declined",
    "aborted by hook",
    "push declined",
    "rule violations",
    "prohibited by gerrit",
    "deny ",
    "denied",
    "unauthorized",
    "forbidden",
    "protected branch",
    "not permitted",
    "not allowed",
    "permission denied",
    "file name too long",
    "no space left",
    "read-only",
];

/// Whether these words of a server mean that reading the branch again and deciding again may help.
pub fn lost_race(words: &str) -> bool {
    let words = words.to_lowercase();
    LOST.iter().any(|part| words.contains(part)) && !NO_RACE.iter().any(|part| words.contains(part))
}

/// Whether a ref failed only because another one of the same atomic push did.
pub fn fell_with_others(words: &str) -> bool {
    let words = words.to_lowercase();
    ["atomic push failure", "atomic transaction failed", "atomic push failed", "transaction failed"]
        .iter()
        .any(|part| words.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hosts_wording_is_known() {
        for words in [
            // git itself, and with it GitHub, Gitea, Forgejo, Bitbucket
            "fetch first",
            "non-fast-forward",
            "failed to update ref",
            "failed to update ref: cannot lock ref 'refs/heads/a': is at 1 but expected 2",
            "cannot lock ref 'refs/heads/a': is at 1 but expected 2",
            "cannot lock ref 'refs/heads/a': Unable to create '/a/refs/heads/a.lock': File exists.",
            "cannot lock ref 'refs/heads/a': reference already exists",
            "incorrect old value provided",
            "reference already exists",
            "stale info",
            "atomic push failure",
            "atomic transaction failed",
            // GitHub
            "failure: fatal error in commit_refs",
            // Azure DevOps
            "TF401028: The reference 'refs/heads/main' has already been updated by another client, so you cannot update it. Please try again.",
            // JGit, Gerrit
            "LOCK_FAILURE",
            "failed to lock",
            // Gitaly
            "rpc error: code = FailedPrecondition desc = reference does not point to expected object",
        ] {
            assert!(lost_race(words), "{words}");
        }
    }

    #[test]
    fn a_no_is_no_race() {
        for words in [
            "pre-receive hook declined",
            "hook declined",
            "protected branch hook declined",
            "push declined due to repository rule violations",
            "push declined due to email privacy restrictions",
            "GitLab: You are not allowed to push code to protected branches on this project.",
            "failed to update ref: ref updates aborted by hook",
            "failed to update ref: cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b'",
            "failed to update ref: cannot lock ref 'refs/heads/a': Unable to create '/a/refs/heads/a.lock': No space left on device",
            "cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b'",
            "TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.",
            "prohibited by Gerrit: not permitted: update",
            "deny updating a hidden ref",
            "branch is currently checked out",
            "shallow update not allowed",
        ] {
            assert!(!lost_race(words), "{words}");
        }
    }
}
