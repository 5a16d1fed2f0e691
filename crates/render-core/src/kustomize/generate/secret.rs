//! `secretGenerator`.

use manifest::{Diagnostic, Map, Node, Scalar};

use super::pairs;
use super::pairs::Sources;
use crate::kustomize::kustomization::{GeneratorOptions, SecretArgs};
use crate::kustomize::load::{Io, KustomizationDir};
use crate::kustomize::object::resource::Resource;

/// Makes the Secret, its values in base64, its type `Opaque` by default.
///
/// # Errors
/// No name, or pairs that cannot be read.
pub(crate) fn generate(
    io: Io<'_>,
    dir: &KustomizationDir,
    args: &SecretArgs,
    global: Option<&GeneratorOptions>,
) -> Result<Resource, Diagnostic> {
    let mut object = super::base("Secret", &args.name, &args.namespace)?;
    let kind = if args.secret_type.is_empty() { "Opaque" } else { &args.secret_type };
    object.push(Scalar::plain("type"), Node::string(kind));
    let sources = Sources { envs: &args.envs, literals: &args.literals, files: &args.files };
    let mut data = Map::default();
    for (key, value) in pairs::read(io, dir, sources)? {
        data.push(Scalar::plain(key), pairs::string(pairs::base64(&value)));
    }
    object.push(Scalar::plain("data"), data.into());
    let options = super::merged_options(args.options.as_ref(), global);
    Ok(super::finished(object, options.as_ref(), &args.behavior))
}
