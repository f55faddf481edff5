//! [`SasResource`]: what a shared access signature opens, in any service of Azure Storage.

use super::error::InvalidSas;
use super::version::SasVersion;
use crate::service::Service;

/// The resource that a signature opens; account signatures have none.
///
/// Names and paths are as they are, without percent-escapes, and paths have no slash at their start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SasResource {
    /// A queue and its messages.
    Queue {
        /// The name of the queue.
        queue: String,
    },
    /// A container and its blobs.
    Container {
        /// The name of the container.
        container: String,
    },
    /// A blob of a container.
    Blob {
        /// The name of the container.
        container: String,
        /// The name of the blob.
        blob: String,
    },
    /// A snapshot of a blob.
    BlobSnapshot {
        /// The name of the container.
        container: String,
        /// The name of the blob.
        blob: String,
        /// The time of the snapshot, as the service writes it.
        snapshot: String,
    },
    /// A version of a blob.
    BlobVersion {
        /// The name of the container.
        container: String,
        /// The name of the blob.
        blob: String,
        /// The id of the version, as the service writes it.
        version: String,
    },
    /// A directory of an account with a hierarchical namespace, and what is in it.
    Directory {
        /// The name of the container.
        container: String,
        /// The path of the directory; the root is the empty path.
        path: String,
    },
    /// A share and its files.
    Share {
        /// The name of the share.
        share: String,
    },
    /// A file of a share.
    File {
        /// The name of the share.
        share: String,
        /// The path of the file.
        path: String,
    },
    /// A table, or a range of its keys.
    Table {
        /// The name of the table, whose case counts for nothing.
        table: String,
    },
}

impl SasResource {
    /// The service to which the resource belongs.
    pub fn service(&self) -> Service {
        match self {
            Self::Queue { .. } => Service::Queue,
            Self::Container { .. }
            | Self::Blob { .. }
            | Self::BlobSnapshot { .. }
            | Self::BlobVersion { .. }
            | Self::Directory { .. } => Service::Blob,
            Self::Share { .. } | Self::File { .. } => Service::File,
            Self::Table { .. } => Service::Table,
        }
    }

    /// The value of the field `sr`; queues and tables have none.
    pub(crate) fn letter(&self) -> Option<&'static str> {
        Some(match self {
            Self::Queue { .. } | Self::Table { .. } => return None,
            Self::Container { .. } => "c",
            Self::Blob { .. } => "b",
            Self::BlobSnapshot { .. } => "bs",
            Self::BlobVersion { .. } => "bv",
            Self::Directory { .. } => "d",
            Self::Share { .. } => "s",
            Self::File { .. } => "f",
        })
    }

    /// The letters of the field `sp` in the order in which builders write them.
    pub(crate) fn permissions(&self) -> &'static str {
        letters_of(self.kind())
    }

    /// The rule that a letter breaks which is not one of the resource.
    pub(crate) fn rule(&self) -> &'static str {
        rule_of(self.kind())
    }

    /// Says whether these are letters of the resource in an order that the service takes.
    pub(crate) fn takes(&self, letters: &str) -> bool {
        in_order(self.kind(), letters)
    }

    /// The kind as [`letters_of`] names it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Queue { .. } => "q",
            Self::Table { .. } => "tn",
            _ => self.letter().unwrap_or_default(),
        }
    }

    /// Fails for a permission that the version does not know yet.
    pub(crate) fn check_letters(
        &self,
        letters: &str,
        version: SasVersion,
    ) -> Result<(), InvalidSas> {
        if self.service() == Service::Blob
            && letters.chars().any(|letter| version < first_with(letter))
        {
            return Err(InvalidSas::new("sp", "holds a letter that is newer than the version"));
        }
        Ok(())
    }

    /// The first version that knows signatures for the resource.
    pub(crate) fn first_version(&self) -> SasVersion {
        match self {
            Self::BlobSnapshot { .. } => SasVersion::V2018_11_09,
            Self::BlobVersion { .. } => SasVersion::V2019_12_12,
            Self::Directory { .. } => SasVersion::V2020_02_10,
            Self::Share { .. } | Self::File { .. } => SasVersion::V2015_02_21,
            _ => SasVersion::V2012_02_12,
        }
    }

    /// The time that is signed beside the resource: of a snapshot or version.
    pub(crate) fn time(&self) -> &str {
        match self {
            Self::BlobSnapshot { snapshot, .. } => snapshot,
            Self::BlobVersion { version, .. } => version,
            _ => "",
        }
    }

    /// The number of directories in the path of a directory, the field `sdd`.
    pub(crate) fn depth(&self) -> Option<usize> {
        match self {
            Self::Directory { path, .. } => {
                Some(path.split('/').filter(|name| !name.is_empty()).count())
            }
            _ => None,
        }
    }

    /// The line of the resource in the string to sign.
    pub(crate) fn canonical(&self, account: &str, version: SasVersion) -> String {
        let mut text = match version < SasVersion::V2015_02_21 {
            true => format!("/{account}"),
            false => format!("/{}/{account}", self.service()),
        };
        let (name, path) = self.names();
        text.push('/');
        match self {
            Self::Table { .. } => text.push_str(&name.to_lowercase()),
            _ => text.push_str(name),
        }
        if !path.is_empty() {
            text.push('/');
            text.push_str(path);
        }
        text
    }

    /// The name of the queue, container, share or table, which holds the stored access policies.
    pub(crate) fn name(&self) -> &str {
        self.names().0
    }

    fn names(&self) -> (&str, &str) {
        match self {
            Self::Queue { queue } => (queue, ""),
            Self::Container { container } => (container, ""),
            Self::Blob { container, blob }
            | Self::BlobSnapshot { container, blob, .. }
            | Self::BlobVersion { container, blob, .. } => (container, blob),
            Self::Directory { container, path } => (container, path),
            Self::Share { share } => (share, ""),
            Self::File { share, path } => (share, path),
            Self::Table { table } => (table, ""),
        }
    }

    /// Fails for names that no resource has and that would shift a line or a path.
    pub(crate) fn check(&self) -> Result<(), InvalidSas> {
        let (name, path) = self.names();
        if let Self::Queue { queue } = self {
            return check_queue(queue);
        }
        match self.service() {
            Service::Table => check_table(name)?,
            _ => check_container(name)?,
        }
        let needs_path = !matches!(
            self,
            Self::Container { .. }
                | Self::Share { .. }
                | Self::Table { .. }
                | Self::Directory { .. }
        );
        if (needs_path && path.is_empty()) || path.starts_with('/') {
            return Err(InvalidSas::new("sig", "needs a path that does not start with a slash"));
        }
        if [name, path, self.time()].iter().any(|text| text.contains(char::is_control)) {
            return Err(InvalidSas::new("sig", "is for a name with a control character"));
        }
        Ok(())
    }
}

