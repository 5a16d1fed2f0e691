//! `fmt.Sprintf`.

use super::Printer;
use super::flags::Flags;
use crate::text::decode_char;
use crate::value::Value;

/// The largest width and precision.
const LARGEST: usize = 1_000_000;

/// Returns what `fmt.Sprintf` gives, cut off at `limit` bytes (plus at most one directive).
#[must_use]
pub fn sprintf(format: &[u8], values: &[Value], limit: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(format.len());
    let mut printer = Printer::new(&mut out);
    printer.limit = printer.limit.min(limit);
    Directives { format, at: 0, values, next: 0, reordered: false, good: true, after_index: false }.run(&mut printer);
    out
}

/// The state while a format is worked off.
struct Directives<'a> {
    format: &'a [u8],
    at: usize,
    values: &'a [Value],
    /// The index of the next operand.
    next: usize,
    /// An explicit index (`%[2]d`) was used.
    reordered: bool,
    /// The directive's indexes are valid.
    good: bool,
    /// The last item was an index.
    after_index: bool,
}

impl Directives<'_> {
    fn run(mut self, printer: &mut Printer<'_>) {
        while self.at < self.format.len() {
            let rest = &self.format[self.at..];
            let literal = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
            printer.write(&rest[..literal]);
            self.at += literal;
            if self.at >= self.format.len() {
                break;
            }
            self.at += 1;
            self.directive(printer);
        }
        self.extra(printer);
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn directive(&mut self, printer: &mut Printer<'_>) {
        self.good = true;
        self.after_index = false;
        printer.flags = Flags::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => printer.flags.sharp = true,
                b'0' => printer.flags.zero = true,
                b'+' => printer.flags.plus = true,
                b'-' => printer.flags.minus = true,
                b' ' => printer.flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        self.index();
        self.width(printer);
        self.precision(printer);
        if !self.after_index {
            self.index();
        }
        self.verb(printer);
    }

    fn verb(&mut self, printer: &mut Printer<'_>) {
        if self.at >= self.format.len() {
            return printer.push("%!(NOVERB)");
        }
        let (verb, length) = decode_char(&self.format[self.at..]);
        self.at += length;
        if verb == '%' {
            return printer.push("%");
        }
        let problem = if !self.good {
            "(BADINDEX)"
        } else if self.next >= self.values.len() {
            "(MISSING)"
        } else {
            ""
        };
        if !problem.is_empty() {
            printer.push(&format!("%!{verb}{problem}"));
            return;
        }
        if matches!(verb, 'v' | 'w') {
            printer.flags.sharp_v = std::mem::take(&mut printer.flags.sharp);
            printer.flags.plus_v = std::mem::take(&mut printer.flags.plus);
        }
        printer.argument(&self.values[self.next], verb);
        self.next += 1;
    }

    /// Reads `[n]`.
    fn index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let end = if rest.len() < 3 { None } else { rest[1..].iter().position(|byte| *byte == b']') };
        let Some(end) = end else {
            self.at += 1;
            self.good = false;
            return;
        };
        let digits = &rest[1..=end];
        let number = if digits.iter().all(u8::is_ascii_digit) { number_of(digits) } else { None };
        self.at += end + 2;
        match number {
            Some(number) if (1..=self.values.len()).contains(&number) => {
                self.next = number - 1;
                self.after_index = true;
            }
            number => {
                self.good = false;
                self.after_index = number.is_some();
            }
        }
    }

    fn width(&mut self, printer: &mut Printer<'_>) {
        if self.peek() != Some(b'*') {
            printer.flags.width = self.digits();
            if self.after_index && printer.flags.width.is_some() {
                self.good = false;
            }
            return;
        }
        self.at += 1;
        match self.int_operand() {
            Some(width) => {
                printer.flags.width = Some(usize::try_from(width.unsigned_abs()).unwrap_or_default());
                if width < 0 {
                    printer.flags.minus = true;
                    printer.flags.zero = false;
                }
            }
            None => printer.push("%!(BADWIDTH)"),
        }
        self.after_index = false;
    }

    fn precision(&mut self, printer: &mut Printer<'_>) {
        if self.peek() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.good = false;
        }
        self.index();
        if self.peek() != Some(b'*') {
            printer.flags.precision = Some(self.digits().unwrap_or_default());
            return;
        }
        self.at += 1;
        printer.flags.precision = self.int_operand().and_then(|precision| usize::try_from(precision).ok());
        if printer.flags.precision.is_none() {
            printer.push("%!(BADPREC)");
        }
        self.after_index = false;
    }

    /// Takes the next operand as a width or precision.
    fn int_operand(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        let number = match value {
            Value::Int(number, _) => *number,
            Value::Uint(number, _) => i64::try_from(*number).ok()?,
            _ => return None,
        };
        (number.unsigned_abs() <= LARGEST as u64).then_some(number)
    }

    /// Reads digits. A number that is too large counts as none, and ends the directive there, as in Go.
    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
            if number_of(&self.format[start..self.at]).is_none() {
                self.at = self.format.len();
                return None;
            }
        }
        number_of(&self.format[start..self.at])
    }

    fn extra(&self, printer: &mut Printer<'_>) {
        if self.reordered || self.next >= self.values.len() {
            return;
        }
        printer.flags = Flags::default();
        printer.push("%!(EXTRA ");
        for (index, value) in self.values[self.next..].iter().enumerate() {
            if index > 0 {
                printer.push(", ");
            }
            if !matches!(value, Value::Nil) {
                printer.push(&value.type_name());
                printer.push("=");
            }
            printer.argument(value, 'v');
        }
        printer.push(")");
    }
}

