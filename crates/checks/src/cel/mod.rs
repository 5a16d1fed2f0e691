//! Expressions in CEL, as the API server evaluates them, with a limit on their cost.
//!
//! The parser is that of the crate `cel`. The evaluator is of this crate: it reads nodes in place, has Kubernetes' function libraries, and
//! counts each step, so that no expression runs long.

mod budget;
mod evaluate;
mod functions;
mod kubernetes;
mod lists;
mod macros;
mod moments;
mod names;
mod operators;
mod scope;
mod strings;
mod times;
mod url;
mod value;
mod version;

pub(crate) use budget::Budget;
pub(crate) use scope::{Scope, Variable};
pub(crate) use value::Value;

use ::cel::IdedExpr;
use ::cel::parser::PrattParser;

/// The longest expression, in bytes.
const LENGTH: usize = 64 * 1024;

/// The deepest nesting of an expression in its text; that of the API server is 250.
const NESTING: u16 = 96;

/// The most characters of punctuation, among them those of texts. A chain of operators makes a tree as deep as it is long.
const OPERATORS: usize = 3_000;

/// The most nodes of an expression, after macros are expanded.
const NODES: usize = 50_000;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Program {
    expression: IdedExpr,
}

impl Program {
    /// Compiles an expression that may use these variables.
    ///
    /// # Errors
    /// Why it does not compile.
    pub(crate) fn compile(source: &str, variables: &[&str]) -> Result<Self, String> {
        if source.len() > LENGTH {
            return Err(format!("the expression has {} bytes, more than {LENGTH}", source.len()));
        }
        let is_operator = |byte: &u8| byte.is_ascii_punctuation() && !b"_,".contains(byte);
        let operators = source.bytes().filter(|byte| is_operator(byte)).count();
        if operators > OPERATORS {
            return Err(format!("the expression has {operators} characters of punctuation, more than {OPERATORS}"));
        }
        let parser = PrattParser::default()
            .max_recursion_depth(NESTING)
            .max_expression_node_count(NODES)
            .enable_optional_syntax(true)
            .enable_ident_escape_syntax(true);
        let expression = parser.parse(source).map_err(|errors| first_line(&errors.to_string()))?;
        names::check(&expression, variables)?;
        Ok(Program { expression })
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// Why there is no result, as the API server says it.
    pub(crate) fn evaluate<'a>(&'a self, scope: &Scope<'a, '_>, budget: &mut Budget) -> Result<Value<'a>, String> {
        budget.start_expression();
        let result = evaluate::evaluate(&self.expression, scope, budget);
        match budget.exceeded() {
            Some(message) => Err(message),
            None => result,
        }
    }

    /// Whether the expression refers to a variable.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        names::uses(&self.expression, variable)
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("invalid expression");
    line.trim_start_matches("ERROR: ").trim_start_matches("<input>:").to_owned()
}

#[cfg(test)]
mod tests;
