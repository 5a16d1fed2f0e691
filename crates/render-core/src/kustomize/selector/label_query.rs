//! Selectors over labels in Kubernetes' syntax: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.

use manifest::{Diagnostic, Map};

/// A parsed selector: every requirement has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelQuery {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    End,
    Symbol(&'static str),
    Word(String),
}

impl LabelQuery {
    /// Parses a selector; an empty one matches everything.
    ///
    /// # Errors
    /// Returns an error if Kubernetes would refuse it: bad syntax, or keys and values that no label can have.
    pub(crate) fn parse(text: &str) -> Result<Self, Diagnostic> {
        let refuse = |reason: String| {
            Diagnostic::new(format!("invalid label selector {text:?}: {reason}"))
                .hint("write it like `app=web,tier in (front,back),!legacy`")
        };
        let tokens = tokens(text).map_err(refuse)?;
        Parser { tokens, position: 0 }.run().map(|requirements| LabelQuery { requirements }).map_err(refuse)
    }

    /// Whether it matches everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether it holds for these labels or annotations.
    pub(crate) fn matches(&self, labels: Option<&Map>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value =
                labels.and_then(|labels| labels.get(&requirement.key)).map(|node| node.text().unwrap_or_default());
            requirement.test.holds(value)
        })
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
            Test::In(values) => value.is_some_and(|value| values.iter().any(|one| one == value)),
            Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|one| one != value)),
            Test::Above(bound) => number().is_some_and(|value| value > *bound),
            Test::Below(bound) => number().is_some_and(|value| value < *bound),
        }
    }
}

const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", ">", "<", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut rest = text;
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if rest.is_empty() {
            found.push(Token::End);
            return Ok(found);
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            found.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
            continue;
        }
        let end = rest.find(|c: char| " \t\r\n=!(),><".contains(c)).unwrap_or(rest.len());
        found.push(Token::Word(rest[..end].to_owned()));
        rest = &rest[end..];
    }
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.position).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.position += 1;
        token
    }

    fn run(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        if *self.peek() == Token::End {
            return Ok(requirements);
        }
        loop {
            requirements.push(self.requirement()?);
            match self.next() {
                Token::End => return Ok(requirements),
                Token::Symbol(",") => {}
                other => return Err(format!("expected \",\" or the end, found {}", describe(&other))),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = *self.peek() == Token::Symbol("!");
        if negated {
            self.position += 1;
        }
        let key = match self.next() {
            Token::Word(key) => key,
            other => return Err(format!("expected a key, found {}", describe(&other))),
        };
        check_key(&key)?;
        if negated {
            return Ok(Requirement { key, test: Test::Missing });
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(Requirement { key, test: Test::Exists });
        }
        let test = self.test()?;
        Ok(Requirement { key, test })
    }

    fn test(&mut self) -> Result<Test, String> {
        match self.next() {
            Token::Symbol("=" | "==") => Ok(Test::In(vec![self.value()?])),
            Token::Symbol("!=") => Ok(Test::NotIn(vec![self.value()?])),
            Token::Symbol(">") => Ok(Test::Above(whole(&self.value()?)?)),
            Token::Symbol("<") => Ok(Test::Below(whole(&self.value()?)?)),
            Token::Word(word) if word == "in" => Ok(Test::In(self.values()?)),
            Token::Word(word) if word == "notin" => Ok(Test::NotIn(self.values()?)),
            other => Err(format!("expected =, !=, in or notin, found {}", describe(&other))),
        }
    }

    fn value(&mut self) -> Result<String, String> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.next() {
            Token::Word(value) => check_value(value),
            other => Err(format!("expected a value, found {}", describe(&other))),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(format!("expected \"(\", found {}", describe(&other))),
        }
        let mut values = Vec::new();
        loop {
            let value = match self.peek() {
                Token::Word(value) => check_value(value.clone())?,
                Token::Symbol("," | ")") => String::new(),
                other => return Err(format!("expected a value, found {}", describe(other))),
            };
            if matches!(self.peek(), Token::Word(_)) {
                self.position += 1;
            }
            values.push(value);
            match self.next() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values),
                other => return Err(format!("expected \",\" or \")\", found {}", describe(&other))),
            }
        }
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::End => "the end".to_owned(),
        Token::Symbol(symbol) => format!("{symbol:?}"),
        Token::Word(word) => format!("{word:?}"),
    }
}

fn whole(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("expected an integer, found {text:?}"))
}

/// A qualified name: an optional DNS subdomain and a slash, then at most 63 letters, digits, `-`, `_`, `.`.
fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let domain = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        part.bytes().all(|byte| inner(byte) || byte == b'-')
            && part.bytes().next().is_some_and(inner)
            && part.bytes().last().is_some_and(inner)
    };
    let prefix_is_good = prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(domain));
    if prefix_is_good && !name.is_empty() && is_label(name) {
        Ok(())
    } else {
        Err(format!("invalid label key {key:?}"))
    }
}

fn check_value(value: String) -> Result<String, String> {
    if is_label(&value) { Ok(value) } else { Err(format!("invalid label value {value:?}")) }
}

fn is_label(text: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && edge(text.bytes().next())
        && edge(text.bytes().last())
}

#[cfg(test)]
mod tests {
    use manifest::Node;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Map {
        let mut map = Map::default();
        pairs.iter().for_each(|(key, value)| map.set(key, Node::string(*value)));
        map
    }

    #[test]
    fn requirements_hold_as_in_kubernetes() {
        let web = labels(&[("app", "web"), ("n", "5"), ("e", "")]);
        for (text, expected) in [
            ("", true),
            ("app=web", true),
            ("app==web,n", true),
            ("app!=web", false),
            ("none!=web", true),
            ("app in (api, web)", true),
            ("app notin (api,web)", false),
            ("none notin (a)", true),
            ("!app", false),
            ("!none", true),
            ("n>4", true),
            ("n<4", false),
            ("e=", true),
            ("e in ()", true),
            ("e in (,a)", true),
            ("in=web", false),
            ("app in(web)", true),
        ] {
            assert_eq!(LabelQuery::parse(text).expect(text).matches(Some(&web)), expected, "{text}");
        }
        for text in ["a b", "=", "a in", "a in (b", "a,,b", "a,", "-a", "a=b_", "x/y/z=1", "n>a", "!a=b"] {
            assert!(LabelQuery::parse(text).is_err(), "{text}");
        }
    }
}
