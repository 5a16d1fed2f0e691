//! Updates of the refs of a local repository with a compare-and-swap.

use git2::{ErrorCode, Oid, Repository};

use crate::transport::RefUpdate;

/// Returns how the ref differs from what the update expects; `None` if it does not.
///
/// # Errors
/// libgit2's message for a ref that cannot be read.
pub(super) fn stale(repository: &Repository, update: &RefUpdate) -> Result<Option<String>, String> {
    let now = match repository.refname_to_id(&update.name) {
        Ok(id) => Some(id),
        Err(error) if error.code() == ErrorCode::NotFound => None,
        Err(error) => return Err(error.message().to_owned()),
    };
    Ok((now != update.old).then(|| stale_info(update, now)))
}

/// The reason for a ref that is not at the expected value.
pub(super) fn stale_info(update: &RefUpdate, now: Option<Oid>) -> String {
    format!("stale info: expected {} at {}, found {}", update.name, shown(update.old), shown(now))
}

fn shown(id: Option<Oid>) -> String {
    id.map_or_else(|| "no ref".to_owned(), |id| id.to_string())
}

/// Why a transaction failed.
pub(super) struct TransactionFailure {
    /// The update that failed.
    pub(super) index: usize,
    pub(super) reason: String,
}

/// Locks all refs, compares each with its expected value, and writes them.
pub(super) fn swap(repository: &Repository, updates: &[RefUpdate]) -> Result<(), TransactionFailure> {
    let failed = |index: usize, error: &git2::Error| TransactionFailure { index, reason: error.message().to_owned() };
    let mut transaction = repository.transaction().map_err(|error| failed(0, &error))?;
    for (index, update) in updates.iter().enumerate() {
        let locked = transaction.lock_ref(&update.name);
        locked.map_err(|error| {
            let reason = format!("cannot lock ref {}: {}", update.name, error.message());
            TransactionFailure { index, reason }
        })?;
        let reason = stale(repository, update).unwrap_or_else(Some);
        if let Some(reason) = reason {
            return Err(TransactionFailure { index, reason });
        }
    }
    for (index, update) in updates.iter().enumerate() {
        let signature = git2::Signature::new("hydrant", "hydrant@localhost", &git2::Time::new(0, 0));
        let signature = signature.map_err(|error| failed(index, &error))?;
        let set = match update.new {
            Some(new) => transaction.set_target(&update.name, new, Some(&signature), "push by hydrant"),
            None => transaction.remove(&update.name),
        };
        set.map_err(|error| failed(index, &error))?;
    }
    transaction.commit().map_err(|error| failed(0, &error))
}
