//! Base 64 and base 32.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{Function, Param};

use super::arguments::bytes;

const STRING: &[Param] = &[Param::String];
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("b64enc", Function::new(STRING, |args| Ok(STANDARD.encode(bytes(args, 0)).into()))),
    (
        "b64dec",
        Function::new(STRING, |args| {
            // As in Sprig, an error is the result.
            Ok(decode_base64(bytes(args, 0))
                .map_or_else(|at| format!("illegal base64 data at input byte {at}").into(), Into::into))
        }),
    ),
    ("b32enc", Function::new(STRING, |args| Ok(encode_base32(bytes(args, 0)).into()))),
    (
        "b32dec",
        Function::new(STRING, |args| {
            Ok(decode_base32(bytes(args, 0))
                .map_or_else(|at| format!("illegal base32 data at input byte {at}").into(), Into::into))
        }),
    ),
];

/// Decodes padded base 64; line ends are skipped. The error is the offset that Go names.
pub(crate) fn decode_base64(text: &[u8]) -> Result<Vec<u8>, usize> {
    decode(text, 4, |byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    })
}

/// Decodes quanta of four characters, where the last may end in `=`.
fn decode(text: &[u8], quantum: usize, digit: fn(u8) -> Option<u8>) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let mut at = 0;
    let next = |at: &mut usize| loop {
        let byte = *text.get(*at)?;
        *at += 1;
        if !matches!(byte, b'\r' | b'\n') {
            return Some(byte);
        }
    };
    loop {
        let mut digits = [0_u8; 4];
        let mut count = 0;
        while count < quantum {
            let Some(byte) = next(&mut at) else {
                return if count == 0 { Ok(out) } else { Err(at - count) };
            };
            if let Some(value) = digit(byte) {
                digits[count] = value;
                count += 1;
                continue;
            }
            if byte != b'=' || count < 2 {
                return Err(at - 1);
            }
            if count == 2 {
                match next(&mut at) {
                    None => return Err(text.len()),
                    Some(b'=') => {}
                    Some(_) => return Err(at - 1),
                }
            }
            if next(&mut at).is_some() {
                return Err(at - 1);
            }
            push_quantum(&mut out, digits, count);
            return Ok(out);
        }
        push_quantum(&mut out, digits, count);
    }
}

fn push_quantum(out: &mut Vec<u8>, digits: [u8; 4], count: usize) {
    let bits = digits.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
    out.extend_from_slice(&bits.to_be_bytes()[1..count]);
}

fn encode_base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let bits =
            (0..5).fold(0_u64, |bits, index| bits << 8 | u64::from(chunk.get(index).copied().unwrap_or_default()));
        let used = (chunk.len() * 8).div_ceil(5);
        for place in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or_default();
            out.push(if place < used { char::from(BASE32[digit]) } else { '=' });
        }
    }
    out
}

/// Decodes padded base 32; line ends are skipped. The error is the offset that Go names (`Encoding.decode` of its `encoding/base32`).
fn decode_base32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    for start in (0..text.len()).step_by(8) {
        let quantum = &text[start..text.len().min(start + 8)];
        let mut bits = 0_u64;
        let mut count = 0;
        while count < 8 {
            let Some(&byte) = quantum.get(count) else { return Err(start) };
            // Padding is looked for only in the last quantum.
            if byte == b'=' && count >= 2 && start + 8 >= text.len() {
                check_padding(&text, start + count)?;
                out.extend_from_slice(&bits.to_be_bytes()[3..3 + count * 5 / 8]);
                return Ok(out);
            }
            let Some(digit) = BASE32.iter().position(|digit| *digit == byte) else { return Err(start + count) };
            bits |= (digit as u64) << (35 - 5 * count);
            count += 1;
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    Ok(out)
}

/// Checks the padding of the last quantum, which begins at `at`.
fn check_padding(text: &[u8], at: usize) -> Result<(), usize> {
    let digits = at % 8;
    let rest = &text[at + 1..];
    if rest.len() + digits < 7 {
        return Err(text.len());
    }
    if let Some(wrong) = rest.iter().take(7 - digits).position(|byte| *byte != b'=') {
        return Err(at + wrong);
    }
    if [3, 6].contains(&digits) { Err(at) } else { Ok(()) }
}
