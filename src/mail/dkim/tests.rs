//! Tests of the signatures.

use super::*;

#[test]
fn headers_and_body_are_relaxed_as_in_the_rfc() {
    // RFC 6376 §3.4.5.
    let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
    let fields = fields(&message[..message.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 2]);
    let mut out = Vec::new();
    for (name, value) in &fields {
        relaxed_field(name.trim_ascii_end(), value, &mut out);
        out.extend_from_slice(b"\r\n");
    }
    assert_eq!(String::from_utf8(out).unwrap(), "a:X\r\nb:Y Z\r\n");
    let as_signed = ring::digest::digest(&SHA256, b" C\r\nD E\r\n");
    assert_eq!(body_hash(b" C \r\nD \t E\r\n\r\n\r\n"), as_signed.as_ref());
    assert_eq!(body_hash(b" C\r\nD E"), as_signed.as_ref(), "a last line break is added");
    assert_eq!(body_hash(b"\r\n \r\n"), ring::digest::digest(&SHA256, b"").as_ref());
}

#[test]
fn what_is_no_key_is_named() {
    for pem in [&b""[..], b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        assert!(Key::rsa("s", pem).is_err() && Key::ed25519("s", pem).is_err());
    }
}

#[test]
fn a_short_rsa_key_is_refused_and_a_long_one_has_its_record() {
    use rsa::pkcs1::EncodeRsaPrivateKey as _;
    use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
    let make = |bits| rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).unwrap();
    let short = make(1024).to_pkcs8_pem(LineEnding::LF).unwrap();
    assert_eq!(Key::rsa("s", short.as_bytes()).unwrap_err(), KeyError::Short);
    let long = make(2048);
    let forms = [long.to_pkcs8_pem(LineEnding::LF).unwrap(), long.to_pkcs1_pem(LineEnding::CRLF).unwrap()];
    let records: Vec<String> = forms.iter().map(|pem| Key::rsa("s", pem.as_bytes()).unwrap().record()).collect();
    assert_eq!(records[0], records[1]);
    let public = rsa::RsaPublicKey::from(&long).to_public_key_der().unwrap();
    assert_eq!(records[0], format!("v=DKIM1; k=rsa; p={}", BASE64.encode(public.as_bytes())));
    assert_eq!(Key::ed25519("s", forms[0].as_bytes()).unwrap_err(), KeyError::Kind("Ed25519"));
}
