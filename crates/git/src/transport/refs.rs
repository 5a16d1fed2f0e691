//! What a service announces, and the list of refs in both versions of the protocol (gitprotocol-v2, gitprotocol-pack).

use std::io::{self, Read};

use git2::Oid;

use super::RemoteRef;
use super::pkt::{self, Packet};

/// The announcement of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Announcement {
    /// Whether the service speaks version 2.
    pub v2: bool,
    /// The capabilities, `name` or `name=value`.
    pub capabilities: Vec<String>,
    /// The refs; version 2 does not announce them.
    pub refs: Vec<RemoteRef>,
}

impl Announcement {
    /// Whether a capability of this name is there, with or without a value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of a capability, empty where it has none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.capabilities.iter().find_map(|capability| match capability.split_once('=') {
            Some((key, value)) => (key == name).then_some(value),
            None => (capability == name).then_some(""),
        })
    }

    /// Whether a version 2 command has a feature (`fetch=shallow filter`).
    pub(super) fn feature(&self, command: &str, feature: &str) -> bool {
        self.value(command).is_some_and(|features| features.split(' ').any(|found| found == feature))
    }
}

/// Reads an announcement.
///
/// # Errors
/// What is not git's protocol, and the server's own `ERR`.
pub(super) fn announcement(reader: &mut dyn Read) -> io::Result<Announcement> {
    let mut result = Announcement::default();
    let mut first = true;
    loop {
        let packet = pkt::read(reader)?;
        let Some(line) = packet.text() else {
            if matches!(packet, Packet::Flush) && first {
                // An empty announcement before the real one, or the end of HTTP's `# service=` line.
                first = false;
                continue;
            }
            return Ok(result);
        };
        if let Some(words) = line.strip_prefix("ERR ") {
            return Err(io::Error::other(words.to_owned()));
        }
        if line.starts_with("# service=") {
            // The flush that follows belongs to this line.
            if !matches!(pkt::read(reader)?, Packet::Flush) {
                return Err(invalid("no flush after the name of the service"));
            }
        } else if line == "version 2" {
            result.v2 = true;
        } else if result.v2 {
            result.capabilities.push(line);
        } else if line != "version 1" {
            announced_ref(&line, &mut result)?;
        }
        first = false;
    }
}

fn announced_ref(line: &str, result: &mut Announcement) -> io::Result<()> {
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

/// `<id> <name>` with what version 2 may add behind; `None` for peeled tags and shallow lines.
pub(super) fn remote_ref(line: &str) -> io::Result<Option<RemoteRef>> {
    if line.starts_with("shallow ")
        || line.starts_with("unborn ")
        || line.contains("^{}") && !line.ends_with("capabilities^{}")
    {
        return Ok(None);
    }
    let mut parts = line.splitn(3, ' ');
    let (Some(id), Some(name)) = (parts.next(), parts.next()) else {
        return Err(invalid(&format!("{line:?} is no ref")));
    };
    if id.len() == 64 {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the repository uses SHA-256 object ids, which hydrant does not speak yet",
        ));
    }
    let id = Oid::from_str(id).map_err(|_| invalid(&format!("{line:?} is no ref")))?;
    Ok(Some(RemoteRef { name: name.to_owned(), id }))
}

/// An answer that git's protocol does not know.
pub(super) fn invalid(words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words.to_owned())
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
        let found = announcement(&mut out.as_slice()).unwrap();
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
        let found = announcement(&mut out.as_slice()).unwrap();
        assert!(found.refs.is_empty() && found.has("atomic"));
    }

    #[test]
    fn version_2_and_its_features() {
        let mut out = Vec::new();
        for line in ["version 2", "agent=x", "fetch=shallow wait-for-done filter"] {
            pkt::text(&mut out, line);
        }
        pkt::flush(&mut out);
        let found = announcement(&mut out.as_slice()).unwrap();
        assert!(found.v2 && found.feature("fetch", "filter") && !found.feature("fetch", "fil"));
    }

    #[test]
    fn the_servers_error_is_kept() {
        let mut out = Vec::new();
        pkt::data(&mut out, b"ERR access denied");
        assert_eq!(announcement(&mut out.as_slice()).unwrap_err().to_string(), "access denied");
    }
}
