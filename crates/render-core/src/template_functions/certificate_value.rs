//! A certificate with its key, as a value.

use std::any::Any;
use std::borrow::Cow;

use gotemplate::{Field, Object, Value};

/// The type of a certificate with its key.
pub(super) const TYPE_NAME: &str = "sprig.certificate";

/// A certificate and its key, as PEM.
pub(super) struct CertificateValue {
    pub(super) certificate: Value,
    pub(super) key: Value,
}

impl Object for CertificateValue {
    fn type_name(&self) -> Cow<'static, str> {
        TYPE_NAME.into()
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field::new("Cert", self.certificate.clone()), Field::new("Key", self.key.clone())]
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<CertificateValue>();
        other.is_some_and(|other| self.certificate == other.certificate && self.key == other.key)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
