//! Go's regular expressions, translated into those of the `regex` crate.
//!
//! Both are of the same family. The differences: in Go `\d`, `\w`, `\s` and `\b` are ASCII, `\Q…\E` quotes, classes have no operators, names of
//! groups can repeat, and repetitions are limited to 1,000. Source of the error texts: Go's `regexp/syntax`.

use std::cell::RefCell;
use std::rc::Rc;

use gotemplate::allowance;
use regex::bytes::{Captures, Match, Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use super::unicode_classes::class_name;

/// The longest expression, in bytes.
const LONGEST: usize = 1 << 17;

/// What compiling an expression counts as, by its time.
const COMPILED_BYTES: usize = 1 << 16;

/// How many small expressions a thread keeps.
const KEPT: usize = 64;

/// The bytes that an expression's program may have to be kept, and those of its cache.
const SMALL: SizeLimits = SizeLimits { program: 1 << 18, cache: 1 << 19 };

const LARGE: SizeLimits = SizeLimits { program: 1 << 24, cache: 1 << 22 };

#[derive(Clone, Copy)]
struct SizeLimits {
    program: usize,
    cache: usize,
}

/// An expression, and whether the texts to match are ASCII.
type Key = (String, bool);

thread_local! {
    static COMPILED: RefCell<FxHashMap<Key, Rc<Pattern>>> = RefCell::default();
}

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// The names of the groups in their order, empty for those without; the first one is the whole match.
    names: Vec<String>,
    /// The expression is the empty text.
    pub(super) is_empty: bool,
}

impl Pattern {
    /// Returns the match of a group by its name: the first of that name that took part.
    pub(super) fn named<'t>(&self, name: &str, captures: &Captures<'t>) -> Option<Match<'t>> {
        let named = self.names.iter().enumerate().filter(|(_, known)| *known == name);
        named.into_iter().find_map(|(index, _)| captures.get(index))
    }
}

/// Returns the compiled expression for matching `text`. Small expressions are compiled once in a thread.
///
/// # Errors
/// Go's text, `error parsing regexp: …`.
pub(super) fn compiled(expression: &str, text: &[u8]) -> Result<Rc<Pattern>, String> {
    // Classes and `.` are far smaller without all of Unicode, which an ASCII text cannot contain.
    let key = (expression.to_owned(), text.is_ascii() && expression.is_ascii());
    if let Some(known) = COMPILED.with_borrow(|known| known.get(&key).cloned()) {
        return Ok(known);
    }
    if expression.len() > LONGEST || !allowance::take(COMPILED_BYTES + expression.len() * 64) {
        return Err("error parsing regexp: expression too large".to_owned());
    }
    let (pattern, is_small) = compile(expression, key.1)?;
    let pattern = Rc::new(pattern);
    if is_small {
        COMPILED.with_borrow_mut(|known| {
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(key, pattern.clone());
        });
    }
    Ok(pattern)
}

/// Compiles an expression for all texts, or for those that are ASCII. Returns whether its program is small, too.
fn compile(expression: &str, ascii: bool) -> Result<(Pattern, bool), String> {
    let mut translator = Translator {
        rest: expression,
        whole: expression,
        out: String::new(),
        groups: vec![1],
        last: None,
        names: vec![String::new()],
    };
    translator.run().map_err(|error| format!("error parsing regexp: {error}"))?;
    let build = |limits: SizeLimits, unicode: bool| {
        let mut builder = RegexBuilder::new(&translator.out);
        builder.unicode(unicode).size_limit(limits.program).dfa_size_limit(limits.cache).build()
    };
    let small = build(SMALL, !ascii).or_else(|error| if ascii { build(SMALL, true) } else { Err(error) });
    let (regex, is_small) = match small {
        Ok(regex) => (regex, true),
        Err(_) => match build(LARGE, true) {
            Ok(regex) => (regex, false),
            Err(_) => return Err("error parsing regexp: expression nests too deeply".to_owned()),
        },
    };
    Ok((Pattern { regex, names: translator.names, is_empty: expression.is_empty() }, is_small))
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\x0c\r ";

/// The POSIX classes.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

struct Translator<'e> {
    rest: &'e str,
    whole: &'e str,
    out: String,
    /// How often the items of each open group repeat at most, the expression itself first.
    groups: Vec<u32>,
    /// How often the last item repeats at most, if it can be repeated.
    last: Option<u32>,
    /// See [`Pattern::names`].
    names: Vec<String>,
}

type Step = Result<(), String>;

/// A counted repetition such as `{2,5}`, or `*`, `+`, `?`.
struct Repetition {
    length: usize,
    /// The count that multiplies with those inside.
    count: u32,
    counted: bool,
}

