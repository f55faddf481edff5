//! What becomes of names that others know or have taken.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

/// A folder of one test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("own-file-{name}-{}", random_name()));
    fs::create_dir(&folder).unwrap();
    folder
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn in_a_folder_names_differ_and_files_go() {
    let folder = folder("names");
    let one = OwnFile::in_folder(&folder, b"one").unwrap();
    let two = OwnFile::in_folder(&folder, b"two").unwrap();
    assert_ne!(one.path(), two.path());
    assert_eq!((mode(one.path()), fs::read(one.path()).unwrap().as_slice()), (0o600, &b"one"[..]));
    drop((one, two));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::remove_dir(&folder).unwrap();
    let error = OwnFile::in_folder(&folder, b"").unwrap_err();
    assert!(error.to_string().starts_with("cannot write "), "{error}");
}

#[test]
fn at_a_name_plain_files_are_replaced_and_links_are_not_followed() {
    let folder = folder("links");
    let (name, victim) = (folder.join("name.pem"), folder.join("victim"));
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, &name).unwrap();
    let error = OwnFile::at(&name, b"own").unwrap_err();
    assert!(error.source().unwrap().to_string().contains("symbolic link"), "{error:?}");
    assert!(OwnFile::at(&folder, b"own").is_err());
    fs::remove_file(&name).unwrap();

    fs::write(&name, "old").unwrap();
    let own = OwnFile::at(&name, b"own").unwrap();
    assert_eq!((mode(&name), fs::read(&name).unwrap().as_slice()), (0o600, &b"own"[..]));
    drop(own);
    assert!(!name.exists());

    // What another has put there meanwhile stays, and so does what a link leads to.
    let own = OwnFile::at(&name, b"own").unwrap();
    fs::write(&name, "another's").unwrap();
    drop(own);
    assert!(name.exists());
    let own = OwnFile::at(&name, b"precious").unwrap();
    fs::remove_file(&name).unwrap();
    symlink(&victim, &name).unwrap();
    drop(own);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert!(name.is_symlink());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "no draft is left");
    fs::remove_dir_all(&folder).unwrap();
}
