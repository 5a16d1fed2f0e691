//! Go's [`text/template`](https://pkg.go.dev/text/template) in Rust: the same language (of Go 1.26), the same output, the same error messages.
//!
//! ```
//! use gotemplate::{Map, Templates, Value};
//!
//! let mut templates = Templates::new("greeting");
//! templates.parse("greeting", "Hello {{.name}}{{range $i, $x := .items}}{{if $i}},{{end}} {{$x}}{{else}}!{{end}}")?;
//! let data = Map::from_iter([("name", "you".into()), ("items", vec!["one".into(), Value::from(2)].into())]);
//! assert_eq!(templates.execute_to_string("greeting", data.into())?, "Hello you one, 2");
//! # Ok::<(), gotemplate::Error>(())
//! ```
//!
//! # Parts
//!
//! - [`Templates`] is a set of parsed templates. It is `Send` and `Sync`: parse once, execute often, also in parallel.
//! - [`Value`] has Go's kinds. Maps are shared, so a function that sets a key changes what all others see; types have Go's names, since errors and
//!   `printf "%T"` show them. Values stay on the thread that made them.
//! - [`Function`]s are passed in as [`Functions`], with the types of their parameters ([`Param`]), which are checked as Go checks them. A function that takes a
//!   [`Context`] can execute other templates and reach the caller's state.
//! - [`Object`] is the trait for values with fields and methods of their own.
//! - [`mod@format`] and [`strconv`] are the parts of Go's `fmt` and `strconv` that templates show.
//! - [`Limits`] bound depth, work and output. Recursion never overflows the stack.
//!
//! # Functions
//!
//! ```
//! use gotemplate::{Function, Functions, Param, Templates, Value};
//!
//! let mut functions = Functions::new();
//! functions.insert("upper", Function::new(&[Param::String], |arguments| {
//!     let text = arguments[0].as_str().cloned().unwrap_or_default();
//!     Ok(text.to_text().to_uppercase().into())
//! }));
//! functions.insert("include", Function::with_context(&[Param::String, Param::Any], |context, arguments| {
//!     let name = arguments[0].as_str().cloned().unwrap_or_default();
//!     Ok(context.execute(&name.to_text(), arguments[1].clone())?.into())
//! }));
//! let mut templates = Templates::new("t").with_functions(functions);
//! templates.parse("t", r#"{{define "who"}}<{{.}}>{{end}}{{include "who" "me" | upper}}"#)?;
//! assert_eq!(templates.execute_to_string("t", Value::Nil)?, "<ME>");
//! let error = templates.parse("bad", "{{lower .}}").unwrap_err();
//! assert_eq!(error.to_string(), r#"template: bad:1: function "lower" not defined"#);
//! # Ok::<(), gotemplate::Error>(())
//! ```
//!
//! # Differences from Go
//!
//! Map keys are strings. There are no channels, arrays, `float32`, `complex64` and iterator functions. A map that contains itself is cut off when it is
//! printed, where Go's process ends.

pub mod allowance;
mod ast;
mod builtins;
mod error;
mod exec;
pub mod format;
mod functions;
mod parse;
mod references;
mod stack;
pub mod strconv;
mod templates;
mod text;
pub mod unicode;
mod value;

pub use error::{Error, ErrorLocation, ExecError, FunctionError, ParseError};
pub use functions::Functions;
#[doc(hidden)]
pub use parse::count_tokens;
pub use templates::{Limits, MissingKey, Templates, Usage};
pub use text::{chars, decode_char};
pub use value::{
    CallReferences, CallSite, Context, Element, Entries, EntriesIter, Field, Function, FunctionResult, Kind, List, Map,
    Method, Object, Param, Reference, Str, Type, Value, sort_by_key, types,
};
