//! Suggestions for unknown names.

/// Returns the candidate most similar to `name`: one that ends with it or differs in a few letters, ignoring case.
/// `None` if no candidate is similar.
pub(super) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let allowed = (lower.chars().count() / 2).min(3);
    let rate = |candidate: &str| {
        let ends = lower.len() > 2 && candidate.to_lowercase().ends_with(&lower);
        if ends { 1 } else { distance(candidate, &lower) }
    };
    let rated = candidates.into_iter().map(|candidate| (rate(candidate), candidate));
    rated.min_by_key(|(rate, _)| *rate).filter(|(rate, _)| *rate <= allowed).map(|(_, candidate)| candidate)
}

/// Levenshtein's distance without regard to case, for suggestions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_nothing_far() {
        let fields = ["name", "newName", "newTag", "digest", "tagSuffix"];
        let guess = |name| nearest(name, fields);
        assert_eq!(guess("tag"), Some("newTag"));
        assert_eq!(guess("NewTags"), Some("newTag"));
        assert_eq!(guess("digst"), Some("digest"));
        assert_eq!(guess("repository"), None);
        assert_eq!(guess("x"), None);
    }
}
