//! The messages with which servers reject a ref update because of a concurrent one.

/// Parts of messages, in lower case, that mean that the ref is not at the expected value or is being written.
const CONCURRENT: &[&str] = &[
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
    // An atomic push in which another ref failed.
    "atomic push failure",
    "atomic transaction failed",
    "transaction failed",
    "atomic push failed",
    // GitHub, while its replicas differ
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
];

/// Parts of messages that a retry cannot help although another part looks like a concurrent update.
const PERMANENT: &[&str] = &[
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

/// Returns whether a server's message means that the ref was updated concurrently, so that reading it again and retrying may succeed.
pub fn is_concurrent_update(message: &str) -> bool {
    let message = message.to_lowercase();
    CONCURRENT.iter().any(|part| message.contains(part)) && !PERMANENT.iter().any(|part| message.contains(part))
}

/// Returns whether a ref was rejected only because another ref of the same atomic push was.
pub fn is_atomic_failure(message: &str) -> bool {
    let message = message.to_lowercase();
    ["atomic push failure", "atomic transaction failed", "atomic push failed", "transaction failed"]
        .iter()
        .any(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_all_hosts_are_recognized() {
        for message in [
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
            assert!(is_concurrent_update(message), "{message}");
        }
    }

    #[test]
    fn permanent_rejections_are_not_retried() {
        for message in [
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
            assert!(!is_concurrent_update(message), "{message}");
        }
    }
}
