//! Evaluates expressions.

use std::borrow::Cow;
use std::rc::Rc;

use ::cel::IdedExpr;
use ::cel::common::ast::operators as op;
use ::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, ListExpr, LiteralValue, MapExpr, SelectExpr};

use super::budget::Budget;
use super::scope::{Scope, Variable};
use super::value::{MapEntry, Value, no_overload};
use super::{functions, macros, names, operators};

/// The deepest nesting of evaluations.
const DEPTH: usize = 300;

/// Evaluates an expression with two more variables.
pub(super) fn with<'a>(
    expression: &'a IdedExpr,
    scope: &Scope<'a, '_>,
    variables: Vec<Variable<'a>>,
    budget: &mut Budget,
) -> Result<Value<'a>, String> {
    evaluate(expression, &Scope { variables, parent: Some(scope) }, budget)
}

/// Evaluates an expression.
pub(super) fn evaluate<'a>(
    expression: &'a IdedExpr,
    scope: &Scope<'a, '_>,
    budget: &mut Budget,
) -> Result<Value<'a>, String> {
    budget.charge(1)?;
    if budget.depth >= DEPTH {
        return Err(format!("nested deeper than {DEPTH} levels"));
    }
    budget.depth += 1;
    let result = match &expression.expr {
        Expr::Literal(literal) => Ok(constant(literal)),
        Expr::Ident(name) => variable(name, scope),
        Expr::Select(select) => field(select, scope, budget),
        Expr::Call(call) => self::call(call, scope, budget),
        Expr::List(list) => self::list(list, scope, budget),
        Expr::Map(map) => self::map(map, scope, budget),
        Expr::Comprehension(loop_) => comprehension(loop_, scope, budget),
        Expr::Struct(one) => Err(format!("unknown type {}", one.type_name)),
        Expr::Unspecified => Err("empty expression".to_owned()),
    };
    budget.depth -= 1;
    result
}

fn constant(literal: &LiteralValue) -> Value<'_> {
    match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::UInt(value) => Value::Uint(*value.inner()),
        LiteralValue::Double(value) => Value::Double(*value.inner()),
        LiteralValue::String(value) => Value::Text(Cow::Borrowed(value.inner())),
        LiteralValue::Bytes(value) => Value::Bytes(Rc::new(value.inner().to_vec())),
        LiteralValue::Null => Value::Null,
    }
}

fn variable<'a>(name: &str, scope: &Scope<'a, '_>) -> Result<Value<'a>, String> {
    if let Some(value) = scope.get(name.trim_start_matches('.')) {
        return Ok(value.clone());
    }
    names::type_of(name).map(Value::Type).ok_or_else(|| format!("undeclared reference to '{name}'"))
}

fn field<'a>(select: &'a SelectExpr, scope: &Scope<'a, '_>, budget: &mut Budget) -> Result<Value<'a>, String> {
    let name = names::unescaped(&select.field);
    let operand = evaluate(&select.operand, scope, budget)?;
    if let Value::Optional(inner) = &operand {
        let found = inner.as_ref().and_then(|inner| inner.field(&name));
        return Ok(if select.test { Value::Bool(found.is_some()) } else { Value::Optional(found.map(Rc::new)) });
    }
    let found = operand.field(&name);
    if select.test {
        return if operand.is_map() { Ok(Value::Bool(found.is_some())) } else { Err(no_overload("has", &operand)) };
    }
    found.ok_or_else(|| if operand.is_map() { format!("no such key: {name}") } else { no_overload(&name, &operand) })
}

fn list<'a>(list: &'a ListExpr, scope: &Scope<'a, '_>, budget: &mut Budget) -> Result<Value<'a>, String> {
    let mut items = Vec::with_capacity(list.elements.len());
    for (position, element) in list.elements.iter().enumerate() {
        let value = evaluate(element, scope, budget)?;
        match value {
            Value::Optional(inner) if list.optional_indices.contains(&position) => {
                items.extend(inner.map(|inner| inner.as_ref().clone()));
            }
            value => items.push(value),
        }
    }
    Ok(Value::list(items))
}

fn map<'a>(map: &'a MapExpr, scope: &Scope<'a, '_>, budget: &mut Budget) -> Result<Value<'a>, String> {
    let mut entries: Vec<MapEntry<'a>> = Vec::with_capacity(map.entries.len());
    for entry in &map.entries {
        let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
        let key = evaluate(&entry.key, scope, budget)?;
        let value = match evaluate(&entry.value, scope, budget)? {
            Value::Optional(None) if entry.optional => continue,
            Value::Optional(Some(inner)) if entry.optional => inner.as_ref().clone(),
            value => value,
        };
        entries.push(MapEntry { key, value });
    }
    Ok(Value::Map(Rc::new(entries)))
}

