//! SSH keys and signatures as bytes: OpenSSH's `PROTOCOL`, `PROTOCOL.key`, `PROTOCOL.sshsig` and
//! `PROTOCOL.u2f`, as far as Ed25519 goes, in a file or on a security token.
//!
//! Knows whose key it is no more than what is signed.

use crate::text::{Digest, sha512};
use ed25519_compact::{PublicKey, SecretKey, Signature};

const PLAIN: &str = "ssh-ed25519";
const TOKEN: &str = "sk-ssh-ed25519@openssh.com";

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// As it goes over the wire.
    blob: Vec<u8>,
    point: Vec<u8>,
    /// Of a key on a token, what it was made for.
    application: Option<Vec<u8>>,
}

/// An armoured signature that was taken apart.
#[derive(Clone, Debug)]
pub struct Seal {
    /// The key that made it.
    pub key: Key,
    /// What it was made for.
    pub namespace: String,
    reserved: Vec<u8>,
    hash: String,
    signature: Vec<u8>,
}

impl Key {
    /// Reads the two words of a line such as `ssh-ed25519 AAAA…`.
    ///
    /// # Errors
    /// Returns why it is no key whose signatures are checked, as the rest of a sentence.
    pub fn read(kind: &str, text: &str) -> Result<Key, String> {
        if kind != PLAIN && kind != TOKEN {
            return Err(format!("is of the kind `{kind}`, whose signatures are not checked here: use `{PLAIN}`"));
        }
        let key = unbase64(text).and_then(|blob| Key::of(&blob));
        key.filter(|key| (kind == TOKEN) == key.application.is_some()).ok_or_else(|| "is no key".to_owned())
    }

    fn of(blob: &[u8]) -> Option<Key> {
        let mut rest = blob;
        let kind = text(&mut rest)?;
        let point = string(&mut rest)?.to_vec();
        let application = if kind == TOKEN { Some(string(&mut rest)?.to_vec()) } else { None };
        let known = kind == PLAIN || kind == TOKEN;
        (known && point.len() == 32 && rest.is_empty()).then(|| Key { blob: blob.to_vec(), point, application })
    }

    /// Returns the fingerprint, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", base64(Digest::of(&self.blob).as_bytes()).trim_end_matches('='))
    }
}

impl Seal {
    /// Takes an armoured signature apart.
    ///
    /// # Errors
    /// Returns why it is none, as the rest of a sentence.
    pub fn read(armoured: &str) -> Result<Seal, String> {
        const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
        const END: &str = "-----END SSH SIGNATURE-----";
        let none = || "is none".to_owned();
        let body = armoured.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or_else(none)?;
        let body: String = body.split_ascii_whitespace().collect();
        let bytes = unbase64(&body).ok_or_else(none)?;
        let mut rest = bytes.strip_prefix(b"SSHSIG\0\0\0\x01").ok_or_else(none)?;
        let mut parts = || string(&mut rest).map(<[u8]>::to_vec).ok_or_else(none);
        let (blob, namespace, reserved, hash, signature) = (parts()?, parts()?, parts()?, parts()?, parts()?);
        let kind = text(&mut &blob[..]).unwrap_or_default();
        let key = Key::of(&blob);
        let key =
            key.ok_or_else(|| format!("is by a key of the kind `{kind}`, which is not checked here: use `{PLAIN}`"))?;
        let utf8 = |bytes| String::from_utf8(bytes).map_err(|_| none());
        let (namespace, hash) = (utf8(namespace)?, utf8(hash)?);
        if rest.is_empty() { Ok(Seal { key, namespace, reserved, hash, signature }) } else { Err(none()) }
    }

    /// Tells whether it was made over a message for a namespace.
    pub fn holds(&self, namespace: &str, message: &[u8]) -> bool {
        let checked = || {
            let hash = match self.hash.as_str() {
                "sha256" => Digest::of(message).as_bytes().to_vec(),
                "sha512" => sha512(message),
                _ => return None,
            };
            let mut signed = signed_data(&self.namespace, &self.reserved, &self.hash, &hash);
            let mut rest = &self.signature[..];
            let kind = text(&mut rest)?;
            let signature = Signature::from_slice(string(&mut rest)?).ok()?;
            if let Some(application) = &self.key.application {
                // PROTOCOL.u2f: flags, of which the first says that somebody touched the token, and a counter.
                if kind != TOKEN || rest.len() != 5 || rest[0] & 1 == 0 {
                    return None;
                }
                let (application, digest) = (Digest::of(application), Digest::of(&signed));
                signed = [application.as_bytes(), rest, digest.as_bytes()].concat();
            } else if kind != PLAIN || !rest.is_empty() {
                return None;
            }
            PublicKey::from_slice(&self.key.point).ok()?.verify(&signed, &signature).ok()
        };
        self.namespace == namespace && !namespace.is_empty() && checked().is_some()
    }
}

