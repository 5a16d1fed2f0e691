//! Executes one template a line, for the comparison with Go in `benches/differential`.
//!
//! Reads `{"template": BASE64, "data": VALUE, "missingkey": OPTION}` and answers with `{"output": BASE64}` or `{"error": BASE64}`.

use std::io::{BufRead, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{Function, Functions, List, Map, MissingKey, Param, Str, Templates, Value, types};
use serde_json::json;

const ANY: Param = Param::Any;

fn text(value: &Value) -> Str {
    value.as_str().cloned().unwrap_or_default()
}

fn dict(pairs: &[Value]) -> Map {
    let pairs = pairs.chunks_exact(2).filter_map(|pair| Some((pair[0].as_str()?.clone(), pair[1].clone())));
    Map::from_iter(pairs)
}

fn functions() -> Functions {
    let mut table = Functions::new();
    table.insert("list", Function::new(&[], |given| Ok(given.to_vec().into())).variadic(ANY));
    table.insert(
        "strings",
        Function::new(&[], |given| Ok(List::strings(given.iter().map(text)).into())).variadic(Param::String),
    );
    table.insert("dict", Function::new(&[], |given| Ok(dict(given).into())).variadic(ANY));
    table.insert(
        "set",
        Function::new(&[Param::Map, Param::String, ANY], |given| match &given[0] {
            _ if matches!(given[2].type_of(), Some(of) if *of == types::MAP || *of == types::LIST) => {
                Err("set takes no containers".into())
            }
            Value::Map(map) if map.is_nil() => Err("assignment to entry in nil map".into()),
            Value::Map(map) => {
                map.insert(text(&given[1]), given[2].clone());
                Ok(given[0].clone())
            }
            _ => Err("no map".into()),
        }),
    );
    table.insert(
        "smap",
        Function::new(&[Param::String, Param::String], |given| {
            Ok(Map::new(&types::STRING_MAP, [(text(&given[0]), given[1].clone())].into()).into())
        }),
    );
    table.insert("i64", Function::new(&[Param::Int64], |given| Ok(given[0].clone())));
    table.insert("flo", Function::new(&[Param::Float64], |given| Ok(given[0].clone())));
    table.insert("num", Function::new(&[Param::Int], |given| Ok(given[0].clone())));
    table.insert("yes", Function::new(&[Param::Bool], |given| Ok(given[0].clone())));
    table.insert("text", Function::new(&[Param::String], |given| Ok(given[0].clone())));
    table.insert("bytes", Function::new(&[Param::String], |given| Ok(Value::Bytes(text(&given[0])))));
    table.insert("nothing", Function::new(&[], |_| Ok(Value::Nil)).returning_interface());
    table.insert("nilmap", Function::new(&[], |_| Ok(Map::nil(&types::MAP).into())));
    table.insert("nillist", Function::new(&[], |_| Ok(List::nil(&types::LIST).into())));
    table.insert("fail", Function::new(&[Param::String], |given| Err(text(&given[0]).to_string().into())));
    table.insert(
        "include",
        Function::with_context(&[Param::String, ANY], |context, given| {
            Ok(context.execute(&text(&given[0]).to_text(), given[1].clone())?.into())
        }),
    );
    table
}

fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(value_of).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.as_str(), value_of(value))).collect())
        }
    }
}

fn run(functions: &Functions, request: &serde_json::Value) -> Result<Vec<u8>, String> {
    let missing_key = match request["missingkey"].as_str() {
        Some("zero") => MissingKey::Zero,
        Some("error") => MissingKey::Error,
        _ => MissingKey::Invalid,
    };
    let template =
        STANDARD.decode(request["template"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
    let mut templates = Templates::new("t").with_functions(functions.clone()).with_missing_key(missing_key);
    templates.parse("t", template).map_err(|error| error.to_string())?;
    templates.execute("t", value_of(&request["data"])).map_err(|error| error.to_string())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let functions = functions();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match run(&functions, &serde_json::from_str(&line)?) {
            Ok(output) => json!({"output": STANDARD.encode(output), "error": null}),
            Err(error) => json!({"output": null, "error": STANDARD.encode(error)}),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
