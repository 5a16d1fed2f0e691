//! `bcrypt`, `htpasswd` and `derivePassword`.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use gotemplate::{Context, FunctionError, FunctionResult, Value};
use hmac::{Hmac, KeyInit, Mac};
use scrypt::Params;
use sha2::Sha256;

use super::super::arguments::{bytes, text};
use super::super::draw::{Cost, Draw, random};
use super::{EXPENSIVE, charge};

/// The work factor of Go's `bcrypt.DefaultCost`.
const COST: u32 = 10;
/// The maximum length of a password that bcrypt takes into account.
const LONGEST: usize = 72;
const SEED: &[u8] = b"com.lyndir.masterpassword";

/// Hashes a password. As in Sprig, an error is the result.
pub(super) fn bcrypt(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    random(context, "bcrypt", args, Cost::Large, |context, draw| Ok(hashed(context, draw, bytes(args, 0))?.into()))
}

/// Returns a line of a password file.
pub(super) fn htpasswd(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let (user, password) = (bytes(args, 0), bytes(args, 1));
    if user.contains(&b':') {
        return Ok([b"invalid username: ", user].concat().into());
    }
    random(context, "htpasswd", args, Cost::Large, |context, draw| {
        let hash = hashed(context, draw, password)?;
        Ok([user, b":", hash.as_bytes()].concat().into())
    })
}

fn hashed(context: &mut dyn Context, draw: &mut Draw, password: &[u8]) -> Result<String, FunctionError> {
    if password.len() > LONGEST {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".to_owned());
    }
    charge(context, EXPENSIVE)?;
    let mut salt = [0; 16];
    salt.copy_from_slice(&draw.bytes(context, 16)?);
    Ok(with_salt(password, salt))
}

fn with_salt(password: &[u8], salt: [u8; 16]) -> String {
    let mut key = password.to_vec();
    key.push(0);
    key.truncate(LONGEST);
    let hash = bcrypt::bcrypt(COST, salt, &key);
    let base = GeneralPurpose::new(&BCRYPT, NO_PAD);
    format!("$2a${COST}${}{}", base.encode(salt), base.encode(&hash[..23]))
}

/// Derives a password for a site from a main password (the Master Password algorithm).
pub(super) fn derive(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let counter = match args.first() {
        Some(Value::Uint(counter, _)) => u32::try_from(*counter).unwrap_or_default(),
        _ => 0,
    };
    let kind = text(args, 1);
    let Some(templates) = templates(&kind) else {
        return Ok(format!("cannot find password template {kind}").into());
    };
    charge(context, 3 * EXPENSIVE)?;
    Ok(derived(counter, templates, [bytes(args, 2), bytes(args, 3), bytes(args, 4)])?.into())
}

/// Derives a password from the main password, the user and the site.
fn derived(counter: u32, templates: &[&str], [password, user, site]: [&[u8]; 3]) -> Result<String, FunctionError> {
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or_default().to_be_bytes();
    let salt = [SEED, &length(user), user].concat();
    let failed = |error: &dyn std::fmt::Display| FunctionError::from(format!("failed to derive password: {error}"));
    let params = Params::new(15, 8, 2).map_err(|error| failed(&error))?;
    let mut key = [0; 64];
    scrypt::scrypt(password, &salt, &params, &mut key).map_err(|error| failed(&error))?;
    let mut code = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| failed(&error))?;
    code.update(&[SEED, &length(site), site, &counter.to_be_bytes()].concat());
    let seed = code.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let drawn = template.bytes().zip(&seed[1..]).map(|(class, byte)| {
        let characters = characters(class);
        char::from(characters[usize::from(*byte) % characters.len()])
    });
    Ok(drawn.collect())
}

/// Returns the patterns of a kind of password; each letter is a class of characters.
fn templates(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_sprigs() {
        let derive = |kind: &str, parts: [&str; 3]| {
            derived(1, templates(kind).unwrap(), parts.map(str::as_bytes)).map_err(|_| ()).unwrap()
        };
        assert_eq!(derive("long", ["password", "user", "example.com"]), "ZedaFaxcZaso9*");
        assert_eq!(derive("short", ["", "", ""]), "Yav8");
    }

    #[test]
    fn hashes_are_those_of_libxcrypt() {
        let salt: [u8; 16] = *b"\x14\x4b\x3d\x69\x1a\x7b\x4e\xcf\x39\xcf\x73\x5c\x7f\xa7\xa7\x9c";
        assert_eq!(with_salt(b"abc", salt), "$2a$10$DCq7YPn5Rq63x1Lad4cll.IKWuylW8aN68rNJanOr6XsIP3hjDvqG");
        let longest = with_salt(&[b'x'; 72], [0; 16]);
        assert_eq!(longest, "$2a$10$......................LApjVJ6.gwvnmJtJ2ZSb48cPwesrcsi");
    }
}
