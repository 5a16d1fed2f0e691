//! `.gitmodules` of a foreign repository: the URLs of its submodules. Only text is read: `include` and all other sections have no effect.

/// Returns the URL of the submodule at `path`; the last one if several entries have the path, as git does.
pub(super) fn url_of(text: &str, path: &str) -> Option<String> {
    let mut modules: Vec<Module> = Vec::new();
    let mut current = None;
    for line in logical_lines(text) {
        let line = line.trim();
        if line.starts_with('[') {
            current = submodule(line).map(|name| entry(&mut modules, name));
            continue;
        }
        let (Some(index), Some((key, value))) = (current, line.split_once('=')) else { continue };
        let value = value_of(value);
        match key.trim().to_ascii_lowercase().as_str() {
            "path" => modules[index].path = Some(value),
            "url" => modules[index].url = Some(value),
            _ => {}
        }
    }
    modules.into_iter().rev().find(|module| module.path.as_deref() == Some(path))?.url
}

/// A section `[submodule "NAME"]`.
struct Module {
    name: String,
    path: Option<String>,
    url: Option<String>,
}

fn entry(modules: &mut Vec<Module>, name: String) -> usize {
    if let Some(index) = modules.iter().position(|module| module.name == name) {
        return index;
    }
    modules.push(Module { name, path: None, url: None });
    modules.len() - 1
}

/// The lines, with those that end with a backslash joined to the next.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let escaped = line.len() - line.trim_end_matches('\\').len();
        if escaped % 2 == 1 {
            open.push_str(&line[..line.len() - 1]);
        } else {
            lines.push(std::mem::take(&mut open) + line);
        }
    }
    lines.push(open);
    lines
}

/// The name in `[submodule "NAME"]`; `None` for another section.
fn submodule(header: &str) -> Option<String> {
    let (section, rest) = header.strip_prefix('[')?.split_once('"')?;
    if !section.trim().eq_ignore_ascii_case("submodule") {
        return None;
    }
    let mut name = String::new();
    let mut rest = rest.chars();
    loop {
        match rest.next()? {
            '"' => return Some(name),
            '\\' => name.push(rest.next()?),
            other => name.push(other),
        }
    }
}

/// A value without quotes, escapes and comments.
fn value_of(text: &str) -> String {
    let mut value = String::new();
    let mut blanks = String::new();
    let mut quoted = false;
    let mut rest = text.trim_start().chars();
    while let Some(next) = rest.next() {
        match next {
            '"' => quoted = !quoted,
            '#' | ';' if !quoted => break,
            ' ' | '\t' if !quoted => {
                blanks.push(next);
                continue;
            }
            _ => {}
        }
        value.push_str(&std::mem::take(&mut blanks));
        match next {
            '"' => {}
            '\\' => match rest.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('b') => value.push('\u{8}'),
                Some(other) => value.push(other),
                None => {}
            },
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_found_by_path() {
        let text = "; a comment\n[core]\n\tpath = x\n\turl = y\n[include]\n\tpath = /etc/passwd\n[Submodule \"a \\\"b\"]\n\tPath = libs/a\n\
                    \tURL = \"https://h/a#b.git\" # note\n\tbranch = .\n[submodule \"long\"]\n\tpath=long\n\turl = ../lo\\\nng.git\n\
                    [submodule \"first\"]\n path = twice\n url = ../one\n[submodule \"second\"]\n path = twice\n url = ../two\n\
                    [submodule \"none\"]\n path = none\n";
        assert_eq!(url_of(text, "libs/a").as_deref(), Some("https://h/a#b.git"));
        assert_eq!(url_of(text, "long").as_deref(), Some("../long.git"));
        assert_eq!(url_of(text, "twice").as_deref(), Some("../two"));
        for path in ["x", "/etc/passwd", "none", "", "[", "absent"] {
            assert_eq!(url_of(text, path), None, "{path}");
        }
    }

    #[test]
    fn broken_text_has_no_urls() {
        for text in
            ["", "[", "[submodule", "[submodule \"", "[submodule \"a\\", "url", "=", "[submodule \"a\"]\nurl=x\\"]
        {
            assert_eq!(url_of(text, "a"), None, "{text}");
        }
    }
}
