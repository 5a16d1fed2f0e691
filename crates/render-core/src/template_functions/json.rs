//! JSON as Go's `encoding/json` reads and writes it.

use std::collections::BTreeMap;

use gotemplate::strconv::{FloatFormat, format_float};
use gotemplate::{Function, FunctionResult, List, Map, Param, Value, allowance, chars, types};

use super::arguments::bytes;
use super::semver::Version;
use super::times::Time;

const ANY: &[Param] = &[Param::Any];
const STRING: &[Param] = &[Param::String];

const TO_JSON: Function = Function::new(ANY, |args| encoded(&args[0], Style::COMPACT));
const TO_PRETTY_JSON: Function = Function::new(ANY, |args| encoded(&args[0], Style::PRETTY));
const TO_RAW_JSON: Function = Function::new(ANY, |args| encoded(&args[0], Style::RAW));

/// The functions of this file. As in Sprig, `toJson` of what JSON cannot take is empty.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("toJson", Function::new(ANY, |args| Ok(encoded(&args[0], Style::COMPACT).unwrap_or_else(|_| "".into())))),
    ("mustToJson", TO_JSON),
    ("toPrettyJson", Function::new(ANY, |args| Ok(encoded(&args[0], Style::PRETTY).unwrap_or_else(|_| "".into())))),
    ("mustToPrettyJson", TO_PRETTY_JSON),
    ("toRawJson", TO_RAW_JSON),
    ("mustToRawJson", TO_RAW_JSON),
    ("fromJson", Function::new(STRING, |args| Ok(parse(bytes(args, 0)).unwrap_or_default())).returning_interface()),
    ("mustFromJson", Function::new(STRING, |args| Ok(parse(bytes(args, 0))?)).returning_interface()),
];

/// The layout of JSON.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// `<`, `>` and `&` are escaped.
    escape_html: bool,
    /// Two blanks a level.
    pretty: bool,
}

impl Style {
    pub(crate) const COMPACT: Style = Style { escape_html: true, pretty: false };
    pub(crate) const PRETTY: Style = Style { escape_html: true, pretty: true };
    pub(crate) const RAW: Style = Style { escape_html: false, pretty: false };
}

fn encoded(value: &Value, style: Style) -> FunctionResult {
    Ok(encode(value, style)?.into())
}

/// Returns a value as JSON.
///
/// # Errors
/// A float that is not a number, a function, and values nested too deeply.
pub(crate) fn encode(value: &Value, style: Style) -> Result<Vec<u8>, String> {
    let mut encoder = Encoder { out: Vec::new(), style, depth: 0, limit: allowance::remaining() / 2 };
    encoder.value(value)?;
    Ok(encoder.out)
}

/// The maximum depth of values; deeper ones are maps that contain themselves.
const DEPTH: usize = 1_000;

struct Encoder {
    out: Vec<u8>,
    style: Style,
    depth: usize,
    /// How many bytes may be written.
    limit: usize,
}

impl Encoder {
    fn value(&mut self, value: &Value) -> Result<(), String> {
        if self.out.len() > self.limit {
            allowance::take(self.out.len());
            return Err(format!("json: more than {} bytes", self.limit));
        }
        match value {
            Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Int(value, _) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Uint(value, _) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Float(value) => self.float(*value)?,
            Value::String(text) => self.string(text),
            Value::Bytes(bytes) => {
                use base64::Engine;
                let text = base64::engine::general_purpose::STANDARD.encode(bytes.as_bytes());
                self.string(text.as_bytes());
            }
            Value::List(list) if list.is_nil() => self.out.extend_from_slice(b"null"),
            Value::Map(map) if map.is_nil() => self.out.extend_from_slice(b"null"),
            Value::List(list) => self.sequence(b"[]", list.iter(), |encoder, item| encoder.value(item))?,
            Value::Map(map) => self.sequence(b"{}", map.borrow().iter(), |encoder, (key, value)| {
                encoder.key(key);
                encoder.value(value)
            })?,
            Value::Object(_) if value.downcast::<Version>().is_some() => self.string(value.to_string().as_bytes()),
            Value::Object(object) => match value.downcast::<Time>() {
                Some(time) => self.string(time.rfc3339().as_bytes()),
                None => self.sequence(b"{}", object.json_members().iter(), |encoder, field| {
                    encoder.key(field.name.as_bytes());
                    encoder.value(&field.value)
                })?,
            },
            other => return Err(format!("json: unsupported type: {}", other.type_name())),
        }
        Ok(())
    }

