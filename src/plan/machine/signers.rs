//! Signatures of people: the list of allowed signers, and whether a signature is one of theirs.
//!
//! The list has the form that `ssh-keygen -Y verify` reads (`ssh-keygen(1)`, ALLOWED SIGNERS), and is
//! read more strictly: a name counts only where it is written out, and a certificate authority signs
//! for nobody. Where the list comes from is for the shell to see to. Knows no file and no clock.

use super::sshsig::{Key, Seal};
use crate::text::Digest;
use std::collections::BTreeSet;

/// The namespace of decisions on approvals.
pub const DECISIONS: &str = "runbook-approval";
/// The namespace of who begins, resumes and ends a run.
pub const RUNS: &str = "runbook-run";
/// The namespace of Git's own signatures.
pub const GIT: &str = "git";

/// The people whose signatures count, with their keys.
#[derive(Clone, Debug, Default)]
pub struct Signers {
    entries: Vec<Signer>,
    /// Lines that count for nobody, with the reason: said where a signature finds no key.
    unused: Vec<(usize, String)>,
    text: String,
}

/// One line of the list.
#[derive(Clone, Debug)]
struct Signer {
    names: Vec<String>,
    key: Key,
    /// Patterns of the namespaces that the key is for; empty for all.
    namespaces: Vec<String>,
    /// From when the key counts, in the form `20261128093000`.
    after: Option<String>,
    /// Until when it does.
    before: Option<String>,
}

/// What is signed, and when.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Who is said to have signed.
    pub by: &'a str,
    /// One of [`DECISIONS`], [`RUNS`] and [`GIT`].
    pub namespace: &'a str,
    /// The text, byte for byte.
    pub message: &'a str,
    /// The time that it was signed at, RFC 3339 in UTC.
    pub at: &'a str,
}

impl Signers {
    /// Reads a list. A line that is not understood counts for nobody.
    pub fn parse(text: &str) -> Signers {
        let mut out = Signers { text: text.to_owned(), ..Signers::default() };
        for (line_idx, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match signer(line) {
                Ok(signer) => out.entries.push(signer),
                Err(why) => out.unused.push((line_idx + 1, why)),
            }
        }
        out
    }

    /// Returns the digest of the list's text, hexadecimal.
    pub fn digest(&self) -> String {
        Digest::of(self.text.as_bytes()).hex()
    }

    /// Checks a signature and returns the fingerprint of its key.
    ///
    /// # Errors
    /// Returns why it does not count, as a sentence without a full stop.
    pub fn verify(&self, signed: &Signed<'_>, armoured: &str) -> Result<String, String> {
        let by = signed.by;
        let seal = Seal::read(armoured).map_err(|why| format!("the signature of `{by}` {why}"))?;
        if !seal.holds(signed.namespace, signed.message.as_bytes()) {
            return Err(if seal.namespace == signed.namespace {
                format!("the signature of `{by}` was not made over what is decided here")
            } else {
                format!("the signature of `{by}` was made for `{}`, not for `{}`", seal.namespace, signed.namespace)
            });
        }
        let fingerprint = seal.key.fingerprint();
        let at = digits(signed.at);
        let mut miss = None;
        for entry in self.entries.iter().filter(|entry| entry.key == seal.key) {
            match entry.allows(by, signed.namespace, &at) {
                Ok(()) => return Ok(fingerprint),
                Err(why) => miss = Some(why),
            }
        }
        let unused: Vec<String> = self.unused.iter().map(|(line, why)| format!("; line {line} of it {why}")).collect();
        Err(match miss {
            Some(why) => format!("the key {fingerprint} may not sign as `{by}`: {why}"),
            None => format!("the list of allowed signers does not have the key {fingerprint}{}", unused.concat()),
        })
    }

    /// Checks a signature of any of the signers and returns who made it: a name and the key's fingerprint.
    ///
    /// # Errors
    /// Returns why it does not count, as a sentence without a full stop.
    pub fn verify_any(&self, namespace: &str, message: &str, at: &str, armoured: &str) -> Result<String, String> {
        let names: BTreeSet<&String> = self.entries.iter().flat_map(|entry| &entry.names).collect();
        let mut miss = "the list of allowed signers is empty".to_owned();
        for by in names {
            match self.verify(&Signed { by, namespace, message, at }, armoured) {
                Ok(fingerprint) => return Ok(format!("{fingerprint} of {by}")),
                Err(why) => miss = why,
            }
        }
        Err(miss)
    }

