//! Variables of an evaluation.

use super::value::Value;

/// Variables, innermost first.
pub(crate) struct Scope<'a, 's> {
    pub(crate) variables: Vec<Variable<'a>>,
    pub(crate) parent: Option<&'s Scope<'a, 's>>,
}

/// A variable.
pub(crate) struct Variable<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value<'a>,
}

impl<'a, 's> Scope<'a, 's> {
    /// The outermost scope.
    pub(crate) fn root(variables: Vec<Variable<'a>>) -> Scope<'a, 's> {
        Scope { variables, parent: None }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value<'a>> {
        let mut scope = Some(self);
        while let Some(one) = scope {
            if let Some(found) = one.variables.iter().find(|variable| variable.name == name) {
                return Some(&found.value);
            }
            scope = one.parent;
        }
        None
    }
}