    fn sequence<T>(
        &mut self,
        brackets: &[u8; 2],
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Encoder, T) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.depth > DEPTH {
            return Err("json: unsupported value: encountered a cycle".to_owned());
        }
        let empty = items.len() == 0;
        self.out.push(brackets[0]);
        self.depth += 1;
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.line();
            write(self, item)?;
        }
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(brackets[1]);
        Ok(())
    }

    fn line(&mut self) {
        if self.style.pretty {
            self.out.push(b'\n');
            self.out.extend(std::iter::repeat_n(b' ', 2 * self.depth));
        }
    }

    fn key(&mut self, key: &[u8]) {
        self.string(key);
        self.out.extend_from_slice(if self.style.pretty { b": " } else { b":" });
    }

    fn float(&mut self, value: f64) -> Result<(), String> {
        if !value.is_finite() {
            let shown = format_float(value, FloatFormat::Shorter, None);
            return Err(format!("json: unsupported value: {shown}"));
        }
        self.out.extend_from_slice(float(value).as_bytes());
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        let mut rest = text;
        for (c, length) in chars(text) {
            match c {
                '"' | '\\' => self.out.extend([b'\\', rest[0]]),
                '\n' => self.out.extend_from_slice(b"\\n"),
                '\r' => self.out.extend_from_slice(b"\\r"),
                '\t' => self.out.extend_from_slice(b"\\t"),
                '\u{8}' => self.out.extend_from_slice(b"\\b"),
                '\u{c}' => self.out.extend_from_slice(b"\\f"),
                '<' | '>' | '&' if self.style.escape_html => self.escape(c),
                '\u{2028}' | '\u{2029}' => self.escape(c),
                c if c < ' ' => self.escape(c),
                '\u{fffd}' if length == 1 => self.out.extend_from_slice(b"\\ufffd"),
                _ => self.out.extend_from_slice(&rest[..length]),
            }
            rest = &rest[length..];
        }
        self.out.push(b'"');
    }

    fn escape(&mut self, c: char) {
        self.out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
    }
}

/// Returns a float as ECMAScript writes it, which is Go's way.
pub(crate) fn float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // Go writes e-09 as e-9.
        return format_float(value, FloatFormat::Exponent, None).replace("e-0", "e-");
    }
    format_float(value, FloatFormat::Decimal, None)
}

/// Reads JSON: numbers become floats.
///
/// # Errors
/// The text that Go gives.
pub(crate) fn parse(text: &[u8]) -> Result<Value, String> {
    let Parsed { value, error } = parse_partly(text, Numbers::Floats)?;
    error.map_or(Ok(value), Err)
}

/// How numbers are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// All are floats.
    Floats,
    /// Those that are written as integers of 64 bits are integers.
    Exact,
}

/// A value, and the first number that does not fit, which is null in it.
pub(crate) struct Parsed {
    pub(crate) value: Value,
    pub(crate) error: Option<String>,
}

