//! The `patches` of a profile: JSON 6902 operations on the config, with `key=value` segments.
//!
//! Source: krishicks/yaml-patch, which Skaffold applies one operation at a time to the config as it would write it.
//! Where that library panics or the path does not exist, Skaffold reports `invalid path`; here the error names the segment.

use manifest::yaml::{Rules, Value, resolve};
use manifest::{Data, Diagnostic, Map, Node, Scalar};

/// Deeper than any config nests.
const DEEPEST: usize = 500;

/// A limit on the number of values, above any real config.
const MOST_NODES: usize = 100_000;

/// Applies one patch of a profile to the config.
///
/// # Errors
/// A path that leads nowhere, an unknown operation, a `test` that fails.
pub(super) fn apply(config: &mut Map, patch: &Node) -> Result<(), Diagnostic> {
    let text = |key| patch.get(key).and_then(Node::text).unwrap_or_default().to_owned();
    let (operation, path, from) = (text("op"), text("path"), text("from"));
    let at = patch.get("path").map_or(patch.at, |path| path.at);
    let value = patch.get("value").cloned().unwrap_or_else(|| Node { at, ..Node::default() });
    let mut root = Node::from(std::mem::take(config));
    let done = expand(&root, &path).and_then(|paths| {
        // The last match first, so that a removed entry does not shift the others.
        paths.iter().rev().try_for_each(|path| perform(&mut root, &operation, path, &from, &value))
    });
    let done = done.and_then(|()| bounded(&root));
    if let Data::Map(map) = root.data {
        *config = map;
    }
    done.map_err(|reason| {
        let one = Diagnostic::new(format!("invalid path `{path}`: {reason}")).at(at);
        one.hint("check the path: it applies to the config in its newest form, with the profiles applied so far and without empty fields")
    })
}

/// Refuses a config that copies of copies have blown up.
fn bounded(root: &Node) -> Result<(), String> {
    let mut waiting = vec![(root, 0)];
    let mut count = 0;
    while let Some((node, depth)) = waiting.pop() {
        count += 1;
        if depth > DEEPEST || count > MOST_NODES {
            return Err(format!("the config would nest deeper than {DEEPEST} or hold more than {MOST_NODES} values"));
        }
        match &node.data {
            Data::Map(map) => waiting.extend(map.entries().iter().map(|entry| (&entry.value, depth + 1))),
            Data::Seq(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
            Data::Scalar(_) => {}
        }
    }
    Ok(())
}

fn perform(root: &mut Node, operation: &str, path: &[String], from: &str, value: &Node) -> Result<(), String> {
    match operation {
        "" | "replace" => {
            get(root, path)?;
            set(root, path, value.clone())
        }
        "add" => add(root, path, value.clone()),
        "remove" => remove(root, path).map(|_| ()),
        "move" => {
            let moved = remove(root, &segments(from)?)?;
            set(root, path, moved)
        }
        "copy" => {
            let copied = get(root, &segments(from)?)?.clone();
            set(root, path, copied)
        }
        "test" => {
            let found = get(root, path)?;
            if equal(found, value) { Ok(()) } else { Err("the value differs".to_owned()) }
        }
        other => Err(format!("unknown operation {other:?}: expected add, remove, replace, move, copy or test")),
    }
}

fn segments(path: &str) -> Result<Vec<String>, String> {
    let rest = path.strip_prefix('/').ok_or("it must begin with `/`")?;
    Ok(rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
}

/// The paths that a path selects: itself, or with `key=value` in it every match.
fn expand(root: &Node, path: &str) -> Result<Vec<Vec<String>>, String> {
    let parts = segments(path)?;
    if !path.contains('=') {
        return Ok(vec![parts]);
    }
    let mut routes: Vec<(Vec<String>, &Node)> = vec![(Vec::new(), root)];
    for part in &parts {
        routes = step(routes, part);
        if routes.is_empty() {
            return Err(format!("`{part}` not found"));
        }
    }
    Ok(routes.into_iter().map(|(path, _)| path).collect())
}

fn step<'n>(routes: Vec<(Vec<String>, &'n Node)>, part: &str) -> Vec<(Vec<String>, &'n Node)> {
    let append = |path: &[String], part: &str| [path, &[part.to_owned()]].concat();
    if part == "-" {
        return routes.into_iter().map(|(path, node)| (append(&path, part), node)).collect();
    }
    let pair = part.split_once('=').filter(|(_, value)| !value.contains('='));
    let mut found = Vec::new();
    for (path, node) in routes {
        match pair {
            Some((key, value)) => {
                let matches = find_all(&path, key, value, node);
                // The matches below a later route replace those below an earlier one.
                if !matches.is_empty() {
                    found = matches;
                }
            }
            None => found.extend(child(node, part).map(|next| (append(&path, part), next))),
        }
    }
    found
}

