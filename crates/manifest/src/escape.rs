//! Text from outside (files, servers, commits) in a form that a terminal, a log, a CI service or a page shows as text and nothing else.
//!
//! - [`line()`]: for a place in one line. Control characters, line breaks and characters that change the direction of text are escaped.
//! - [`message`]: the same for a text that may have several lines; all but the first are indented.
//! - [`commands`]: for output that a CI service reads. What GitHub Actions or Azure Pipelines would run as a command becomes text.
//! - [`markdown`], [`html`], [`json`]: for documents.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character is shown as something else than itself: C0 and C1 control characters, and those that separate lines or change the
/// direction of text (Unicode Standard Annex 9; "Trojan Source", CVE-2021-42574).
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

fn escape_into(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // A String takes whatever is written to it.
        _ => _ = write!(out, "\\u{{{:x}}}", u32::from(character)),
    }
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let hidden = |character: char| is_hidden(character) && !stays(character);
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if hidden(character) { escape_into(&mut out, character) } else { out.push(character) }
    }
    Cow::Owned(out)
}

/// Returns a text in one line, with `\n`, `\t` and `\u{1b}` for what is not shown as itself.
///
/// ```
/// assert_eq!(manifest::escape::line("a\n\u{1b}[31mb\u{202e}"), "a\\n\\u{1b}[31mb\\u{202e}");
/// ```
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// Returns a text in which line breaks and tabs stay, and every other character is as [`line()`] shows it.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| matches!(character, '\n' | '\t'))
}

/// Returns a message of one or several lines. All but the first are indented by four spaces, so that none looks like a message of its own.
pub fn message(text: &str) -> Cow<'_, str> {
    let text = text.trim_end_matches('\n');
    if text.contains('\n') { Cow::Owned(lines(text).replace('\n', "\n    ")) } else { lines(text) }
}

/// Returns output in which no line is a command for a CI service: neither `::NAME …::` of GitHub Actions, which may follow blanks, nor
/// `##[NAME]` and `##vso[NAME]` of GitHub Actions and Azure Pipelines, which may be anywhere.
///
/// ```
/// assert_eq!(manifest::escape::commands("a\n  ::error::x\n"), "a\n  \\u{3a}:error::x\n");
/// ```
pub fn commands(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let start = line.len() - line.trim_start().len();
        let (blank, rest) = line.split_at(start);
        out.push_str(blank);
        let rest = match rest.strip_prefix("::") {
            Some(rest) => {
                out.push_str("\\u{3a}:");
                rest
            }
            None => rest,
        };
        without_bracket_commands(&mut out, rest, "\\u{23}");
    }
    Cow::Owned(out)
}

/// Appends a text with another form of the last `#` in `##[` and `##name[`.
fn without_bracket_commands(out: &mut String, text: &str, hash: &str) {
    let mut rest = text;
    while let Some(at) = rest.find("##") {
        let after = &rest[at + 2..];
        let name = after.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(after.len());
        let is_command = after[name..].starts_with('[');
        out.push_str(&rest[..=at]);
        out.push_str(if is_command { hash } else { "#" });
        rest = after;
        // `###[` has two pairs.
        if !is_command && rest.starts_with('#') {
            out.pop();
            rest = &text[text.len() - rest.len() - 1..];
        }
    }
    out.push_str(rest);
}

/// Returns a text as Markdown that shows it: in one line, without markup, HTML, table cells or links, and with no mention of a user.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in line(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

/// Returns a text as a code span of Markdown, also within a table.
pub fn markdown_code(text: &str) -> String {
    format!("`{}`", line(text).replace('`', "'").replace('|', "\\|"))
}

/// Returns a link of Markdown; the label alone where the address is not one of http or https.
pub fn markdown_link(label: &str, url: &str) -> String {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return markdown(label);
    }
    let mut address = String::with_capacity(url.len());
    for character in url.chars() {
        if character.is_ascii_graphic() && !"()<>[]\\`\"'|".contains(character) {
            address.push(character);
            continue;
        }
        let mut bytes = [0; 4];
        for byte in character.encode_utf8(&mut bytes).bytes() {
            // A String takes whatever is written to it.
            _ = write!(address, "%{byte:02X}");
        }
    }
    format!("[{}]({address})", markdown(label))
}

