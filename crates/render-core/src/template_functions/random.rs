//! Functions with random results. The random bytes come from the caller; without them, these functions fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{Context, Function, FunctionResult, Param, Value, chars};

use super::arguments::{bytes, int};
use super::draw::{Cost, random};

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
            random(context, "randBytes", args, Cost::Small, |context, draw| {
                Ok(STANDARD.encode(draw.bytes(context, length)?).into())
            })
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
            random(context, "randInt", args, Cost::Small, |context, draw| {
                Ok(least.wrapping_add_unsigned(draw.below(context, span)?).into())
            })
        }),
    ),
    ("shuffle", Function::with_context(&[Param::String], shuffle)),
    ("uuidv4", Function::with_context(&[], uuid)),
];

fn random_text(context: &mut dyn Context, name: &'static str, args: &[Value], alphabet: &[u8]) -> FunctionResult {
    let count = int(args, 0);
    if count > LONGEST {
        return Err(format!("{name} returns at most {LONGEST} characters").into());
    }
    context.charge(count.unsigned_abs())?;
    random(context, name, args, Cost::Small, |context, draw| {
        let mut text = Vec::new();
        for _ in 0..count {
            let index = draw.below(context, alphabet.len() as u64)?;
            text.push(alphabet[usize::try_from(index).unwrap_or_default()]);
        }
        Ok(text.into())
    })
}

fn shuffle(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    random(context, "shuffle", args, Cost::Small, |context, draw| {
        let mut characters: Vec<char> = chars(bytes(args, 0)).map(|(c, _)| c).collect();
        for index in (1..characters.len()).rev() {
            let other = draw.below(context, index as u64 + 1)?;
            characters.swap(index, usize::try_from(other).unwrap_or_default());
        }
        Ok(characters.into_iter().collect::<String>().into())
    })
}

fn uuid(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    random(context, "uuidv4", args, Cost::Small, |context, draw| {
        let mut bytes = draw.bytes(context, 16)?;
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
    })
}
