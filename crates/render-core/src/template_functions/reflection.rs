//! Functions for the type of a value.

use gotemplate::{Function, Param, Value};

use super::arguments::bytes;

const ANY: Param = Param::Any;
const NAME_AND_VALUE: &[Param] = &[Param::String, ANY];

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("typeOf", Function::new(&[ANY], |args| Ok(args[0].type_name().into_owned().into()))),
    ("typeIs", Function::new(NAME_AND_VALUE, |args| Ok(Value::Bool(bytes(args, 0) == args[1].type_name().as_bytes())))),
    (
        "typeIsLike",
        Function::new(NAME_AND_VALUE, |args| {
            let name = args[1].type_name();
            let like = bytes(args, 0) == name.as_bytes() || name.as_bytes().strip_prefix(b"*") == Some(bytes(args, 0));
            Ok(Value::Bool(like))
        }),
    ),
    ("kindOf", Function::new(&[ANY], |args| Ok(args[0].kind().name().into()))),
    (
        "kindIs",
        Function::new(NAME_AND_VALUE, |args| Ok(Value::Bool(bytes(args, 0) == args[1].kind().name().as_bytes()))),
    ),
    ("deepEqual", Function::new(&[ANY, ANY], |args| Ok(Value::Bool(args[0].deep_equal(&args[1]))))),
];
