//! Reads the Kubernetes protobuf envelope as far as Helm writes it: an object's metadata, and the
//! data of a secret. Knows nothing of HTTP.

use serde_json::{Map, Value, json};

/// What every such body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// Turns a body into the object's JSON, or returns `None` where it is no protobuf or cut off.
pub(super) fn parse_object(body: &[u8]) -> Option<Value> {
    let envelope = fields(body.strip_prefix(MAGIC)?)?;
    let kind_of = fields(bytes(&envelope, 1)?)?;
    let raw = fields(bytes(&envelope, 2)?)?;
    let kind = text(&kind_of, 2)?;
    let meta = fields(bytes(&raw, 1)?)?;
    let mut metadata = Map::new();
    for (number, name) in [(1, "name"), (3, "namespace")] {
        if let Some(value) = text(&meta, number).filter(|value| !value.is_empty()) {
            metadata.insert(name.into(), value.into());
        }
    }
    metadata.insert("labels".into(), entries(&meta, 11, |value| String::from_utf8_lossy(value).into())?);
    metadata.insert("annotations".into(), entries(&meta, 12, |value| String::from_utf8_lossy(value).into())?);
    let mut object = json!({"apiVersion": text(&kind_of, 1)?, "kind": kind, "metadata": metadata});
    if kind == "Secret" {
        object["data"] = entries(&raw, 2, |value| base64(value).into())?;
        object["type"] = text(&raw, 3).unwrap_or_default().into();
    }
    Some(object)
}

/// One field's number with its bytes; numbers in the wire's own form have none.
type Field<'a> = (u64, Option<&'a [u8]>);

fn fields(mut rest: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut out = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let value = match tag & 7 {
            0 => varint(&mut rest).map(|_| None)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (value, after) = rest.split_at_checked(length)?;
                rest = after;
                Some(value)
            }
            _ => return None,
        };
        out.push((tag >> 3, value));
    }
    Some(out)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn bytes<'a>(fields: &[Field<'a>], number: u64) -> Option<&'a [u8]> {
    fields.iter().find(|(of, _)| *of == number).and_then(|(_, value)| *value)
}

fn text(fields: &[Field<'_>], number: u64) -> Option<String> {
    bytes(fields, number).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Reads a map: each entry is a message with a key and a value.
fn entries(of: &[Field<'_>], number: u64, value: impl Fn(&[u8]) -> Value) -> Option<Value> {
    let mut out = Map::new();
    for entry in of.iter().filter(|(of, _)| *of == number).filter_map(|(_, value)| *value) {
        let entry = fields(entry)?;
        out.insert(text(&entry, 1)?, value(bytes(&entry, 2).unwrap_or_default()));
    }
    Some(out.into())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[test]
fn an_envelope_is_read() {
    // Secret `a` with the label `k: v` and the data `d: hi`.
    let body = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x19\x0a\x0b\x0a\x01a\x5a\x06\x0a\x01k\x12\x01v\x12\x07\x0a\x01d\x12\x02hi\x1a\x01t";
    let object = parse_object(body).expect("the sample is whole");
    assert_eq!(object["metadata"]["labels"]["k"], "v");
    assert_eq!((&object["data"]["d"], &object["type"]), (&json!("aGk="), &json!("t")));
    assert!(parse_object(&body[..20]).is_none());
}
