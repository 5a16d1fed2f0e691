//! Defaults and conditions.

use gotemplate::{Function, Param, Value};

use super::arguments::{bytes, text};

const ANY: Param = Param::Any;

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    (
        "default",
        Function::new(&[ANY], |args| Ok(args[usize::from(args.get(1).is_some_and(|one| !is_empty(one)))].clone()))
            .variadic(ANY)
            .returning_interface(),
    ),
    ("empty", Function::new(&[ANY], |args| Ok(Value::Bool(is_empty(&args[0]))))),
    (
        "coalesce",
        Function::new(&[], |args| Ok(args.iter().find(|one| !is_empty(one)).cloned().unwrap_or_default()))
            .variadic(ANY)
            .returning_interface(),
    ),
    ("all", Function::new(&[], |args| Ok(Value::Bool(!args.iter().any(is_empty)))).variadic(ANY)),
    ("any", Function::new(&[], |args| Ok(Value::Bool(!args.iter().all(is_empty)))).variadic(ANY)),
    (
        "ternary",
        Function::new(&[ANY, ANY, Param::Bool], |args| Ok(args[usize::from(!args[2].is_true())].clone()))
            .returning_interface(),
    ),
    ("fail", Function::new(&[Param::String], |args| Err(text(args, 0).into()))),
    ("hello", Function::new(&[], |_| Ok("Hello!".into()))),
    (
        "env",
        Function::with_context(&[Param::String], |context, args| {
            let state = super::state::of(context);
            let value = state.map(|state| state.variable(&String::from_utf8_lossy(bytes(args, 0)))).transpose()?;
            Ok(value.unwrap_or_default().into())
        }),
    ),
    (
        "expandenv",
        Function::with_context(&[Param::String], |context, args| {
            let state = super::state::of(context);
            let hidden = std::cell::RefCell::new(None);
            let find = |name: &str| {
                let value = state.map(|state| state.variable(name)).transpose();
                value.unwrap_or_else(|reason| hidden.replace(Some(reason))).unwrap_or_default()
            };
            let text = expanded(&text(args, 0), find);
            hidden.into_inner().map_or_else(|| Ok(text.into()), |reason| Err(reason.into()))
        }),
    ),
    ("getHostByName", Function::new(&[Param::String], |_| Ok("".into()))),
];

/// Returns whether Sprig calls a value empty.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.is_true()
}

/// Fills in `$NAME` and `${NAME}` (Go's `os.Expand`).
fn expanded(text: &str, find: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, next) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}').unwrap_or((inner, "")),
            None => after.split_at(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())),
        };
        out.push_str(&find(name));
        rest = next;
    }
    out + rest
}