/// The nearest mappings at or below `node` that have `value` under `key`, in the tree's order.
fn find_all<'n>(path: &[String], key: &str, value: &str, node: &'n Node) -> Vec<(Vec<String>, &'n Node)> {
    let expected = Node::from(Scalar::plain(value));
    let mut waiting = vec![(path.to_vec(), node)];
    let mut found = Vec::new();
    while let Some((path, node)) = waiting.pop() {
        if child(node, key).is_some_and(|there| there.as_scalar().is_some() && equal(there, &expected)) {
            found.push((path, node));
            continue;
        }
        let children: Vec<(String, &Node)> = match &node.data {
            Data::Map(map) => map.entries().iter().map(|entry| (entry.key.text.to_string(), &entry.value)).collect(),
            Data::Seq(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
            Data::Scalar(_) => Vec::new(),
        };
        waiting.extend(children.into_iter().rev().map(|(name, node)| ([&path[..], &[name]].concat(), node)));
    }
    found
}

fn child<'n>(node: &'n Node, part: &str) -> Option<&'n Node> {
    match &node.data {
        Data::Map(map) => map.get(part),
        Data::Seq(items) => items.get(part.parse::<usize>().ok()?),
        Data::Scalar(_) => None,
    }
}

fn child_mut<'n>(node: &'n mut Node, part: &str) -> Option<&'n mut Node> {
    match &mut node.data {
        Data::Map(map) => map.get_mut(part),
        Data::Seq(items) => items.get_mut(part.parse::<usize>().ok()?),
        Data::Scalar(_) => None,
    }
}

fn get<'n>(root: &'n Node, path: &[String]) -> Result<&'n Node, String> {
    path.iter().try_fold(root, |node, part| child(node, part).ok_or_else(|| missing(node, part)))
}

fn missing(node: &Node, part: &str) -> String {
    match &node.data {
        Data::Map(map) => {
            let keys: Vec<&str> = map.entries().iter().map(|entry| entry.key.text.as_str()).collect();
            let there = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
            format!("`{part}` not found: the fields there are {there}")
        }
        Data::Seq(items) => format!("index `{part}` not found: the list has {} entries", items.len()),
        Data::Scalar(scalar) => format!("`{part}` cannot be below the value `{}`", scalar.text),
    }
}

/// The container that the path's last part is in, and that part.
fn container<'n, 'p>(root: &'n mut Node, path: &'p [String]) -> Result<(&'n mut Node, &'p str), String> {
    let (last, parents) = path.split_last().ok_or("it is empty")?;
    if last.is_empty() {
        return Err("it ends with `/`: a whole mapping cannot be set".to_owned());
    }
    get(root, parents)?;
    let parent =
        parents.iter().try_fold(root, |node, part| child_mut(node, part)).ok_or("it does not lead to a field")?;
    Ok((parent, last))
}

fn set(root: &mut Node, path: &[String], value: Node) -> Result<(), String> {
    let (parent, last) = container(root, path)?;
    match &mut parent.data {
        Data::Map(map) => map.set(last, value),
        Data::Seq(items) => {
            let index: usize = last.parse().map_err(|_| format!("invalid index `{last}`"))?;
            if index > items.len() {
                return Err(format!("index `{last}` not found: the list has {} entries", items.len()));
            }
            items.splice(index..items.len().min(index + 1), [value]);
        }
        Data::Scalar(scalar) => return Err(format!("`{last}` cannot be below the value `{}`", scalar.text)),
    }
    Ok(())
}

fn add(root: &mut Node, path: &[String], value: Node) -> Result<(), String> {
    let (parent, last) = container(root, path)?;
    match &mut parent.data {
        Data::Map(map) => map.set(last, value),
        Data::Seq(items) if last == "-" => items.push(value),
        Data::Seq(items) => match last.parse::<usize>() {
            Ok(index) if index <= items.len() => items.insert(index, value),
            _ => return Err(format!("cannot add at index `{last}` of a list of {} entries", items.len())),
        },
        Data::Scalar(scalar) => return Err(format!("`{last}` cannot be below the value `{}`", scalar.text)),
    }
    Ok(())
}

fn remove(root: &mut Node, path: &[String]) -> Result<Node, String> {
    get(root, path)?;
    let (parent, last) = container(root, path)?;
    match &mut parent.data {
        Data::Map(map) => map.remove(last).ok_or_else(|| format!("`{last}` not found")),
        Data::Seq(items) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => Ok(items.remove(index)),
            _ => Err(format!("index `{last}` not found")),
        },
        Data::Scalar(_) => Err(format!("`{last}` not found")),
    }
}

/// Whether two nodes hold the same value. Mappings never do: the tool compares values that two readers made.
fn equal(one: &Node, other: &Node) -> bool {
    match (&one.data, &other.data) {
        (Data::Scalar(one), Data::Scalar(other)) => {
            let (left, right) = (resolve(one, Rules::V2), resolve(other, Rules::V2));
            left == right && (left != Value::Str || one.text == other.text)
        }
        (Data::Seq(one), Data::Seq(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.as_scalar().is_some() && other.as_scalar().is_some() && equal(one, other))
        }
        _ => false,
    }
}
