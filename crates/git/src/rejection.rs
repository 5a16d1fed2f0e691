//! The messages with which servers reject a ref update.
//!
//! Whether a ref was lost to a concurrent update is decided by reading it again, not by these messages. They say how much a retry may help if the
//! ref has not changed.

/// What a server's message says about a retry of a ref update whose ref has not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The ref is being written, or was not at the expected value: a retry may succeed.
    Concurrent,
    /// A rule, a hook or missing permission: a retry cannot succeed.
    Policy,
    /// The server cannot write: its disk is full or read-only.
    Storage,
    /// The message is not known.
    Unknown,
}

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
    // GitHub, while its replicas differ
    "fatal error in commit_refs",
    // JGit and Gerrit
    "lock_failure",
    "lock failure",
    "lock error",
    "already exists",
    "invalid old id sent",
    // go-git
    "reference has changed concurrently",
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

/// Messages for the refs of an atomic push that were not updated because another one was not.
const ATOMIC: &[&str] = &[
    // git receive-pack
    "atomic push failure",
    "atomic push failed",
    "atomic transaction failed",
    "transaction failed",
    // JGit and Gerrit
    "transaction aborted",
];

/// Parts of messages that mean that the server does not allow the update.
const POLICY: &[&str] = &[
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
    "file name too long",
    "exists; cannot create",
    "cannot create 'refs/",
];

/// Parts of messages that mean that the server cannot write.
const STORAGE: &[&str] = &[
    "no space left",
    "disk quota exceeded",
    "disk full",
    "read-only file system",
    "unable to create temporary object directory",
    "unable to create temporary file",
];

impl Rejection {
    /// Classifies a server's message.
    pub fn of(message: &str) -> Self {
        let message = message.to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
        match () {
            () if has(STORAGE) => Self::Storage,
            () if has(POLICY) => Self::Policy,
            () if has(CONCURRENT) || has(ATOMIC) => Self::Concurrent,
            () => Self::Unknown,
        }
    }
}

/// Returns whether a message only says that another ref of the same atomic push was not updated.
pub fn is_atomic_failure(message: &str) -> bool {
    let message = message.trim().to_lowercase();
    ATOMIC.contains(&message.as_str())
}

/// Returns the number of refs that the server takes in one push, if a message says so. GitHub's push policy: `Pushes can not update more than 5
/// branches or tags`.
pub fn push_limit(message: &str) -> Option<usize> {
    let message = message.to_lowercase();
    let (_, rest) = message.split_once("more than ")?;
    let mut parts = rest.split_whitespace();
    let limit = parts.next()?.parse().ok().filter(|limit| *limit > 0)?;
    let unit = parts.next()?;
    ["branch", "tag", "ref"].iter().any(|name| unit.starts_with(name)).then_some(limit)
}

/// Returns the path of the lock file that a message names: git's `Unable to create '/a/refs/heads/x.lock': File exists.` and libgit2's `failed to lock
/// file '/a/refs/heads/x.lock' for writing`.
pub fn lock_file(message: &str) -> Option<&str> {
    message.split('\'').find(|part| part.ends_with(".lock"))
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
            "already exists",
            "invalid old id sent",
            "transaction aborted",
            // go-git
            "reference has changed concurrently",
            // Gitaly
            "rpc error: code = FailedPrecondition desc = reference does not point to expected object",
        ] {
            assert_eq!(Rejection::of(message), Rejection::Concurrent, "{message}");
        }
    }

    #[test]
    fn rules_and_hooks_are_recognized() {
        for message in [
            "pre-receive hook declined",
            "hook declined",
            "protected branch hook declined",
            "push declined due to repository rule violations",
            "push declined due to email privacy restrictions",
            "GitLab: You are not allowed to push code to protected branches on this project.",
            "failed to update ref: ref updates aborted by hook",
            "failed to update ref: cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b'",
            "cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b'",
            "TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.",
            "prohibited by Gerrit: not permitted: update",
            "deny updating a hidden ref",
            "shallow update not allowed",
        ] {
            assert_eq!(Rejection::of(message), Rejection::Policy, "{message}");
        }
        assert_eq!(Rejection::of("branch is currently checked out"), Rejection::Unknown);
    }

    #[test]
    fn a_server_that_cannot_write_is_recognized() {
        for message in [
            "failed to update ref: cannot lock ref 'refs/heads/a': Unable to create '/a/refs/heads/a.lock': No space left on device",
            "unpacker error (unpack: unable to create temporary object directory)",
            "cannot lock ref refs/heads/a: failed to create directory '/a/refs/heads': Read-only file system",
        ] {
            assert_eq!(Rejection::of(message), Rejection::Storage, "{message}");
        }
    }

    #[test]
    fn limits_and_locks_are_found_in_messages() {
        assert_eq!(push_limit("remote: Pushes can not update more than 5 branches or tags."), Some(5));
        assert_eq!(push_limit("you cannot push more than 3 refs at once"), Some(3));
        for message in ["files of more than 100 MB", "more than one branch", "more than 0 branches", "more than"] {
            assert_eq!(push_limit(message), None, "{message}");
        }
        let of_git = "cannot lock ref 'refs/heads/a': Unable to create '/a/refs/heads/a.lock': File exists.";
        assert_eq!(lock_file(of_git), Some("/a/refs/heads/a.lock"));
        assert_eq!(lock_file("failed to lock file '/b/order.lock' for writing: "), Some("/b/order.lock"));
        assert_eq!(lock_file("cannot lock ref 'refs/heads/a'"), None);
    }

    #[test]
    fn only_a_bare_message_means_another_ref() {
        assert!(is_atomic_failure("atomic push failure") && is_atomic_failure("Transaction aborted"));
        assert!(!is_atomic_failure("atomic transaction failed: cannot lock ref 'refs/heads/a'"));
    }
}
