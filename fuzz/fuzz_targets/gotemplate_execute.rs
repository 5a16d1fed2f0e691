//! A template runs within its limits, and twice the same.

#![no_main]

use gotemplate::{Function, Functions, Limits, Map, Param, Templates, Value};

fn functions() -> Functions {
    let mut functions = Functions::new();
    functions.insert("list", Function::new(&[], |given| Ok(given.to_vec().into())).variadic(Param::Any));
    let set = Function::new(&[Param::Map, Param::String, Param::Any], |given| {
        if let (Value::Map(map), Value::String(key)) = (&given[0], &given[1]) {
            map.insert(key.clone(), given[2].clone());
        }
        Ok(given[0].clone())
    });
    functions.insert("set", set);
    let include = Function::with_context(&[Param::String, Param::Any], |context, given| {
        let name = given[0].as_str().cloned().unwrap_or_default();
        Ok(context.execute(&name.to_text(), given[1].clone())?.into())
    });
    functions.insert("include", include);
    functions
}

fn data() -> Value {
    let inner = Map::from_iter([("b", Value::from(1)), ("c", Value::Nil)]);
    let list = vec![Value::from("x"), Value::from(2.5), Value::Nil];
    Map::from_iter([("a", inner.into()), ("l", list.into()), ("s", Value::from("text"))]).into()
}

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let limits = Limits { depth: 1000, steps: 20_000, output: 1 << 20, values: 1 << 26, ..Limits::default() };
    let mut templates = Templates::new("t").with_functions(functions()).with_limits(limits);
    if templates.parse("t", text).is_err() {
        return;
    }
    let run = || templates.execute("t", data()).map_err(|error| error.to_string());
    // Addresses differ, so only what prints none is compared.
    let first = run();
    if !text.contains(&b'p') {
        assert_eq!(first, run());
    }
});
