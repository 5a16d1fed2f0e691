//! Resolves the deltas of a pack in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::time::Instant;

use flate2::bufread::ZlibDecoder;
use git2::{ObjectType, Oid};

use super::limited::too_many;
use super::message::protocol_error;
use super::pack_entry::{Base, PackEntry};
use crate::limits::MAX_DELTA_DEPTH;

/// The bytes of bases that are kept in memory at once. A base that does not fit is moved to a temporary file and read again.
const MAX_MEMORY: usize = if cfg!(test) { 1 << 20 } else { 128 << 20 };
/// The bytes that are allocated for an object before they are needed.
const MAX_RESERVED: usize = 1 << 20;
/// The bytes of compressed data that are read at once.
const CHUNK: usize = 8 * 1024;

/// The objects of a pack, of which deltas are resolved.
pub(super) struct Resolver<'a> {
    entries: Vec<PackEntry>,
    /// The deltas of an object that is named by its position, sorted.
    by_entry: Vec<DeltaOfEntry>,
    /// The deltas of an object that is named by its id, sorted.
    by_id: Vec<DeltaOfId>,
    inflater: Inflater<'a>,
    spill: Spill,
    deadline: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DeltaOfEntry {
    base: u32,
    delta: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DeltaOfId {
    base: Oid,
    delta: u32,
    /// The base was found.
    taken: bool,
}

/// An object whose deltas are resolved.
struct Frame {
    content: Content,
    kind: ObjectType,
    /// The number of deltas between the object and the one that is stored whole.
    depth: u16,
    /// The deltas that are left.
    deltas: Vec<u32>,
}

impl<'a> Resolver<'a> {
    /// No delta of `entries` is resolved.
    pub(super) fn new(file: &'a File, entries: Vec<PackEntry>, deadline: Instant) -> Self {
        let (mut by_entry, mut by_id) = (Vec::new(), Vec::new());
        for (delta, entry) in (0_u32..).zip(&entries) {
            match entry.base {
                Base::Whole => {}
                Base::Entry(base) => by_entry.push(DeltaOfEntry { base, delta }),
                Base::Id(base) => by_id.push(DeltaOfId { base, delta, taken: false }),
            }
        }
        by_entry.sort_unstable();
        by_id.sort_unstable();
        Resolver { entries, by_entry, by_id, inflater: Inflater::new(file), spill: Spill::default(), deadline }
    }

    /// Resolves the deltas whose bases are in the pack.
    ///
    /// # Errors
    /// An invalid delta, and those of the disk.
    pub(super) fn resolve_pack(&mut self) -> io::Result<()> {
        if self.by_entry.is_empty() && self.by_id.is_empty() {
            return Ok(());
        }
        for index in 0..self.entries.len() {
            let entry = self.entries[index];
            let (Base::Whole, Some(kind), Some(id)) = (entry.base, entry.kind, entry.id) else { continue };
            let deltas = self.take_deltas(u32::try_from(index).unwrap_or(u32::MAX), id);
            if !deltas.is_empty() {
                let mut content = Vec::new();
                self.inflater.open(entry.data).read_to_end(&mut content)?;
                self.resolve(Frame { content: Content::Memory(content), kind, depth: 0, deltas })?;
            }
        }
        Ok(())
    }

    /// Returns the bases that are not in the pack.
    pub(super) fn missing_bases(&self) -> Vec<Oid> {
        let mut bases: Vec<Oid> = self.by_id.iter().filter(|delta| !delta.taken).map(|delta| delta.base).collect();
        bases.dedup();
        bases
    }

    /// Returns whether no delta waits for this base.
    pub(super) fn is_resolved(&self, base: Oid) -> bool {
        self.by_id.iter().skip(self.first_of(base)).take_while(|delta| delta.base == base).all(|delta| delta.taken)
    }

    fn first_of(&self, base: Oid) -> usize {
        self.by_id.partition_point(|delta| delta.base < base)
    }

    /// Adds an object to the pack, and resolves its deltas.
    ///
    /// # Errors
    /// See [`Resolver::resolve_pack`].
    pub(super) fn add(&mut self, entry: PackEntry, content: Vec<u8>) -> io::Result<()> {
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(entry);
        let (Some(kind), Some(id)) = (entry.kind, entry.id) else { return Ok(()) };
        let deltas = self.take_deltas(index, id);
        self.resolve(Frame { content: Content::Memory(content), kind, depth: 0, deltas })
    }

    /// Returns the objects, which all have ids.
    ///
    /// # Errors
    /// A delta that is not resolved.
    pub(super) fn into_entries(self) -> io::Result<Vec<PackEntry>> {
        match self.entries.iter().any(|entry| entry.id.is_none()) {
            true => Err(protocol_error("the pack has a delta whose base is missing")),
            false => Ok(self.entries),
        }
    }

    /// The deltas of an object, which are not returned a second time.
    fn take_deltas(&mut self, index: u32, id: Oid) -> Vec<u32> {
        let start = self.by_entry.partition_point(|delta| delta.base < index);
        let found = self.by_entry[start..].iter().take_while(|delta| delta.base == index);
        let mut deltas: Vec<u32> = found.map(|delta| delta.delta).collect();
        let start = self.first_of(id);
        for waiting in self.by_id[start..].iter_mut().take_while(|delta| delta.base == id).filter(|delta| !delta.taken)
        {
            waiting.taken = true;
            deltas.push(waiting.delta);
        }
        deltas
    }

    /// Resolves the deltas of an object, theirs, and so on. An object is kept as long as it has further deltas.
    fn resolve(&mut self, first: Frame) -> io::Result<()> {
        let mut stack = vec![first];
        while let Some(frame) = stack.last_mut() {
            let Some(index) = frame.deltas.pop() else {
                stack.pop();
                continue;
            };
            if Instant::now() > self.deadline {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the pack was not stored in time"));
            }
            let (kind, depth) = (frame.kind, frame.depth + 1);
            if depth > MAX_DELTA_DEPTH {
                return Err(too_many("deltas in a row in the pack", MAX_DELTA_DEPTH.into()));
            }
            let position = usize::try_from(index).unwrap_or(usize::MAX);
            let delta = self.inflater.open(self.entries[position].data);
            let content = apply(self.spill.load(&mut frame.content)?, &mut BufReader::with_capacity(CHUNK, delta))?;
            if frame.deltas.is_empty() {
                stack.pop();
            }
            let id = Oid::hash_object(kind, &content).map_err(|error| io::Error::other(error.message().to_owned()))?;
            let entry = &mut self.entries[position];
            (entry.kind, entry.id) = (Some(kind), Some(id));
            let deltas = self.take_deltas(index, id);
            if !deltas.is_empty() {
                stack.push(Frame { content: Content::Memory(content), kind, depth, deltas });
                self.spill.reduce(&mut stack)?;
            }
        }
        Ok(())
    }
}

/// The content of a base.
enum Content {
    Memory(Vec<u8>),
    /// It is in the temporary file.
    Spilled {
        position: u64,
        length: usize,
    },
}

impl Content {
    fn in_memory(&self) -> usize {
        match self {
            Content::Memory(bytes) => bytes.len(),
            Content::Spilled { .. } => 0,
        }
    }
}

/// An unnamed temporary file for bases that do not fit in memory.
#[derive(Default)]
struct Spill {
    file: Option<File>,
    length: u64,
}

impl Spill {
    /// Moves content to the file until the rest fits in memory. The last object, whose deltas are next, stays.
    fn reduce(&mut self, stack: &mut [Frame]) -> io::Result<()> {
        let mut total: usize = stack.iter().map(|frame| frame.content.in_memory()).sum();
        let Some((_, below)) = stack.split_last_mut() else { return Ok(()) };
        for frame in below {
            if total <= MAX_MEMORY {
                break;
            }
            let Content::Memory(bytes) = &frame.content else { continue };
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(tempfile::tempfile()?),
            };
            file.write_all_at(bytes, self.length)?;
            let length = bytes.len();
            total -= length;
            frame.content = Content::Spilled { position: self.length, length };
            self.length += length as u64;
        }
        Ok(())
    }

    /// Returns the content, which is in memory afterwards.
    fn load<'c>(&self, content: &'c mut Content) -> io::Result<&'c [u8]> {
        if let (Content::Spilled { position, length }, Some(file)) = (&*content, &self.file) {
            let mut bytes = vec![0; *length];
            file.read_exact_at(&mut bytes, *position)?;
            *content = Content::Memory(bytes);
        }
        match content {
            Content::Memory(bytes) => Ok(bytes),
            Content::Spilled { .. } => Err(io::Error::other("the temporary file is missing")),
        }
    }
}

