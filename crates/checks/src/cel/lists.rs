//! Functions of lists and sets.

use std::rc::Rc;

use super::budget::Budget;
use super::operators;
use super::value::{Value, compare, equal, no_overload};

fn int<'a>(value: usize) -> Value<'a> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Calls a function of a list; absent if there is none.
pub(super) fn member<'a>(
    name: &str,
    target: &Value<'a>,
    arguments: &[Value<'a>],
    budget: &mut Budget,
) -> Option<Result<Value<'a>, String>> {
    let items = target.items()?;
    if let Err(error) = budget.charge(items.len()) {
        return Some(Err(error));
    }
    let ordered = |a: &Value<'a>, b: &Value<'a>| compare(a, b).unwrap_or(std::cmp::Ordering::Equal);
    Some(match (name, arguments) {
        ("isSorted", []) => Ok(Value::Bool(items.windows(2).all(|pair| ordered(&pair[0], &pair[1]).is_le()))),
        ("sum", []) => sum(&items, budget),
        ("min", []) => items.into_iter().min_by(ordered).ok_or_else(|| "min called on empty list".to_owned()),
        ("max", []) => items.into_iter().max_by(ordered).ok_or_else(|| "max called on empty list".to_owned()),
        ("indexOf", [value]) => Ok(items.iter().position(|item| equal(item, value)).map_or(Value::Int(-1), int)),
        ("lastIndexOf", [value]) => Ok(items.iter().rposition(|item| equal(item, value)).map_or(Value::Int(-1), int)),
        ("slice", [Value::Int(start), Value::Int(end)]) => {
            let range = usize::try_from(*start).ok().zip(usize::try_from(*end).ok());
            let part = range.and_then(|(start, end)| items.get(start..end));
            part.map(|part| Value::list(part.to_vec())).ok_or_else(|| "index out of range".to_owned())
        }
        ("reverse", []) => Ok(Value::list(items.into_iter().rev().collect())),
        ("sort", []) => {
            let mut items = items;
            items.sort_by(ordered);
            Ok(Value::list(items))
        }
        ("distinct", []) => distinct(items, budget),
        ("flatten", rest) => {
            let depth = if let [Value::Int(depth)] = rest { usize::try_from(*depth).unwrap_or(0).min(50) } else { 1 };
            let mut flat = Vec::new();
            flatten(&items, depth, &mut flat);
            budget.charge(flat.len()).map(|()| Value::list(flat))
        }
        ("first", []) => Ok(Value::Optional(items.first().cloned().map(Rc::new))),
        ("last", []) => Ok(Value::Optional(items.last().cloned().map(Rc::new))),
        _ => return None,
    })
}

fn sum<'a>(items: &[Value<'a>], budget: &mut Budget) -> Result<Value<'a>, String> {
    let Some((first, rest)) = items.split_first() else { return Ok(Value::Int(0)) };
    rest.iter().try_fold(first.clone(), |sum, item| {
        let add = operators::apply(::cel::common::ast::operators::ADD, &[sum, item.clone()], budget);
        add.unwrap_or_else(|| Err(no_overload("sum", item)))
    })
}

fn distinct<'a>(items: Vec<Value<'a>>, budget: &mut Budget) -> Result<Value<'a>, String> {
    let mut found: Vec<Value<'a>> = Vec::new();
    for item in items {
        budget.charge(1 + found.len() / 8)?;
        if !found.iter().any(|one| equal(one, &item)) {
            found.push(item);
        }
    }
    Ok(Value::list(found))
}

fn flatten<'a>(items: &[Value<'a>], depth: usize, out: &mut Vec<Value<'a>>) {
    for item in items {
        match item.items() {
            Some(nested) if depth > 0 => flatten(&nested, depth - 1, out),
            _ => out.push(item.clone()),
        }
    }
}

/// The functions of `sets` and of lists by their full names; absent if there is none.
pub(super) fn global<'a>(
    name: &str,
    arguments: &[Value<'a>],
    budget: &mut Budget,
) -> Option<Result<Value<'a>, String>> {
    if let ("lists.range" | "range", [Value::Int(count)]) = (name, arguments) {
        let count = usize::try_from(*count).unwrap_or(0);
        return Some(budget.charge(count).map(|()| Value::list((0..count).map(int).collect())));
    }
    if let "math.greatest" | "math.least" = name {
        let values = if let [one] = arguments { one.items()? } else { arguments.to_vec() };
        let order = |a: &Value<'a>, b: &Value<'a>| compare(a, b).unwrap_or(std::cmp::Ordering::Equal);
        let found =
            if name == "math.least" { values.into_iter().min_by(order) } else { values.into_iter().max_by(order) };
        return Some(found.ok_or_else(|| format!("{name} of nothing")));
    }
    let (a, b) = if let [a, b] = arguments { (a.items()?, b.items()?) } else { return None };
    if let Err(error) = budget.charge(a.len().saturating_mul(b.len())) {
        return Some(Err(error));
    }
    let has = |all: &[Value<'a>], one: &Value<'a>| all.iter().any(|other| equal(other, one));
    let includes = |all: &[Value<'a>], some: &[Value<'a>]| some.iter().all(|one| has(all, one));
    Some(Ok(Value::Bool(match name {
        "sets.contains" => includes(&a, &b),
        "sets.equivalent" => includes(&a, &b) && includes(&b, &a),
        "sets.intersects" => a.iter().any(|one| has(&b, one)),
        _ => return None,
    })))
}
