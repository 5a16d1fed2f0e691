//! Upper and lower case of single characters, as Go's `unicode` has them: a character always stays one character.

/// Returns the upper case of a character.
pub(super) fn upper(c: char) -> char {
    single(c, c.to_uppercase()).unwrap_or_else(|| title_pair(c))
}

/// Returns the lower case of a character.
pub(super) fn lower(c: char) -> char {
    // İ has a lower case of two characters; its simple one is i.
    single(c, c.to_lowercase()).unwrap_or('i')
}

/// Returns the title case of a character.
pub(super) fn title(c: char) -> char {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        c => upper(c),
    }
}

/// Returns whether the character is of the title case.
pub(super) fn is_title(c: char) -> bool {
    matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ') || (('ᾈ'..='ῼ').contains(&c) && title_pair(lower(c)) == c && lower(c) != c)
}

fn single(c: char, mut changed: impl ExactSizeIterator<Item = char>) -> Option<char> {
    if changed.len() == 1 {
        changed.next()
    } else if c.is_ascii() {
        Some(c)
    } else {
        None
    }
}

/// Greek letters with an iota below have a simple upper case, though the full one is two characters; ß and ligatures have none.
fn title_pair(c: char) -> char {
    let code = u32::from(c);
    let other = match code {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => code + 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => code + 9,
        _ => code,
    };
    char::from_u32(other).unwrap_or(c)
}
