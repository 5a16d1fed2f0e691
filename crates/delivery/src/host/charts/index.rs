//! `index.yaml` of chart repositories.
//!
//! An index may have tens of megabytes, of which a run needs a few lines for each version. So the lines of other fields are dropped before YAML
//! is parsed, and only the entries of a chart are parsed that is asked for. What is not written in helm's layout is parsed as a whole.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

/// The largest index that is parsed as a whole, in bytes.
const WHOLE_LIMIT: usize = 32 << 20;

/// The fields of a version that are used.
const FIELDS: [&str; 4] = ["name", "version", "digest", "urls"];

/// An index.
#[derive(Debug)]
pub(super) struct Index {
    charts: Charts,
}

#[derive(Debug)]
enum Charts {
    /// The reduced text, and where each chart's entries are in it.
    Reduced {
        text: String,
        places: BTreeMap<String, Range<usize>>,
    },
    Parsed(BTreeMap<String, Vec<IndexEntry>>),
}

/// A version of a chart.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) struct IndexEntry {
    /// The version as it is written.
    #[serde(default, deserialize_with = "text")]
    pub(super) version: String,
    /// The SHA-256 of the archive, in hex; absent in the index of some repositories.
    #[serde(default)]
    pub(super) digest: Option<String>,
    /// The URLs of the archive, absolute or relative to the repository.
    #[serde(default, deserialize_with = "texts")]
    pub(super) urls: Vec<String>,
}

/// A text; `null` is empty.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Option::<Vec<String>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawIndex {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    entries: Option<BTreeMap<String, Option<Vec<IndexEntry>>>>,
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Index, String> {
        if bytes.trim_ascii_start().first() == Some(&b'{') {
            let raw = serde_json::from_slice(&bytes).map_err(|error| format!("invalid JSON: {error}"))?;
            return Index::parsed(raw);
        }
        let text = String::from_utf8(bytes).map_err(|_| "invalid UTF-8".to_owned())?;
        if let Some(charts) = reduce(&text) {
            return Ok(Index { charts });
        }
        if text.len() > WHOLE_LIMIT {
            return Err(format!("more than {WHOLE_LIMIT} bytes in another layout than that of `helm repo index`"));
        }
        parse_yaml(&text).and_then(Index::parsed)
    }

    fn parsed(raw: RawIndex) -> Result<Index, String> {
        if raw.api_version.is_empty() {
            return Err("missing field \"apiVersion\"".to_owned());
        }
        let entries = raw.entries.unwrap_or_default();
        let charts = entries.into_iter().map(|(name, entries)| (name, entries.unwrap_or_default()));
        Ok(Index { charts: Charts::Parsed(charts.collect()) })
    }

    /// Returns the versions of a chart in the order of the file; `None` where the index does not have the chart.
    ///
    /// # Errors
    /// Entries that are invalid YAML.
    pub(super) fn versions(&self, chart: &str) -> Result<Option<Vec<IndexEntry>>, String> {
        let entries = match &self.charts {
            Charts::Parsed(charts) => charts.get(chart).cloned(),
            Charts::Reduced { text, places } => match places.get(chart) {
                Some(place) => {
                    let text = &text[place.clone()];
                    let simple = simple_entries(text);
                    Some(simple.map_or_else(|| parse_yaml(text), Ok)?)
                }
                None => None,
            },
        };
        Ok(entries.map(|entries| entries.into_iter().filter(|entry| !entry.version.is_empty()).collect()))
    }

    /// Returns the names of the charts.
    pub(super) fn names(&self) -> Vec<&str> {
        match &self.charts {
            Charts::Parsed(charts) => charts.keys().map(String::as_str).collect(),
            Charts::Reduced { places, .. } => places.keys().map(String::as_str).collect(),
        }
    }
}

/// Reads entries whose values are plain texts, as helm prints nearly all of them; `None` where YAML has to be parsed.
fn simple_entries(text: &str) -> Option<Vec<IndexEntry>> {
    let mut entries: Vec<IndexEntry> = Vec::new();
    let mut in_urls = false;
    for line in text.lines() {
        if line == "-" {
            entries.push(IndexEntry::default());
            in_urls = false;
            continue;
        }
        let (entry, line) = (entries.last_mut()?, line.trim_start_matches(' '));
        if let Some(url) = line.strip_prefix("- ") {
            entry.urls.push(plain(url).filter(|_| in_urls)?.to_owned());
            continue;
        }
        let (key, value) = line.split_once(':')?;
        in_urls = key == "urls";
        match (key, value.strip_prefix(' ').and_then(plain)) {
            ("urls", _) if value.is_empty() => {}
            ("version", Some(version)) => version.clone_into(&mut entry.version),
            ("digest", Some(digest)) => entry.digest = Some(digest.to_owned()),
            ("name", Some(_)) => {}
            _ => return None,
        }
    }
    Some(entries)
}

