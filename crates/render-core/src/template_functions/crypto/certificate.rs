//! X.509 certificates, with the extensions, their order and the error texts of Go's `x509.CreateCertificate`.

use std::net::IpAddr;

use gotemplate::strconv::quote;
use sha2::{Digest, Sha256};

use super::super::generator::Generator;
use super::der::{self, Reader};
use super::pem;
use super::private_key::PrivateKey;
use crate::time::{Now, go_layout};

/// The last component of the identifiers of extensions, `2.5.29.x`.
#[derive(Clone, Copy)]
enum Extension {
    SubjectKeyIdentifier = 14,
    KeyUsage = 15,
    SubjectAlternativeName = 17,
    BasicConstraints = 19,
    AuthorityKeyIdentifier = 35,
    ExtendedKeyUsage = 37,
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SERVER_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
/// An empty name, encoded.
const EMPTY_NAME: &[u8] = &[der::SEQUENCE, 0];

/// What a certificate is about.
pub(super) struct Request {
    pub(super) common_name: Vec<u8>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) names: Vec<Vec<u8>>,
    pub(super) from: Now,
    pub(super) until: Now,
    /// The certificate may sign others.
    pub(super) is_authority: bool,
}

/// A certificate that signs another one.
pub(super) struct Issuer {
    /// The subject, encoded.
    subject: Vec<u8>,
    key_identifier: Vec<u8>,
    /// The public key with its algorithm, encoded.
    public_key: Vec<u8>,
}

impl Issuer {
    /// Reads a certificate.
    pub(super) fn parse(bytes: &[u8]) -> Option<Issuer> {
        let mut certificate = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
        let mut body = Reader::new(certificate.expect(der::SEQUENCE)?);
        body.optional(der::explicit(0));
        body.expect(der::INTEGER)?;
        // The signature's algorithm, the issuer and the validity.
        for _ in 0..3 {
            body.expect(der::SEQUENCE)?;
        }
        let subject = body.element().filter(|element| element.tag == der::SEQUENCE)?.encoded.to_vec();
        let public_key = body.element().filter(|element| element.tag == der::SEQUENCE)?.encoded.to_vec();
        let mut key_identifier = Vec::new();
        if let Some(extensions) = body.optional(der::explicit(3)) {
            let mut extensions = Reader::new(Reader::new(extensions.content).expect(der::SEQUENCE)?);
            while !extensions.is_empty() {
                let mut extension = Reader::new(extensions.expect(der::SEQUENCE)?);
                let name = extension.expect(der::OBJECT_IDENTIFIER)?;
                extension.optional(der::BOOLEAN);
                let value = extension.expect(der::OCTET_STRING)?;
                if name == [0x55, 0x1d, Extension::SubjectKeyIdentifier as u8] {
                    key_identifier = Reader::new(value).expect(der::OCTET_STRING)?.to_vec();
                }
            }
        }
        certificate.expect(der::SEQUENCE)?;
        certificate.expect(der::BIT_STRING)?;
        Some(Issuer { subject, key_identifier, public_key })
    }
}

/// Makes a certificate for a key, signed by an issuer's key, or by its own; returns it as PEM.
///
/// # Errors
/// Go's texts.
pub(super) fn create(
    request: &Request,
    key: &PrivateKey,
    issuer: Option<(&Issuer, &PrivateKey)>,
    generator: &mut Generator,
) -> Result<String, String> {
    let signer = issuer.map_or(key, |(_, key)| key);
    let Some(algorithm) = signer.signature_algorithm() else {
        return Err("x509: certificate private key does not implement crypto.Signer".to_owned());
    };
    let Some(public) = key.public_key() else {
        return Err("x509: unsupported public key type: *dsa.PublicKey".to_owned());
    };
    let public_info = der::constructed(der::SEQUENCE, &[public.algorithm, der::bits(&public.bits, 0)]);
    let subject = name(&request.common_name)?;
    let (issuer_name, authority) = match issuer {
        None => (subject.clone(), &[][..]),
        Some((issuer, _)) if issuer.subject == subject => (subject.clone(), &[][..]),
        Some((issuer, _)) => (issuer.subject.clone(), &issuer.key_identifier[..]),
    };
    if let Some((issuer, key)) = issuer {
        let own =
            key.public_key().map(|own| der::constructed(der::SEQUENCE, &[own.algorithm, der::bits(&own.bits, 0)]));
        if own.as_ref() != Some(&issuer.public_key) {
            return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
        }
    }
    let identifier = if request.is_authority { Sha256::digest(&public.bits)[..20].to_vec() } else { Vec::new() };
    let extensions = extensions(request, subject == EMPTY_NAME, &identifier, authority)?;
    let body = der::constructed(
        der::SEQUENCE,
        &[
            der::value(der::explicit(0), &der::unsigned(&[2])),
            der::unsigned(&generator.array::<16>()),
            algorithm.clone(),
            issuer_name,
            der::constructed(der::SEQUENCE, &[time(request.from)?, time(request.until)?]),
            subject,
            public_info,
            der::value(der::explicit(3), &der::constructed(der::SEQUENCE, &extensions)),
        ],
    );
    let signature = signer.sign(&body, generator)?;
    let whole = der::constructed(der::SEQUENCE, &[body, algorithm, der::bits(&signature, 0)]);
    Ok(pem::encode("CERTIFICATE", &whole))
}

