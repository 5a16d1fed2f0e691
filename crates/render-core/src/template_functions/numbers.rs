//! Numbers.

use gotemplate::{Context, Function, FunctionError, FunctionResult, List, Param, Value, types};

use super::arguments::{bytes, float, int};
use super::cast::{to_float64, to_int64};
use super::decimal::Decimal;

const ANY: Param = Param::Any;
const INT: Param = Param::Int;
const STRING: Param = Param::String;

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("int", Function::new(&[ANY], |given| Ok(to_int64(&given[0]).into()))),
    ("int64", Function::new(&[ANY], |given| Ok(Value::int64(to_int64(&given[0]))))),
    ("float64", Function::new(&[ANY], |given| Ok(float(to_float64(&given[0]))))),
    (
        "atoi",
        Function::new(&[STRING], |given| {
            Ok(gotemplate::strconv::parse_int(bytes(given, 0), 10).unwrap_or_default().into())
        }),
    ),
    (
        "toDecimal",
        Function::new(&[ANY], |given| {
            Ok(Value::int64(
                gotemplate::strconv::parse_int(&gotemplate::format::sprint_value(&given[0]), 8).unwrap_or_default(),
            ))
        }),
    ),
    ("add1", Function::new(&[ANY], |given| Ok(Value::int64(to_int64(&given[0]).wrapping_add(1))))),
    (
        "add",
        Function::new(&[], |given| Ok(Value::int64(given.iter().fold(0, |sum, one| sum.wrapping_add(to_int64(one))))))
            .variadic(ANY),
    ),
    (
        "sub",
        Function::new(&[ANY, ANY], |given| Ok(Value::int64(to_int64(&given[0]).wrapping_sub(to_int64(&given[1]))))),
    ),
    (
        "mul",
        Function::new(&[ANY], |given| {
            Ok(Value::int64(given.iter().fold(1, |product, one| product.wrapping_mul(to_int64(one)))))
        })
        .variadic(ANY),
    ),
    ("div", Function::new(&[ANY, ANY], |given| divided(given, i64::wrapping_div))),
    ("mod", Function::new(&[ANY, ANY], |given| divided(given, i64::wrapping_rem))),
    (
        "max",
        Function::new(&[ANY], |given| Ok(Value::int64(given.iter().map(to_int64).max().unwrap_or_default())))
            .variadic(ANY),
    ),
    (
        "biggest",
        Function::new(&[ANY], |given| Ok(Value::int64(given.iter().map(to_int64).max().unwrap_or_default())))
            .variadic(ANY),
    ),
    (
        "min",
        Function::new(&[ANY], |given| Ok(Value::int64(given.iter().map(to_int64).min().unwrap_or_default())))
            .variadic(ANY),
    ),
    ("maxf", Function::new(&[ANY], |given| Ok(float(extreme(given, f64::max)))).variadic(ANY)),
    ("minf", Function::new(&[ANY], |given| Ok(float(extreme(given, f64::min)))).variadic(ANY)),
    ("ceil", Function::new(&[ANY], |given| Ok(float(to_float64(&given[0]).ceil())))),
    ("floor", Function::new(&[ANY], |given| Ok(float(to_float64(&given[0]).floor())))),
    ("round", Function::new(&[ANY, INT], round).variadic(Param::Float64)),
    ("add1f", Function::new(&[ANY], |given| Decimal::fold(&given[0], &[1.into()], Decimal::add))),
    ("addf", Function::new(&[], |given| Decimal::fold(&float(0.0), given, Decimal::add)).variadic(ANY)),
    ("subf", Function::new(&[ANY], |given| Decimal::fold(&given[0], &given[1..], Decimal::subtract)).variadic(ANY)),
    ("mulf", Function::new(&[ANY], |given| Decimal::fold(&given[0], &given[1..], Decimal::multiply)).variadic(ANY)),
    ("divf", Function::new(&[ANY], |given| Decimal::fold(&given[0], &given[1..], Decimal::divide)).variadic(ANY)),
    (
        "until",
        Function::with_context(&[INT], |context, given| {
            let count = int(given, 0);
            steps(context, 0, count, if count < 0 { -1 } else { 1 }).map(int_list)
        }),
    ),
    (
        "untilStep",
        Function::with_context(&[INT, INT, INT], |context, given| {
            steps(context, int(given, 0), int(given, 1), int(given, 2)).map(int_list)
        }),
    ),
    ("seq", Function::with_context(&[], seq).variadic(INT)),
];

fn divided(given: &[Value], operation: fn(i64, i64) -> i64) -> FunctionResult {
    match to_int64(&given[1]) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(Value::int64(operation(to_int64(&given[0]), divisor))),
    }
}

fn extreme(given: &[Value], choose: fn(f64, f64) -> f64) -> f64 {
    let numbers = given.iter().map(to_float64);
    numbers
        .reduce(|one, two| if one.is_nan() || two.is_nan() { f64::NAN } else { choose(one, two) })
        .unwrap_or_default()
}

fn round(given: &[Value]) -> FunctionResult {
    let up_from = given.get(2).map_or(0.5, to_float64);
    let power = 10_f64.powf(int(given, 1) as f64);
    let scaled = power * to_float64(&given[0]);
    let rounded = if scaled.fract() >= up_from { scaled.ceil() } else { scaled.floor() };
    Ok(float(rounded / power))
}

/// Returns the numbers from `start` to before `stop`; none where the step leads away.
fn steps(context: &mut dyn Context, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, FunctionError> {
    let leads = if stop < start { step < 0 } else { step > 0 };
    if !leads {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(stop).div_ceil(step.unsigned_abs());
    context.charge(count)?;
    if count > 1 << 26 {
        return Err(format!("a list of {count} numbers is too long").into());
    }
    let mut numbers = Vec::new();
    let mut number = Some(start);
    while let Some(next) = number.filter(|number| if step > 0 { *number < stop } else { *number > stop }) {
        numbers.push(next);
        number = next.checked_add(step);
    }
    Ok(numbers)
}

fn int_list(numbers: Vec<i64>) -> Value {
    Value::List(List::new(&types::INTS, numbers.into_iter().map(Value::from).collect()))
}

fn seq(context: &mut dyn Context, given: &[Value]) -> FunctionResult {
    let direction = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, step, end) = match given.len() {
        1 => (1, direction(1, int(given, 0)), int(given, 0)),
        2 => (int(given, 0), direction(int(given, 0), int(given, 1)), int(given, 1)),
        3 => (int(given, 0), int(given, 1), int(given, 2)),
        _ => return Ok("".into()),
    };
    let increment = direction(start, end);
    if given.len() == 3 && increment < 0 && step > 0 {
        return Ok("".into());
    }
    let numbers = steps(context, start, end.saturating_add(increment), step)?;
    Ok(numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into())
}
