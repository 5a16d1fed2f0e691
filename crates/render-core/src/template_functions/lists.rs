//! Lists.

use gotemplate::{Element, Function, FunctionError, FunctionResult, List, Param, Type, Value, allowance, types};

use super::arguments::{NIL_POINTER, int, items};
use super::cast::to_int64;
use super::choices::is_empty;

const ANY: Param = Param::Any;
const INT: Param = Param::Int;

static CHUNKS: Type = Type::list("[][]interface {}", Element::Concrete(&types::LIST));

const FIRST: Function =
    Function::new(&[ANY], |args| Ok(items(&args[0], "find first on")?.first().cloned().unwrap_or_default()))
        .returning_interface();
const LAST: Function =
    Function::new(&[ANY], |args| Ok(items(&args[0], "find last on")?.last().cloned().unwrap_or_default()))
        .returning_interface();
const REST: Function = Function::new(&[ANY], |args| {
    let items = items(&args[0], "find rest on")?;
    Ok(items.split_first().map_or_else(nil_list, |(_, rest)| rest.to_vec().into()))
});
const INITIAL: Function = Function::new(&[ANY], |args| {
    let items = items(&args[0], "find initial on")?;
    Ok(items.split_last().map_or_else(nil_list, |(_, initial)| initial.to_vec().into()))
});
const APPEND: Function = Function::new(&[ANY, ANY], |args| {
    let mut items = items(&args[0], "push on")?;
    items.push(args[1].clone());
    Ok(items.into())
});
const PREPEND: Function = Function::new(&[ANY, ANY], |args| {
    let mut items = items(&args[0], "prepend on")?;
    items.insert(0, args[1].clone());
    Ok(items.into())
});
const REVERSE: Function = Function::new(&[ANY], |args| {
    let mut items = items(&args[0], "find reverse on")?;
    items.reverse();
    Ok(items.into())
});
const COMPACT: Function = Function::new(&[ANY], |args| {
    let mut items = items(&args[0], "compact on")?;
    items.retain(|item| !is_empty(item));
    Ok(items.into())
});
const UNIQ: Function = Function::new(&[ANY], uniq);
const WITHOUT: Function = Function::new(&[ANY], |args| {
    let mut items = items(&args[0], "find without on")?;
    allowance::take(items.len() * args.len());
    items.retain(|item| !args[1..].iter().any(|omitted| omitted.deep_equal(item)));
    Ok(items.into())
})
.variadic(ANY);
const HAS: Function = Function::new(&[ANY, ANY], |args| {
    if matches!(args[1], Value::Nil) {
        return Ok(Value::Bool(false));
    }
    let items = items(&args[1], "find has on")?;
    allowance::take(items.len());
    Ok(Value::Bool(items.iter().any(|item| args[0].deep_equal(item))))
});
const SLICE: Function = Function::new(&[ANY], slice).variadic(ANY).returning_interface();
const CHUNK: Function = Function::new(&[INT, ANY], chunk);
const LIST: Function = Function::new(&[], |args| Ok(args.to_vec().into())).variadic(ANY);

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("list", LIST),
    ("tuple", LIST),
    ("first", FIRST),
    ("mustFirst", FIRST),
    ("last", LAST),
    ("mustLast", LAST),
    ("rest", REST),
    ("mustRest", REST),
    ("initial", INITIAL),
    ("mustInitial", INITIAL),
    ("append", APPEND),
    ("mustAppend", APPEND),
    ("push", APPEND),
    ("mustPush", APPEND),
    ("prepend", PREPEND),
    ("mustPrepend", PREPEND),
    ("reverse", REVERSE),
    ("mustReverse", REVERSE),
    ("compact", COMPACT),
    ("mustCompact", COMPACT),
    ("uniq", UNIQ),
    ("mustUniq", UNIQ),
    ("without", WITHOUT),
    ("mustWithout", WITHOUT),
    ("has", HAS),
    ("mustHas", HAS),
    ("slice", SLICE),
    ("mustSlice", SLICE),
    ("chunk", CHUNK),
    ("mustChunk", CHUNK),
    ("concat", Function::new(&[], concat).variadic(ANY).returning_interface()),
];

fn nil_list() -> Value {
    Value::List(List::nil(&types::LIST))
}

fn uniq(args: &[Value]) -> FunctionResult {
    let mut kept: Vec<Value> = Vec::new();
    for item in items(&args[0], "find uniq on")? {
        if !allowance::take(kept.len()) {
            break;
        }
        if !kept.iter().any(|one| item.deep_equal(one)) {
            kept.push(item);
        }
    }
    Ok(kept.into())
}

fn concat(args: &[Value]) -> FunctionResult {
    let mut all = Vec::new();
    for list in args {
        match list {
            Value::List(_) | Value::Bytes(_) => all.append(&mut items(list, "concat")?),
            Value::Nil => return Err(NIL_POINTER.into()),
            other => return Err(format!("Cannot concat type {} as list", other.kind().name()).into()),
        }
    }
    Ok(if all.is_empty() { nil_list() } else { all.into() })
}

fn slice(args: &[Value]) -> FunctionResult {
    let length = match &args[0] {
        Value::List(list) => list.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Nil => return Err(NIL_POINTER.into()),
        other => return Err(format!("list should be type of slice or array but {}", other.kind().name()).into()),
    };
    if length == 0 {
        return Ok(Value::Nil);
    }
    let bound =
        |index: usize, default: usize| args.get(index).map_or(Ok(default), |value| usize::try_from(to_int64(value)));
    match (bound(1, 0), bound(2, length), &args[0]) {
        (Ok(from), Ok(to), Value::List(list)) if from <= to && to <= length => {
            Ok(Value::List(List::new(list.type_of(), list[from..to].to_vec())))
        }
        (Ok(from), Ok(to), Value::Bytes(bytes)) if from <= to && to <= length => {
            Ok(Value::Bytes(bytes[from..to].into()))
        }
        _ => Err("reflect.Value.Slice: slice index out of bounds".into()),
    }
}

fn chunk(args: &[Value]) -> FunctionResult {
    let list = match &args[1] {
        list @ (Value::List(_) | Value::Bytes(_)) => items(list, "chunk")?,
        Value::Nil => return Err(NIL_POINTER.into()),
        other => return Err(FunctionError::from(format!("Cannot chunk type {}", other.kind().name()))),
    };
    match usize::try_from(int(args, 0)) {
        Ok(size) if size > 0 => {
            let chunks = list.chunks(size).map(|chunk| chunk.to_vec().into()).collect();
            Ok(Value::List(List::new(&CHUNKS, chunks)))
        }
        // Go's rounding of a negative size gives no chunks if the list is longer than one and not longer than the size.
        Err(_) if list.len() > 1 && (list.len() as u64 - 1) <= int(args, 0).unsigned_abs() => {
            Ok(Value::List(List::new(&CHUNKS, Vec::new())))
        }
        Err(_) if list.len() == 1 && int(args, 0) < -1 => Ok(Value::List(List::new(&CHUNKS, vec![list.into()]))),
        _ => Err("runtime error: makeslice: len out of range".into()),
    }
}
