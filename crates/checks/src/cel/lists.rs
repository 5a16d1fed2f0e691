//! Functions of lists and sets, and the macros that the parser leaves as calls.

use std::rc::Rc;

use ::cel::IdedExpr;
use ::cel::common::ast::{CallExpr, Expr};

use super::evaluate::{Budget, Scope, Variable, evaluate, no_overload, with};
use super::names;
use super::operators;
use super::value::{MapEntry, Value, compare, equal};

/// Evaluates a call whose arguments are not evaluated first; absent if it is none.
pub(super) fn special<'a>(
    call: &'a CallExpr,
    scope: &Scope<'a, '_>,
    budget: &mut Budget,
) -> Option<Result<Value<'a>, String>> {
    let target = call.target.as_deref()?;
    if !names::declares(&call.func_name) {
        return None;
    }
    let ident = |one: &'a IdedExpr| if let Expr::Ident(name) = &one.expr { Some(name.as_str()) } else { None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        ("bind", [name, value, body]) if matches!(&target.expr, Expr::Ident(library) if library == "cel") => {
            let name = ident(name)?;
            Some(
                evaluate(value, scope, budget)
                    .and_then(|value| with(body, scope, vec![Variable { name, value }], budget)),
            )
        }
        ("optMap" | "optFlatMap", [name, body]) => {
            let name = ident(name)?;
            Some(evaluate(target, scope, budget).and_then(|target| {
                let Value::Optional(inner) = target else { return Err(no_overload("optMap", &target)) };
                let Some(inner) = inner else { return Ok(Value::Optional(None)) };
                let value = with(body, scope, vec![Variable { name, value: inner.as_ref().clone() }], budget)?;
                Ok(if call.func_name == "optMap" { Value::Optional(Some(Rc::new(value))) } else { value })
            }))
        }
        ("sortBy", [name, body]) => {
            let name = ident(name)?;
            Some(evaluate(target, scope, budget).and_then(|target| sort_by(&target, name, body, scope, budget)))
        }
        (_, [first, second, bodies @ ..]) if !bodies.is_empty() => {
            let names = PairNames { first: ident(first)?, second: ident(second)? };
            Some(
                evaluate(target, scope, budget)
                    .and_then(|range| two_variables(&call.func_name, &range, names, bodies, scope, budget)),
            )
        }
        _ => None,
    }
}

/// The variables of a loop with two.
#[derive(Clone, Copy)]
struct PairNames<'a> {
    first: &'a str,
    second: &'a str,
}

/// The loops with two variables: position and item, or key and value.
fn two_variables<'a>(
    function: &str,
    range: &Value<'a>,
    names: PairNames<'a>,
    bodies: &'a [IdedExpr],
    scope: &Scope<'a, '_>,
    budget: &mut Budget,
) -> Result<Value<'a>, String> {
    let entries = pairs(range)?;
    budget.charge(entries.len())?;
    let (condition, body) = match bodies {
        [body] => (None, body),
        [condition, body] => (Some(condition), body),
        _ => return Err(format!("too many arguments of {function}")),
    };
    let mut count = 0_usize;
    let mut failed = None;
    let (mut list, mut map) = (Vec::new(), Vec::new());
    for MapEntry { key, value } in entries {
        let variables = || {
            vec![
                Variable { name: names.first, value: key.clone() },
                Variable { name: names.second, value: value.clone() },
            ]
        };
        if let Some(condition) = condition
            && !matches!(with(condition, scope, variables(), budget)?, Value::Bool(true))
        {
            continue;
        }
        let result = with(body, scope, variables(), budget);
        match (function, result) {
            ("all", Ok(Value::Bool(false))) => return Ok(Value::Bool(false)),
            ("exists", Ok(Value::Bool(true))) => return Ok(Value::Bool(true)),
            ("exists_one" | "existsOne", Ok(Value::Bool(true))) => count += 1,
            ("all" | "exists" | "exists_one" | "existsOne", Ok(Value::Bool(_))) => {}
            ("transformList", Ok(value)) => list.push(value),
            ("transformMap", Ok(value)) => map.push(MapEntry { key, value }),
            ("transformMapEntry", Ok(value)) => map.extend(value.entries().unwrap_or_default()),
            (_, Ok(other)) => return Err(no_overload(function, &other)),
            ("all" | "exists", Err(error)) if budget.exceeded().is_none() => _ = failed.get_or_insert(error),
            (_, Err(error)) => return Err(error),
        }
    }
    match (failed, function) {
        (Some(error), _) => Err(error),
        (None, "all") => Ok(Value::Bool(true)),
        (None, "exists") => Ok(Value::Bool(false)),
        (None, "exists_one" | "existsOne") => Ok(Value::Bool(count == 1)),
        (None, "transformList") => Ok(Value::list(list)),
        (None, _) => Ok(Value::Map(Rc::new(map))),
    }
}

fn pairs<'a>(range: &Value<'a>) -> Result<Vec<MapEntry<'a>>, String> {
    if let Some(items) = range.items() {
        let key = |position: usize| Value::Int(i64::try_from(position).unwrap_or(i64::MAX));
        return Ok(items
            .into_iter()
            .enumerate()
            .map(|(position, value)| MapEntry { key: key(position), value })
            .collect());
    }
    range.entries().ok_or_else(|| no_overload("a loop", range))
}

fn sort_by<'a>(
    target: &Value<'a>,
    name: &'a str,
    body: &'a IdedExpr,
    scope: &Scope<'a, '_>,
    budget: &mut Budget,
) -> Result<Value<'a>, String> {
    let items = target.items().ok_or_else(|| no_overload("sortBy", target))?;
    let mut keyed = Vec::with_capacity(items.len());
    for value in items {
        let key = with(body, scope, vec![Variable { name, value: value.clone() }], budget)?;
        keyed.push(MapEntry { key, value });
    }
    keyed.sort_by(|a, b| compare(&a.key, &b.key).unwrap_or(std::cmp::Ordering::Equal));
    Ok(Value::list(keyed.into_iter().map(|entry| entry.value).collect()))
}

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