fn call<'a>(call: &'a CallExpr, scope: &Scope<'a, '_>, budget: &mut Budget) -> Result<Value<'a>, String> {
    let name = call.func_name.as_str();
    match (name, call.args.as_slice()) {
        (op::CONDITIONAL, [condition, yes, no]) => match evaluate(condition, scope, budget)? {
            Value::Bool(true) => evaluate(yes, scope, budget),
            Value::Bool(false) => evaluate(no, scope, budget),
            other => Err(no_overload("?:", &other)),
        },
        (op::LOGICAL_AND, [left, right]) => logical(false, left, right, scope, budget),
        (op::LOGICAL_OR, [left, right]) => logical(true, left, right, scope, budget),
        (op::NOT_STRICTLY_FALSE, [one]) => match evaluate(one, scope, budget) {
            Ok(Value::Bool(value)) => Ok(Value::Bool(value)),
            _ => Ok(Value::Bool(true)),
        },
        (op::OPT_SELECT, [operand, key]) | (op::OPT_INDEX, [operand, key]) => {
            let operand = evaluate(operand, scope, budget)?;
            let key = evaluate(key, scope, budget)?;
            operators::optional_index(&operand, &key)
        }
        _ => {
            if let Some(result) = macros::evaluate_macro(call, scope, budget) {
                return result;
            }
            let target = match namespaced(call) {
                Some(full) => return functions::global(&full, &arguments(call, scope, budget)?, budget),
                None => call.target.as_deref().map(|target| evaluate(target, scope, budget)).transpose()?,
            };
            let arguments = arguments(call, scope, budget)?;
            match target {
                Some(target) => functions::member(name, &target, &arguments, budget),
                None => functions::global(name, &arguments, budget),
            }
        }
    }
}

/// `sets.contains` and the like, where the target is the name of a library.
pub(super) fn namespaced(call: &CallExpr) -> Option<String> {
    match &call.target.as_ref()?.expr {
        Expr::Ident(library) if names::is_library(library) => Some(format!("{library}.{}", call.func_name)),
        _ => None,
    }
}

fn arguments<'a>(call: &'a CallExpr, scope: &Scope<'a, '_>, budget: &mut Budget) -> Result<Vec<Value<'a>>, String> {
    call.args.iter().map(|argument| evaluate(argument, scope, budget)).collect()
}

/// `&&` and `||`: the side that decides wins over an error of the other.
fn logical<'a>(
    decides: bool,
    left: &'a IdedExpr,
    right: &'a IdedExpr,
    scope: &Scope<'a, '_>,
    budget: &mut Budget,
) -> Result<Value<'a>, String> {
    let left = evaluate(left, scope, budget);
    if matches!(left, Ok(Value::Bool(value)) if value == decides) {
        return left;
    }
    let right = evaluate(right, scope, budget);
    match (&left, &right) {
        (_, Ok(Value::Bool(value))) if *value == decides => right,
        (Ok(Value::Bool(_)), Ok(Value::Bool(_))) => right,
        (Err(_), _) => left,
        (_, Err(_)) => right,
        (Ok(Value::Bool(_)), Ok(other)) | (Ok(other), _) => Err(no_overload("&&", other)),
    }
}

fn comprehension<'a>(
    one: &'a ComprehensionExpr,
    scope: &Scope<'a, '_>,
    budget: &mut Budget,
) -> Result<Value<'a>, String> {
    let range = evaluate(&one.iter_range, scope, budget)?;
    let items = match range.items() {
        Some(items) => items,
        None => {
            let entries = range.entries().ok_or_else(|| no_overload("a loop", &range))?;
            entries.into_iter().map(|entry| entry.key).collect()
        }
    };
    budget.charge(items.len() / 8)?;
    let mut result = evaluate(&one.accu_init, scope, budget)?;
    let first = if let Value::Bool(value) = result { Some(value) } else { None };
    let mut failed = None;
    for item in items {
        let accumulated = Variable { name: &one.accu_var, value: result };
        let mut inner =
            Scope { variables: vec![Variable { name: &one.iter_var, value: item }, accumulated], parent: Some(scope) };
        let goes_on = matches!(evaluate(&one.loop_cond, &inner, budget)?, Value::Bool(true));
        if goes_on {
            // `all` and `exists` keep an error, which a later item may decide against.
            if let Err(error) = step(&one.loop_step, &one.accu_var, &mut inner, budget) {
                failed.get_or_insert(error);
            }
        }
        result = inner.variables.pop().map_or(Value::Null, |variable| variable.value);
        if !goes_on || budget.exceeded().is_some() {
            break;
        }
    }
    let is_decided = matches!((&result, first), (Value::Bool(last), Some(first)) if *last != first);
    if let Some(error) = failed.filter(|_| !is_decided) {
        return Err(error);
    }
    with(&one.result, scope, vec![Variable { name: &one.accu_var, value: result }], budget)
}

/// Sets the accumulated value, the last variable of the scope. Items are added to a list in place, so that the loops of `map` and `filter`
/// take linear time.
fn step<'a>(
    expression: &'a IdedExpr,
    name: &str,
    scope: &mut Scope<'a, '_>,
    budget: &mut Budget,
) -> Result<(), String> {
    let is_accumulated = |one: &IdedExpr| matches!(&one.expr, Expr::Ident(ident) if ident == name);
    if is_accumulated(expression) {
        return Ok(());
    }
    if let Expr::Call(call) = &expression.expr {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (op::CONDITIONAL, [condition, yes, no]) => {
                return match evaluate(condition, scope, budget)? {
                    Value::Bool(true) => step(yes, name, scope, budget),
                    Value::Bool(false) => step(no, name, scope, budget),
                    other => Err(no_overload("?:", &other)),
                };
            }
            (op::ADD, [left, right]) if is_accumulated(left) => {
                let more = evaluate(right, scope, budget)?;
                if let (Some(Variable { value: Value::List(items), .. }), Some(more)) =
                    (scope.variables.last_mut(), more.items())
                {
                    budget.charge(more.len())?;
                    Rc::make_mut(items).extend(more);
                    return Ok(());
                }
            }
            _ => {}
        }
    }
    let value = evaluate(expression, scope, budget)?;
    if let Some(last) = scope.variables.last_mut() {
        last.value = value;
    }
    Ok(())
}
