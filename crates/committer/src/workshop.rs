//! Where commits are built: a temporary repository whose new objects stay in memory, and the pack that is made of them.

use std::collections::BTreeMap;

use flate2::{Compress, Compression, FlushCompress, Status};
use git2::{ObjectType, Odb, Oid, Repository, RepositoryInitOptions};
use sha1::{Digest as _, Sha1};

use crate::transport::TransportError;
use crate::unit::Mode;

/// Higher than the priorities of libgit2's own stores (1 and 2), so that what is written lands in memory.
const MEMORY_FIRST: i32 = 1000;

/// A temporary repository. What is fetched lies in a temporary folder, what is made in memory.
pub(crate) struct Workshop {
    repository: Repository,
    _folder: tempfile::TempDir,
}

/// What to do with a path of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Put this blob there.
    Put(Oid, Mode),
    /// Take away what is there.
    Remove,
}

/// git's number for a mode.
pub(crate) fn filemode(mode: Mode) -> i32 {
    match mode {
        Mode::Regular => 0o100_644,
        Mode::Executable => 0o100_755,
        Mode::Link => 0o120_000,
    }
}

impl Workshop {
    pub(crate) fn open() -> Result<Self, TransportError> {
        let failed = |words: String| TransportError::Git { place: "temporary repository".to_owned(), words };
        let folder =
            tempfile::Builder::new().prefix("hydrant-").tempdir().map_err(|error| failed(error.to_string()))?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        let repository = Repository::init_opts(folder.path(), &options).map_err(|error| own(&error))?;
        {
            let odb = repository.odb().map_err(|error| own(&error))?;
            odb.add_new_mempack_backend(MEMORY_FIRST).map_err(|error| own(&error))?;
        }
        Ok(Self { repository, _folder: folder })
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    fn odb(&self) -> Result<Odb<'_>, git2::Error> {
        self.repository.odb()
    }

    /// Whether the object is here.
    pub(crate) fn has(&self, id: Oid) -> bool {
        self.odb().is_ok_and(|odb| odb.exists(id))
    }

    /// The bytes of a blob that is here.
    pub(crate) fn blob(&self, id: Oid) -> Result<Vec<u8>, git2::Error> {
        Ok(self.repository.find_blob(id)?.content().to_vec())
    }

    /// What a tree holds at a path: id and mode. `None` where nothing is, or a tree on the way is not here.
    pub(crate) fn entry(&self, tree: Oid, path: &str) -> Option<(Oid, i32)> {
        if path.is_empty() {
            return Some((tree, 0o040_000));
        }
        let tree = self.repository.find_tree(tree).ok()?;
        let entry = tree.get_path(path.as_ref()).ok()?;
        Some((entry.id(), entry.filemode_raw()))
    }

    /// The paths of everything but folders under a tree, in git's order, at most `limit`.
    pub(crate) fn paths(&self, tree: Oid, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        let Ok(tree) = self.repository.find_tree(tree) else { return found };
        let _ = tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() != Some(ObjectType::Tree) {
                found.push(format!("{}{}", folder, String::from_utf8_lossy(entry.name_bytes())));
            }
            if found.len() >= limit { git2::TreeWalkResult::Abort } else { git2::TreeWalkResult::Ok }
        });
        found
    }

    /// Writes an object and notes it in `made`.
    pub(crate) fn write(&self, kind: ObjectType, bytes: &[u8], made: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        let id = self.odb()?.write(kind, bytes)?;
        made.push(id);
        Ok(id)
    }

    /// `base` with the edits: the new tree, or `None` where nothing is left. New trees are noted in `made`.
    ///
    /// The depth is that of the longest path, which `unit::check` bounds.
    pub(crate) fn edit(
        &self,
        base: Option<Oid>,
        edits: &BTreeMap<String, Edit>,
        made: &mut Vec<Oid>,
    ) -> Result<Option<Oid>, git2::Error> {
        let tree = base.map(|id| self.repository.find_tree(id)).transpose()?;
        let mut builder = self.repository.treebuilder(tree.as_ref())?;
        let mut below: BTreeMap<&str, BTreeMap<String, Edit>> = BTreeMap::new();
        for (path, &edit) in edits {
            match path.split_once('/') {
                Some((folder, rest)) => {
                    below.entry(folder).or_default().insert(rest.to_owned(), edit);
                }
                None => leaf(&mut builder, path, edit)?,
            }
        }
        for (folder, below) in below {
            if matches!(edits.get(folder), Some(Edit::Put(..))) {
                // A file takes the folder's place, and with it everything below goes.
                continue;
            }
            let there = tree.as_ref().and_then(|tree| tree.get_name(folder));
            let there = there.filter(|entry| entry.kind() == Some(ObjectType::Tree)).map(|entry| entry.id());
            match self.edit(there, &below, made)? {
                Some(id) => {
                    builder.insert(folder, id, 0o040_000)?;
                }
                // Where a file stands now and nothing goes below, the file stays.
                None if there.is_some() => builder.remove(folder)?,
                None => {}
            }
        }
        if builder.is_empty() {
            return Ok(None);
        }
        let id = builder.write()?;
        if base != Some(id) {
            made.push(id);
        }
        Ok(Some(id))
    }

    /// The tree that holds nothing.
    pub(crate) fn empty_tree(&self, made: &mut Vec<Oid>) -> Result<Oid, git2::Error> {
        let id = self.repository.treebuilder(None)?.write()?;
        made.push(id);
        Ok(id)
    }

    /// A pack of these objects (gitformat-pack, version 2): whole objects, no deltas, so that it costs no search.
    pub(crate) fn pack(&self, objects: &[Oid]) -> Result<Vec<u8>, TransportError> {
        let mut objects = objects.to_vec();
        objects.sort_unstable();
        objects.dedup();
        let odb = self.odb().map_err(|error| own(&error))?;
        let mut compressor = Compress::new(Compression::fast(), true);
        let mut out = Vec::new();
        out.extend_from_slice(b"PACK\0\0\0\x02");
        out.extend_from_slice(&u32::try_from(objects.len()).unwrap_or(u32::MAX).to_be_bytes());
        for id in objects {
            let object = odb.read(id).map_err(|error| own(&error))?;
            pack_header(&mut out, object.kind(), object.len());
            deflate(&mut compressor, object.data(), &mut out)?;
        }
        let sum = Sha1::digest(&out);
        out.extend_from_slice(sum.as_slice());
        Ok(out)
    }
}

