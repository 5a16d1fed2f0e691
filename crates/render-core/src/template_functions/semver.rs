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

/// The version that a loose text is: a leading `v`, one or two numbers, leading zeros are accepted.
static LOOSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let tail = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
    Regex::new(&format!(r"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?(?:-({tail}))?(?:\+({tail}))?$")).ok()
});

const INVALID: &str = "invalid semantic version";

impl Version {
    /// Reads a version loosely.
    ///
    /// # Errors
    /// The text that Masterminds/semver gives.
    pub(crate) fn parse(written: &str) -> Result<Version, String> {
        let captures = LOOSE.as_ref().and_then(|pattern| pattern.captures(written)).ok_or(INVALID)?;
        let part = |index: usize| captures.get(index).map_or("", |part| part.as_str());
        let number = |index: usize| -> Result<u64, String> {
            match part(index).trim_start_matches('.') {
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
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            pre: part(4).to_owned(),
            metadata: part(5).to_owned(),
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
        let patterns = PATTERNS.as_ref().ok_or("the patterns of ranges are invalid")?;
        if written.len() > 512 {
            return Err("constraint string is too long (max 512 bytes)".to_owned());
        }
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
        let conditions: Vec<Condition> =
            patterns.find.captures_iter(written).map(|captures| Condition::of(&captures)).collect::<Result<_, _>>()?;
        let with_pre = conditions.iter().any(|condition| !condition.version.pre.is_empty());
        Ok(Group { conditions, with_pre })
    }
}

impl Condition {
    fn of(captures: &regex::Captures<'_>) -> Result<Condition, String> {
        let part = |index: usize| captures.get(index).map_or("", |part| part.as_str());
        let wild = |index: usize| matches!(part(index).trim_start_matches('.'), "" | "x" | "X" | "*");
        let pre = part(5);
        let (written, any_minor, any_patch, partial) = if wild(2) {
            (format!("0.0.0{pre}"), false, false, true)
        } else if wild(3) {
            (format!("{}.0.0{pre}", part(2)), true, false, true)
        } else if wild(4) {
            (format!("{}{}.0{pre}", part(2), part(3)), false, true, true)
        } else {
            (format!("{}{}{}{pre}", part(2), part(3), part(4)), false, false, false)
        };
        let version = Version::parse(&written).map_err(|_| "constraint parser error")?;
        Ok(Condition { operator: part(1).to_owned(), version, any_minor, any_patch, partial })
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
        assert_eq!(Range::parse(">>1").err().as_deref(), Some("improper constraint: \">>1\""));
        assert_eq!(Version::parse("x").unwrap_err(), INVALID);
    }
}
