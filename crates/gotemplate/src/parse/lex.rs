//! The lexer: template text to tokens.

use super::token::{Token, TokenKind, keyword};
use crate::strconv::quote;
use crate::text::decode_char;
use crate::unicode::{is_digit, is_letter, is_print};

/// Cuts a template into tokens, one at a time.
pub(crate) struct Lexer<'s> {
    source: &'s [u8],
    delimiters: (&'s [u8], &'s [u8]),
    /// The next byte.
    at: usize,
    /// Where the current token begins.
    start: usize,
    paren_depth: usize,
    inside_action: bool,
    /// `break` and `continue` are keywords unless functions have these names.
    break_is_keyword: bool,
    continue_is_keyword: bool,
    /// The message of the error that was given; nothing follows it.
    failure: Option<String>,
}

/// The letters, digits and underscores of ASCII.
static IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

type Step<'s> = Result<Token<'s>, String>;

impl<'s> Lexer<'s> {
    pub(crate) fn new(
        source: &'s [u8],
        delimiters: (&'s [u8], &'s [u8]),
        break_is_keyword: bool,
        continue_is_keyword: bool,
    ) -> Lexer<'s> {
        Lexer {
            source,
            delimiters,
            at: 0,
            start: 0,
            paren_depth: 0,
            inside_action: false,
            break_is_keyword,
            continue_is_keyword,
            failure: None,
        }
    }

    /// Returns the next token; after an error or the end, the end.
    pub(crate) fn next_token(&mut self) -> Token<'s> {
        if self.failure.is_some() {
            return Token { kind: TokenKind::Eof, at: self.start, text: b"" };
        }
        let step = if self.inside_action { self.inside_action() } else { self.text() };
        step.unwrap_or_else(|message| {
            self.failure = Some(message);
            Token { kind: TokenKind::Error, at: self.start, text: b"" }
        })
    }

    /// Returns the message of the token that is an error.
    pub(crate) fn message(&self) -> &str {
        self.failure.as_deref().unwrap_or_default()
    }

    /// Returns the line of an offset, from 1.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        memchr::memchr_iter(b'\n', &self.source[..at]).count() + 1
    }

    fn rest(&self) -> &'s [u8] {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        (self.at < self.source.len()).then(|| decode_char(self.rest()).0)
    }

    fn next(&mut self) -> Option<char> {
        if self.at >= self.source.len() {
            return None;
        }
        let (c, length) = decode_char(self.rest());
        self.at += length;
        Some(c)
    }

    /// Steps over one of these characters, which are of ASCII.
    fn accept(&mut self, valid: &str) -> bool {
        let found = self.rest().first().is_some_and(|byte| valid.as_bytes().contains(byte));
        if found {
            self.at += 1;
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    /// Returns the token from `start` to here.
    fn token(&mut self, kind: TokenKind) -> Token<'s> {
        let token = Token { kind, at: self.start, text: &self.source[self.start..self.at] };
        self.skip();
        token
    }

    /// Leaves out what was read since the last token.
    fn skip(&mut self) {
        self.start = self.at;
    }

    fn text(&mut self) -> Step<'s> {
        loop {
            let (left, _) = self.delimiters;
            let Some(offset) = find(self.rest(), left) else {
                self.at = self.source.len();
                let kind = if self.at > self.start { TokenKind::Text } else { TokenKind::Eof };
                return Ok(self.token(kind));
            };
            let delimiter_at = self.at + offset;
            let mut end = delimiter_at;
            if has_left_trim(&self.source[delimiter_at + left.len()..]) {
                end = self.start + trim_right(&self.source[self.start..end]);
            }
            if end > self.start {
                self.at = end;
                let token = self.token(TokenKind::Text);
                self.at = delimiter_at;
                self.skip();
                return Ok(token);
            }
            self.at = delimiter_at;
            self.skip();
            if let Some(token) = self.left_delimiter()? {
                return Ok(token);
            }
        }
    }

    /// Reads the left delimiter, or a whole comment, which gives no token.
    fn left_delimiter(&mut self) -> Result<Option<Token<'s>>, String> {
        self.at += self.delimiters.0.len();
        let marker = if has_left_trim(self.rest()) { 2 } else { 0 };
        if self.rest()[marker..].starts_with(b"/*") {
            self.at += marker;
            self.skip();
            self.comment()?;
            return Ok(None);
        }
        let token = self.token(TokenKind::LeftDelim);
        self.inside_action = true;
        self.at += marker;
        self.skip();
        self.paren_depth = 0;
        Ok(Some(token))
    }

    fn comment(&mut self) -> Result<(), String> {
        self.at += 2;
        let Some(offset) = find(self.rest(), b"*/") else { return Err("unclosed comment".to_owned()) };
        self.at += offset + 2;
        let Some(trim) = self.at_right_delimiter() else {
            return Err("comment ends before closing delimiter".to_owned());
        };
        self.close(trim);
        self.skip();
        Ok(())
    }

    fn is_right_delimiter(&self, rest: &[u8]) -> bool {
        let right = self.delimiters.1;
        rest.first() == right.first() && rest.starts_with(right)
    }

    /// Returns whether a right delimiter follows, and whether it trims.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim(rest) && self.is_right_delimiter(&rest[2..]) {
            return Some(true);
        }
        self.is_right_delimiter(rest).then_some(false)
    }

    /// Moves after the right delimiter and what it trims.
    fn close(&mut self, trim: bool) {
        self.at += self.delimiters.1.len() + if trim { 2 } else { 0 };
        if trim {
            self.at += self.rest().iter().take_while(|byte| is_space(char::from(**byte))).count();
        }
    }

    fn right_delimiter(&mut self, trim: bool) -> Token<'s> {
        if trim {
            self.at += 2;
            self.skip();
        }
        self.at += self.delimiters.1.len();
        let token = self.token(TokenKind::RightDelim);
        if trim {
            self.at += self.rest().iter().take_while(|byte| is_space(char::from(**byte))).count();
            self.skip();
        }
        self.inside_action = false;
        token
    }

    fn inside_action(&mut self) -> Step<'s> {
        if let Some(trim) = self.at_right_delimiter() {
            if self.paren_depth == 0 {
                return Ok(self.right_delimiter(trim));
            }
            return Err("unclosed left paren".to_owned());
        }
        let Some(c) = self.next() else { return Err("unclosed action".to_owned()) };
        match c {
            c if is_space(c) => Ok(self.space()),
            '=' => Ok(self.token(TokenKind::Assign)),
            ':' => match self.next() {
                Some('=') => Ok(self.token(TokenKind::Declare)),
                _ => Err("expected :=".to_owned()),
            },
            '|' => Ok(self.token(TokenKind::Pipe)),
            '"' => self.quoted(b'"', TokenKind::String, "unterminated quoted string"),
            '`' => self.raw_string(),
            '$' => self.name(TokenKind::Variable),
            '\'' => self.quoted(b'\'', TokenKind::CharConstant, "unterminated character constant"),
            '.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => self.name(TokenKind::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.at -= 1;
                self.number()
            }
            c if is_word(c) => self.identifier(),
            '(' => {
                self.paren_depth += 1;
                Ok(self.token(TokenKind::LeftParen))
            }
            ')' if self.paren_depth == 0 => Err("unexpected right paren".to_owned()),
            ')' => {
                self.paren_depth -= 1;
                Ok(self.token(TokenKind::RightParen))
            }
            c if c.is_ascii() && is_print(c) => Ok(self.token(TokenKind::Char)),
            c => Err(format!("unrecognized character in action: {}", code_point(Some(c)))),
        }
    }

    /// Reads a run of blanks. The last one may belong to ` -}}`.
    fn space(&mut self) -> Token<'s> {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        let last = &self.source[self.at - 1..];
        if has_right_trim(last) && self.is_right_delimiter(&last[2..]) {
            self.at -= 1;
            if self.at == self.start {
                return self.right_delimiter(true);
            }
        }
        self.token(TokenKind::Space)
    }

    fn identifier(&mut self) -> Step<'s> {
        self.word_characters();
        if !self.at_terminator() {
            return Err(format!("bad character {}", code_point(self.peek())));
        }
        let word = &self.source[self.start..self.at];
        let kind = match keyword(word) {
            Some(TokenKind::Break) if !self.break_is_keyword => TokenKind::Identifier,
            Some(TokenKind::Continue) if !self.continue_is_keyword => TokenKind::Identifier,
            Some(kind) => kind,
            None if matches!(word, b"true" | b"false") => TokenKind::Bool,
            None => TokenKind::Identifier,
        };
        Ok(self.token(kind))
    }

    /// Reads the rest of a field or a variable; a single point or dollar is one, too.
    fn name(&mut self, kind: TokenKind) -> Step<'s> {
        if self.at_terminator() {
            return Ok(self.token(if kind == TokenKind::Field { TokenKind::Dot } else { kind }));
        }
        self.word_characters();
        if !self.at_terminator() {
            return Err(format!("bad character {}", code_point(self.peek())));
        }
        Ok(self.token(kind))
    }

    /// Reads letters, digits and underscores.
    fn word_characters(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.iter().position(|byte| !IS_WORD[usize::from(*byte)]).unwrap_or(rest.len());
            if self.rest().first().is_none_or(u8::is_ascii) || !self.peek().is_some_and(is_word) {
                return;
            }
            self.next();
        }
    }

    fn at_terminator(&self) -> bool {
        match self.rest().first() {
            None | Some(b'.' | b',' | b'|' | b':' | b')' | b'(' | b' ' | b'\t' | b'\r' | b'\n') => true,
            Some(_) => self.is_right_delimiter(self.rest()),
        }
    }

    fn quoted(&mut self, delimiter: u8, kind: TokenKind, unterminated: &str) -> Step<'s> {
        loop {
            let Some(offset) = memchr::memchr3(delimiter, b'\\', b'\n', self.rest()) else {
                return Err(unterminated.to_owned());
            };
            self.at += offset + 1;
            match self.source[self.at - 1] {
                b'\\' => {
                    if matches!(self.next(), None | Some('\n')) {
                        return Err(unterminated.to_owned());
                    }
                }
                b'\n' => return Err(unterminated.to_owned()),
                _ => return Ok(self.token(kind)),
            }
        }
    }

    fn raw_string(&mut self) -> Step<'s> {
        match find(self.rest(), b"`") {
            None => Err("unterminated raw quoted string".to_owned()),
            Some(offset) => {
                self.at += offset + 1;
                Ok(self.token(TokenKind::RawString))
            }
        }
    }

    fn number(&mut self) -> Step<'s> {
        let complete = self.scan_number();
        let mut kind = TokenKind::Number;
        let mut valid = complete;
        if complete && matches!(self.peek(), Some('+' | '-')) {
            kind = TokenKind::Complex;
            valid = self.scan_number() && self.source[self.at - 1] == b'i';
        }
        if valid {
            return Ok(self.token(kind));
        }
        Err(format!("bad number syntax: {}", quote(&self.source[self.start..self.at])))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => self.accept("eE"),
            23 => self.accept("pP"),
            _ => false,
        };
        if exponent {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_word) {
            self.next();
            return false;
        }
        true
    }
}

/// Returns where the needle begins. Texts are short and the first byte of a needle is rare in them, so a search for it is enough.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        from += memchr::memchr(first, &bytes[from..])?;
        if bytes[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_word(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}

fn has_left_trim(bytes: &[u8]) -> bool {
    matches!(bytes, [b'-', blank, ..] if is_space(char::from(*blank)))
}

fn has_right_trim(bytes: &[u8]) -> bool {
    matches!(bytes, [blank, b'-', ..] if is_space(char::from(*blank)))
}

/// Returns the length without the blanks at the end.
fn trim_right(bytes: &[u8]) -> usize {
    bytes.len() - bytes.iter().rev().take_while(|byte| is_space(char::from(**byte))).count()
}

/// Returns a character as `%#U` prints it. The end is -1, which prints as Go prints it.
fn code_point(c: Option<char>) -> String {
    match c {
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(c) if is_print(c) => format!("U+{:04X} '{c}'", u32::from(c)),
        Some(c) => format!("U+{:04X}", u32::from(c)),
    }
}
