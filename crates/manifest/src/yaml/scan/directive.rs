//! Directives and tags.

use crate::node::Text;

use super::chars::{is_blank_or_end, is_name_byte};
use super::{Mark, Scan, Scanner, TokenKind, refuse};

impl Scanner<'_> {
    pub(super) fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        self.pos += 1;
        let name = self.name();
        if !name.is_empty() && !is_blank_or_end(self.rest()) {
            return Err(refuse(mark, "while scanning a directive: found an unexpected non-alphabetical character")
                .hint("put a value that starts with `%` in quotes"));
        }
        if name.is_empty() {
            return Err(refuse(mark, "while scanning a directive: could not find the expected directive name")
                .hint("put a value that starts with `%` in quotes"));
        }
        let kind = match name.as_str() {
            "YAML" => self.version(mark)?,
            "TAG" => self.tag_directive(mark)?,
            _ => return Err(refuse(mark, &format!("while scanning a directive: unknown directive `%{name}`"))),
        };
        self.push(kind, mark);
        self.skip_blanks();
        if self.byte() == Some(b'#') {
            self.skip_line_rest();
        }
        if self.byte().is_some() && !self.skip_break() {
            return Err(refuse(mark, "while scanning a directive: did not find the expected comment or line break"));
        }
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self.at_blank() {
            self.pos += 1;
        }
    }

    fn name(&mut self) -> Text {
        let len = self.rest().iter().take_while(|byte| is_name_byte(**byte)).count();
        let word = Text::new(self.slice(self.pos, self.pos + len));
        self.pos += len;
        word
    }

    fn version(&mut self, mark: Mark) -> Scan<TokenKind> {
        self.skip_blanks();
        let major = self.version_number(mark)?;
        if self.byte() != Some(b'.') {
            return Err(refuse(mark, "while scanning a %YAML directive: did not find the expected digit or '.'"));
        }
        self.pos += 1;
        Ok(TokenKind::Version(major, self.version_number(mark)?))
    }

    fn version_number(&mut self, mark: Mark) -> Scan<u8> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=2).contains(&digits) {
            return Err(refuse(mark, "while scanning a %YAML directive: did not find the expected version number"));
        }
        let number = self.slice(self.pos, self.pos + digits).parse().unwrap_or_default();
        self.pos += digits;
        Ok(number)
    }

    fn tag_directive(&mut self, mark: Mark) -> Scan<TokenKind> {
        self.skip_blanks();
        let handle = self.tag_handle(mark, true)?;
        if !self.at_blank() {
            return Err(refuse(mark, "while scanning a %TAG directive: did not find the expected whitespace"));
        }
        self.skip_blanks();
        let prefix = self.tag_uri(mark, "")?;
        if !is_blank_or_end(self.rest()) {
            return Err(refuse(mark, "while scanning a %TAG directive: did not find the expected line break"));
        }
        Ok(TokenKind::TagDirective(Box::new((handle, prefix))))
    }

    pub(super) fn fetch_tag(&mut self) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        let tag = if self.rest().starts_with(b"!<") {
            self.pos += 2;
            let suffix = self.tag_uri(mark, "")?;
            if self.byte() != Some(b'>') {
                return Err(refuse(mark, "while scanning a tag: did not find the expected '>'"));
            }
            self.pos += 1;
            (Text::default(), suffix)
        } else {
            let handle = self.tag_handle(mark, false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.tag_uri(mark, "")?;
                (handle, suffix)
            } else {
                let suffix = self.tag_uri(mark, &handle)?;
                if suffix.is_empty() { (suffix, Text::new_static("!")) } else { (Text::new_static("!"), suffix) }
            }
        };
        if !is_blank_or_end(self.rest()) {
            return Err(refuse(mark, "while scanning a tag: did not find the expected whitespace or line break")
                .hint("put a value that starts with `!` in quotes"));
        }
        self.push(TokenKind::Tag(Box::new(tag)), mark);
        Ok(())
    }

    /// `!`, `!name` or `!name!`.
    fn tag_handle(&mut self, mark: Mark, directive: bool) -> Scan<Text> {
        let from = self.pos;
        if self.byte() != Some(b'!') {
            return Err(refuse(mark, "while scanning a %TAG directive: did not find the expected '!'"));
        }
        self.pos += 1;
        self.name();
        if self.byte() == Some(b'!') {
            self.pos += 1;
        } else if directive && self.pos - from > 1 {
            return Err(refuse(mark, "while scanning a %TAG directive: did not find the expected '!'"));
        }
        Ok(Text::new(self.slice(from, self.pos)))
    }

    /// A tag's URI after `head`, whose `!` does not belong to it; `%` escapes are decoded.
    fn tag_uri(&mut self, mark: Mark, head: &str) -> Scan<Text> {
        let mut bytes: Vec<u8> = head.as_bytes().get(1..).unwrap_or_default().to_vec();
        let from = self.pos;
        while let Some(byte) = self.byte() {
            if byte == b'%' {
                let code = self.text.get(self.pos + 1..self.pos + 3).and_then(|code| std::str::from_utf8(code).ok());
                let octet = code.filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
                let Some(octet) = octet.and_then(|code| u8::from_str_radix(code, 16).ok()) else {
                    return Err(refuse(mark, "while scanning a tag: did not find a URI escaped octet"));
                };
                bytes.push(octet);
                self.pos += 3;
            } else if is_name_byte(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                bytes.push(byte);
                self.pos += 1;
            } else {
                break;
            }
        }
        if self.pos == from && head.is_empty() {
            return Err(refuse(mark, "while scanning a tag: did not find the expected tag URI"));
        }
        match String::from_utf8(bytes) {
            Ok(uri) => Ok(Text::from(uri)),
            Err(_) => Err(refuse(mark, "while scanning a tag: found an incorrect UTF-8 octet")),
        }
    }
}
