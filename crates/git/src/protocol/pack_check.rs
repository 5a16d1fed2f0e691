//! Checks a pack while it is received, before anything is allocated that the pack declares, and lists its objects (gitformat-pack,
//! version 2).

use std::io;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use git2::{ObjectType, Oid};
use sha1::{Digest as _, Sha1};

use super::limited::{too_large, too_many};
use super::message::protocol_error;
use super::pack_entry::{Base, PackEntry};
use crate::limits::{MAX_DELTA_DEPTH, MAX_OBJECT_BYTES, MAX_PACK_BYTES, MAX_PACK_OBJECTS, MAX_UNPACKED_BYTES};

/// The length of the header: `PACK`, version, number of objects.
const HEADER: usize = 12;
/// The length of the checksum at the end, and of the id of a base.
const ID: usize = 20;
/// The bytes that are inflated at once.
const CHUNK: usize = 64 * 1024;
/// The bytes of a delta that hold the two sizes at its start: seven bits a byte.
const DELTA_SIZES: usize = 20;
/// The bytes of a size or offset: seven bits a byte.
const MAX_VARINT: usize = 10;

/// Checks a pack that is passed in pieces.
pub(crate) struct PackCheck {
    state: State,
    /// The bytes of the current header, base or checksum.
    pending: Vec<u8>,
    /// The objects that have not begun.
    left: u32,
    /// The bytes of the pack so far.
    position: u64,
    /// The bytes of all objects so far, uncompressed.
    unpacked: u64,
    inflate: Decompress,
    output: Vec<u8>,
    object: Object,
    /// The objects so far.
    entries: Vec<PackEntry>,
    checksum: Sha1,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    ObjectHeader,
    BaseOffset,
    BaseId,
    Data,
    Checksum,
    End,
}

/// The current object.
#[derive(Default)]
struct Object {
    offset: u64,
    /// The declared size of the data, which is a delta for a delta.
    size: u64,
    inflated: u64,
    /// The type; absent for a delta.
    kind: Option<ObjectType>,
    base: Base,
    /// The number of deltas between the object and the one that is stored whole.
    depth: u16,
    /// Where the compressed data begins.
    data: u64,
    /// The content, or the first bytes of a delta.
    content: Vec<u8>,
    crc: Crc,
}

impl PackCheck {
    /// A check before the first byte.
    pub(crate) fn new() -> Self {
        PackCheck {
            state: State::Header,
            pending: Vec::new(),
            left: 0,
            position: 0,
            unpacked: 0,
            inflate: Decompress::new(true),
            output: vec![0; CHUNK],
            object: Object::default(),
            entries: Vec::new(),
            checksum: Sha1::new(),
        }
    }

    /// Checks the next bytes of the pack.
    ///
    /// # Errors
    /// A pack that is invalid or exceeds one of the [limits](crate::limits).
    pub(crate) fn update(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some(&first) = bytes.first() {
            let used = match self.state {
                State::Data => self.data(bytes)?,
                State::End => return Err(protocol_error("the pack has data after its end")),
                _ => {
                    self.position += 1;
                    self.pending.push(first);
                    if self.state != State::Checksum {
                        self.checksum.update([first]);
                        self.object.crc.update(&[first]);
                    }
                    self.advance(first)?;
                    1
                }
            };
            bytes = &bytes[used..];
            if self.position > MAX_PACK_BYTES {
                return Err(too_large("the pack", MAX_PACK_BYTES));
            }
        }
        Ok(())
    }

    /// Returns whether the pack is complete.
    pub(crate) fn is_complete(&self) -> bool {
        self.state == State::End
    }

    /// Returns the objects of a complete pack in their order; `None` if it is not complete.
    pub(crate) fn into_entries(self) -> Option<Vec<PackEntry>> {
        (self.state == State::End).then_some(self.entries)
    }

