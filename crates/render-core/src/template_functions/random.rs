//! Functions with random results. The random bytes come from the caller; without them, these functions fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{Context, Function, FunctionError, FunctionResult, Param, Value, chars};

use super::arguments::{bytes, int};

const INT: &[Param] = &[Param::Int];
const DIGITS: &[u8] = b"0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BOTH: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The maximum number of random characters in one call.
const LONGEST: i64 = 1 << 24;

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("randAlphaNum", Function::with_context(INT, |context, args| random_text(context, "randAlphaNum", args, BOTH))),
    ("randAlpha", Function::with_context(INT, |context, args| random_text(context, "randAlpha", args, LETTERS))),
    ("randNumeric", Function::with_context(INT, |context, args| random_text(context, "randNumeric", args, DIGITS))),
    (
        "randAscii",
        Function::with_context(INT, |context, args| {
            let printable: Vec<u8> = (b' '..=b'~').collect();
            random_text(context, "randAscii", args, &printable)
        }),
    ),
    (
        "randBytes",
        Function::with_context(INT, |context, args| {
            let length =
                usize::try_from(int(args, 0).min(LONGEST)).map_err(|_| "runtime error: makeslice: len out of range")?;
            Ok(STANDARD.encode(random_bytes(context, "randBytes", length)?).into())
        }),
    ),
    (
        "randInt",
        Function::with_context(&[Param::Int, Param::Int], |context, args| {
            let (least, end) = (int(args, 0), int(args, 1));
            if end <= least {
                return Err("invalid argument to Intn".into());
            }
            let span = end.abs_diff(least);
            let offset = below(context, "randInt", span)?;
            Ok(least.wrapping_add_unsigned(offset).into())
        }),
    ),
    ("shuffle", Function::with_context(&[Param::String], shuffle)),
    ("uuidv4", Function::with_context(&[], uuid)),
];

/// Draws bytes for a function.
pub(super) fn random_bytes(context: &dyn Context, name: &str, length: usize) -> Result<Vec<u8>, FunctionError> {
    let source = super::state::of(context).and_then(|state| state.random.as_ref());
    let Some(source) = source else {
        return Err(format!("{name} is random, so two runs would differ: pass the value in").into());
    };
    let mut bytes = vec![0; length];
    (source.borrow_mut())(&mut bytes).map_err(|error| format!("{name}: cannot draw random bytes: {error}"))?;
    Ok(bytes)
}

/// Returns a random number below `end`.
fn below(context: &dyn Context, name: &str, end: u64) -> Result<u64, FunctionError> {
    let bytes = random_bytes(context, name, 8)?;
    let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // The product's upper half is evenly distributed, up to 2^-64.
    Ok(u64::try_from((u128::from(number) * u128::from(end)) >> 64).unwrap_or_default())
}

fn random_text(context: &mut dyn Context, name: &str, args: &[Value], alphabet: &[u8]) -> FunctionResult {
    let count = int(args, 0);
    if count > LONGEST {
        return Err(format!("{name} returns at most {LONGEST} characters").into());
    }
    context.charge(count.unsigned_abs())?;
    let mut text = Vec::new();
    for _ in 0..count {
        let index = below(context, name, alphabet.len() as u64)?;
        text.push(alphabet[usize::try_from(index).unwrap_or_default()]);
    }
    Ok(text.into())
}

fn shuffle(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let mut characters: Vec<char> = chars(bytes(args, 0)).map(|(c, _)| c).collect();
    for index in (1..characters.len()).rev() {
        let other = below(context, "shuffle", index as u64 + 1)?;
        characters.swap(index, usize::try_from(other).unwrap_or_default());
    }
    Ok(characters.into_iter().collect::<String>().into())
}

fn uuid(context: &mut dyn Context, _: &[Value]) -> FunctionResult {
    let mut bytes = random_bytes(context, "uuidv4", 16)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text.into())
}
