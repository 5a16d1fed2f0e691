//! Versions and ranges.
//!
//! Source of the rules: Masterminds/semver v3.5.0.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::LazyLock;

use gotemplate::strconv::quote;
use gotemplate::{Field, Function, FunctionResult, Kind, Object, Param, Value, types};
use regex::Regex;

use super::arguments::text;

const STRING: Param = Param::String;

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("semver", Function::new(&[STRING], |args| Ok(Value::object(Version::parse(&text(args, 0))?)))),
    (
        "semverCompare",
        Function::new(&[STRING, STRING], |args| {
            let range = Range::parse(&text(args, 0))?;
            Ok(Value::Bool(range.contains(&Version::parse(&text(args, 1))?)))
        }),
    ),
];

/// A version, and how it was written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) pre: String,
    metadata: String,
    original: String,
}

const INVALID: &str = "invalid semantic version";

/// The parts of a loosely written version: a leading `v`, one or two numbers and leading zeros are accepted. What is missing is empty.
struct LooseParts<'t> {
    major: &'t str,
    minor: &'t str,
    patch: &'t str,
    pre: &'t str,
    metadata: &'t str,
}

impl<'t> LooseParts<'t> {
    /// Returns the parts of `v?N(.N)?(.N)?(-TAIL)?(+TAIL)?`; `None` for another text.
    fn of(written: &'t str) -> Option<LooseParts<'t>> {
        let (major, rest) = digits(written.strip_prefix('v').unwrap_or(written));
        let (minor, rest) = more_digits(rest);
        let (patch, rest) = more_digits(rest);
        let (pre, rest) = tail(rest, '-')?;
        let (metadata, rest) = tail(rest, '+')?;
        let complete = !major.is_empty() && rest.is_empty();
        complete.then_some(LooseParts { major, minor, patch, pre, metadata })
    }
}

/// Returns the digits at the start, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Returns the digits after a point at the start, and the rest; no digits without both.
fn more_digits(text: &str) -> (&str, &str) {
    match text.strip_prefix('.').map(digits) {
        Some((found, rest)) if !found.is_empty() => (found, rest),
        _ => ("", text),
    }
}

/// Returns the dotted identifiers after a mark at the start, and the rest; nothing without the mark. `None` if an identifier is empty.
fn tail(text: &str, mark: char) -> Option<(&str, &str)> {
    let Some(rest) = text.strip_prefix(mark) else { return Some(("", text)) };
    let of_tail = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let (found, rest) = rest.split_at(rest.bytes().take_while(of_tail).count());
    (!found.split('.').any(str::is_empty)).then_some((found, rest))
}

impl Version {
    /// Reads a version loosely.
    ///
    /// # Errors
    /// The text that Masterminds/semver gives.
    pub(crate) fn parse(written: &str) -> Result<Version, String> {
        let parts = LooseParts::of(written).ok_or(INVALID)?;
        let number = |digits: &str| -> Result<u64, String> {
            match digits {
                "" => Ok(0),
                digits => digits.parse().map_err(|_| {
                    format!(
                        "error parsing version segment: strconv.ParseUint: parsing {}: value out of range",
                        quote(digits.as_bytes())
                    )
                }),
            }
        };
        let version = Version {
            major: number(parts.major)?,
            minor: number(parts.minor)?,
            patch: number(parts.patch)?,
            pre: parts.pre.to_owned(),
            metadata: parts.metadata.to_owned(),
            original: written.to_owned(),
        };
        let zeros =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit());
        if version.pre.split('.').any(zeros) {
            return Err("version segment starts with 0".to_owned());
        }
        Ok(version)
    }

    /// Compares without metadata.
    pub(crate) fn compare(&self, other: &Version) -> Ordering {
        let numbers = |version: &Version| [version.major, version.minor, version.patch];
        numbers(self).cmp(&numbers(other)).then_with(|| compare_pre(&self.pre, &other.pre))
    }

