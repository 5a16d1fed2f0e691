//! What a push carries: new objects, as a pack that is made while it is read (gitformat-pack, version 2) or one by one.
//!
//! Whole objects, no deltas, so that it costs no search. One object at a time is in memory.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek as _, Write as _};
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress, Status};
use git2::{ObjectType, Odb, Oid, Repository};
use sha1::{Digest as _, Sha1};
use tempfile::SpooledTempFile;

/// A pack that is smaller stays in memory on its way, a larger one goes through a file without a name.
const IN_MEMORY: usize = 1 << 20;

/// From this many objects on a repository keeps a pack as it came; fewer are stored one by one, as git does (`transfer.unpackLimit`),
/// since every pack makes every later look-up slower.
const KEPT: usize = 100;

/// The contents of files that are to be delivered, by their ids: those of the units themselves, never copied.
pub type Contents = BTreeMap<Oid, Arc<[u8]>>;

/// The objects of a push.
pub struct Pack<'a> {
    repository: &'a Repository,
    contents: &'a Contents,
    objects: Vec<Oid>,
}

impl<'a> Pack<'a> {
    /// A pack of these objects, each once, whatever their order.
    pub fn new(repository: &'a Repository, contents: &'a Contents, objects: &[Oid]) -> Self {
        let mut objects = objects.to_vec();
        objects.sort_unstable();
        objects.dedup();
        Self { repository, contents, objects }
    }

    /// The repository that holds the objects, but for the files' contents.
    pub fn repository(&self) -> &Repository {
        self.repository
    }

    /// Whether an object is among them.
    pub fn holds(&self, id: Oid) -> bool {
        self.objects.binary_search(&id).is_ok()
    }

    /// The bytes of a blob that is among the objects.
    pub fn blob(&self, id: Oid) -> Option<Vec<u8>> {
        if !self.holds(id) {
            return None;
        }
        let odb = self.repository.odb().ok()?;
        self.object(&odb, id, |kind, bytes| (kind == ObjectType::Blob).then(|| bytes.to_vec())).ok()?
    }

    /// The pack, and how long it is.
    ///
    /// # Errors
    /// An object that is not here, and the disk's.
    pub fn spooled(&self) -> io::Result<(SpooledTempFile, u64)> {
        let mut file = SpooledTempFile::new(IN_MEMORY);
        let length = io::copy(&mut self.reader()?, &mut file)?;
        file.rewind()?;
        Ok((file, length))
    }

    /// Puts the objects into a repository's store.
    ///
    /// # Errors
    /// An object that is not here, and libgit2's.
    pub fn store(&self, there: &Odb<'_>) -> Result<(), git2::Error> {
        let words = |error: io::Error| git2::Error::from_str(&error.to_string());
        if self.objects.len() < KEPT {
            let here = self.repository.odb()?;
            return self
                .objects
                .iter()
                .try_for_each(|&id| self.object(&here, id, |kind, bytes| there.write(kind, bytes).map(|_| ()))?);
        }
        let mut writer = there.packwriter()?;
        io::copy(&mut self.reader().map_err(words)?, &mut writer).map_err(words)?;
        writer.flush().map_err(words)?;
        writer.commit()?;
        Ok(())
    }

    /// The pack's bytes, made while they are read.
    pub fn reader(&self) -> io::Result<PackReader<'_>> {
        let odb = self.repository.odb().map_err(|error| io::Error::other(error.message().to_owned()))?;
        let mut ready = b"PACK\0\0\0\x02".to_vec();
        ready.extend_from_slice(&u32::try_from(self.objects.len()).unwrap_or(u32::MAX).to_be_bytes());
        let sum = Sha1::new_with_prefix(&ready);
        Ok(PackReader {
            pack: self,
            odb,
            compressor: Compress::new(Compression::fast(), true),
            sum,
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

/// See [`Pack::reader`].
pub struct PackReader<'a> {
    pack: &'a Pack<'a>,
    odb: Odb<'a>,
    /// Used again for every object: making one costs more than compressing a small object.
    compressor: Compress,
    sum: Sha1,
    /// The object that comes next; one behind the last stands for the sum at the end, two for nothing.
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
                self.sum.update(&self.ready);
            }
            None if self.next == self.pack.objects.len() => self.ready.extend_from_slice(&self.sum.finalize_reset()),
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

/// Appends the bytes as one zlib stream.
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

/// Type and size: three bits of type and four of size, then seven bits of size a byte.
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
    fn libgit2_reads_what_is_packed_and_what_is_stored() {
        for count in [1, 50, 150] {
            let mut store = ObjectStore::open().unwrap();
            let mut made = Vec::new();
            let texts: Vec<String> = (0..count).map(|number| format!("{number}").repeat(number * 37)).collect();
            for (at, text) in texts.iter().enumerate() {
                if at % 2 == 0 {
                    store.share(&text.as_bytes().into(), &mut made).unwrap();
                } else {
                    store.write(ObjectType::Blob, text.as_bytes(), &mut made).unwrap();
                }
            }
            let pack = store.pack(&made);
            let (stored, streamed) = (ObjectStore::open().unwrap(), ObjectStore::open().unwrap());
            pack.store(&stored.repository().odb().unwrap()).unwrap();
            {
                let odb = streamed.repository().odb().unwrap();
                let mut writer = odb.packwriter().unwrap();
                let (mut file, length) = pack.spooled().unwrap();
                assert_eq!(io::copy(&mut file, &mut writer).unwrap(), length);
                writer.commit().unwrap();
            }
            for (id, text) in made.iter().zip(&texts) {
                assert_eq!(stored.blob(*id).unwrap(), text.as_bytes());
                assert_eq!(streamed.blob(*id).unwrap(), text.as_bytes());
            }
        }
    }
}
