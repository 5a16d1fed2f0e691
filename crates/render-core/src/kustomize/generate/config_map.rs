//! `configMapGenerator`.

use manifest::{Diagnostic, Map, Scalar};

use super::pairs;
use super::pairs::Sources;
use crate::kustomize::kustomization::{ConfigMapArgs, GeneratorOptions};
use crate::kustomize::load::{Io, KustomizationDir};
use crate::kustomize::object::resource::Resource;

/// Makes the ConfigMap. Values that are not UTF-8 go to `binaryData`.
///
/// # Errors
/// No name, or pairs that cannot be read.
pub(crate) fn generate(
    io: Io<'_>,
    dir: &KustomizationDir,
    args: &ConfigMapArgs,
    global: Option<&GeneratorOptions>,
) -> Result<Resource, Diagnostic> {
    let mut object = super::base("ConfigMap", &args.name, &args.namespace)?;
    let sources = Sources { envs: &args.envs, literals: &args.literals, files: &args.files };
    let (mut data, mut binary) = (Map::default(), Map::default());
    for (key, value) in pairs::read(io, dir, sources)? {
        match String::from_utf8(value) {
            Ok(text) => data.push(Scalar::plain(key), pairs::string(text)),
            Err(error) => binary.push(Scalar::plain(key), pairs::string(pairs::base64(error.as_bytes()))),
        }
    }
    if !data.is_empty() {
        object.push(Scalar::plain("data"), data.into());
    }
    if !binary.is_empty() {
        object.push(Scalar::plain("binaryData"), binary.into());
    }
    let options = super::merged_options(args.options.as_ref(), global);
    Ok(super::finished(object, options.as_ref(), &args.behavior))
}
