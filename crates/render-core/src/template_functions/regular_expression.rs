//! Go's regular expressions, translated into those of the `regex` crate.
//!
//! Both are of the same family. The differences: in Go `\d`, `\w`, `\s` and `\b` are ASCII, `\Q…\E` quotes, classes have no operators, and
//! repetitions are limited to 1,000. Source of the error texts: Go's `regexp/syntax`.

use regex::bytes::{Regex, RegexBuilder};

/// Compiles an expression.
///
/// # Errors
/// Go's text, `error parsing regexp: …`.
pub(super) fn compile(expression: &str) -> Result<Regex, String> {
    let translated = Translator { rest: expression, whole: expression, out: String::new(), groups: Vec::new() }.run();
    let translated = translated.map_err(|error| format!("error parsing regexp: {error}"))?;
    RegexBuilder::new(&translated)
        .size_limit(1 << 24)
        .dfa_size_limit(1 << 22)
        .build()
        .map_err(|_| "error parsing regexp: expression nests too deeply".to_owned())
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\x0c\r ";

struct Translator<'e> {
    rest: &'e str,
    whole: &'e str,
    out: String,
    /// The text from the start of each open group, for errors.
    groups: Vec<&'e str>,
}

type Step = Result<(), String>;

impl<'e> Translator<'e> {
    fn run(mut self) -> Result<String, String> {
        // Whether the last item can be repeated, and whether it is a repetition.
        let mut repeatable = false;
        let mut repeated: Option<&'e str> = None;
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            match c {
                '*' | '+' | '?' | '{' => {
                    if let Some(length) = self.repetition()? {
                        self.check_repetition(before, length, repeatable, repeated)?;
                        repeated = Some(repeated.unwrap_or(before));
                        self.push(length);
                        continue;
                    }
                    self.out.push_str("\\{");
                    self.skip(1);
                    repeatable = true;
                }
                '\\' => {
                    repeatable = self.escape()?;
                }
                '[' => {
                    self.class()?;
                    repeatable = true;
                }
                '(' => {
                    self.group_start()?;
                    repeatable = false;
                }
                ')' => {
                    if self.groups.pop().is_none() {
                        return Err(format!("unexpected ): `{}`", self.whole));
                    }
                    self.push(1);
                    repeatable = true;
                }
                '|' => {
                    self.push(1);
                    repeatable = false;
                }
                ']' | '}' => {
                    self.out.push('\\');
                    self.push(1);
                    repeatable = true;
                }
                c => {
                    self.push(c.len_utf8());
                    repeatable = true;
                }
            }
            repeated = None;
        }
        if !self.groups.is_empty() {
            return Err(format!("missing closing ): `{}`", self.whole));
        }
        Ok(self.out)
    }

    fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    fn push(&mut self, length: usize) {
        self.out.push_str(&self.rest[..length]);
        self.skip(length);
    }

    /// Returns the length of the repetition that begins here, without looking at what it repeats.
    fn repetition(&self) -> Result<Option<usize>, String> {
        let lazy = |length: usize| length + usize::from(self.rest[length..].starts_with('?'));
        if !self.rest.starts_with('{') {
            return Ok(Some(lazy(1)));
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
        let most_count = most.filter(|most| !most.is_empty()).map_or(number(least), number);
        if number(least) > 1000 || most_count > 1000 || most_count < number(least) {
            return Err(format!("invalid repeat count: `{}`", &self.rest[..=end]));
        }
        Ok(Some(lazy(end + 1)))
    }

    fn check_repetition(&self, at: &str, length: usize, repeatable: bool, repeated: Option<&str>) -> Step {
        if let Some(start) = repeated {
            let end = start.len() - at.len() + length;
            return Err(format!("invalid nested repetition operator: `{}`", &start[..end]));
        }
        if !repeatable {
            return Err(format!("missing argument to repetition operator: `{}`", &at[..length]));
        }
        Ok(())
    }

    fn group_start(&mut self) -> Step {
        self.groups.push(self.rest);
        let Some(flags) = self.rest.strip_prefix("(?") else {
            self.push(1);
            return Ok(());
        };
        if let Some(named) = flags.strip_prefix("P<").or_else(|| flags.strip_prefix('<')) {
            let start = self.rest.len() - named.len();
            let Some(end) = named.find('>') else {
                return Err(format!("invalid named capture: `{}`", self.rest));
            };
            let name = &named[..end];
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(word) {
                return Err(format!("invalid named capture: `{}`", &self.rest[..=start + end]));
            }
            // Rust's names do not begin with a digit, and nothing here asks for names by Go's rules but replacements.
            self.push(start + end + 1);
            return Ok(());
        }
        let end = flags.find(|c: char| !matches!(c, 'i' | 'm' | 's' | 'U' | '-'));
        match end.map(|end| (end, flags.as_bytes()[end])) {
            Some((end, closing @ (b')' | b':'))) if !flags[..end].ends_with('-') && (end > 0 || closing == b':') => {
                self.push(2 + end + 1);
                if closing == b')' {
                    self.groups.pop();
                }
                Ok(())
            }
            None => Err(format!("missing closing ): `{}`", self.whole)),
            Some((end, _)) => {
                let shown = 2 + end + flags[end..].chars().next().map_or(0, char::len_utf8);
                Err(format!("invalid or unsupported Perl syntax: `{}`", &self.rest[..shown]))
            }
        }
    }

    /// Translates an escape outside of a class; returns whether it can be repeated.
    fn escape(&mut self) -> Result<bool, String> {
        let Some(c) = self.rest[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        let set = |set: &str, negated: bool| format!("[{}{set}]", if negated { "^" } else { "" });
        let replacement = match c {
            'd' | 'D' => set(DIGIT, c == 'D'),
            'w' | 'W' => set(WORD, c == 'W'),
            's' | 'S' => set(SPACE, c == 'S'),
            'b' => r"(?-u:\b)".to_owned(),
            'B' => r"(?-u:\B)".to_owned(),
            'A' | 'z' => format!("\\{c}"),
            'Q' => {
                let quoted = &self.rest[2..];
                let end = quoted.find("\\E");
                self.out.push_str(&regex::escape(&quoted[..end.unwrap_or(quoted.len())]));
                self.skip(2 + end.map_or(quoted.len(), |end| end + 2));
                return Ok(true);
            }
            'C' => r"(?s-u:.)".to_owned(),
            _ => {
                let length = self.character_escape()?;
                let text = self.rest[..length].to_owned();
                self.skip(length);
                self.out.push_str(&escape_of(&text));
                return Ok(true);
            }
        };
        self.skip(1 + c.len_utf8());
        self.out.push_str(&replacement);
        Ok(true)
    }

    /// Returns the length of an escape that stands for one character or a Unicode class.
    fn character_escape(&self) -> Result<usize, String> {
        let rest = self.rest;
        let Some(c) = rest[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        let bad = || Err(format!("invalid escape sequence: `{}`", &rest[..1 + c.len_utf8()]));
        match c {
            'p' | 'P' => match rest[2..].chars().next() {
                Some('{') => match rest.find('}') {
                    Some(end) => Ok(end + 1),
                    None => Err(format!("invalid character class range: `{rest}`")),
                },
                Some(class) if class.is_ascii_alphabetic() => Ok(2 + class.len_utf8()),
                Some(class) => Err(format!("invalid character class range: `{}`", &rest[..2 + class.len_utf8()])),
                None => Err(format!("invalid character class range: `{rest}`")),
            },
            'x' => {
                if rest[2..].starts_with('{') {
                    let end = rest.find('}').filter(|end| rest[3..*end].bytes().all(|byte| byte.is_ascii_hexdigit()));
                    return end
                        .filter(|end| *end > 3)
                        .map_or_else(|| Err(format!("invalid escape sequence: `{}`", &rest[..3])), |end| Ok(end + 1));
                }
                match rest.get(2..4) {
                    Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(4),
                    _ => bad(),
                }
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => Ok(2),
            '0'..='7' => {
                let digits = rest[1..].bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                if c != '0' && digits == 1 { bad() } else { Ok(1 + digits) }
            }
            c if c.is_ascii_punctuation() => Ok(1 + c.len_utf8()),
            _ => bad(),
        }
    }

    fn class(&mut self) -> Step {
        let start = self.rest;
        let missing = || format!("missing closing ]: `{start}`");
        self.push(1);
        if self.rest.starts_with('^') {
            self.push(1);
        }
        let mut first = true;
        loop {
            let Some(c) = self.rest.chars().next() else { return Err(missing()) };
            if c == ']' && !first {
                self.push(1);
                return Ok(());
            }
            first = false;
            if self.rest.starts_with("[:")
                && let Some(end) = self.rest.find(":]")
            {
                let name = &self.rest[..end + 2];
                if !name[2..end].trim_start_matches('^').chars().all(|c| c.is_ascii_lowercase()) || end == 2 {
                    return Err(format!("invalid character class range: `{name}`"));
                }
                self.push(end + 2);
                continue;
            }
            if self.class_set() {
                continue;
            }
            self.class_range(start)?;
        }
    }

    /// Translates `\d` and its kin inside a class.
    fn class_set(&mut self) -> bool {
        let set = match self.rest.as_bytes() {
            [b'\\', b'd', ..] => DIGIT.to_owned(),
            [b'\\', b'w', ..] => WORD.to_owned(),
            [b'\\', b's', ..] => SPACE.to_owned(),
            [b'\\', b'D', ..] => format!("[^{DIGIT}]"),
            [b'\\', b'W', ..] => format!("[^{WORD}]"),
            [b'\\', b'S', ..] => format!("[^{SPACE}]"),
            _ => return false,
        };
        self.skip(2);
        self.out.push_str(&set);
        true
    }

    fn class_range(&mut self, start: &str) -> Step {
        let from = self.rest;
        let low = self.class_character(start)?;
        self.out.push_str(&low);
        if self.rest.starts_with('-') && !self.rest[1..].starts_with(']') && self.rest.len() > 1 {
            self.skip(1);
            let high = self.class_character(start)?;
            if let (Some(one), Some(two)) = (single(&low), single(&high))
                && two < one
            {
                let shown = &from[..from.len() - self.rest.len()];
                return Err(format!("invalid character class range: `{shown}`"));
            }
            self.out.push('-');
            self.out.push_str(&high);
        }
        Ok(())
    }

    fn class_character(&mut self, start: &str) -> Result<String, String> {
        let Some(c) = self.rest.chars().next() else { return Err(format!("missing closing ]: `{start}`")) };
        if c == '\\' {
            let length = self.character_escape()?;
            let text = escape_of(&self.rest[..length]);
            self.skip(length);
            return Ok(text);
        }
        self.skip(c.len_utf8());
        Ok(if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() })
    }
}

/// Returns an escape as the `regex` crate takes it.
fn escape_of(text: &str) -> String {
    let Some(c) = text.chars().nth(1) else { return text.to_owned() };
    match c {
        '0'..='7' => {
            let code = u32::from_str_radix(&text[1..], 8).unwrap_or_default();
            format!("\\x{{{code:x}}}")
        }
        '_' | '<' | '>' | '"' | '\'' | '/' | '%' | '!' | '@' | ',' | ';' | ':' | '=' | '`' => {
            regex::escape(&c.to_string())
        }
        _ => text.to_owned(),
    }
}

/// Returns the character that a class item is, if it is one.
fn single(text: &str) -> Option<u32> {
    let mut characters = text.chars();
    match (characters.next()?, characters.next(), characters.next()) {
        ('\\', Some(c), None) if c.is_ascii_punctuation() => Some(u32::from(c)),
        ('\\', ..) => None,
        (c, None, None) => Some(u32::from(c)),
        _ => None,
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
        ];
        for (expression, text, expected) in table {
            assert_eq!(compile(expression).unwrap().is_match(text.as_bytes()), expected, "{expression}");
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
            ("\\", "trailing backslash at end of expression: ``"),
        ];
        for (expression, expected) in table {
            assert_eq!(compile(expression).unwrap_err(), format!("error parsing regexp: {expected}"), "{expression}");
        }
    }
}
