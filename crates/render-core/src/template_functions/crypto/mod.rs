//! Functions with keys, certificates, passwords and ciphers (Sprig's `crypto.go`).
//!
//! Random results have the shape of Sprig's: the same formats, key sizes, extensions and validity.

mod aes;
mod certificate;
mod certificates;
mod der;
mod dsa;
mod generator;
mod passwords;
mod pem;
mod private_key;

use gotemplate::{Context, Function, FunctionError, FunctionResult, Param, Value};

use super::arguments::text;
use super::random::random_bytes;
use generator::{Generator, SEED};
use private_key::PrivateKey;

/// The steps that a call of about a tenth of a second counts as.
const EXPENSIVE: u64 = 1_000_000;

const PEM_KEY: Param = Param::String;
const NAMES: Param = Param::List;
const AUTHORITY: Param = Param::Named(certificates::TYPE_NAME);

/// The functions of this folder.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("bcrypt", Function::with_context(&[Param::String], passwords::bcrypt)),
    ("htpasswd", Function::with_context(&[Param::String, Param::String], passwords::htpasswd)),
    (
        "derivePassword",
        Function::with_context(
            &[Param::Uint32, Param::String, Param::String, Param::String, Param::String],
            passwords::derive,
        ),
    ),
    ("encryptAES", Function::with_context(&[Param::String, Param::String], aes::encrypt)),
    ("decryptAES", Function::new(&[Param::String, Param::String], aes::decrypt)),
    ("genPrivateKey", Function::with_context(&[Param::String], generate_private_key)),
    ("buildCustomCert", Function::new(&[Param::String, Param::String], certificates::custom)),
    ("genCA", Function::with_context(&[Param::String, Param::Int], certificates::authority)),
    ("genCAWithKey", Function::with_context(&[Param::String, Param::Int, PEM_KEY], certificates::authority_with_key)),
    (
        "genSelfSignedCert",
        Function::with_context(&[Param::String, NAMES, NAMES, Param::Int], certificates::self_signed),
    ),
    (
        "genSelfSignedCertWithKey",
        Function::with_context(&[Param::String, NAMES, NAMES, Param::Int, PEM_KEY], certificates::self_signed_with_key),
    ),
    (
        "genSignedCert",
        Function::with_context(&[Param::String, NAMES, NAMES, Param::Int, AUTHORITY], certificates::signed),
    ),
    (
        "genSignedCertWithKey",
        Function::with_context(
            &[Param::String, NAMES, NAMES, Param::Int, AUTHORITY, PEM_KEY],
            certificates::signed_with_key,
        ),
    ),
];

/// Counts the work of an expensive function.
fn charge(context: &mut dyn Context, steps: u64) -> Result<(), FunctionError> {
    Ok(context.charge(steps)?)
}

/// Returns a generator with a seed from the caller's source.
fn generator(context: &dyn Context, name: &str) -> Result<Generator, FunctionError> {
    let drawn = random_bytes(context, name, SEED)?;
    let mut seed = [0; SEED];
    seed.copy_from_slice(&drawn);
    Ok(Generator::new(seed))
}

fn generate_private_key(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let kind = text(args, 0);
    let cost = match kind.as_str() {
        "" | "rsa" | "dsa" => 20 * EXPENSIVE,
        "ecdsa" | "ed25519" => EXPENSIVE / 100,
        _ => return Ok(format!("Unknown type {kind}").into()),
    };
    charge(context, cost)?;
    let mut generator = generator(context, "genPrivateKey")?;
    let key = match kind.as_str() {
        "ecdsa" => private_key::generate_p256(&mut generator),
        "ed25519" => private_key::generate_ed25519(&mut generator),
        "dsa" => match dsa::DsaKey::generate(&mut generator) {
            Some(key) => PrivateKey::Dsa(key),
            None => return Ok("failed to generate private key: dsa: invalid parameters".into()),
        },
        _ => match private_key::generate_rsa(&mut generator, 4_096) {
            Ok(key) => key,
            Err(error) => return Ok(format!("failed to generate private key: {error}").into()),
        },
    };
    Ok(key.to_pem().into())
}