    fn next(&self, part: Part) -> Version {
        let (major, minor, patch) = (self.major, self.minor, self.patch);
        let mut next = match part {
            Part::Major => Version { major: major + 1, ..Version::default() },
            Part::Minor => Version { major, minor: minor + 1, ..Version::default() },
            // A pre-release comes before its own version.
            Part::Patch if !self.pre.is_empty() => Version { major, minor, patch, ..Version::default() },
            Part::Patch => Version { major, minor, patch: patch + 1, ..Version::default() },
        };
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        next.original = format!("{prefix}{next}");
        next
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Part {
    Major,
    Minor,
    Patch,
}

fn compare_pre(one: &str, two: &str) -> Ordering {
    match (one.is_empty(), two.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        _ => {}
    }
    let mut parts = one.split('.');
    let mut others = two.split('.');
    loop {
        let order = match (parts.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(two)) => match (one.parse::<u64>(), two.parse::<u64>()) {
                (Ok(one), Ok(two)) => one.cmp(&two),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(two),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn of(args: &[Value]) -> Version {
    args.first().and_then(Value::downcast::<Version>).cloned().unwrap_or_default()
}

fn compared(args: &[Value], holds: fn(Ordering) -> bool) -> FunctionResult {
    let other = args.get(1).and_then(Value::downcast::<Version>).cloned().unwrap_or_default();
    Ok(Value::Bool(holds(of(args).compare(&other))))
}

const ONE: &[Param] = &[Param::Named("*semver.Version")];
const UINT: fn(u64) -> Value = |value| Value::Uint(value, &types::UINT64);

static METHODS: &[(&str, Function)] = &[
    ("Major", Function::new(&[], |args| Ok(UINT(of(args).major)))),
    ("Minor", Function::new(&[], |args| Ok(UINT(of(args).minor)))),
    ("Patch", Function::new(&[], |args| Ok(UINT(of(args).patch)))),
    ("Prerelease", Function::new(&[], |args| Ok(of(args).pre.into()))),
    ("Metadata", Function::new(&[], |args| Ok(of(args).metadata.into()))),
    ("Original", Function::new(&[], |args| Ok(of(args).original.into()))),
    ("String", Function::new(&[], |args| Ok(of(args).to_string().into()))),
    ("IncMajor", Function::new(&[], |args| Ok(Value::object(of(args).next(Part::Major))))),
    ("IncMinor", Function::new(&[], |args| Ok(Value::object(of(args).next(Part::Minor))))),
    ("IncPatch", Function::new(&[], |args| Ok(Value::object(of(args).next(Part::Patch))))),
    (
        "Compare",
        Function::new(ONE, |args| {
            let other = args.get(1).and_then(Value::downcast::<Version>).cloned().unwrap_or_default();
            Ok(Value::from(of(args).compare(&other) as i32))
        }),
    ),
    ("Equal", Function::new(ONE, |args| compared(args, Ordering::is_eq))),
    ("LessThan", Function::new(ONE, |args| compared(args, Ordering::is_lt))),
    ("LessThanEqual", Function::new(ONE, |args| compared(args, Ordering::is_le))),
    ("GreaterThan", Function::new(ONE, |args| compared(args, Ordering::is_gt))),
    ("GreaterThanEqual", Function::new(ONE, |args| compared(args, Ordering::is_ge))),
];

impl Object for Version {
    fn type_name(&self) -> Cow<'static, str> {
        "*semver.Version".into()
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn fields(&self) -> Vec<Field> {
        Vec::new()
    }

    fn method(&self, name: &[u8]) -> Option<&'static Function> {
        METHODS.iter().find(|method| method.0.as_bytes() == name).map(|method| &method.1)
    }

    fn display(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn go_string(&self) -> Option<String> {
        let Version { major, minor, patch, .. } = self;
        let text = |text: &str| gotemplate::strconv::quote(text.as_bytes());
        let (pre, metadata, original) = (text(&self.pre), text(&self.metadata), text(&self.original));
        Some(format!(
            "&semver.Version{{major:{major:#x}, minor:{minor:#x}, patch:{patch:#x}, pre:{pre}, metadata:{metadata}, original:{original}}}"
        ))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Version>().is_some_and(|other| self.original == other.original)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// A range: groups of which one must hold, each of conditions which must all hold.
pub(crate) struct Range {
    groups: Vec<Group>,
}

struct Group {
    conditions: Vec<Condition>,
    /// A condition names a pre-release, so pre-releases can match.
    with_pre: bool,
}

struct Condition {
    operator: String,
    version: Version,
    /// The minor number is missing or a wildcard.
    any_minor: bool,
    /// The patch number is missing or a wildcard.
    any_patch: bool,
    /// Some number is missing or a wildcard.
    partial: bool,
}

/// The parts of a condition. What is missing is empty.
struct ConditionParts<'t> {
    operator: &'t str,
    major: &'t str,
    minor: &'t str,
    patch: &'t str,
    pre: &'t str,
}

const OPERATORS: [&str; 11] = ["=>", "=<", "=", "!=", ">=", ">", "<=", "<", "~>", "~", "^"];

/// Returns the groups of a range that has no hyphen between two versions: operator, version, and blanks or a comma before the
/// next one. `None` for all others, which are read by [`PATTERNS`]: compiling these takes longer than a small chart.
fn simple_groups(written: &str) -> Option<Vec<Vec<ConditionParts<'_>>>> {
    let groups: Vec<_> = written.split("||").map(simple_group).collect::<Option<_>>()?;
    (groups.len() <= 32).then_some(groups)
}

fn simple_group(written: &str) -> Option<Vec<ConditionParts<'_>>> {
    let skip_blanks = |text: &'_ str| text.len() - text.trim_start_matches(' ').len();
    let mut conditions = Vec::new();
    let mut rest = written.trim_matches(' ');
    loop {
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator)).map_or(0, |found| found.len());
        let (operator, after) = rest.split_at(operator);
        let after = &after[skip_blanks(after)..];
        let (major, after) = simple_number(after.strip_prefix('v').unwrap_or(after))?;
        let (minor, after) = after.strip_prefix('.').map_or(Some(("", after)), simple_number)?;
        let (patch, after) = after.strip_prefix('.').map_or(Some(("", after)), simple_number)?;
        let (pre, after) = tail(after, '-')?;
        let (_, after) = tail(after, '+')?;
        conditions.push(ConditionParts { operator, major, minor, patch, pre });
        if after.is_empty() {
            return Some(conditions);
        }
        let blanks = skip_blanks(after);
        let next = &after[blanks..];
        rest = match next.strip_prefix(',') {
            Some(next) => &next[skip_blanks(next)..],
            None if blanks > 0 => next,
            None => return None,
        };
    }
}

/// Returns a number or one wildcard, and the rest.
fn simple_number(text: &str) -> Option<(&str, &str)> {
    let (number, rest) = match text.as_bytes().first()? {
        b'x' | b'X' | b'*' => text.split_at(1),
        _ => digits(text),
    };
    let continues = rest.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'|' | b'*'));
    (!number.is_empty() && !continues).then_some((number, rest))
}

