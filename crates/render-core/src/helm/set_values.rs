//! `--set` and the flags like it.
//!
//! Source of the grammar: `helm pkg/strvals`.

use gotemplate::strconv::{quote, quote_char};
use gotemplate::{List, Map, Value};

use super::Semantics;
use super::error::HelmError;
use super::json_prefix;
use super::read_file::ReadFile;
use crate::template_functions::json;

/// The largest index of a list.
const LARGEST_INDEX: i64 = 65_536;
/// The maximum depth of nested names (helm's `MaxNestedNameLevel`).
const DEEPEST: usize = 30;
/// The maximum number of nested indexes, and of items that one flag can make. Helm has no such limits.
const NESTED_INDEXES: usize = 100;
const ITEMS: usize = 1 << 22;

/// How values are read.
#[derive(Clone, Copy)]
enum Kind<'a> {
    /// `--set`: `1`, `true` and `null` are not strings.
    Typed,
    /// `--set-string`: all are strings.
    Strings,
    /// `--set-file`: values are paths of files.
    Files(&'a ReadFile),
    /// `--set-literal`: a value is all that follows.
    Literal,
    /// `--set-json`
    Json,
}

/// Sets `a.b=1,c[0]={x,y}`.
pub(super) fn set(target: &Map, text: &str, semantics: Semantics) -> Result<(), HelmError> {
    let parsed = parse(target, text, Kind::Typed, semantics);
    parsed.map_err(|error| HelmError::new(format!("failed parsing --set data: {error}")))
}

/// Sets `a.b=1,c[0]={x,y}`, all values as strings.
pub(super) fn set_string(target: &Map, text: &str, semantics: Semantics) -> Result<(), HelmError> {
    let parsed = parse(target, text, Kind::Strings, semantics);
    parsed.map_err(|error| HelmError::new(format!("failed parsing --set-string data: {error}")))
}

/// Sets `a.b=path`, the content of the file as the value.
pub(super) fn set_file(target: &Map, text: &str, read: &ReadFile, semantics: Semantics) -> Result<(), HelmError> {
    let parsed = parse(target, text, Kind::Files(read), semantics);
    parsed.map_err(|error| HelmError::new(format!("failed parsing --set-file data: {error}")))
}

/// Sets `a.b=TEXT`, where TEXT is all that follows.
pub(super) fn set_literal(target: &Map, text: &str, semantics: Semantics) -> Result<(), HelmError> {
    let parsed = parse(target, text, Kind::Literal, semantics);
    parsed.map_err(|error| HelmError::new(format!("failed parsing --set-literal data: {error}")))
}

/// Sets `key=JSON`, or a whole object.
pub(super) fn set_json(target: &Map, text: &str, semantics: Semantics) -> Result<(), HelmError> {
    if text.trim().starts_with('{') && !semantics.is_v3() {
        let Ok(Value::Map(map)) = json::parse(text.trim().as_bytes()) else {
            return Err(HelmError::new(format!("failed parsing --set-json data JSON: {text}")));
        };
        super::maps::merge(target, &map);
        return Ok(());
    }
    let parsed = parse(target, text, Kind::Json, semantics);
    parsed.map_err(|_| HelmError::new(format!("failed parsing --set-json data {text}")))
}

fn parse(target: &Map, text: &str, kind: Kind<'_>, semantics: Semantics) -> Result<(), String> {
    let mut parser = Parser { rest: text.chars().collect(), at: 0, kind, indexes: 0, items: 0 };
    loop {
        match parser.key(target, 0) {
            Ok(()) => {}
            Err(Stop::EndInIndex) if semantics.is_v3() => return Err("error parsing index: EOF".to_owned()),
            Err(Stop::End | Stop::EndInIndex) => return Ok(()),
            Err(Stop::Failed(message)) => return Err(message),
        }
    }
}

/// Why reading stopped.
enum Stop {
    /// The text is at its end.
    End,
    /// The text ended inside of brackets, which helm 4 accepts.
    EndInIndex,
    Failed(String),
}

type Read<T> = Result<T, Stop>;

fn failed<T>(message: impl Into<String>) -> Read<T> {
    Err(Stop::Failed(message.into()))
}

/// Fails as Go does where a value has another type.
fn wrong_type<T>(value: &Value, expected: &str) -> Read<T> {
    let found = match value {
        Value::Nil => "nil".into(),
        other => other.type_name(),
    };
    failed(format!("unable to parse key: interface conversion: interface {{}} is {found}, not {expected}"))
}

/// Sets a value; an empty key sets nothing.
fn put(data: &Map, key: &str, value: Value) {
    if !key.is_empty() {
        data.insert(key, value);
    }
}

struct Parser<'a> {
    rest: Vec<char>,
    at: usize,
    kind: Kind<'a>,
    /// How deep the nested indexes are.
    indexes: usize,
    /// The number of items made so far.
    items: usize,
}