/// Returns the number that the digits are, up to [`LARGEST`].
fn number_of(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_usize, |number, digit| {
        let number = number * 10 + usize::from(digit - b'0');
        (number <= LARGEST).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_go() {
        let list = Value::from(vec![Value::from("a"), Value::from(1)]);
        let table: [(&str, &[Value], &str); 20] = [
            ("%5.2f|%08.2f|%-6d|", &[3.125.into(), (-3.125).into(), 42.into()], " 3.12|-0003.12|42    |"),
            ("%s %s %d", &[list.clone(), 1.5.into(), Value::Nil], "[a %!s(int=1)] %!s(float64=1.5) %!d(<nil>)"),
            ("%d", &[], "%!d(MISSING)"),
            ("x", &[1.into(), "a".into(), Value::Nil], "x%!(EXTRA int=1, string=a, <nil>)"),
            ("%!", &[], "%!!(MISSING)"),
            ("100%", &[], "100%!(NOVERB)"),
            ("%[2]d %[1]d", &[1.into(), 2.into()], "2 1"),
            ("%[3]d", &[1.into()], "%!d(BADINDEX)"),
            ("%*d|%-*d|", &[4.into(), 1.into(), 3.into(), 2.into()], "   1|2  |"),
            ("%q %x %X %#x", &["a\"b".into(), "hi".into(), 255.into(), 255.into()], "\"a\\\"b\" 6869 FF 0xff"),
            ("%#v", &[list], "[]interface {}{\"a\", 1}"),
            ("%c %U %#U %q", &[9731.into(), 9731.into(), 65.into(), 65.into()], "☃ U+2603 U+0041 'A' 'A'"),
            ("%t %v", &[true.into(), false.into()], "true false"),
            ("%t", &["a".into()], "%!t(string=a)"),
            ("%05s|%.2s|%5t", &["ab".into(), "héy".into(), true.into()], "000ab|hé| true"),
            ("%e %g %x", &[1.5.into(), 1e6.into(), 1.5.into()], "1.500000e+00 1e+06 0x1.8p+00"),
            ("%+d % d %o %O %b", &[5.into(), 5.into(), 8.into(), 8.into(), 5.into()], "+5  5 10 0o10 101"),
            ("%T %T", &[1.into(), Value::Nil], "int <nil>"),
            ("%v %+v", &[1i64.into(), "a".into()], "1 a"),
            ("%#g %#.3x", &[1.0.into(), 1.0.into()], "1.00000 0x1.000p+00"),
        ];
        for (format, values, expected) in table {
            assert_eq!(String::from_utf8_lossy(&sprintf(format.as_bytes(), values, usize::MAX)), expected, "{format}");
        }
    }

    #[test]
    fn a_width_and_a_precision_of_a_million_are_padded() {
        let list = Value::from(vec![Value::from(2.5), Value::Nil]);
        let values = [Value::from(65), Value::from(2.5), "text".into(), true.into(), Value::Nil, list];
        for flags in ["", "+", "-", "#", "0", " "] {
            for size in ["70000", ".70000", "70000.70000"] {
                for verb in "vdeEfFgGxXobOqcUtsTp".chars() {
                    let format = format!("%{flags}{size}{verb}");
                    for value in &values {
                        assert!(!sprintf(format.as_bytes(), std::slice::from_ref(value), usize::MAX).is_empty());
                    }
                }
            }
        }
        let code_point = sprintf(b"%.70000U", &[65.into()], usize::MAX);
        assert_eq!(String::from_utf8(code_point), Ok(format!("U+{}41", "0".repeat(69_998))));
    }
}