/// A private Ed25519 key that needs no passphrase.
pub struct Signer {
    key: Key,
    secret: SecretKey,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Signer {
    /// Reads a file of OpenSSH's; `None` where it is no such key.
    pub fn read(file: &str) -> Option<Signer> {
        let body = file.trim().strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----")?;
        let body = body.strip_suffix("-----END OPENSSH PRIVATE KEY-----")?;
        let bytes = unbase64(&body.split_ascii_whitespace().collect::<String>())?;
        let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
        let (cipher, kdf, _) = (text(&mut rest)?, text(&mut rest)?, string(&mut rest)?);
        let n_keys = rest.split_off(..4)?;
        if cipher != "none" || kdf != "none" || n_keys != [0, 0, 0, 1] {
            return None;
        }
        let (key, mut private) = (Key::of(string(&mut rest)?)?, string(&mut rest)?);
        let check = private.split_off(..8)?;
        let (kind, point, secret) = (text(&mut private)?, string(&mut private)?, string(&mut private)?);
        let whole = check[..4] == check[4..] && kind == PLAIN && point == key.point && secret.len() == 64;
        // The second half is the public key; another one there would give the secret away.
        (whole && secret[32..] == *point)
            .then(|| SecretKey::from_slice(secret).ok())?
            .map(|secret| Signer { key, secret })
    }

    /// Returns the public key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Signs bytes as they are.
    pub fn sign_raw(&self, bytes: &[u8]) -> Vec<u8> {
        self.secret.sign(bytes, None).to_vec()
    }

    /// Signs a message for a namespace and returns the armoured signature.
    pub fn sign(&self, namespace: &str, message: &[u8]) -> String {
        let signature = self.sign_raw(&signed_data(namespace, b"", "sha512", &sha512(message)));
        let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
        let signature = [length(PLAIN.as_bytes()), length(&signature)].concat();
        for part in [&self.key.blob[..], namespace.as_bytes(), b"", b"sha512", &signature] {
            blob.extend(length(part));
        }
        let text = base64(&blob);
        let lines: Vec<&str> = text.as_bytes().chunks(70).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
    }
}

fn signed_data(namespace: &str, reserved: &[u8], hash: &str, digest: &[u8]) -> Vec<u8> {
    let mut out = b"SSHSIG".to_vec();
    for part in [namespace.as_bytes(), reserved, hash.as_bytes(), digest] {
        out.extend(length(part));
    }
    out
}

/// Bytes with their length before them.
fn length(bytes: &[u8]) -> Vec<u8> {
    let n_bytes = u32::try_from(bytes.len()).expect("what is signed here is a few hundred bytes");
    [&n_bytes.to_be_bytes()[..], bytes].concat()
}

/// Takes bytes with their length before them off the front.
fn string<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let n_bytes = rest.split_off(..4)?;
    let n_bytes = u32::from_be_bytes(n_bytes.try_into().ok()?);
    rest.split_off(..usize::try_from(n_bytes).ok()?)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    String::from_utf8(string(rest)?.to_vec()).ok()
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base64.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place) & 63) as usize];
            out.push(if place > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

/// Reads base64: one text for each bytes, so that nothing can be written in two ways.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(bare.len() / 4 * 3);
    for chunk in bare.as_bytes().chunks(4) {
        let mut group = 0_u32;
        for byte in chunk {
            group = group << 6 | u32::try_from(DIGITS.iter().position(|digit| digit == byte)?).ok()?;
        }
        group <<= 6 * (4 - chunk.len());
        out.extend(&group.to_be_bytes()[1..chunk.len()]);
    }
    (base64(&out) == text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (bytes, text) in pairs {
            assert_eq!(base64(bytes.as_bytes()), text);
            assert_eq!(unbase64(text).as_deref(), Some(bytes.as_bytes()));
        }
        for text in ["Zh==", "Zg=", "Zg", "Z", "Zm9v!", "Zg===", "Zm 9v"] {
            assert_eq!(unbase64(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_cut_short_is_no_signature_and_no_key() {
        assert!(Seal::read("").is_err());
        assert!(Key::read(PLAIN, "AAAAC3NzaC1lZDI1NTE5AAAA").is_err());
        assert!(Key::read("ssh-rsa", "AAAA").is_err_and(|why| why.contains("`ssh-rsa`")));
        let whole = length(b"ssh-ed25519");
        for end in 0..whole.len() {
            assert_eq!(text(&mut &whole[..end]), None);
        }
        assert_eq!(string(&mut &[255, 255, 255, 255, 0][..]), None);
    }
}
