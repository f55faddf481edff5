//! Another root than that of the system, in which a program that needs nothing beside it must run.

use std::process::Command;

/// The program by its full name: the search path is that of the image.
pub(super) const CHROOT: &str = "/usr/sbin/chroot";

/// The user of the image.
pub(super) const AS_NOBODY: &str = "--userspec=65532:65532";

/// Whether this process may run programs in another root, as another user. That is root's right, and
/// some containers do not give it even to root.
pub(super) fn may_be_changed() -> bool {
    let tried = Command::new(CHROOT).args([AS_NOBODY, "/", "true"]).output();
    let may = tried.is_ok_and(|output| output.status.success());
    if !may {
        println!("this process may not change its root: nothing is tried out in a root of its own");
    }
    may
}
