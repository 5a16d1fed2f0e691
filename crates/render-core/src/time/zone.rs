//! Time zones, read from the machine's zone files (TZif, RFC 9636).

use manifest::Diagnostic;

use std::collections::BTreeMap;

use super::{Offset, posix_zone};
use crate::files::{Files, ZONE_FOLDERS};

/// Returns the offset of the zone `name` at `at` (seconds since 1970), as Go's `time.LoadLocation` finds it; `Local` and an empty
/// `TZ` mean what they mean to Go.
///
/// # Errors
/// A zone that is not known here.
pub(crate) fn offset(
    files: &dyn Files,
    environment: &BTreeMap<String, String>,
    at: i64,
    name: &str,
) -> Result<Offset, Diagnostic> {
    let local = name == "Local";
    let name = match environment.get("TZ") {
        Some(zone) if local => zone.strip_prefix(':').unwrap_or(zone),
        None if local => "/etc/localtime",
        _ => name,
    };
    let utc = Offset { seconds: 0, abbreviation: "UTC".to_owned() };
    if matches!(name, "" | "UTC") {
        return Ok(utc);
    }
    let bad = || {
        Diagnostic::new(format!("bad timezone provided: {name:?}"))
            .hint("use a zone of the IANA database, such as Europe/Berlin")
    };
    if name.split('/').any(|part| part == "..") {
        return Err(bad());
    }
    let paths = if name.starts_with('/') {
        vec![name.to_owned()]
    } else {
        ZONE_FOLDERS.map(|folder| format!("{folder}/{name}")).to_vec()
    };
    let found = paths.iter().find_map(|path| files.read(path).ok());
    match found.as_deref().map(|bytes| read(bytes, at)) {
        Some(Some(offset)) => Ok(offset),
        // Go uses UTC if the local zone cannot be read.
        _ if local => Ok(utc),
        _ => Err(bad()),
    }
}

/// The offset at a time; `None` if the file is none.
fn read(bytes: &[u8], at: i64) -> Option<Offset> {
    let first = Header::read(bytes)?;
    if first.version == 0 {
        return first.offset(bytes, 4, at);
    }
    let second = bytes.get(first.length(4)..)?;
    Header::read(second)?.offset(second, 8, at)
}

struct Header {
    version: u8,
    /// Counts of: UT indicators, standard indicators, leap seconds, transitions, types, characters.
    counts: [usize; 6],
}

const HEADER: usize = 44;

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER).filter(|header| header.starts_with(b"TZif"))?;
        let mut counts = [0; 6];
        for (count, bytes) in counts.iter_mut().zip(header[20..].chunks_exact(4)) {
            *count = usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()?;
        }
        Some(Header { version: header[4], counts })
    }

    /// Length of header and data where a time takes `size` bytes.
    fn length(&self, size: usize) -> usize {
        let [ut, standard, leap, times, types, characters] = self.counts;
        HEADER + times * (size + 1) + types * 6 + characters + leap * (size + 4) + standard + ut
    }

    fn offset(&self, bytes: &[u8], size: usize, at: i64) -> Option<Offset> {
        let [_, _, _, times, types, characters] = self.counts;
        let times_at = HEADER;
        let indexes_at = times_at + times * size;
        let types_at = indexes_at + times;
        let names_at = types_at + types * 6;
        let time = |index: usize| -> Option<i64> {
            let bytes = bytes.get(times_at + index * size..times_at + (index + 1) * size)?;
            Some(match size {
                4 => i32::from_be_bytes(bytes.try_into().ok()?).into(),
                _ => i64::from_be_bytes(bytes.try_into().ok()?),
            })
        };
        let mut passed = 0;
        while passed < times && time(passed)? <= at {
            passed += 1;
        }
        let footer = bytes.get(self.length(size)..).unwrap_or_default();
        let rule = std::str::from_utf8(footer).unwrap_or_default().trim_matches('\n');
        if passed == times && !rule.is_empty() {
            return posix_zone::offset(rule, at);
        }
        let index = if passed == 0 { 0 } else { usize::from(*bytes.get(indexes_at + passed - 1)?) };
        let kind = bytes.get(types_at + index * 6..types_at + index * 6 + 6)?;
        let names = bytes.get(names_at..names_at + characters)?;
        let name = names.get(usize::from(kind[5])..)?.split(|&byte| byte == 0).next()?;
        let seconds = i32::from_be_bytes(kind[..4].try_into().ok()?).into();
        Some(Offset { seconds, abbreviation: String::from_utf8_lossy(name).into_owned() })
    }
}
