//! A received pack: it is written to the store with an index.
//!
//! libgit2 is not used for this. Its indexer does not end, or leaks the object, where a delta makes an object that the pack has already.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::time::Instant;

use flate2::Crc;
use flate2::write::ZlibEncoder;
use git2::{ObjectType, OdbLookupFlags, Oid, Repository};
use sha1::{Digest as _, Sha1};

use super::limited::too_large;
use super::message::protocol_error;
use super::pack_check::PackCheck;
use super::pack_deltas::Resolver;
use super::pack_entry::{Base, PackEntry};
use super::pack_index::{self, IndexEntry};
use crate::limits::MAX_OBJECT_BYTES;

/// The length of the checksum at the end.
const CHECKSUM: u64 = 20;
/// The end of the largest pack whose index has no large offsets.
const MAX_OFFSET: u64 = 1 << 31;

/// A pack that is received.
pub(super) struct PackFile<'a> {
    store: &'a Repository,
    folder: PathBuf,
    file: tempfile::NamedTempFile,
    check: PackCheck,
    length: u64,
}

impl<'a> PackFile<'a> {
    /// A pack without bytes, for a bare repository.
    pub(super) fn create(store: &'a Repository) -> io::Result<Self> {
        let folder = store.path().join("objects").join("pack");
        fs::create_dir_all(&folder)?;
        let permissions = Permissions::from_mode(0o444);
        let file = tempfile::Builder::new().prefix("tmp_pack_").permissions(permissions).tempfile_in(&folder)?;
        Ok(PackFile { store, folder, file, check: PackCheck::new(), length: 0 })
    }

    /// Checks and writes the next bytes.
    ///
    /// # Errors
    /// An invalid pack, one beyond the [limits](crate::limits), and those of the disk.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.check.update(bytes)?;
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Resolves the deltas and makes the objects readable in the store, until `deadline`. A pack without objects leaves nothing.
    ///
    /// # Errors
    /// An incomplete pack, an object that cannot be resolved or is there twice, and those of the disk.
    pub(super) fn finish(self, deadline: Instant) -> io::Result<()> {
        let PackFile { store, folder, file, check, length } = self;
        if length < 12 {
            return Err(protocol_error("the pack is empty"));
        }
        let entries = check.into_entries().ok_or_else(|| protocol_error("the pack is incomplete"))?;
        if entries.is_empty() {
            return Ok(());
        }
        let received = entries.len();
        let mut resolver = Resolver::new(file.as_file(), entries, deadline);
        resolver.resolve_pack()?;
        let end = complete(&mut resolver, store, file.as_file(), length - CHECKSUM)?;
        let entries = resolver.into_entries()?;
        if entries.len() > received {
            let count = u32::try_from(entries.len()).map_err(|_| too_large("the pack", MAX_OFFSET))?;
            file.as_file().write_all_at(&count.to_be_bytes(), 8)?;
            file.as_file().write_all_at(&hash(file.as_file(), end)?, end)?;
        }
        let mut checksum = [0; CHECKSUM as usize];
        file.as_file().read_exact_at(&mut checksum, end)?;
        install(file, &folder, &index(&entries)?, &checksum)?;
        let odb = store.odb().and_then(|odb| odb.refresh());
        odb.map_err(git)
    }
}

/// Appends the bases that a thin pack lacks, and returns where the objects end.
fn complete(resolver: &mut Resolver<'_>, store: &Repository, file: &File, mut end: u64) -> io::Result<u64> {
    let missing = resolver.missing_bases();
    if missing.is_empty() {
        return Ok(end);
    }
    let odb = store.odb().map_err(git)?;
    odb.refresh().map_err(git)?;
    for id in missing {
        // The object of another delta may be the base.
        if resolver.is_resolved(id) || !odb.exists_ext(id, OdbLookupFlags::NO_REFRESH) {
            continue;
        }
        let (size, kind) = odb.read_header(id).map_err(git)?;
        if size as u64 > MAX_OBJECT_BYTES {
            return Err(too_large("the base of a delta", MAX_OBJECT_BYTES));
        }
        let content = odb.read(id).map_err(git)?.data().to_vec();
        let entry = append(file, &mut end, &Whole { id, kind, content: &content })?;
        resolver.add(entry, content)?;
    }
    Ok(end)
}

/// An object that is appended to a pack.
struct Whole<'a> {
    id: Oid,
    kind: ObjectType,
    content: &'a [u8],
}

