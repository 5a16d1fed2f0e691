//! The flags of `helm template`: read as helm reads them, and handed on in a form that the declaration of the flags parses.

use std::ffi::OsString;

use delivery::verbs::helm::Flags;

use super::fail;
use crate::outcome::Failure;
use crate::output;

/// hydrant's own flags.
const OWN: [&str; 9] = ["-h", "--help", "-v", "-vv", "--verbose", "-q", "--quiet", "-V", "--untrusted"];

/// Returns the arguments of `hydrant helm template` as the declaration of its flags parses them: one word for each flag
/// with its value. Flags without effect on a rendering are left out.
///
/// # Errors
/// helm's text of a flag that does not exist or lacks its value, and a refusal of what hydrant does not support.
pub(crate) fn normalized(typed: &[OsString]) -> Result<Vec<OsString>, Failure> {
    let (head, arguments) = typed.split_at(typed.len().min(3));
    let arguments: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let flags = Flags::read(&arguments, &OWN).map_err(|message| match message.starts_with("level=") {
        true => Failure::Verbatim(format!("{message}\n")),
        false => fail(&message),
    })?;
    if let Some(refusal) = &flags.refusal {
        return Err(fail(refusal));
    }
    // helm 3 says nothing about the flags that helm 4 deprecates.
    let is_v3 = flags.values("semantics").last().is_some_and(|version| version.starts_with("3."));
    flags.notices.iter().filter(|_| !is_v3).for_each(|line| output::verbatim(&format!("{line}\n")));
    let given = flags.given.iter().map(|flag| match flag.value.as_str() {
        "" if flag.is_switch() => format!("--{}", flag.name),
        value => format!("--{}={value}", flag.name),
    });
    let arguments = flags.own.iter().cloned().chain(given).chain(["--".to_owned()]).chain(flags.positional.clone());
    Ok(head.iter().cloned().chain(arguments.map(OsString::from)).collect())
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::super::Template;

    #[test]
    fn every_declared_flag_is_one_of_helm() {
        for argument in Template::augment_args(clap::Command::new("template")).get_arguments() {
            let Some(name) = argument.get_long() else { continue };
            let word = format!("--{name}=1");
            let read = super::Flags::read(&[word], &[]).unwrap();
            assert_eq!(read.given.len(), 1, "{name}");
        }
    }
}