impl<'e> Translator<'e> {
    fn run(&mut self) -> Step {
        let mut repeated: Option<&'e str> = None;
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            if matches!(c, '*' | '+' | '?' | '{')
                && let Some(repetition) = self.repetition()?
            {
                self.repeat(&repetition, repeated)?;
                repeated = Some(repeated.unwrap_or(before));
                continue;
            }
            repeated = None;
            match c {
                '\\' => self.escape()?,
                '[' => {
                    self.class()?;
                    self.item(1);
                }
                '(' => self.group_start()?,
                ')' => self.group_end()?,
                '|' => {
                    self.push(1);
                    self.last = None;
                }
                ']' | '}' | '{' => {
                    self.out.push('\\');
                    self.push(1);
                    self.item(1);
                }
                c => {
                    self.push(c.len_utf8());
                    self.item(1);
                }
            }
        }
        if self.groups.len() > 1 {
            return Err(format!("missing closing ): `{}`", self.whole));
        }
        Ok(())
    }

    fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    fn push(&mut self, length: usize) {
        self.out.push_str(&self.rest[..length]);
        self.skip(length);
    }

    /// Notes an item that repeats so often.
    fn item(&mut self, count: u32) {
        self.last = Some(count);
        if let Some(group) = self.groups.last_mut() {
            *group = count.max(*group);
        }
    }

    /// Returns the repetition that begins here, without looking at what it repeats.
    fn repetition(&self) -> Result<Option<Repetition>, String> {
        let lazy = |length: usize| length + usize::from(self.rest[length..].starts_with('?'));
        if !self.rest.starts_with('{') {
            return Ok(Some(Repetition { length: lazy(1), count: 1, counted: false }));
        }
        let Some(end) = self.rest.find('}') else { return Ok(None) };
        let (least, most) = match self.rest[1..end].split_once(',') {
            Some((least, most)) => (least, Some(most)),
            None => (&self.rest[1..end], None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = |text: &str| text.len() > 1 && text.starts_with('0');
        let valid = digits(least) && !leading_zero(least);
        if !valid || most.is_some_and(|most| !most.is_empty() && (!digits(most) || leading_zero(most))) {
            return Ok(None);
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let count = most.filter(|most| !most.is_empty()).map_or(number(least), number);
        if number(least) > 1000 || count > 1000 || count < number(least) {
            return Err(format!("invalid repeat count: `{}`", &self.rest[..=end]));
        }
        Ok(Some(Repetition { length: lazy(end + 1), count, counted: true }))
    }

    fn repeat(&mut self, repetition: &Repetition, repeated: Option<&str>) -> Step {
        let Repetition { length, count, counted } = *repetition;
        let written = &self.rest[..length];
        if let Some(start) = repeated {
            let end = start.len() - self.rest.len() + length;
            return Err(format!("invalid nested repetition operator: `{}`", &start[..end]));
        }
        let Some(inner) = self.last else {
            return Err(format!("missing argument to repetition operator: `{written}`"));
        };
        let product = inner.saturating_mul(count.max(1));
        if counted && count >= 2 && product > 1000 {
            return Err(format!("invalid repeat count: `{written}`"));
        }
        self.push(length);
        self.item(product);
        Ok(())
    }

    fn group_end(&mut self) -> Step {
        if self.groups.len() < 2 {
            return Err(format!("unexpected ): `{}`", self.whole));
        }
        let count = self.groups.pop().unwrap_or(1);
        self.push(1);
        self.item(count);
        Ok(())
    }

    fn open_group(&mut self) {
        self.groups.push(1);
        self.last = None;
    }

    fn group_start(&mut self) -> Step {
        let Some(flags) = self.rest.strip_prefix("(?") else {
            self.push(1);
            self.names.push(String::new());
            self.open_group();
            return Ok(());
        };
        if let Some(named) = flags.strip_prefix("P<").or_else(|| flags.strip_prefix('<')) {
            return self.named_group(named);
        }
        let end = self.flags_end(flags)?;
        let opens = flags.as_bytes()[end] == b':';
        // Go refuses nothing to negate, and takes `(?:` and `(?)`.
        if end == 0 && !opens {
            self.skip(3);
            return Ok(());
        }
        self.push(2 + end + 1);
        if opens {
            self.open_group();
        }
        Ok(())
    }

    fn named_group(&mut self, named: &str) -> Step {
        let start = self.rest.len() - named.len();
        let Some(end) = named.find('>') else {
            return Err(format!("invalid named capture: `{}`", self.rest));
        };
        let name = &named[..end];
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(word) {
            return Err(format!("invalid named capture: `{}`", &self.rest[..=start + end]));
        }
        self.names.push(name.to_owned());
        self.out.push('(');
        self.skip(start + end + 1);
        self.open_group();
        Ok(())
    }

    /// Returns the offset of the `:` or `)` after the flags of a group.
    fn flags_end(&self, flags: &str) -> Result<usize, String> {
        let mut negated = false;
        let mut any = false;
        for (index, c) in flags.char_indices() {
            match c {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !negated => {
                    negated = true;
                    any = false;
                }
                ':' | ')' if !negated || any => return Ok(index),
                _ => {
                    let shown = 2 + index + c.len_utf8();
                    return Err(format!("invalid or unsupported Perl syntax: `{}`", &self.rest[..shown]));
                }
            }
        }
        Err(format!("invalid or unsupported Perl syntax: `{}`", self.rest))
    }

    /// Translates an escape outside of a class.
    fn escape(&mut self) -> Step {
        let Some(c) = self.rest[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        let replacement = match c {
            'b' => r"(?-u:\b)".to_owned(),
            'B' => r"(?-u:\B)".to_owned(),
            'A' | 'z' => format!("\\{c}"),
            'C' => return Err(format!("invalid escape sequence: `{}`", &self.rest[..2])),
            'Q' => {
                let quoted = &self.rest[2..];
                let end = quoted.find("\\E");
                self.out.push_str(&regex::escape(&quoted[..end.unwrap_or(quoted.len())]));
                self.skip(2 + end.map_or(quoted.len(), |end| end + 2));
                if end != Some(0) && !quoted.is_empty() {
                    self.item(1);
                }
                return Ok(());
            }
            _ => {
                let text = match self.class_escape()? {
                    Some(class) => class,
                    None => self.character_escape()?,
                };
                self.out.push_str(&text);
                self.item(1);
                return Ok(());
            }
        };
        self.skip(2);
        self.out.push_str(&replacement);
        self.item(1);
        Ok(())
    }

    /// Translates `\d`, `\pL` and their kin, which mean the same in a class and outside of one.
    fn class_escape(&mut self) -> Result<Option<String>, String> {
        let set = match self.rest.as_bytes() {
            [b'\\', b'p' | b'P', ..] => return self.unicode_class(),
            [b'\\', b'd' | b'D', ..] => DIGIT,
            [b'\\', b'w' | b'W', ..] => WORD,
            [b'\\', b's' | b'S', ..] => SPACE,
            _ => return Ok(None),
        };
        let negated = if self.rest.as_bytes()[1].is_ascii_uppercase() { "^" } else { "" };
        self.skip(2);
        Ok(Some(format!("[{negated}{set}]")))
    }

    fn unicode_class(&mut self) -> Result<Option<String>, String> {
        let rest = self.rest;
        let Some(first) = rest[2..].chars().next() else { return Ok(None) };
        let length = match first {
            '{' => rest.find('}').ok_or_else(|| format!("invalid character class range: `{rest}`"))? + 1,
            letter => 2 + letter.len_utf8(),
        };
        let written = &rest[..length];
        let name = if first == '{' { &rest[3..length - 1] } else { &rest[2..length] };
        let (name, inverted) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
        let Some(class) = class_name(name) else {
            return Err(format!("invalid character class range: `{written}`"));
        };
        self.skip(length);
        let negated = if written.starts_with("\\P") != inverted { "^" } else { "" };
        Ok(Some(format!("[{negated}{class}]")))
    }

    /// Reads an escape that stands for one character.
    fn character_escape(&mut self) -> Result<String, String> {
        let rest = self.rest;
        let Some(c) = rest[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        let after = 1 + c.len_utf8();
        let (code, length) = match c {
            'x' => hexadecimal(rest)?,
            'a' => (7, after),
            'f' => (12, after),
            'n' => (10, after),
            'r' => (13, after),
            't' => (9, after),
            'v' => (11, after),
            '0'..='7' => {
                let digits = rest[1..].bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                if c != '0' && digits == 1 {
                    return Err(format!("invalid escape sequence: `{}`", &rest[..after]));
                }
                (u32::from_str_radix(&rest[1..=digits], 8).unwrap_or_default(), 1 + digits)
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => (u32::from(c), after),
            _ => return Err(format!("invalid escape sequence: `{}`", &rest[..after])),
        };
        self.skip(length);
        Ok(format!("\\x{{{code:X}}}"))
    }

    fn class(&mut self) -> Step {
        let start = self.rest;
        self.push(1);
        if self.rest.starts_with('^') {
            self.push(1);
        }
        let mut first = true;
        loop {
            let Some(c) = self.rest.chars().next() else { return Err(format!("missing closing ]: `{start}`")) };
            if c == ']' && !first {
                self.push(1);
                return Ok(());
            }
            first = false;
            if self.rest.starts_with("[:")
                && let Some(end) = self.rest[2..].find(":]")
            {
                let name = &self.rest[2..end + 2];
                if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
                    return Err(format!("invalid character class range: `[:{name}:]`"));
                }
                self.push(end + 4);
                continue;
            }
            match self.class_escape()? {
                Some(class) => self.out.push_str(&class),
                None => self.class_range(start)?,
            }
        }
    }

    fn class_range(&mut self, start: &str) -> Step {
        let from = self.rest;
        let low = self.class_character(start)?;
        let mut high = low;
        if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest[1..].starts_with(']') {
            self.skip(1);
            high = self.class_character(start)?;
            if high < low {
                let shown = &from[..from.len() - self.rest.len()];
                return Err(format!("invalid character class range: `{shown}`"));
            }
        }
        self.out.push_str(&format!("\\x{{{low:X}}}-\\x{{{high:X}}}"));
        Ok(())
    }

    fn class_character(&mut self, start: &str) -> Result<u32, String> {
        let Some(c) = self.rest.chars().next() else { return Err(format!("missing closing ]: `{start}`")) };
        if c == '\\' {
            let text = self.character_escape()?;
            return Ok(u32::from_str_radix(text.trim_matches(['\\', 'x', '{', '}']), 16).unwrap_or_default());
        }
        self.skip(c.len_utf8());
        Ok(u32::from(c))
    }
}

/// Returns the character of `\x41` or `\x{41}`, and the length of the escape.
fn hexadecimal(rest: &str) -> Result<(u32, usize), String> {
    let shown = |length: usize| {
        let end = rest[length..].chars().next().map_or(length, |c| length + c.len_utf8());
        Err(format!("invalid escape sequence: `{}`", &rest[..end]))
    };
    if let Some(digits) = rest.strip_prefix("\\x{") {
        let mut code = 0_u32;
        for (index, c) in digits.char_indices() {
            match c.to_digit(16) {
                Some(digit) if code * 16 + digit <= 0x10_ffff => code = code * 16 + digit,
                None if c == '}' && index > 0 => return Ok((code, 3 + index + 1)),
                _ => return shown(3 + index),
            }
        }
        return shown(rest.len());
    }
    let mut characters = rest[2..].chars();
    let (first, second) = (characters.next(), characters.next());
    match (first.and_then(|c| c.to_digit(16)), second.and_then(|c| c.to_digit(16))) {
        (Some(one), Some(two)) => Ok((one * 16 + two, 4)),
        _ => shown(2 + first.map_or(0, char::len_utf8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_translated() {
        let table = [
            (r"^\d+$", "12", true),
            (r"^\d+$", "١", false),
            (r"^[\w-]+$", "a-b", true),
            (r"\Qa.b\E+", "a.bb", true),
            (r"[[:alpha:]]&&[a]", "b&&a", true),
            (r"(?i)ABC", "abc", true),
            (r"^[^\s]+$", "a b", false),
            (r"a{,2}", "a{,2}", true),
            (r"\bfoo\b", "a foo b", true),
            (r"[[a]+", "[[a", true),
            (r"^[^a-zA-Z0-9-_.]+$", "+/", true),
            (r"(?P<1>a)(?<n>b)(?P<n>c)", "abc", true),
            (r"^\p{greek}\p{Uppercase Letter}[\p{Lu}-a]$", "αA-", true),
            (r"\x{41}\x42\103", "ABC", true),
        ];
        for (expression, text, expected) in table {
            assert_eq!(
                compiled(expression, text.as_bytes()).unwrap().regex.is_match(text.as_bytes()),
                expected,
                "{expression}"
            );
        }
    }

    #[test]
    fn errors_are_those_of_go() {
        let table = [
            ("[", "missing closing ]: `[`"),
            ("(", "missing closing ): `(`"),
            ("a)", "unexpected ): `a)`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            (r"\y", r"invalid escape sequence: `\y`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(a{100}){11}", "invalid repeat count: `{11}`"),
            (r"\C", r"invalid escape sequence: `\C`"),
            (r"\xZ", r"invalid escape sequence: `\xZ`"),
            (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
            ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
            ("\\", "trailing backslash at end of expression: ``"),
        ];
        for (expression, expected) in table {
            assert_eq!(
                compiled(expression, b"").unwrap_err(),
                format!("error parsing regexp: {expected}"),
                "{expression}"
            );
        }
    }
}
