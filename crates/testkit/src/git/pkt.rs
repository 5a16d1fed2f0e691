//! The lines of git's protocol.

/// One line of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Its bytes.
    Data(&'a [u8]),
    /// `0000`, `0001` or `0002`.
    Mark(u8),
}

impl<'a> Line<'a> {
    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Line::Data(bytes) => std::str::from_utf8(bytes).ok().map(|text| text.trim_end_matches('\n')),
            Line::Mark(_) => None,
        }
    }
}

/// Takes a line off the front.
pub(super) fn take<'a>(rest: &mut &'a [u8]) -> Option<Line<'a>> {
    let length = std::str::from_utf8(rest.get(..4)?).ok().and_then(|text| usize::from_str_radix(text, 16).ok())?;
    if length < 4 {
        *rest = &rest[4..];
        return u8::try_from(length).ok().map(Line::Mark);
    }
    let bytes = rest.get(4..length)?;
    *rest = &rest[length..];
    Some(Line::Data(bytes))
}

pub(super) fn data(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(format!("{:04x}", bytes.len() + 4).as_bytes());
    out.extend_from_slice(bytes);
}

pub(super) fn text(out: &mut Vec<u8>, line: &str) {
    data(out, format!("{line}\n").as_bytes());
}

pub(super) fn flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

/// Bytes on a band, in as many lines as they need.
pub(super) fn band(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    for part in bytes.chunks(65000) {
        let mut line = vec![number];
        line.extend_from_slice(part);
        data(out, &line);
    }
}
