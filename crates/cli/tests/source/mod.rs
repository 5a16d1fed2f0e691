//! Reads the workspace's Rust sources: files, modules, the paths that a module refers to, public signatures and messages.

#![allow(dead_code, reason = "each test uses a part of this module")]

pub(crate) mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tokens::Token;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate is in crates/cli").to_path_buf()
}

/// Returns the text of a file.
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns every file below `folder` with the extension, sorted, as [`all_files`].
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let has_extension = |path: &PathBuf| path.extension().is_some_and(|own| own == extension);
    all_files(folder).into_iter().filter(has_extension).collect()
}

/// Returns every file below `folder`, sorted, without hidden folders, links, and folders called `target`.
pub(crate) fn all_files(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_symlink() || name == "target" || name.starts_with('.') {
                continue;
            }
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Returns the folders of the workspace's crates, by name.
pub(crate) fn crates() -> BTreeMap<String, PathBuf> {
    fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect()
}

/// Returns a path relative to the repository's root.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// One source file of a crate.
pub(crate) struct SourceFile {
    /// The file, relative to the repository's root.
    pub(crate) name: String,
    /// The module that the file holds, from the crate's root; empty for `lib.rs` and `main.rs`.
    pub(crate) module: Vec<String>,
    /// Its tokens, without the items that are compiled in tests only.
    pub(crate) tokens: Vec<Token>,
    /// The modules in files of their own that it declares for tests only.
    test_modules: Vec<Vec<String>>,
}

impl SourceFile {
    /// Reads the text of a file that holds `module`.
    pub(crate) fn new(name: String, module: Vec<String>, text: &str) -> Self {
        let (tokens, names) = without_tests(tokens::read(text));
        let inside = |name: String| module.iter().cloned().chain([name]).collect();
        SourceFile { name, test_modules: names.into_iter().map(inside).collect(), module, tokens }
    }
}

/// Returns the source files of a crate that are compiled outside of tests.
pub(crate) fn sources(folder: &Path) -> Vec<SourceFile> {
    let src = folder.join("src");
    let parts = |path: &Path| -> Vec<String> {
        let path = path.strip_prefix(&src).unwrap().with_extension("");
        let mut module: Vec<String> =
            path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|last| last == "mod") || module == ["lib"] || module == ["main"] {
            module.pop();
        }
        module
    };
    let all: Vec<SourceFile> =
        files(&src, "rs").iter().map(|path| SourceFile::new(relative(path), parts(path), &read(path))).collect();
    let tests: BTreeSet<Vec<String>> = all.iter().flat_map(|file| file.test_modules.clone()).collect();
    all.into_iter().filter(|file| !tests.iter().any(|test| file.module.starts_with(test))).collect()
}

/// Takes away the items behind `#[cfg(test)]` and `#[test]`, and returns the names of modules in files of their own among them.
fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut names) = (Vec::new(), Vec::new());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = token.is_punct('#').then(|| tokens.peek().and_then(|next| next.group('['))).flatten();
        if !attribute.is_some_and(is_for_tests) {
            kept.push(match token {
                Token::Group(bracket, inner) => {
                    let (inner, _) = without_tests(inner);
                    Token::Group(bracket, inner)
                }
                token => token,
            });
            continue;
        }
        let mut item = Vec::new();
        for token in tokens.by_ref() {
            let end = token.is_punct(';') || token.group('{').is_some();
            item.push(token);
            if end {
                break;
            }
        }
        if let [.., keyword, Token::Word(name), Token::Punct(';')] = item.as_slice() {
            names.extend(keyword.is("mod").then(|| name.clone()));
        }
    }
    (kept, names)
}

/// Whether the tokens of an attribute are `cfg(test)`, `cfg(all(test, …))` or `test`.
fn is_for_tests(attribute: &[Token]) -> bool {
    match attribute {
        [Token::Word(name)] => name == "test",
        [Token::Word(name), Token::Group('(', condition)] if name == "cfg" => match condition.as_slice() {
            [Token::Word(all), Token::Group('(', inner)] if all == "all" => inner.iter().any(|one| one.is("test")),
            [one] => one.is("test"),
            _ => false,
        },
        _ => false,
    }
}

/// A reference to a name of the same crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// The module that refers to it.
    pub(crate) from: Vec<String>,
    /// The file that the reference is in.
    pub(crate) file: String,
    /// The path that is referred to, from the crate's root, such as `["transport", "refs", "Refs"]`.
    pub(crate) to: Vec<String>,
}