/// Returns the message of a workflow command of GitHub Actions (`::error::MESSAGE`): line breaks stay line breaks of the message.
pub fn command_message(text: &str) -> String {
    let text = lines(text).replace('%', "%25").replace('\n', "%0A");
    let mut out = String::with_capacity(text.len());
    without_bracket_commands(&mut out, &text, "\\u{23}");
    out
}

/// Returns a property of a workflow command of GitHub Actions (`file=…`), in one line.
pub fn command_property(text: &str) -> String {
    command_message(&line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a path as that of a URI (RFC 3986, section 3.3).
///
/// ```
/// assert_eq!(manifest::escape::uri_path("a b/é#.yaml"), "a%20b/%C3%A9%23.yaml");
/// ```
pub fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // A String takes whatever is written to it.
            _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Returns a text for an element or an attribute of HTML. Line breaks and tabs stay.
pub fn html(text: &str) -> String {
    let text = lines(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Returns a JSON document with the same value in which hidden characters, and what a CI service would run as a command, are escapes.
pub fn json(document: &str) -> Cow<'_, str> {
    let hidden = |character: char| is_hidden(character) && character != '\n';
    if !document.contains(hidden) && !document.contains("##") {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 16);
    for character in document.chars() {
        // A String takes whatever is written to it.
        if hidden(character) { _ = write!(out, "\\u{:04x}", u32::from(character)) } else { out.push(character) }
    }
    let mut result = String::with_capacity(out.len() + 16);
    without_bracket_commands(&mut result, &out, "\\u0023");
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        for (given, shown) in [
            ("plain é 漢", "plain é 漢"),
            ("a\u{0}b\u{7f}\u{9b}31m", "a\\u{0}b\\u{7f}\\u{9b}31m"),
            ("\u{202e}\u{2066}\u{200f}\u{2028}", "\\u{202e}\\u{2066}\\u{200f}\\u{2028}"),
            ("a\r\n\tb", "a\\r\\n\\tb"),
        ] {
            assert_eq!(line(given), shown);
        }
        assert_eq!(message("one\nerror: two\r\n"), "one\n    error: two\\r");
        assert_eq!(command_message("50%\n::x::\r"), "50%25%0A::x::\\r");
        assert_eq!(command_property("a:b,c\n%"), "a%3Ab%2Cc\\n%25");
        assert_eq!(json("{\"a\":\"\u{9b}\u{202e}##[x]\"}\n"), "{\"a\":\"\\u009b\\u202e#\\u0023[x]\"}\n");
    }

    #[test]
    fn no_line_is_a_command() {
        for (given, shown) in [
            ("a::b c", "a::b c"),
            ("::add-mask::x\n", "\\u{3a}:add-mask::x\n"),
            ("\u{a0} \t::x::", "\u{a0} \t\\u{3a}:x::"),
            ("a ##[error]x ##vso[task.a]", "a #\\u{23}[error]x #\\u{23}vso[task.a]"),
            ("## Title [x]\n### [y]\n", "## Title [x]\n### [y]\n"),
            ("###[x]", "##\\u{23}[x]"),
            ("####[", "###\\u{23}["),
        ] {
            assert_eq!(commands(given), shown, "{given:?}");
        }
    }

    #[test]
    fn markdown_shows_the_text() {
        assert_eq!(markdown("a|b <i> `c` @ann [x](y)\n# d"), "a\\|b &lt;i&gt; \\`c\\` &#64;ann \\[x\\](y)\\\\n# d");
        assert_eq!(markdown_link("#1", "https://h/a(b) é"), "[#1](https://h/a%28b%29%20%C3%A9)");
        assert_eq!(markdown_link("x", "javascript:alert(1)"), "x");
        assert_eq!(markdown_code("a`b|c\n"), "`a'b\\|c\\n`");
        assert_eq!(html("<a href='x'>\u{1b}&\n"), "&lt;a href=&#39;x&#39;&gt;\\u{1b}&amp;\n");
    }
}
