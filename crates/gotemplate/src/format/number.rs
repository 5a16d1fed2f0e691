//! Booleans, numbers, characters and strings under each verb.

use super::Printer;
use crate::strconv::{FloatFormat, can_backquote, format_float, quote, quote_ascii, quote_char};
use crate::text::chars;
use crate::unicode::is_print;

const LOWER: &[u8; 17] = b"0123456789abcdefx";
const UPPER: &[u8; 17] = b"0123456789ABCDEFX";

impl Printer<'_> {
    /// Prints a boolean; returns whether the verb fits.
    pub(super) fn boolean(&mut self, value: bool, verb: char) -> bool {
        if !matches!(verb, 't' | 'v') {
            return false;
        }
        self.pad(if value { b"true" } else { b"false" });
        true
    }

    /// Prints an integer given as its bits; returns whether the verb fits.
    pub(super) fn integer(&mut self, bits: u64, signed: bool, verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v && !signed => self.hexadecimal(bits, true),
            'v' | 'd' => self.digits(bits, 10, signed, verb, LOWER),
            'b' => self.digits(bits, 2, signed, verb, LOWER),
            'o' | 'O' => self.digits(bits, 8, signed, verb, LOWER),
            'x' => self.digits(bits, 16, signed, verb, LOWER),
            'X' => self.digits(bits, 16, signed, verb, UPPER),
            'c' => self.pad(character(bits).encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let quoted = quote_char(character(bits), self.flags.plus);
                self.pad(quoted.as_bytes());
            }
            'U' => self.unicode(bits),
            _ => return false,
        }
        true
    }

    /// Prints `0x…` as for pointers and the bytes of `%#v`.
    pub(super) fn hexadecimal(&mut self, bits: u64, prefix: bool) {
        let sharp = std::mem::replace(&mut self.flags.sharp, prefix);
        self.digits(bits, 16, false, 'v', LOWER);
        self.flags.sharp = sharp;
    }

    fn digits(&mut self, bits: u64, base: u64, signed: bool, verb: char, alphabet: &[u8; 17]) {
        let negative = signed && bits.cast_signed() < 0;
        let size = if negative { bits.wrapping_neg() } else { bits };
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && size == 0 {
                let width = flags.width.unwrap_or_default();
                return self.without_zeros(|printer| printer.padding(width));
            }
        } else if let Some(width) = flags.width.filter(|_| flags.zero && !flags.minus) {
            least = if negative || flags.plus || flags.space { width.saturating_sub(1) } else { width };
        }
        let mut text = Vec::new();
        push_reversed(&mut text, size, base, alphabet);
        while text.len() < least {
            text.push(b'0');
        }
        push_prefix_reversed(&mut text, base, flags.sharp, verb, alphabet);
        match (negative, flags.plus, flags.space) {
            (true, ..) => text.push(b'-'),
            (_, true, _) => text.push(b'+'),
            (.., true) => text.push(b' '),
            _ => {}
        }
        text.reverse();
        self.without_zeros(|printer| printer.pad(&text));
    }

    fn unicode(&mut self, bits: u64) {
        let least = self.flags.precision.unwrap_or_default().max(4);
        let digits = format!("{bits:X}");
        let mut text = format!("U+{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
        let c = u32::try_from(bits).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|c| self.flags.sharp && is_print(*c)) {
            text.push_str(" '");
            text.push(c);
            text.push('\'');
        }
        self.without_zeros(|printer| printer.pad(text.as_bytes()));
    }

    /// Prints a float; returns whether the verb fits.
    pub(super) fn float(&mut self, value: f64, verb: char) -> bool {
        let (format, precision) = match verb {
            'v' | 'g' | 'G' => (FloatFormat::Shorter, None),
            'b' => (FloatFormat::Binary, None),
            'x' | 'X' => (FloatFormat::Hexadecimal, None),
            'f' | 'F' => (FloatFormat::Decimal, Some(6)),
            'e' | 'E' => (FloatFormat::Exponent, Some(6)),
            _ => return false,
        };
        let mut text = format_float(value, format, self.flags.precision.or(precision));
        if matches!(verb, 'E' | 'G' | 'X') && value.is_finite() {
            text.make_ascii_uppercase();
        }
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if self.flags.space && text.starts_with('+') && !self.flags.plus {
            text.replace_range(..1, " ");
        }
        if !value.is_finite() {
            let bare = value.is_nan() && !self.flags.space && !self.flags.plus;
            // Without the flags `+` and blank, +Inf keeps its sign and NaN has none.
            let cut = bare || (text.starts_with('+') && !self.flags.plus && value.is_nan());
            let shown = if cut { &text[1..] } else { &text[..] };
            self.without_zeros(|printer| printer.pad(shown.as_bytes()));
            return true;
        }
        if self.flags.sharp && verb != 'b' {
            text = with_point(&text, verb, self.flags.precision);
        }
        self.signed_float(&text);
        true
    }

    /// Prints a float's text that begins with a sign; a plus only with the `+` flag.
    fn signed_float(&mut self, text: &str) {
        if !self.flags.plus && text.starts_with('+') {
            return self.pad(&text.as_bytes()[1..]);
        }
        let width = self.flags.width.unwrap_or_default();
        if self.flags.zero && !self.flags.minus && width > text.len() {
            self.push(&text[..1]);
            self.padding(width - text.len());
            self.push(&text[1..]);
        } else {
            self.pad(text.as_bytes());
        }
    }

    /// Prints a complex number; returns whether the verb fits.
    pub(super) fn complex(&mut self, real: f64, imaginary: f64, verb: char) -> bool {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return false;
        }
        let plus = self.flags.plus;
        self.push("(");
        self.float(real, verb);
        self.flags.plus = true;
        self.float(imaginary, verb);
        self.push("i)");
        self.flags.plus = plus;
        true
    }

    /// Prints a string; returns whether the verb fits.
    pub(super) fn string(&mut self, bytes: &[u8], verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(bytes),
            'v' | 's' => self.pad(truncated(bytes, self.flags.precision)),
            'x' => self.hex_bytes(bytes, LOWER),
            'X' => self.hex_bytes(bytes, UPPER),
            'q' => self.quoted(bytes),
            _ => return false,
        }
        true
    }

    fn quoted(&mut self, bytes: &[u8]) {
        let bytes = truncated(bytes, self.flags.precision);
        if self.flags.sharp && can_backquote(bytes) {
            let text = [b"`", bytes, b"`"].concat();
            return self.pad(&text);
        }
        let text = if self.flags.plus { quote_ascii(bytes) } else { quote(bytes) };
        self.pad(text.as_bytes());
    }

    fn hex_bytes(&mut self, bytes: &[u8], alphabet: &[u8; 17]) {
        let bytes = &bytes[..bytes.len().min(self.flags.precision.unwrap_or(usize::MAX))];
        let flags = self.flags;
        let mut text = Vec::with_capacity(bytes.len() * 2);
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 && flags.space {
                text.push(b' ');
            }
            if flags.sharp && (index == 0 || flags.space) {
                text.extend([b'0', alphabet[16]]);
            }
            text.extend([alphabet[usize::from(byte >> 4)], alphabet[usize::from(byte & 15)]]);
        }
        self.pad(&text);
    }
}