/// Returns the references to names of the same crate by `crate::` and `super::`, wherever they are written.
///
/// A name that the crate's root re-exports is returned with the path of the module that it comes from.
pub(crate) fn references(files: &[SourceFile]) -> Vec<Reference> {
    let exported: BTreeMap<String, Vec<String>> =
        files.iter().filter(|file| file.module.is_empty()).flat_map(exports).collect();
    let modules: BTreeSet<&String> = files.iter().filter_map(|file| file.module.first()).collect();
    let mut found = Vec::new();
    for file in files {
        let mut paths = Vec::new();
        collect_paths(&file.tokens, &file.module, &mut paths);
        for (from, mut to) in paths {
            let module = to.len() > 1 && to.first().is_some_and(|first| modules.contains(first));
            if let (false, Some(path)) = (module, to.first().and_then(|first| exported.get(first))) {
                to.splice(..1, path.iter().cloned());
            }
            found.push(Reference { from, file: file.name.clone(), to });
        }
    }
    found
}

/// The names that a crate's root re-exports from its modules, each with its path.
fn exports(root: &SourceFile) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (at, token) in root.tokens.iter().enumerate() {
        if token.is("use") {
            let mut paths = Vec::new();
            use_paths(&root.tokens[at + 1..], &[], &mut paths);
            let local = paths.into_iter().map(|path| match path.first().map(String::as_str) {
                Some("crate" | "self") => path[1..].to_vec(),
                _ => path,
            });
            found.extend(local.filter(|path| path.len() > 1).map(|path| (path[path.len() - 1].clone(), path)));
        }
    }
    found
}

/// Reads the path or the tree of paths that `tokens` begin with, and returns how many tokens it has.
fn use_paths(tokens: &[Token], prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let (mut path, mut at) = (prefix.to_vec(), 0);
    loop {
        match &tokens[at..] {
            [Token::Word(name), ..] => {
                if name != "self" || path.is_empty() {
                    path.push(name.clone());
                }
                at += 1;
            }
            [Token::Group('{', inner), ..] => {
                inner.split(|token| token.is_punct(',')).filter(|part| !part.is_empty()).for_each(|part| {
                    use_paths(part, &path, found);
                });
                return at + 1;
            }
            _ => break,
        }
        match &tokens[at..] {
            [Token::Punct(':'), Token::Punct(':'), Token::Word(_) | Token::Group('{', _), ..] => at += 2,
            _ => break,
        }
    }
    found.push(path);
    at
}

/// Finds the paths that begin with `crate`, `self` or `super`, with the module that they are written in.
fn collect_paths(tokens: &[Token], module: &[String], found: &mut Vec<(Vec<String>, Vec<String>)>) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [keyword, Token::Word(name), Token::Group('{', inner), ..] if keyword.is("mod") => {
                let inside: Vec<String> = module.iter().cloned().chain([name.clone()]).collect();
                collect_paths(inner, &inside, found);
                at += 3;
            }
            [Token::Word(first), Token::Punct(':'), Token::Punct(':'), ..]
                if ["crate", "self", "super"].contains(&first.as_str()) =>
            {
                let mut paths = Vec::new();
                at += use_paths(&tokens[at..], &[], &mut paths).max(1);
                found.extend(paths.iter().map(|path| (module.to_vec(), from_root(path, module))));
            }
            [Token::Text(text), ..] if text.starts_with("crate::") || text.starts_with("super::") => {
                let path: Vec<String> = text.split("::").map(str::to_owned).collect();
                found.push((module.to_vec(), from_root(&path, module)));
                at += 1;
            }
            [Token::Group(_, inner), ..] => {
                collect_paths(inner, module, found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// A path that begins with `crate`, `self` or `super` in `module`, from the crate's root.
fn from_root(path: &[String], module: &[String]) -> Vec<String> {
    let mut base = if path.first().is_some_and(|first| first == "crate") { Vec::new() } else { module.to_vec() };
    let leading = path.iter().take_while(|part| ["crate", "self", "super"].contains(&part.as_str())).count();
    for part in &path[..leading] {
        if part == "super" {
            base.pop();
        }
    }
    base.extend(path[leading..].iter().cloned());
    base
}

/// Returns the functions of a file that are `pub` and have a tuple of three or more elements in their signature, as `FILE: NAME`.
pub(crate) fn wide_tuples(file: &SourceFile) -> Vec<String> {
    let mut names = Vec::new();
    collect_signatures(&file.tokens, &mut |name, signature| {
        if has_wide_tuple(signature, true) {
            names.push(format!("{}: {name}", file.name));
        }
    });
    names
}

/// Calls `check` with the name and the signature of each function that is `pub`.
fn collect_signatures(tokens: &[Token], check: &mut impl FnMut(&str, &[Token])) {
    let mut public = false;
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1)) {
            (Token::Word(word), _) if word == "pub" => public = true,
            (Token::Word(word), Some(Token::Word(name))) if word == "fn" => {
                let rest = &tokens[at + 2..];
                let end = rest.iter().position(|one| one.is_punct(';') || one.group('{').is_some());
                if public {
                    check(name, &rest[..end.unwrap_or(rest.len())]);
                }
                public = false;
            }
            (Token::Group('{', inner), _) => {
                collect_signatures(inner, check);
                public = false;
            }
            (Token::Punct(';'), _) => public = false,
            _ => {}
        }
    }
}

