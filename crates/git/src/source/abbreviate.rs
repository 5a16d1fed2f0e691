//! Abbreviated object ids, as git computes them.
//!
//! git's rule (object-name.c): `core.abbrev` where it is a number; else half of the bits that the number of packed objects needs,
//! at least 7 digits; then longer until no other object begins so.

use std::path::{Path, PathBuf};

use git2::{Oid, Repository};

const DIGITS: usize = 40;
const MIN_LENGTH: usize = 4;
const DEFAULT_LENGTH: usize = 7;

/// Returns `id` as `git rev-parse --short` prints it.
pub(crate) fn short(repository: &Repository, id: Oid) -> String {
    let mut text = id.to_string();
    text.truncate(length(repository, id));
    text
}

/// Returns the number of digits of `id` that git prints.
pub(crate) fn length(repository: &Repository, id: Oid) -> usize {
    let least = configured(repository).unwrap_or_else(|| for_count(packed_objects(&objects(repository))));
    let Ok(odb) = repository.odb() else { return DIGITS };
    (least.min(DIGITS)..DIGITS).find(|&length| odb.exists_prefix(id, length).is_ok()).unwrap_or(DIGITS)
}

fn configured(repository: &Repository) -> Option<usize> {
    let value = repository.config().ok()?.get_string("core.abbrev").ok()?;
    match value.to_ascii_lowercase().as_str() {
        "auto" => None,
        "no" | "off" | "false" => Some(DIGITS),
        number => number.parse::<usize>().ok().map(|length| length.clamp(MIN_LENGTH, DIGITS)),
    }
}

fn for_count(objects: u64) -> usize {
    let bits = (u64::BITS - objects.max(1).leading_zeros()) as usize;
    bits.div_ceil(2).max(DEFAULT_LENGTH)
}

fn objects(repository: &Repository) -> PathBuf {
    repository.commondir().join("objects")
}

/// Returns the number of objects in the packs of an object folder and of its alternates. git does not count loose objects.
fn packed_objects(objects: &Path) -> u64 {
    let mut stores = vec![objects.to_owned()];
    let mut total = 0;
    let mut next = 0;
    while let Some(store) = stores.get(next).cloned() {
        next += 1;
        total += packs(&store);
        let listed = std::fs::read_to_string(store.join("info/alternates")).unwrap_or_default();
        for line in listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let other = store.join(line);
            if !stores.contains(&other) {
                stores.push(other);
            }
        }
    }
    total
}

fn packs(store: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(store.join("pack")) else { return 0 };
    let names = entries.filter_map(|entry| Some(entry.ok()?.path()));
    names.filter(|path| path.extension().is_some_and(|ext| ext == "idx")).filter_map(|path| count(&path)).sum()
}

/// Reads the last of the 256 counters at the start of a pack index (gitformat-pack: version 2 has 8 bytes before them, version 1 none).
fn count(index: &Path) -> Option<u64> {
    use std::io::Read as _;
    let mut start = [0_u8; 8 + 256 * 4];
    std::fs::File::open(index).ok()?.read_exact(&mut start).ok()?;
    let at = if start.starts_with(b"\xfftOc") { 8 + 255 * 4 } else { 255 * 4 };
    let bytes: [u8; 4] = start.get(at..at + 4)?.try_into().ok()?;
    Some(u64::from(u32::from_be_bytes(bytes)))
}
