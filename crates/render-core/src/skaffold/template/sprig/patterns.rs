//! Regular expressions. Go's and Rust's are of one family: no look-around, linear time.

use gotmpl::{Result, Value};
use regex::{NoExpand, Regex};

use super::arguments::{Function, int, string, strings, text, wrong};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("regexMatch", |given| {
        let matched =
            Regex::new(text(given, 0)?).is_ok_and(|pattern| text(given, 1).is_ok_and(|text| pattern.is_match(text)));
        text(given, 1).map(|_| Value::Bool(matched))
    }),
    ("regexFind", |given| {
        let (pattern, text) = (pattern(given)?, text(given, 1)?);
        Ok(string(pattern.find(text).map_or("", |found| found.as_str())))
    }),
    ("regexFindAll", |given| {
        let (pattern, text) = (pattern(given)?, text(given, 1)?);
        Ok(strings(pattern.find_iter(text).map(|found| found.as_str()).take(most(int(given, 2)?))))
    }),
    ("regexReplaceAll", |given| Ok(string(&pattern(given)?.replace_all(text(given, 1)?, text(given, 2)?)))),
    ("regexReplaceAllLiteral", |given| {
        Ok(string(&pattern(given)?.replace_all(text(given, 1)?, NoExpand(text(given, 2)?))))
    }),
    ("regexSplit", |given| {
        let (pattern, text) = (pattern(given)?, text(given, 1)?);
        Ok(match int(given, 2)? {
            count if count < 0 => strings(pattern.split(text)),
            count => strings(pattern.splitn(text, most(count))),
        })
    }),
];

fn pattern(given: &[Value]) -> Result<Regex> {
    let written = text(given, 0)?;
    Regex::new(written).map_err(|error| wrong(&format!("`{written}` is no regular expression: {error}")))
}

/// A count of which a negative one means all.
fn most(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