/// A value that YAML reads as the same text, or one in quotes without escapes.
fn plain(value: &str) -> Option<&str> {
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:+~%?=@".contains(&byte);
    let text = quoted.unwrap_or(value);
    let ambiguous = quoted.is_none()
        && (matches!(text, "null" | "~" | "") || text.starts_with(['-', '?', ':', '@', '%']) || text.ends_with(':'));
    (text.bytes().all(is_plain) && !ambiguous).then_some(text)
}

fn parse_yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    // The size of the text is the limit.
    let options = serde_saphyr::options! { budget: None };
    let parsed = serde_saphyr::from_str_with_options(text, options);
    parsed.map_err(|error| format!("invalid YAML: {}", error.without_snippet()))
}

/// Where the scan of an index is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Before and after `entries`.
    Other,
    Entries,
}

/// Drops the lines of fields that are not used; `None` where the text has another layout than helm's, which prints block style with the charts two
/// columns below `entries`.
fn reduce(text: &str) -> Option<Charts> {
    let mut reducer = Reducer::default();
    let mut section = Section::Other;
    let mut has_version = false;
    for line in text.split('\n') {
        let content = line.trim_end();
        let trimmed = content.trim_start_matches(' ');
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = content.len() - trimmed.len();
        if trimmed.starts_with('\t') || (indent == 0 && trimmed.starts_with(['%', '&', '*', '?', '"', '\''])) {
            return None;
        }
        if indent == 0 {
            section = match trimmed {
                "---" if !has_version && reducer.places.is_empty() => Section::Other,
                "entries:" if reducer.places.is_empty() => Section::Entries,
                "entries: {}" => Section::Other,
                _ if trimmed.starts_with("entries:") || trimmed.starts_with("---") || trimmed.starts_with("...") => {
                    return None;
                }
                _ if trimmed.starts_with('-') => return None,
                _ => {
                    has_version |= trimmed.starts_with("apiVersion:");
                    Section::Other
                }
            };
        } else if section == Section::Entries {
            reducer.line(content, trimmed, indent)?;
        }
    }
    reducer.close();
    has_version.then_some(Charts::Reduced { text: reducer.text, places: reducer.places })
}

#[derive(Default)]
struct Reducer {
    text: String,
    places: BTreeMap<String, Range<usize>>,
    /// The chart whose entries are read, and where they begin in `text`.
    chart: Option<(String, usize)>,
    /// The column of the chart's `-`.
    item: Option<usize>,
    /// The column of the keys of the entry.
    key: usize,
    /// Whether the field is used.
    used: bool,
}