/// Whether there is a tuple of three or more. `parameters` says that the first parentheses hold the parameters of the function.
fn has_wide_tuple(tokens: &[Token], mut parameters: bool) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let Token::Group(bracket, inner) = token else { return false };
        let called = at > 0 && matches!(&tokens[at - 1], Token::Word(word) if word.starts_with("Fn") || word == "fn");
        let wide = *bracket == '(' && !parameters && !called && elements(inner) > 2;
        parameters &= *bracket != '(';
        wide || has_wide_tuple(inner, false)
    })
}

/// How many elements a list in parentheses has.
fn elements(tokens: &[Token]) -> usize {
    let mut depth = 0_i32;
    let commas = tokens.iter().filter(|token| {
        match token {
            Token::Punct('<') => depth += 1,
            Token::Punct('>') => depth -= 1,
            _ => {}
        }
        depth == 0 && token.is_punct(',')
    });
    let commas = commas.count();
    if tokens.last().is_none_or(|last| last.is_punct(',')) { commas } else { commas + 1 }
}

/// A text that hydrant prints as an error or as a hint.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    /// The file, relative to the repository's root.
    pub(crate) file: String,
    /// Whether it is a hint.
    pub(crate) hint: bool,
    /// The text, with its placeholders.
    pub(crate) text: String,
}

/// Returns the texts of errors and hints in a file: `Diagnostic::new`, `.hint`, `#[error]`, `anyhow!` and `bail!`.
pub(crate) fn messages(file: &SourceFile) -> Vec<Message> {
    let mut found = Vec::new();
    collect_messages(&file.tokens, &mut |hint, text| {
        // A message may carry its hint behind a line break.
        for (index, part) in text.split("\n  hint: ").enumerate() {
            found.push(Message { file: file.name.clone(), hint: hint || index > 0, text: part.to_owned() });
        }
    });
    found
}

fn collect_messages(tokens: &[Token], add: &mut impl FnMut(bool, &str)) {
    for at in 0..tokens.len() {
        let (hint, arguments) = match &tokens[at..] {
            [
                Token::Word(own),
                Token::Punct(':'),
                Token::Punct(':'),
                Token::Word(new),
                Token::Group('(', inner),
                ..,
            ] if own == "Diagnostic" && new == "new" => (false, inner),
            [Token::Punct('.'), Token::Word(name), Token::Group('(', inner), ..] if name == "hint" => (true, inner),
            [Token::Word(name), Token::Punct('!'), Token::Group('(', inner), ..]
                if name == "anyhow" || name == "bail" =>
            {
                (false, inner)
            }
            [Token::Word(name), Token::Group('(', inner)] if name == "error" => (false, inner),
            _ => continue,
        };
        match arguments.as_slice() {
            [Token::Text(text), ..] => add(hint, text),
            [Token::Word(name), Token::Punct('!'), Token::Group('(', inner), ..] if name == "format" => {
                if let Some(Token::Text(text)) = inner.first() {
                    add(hint, text);
                }
            }
            _ => {}
        }
    }
    for token in tokens {
        if let Token::Group(_, inner) = token {
            collect_messages(inner, add);
        }
    }
}

/// Returns the string literals of a file.
pub(crate) fn literals(file: &SourceFile) -> Vec<String> {
    let mut found = Vec::new();
    collect_literals(&file.tokens, &mut found);
    found
}

fn collect_literals(tokens: &[Token], found: &mut Vec<String>) {
    for token in tokens {
        match token {
            Token::Text(text) => found.push(text.clone()),
            Token::Group(_, inner) => collect_literals(inner, found),
            Token::Word(_) | Token::Punct(_) => {}
        }
    }
}