    /// Goes to the next state if the pending bytes are complete. `last` is the byte that was added.
    fn advance(&mut self, last: u8) -> io::Result<()> {
        let length = self.pending.len();
        match self.state {
            State::Header if length == HEADER => self.header(),
            State::ObjectHeader if last & 0x80 == 0 => self.object_header(),
            State::BaseOffset if last & 0x80 == 0 => self.base_offset(),
            State::ObjectHeader | State::BaseOffset if length >= MAX_VARINT => {
                Err(protocol_error("the pack has an invalid object header"))
            }
            State::BaseId if length == ID => {
                // Where the base is, is not known before the objects are hashed.
                self.object.depth = 1;
                self.object.base = Base::Id(oid(&self.pending)?);
                self.start_data();
                Ok(())
            }
            State::Checksum if length == ID => {
                if self.checksum.clone().finalize()[..] != self.pending[..] {
                    return Err(protocol_error("the pack has a wrong checksum"));
                }
                self.enter(State::End);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, state: State) {
        self.pending.clear();
        self.state = state;
    }

    fn header(&mut self) -> io::Result<()> {
        let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|index| self.pending[at + index]));
        if !self.pending.starts_with(b"PACK") || !matches!(number(4), 2 | 3) {
            return Err(protocol_error("expected a pack of version 2"));
        }
        self.left = number(8);
        if self.left > MAX_PACK_OBJECTS {
            return Err(too_many("objects in the pack", MAX_PACK_OBJECTS.into()));
        }
        self.next_object();
        Ok(())
    }

    fn next_object(&mut self) {
        if self.left == 0 {
            self.enter(State::Checksum);
            return;
        }
        self.left -= 1;
        self.inflate.reset(true);
        self.object = Object { content: std::mem::take(&mut self.object.content), ..Object::default() };
        self.object.content.clear();
        self.object.content.shrink_to(CHUNK);
        self.enter(State::ObjectHeader);
    }

    fn start_data(&mut self) {
        self.object.data = self.position;
        self.enter(State::Data);
    }

    /// The type in three bits, then the size: four bits, and seven in each further byte.
    fn object_header(&mut self) -> io::Result<()> {
        let offset = self.position - self.pending.len() as u64;
        let kind = (self.pending[0] >> 4) & 7;
        let mut size = u64::from(self.pending[0] & 0x0f);
        for (index, byte) in self.pending[1..].iter().enumerate() {
            let part = u64::from(byte & 0x7f);
            let shift = 4 + 7 * u32::try_from(index).unwrap_or(u32::MAX);
            size |= part.checked_shl(shift).filter(|shifted| shifted >> shift == part).unwrap_or(u64::MAX);
        }
        if size > MAX_OBJECT_BYTES {
            return Err(too_large("an object in the pack", MAX_OBJECT_BYTES));
        }
        self.add(size)?;
        self.object.offset = offset;
        self.object.size = size;
        self.object.kind = match kind {
            1 => Some(ObjectType::Commit),
            2 => Some(ObjectType::Tree),
            3 => Some(ObjectType::Blob),
            4 => Some(ObjectType::Tag),
            6 | 7 => None,
            _ => return Err(protocol_error(&format!("the pack has an object of the invalid type {kind}"))),
        };
        match kind {
            6 => self.enter(State::BaseOffset),
            7 => self.enter(State::BaseId),
            _ => self.start_data(),
        }
        Ok(())
    }

    /// The distance to the base: seven bits a byte, and one is added for each further byte.
    fn base_offset(&mut self) -> io::Result<()> {
        let invalid = || protocol_error("the pack has a delta whose base is not in the pack");
        let mut distance = u64::from(self.pending[0] & 0x7f);
        for byte in &self.pending[1..] {
            let shifted = distance.checked_add(1).and_then(|distance| distance.checked_mul(128)).ok_or_else(invalid)?;
            distance = shifted | u64::from(byte & 0x7f);
        }
        let base = self.object.offset.checked_sub(distance).and_then(|base| u32::try_from(base).ok());
        let find = |base: u32| self.entries.binary_search_by_key(&base, |entry| entry.offset).ok();
        let index = base.and_then(find).ok_or_else(invalid)?;
        self.object.depth = self.entries[index].depth + 1;
        if self.object.depth > MAX_DELTA_DEPTH {
            return Err(too_many("deltas in a row in the pack", MAX_DELTA_DEPTH.into()));
        }
        self.object.base = Base::Entry(u32::try_from(index).map_err(|_| invalid())?);
        self.start_data();
        Ok(())
    }

