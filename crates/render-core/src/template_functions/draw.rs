//! Where functions get random values and the time from: from the caller, or derived so that a rendering can be repeated.

use gotemplate::{Context, FunctionError, FunctionResult, Value};
use sha2::{Digest, Sha256};

use super::certificate_value::CertificateValue;
use super::generator::{Generator, SEED};
use super::state;
use crate::repeatable::{CallKey, CallKind, ChartSource, Made, MadeCall, MemoKey, place};
use crate::time::Now;

/// A source of random bytes for one call.
pub(super) struct Draw {
    name: &'static str,
    /// Absent where the bytes are the caller's.
    derived: Option<Derived>,
}

struct Derived {
    generator: Generator,
    /// Every bit is the opposite of the usual one.
    varied: bool,
}

/// What a function's result costs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    /// So little that it is computed again.
    Small,
    /// So much that it is kept for the unit's other renderings.
    Large,
}

/// Calls a function whose result is random.
pub(super) fn random(
    context: &mut dyn Context,
    name: &'static str,
    args: &[Value],
    cost: Cost,
    make: impl FnOnce(&mut dyn Context, &mut Draw) -> FunctionResult,
) -> FunctionResult {
    let Some(source) = source(context) else { return make(context, &mut Draw { name, derived: None }) };
    let call = begin(context, source, name, CallKind::Random);
    if let Some(known) = source.source.derivation.known.get(&call.key) {
        let known = known.clone();
        finish(context, call, Some(known.clone()));
        return Ok(value_of(known));
    }
    let varied = source.source.is_varied(&call.key, CallKind::Random);
    let time = source.source.time(&call.key).seconds;
    let memo_key =
        (cost == Cost::Large).then(|| MemoKey { key: call.key.clone(), varied, time, arguments: checksum(args) });
    if let Some(known) = memo_key.as_ref().and_then(|key| source.source.derivation.memo.get(key)) {
        finish(context, call, Some(known.clone()));
        return Ok(value_of(known));
    }
    let generator = Generator::new(source.source.derivation.seed.of_call(&call.key));
    let derived = Some(Derived { generator, varied });
    let result = make(context, &mut Draw { name, derived })?;
    let made = made_of(&result);
    if let (Some(key), Some(made), Some(source)) = (memo_key, &made, self::source(context)) {
        source.source.derivation.memo.insert(key, made.clone());
    }
    finish(context, call, made);
    Ok(result)
}

/// Returns the current time for a function, and records that it is read; `None` where there is no clock.
pub(super) fn time(context: &dyn Context, name: &'static str) -> Option<Now> {
    let Some(source) = source(context) else { return state::of(context)?.clock.as_ref().map(|clock| clock.now) };
    let call = begin(context, source, name, CallKind::Clock);
    let time = source.source.time(&call.key);
    finish(context, call, None);
    Some(time)
}

/// Returns whether certificates are made without an end.
pub(super) fn has_unlimited_certificates(context: &dyn Context) -> bool {
    source(context).is_some_and(|source| source.source.derivation.unlimited_certificates)
}

/// Returns whether a map's entries are to be in the opposite order, and records that their order is read.
pub(super) fn is_reversed(context: &dyn Context, name: &'static str) -> bool {
    let Some(source) = source(context) else { return false };
    let call = begin(context, source, name, CallKind::Order);
    let is_reversed = source.source.is_varied(&call.key, CallKind::Order);
    finish(context, call, None);
    is_reversed
}

impl Draw {
    /// Returns so many random bytes.
    pub(super) fn bytes(&mut self, context: &dyn Context, length: usize) -> Result<Vec<u8>, FunctionError> {
        let mut bytes = vec![0; length];
        if let Some(derived) = &mut self.derived {
            derived.generator.fill(&mut bytes);
            if derived.varied {
                bytes.iter_mut().for_each(|byte| *byte ^= 0xff);
            }
            return Ok(bytes);
        }
        let name = self.name;
        let source = state::of(context).and_then(|state| state.random.as_ref());
        let Some(source) = source else {
            return Err(format!("{name} is random, so two runs would differ: pass the value in").into());
        };
        (source.borrow_mut())(&mut bytes).map_err(|error| format!("{name}: cannot draw random bytes: {error}"))?;
        Ok(bytes)
    }

    /// Returns a random number below `end`. Where the call varies, the number is another one than without it, if there is more than one.
    pub(super) fn below(&mut self, context: &dyn Context, end: u64) -> Result<u64, FunctionError> {
        let bytes = self.bytes(context, 8)?;
        let drawn = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // The product's upper half is evenly distributed, up to 2^-64.
        let scaled = |number: u64| u64::try_from((u128::from(number) * u128::from(end)) >> 64).unwrap_or_default();
        let number = scaled(drawn);
        let is_varied = self.derived.as_ref().is_some_and(|derived| derived.varied);
        if is_varied && number == scaled(!drawn) && end > 1 {
            return Ok((number + 1) % end);
        }
        Ok(number)
    }

    /// Returns a generator with a random seed.
    pub(super) fn generator(&mut self, context: &dyn Context) -> Result<Generator, FunctionError> {
        let mut seed = [0; SEED];
        seed.copy_from_slice(&self.bytes(context, SEED)?);
        Ok(Generator::new(seed))
    }
}

fn source(context: &dyn Context) -> Option<&ChartSource> {
    state::of(context).and_then(|state| state.repeatable.as_ref())
}

/// Starts the record of a call.
fn begin(context: &dyn Context, source: &ChartSource, name: &'static str, kind: CallKind) -> MadeCall {
    let sites = context.calls();
    let key = place(source, &sites, name, kind);
    let references = if is_first(&key) { context.references() } else { Vec::new() };
    MadeCall { key, kind, sites, references, made: None }
}

fn is_first(key: &CallKey) -> bool {
    key.ordinal == 0
}

fn finish(context: &dyn Context, call: MadeCall, made: Option<Made>) {
    if let Some(source) = source(context) {
        source.source.record(MadeCall { made, ..call });
    }
}

fn value_of(made: Made) -> Value {
    match made {
        Made::Text(text) => text.into(),
        Made::Certificate { certificate, key } => {
            Value::object(CertificateValue { certificate: certificate.into(), key: key.into() })
        }
    }
}

fn made_of(value: &Value) -> Option<Made> {
    if let Some(pair) = value.downcast::<CertificateValue>() {
        let bytes = |value: &Value| value.as_str().map(|text| text.to_vec()).unwrap_or_default();
        return Some(Made::Certificate { certificate: bytes(&pair.certificate), key: bytes(&pair.key) });
    }
    match value {
        Value::String(text) => Some(Made::Text(text.to_vec())),
        _ => None,
    }
}

/// Returns the checksum of arguments.
fn checksum(args: &[Value]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    for arg in args {
        match made_of(arg) {
            Some(Made::Certificate { certificate, key }) => {
                add(&certificate);
                add(&key);
            }
            _ => add(&super::arguments::shown(arg)),
        }
    }
    digest.finalize().into()
}