    /// Returns every name that stands for the same person: the name itself, and the names that share a
    /// key with it, directly or through others.
    pub fn names_of(&self, name: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::from([folded(name)]);
        loop {
            let before = names.len();
            let shared = |entry: &Signer| {
                let same_key = |other: &&Signer| other.key == entry.key;
                self.entries.iter().filter(same_key).flat_map(|other| &other.names).any(|name| names.contains(name))
            };
            let found: Vec<String> =
                self.entries.iter().filter(|entry| shared(entry)).flat_map(|entry| entry.names.clone()).collect();
            names.extend(found);
            if names.len() == before {
                return names;
            }
        }
    }

    /// Returns whether the list knows nobody.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns whether the list has a name.
    pub fn knows(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.names.contains(&folded(name)))
    }

    /// Returns whether the list knows more than one person.
    pub fn knows_several(&self) -> bool {
        let all: BTreeSet<String> = self.entries.iter().flat_map(|entry| entry.names.clone()).collect();
        all.first().is_some_and(|first| self.names_of(first).len() < all.len())
    }
}

impl Signer {
    fn allows(&self, by: &str, namespace: &str, at: &str) -> Result<(), String> {
        if !self.names.contains(&folded(by)) {
            return Err("the list of allowed signers gives it another name".into());
        }
        if !self.namespaces.is_empty() && !self.namespaces.iter().any(|pattern| fits(pattern, namespace)) {
            return Err(format!("it is not for the namespace `{namespace}`"));
        }
        if self.after.as_deref().is_some_and(|after| at < after) {
            return Err("it was not valid yet".into());
        }
        if self.before.as_deref().is_some_and(|before| at >= before) {
            return Err("it was not valid any more".into());
        }
        Ok(())
    }
}

/// Returns the fingerprint of the key that made an armoured signature.
pub fn fingerprint_of(armoured: &str) -> Option<String> {
    Seal::read(armoured).ok().map(|seal| seal.key.fingerprint())
}

/// Names are compared as addresses are: without case, and `@ana` is `ana`.
pub(super) fn folded(name: &str) -> String {
    name.trim_start_matches('@').to_lowercase()
}

/// Reads `principals [options] type key [comment]`.
fn signer(line: &str) -> Result<Signer, String> {
    let words = words(line);
    let [names, rest @ ..] = words.as_slice() else { return Err("is empty".into()) };
    let names: Vec<String> = names.replace('"', "").split(',').map(folded).collect();
    if names.iter().any(|name| name.is_empty() || name.contains(['*', '?', '!'])) {
        return Err("names nobody in particular: write each name out".into());
    }
    let is_type = |word: &str| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start));
    let (options, key) = match rest {
        [first, ..] if is_type(first) => ("", rest),
        [options, rest @ ..] => (options.as_str(), rest),
        [] => return Err("has no key".into()),
    };
    let [kind, base64, ..] = key else { return Err("has no key".into()) };
    let key = Key::read(kind, base64).map_err(|why| format!("has a key that {why}"))?;
    let mut out = Signer { names, key, namespaces: vec![], after: None, before: None };
    for option in split(options, ',').iter().filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => out.namespaces = value.split(',').map(str::to_owned).collect(),
            "valid-after" => out.after = Some(moment(value)?),
            "valid-before" => out.before = Some(moment(value)?),
            "cert-authority" => return Err("is a certificate authority, which signs for nobody here".into()),
            _ => return Err(format!("has the option `{name}`, which is not known")),
        }
    }
    Ok(out)
}

/// Splits at spaces outside of quotes.
fn words(line: &str) -> Vec<String> {
    split(&line.replace('\t', " "), ' ').into_iter().filter(|word| !word.is_empty()).collect()
}

fn split(text: &str, at: char) -> Vec<String> {
    let mut quoted = false;
    let parts = text.split(|ch| {
        quoted ^= ch == '"';
        ch == at && !quoted
    });
    parts.map(str::to_owned).collect()
}

/// Reads `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, each with or without `Z`: always UTC, so that
/// no variable of whoever asks moves it.
fn moment(text: &str) -> Result<String, String> {
    let bare = text.trim_end_matches('Z');
    if ![8, 12, 14].contains(&bare.len()) || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("has the time `{text}`, which is none"));
    }
    Ok(format!("{bare:0<14}"))
}

/// The digits of an RFC 3339 time down to the second.
fn digits(time: &str) -> String {
    time.chars().filter(char::is_ascii_digit).take(14).collect()
}

/// Tells whether a text fits a pattern with `*` and `?`, in time proportional to their product.
fn fits(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for wanted in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let before = at.checked_sub(1);
            next[at] = match wanted {
                '*' => ends[at] || before.is_some_and(|before| next[before]),
                '?' => before.is_some_and(|before| ends[before]),
                ch => before.is_some_and(|before| ends[before] && text[before] == ch),
            };
        }
        ends = next;
    }
    ends[text.len()]
}