    /// Adds to the bytes of all objects.
    fn add(&mut self, bytes: u64) -> io::Result<()> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > MAX_UNPACKED_BYTES {
            return Err(too_large("the content of the pack", MAX_UNPACKED_BYTES));
        }
        Ok(())
    }

    /// Inflates data of the object and returns how many bytes were used.
    fn data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let invalid = || protocol_error("the pack has an object that cannot be decompressed");
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(bytes, &mut self.output, FlushDecompress::None);
        let status = status.map_err(|_| invalid())?;
        let used = usize::try_from(self.inflate.total_in() - before_in).unwrap_or(usize::MAX);
        let written = usize::try_from(self.inflate.total_out() - before_out).unwrap_or(usize::MAX);
        self.position += used as u64;
        self.checksum.update(&bytes[..used]);
        self.object.crc.update(&bytes[..used]);
        self.object.inflated += written as u64;
        if self.object.inflated > self.object.size {
            return Err(protocol_error("the pack has an object that is larger than its declared size"));
        }
        let room = match self.object.kind {
            Some(_) => written,
            None => written.min(DELTA_SIZES.saturating_sub(self.object.content.len())),
        };
        self.object.content.extend_from_slice(&self.output[..room]);
        if status == Status::StreamEnd {
            self.end_object()?;
        } else if used == 0 && written == 0 {
            return Err(invalid());
        }
        Ok(used)
    }

    fn end_object(&mut self) -> io::Result<()> {
        if self.object.inflated < self.object.size {
            return Err(protocol_error("the pack has an object that is smaller than its declared size"));
        }
        let mut id = None;
        match self.object.kind {
            Some(kind) => {
                let hashed = Oid::hash_object(kind, &self.object.content);
                id = Some(hashed.map_err(|error| io::Error::other(error.message().to_owned()))?);
            }
            None => {
                let result = delta_result_size(&self.object.content)
                    .ok_or_else(|| protocol_error("the pack has a delta without sizes"))?;
                if result > MAX_OBJECT_BYTES {
                    return Err(too_large("an object in the pack", MAX_OBJECT_BYTES));
                }
                self.add(result)?;
            }
        }
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        self.entries.push(PackEntry {
            offset: small(self.object.offset),
            data: small(self.object.data),
            crc: self.object.crc.sum(),
            base: self.object.base,
            depth: self.object.depth,
            kind: self.object.kind,
            id,
        });
        self.next_object();
        Ok(())
    }
}

fn oid(bytes: &[u8]) -> io::Result<Oid> {
    Oid::from_bytes(bytes).map_err(|error| io::Error::other(error.message().to_owned()))
}

