//! Files of `NAME=value` lines, `skaffold.env` and `--set-value-file`, as the Go library godotenv reads them.

use std::collections::BTreeMap;

use manifest::{At, Diagnostic};

/// The bytes of all values together. A few lines could double a value many times.
const MAX_VALUES: usize = 16 << 20;

/// Reads the lines: `NAME=value`, `NAME: value` or `export NAME=value`; comments begin with `#` at the start or behind a blank;
/// double quotes take `\n`, `\r`, `\"`, `\\`, `\$` and variables, single quotes take nothing, and both may span lines.
/// `$NAME` and `${NAME}` stand for variables of the same file.
///
/// # Errors
/// An invalid line, with its number, and values beyond 16 MiB.
pub fn parse(text: &str, file: &str) -> Result<BTreeMap<String, String>, Diagnostic> {
    let (mut values, mut bytes) = (BTreeMap::new(), 0);
    let text = text.replace("\r\n", "\n");
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(values);
        }
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let line = u32::try_from(text[..text.len() - rest.len()].matches('\n').count() + 1).unwrap_or(u32::MAX);
        let bad = |message: &str| {
            let found = Diagnostic::new(message).in_file(file).at(At { line, column: 1 });
            found.hint("write one NAME=value on each line")
        };
        let (name, after) = name(rest).ok_or_else(|| bad("expected NAME=value"))?;
        let (value, after) = value(after, &values).ok_or_else(|| bad("unterminated quoted value"))?;
        bytes += value.len();
        if bytes > MAX_VALUES {
            let message = format!("the values are larger than {} MiB together", MAX_VALUES >> 20);
            return Err(Diagnostic::new(message).in_file(file).at(At { line, column: 1 }));
        }
        values.insert(name, value);
        rest = after;
    }
}

fn name(rest: &str) -> Option<(String, &str)> {
    let rest = match rest.strip_prefix("export") {
        Some(after) if after.starts_with([' ', '\t']) => after.trim_start_matches([' ', '\t']),
        _ => rest,
    };
    let end = rest.find(['=', ':', '\n'])?;
    let name = rest[..end].trim();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let good = !name.is_empty() && name.chars().all(plain) && !rest[end..].starts_with('\n');
    good.then(|| (name.to_owned(), rest[end + 1..].trim_start_matches([' ', '\t'])))
}

fn value<'a>(rest: &'a str, known: &BTreeMap<String, String>) -> Option<(String, &'a str)> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let comment =
            line.match_indices('#').map(|(at, _)| at).find(|&at| at == 0 || line[..at].ends_with([' ', '\t']));
        let plain = line[..comment.unwrap_or(line.len())].trim();
        return Some((expand(plain, known), after));
    };
    let inner = &rest[1..];
    let mut escaped = false;
    let end = inner.char_indices().find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })?;
    let after = inner[end + 1..].split_once('\n').map_or("", |(_, after)| after);
    let text = &inner[..end];
    let text = if quote == '"' { expand(&unescape(text), known) } else { text.to_owned() };
    Some((text, after))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            // A dollar stays escaped until variables are filled in.
            ('\\', Some('$')) => out.push_str("\\$"),
            ('\\', Some(other)) => out.push(other),
            _ => out.push(c),
        }
    }
    out
}

fn expand(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$').filter(|_| out.len() <= MAX_VALUES) {
        if let Some(before) = rest[..at].strip_suffix('\\') {
            out.push_str(before);
            out.push('$');
            rest = &rest[at + 1..];
            continue;
        }
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let bare = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, after) = match braced {
            Some((name, after)) => (name, after),
            None => (&after[..bare], &after[bare..]),
        };
        match name {
            "" => out.push('$'),
            name => out.push_str(known.get(name).map_or("", String::as_str)),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_limited() {
        let doubled: String = (1..60).map(|index| format!("A{index}=$A{}$A{}\n", index - 1, index - 1)).collect();
        let many = format!("A={}\nB={}\n", "x".repeat(1_000_000), "$A".repeat(1_000_000));
        for text in [format!("A0=0123456789\n{doubled}"), many] {
            assert_eq!(parse(&text, "file").unwrap_err().message, "the values are larger than 16 MiB together");
        }
    }

    #[test]
    fn values_are_read_as_godotenv_reads_them() {
        let text = "# note\nA=1\nexport B = two parts # note\nC: \"x\\ny #no\"\nD='$A'\nE=\"${A}-$B\"\nF=a#b\nG=\"two\nlines\"\nH=\n";
        let values = parse(text, "skaffold.env").unwrap();
        let shown: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["A=1", "B=two parts", "C=x\ny #no", "D=$A", "E=1-two parts", "F=a#b", "G=two\nlines", "H="]);
    }

    #[test]
    fn what_is_no_assignment_is_an_error() {
        for (text, line) in [("A=1\nB\n", 2), ("A=\"x\n", 1), ("a b=c", 1)] {
            assert_eq!(parse(text, "f").unwrap_err().at.line, line, "{text}");
        }
    }
}
