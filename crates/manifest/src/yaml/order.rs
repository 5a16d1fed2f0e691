//! The order of keys in the output of go-yaml: natural, so that `a2` is before `a10`.

use std::cmp::Ordering;

use super::types::Rules;

/// The rank of a key's type (the order of Go's kinds, with all numbers together).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rank {
    /// `null`
    Null,
    /// A number or a boolean (0 and 1), by value.
    Number(f64),
    /// A string.
    String,
    /// A timestamp.
    Timestamp,
}

impl Rank {
    /// Whether this is the rank of strings.
    pub(super) fn is_string(self) -> bool {
        self == Rank::String
    }

    /// The order of two ranks; keys of the same rank keep theirs.
    pub(super) fn compare(&self, other: &Rank) -> Ordering {
        let class = |rank: &Rank| match rank {
            Rank::Null => 0,
            Rank::Number(_) => 1,
            Rank::String => 2,
            Rank::Timestamp => 3,
        };
        match (self, other) {
            (Rank::Number(a), Rank::Number(b)) => a.total_cmp(b),
            _ => class(self).cmp(&class(other)),
        }
    }
}

/// Sorts by the key that `key` gives, in the order of go-yaml's encoder (`keyList.Less` in its sorter).
///
/// That comparison is not transitive (`a2`, `a10`, `a1b`), so the sort is a plain merge that accepts any comparison,
/// and the result depends on nothing but the input.
pub(super) fn sort<T>(items: &mut Vec<T>, rules: Rules, key: impl Fn(&T) -> &str) {
    // By bytes first, so that the result does not depend on the order written where the natural order does not decide.
    items.sort_by(|a, b| key(a).cmp(key(b)));
    let natural = |a: &T, b: &T| compare(key(a), key(b), rules) != Ordering::Greater;
    if items.windows(2).all(|pair| natural(&pair[0], &pair[1])) {
        return;
    }
    let taken = std::mem::take(items);
    *items = merge_sort(taken, &natural);
}

fn merge_sort<T>(mut items: Vec<T>, in_order: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let right = items.split_off(items.len() / 2);
    let left = merge_sort(items, in_order);
    let right = merge_sort(right, in_order);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if in_order(a, b) { left.next() } else { right.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

fn compare(a: &str, b: &str, rules: Rules) -> Ordering {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    if same == a.len() || same == b.len() {
        return a.len().cmp(&b.len());
    }
    // Back to the start of the character that differs.
    let at = (0..=same).rev().find(|at| a.is_char_boundary(*at)).unwrap_or(0);
    let (Some(x), Some(y)) = (a[at..].chars().next(), b[at..].chars().next()) else { return a.len().cmp(&b.len()) };
    let digit_before = a[..at].chars().next_back().is_some_and(char::is_numeric);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => x.cmp(&y),
        // A letter is after anything else; in v3 it is before it where digits precede.
        (letter, other) if letter != other => {
            let letter_first = digit_before && rules == Rules::V3;
            if letter == letter_first { Ordering::Less } else { Ordering::Greater }
        }
        _ => compare_digits(a, b, at).then(x.cmp(&y)),
    }
}

/// Compares two runs of digits by value, then by length.
fn compare_digits(a: &str, b: &str, at: usize) -> Ordering {
    let starts_with_zero = a[at..].starts_with('0') || b[at..].starts_with('0');
    let before = a[..at].chars().rev().take_while(|character| character.is_numeric());
    // After a digit other than zero, zeros count.
    let base = i64::from(starts_with_zero && before.into_iter().any(|character| character != '0'));
    let run = |text: &str| {
        text[at..].chars().take_while(|character| character.is_numeric()).fold((base, 0usize), |(value, len), digit| {
            let digit = i64::from(u32::from(digit)) - i64::from(b'0');
            (value.wrapping_mul(10).wrapping_add(digit), len + 1)
        })
    };
    run(a).cmp(&run(b))
}