/// The size of the object that a delta makes: the second of the two numbers at its start.
fn delta_result_size(start: &[u8]) -> Option<u64> {
    let first = start.iter().position(|byte| byte & 0x80 == 0)?;
    let mut size = 0_u64;
    for (index, byte) in start.get(first + 1..)?.iter().enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * u32::try_from(index).ok()?;
        size |= part.checked_shl(shift).filter(|shifted| shifted >> shift == part).unwrap_or(u64::MAX);
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::pack_samples::{object, pack};
    use super::*;

    fn check(pack: &[u8]) -> Result<bool, String> {
        let mut results = Vec::new();
        for size in [1, 7, pack.len()] {
            let mut check = PackCheck::new();
            let result = pack.chunks(size).try_for_each(|part| check.update(part));
            results.push(result.map(|()| check.is_complete()).map_err(|error| error.to_string()));
        }
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "the pieces make no difference: {results:?}");
        results.remove(0)
    }

    /// A delta that makes an object of `size` bytes.
    fn delta(size: u64) -> Vec<u8> {
        let mut out = vec![3];
        let mut left = size;
        loop {
            let low = u8::try_from(left & 0x7f).unwrap();
            left >>= 7;
            out.push(low | if left > 0 { 0x80 } else { 0 });
            if left == 0 {
                return out;
            }
        }
    }

    #[test]
    fn a_pack_within_the_limits_is_complete() {
        let blob = object(3, 3, b"", b"abc");
        let change = object(6, 3, &[u8::try_from(blob.len()).unwrap()], &[3, 3, 0]);
        let by_id = object(7, 3, &[1; ID], &[3, 3, 0]);
        let large = object(3, 200_000, b"", &vec![0; 200_000]);
        let whole = pack(&[blob, change, by_id, object(1, 0, b"", b""), large]);
        assert_eq!(check(&whole), Ok(true));
        assert_eq!(check(&whole[..whole.len() - 1]), Ok(false));
        assert_eq!(check(&pack(&[])), Ok(true));
    }

    #[test]
    fn what_a_pack_declares_is_limited() {
        let error = |pack: &[u8]| check(pack).unwrap_err();
        let header = |count: u32| [b"PACK\0\0\0\x02", &count.to_be_bytes()[..]].concat();
        assert_eq!(error(&header(u32::MAX)), "more than 2000000 objects in the pack");
        let object_limit = "an object in the pack exceeds the limit of 100 MiB";
        assert_eq!(error(&pack(&[object(3, MAX_OBJECT_BYTES + 1, b"", b"")])), object_limit);
        assert_eq!(error(&pack(&[object(3, u64::MAX >> 1, b"", b"")])), object_limit);
        let by_id = |size: u64| object(7, delta(size).len() as u64, &[1; ID], &delta(size));
        assert_eq!(error(&pack(&[by_id(MAX_OBJECT_BYTES + 1)])), object_limit);
        assert_eq!(error(&pack(&[by_id(u64::MAX)])), object_limit);
        let many = vec![by_id(MAX_OBJECT_BYTES); 21];
        assert_eq!(check(&pack(&many[..20])), Ok(true));
        assert_eq!(error(&pack(&many)), "the content of the pack exceeds the limit of 2 GiB");
    }

    #[test]
    fn a_chain_of_deltas_is_limited() {
        let blob = object(3, 3, b"", b"abc");
        let mut objects = vec![blob];
        for _ in 0..=MAX_DELTA_DEPTH {
            let length = u8::try_from(objects.last().unwrap().len()).unwrap();
            objects.push(object(6, 3, &[length], &[3, 3, 0]));
        }
        assert_eq!(check(&pack(&objects[..objects.len() - 1])), Ok(true));
        assert_eq!(check(&pack(&objects)).unwrap_err(), "more than 4095 deltas in a row in the pack");
    }

    #[test]
    fn an_invalid_pack_is_an_error() {
        let cases = [
            (b"HTTP/1.1 200 OK".to_vec(), "expected a pack"),
            (pack(&[object(3, 4, b"", b"abc")]), "smaller than its declared size"),
            (pack(&[object(3, 2, b"", b"abc")]), "larger than its declared size"),
            (pack(&[object(5, 3, b"", b"abc")]), "invalid type 5"),
            (pack(&[object(6, 3, &[5], b"abc")]), "base is not in the pack"),
            (pack(&[object(6, 3, &[0], &[3, 3, 0])]), "base is not in the pack"),
            (pack(&[object(6, 3, &[0xff; 9], b"\x7f")]), "base is not in the pack"),
            (pack(&[vec![0xff; 40]]), "invalid object header"),
            (pack(&[object(7, 1, &[1; ID], b"\xff")]), "without sizes"),
            (pack(&[vec![0x33, 1, 2, 3, 4]]), "cannot be decompressed"),
            ([pack(&[]), vec![1]].concat(), "after its end"),
            ([&pack(&[])[..HEADER], &[7; ID]].concat(), "wrong checksum"),
        ];
        for (bytes, expected) in cases {
            let error = check(&bytes).unwrap_err();
            assert!(error.contains(expected), "{error}: {expected}");
        }
    }
}
