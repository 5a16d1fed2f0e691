//! Base64, checksums, JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gotmpl::{Result, Value};
use sha2::{Digest, Sha256};

use super::arguments::{Function, string, text, value};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("b64enc", |given| Ok(string(&STANDARD.encode(text(given, 0)?)))),
    ("b64dec", b64dec),
    ("sha256sum", |given| Ok(string(&hex(&Sha256::digest(text(given, 0)?))))),
    ("adler32sum", |given| Ok(string(&adler32(text(given, 0)?.as_bytes()).to_string()))),
    ("toJson", |given| Ok(string(&json(value(given, 0)?).to_string()))),
    ("toPrettyJson", |given| Ok(string(&format!("{:#}", json(value(given, 0)?))))),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What cannot be decoded gives the decoder's message, as in Sprig.
fn b64dec(given: &[Value]) -> Result<Value> {
    let decoded = match STANDARD.decode(text(given, 0)?) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    };
    Ok(string(&decoded))
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    (high << 16) | low
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Nil | Value::Function(_) => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Uint(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(value) => value.as_ref().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(map) => map.iter().map(|(key, value)| (key.to_string(), json(value))).collect(),
    }
}