impl Parser<'_> {
    /// Reads up to one of the stop characters, which is taken as well; `None` at the end. A backslash makes the next character literal.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(&c) = self.rest.get(self.at) {
            self.at += 1;
            match c {
                c if stops.contains(&c) => return (text, Some(c)),
                '\\' if !matches!(self.kind, Kind::Literal) => {
                    if let Some(&next) = self.rest.get(self.at) {
                        text.push(next);
                        self.at += 1;
                    }
                }
                c => text.push(c),
            }
        }
        (text, None)
    }

    /// Reads one assignment into a map.
    fn key(&mut self, data: &Map, level: usize) -> Read<()> {
        let stops: &[char] = if matches!(self.kind, Kind::Literal) { &['=', '[', '.'] } else { &['=', '[', '.', ','] };
        let (key, stop) = self.until(stops);
        let shown = || quote(key.as_bytes());
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => failed(format!("key {} has no value", shown())),
            Some(',') => failed(format!("key {} has no value (cannot end with ,)", shown())),
            Some('[') => {
                let index = self.index()?;
                let mut list = match data.get(key.as_bytes()) {
                    None => Vec::new(),
                    Some(Value::List(list)) => list.to_vec(),
                    Some(other) => return wrong_type(&other, "[]interface {}"),
                };
                let result = self.item(&mut list, index, level);
                put(data, &key, List::from_iter(list).into());
                result
            }
            Some('.') => {
                if level + 1 > DEEPEST {
                    return failed(format!(
                        "value name nested level is greater than maximum supported nested level of {DEEPEST}"
                    ));
                }
                let inner = match data.get(key.as_bytes()) {
                    None => Map::default(),
                    Some(Value::Map(map)) => map,
                    Some(other) => return wrong_type(&other, "map[string]interface {}"),
                };
                let result = self.key(&inner, level + 1);
                if result.is_ok() && inner.is_empty() {
                    return failed(format!("key map {} has no value", shown()));
                }
                if !inner.is_empty() {
                    put(data, &key, inner.into());
                }
                result
            }
            Some(_) => match self.value()? {
                Assigned::Value(value) => {
                    put(data, &key, value);
                    Ok(())
                }
                Assigned::Nothing => {
                    put(data, &key, "".into());
                    Err(Stop::End)
                }
            },
        }
    }

    /// Reads `0]`.
    fn index(&mut self) -> Read<i64> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return Err(Stop::EndInIndex);
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().or_else(|_| {
            let why = if is_number { "value out of range" } else { "invalid syntax" };
            failed(format!("error parsing index: strconv.Atoi: parsing {}: {why}", quote(text.as_bytes())))
        })
    }

    /// Reads what follows an index into a list.
    fn item(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Read<()> {
        if index < 0 {
            return failed(format!("negative {index} index not allowed"));
        }
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            let shown: Vec<String> = text.chars().map(|c| quote_char(c, false)).collect();
            return failed(format!("unexpected data at end of array index: [{}]", shown.join(" ")));
        }
        match stop {
            None => Err(Stop::End),
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get(place) {
                    None | Some(Value::Nil) => Vec::new(),
                    Some(Value::List(inner)) => inner.to_vec(),
                    Some(other) => return wrong_type(other, "[]interface {}"),
                };
                self.indexes += 1;
                if self.indexes > NESTED_INDEXES {
                    return failed(format!("more than {NESTED_INDEXES} nested indexes"));
                }
                self.item(&mut inner, next, level)?;
                self.indexes -= 1;
                self.set_item(list, index, List::from_iter(inner).into())
            }
            Some('.') => {
                let inner = match list.get(place) {
                    Some(Value::Map(map)) => map.clone(),
                    _ => Map::default(),
                };
                if let Some(item) = list.get_mut(place) {
                    *item = inner.clone().into();
                }
                self.key(&inner, level)?;
                self.set_item(list, index, inner.into())
            }
            Some(_) => match self.value()? {
                Assigned::Value(value) => self.set_item(list, index, value),
                Assigned::Nothing => self.set_item(list, index, "".into()),
            },
        }
    }

    fn set_item(&mut self, list: &mut Vec<Value>, index: i64, value: Value) -> Read<()> {
        if index > LARGEST_INDEX {
            return failed(format!("index of {index} is greater than maximum supported index of {LARGEST_INDEX}"));
        }
        let place = usize::try_from(index).unwrap_or_default();
        if list.len() <= place {
            self.items += place + 1 - list.len();
            if self.items > ITEMS {
                return failed(format!("lists of more than {ITEMS} items"));
            }
            list.resize(place + 1, Value::Nil);
        }
        list[place] = value;
        Ok(())
    }

    fn value(&mut self) -> Read<Assigned> {
        match self.kind {
            Kind::Json => return self.json().map(Assigned::Value),
            Kind::Literal => {
                let (text, _) = self.until(&[]);
                return Ok(Assigned::Value(text.into()));
            }
            _ => {}
        }
        match self.rest.get(self.at) {
            None => Ok(Assigned::Nothing),
            Some('{') => {
                self.at += 1;
                self.list().map(Assigned::Value)
            }
            Some(_) => {
                let (text, _) = self.until(&[',']);
                self.scalar(text).map(Assigned::Value)
            }
        }
    }

    fn list(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            if stop.is_none() {
                return failed("list must terminate with '}'");
            }
            items.push(self.scalar(text)?);
            if stop == Some('}') {
                break;
            }
        }
        if self.rest.get(self.at) == Some(&',') {
            self.at += 1;
        }
        Ok(Value::List(List::from_iter(items)))
    }

    fn scalar(&self, text: String) -> Read<Value> {
        match self.kind {
            Kind::Files(read) => read.read(&text).map(Value::from).map_err(Stop::Failed),
            Kind::Typed => Ok(typed(text)),
            _ => Ok(text.into()),
        }
    }

    /// Reads a JSON value with the blanks and the comma after it; nothing is null.
    fn json(&mut self) -> Read<Value> {
        if self.is_at_end_of_value() {
            return Ok(Value::Nil);
        }
        let text: String = self.rest[self.at..].iter().collect();
        let invalid = || Stop::Failed("invalid JSON".to_owned());
        let length = json_prefix::length(text.as_bytes()).ok_or_else(invalid)?;
        let value = json::parse(&text.as_bytes()[..length]).map_err(|_| invalid())?;
        self.at += text.get(..length).map_or(0, |read| read.chars().count());
        self.is_at_end_of_value();
        Ok(value)
    }

    /// Reads blanks and a comma; returns false before anything else.
    fn is_at_end_of_value(&mut self) -> bool {
        while let Some(&c) = self.rest.get(self.at) {
            if c != ',' && !c.is_whitespace() {
                return false;
            }
            self.at += 1;
            if c == ',' {
                break;
            }
        }
        true
    }
}