/// Decompresses objects of a pack, one at a time.
struct Inflater<'a> {
    file: &'a File,
    decoder: ZlibDecoder<BufReader<Section<'a>>>,
}

impl<'a> Inflater<'a> {
    fn new(file: &'a File) -> Self {
        Inflater { file, decoder: ZlibDecoder::new(section(file, 0)) }
    }

    /// A reader of the data that begins at `position`, up to its end.
    fn open(&mut self, position: u32) -> &mut ZlibDecoder<BufReader<Section<'a>>> {
        self.decoder.reset(section(self.file, position.into()));
        &mut self.decoder
    }
}

fn section(file: &File, position: u64) -> BufReader<Section<'_>> {
    BufReader::with_capacity(CHUNK, Section { file, position })
}

/// The bytes of a file from a position on.
struct Section<'a> {
    file: &'a File,
    position: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(out, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

/// Returns the object that a delta makes of `base` (gitformat-pack, "Deltified representation").
fn apply(base: &[u8], delta: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    let invalid = || protocol_error("the pack has an invalid delta");
    if size(delta)? != base.len() {
        return Err(invalid());
    }
    let length = size(delta)?;
    let mut out = Vec::with_capacity(length.min(MAX_RESERVED));
    while !delta.fill_buf()?.is_empty() {
        let instruction = byte(delta)?;
        let left = length - out.len();
        if instruction & 0x80 == 0 {
            let count = usize::from(instruction);
            if count == 0 || count > left || (&mut *delta).take(count as u64).read_to_end(&mut out)? < count {
                return Err(invalid());
            }
            continue;
        }
        let mut numbers = [0_usize; 2];
        for bit in 0..7 {
            if instruction & (1 << bit) != 0 {
                let (number, shift) = if bit < 4 { (0, bit) } else { (1, bit - 4) };
                numbers[number] |= usize::from(byte(delta)?) << (8 * shift);
            }
        }
        let [offset, count] = numbers;
        let count = if count == 0 { 0x1_0000 } else { count };
        let copied = offset.checked_add(count).and_then(|end| base.get(offset..end)).filter(|_| count <= left);
        out.extend_from_slice(copied.ok_or_else(invalid)?);
    }
    if out.len() == length { Ok(out) } else { Err(invalid()) }
}

fn byte(delta: &mut dyn BufRead) -> io::Result<u8> {
    let mut byte = [0];
    delta.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// A size: seven bits a byte, the least significant first.
fn size(delta: &mut dyn BufRead) -> io::Result<usize> {
    let mut size = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let next = byte(delta)?;
        size |= usize::from(next & 0x7f).checked_shl(shift).unwrap_or(usize::MAX);
        if next & 0x80 == 0 {
            return Ok(size);
        }
    }
    Err(protocol_error("the pack has an invalid delta"))
}
