//! Parallel iteration with a deterministic result.

use manifest::{Diagnostic, Errors};
use rayon::prelude::*;

/// Calls the function for each item, in parallel, and returns the results in the items' order.
///
/// # Errors
/// All errors in the items' order, each once.
pub(super) fn each<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, Errors> + Sync,
) -> Result<Vec<R>, Errors> {
    let done: Vec<Result<R, Errors>> =
        if items.len() > 1 { items.par_iter().map(&work).collect() } else { items.iter().map(&work).collect() };
    let mut good = Vec::with_capacity(done.len());
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for result in done {
        match result {
            Ok(one) => good.push(one),
            Err(errors) => {
                let new = errors.into_all().into_iter().filter(|found| !wrong.contains(found));
                let new: Vec<Diagnostic> = new.collect();
                wrong.extend(new);
            }
        }
    }
    Errors::check(wrong)?;
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_in_order_and_once() {
        let work = |number: &u32| -> Result<u32, Errors> {
            if number.is_multiple_of(2) { Ok(*number) } else { Err(Diagnostic::new(format!("{}", number % 5)).into()) }
        };
        assert_eq!(each(&[2, 4], work).unwrap(), [2, 4]);
        assert_eq!(each(&[1, 2, 3, 11], work).unwrap_err().to_string(), "1\n3");
    }
}
