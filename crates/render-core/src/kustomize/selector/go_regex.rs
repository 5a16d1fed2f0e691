//! Regular expressions in Go's RE2 syntax, run by the `regex` crate.

use manifest::Diagnostic;
use regex::Regex;

/// Compiles an expression in Go's syntax (package `regexp/syntax`, flags `Perl`).
///
/// # Errors
/// Returns an error if Go would refuse it, or the compiled expression would be too large.
pub(crate) fn compile(pattern: &str) -> Result<Regex, Diagnostic> {
    let refuse = |reason: String| {
        Diagnostic::new(format!("invalid regular expression {pattern:?}: {reason}"))
            .hint("use Go's syntax, with a backslash before special characters")
    };
    let translated = Translator { rest: pattern, out: String::with_capacity(pattern.len() + 16) }.run();
    let translated = translated.map_err(|reason| refuse(reason.to_owned()))?;
    Regex::new(&translated).map_err(|error| refuse(reason_of(&error)))
}

/// Returns the reason of an error, without the excerpt of the pattern that the `regex` crate prints.
fn reason_of(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Rewrites what the two syntaxes read differently: classes that are ASCII in Go, `\Q…\E`, a `{` that counts nothing,
/// brackets and set operators inside a class, repeated repetition.
struct Translator<'a> {
    rest: &'a str,
    out: String,
}

impl Translator<'_> {
    fn run(mut self) -> Result<String, &'static str> {
        let mut repeated = false;
        while let Some(next) = self.rest.chars().next() {
            let repetition = match next {
                '*' | '+' | '?' => Some(1),
                '{' => counted(self.rest),
                _ => None,
            };
            if let Some(length) = repetition {
                if repeated {
                    return Err("invalid nested repetition operator");
                }
                self.copy(length);
                if self.rest.starts_with('?') {
                    self.copy(1);
                }
                repeated = true;
                continue;
            }
            repeated = false;
            match next {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '{' => self.replace(1, "\\{"),
                '(' if self.rest.starts_with("(?") => self.copy(2),
                other => self.copy(other.len_utf8()),
            }
        }
        Ok(self.out)
    }

    fn copy(&mut self, length: usize) {
        let (head, tail) = self.rest.split_at(length);
        self.out.push_str(head);
        self.rest = tail;
    }

    fn replace(&mut self, length: usize, by: &str) {
        self.out.push_str(by);
        self.rest = &self.rest[length..];
    }

    fn escape(&mut self, in_class: bool) -> Result<(), &'static str> {
        let Some(next) = self.rest[1..].chars().next() else { return Err("trailing backslash") };
        let (inside, outside) = match next {
            'd' => ("0-9", "[0-9]"),
            'w' => ("0-9A-Za-z_", "[0-9A-Za-z_]"),
            's' => ("\\t\\n\\x0C\\r ", "[\\t\\n\\x0C\\r ]"),
            'D' => ("[^0-9]", "[^0-9]"),
            'W' => ("[^0-9A-Za-z_]", "[^0-9A-Za-z_]"),
            'S' => ("[^\\t\\n\\x0C\\r ]", "[^\\t\\n\\x0C\\r ]"),
            'b' if !in_class => ("", "(?-u:\\b)"),
            'Q' if !in_class => {
                return {
                    self.quoted();
                    Ok(())
                };
            }
            '<' => ("<", "<"),
            '>' => (">", ">"),
            other => {
                self.copy(1 + other.len_utf8());
                return Ok(());
            }
        };
        self.replace(2, if in_class { inside } else { outside });
        Ok(())
    }

    fn quoted(&mut self) {
        let text = &self.rest[2..];
        let (literal, tail) = text.split_once("\\E").unwrap_or((text, ""));
        self.out.push_str(&regex::escape(literal));
        self.rest = tail;
    }

    fn class(&mut self) -> Result<(), &'static str> {
        self.copy(1);
        if self.rest.starts_with('^') {
            self.copy(1);
        }
        let mut first = true;
        while let Some(next) = self.rest.chars().next() {
            match next {
                ']' if first => self.replace(1, "\\]"),
                ']' => {
                    self.copy(1);
                    return Ok(());
                }
                '[' if self.rest.starts_with("[:") && self.rest.contains(":]") => {
                    let end = self.rest.find(":]").map_or(1, |index| index + 2);
                    self.copy(end);
                }
                '[' => self.replace(1, "\\["),
                '&' | '~' => {
                    self.out.push('\\');
                    self.copy(1);
                }
                '\\' => self.escape(true)?,
                other => self.copy(other.len_utf8()),
            }
            first = false;
        }
        Err("missing closing ]")
    }
}

/// The length of a counted repetition (`{2}`, `{2,}`, `{2,3}`) at the start of `text`.
fn counted(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let (least, most) = match text[1..end].split_once(',') {
        Some((least, most)) => (least, Some(most)),
        None => (&text[1..end], None),
    };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number(least) && most.is_none_or(|most| most.is_empty() || number(most))).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        for (pattern, yes, no) in [
            ("^(?:web-\\d+)$", "web-12", "web-٣"),
            ("^a{,2}$", "a{,2}", "aa"),
            ("^[[a]+$", "[a", "b"),
            ("^[a&&b]+$", "&", "c"),
            ("^\\Qa.b\\E$", "a.b", "axb"),
            ("^(?i)WEB$", "web", "wex"),
            ("^[]a]$", "]", "b"),
            ("^[^]a]$", "b", "]"),
            ("^a\\_b$", "a_b", "ab"),
        ] {
            let expression = compile(pattern).expect(pattern);
            assert!(expression.is_match(yes), "{pattern} should match {yes}");
            assert!(!expression.is_match(no), "{pattern} should not match {no}");
        }
        for pattern in ["a**", "*", "(", "[a", "a\\", "(?<n", "a{2}{3}"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }
}
