//! The options of a delivery.

use git::Signing;
use git::source::Ancestry;

/// Reports whether the first source commit is the second one or an ancestor of it. Usually [`git::source::SourceHistory::is_ancestor`].
pub type Ancestors<'a> = &'a dyn Fn(&str, &str) -> Ancestry;

/// The options of a delivery.
#[derive(Clone)]
pub struct Options<'a> {
    /// Compute everything and write nothing to the remote.
    pub dry_run: bool,
    /// Deliver all units or none: if one is refused, none is pushed, and the server updates all branches in one transaction.
    pub atomic: bool,
    /// The maximum number of rounds when branches change concurrently; at least 1. The default of the program is 50.
    pub attempts: u32,
    /// The maximum number of refs that one push updates; `None` for no limit but the server's.
    pub max_refs: Option<usize>,
    /// Options that are sent with the push (`git push -o`), for instance GitLab's `merge_request.create`.
    pub push_options: Vec<String>,
    /// Signs the commits. A dry run does not sign, so that it needs no passphrase; its commit ids are those of unsigned commits.
    pub signing: Option<Signing>,
    /// The URL of the destination repository; may be empty. Argo CD's hydrator names it in its records in place of the source repository.
    pub repository: String,
    /// Tells which of two source commits is older.
    pub ancestors: Ancestors<'a>,
}
