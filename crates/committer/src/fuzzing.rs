//! Entry points of the fuzz targets in `fuzz/`. Not for other uses.

use crate::metadata::Record;
use crate::notes::Note;

/// Reads the bytes as a record; one that is read and written is read again as the same.
pub fn record(bytes: &[u8]) {
    if let Ok(record) = Record::parse(bytes) {
        let written = record.to_bytes();
        let again = Record::parse(&written).expect("a written record can be read");
        assert_eq!(again.to_bytes(), written);
    }
}

/// Reads the bytes as a note; one that is read and written is read again as the same.
pub fn note(bytes: &[u8]) {
    let note = Note::parse(bytes);
    assert_eq!(Note::parse(&note.to_bytes()), note);
    let named = note.with("a/b", "0123", "4567");
    assert_eq!(named.sha("a/b"), Some("0123"));
}
