//! The advertisement of a service, and the list of refs in both versions of the protocol (gitprotocol-v2, gitprotocol-pack).

use std::io::{self, Read};

use git2::Oid;

use super::limited::{Limited, too_large, too_many};
use super::message::{check_err, protocol_error};
use super::pkt::{self, Packet};
use crate::limits::{MAX_CAPABILITIES_BYTES, MAX_REFS, MAX_REFS_BYTES};
use crate::transport::RemoteRef;

/// The advertisement of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Advertisement {
    /// Whether the service uses version 2 of the protocol.
    pub v2: bool,
    /// The capabilities, `name` or `name=value`.
    pub capabilities: Vec<String>,
    /// The refs; empty in version 2.
    pub refs: Vec<RemoteRef>,
}

impl Advertisement {
    /// Returns whether the service has a capability, with or without a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Returns the value of a capability; empty if it has none.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.capabilities.iter().find_map(|capability| match capability.split_once('=') {
            Some((key, value)) => (key == name).then_some(value),
            None => (capability == name).then_some(""),
        })
    }

    /// Returns whether the service is git's, also at a host that uses git, or JGit's. Their reports of pushes and their atomic pushes can be relied
    /// on. Other implementations report refs as updated that have lost a race, and update some refs of an atomic push (dulwich 1.2).
    pub(crate) fn is_reliable(&self) -> bool {
        self.value("agent").is_some_and(|agent| agent.starts_with("git/") || agent.starts_with("JGit/"))
    }

    /// Returns whether a command of version 2 has a feature (`fetch=shallow filter`).
    pub(crate) fn feature(&self, command: &str, feature: &str) -> bool {
        self.value(command).is_some_and(|features| features.split(' ').any(|found| found == feature))
    }
}

/// Reads an advertisement.
///
/// # Errors
/// A response that does not follow git's protocol, and the server's `ERR`.
pub(crate) fn read(reader: &mut dyn Read) -> io::Result<Advertisement> {
    let mut reader = Limited::new(reader, MAX_REFS_BYTES, "the advertisement");
    let mut result = Advertisement::default();
    let mut capabilities = 0;
    loop {
        // A flush packet ends it. In version 0, git before 2.41 sends nothing else for an empty repository.
        let Some(line) = pkt::read(&mut reader)?.text() else { return Ok(result) };
        let line = check_err(line)?;
        if line.starts_with("# service=") {
            // A flush packet ends this section.
            if !matches!(pkt::read(&mut reader)?, Packet::Flush) {
                return Err(protocol_error("expected a flush packet after the name of the service"));
            }
        } else if line == "version 2" {
            if !result.refs.is_empty() || !result.capabilities.is_empty() {
                return Err(protocol_error("the version comes after refs"));
            }
            result.v2 = true;
        } else if result.v2 {
            capabilities += line.len() + std::mem::size_of::<String>();
            if capabilities > MAX_CAPABILITIES_BYTES {
                return Err(too_large("the list of capabilities", MAX_CAPABILITIES_BYTES as u64));
            }
            result.capabilities.push(line);
        } else if line != "version 1" {
            advertised_ref(&line, &mut result)?;
            if result.refs.len() > MAX_REFS {
                return Err(too_many("refs", MAX_REFS as u64));
            }
        }
    }
}

fn advertised_ref(line: &str, result: &mut Advertisement) -> io::Result<()> {
    let (line, capabilities) = line.split_once('\0').unwrap_or((line, ""));
    if !capabilities.is_empty() {
        result.capabilities = capabilities.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    }
    if let Some(found) = remote_ref(line)?
        && found.name != "capabilities^{}"
    {
        result.refs.push(found);
    }
    Ok(())
}

/// Parses `<id> <name>`, which version 2 may follow with attributes. `None` for peeled tags, shallow and unborn lines.
pub(crate) fn remote_ref(line: &str) -> io::Result<Option<RemoteRef>> {
    if line.starts_with("shallow ")
        || line.starts_with("unborn ")
        || line.contains("^{}") && !line.ends_with("capabilities^{}")
    {
        return Ok(None);
    }
    let mut parts = line.splitn(3, ' ');
    let (Some(id), Some(name)) = (parts.next(), parts.next()) else {
        return Err(protocol_error(&format!("invalid ref line {line:?}")));
    };
    if id.len() == 64 {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "the repository uses SHA-256 object ids"));
    }
    // libgit2 takes the beginning of an id for the whole.
    let id = (id.len() == 40).then(|| Oid::from_str(id).ok()).flatten();
    let id = id.ok_or_else(|| protocol_error(&format!("invalid ref line {line:?}")))?;
    Ok(Some(RemoteRef { name: name.to_owned(), id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    #[test]
    fn version_0_over_http() {
        let mut out = Vec::new();
        pkt::text(&mut out, "# service=git-receive-pack");
        pkt::flush(&mut out);
        pkt::data(&mut out, format!("{ID} refs/heads/a\0report-status atomic agent=git/2\n").as_bytes());
        pkt::text(&mut out, &format!("{ID} refs/tags/v1^{{}}"));
        pkt::text(&mut out, &format!("{ID} refs/tags/v2"));
        pkt::flush(&mut out);
        let found = read(&mut out.as_slice()).unwrap();
        assert!(
            !found.v2 && found.has("atomic") && found.value("agent") == Some("git/2") && !found.has("push-options")
        );
        let names: Vec<&str> = found.refs.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["refs/heads/a", "refs/tags/v2"]);
    }

    #[test]
    fn an_empty_repository() {
        let mut out = Vec::new();
        pkt::data(&mut out, format!("{} capabilities^{{}}\0atomic\n", "0".repeat(40)).as_bytes());
        pkt::flush(&mut out);
        let found = read(&mut out.as_slice()).unwrap();
        assert!(found.refs.is_empty() && found.has("atomic"));
        // Over a pipe, nothing follows until the client has answered.
        let found = read(&mut &b"0000"[..]).unwrap();
        assert!(found.refs.is_empty() && !found.v2);
    }

    #[test]
    fn a_version_after_refs_and_a_short_id_are_refused() {
        let refusal = |lines: &[&str]| {
            let mut out = Vec::new();
            lines.iter().for_each(|line| pkt::text(&mut out, line));
            pkt::flush(&mut out);
            read(&mut out.as_slice()).unwrap_err().to_string()
        };
        let error = refusal(&[&format!("{ID} refs/heads/a"), "version 2"]);
        assert!(error.contains("the version comes after refs"), "{error}");
        let error = refusal(&["01234567 refs/heads/a"]);
        assert!(error.contains("invalid ref line \"01234567 refs/heads/a\""), "{error}");
    }

    #[test]
    fn version_2_and_its_features() {
        let mut out = Vec::new();
        for line in ["version 2", "agent=x", "fetch=shallow wait-for-done filter"] {
            pkt::text(&mut out, line);
        }
        pkt::flush(&mut out);
        let found = read(&mut out.as_slice()).unwrap();
        assert!(found.v2 && found.feature("fetch", "filter") && !found.feature("fetch", "fil"));
    }

    #[test]
    fn the_servers_error_is_kept() {
        let mut out = Vec::new();
        pkt::data(&mut out, b"ERR access denied");
        assert_eq!(read(&mut out.as_slice()).unwrap_err().to_string(), "access denied");
    }
}
