//! Writing single scalars: the five styles of libyaml's emitter.

use super::analyze::{analyze, is_break, is_printable};
use super::types::Rules;

/// The line length beyond which a scalar is folded.
const WIDTH: usize = 80;

/// The style that a scalar is written in if its text allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PreferredStyle {
    /// Without quotes if the text allows it.
    Plain,
    /// In double quotes.
    Double,
    /// As a `|` block if the text allows it.
    Literal,
}

/// The context that a scalar is written in.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScalarContext {
    /// The indentation of its further lines.
    pub(super) indent: usize,
    /// It is a simple key: on one line.
    pub(super) key: bool,
    /// Long lines are folded.
    pub(super) fold: bool,
}

/// Appends `text` in the preferred style or the next one that allows it (`yaml_emitter_select_scalar_style`).
pub(super) fn scalar(out: &mut String, text: &str, style: PreferredStyle, context: ScalarContext, rules: Rules) {
    if style == PreferredStyle::Plain && is_simple(text) {
        let fits = context.key || !context.fold || !text.contains(' ') || column(out) + text.len() <= WIDTH;
        if fits {
            out.push_str(text);
        } else {
            Writer { column: column(out), out, context }.plain(text);
        }
        return;
    }
    let analysis = analyze(text, rules);
    let mut writer = Writer { column: column(out), out, context };
    let single = if context.key { analysis.single && !analysis.multiline } else { analysis.single };
    let plain = analysis.plain && !(text.is_empty() && context.key);
    match style {
        PreferredStyle::Plain if plain => writer.plain(text),
        PreferredStyle::Plain if single => writer.single(text),
        PreferredStyle::Literal if analysis.block && !context.key => writer.literal(text),
        _ => writer.double(text),
    }
}

/// Whether the text is obviously plain and needs no analysis: it starts with a letter or digit, ends with neither a
/// space nor a colon, and has nothing but printable ASCII without `: `, `#` and line breaks.
fn is_simple(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| matches!(byte, b' '..=b'"' | b'$'..=b'~'))
        && bytes.last().is_some_and(|byte| !matches!(byte, b' ' | b':'))
        && !text.contains(": ")
}

/// The number of characters on the last line; go-yaml counts from LS and PS as well.
fn column(out: &str) -> usize {
    out.chars().rev().take_while(|character| !is_break(*character)).count()
}

struct Writer<'a> {
    out: &'a mut String,
    column: usize,
    context: ScalarContext,
}

impl Writer<'_> {
    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn put_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
    }

    fn indent(&mut self) {
        while self.column < self.context.indent {
            self.put(' ');
        }
    }

    fn may_fold(&self) -> bool {
        self.context.fold && !self.context.key && self.column > WIDTH
    }

    fn fold(&mut self) {
        self.put_break('\n');
        self.indent();
    }

    fn plain(&mut self, text: &str) {
        self.flowing(text, false);
    }

    fn single(&mut self, text: &str) {
        self.put('\'');
        self.flowing(text, true);
        self.put('\'');
    }

    /// Writes a text as plain and single-quoted scalars have it: lone spaces may become line ends.
    fn flowing(&mut self, text: &str, quoted: bool) {
        let (mut after_space, mut after_break) = (false, false);
        let mut characters = text.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            if character == ' ' {
                let next = characters.peek().map(|(_, next)| *next);
                let inside = !quoted || (index > 0 && next.is_some());
                if inside && !after_space && next != Some(' ') && self.may_fold() {
                    self.fold();
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else if is_break(character) {
                if !after_break && character == '\n' {
                    self.put_break('\n');
                }
                self.put_break(character);
                after_break = true;
            } else {
                if after_break {
                    self.indent();
                }
                if quoted && character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                (after_space, after_break) = (false, false);
            }
        }
    }

    fn double(&mut self, text: &str) {
        self.put('"');
        // go-yaml looks for a byte order mark at the start of the text, wherever it is: then it escapes everything.
        let escape_all = text.starts_with('\u{FEFF}');
        let mut after_space = false;
        let mut characters = text.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            let plain = is_printable(character) && !is_break(character) && !matches!(character, '"' | '\\');
            if escape_all || !plain {
                self.escape(character);
                after_space = false;
            } else if character == ' ' {
                let next = characters.peek().map(|(_, next)| *next);
                if !after_space && index > 0 && next.is_some() && self.may_fold() {
                    self.fold();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else {
                self.put(character);
                after_space = false;
            }
        }
        self.put('"');
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0B' => 'v',
            '\x0C' => 'f',
            '\r' => 'r',
            '\x1B' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(character);
                let escaped = match code {
                    0..=0xFF => format!("\\x{code:02X}"),
                    0x100..=0xFFFF => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.column += escaped.len();
                self.out.push_str(&escaped);
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str) {
        self.put('|');
        self.block_indicators(text, 2);
        self.put_break('\n');
        let mut at_start = true;
        for line in text.split_inclusive(is_break) {
            if at_start && !line.starts_with(is_break) {
                self.indent();
            }
            self.out.push_str(line);
            at_start = line.ends_with(is_break);
            self.column = if at_start { 0 } else { line.chars().count() };
        }
    }

    /// Writes a block scalar's indentation and chomping indicators.
    fn block_indicators(&mut self, text: &str, indent: usize) {
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.out.push_str(&indent.to_string());
        }
        let mut last = text.chars().rev();
        match (last.next().is_some_and(is_break), last.next()) {
            (false, _) => self.put('-'),
            (true, before) if before.is_none_or(is_break) => self.put('+'),
            _ => {}
        }
    }
}
