//! Links the program so that it starts fast: a small command takes 2 ms, and relocations and shared libraries were half of that.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Libraries that every Linux system has as archives beside the C compiler. As parts of the program they need not be found, mapped and bound
/// at each start, which takes 0.1 ms for each. The C library stays shared, as it loads resolvers of names, and so does its mathematical part.
const ARCHIVES: [(&str, &[&str]); 2] = [("libgcc_s.so", &["libgcc_eh.a", "libgcc.a"]), ("libz.so", &["libz.a"])];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() != Ok("gnu") {
        return;
    }
    // Without this there are 36,000 relocations.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    let is_native = std::env::var("HOST") == std::env::var("TARGET");
    if let (true, Some(folder)) = (is_native, std::env::var_os("OUT_DIR")) {
        link_archives(Path::new(&folder));
    }
}

/// Puts linker scripts that name the archives where the linker looks for the shared libraries.
fn link_archives(folder: &Path) {
    for (library, archives) in ARCHIVES {
        let script = folder.join(library);
        // What an earlier build wrote may not be valid any more.
        _ = std::fs::remove_file(&script);
        let found: Option<Vec<String>> = archives.iter().map(|name| archive(name)).collect();
        if let Some(found) = found {
            _ = std::fs::write(&script, format!("GROUP ( {} )\n", found.join(" ")));
        }
    }
    println!("cargo:rustc-link-search=native={}", folder.display());
}

/// Returns where the C compiler finds an archive.
fn archive(name: &str) -> Option<String> {
    let output = Command::new("cc").arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    (path.is_absolute() && path.exists()).then(|| path.display().to_string())
}
