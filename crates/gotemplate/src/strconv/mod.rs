//! Go's `strconv`: quoting, and numbers from and to text.

mod float;
mod parse;
mod quote;

pub use float::{FloatFormat, append_float, format_float};
pub use parse::{parse_float, parse_int, parse_uint};
pub(crate) use quote::plain_literal;
pub use quote::{can_backquote, quote, quote_ascii, quote_char, unquote, unquote_char};
