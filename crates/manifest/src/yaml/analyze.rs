//! Which styles a text allows, as libyaml's emitter and its descendants decide.

use super::types::Rules;

/// What a text allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Analysis {
    /// It has line breaks.
    pub(super) multiline: bool,
    /// Plain in block context.
    pub(super) plain: bool,
    /// Single quotes.
    pub(super) single: bool,
    /// A `|` block.
    pub(super) block: bool,
}

/// Whether go-yaml writes the character as it is: not control characters, not U+FEFF, nothing beyond the BMP.
pub(super) fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{A0}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
}

/// Whether the character is a line break.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Decides which styles `text` allows (`yaml_emitter_analyze_scalar`). In v3 a block may have tabs.
pub(super) fn analyze(text: &str, rules: Rules) -> Analysis {
    let Some(first) = text.chars().next() else {
        return Analysis { multiline: false, plain: true, single: true, block: false };
    };
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut breaks, mut tabs, mut special) = (false, false, false);
    let (mut break_space, mut space_break) = (false, false);
    let (mut after_space, mut after_break, mut after_white) = (false, false, true);
    let mut characters = text.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        let before_white = characters.peek().is_none_or(|(_, next)| matches!(next, ' ' | '\t'));
        indicators |= match character {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => index == 0,
            '#' => after_white,
            ':' => before_white,
            '?' | '-' => index == 0 && before_white,
            _ => false,
        };
        tabs |= character == '\t';
        special |= !is_printable(character) && (character != '\t' || rules == Rules::V2);
        if character == ' ' {
            break_space |= after_break;
        } else if is_break(character) {
            breaks = true;
            space_break |= after_space;
        }
        after_space = character == ' ';
        after_break = is_break(character);
        after_white = matches!(character, ' ' | '\t') || after_break;
    }
    let leading = first == ' ' || is_break(first);
    let block = !special && !space_break;
    let fits = block && !tabs;
    Analysis {
        multiline: breaks,
        plain: fits && !breaks && !break_space && !indicators && !leading && !after_space && !after_break,
        single: fits && !break_space,
        block: block && !after_space,
    }
}
