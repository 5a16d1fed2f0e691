//! Numeric constants.

use super::token::TokenKind;
use crate::ast::Number;
use crate::strconv::{parse_float, parse_int, parse_uint, quote, unquote_char};

/// Reads a constant in every form that it can take.
pub(super) fn number(text: &[u8], kind: TokenKind) -> Result<Number, String> {
    let mut number = Number { text: String::from_utf8_lossy(text).into_owned(), ..Number::default() };
    match kind {
        TokenKind::CharConstant => character(&mut number, text)?,
        TokenKind::Complex => {
            let Some(value) = complex(text) else { return Err("syntax error scanning complex number".to_owned()) };
            set_complex(&mut number, value);
        }
        _ => real(&mut number, text)?,
    }
    Ok(number)
}

fn character(number: &mut Number, text: &[u8]) -> Result<(), String> {
    let Some((unit, length)) = unquote_char(&text[1..], b'\'') else { return Err("invalid syntax".to_owned()) };
    if &text[1 + length..] != b"'" {
        return Err(format!("malformed character constant: {}", number.text));
    }
    let code = unit.code();
    number.int = Some(i64::from(code));
    number.uint = Some(u64::from(code));
    number.float = Some(f64::from(code));
    Ok(())
}

/// Reads `1+2i`.
fn complex(text: &[u8]) -> Option<(f64, f64)> {
    let body = text.strip_suffix(b"i")?;
    let split = (1..body.len())
        .rev()
        .find(|at| matches!(body[*at], b'+' | b'-') && !matches!(body[at - 1], b'e' | b'E' | b'p' | b'P'))?;
    Some((parse_float(&body[..split])?, parse_float(&body[split..])?))
}

fn set_complex(number: &mut Number, value: (f64, f64)) {
    number.complex = Some(value);
    if value.1 == 0.0 {
        number.float = Some(value.0);
        number.int = integral(value.0);
        number.uint = unsigned(value.0);
    }
}

fn real(number: &mut Number, text: &[u8]) -> Result<(), String> {
    if let Some(imaginary) = text.strip_suffix(b"i").and_then(parse_float) {
        set_complex(number, (0.0, imaginary));
        return Ok(());
    }
    number.uint = parse_uint(text, 0);
    number.int = parse_int(text, 0);
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Some(float) = parse_float(text) {
        if !text.iter().any(|byte| b".eEpP".contains(byte)) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        number.float = Some(float);
        number.int = integral(float);
        number.uint = unsigned(float);
    }
    if number.int.is_none() && number.uint.is_none() && number.float.is_none() {
        return Err(format!("illegal number syntax: {}", quote(text)));
    }
    Ok(())
}

fn integral(value: f64) -> Option<i64> {
    // 2^63 itself does not fit.
    let fits = value.trunc() == value && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    fits.then_some(value as i64)
}

fn unsigned(value: f64) -> Option<u64> {
    let fits = value.trunc() == value && (0.0..18_446_744_073_709_551_616.0).contains(&value);
    fits.then_some(value as u64)
}
