//! Chart archives: gzipped tar files.
//!
//! Sizes are limited while an archive is unpacked, so a small archive cannot use much memory.
//! Source of the rules: `helm pkg/chart/loader/archive` and Go's `archive/tar`.

use std::io::{self, Read};
use std::sync::Arc;

use gotemplate::strconv::quote;
use tar::{Archive, Entry, EntryType};

use super::chart_file::{ChartFile, without_mark};
use super::error::HelmError;
use super::semantics::Semantics;

/// The most bytes that the files of an archive may have together.
pub(super) const LARGEST: u64 = 100 << 20;

/// The largest file that helm accepts before 4.3.
pub(super) const LARGEST_FILE: u64 = 5 << 20;

/// The most bytes that are unpacked: the files, and the headers of many small ones.
const LARGEST_STREAM: u64 = 4 * LARGEST;

/// The most bytes of a header extension (a long name), as in Go.
const LARGEST_EXTENSION: u64 = 1 << 20;

/// Why an archive cannot be read.
#[derive(Debug)]
pub(super) enum ArchiveError {
    /// It is not compressed with gzip.
    Header,
    /// Any other reason.
    Other(String),
}

impl std::fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ArchiveError::Header => f.write_str("gzip: invalid header"),
            ArchiveError::Other(message) => f.write_str(message),
        }
    }
}

/// The bytes that the archives of one chart, also those inside of archives, may still unpack to.
#[derive(Debug)]
pub(super) struct Budget {
    remaining: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { remaining: LARGEST * 5 / 2 }
    }
}

/// Checks that a file given as a chart looks like an archive.
pub(super) fn check_is_archive(bytes: &[u8], name: &str) -> Result<(), HelmError> {
    if bytes.starts_with(b"\x1f\x8b\x08") {
        return Ok(());
    }
    if name.ends_with(".yml") || name.ends_with(".yaml") {
        return Err(HelmError::new(format!("file '{name}' seems to be a YAML file, but expected a gzipped archive")));
    }
    let found = content_type(bytes);
    Err(HelmError::new(format!("file '{name}' does not appear to be a gzipped archive; got '{found}'")))
}

/// Returns what Go's `http.DetectContentType` says of the first 512 bytes, filled up with zeros.
fn content_type(bytes: &[u8]) -> &'static str {
    const SIGNATURES: [(&[u8], &str); 8] = [
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"Rar!\x1a\x07\x00", "application/x-rar-compressed"),
        (b"\x00asm", "application/wasm"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\xff\xd8\xff", "image/jpeg"),
    ];
    if let Some((_, name)) = SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start)) {
        return name;
    }
    let binary = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    let head = bytes.get(..512);
    if head.is_some_and(|head| !head.iter().any(binary)) {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    }
}

/// Unpacks an archive. Names lose their first part.
pub(super) fn unpack(bytes: &[u8], semantics: Semantics, budget: &mut Budget) -> Result<Vec<ChartFile>, ArchiveError> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Err(if bytes.is_empty() { ArchiveError::Other("EOF".to_owned()) } else { ArchiveError::Header });
    }
    let stream = flate2::read::MultiGzDecoder::new(bytes).take(LARGEST_STREAM.min(budget.remaining));
    let mut archive = Archive::new(stream);
    let mut unpacker = Unpacker { semantics, remaining: LARGEST.min(budget.remaining), files: Vec::new(), name: None };
    let entries = archive.entries().map_err(|error| unreadable(&error))?.raw(true);
    for entry in entries {
        unpacker.entry(entry.map_err(|error| unreadable(&error))?)?;
    }
    budget.remaining = budget.remaining.saturating_sub(LARGEST - unpacker.remaining.min(LARGEST));
    if unpacker.files.is_empty() {
        return Err(ArchiveError::Other("no files in chart archive".to_owned()));
    }
    Ok(unpacker.files)
}

fn unreadable(error: &io::Error) -> ArchiveError {
    ArchiveError::Other(match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        _ => error.to_string(),
    })
}