fn extensions(
    request: &Request,
    is_subject_empty: bool,
    identifier: &[u8],
    authority: &[u8],
) -> Result<Vec<Vec<u8>>, String> {
    // Digital signatures and key encipherment; signing certificates.
    let usage = if request.is_authority { der::bits(&[0xa4], 2) } else { der::bits(&[0xa0], 5) };
    let purposes = [SERVER_AUTHENTICATION, CLIENT_AUTHENTICATION].map(der::identifier);
    let constraints = if request.is_authority { vec![der::value(der::BOOLEAN, &[0xff])] } else { Vec::new() };
    let mut all = vec![
        extension(Extension::KeyUsage, true, &usage),
        extension(Extension::ExtendedKeyUsage, false, &der::constructed(der::SEQUENCE, &purposes)),
        extension(Extension::BasicConstraints, true, &der::constructed(der::SEQUENCE, &constraints)),
    ];
    if !identifier.is_empty() {
        all.push(extension(Extension::SubjectKeyIdentifier, false, &der::value(der::OCTET_STRING, identifier)));
    }
    if !authority.is_empty() {
        let value = der::constructed(der::SEQUENCE, &[der::value(der::implicit(0), authority)]);
        all.push(extension(Extension::AuthorityKeyIdentifier, false, &value));
    }
    if !request.names.is_empty() || !request.addresses.is_empty() {
        all.push(extension(Extension::SubjectAlternativeName, is_subject_empty, &alternative_names(request)?));
    }
    Ok(all)
}

fn extension(kind: Extension, is_critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::identifier(&[0x55, 0x1d, kind as u8])];
    if is_critical {
        parts.push(der::value(der::BOOLEAN, &[0xff]));
    }
    parts.push(der::value(der::OCTET_STRING, value));
    der::constructed(der::SEQUENCE, &parts)
}

fn alternative_names(request: &Request) -> Result<Vec<u8>, String> {
    let mut parts = Vec::new();
    for name in &request.names {
        if !name.is_ascii() {
            return Err(format!("x509: {} cannot be encoded as an IA5String", quote(name)));
        }
        parts.push(der::value(der::implicit(2), name));
    }
    for address in &request.addresses {
        parts.push(match address {
            IpAddr::V4(address) => der::value(der::implicit(7), &address.octets()),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => der::value(der::implicit(7), &address.octets()),
                None => der::value(der::implicit(7), &address.octets()),
            },
        });
    }
    Ok(der::constructed(der::SEQUENCE, &parts))
}

/// Encodes a name that consists of a common name.
fn name(common_name: &[u8]) -> Result<Vec<u8>, String> {
    if common_name.is_empty() {
        return Ok(EMPTY_NAME.to_vec());
    }
    let is_printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
    let text = if common_name.iter().all(is_printable) {
        der::value(der::PRINTABLE_STRING, common_name)
    } else if std::str::from_utf8(common_name).is_ok() {
        der::value(der::UTF8_STRING, common_name)
    } else {
        return Err("asn1: string not valid UTF-8".to_owned());
    };
    let attribute = der::constructed(der::SEQUENCE, &[der::identifier(COMMON_NAME), text]);
    Ok(der::constructed(der::SEQUENCE, &[der::value(der::SET, &attribute)]))
}

fn time(at: Now) -> Result<Vec<u8>, String> {
    let format = |layout: &str| go_layout::format(layout, at, &super::super::times::utc());
    let year: i64 = format("2006").parse().unwrap_or(-1);
    match year {
        1950..2050 => Ok(der::value(der::UTC_TIME, format("060102150405Z").as_bytes())),
        0..=9999 => Ok(der::value(der::GENERALIZED_TIME, format("20060102150405Z").as_bytes())),
        _ => Err("asn1: structure error: cannot represent time as GeneralizedTime".to_owned()),
    }
}
