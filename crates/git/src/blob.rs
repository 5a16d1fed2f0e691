//! Reads of blobs in bounded memory.

use git2::{Blob, Oid, Repository};

/// Returns a blob of at most `limit` bytes.
///
/// # Errors
/// A larger object, one that is not a blob, and libgit2's.
pub(crate) fn read(repository: &Repository, id: Oid, limit: u64) -> Result<Blob<'_>, git2::Error> {
    let (size, _) = repository.odb()?.read_header(id)?;
    if size as u64 > limit {
        return Err(git2::Error::from_str(&format!("the object {id} is larger than {} MiB", limit >> 20)));
    }
    repository.find_blob(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_limited() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let id = repository.blob(b"abc").unwrap();
        assert_eq!(read(&repository, id, 3).unwrap().content(), b"abc");
        assert!(read(&repository, id, 2).unwrap_err().message().contains("larger than"));
        assert!(read(&repository, Oid::ZERO_SHA1, 2).is_err());
    }
}