fn push_reversed(text: &mut Vec<u8>, mut size: u64, base: u64, alphabet: &[u8; 17]) {
    while size >= base {
        text.push(alphabet[usize::try_from(size % base).unwrap_or_default()]);
        size /= base;
    }
    text.push(alphabet[usize::try_from(size).unwrap_or_default()]);
}

fn push_prefix_reversed(text: &mut Vec<u8>, base: u64, sharp: bool, verb: char, alphabet: &[u8; 17]) {
    if sharp {
        match base {
            2 => text.extend(b"b0"),
            8 if text.last() != Some(&b'0') => text.push(b'0'),
            16 => text.extend([alphabet[16], b'0']),
            _ => {}
        }
    }
    if verb == 'O' {
        text.extend(b"o0");
    }
}

fn character(bits: u64) -> char {
    u32::try_from(bits).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn truncated(bytes: &[u8], precision: Option<usize>) -> &[u8] {
    let Some(precision) = precision else { return bytes };
    let length: usize = chars(bytes).take(precision).map(|(_, length)| length).sum();
    &bytes[..length]
}

/// Adds the point and the zeros that `#` keeps.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let mut missing = match verb {
        'v' | 'g' | 'G' | 'x' => precision.map_or(6, |digits| i64::try_from(digits).unwrap_or(i64::MAX)),
        _ => 0,
    };
    let hexadecimal = matches!(verb, 'x' | 'X');
    let tail_at = text.find(|c: char| matches!(c, 'p' | 'P') || (!hexadecimal && matches!(c, 'e' | 'E')));
    let (mut number, tail) = match tail_at {
        Some(at) => (text[..at].to_owned(), &text[at..]),
        None => (text.to_owned(), ""),
    };
    let mut significant = false;
    for c in number[1..].chars().filter(|c| *c != '.') {
        significant |= c != '0';
        if significant {
            missing -= 1;
        }
    }
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            missing -= 1;
        }
        number.push('.');
    }
    number.extend(std::iter::repeat_n('0', usize::try_from(missing).unwrap_or_default()));
    number + tail
}