struct Patterns {
    valid: Regex,
    find: Regex,
    hyphen: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let number = r"[0-9|xX*]+";
    let tail = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
    let version = format!(r"v?{number}(?:\.{number})?(?:\.{number})?(?:-{tail})?(?:\+{tail})?");
    let parts = format!(r"v?({number})(\.{number})?(\.{number})?(-{tail})?(?:\+{tail})?");
    let operators = r"(?:=||!=|>|<|>=|=>|<=|=<|~|~>|\^)";
    let captured = r"(=||!=|>|<|>=|=>|<=|=<|~|~>|\^)";
    let one = format!(r"{operators}\s*{version}\s*");
    Some(Patterns {
        valid: Regex::new(&format!(r"^\s*{one}(?:(?:\s+|,\s*){one})*$")).ok()?,
        find: Regex::new(&format!(r"{captured}\s*{parts}")).ok()?,
        hyphen: Regex::new(&format!(r"\s*({version})\s+-\s+({version})\s*")).ok()?,
    })
});

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// The text that Masterminds/semver gives.
    pub(crate) fn parse(written: &str) -> Result<Range, String> {
        if written.len() > 512 {
            return Err("constraint string is too long (max 512 bytes)".to_owned());
        }
        if let Some(groups) = simple_groups(written) {
            return Ok(Range { groups: groups.iter().map(|group| Group::of(group)).collect::<Result<_, _>>()? });
        }
        Range::by_patterns(written)
    }

    fn by_patterns(written: &str) -> Result<Range, String> {
        let patterns = PATTERNS.as_ref().ok_or("the patterns of ranges are invalid")?;
        let written = patterns.hyphen.replace_all(written, ">= $1, <= $2 ");
        let groups: Vec<&str> = written.split("||").collect();
        if groups.len() > 32 {
            return Err("too many constraint groups (max 32)".to_owned());
        }
        let groups = groups.into_iter().map(|group| Group::parse(patterns, group)).collect::<Result<_, _>>()?;
        Ok(Range { groups })
    }

    /// Returns whether a version is in the range.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (version.pre.is_empty() || group.with_pre)
                && group.conditions.iter().all(|condition| condition.holds(version))
        })
    }
}

