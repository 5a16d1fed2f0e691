//! The escapes of strings.

/// Removes the first line end of a string of several lines.
pub(super) fn without_first_line_end(text: &str) -> &str {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n")).unwrap_or(text)
}

/// Removes each backslash at the end of a line with the blanks and line ends that follow it.
pub(super) fn joined_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = escape.strip_prefix("\\\\") {
            out.push_str("\\\\");
            rest = after;
            continue;
        }
        let after = escape[1..].trim_start_matches([' ', '\t', '\r', '\n']);
        let blanks = &escape[1..escape.len() - after.len()];
        if blanks.contains('\n') {
            rest = after;
        } else {
            out.push('\\');
            rest = &escape[1..];
        }
    }
    out + rest
}

/// Replaces the escapes, whose form was checked.
///
/// # Errors
/// A backslash before a blank, and the number of a character that does not exist.
pub(super) fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let Some(kind) = rest[at + 1..].chars().next() else { break };
        let after = &rest[at + 1 + kind.len_utf8()..];
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            ' ' | '\t' => return Err(format!("invalid escape: '\\{kind}'")),
            _ => 0,
        };
        out.push(match kind {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            'x' | 'u' | 'U' => {
                let digits = after.get(..digits).unwrap_or_default();
                let number = u32::from_str_radix(digits, 16).unwrap_or(u32::MAX);
                char::from_u32(number).ok_or_else(|| format!("Escaped character '\\u{digits}' is not valid UTF-8."))?
            }
            other => other,
        });
        rest = &after[digits.min(after.len())..];
    }
    out.push_str(rest);
    Ok(out)
}
