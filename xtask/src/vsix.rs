//! The package as a file: made the same each time, and unpacked as an agent has it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use ring::digest;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// What tells the types of the files in the package.
const TYPES: &str = "[Content_Types].xml";

/// Writes a package anew so that the same files make the same bytes: sorted, all of one time, and
/// without folders.
pub(crate) fn repack(from: &Path, to: &Path) -> Result<()> {
    let mut entries = entries(from)?;
    entries.sort();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default());
    let mut writer = ZipWriter::new(File::create(to)?);
    for (name, content) in entries {
        writer.start_file(&name, options)?;
        if name == TYPES {
            writer.write_all(sorted_types(&content)?.as_bytes())?;
        } else {
            writer.write_all(&content)?;
        }
    }
    writer.finish()?;
    Ok(())
}

/// Name and content of every file.
pub(crate) fn entries(package: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(File::open(package)?)?;
    let mut entries = Vec::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number)?;
        if file.is_file() {
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            entries.push((file.name()?.into_owned(), content));
        }
    }
    Ok(entries)
}

/// Unpacks the files below a folder of the package, as the agent does: without run bits.
pub(crate) fn unpack(package: &Path, below: &str, to: &Path) -> Result<()> {
    let mut found = false;
    for (name, content) in entries(package)? {
        let Some(rest) = name.strip_prefix(below) else {
            continue;
        };
        if rest.split('/').any(|part| part == "..") {
            bail!("'{name}' leads out of the package");
        }
        let file = to.join(rest);
        fs::create_dir_all(file.parent().unwrap_or(to))?;
        fs::write(file, content)?;
        found = true;
    }
    found
        .then_some(())
        .with_context(|| format!("nothing below '{below}' in '{}'", package.display()))
}

/// The packager writes a line for each type, in the order in which its reads came back.
fn sorted_types(content: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(content)?;
    let is_type =
        |line: &&str| line.trim_start().starts_with(['<']) && line.contains("ContentType=");
    let (mut types, frame): (Vec<&str>, Vec<&str>) = text.lines().partition(is_type);
    let Some((end, head)) = frame.split_last() else {
        bail!("{TYPES} is empty");
    };
    types.sort_unstable();
    let lines = head.iter().chain(&types).chain(std::iter::once(end));
    Ok(lines.copied().collect::<Vec<_>>().join("\n"))
}

/// The hash of a file, as people compare it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(path: &Path, entries: &[(&str, &str)], time: DateTime) {
        let mut writer = ZipWriter::new(File::create(path).unwrap());
        let options = SimpleFileOptions::default().last_modified_time(time);
        writer.add_directory("task/", options).unwrap();
        for (name, content) in entries {
            writer.start_file(*name, options).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
    }

    #[test]
    fn the_same_files_make_the_same_package_whatever_the_order_and_time() {
        let folder = std::env::temp_dir().join(format!("xtask-vsix-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let types = |lines: [&str; 2]| format!("<Types>\n{}\n</Types>", lines.join("\n"));
        let (a, b) = (
            " <Default ContentType=\"a\"/>",
            " <Default ContentType=\"b\"/>",
        );
        let late = DateTime::from_date_and_time(2026, 11, 25, 1, 2, 4).unwrap();
        let (one, other) = (types([a, b]), types([b, a]));
        package(
            &folder.join("1"),
            &[("task/x", "x"), (TYPES, &one)],
            DateTime::default(),
        );
        package(&folder.join("2"), &[(TYPES, &other), ("task/x", "x")], late);
        let hashes = ["1", "2"].map(|name| {
            let packed = folder.join(format!("{name}.vsix"));
            repack(&folder.join(name), &packed).unwrap();
            sha256(&fs::read(packed).unwrap())
        });
        assert_eq!(hashes[0], hashes[1]);
        unpack(&folder.join("2.vsix"), "task/", &folder.join("task")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("task/x")).unwrap(), "x");
        assert!(unpack(&folder.join("2.vsix"), "tusk/", &folder).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