impl Range {
    /// Returns the first version that the range names; nothing for `*`.
    pub(crate) fn first_bound(&self) -> Option<&Version> {
        let conditions = self.groups.iter().flat_map(|group| &group.conditions);
        conditions.map(|condition| &condition.version).next()
    }

    /// Returns whether the release that a pre-release comes before is in the range.
    pub(crate) fn contains_release_of(&self, version: &Version) -> bool {
        !version.pre.is_empty() && self.contains(&Version { pre: String::new(), ..version.clone() })
    }
}

impl Group {
    fn parse(patterns: &Patterns, written: &str) -> Result<Group, String> {
        if !patterns.valid.is_match(written) {
            return Err(format!("improper constraint: {}", quote(written.as_bytes())));
        }
        let parts = patterns.find.captures_iter(written).map(|captures| {
            let part = |index: usize| captures.get(index).map_or("", |part| part.as_str());
            let without_point = |index: usize| part(index).trim_start_matches('.');
            ConditionParts {
                operator: part(1),
                major: part(2),
                minor: without_point(3),
                patch: without_point(4),
                pre: part(5).strip_prefix('-').unwrap_or_default(),
            }
        });
        Group::of(&parts.collect::<Vec<_>>())
    }

    fn of(conditions: &[ConditionParts<'_>]) -> Result<Group, String> {
        let conditions: Vec<Condition> = conditions.iter().map(Condition::of).collect::<Result<_, _>>()?;
        let with_pre = conditions.iter().any(|condition| !condition.version.pre.is_empty());
        Ok(Group { conditions, with_pre })
    }
}

impl Condition {
    fn of(parts: &ConditionParts<'_>) -> Result<Condition, String> {
        let wild = |part: &str| matches!(part, "" | "x" | "X" | "*");
        let ConditionParts { operator, major, minor, patch, pre } = *parts;
        let pre = if pre.is_empty() { String::new() } else { format!("-{pre}") };
        let (written, any_minor, any_patch, partial) = if wild(major) {
            (format!("0.0.0{pre}"), false, false, true)
        } else if wild(minor) {
            (format!("{major}.0.0{pre}"), true, false, true)
        } else if wild(patch) {
            (format!("{major}.{minor}.0{pre}"), false, true, true)
        } else {
            (format!("{major}.{minor}.{patch}{pre}"), false, false, false)
        };
        let version = Version::parse(&written).map_err(|_| "constraint parser error")?;
        Ok(Condition { operator: operator.to_owned(), version, any_minor, any_patch, partial })
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        let bound = &self.version;
        match self.operator.as_str() {
            "" | "=" if self.partial => self.tilde(version, order),
            "" | "=" => order.is_eq(),
            "!=" => self.differs(version, order),
            ">" if self.partial => match version.major.cmp(&bound.major) {
                Ordering::Equal if self.any_minor => false,
                Ordering::Equal if self.any_patch => version.minor > bound.minor,
                Ordering::Equal => order.is_gt(),
                major => major.is_gt(),
            },
            ">" => order.is_gt(),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" if self.partial => {
                let later_minor = version.major == bound.major && version.minor > bound.minor && !self.any_minor;
                version.major <= bound.major && !later_minor
            }
            "<=" | "=<" => order.is_le(),
            "~" | "~>" => self.tilde(version, order),
            "^" => self.caret(version, order),
            _ => false,
        }
    }

