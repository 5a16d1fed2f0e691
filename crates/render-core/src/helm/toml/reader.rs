//! Reads a document. The order of checks, and so the error that a wrong document gives, is that of the Go library.

use gotemplate::strconv::{quote, quote_char};
use gotemplate::{List, Map, Value};

use super::document::{Document, Node, Table, map_of};
use super::{numbers, strings};
use crate::time::Offset;

/// The maximum depth of arrays and inline tables. The Go library has none.
const DEEPEST: usize = 500;

/// Reads a document. `local` is the zone of times without one.
///
/// # Errors
/// The Go library's text.
pub(in crate::helm) fn read(text: &[u8], local: &Offset) -> Result<Map, String> {
    let text = [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"]
        .iter()
        .find_map(|mark| text.strip_prefix(*mark))
        .unwrap_or(text);
    if text.iter().take(6).any(|byte| *byte == 0) {
        let message = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Err(format!("toml: line 1: {message}"));
    }
    let mut reader = Reader { text, at: 0, line: 1, document: Document::default(), local, depth: 0, key_line: 1 };
    match reader.document() {
        Ok(()) => Ok(reader.document.finish()),
        Err(Failure { line, message }) => {
            let key = reader.document.current();
            let key = if key.is_empty() { String::new() } else { format!(" (last key {})", quote(key.as_bytes())) };
            Err(format!("toml: line {line}{key}: {message}"))
        }
    }
}

/// An error, and the line that it names.
struct Failure {
    line: i64,
    message: String,
}

type Read<T> = Result<T, Failure>;

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    line: i64,
    document: Document,
    local: &'a Offset,
    depth: usize,
    /// The line of the first part of the last key, which errors about keys name.
    key_line: i64,
}

/// What ends the input.
const END: char = '\0';

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// A character in single quotes, or the end.
fn named(c: char) -> String {
    if c == END { "end of file".to_owned() } else { format!("'{c}'") }
}

