//! Opens files that somebody else may swap meanwhile: those of reports and of Katalon projects.
//!
//! A path is looked at first, and opened later, some of them twice. What lies there by then may be
//! a pipe, which would keep us waiting for ever, or a link to a file that must not be read. So a
//! file is opened without waiting and without following a link, and what was opened is looked at
//! once more before anything is read of it.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// An ordinary file as it was when it was looked at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFile {
    path: PathBuf,
    looks: Looks,
}

impl SeenFile {
    /// Looks at a file, and opens it.
    ///
    /// # Errors
    /// What the system says, or that the path is that of a link, a folder, a pipe or a device.
    pub fn look(path: &Path) -> io::Result<(Self, File)> {
        let looked = std::fs::symlink_metadata(path)?;
        let file = ordinary(&looked).and_then(|()| open_there(path, Links::Refused))?;
        let seen = Self {
            path: path.to_owned(),
            looks: Looks::of(&file.metadata()?),
        };
        if seen.looks.are_those_of(&Looks::of(&looked)) {
            Ok((seen, file))
        } else {
            Err(swapped())
        }
    }

    /// Opens it again.
    ///
    /// # Errors
    /// The same, and that another file is there now.
    pub fn open(&self) -> io::Result<File> {
        let (now, file) = Self::look(&self.path)?;
        if now.looks.are_those_of(&self.looks) {
            Ok(file)
        } else {
            Err(swapped())
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its bytes when it was looked at; more may have been written since.
    pub fn length(&self) -> u64 {
        self.looks.length
    }
}

/// Opens an ordinary file, and no link.
///
/// # Errors
/// Those of [`SeenFile::look`].
pub fn open(path: &Path) -> io::Result<File> {
    SeenFile::look(path).map(|(_, file)| file)
}

/// Opens a file that a person or a project names, or the one that a link there leads to.
///
/// # Errors
/// What the system says, or that it is no ordinary file.
pub fn open_named(path: &Path) -> io::Result<File> {
    // Some devices do something as soon as they are opened.
    ordinary(&std::fs::metadata(path)?)?;
    open_there(path, Links::Followed)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    Followed,
    Refused,
}

/// Opens whatever lies there without waiting for it, and keeps it only if it is an ordinary file.
fn open_there(path: &Path, links: Links) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let refuse = if links == Links::Refused {
            libc::O_NOFOLLOW
        } else {
            0
        };
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | refuse);
    }
    let file = options.open(path).map_err(|error| match error {
        // What the system says of a link where none is followed.
        #[cfg(unix)]
        link if links == Links::Refused && link.raw_os_error() == Some(libc::ELOOP) => {
            no_ordinary_file()
        }
        other => other,
    })?;
    ordinary(&file.metadata()?)?;
    // Elsewhere a link is followed, so it is looked for once more.
    if cfg!(not(unix)) && links == Links::Refused {
        ordinary(&std::fs::symlink_metadata(path)?)?;
    }
    Ok(file)
}

fn ordinary(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(no_ordinary_file())
    }
}

fn no_ordinary_file() -> io::Error {
    io::Error::other("it is no ordinary file")
}

fn swapped() -> io::Error {
    io::Error::other("another file is in its place")
}

/// What a file looked like.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Looks {
    identity: Identity,
    length: u64,
    modified: Option<SystemTime>,
}

