//! Reads of files and streams that end, in bounded memory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The most bytes that are read from a file or a stream: 64 MiB.
pub const MAX_BYTES: u64 = 64 << 20;

/// The folders whose pipes and devices are read: those that a shell opens for `<(…)`, and `/dev/stdin`. A repository cannot have them.
const OPENED: [&str; 2] = ["/dev", "/proc"];

/// Returns the content of a file of at most [`MAX_BYTES`]. A pipe or a device is read only if its path begins with `/dev` or `/proc`: a read of
/// another one could wait for ever.
///
/// # Errors
/// The operating system's; a file that is larger; and a pipe, a socket or a device elsewhere.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_file_into(path, &mut bytes)?;
    Ok(bytes)
}

/// Replaces `bytes` by the content of a file; see [`read_file`].
///
/// # Errors
/// Those of [`read_file`].
pub fn read_file_into(path: &Path, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    let found = fs::metadata(path)?;
    let is_special = !found.is_file() && !found.is_dir();
    if is_special && !OPENED.iter().any(|folder| path.starts_with(folder)) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let length = usize::try_from(found.len().min(MAX_BYTES)).unwrap_or_default();
    bytes.reserve(length + 1);
    let mut file = File::open(path)?;
    (&mut file).take(length as u64).read_to_end(bytes)?;
    // Files of the system have more than their length says, or less. The end of any other file need not be read again.
    if bytes.len() < length || length == 0 || found.len() > MAX_BYTES {
        read_into(&mut file, bytes)?;
    }
    Ok(())
}

/// Returns the text of a file; see [`read_file`].
///
/// # Errors
/// Those of [`read_file`], and invalid UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "invalid UTF-8");
    String::from_utf8(read_file(path)?).map_err(invalid)
}

/// Returns what a stream has, at most [`MAX_BYTES`].
///
/// # Errors
/// The operating system's, and more bytes.
pub fn read_stream(stream: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_into(stream, &mut bytes)?;
    Ok(bytes)
}

fn read_into(stream: &mut dyn Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    stream.take(MAX_BYTES + 1).read_to_end(bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("it is larger than {} MiB", MAX_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "text").unwrap();
        assert_eq!(read_text(&path).unwrap(), "text");
        File::create(&path).unwrap().set_len(MAX_BYTES).unwrap();
        assert_eq!(read_file(&path).unwrap().len() as u64, MAX_BYTES);
        File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(read_file(&path).unwrap_err().to_string(), "it is larger than 64 MiB");
        assert_eq!(read_file(folder.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(read_file(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(read_stream(&mut io::repeat(b'x')).unwrap_err().to_string(), "it is larger than 64 MiB");
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_read_only_by_its_own_path() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        assert_eq!(read_file(&link).unwrap_err().to_string(), "it is not a regular file");
        assert_eq!(read_file(Path::new("/dev/zero")).unwrap_err().to_string(), "it is larger than 64 MiB");
        assert_eq!(read_file(Path::new("/dev/null")).unwrap(), b"");
    }
}
