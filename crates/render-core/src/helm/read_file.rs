//! How the files of `--set-file` are read.

use std::fmt;
use std::rc::Rc;

type Reader = dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Reads the files of `--set-file`.
#[derive(Clone)]
pub struct ReadFile(Rc<Reader>);

impl ReadFile {
    /// Makes a reader of a function that returns the content of the file at a path, or an error's text.
    pub fn new(read: impl Fn(&str) -> Result<Vec<u8>, String> + 'static) -> ReadFile {
        ReadFile(Rc::new(read))
    }

    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        (self.0)(path)
    }
}

impl fmt::Debug for ReadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadFile")
    }
}
