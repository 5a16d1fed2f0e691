//! `merge` and `mergeOverwrite`: the first map is changed. Maps that it lacks are taken by reference.
//!
//! Source of the rules: dario.cat/mergo v1.0.1.

use gotemplate::{Function, FunctionResult, Map, Param, Value, allowance};

use super::arguments::map;

const MAPS: &[Param] = &[Param::Map];
const MERGE: Function = Function::new(MAPS, |args| merged(args, false)).variadic(Param::Map).returning_interface();
const MERGE_OVERWRITE: Function =
    Function::new(MAPS, |args| merged(args, true)).variadic(Param::Map).returning_interface();

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("merge", MERGE),
    ("mustMerge", MERGE),
    ("mergeOverwrite", MERGE_OVERWRITE),
    ("mustMergeOverwrite", MERGE_OVERWRITE),
];

/// The maximum depth of merged maps; deeper ones are maps that contain themselves.
const DEPTH: usize = 1_000;

fn merged(args: &[Value], overwrite: bool) -> FunctionResult {
    let mut target = map(args, 0);
    for index in 1..args.len() {
        let source = map(args, index);
        if target.is_nil() && !source.is_nil() {
            target = Map::default();
        }
        merge_into(&target, &source, overwrite, 0);
    }
    Ok(target.into())
}

fn merge_into(target: &Map, source: &Map, overwrite: bool, depth: usize) {
    // A map can contain another one many times, on many paths.
    if depth > DEPTH || target.same(source) || !allowance::take(size_of::<Map>()) {
        return;
    }
    for (key, value) in source.entries() {
        let present = target.get(&key);
        if value.is_nil() {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        if let (Some(Value::Map(inner)), Value::Map(outer)) = (&present, &value) {
            merge_into(inner, outer, overwrite, depth + 1);
            if !inner.is_empty() {
                continue;
            }
        }
        if let (Some(present), Value::List(_) | Value::Bytes(_)) = (&present, &value) {
            // A list replaces what is there only if the target's map is to be overwritten.
            if present.is_true() && !overwrite {
                continue;
            }
        }
        let free = present.as_ref().is_none_or(|present| !present.is_true());
        if overwrite || free {
            target.insert(key, value);
        }
    }
}
