//! Functions with keys, certificates, passwords and ciphers (Sprig's `crypto.go`).
//!
//! Random results have the shape of Sprig's: the same formats, key sizes, extensions and validity.

mod aes;
mod certificate;
mod certificates;
mod der;
mod dsa;
mod passwords;
mod pem;
mod private_key;

use gotemplate::{Context, Function, FunctionError, FunctionResult, Param, Value};

use super::arguments::text;
use super::certificate_value::TYPE_NAME;
use super::draw::{Cost, random};
use super::generator::Generator;
use private_key::PrivateKey;

/// The steps that a call of about a tenth of a second counts as.
const EXPENSIVE: u64 = 1_000_000;

const PEM_KEY: Param = Param::String;
const NAMES: Param = Param::List;
const AUTHORITY: Param = Param::Named(TYPE_NAME);

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

fn generate_private_key(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let kind = text(args, 0);
    let cost = match kind.as_str() {
        "" | "rsa" | "dsa" => 8 * EXPENSIVE,
        "ecdsa" | "ed25519" => EXPENSIVE / 100,
        _ => return Ok(format!("Unknown type {kind}").into()),
    };
    charge(context, cost)?;
    random(context, "genPrivateKey", args, Cost::Large, |context, draw| {
        Ok(private_key_of(&kind, &mut draw.generator(context)?).into())
    })
}

/// Makes a private key of a kind, and returns it as PEM. As in Sprig, an error is the result.
fn private_key_of(kind: &str, generator: &mut Generator) -> String {
    let key = match kind {
        "ecdsa" => private_key::generate_p256(generator),
        "ed25519" => private_key::generate_ed25519(generator),
        "dsa" => match dsa::DsaKey::generate(generator) {
            Some(key) => PrivateKey::Dsa(key),
            None => return "failed to generate private key: dsa: invalid parameters".to_owned(),
        },
        _ => match private_key::generate_rsa(generator, 4_096) {
            Ok(key) => key,
            Err(error) => return format!("failed to generate private key: {error}"),
        },
    };
    key.to_pem()
}