struct Unpacker {
    semantics: Semantics,
    remaining: u64,
    files: Vec<ChartFile>,
    /// The name that an extension gives to the next entry.
    name: Option<Vec<u8>>,
}

impl Unpacker {
    fn entry<R: Read>(&mut self, mut entry: Entry<'_, R>) -> Result<(), ArchiveError> {
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => {
                let mut name = extension(&mut entry)?;
                name.truncate(memchr::memchr(0, &name).unwrap_or(name.len()));
                self.name = Some(name);
                return Ok(());
            }
            EntryType::XHeader => {
                let records = extension(&mut entry)?;
                self.name = pax_path(&records).or(self.name.take());
                return Ok(());
            }
            EntryType::GNULongLink | EntryType::XGlobalHeader => return Ok(()),
            _ => {}
        }
        let name = self.name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        if kind.is_dir() || name.ends_with(b"/") {
            return Ok(());
        }
        let path = inner_path(&String::from_utf8_lossy(&name))?;
        let size = if kind.is_file() || kind.is_contiguous() { entry.size() } else { 0 };
        if self.semantics < Semantics::V4_3 && size > LARGEST_FILE {
            return Err(ArchiveError::Other(format!(
                "decompressed chart file {} is larger than the maximum file size {LARGEST_FILE}",
                quote(&name)
            )));
        }
        if size > self.remaining {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        if size > 0 {
            entry.take(size).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        }
        if (bytes.len() as u64) < size {
            return Err(ArchiveError::Other("unexpected EOF".to_owned()));
        }
        self.remaining -= size;
        if self.remaining == 0 {
            return Err(too_large());
        }
        self.files.push(ChartFile { path, bytes: without_mark(Arc::from(bytes)) });
        Ok(())
    }
}

fn too_large() -> ArchiveError {
    ArchiveError::Other(format!("decompressed chart is larger than the maximum size {LARGEST}"))
}

/// Reads the content of a header extension.
fn extension<R: Read>(entry: &mut Entry<'_, R>) -> Result<Vec<u8>, ArchiveError> {
    if entry.size() > LARGEST_EXTENSION {
        return Err(ArchiveError::Other("archive/tar: header field too long".to_owned()));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// Returns the path of PAX records, `LENGTH KEY=VALUE` and a newline each.
fn pax_path(records: &[u8]) -> Option<Vec<u8>> {
    let mut rest = records;
    let mut found = None;
    while let Some(blank) = memchr::memchr(b' ', rest) {
        let length: usize = std::str::from_utf8(&rest[..blank]).ok()?.parse().ok()?;
        let record = rest.get(blank + 1..length)?;
        if let Some(value) = record.strip_prefix(b"path=") {
            found = Some(value.strip_suffix(b"\n").unwrap_or(value).to_vec());
        }
        rest = rest.get(length..)?;
    }
    found
}

/// Returns an entry's path below the chart.
fn inner_path(name: &str) -> Result<String, ArchiveError> {
    let refuse = |message: &str| Err(ArchiveError::Other(message.to_owned()));
    let separator = if name.contains('\\') { '\\' } else { '/' };
    let (first, rest) = name.split_once(separator).unwrap_or((name, ""));
    let rest = rest.replace(separator, "/");
    if rest.starts_with('/') {
        return refuse("chart illegally contains absolute paths");
    }
    let path = clean(&rest);
    if path == "." {
        return Err(ArchiveError::Other(format!(
            "chart illegally contains content outside the base directory: {}",
            quote(name.as_bytes())
        )));
    }
    if path.starts_with("..") {
        return refuse("chart illegally references parent directory");
    }
    let bytes = path.as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/" {
        return refuse("chart contains illegally named files");
    }
    if first == "Chart.yaml" {
        return refuse("chart yaml not in base directory");
    }
    Ok(path)
}

/// Returns a relative path without `.`, inner `..` and doubled slashes, as Go's `path.Clean`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