fn leaf(builder: &mut git2::TreeBuilder<'_>, name: &str, edit: Edit) -> Result<(), git2::Error> {
    match edit {
        Edit::Put(id, mode) => builder.insert(name, id, filemode(mode)).map(|_| ()),
        Edit::Remove => {
            let there = builder.get(name)?.is_some();
            if there { builder.remove(name) } else { Ok(()) }
        }
    }
}

/// Appends the bytes as one zlib stream. The compressor is used again for the next ones: making one costs more than a small object does.
fn deflate(compressor: &mut Compress, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), TransportError> {
    compressor.reset();
    loop {
        out.reserve(bytes.len() / 2 + 64);
        let done = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX);
        let left = bytes.get(done..).unwrap_or_default();
        match compressor.compress_vec(left, out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return Ok(()),
            Ok(Status::Ok | Status::BufError) => {}
            Err(error) => return Err(TransportError::Git { place: "pack".to_owned(), words: error.to_string() }),
        }
    }
}

/// Type and size: three bits of type and four of size, then seven bits of size a byte.
fn pack_header(out: &mut Vec<u8>, kind: ObjectType, size: usize) {
    let kind = match kind {
        ObjectType::Commit => 1,
        ObjectType::Tree => 2,
        ObjectType::Tag => 4,
        _ => 3,
    };
    let low = u8::try_from(size & 0x0f).unwrap_or(0);
    let mut left = size >> 4;
    out.push(kind << 4 | low | if left > 0 { 0x80 } else { 0 });
    while left > 0 {
        let low = u8::try_from(left & 0x7f).unwrap_or(0);
        left >>= 7;
        out.push(low | if left > 0 { 0x80 } else { 0 });
    }
}

/// An error of the temporary repository.
pub(crate) fn own(error: &git2::Error) -> TransportError {
    TransportError::Git { place: "temporary repository".to_owned(), words: error.message().to_owned() }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn put(workshop: &Workshop, text: &str) -> Edit {
        let id = workshop.write(ObjectType::Blob, text.as_bytes(), &mut Vec::new()).unwrap();
        Edit::Put(id, Mode::Regular)
    }

    #[test]
    fn a_tree_is_edited_and_empty_folders_go() {
        let workshop = Workshop::open().unwrap();
        let mut made = Vec::new();
        let edits = [("a/b/c", "1"), ("a/d", "2"), ("e", "3")];
        let edits: BTreeMap<String, Edit> =
            edits.into_iter().map(|(path, text)| (path.to_owned(), put(&workshop, text))).collect();
        let tree = workshop.edit(None, &edits, &mut made).unwrap().unwrap();
        assert_eq!(workshop.paths(tree, 10), ["a/b/c", "a/d", "e"]);
        assert_eq!(made.len(), 3);
        let remove = BTreeMap::from([("a/b/c".to_owned(), Edit::Remove), ("nothing/here".to_owned(), Edit::Remove)]);
        let smaller = workshop.edit(Some(tree), &remove, &mut made).unwrap().unwrap();
        assert_eq!(workshop.paths(smaller, 10), ["a/d", "e"]);
        let file_to_folder = BTreeMap::from([("e".to_owned(), Edit::Remove), ("e/f".to_owned(), put(&workshop, "4"))]);
        let other = workshop.edit(Some(smaller), &file_to_folder, &mut made).unwrap().unwrap();
        assert_eq!(workshop.paths(other, 10), ["a/d", "e/f"]);
        let folder_to_file = BTreeMap::from([("e".to_owned(), put(&workshop, "5")), ("e/f".to_owned(), Edit::Remove)]);
        let file = workshop.edit(Some(other), &folder_to_file, &mut made).unwrap().unwrap();
        assert_eq!(workshop.paths(file, 10), ["a/d", "e"]);
        let all = BTreeMap::from([("a/d".to_owned(), Edit::Remove), ("e/f".to_owned(), Edit::Remove)]);
        assert_eq!(workshop.edit(Some(other), &all, &mut made).unwrap(), None);
    }

    #[test]
    fn libgit2_reads_the_pack() {
        let workshop = Workshop::open().unwrap();
        let mut made = Vec::new();
        let texts: Vec<String> = (0..50).map(|number| format!("{number}").repeat(number * 37)).collect();
        for text in &texts {
            workshop.write(ObjectType::Blob, text.as_bytes(), &mut made).unwrap();
        }
        let pack = workshop.pack(&made).unwrap();
        let other = Workshop::open().unwrap();
        {
            let odb = other.odb().unwrap();
            let mut writer = odb.packwriter().unwrap();
            writer.write_all(&pack).unwrap();
            writer.commit().unwrap();
        }
        for (id, text) in made.iter().zip(&texts) {
            assert_eq!(other.blob(*id).unwrap(), text.as_bytes());
        }
    }
}