/// The letters of the field `sp` in their order, by the field `sr`; `tn` stands for tables and `q` for queues.
pub(crate) fn letters_of(kind: &str) -> &'static str {
    match kind {
        "c" => "racwdxyltfmeopi",
        "b" | "bs" | "bv" => "racwdxytmeopi",
        "d" => "racwdlmeop",
        "s" => "rcwdl",
        "f" => "rcwd",
        "tn" => "raud",
        "q" => "raup",
        _ => "",
    }
}

/// The rule for the letters of a resource, by the field `sr`.
pub(crate) fn rule_of(kind: &str) -> &'static str {
    match kind {
        "c" => "holds a letter that is not one of \"racwdxyltfmeopi\"",
        "b" | "bs" | "bv" => "holds a letter that is not one of \"racwdxytmeopi\"",
        "d" => "holds a letter that is not one of \"racwdlmeop\"",
        "s" => "holds a letter that is not one of \"rcwdl\"",
        "f" => "holds a letter that is not one of \"rcwd\"",
        "tn" => "holds a letter that is not one of \"raud\"",
        _ => "holds a letter that is not one of \"raup\"",
    }
}

/// Says whether the letters are of that kind, each once, and in an order that the service takes. The
/// official SDKs have two orders for blobs and containers: where they put `y`, `f` and `i` differs.
pub(crate) fn in_order(kind: &str, letters: &str) -> bool {
    let sorted =
        |known: &str| known.chars().filter(|letter| letters.contains(*letter)).eq(letters.chars());
    let of_javascript = match kind {
        "c" => "racwdxltmeopiyf",
        "b" | "bs" | "bv" => "racwdxtmeopiy",
        _ => "",
    };
    sorted(letters_of(kind)) || sorted(of_javascript)
}

/// The first version that knows a letter in signatures for what belongs to the service of blobs.
fn first_with(letter: char) -> SasVersion {
    match letter {
        'x' | 'y' => SasVersion::V2019_10_10,
        't' => SasVersion::V2019_12_12,
        'm' | 'e' | 'o' | 'p' => SasVersion::V2020_02_10,
        'i' => SasVersion::V2020_06_12,
        'f' => SasVersion::V2021_04_10,
        _ => SasVersion::V2012_02_12,
    }
}

/// Says whether text is 3 to 63 lowercase letters, digits and single hyphens.
fn is_name(name: &str) -> bool {
    let letters = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let hyphens = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    (3..=63).contains(&name.len()) && letters && !hyphens
}

/// Fails for text that is no name of a queue.
pub(crate) fn check_queue(queue: &str) -> Result<(), InvalidSas> {
    if is_name(queue) {
        return Ok(());
    }
    Err(InvalidSas::new(
        "sig",
        "needs a queue name of 3 to 63 lowercase letters, digits and single hyphens",
    ))
}

/// Fails for text that is no name of a container or share. The service's own, as `$web`, start with `$`.
fn check_container(name: &str) -> Result<(), InvalidSas> {
    if is_name(name.strip_prefix('$').unwrap_or(name)) {
        return Ok(());
    }
    Err(InvalidSas::new(
        "sig",
        "needs a container or share of 3 to 63 lowercase letters, digits and single hyphens",
    ))
}

/// Fails for text that is no name of a table. The service's own, as `$MetricsHourPrimaryTransactionsBlob`,
/// start with `$`.
fn check_table(name: &str) -> Result<(), InvalidSas> {
    let own = name.strip_prefix('$').unwrap_or(name);
    let letters = own.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if (3..=63).contains(&own.len()) && letters && !own.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(());
    }
    Err(InvalidSas::new(
        "sig",
        "needs a table name of 3 to 63 letters and digits that starts with a letter",
    ))
}
