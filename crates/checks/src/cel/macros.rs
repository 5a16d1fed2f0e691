//! Macros that the parser leaves as calls, whose arguments are not evaluated first.

use std::rc::Rc;

use ::cel::IdedExpr;
use ::cel::common::ast::{CallExpr, Expr};

use super::budget::Budget;
use super::evaluate::{evaluate, with};
use super::names;
use super::scope::{Scope, Variable};
use super::value::{MapEntry, Value, compare, no_overload};

/// Evaluates a macro; absent if the call is none.
pub(super) fn evaluate_macro<'a>(
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
