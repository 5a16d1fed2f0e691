//! Distinguished Encoding Rules of ASN.1: writing values, and reading the few structures of keys and certificates.

/// A universal or context-specific tag with the bit for constructed values.
pub(super) type Tag = u8;

pub(super) const BOOLEAN: Tag = 0x01;
pub(super) const INTEGER: Tag = 0x02;
pub(super) const BIT_STRING: Tag = 0x03;
pub(super) const OCTET_STRING: Tag = 0x04;
pub(super) const NULL: Tag = 0x05;
pub(super) const OBJECT_IDENTIFIER: Tag = 0x06;
pub(super) const UTF8_STRING: Tag = 0x0c;
pub(super) const PRINTABLE_STRING: Tag = 0x13;
pub(super) const UTC_TIME: Tag = 0x17;
pub(super) const GENERALIZED_TIME: Tag = 0x18;
pub(super) const SEQUENCE: Tag = 0x30;
pub(super) const SET: Tag = 0x31;

/// Returns the tag `[number]`, constructed.
pub(super) const fn explicit(number: u8) -> Tag {
    0xa0 | number
}

/// Returns the tag `[number]`, primitive.
pub(super) const fn implicit(number: u8) -> Tag {
    0x80 | number
}

/// Encodes a value: tag, length, content.
pub(super) fn value(tag: Tag, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        _ => {
            let bytes = content.len().to_be_bytes();
            let bytes = trimmed(&bytes);
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or_default());
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(content);
    out
}

/// Encodes a value that consists of others.
pub(super) fn constructed(tag: Tag, parts: &[Vec<u8>]) -> Vec<u8> {
    value(tag, &parts.concat())
}

/// Encodes an unsigned number, given in big-endian order.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let bytes = trimmed(bytes);
    let mut content = Vec::with_capacity(bytes.len() + 1);
    if bytes.first().is_none_or(|first| *first >= 0x80) {
        content.push(0);
    }
    content.extend_from_slice(bytes);
    value(INTEGER, &content)
}

/// Encodes an object identifier, given by its encoded content.
pub(super) fn identifier(content: &[u8]) -> Vec<u8> {
    value(OBJECT_IDENTIFIER, content)
}

/// Encodes bits in whole bytes, of which the last `unused` bits do not count.
pub(super) fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    value(BIT_STRING, &[&[unused], bytes].concat())
}

/// Returns a big-endian number without leading zeros.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// Reads the values of an encoded structure one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

/// A value that was read.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) content: &'a [u8],
    /// The whole value with its tag and length.
    pub(super) encoded: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Reads the next value; `None` where the data ends or is malformed.
    pub(super) fn element(&mut self) -> Option<Element<'a>> {
        let (&tag, &first) = (self.0.first()?, self.0.get(1)?);
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, header) = if first < 0x80 {
            (usize::from(first), 2)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let digits = self.0.get(2..2 + count)?;
            (digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit)), 2 + count)
        };
        let end = header.checked_add(length)?;
        let encoded = self.0.get(..end)?;
        self.0 = &self.0[end..];
        Some(Element { tag, content: &encoded[header..], encoded })
    }

    /// Reads the content of the next value, which must have this tag.
    pub(super) fn expect(&mut self, tag: Tag) -> Option<&'a [u8]> {
        let element = self.element()?;
        (element.tag == tag).then_some(element.content)
    }

    /// Reads the next value if it has this tag.
    pub(super) fn optional(&mut self, tag: Tag) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.element().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    /// Reads an unsigned number without leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        self.expect(INTEGER).filter(|content| content.first().is_some_and(|first| *first < 0x80)).map(trimmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_were_written() {
        let long = vec![7_u8; 300];
        let written = constructed(SEQUENCE, &[unsigned(&[0, 0, 0x80]), value(OCTET_STRING, &long), unsigned(&[])]);
        assert_eq!(&written[..4], &[0x30, 0x82, 0x01, 0x37]);
        let mut outer = Reader::new(&written);
        let mut inner = Reader::new(outer.expect(SEQUENCE).unwrap());
        assert_eq!(inner.unsigned(), Some(&[0x80][..]));
        assert_eq!(inner.expect(OCTET_STRING), Some(&long[..]));
        assert_eq!(inner.unsigned(), Some(&[][..]));
        assert!(inner.is_empty() && outer.is_empty());
    }

    #[test]
    fn malformed_data_is_refused() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x05, 1], &[0x30, 0x80], &[0x1f, 0], &[0x30, 0x84, 255, 255, 255, 255]]
        {
            assert!(Reader::new(bytes).element().is_none(), "{bytes:?}");
        }
    }
}
