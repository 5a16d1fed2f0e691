//! The images of objects: where they stand, and which digest each gets.

use manifest::{Data, Diagnostic, Errors, ImageRef, Node, ObjectId, Pins};

/// How deep objects are searched: the reader's own limit.
const DEEPEST: usize = 1_000;

/// The images of the objects as they stand there, sorted, each once.
pub fn of(objects: &[Node]) -> Vec<String> {
    let mut found = Vec::new();
    objects.iter().for_each(|object| walk(object, 0, &mut |text| found.push(text.to_owned())));
    found.sort_unstable();
    found.dedup();
    found
}

/// The references of the objects, each once.
///
/// # Errors
/// What is no image reference, with its object.
pub fn references(objects: &[Node]) -> Result<Vec<ImageRef>, Errors> {
    let (mut found, mut wrong) = (Vec::<ImageRef>::new(), Vec::new());
    for object in objects {
        walk(object, 0, &mut |text| match ImageRef::parse(text) {
            Ok(image) if found.contains(&image) => {}
            Ok(image) => found.push(image),
            Err(error) => wrong.push(Diagnostic::new(format!("{}: {error}", ObjectId::of(object)))),
        });
    }
    Errors::check(wrong).map(|()| found)
}

/// Puts the digests that are known beside the images.
pub fn pin(objects: &mut [Node], pins: &Pins) {
    objects.iter_mut().for_each(|object| pin_node(object, pins, 0));
}

fn walk(node: &Node, depth: usize, take: &mut dyn FnMut(&str)) {
    if depth > DEEPEST {
        return;
    }
    match &node.data {
        Data::Map(map) => {
            for entry in map.entries() {
                match entry.value.text().filter(|text| entry.key.text == "image" && !text.is_empty()) {
                    Some(text) => take(text),
                    None => walk(&entry.value, depth + 1, take),
                }
            }
        }
        Data::Seq(items) => items.iter().for_each(|item| walk(item, depth + 1, take)),
        Data::Scalar(_) => {}
    }
}

fn pin_node(node: &mut Node, pins: &Pins, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match &mut node.data {
        Data::Map(map) => {
            for entry in map.entries_mut() {
                let image = entry.value.text().filter(|_| entry.key.text == "image").map(ImageRef::parse);
                match image.and_then(|parsed| pins.pinned(&parsed.ok()?)) {
                    Some(pinned) => entry.value = Node { at: entry.value.at, ..Node::string(pinned.as_str()) },
                    None => pin_node(&mut entry.value, pins, depth + 1),
                }
            }
        }
        Data::Seq(items) => items.iter_mut().for_each(|item| pin_node(item, pins, depth + 1)),
        Data::Scalar(_) => {}
    }
}