impl Looks {
    fn of(metadata: &Metadata) -> Self {
        Self {
            identity: Identity::of(metadata),
            length: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }

    /// Whether it is the same file. One that nobody changed may have another number each time: some
    /// file systems of networks make them up.
    fn are_those_of(&self, earlier: &Self) -> bool {
        let is_unchanged = self.length == earlier.length
            && self.modified.is_some()
            && self.modified == earlier.modified;
        self.identity == earlier.identity || is_unchanged
    }
}

/// What tells a file from another one that is in its place, as far as the system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    /// Device and number.
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    /// The time of its creation; the volume and its number are not to be had.
    #[cfg(windows)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::windows::fs::MetadataExt;
        Self(metadata.creation_time(), 0)
    }

    /// Nothing.
    #[cfg(not(any(unix, windows)))]
    fn of(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::scratch::Scratch;

    fn text(file: io::Result<File>) -> String {
        let mut text = String::new();
        file.unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_file_is_opened_again_though_more_was_written_to_it() {
        let folder = Scratch::new("opening-again");
        let path = folder.put("a.log", "one");
        let (seen, file) = SeenFile::look(&path).unwrap();
        assert_eq!((text(Ok(file)).as_str(), seen.length()), ("one", 3));
        std::fs::write(&path, "one and two").unwrap();
        assert_eq!(text(seen.open()), "one and two");
        assert_eq!(seen.length(), 3);
        assert!(open(folder.path()).is_err() && open(&folder.join("b")).is_err());
    }

    #[test]
    fn a_file_with_another_number_is_the_same_if_nobody_changed_it() {
        let file = Looks {
            identity: Identity(1, 2),
            length: 3,
            modified: Some(SystemTime::UNIX_EPOCH),
        };
        let other = |length, modified| Looks {
            identity: Identity(1, 7),
            length,
            modified,
        };
        assert!(other(3, file.modified).are_those_of(&file));
        assert!(!other(4, file.modified).are_those_of(&file));
        assert!(!other(3, Some(SystemTime::now())).are_those_of(&file));
        let unknown = other(3, None);
        assert!(!unknown.are_those_of(&file));
        let identity = Identity(9, 9);
        assert!(
            !Looks {
                identity,
                ..unknown.clone()
            }
            .are_those_of(&unknown)
        );
    }

    #[cfg(unix)]
    mod unix {
        use std::fs::OpenOptions;
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;
        use std::process::Command;

        use super::*;

        fn why(opened: io::Result<File>) -> String {
            opened.unwrap_err().to_string()
        }

        /// Somebody holds both its ends, so that who opens it without care is not kept waiting.
        fn pipe(path: &Path) -> File {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(path)
                .unwrap()
        }

        #[test]
        fn what_is_no_ordinary_file_is_not_opened() {
            let folder = Scratch::new("opening-kinds");
            let path = folder.put("a.log", "one");
            let at = |name: &str| folder.join(name);
            let _ends = pipe(&at("pipe"));
            let _socket = UnixListener::bind(at("socket")).unwrap();
            symlink(&path, at("link")).unwrap();
            symlink("/dev/zero", at("zero")).unwrap();
            symlink(at("gone"), at("broken")).unwrap();
            for name in ["pipe", "socket", "link", "zero", "broken", "."] {
                assert_eq!(why(open(&at(name))), "it is no ordinary file", "{name}");
            }
            for name in ["pipe", "socket", "zero", "."] {
                let opened = open_named(&at(name));
                assert_eq!(why(opened), "it is no ordinary file", "{name}");
            }
            assert_eq!(text(open_named(&at("link"))), "one");
        }

        #[test]
        fn what_is_swapped_between_the_look_and_the_opening_is_not_opened() {
            // As if somebody had been quick: only the opening sees what is there now.
            let folder = Scratch::new("opening-between");
            let path = folder.put("a.log", "one");
            let link = folder.join("link");
            symlink(&path, &link).unwrap();
            assert_eq!(
                why(open_there(&link, Links::Refused)),
                "it is no ordinary file"
            );
            let pipe_path = folder.join("pipe");
            let ends = pipe(&pipe_path);
            drop(ends);
            // Nobody writes into it: who waits for that waits for ever.
            for links in [Links::Refused, Links::Followed] {
                assert_eq!(why(open_there(&pipe_path, links)), "it is no ordinary file");
            }
            let device = Path::new("/dev/zero");
            assert_eq!(
                why(open_there(device, Links::Refused)),
                "it is no ordinary file"
            );
        }

        #[test]
        fn what_is_put_in_place_of_a_seen_file_is_not_opened() {
            let folder = Scratch::new("opening-swapped");
            let secret = folder.put("secret", "the secret of another file");
            let path = folder.put("a.log", "one");
            let (seen, file) = SeenFile::look(&path).unwrap();
            assert_eq!(text(seen.open()), "one");
            let swap = |put: &dyn Fn()| {
                std::fs::remove_file(&path).unwrap();
                put();
                why(seen.open())
            };
            let ends = std::cell::RefCell::new(None);
            assert_eq!(
                swap(&|| drop(ends.replace(Some(pipe(&path))))),
                "it is no ordinary file"
            );
            assert_eq!(
                swap(&|| symlink(&secret, &path).unwrap()),
                "it is no ordinary file"
            );
            assert_eq!(
                swap(&|| std::fs::hard_link(&secret, &path).unwrap()),
                "another file is in its place"
            );
            // The file that was opened is what it was.
            assert_eq!(text(Ok(file)), "one");
        }

        #[test]
        fn a_folder_on_the_way_that_becomes_a_link_leads_to_no_other_file() {
            let folder = Scratch::new("opening-on-the-way");
            let (here, elsewhere) = (folder.join("here"), folder.join("elsewhere"));
            for folder in [&here, &elsewhere] {
                std::fs::create_dir(folder).unwrap();
                std::fs::write(folder.join("a.log"), folder.to_str().unwrap()).unwrap();
            }
            let (seen, _) = SeenFile::look(&here.join("a.log")).unwrap();
            std::fs::rename(&here, folder.join("moved")).unwrap();
            symlink(&elsewhere, &here).unwrap();
            assert_eq!(why(seen.open()), "another file is in its place");
        }
    }
}