impl Reader<'_> {
    fn fail<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(Failure { line: self.line, message: message.into() })
    }

    /// Fails at a character that was read; the end of the input belongs to the line before an empty last one.
    fn fail_at<T>(&self, c: char, message: impl Into<String>) -> Read<T> {
        let after_line_end = c == END && self.at > 0 && self.text[self.at - 1] == b'\n';
        Err(Failure { line: self.line - i64::from(after_line_end), message: message.into() })
    }

    fn fail_on_previous_line<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(Failure { line: self.line - 1, message: message.into() })
    }

    /// Returns the next character without reading it.
    fn peek(&self) -> Read<char> {
        let rest = &self.text[self.at..];
        let Some(first) = rest.first() else { return Ok(END) };
        let line = self.line + i64::from(*first == b'\n');
        let (c, length) = gotemplate::chars(rest).next().unwrap_or((END, 0));
        if c == char::REPLACEMENT_CHARACTER && length == 1 {
            return Err(Failure { line, message: format!("invalid UTF-8 byte: 0x{first:02x}") });
        }
        let control = (c < ' ' && !matches!(c, '\t' | '\r' | '\n')) || c == '\u{7f}';
        if control || (c == '\r' && rest.get(1) != Some(&b'\n')) {
            let message = format!("TOML files cannot contain control characters: '0x{:02x}'", u32::from(c));
            return Err(Failure { line, message });
        }
        Ok(c)
    }

    /// Reads the next character; the end of the input can be read again and again.
    fn next(&mut self) -> Read<char> {
        let c = self.peek()?;
        if self.at < self.text.len() {
            self.at += c.len_utf8();
            self.line += i64::from(c == '\n');
        }
        Ok(c)
    }

    fn accept(&mut self, expected: char) -> Read<bool> {
        let found = self.at < self.text.len() && self.peek()? == expected;
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn skip(&mut self, is_skipped: fn(char) -> bool) -> Read<()> {
        while is_skipped(self.peek()?) {
            self.next()?;
        }
        Ok(())
    }

    /// Goes back over characters of one byte that are no line ends.
    fn back(&mut self, count: usize) {
        self.at -= count;
    }

    fn since(&self, start: usize) -> &[u8] {
        &self.text[start..self.at]
    }

    fn text_since(&self, start: usize) -> String {
        String::from_utf8_lossy(self.since(start)).into_owned()
    }

    fn document(&mut self) -> Read<()> {
        loop {
            self.skip(|c| is_blank(c) || is_line_end(c))?;
            match self.peek()? {
                END => return Ok(()),
                '#' => self.comment()?,
                '[' => {
                    self.next()?;
                    self.header()?;
                    self.line_end()?;
                }
                _ => {
                    self.assignment()?;
                    self.line_end()?;
                }
            }
        }
    }

    fn comment(&mut self) -> Read<()> {
        self.skip(|c| !is_line_end(c) && c != END)
    }

    /// Reads what may follow a value or a header.
    fn line_end(&mut self) -> Read<()> {
        self.skip(is_blank)?;
        match self.peek()? {
            '#' | END => Ok(()),
            c if is_line_end(c) => Ok(()),
            c => {
                self.next()?;
                self.fail(format!(
                    "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                    quote_char(c, false)
                ))
            }
        }
    }

    /// Reads `[name]` or `[[name]]` after its first bracket.
    fn header(&mut self) -> Read<()> {
        let in_list = self.accept('[')?;
        let mut keys = Vec::new();
        loop {
            self.skip(is_blank)?;
            match self.peek()? {
                ']' | END => return self.fail("unexpected end of table name (table names cannot be empty)"),
                '.' => return self.fail("unexpected table separator (table names cannot be empty)"),
                _ => keys.push(self.key_part()?),
            }
            if keys.len() > 500 {
                return self.fail("more than 500 parts in a key");
            }
            if keys.len() == 1 {
                self.key_line = self.line;
            }
            self.skip(is_blank)?;
            match self.next()? {
                '.' => {}
                ']' => break,
                c => {
                    let found = quote_char(c, false);
                    return self.fail_at(c, format!("expected '.' or ']' to end table name, but got {found} instead"));
                }
            }
        }
        if in_list {
            let c = self.next()?;
            if c != ']' {
                let found = quote_char(c, false);
                return self
                    .fail_at(c, format!("expected end of table array name delimiter ']', but got {found} instead"));
            }
        }
        let opened = self.document.open(&keys, in_list);
        self.checked(opened)?;
        self.document.mark_array(false);
        Ok(())
    }

    /// Reads one part of a key.
    fn key_part(&mut self) -> Read<String> {
        match self.peek()? {
            '"' => {
                self.next()?;
                self.basic_string()
            }
            '\'' => {
                self.next()?;
                self.raw_string()
            }
            _ => {
                let start = self.at;
                self.skip(is_bare)?;
                Ok(self.text_since(start))
            }
        }
    }

    /// Adds the line of the last key to an error about keys.
    fn checked(&self, result: Result<(), String>) -> Read<()> {
        result.map_err(|message| Failure { line: self.key_line, message })
    }

    /// Reads a key and the sign after it; returns its parts.
    fn key(&mut self) -> Read<Vec<String>> {
        self.skip(is_blank)?;
        match self.peek()? {
            '=' | END => return self.fail("unexpected '=': key name appears blank"),
            '.' => return self.fail("unexpected '.': keys cannot start with a '.'"),
            _ => {}
        }
        let mut keys = Vec::new();
        loop {
            self.skip(is_blank)?;
            match self.peek()? {
                '=' | END => return self.fail("unexpected '='"),
                '.' => return self.fail("unexpected '.'"),
                _ => keys.push(self.key_part()?),
            }
            if keys.len() > 500 {
                return self.fail("more than 500 parts in a key");
            }
            if keys.len() == 1 {
                self.key_line = self.line;
            }
            self.skip(is_blank)?;
            match self.next()? {
                '.' => {}
                '=' => return Ok(keys),
                END => return self.fail_at(END, "unexpected EOF; expected key separator '='"),
                '\n' => return self.fail_on_previous_line("expected '.' or '=', but got '\\n' instead"),
                c => return self.fail(format!("expected '.' or '=', but got {} instead", quote_char(c, false))),
            }
        }
    }

    /// Reads a key with its value into the open table.
    fn assignment(&mut self) -> Read<()> {
        let outer = self.document.context.clone();
        let mut keys = self.key()?;
        let last = keys.pop().unwrap_or_default();
        self.document.key.clone_from(&last);
        let opened = self.document.open_parents(&keys);
        self.checked(opened)?;
        let value = self.value(false)?;
        let is_array = matches!(value, Node::Value(Value::List(_)));
        let set = self.document.set(&last, value);
        self.checked(set)?;
        self.document.mark_array(is_array);
        self.document.context = outer;
        self.document.key.clear();
        Ok(())
    }

    fn value(&mut self, in_array: bool) -> Read<Node> {
        self.skip(is_blank)?;
        let c = self.peek()?;
        if c.is_ascii_digit() {
            return self.number().map(Node::Value);
        }
        let start = self.at;
        self.next()?;
        let text = match c {
            '[' | '{' => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return self.fail("value is nested too deeply");
                }
                let node = if c == '[' { self.array() } else { self.inline_table(in_array) };
                self.depth -= 1;
                return node;
            }
            '"' if self.text[self.at..].starts_with(b"\"\"") => {
                self.at += 2;
                self.long_string()?
            }
            '"' => self.basic_string()?,
            '\'' if self.text[self.at..].starts_with(b"''") => {
                self.at += 2;
                self.long_raw_string()?
            }
            '\'' => self.raw_string()?,
            '.' => return self.fail("floats must start with a digit, not '.'"),
            '-' | '+' => return self.signed_number(start).map(Node::Value),
            'i' | 'n' if self.rest_of_special_float()? => return self.float(start).map(Node::Value),
            c if c.is_alphabetic() => {
                self.back_over(c);
                return self.boolean().map(Node::Value);
            }
            END => return self.fail_at(END, "unexpected EOF; expected value"),
            '\n' => return self.fail_on_previous_line("expected value but found '\\n' instead"),
            c => return self.fail(format!("expected value but found {} instead", quote_char(c, false))),
        };
        Ok(Node::Value(text.into()))
    }

    /// Goes back over the last character that was read, which is `c` or an ASCII letter.
    fn back_over(&mut self, c: char) {
        let is_last = self.text[..self.at].ends_with(c.to_string().as_bytes());
        self.back(if is_last { c.len_utf8() } else { 1 });
    }

    /// Reads the rest of `inf` or `nan`.
    fn rest_of_special_float(&mut self) -> Read<bool> {
        Ok((self.accept('n')? && self.accept('f')?) || (self.accept('a')? && self.accept('n')?))
    }

    fn boolean(&mut self) -> Read<Value> {
        let start = self.at;
        self.skip(char::is_alphabetic)?;
        match self.since(start) {
            b"true" => Ok(Value::Bool(true)),
            b"false" => Ok(Value::Bool(false)),
            other => {
                let message = format!("expected value but found {} instead", quote(other));
                self.fail(message)
            }
        }
    }

    fn array(&mut self) -> Read<Node> {
        self.document.mark_array(true);
        let mut items = Vec::new();
        loop {
            self.blank_lines_and_comments()?;
            match self.peek()? {
                ',' => {
                    self.next()?;
                    return self.fail("unexpected comma");
                }
                ']' => break,
                _ => items.push(match self.value(true)? {
                    Node::Value(value) => value,
                    Node::Table(table) => map_of(table).into(),
                    Node::Tables(_) => Value::Nil,
                }),
            }
            self.blank_lines_and_comments()?;
            match self.next()? {
                ',' => {}
                ']' => {
                    self.back(1);
                    break;
                }
                c => {
                    let found = named(c);
                    return self
                        .fail_at(c, format!("expected a comma (',') or array terminator (']'), but got {found}"));
                }
            }
        }
        self.next()?;
        Ok(Node::Value(Value::List(List::from_iter(items))))
    }

    fn blank_lines_and_comments(&mut self) -> Read<()> {
        loop {
            self.skip(|c| is_blank(c) || is_line_end(c))?;
            if self.peek()? != '#' {
                return Ok(());
            }
            self.comment()?;
        }
    }

    fn inline_table(&mut self, in_array: bool) -> Read<Node> {
        let outer = (self.document.context.clone(), std::mem::take(&mut self.document.key));
        let mut context = outer.0.clone();
        context.push(outer.1.clone());
        self.document.context.clone_from(&context);
        self.document.mark_implicit(&context);
        let opened = self.document.open(&context, in_array);
        self.checked(opened)?;
        let context = self.document.context.clone();
        let mut table = Table::new();
        while self.more_of_inline_table(!table.is_empty())? {
            let mut keys = self.key()?;
            let last = keys.pop().unwrap_or_default();
            self.document.key.clone_from(&last);
            let opened = self.document.open_parents(&keys);
            self.checked(opened)?;
            let value = self.value(false)?;
            let copy = match &value {
                Node::Value(value) => Node::Value(value.clone()),
                _ => Node::Table(Table::new()),
            };
            let is_array = matches!(value, Node::Value(Value::List(_)));
            let set = self.document.set(&last, copy);
            self.checked(set)?;
            self.document.mark_array(is_array);
            let Some(inner) = parents(&mut table, &keys) else {
                let message = format!("{} is not a table", quote(super::document::shown(&context).as_bytes()));
                return self.checked(Err(message)).map(|()| Node::Table(Table::new()));
            };
            inner.insert(last.as_str().into(), value);
            self.document.context.clone_from(&context);
        }
        (self.document.context, self.document.key) = outer;
        Ok(Node::Table(table))
    }

    /// Reads up to the next key of an inline table; returns false after its end.
    fn more_of_inline_table(&mut self, after_value: bool) -> Read<bool> {
        self.blank_lines_and_comments()?;
        if after_value {
            match self.next()? {
                ',' => {
                    self.skip(is_blank)?;
                    if self.peek()? == '}' {
                        self.next()?;
                        return Ok(false);
                    }
                }
                '}' => return Ok(false),
                c => {
                    let found = named(c);
                    return self.fail_at(
                        c,
                        format!("expected a comma or an inline table terminator '}}', but got {found} instead"),
                    );
                }
            }
            self.blank_lines_and_comments()?;
        }
        match self.peek()? {
            ',' => {
                self.next()?;
                self.fail("unexpected comma")
            }
            '}' => {
                self.next()?;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// Reads a string after its first quote.
    fn basic_string(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            match self.next()? {
                END => return self.fail_at(END, "unexpected EOF; expected '\"'"),
                c if is_line_end(c) => return self.fail_on_previous_line("strings cannot contain newlines"),
                '\\' => self.escape(start)?,
                '"' => break,
                _ => {}
            }
        }
        let line = self.line;
        let text = String::from_utf8_lossy(&self.text[start..self.at - 1]);
        strings::unescaped(&text).map_err(|message| Failure { line, message })
    }

    fn raw_string(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            match self.next()? {
                END => return self.fail_at(END, "unexpected EOF; expected \"'\""),
                c if is_line_end(c) => return self.fail_on_previous_line("strings cannot contain newlines"),
                '\'' => return Ok(String::from_utf8_lossy(&self.text[start..self.at - 1]).into_owned()),
                _ => {}
            }
        }
    }

    fn long_string(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            match self.next()? {
                END => return self.fail_at(END, "unexpected EOF; expected '\"\"\"'"),
                '\\' if is_line_end(self.peek()?) => {
                    self.next()?;
                }
                '\\' => self.escape(start)?,
                '"' if self.closes(start, '"')? => break,
                _ => {}
            }
        }
        let line = self.line;
        let text = String::from_utf8_lossy(&self.text[start..self.at - 3]);
        let text = strings::joined_lines(strings::without_first_line_end(&text));
        strings::unescaped(&text).map_err(|message| Failure { line, message })
    }

    fn long_raw_string(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            match self.next()? {
                END => return self.fail_at(END, "unexpected EOF; expected \"'''\""),
                '\'' if self.closes(start, '\'')? => break,
                _ => {}
            }
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at - 3]);
        Ok(strings::without_first_line_end(&text).to_owned())
    }

    /// Returns whether the last three of the quotes that begin here end the string; if so, they are read. Up to two more belong to it.
    fn closes(&mut self, start: usize, quote: char) -> Read<bool> {
        if !self.accept(quote)? {
            return Ok(false);
        }
        if !self.accept(quote)? {
            return Ok(false);
        }
        if self.peek()? != quote {
            return Ok(true);
        }
        let six = quote.to_string().repeat(6);
        let five = &six.as_bytes()[..5];
        let read = self.since(start);
        let escaped = quote == '"' && read.ends_with(&[b"\\", five].concat());
        if read.ends_with(five) && !escaped {
            let message = if quote == '"' { format!("unexpected '{six}'") } else { format!("unexpected \"{six}\"") };
            return self.fail(message);
        }
        self.back(2);
        Ok(false)
    }

    /// Checks an escape after its backslash. `start` is where the string begins.
    fn escape(&mut self, start: usize) -> Read<()> {
        let c = self.next()?;
        let (count, name) = match c {
            'e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\' => return Ok(()),
            'x' => (2, "two"),
            'u' => (4, "four"),
            'U' => (8, "eight"),
            END => return self.fail_on_previous_line("invalid escape in string '\\\0'"),
            c => return self.fail(format!("invalid escape in string '\\{c}'")),
        };
        for _ in 0..count {
            let digit = self.next()?;
            if !digit.is_ascii_hexdigit() {
                let found = quote(self.since(start));
                let message = format!("expected {name} hexadecimal digits after '\\{c}', but got {found} instead");
                return self.fail_at(digit, message);
            }
        }
        Ok(())
    }

    /// Reads a number or a time that begins with a digit.
    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        if self.next()? == '0' {
            let (c, is_digit, kind): (_, fn(char) -> bool, _) = match self.peek()? {
                'b' => ('b', |c| matches!(c, '0' | '1'), "a binary"),
                'o' => ('o', |c| matches!(c, '0'..='7'), "an octal"),
                'x' => ('x', |c| c.is_ascii_hexdigit(), "a hexadecimal"),
                _ => return self.decimal(start),
            };
            self.accept(c)?;
            let next = self.peek()?;
            if !is_digit(next) {
                return self.fail(format!("not {kind} number: '{}{next}'", self.text_since(start)));
            }
            while is_digit(self.peek()?) || self.peek()? == '_' {
                self.next()?;
            }
            return self.integer(start);
        }
        self.decimal(start)
    }

    /// Reads the rest of a decimal number, or of a time.
    fn decimal(&mut self, start: usize) -> Read<Value> {
        self.skip(|c| c.is_ascii_digit())?;
        match self.peek()? {
            // After a leading zero and no further digit, no time can follow.
            '-' | ':' if self.at - start > 1 || self.text[start] != b'0' => {
                self.skip(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+'))?;
                let line = self.line;
                let text = self.text_since(start);
                numbers::time(text.trim(), self.local).map_err(|message| Failure { line, message })
            }
            '_' => {
                self.next()?;
                self.rest_of_decimal(start)
            }
            '.' | 'e' | 'E' => self.rest_of_decimal(start),
            _ => self.integer(start),
        }
    }

    fn rest_of_decimal(&mut self, start: usize) -> Read<Value> {
        self.skip(|c| c.is_ascii_digit() || c == '_')?;
        if !matches!(self.peek()?, '.' | 'e' | 'E') {
            return self.integer(start);
        }
        self.skip(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E'))?;
        self.float(start)
    }

    /// Reads a number after its sign.
    fn signed_number(&mut self, start: usize) -> Read<Value> {
        let c = self.next()?;
        match c {
            'i' | 'n' => {
                let rest = if c == 'i' { ['n', 'f'] } else { ['a', 'n'] };
                if !self.accept(rest[0])? || !self.accept(rest[1])? {
                    return self.fail(format!("invalid float: '{}'", self.text_since(start)));
                }
                self.float(start)
            }
            '0' if matches!(self.peek()?, 'b' | 'o' | 'x') => {
                let text = self.text_since(start);
                self.fail(format!("cannot use sign with non-decimal numbers: '{text}{}'", self.peek()?))
            }
            '.' => self.fail("floats must start with a digit, not '.'"),
            c if c.is_ascii_digit() => self.rest_of_decimal(start),
            c => self.fail_at(c, format!("expected a digit but got {}", quote_char(c, false))),
        }
    }

    fn integer(&self, start: usize) -> Read<Value> {
        numbers::integer(&self.text_since(start)).map_err(|message| Failure { line: self.line, message })
    }

    fn float(&self, start: usize) -> Read<Value> {
        numbers::float(&self.text_since(start)).map_err(|message| Failure { line: self.line, message })
    }
}

/// Returns the innermost table of the keys, made where it is missing.
fn parents<'t>(table: &'t mut Table, keys: &[String]) -> Option<&'t mut Table> {
    let mut table = table;
    for key in keys {
        let node = table.entry(key.as_str().into()).or_insert_with(|| Node::Table(Table::new()));
        table = match node {
            Node::Table(table) => table,
            _ => return None,
        };
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let local = Offset { seconds: 0, abbreviation: "UTC".to_owned() };
        super::read(text.as_bytes(), &local).map(|map| Value::from(map).to_string())
    }

    #[test]
    fn documents_are_read() {
        let table = [
            ("", "map[]"),
            ("a = 1 # c\n[b]\nc = \"x\\n\"\n[b.d]\n", "map[a:1 b:map[c:x\n d:map[]]]"),
            ("a.b.c = true\na.b.d = 0x1F", "map[a:map[b:map[c:true d:31]]]"),
            ("[[a]]\nb = 1\n[[a]]\nb = [1, 2.5, 'x',\n]", "map[a:[map[b:1] map[b:[1 2.5 x]]]]"),
            (
                "i = { k = 'v', l.m = 1 }\nx = [{ a = 1 }, { a = 2 }]",
                "map[i:map[k:v l:map[m:1]] x:[map[a:1] map[a:2]]]",
            ),
            ("s = \"\"\"\na\\\n  b\"\"\"\"\nr = '''x'y'''", "map[r:x'y s:ab\"]"),
            ("d = 2024-01-02T03:04:05Z", "map[d:2024-01-02 03:04:05 +0000 UTC]"),
            ("a = 1_000\nb = -inf\nc = 1e3", "map[a:1000 b:-Inf c:1000]"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn errors_are_those_of_the_go_library() {
        let table = [
            ("a = ", "toml: line 1 (last key \"a\"): unexpected EOF; expected value"),
            ("a = 1\na = 2", "toml: line 2 (last key \"a\"): Key 'a' has already been defined."),
            ("a = 01", "toml: line 1 (last key \"a\"): Invalid integer \"01\": cannot have leading zeroes"),
            ("a = foo", "toml: line 1 (last key \"a\"): expected value but found \"foo\" instead"),
            ("= 1", "toml: line 1: unexpected '=': key name appears blank"),
            (
                "[a]\nb = [1 2]",
                "toml: line 2 (last key \"a.b\"): expected a comma (',') or array terminator (']'), but got '2'",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).unwrap_err(), expected, "{text:?}");
        }
    }
}
