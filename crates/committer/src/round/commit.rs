//! Builds commits in the object store.

use git::ObjectStore;
use git2::{ObjectType, Oid};

use crate::error::DeliverError;
use crate::message::MessageContext;
use crate::metadata::Record;
use crate::options::Options;
use crate::unit::Unit;

/// The tree, parents and message of a commit.
pub(crate) struct NewCommit<'a> {
    pub tree: Oid,
    pub parents: &'a [Oid],
    pub message: &'a str,
}

/// Writes a commit with the unit's author and committer, signed if the options say so. Its id is added to `objects`.
///
/// # Errors
/// The commit could not be signed, or a parent is not in the store.
pub(crate) fn write(
    store: &ObjectStore,
    options: &Options<'_>,
    unit: &Unit,
    new: &NewCommit<'_>,
    objects: &mut Vec<Oid>,
) -> Result<Oid, DeliverError> {
    let repository = store.repository();
    let tree = repository.find_tree(new.tree)?;
    let parents = new.parents.iter().map(|&parent| repository.find_commit(parent)).collect::<Result<Vec<_>, _>>()?;
    let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
    let (author, committer) = (unit.author.signature()?, unit.committer.signature()?);
    let message = git::normalize_message(new.message);
    let buffer = repository.commit_create_buffer(&author, &committer, &message, &tree, &parents)?;
    let Some(signing) = options.signing.as_ref().filter(|_| !options.dry_run) else {
        return Ok(store.write(ObjectType::Commit, &buffer, objects)?);
    };
    let signature = signing.sign(&buffer, &format!("{} <{}>", unit.committer.name, unit.committer.email))?;
    let text = buffer.as_str().map_err(|error| git2::Error::from_str(&error.to_string()))?;
    let id = repository.commit_signed(text, &signature, None)?;
    objects.push(id);
    Ok(id)
}

/// What the message of a commit on `head` can refer to.
pub(crate) fn context(
    store: &ObjectStore,
    head: Option<Oid>,
    record: Option<Box<Record>>,
    changes: Vec<git::Change>,
) -> Result<MessageContext, git2::Error> {
    Ok(MessageContext {
        commit: head.map(|id| id.to_string()),
        trailers: trailers(store, head)?,
        images: record.as_ref().map(|record| record.images.clone()).unwrap_or_default(),
        record: record.map(|record| record.source),
        changes,
    })
}

fn trailers(store: &ObjectStore, head: Option<Oid>) -> Result<Vec<(String, String)>, git2::Error> {
    let Some(head) = head else { return Ok(Vec::new()) };
    let commit = store.repository().find_commit(head)?;
    let trailers = git2::message_trailers_strs(&String::from_utf8_lossy(commit.message_bytes()))?;
    Ok(trailers.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}
