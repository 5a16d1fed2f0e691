//! "Did you mean": the known name that is nearest to a misspelled one.

/// Returns the candidate that a name was probably meant to be: the same letters in another case, or one with at most a third of its
/// characters changed.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Names of fields are short; what is longer is no misspelling.
    if name.len() > 64 {
        return None;
    }
    let scored =
        candidates.filter(|candidate| candidate.len() <= 64).map(|candidate| (distance(name, candidate), candidate));
    let (best, candidate) = scored.min()?;
    let allowed = (name.chars().count().max(3) / 3).min(4);
    (best <= allowed).then_some(candidate)
}

/// The number of inserted, removed, replaced and swapped characters; characters in another case count as the same.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &right) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(left != right);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left == b[j - 1] && a[i - 1] == right {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_names_are_recognized() {
        let names = ["replicas", "selector", "template", "paused", "image"];
        for (typed, meant) in [
            ("replica", Some("replicas")),
            ("Replicas", Some("replicas")),
            ("selectro", Some("selector")),
            ("imgae", Some("image")),
            ("strategy", None),
            ("x", None),
        ] {
            assert_eq!(nearest(typed, names.into_iter()), meant, "{typed}");
        }
    }
}
