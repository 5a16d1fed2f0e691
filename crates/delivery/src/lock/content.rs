//! `hydrant.lock`: the digest of each image, the commit of each remote base, and the version and digest of each remote chart.
//!
//! The file is YAML that people read and git merges: one entry an image, base or chart, sorted, each entry on lines of its own,
//! and nothing in it changes unless a digest or commit does. Two branches that add entries in different places merge without
//! a conflict; two that resolved one image to different digests do conflict, as they should.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use manifest::{At, Diagnostic, Digest, ImageRef, Pins};
use registry::Platform;

use super::entry::{LockedChart, LockedImage, LockedRemote};
use super::form::{RawChart, RawLock, RawRemote};

/// The name of the file, at the repository's root.
pub const FILE_NAME: &str = "hydrant.lock";

const HEADER: &str = "# Written by hydrant; commit it. `hydrant pin --update` asks the registries again.\n";

/// The content of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    images: BTreeMap<ImageKey, LockedImage>,
    remotes: BTreeMap<RemoteKey, LockedRemote>,
    charts: BTreeMap<ChartKey, LockedChart>,
}

type ImageKey = (String, Option<Platform>);
type RemoteKey = (String, Option<String>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ChartKey {
    repository: String,
    name: String,
    range: Option<String>,
}

impl ChartKey {
    fn of(chart: &LockedChart) -> Self {
        ChartKey { repository: chart.repository.clone(), name: chart.name.clone(), range: chart.range.clone() }
    }
}

impl Lock {
    /// Reads a lock file; `file` is its name in messages.
    ///
    /// # Errors
    /// An invalid lock file, an unknown field, or two digests for one image, as an unresolved merge conflict may leave them.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostic> {
        if let Some(index) = text.lines().position(|line| line.starts_with("<<<<<<<")) {
            let at = At { line: u32::try_from(index + 1).unwrap_or(u32::MAX), column: 1 };
            return Err(Diagnostic::new("unresolved merge conflict")
                .in_file(file)
                .at(at)
                .hint("run the same command with --lock to merge the entries of both sides"));
        }
        let raw: RawLock = serde_saphyr::from_str(text).map_err(|error| unreadable(file, &error))?;
        if raw.api_version != "hydrant/v1" || raw.kind != "Lock" {
            let message = format!("expected hydrant/v1 Lock, found {} {}", raw.api_version, raw.kind);
            return Err(Diagnostic::new(message).in_file(file));
        }
        let mut lock = Lock::default();
        for image in raw.images {
            lock.add_image(image.check().map_err(|error| error.in_file(file))?).map_err(|error| error.in_file(file))?;
        }
        for remote in raw.remotes {
            lock.add_remote(remote).map_err(|error| error.in_file(file))?;
        }
        for chart in raw.charts {
            lock.add_chart(chart).map_err(|error| error.in_file(file))?;
        }
        Ok(lock)
    }

    /// Reads a lock file as [`Lock::parse`], and one that git could not merge: entries of either side are kept, but those in which
    /// the sides differ, which are resolved again.
    ///
    /// # Errors
    /// As [`Lock::parse`], of either side.
    pub fn parse_merging(file: &str, text: &str) -> Result<Self, Diagnostic> {
        if !text.lines().any(|line| line.starts_with("<<<<<<<")) {
            return Lock::parse(file, text);
        }
        let (ours, theirs) = sides(text);
        let (mut lock, theirs) = (Lock::parse(file, &ours)?, Lock::parse(file, &theirs)?);
        for (key, image) in theirs.images {
            if lock.images.get(&key).is_some_and(|own| own.digest != image.digest) {
                lock.images.remove(&key);
            } else {
                lock.images.entry(key).or_insert(image);
            }
        }
        for (key, remote) in theirs.remotes {
            if lock.remotes.get(&key).is_some_and(|own| own.commit != remote.commit) {
                lock.remotes.remove(&key);
            } else {
                lock.remotes.entry(key).or_insert(remote);
            }
        }
        for (key, chart) in theirs.charts {
            if lock.charts.get(&key).is_some_and(|own| *own != chart) {
                lock.charts.remove(&key);
            } else {
                lock.charts.entry(key).or_insert(chart);
            }
        }
        Ok(lock)
    }

    /// The file's text, which depends only on the content.
    pub fn print(&self) -> String {
        let mut out = format!("{HEADER}apiVersion: hydrant/v1\nkind: Lock\n");
        let write = |out: &mut String, first: bool, key: &str, value: &str| {
            let lead = if first { "- " } else { "  " };
            // A String takes whatever is written to it.
            let _ = writeln!(out, "{lead}{key}: {}", quoted(value));
        };
        out.push_str(if self.images.is_empty() { "images: []\n" } else { "images:\n" });
        for image in self.images.values() {
            write(&mut out, true, "reference", &image.reference);
            if let Some(platform) = &image.platform {
                write(&mut out, false, "platform", &platform.to_string());
            }
            write(&mut out, false, "digest", image.digest.as_str());
            write(&mut out, false, "resolved", &image.resolved);
            write(&mut out, false, "from", &image.from);
        }
        if !self.remotes.is_empty() {
            out.push_str("remotes:\n");
        }
        for remote in self.remotes.values() {
            write(&mut out, true, "url", &remote.url);
            if let Some(revision) = &remote.revision {
                write(&mut out, false, "revision", revision);
            }
            write(&mut out, false, "commit", &remote.commit);
        }
        if !self.charts.is_empty() {
            out.push_str("charts:\n");
        }
        for chart in self.charts.values() {
            write(&mut out, true, "repository", &chart.repository);
            let name = Some(&chart.name).filter(|name| !name.is_empty());
            for (key, value) in [("name", name), ("range", chart.range.as_ref())] {
                if let Some(value) = value {
                    write(&mut out, false, key, value);
                }
            }
            write(&mut out, false, "version", &chart.version);
            write(&mut out, false, "digest", &chart.digest);
        }
        out
    }

    /// The digest of an image, if it is locked for this platform (the whole image where none is given).
    pub fn digest(&self, image: &ImageRef, platform: Option<&Platform>) -> Option<&Digest> {
        self.images.get(&(image.lookup(), platform.cloned())).map(|entry| &entry.digest)
    }

    /// Everything that is locked for this platform, as pins.
    pub fn pins(&self, platform: Option<&Platform>) -> Pins {
        let entries = self.images.values().filter(|entry| entry.platform.as_ref() == platform);
        let mut pins = Pins::default();
        for entry in entries {
            // A reference was parsed when the entry was made.
            if let Ok(image) = ImageRef::parse(&entry.reference) {
                pins.insert(&image, entry.digest.clone());
            }
        }
        pins
    }

    /// The commit that a remote base was locked to.
    pub fn commit(&self, url: &str, revision: Option<&str>) -> Option<&str> {
        let key = (url.to_owned(), revision.map(str::to_owned));
        self.remotes.get(&key).map(|entry| entry.commit.as_str())
    }

    /// Records the digest of an image. An entry with the same digest is kept, time included.
    pub fn record(&mut self, found: LockedImage) {
        let key = (found.reference.clone(), found.platform.clone());
        if self.images.get(&key).is_none_or(|known| known.digest != found.digest) {
            self.images.insert(key, found);
        }
    }

    /// Records the commit or digest of a remote base.
    pub fn record_remote(&mut self, found: LockedRemote) {
        self.remotes.insert((found.url.clone(), found.revision.clone()), found);
    }

    /// What a remote chart was locked to.
    pub fn chart(&self, repository: &str, name: &str, range: Option<&str>) -> Option<&LockedChart> {
        let key =
            ChartKey { repository: repository.to_owned(), name: name.to_owned(), range: range.map(str::to_owned) };
        self.charts.get(&key)
    }

    /// Records the version and digest of a remote chart.
    pub fn record_chart(&mut self, found: LockedChart) {
        self.charts.insert(ChartKey::of(&found), found);
    }

    /// Keeps the charts for which `keep` says so.
    pub fn retain_charts(&mut self, mut keep: impl FnMut(&LockedChart) -> bool) {
        self.charts.retain(|_, chart| keep(chart));
    }

    /// The remote charts, sorted by repository, name and range.
    pub fn charts(&self) -> impl Iterator<Item = &LockedChart> {
        self.charts.values()
    }

    /// Keeps the images for which `keep` says so.
    pub fn retain_images(&mut self, mut keep: impl FnMut(&LockedImage) -> bool) {
        self.images.retain(|_, image| keep(image));
    }

    /// The images, sorted by reference and platform.
    pub fn images(&self) -> impl Iterator<Item = &LockedImage> {
        self.images.values()
    }

    /// The remote bases, sorted by URL and revision.
    pub fn remotes(&self) -> impl Iterator<Item = &LockedRemote> {
        self.remotes.values()
    }

    fn add_image(&mut self, image: LockedImage) -> Result<(), Diagnostic> {
        let key = (image.reference.clone(), image.platform.clone());
        match self.images.get(&key) {
            Some(known) if known.digest != image.digest => {
                let message = format!("{} has two digests, {} and {}", image.reference, known.digest, image.digest);
                let hint =
                    format!("keep one of them, or run `hydrant pin --update={}` to ask the registry", image.reference);
                Err(Diagnostic::new(message).field("images").hint(hint))
            }
            Some(_) => Ok(()),
            None => {
                self.images.insert(key, image);
                Ok(())
            }
        }
    }

    fn add_remote(&mut self, raw: RawRemote) -> Result<(), Diagnostic> {
        let remote = LockedRemote { url: raw.url, revision: raw.revision, commit: raw.commit };
        let known = self.remotes.insert((remote.url.clone(), remote.revision.clone()), remote.clone());
        match known.filter(|known| known.commit != remote.commit) {
            Some(known) => {
                let message = format!("{} has two commits, {} and {}", remote.url, known.commit, remote.commit);
                Err(Diagnostic::new(message).field("remotes").hint("keep one of them"))
            }
            None => Ok(()),
        }
    }
}