/// Writes an object at `end` and moves `end` behind it.
fn append(file: &File, end: &mut u64, object: &Whole<'_>) -> io::Result<PackEntry> {
    let kind = match object.kind {
        ObjectType::Commit => 1,
        ObjectType::Tree => 2,
        ObjectType::Blob => 3,
        _ => 4,
    };
    let low = |number: usize, bits: u32| u8::try_from(number & ((1 << bits) - 1)).unwrap_or(0);
    let mut bytes = vec![kind << 4 | low(object.content.len(), 4)];
    let mut left = object.content.len() >> 4;
    while left > 0 {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        bytes.push(low(left, 7));
        left >>= 7;
    }
    let data = *end + bytes.len() as u64;
    let mut zlib = ZlibEncoder::new(bytes, flate2::Compression::fast());
    zlib.write_all(object.content)?;
    let bytes = zlib.finish()?;
    file.write_all_at(&bytes, *end)?;
    let offset = *end;
    *end += bytes.len() as u64;
    if *end > MAX_OFFSET {
        return Err(too_large("the pack", MAX_OFFSET));
    }
    let mut crc = Crc::new();
    crc.update(&bytes);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(PackEntry {
        offset: small(offset),
        data: small(data),
        crc: crc.sum(),
        base: Base::Whole,
        depth: 0,
        kind: Some(object.kind),
        id: Some(object.id),
    })
}

/// The checksum of the first `length` bytes.
fn hash(file: &File, length: u64) -> io::Result<Vec<u8>> {
    let mut checksum = Sha1::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut position = 0;
    while position < length {
        let room = usize::try_from(length - position).unwrap_or(usize::MAX).min(buffer.len());
        file.read_exact_at(&mut buffer[..room], position)?;
        checksum.update(&buffer[..room]);
        position += room as u64;
    }
    Ok(checksum.finalize().to_vec())
}

/// The entries of the index, sorted.
fn index(entries: &[PackEntry]) -> io::Result<Vec<IndexEntry>> {
    let known = |entry: &PackEntry| entry.id.map(|id| IndexEntry { id, offset: entry.offset, crc: entry.crc });
    let mut index: Vec<IndexEntry> = entries.iter().filter_map(known).collect();
    index.sort_unstable();
    match index.windows(2).find(|pair| pair[0].id == pair[1].id) {
        Some(pair) => Err(protocol_error(&format!("the pack has the object {} twice", pair[0].id))),
        None => Ok(index),
    }
}

