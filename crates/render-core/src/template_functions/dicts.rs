//! Maps.

use gotemplate::{Context, Entries, Function, FunctionResult, List, Map, Param, Str, Value, allowance};

use super::arguments::{bytes, map, shown, strings};
use super::draw::is_reversed;

const ANY: Param = Param::Any;
const MAP: Param = Param::Map;
const STRING: Param = Param::String;

const DEEP_COPY: Function = Function::new(&[ANY], |args| match &args[0] {
    Value::Nil => Err("reflect: call of reflect.Value.Type on zero Value".into()),
    value => Ok(copied(value, 0)?),
})
.returning_interface();

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("dict", Function::new(&[], dict).variadic(ANY)),
    (
        "get",
        Function::new(&[MAP, STRING], |args| Ok(map(args, 0).get(bytes(args, 1)).unwrap_or_else(|| "".into())))
            .returning_interface(),
    ),
    (
        "set",
        Function::new(&[MAP, STRING, ANY], |args| {
            let target = map(args, 0);
            if target.is_nil() {
                return Err("assignment to entry in nil map".into());
            }
            target.insert(bytes(args, 1), args[2].clone());
            Ok(target.into())
        }),
    ),
    (
        "unset",
        Function::new(&[MAP, STRING], |args| {
            let target = map(args, 0);
            target.remove(bytes(args, 1));
            Ok(target.into())
        }),
    ),
    ("hasKey", Function::new(&[MAP, STRING], |args| Ok(Value::Bool(map(args, 0).contains_key(bytes(args, 1)))))),
    (
        "pluck",
        Function::new(&[STRING], |args| {
            let found = (1..args.len()).filter_map(|index| map(args, index).get(bytes(args, 0)));
            Ok(Value::List(found.collect()))
        })
        .variadic(MAP),
    ),
    // In Go the order is random.
    (
        "keys",
        Function::with_context(&[], |context, args| {
            let entries = (0..args.len()).flat_map(|index| entries(context, "keys", &map(args, index)));
            Ok(strings(entries.collect::<Vec<_>>().into_iter().map(|(key, _)| key)))
        })
        .variadic(MAP),
    ),
    (
        "values",
        Function::with_context(&[MAP], |context, args| {
            let entries = entries(context, "values", &map(args, 0)).into_iter();
            Ok(Value::List(entries.map(|(_, value)| value).collect()))
        }),
    ),
    (
        "pick",
        Function::new(&[MAP], |args| {
            let source = map(args, 0);
            let picked = (1..args.len()).filter_map(|index| {
                let key = bytes(args, index);
                Some((key, source.get(key)?))
            });
            Ok(Map::from_iter(picked).into())
        })
        .variadic(STRING),
    ),
    (
        "omit",
        Function::new(&[MAP], |args| {
            let omitted = |key: &[u8]| (1..args.len()).any(|index| bytes(args, index) == key);
            let kept = map(args, 0).entries().into_iter().filter(|(key, _)| !omitted(key));
            Ok(Map::from_iter(kept).into())
        })
        .variadic(STRING),
    ),
    ("dig", Function::new(&[], dig).variadic(ANY).returning_interface()),
    ("deepCopy", DEEP_COPY),
    ("mustDeepCopy", DEEP_COPY),
];

/// Returns the entries of a map, sorted; in a rendering that varies their order, backwards.
fn entries(context: &dyn Context, name: &'static str, map: &Map) -> Vec<(Str, Value)> {
    let mut entries = map.entries();
    if entries.len() > 1 && is_reversed(context, name) {
        entries.reverse();
    }
    entries
}

fn dict(args: &[Value]) -> FunctionResult {
    let entries = args.chunks(2).map(|pair| (shown(&pair[0]), pair.get(1).cloned().unwrap_or_else(|| "".into())));
    Ok(Map::from_iter(entries).into())
}

/// Returns the value at a path of keys, or the default where a key is missing.
fn dig(args: &[Value]) -> FunctionResult {
    let [keys @ .., default, dict] = args else { return Err("dig needs at least three arguments".into()) };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut step = dict.clone();
    for (index, key) in keys.iter().enumerate() {
        let Value::Map(map) = &step else { return Err(no_map(&step)) };
        if map.type_of() != &gotemplate::types::MAP {
            return Err(no_map(&step));
        }
        // Go converts all keys before it looks at the first one, but after the map.
        if index == 0
            && let Some(wrong) = keys.iter().find(|key| key.as_str().is_none())
        {
            return Err(format!("interface conversion: interface {{}} is {}, not string", type_of(wrong)).into());
        }
        let found = key.as_str().and_then(|key| map.get(key));
        match found {
            Some(value) => step = value,
            None => return Ok(default.clone()),
        }
    }
    Ok(step)
}

fn type_of(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        other => other.type_name().into_owned(),
    }
}

fn no_map(value: &Value) -> gotemplate::FunctionError {
    format!("interface conversion: interface {{}} is {}, not map[string]interface {{}}", type_of(value)).into()
}

/// The maximum depth of values that are copied; deeper ones are maps that contain themselves, with which Go overflows its stack.
const DEPTH: usize = 10_000;

/// Returns a value that shares no map or list with the original.
fn copied(value: &Value, depth: usize) -> Result<Value, String> {
    if depth > DEPTH || allowance::is_used_up() {
        return Err(format!("the value is nested more than {DEPTH} deep"));
    }
    Ok(match value {
        Value::List(list) if list.is_nil() => value.clone(),
        Value::Map(map) if map.is_nil() => value.clone(),
        Value::List(list) => {
            let mut items = Vec::with_capacity(list.len());
            for item in list.iter() {
                items.push(copied(item, depth + 1)?);
            }
            Value::List(List::new(list.type_of(), items))
        }
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.borrow().iter() {
                entries.push((key.clone(), copied(value, depth + 1)?));
            }
            Value::Map(Map::new(map.type_of(), Entries::from(entries)))
        }
        other => other.clone(),
    })
}
