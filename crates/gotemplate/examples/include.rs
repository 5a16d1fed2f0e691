//! Templates that call each other through a function, and text that is itself a template.
//!
//!     cargo run -p gotemplate --example include

use gotemplate::{Context, Error, Function, FunctionResult, Functions, Map, Param, Templates, Value};

/// `include NAME DATA`: the output of another template as a value, so that it can be piped on.
fn include(context: &mut dyn Context, arguments: &[Value]) -> FunctionResult {
    let name = arguments[0].as_str().cloned().unwrap_or_default();
    Ok(context.execute(&name.to_text(), arguments[1].clone())?.into())
}

/// `tpl TEXT DATA`: a text as a template. What it defines is seen inside it alone.
fn tpl(context: &mut dyn Context, arguments: &[Value]) -> FunctionResult {
    let text = arguments[0].as_str().cloned().unwrap_or_default();
    Ok(context.execute_text("tpl", &text, arguments[1].clone())?.into())
}

fn main() -> Result<(), Error> {
    let mut functions = Functions::new();
    functions.insert("include", Function::with_context(&[Param::String, Param::Any], include));
    functions.insert("tpl", Function::with_context(&[Param::String, Param::Any], tpl));
    let mut templates = Templates::new("page").with_functions(functions);
    templates.parse(
        "page",
        "{{define \"name\"}}{{.first}} {{.last}}{{end}}Dear {{include \"name\" . | printf \"%q\"}}: {{tpl .text .}}",
    )?;
    let data = Map::from_iter(
        [("first", "Ada"), ("last", "Lovelace"), ("text", "{{len .last}} letters from {{template \"name\" .}}")]
            .map(|(k, v)| (k, v.into())),
    );
    let text = templates.execute_to_string("page", data.into())?;
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, text.as_bytes()).ok();
    std::io::Write::write_all(&mut out, b"\n").ok();
    Ok(())
}
