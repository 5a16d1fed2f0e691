//! The seed of `random: stable`: a secret of the environment or of a file, which is never printed.

use manifest::Diagnostic;
use render_core::repeatable::Seed;

use crate::config::SeedSource;
use crate::host::RunContext;

/// The minimum length of a seed, in bytes.
const SHORTEST: usize = 16;

/// The maximum length of a file with a seed, in bytes.
const LONGEST: u64 = 1 << 20;

/// Reads a seed.
///
/// # Errors
/// An input that is not trusted, a variable that is not set, a file that cannot be read, a seed that is too short.
pub(super) fn read(source: &SeedSource, ctx: &RunContext) -> Result<Seed, Diagnostic> {
    if ctx.trust.is_untrusted() {
        return Err(Diagnostic::new("the seed of random values is not read with --untrusted").field("helm.seed"));
    }
    let (secret, name) = match source {
        SeedSource::Env(name) => {
            let missing = || {
                Diagnostic::new(format!("the environment variable {name} is not set"))
                    .field("helm.seed.env")
                    .hint(format!("set {name} to a secret, such as the output of `openssl rand -base64 32`"))
            };
            (ctx.variables.get(name).ok_or_else(missing)?.clone().into_bytes(), format!("variable {name}"))
        }
        SeedSource::File(path) => {
            let failed = |error: std::io::Error| {
                Diagnostic::new(format!("cannot read the seed {path}: {error}")).field("helm.seed.file")
            };
            let size = std::fs::metadata(path).map_err(failed)?.len();
            if size > LONGEST {
                let message = format!("the seed {path} has {size} bytes, and the maximum is {LONGEST}");
                return Err(Diagnostic::new(message).field("helm.seed.file"));
            }
            (std::fs::read(path).map_err(failed)?, format!("file {path}"))
        }
    };
    let end = secret.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    if end < SHORTEST {
        return Err(Diagnostic::new(format!("the seed in {name} has {end} bytes, and the minimum is {SHORTEST}"))
            .field("helm.seed")
            .hint("use a secret such as the output of `openssl rand -base64 32`"));
    }
    Ok(Seed::of_secret(&secret[..end]))
}
