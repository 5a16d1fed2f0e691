//! The length of the JSON value that a text begins with.

/// Returns how many bytes the first JSON value has, with the blanks before it; `None` where there is none.
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let start = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    let rest = &text[start..];
    let length = match rest.first()? {
        b'"' => string(rest)?,
        b'{' | b'[' => nested(rest)?,
        b'-' | b'0'..=b'9' => number(rest)?,
        _ => [&b"true"[..], b"false", b"null"].iter().find(|word| rest.starts_with(word))?.len(),
    };
    Some(start + length)
}

fn string(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn nested(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => at += string(&text[at..])? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = if text.get(at) == Some(&b'0') { 1 } else { digits(at) };
    if whole == 0 {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_go_ends_them() {
        let table = [
            ("1x", Some(1)),
            (" 1.5e-3,", Some(7)),
            ("01", Some(1)),
            ("{\"a]\":[1]},x", Some(10)),
            ("\"a\\\"\"b", Some(5)),
            ("nullx", Some(4)),
            ("-", None),
            ("[1", None),
            ("1.", None),
            ("x", None),
        ];
        for (text, expected) in table {
            assert_eq!(length(text.as_bytes()), expected, "{text}");
        }
    }
}
