//! Values of fields: equality, quantities, labels.

use std::collections::BTreeMap;

use manifest::{Data, Node};

/// Whether two values are the same to the API server: the order of a mapping's keys does not count, and an empty or null value is the
/// same as an absent one.
pub(crate) fn same(a: Option<&Node>, b: Option<&Node>) -> bool {
    let (a, b) = (a.filter(|node| !is_empty(node)), b.filter(|node| !is_empty(node)));
    match (a.map(|node| &node.data), b.map(|node| &node.data)) {
        (None, None) => true,
        (Some(Data::Scalar(a)), Some(Data::Scalar(b))) => a.text == b.text,
        (Some(Data::Seq(a)), Some(Data::Seq(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(Some(a), Some(b)))
        }
        (Some(Data::Map(left)), Some(Data::Map(right))) => {
            let has = |from: &manifest::Map, other: &manifest::Map| {
                from.entries().iter().all(|entry| same(Some(&entry.value), other.get(&entry.key.text)))
            };
            has(left, right) && has(right, left)
        }
        _ => false,
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.data {
        Data::Map(map) => map.entries().iter().all(|entry| is_empty(&entry.value)),
        Data::Seq(items) => items.is_empty(),
        Data::Scalar(scalar) => is_null(scalar) || scalar.text.is_empty(),
    }
}

fn is_null(scalar: &manifest::Scalar) -> bool {
    use manifest::{Style, Tag};
    let plain = scalar.style == Style::Plain && scalar.tag == Tag::Implicit;
    scalar.tag == Tag::Null || plain && matches!(scalar.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
}

/// The text of a field; absent where it is empty or null.
pub(crate) fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a str> {
    node.at_path(path).filter(|found| !is_empty(found)).and_then(Node::text)
}

/// Whether a field is `true`.
pub(crate) fn is_true(node: &Node, path: &[&str]) -> bool {
    text(node, path).is_some_and(|text| matches!(text, "true" | "True" | "TRUE"))
}

/// The items of a list; none where it is absent.
pub(crate) fn items<'a>(node: &'a Node, path: &[&str]) -> &'a [Node] {
    node.at_path(path).and_then(Node::as_seq).map(Vec::as_slice).unwrap_or_default()
}

/// The texts in a list.
pub(crate) fn texts<'a>(node: &'a Node, path: &[&str]) -> impl Iterator<Item = &'a str> {
    items(node, path).iter().filter_map(Node::text)
}

/// A mapping of texts, such as labels.
pub(crate) fn labels<'a>(node: &'a Node, path: &[&str]) -> BTreeMap<&'a str, &'a str> {
    let entries = node.at_path(path).and_then(Node::as_map).map(manifest::Map::entries).unwrap_or_default();
    entries.iter().filter_map(|entry| Some((entry.key.text.as_str(), entry.value.text()?))).collect()
}

/// An annotation of an object.
pub(crate) fn annotation<'a>(object: &'a Node, name: &str) -> Option<&'a str> {
    object.at_path(&["metadata", "annotations"])?.get(name)?.text()
}

/// The value of a quantity (apimachinery `pkg/api/resource/quantity.go`): `1Gi`, `500m`, `1e3`.
pub(crate) fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && !"+-.".contains(letter)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        exponent => {
            let digits = exponent.strip_prefix(['e', 'E'])?;
            10f64.powi(digits.parse().ok()?)
        }
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_compared_by_value() {
        for (text, want) in [
            ("1Gi", 1_073_741_824.0),
            ("1024Mi", 1_073_741_824.0),
            ("500m", 0.5),
            ("1e3", 1000.0),
            ("1E", 1e18),
            ("10", 10.0),
        ] {
            assert_eq!(quantity(text), Some(want), "{text}");
        }
        for text in ["", "x", "1Xi", "Gi", "1e"] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }
}
