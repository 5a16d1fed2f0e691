//! Quantities of resources, such as `500m` and `1.5Gi`.

use std::sync::LazyLock;

use regex::Regex;

static QUANTITY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(m|u|n|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$").ok()
});

/// The value of a quantity (`resource.ParseQuantity` of Kubernetes); absent if it is invalid.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let captures = QUANTITY.as_ref()?.captures(text)?;
    let number: f64 = captures.get(2)?.as_str().parse().ok()?;
    let sign = if captures.get(1).is_some_and(|sign| sign.as_str() == "-") { -1.0 } else { 1.0 };
    let factor = match captures.get(3).map(|suffix| suffix.as_str()) {
        None => 1.0,
        Some("n") => 1e-9,
        Some("u") => 1e-6,
        Some("m") => 1e-3,
        Some("k") => 1e3,
        Some("M") => 1e6,
        Some("G") => 1e9,
        Some("T") => 1e12,
        Some("P") => 1e15,
        Some("E") => 1e18,
        Some("Ki") => 1024.0,
        Some("Mi") => 1024_f64.powi(2),
        Some("Gi") => 1024_f64.powi(3),
        Some("Ti") => 1024_f64.powi(4),
        Some("Pi") => 1024_f64.powi(5),
        Some("Ei") => 1024_f64.powi(6),
        Some(exponent) => 10_f64.powi(exponent[1..].parse().ok()?),
    };
    Some(sign * number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_parsed() {
        for (text, value) in [
            ("1", Some(1.0)),
            ("1.5Gi", Some(1.5 * 1024_f64.powi(3))),
            ("-2e3", Some(-2000.0)),
            ("1GB", None),
            ("", None),
        ] {
            assert_eq!(parse(text), value, "{text}");
        }
    }
}