/// What follows the sign of equality.
enum Assigned {
    Value(Value),
    /// The text ends.
    Nothing,
}

fn typed(text: String) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "null" => return Value::Nil,
        "0" => return Value::int64(0),
        _ => {}
    }
    // A leading zero makes a string, so that it is not lost.
    match text.parse::<i64>() {
        Ok(number) if !text.starts_with('0') => Value::int64(number),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Result<String, String> {
        let target = Map::default();
        set(&target, text, Semantics::V4_3).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(json::encode(&target.into(), json::Style::COMPACT).unwrap()).unwrap())
    }

    #[test]
    fn values_can_be_files_texts_and_json() {
        let target = Map::default();
        let read =
            ReadFile::new(|path| if path == "x" { Ok(b"1,\n".to_vec()) } else { Err("no such file".to_owned()) });
        set_file(&target, "a=x,b={x,x}", &read, Semantics::V4_3).unwrap();
        set_literal(&target, "c[1].d=x,y=\\z{", Semantics::V4_3).unwrap();
        set_json(&target, r#"e=[1,"]"] ,f={"g":null},h= ,i=1"#, Semantics::V4_3).unwrap();
        let shown = String::from_utf8(json::encode(&target.into(), json::Style::COMPACT).unwrap()).unwrap();
        assert_eq!(
            shown,
            r#"{"a":"1,\n","b":["1,\n","1,\n"],"c":[null,{"d":"x,y=\\z{"}],"e":[1,"]"],"f":{"g":null},"h":null,"i":1}"#
        );
        let error = set_file(&Map::default(), "a=y", &read, Semantics::V4_3).unwrap_err();
        assert_eq!(error.to_string(), "failed parsing --set-file data: no such file");
    }

    #[test]
    fn flags_are_read_as_helm_reads_them() {
        let table = [
            ("a=1,b=-1,c=01,d=1.5,e=TRUE,f=null,g=", r#"{"a":1,"b":-1,"c":"01","d":"1.5","e":true,"f":null,"g":""}"#),
            (r"a=x\,y,a\.b=1", r#"{"a":"x,y","a.b":1}"#),
            ("a={1,x,null},b={}", r#"{"a":[1,"x",null],"b":[""]}"#),
            ("a[1]=x,b[0][1]=2,c[0].d=1", r#"{"a":[null,"x"],"b":[[null,2]],"c":[{"d":1}]}"#),
            ("a.b=1,a=2", r#"{"a":2}"#),
        ];
        for (text, expected) in table {
            assert_eq!(after(text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(after("a").unwrap_err(), "failed parsing --set data: key \"a\" has no value");
        assert_eq!(after("a={1").unwrap_err(), "failed parsing --set data: list must terminate with '}'");
    }
}
