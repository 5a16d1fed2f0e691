//! Files as a tar archive, the same bytes for the same files: no time, no owner, one order, one compression.

use std::collections::BTreeSet;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use git::{FileSet, Mode};
use tar::{Builder, EntryType, Header};

/// Files packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The archive, compressed with gzip.
    pub bytes: Vec<u8>,
    /// `sha256:` and the digest of the archive before compression, which is the same for the same files whatever the
    /// compression.
    pub content: String,
}

/// Packs files that lie in `folder`, sorted by their paths, each folder in front of what is in it.
///
/// # Errors
/// A path that tar cannot hold.
pub fn archive(folder: &str, files: &FileSet) -> io::Result<Archive> {
    let mut tar = Builder::new(Vec::new());
    let mut made = BTreeSet::new();
    for (path, file) in files {
        let path =
            [folder.trim_matches('/'), path].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        let parents = path.match_indices('/').map(|(end, _)| path[..=end].to_owned()).collect::<Vec<_>>();
        for parent in parents {
            if made.insert(parent.clone()) {
                tar.append_data(&mut header(EntryType::Directory, 0o755, 0), &parent, io::empty())?;
            }
        }
        match file.mode {
            Mode::Link => {
                let target = String::from_utf8_lossy(&file.bytes).into_owned();
                tar.append_link(&mut header(EntryType::Symlink, 0o777, 0), &path, target)?;
            }
            Mode::Regular | Mode::Executable => {
                let mode = if file.mode == Mode::Executable { 0o755 } else { 0o644 };
                tar.append_data(&mut header(EntryType::Regular, mode, file.bytes.len()), &path, &*file.bytes)?;
            }
        }
    }
    let plain = tar.into_inner()?;
    // Neither name nor time, and no operating system (RFC 1952: 255 is unknown).
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(6));
    gzip.write_all(&plain)?;
    Ok(Archive { bytes: gzip.finish()?, content: registry::push::sha256(&plain) })
}

fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size as u64);
    header
}

#[cfg(test)]
mod tests {
    use git::{File, FileSet};

    use super::archive;

    #[test]
    fn the_same_files_are_the_same_bytes() {
        let mut files = FileSet::new();
        files.insert("b/long".repeat(30), File::regular(&b"long"[..]));
        files.insert("manifest.yaml".to_owned(), File::regular("a: 1\n".repeat(1000).into_bytes()));
        let first = archive("apps/cart", &files).unwrap();
        assert_eq!(archive("apps/cart", &files).unwrap(), first);
        assert_eq!(first.bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(first.bytes.as_slice()));
        let mut names = Vec::new();
        for entry in tar.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (0, 0, 0));
            names.push(entry.path().unwrap().display().to_string());
        }
        assert_eq!(names[..3], ["apps/", "apps/cart/", "apps/cart/b/"]);
        assert_eq!(names.last().unwrap(), "apps/cart/manifest.yaml");
    }
}
