//! Lists.

use gotmpl::{Result, Value};

use super::arguments::{Function, int, is_empty, list, list_of, string, strings, text, texts, value};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("list", |given| Ok(list_of(given.iter().cloned()))),
    ("tuple", |given| Ok(list_of(given.iter().cloned()))),
    ("first", |given| Ok(list(given, 0)?.first().cloned().unwrap_or(Value::Nil))),
    ("last", |given| Ok(list(given, 0)?.last().cloned().unwrap_or(Value::Nil))),
    ("rest", |given| Ok(list_of(list(given, 0)?.iter().skip(1).cloned()))),
    ("initial", |given| Ok(list_of(list(given, 0)?.split_last().map_or(&[][..], |(_, start)| start).iter().cloned()))),
    ("append", append),
    ("push", append),
    ("prepend", |given| Ok(list_of([value(given, 1)?.clone()].into_iter().chain(list(given, 0)?.iter().cloned())))),
    ("concat", concat),
    ("reverse", |given| Ok(list_of(list(given, 0)?.iter().rev().cloned()))),
    ("uniq", uniq),
    ("without", without),
    ("has", |given| Ok(Value::Bool(list(given, 1)?.contains(value(given, 0)?)))),
    ("compact", |given| Ok(list_of(list(given, 0)?.iter().filter(|one| !is_empty(one)).cloned()))),
    ("slice", |given| {
        let bound = |index| if given.len() > index { int(given, index).map(Some) } else { Ok(None) };
        value(given, 0)?.slice(bound(1)?, bound(2)?)
    }),
    ("until", |given| Ok(steps(0, int(given, 0)?, int(given, 0)?.signum()))),
    ("untilStep", |given| Ok(steps(int(given, 0)?, int(given, 1)?, int(given, 2)?))),
    ("toStrings", |given| Ok(strings(texts(value(given, 0)?).iter().map(String::as_str)))),
    ("join", |given| Ok(string(&texts(value(given, 1)?).join(text(given, 0)?)))),
    ("sortAlpha", |given| {
        let mut sorted = texts(value(given, 0)?);
        sorted.sort_unstable();
        Ok(strings(sorted.iter().map(String::as_str)))
    }),
    ("splitList", |given| Ok(strings(text(given, 1)?.split(text(given, 0)?)))),
];

/// More steps than this end a count; no config counts so far.
const MOST: usize = 100_000;

fn append(given: &[Value]) -> Result<Value> {
    Ok(list_of(list(given, 0)?.iter().cloned().chain([value(given, 1)?.clone()])))
}

fn concat(given: &[Value]) -> Result<Value> {
    let mut all = Vec::new();
    for index in 0..given.len() {
        all.extend_from_slice(list(given, index)?);
    }
    Ok(list_of(all))
}

fn uniq(given: &[Value]) -> Result<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in list(given, 0)? {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    Ok(list_of(kept))
}

fn without(given: &[Value]) -> Result<Value> {
    let omitted = given.get(1..).unwrap_or_default();
    Ok(list_of(list(given, 0)?.iter().filter(|item| !omitted.contains(item)).cloned()))
}

fn steps(start: i64, stop: i64, step: i64) -> Value {
    let upwards = stop >= start;
    if step == 0 || (step > 0) != upwards {
        return list_of([]);
    }
    let numbers = std::iter::successors(Some(start), |number| number.checked_add(step));
    list_of(
        numbers.take_while(|number| if upwards { *number < stop } else { *number > stop }).take(MOST).map(Value::Int),
    )
}