#[cfg(test)]
mod tests {
    use super::super::sshsig::Signer as Private;
    use super::*;

    const AT: &str = "2026-11-28T09:30:00.000Z";
    /// Two keys that `ssh-keygen` made, and the first one's signature over `yes\n`, made by it too.
    const ANA: &str = include_str!("../../../tests/cases/keys/ana");
    const ANA_PUB: &str = include_str!("../../../tests/cases/keys/ana.pub");
    const BEN_PUB: &str = include_str!("../../../tests/cases/keys/ben.pub");
    const BY_SSH_KEYGEN: &str = include_str!("../../../tests/cases/keys/yes.sig");

    fn public(text: &str) -> String {
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    fn sign(namespace: &str, message: &str) -> String {
        Private::read(ANA).expect("it is a private key").sign(namespace, message.as_bytes())
    }

    fn ask(list: &str, by: &str) -> Result<String, String> {
        let signed = Signed { by, namespace: DECISIONS, message: "yes\n", at: AT };
        Signers::parse(list).verify(&signed, &sign(DECISIONS, "yes\n"))
    }

    #[test]
    fn what_ssh_keygen_signs_is_what_is_signed_here() {
        assert_eq!(sign(DECISIONS, "yes\n"), BY_SSH_KEYGEN);
    }

    #[test]
    fn a_signature_counts_for_the_name_that_is_written_out() {
        let key = public(ANA_PUB);
        assert!(ask(&format!("ana@example.org {key}"), "Ana@Example.org").is_ok_and(|key| key.starts_with("SHA256:")));
        assert!(ask(&format!("\"x,ana\" {key} a comment"), "ana").is_ok());
        for (list, by, why) in [
            (format!("ana {key}"), "ben", "another name"),
            (format!("ana {}", public(BEN_PUB)), "ana", "does not have the key"),
            (format!("*@example.org {key}"), "ana@example.org", "names nobody in particular"),
            (format!("!ben,* {key}"), "ana", "names nobody in particular"),
            (format!("ana cert-authority {key}"), "ana", "certificate authority"),
            (format!("ana namespaces=\"git,file\" {key}"), "ana", "not for the namespace"),
            (format!("ana valid-after=\"20270101\" {key}"), "ana", "not valid yet"),
            (format!("ana valid-before=\"20261128093000\" {key}"), "ana", "not valid any more"),
            (format!("ana valid-before=\"soon\" {key}"), "ana", "which is none"),
            (format!("ana no-touch {key}"), "ana", "not known"),
            ("ana ssh-rsa AAAAB3NzaC1yc2E=".into(), "ana", "is of the kind `ssh-rsa`"),
            (String::new(), "ana", "does not have the key"),
        ] {
            let said = ask(&list, by);
            assert!(said.as_ref().is_err_and(|said| said.contains(why)), "{list}: {said:?}");
        }
        assert!(
            ask(&format!("ana namespaces=\"run*-appr?val\",valid-before=\"20261128093001Z\" {key}"), "ana").is_ok()
        );
    }

    #[test]
    fn a_signature_is_for_one_text_and_one_namespace() {
        let signers = Signers::parse(&format!("ana {}", public(ANA_PUB)));
        let signature = sign(DECISIONS, "yes");
        let ask = |namespace, message, signature: &str| {
            signers.verify(&Signed { by: "ana", namespace, message, at: AT }, signature)
        };
        assert!(ask(DECISIONS, "yes", &signature).is_ok());
        assert!(ask(DECISIONS, "no", &signature).is_err());
        assert!(ask(RUNS, "yes", &signature).is_err_and(|why| why.contains("was made for `runbook-approval`")));
        for at in 0..signature.len() {
            let mut bytes = signature.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).expect("it is ASCII");
            let same = changed.split_whitespace().eq(signature.split_whitespace());
            assert!(same || ask(DECISIONS, "yes", &changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn names_with_one_key_are_one_person() {
        let (one, two) = (public(ANA_PUB), public(BEN_PUB));
        let signers = Signers::parse(&format!("ana {one}\nben {one}\nben,cy {two}\n"));
        assert_eq!(signers.names_of("@Ana"), ["ana", "ben", "cy"].map(str::to_owned).into());
        assert_eq!(signers.names_of("dee"), ["dee".to_owned()].into());
        assert!(!signers.knows_several());
        assert!(Signers::parse(&format!("ana {one}\nben {two}")).knows_several());
    }
}
