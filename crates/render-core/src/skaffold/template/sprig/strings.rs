//! Strings. Lengths and places are counted in bytes, as in Go; a cut inside a letter moves before it.

use gotmpl::{Result, Value};

use super::arguments::{Function, count, int, shown, string, text, wrong};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("upper", |given| Ok(string(&text(given, 0)?.to_uppercase()))),
    ("lower", |given| Ok(string(&text(given, 0)?.to_lowercase()))),
    ("title", |given| Ok(string(&first_letters(text(given, 0)?, |c, out| out.extend(c.to_uppercase()))))),
    ("untitle", |given| Ok(string(&first_letters(text(given, 0)?, |c, out| out.extend(c.to_lowercase()))))),
    ("swapcase", |given| Ok(string(&swapped(text(given, 0)?)))),
    ("trim", |given| Ok(string(text(given, 0)?.trim()))),
    ("trimAll", |given| trim_all(given)),
    ("trimall", |given| trim_all(given)),
    ("trimPrefix", |given| Ok(string(text(given, 1)?.strip_prefix(text(given, 0)?).unwrap_or(text(given, 1)?)))),
    ("trimSuffix", |given| Ok(string(text(given, 1)?.strip_suffix(text(given, 0)?).unwrap_or(text(given, 1)?)))),
    ("nospace", |given| Ok(string(&text(given, 0)?.split_whitespace().collect::<String>()))),
    ("initials", |given| {
        Ok(string(&text(given, 0)?.split_whitespace().filter_map(|word| word.chars().next()).collect::<String>()))
    }),
    ("trunc", |given| Ok(string(cut(text(given, 1)?, count(given, 0)?)))),
    ("abbrev", abbreviated),
    ("substr", substring),
    ("repeat", repeated),
    ("replace", |given| Ok(string(&text(given, 2)?.replace(text(given, 0)?, text(given, 1)?)))),
    ("contains", |given| Ok(Value::Bool(text(given, 1)?.contains(text(given, 0)?)))),
    ("hasPrefix", |given| Ok(Value::Bool(text(given, 1)?.starts_with(text(given, 0)?)))),
    ("hasSuffix", |given| Ok(Value::Bool(text(given, 1)?.ends_with(text(given, 0)?)))),
    ("quote", |given| Ok(string(&joined(given, quoted)))),
    ("squote", |given| Ok(string(&joined(given, |text| format!("'{text}'"))))),
    ("cat", |given| Ok(string(&joined(given, str::to_owned)))),
    ("indent", |given| Ok(string(&indented(given)?))),
    ("nindent", |given| Ok(string(&format!("\n{}", indented(given)?)))),
    ("plural", |given| Ok(string(if int(given, 2)? == 1 { text(given, 0)? } else { text(given, 1)? }))),
    ("snakecase", |given| Ok(string(&words(text(given, 0)?).join("_")))),
    ("kebabcase", |given| Ok(string(&words(text(given, 0)?).join("-")))),
    ("camelcase", |given| Ok(string(&camel(text(given, 0)?)))),
];

/// A text may be repeated up to this many bytes.
const LONGEST: usize = 1 << 20;

fn trim_all(given: &[Value]) -> Result<Value> {
    let cut = text(given, 0)?;
    Ok(string(text(given, 1)?.trim_matches(|c| cut.contains(c))))
}

/// The text with the first letter of each word changed.
fn first_letters(text: &str, change: impl Fn(char, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        if inside {
            out.push(letter);
        } else {
            change(letter, &mut out);
        }
        inside = letter.is_alphanumeric() || letter == '_' || (letter.is_ascii_punctuation() && letter == '\'');
    }
    out
}

fn swapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_uppercase() { out.extend(letter.to_lowercase()) } else { out.extend(letter.to_uppercase()) }
    }
    out
}

/// At most that many bytes of the text.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn abbreviated(given: &[Value]) -> Result<Value> {
    let (width, text) = (count(given, 0)?, text(given, 1)?);
    let fits = width < 4 || text.len() <= width;
    Ok(string(&if fits { text.to_owned() } else { format!("{}...", cut(text, width - 3)) }))
}

fn substring(given: &[Value]) -> Result<Value> {
    let (start, end, text) = (int(given, 0)?, int(given, 1)?, text(given, 2)?);
    let place = |index: i64| text.floor_char_boundary(usize::try_from(index).unwrap_or_default());
    let end = if end < 0 { text.len() } else { place(end) };
    text.get(place(start)..end).map(string).ok_or_else(|| wrong("slice bounds out of range"))
}

fn repeated(given: &[Value]) -> Result<Value> {
    let (times, text) = (count(given, 0)?, text(given, 1)?);
    match text.len().checked_mul(times) {
        Some(bytes) if bytes <= LONGEST => Ok(string(&text.repeat(times))),
        _ => Err(wrong("the repeated text is too long")),
    }
}

/// The values that are not nil, each as a text that was changed, with a space between.
fn joined(given: &[Value], change: impl Fn(&str) -> String) -> String {
    let shown: Vec<String> =
        given.iter().filter(|one| !matches!(one, Value::Nil)).map(|one| change(&shown(one))).collect();
    shown.join(" ")
}

/// The text as a Go string literal (`%q`).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(control))),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out + "\""
}

fn indented(given: &[Value]) -> Result<String> {
    let pad = " ".repeat(count(given, 0)?.min(LONGEST));
    Ok(format!("{pad}{}", text(given, 1)?.replace('\n', &format!("\n{pad}"))))
}

/// The words of a name in any spelling, in small letters.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let letters: Vec<char> = text.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| letters[index]);
        let next_small = letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_numeric() || (before.is_uppercase() && next_small)
            });
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn camel(text: &str) -> String {
    let parts = text.split(['_', '-', ' ']).filter(|part| !part.is_empty());
    parts.map(|part| first_letters(part, |c, out| out.extend(c.to_uppercase()))).collect()
}
