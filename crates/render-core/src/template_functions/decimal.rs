//! Decimal arithmetic on floats, as shopspring/decimal does it for Sprig: `addf 0.1 0.2` is 0.3.

use gotemplate::{FunctionError, FunctionResult, Value};

use super::cast::to_float64;

/// `coefficient * 10^exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    coefficient: i128,
    exponent: i32,
}

type Operation = fn(Decimal, Decimal) -> Result<Option<Decimal>, FunctionError>;

/// The number of decimal places of a division.
const DIVISION_PLACES: i32 = 16;

impl Decimal {
    /// Applies an operation from left to right and returns a float.
    pub(super) fn fold(first: &Value, others: &[Value], operation: Operation) -> FunctionResult {
        let mut result = Decimal::of(to_float64(first))?;
        for other in others {
            let other = Decimal::of(to_float64(other))?;
            result = operation(result, other)?.ok_or("decimal number is too large")?;
        }
        Ok(Value::Float(result.to_float()))
    }

    /// Returns the number that the float's shortest digits are.
    fn of(value: f64) -> Result<Decimal, FunctionError> {
        if !value.is_finite() {
            let shown = gotemplate::strconv::format_float(value, gotemplate::strconv::FloatFormat::Shorter, None);
            return Err(format!("Cannot create a Decimal from {shown}").into());
        }
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let coefficient = mantissa.replace('.', "").parse().unwrap_or_default();
        Ok(Decimal { coefficient, exponent: exponent - i32::try_from(places).unwrap_or_default() })
    }

    fn to_float(self) -> f64 {
        format!("{}e{}", self.coefficient, self.exponent).parse().unwrap_or_default()
    }

    /// Returns the coefficient at a smaller exponent.
    fn at(self, exponent: i32) -> Option<i128> {
        if self.coefficient == 0 {
            return Some(0);
        }
        let places = u32::try_from(self.exponent - exponent).ok()?;
        self.coefficient.checked_mul(10_i128.checked_pow(places)?)
    }

    fn aligned(one: Decimal, two: Decimal, operation: fn(i128, i128) -> Option<i128>) -> Option<Decimal> {
        let exponent = one.exponent.min(two.exponent);
        match (one.at(exponent), two.at(exponent)) {
            (Some(one), Some(two)) => Some(Decimal { coefficient: operation(one, two)?, exponent }),
            // So far apart that the smaller one does not show in a float.
            _ if one.exponent > two.exponent => Some(one),
            _ => Some(Decimal { coefficient: operation(0, two.coefficient)?, exponent: two.exponent }),
        }
    }

    pub(super) fn add(one: Decimal, two: Decimal) -> Result<Option<Decimal>, FunctionError> {
        Ok(Decimal::aligned(one, two, i128::checked_add))
    }

    pub(super) fn subtract(one: Decimal, two: Decimal) -> Result<Option<Decimal>, FunctionError> {
        Ok(Decimal::aligned(one, two, i128::checked_sub))
    }

    pub(super) fn multiply(one: Decimal, two: Decimal) -> Result<Option<Decimal>, FunctionError> {
        let exponent = one.exponent + two.exponent;
        if let Some(coefficient) = one.coefficient.checked_mul(two.coefficient) {
            return Ok(Some(Decimal { coefficient, exponent }));
        }
        Decimal::of(one.to_float() * two.to_float()).map(Some)
    }

    pub(super) fn divide(one: Decimal, two: Decimal) -> Result<Option<Decimal>, FunctionError> {
        if two.coefficient == 0 {
            return Err("decimal division by 0".into());
        }
        let shift = one.exponent - two.exponent + DIVISION_PLACES;
        let scaled = |number: i128, places: i32| {
            10_i128.checked_pow(places.unsigned_abs()).and_then(|power| number.checked_mul(power))
        };
        let (numerator, denominator) = match shift {
            shift if shift >= 0 => (scaled(one.coefficient, shift), Some(two.coefficient)),
            shift => (Some(one.coefficient), scaled(two.coefficient, shift)),
        };
        // So small that nothing is left at these places.
        if denominator.is_none() {
            return Ok(Some(Decimal { coefficient: 0, exponent: -DIVISION_PLACES }));
        }
        let (Some(numerator), Some(denominator)) = (numerator, denominator) else {
            return Decimal::of(one.to_float() / two.to_float()).map(Some);
        };
        let (mut quotient, rest) = (numerator / denominator, numerator % denominator);
        // Half and more is rounded away from zero.
        if rest.unsigned_abs() >= denominator.unsigned_abs() - rest.unsigned_abs() {
            quotient += if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
        }
        Ok(Some(Decimal { coefficient: quotient, exponent: -DIVISION_PLACES }))
    }
}
