//! The objects of a push, as a pack that is generated while it is read (gitformat-pack, version 2), or one by one.
//!
//! Objects are not stored as deltas, which would need a search. One object at a time is in memory.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek as _, Write as _};
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress, Status};
use git2::{ObjectType, Odb, Oid, Repository};
use sha1::{Digest as _, Sha1};
use tempfile::SpooledTempFile;

/// A pack of up to this many bytes is kept in memory, a larger one in an unnamed temporary file.
const MAX_IN_MEMORY: usize = 1 << 20;

/// A local repository stores a pack of at least this many objects as it is. Fewer objects are stored one by one, as git does
/// (`transfer.unpackLimit`), since each pack slows down later lookups.
const UNPACK_LIMIT: usize = 100;

/// File contents by their blob ids, shared with the caller.
pub type Contents = BTreeMap<Oid, Arc<[u8]>>;

/// The objects of a push.
pub struct Pack<'a> {
    repository: &'a Repository,
    contents: &'a Contents,
    objects: Vec<Oid>,
}

impl<'a> Pack<'a> {
    /// A pack of these objects, without duplicates.
    pub fn new(repository: &'a Repository, contents: &'a Contents, objects: &[Oid]) -> Self {
        let mut objects = objects.to_vec();
        objects.sort_unstable();
        objects.dedup();
        Self { repository, contents, objects }
    }

    /// Returns the repository that holds the objects, except for shared file contents.
    pub fn repository(&self) -> &Repository {
        self.repository
    }

    /// Returns whether the pack contains an object.
    pub fn contains(&self, id: Oid) -> bool {
        self.objects.binary_search(&id).is_ok()
    }

    /// Returns the content of a blob in the pack.
    pub fn blob(&self, id: Oid) -> Option<Vec<u8>> {
        if !self.contains(id) {
            return None;
        }
        let odb = self.repository.odb().ok()?;
        self.object(&odb, id, |kind, bytes| (kind == ObjectType::Blob).then(|| bytes.to_vec())).ok()?
    }

    /// Writes the pack to memory or a temporary file and returns it with its length in bytes.
    ///
    /// # Errors
    /// A missing object, and the temporary file's.
    pub fn spooled(&self) -> io::Result<(SpooledTempFile, u64)> {
        let mut file = SpooledTempFile::new(MAX_IN_MEMORY);
        let length = io::copy(&mut self.reader()?, &mut file)?;
        file.rewind()?;
        Ok((file, length))
    }

    /// Stores the objects in another repository.
    ///
    /// # Errors
    /// A missing object, and libgit2's.
    pub fn store(&self, target: &Odb<'_>) -> Result<(), git2::Error> {
        let failed = |error: io::Error| git2::Error::from_str(&error.to_string());
        if self.objects.len() < UNPACK_LIMIT {
            let source = self.repository.odb()?;
            return self
                .objects
                .iter()
                .try_for_each(|&id| self.object(&source, id, |kind, bytes| target.write(kind, bytes).map(|_| ()))?);
        }
        let mut writer = target.packwriter()?;
        io::copy(&mut self.reader().map_err(failed)?, &mut writer).map_err(failed)?;
        writer.flush().map_err(failed)?;
        writer.commit()?;
        Ok(())
    }

    /// Returns a reader that generates the pack.
    ///
    /// # Errors
    /// libgit2's.
    pub fn reader(&self) -> io::Result<PackReader<'_>> {
        let odb = self.repository.odb().map_err(|error| io::Error::other(error.message().to_owned()))?;
        let mut ready = b"PACK\0\0\0\x02".to_vec();
        ready.extend_from_slice(&u32::try_from(self.objects.len()).unwrap_or(u32::MAX).to_be_bytes());
        let checksum = Sha1::new_with_prefix(&ready);
        Ok(PackReader {
            pack: self,
            odb,
            compressor: Compress::new(Compression::fast(), true),
            checksum,
            next: 0,
            ready,
            at: 0,
        })
    }

    fn object<T>(&self, odb: &Odb<'_>, id: Oid, take: impl FnOnce(ObjectType, &[u8]) -> T) -> Result<T, git2::Error> {
        if let Some(bytes) = self.contents.get(&id) {
            return Ok(take(ObjectType::Blob, bytes));
        }
        let object = odb.read(id)?;
        Ok(take(object.kind(), object.data()))
    }
}

/// Generates the bytes of a pack; see [`Pack::reader`].
pub struct PackReader<'a> {
    pack: &'a Pack<'a>,
    odb: Odb<'a>,
    /// Reused for every object, since creating one costs more than compressing a small object.
    compressor: Compress,
    checksum: Sha1,
    /// The index of the next object; one after the last stands for the checksum, two for the end.
    next: usize,
    ready: Vec<u8>,
    at: usize,
}

impl PackReader<'_> {
    fn advance(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        match self.pack.objects.get(self.next) {
            Some(&id) => {
                let (compressor, ready) = (&mut self.compressor, &mut self.ready);
                let packed = self.pack.object(&self.odb, id, |kind, bytes| {
                    header(ready, kind, bytes.len());
                    deflate(compressor, bytes, ready)
                });
                packed.map_err(|error| io::Error::other(error.message().to_owned()))??;
                self.checksum.update(&self.ready);
            }
            None if self.next == self.pack.objects.len() => {
                self.ready.extend_from_slice(&self.checksum.finalize_reset());
            }
            None => return Ok(()),
        }
        self.next += 1;
        Ok(())
    }
}

impl Read for PackReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.ready.len() {
            self.advance()?;
        }
        let left = self.ready.get(self.at..).unwrap_or_default();
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Appends the compressed bytes as one zlib stream.
fn deflate(compressor: &mut Compress, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    compressor.reset();
    loop {
        out.reserve(bytes.len() / 2 + 64);
        let done = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX);
        let left = bytes.get(done..).unwrap_or_default();
        match compressor.compress_vec(left, out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return Ok(()),
            Ok(Status::Ok | Status::BufError) => {}
            Err(error) => return Err(io::Error::other(error.to_string())),
        }
    }
}

/// Appends the header of an object: three bits of type and four of size, then seven bits of size in each further byte.
fn header(out: &mut Vec<u8>, kind: ObjectType, size: usize) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_store::ObjectStore;

    #[test]
    fn libgit2_reads_packed_and_stored_objects() {
        for count in [1, 50, 150] {
            let mut store = ObjectStore::open().unwrap();
            let mut written = Vec::new();
            let texts: Vec<String> = (0..count).map(|number| format!("{number}").repeat(number * 37)).collect();
            for (at, text) in texts.iter().enumerate() {
                if at % 2 == 0 {
                    store.share(&text.as_bytes().into(), &mut written).unwrap();
                } else {
                    store.write(ObjectType::Blob, text.as_bytes(), &mut written).unwrap();
                }
            }
            let pack = store.pack(&written);
            let (stored, streamed) = (ObjectStore::open().unwrap(), ObjectStore::open().unwrap());
            pack.store(&stored.repository().odb().unwrap()).unwrap();
            {
                let odb = streamed.repository().odb().unwrap();
                let mut writer = odb.packwriter().unwrap();
                let (mut file, length) = pack.spooled().unwrap();
                assert_eq!(io::copy(&mut file, &mut writer).unwrap(), length);
                writer.commit().unwrap();
            }
            for (id, text) in written.iter().zip(&texts) {
                assert_eq!(stored.blob(*id).unwrap(), text.as_bytes());
                assert_eq!(streamed.blob(*id).unwrap(), text.as_bytes());
            }
        }
    }
}
