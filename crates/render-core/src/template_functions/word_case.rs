//! Case conversion: `snakecase`, `kebabcase`, `camelcase`, `title`, `untitle`, `swapcase`.
//!
//! Source of the rules: huandu/xstrings v1.5.0 and Masterminds/goutils v1.1.1.

use gotemplate::unicode::{is_digit, is_letter};
use gotemplate::{Function, Param, chars};

use super::arguments::bytes;
use super::unicode_case::{is_title, lower, title, upper};

const STRING: &[Param] = &[Param::String];

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("snakecase", Function::new(STRING, |args| Ok(separated(&decoded(bytes(args, 0)), '_').into()))),
    ("kebabcase", Function::new(STRING, |args| Ok(separated(&decoded(bytes(args, 0)), '-').into()))),
    ("camelcase", Function::new(STRING, |args| Ok(pascal(&decoded(bytes(args, 0))).into()))),
    ("title", Function::new(STRING, |args| Ok(title_words(&decoded(bytes(args, 0))).into()))),
    ("untitle", Function::new(STRING, |args| Ok(untitle(&decoded(bytes(args, 0))).into()))),
    ("swapcase", Function::new(STRING, |args| Ok(swap(&decoded(bytes(args, 0))).into()))),
];

fn decoded(text: &[u8]) -> Vec<char> {
    chars(text).map(|(c, _)| c).collect()
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

fn is_upper(c: char) -> bool {
    c.is_uppercase() && is_letter(c)
}

/// Letters that have a case.
fn is_cased(c: char) -> bool {
    is_letter(c) && (c.is_uppercase() || c.is_lowercase() || is_title(c))
}

fn is_punctuation(c: char) -> bool {
    match c {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        c if c.is_ascii() => c.is_ascii_punctuation(),
        c => {
            matches!(u32::from(c), 0xa1 | 0xa7 | 0xab | 0xb6 | 0xb7 | 0xbb | 0xbf | 0x2010..=0x2027 | 0x2030..=0x205e | 0x3001..=0x3003 | 0x3008..=0x3011)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

/// Returns the first word's kind and length.
fn next_word(text: &[char]) -> (Kind, usize) {
    let Some(&first) = text.first() else { return (Kind::None, 0) };
    let run = |matches: &dyn Fn(char) -> bool| text.iter().take_while(|c| matches(**c)).count();
    if is_connector(first) {
        return (Kind::Connector, run(&is_connector));
    }
    if is_punctuation(first) {
        return (Kind::Punctuation, run(&is_punctuation));
    }
    let lower_run = |from: usize| text[from..].iter().take_while(|c| is_cased(**c) && !is_upper(**c)).count();
    if is_upper(first) {
        let capitals = run(&is_upper);
        if capitals == 1 {
            return (Kind::Upper, 1 + lower_run(1));
        }
        // The last capital begins the next word where letters follow.
        let follows = text.get(capitals).is_some_and(|c| is_cased(*c));
        return (Kind::Upper, if follows { capitals - 1 } else { capitals });
    }
    if is_cased(first) {
        return (Kind::Letters, 1 + lower_run(1));
    }
    if first.is_numeric() {
        return (Kind::Number, run(&|c: char| c.is_numeric()));
    }
    let other = |c: char| !(is_connector(c) || is_cased(c) || c.is_numeric() || is_punctuation(c));
    (Kind::Other, run(&other))
}

/// Reads a text one word at a time and collects the output.
struct WordReader<'t> {
    rest: &'t [char],
    kind: Kind,
    word: &'t [char],
    connector: char,
    out: String,
}

impl<'t> WordReader<'t> {
    fn advance(&mut self) {
        let (kind, length) = next_word(self.rest);
        (self.kind, self.word) = (kind, &self.rest[..length]);
        self.rest = &self.rest[length..];
    }

    fn push(&mut self, kind: Kind, word: &[char]) {
        for &c in word {
            self.out.push(match kind {
                Kind::Upper | Kind::Connector if is_connector(c) => self.connector,
                Kind::Upper | Kind::Connector if is_upper(c) => lower(c),
                _ => c,
            });
        }
    }

    fn push_current(&mut self) {
        let (kind, word) = (self.kind, self.word);
        self.push(kind, word);
    }

    /// Letters and numbers that follow a number belong to it.
    fn push_attached(&mut self) {
        while matches!(self.kind, Kind::Letters | Kind::Number) {
            self.push_current();
            self.advance();
        }
    }

    fn connect_unless(&mut self, kinds: &[Kind]) {
        if !kinds.contains(&self.kind) {
            self.out.push(self.connector);
        }
    }

    fn after_letters(&mut self) {
        const SEPARATE: &[Kind] = &[Kind::Connector, Kind::Punctuation];
        const SEPARATE_OR_END: &[Kind] = &[Kind::None, Kind::Connector, Kind::Punctuation];
        if self.kind != Kind::Number {
            return self.connect_unless(SEPARATE);
        }
        if self.rest.is_empty() {
            return;
        }
        let number = self.word;
        self.advance();
        if self.kind != Kind::Letters {
            self.push(Kind::Number, number);
            return self.connect_unless(SEPARATE);
        }
        self.out.push(self.connector);
        self.push(Kind::Number, number);
        self.push_attached();
        self.connect_unless(SEPARATE_OR_END);
    }
}

fn separated(text: &[char], connector: char) -> String {
    let mut reader = WordReader { rest: text, kind: Kind::None, word: &[], connector, out: String::new() };
    reader.advance();
    while !reader.rest.is_empty() {
        let (previous, last) = (reader.kind, reader.word);
        if previous != Kind::Connector {
            reader.push(previous, last);
        }
        reader.advance();
        match previous {
            Kind::Number => {
                reader.push_attached();
                reader.connect_unless(&[Kind::None, Kind::Punctuation, Kind::Connector]);
            }
            Kind::Connector => reader.push(previous, last),
            Kind::Punctuation => {}
            _ => reader.after_letters(),
        }
    }
    reader.push_current();
    reader.out
}

fn pascal(text: &[char]) -> String {
    let start = text.iter().take_while(|c| is_connector(**c)).count();
    let mut out: String = text[..start].iter().collect();
    let Some(&first) = text.get(start) else { return out };
    let mut after_upper = is_upper(first);
    let mut current = upper(first);
    for &next in &text[start + 1..] {
        let previous = std::mem::replace(&mut current, next);
        if is_connector(next) && is_connector(previous) {
            out.push(previous);
            continue;
        }
        if is_connector(previous) {
            after_upper = is_upper(next);
            current = upper(next);
            continue;
        }
        if after_upper {
            if is_upper(next) {
                current = lower(next);
            } else {
                after_upper = false;
            }
        }
        out.push(previous);
    }
    out.push(current);
    out
}

/// Gives every first letter of a word the title case (Go's `strings.Title`).
fn title_words(text: &[char]) -> String {
    let mut previous = ' ';
    text.iter()
        .map(|&c| {
            let starts = is_separator(previous);
            previous = c;
            if starts { title(c) } else { c }
        })
        .collect()
}

fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphanumeric() && c != '_';
    }
    !is_letter(c) && !is_digit(c) && c.is_whitespace()
}

fn untitle(text: &[char]) -> String {
    let mut starts = true;
    text.iter()
        .map(|&c| {
            if c.is_whitespace() {
                starts = true;
                return c;
            }
            if std::mem::take(&mut starts) { lower(c) } else { c }
        })
        .collect()
}

fn swap(text: &[char]) -> String {
    let mut after_space = true;
    text.iter()
        .map(|&c| {
            if is_upper(c) || is_title(c) {
                after_space = false;
                lower(c)
            } else if c.is_lowercase() && is_letter(c) {
                if std::mem::take(&mut after_space) { title(c) } else { upper(c) }
            } else {
                after_space = c.is_whitespace();
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_as_xstrings_finds_them() {
        let table = [
            ("HTTPServer", "http_server", "HttpServer"),
            ("HTTP20xOK", "http_20x_ok", "Http20XOk"),
            ("Bld4Floor3rd", "bld4_floor_3rd", "Bld4Floor3rd"),
            ("a.b", "a.b", "A.b"),
            ("foo_bar", "foo_bar", "FooBar"),
            ("FOO_BAR", "foo_bar", "FooBar"),
        ];
        for (text, snake, _) in table {
            assert_eq!(separated(&decoded(text.as_bytes()), '_'), snake);
        }
        assert_eq!(separated(&decoded(b"v1beta1Foo"), '-'), "v-1beta1-foo");
        for (text, expected) in
            [("foo_bar", "FooBar"), ("FOO_BAR", "FooBar"), ("FOOBar", "Foobar"), ("foo.bar-baz", "Foo.barBaz")]
        {
            assert_eq!(pascal(&decoded(text.as_bytes())), expected);
        }
        assert_eq!(title_words(&decoded(b"it's so")), "It'S So");
    }
}
