//! Dates. What is not a time counts as now, as in Sprig.

use gotemplate::{Context, Function, FunctionResult, Param, Value};

use super::arguments::text;
use super::durations;
use super::times::{Location, Time, now, parse, utc};
use crate::time::{Now, Offset};

const ANY: Param = Param::Any;
const STRING: Param = Param::String;
const TIME: Param = Param::Named("time.Time");

const DATE_IN_ZONE: Function = Function::with_context(&[STRING, ANY, STRING], |context, args| {
    shown(context, &text(args, 0), &args[1], &text(args, 2))
});
const DATE_MODIFY: Function =
    Function::new(&[STRING, TIME], |args| Ok(moved(args).unwrap_or_else(|_| args[1].clone())));
const MUST_DATE_MODIFY: Function = Function::new(&[STRING, TIME], |args| Ok(moved(args)?));

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("now", Function::with_context(&[], |context, _| Ok(Value::object(now(context, "now")?)))),
    ("date", Function::with_context(&[STRING, ANY], |context, args| shown(context, &text(args, 0), &args[1], "Local"))),
    ("dateInZone", DATE_IN_ZONE),
    ("date_in_zone", DATE_IN_ZONE),
    ("htmlDate", Function::with_context(&[ANY], |context, args| shown(context, "2006-01-02", &args[0], "Local"))),
    (
        "htmlDateInZone",
        Function::with_context(&[ANY, STRING], |context, args| shown(context, "2006-01-02", &args[0], &text(args, 1))),
    ),
    ("dateModify", DATE_MODIFY),
    ("date_modify", DATE_MODIFY),
    ("mustDateModify", MUST_DATE_MODIFY),
    ("must_date_modify", MUST_DATE_MODIFY),
    (
        "toDate",
        Function::with_context(&[STRING, STRING], |context, args| {
            let time = parse(&text(args, 0), &text(args, 1), &local(context)).unwrap_or_else(|_| Time::zero());
            Ok(Value::object(time))
        }),
    ),
    (
        "mustToDate",
        Function::with_context(&[STRING, STRING], |context, args| {
            Ok(Value::object(parse(&text(args, 0), &text(args, 1), &local(context))?))
        }),
    ),
    (
        "unixEpoch",
        Function::new(&[TIME], |args| {
            Ok(args[0].downcast::<Time>().map_or(0, |time| time.at.seconds).to_string().into())
        }),
    ),
    (
        "ago",
        Function::with_context(&[ANY], |context, args| {
            let now = now(context, "ago")?;
            let time = time_of(&args[0]).unwrap_or_else(|| now.clone());
            let second = durations::SECOND;
            let nanoseconds = now.since(&time);
            // Rounded to the nearest second, halves away from zero.
            let seconds = (nanoseconds.unsigned_abs() + second.unsigned_abs() / 2) / second.unsigned_abs();
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX / second).min(i64::MAX / second);
            Ok(durations::format(if nanoseconds < 0 { -seconds } else { seconds } * second).into())
        }),
    ),
];

fn local(context: &dyn Context) -> Offset {
    super::state::of(context).and_then(|state| state.clock.as_ref()).map_or_else(utc, |clock| clock.local.clone())
}

fn time_of(value: &Value) -> Option<Time> {
    match value {
        Value::Int(seconds, of) if matches!(of.name, "int" | "int64" | "int32") => {
            Some(Time { at: Now { seconds: *seconds, nanoseconds: 0 }, zone: utc(), location: Location::Local })
        }
        other => other.downcast::<Time>().cloned(),
    }
}

fn shown(context: &dyn Context, layout: &str, value: &Value, zone: &str) -> FunctionResult {
    let mut time = match time_of(value) {
        Some(time) => time,
        None => now(context, "date")?,
    };
    time.zone = match zone {
        "" | "UTC" => utc(),
        "Local" => local(context),
        other => {
            let zones = super::state::of(context).and_then(|state| state.zones.as_ref());
            // As in Sprig, a zone that does not exist counts as UTC; where zones cannot be looked up, that would be a guess.
            match zones {
                Some(find) => find(other, time.at.seconds).unwrap_or_else(utc),
                None => return Err(format!("unknown time zone {other}: only UTC and Local can be used here").into()),
            }
        }
    };
    Ok(time.format(layout).into())
}

fn moved(args: &[Value]) -> Result<Value, String> {
    let shift = durations::parse(&text(args, 0))?;
    let time = args[1].downcast::<Time>().cloned().unwrap_or_else(Time::zero);
    Ok(Value::object(time.plus(shift)))
}