impl Lock {
    fn add_chart(&mut self, raw: RawChart) -> Result<(), Diagnostic> {
        let RawChart { repository, name, range, version, digest } = raw;
        Digest::parse(&digest).map_err(|reason| Diagnostic::new(format!("{name}: {reason}")).field("charts"))?;
        let chart = LockedChart { repository, name, range, version, digest };
        let known = self.charts.insert(ChartKey::of(&chart), chart.clone());
        match known.filter(|known| *known != chart) {
            Some(known) => {
                let LockedChart { name, version, digest, .. } = chart;
                let message =
                    format!("chart {name} is locked twice: {} {} and {version} {digest}", known.version, known.digest);
                let hint = format!("keep one of them, or run `hydrant update {name}` to resolve it again");
                Err(Diagnostic::new(message).field("charts").hint(hint))
            }
            None => Ok(()),
        }
    }
}

/// Both sides of a text in which git left its marks (git-merge(1), "How conflicts are presented"; `diff3` style, too).
fn sides(text: &str) -> (String, String) {
    let (mut ours, mut theirs) = (String::new(), String::new());
    let mut within = "";
    for line in text.split_inclusive('\n') {
        match line.get(..7) {
            Some(mark @ ("<<<<<<<" | "|||||||" | "=======")) => within = mark,
            Some(">>>>>>>") => within = "",
            _ => {
                if matches!(within, "" | "<<<<<<<") {
                    ours.push_str(line);
                }
                if matches!(within, "" | "=======") {
                    theirs.push_str(line);
                }
            }
        }
    }
    (ours, theirs)
}

