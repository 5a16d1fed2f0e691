//! Numbers.

use gotemplate::{Context, Function, FunctionError, FunctionResult, List, Param, Value, allowance, types};

use super::arguments::{bytes, float, int};
use super::cast::{to_float64, to_int64};
use super::decimal::Decimal;

const ANY: Param = Param::Any;
const INT: Param = Param::Int;
const STRING: Param = Param::String;

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("int", Function::new(&[ANY], |args| Ok(to_int64(&args[0]).into()))),
    ("int64", Function::new(&[ANY], |args| Ok(Value::int64(to_int64(&args[0]))))),
    ("float64", Function::new(&[ANY], |args| Ok(float(to_float64(&args[0]))))),
    (
        "atoi",
        Function::new(&[STRING], |args| {
            Ok(gotemplate::strconv::parse_int(bytes(args, 0), 10).unwrap_or_else(|| nearest(bytes(args, 0))).into())
        }),
    ),
    (
        "toDecimal",
        Function::new(&[ANY], |args| {
            Ok(Value::int64(
                gotemplate::strconv::parse_int(&gotemplate::format::sprint_value(&args[0]), 8).unwrap_or_default(),
            ))
        }),
    ),
    ("add1", Function::new(&[ANY], |args| Ok(Value::int64(to_int64(&args[0]).wrapping_add(1))))),
    (
        "add",
        Function::new(&[], |args| Ok(Value::int64(args.iter().fold(0, |sum, one| sum.wrapping_add(to_int64(one))))))
            .variadic(ANY),
    ),
    ("sub", Function::new(&[ANY, ANY], |args| Ok(Value::int64(to_int64(&args[0]).wrapping_sub(to_int64(&args[1])))))),
    (
        "mul",
        Function::new(&[ANY], |args| {
            Ok(Value::int64(args.iter().fold(1, |product, one| product.wrapping_mul(to_int64(one)))))
        })
        .variadic(ANY),
    ),
    ("div", Function::new(&[ANY, ANY], |args| divided(args, i64::wrapping_div))),
    ("mod", Function::new(&[ANY, ANY], |args| divided(args, i64::wrapping_rem))),
    (
        "max",
        Function::new(&[ANY], |args| Ok(Value::int64(args.iter().map(to_int64).max().unwrap_or_default())))
            .variadic(ANY),
    ),
    (
        "biggest",
        Function::new(&[ANY], |args| Ok(Value::int64(args.iter().map(to_int64).max().unwrap_or_default())))
            .variadic(ANY),
    ),
    (
        "min",
        Function::new(&[ANY], |args| Ok(Value::int64(args.iter().map(to_int64).min().unwrap_or_default())))
            .variadic(ANY),
    ),
    ("maxf", Function::new(&[ANY], |args| Ok(float(extreme(args, f64::max)))).variadic(ANY)),
    ("minf", Function::new(&[ANY], |args| Ok(float(extreme(args, f64::min)))).variadic(ANY)),
    ("ceil", Function::new(&[ANY], |args| Ok(float(to_float64(&args[0]).ceil())))),
    ("floor", Function::new(&[ANY], |args| Ok(float(to_float64(&args[0]).floor())))),
    ("round", Function::new(&[ANY, INT], round).variadic(Param::Float64)),
    ("add1f", Function::new(&[ANY], |args| Decimal::fold(&args[0], &[1.into()], Decimal::add))),
    ("addf", Function::new(&[], |args| Decimal::fold(&float(0.0), args, Decimal::add)).variadic(ANY)),
    ("subf", Function::new(&[ANY], |args| Decimal::fold(&args[0], &args[1..], Decimal::subtract)).variadic(ANY)),
    ("mulf", Function::new(&[ANY], |args| Decimal::fold(&args[0], &args[1..], Decimal::multiply)).variadic(ANY)),
    ("divf", Function::new(&[ANY], |args| Decimal::fold(&args[0], &args[1..], Decimal::divide)).variadic(ANY)),
    (
        "until",
        Function::with_context(&[INT], |context, args| {
            let count = int(args, 0);
            steps(context, 0, count, if count < 0 { -1 } else { 1 }).map(int_list)
        }),
    ),
    (
        "untilStep",
        Function::with_context(&[INT, INT, INT], |context, args| {
            steps(context, int(args, 0), int(args, 1), int(args, 2)).map(int_list)
        }),
    ),
    ("seq", Function::with_context(&[], seq).variadic(INT)),
];

fn divided(args: &[Value], operation: fn(i64, i64) -> i64) -> FunctionResult {
    match to_int64(&args[1]) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(Value::int64(operation(to_int64(&args[0]), divisor))),
    }
}

fn extreme(args: &[Value], choose: fn(f64, f64) -> f64) -> f64 {
    let numbers = args.iter().map(to_float64);
    numbers
        .reduce(|one, two| if one.is_nan() || two.is_nan() { f64::NAN } else { choose(one, two) })
        .unwrap_or_default()
}

/// Returns what `strconv.Atoi` gives beside its error: the nearest integer of what is a number, otherwise 0.
fn nearest(text: &[u8]) -> i64 {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    match text.first() {
        _ if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) => 0,
        Some(b'-') => i64::MIN,
        _ => i64::MAX,
    }
}

/// Returns a power of ten as Go computes it (`math.Pow`), whose last digit can differ from the nearest float's.
fn power_of_ten(exponent: i64) -> f64 {
    // 10 = 0.625 * 2^4
    let (mut square, mut square_exponent) = (0.625_f64, 4_i64);
    let (mut product, mut product_exponent) = (1.0_f64, 0_i64);
    let mut bits = exponent.unsigned_abs();
    while bits != 0 {
        if square_exponent > 1 << 12 {
            return if exponent < 0 { 0.0 } else { f64::INFINITY };
        }
        if bits & 1 == 1 {
            product *= square;
            product_exponent += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        bits >>= 1;
    }
    if exponent < 0 {
        product = 1.0 / product;
        product_exponent = -product_exponent;
    }
    scaled(product, product_exponent)
}

/// Multiplies by a power of two, in steps that are floats themselves.
fn scaled(value: f64, exponent: i64) -> f64 {
    let half = exponent / 2;
    let power =
        |exponent: i64| 2_f64.powi(i32::try_from(exponent).unwrap_or(if exponent < 0 { -5_000 } else { 5_000 }));
    value * power(half) * power(exponent - half)
}

fn round(args: &[Value]) -> FunctionResult {
    let up_from = args.get(2).map_or(0.5, to_float64);
    let power = power_of_ten(int(args, 1));
    let scaled = power * to_float64(&args[0]);
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
    let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(2 * size_of::<Value>());
    if count > 1 << 26 || !allowance::allows(bytes) {
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

fn seq(context: &mut dyn Context, args: &[Value]) -> FunctionResult {
    let direction = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, step, end) = match args.len() {
        1 => (1, direction(1, int(args, 0)), int(args, 0)),
        2 => (int(args, 0), direction(int(args, 0), int(args, 1)), int(args, 1)),
        3 => (int(args, 0), int(args, 1), int(args, 2)),
        _ => return Ok("".into()),
    };
    let increment = direction(start, end);
    if args.len() == 3 && increment < 0 && step > 0 {
        return Ok("".into());
    }
    let numbers = steps(context, start, end.saturating_add(increment), step)?;
    Ok(numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into())
}
