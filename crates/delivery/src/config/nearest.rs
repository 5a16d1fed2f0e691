//! Finds the name that was probably meant.

/// Returns the known name that differs least from `name`, if it differs by at most a third of its letters. Of two, the first one.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names of any length may come from options; the work is quadratic in it.
    let limit = name.chars().take(100).count().div_ceil(3).max(1);
    let distance = |other: &str| edits(name, other, limit);
    let close = known.into_iter().filter_map(|other| Some((distance(other)?, other)));
    close.min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

/// Returns how many letters have to be added, removed, replaced or swapped with their neighbour; `None` for more than `limit`.
fn edits(one: &str, other: &str, limit: usize) -> Option<usize> {
    let one: Vec<char> = one.chars().flat_map(char::to_lowercase).collect();
    let other: Vec<char> = other.chars().flat_map(char::to_lowercase).collect();
    if one.len().abs_diff(other.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut next = vec![at + 1];
        for (column, found) in other.iter().enumerate() {
            let mut least = (row[column] + usize::from(letter != found)).min(row[column + 1] + 1).min(next[column] + 1);
            if at > 0 && column > 0 && *letter == other[column - 1] && one[at - 1] == *found {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_found() {
        let known = ["staging", "production", "dev"];
        for (typed, meant) in
            [("prodution", "production"), ("stagign", "staging"), ("Staging", "staging"), ("dve", "dev")]
        {
            assert_eq!(nearest(typed, known), Some(meant), "{typed}");
        }
    }

    #[test]
    fn another_name_is_not_suggested() {
        for typed in ["", "unknown", "test", "x".repeat(100_000).as_str()] {
            assert_eq!(nearest(typed, ["staging", "production"]), None, "{typed:.20}");
        }
    }

    #[test]
    fn the_nearest_of_several_is_suggested() {
        assert_eq!(nearest("cart-2", ["cart", "cart-1", "card"]), Some("cart-1"));
    }
}
