//! Finds the files of the context that a Dockerfile copies: `COPY` and `ADD` with build arguments and `ENV` filled in.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/docker/parse.go` and BuildKit's Dockerfile reference. `ONBUILD` lines of base
//! images are not considered, since that would need requests to a registry.

use std::collections::BTreeMap;

/// The sources of each `COPY` and `ADD` that reads the context, as written, variables filled in. `arguments` are build
/// arguments by name.
pub(super) fn copied(text: &str, arguments: &BTreeMap<String, String>) -> Vec<Vec<String>> {
    let mut reader = Reader { arguments, values: BTreeMap::new(), environment: BTreeMap::new(), copied: Vec::new() };
    for line in instructions(text) {
        reader.take(&line);
    }
    reader.copied
}

struct Reader<'a> {
    arguments: &'a BTreeMap<String, String>,
    values: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    copied: Vec<Vec<String>>,
}

impl Reader<'_> {
    fn take(&mut self, line: &str) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word.to_ascii_uppercase().as_str() {
            "ARG" => {
                for item in rest.split_whitespace() {
                    let (name, default) = item.split_once('=').unwrap_or((item, ""));
                    let value = self.arguments.get(name).cloned().unwrap_or_else(|| unquoted(default));
                    self.values.insert(name.to_owned(), value);
                }
            }
            "ENV" => self.set_environment(rest),
            "COPY" | "ADD" => self.copy(rest.trim()),
            _ => {}
        }
    }

    fn set_environment(&mut self, rest: &str) {
        let rest = rest.trim();
        let first = rest.split(['=', ' ', '\t']).next().unwrap_or_default();
        if rest[first.len()..].starts_with('=') {
            for item in split_words(rest) {
                if let Some((name, value)) = item.split_once('=') {
                    let value = self.fill(value);
                    self.environment.insert(name.to_owned(), value);
                }
            }
        } else {
            let value = self.fill(rest[first.len()..].trim());
            self.environment.insert(first.to_owned(), value);
        }
    }

    fn copy(&mut self, rest: &str) {
        let mut rest = rest;
        while let Some(flag) = rest.split_whitespace().next().filter(|word| word.starts_with("--")) {
            if flag.starts_with("--from=") {
                return;
            }
            rest = rest[flag.len()..].trim_start();
        }
        let listed = serde_json::from_str::<Vec<String>>(rest).ok();
        let mut paths = listed.unwrap_or_else(|| split_words(rest));
        paths.pop();
        let elsewhere = |path: &String| ["http://", "https://", "<<"].iter().any(|start| path.starts_with(start));
        let sources: Vec<String> = paths.iter().filter(|path| !elsewhere(path)).map(|path| self.fill(path)).collect();
        if !sources.is_empty() {
            self.copied.push(sources);
        }
    }

    /// Expands a word: without its quotes, with `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` filled in.
    fn fill(&self, word: &str) -> String {
        let mut out = String::new();
        let mut rest = word.chars().peekable();
        let mut quote = None;
        while let Some(c) = rest.next() {
            match c {
                '\'' | '"' if quote.is_none() => quote = Some(c),
                c if quote == Some(c) => quote = None,
                '\\' if quote != Some('\'') => out.extend(rest.next()),
                '$' if quote != Some('\'') => {
                    if rest.next_if_eq(&'{').is_some() {
                        let inner: String = rest.by_ref().take_while(|&c| c != '}').collect();
                        out.push_str(&self.braced(&inner));
                    } else {
                        let mut name = String::new();
                        while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                            name.push(c);
                        }
                        out.push_str(if name.is_empty() { "$" } else { self.value(&name) });
                    }
                }
                c => out.push(c),
            }
        }
        out
    }

    fn braced(&self, inner: &str) -> String {
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, change) = inner.split_at(end);
        let value = self.value(name);
        let colon = change.strip_prefix(':').unwrap_or(change);
        match colon.chars().next() {
            Some('-') if value.is_empty() => colon[1..].to_owned(),
            Some('+') => {
                if value.is_empty() {
                    String::new()
                } else {
                    colon[1..].to_owned()
                }
            }
            _ => value.to_owned(),
        }
    }

    fn value(&self, name: &str) -> &str {
        self.environment.get(name).or_else(|| self.values.get(name)).map_or("", String::as_str)
    }
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}

/// Splits at blanks outside of quotes; quotes are kept.
fn split_words(text: &str) -> Vec<String> {
    let mut split = vec![String::new()];
    let mut quote = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let last = split.len() - 1;
        match c {
            '\\' => {
                split[last].push(c);
                split[last].extend(rest.next());
            }
            c if c.is_whitespace() && quote.is_none() => split.push(String::new()),
            c => {
                if quote == Some(c) {
                    quote = None;
                } else if quote.is_none() && matches!(c, '"' | '\'') {
                    quote = Some(c);
                }
                split[last].push(c);
            }
        }
    }
    split.retain(|word| !word.is_empty());
    split
}

/// The instructions: comments out, continued lines joined, the bodies of here-documents out.
fn instructions(text: &str) -> Vec<String> {
    let escape = escape(text);
    let mut found = Vec::new();
    let mut open = String::new();
    let mut bodies: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(end) = bodies.first() {
            if line.trim_start_matches('\t') == end {
                bodies.remove(0);
            }
            continue;
        }
        let trimmed = line.trim();
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        if let Some(part) = line.trim_end().strip_suffix(escape) {
            open.push_str(part);
            continue;
        }
        open.push_str(line);
        let whole = std::mem::take(&mut open).trim().to_owned();
        bodies = here_documents(&whole);
        found.push(whole);
    }
    found.extend(Some(open.trim().to_owned()).filter(|open| !open.is_empty()));
    found
}

/// The character of the directive `# escape=`, a backslash if there is none.
fn escape(text: &str) -> char {
    let directives = text.lines().map_while(|line| line.trim().strip_prefix('#'));
    let set = directives
        .filter_map(|line| line.trim().strip_prefix("escape")?.trim_start().strip_prefix('=')?.trim().chars().next());
    if set.last() == Some('`') { '`' } else { '\\' }
}

/// The names that end the here-documents which an instruction opens.
fn here_documents(line: &str) -> Vec<String> {
    let word = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(word.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let opened = line.split_whitespace().filter_map(|word| word.strip_prefix("<<"));
    let named = opened.map(|name| name.trim_start_matches('-').trim_matches(['"', '\'']).to_owned());
    named.filter(|name| !name.is_empty() && !name.starts_with('<')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found() {
        let text = "# syntax=x\nARG DIR=src\nFROM golang AS b\nENV SUB=lib A=\"b c\"\nCOPY go.mod go.sum ./\nCOPY --chown=1:1 $DIR/${SUB} \\\n  # note\n  more /app/\n\
                    COPY [\"a b.txt\", \"/x/\"]\nADD https://x.io/y z /\nRUN <<EOF\nCOPY no /\nEOF\nFROM scratch\nCOPY --from=b /app /app\ncopy main.go${NONE:-x} .\n";
        let found = copied(text, &BTreeMap::from([("DIR".to_owned(), "cmd".to_owned())]));
        let shown: Vec<String> = found.iter().map(|sources| sources.join("|")).collect();
        assert_eq!(shown, ["go.mod|go.sum", "cmd/lib|more", "a b.txt", "z", "main.gox"]);
    }
}
