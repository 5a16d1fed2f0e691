//! `encryptAES` and `decryptAES`: AES-256 in CBC mode, the key padded with zeros, the random first block before the text.

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use gotemplate::{Context, FunctionError, FunctionResult, Value};

use super::super::arguments::bytes;
use super::super::draw::{Cost, random};
use super::super::encodings::decode_base64;

const BLOCK: usize = 16;

/// Encrypts a text; an empty one stays empty.
pub(super) fn encrypt(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let text = bytes(args, 1);
    if text.is_empty() {
        return Ok("".into());
    }
    random(context, "encryptAES", args, Cost::Small, |context, draw| {
        let mut first = [0; BLOCK];
        first.copy_from_slice(&draw.bytes(context, BLOCK)?);
        let key = key(bytes(args, 0));
        let encrypted = cbc::Encryptor::<Aes256>::new(&key.into(), &first.into()).encrypt_padded_vec::<Pkcs7>(text);
        Ok(STANDARD.encode([&first[..], &encrypted].concat()).into())
    })
}

/// Decrypts what [`encrypt`] returned. Errors are those of Go's runtime.
pub(super) fn decrypt(args: &[Value]) -> FunctionResult {
    let encoded = bytes(args, 1);
    if encoded.is_empty() {
        return Ok("".into());
    }
    let data = decode_base64(encoded).map_err(|at| format!("illegal base64 data at input byte {at}"))?;
    let capacity = encoded.len() / 4 * 3;
    if data.len() < BLOCK {
        let slice = if capacity < BLOCK {
            format!("[:{BLOCK}] with capacity {capacity}")
        } else {
            format!("[{BLOCK}:{}]", data.len())
        };
        return Err(format!("runtime error: slice bounds out of range {slice}").into());
    }
    let (first, rest) = data.split_at(BLOCK);
    if rest.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let mut block = [0; BLOCK];
    block.copy_from_slice(first);
    let cipher = cbc::Decryptor::<Aes256>::new(&key(bytes(args, 0)).into(), &block.into());
    let mut plain = cipher
        .decrypt_padded_vec::<NoPadding>(rest)
        .map_err(|_| FunctionError::from("crypto/cipher: input not full blocks"))?;
    let Some(padding) = plain.last().map(|last| usize::from(*last)) else {
        return Err("runtime error: index out of range [-1]".into());
    };
    match plain.len().checked_sub(padding) {
        Some(length) => plain.truncate(length),
        None => {
            let below = padding - plain.len();
            return Err(format!("runtime error: slice bounds out of range [:-{below}]").into());
        }
    }
    Ok(plain.into())
}

/// Returns the key of a password: its first 32 bytes.
fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}