    fn differs(&self, version: &Version, order: Ordering) -> bool {
        let bound = &self.version;
        if self.partial {
            if bound.major != version.major || (bound.minor != version.minor && !self.any_minor) {
                return true;
            }
            if self.any_minor {
                return false;
            }
            if self.any_patch {
                return compare_pre(&version.pre, &bound.pre).is_ne();
            }
            if bound.patch != version.patch {
                return true;
            }
        }
        order.is_ne()
    }

    fn tilde(&self, version: &Version, order: Ordering) -> bool {
        let bound = &self.version;
        if order.is_lt() {
            return false;
        }
        let zero = bound.major == 0 && bound.minor == 0 && bound.patch == 0;
        if zero && !self.any_minor && !self.any_patch {
            return true;
        }
        version.major == bound.major && (version.minor == bound.minor || self.any_minor)
    }

    fn caret(&self, version: &Version, order: Ordering) -> bool {
        let bound = &self.version;
        if order.is_lt() {
            return false;
        }
        if bound.major > 0 || self.any_minor {
            return version.major == bound.major;
        }
        if version.major > 0 {
            return false;
        }
        if bound.minor > 0 || self.any_patch {
            return version.minor == bound.minor;
        }
        version.minor == 0 && version.patch == bound.patch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_ranges_are_read_as_the_patterns_read_them() {
        let operators = ["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"];
        let bounds = ["1", "v1.2", " 1.2.3", "1.x", "1.2.*", "*", "X.2", "1.2.3-a.1", "1.2-0", "0.2.3+m", "1x", "01"];
        let groups = operators.iter().flat_map(|operator| bounds.map(|bound| format!("{operator}{bound}")));
        let groups: Vec<String> = groups.collect();
        let pairs = groups.iter().zip(groups.iter().rev());
        let joined =
            pairs.flat_map(|(one, two)| [" ", ", ", " ,", "||", " || ", "  "].map(|mark| format!("{one}{mark}{two}")));
        let conditions = |range: Result<Range, String>| {
            let groups = range?.groups;
            let shown = |condition: &Condition| {
                let Condition { operator, version, any_minor, any_patch, partial } = condition;
                format!("{operator} {version} {any_minor} {any_patch} {partial}")
            };
            let group = |group: &Group| (group.with_pre, group.conditions.iter().map(shown).collect::<Vec<_>>());
            Ok::<_, String>(groups.iter().map(group).collect::<Vec<_>>())
        };
        for range in groups.iter().cloned().chain(joined) {
            assert_eq!(conditions(Range::parse(&range)), conditions(Range::by_patterns(&range)), "{range}");
        }
        assert!(simple_groups("1 - 2").is_none() && simple_groups(">=1.19-0 <2 || 5.x").is_some());
    }

    #[test]
    fn ranges_are_those_of_masterminds() {
        let table = [
            (">=1.19", "1.29.3-eks-1", false),
            (">=1.19-0", "1.29.3-eks-1", true),
            ("1.2", "1.2.9", true),
            ("1.2.3", "v1.2.3+x", true),
            (">1.2", "1.2.5", false),
            ("<=1", "1.9.0", true),
            ("^0.2", "0.2.9", true),
            ("^0.0.3", "0.0.4", false),
            ("~1", "1.9", true),
            ("1.0 - 2.0 || 5.x", "5.1.0", true),
            (">=1, <2", "1.5", true),
            ("!=1.2.x", "1.2.0", false),
        ];
        for (range, version, expected) in table {
            let (range_read, version_read) = (Range::parse(range).unwrap(), Version::parse(version).unwrap());
            assert_eq!(range_read.contains(&version_read), expected, "{range} {version}");
        }
        for loose in ["", "v", "1.", "1..2", "1.2.3.4", "1-", "1-a..b", "1+", "1 ", "v1.2-a+b+c", "1.a"] {
            assert_eq!(Version::parse(loose).unwrap_err(), INVALID, "{loose}");
        }
        for loose in ["v1", "1.2-a.b-c+d.e", "01.2.3", "1.2+a"] {
            assert!(Version::parse(loose).is_ok(), "{loose}");
        }
        assert_eq!(Range::parse(">>1").err().as_deref(), Some("improper constraint: \">>1\""));
        assert_eq!(Version::parse("x").unwrap_err(), INVALID);
    }
}