/// Reads JSON as far as Go does: after a number that does not fit it goes on.
///
/// # Errors
/// Go's text of a syntax error.
pub(crate) fn parse_partly(text: &[u8], numbers: Numbers) -> Result<Parsed, String> {
    if !allowance::allows(text.len().saturating_mul(16)) {
        return Err("the text is too large".to_owned());
    }
    let mut parser = Parser { text, at: 0, depth: 0, numbers, error: None };
    parser.blanks();
    let value = parser.value("looking for beginning of value")?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.invalid("after top-level value"));
    }
    Ok(Parsed { value, error: parser.error })
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    numbers: Numbers,
    /// See [`Parsed::error`].
    error: Option<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn invalid(&self, context: &str) -> String {
        match self.peek() {
            // At the end Go tries a blank first, which is an error inside of a literal.
            None if ["in literal", "literal", "in string escape", "in \\u"]
                .iter()
                .any(|place| context.starts_with(place))
                || context.ends_with("numeric literal") =>
            {
                format!("invalid character ' ' {context}")
            }
            None => "unexpected end of JSON input".to_owned(),
            Some(b'\'') => format!("invalid character '\\'' {context}"),
            Some(b'"') => format!("invalid character '\"' {context}"),
            Some(byte) => {
                let quoted = gotemplate::strconv::quote_char(char::from(byte), false);
                format!("invalid character {quoted} {context}")
            }
        }
    }

    fn value(&mut self, context: &str) -> Result<Value, String> {
        match self.peek() {
            Some(b'{') => self.nested(Parser::object),
            Some(b'[') => self.nested(Parser::array),
            Some(b'"') => Ok(Value::from(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Nil),
            _ => Err(self.invalid(context)),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                let expected = char::from(expected);
                return Err(self.invalid(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut entries = BTreeMap::new();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Map::new(&types::MAP, entries.into_iter().collect()).into());
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.invalid("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.invalid("after object key"));
            }
            self.at += 1;
            self.blanks();
            let value = self.value("looking for beginning of value")?;
            entries.insert(key.into(), value);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Map::new(&types::MAP, entries.into_iter().collect()).into());
                }
                _ => return Err(self.invalid("after object key:value pair")),
            }
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(List::from_iter(items)));
        }
        loop {
            self.blanks();
            items.push(self.value("looking for beginning of value")?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(List::from_iter(items)));
                }
                _ => return Err(self.invalid("after array element")),
            }
        }
    }

    fn string(&mut self) -> Result<Vec<u8>, String> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match String::from_utf8(out) {
                        Ok(text) => text.into_bytes(),
                        Err(error) => chars(error.as_bytes()).map(|(c, _)| c).collect::<String>().into_bytes(),
                    });
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                Some(byte) if byte >= b' ' => {
                    out.push(byte);
                    self.at += 1;
                }
                _ => return Err(self.invalid("in string literal")),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let simple = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.unit()?;
                let c = self.character(first)?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.invalid("in string escape code")),
        };
        out.push(simple);
        self.at += 1;
        Ok(())
    }

    fn unit(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            match self.peek().and_then(|byte| char::from(byte).to_digit(16)) {
                Some(digit) => code = code << 4 | digit,
                None => return Err(self.invalid("in \\u hexadecimal character escape")),
            }
            self.at += 1;
        }
        Ok(code)
    }

    /// Joins surrogates; a lone one is U+FFFD.
    fn character(&mut self, first: u32) -> Result<char, String> {
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with(b"\\u") {
            let start = self.at;
            self.at += 2;
            let second = self.unit()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.at = start;
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.invalid("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.invalid("after decimal point in numeric literal"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.invalid("in exponent of numeric literal"));
            }
            self.digits();
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        if self.numbers == Numbers::Exact {
            if let Ok(number) = text.parse::<i64>() {
                return Ok(Value::int64(number));
            }
            if let Ok(number) = text.parse::<u64>() {
                return Ok(Value::Uint(number, &types::UINT64));
            }
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => {
                let error = format!("json: cannot unmarshal number {text} into Go value of type float64");
                self.error.get_or_insert(error);
                Ok(Value::Nil)
            }
        }
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_that_of_go() {
        let text = br#"{"b":[1.0,1e21,1e-7,"<\u00e9\ud83d\ude00"],"a":null,"c":{}}"#;
        let value = parse(text).unwrap();
        let expected = "{\"a\":null,\"b\":[1,1e+21,1e-7,\"\\u003cé😀\"],\"c\":{}}";
        assert_eq!(String::from_utf8(encode(&value, Style::COMPACT).unwrap()).unwrap(), expected);
        let pretty = encode(&parse(br#"{"a":[],"b":[1]}"#).unwrap(), Style::PRETTY).unwrap();
        assert_eq!(String::from_utf8(pretty).unwrap(), "{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}");
        for (text, expected) in [
            (&b""[..], "unexpected end of JSON input"),
            (b"{a", "invalid character 'a' looking for beginning of object key string"),
            (b"[1 2]", "invalid character '2' after array element"),
            (b"tru", "invalid character ' ' in literal true (expecting 'e')"),
            (b"[\"a", "unexpected end of JSON input"),
            (b"-", "invalid character ' ' in numeric literal"),
            (b"nil", "invalid character 'i' in literal null (expecting 'u')"),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected);
        }
    }
}