fn unreadable(file: &str, error: &serde_saphyr::Error) -> Diagnostic {
    let message = error.without_snippet().to_string();
    let mut finding = Diagnostic::new(format!("invalid lock file: {message}")).in_file(file);
    if let Some(place) = error.location() {
        let (line, column) = (place.line(), place.column());
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        finding.message = finding.message.replace(&format!(" at line {line}, column {column}"), "");
        finding = finding.at(At { line: number(line), column: number(column) });
    }
    finding.hint("delete it and run the same command with --lock to write a new one")
}

/// A value as a plain scalar where every YAML reader takes it for the same string, in double quotes otherwise.
fn quoted(value: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@".contains(&byte);
    let starts = value.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let word = !matches!(
        value.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null"
    );
    if starts && word && !value.ends_with(':') && value.bytes().all(safe) {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Written by hydrant; commit it. `hydrant pin --update` asks the registries again.
apiVersion: hydrant/v1
kind: Lock
images:
- reference: docker.io/library/nginx:1.27
  digest: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  resolved: \"2026-11-21T22:00:00Z\"
  from: registry-1.docker.io
- reference: docker.io/library/nginx:1.27
  platform: linux/arm64/v8
  digest: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
  resolved: \"2026-11-21T22:00:00Z\"
  from: registry-1.docker.io
remotes:
- url: https://github.com/acme/bases.git
  revision: \"1.0\"
  commit: \"1234567890123456789012345678901234567890\"
charts:
- repository: https://charts.example/stable
  name: grafana
  range: \"9.x\"
  version: \"9.2.1\"
  digest: sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
- repository: oci://r.example/charts
  name: web
  version: \"1.0.0\"
  digest: sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
";

    fn entry(digit: &str, resolved: &str) -> LockedImage {
        LockedImage {
            reference: "docker.io/library/nginx:1.27".to_owned(),
            platform: None,
            digest: Digest::parse(&format!("sha256:{}", digit.repeat(64))).unwrap(),
            resolved: resolved.to_owned(),
            from: "mirror.local".to_owned(),
        }
    }

    #[test]
    fn reading_and_printing_give_the_same_bytes() {
        let lock = Lock::parse("hydrant.lock", TEXT).unwrap();
        assert_eq!(lock.print(), TEXT);
        let nginx = ImageRef::parse("nginx:1.27").unwrap();
        assert_eq!(lock.digest(&nginx, None), Some(&entry("a", "").digest));
        let arm: Platform = "linux/arm64/v8".parse().unwrap();
        assert_eq!(lock.pins(Some(&arm)).digest(&nginx), Some(entry("b", "").digest));
        assert_eq!(lock.commit("https://github.com/acme/bases.git", Some("1.0")).map(str::len), Some(40));
        assert_eq!(lock.commit("https://github.com/acme/bases.git", None), None);
        assert_eq!(Lock::parse("hydrant.lock", &Lock::default().print()).unwrap(), Lock::default());
    }

    #[test]
    fn an_unchanged_digest_leaves_its_entry_alone() {
        let mut lock = Lock::parse("hydrant.lock", TEXT).unwrap();
        lock.record(entry("a", "2027-01-01T00:00:00Z"));
        assert_eq!(lock.print(), TEXT);
        lock.record(entry("c", "2027-01-01T00:00:00Z"));
        assert!(lock.print().contains("resolved: \"2027-01-01T00:00:00Z\"\n  from: mirror.local"));
    }

    #[test]
    fn an_unfinished_merge_is_finished() {
        let entry = |name: &str, digit: &str| {
            let digest = digit.repeat(64);
            format!(
                "- reference: r.example/{name}:1\n  digest: sha256:{digest}\n  resolved: \"2026-11-21T22:00:00Z\"\n  from: r\n"
            )
        };
        let (a, b, c, changed) = (entry("a", "1"), entry("b", "2"), entry("c", "3"), entry("c", "4"));
        let text = format!(
            "apiVersion: hydrant/v1\nkind: Lock\nimages:\n<<<<<<< HEAD\n{a}{c}||||||| 1234567\n=======\n{b}{changed}>>>>>>> topic\n"
        );
        let merged = Lock::parse_merging("hydrant.lock", &text).unwrap();
        let names: Vec<&str> = merged.images().map(|image| image.reference.as_str()).collect();
        assert_eq!(names, ["r.example/a:1", "r.example/b:1"], "of c each side says something else");
        assert!(Lock::parse("hydrant.lock", &text).is_err());
        assert_eq!(Lock::parse_merging("hydrant.lock", &merged.print()).unwrap(), merged);
    }

    #[test]
    fn an_invalid_lock_file_is_refused_with_its_location() {
        let two = TEXT.replace("  platform: linux/arm64/v8\n", "");
        let table = [
            (two.as_str(), "has two digests"),
            ("<<<<<<< HEAD\n", "hydrant.lock:1:1: unresolved merge conflict"),
            ("apiVersion: v1\nkind: ConfigMap\n", "expected hydrant/v1 Lock, found v1 ConfigMap"),
            ("apiVersion: hydrant/v1\nkind: Lock\nimage: []\n", "image"),
            ("[", "hydrant.lock:1:1: invalid lock file: unclosed bracket"),
            (&TEXT.replace("sha256:a", "sha256:x"), "the digest must be"),
        ];
        for (text, want) in table {
            let error = Lock::parse("hydrant.lock", text).unwrap_err().to_string();
            assert!(error.contains(want), "{want}: {error}");
        }
    }
}
