//! The names in expressions: variables, types, functions, and escaped fields.

use std::borrow::Cow;

use ::cel::IdedExpr;
use ::cel::common::ast::{EntryExpr, Expr};

/// The libraries whose functions are called by their full names.
const LIBRARIES: [&str; 10] = ["lists", "sets", "optional", "ip", "cidr", "format", "math", "cel", "strings", "base64"];

pub(super) fn is_library(name: &str) -> bool {
    LIBRARIES.contains(&name)
}

/// The types that expressions may name.
pub(super) fn type_of(name: &str) -> Option<&'static str> {
    const TYPES: [&str; 14] = [
        "bool",
        "int",
        "uint",
        "double",
        "string",
        "bytes",
        "list",
        "map",
        "null_type",
        "type",
        "optional_type",
        "net.IP",
        "net.CIDR",
        "google.protobuf.Timestamp",
    ];
    TYPES.iter().copied().find(|one| *one == name)
}

/// The functions that are known; calls of others do not compile.
const FUNCTIONS: &str = " size contains startsWith endsWith matches string int uint double bool bytes type dyn duration timestamp \
    getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds charAt indexOf \
    lastIndexOf lowerAscii upperAscii replace split substring trim join reverse format isSorted sum min max find findAll isURL url getScheme \
    getHost getHostname getPort getEscapedPath getQuery quantity isQuantity sign isInteger asInteger asApproximateFloat isGreaterThan \
    isLessThan compareTo add sub ip isIP family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast isCanonical \
    cidr isCIDR containsIP containsCIDR masked prefixLength named validate dns1123Label dns1123Subdomain dns1035Label qualifiedName \
    dns1123LabelPrefix dns1123SubdomainPrefix dns1035LabelPrefix labelValue uri uuid byte date datetime semver isSemver major minor patch \
    equivalent intersects of none ofNonZeroValue hasValue value or orValue optMap optFlatMap slice flatten distinct range sort sortBy first \
    last all exists exists_one existsOne transformList transformMap transformMapEntry map filter bind greatest least abs ceil floor round \
    quote encode decode ";

fn is_function(name: &str) -> bool {
    // Operators are calls, too.
    name.contains(['_', '@', '!']) || FUNCTIONS.contains(&format!(" {name} "))
}

/// Checks that every variable and function exists.
///
/// # Errors
/// The first that does not.
pub(super) fn check(expression: &IdedExpr, variables: &[&str]) -> Result<(), String> {
    let mut known: Vec<String> = variables.iter().map(|name| (*name).to_owned()).collect();
    let mut found = Ok(());
    visit(expression, &mut known, 0, &mut |one, known| {
        if found.is_err() {
            return;
        }
        match one {
            Expr::Ident(name) => {
                let name = name.trim_start_matches('.');
                let is_known = known.iter().any(|other| other == name)
                    || type_of(name).is_some()
                    || is_library(name)
                    || matches!(name, "google" | "net");
                if !is_known {
                    found = Err(format!("undeclared reference to '{name}'"));
                }
            }
            Expr::Call(call) if !is_function(&call.func_name) => {
                found = Err(format!("undeclared reference to '{}'", call.func_name));
            }
            Expr::Struct(one) => found = Err(format!("unknown type '{}'", one.type_name)),
            _ => {}
        }
    });
    found
}

/// Whether an expression refers to a variable.
pub(super) fn uses(expression: &IdedExpr, variable: &str) -> bool {
    let mut found = false;
    visit(expression, &mut Vec::new(), 0, &mut |one, _| found |= matches!(one, Expr::Ident(name) if name == variable));
    found
}

/// The deepest expression that is visited.
const DEPTH: usize = 500;

/// Calls `seen` with each expression and the variables that it may use.
fn visit(expression: &IdedExpr, known: &mut Vec<String>, depth: usize, seen: &mut dyn FnMut(&Expr, &[String])) {
    if depth > DEPTH {
        return;
    }
    seen(&expression.expr, known);
    let depth = depth + 1;
    match &expression.expr {
        Expr::Select(select) => visit(&select.operand, known, depth, seen),
        Expr::Call(call) => {
            call.target.iter().for_each(|target| visit(target, known, depth, seen));
            // Macros that the evaluator expands declare their first arguments as variables.
            let count = known.len();
            if call.target.is_some() && call.args.len() > 1 {
                for argument in &call.args {
                    if let Expr::Ident(name) = &argument.expr
                        && declares(&call.func_name)
                    {
                        known.push(name.clone());
                    }
                }
            }
            call.args.iter().for_each(|argument| visit(argument, known, depth, seen));
            known.truncate(count);
        }
        Expr::List(list) => list.elements.iter().for_each(|one| visit(one, known, depth, seen)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    visit(&entry.key, known, depth, seen);
                    visit(&entry.value, known, depth, seen);
                }
            }
        }
        Expr::Comprehension(one) => {
            visit(&one.iter_range, known, depth, seen);
            visit(&one.accu_init, known, depth, seen);
            let count = known.len();
            known.extend([one.iter_var.clone(), one.accu_var.clone()]);
            known.extend(one.iter_var2.clone());
            visit(&one.loop_cond, known, depth, seen);
            visit(&one.loop_step, known, depth, seen);
            visit(&one.result, known, depth, seen);
            known.truncate(count);
        }
        Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// The macros that the parser leaves to the evaluator.
pub(super) fn declares(function: &str) -> bool {
    const MACROS: [&str; 10] = [
        "all",
        "exists",
        "exists_one",
        "existsOne",
        "transformList",
        "transformMap",
        "transformMapEntry",
        "optMap",
        "optFlatMap",
        "bind",
    ];
    MACROS.contains(&function) || function == "sortBy"
}

/// The name of a field whose name in the expression is escaped (`__dash__`, `__if__`), by the rules of Kubernetes.
pub(super) fn unescaped(name: &str) -> Cow<'_, str> {
    if !name.contains("__") {
        return Cow::Borrowed(name);
    }
    const RESERVED: [&str; 20] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
    ];
    if let Some(word) = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"))
        && (RESERVED.contains(&word) || word == "while")
    {
        return Cow::Owned(word.to_owned());
    }
    let mut out = String::new();
    let mut rest = name;
    while let Some(start) = rest.find("__") {
        out.push_str(&rest[..start]);
        let after = &rest[start..];
        let known = [("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")];
        match known.iter().find(|(escaped, _)| after.starts_with(escaped)) {
            Some((escaped, meant)) => {
                out.push_str(meant);
                rest = &after[escaped.len()..];
            }
            None => {
                out.push_str("__");
                rest = &after[2..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}
