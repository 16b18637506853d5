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
fn der_lengths_are_shortest() {
    assert_eq!(der(0x30, &[1; 3]), [0x30, 3, 1, 1, 1]);
    assert_eq!(&der(0x30, &[0; 200])[..3], [0x30, 0x81, 200]);
    assert_eq!(&der(0x30, &[0; 300])[..4], [0x30, 0x82, 1, 44]);
}