/// Makes the pack one of the store's. The index is last: without it the pack is not read.
fn install(
    file: tempfile::NamedTempFile,
    folder: &std::path::Path,
    entries: &[IndexEntry],
    checksum: &[u8],
) -> io::Result<()> {
    let name: String = checksum.iter().map(|byte| format!("{byte:02x}")).collect();
    let permissions = Permissions::from_mode(0o444);
    let mut index = tempfile::Builder::new().prefix("tmp_idx_").permissions(permissions).tempfile_in(folder)?;
    index.write_all(&pack_index::bytes(entries, checksum))?;
    file.persist(folder.join(format!("pack-{name}.pack")))?;
    index.persist(folder.join(format!("pack-{name}.idx")))?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn git(error: git2::Error) -> io::Error {
    io::Error::other(error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use git2::Odb;

    use super::super::pack_samples::{delta, object, pack, ref_delta};
    use super::*;

    fn store(bytes: &[u8], repository: &Repository) -> Result<(), String> {
        let mut file = PackFile::create(repository).map_err(|error| error.to_string())?;
        for piece in bytes.chunks(1000) {
            file.write(piece).map_err(|error| error.to_string())?;
        }
        file.finish(Instant::now() + Duration::from_secs(60)).map_err(|error| error.to_string())
    }

    fn repository() -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        (folder, repository)
    }

    fn id(content: &[u8]) -> Oid {
        Oid::hash_object(ObjectType::Blob, content).unwrap()
    }

    fn ids(odb: &Odb<'_>) -> Vec<Oid> {
        let mut ids = Vec::new();
        odb.foreach(|id| {
            ids.push(*id);
            true
        })
        .unwrap();
        ids
    }

    /// The number of bytes between the start of the last object and the end of all objects.
    fn distance(objects: &[Vec<u8>]) -> u8 {
        u8::try_from(objects.last().unwrap().len()).unwrap()
    }

    #[test]
    fn deltas_are_resolved() {
        let (_folder, repository) = repository();
        // By distance, by id of an object that follows, and on one another.
        let mut objects = vec![ref_delta(id(b"abc"), &delta(3, b"abcX", 3)), object(3, 3, b"", b"abc")];
        let on_whole = delta(3, b"abcY", 3);
        objects.push(object(6, on_whole.len() as u64, &[distance(&objects)], &on_whole));
        let on_delta = delta(4, b"abcYZ", 4);
        objects.push(object(6, on_delta.len() as u64, &[distance(&objects)], &on_delta));
        objects.push(ref_delta(id(b"abcX"), &delta(4, b"abcXZ", 4)));
        store(&pack(&objects), &repository).unwrap();
        let odb = repository.odb().unwrap();
        for content in [&b"abc"[..], b"abcX", b"abcY", b"abcYZ", b"abcXZ"] {
            assert_eq!(odb.read(id(content)).unwrap().data(), content);
        }
        assert_eq!(ids(&odb).len(), 5);
    }

    #[test]
    fn a_thin_pack_is_completed() {
        let (folder, repository) = repository();
        let odb = repository.odb().unwrap();
        odb.write(ObjectType::Blob, b"abc").unwrap();
        let objects = [ref_delta(id(b"abcX"), &delta(4, b"abcXY", 4)), ref_delta(id(b"abc"), &delta(3, b"abcX", 3))];
        store(&pack(&objects), &repository).unwrap();
        std::fs::remove_dir_all(folder.path().join("objects").join(&id(b"abc").to_string()[..2])).unwrap();
        let again = Repository::open(folder.path()).unwrap();
        for content in [&b"abc"[..], b"abcX", b"abcXY"] {
            assert_eq!(again.odb().unwrap().read(id(content)).unwrap().data(), content);
        }
        let packed = std::fs::read_dir(folder.path().join("objects/pack")).unwrap();
        for file in packed.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()) {
            let (content, checksum) = file.split_at(file.len() - 20);
            assert_eq!(Sha1::digest(content)[..], *checksum, "the checksum at the end is that of the file");
        }
    }

    #[test]
    fn objects_that_are_there_twice_are_an_error() {
        let (folder, repository) = repository();
        let blob = object(3, 3, b"", b"abc");
        let same = delta(3, b"abc", 3);
        let other = delta(3, b"abcX", 3);
        let by_distance =
            |objects: &[Vec<u8>], delta: &[u8]| object(6, delta.len() as u64, &[distance(objects)], delta);
        let twice = "twice";
        let cases = [
            vec![blob.clone(), blob.clone()],
            vec![blob.clone(), ref_delta(id(b"abc"), &same)],
            vec![blob.clone(), by_distance(std::slice::from_ref(&blob), &same)],
            vec![blob.clone(), ref_delta(id(b"abc"), &other), ref_delta(id(b"abc"), &other)],
            vec![blob.clone(), ref_delta(id(b"abc"), &same), ref_delta(id(b"abc"), &other)],
        ];
        for objects in cases {
            let error = store(&pack(&objects), &repository).unwrap_err();
            assert!(error.contains(twice), "{error}");
        }
        let missing = store(&pack(&[ref_delta(id(b"else"), &same)]), &repository).unwrap_err();
        assert!(missing.contains("base is missing"), "{missing}");
        let left = std::fs::read_dir(folder.path().join("objects/pack")).unwrap().count();
        assert_eq!(left, 0, "what is refused leaves nothing");
    }

    #[test]
    fn invalid_deltas_are_an_error() {
        let (_folder, repository) = repository();
        let blob = object(3, 3, b"", b"abc");
        let cases: [&[u8]; 8] = [
            &[4, 3, 0x90, 3],
            &[3, 4, 0x90, 3],
            &[3, 2, 0x90, 3],
            &[3, 3, 0x91, 1, 3],
            &[3, 3, 0],
            &[3, 3, 5, b'a'],
            &[3, 3, 0x90],
            &[3, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ];
        for invalid in cases {
            let error = store(&pack(&[blob.clone(), ref_delta(id(b"abc"), invalid)]), &repository).unwrap_err();
            assert!(error.contains("delta") || error.contains("fill whole buffer"), "{invalid:?}: {error}");
        }
    }

    #[test]
    fn bases_that_do_not_fit_in_memory_are_read_again() {
        let (_folder, repository) = repository();
        // Each object has two deltas, so that all bases of a chain are needed again.
        let size = 600_usize << 10;
        let large = vec![b'x'; size];
        let mut objects = vec![object(3, size as u64, b"", &large)];
        let mut contents = vec![large.clone()];
        for level in 0..5_u8 {
            let base = contents.last().unwrap().clone();
            for last in [b'a', b'b'] {
                let next = [&base[..], &[level, last]].concat();
                objects.push(ref_delta(id(&base), &delta(base.len(), &next, base.len())));
                contents.push(next);
            }
        }
        store(&pack(&objects), &repository).unwrap();
        let odb = repository.odb().unwrap();
        assert!(
            contents
                .iter()
                .all(|content| odb.read_header(id(content)).is_ok_and(|(length, _)| length == content.len()))
        );
    }
}
