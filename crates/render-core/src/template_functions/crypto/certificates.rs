//! `genCA`, `genSelfSignedCert`, `genSignedCert`, their forms with a given key, and `buildCustomCert`.

use std::net::IpAddr;

use gotemplate::{Context, FunctionError, FunctionResult, Value};

use super::super::arguments::{bytes, int};
use super::super::certificate_value::CertificateValue;
use super::super::draw::{Cost, Draw, has_unlimited_certificates, random};
use super::super::encodings::decode_base64;
use super::super::generator::Generator;
use super::super::times;
use super::certificate::{Issuer, Request, create};
use super::private_key::{self, PrivateKey};
use super::{EXPENSIVE, charge, pem};
use crate::time::Now;

/// The end of certificates that do not expire: 9999-12-31T23:59:59Z (RFC 5280, section 4.1.2.5).
const NEVER: Now = Now { seconds: 253_402_300_799, nanoseconds: 0 };
const RSA_BITS: usize = 2_048;
const NANOSECONDS_PER_DAY: i64 = 86_400_000_000_000;

/// Where the arguments of a function are.
struct Call<'a> {
    name: &'static str,
    args: &'a [Value],
    /// The index of the given key.
    key: Option<usize>,
}

impl Call<'_> {
    /// Returns the given key, or makes one.
    fn key(&self, context: &mut dyn Context, draw: &mut Draw) -> Result<(PrivateKey, Generator), FunctionError> {
        charge(context, EXPENSIVE)?;
        let mut generator = draw.generator(context)?;
        let key = match self.key {
            Some(index) => {
                private_key::parse(bytes(self.args, index)).map_err(|error| format!("parsing private key: {error}"))?
            }
            None => private_key::generate_rsa(&mut generator, RSA_BITS)
                .map_err(|error| format!("error generating rsa key: {error}"))?,
        };
        Ok((key, generator))
    }

    /// Reads what the certificate is about; `days` is the index of the argument with the validity.
    fn request(&self, context: &dyn Context, days: usize) -> Result<Request, FunctionError> {
        let now = times::now(context, self.name)?;
        let until = if has_unlimited_certificates(context) {
            NEVER
        } else {
            now.plus(int(self.args, days).wrapping_mul(NANOSECONDS_PER_DAY)).at
        };
        let (addresses, names) = match days {
            1 => (Vec::new(), Vec::new()),
            _ => (addresses(&self.args[1])?, names(&self.args[2])?),
        };
        let common_name = bytes(self.args, 0).to_vec();
        Ok(Request { common_name, addresses, names, from: now.at, until, is_authority: days == 1 })
    }
}

pub(super) fn authority(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    without_issuer(context, &Call { name: "genCA", args, key: None }, 1)
}

pub(super) fn authority_with_key(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    without_issuer(context, &Call { name: "genCAWithKey", args, key: Some(2) }, 1)
}

pub(super) fn self_signed(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    without_issuer(context, &Call { name: "genSelfSignedCert", args, key: None }, 3)
}

pub(super) fn self_signed_with_key(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    without_issuer(context, &Call { name: "genSelfSignedCertWithKey", args, key: Some(4) }, 3)
}

pub(super) fn signed(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    with_issuer(context, &Call { name: "genSignedCert", args, key: None })
}

pub(super) fn signed_with_key(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    with_issuer(context, &Call { name: "genSignedCertWithKey", args, key: Some(5) })
}

fn without_issuer(context: &mut dyn Context, call: &Call<'_>, days: usize) -> FunctionResult {
    random(context, call.name, call.args, Cost::Large, |context, draw| {
        let (key, mut generator) = call.key(context, draw)?;
        let request = call.request(context, days)?;
        finished(create(&request, &key, None, &mut generator), &key)
    })
}

fn with_issuer(context: &mut dyn Context, call: &Call<'_>) -> FunctionResult {
    random(context, call.name, call.args, Cost::Large, |context, draw| signed_by_issuer(context, call, draw))
}

fn signed_by_issuer(context: &mut dyn Context, call: &Call<'_>, draw: &mut Draw) -> FunctionResult {
    let (key, mut generator) = call.key(context, draw)?;
    let Some(authority) = call.args[4].downcast::<CertificateValue>() else {
        return Err("the argument is not a certificate".into());
    };
    let text = |value: &Value| value.as_str().map(|text| text.to_vec()).unwrap_or_default();
    let Some(block) = pem::decode(&text(&authority.certificate)) else {
        return Err("unable to decode certificate".into());
    };
    let malformed = "error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate";
    let issuer = Issuer::parse(&block.bytes).ok_or(malformed)?;
    let issuer_key =
        private_key::parse(&text(&authority.key)).map_err(|error| format!("error parsing private key: {error}"))?;
    let request = call.request(context, 3)?;
    finished(create(&request, &key, Some((&issuer, &issuer_key)), &mut generator), &key)
}

fn finished(certificate: Result<String, String>, key: &PrivateKey) -> FunctionResult {
    let certificate = certificate.map_err(|error| format!("error creating certificate: {error}"))?;
    Ok(Value::object(CertificateValue { certificate: certificate.into(), key: key.to_pem().into() }))
}

/// Checks a certificate and its key, both PEM in base 64, and returns them.
pub(super) fn custom(args: &[Value]) -> FunctionResult {
    let decoded = |index: usize, what: &str| {
        decode_base64(bytes(args, index)).map_err(|_| format!("unable to decode base64 {what}"))
    };
    let (certificate, key) = (decoded(0, "certificate")?, decoded(1, "private key")?);
    let Some(block) = pem::decode(&certificate) else { return Err("unable to decode certificate".into()) };
    if Issuer::parse(&block.bytes).is_none() {
        return Err("error parsing certificate: decodedCert.Bytes: x509: malformed certificate".into());
    }
    private_key::parse(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok(Value::object(CertificateValue { certificate: certificate.into(), key: key.into() }))
}

fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.to_vec(),
        _ => Vec::new(),
    }
}

fn addresses(value: &Value) -> Result<Vec<IpAddr>, FunctionError> {
    let read = |item: &Value| match item {
        Value::String(text) => {
            let text = text.to_text();
            text.parse().map_err(|_| format!("error parsing ip: {text}").into())
        }
        other => Err(not_a_string("error parsing ip", other)),
    };
    items(value).iter().map(read).collect()
}

fn names(value: &Value) -> Result<Vec<Vec<u8>>, FunctionError> {
    let read = |item: &Value| match item {
        Value::String(text) => Ok(text.to_vec()),
        other => Err(not_a_string("error processing alternate dns name", other)),
    };
    items(value).iter().map(read).collect()
}

fn not_a_string(doing: &str, value: &Value) -> FunctionError {
    let shown = super::super::arguments::shown(value);
    format!("{doing}: {} is not a string", String::from_utf8_lossy(&shown)).into()
}
