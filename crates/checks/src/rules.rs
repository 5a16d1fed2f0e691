//! The rules of schemas: `x-kubernetes-validations`.

use manifest::Node;
use manifest::yaml::{self, Rules};

use crate::cel::{Budget, Program, Scope, Value, Variable};

/// A rule of a schema.
#[derive(Debug)]
pub(crate) struct Rule {
    source: String,
    program: Program,
    message: Option<String>,
    message_program: Option<Program>,
    field: Option<String>,
    is_transition: bool,
    is_old_optional: bool,
}

/// What all rules of an object share: the cost that they may still have.
#[derive(Debug, Default)]
pub(crate) struct Evaluation {
    budget: Budget,
}

/// What a rule found.
pub(crate) struct RuleFinding {
    /// The id of the check.
    pub(crate) id: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// The field below the rule's own, such as `.spec.a`.
    pub(crate) field: Option<String>,
}

/// The longest part of a rule that a message quotes.
const QUOTED: usize = 200;

fn text(node: &Node, field: &str) -> Option<String> {
    node.get(field).and_then(Node::text).map(str::to_owned)
}

fn flag(node: &Node, field: &str) -> bool {
    let scalar = node.get(field).and_then(Node::as_scalar);
    scalar.is_some_and(|scalar| yaml::resolve(scalar, Rules::V3) == yaml::Value::Bool(true))
}

impl Rule {
    /// Compiles a rule as a schema has it.
    ///
    /// # Errors
    /// Why it does not compile.
    pub(crate) fn compile(node: &Node) -> Result<Self, String> {
        const VARIABLES: [&str; 2] = ["self", "oldSelf"];
        let source = text(node, "rule")
            .filter(|rule| !rule.trim().is_empty())
            .ok_or_else(|| "missing field \"rule\"".to_owned())?;
        let program =
            Program::compile(&source, &VARIABLES).map_err(|error| format!("the rule does not compile: {error}"))?;
        let message_source = text(node, "messageExpression").filter(|source| !source.is_empty());
        let message_program = message_source.map(|source| Program::compile(&source, &VARIABLES)).transpose();
        let message_program =
            message_program.map_err(|error| format!("the messageExpression does not compile: {error}"))?;
        let is_transition = program.uses("oldSelf");
        let is_old_optional = flag(node, "optionalOldSelf");
        let (message, field) = (text(node, "message"), text(node, "fieldPath"));
        Ok(Rule { source, program, message, message_program, field, is_transition, is_old_optional })
    }

    /// Applies the rule to a value. A transition rule without an old value is skipped, unless its `oldSelf` is optional.
    pub(crate) fn check<'a>(
        &'a self,
        node: &'a Node,
        old: Option<&'a Node>,
        evaluation: &mut Evaluation,
    ) -> Option<RuleFinding> {
        if self.is_transition && old.is_none() && !self.is_old_optional {
            return None;
        }
        let mut variables = vec![Variable { name: "self", value: Value::of(node) }];
        let old_value = old.map(Value::of);
        let old_value =
            if self.is_old_optional { Some(Value::Optional(old_value.map(std::rc::Rc::new))) } else { old_value };
        variables.extend(old_value.map(|value| Variable { name: "oldSelf", value }));
        let scope = Scope::root(variables);
        let message = match self.program.evaluate(&scope, &mut evaluation.budget) {
            Ok(Value::Bool(true)) => return None,
            Ok(Value::Bool(false)) => self.message(&scope, evaluation),
            Ok(other) => return self.failed(&format!("the rule gives {}, expected bool", other.type_name())),
            Err(error) => return self.failed(&error),
        };
        Some(RuleFinding { id: "rule-violation", message, field: self.field.clone() })
    }

    fn failed(&self, error: &str) -> Option<RuleFinding> {
        let message = format!("the rule cannot be evaluated: {error}: {}", shortened(&self.source));
        Some(RuleFinding { id: "rule-error", message, field: None })
    }

    fn message<'a>(&'a self, scope: &Scope<'a, '_>, evaluation: &mut Evaluation) -> String {
        let expression = self.message_program.as_ref().map(|program| program.evaluate(scope, &mut evaluation.budget));
        // A message that is empty or has several lines is not used, as in the API server.
        if let Some(Ok(Value::Text(text))) = expression
            && !text.trim().is_empty()
            && !text.contains('\n')
        {
            return shortened(&text);
        }
        self.message.as_deref().map_or_else(|| format!("failed rule: {}", shortened(&self.source)), shortened)
    }
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