impl Reducer {
    fn line(&mut self, content: &str, trimmed: &str, indent: usize) -> Option<()> {
        let is_item = trimmed.starts_with("- ") || trimmed == "-";
        if indent <= 2 && !is_item {
            return if indent == 2 { self.chart(trimmed) } else { None };
        }
        self.chart.as_ref()?;
        match self.item {
            None if is_item => self.item = Some(indent),
            None => return None,
            Some(item) if indent < item => return None,
            Some(_) => {}
        }
        if self.item == Some(indent) {
            if !is_item {
                return None;
            }
            let entry = trimmed[1..].trim_start_matches(' ');
            if entry.is_empty() {
                return None;
            }
            self.key = content.len() - entry.len();
            self.used = is_used(entry)?;
            // Each entry begins with a line of its own, so that its first field may be dropped.
            self.text.push_str("-\n");
            if self.used {
                self.push(&format!("{}{entry}", " ".repeat(self.key)));
            }
            return Some(());
        }
        if indent < self.key {
            return None;
        }
        // A list may stand in the column of its key.
        if indent == self.key && !is_item {
            self.used = is_used(trimmed)?;
        }
        if self.used {
            self.push(content);
        }
        Some(())
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn chart(&mut self, line: &str) -> Option<()> {
        self.close();
        let (key, rest) = line.split_at(line.rfind(':')?);
        let name = key.trim_matches(['"', '\'']);
        if name.is_empty() || name.contains([':', '{', '&', '*', '!', '"', '\'']) {
            return None;
        }
        match rest {
            ":" => {}
            _ => return None,
        }
        if self.places.contains_key(name) {
            return None;
        }
        (self.chart, self.item) = (Some((name.to_owned(), self.text.len())), None);
        Some(())
    }

    fn close(&mut self) {
        if let Some((name, start)) = self.chart.take() {
            self.places.insert(name, start..self.text.len());
        }
    }
}

/// Whether the field that a line begins is used; `None` where the line is no plain key.
fn is_used(line: &str) -> Option<bool> {
    let (key, _) = line.split_once(':')?;
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    // An alias would refer to a field that may be dropped.
    let value = line[key.len() + 1..].trim_start();
    (plain && !value.starts_with('*') && key != "<<").then(|| FIELDS.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELM: &str = "\
apiVersion: v1
entries:
  alpine:
  - annotations:
      category: |-
        text: with
        - dashes
    created: \"2026-01-01T00:00:00Z\"
    dependencies:
    - name: common
      version: 1.x
    description: \"a: b\"
    digest: 1234
    name: alpine
    urls:
    - charts/alpine-0.2.0.tgz
    version: 0.2.0
  - urls:
    - https://other.example/alpine-0.1.0.tgz
    version: \"0.1\"
  web:
    - version: 1.0.0
      urls: [web-1.0.0.tgz]
generated: \"2026-01-01T00:00:00Z\"
";

    fn entry(version: &str, digest: Option<&str>, url: &str) -> IndexEntry {
        IndexEntry { version: version.to_owned(), digest: digest.map(str::to_owned), urls: vec![url.to_owned()] }
    }

    fn is_reduced(index: &Index) -> bool {
        matches!(index.charts, Charts::Reduced { .. })
    }

    #[test]
    fn the_layout_of_helm_is_reduced() {
        let index = Index::read(HELM.into()).unwrap();
        assert!(is_reduced(&index));
        let alpine = index.versions("alpine").unwrap().unwrap();
        let old = entry("0.1", None, "https://other.example/alpine-0.1.0.tgz");
        assert_eq!(alpine, [entry("0.2.0", Some("1234"), "charts/alpine-0.2.0.tgz"), old]);
        assert_eq!(index.versions("web").unwrap().unwrap(), [entry("1.0.0", None, "web-1.0.0.tgz")]);
        assert_eq!(index.versions("nope"), Ok(None));
        assert_eq!(index.names(), ["alpine", "web"]);
    }

    #[test]
    fn other_layouts_give_the_same() {
        let expected = Index::read(HELM.into()).unwrap().versions("alpine").unwrap();
        let flow = "apiVersion: v1\nentries: {alpine: [{version: 0.2.0, digest: '1234', urls: [charts/alpine-0.2.0.tgz]}, \
            {version: '0.1', urls: ['https://other.example/alpine-0.1.0.tgz']}]}\n";
        let json = r#"{"apiVersion":"v1","entries":{"alpine":[{"version":"0.2.0","digest":"1234","urls":["charts/alpine-0.2.0.tgz"]},
            {"version":"0.1","x":[1],"urls":["https://other.example/alpine-0.1.0.tgz"]}]}}"#;
        let wide = HELM.replace("\n ", "\n   ");
        for text in [flow, json, &wide] {
            let index = Index::read(text.into()).unwrap();
            assert!(!is_reduced(&index), "{text}");
            assert_eq!(index.versions("alpine").unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn simple_entries_are_those_of_yaml() {
        let table = [
            "-\n  version: 1.0.0\n  digest: 12\n  urls:\n  - a-1.0.0.tgz\n-\n    version: \"1.2\"\n    urls:\n    - 'https://h/a.tgz'\n",
            "-\n  urls:\n    - x\n    - y\n  version: v1.0.0-rc.1+b\n",
        ];
        for text in table {
            assert_eq!(simple_entries(text).unwrap(), parse_yaml::<Vec<IndexEntry>>(text).unwrap(), "{text}");
        }
        for text in
            ["-\n  version: null\n", "-\n  version: a # b\n", "-\n  urls: [a]\n", "-\n  version: \"a\\n\"\n", "x\n"]
        {
            assert_eq!(simple_entries(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_index_is_refused() {
        for text in ["", "entries:\n  a: []\n", "<html>", "[", "{", "apiVersion: v1\nentries: 3\n", "\u{1}"] {
            assert!(Index::read(text.into()).is_err(), "{text:?}");
        }
        assert!(Index::read(vec![0xff]).is_err());
        assert_eq!(Index::read("apiVersion: v1\nentries: {}\n".into()).unwrap().versions("a"), Ok(None));
    }
}
